//! `causeway call`: what a hotline writes down while somebody is on the line.

use std::path::PathBuf;

use causeway_common::ids::PacketId;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::home::Home;
use super::kind::refused_as;
use super::output::{harmless, print, print_list, remark, text, time};
use super::send;
use crate::activity;
use crate::calls::{self, Call};
use crate::escalation::tasks::{self, Task};
use crate::referral::{Document, Kind, Level, Problem, SendContext};
use crate::vault::Changes;

#[derive(Debug, Subcommand)]
pub(crate) enum CallCommand {
    /// Write a call down. It stays here; `causeway send KIND --from CALL` makes a referral of it.
    Record(RecordArgs),
    /// Add to a call.
    Add {
        /// Number of the call, or the beginning of it.
        id: String,
        /// One field, for example imminent_danger.answer=yes.
        #[arg(long = "set", value_name = "PATH=VALUE", required = true)]
        set: Vec<String>,
    },
    /// Calls of this home, the newest first.
    List,
    /// One call, whole.
    Show {
        /// Number of the call, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// File with the record, JSON; `-` reads standard input.
    #[arg(long)]
    file: Option<PathBuf>,
    /// One field, for example caller_role=family.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// An exercise: marked as one everywhere and left out of statistics.
    #[arg(long)]
    exercise: bool,
}

pub(crate) async fn run(command: CallCommand, home: &Home) -> Result<(), Failure> {
    match command {
        CallCommand::Record(args) => record(args, home).await,
        CallCommand::Add { id, set } => add(&id, &set, home).await,
        CallCommand::List => list(home),
        CallCommand::Show { id } => {
            let call = find(home, &id)?;
            print(home.json, shown(&call, home), people);
            Ok(())
        }
    }
}

async fn record(args: RecordArgs, home: &Home) -> Result<(), Failure> {
    let id: [u8; 32] = home.engine.random().await;
    let mut document =
        send::written(Document::empty(kind()?), args.file.as_deref(), &args.set, refused(home))?;
    on_the_phone(&mut document);
    document.complete(&context(&id, args.exercise, home));
    let now = home.engine.now();
    let mut call = Call { id, taken: now, changed: now, document: Vec::new(), referrals: Vec::new() };
    keep(&mut call, document, "recorded a call", home).await
}

/// Who calls a hotline is on the phone, unless something else is said: nothing has to be typed before a call can be kept.
fn on_the_phone(document: &mut Document) {
    document.fields.entry("channel").or_insert_with(|| "phone".into());
}

async fn add(id: &str, set: &[String], home: &Home) -> Result<(), Failure> {
    let mut call = find(home, id)?;
    let mut begun = Document::empty(kind()?);
    begun.fields = call.fields();
    let document = send::written(begun, None, set, refused(home))?;
    keep(&mut call, document, "added to a call", home).await
}

/// Whoever is on the line cannot wait: what is wrong is refused, what is missing is named and kept open.
async fn keep(call: &mut Call, document: Document, what: &str, home: &Home) -> Result<(), Failure> {
    let wrong = document.validate(Level::Draft, home.engine.now());
    if !wrong.is_empty() {
        return Err(refused(home)(&wrong));
    }
    call.rewrite(document.fields, home.engine.now());
    let mut changes = Changes::default();
    calls::put(&mut changes, call);
    let danger = is_danger(&call.fields()).then(|| Task::danger(call.id, home.engine.now()));
    if let Some(task) = danger {
        if !tasks::exists(&home.engine.vault, &task)? {
            tasks::put(&mut changes, &task);
        }
        remark(&home.lang.fill("call-danger", &[("number", &hex::encode(call.id)[..12])]));
    }
    activity::append(&home.engine.vault, &mut changes, home.engine.now(), what, None)?;
    home.engine.commit(changes).await?;
    print(home.json, shown(call, home), |v| {
        let number = &text(v, "id")[..12];
        let kept = home.lang.fill("call-kept", &[("number", number)]);
        match v["missing"].as_array().map_or(0, Vec::len) {
            0 => kept,
            open => format!("{kept}\n{}", home.lang.count("call-open", open)),
        }
    });
    Ok(())
}

/// Whether somebody in it is in danger now, as far as whoever took the call has understood.
fn is_danger(fields: &Map<String, Value>) -> bool {
    fields.get("imminent_danger").is_some_and(|danger| danger["answer"] == "yes")
}

/// Says what is wrong, and that nothing of it was kept.
fn refused(home: &Home) -> impl Fn(&[Problem]) -> Failure {
    let lang = home.lang;
    move |found| refused_as("call-refused", found, lang)
}

fn list(home: &Home) -> Result<(), Failure> {
    let values = calls::all(&home.engine.vault)?.iter().map(|call| shown(call, home)).collect();
    let empty = home.lang.text("call-none");
    print_list(home.json, values, &empty, |v| {
        let document = &v["document"];
        let say = |field: &str| harmless(document[field].as_str().unwrap_or("-"));
        let led_to = v["referrals"].as_array().map_or(0, Vec::len);
        let category = document["category"]["primary"].as_str().unwrap_or("-");
        format!(
            "{}  {}  {}  {}  {}",
            &text(v, "id")[..12],
            text(v, "taken"),
            harmless(category),
            say("caller_role"),
            home.lang.count("call-led-to", led_to),
        )
    });
    Ok(())
}

fn shown(call: &Call, home: &Home) -> Value {
    let fields = call.fields();
    let missing: Vec<Value> = kind().map_or_else(
        |_| Vec::new(),
        |kind| {
            let mut document = Document::empty(kind);
            document.fields = fields.clone();
            let found = document.validate(Level::Send, home.engine.now());
            found.iter().map(|problem| json!({ "path": problem.path, "code": problem.code })).collect()
        },
    );
    json!({
        "id": hex::encode(call.id),
        "kind": calls::KIND,
        "taken": time(call.taken),
        "changed": time(call.changed),
        "document": fields,
        "missing": missing,
        "referrals": call.referrals.iter().map(PacketId::to_string).collect::<Vec<_>>(),
    })
}

fn people(v: &Value) -> String {
    let mut out = format!("{}  {}\n", text(v, "id"), text(v, "taken"));
    out.push_str(&harmless(&serde_json::to_string_pretty(&v["document"]).unwrap_or_default()));
    for missing in v["missing"].as_array().into_iter().flatten() {
        out.push_str(&format!("\n  {}  [{}]", harmless(text(missing, "path")), text(missing, "code")));
    }
    out
}

fn find(home: &Home, id: &str) -> Result<Call, Failure> {
    in_calls(home, id)?.ok_or_else(|| Failure::not_found(id))
}

/// The call that a person means: by its number, or the beginning of it; none if no call has it.
pub(super) fn in_calls(home: &Home, id: &str) -> Result<Option<Call>, Failure> {
    /// Shortest beginning of a number.
    const NUMBER_CHARS_MIN: usize = 4;
    let begins = |call: &Call| id.len() >= NUMBER_CHARS_MIN && hex::encode(call.id).starts_with(id);
    let mut matching = calls::all(&home.engine.vault)?.into_iter().filter(begins);
    match (matching.next(), matching.next()) {
        (Some(call), None) => Ok(Some(call)),
        (Some(_), Some(_)) => Err(Failure::invalid(
            home.lang.fill("call-ambiguous", &[("number", id)]),
            home.lang.text("call-longer"),
        )),
        (None, _) => Ok(None),
    }
}

fn kind() -> Result<Kind, Failure> {
    Kind::from_code(calls::KIND).ok_or_else(|| Failure::internal("calls are no kind of this version"))
}

fn context(id: &[u8; 32], exercise: bool, home: &Home) -> SendContext {
    let (identity, now) = (&home.engine.identity, home.engine.now());
    SendContext {
        now,
        author: identity.device().short(),
        organisation: identity.name.clone(),
        country: identity.country.clone(),
        exercise,
        priority: None,
        case_ref: send::case_ref(&identity.country, now, PacketId(*id)),
        packet_id: hex::encode(id),
    }
}

#[cfg(test)]
mod tests {
    use causeway_common::time::Timestamp;

    use super::*;

    #[test]
    fn a_call_is_kept_with_one_field_and_another_channel_stays_as_it_was_said() {
        let mut call = Document::empty(kind().unwrap());
        call.set("caller_role", "family").unwrap();
        on_the_phone(&mut call);
        assert!(call.validate(Level::Draft, Timestamp(0)).is_empty(), "the example of the guide");
        let mut walked_in = Document::empty(kind().unwrap());
        walked_in.set("channel", "walk_in").unwrap();
        on_the_phone(&mut walked_in);
        assert_eq!(walked_in.fields["channel"], "walk_in");
    }
}
