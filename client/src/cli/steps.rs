//! Steps of a referral: accept, decline, ask, answer, complete and the others.

use std::path::{Path, PathBuf};

use causeway_common::ids::OrgId;
use clap::Args;
use serde_json::{Map, Value, json};

use super::checks;
use super::erase;
use super::failure::{Failure, exit, hint};
use super::home::Home;
use super::kind;
use super::output::{harmless, print, remark, text};
use super::placing;
use super::sharing::told::may_be_told;
use crate::beds;
use crate::casebook::Case;
use crate::engine::threads::{StepError, Words, header, moment, own_party, work_of};
use crate::lang::Lang;
use crate::model::Thread;
use crate::records;
use crate::referral::clocks::HOLD_MAX;
use crate::referral::lifecycle::carry::Lack;
use crate::referral::lifecycle::{self, Action, Role, To, WorkState};
use crate::referral::tidy::composed;
use crate::referral::values::moment_or_later;
use crate::referral::{Kind, labels, update};
use crate::staff;

pub(crate) mod handover;

/// Shortest beginning of a number.
const NUMBER_CHARS_MIN: usize = 4;
/// Referrals that are named because a number is not one of them alone; more than one packet goes to at once.
const CANDIDATES_MAX: usize = 20;
/// Longest text of a step, in characters.
const TEXT_CHARS_MAX: usize = update::TEXT_CHARS_MAX;
/// Code of the failure that a kind has no answer of its own.
const NO_ANSWER: &str = "L-114";
/// Longest answer file, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

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
        let until = until.ok_or_else(|| {
            Failure::in_each("L-108", exit::INVALID, |lang| incomplete(&[lang.text("hold-until")], lang))
        })?;
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
        let word = home.lang.fill("step-not-a-note", &[("word", args.word.as_str())]);
        return Err(Failure::invalid(word, home.lang.text("step-not-a-note-hint")));
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

fn update_fields(set: &[String], lang: Lang) -> Result<Map<String, Value>, Failure> {
    let mut fields = Map::new();
    for assignment in set {
        let (path, value) = assigned(assignment, "questions[0].text=\"How old is she?\"", lang)?;
        update::set(&mut fields, path, value).map_err(|problem| kind::refused(&[problem], lang))?;
    }
    let found = update::validate(&fields);
    if found.is_empty() { Ok(fields) } else { Err(kind::refused(&found, lang)) }
}

