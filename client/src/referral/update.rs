//! The content of a case update (CUP): one step, and what goes with it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::problem::{PATH, Words};
use super::spec::Field;
use super::{Level, Problem, check, document, handover, kinds};

/// Longest text of an update, in characters.
pub const TEXT_CHARS_MAX: usize = 8_000;
/// Longest expected time, in characters: a moment, or some words.
pub const ETA_CHARS_MAX: usize = 200;
/// Longest encoded update. A reader drops what is longer, so no step makes one.
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

/// Fields that a step has of its own, by other means than a path.
const OWN: [&str; 9] =
    ["kind", "schema", "event", "state_before", "state_after", "reason", "text", "eta", "answer"];

/// What an update can carry beside those.
fn fields() -> impl Iterator<Item = &'static Field> {
    kinds::CASE_UPDATE.fields.iter().filter(|field| !OWN.contains(&field.name))
}

/// Sets one field of what an update carries, as [`super::Document::set`] does for a referral.
pub fn set(into: &mut Map<String, Value>, path: &str, text: &str) -> Result<(), Problem> {
    let name = path.split(['.', '[']).next().unwrap_or_default();
    if OWN.contains(&name) {
        return Err(Problem::new(path, PATH, Words::of("wrong-own-of-step"), Words::of("right-own-of-step")));
    }
    document::assign(into, |name| fields().find(|field| field.name == name), path, text)
}

/// Everything that is wrong with what an update carries. A handover record is completed first, and then has its own check.
pub fn validate(carried: &Map<String, Value>) -> Vec<Problem> {
    let mut check = check::Check::new(Level::Send);
    check.fields(
        fields().filter(|field| carried.contains_key(field.name) && field.name != "handover"),
        carried,
        "",
    );
    check.found
}

impl Update {
    /// A step that leaves the work in this state, and says nothing else.
    pub fn of(event: &str, state: &str) -> Self {
        Self {
            kind: "CUP".into(),
            schema: kinds::CASE_UPDATE.schema.into(),
            event: event.into(),
            state_before: state.into(),
            state_after: state.into(),
            reason: String::new(),
            text: String::new(),
            eta: String::new(),
            answer: Map::new(),
            other: Map::new(),
        }
    }

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
