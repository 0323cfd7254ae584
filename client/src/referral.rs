//! What packets mean: kinds, the documents of referrals, the life of a referral, updates to it.
//!
//! A document is one flat JSON object. Its fields are those of its kind and those of the header; the tables say which
//! section each of them travels in, so people need not. Fields and codes that no table knows are kept.

use std::str::FromStr;

use serde_json::{Map, Value};

mod check;
pub mod clocks;
mod codes;
mod complete;
mod components;
pub mod deadlines;
mod document;
pub mod handover;
pub mod history;
pub mod hours;
mod kinds;
pub mod lifecycle;
mod parse;
mod path;
pub mod problem;
mod rules;
pub mod sections;
pub mod spec;
mod split;
#[cfg(test)]
mod tests;
pub mod update;
pub mod values;

pub use complete::SendContext;
pub use document::{DOCUMENT_BYTES_MAX, Document};
pub use parse::{DEPTH_MAX, VALUES_MAX};
pub use problem::Problem;
pub use sections::SectionCode;
pub use split::{Section, merge};

/// How complete a document must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a document is either sent or not")]
pub enum Level {
    /// Kept here: right as far as it goes.
    Draft,
    /// Sent: complete, and with codes that the other side knows.
    Send,
}

/// A kind of referral.
#[derive(Clone, Copy)]
pub struct Kind(&'static spec::Spec);

impl Kind {
    /// All kinds of this version.
    pub fn all() -> impl Iterator<Item = Self> {
        kinds::KINDS.iter().map(|spec| Self(spec))
    }

    /// The kind of a code on the wire.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().find(|kind| kind.0.code == code)
    }

    /// Code on the wire, for example `MPR`.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// Word on the command line, for example `missing-person`.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// For people.
    pub fn label(self) -> &'static str {
        self.0.label
    }

    /// Its table.
    pub fn spec(self) -> &'static spec::Spec {
        self.0
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.0.code == other.0.code
    }
}

impl Eq for Kind {}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.code)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

/// A word that names no kind of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such kind; kinds are {}", names())]
#[non_exhaustive]
pub struct UnknownKind;

fn names() -> String {
    Kind::all().map(Kind::name).collect::<Vec<_>>().join(", ")
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        Self::all().find(|kind| kind.name() == word || kind.code() == word).ok_or(UnknownKind)
    }
}

/// Sets one field of an answer to an identity check, as [`Document::set`] does for a referral.
pub fn set_in_answer(answer: &mut Map<String, Value>, path: &str, text: &str) -> Result<(), Problem> {
    document::assign(answer, |name| kinds::ANSWER.iter().find(|field| field.name == name), path, text)
}

/// Everything that is wrong with the answer to an identity check.
pub fn validate_answer(answer: &Map<String, Value>) -> Vec<Problem> {
    let mut check = check::Check::new(Level::Send);
    check.fields(kinds::ANSWER.iter(), answer, "");
    for rule in kinds::ANSWER_RULES {
        check.rule(rule, answer, causeway_common::time::Timestamp(0));
    }
    check.found
}