fn assigned<'a>(assignment: &'a str, example: &str, lang: Lang) -> Result<(&'a str, &'a str), Failure> {
    assignment.split_once('=').ok_or_else(|| {
        let given = lang.fill("step-not-path", &[("given", assignment)]);
        Failure::invalid(given, lang.fill("step-not-path-hint", &[("example", example)]))
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
    if thread.ours {
        let answer = answer_fields(&args, None, home.lang)?;
        return take(args.step, Action::Answer, Carried { fields: Map::new(), answer }, home).await;
    }
    let kind = answer_of(&thread, home.lang)?;
    let mut answer = answer_fields(&args, Some(kind), home.lang)?;
    if thread.kind == "IDQ" {
        let withheld = records::received(&home.engine.vault, thread.root)?.map(|root| root.withheld);
        may_answer(&withheld.unwrap_or_default())?;
    }
    let now = home.engine.now();
    let question = Case::of(&home.engine.vault, thread.clone())?;
    placing::name_desk(&question, &mut answer, home)?;
    kind.complete_step(&mut answer, now);
    let found = kind.validate_answer(&answer, &question.document, now);
    if !found.is_empty() {
        return Err(kind::refused(&found, home.lang));
    }
    kind::warn(kind, &answer, home.lang);
    if thread.kind == beds::REQUEST {
        let placing = placing::placing(&thread, answer, args.squeeze_in, home)?;
        let carried = Carried { fields: Map::new(), answer: placing.answer };
        take(args.step, placing.action, carried, home).await?;
        return placing::after_answer(&thread, home).await;
    }
    take(args.step, Action::Complete, Carried { fields: Map::new(), answer }, home).await
}

/// What the recipient of a referral answers with. Of a kind without an answer of its own nothing is completed by an answer:
/// all deadlines would stop, and nobody would have done anything.
fn answer_of(thread: &Thread, lang: Lang) -> Result<Kind, Failure> {
    Kind::from_code(&thread.kind).and_then(Kind::answered_by).ok_or_else(|| {
        let number = thread.root.to_string();
        let hint = lang.fill("answer-none-hint", &[("id", &number[..12])]);
        Failure::new(NO_ANSWER, exit::REFUSED, lang.text("answer-none"), hint)
    })
}

/// Nobody says who a person is without having read all of the question.
fn may_answer(withheld: &[[u8; 3]]) -> Result<(), Failure> {
    if withheld.is_empty() {
        return Ok(());
    }
    Err(Failure::withheld("fail-withheld-answer", &[], withheld))
}

/// The answer as it was typed. A kind without an answer of its own takes what stands in an identity answer.
fn answer_fields(args: &AnswerArgs, kind: Option<Kind>, lang: Lang) -> Result<Map<String, Value>, Failure> {
    let kind = kind.or_else(|| Kind::of_step("IDR"));
    let mut fields = Map::new();
    if let Some(path) = &args.file {
        fields = answer_file(path, lang)?;
    }
    for assignment in &args.step.set {
        let (path, value) = assigned(assignment, "result=confirmed", lang)?;
        if let Some(kind) = kind {
            kind.set_in_step(&mut fields, path, value).map_err(|problem| kind::refused(&[problem], lang))?;
        }
    }
    Ok(fields)
}

/// Reads an answer file: never more than there can be in one, whatever stands behind the name.
fn answer_file(path: &Path, lang: Lang) -> Result<Map<String, Value>, Failure> {
    let bytes = kind::read(path)?;
    if bytes.len() > ANSWER_BYTES_MAX {
        return Err(Failure::invalid(lang.text("answer-large"), lang.text("answer-large-hint")));
    }
    serde_json::from_slice(&bytes).map_err(|e| {
        let (path, found) = (path.display().to_string(), e.to_string());
        let gaps = [("path", path.as_str()), ("found", found.as_str())];
        Failure::invalid(lang.fill("answer-not-json", &gaps), lang.text("answer-not-json-hint"))
    })
}

/// What takes a case back, and what is said about a consent itself.
const SAID_AT_ONCE: [Action; 6] = [
    Action::ConsentWithdrawn,
    Action::EraseRequest,
    Action::EraseDone,
    Action::EraseRefuse,
    Action::Withdraw,
    Action::Error,
];

async fn take(args: StepArgs, action: Action, carried: Carried, home: &Home) -> Result<(), Failure> {
    if args.text.chars().count() > TEXT_CHARS_MAX {
        let long = home.lang.fill("step-text-long", &[("max", &TEXT_CHARS_MAX.to_string())]);
        return Err(Failure::invalid(long, home.lang.text("step-text-long-hint")));
    }
    let thread = find_thread(home, &args.id)?;
    let Carried { mut fields, answer } = carried;
    let vault = &home.engine.vault;
    if let Some(row) = work_of(&thread, vault)?.row(action, own_party(&thread)) {
        let supervised = action == Action::Accept && staff::supervisors_accept(vault)?;
        let role = if supervised { Role::Supervisor } else { row.role };
        super::staff::check(home, role, args.staff.as_deref())?;
    }
    // A bare step must get through to whoever has the key now; what it tells of a person must not.
    let tells = !args.text.is_empty() || !answer.is_empty() || !fields.is_empty();
    if let Some(number) = args.staff {
        fields.entry("staff_no").or_insert_with(|| number.into());
    }
    let mut words = Words {
        reason: args.reason,
        text: composed(&args.text),
        eta: args.eta,
        answer,
        fields,
        priority: None,
    };
    if thread.kind == beds::REQUEST && !thread.ours {
        placing::complete(&mut words, action, home.engine.now(), home.lang);
        placing::remark_without_bed(&words, action, home.lang);
    }
    if !SAID_AT_ONCE.contains(&action) {
        if tells {
            checks::must_be_current(thread.peer, home).await?;
        }
        may_be_told(&thread, &words, home).await?;
    }
    let taken = home.engine.take_step(thread.case, action, words).await;
    let packet = taken?;
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
        remark(&home.lang.text("step-peer-suspended"));
    }
    let signs = action == Action::HandedOver && lifecycle::TWO_SIGNATURES.contains(&thread.kind.as_str());
    print(home.json, result, |v| match taken_back {
        true => home.lang.text("step-taken-back"),
        false if signs && v["work"] == "handed_over" => home.lang.text("handover-both"),
        false if signs => home.lang.text("handover-signed"),
        false => {
            let state = labels::code_of(home.lang, "state", text(v, "work"));
            home.lang.fill("step-taken", &[("state", &state)])
        }
    });
    Ok(())
}

fn incomplete(lacks: &[String], lang: Lang) -> (String, String) {
    let lines: Vec<String> = lacks.iter().map(|words| format!("  {words}")).collect();
    (format!("{}\n{}", lang.text("step-incomplete"), lines.join("\n")), lang.text("step-incomplete-hint"))
}

/// Why a step was not taken, and what to do now.
pub(super) fn refused(error: &StepError, lang: Lang) -> (String, String) {
    match error {
        StepError::Incomplete(lacks) => {
            let words = |lack: &Lack| lang.fill(lack.text, &[("codes", &lack.codes.join(" | "))]);
            incomplete(&lacks.iter().map(words).collect::<Vec<_>>(), lang)
        }
        StepError::TooLate => (lang.text("step-too-late"), hint("step-too-late-hint", &[], lang)),
        StepError::ReadOnly => (lang.text("step-read-only"), lang.text("step-read-only-hint")),
        StepError::NotAllowed(refused) => {
            let possible: Vec<String> =
                refused.possible.iter().map(|step| move_words(step.as_str(), lang)).collect();
            let possible = if possible.is_empty() { lang.text("step-nothing") } else { possible.join(", ") };
            let step = labels::code_of(lang, "event", refused.action.as_str());
            let state = labels::code_of(lang, "state", refused.state.as_str());
            let gaps = [("step", step.as_str()), ("state", state.as_str()), ("possible", possible.as_str())];
            (lang.fill("step-not-allowed", &gaps), hint("step-not-allowed-hint", &[], lang))
        }
        StepError::TooLong { max, unit } => {
            let id = if *unit == "KiB" { "fail-step-long" } else { "fail-step-time-long" };
            let gaps = [("max", &*max.to_string())];
            (lang.fill(id, &gaps), lang.fill(&format!("{id}.hint"), &gaps))
        }
        StepError::Engine(_) | StepError::NotFound => (error.to_string(), String::new()),
    }
}

/// Commands that each take one step.
const OF_ONE_STEP: [&str; 23] = [
    "accept",
    "decline",
    "ask",
    "answer",
    "start",
    "hold",
    "resume",
    "handed-over",
    "complete",
    "fail",
    "close",
    "object",
    "reopen",
    "withdraw",
    "confirm",
    "refuse",
    "correct",
    "error",
    "recuse",
    "reassign",
    "progress",
    "delay",
    "located",
];

/// The words of the command that takes a step. All others are notes: that command refuses what is none.
pub(crate) fn words_of(action: Action) -> Vec<&'static str> {
    let command = if action == Action::Correction { "correct" } else { command_of(action.as_str()) };
    if OF_ONE_STEP.contains(&command) { vec![command] } else { vec!["note", action.as_str()] }
}

