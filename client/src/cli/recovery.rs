//! `causeway recovery`: the organisation's root keys on paper, and what is done with them.

use causeway_certs::fingerprint;
use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::output::{capital, harmless, print, print_list, text};
use crate::identity::Role;
use crate::linking::LinkingError;
use crate::recovery::record::{self, Administrator, RecoveryError};
use crate::recovery::{self as roots, Part, Place, sheet};

pub(crate) use self::input::{SheetArgs, line, with_root};
use self::input::{with_sheets, words_of};

mod input;
pub(crate) mod papers;
pub(crate) mod restore;
pub(crate) mod split;
pub(crate) mod standing;

#[derive(Debug, Subcommand)]
pub(crate) enum RecoveryCommand {
    /// Print the recovery sheets of the root keys that are still on this workstation.
    Sheet {
        /// Make the key that will follow the next root, for `causeway recovery rotate`, and print its sheet.
        #[arg(long)]
        new: bool,
    },
    /// Print a root key that is still on this workstation in shares, instead of one sheet.
    Split(split::SplitArgs),
    /// Put shares together and print the sheet of their key. Needs no home.
    Combine(SheetArgs),
    /// Show that the sheets are there: two groups of each. Then the keys are erased on this workstation.
    Confirm(SheetArgs),
    /// Which root keys the organisation has, and where each of them is.
    Keys,
    /// Hand over to the next root: after a root sheet was lost or seen, or a person who knew it has left.
    Rotate(SheetArgs),
    /// Whose keys may sign for the organisation who its devices are.
    Administrators,
    /// Strike out the key of an administrator who is gone. Needs the root's sheet.
    Strike {
        /// The beginning of the key, from `causeway recovery administrators`.
        key: String,
        #[command(flatten)]
        sheets: SheetArgs,
    },
    /// Demand that so many administrators sign each change of the devices. Needs the root's sheet.
    Threshold {
        /// How many, from 1 to the number of administrators' workstations.
        signatures: u8,
        #[command(flatten)]
        sheets: SheetArgs,
    },
    /// Contradict a recovery of this organisation that it has not asked for. Needs the root's sheet.
    Contradict(SheetArgs),
    /// Get the organisation back on a new workstation, with a sheet and the registrar's offer.
    Restore(restore::RestoreArgs),
}

pub(crate) async fn run(command: RecoveryCommand, home: &Home) -> Result<(), Failure> {
    if home.engine.identity.role == Role::Registrar {
        return Err(LinkingError::NotAdministrator.into());
    }
    match command {
        RecoveryCommand::Sheet { new } => papers::sheets(new, home).await,
        RecoveryCommand::Split(args) => split::split(&args, home).await,
        RecoveryCommand::Confirm(sheets) => papers::confirm(&sheets, home).await,
        RecoveryCommand::Keys => keys(home).await,
        RecoveryCommand::Rotate(sheets) => rotate(&sheets, home).await,
        RecoveryCommand::Administrators => administrators(home).await,
        RecoveryCommand::Strike { key, sheets } => strike(&key, &sheets, home).await,
        RecoveryCommand::Threshold { signatures, sheets } => threshold(signatures, &sheets, home).await,
        RecoveryCommand::Contradict(sheets) => contradict(&sheets, home).await,
        // Need no home.
        RecoveryCommand::Restore(_) | RecoveryCommand::Combine(_) => Ok(()),
    }
}

/// The word of a key's part for scripts.
pub(crate) fn part_word(part: Part) -> &'static str {
    match part {
        Part::Root => "root",
        Part::Next => "next",
        Part::Prepared => "prepared",
    }
}

fn place_word(place: Place) -> &'static str {
    match place {
        Place::Here => "workstation",
        Place::Paper => "paper",
        Place::Lost => "lost",
        Place::Elsewhere => "elsewhere",
    }
}

/// A key for scripts; nothing secret.
pub(crate) fn key_value(root: &roots::Root) -> Value {
    json!({
        "part": part_word(root.part),
        "key": root.name.to_string(),
        "place": place_word(root.place),
        "exposed": root.exposed,
    })
}

async fn keys(home: &Home) -> Result<(), Failure> {
    let roots = roots::roots(&home.engine).await?;
    let list = roots.iter().map(key_value).collect();
    let words: std::collections::BTreeMap<String, String> =
        roots.iter().map(|root| (root.name.to_string(), described(root))).collect();
    print_list(home.json, list, "This home knows of no root keys yet; run `causeway sync`.", |v| {
        words.get(text(v, "key")).cloned().unwrap_or_default()
    });
    Ok(())
}

fn described(root: &roots::Root) -> String {
    let place = match root.place {
        Place::Here => "on this workstation: put it on paper with `causeway recovery sheet`",
        Place::Paper => "on paper",
        Place::Lost => "LOST: it was made here, and nobody has confirmed a sheet",
        Place::Elsewhere => "not this workstation's; whoever made it has the sheet",
    };
    let exposed = if root.exposed { "; an earlier version kept it in its database: rotate" } else { "" };
    format!("key {}  {}: {place}{exposed}", sheet::short(root.name), words_of(root.part))
}

