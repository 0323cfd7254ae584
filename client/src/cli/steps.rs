//! Steps of a referral: accept, decline, ask, answer, complete and the others.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::erase;
use super::failure::Failure;
use super::home::Home;
use super::kind::refused;
use super::output::{print, remark, text};
use crate::engine::threads::Words;
use crate::lang::Lang;
use crate::model::Thread;
use crate::records;
use crate::referral::lifecycle::Action;
use crate::referral::{Kind, Level};

/// Longest text of a step, in characters.
const TEXT_CHARS_MAX: usize = crate::referral::update::TEXT_CHARS_MAX;
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
}

#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    #[command(flatten)]
    step: StepArgs,
    /// File with the answer to an identity check or a question for a place, JSON.
    #[arg(long)]
    file: Option<PathBuf>,
    /// One field of that answer, for example result=confirmed.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
}

pub(crate) async fn step(args: StepArgs, action: Action, home: &Home) -> Result<(), Failure> {
    take(args, action, Map::new(), home).await
}

/// An answer is what the sender says to a question, and what an embassy says to an identity check.
pub(crate) async fn answer(args: AnswerArgs, home: &Home) -> Result<(), Failure> {
    let thread = find_thread(home, &args.step.id)?;
    let kind = Kind::from_code(&thread.kind).and_then(Kind::answered_by).filter(|_| !thread.ours);
    let mut answer = answer_fields(&args, kind, home.lang)?;
    if thread.ours {
        return take(args.step, Action::Answer, answer, home).await;
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
            return Err(refused(&found, home.lang));
        }
    }
    take(args.step, Action::Complete, answer, home).await
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
    for assignment in &args.set {
        let Some((path, value)) = assignment.split_once('=') else {
            return Err(Failure::invalid(
                format!("{assignment:?} is not PATH=VALUE."),
                "For example: --set result=confirmed",
            ));
        };
        if let Some(kind) = kind {
            kind.set_in_step(&mut fields, path, value).map_err(|problem| refused(&[problem], lang))?;
        }
    }
    Ok(fields)
}

async fn take(
    args: StepArgs,
    action: Action,
    answer: Map<String, Value>,
    home: &Home,
) -> Result<(), Failure> {
    if args.text.chars().count() > TEXT_CHARS_MAX {
        return Err(Failure::invalid(
            format!("The text is longer than {TEXT_CHARS_MAX} characters."),
            "Shorten it, or attach a file.",
        ));
    }
    let thread = find_thread(home, &args.id)?;
    let words = Words { reason: args.reason, text: args.text, eta: args.eta, answer, ..Words::default() };
    let packet = home.engine.take_step(thread.case, action, words).await?;
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
    print(home.json, result, |v| match taken_back {
        true => "Taken back: the other side has never had it.".to_owned(),
        false => format!("The referral is now {}. `causeway sync` tells the other side.", text(v, "work")),
    });
    Ok(())
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