/// The command that takes a step.
pub(crate) fn command_of(step: &str) -> &str {
    match step {
        "info_request" => "ask",
        "info_reply" => "answer",
        "handed_over" => "handed-over",
        "decline_late" => "decline",
        "cancel_confirm" => "confirm",
        "cancel_refuse" => "refuse",
        "delay_notice" => "delay",
        "re_refer" => "refer-again",
        same => same,
    }
}

/// What a step is called, with the command that takes it.
pub(super) fn move_words(step: &str, lang: Lang) -> String {
    let command = command_of(step);
    let name = labels::code_of(lang, "event", step);
    if name == step { command.to_owned() } else { format!("{name} ({command})") }
}

/// The thread that a person means: by the number of its first packet, by that of the case, or the beginning of one. A packet
/// that went to several has a thread with each: `NUMBER@NAME` names the one with that partner.
pub(crate) fn find_thread(home: &Home, id: &str) -> Result<Thread, Failure> {
    let lang = home.lang;
    let (number, name) = id.split_once('@').map_or((id, None), |(number, name)| (number, Some(name)));
    if number.len() < NUMBER_CHARS_MIN {
        return Err(Failure::invalid(lang.text("number-short"), lang.text("number-short-hint")));
    }
    let matching: Vec<Thread> = records::threads_where(&home.engine.vault, |line| {
        begins(&line.root.0, number) || begins(&line.case, number)
    })?;
    if matching.is_empty()
        && let Some(left) = erase::find_left(home, number)?
    {
        return Err(erase::is_erased(&left, lang));
    }
    let with_name = |thread: Thread| {
        let name = peer_name(home, thread.peer);
        (thread, name)
    };
    let named: Vec<(Thread, String)> = matching.into_iter().map(with_name).collect();
    the_one(named, id, name, lang)
}

