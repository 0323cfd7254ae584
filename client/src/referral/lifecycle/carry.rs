//! What a step must carry, and what it must not.
//!
//! This is asked of our own steps before they are sent. A step of somebody else that lacks something is taken all the same:
//! that a referral was declined is not to be lost because the reason is.

use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde_json::Value;

use super::{Carry, Row};
use crate::referral::codes::{CLOSED, DECLINED, INFO_REASON};
use crate::referral::spec::CodeList;
use crate::referral::update::Update;
use crate::referral::values::moment_or_later;

/// Longest reason in a line of one's own, in characters.
pub const REASON_CHARS_MAX: usize = 200;

/// The list of reasons of this name.
pub fn list(id: &str) -> Option<&'static CodeList> {
    [&DECLINED, &CLOSED, &INFO_REASON].into_iter().find(|list| list.id == id)
}

/// One thing that is wrong with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lack {
    /// Field of the update.
    pub path: &'static str,
    /// What is wrong: name of a text in `lifecycle.ftl`.
    pub text: &'static str,
    /// The codes that are possible there.
    pub codes: &'static [&'static str],
}

/// Everything that is wrong with a step of this row.
pub fn check(row: &Row, update: &Update, priority: Priority) -> Vec<Lack> {
    let mut found: Vec<Lack> =
        row.carries.iter().filter_map(|carry| lacks(*carry, update, priority)).collect();
    if !wants_reason(row) && !update.reason.is_empty() {
        found.push(lack("reason", "carry-no-reason"));
    }
    found
}

/// Whether a step of this row gives a reason.
pub fn wants_reason(row: &Row) -> bool {
    row.carries.iter().any(|carry| matches!(carry, Carry::Reason | Carry::ReasonOf(_)))
}

fn lack(path: &'static str, text: &'static str) -> Lack {
    Lack { path, text, codes: &[] }
}

fn lacks(carry: Carry, update: &Update, priority: Priority) -> Option<Lack> {
    let urgent = matches!(priority, Priority::P0 | Priority::P1);
    let (there, path, text) = match carry {
        Carry::ReasonOf(id) => return lacks_code(list(id)?, update),
        Carry::Reason => {
            let length = update.reason.trim().chars().count();
            ((1..=REASON_CHARS_MAX).contains(&length), "reason", "carry-reason")
        }
        Carry::Questions => (has(update, "questions"), "questions", "carry-questions"),
        Carry::EtaIfUrgent => (!urgent || !update.eta.is_empty(), "eta", "carry-eta"),
        Carry::Eta => (!update.eta.is_empty(), "eta", "carry-eta"),
        Carry::Until => (is_moment(update, "until"), "until", "carry-until"),
        Carry::PeerCase => (has(update, "peer_case_ref"), "peer_case_ref", "carry-case"),
        Carry::Outcome => (has(update, "outcome") || !update.answer.is_empty(), "outcome", "carry-outcome"),
        Carry::Record => (has(update, "handover"), "handover", "carry-record"),
        Carry::Found => (has(update, "found"), "found", "carry-found"),
        Carry::Reply => (!update.answer.is_empty() || !update.text.is_empty(), "text", "carry-answer"),
        Carry::Text => (!update.text.is_empty(), "text", "carry-text"),
        Carry::Scope => (has(update, "scope") || has(update, "consent"), "scope", "carry-scope"),
        Carry::Staff => (has(update, "staff_no"), "staff_no", "carry-staff"),
        Carry::Assigned => (has(update, "assigned_to"), "assigned_to", "carry-assigned"),
        Carry::Clock => (has(update, "clock"), "clock", "carry-clock"),
    };
    (!there).then(|| lack(path, text))
}

fn lacks_code(list: &'static CodeList, update: &Update) -> Option<Lack> {
    if !list.codes.contains(&update.reason.as_str()) {
        return Some(Lack { codes: list.codes, ..lack("reason", "carry-reason-of") });
    }
    (update.reason == "other" && update.text.is_empty()).then(|| lack("text", "carry-other"))
}

/// A time, or how long from the step on.
fn is_moment(update: &Update, field: &str) -> bool {
    let text = update.other.get(field).and_then(Value::as_str).unwrap_or_default();
    moment_or_later(text, Timestamp(0)).is_some()
}

fn has(update: &Update, field: &str) -> bool {
    update.other.get(field).is_some_and(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    })
}
