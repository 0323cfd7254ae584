//! A referral in a list.

use serde_json::Value;

use super::words::{When, moment, when};
use crate::cli::output::{capital, harmless, text};
use crate::lang::Lang;
use crate::referral::{Kind, labels};

/// Characters of a number that people read out.
const NUMBER_CHARS: usize = 12;

/// A line of a list, or a card of the duty board.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) reference: String,
    pub(crate) urgent: bool,
    pub(crate) priority: String,
    pub(crate) urgency: String,
    pub(crate) kind: String,
    pub(crate) other: String,
    pub(crate) received: When,
    pub(crate) due: String,
    pub(crate) due_at: String,
    /// The word for a deadline that has passed.
    pub(crate) over: String,
    pub(crate) late: bool,
    pub(crate) way: Mark,
    pub(crate) work: Mark,
    pub(crate) state: String,
    pub(crate) exercise: bool,
    pub(crate) remark: String,
    /// Number of whoever has it; empty: nobody in particular.
    pub(crate) assigned: String,
    pub(crate) tags: Vec<String>,
    /// Kept apart because its sender is in doubt: it can be read, and nothing else.
    pub(crate) apart: bool,
}

/// A word with a shape beside it: nothing is told by a colour alone.
#[derive(Clone)]
pub(crate) struct Mark {
    pub(crate) icon: &'static str,
    /// The tone: waiting, relay, delivered, opened, accepted, info, declined, failed or closed.
    pub(crate) class: &'static str,
    pub(crate) words: String,
}

impl Row {
    /// Of an entry of `inbox list` or `sent list`. Of what is no referral any more there is none.
    pub(crate) fn of(v: &Value, ours: bool, lang: Lang) -> Option<Self> {
        let id = v["id"].as_str()?.to_owned();
        let priority = v["priority"].as_str()?.to_owned();
        let urgent = matches!(priority.as_str(), "P0" | "P1");
        let clocks = || v["deadlines"].as_array().into_iter().flatten();
        let late = clocks().find(|clock| clock["overdue"] == true);
        let next = clocks().filter(|c| c["paused"] == false).min_by_key(|c| text(c, "due").to_owned());
        let due = late.or(next);
        let due_at = due.map_or_else(String::new, |clock| text(clock, "due").to_owned());
        let deadline = due.map(|clock| lang.text(&format!("clock-{}", text(clock, "deadline"))));
        let standing = text(v, "standing");
        let remark = match standing {
            "-" | "accepted" => v["waits"].as_str().unwrap_or_default().to_owned(),
            other => lang.find(&format!("standing-{other}"), None).unwrap_or_else(|| other.to_owned()),
        };
        Some(Self {
            number: number(&id).to_owned(),
            reference: harmless(v["case_ref"].as_str().unwrap_or_default()),
            urgency: urgency_words(urgent, lang),
            kind: kind(text(v, "kind"), lang),
            other: harmless(text(v, if ours { "to_name" } else { "from_name" })),
            received: when(text(v, "received"), lang),
            due: deadline.map_or_else(String::new, |words| format!("{words}: {}", moment(&due_at, lang))),
            over: lang.text("due-over"),
            late: late.is_some(),
            way: way(text(v, "transport"), lang),
            work: work(text(v, "work"), lang),
            state: text(v, "work").to_owned(),
            exercise: v["exercise"] == true,
            remark: harmless(&remark),
            assigned: harmless(v["assigned"].as_str().unwrap_or_default()),
            tags: tags(v),
            apart: !v["notice"].is_null(),
            id,
            urgent,
            priority,
            due_at,
        })
    }
}

fn tags(v: &Value) -> Vec<String> {
    v["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).map(harmless).collect()
}

/// As much of a number as people read out.
pub(crate) fn number(id: &str) -> &str {
    id.get(..NUMBER_CHARS).unwrap_or(id)
}

/// How urgent it is, in a word.
pub(crate) fn urgency_words(urgent: bool, lang: Lang) -> String {
    lang.text(if urgent { "urgency-urgent" } else { "urgency-routine" })
}

/// What a kind is called; one of a newer version by its code.
pub(crate) fn kind(code: &str, lang: Lang) -> String {
    Kind::from_code(code).map_or_else(|| code.to_owned(), |kind| kind.label(lang))
}

/// How far a packet has come.
pub(crate) fn way(state: &str, lang: Lang) -> Mark {
    let (icon, class) = match state {
        "queued" | "submitted" => ("clock", "waiting"),
        "relayed" | "sent_by_colleague" => ("one-tick", "relay"),
        "delivered" => ("two-ticks", "delivered"),
        "opened" => ("open-envelope", "opened"),
        "withdrawn" => ("x-circle", "closed"),
        _ => ("broken-line", "failed"),
    };
    let id = format!("transport-{}", state.replace('_', "-"));
    Mark { icon, class, words: capital(&lang.find(&id, None).unwrap_or_else(|| state.to_owned())) }
}

/// Where the work stands.
pub(crate) fn work(state: &str, lang: Lang) -> Mark {
    let (icon, class) = match state {
        "accepted" | "in_progress" | "handed_over" => ("hand", "accepted"),
        "completed" | "closed" => ("hand", "closed"),
        "info_requested" | "withdraw_requested" => ("question", "info"),
        "on_hold" => ("hourglass", "waiting"),
        "declined" | "failed" | "expired" | "entered_in_error" => ("x-circle", "declined"),
        "withdrawn" => ("x-circle", "closed"),
        _ => ("clock", "waiting"),
    };
    Mark { icon, class, words: labels::code_of(lang, "state", state) }
}
