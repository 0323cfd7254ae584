//! What is wrong with a document, for people.

/// One thing that is wrong: where, what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message} {hint} [{code}]", place(path))]
#[non_exhaustive]
pub struct Problem {
    /// Path of the field; empty for the document as a whole.
    pub path: String,
    /// Code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: String,
}

/// Code: not JSON, or not an object.
pub const NOT_JSON: &str = "F-101";
/// Code: too large, too deep, too many.
pub const LIMIT: &str = "F-102";
/// Code: a path that leads nowhere.
pub const PATH: &str = "F-103";
/// Code: a field is missing.
pub const MISSING: &str = "F-104";
/// Code: another type than the field has.
pub const TYPE: &str = "F-105";
/// Code: out of range, or a malformed value.
pub const VALUE: &str = "F-106";
/// Code: a code outside of a closed list.
pub const UNKNOWN_CODE: &str = "F-107";
/// Code: fields contradict each other.
pub const RULE: &str = "F-108";
/// Code: must not be sent at all.
pub const BLOCKED: &str = "F-109";
/// Code: another kind than the one asked for.
pub const KIND: &str = "F-110";

fn place(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}: ") }
}

impl Problem {
    pub(super) fn new(
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), code, message: message.into(), hint: hint.into() }
    }
}
