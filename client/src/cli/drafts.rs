//! `causeway drafts`: what was imported or is being written, and waits for a person to send it.

use causeway_common::ids::OrgId;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::kind;
use super::org;
use super::output::{harmless, print, print_list, text, time};
use super::send::{self, SendArgs};
use crate::activity;
use crate::attachments::kept;
use crate::formats::Finding;
use crate::formats::drafts::{self, Draft};
use crate::referral::{Document, Kind, Level, SendContext, drafting};
use crate::vault::Changes;

pub(crate) mod files;

/// Drafts that wait at the same time: a year of a busy desk that sends none of them.
const DRAFTS_MAX: usize = 2_000;

/// Code of a draft that somebody else has written on.
pub(crate) const CHANGED: &str = "C-110";

#[derive(Debug, Subcommand)]
pub(crate) enum DraftsCommand {
    /// All drafts.
    List,
    /// Begin one.
    New {
        /// A word of `causeway kind list`, for example border-alert.
        kind: Kind,
        /// Who is to get it.
        #[arg(long, value_delimiter = ',')]
        to: Vec<String>,
        /// Fields, for example approach_note="speak to her alone".
        #[arg(value_name = "PATH=VALUE")]
        set: Vec<String>,
    },
    /// Write on one.
    Set(SetArgs),
    /// One draft, whole, and what it still lacks.
    Show {
        /// Its number, or the beginning of it.
        id: String,
    },
    /// Attach files to one; they stay on this workstation, encrypted, until it is sent.
    Attach {
        /// Its number, or the beginning of it.
        id: String,
        /// A file with the section whose readers may open it, for example PHO=photo.jpg.
        #[arg(required = true, value_name = "SECTION=FILE")]
        files: Vec<String>,
    },
    /// Take a file off one.
    Detach {
        /// Its number, or the beginning of it.
        id: String,
        /// Number of the attachment, or the beginning of it.
        attachment: String,
    },
    /// Send a draft as it is. Checked like every referral.
    Send(SendDraftArgs),
    /// Drop a draft.
    Delete {
        /// Its number, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// Its number, or the beginning of it.
    id: String,
    /// Who is to get it, in place of whoever it was meant for; empty for nobody yet.
    #[arg(long, value_delimiter = ',')]
    to: Option<Vec<String>>,
    /// Fields, for example approach_note="speak to her alone". Nothing after the sign takes a field away.
    #[arg(value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Take away an element of a list, for example persons[1].
    #[arg(long, value_name = "PATH")]
    remove: Vec<String>,
    /// Keep what is not right yet as it was typed.
    #[arg(long)]
    as_typed: bool,
    /// Only if it is still the one that `drafts show` gave this revision.
    #[arg(long)]
    revision: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SendDraftArgs {
    /// Its number, or the beginning of it.
    id: String,
    /// Who gets it; otherwise whom it is meant for.
    #[arg(long, value_delimiter = ',')]
    to: Vec<String>,
    /// One field, for example approach_note="speak to her alone".
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// An exercise: marked as one everywhere and left out of statistics.
    #[arg(long)]
    exercise: bool,
    /// Show who will see what and why, and send nothing.
    #[arg(long)]
    preview: bool,
    /// Send without asking whether that is what you mean.
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn drafts(command: DraftsCommand, home: &Home) -> Result<(), Failure> {
    match command {
        DraftsCommand::List => list(home).await,
        DraftsCommand::New { kind, to, set } => begin(kind, &to, &set, home).await,
        DraftsCommand::Set(args) => set(args, home).await,
        DraftsCommand::Show { id } => show(&find(&id, home)?, home),
        DraftsCommand::Attach { id, files } => files::attach(&id, &files, home).await,
        DraftsCommand::Detach { id, attachment } => files::detach(&id, &attachment, home).await,
        DraftsCommand::Send(args) => send_draft(args, home).await,
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
    let values = drafts::all(&home.engine.vault)?.iter().map(|draft| listed(draft, home)).collect();
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
        "recipients": draft.recipients(),
        "revision": draft.revision(),
    })
}

/// The same with how much it lacks; one that cannot be read lacks everything.
fn listed(draft: &Draft, home: &Home) -> Value {
    let mut result = entry(draft);
    result["lacking"] =
        draft.read().map_or(Value::Null, |document| lacks(&document, draft, home).len().into());
    result
}

/// What is missing before it can be sent. What software fills in then is not.
fn lacks(document: &Document, draft: &Draft, home: &Home) -> Vec<Value> {
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
    let problems = complete.validate(Level::Send, home.engine.now()).into_iter();
    problems
        .map(|problem| {
            let section = drafting::section_of(document.kind, &problem.path);
            let mut lacking = Finding::from(problem).to_json(home.lang);
            lacking["section"] = section.map_or(Value::Null, |section| section.to_string().into());
            lacking
        })
        .collect()
}

fn show(draft: &Draft, home: &Home) -> Result<(), Failure> {
    let document = document(draft, home)?;
    let mut result = entry(draft);
    result["lacks"] = lacks(&document, draft, home).into();
    result["document"] = document.fields.into();
    result["attachments"] = files::list(&draft.id, home)?;
    print(home.json, result, |v| {
        let mut lines = vec![harmless(&serde_json::to_string_pretty(&v["document"]).unwrap_or_default())];
        let attached = v["attachments"].as_array().into_iter().flatten();
        lines.extend(attached.map(|file| files::words_of(file, home.lang)));
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

async fn begin(kind: Kind, to: &[String], set: &[String], home: &Home) -> Result<(), Failure> {
    if drafts::all(&home.engine.vault)?.len() >= DRAFTS_MAX {
        return Err(Failure::wrong("drafts-too-many", &[("max", &DRAFTS_MAX.to_string())]));
    }
    let to = meant(to, home).await?;
    let mut document = Document::empty(kind);
    write(&mut document, set, false, home)?;
    let draft = Draft::begun(&document, home.engine.random().await, home.engine.now(), &to);
    keep(&draft, None, home).await
}

async fn set(args: SetArgs, home: &Home) -> Result<(), Failure> {
    let draft = find(&args.id, home)?;
    if args.revision.is_some_and(|revision| revision != draft.revision()) {
        return Err(changed());
    }
    let to = match &args.to {
        Some(to) => meant(to, home).await?,
        None => draft.to.clone(),
    };
    let mut document = document(&draft, home)?;
    write(&mut document, &args.set, args.as_typed, home)?;
    args.remove.iter().for_each(|path| drafting::remove(&mut document, path));
    number_consent(&mut document.fields, home.engine.random().await);
    keep(&draft.saying(&document, &to, home.engine.now()), Some(&draft), home).await
}

fn write(document: &mut Document, set: &[String], as_typed: bool, home: &Home) -> Result<(), Failure> {
    for assignment in set {
        let (path, value) = kind::pair(assignment)?;
        let written = if as_typed || value.is_empty() {
            drafting::write(document, path, value)
        } else {
            document.set(path, value)
        };
        written.map_err(|problem| kind::refused(&[problem], home.lang))?;
    }
    drafting::close_gaps(document);
    super::overriding::must_not_be_typed(document, home)
}

/// A record of consent has a number by which it is withdrawn; nobody has to invent one.
fn number_consent(fields: &mut Map<String, Value>, number: [u8; 32]) {
    if let Some(consent) = fields.get_mut("consent").and_then(Value::as_object_mut)
        && !consent.contains_key("nil")
    {
        consent.entry("consent_id").or_insert_with(|| hex::encode(number).into());
    }
}

async fn keep(draft: &Draft, made_from: Option<&Draft>, home: &Home) -> Result<(), Failure> {
    // What says the same needs no new version.
    let same = made_from.is_some_and(|before| before.revision() == draft.revision());
    if !same && !home.engine.keep_draft(draft, made_from).await? {
        return Err(changed());
    }
    print(home.json, entry(draft), |v| {
        home.lang.fill("drafts-kept", &[("id", text(v, "id").get(..12).unwrap_or_default())])
    });
    Ok(())
}

/// Somebody else has written on it meanwhile.
fn changed() -> Failure {
    Failure::said(CHANGED, exit::CONFLICT, "fail-draft-changed", &[])
}

/// The numbers of organisations that are meant.
async fn meant(to: &[String], home: &Home) -> Result<String, Failure> {
    let mut orgs: Vec<OrgId> = Vec::new();
    for meant in to.iter().filter(|meant| !meant.trim().is_empty()) {
        let org = org::find(home, meant).await?;
        if !orgs.contains(&org) {
            orgs.push(org);
        }
    }
    if orgs.len() > send::RECIPIENTS_MAX {
        return Err(Failure::wrong("send-too-many", &[("max", &send::RECIPIENTS_MAX.to_string())]));
    }
    Ok(orgs.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}

async fn send_draft(args: SendDraftArgs, home: &Home) -> Result<(), Failure> {
    let draft = find(&args.id, home)?;
    let to = match (args.to.is_empty(), draft.to.is_empty()) {
        (false, _) => args.to,
        (true, false) => draft.recipients(),
        (true, true) => {
            return Err(Failure::invalid(
                home.lang.text("drafts-to-whom"),
                home.lang.text("drafts-to-whom-hint"),
            ));
        }
    };
    // Marked as sent in the commit that queues it; what can still be read of its versions is destroyed afterwards.
    let sent = draft.sent();
    let mut sending = SendArgs::of_draft(document(&draft, home)?, sent.clone(), to, args.set);
    (sending.exercise, sending.preview, sending.yes) = (args.exercise, args.preview, args.yes);
    let files = kept::all(&home.engine.vault, &draft.id)?;
    sending.kept.clone_from(&files);
    send::send(sending, home).await?;
    // Somebody may have looked only, or said no.
    let stands = drafts::draft(&home.engine.vault, &draft.id)?;
    if stands.is_none_or(|stands| stands.is_sent()) {
        home.engine.erase_draft(&draft, Some(&sent), "sent a draft").await?;
        files.iter().for_each(|file| file.forget(&home.engine.staging));
    }
    Ok(())
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
