//! `causeway roster`: who is on duty, who stands in, and what one shift tells the next.

use std::time::Duration;

use causeway_common::time::Timestamp;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::home::Home;
use super::super::output::{harmless, harmless_under, print, text, time};
use super::super::staff::is_here;
use super::{KEY_CHARS, TextArgs, author, keep, new_key, only};
use crate::office::duty;
use crate::office::roster::{NOBODY, Override, Roster, Rotation, Written};

/// Longest time for which somebody stands in.
const OVERRIDE_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Notes of shifts that are shown.
const HANDOVERS_SHOWN: usize = 10;

#[derive(Debug, Subcommand)]
pub(crate) enum RosterCommand {
    /// Who is on duty now and next, who takes weeks in turn, who stands in.
    Show,
    /// Say who takes weeks in turn. Replaces what was said before.
    Set(SetArgs),
    /// Let somebody stand in for a time; it comes before the rotation.
    Override(OverrideArgs),
    /// Take back that somebody stands in, or the whole rotation.
    Clear {
        /// Number of the entry, or the beginning of it.
        #[arg(required_unless_present = "rotation")]
        id: Option<String>,
        /// The rotation: then there is no roster.
        #[arg(long, conflicts_with = "id")]
        rotation: bool,
    },
    /// Tell the next shift something. It stands on the duty board until somebody has read it.
    Handover(TextArgs),
    /// Say that you have read what the last shift has left.
    Read {
        /// Number of the note, or the beginning of it; otherwise the newest that nobody has read.
        id: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// Numbers of the staff in their order, a week each; - for a week without anybody.
    #[arg(required = true, allow_hyphen_values = true)]
    members: Vec<String>,
    /// Time zone, for example Europe/Berlin.
    #[arg(long)]
    zone: String,
    /// Day on which the first week begins, for example 2026-11-30.
    #[arg(long, value_name = "DATE")]
    begins: String,
    /// Time of day at which a week begins.
    #[arg(long, default_value = "09:00")]
    at: String,
}

#[derive(Debug, Args)]
pub(crate) struct OverrideArgs {
    #[command(flatten)]
    who: Who,
    /// From when on: a time of the roster's zone, for example 2026-12-24T09:00, or one with its offset.
    #[arg(long, value_name = "TIME")]
    from: String,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    until: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Who {
    /// Number of the member of the staff who stands in.
    #[arg(long, value_name = "NO")]
    to: Option<String>,
    /// Nobody is on duty in this time.
    #[arg(long)]
    nobody: bool,
}

pub(crate) async fn run(command: RosterCommand, home: &Home) -> Result<(), Failure> {
    match command {
        RosterCommand::Show => {
            print(home.json, value(home)?, |v| words(v, home));
            Ok(())
        }
        RosterCommand::Set(args) => set(args, home).await,
        RosterCommand::Override(args) => stand_in(args, home).await,
        RosterCommand::Clear { id: None, .. } => {
            keep(home, duty::unset(&author(home, None)?), None, "changed the roster").await?;
            print(home.json, json!({}), |_| home.lang.text("roster-cleared"));
            Ok(())
        }
        RosterCommand::Clear { id: Some(id), .. } => clear(&id, home).await,
        RosterCommand::Handover(text) => hand_over(text, home).await,
        RosterCommand::Read { id } => read(id.as_deref(), home).await,
    }
}

async fn set(args: SetArgs, home: &Home) -> Result<(), Failure> {
    let SetArgs { members, zone, begins, at } = args;
    let rotation = Rotation::read(&Written { zone, begins, at, members }).map_err(|(field, found)| {
        Failure::wrong(&format!("fail-roster-{field}"), &[("found", &harmless(&found))])
    })?;
    for member in rotation.written().members.iter().filter(|member| *member != NOBODY) {
        is_here(home, member)?;
    }
    let by = author(home, None)?;
    keep(home, duty::set(&rotation, &by), None, "changed the roster").await?;
    print(home.json, value(home)?, |v| words(v, home));
    Ok(())
}

/// The roster, which somebody must have made.
fn roster(home: &Home) -> Result<Roster, Failure> {
    duty::roster(&home.engine.vault)?.ok_or_else(|| Failure::wrong("fail-roster-none", &[]))
}

async fn stand_in(args: OverrideArgs, home: &Home) -> Result<(), Failure> {
    let roster = roster(home)?;
    let moment = |text: &str| {
        roster
            .rotation
            .moment(text.trim())
            .ok_or_else(|| Failure::wrong("fail-roster-moment", &[("found", &harmless(text))]))
    };
    let (from, until) = (moment(&args.from)?, moment(&args.until)?);
    if until <= from || until <= home.engine.now() || until.since(from) > OVERRIDE_MAX {
        return Err(Failure::wrong("fail-roster-span", &[]));
    }
    let to = args.who.to.unwrap_or_else(|| NOBODY.to_owned());
    if to != NOBODY {
        is_here(home, &to)?;
    }
    let draft = duty::stand_in(&new_key(home).await, &Override { from, until, to }, &author(home, None)?);
    keep(home, draft, None, "changed who stands in").await?;
    print(home.json, value(home)?, |v| words(v, home));
    Ok(())
}

async fn clear(id: &str, home: &Home) -> Result<(), Failure> {
    let known = duty::overrides(&home.engine.vault)?;
    let key = only(known.iter().map(|(entry, _)| &entry.key), id)?;
    let draft = duty::back_again(&key, &author(home, None)?);
    keep(home, draft, None, "changed who stands in").await?;
    print(home.json, value(home)?, |v| words(v, home));
    Ok(())
}

async fn hand_over(text: TextArgs, home: &Home) -> Result<(), Failure> {
    let text = text.read()?;
    let draft = duty::hand_over(&new_key(home).await, &text, &author(home, None)?);
    keep(home, draft, None, "handed the shift over").await?;
    print(home.json, json!({}), |_| home.lang.text("handover-left"));
    Ok(())
}

async fn read(id: Option<&str>, home: &Home) -> Result<(), Failure> {
    let notes = duty::handovers(&home.engine.vault)?;
    let unread = || notes.iter().filter(|note| note.read.is_none());
    let key = match id {
        Some(id) => only(unread().map(|note| &note.entry.key), id)?,
        None => unread().next().ok_or_else(|| Failure::not_found("-"))?.entry.key.clone(),
    };
    let by = author(home, None)?;
    keep(home, duty::read(&key, &by), None, "read what the last shift has left").await?;
    print(home.json, json!({ "id": hex::encode(key) }), |_| home.lang.text("handover-was-read"));
    Ok(())
}

/// Everything about the duty, for programs and pages.
fn value(home: &Home) -> Result<Value, Failure> {
    let vault = &home.engine.vault;
    let now = home.engine.now();
    let roster = duty::roster(vault)?;
    let shift = |at: Timestamp| {
        roster
            .as_ref()
            .map(|roster| roster.shift(at))
            .map(|shift| (json!({ "who": shift.who, "until": shift.until.map(time) }), shift.until))
    };
    let first = shift(now);
    let next = first.as_ref().and_then(|(_, until)| *until).and_then(shift);
    let overrides: Vec<Value> = duty::overrides(vault)?
        .into_iter()
        .filter(|(_, over)| over.until > now)
        .map(|(entry, over)| {
            json!({
                "id": hex::encode(&entry.key),
                "from": time(over.from),
                "until": time(over.until),
                "to": (over.to != NOBODY).then_some(&over.to),
                "by": entry.who(),
            })
        })
        .collect();
    let rotation = roster.as_ref().map(|roster| {
        let Written { zone, begins, at, members } = roster.rotation.written();
        json!({ "zone": zone, "begins": begins, "at": at, "members": members })
    });
    Ok(json!({
        "rotation": rotation,
        "now": first.map(|(shift, _)| shift),
        "next": next.map(|(shift, _)| shift),
        "overrides": overrides,
        "handovers": handovers(home)?,
    }))
}

fn handovers(home: &Home) -> Result<Vec<Value>, Failure> {
    let notes = duty::handovers(&home.engine.vault)?.into_iter().take(HANDOVERS_SHOWN);
    let value = |note: duty::Handover| {
        json!({
            "id": hex::encode(&note.entry.key),
            "by": note.entry.who(),
            "at": time(note.entry.at),
            "text": note.text,
            "read_by": note.read.as_ref().map(|read| read.who()),
            "read_at": note.read.as_ref().map(|read| time(read.at)),
        })
    };
    Ok(notes.map(value).collect())
}

fn words(v: &Value, home: &Home) -> String {
    let lang = home.lang;
    let mut lines = Vec::new();
    if v["rotation"].is_null() {
        lines.push(lang.text("roster-none"));
    } else {
        let rotation = &v["rotation"];
        let members: Vec<&str> =
            rotation["members"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        match v["now"]["who"].as_str() {
            Some(who) => lines.push(format!("{}: {who}", lang.text("duty-now"))),
            None => lines.push(lang.text("duty-nobody")),
        }
        if let Some(until) = v["now"]["until"].as_str() {
            let next = v["next"]["who"].as_str().map_or_else(|| lang.text("duty-no-one"), str::to_owned);
            lines.push(format!("{}: {until}  {}: {next}", lang.text("duty-until"), lang.text("duty-next")));
        }
        let gaps = [
            ("members", &*members.join(", ")),
            ("begins", text(rotation, "begins")),
            ("at", text(rotation, "at")),
            ("zone", text(rotation, "zone")),
        ];
        lines.push(lang.fill("roster-weeks", &gaps));
    }
    for over in v["overrides"].as_array().into_iter().flatten() {
        let to = over["to"].as_str().map_or_else(|| lang.text("duty-no-one"), str::to_owned);
        let id = text(over, "id").get(..KEY_CHARS).unwrap_or_default();
        lines.push(format!("  {id}  {} - {}  {to}", text(over, "from"), text(over, "until")));
    }
    for note in v["handovers"].as_array().into_iter().flatten() {
        let id = text(note, "id").get(..KEY_CHARS).unwrap_or_default();
        let who = harmless(text(note, "by"));
        let read = match note["read_by"].as_str() {
            Some(by) => {
                lang.fill("handover-read-by", &[("by", &harmless(by)), ("at", text(note, "read_at"))])
            }
            None => lang.text("handover-unread"),
        };
        let said = harmless_under(text(note, "text"), "        | ");
        lines.push(format!("  {id}  {}  {who}: {said}  ({read})", text(note, "at")));
    }
    lines.join("\n")
}
