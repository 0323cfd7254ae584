//! What packets mean: kinds, the documents of referrals, the life of a referral, updates to it.
//!
//! A document is one flat JSON object. Its fields are those of its kind and those of the header; the tables say which
//! section each of them travels in, so people need not. Fields and codes that no table knows are kept.

use std::str::FromStr;

use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use crate::lang::Lang;

pub mod access;
mod carry;
mod check;
pub mod checklist;
pub mod clocks;
mod codes;
mod complete;
mod components;
mod crossing;
pub mod deadlines;
mod document;
pub(crate) mod drafting;
pub mod exhibits;
pub mod handover;
pub mod history;
pub mod hours;
pub mod indicators;
mod kinds;
pub mod labels;
pub mod lifecycle;
mod mrz_lines;
mod parse;
mod path;
pub mod problem;
pub(crate) mod pseudonym;
pub mod publish;
mod rules;
pub mod sections;
pub mod spec;
mod split;
mod standards;
#[cfg(test)]
mod tests;
pub(crate) mod tidy;
pub mod typed;
pub mod update;
pub mod values;

pub use carry::{carry_over, once_more};
pub use complete::SendContext;
pub(crate) use complete::is_retention_filled_in;
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
    pub fn label(self, lang: Lang) -> String {
        labels::code(lang, &codes::KIND, self.0.code)
    }

    /// Whether somebody is expected to answer it. What an organisation publishes to others is only read.
    pub fn expects_answer(self) -> bool {
        self.0.travels == spec::Travels::Referral
    }

    /// What steps of a referral carry: updates, and answers to a kind of referral.
    pub fn steps() -> impl Iterator<Item = Self> {
        kinds::STEPS.iter().map(|spec| Self(spec))
    }

    /// What a step carries, by its code on the wire or its word on the command line.
    pub fn of_step(word: &str) -> Option<Self> {
        Self::steps().find(|kind| kind.0.code == word || kind.0.name == word)
    }

    /// The answer that completes a referral of this kind, if there is one of its own.
    pub fn answered_by(self) -> Option<Self> {
        Self::steps().find(|kind| kind.0.travels == spec::Travels::Step(Some(self.0.code)))
    }

    /// Sets one field of what a step carries, as [`Document::set`] does for a referral.
    pub fn set_in_step(self, fields: &mut Map<String, Value>, path: &str, text: &str) -> Result<(), Problem> {
        document::assign(fields, |name| kinds::field(self.0, name), path, text)
    }

    /// Fills in what its table says: times from now, and how long an offer binds.
    pub fn complete_step(self, fields: &mut Map<String, Value>, now: Timestamp) {
        complete::complete_step(self.0, fields, now);
    }

    /// Everything that is wrong with what a step carries.
    pub fn validate_step(self, fields: &Map<String, Value>, level: Level, now: Timestamp) -> Vec<Problem> {
        let mut check = check::Check::new(level);
        check.fields(kinds::fields(self.0), fields, "");
        if level == Level::Send {
            kinds::rules(self.0).for_each(|rule| check.rule(rule, fields, now));
        }
        check.found
    }

    /// What whoever sends this should know, and what keeps nothing back: codes that are not to be used any more.
    pub fn warnings(self, fields: &Map<String, Value>) -> Vec<Problem> {
        let mut check = check::Check::new(Level::Send);
        check.fields(kinds::fields(self.0), fields, "");
        check.warned
    }

    /// Everything that is wrong with an answer that is about to be sent, and with it as an answer to this question.
    pub fn validate_answer(
        self,
        answer: &Map<String, Value>,
        question: &Map<String, Value>,
        now: Timestamp,
    ) -> Vec<Problem> {
        let mut check = check::Check::new(Level::Send);
        check.found = self.validate_step(answer, Level::Send, now);
        kinds::rules(self.0).for_each(|rule| check.asked(rule, question, answer, now));
        check.found
    }

    /// What stands at a path of its documents; none if no table knows it.
    pub fn holds(self, path: &str) -> Option<&'static spec::Type> {
        let steps = path::steps(path).ok()?;
        let (path::Step::Name(first), rest) = steps.split_first()? else { return None };
        let holds = path::type_at(kinds::field(self.0, first)?, rest);
        // An element of a set of codes.
        holds.or_else(|| match rest.split_last() {
            Some((path::Step::Index(_), list)) => path::type_at(kinds::field(self.0, first)?, list)
                .filter(|holds| matches!(holds, spec::Type::Codes(_))),
            _ => None,
        })
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

/// What a table says of a field of a kind, or of the header; none if no table knows it.
pub(crate) fn field_of(spec: &'static spec::Spec, name: &str) -> Option<&'static spec::Field> {
    kinds::field(spec, name)
}

/// Reads one JSON object with the bounds of a document.
pub(crate) fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    parse::object(bytes)
}

/// Sets one field of an answer to an identity check, as [`Document::set`] does for a referral.
pub fn set_in_answer(answer: &mut Map<String, Value>, path: &str, text: &str) -> Result<(), Problem> {
    Kind::of_step("IDR").map_or(Ok(()), |kind| kind.set_in_step(answer, path, text))
}

/// Everything that is wrong with the answer to an identity check.
pub fn validate_answer(answer: &Map<String, Value>) -> Vec<Problem> {
    Kind::of_step("IDR").map_or_else(Vec::new, |kind| kind.validate_step(answer, Level::Send, Timestamp(0)))
}