/// Whether a name, in hexadecimal digits, begins like this. Writes none down: it is asked of every case.
fn begins(name: &[u8; 32], digits: &str) -> bool {
    let of = |place: usize| {
        let byte = name.get(place / 2)?;
        char::from_digit(u32::from(if place.is_multiple_of(2) { byte >> 4 } else { byte & 15 }), 16)
    };
    digits.chars().enumerate().all(|(place, digit)| of(place) == Some(digit))
}

/// What a partner is called, for those who cannot wait for the directory; its number while something else uses that.
pub(super) fn peer_name(home: &Home, peer: OrgId) -> String {
    let replica = home.engine.replica.try_lock().ok();
    let known = replica.as_ref().and_then(|replica| replica.directory.organisation(peer));
    known.map_or_else(|| peer.short(), |org| org.name.clone())
}

/// The only one of them, or the only one with a partner of this name or number. Otherwise the candidates are named.
fn the_one(
    mut matching: Vec<(Thread, String)>,
    id: &str,
    name: Option<&str>,
    lang: Lang,
) -> Result<Thread, Failure> {
    if let Some(wanted) = name.map(str::to_lowercase) {
        let is = |thread: &Thread, name: &str| {
            name.to_lowercase() == wanted
                || (wanted.len() >= NUMBER_CHARS_MIN && thread.peer.to_string().starts_with(&wanted))
        };
        let exact = matching.iter().any(|(thread, name)| is(thread, name));
        matching.retain(
            |(thread, name)| if exact { is(thread, name) } else { name.to_lowercase().contains(&wanted) },
        );
    }
    let [(thread, _)] = <[(Thread, String); 1]>::try_from(matching).map_err(|many| {
        if many.is_empty() {
            return Failure::not_found(id);
        }
        let mut message = lang.fill("number-several", &[("number", id)]);
        for (thread, name) in many.iter().take(CANDIDATES_MAX) {
            let case = hex::encode(thread.case);
            let gaps = [("case", &case[..12]), ("name", &harmless(name))];
            message.push_str(&format!("\n{}", lang.fill("number-several-one", &gaps)));
        }
        let number = id.split('@').next().unwrap_or(id);
        Failure::invalid(message, lang.fill("number-several-hint", &[("number", number)]))
    })?;
    Ok(thread)
}

/// Number of the case as its sender gave it, which both sides read; null if this device does not know it.
pub(super) fn case_ref(home: &Home, thread: &Thread) -> Result<Value, Failure> {
    Ok(first_header(home, thread)?.get("case_ref").and_then(Value::as_str).map_or(Value::Null, Value::from))
}

/// Whether it was invented to practise: every screen says so.
pub(super) fn is_exercise(home: &Home, thread: &Thread) -> Result<bool, Failure> {
    let mode = first_header(home, thread)?;
    Ok(matches!(mode.get("mode").and_then(Value::as_str), Some("exercise" | "test")))
}

