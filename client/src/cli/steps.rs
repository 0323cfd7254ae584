//! Steps of a referral: accept, decline, ask, answer, complete and the others.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::erase;
use super::failure::{Failure, exit};
use super::home::Home;
use super::kind;
use super::output::{harmless, print, remark, text};
use super::placing;
use crate::beds;
use crate::engine::threads::{StepError, Words, moment, own_party, update_of, work_of};
use crate::lang::Lang;
use crate::model::Thread;
use crate::records;
use crate::referral::clocks::HOLD_MAX;
use crate::referral::lifecycle::carry::Lack;
use crate::referral::lifecycle::{self, Action, Role, To, WorkState};
use crate::referral::values::moment_or_later;
use crate::referral::{Kind, Level, handover, update};

/// Longest text of a step, in characters.
const TEXT_CHARS_MAX: usize = update::TEXT_CHARS_MAX;
/// Longest answer file.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

#[derive(Debug, Args)]
pub(crate) struct StepArgs {
    /// Number of the referral, or the beginning of it.
    id: String,
    /// Reason code.
    #[arg(long, default_value = "")]
    reason: String,
    /// What you want to say.
    #[arg(long, default_value = "")]
    text: String,
    /// When you expect to be there or to be done.
    #[arg(long, default_value = "")]
    eta: String,
    /// One field of what goes with it, for example questions[0].text="How old is she?".
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Number of the member of the staff who takes the step.
    #[arg(long, value_name = "NO")]
    staff: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct HoldArgs {
    #[command(flatten)]
    step: StepArgs,
    /// Until when: a time with its offset, or how long from now, for example P2D or PT4H; at most 30 days.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct HandoverArgs {
    #[command(flatten)]
    step: StepArgs,
    /// Sign the record that the other side has signed, after reading it.
    #[arg(long)]
    sign: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NoteArgs {
    /// safe, deceased, possible_match, correction, consent_withdrawn, erase_request, erase_done or key_compromise_note.
    word: Action,
    #[command(flatten)]
    step: StepArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    #[command(flatten)]
    step: StepArgs,
    /// File with the answer to an identity check or a question for a place, JSON.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Offer places although the count says that not so many are free.
    #[arg(long)]
    squeeze_in: bool,
}

pub(crate) async fn step(args: StepArgs, action: Action, home: &Home) -> Result<(), Failure> {
    let fields = update_fields(&args.set, home.lang)?;
    take(args, action, Carried { fields, answer: Map::new() }, home).await
}

/// Waits for something, until a day that is named: then software goes on.
pub(crate) async fn hold(args: HoldArgs, home: &Home) -> Result<(), Failure> {
    let mut fields = update_fields(&args.step.set, home.lang)?;
    if let Some(until) = args.until {
        fields.insert("until".into(), until.into());
    }
    let now = home.engine.now();
    let typed = fields.get("until").and_then(Value::as_str).map(str::to_owned);
    if let Some(typed) = typed {
        let until = moment_or_later(&typed, now).filter(|until| *until > now && *until <= now.plus(HOLD_MAX));
        let until = until.ok_or_else(|| incomplete(&[home.lang.text("hold-until")], home.lang))?;
        fields.insert("until".into(), moment(until).into());
    }
    take(args.step, Action::Hold, Carried { fields, answer: Map::new() }, home).await
}

/// What was accepted is given back by another step than what was not.
pub(crate) async fn decline(args: StepArgs, home: &Home) -> Result<(), Failure> {
    let accepted = find_thread(home, &args.id)?.work == WorkState::Accepted.as_str();
    step(args, if accepted { Action::DeclineLate } else { Action::Decline }, home).await
}

/// A note that changes no state, by its word.
pub(crate) async fn note(args: NoteArgs, home: &Home) -> Result<(), Failure> {
    if !is_note(args.word) {
        return Err(Failure::invalid(
            format!("{:?} is no note.", args.word.as_str()),
            "`causeway note --help` lists the words; other steps are commands of their own.",
        ));
    }
    step(args.step, args.word, home).await
}

/// Words that are true only together with what a command of their own does: nobody says `erase_done` without erasing.
const DONE_ELSEWHERE: [Action; 6] = [
    Action::ConsentWithdrawn,
    Action::EraseRequest,
    Action::EraseDone,
    Action::EraseRefuse,
    Action::OnwardApproved,
    Action::PossibleMatch,
];

fn is_note(word: Action) -> bool {
    let notes = lifecycle::ROWS.iter().filter(|row| row.to == To::Same && row.role != Role::System);
    notes.into_iter().any(|row| row.action == word) && !DONE_ELSEWHERE.contains(&word)
}

/// Signs a handover record, or says that something has changed hands where no record is needed.
pub(crate) async fn handed_over(args: HandoverArgs, home: &Home) -> Result<(), Failure> {
    let thread = find_thread(home, &args.step.id)?;
    let mut fields = update_fields(&args.step.set, home.lang)?;
    if lifecycle::TWO_SIGNATURES.contains(&thread.kind.as_str()) {
        let theirs = record_of_other_side(&thread, home)?;
        match theirs.filter(|_| !fields.contains_key("handover")) {
            Some(record) if !args.sign => return show_record(&args.step.id, &thread, record, home),
            Some(record) => drop(fields.insert("handover".into(), Value::Object(record))),
            None => complete_record(&mut fields, &args.step, home)?,
        }
    } else {
        complete_record(&mut fields, &args.step, home)?;
    }
    take(args.step, Action::HandedOver, Carried { fields, answer: Map::new() }, home).await
}

/// The record that waits for our signature.
fn record_of_other_side(thread: &Thread, home: &Home) -> Result<Option<Map<String, Value>>, Failure> {
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

fn update_fields(set: &[String], lang: Lang) -> Result<Map<String, Value>, Failure> {
    let mut fields = Map::new();
    for assignment in set {
        let (path, value) = assigned(assignment, "questions[0].text=\"How old is she?\"")?;
        update::set(&mut fields, path, value).map_err(|problem| kind::refused(&[problem], lang))?;
    }
    let found = update::validate(&fields);
    if found.is_empty() { Ok(fields) } else { Err(kind::refused(&found, lang)) }
}

fn assigned<'a>(assignment: &'a str, example: &str) -> Result<(&'a str, &'a str), Failure> {
    assignment.split_once('=').ok_or_else(|| {
        Failure::invalid(
            format!("{assignment:?} is not PATH=VALUE."),
            format!("For example: --set {example}"),
        )
    })
}

/// What a step carries beside its words.
struct Carried {
    fields: Map<String, Value>,
    answer: Map<String, Value>,
}

/// An answer is what the sender says to a question, what an embassy says to an identity check, and what a shelter says to a request
/// for beds: that is the step which says what happened, with the answer in it.
pub(crate) async fn answer(args: AnswerArgs, home: &Home) -> Result<(), Failure> {
    let thread = find_thread(home, &args.step.id)?;
    let kind = Kind::from_code(&thread.kind).and_then(Kind::answered_by).filter(|_| !thread.ours);
    let mut answer = answer_fields(&args, kind, home.lang)?;
    if thread.ours {
        return take(args.step, Action::Answer, Carried { fields: Map::new(), answer }, home).await;
    }
    if thread.kind == "IDQ" {
        let withheld = records::received(&home.engine.vault, thread.root)?.map(|root| root.withheld);
        may_answer(&withheld.unwrap_or_default())?;
    }
    if let Some(kind) = kind {
        let now = home.engine.now();
        kind.complete_step(&mut answer, now);
        let found = kind.validate_step(&answer, Level::Send, now);
        if !found.is_empty() {
            return Err(kind::refused(&found, home.lang));
        }
    }
    if thread.kind == beds::REQUEST {
        let placing = placing::placing(&thread, answer, args.squeeze_in, home)?;
        let carried = Carried { fields: Map::new(), answer: placing.answer };
        take(args.step, placing.action, carried, home).await?;
        return placing::after_answer(&thread, home).await;
    }
    take(args.step, Action::Complete, Carried { fields: Map::new(), answer }, home).await
}

/// Nobody says who a person is without having read all of the question.
fn may_answer(withheld: &[[u8; 3]]) -> Result<(), Failure> {
    if withheld.is_empty() {
        return Ok(());
    }
    Err(Failure::withheld("This identity check cannot be answered here", withheld))
}

/// The answer as it was typed. A kind without an answer of its own takes what stands in an identity answer.
fn answer_fields(args: &AnswerArgs, kind: Option<Kind>, lang: Lang) -> Result<Map<String, Value>, Failure> {
    let kind = kind.or_else(|| Kind::of_step("IDR"));
    let mut fields = Map::new();
    if let Some(path) = &args.file {
        let size = std::fs::metadata(path).map_or(0, |m| m.len());
        if size > ANSWER_BYTES_MAX {
            return Err(Failure::invalid(
                "The answer file is larger than 64 KiB.",
                "Send large parts as attachments.",
            ));
        }
        let bytes = std::fs::read(path).map_err(|e| {
            Failure::invalid(format!("Cannot read {}: {e}.", path.display()), "Check the file name.")
        })?;
        fields = serde_json::from_slice(&bytes).map_err(|e| {
            Failure::invalid(
                format!("{} is not a JSON object: {e}.", path.display()),
                "See docs/samples, for example identity-answer.json and placement-answer.json.",
            )
        })?;
    }
    for assignment in &args.step.set {
        let (path, value) = assigned(assignment, "result=confirmed")?;
        if let Some(kind) = kind {
            kind.set_in_step(&mut fields, path, value).map_err(|problem| kind::refused(&[problem], lang))?;
        }
    }
    Ok(fields)
}

async fn take(args: StepArgs, action: Action, carried: Carried, home: &Home) -> Result<(), Failure> {
    if args.text.chars().count() > TEXT_CHARS_MAX {
        return Err(Failure::invalid(
            format!("The text is longer than {TEXT_CHARS_MAX} characters."),
            "Shorten it, or attach a file.",
        ));
    }
    let thread = find_thread(home, &args.id)?;
    let Carried { mut fields, answer } = carried;
    let vault = &home.engine.vault;
    if let Some(row) = work_of(&thread, vault)?.row(action, own_party(&thread)) {
        super::staff::check(home, row.role, args.staff.as_deref())?;
    }
    if let Some(number) = args.staff {
        fields.entry("staff_no").or_insert_with(|| number.into());
    }
    let mut words =
        Words { reason: args.reason, text: args.text, eta: args.eta, answer, fields, priority: None };
    if thread.kind == beds::REQUEST && !thread.ours {
        placing::complete(&mut words, action, home.engine.now(), home.lang);
        placing::remark_without_bed(&words, action, home.lang);
    }
    let taken = home.engine.take_step(thread.case, action, words).await;
    let packet = taken.map_err(|error| refused(error, home.lang))?;
    home.note(action.as_str()).await?;
    let now = records::thread(&home.engine.vault, &thread.case)?.map_or_else(String::new, |t| t.work);
    // Taken back before it ever left: there is nobody to tell.
    let taken_back = records::sent(&home.engine.vault, packet, thread.peer)?.is_none();
    let state = if taken_back { "withdrawn" } else { "queued" };
    let result = json!({
        "referral": thread.root.to_string(),
        "work": now,
        "packets": [{ "to": thread.peer.to_string(), "packet_id": packet.to_string(), "state": state }],
    });
    if !taken_back && home.suspension_of(thread.peer).await.is_some() {
        remark("The registrar has suspended the other side: it is told once it is reinstated.");
    }
    let signs = action == Action::HandedOver && lifecycle::TWO_SIGNATURES.contains(&thread.kind.as_str());
    print(home.json, result, |v| match taken_back {
        true => "Taken back: the other side has never had it.".to_owned(),
        false if signs && v["work"] == "handed_over" => home.lang.text("handover-both"),
        false if signs => home.lang.text("handover-signed"),
        false => format!("The referral is now {}. `causeway sync` tells the other side.", text(v, "work")),
    });
    Ok(())
}

fn incomplete(lacks: &[String], lang: Lang) -> Failure {
    let lines: Vec<String> = lacks.iter().map(|words| format!("  {words}")).collect();
    let message = format!("{}\n{}", lang.text("step-incomplete"), lines.join("\n"));
    Failure::new("L-108", exit::INVALID, message, lang.text("step-incomplete-hint"))
}

/// Why a step was not taken, in the user's language.
fn refused(error: StepError, lang: Lang) -> Failure {
    match error {
        StepError::Incomplete(lacks) => {
            let words = |lack: &Lack| lang.fill(lack.text, &[("codes", &lack.codes.join(" | "))]);
            incomplete(&lacks.iter().map(words).collect::<Vec<_>>(), lang)
        }
        StepError::TooLate => {
            Failure::new("L-109", exit::REFUSED, lang.text("step-too-late"), lang.text("step-too-late-hint"))
        }
        StepError::ReadOnly => Failure::new(
            "L-110",
            exit::REFUSED,
            lang.text("step-read-only"),
            lang.text("step-read-only-hint"),
        ),
        other => other.into(),
    }
}

/// The thread that a person means: by the number of its first packet, or the beginning of it.
pub(crate) fn find_thread(home: &Home, id: &str) -> Result<Thread, Failure> {
    if id.len() < 4 {
        return Err(Failure::invalid(
            "A number has at least four characters.",
            "Copy it from `causeway inbox list`.",
        ));
    }
    let matching: Vec<Thread> = records::all_threads(&home.engine.vault)?
        .into_iter()
        .filter(|t| t.root.to_string().starts_with(id) || hex::encode(t.case).starts_with(id))
        .collect();
    if matching.is_empty()
        && let Some(left) = erase::find_left(home, id)?
    {
        return Err(erase::is_erased(&left, home.lang));
    }
    let [thread] = <[Thread; 1]>::try_from(matching).map_err(|many| {
        if many.is_empty() {
            Failure::not_found(id)
        } else {
            Failure::invalid(format!("More than one referral begins with {id:?} (a referral to several organisations has one thread each)."), "Use more characters, or answer from the recipient's side.")
        }
    })?;
    Ok(thread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_nothing_that_a_command_has_to_do() {
        assert!(is_note(Action::Safe) && is_note(Action::Deceased));
        for word in [Action::EraseDone, Action::ConsentWithdrawn, Action::Accept, Action::DeadlineMissed] {
            assert!(!is_note(word), "{word:?}");
        }
    }

    #[test]
    fn an_identity_check_is_not_answered_by_a_device_that_does_not_read_all_of_it() {
        assert_eq!(may_answer(&[]), Ok(()));
        let refused = may_answer(&[*b"DOC"]).unwrap_err();
        assert_eq!(refused.code, "C-106");
        assert!(
            refused.message.contains("sections DOC of this referral are for other devices"),
            "{}",
            refused.message
        );
    }
}
