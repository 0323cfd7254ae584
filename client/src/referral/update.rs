//! The content of a case update (CUP): one step, and what goes with it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::codes::{SUPPORT, YES_NO, YES_NO_UNKNOWN};
use super::components::STAFF;
use super::spec::Type::{Code, Codes, Country, Date, Flag, Group, Line, List, Text, Whole};
use super::spec::{CodeList, Field, may, must};
use super::{Level, Problem, check, document, handover};

/// Longest text of an update, in characters.
pub const TEXT_CHARS_MAX: usize = 8_000;
/// Longest encoded update.
pub const UPDATE_BYTES_MAX: usize = 128 * 1024;

/// One step of a referral as it travels. Unknown fields are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Always `CUP`.
    pub kind: String,
    /// Schema of this content.
    pub schema: String,
    /// The step, a word of [`super::lifecycle::Action`].
    pub event: String,
    /// Work state before it, as its author saw it.
    pub state_before: String,
    /// Work state after it.
    pub state_after: String,
    /// Reason code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What was written with it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When the author expects to be there or to be done, RFC 3339 or words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub eta: String,
    /// Answer to an identity check (IDR).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub answer: Map<String, Value>,
    /// What else it carries, and what this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Questions of one update; more are a meeting.
const QUESTIONS_MAX: usize = 50;

const CONTACT_WISH: CodeList = CodeList::closed("wants-contact", &["yes", "message_only", "no"]);
const OUTCOME_CODE: CodeList = CodeList::open(
    "CL-CL",
    &[
        "goal_reached",
        "returned_home",
        "integrated",
        "reunified",
        "handed_to_other_org",
        "lost_contact",
        "other",
    ],
);

/// What an update can carry beside reason, text, time and answer.
const FIELDS: &[Field] = &[
    may("at", super::spec::Type::Instant),
    may("until", super::spec::Type::Instant),
    may("questions", List(&Group(QUESTION), 0, QUESTIONS_MAX)),
    may("assigned_to", Group(STAFF)),
    may("assigned_from", Group(STAFF)),
    may("staff_no", Line(40)),
    may("peer_case_ref", Line(40)),
    may("outcome", Group(OUTCOME)),
    may("found", Group(FOUND)),
    may("handover", Group(handover::RECORD)),
    may("scope", Text(200)),
    may("suggestion", Line(120)),
    may("clock", Line(8)),
    may("level", Whole(0, 3)),
    may("cannot_answer", Flag),
];

const QUESTION: &[Field] = &[may("id", Line(40)), may("path", Line(200)), must("text", Text(2_000))];

const OUTCOME: &[Field] = &[
    must("code", Code(&OUTCOME_CODE)),
    may("text", Text(2_000)),
    may("services_given", Codes(&SUPPORT)),
    may("begun", Date),
    may("ended", Date),
    may("satisfaction", Whole(1, 5)),
    may("retrafficked", Code(&YES_NO_UNKNOWN)),
];

const FOUND: &[Field] = &[
    must("alive", Code(&YES_NO)),
    may("contact_made", Flag),
    may("wants_contact_with_family", Code(&CONTACT_WISH)),
    may("country", Country),
];

/// Sets one field of what an update carries, as [`super::Document::set`] does for a referral.
pub fn set(fields: &mut Map<String, Value>, path: &str, text: &str) -> Result<(), Problem> {
    document::assign(fields, |name| FIELDS.iter().find(|field| field.name == name), path, text)
}

/// Everything that is wrong with what an update carries.
pub fn validate(fields: &Map<String, Value>) -> Vec<Problem> {
    let mut check = check::Check::new(Level::Send);
    check.fields(FIELDS.iter(), fields, "");
    check.found
}

impl Update {
    /// Hash of the handover record in it.
    pub fn record(&self) -> Option<[u8; 32]> {
        self.other.get("handover").and_then(Value::as_object).filter(|r| !r.is_empty()).map(handover::hash)
    }

    /// Reads an update; none if these are not the bytes of one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > UPDATE_BYTES_MAX {
            return None;
        }
        serde_json::from_slice(bytes).ok().filter(|update: &Self| update.kind == "CUP")
    }

    /// The bytes of an update.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_survive() {
        let json = br#"{"kind":"CUP","schema":"relay/CUP/1.9","event":"accept","state_before":"seen","state_after":"accepted","newer":{"a":[1]}}"#;
        let update = Update::read(json).unwrap();
        assert_eq!(update.other["newer"]["a"][0], 1);
        let again = Update::read(&update.to_bytes()).unwrap();
        assert_eq!(again, update);
        assert_eq!(Update::read(br#"{"kind":"MPR"}"#), None);
    }
}
