//! `causeway handed-over`: the record that both sides sign.

use clap::Args;
use serde_json::{Map, Value, json};

use super::{Carried, StepArgs, find_thread, take, update_fields};
use crate::cli::failure::{Failure, exit};
use crate::cli::home::Home;
use crate::cli::kind;
use crate::cli::output::{harmless, print};
use crate::engine::threads::{moment, own_party, update_of, work_of};
use crate::model::Thread;
use crate::referral::handover;
use crate::referral::lifecycle::{Action, TWO_SIGNATURES};

#[derive(Debug, Args)]
pub(crate) struct HandoverArgs {
    #[command(flatten)]
    step: StepArgs,
    /// Sign the record that the other side has signed, after reading it.
    #[arg(long)]
    sign: bool,
}

/// Signs a handover record. Other kinds have none: older programs could say so of them, and what they said still counts.
pub(crate) async fn handed_over(args: HandoverArgs, home: &Home) -> Result<(), Failure> {
    let thread = find_thread(home, &args.step.id)?;
    let mut fields = update_fields(&args.step.set, home.lang)?;
    if !TWO_SIGNATURES.contains(&thread.kind.as_str()) {
        let hint = home.lang.fill("handover-none-hint", &[("id", &thread.root.to_string()[..12])]);
        return Err(Failure::new("L-107", exit::REFUSED, home.lang.text("handover-none"), hint));
    }
    let theirs = record_of_other_side(&thread, home)?;
    match theirs.filter(|_| !fields.contains_key("handover")) {
        Some(record) if !args.sign => return show_record(&args.step.id, &thread, record, home),
        Some(record) => drop(fields.insert("handover".into(), Value::Object(record))),
        None => complete_record(&mut fields, &args.step, home)?,
    }
    take(args.step, Action::HandedOver, Carried { fields, answer: Map::new() }, home).await
}

/// The record that waits for our signature.
pub(crate) fn record_of_other_side(
    thread: &Thread,
    home: &Home,
) -> Result<Option<Map<String, Value>>, Failure> {
    let vault = &home.engine.vault;
    let Some((first, hash)) = work_of(thread, vault)?.signed() else { return Ok(None) };
    if first == own_party(thread) {
        return Ok(None);
    }
    for event in thread.events.iter().rev().filter(|e| e.what == Action::HandedOver.as_str()) {
        let update = update_of(thread, event.packet, vault)?;
        let record = update.and_then(|update| update.other.get("handover")?.as_object().cloned());
        if let Some(record) = record.filter(|record| handover::hash(record) == hash) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

fn show_record(id: &str, thread: &Thread, record: Map<String, Value>, home: &Home) -> Result<(), Failure> {
    let hash = hex::encode(handover::hash(&record));
    let result = json!({
        "referral": thread.root.to_string(), "record": record, "record_hash": hash, "signed": false, "work": thread.work,
    });
    print(home.json, result, |v| {
        let record = serde_json::to_string_pretty(&v["record"]).unwrap_or_default();
        format!("{}\n{hash}\n\n{}", harmless(&record), home.lang.fill("handover-shown", &[("id", id)]))
    });
    Ok(())
}

/// What is known of a record without asking: when, and whose hands ours are.
fn complete_record(fields: &mut Map<String, Value>, args: &StepArgs, home: &Home) -> Result<(), Failure> {
    let Some(record) = fields.get_mut("handover").and_then(Value::as_object_mut) else { return Ok(()) };
    let now = moment(home.engine.now());
    record.entry("handed_over_at").or_insert_with(|| now.into());
    if let Some(number) = &args.staff {
        record.entry("by").or_insert_with(|| json!({ "staff_no": number }));
    }
    let found = handover::validate(record);
    if found.is_empty() { Ok(()) } else { Err(kind::refused(&found, home.lang)) }
}
