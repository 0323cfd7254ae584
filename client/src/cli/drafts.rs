//! `causeway drafts`: what was imported and waits for a person to send it.

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::kind;
use super::org;
use super::output::{harmless, print, print_list, text, time};
use super::send::{self, SendArgs};
use crate::activity;
use crate::formats::Finding;
use crate::formats::drafts::{self, Draft};
use crate::referral::{Document, Level, SendContext};
use crate::vault::Changes;

#[derive(Debug, Subcommand)]
pub(crate) enum DraftsCommand {
    /// All drafts.
    List,
    /// One draft, whole, and what it still lacks.
    Show {
        /// Its number, or the beginning of it.
        id: String,
    },
    /// Send a draft as it is. Checked like every referral.
    Send {
        /// Its number, or the beginning of it.
        id: String,
        /// Who gets it; otherwise whom it is meant for.
        #[arg(long, value_delimiter = ',')]
        to: Vec<String>,
        /// One field, for example approach_note="speak to her alone".
        #[arg(long = "set", value_name = "PATH=VALUE")]
        set: Vec<String>,
    },
    /// Drop a draft.
    Delete {
        /// Its number, or the beginning of it.
        id: String,
    },
}

pub(crate) async fn drafts(command: DraftsCommand, home: &Home) -> Result<(), Failure> {
    match command {
        DraftsCommand::List => list(home).await,
        DraftsCommand::Show { id } => show(&find(&id, home)?, home),
        DraftsCommand::Send { id, to, set } => send_draft(&find(&id, home)?, to, set, home).await,
        DraftsCommand::Delete { id } => {
            let draft = find(&id, home)?;
            home.engine.erase_draft(&draft, None, "deleted a draft").await?;
            let result = json!({ "id": draft.number(), "deleted": true });
            print(home.json, result, |_| home.lang.text("drafts-deleted"));
            Ok(())
        }
    }
}

async fn list(home: &Home) -> Result<(), Failure> {
    let values = drafts::all(&home.engine.vault)?.iter().map(entry).collect();
    print_list(home.json, values, &home.lang.text("drafts-none"), |v| {
        let (kind, format) = (text(v, "kind"), text(v, "format"));
        format!(
            "{}  {kind}  {format}  {}  {}",
            &text(v, "id")[..12],
            harmless(text(v, "key")),
            text(v, "created")
        )
    });
    Ok(())
}

/// A draft without what it says.
fn entry(draft: &Draft) -> Value {
    json!({
        "id": draft.number(),
        "kind": draft.kind,
        "format": draft.format,
        "key": draft.key,
        "created": time(draft.created),
        "to": draft.to,
    })
}

fn show(draft: &Draft, home: &Home) -> Result<(), Failure> {
    let document = document(draft, home)?;
    // What software fills in when it is sent is not missing.
    let identity = &home.engine.identity;
    let mut complete = document.clone();
    complete.complete(&SendContext {
        now: home.engine.now(),
        author: identity.device().short(),
        organisation: identity.name.clone(),
        country: identity.country.clone(),
        exercise: false,
        priority: None,
        case_ref: draft.number(),
        packet_id: hex::encode([0; 32]),
    });
    let lacks: Vec<Value> = complete
        .validate(Level::Send, home.engine.now())
        .into_iter()
        .map(|problem| Finding::from(problem).to_json(home.lang))
        .collect();
    let mut result = entry(draft);
    result["document"] = document.fields.into();
    result["lacks"] = lacks.into();
    print(home.json, result, |v| {
        let mut lines = vec![harmless(&serde_json::to_string_pretty(&v["document"]).unwrap_or_default())];
        lines.push(home.lang.text("drafts-lacks"));
        for finding in v["lacks"].as_array().into_iter().flatten() {
            lines.push(format!(
                "  {}: {} {}",
                text(finding, "path"),
                text(finding, "wrong"),
                text(finding, "right")
            ));
        }
        lines.join("\n")
    });
    Ok(())
}

/// A draft that a program has brought in.
pub(crate) struct BroughtIn {
    pub(crate) number: String,
    /// new, same, changed or sent: all but new were there already.
    pub(crate) known: &'static str,
}

/// Keeps a draft, unless it is there already: somebody may have worked on it.
pub(crate) async fn bring_in(
    document: &Document,
    format: &str,
    key: &str,
    to: &str,
    home: &Home,
) -> Result<BroughtIn, Failure> {
    let to = if to.is_empty() { String::new() } else { org::find(home, to).await?.to_string() };
    let draft = Draft::new(document, format, key, home.engine.now(), &to);
    let vault = &home.engine.vault;
    let known = match drafts::draft(vault, &draft.id)? {
        Some(there) if there.is_sent() => "sent",
        Some(there) if there.digest == draft.digest => "same",
        Some(_) => "changed",
        None => "new",
    };
    if known == "new" {
        let mut changes = Changes::default();
        drafts::put(&mut changes, &draft);
        let what = format!("a program brought in a draft ({format})");
        activity::append(vault, &mut changes, home.engine.now(), &what, None)?;
        home.engine.commit(changes).await?;
    }
    Ok(BroughtIn { number: draft.number(), known })
}

async fn send_draft(draft: &Draft, to: Vec<String>, set: Vec<String>, home: &Home) -> Result<(), Failure> {
    let to = match (to.is_empty(), draft.to.is_empty()) {
        (false, _) => to,
        (true, false) => vec![draft.to.clone()],
        (true, true) => {
            return Err(Failure::invalid(
                home.lang.text("drafts-to-whom"),
                home.lang.text("drafts-to-whom-hint"),
            ));
        }
    };
    // Marked as sent in the commit that queues it; what can still be read of its versions is destroyed afterwards.
    let sent = draft.sent();
    send::send(SendArgs::of_draft(document(draft, home)?, sent.clone(), to, set), home).await?;
    Ok(home.engine.erase_draft(draft, Some(&sent), "sent a draft").await?)
}

fn document(draft: &Draft, home: &Home) -> Result<Document, Failure> {
    draft.read().map_err(|problems| kind::refused(&problems, home.lang))
}

fn find(id: &str, home: &Home) -> Result<Draft, Failure> {
    const DIGITS_MIN: usize = 4;
    let matching: Vec<Draft> = drafts::all(&home.engine.vault)?
        .into_iter()
        .filter(|d| id.len() >= DIGITS_MIN && d.number().starts_with(id))
        .collect();
    let [draft] = <[Draft; 1]>::try_from(matching).map_err(|many| {
        let what = if many.is_empty() { "drafts-not-found" } else { "drafts-several" };
        Failure::new(
            "C-104",
            exit::NOT_FOUND,
            home.lang.fill(what, &[("id", id)]),
            home.lang.text("drafts-not-found-hint"),
        )
    })?;
    Ok(draft)
}