/// The header of the referral that began a case; empty if it has not come.
fn first_header(home: &Home, thread: &Thread) -> Result<Value, Failure> {
    let vault = &home.engine.vault;
    let sections = if thread.ours {
        records::sent(vault, thread.root, thread.peer)?.map(|sent| sent.sections)
    } else {
        records::received(vault, thread.root)?.map(|received| received.sections)
    };
    Ok(sections.as_deref().and_then(header).unwrap_or_default())
}

/// What stands before a line about an exercise.
pub(super) fn stamp(v: &Value, lang: Lang) -> String {
    if v["exercise"] == true { format!("{}  ", lang.text("list-exercise")) } else { String::new() }
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

    fn thread(case: u8, peer: u8, kind: &str) -> Thread {
        let mut thread = crate::casebook::tests::case(kind, json!({})).thread;
        (thread.case, thread.peer) = ([case; 32], OrgId([peer; 32]));
        thread
    }

    #[test]
    fn a_number_is_found_by_its_beginning_and_by_nothing_else() {
        let mut name = [0xab; 32];
        name[0] = 0x3f;
        for beginning in ["", "3", "3f", "3fa", "3fab", &hex::encode(name)] {
            assert!(begins(&name, beginning), "{beginning}");
        }
        for other in ["f3", "3fb", "3F", "3f ", "3ф", "ab", &format!("{}a", hex::encode(name))] {
            assert!(!begins(&name, other), "{other}");
        }
    }

    #[test]
    fn a_kind_without_an_answer_of_its_own_is_not_completed_by_one() {
        for lang in Lang::ALL {
            let refused = answer_of(&thread(1, 2, "BIA"), lang).unwrap_err();
            assert_eq!((refused.code, refused.exit), ("L-114", exit::REFUSED));
            assert!(
                ["ask", "progress", "complete"].iter().all(|step| refused.hint.contains(step)),
                "{refused:?}"
            );
        }
        assert_eq!(answer_of(&thread(1, 2, "IDQ"), Lang::En).unwrap().code(), "IDR");
    }

    #[test]
    fn a_number_that_several_have_names_them_and_takes_the_name_of_a_partner() {
        let both = || {
            let police = (thread(0xaa, 2, "VHO"), "Border Police".to_owned());
            vec![police, (thread(0xbb, 3, "VHO"), "Border Police Museum".to_owned())]
        };
        let refused = the_one(both(), "0101", None, Lang::En).unwrap_err();
        for part in ["aaaaaaaaaaaa  Border Police\n", "bbbbbbbbbbbb  Border Police Museum"] {
            assert!(refused.message.contains(part), "{refused:?}");
        }
        assert!(refused.hint.contains("0101@NAME"), "{refused:?}");
        assert_eq!(
            the_one(both(), "0101@border police", Some("border police"), Lang::En).unwrap().case,
            [0xaa; 32]
        );
        assert_eq!(the_one(both(), "0101@museum", Some("museum"), Lang::En).unwrap().case, [0xbb; 32]);
        assert_eq!(the_one(both(), "0101@0303", Some("0303"), Lang::En).unwrap().case, [0xbb; 32]);
        assert!(the_one(both(), "0101@border", Some("border"), Lang::En).is_err(), "both are called so");
        assert_eq!(
            the_one(both(), "0101@nobody", Some("nobody"), Lang::En).unwrap_err().exit,
            exit::NOT_FOUND
        );
    }

    #[test]
    fn an_answer_file_without_an_end_is_not_read_for_ever() {
        let refused = answer_file(Path::new("/dev/zero"), Lang::En).unwrap_err();
        assert!(refused.message.contains("64 KiB"), "{refused:?}");
    }

    #[test]
    fn why_a_step_is_not_possible_is_said_in_the_users_language() {
        let refused =
            lifecycle::step(WorkState::Closed, Action::Accept, lifecycle::Party::Recipient).unwrap_err();
        let told = Failure::from(StepError::from(refused)).in_lang(Lang::Ru);
        assert_eq!(told.code, "L-107");
        assert!(told.message.contains("Принять") && !told.message.contains("possible"), "{told:?}");
    }
}