async fn rotate(sheets: &SheetArgs, home: &Home) -> Result<(), Failure> {
    let dialer = home.dialer().await?;
    let rotated = with_sheets(sheets, home, async || record::rotate(&home.engine, &*dialer).await).await?;
    home.note("handed over to the next root key").await?;
    let result = json!({ "fingerprint": fingerprint::digits(rotated), "status": "rotated" });
    print(home.json, result, |v| {
        format!(
            "Your organisation has its next root key. Its fingerprint is now\n    {}\nTell your partners: they see that it has changed, and compare it again. What is under way arrives as always. The old root sheet opens nothing any more: destroy it. The sheet that was the next root's is the root's now.",
            text(v, "fingerprint")
        )
    });
    Ok(())
}

fn administrator_value(one: &Administrator) -> Value {
    json!({
        "key": hex::encode(one.key),
        "name": one.name,
        "this": one.this,
        "first": one.first,
    })
}

async fn administrators(home: &Home) -> Result<(), Failure> {
    let all = record::administrators(&home.engine).await?;
    let list = all.iter().map(administrator_value).collect();
    print_list(home.json, list, "This home does not know its organisation yet; run `causeway sync`.", |v| {
        let name = v["name"].as_str().map_or_else(|| "not let in here".to_owned(), harmless);
        let this = if v["this"] == true { " (this workstation)" } else { "" };
        let first = if v["first"] == true { ", the first workstation's" } else { "" };
        format!("{}  {name}{this}{first}", text(v, "key").get(..12).unwrap_or_default())
    });
    Ok(())
}

async fn strike(beginning: &str, sheets: &SheetArgs, home: &Home) -> Result<(), Failure> {
    if beginning.len() < 4 {
        return Err(RecoveryError::NotFound(beginning.to_owned()).into());
    }
    let dialer = home.dialer().await?;
    let beginning = beginning.to_ascii_lowercase();
    let struck =
        with_sheets(sheets, home, async || record::strike(&home.engine, &*dialer, &beginning).await).await?;
    home.note("struck out an administrator's key").await?;
    let mut result = administrator_value(&struck);
    result["status"] = "struck".into();
    print(home.json, result, |_| {
        "Struck out: this key signs nothing for your organisation any more. If its workstation still stands in `causeway device list`, remove it too: `causeway device revoke`.".into()
    });
    Ok(())
}

async fn threshold(signatures: u8, sheets: &SheetArgs, home: &Home) -> Result<(), Failure> {
    let dialer = home.dialer().await?;
    with_sheets(sheets, home, async || record::demand(&home.engine, &*dialer, signatures).await).await?;
    home.note(&format!("demanded the signatures of {signatures} administrators")).await?;
    print(home.json, json!({ "signatures": signatures }), |_| match signatures {
        1 => "From now on one administrator is enough to let in or remove a device.".into(),
        _ => format!(
            "From now on {signatures} administrators must sign before a device is let in or removed. Make sure that as many can be reached at any hour: a stolen workstation stays in until they have signed. The registrar can suspend your organisation meanwhile."
        ),
    });
    Ok(())
}

async fn contradict(sheets: &SheetArgs, home: &Home) -> Result<(), Failure> {
    let dialer = home.dialer().await?;
    with_sheets(sheets, home, async || record::contradict(&home.engine, &*dialer).await).await?;
    home.note("contradicted a recovery").await?;
    print(home.json, json!({ "status": "contradicted" }), |_| {
        "Contradicted: the recovery has ended, and your root key stays. Call the registrar and find out who has asked for it: whoever did has the sheet of your next root, or somebody has mistaken your organisation for another. If the sheet is in other hands, rotate: `causeway recovery sheet --new`, then `causeway recovery rotate`.".into()
    });
    Ok(())
}

impl From<RecoveryError> for Failure {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::Linking(linking) => linking.into(),
            RecoveryError::Needs(part, name) => Self::new(
                "T-103",
                exit::LOCKED,
                format!(
                    "{} has to sign this, key {}, and it is not on this workstation. Nothing was changed.",
                    capital(words_of(part)),
                    sheet::short(name)
                ),
                "Fetch its recovery sheet and run the command again: you are asked for it, or name a file with `--sheet-file`.",
            ),
            RecoveryError::NotPrepared => Self::new(
                "T-104",
                exit::NOT_FOUND,
                "The key that will follow the next root is not on paper yet. Nothing was changed.",
                "Make it with `causeway recovery sheet --new`, write it down, confirm it with `causeway recovery confirm`, then rotate.",
            ),
            RecoveryError::NoRecovery => Self::new(
                "T-114",
                exit::NOT_FOUND,
                "Nobody has announced a recovery of your organisation: there is nothing to contradict.",
                "`causeway status` warns you when somebody does.",
            ),
            RecoveryError::NotFound(_) => Self::new(
                "T-124",
                exit::NOT_FOUND,
                format!("{error}. Nothing was changed."),
                "`causeway recovery administrators` lists them; use at least four characters.",
            ),
            RecoveryError::TooMany { have } => Self::new(
                "T-139",
                exit::CONFLICT,
                format!(
                    "Your organisation has {have} administrators with workstations: it can demand from 1 to {have} signatures. Nothing was changed."
                ),
                "Let in another administrator first: `causeway device invite --role administrator`.",
            ),
            RecoveryError::LastAdministrator => Self::new(
                "T-109",
                exit::CONFLICT,
                "Without this key too few administrators would be left to sign for your organisation. Nothing was changed.",
                "Name a successor first: `causeway device invite --role administrator`.",
            ),
        }
    }
}
