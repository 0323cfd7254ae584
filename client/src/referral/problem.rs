//! What is wrong with a document, for people in their language.

use crate::lang::Lang;

/// A sentence: the name of a text in `client/locales`, and what goes into its gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Words {
    /// Name of the text.
    pub id: &'static str,
    /// Its gaps.
    pub gaps: Vec<(&'static str, Gap)>,
}

/// What stands in a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gap {
    /// The same in every language: a number, a code, a path.
    Same(String),
    /// A sentence of its own.
    Words(Words),
}

impl Words {
    /// A sentence without gaps.
    pub(super) fn of(id: &'static str) -> Self {
        Self { id, gaps: Vec::new() }
    }

    /// The same, with something in a gap.
    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.gaps.push((name, Gap::Same(value.to_string())));
        self
    }

    /// The same, with a sentence in a gap.
    pub(super) fn with_words(mut self, name: &'static str, words: Self) -> Self {
        self.gaps.push((name, Gap::Words(words)));
        self
    }

    /// The sentence in a language.
    pub fn say(&self, lang: Lang) -> String {
        let filled: Vec<(&str, String)> = self
            .gaps
            .iter()
            .map(|(name, gap)| {
                let text = match gap {
                    Gap::Same(text) => text.clone(),
                    Gap::Words(words) => words.say(lang),
                };
                (*name, text)
            })
            .collect();
        let gaps: Vec<(&str, &str)> = filled.iter().map(|(name, text)| (*name, text.as_str())).collect();
        lang.fill(self.id, &gaps)
    }
}

/// One thing that is wrong: where, what, and what would be right. Written for logs it is English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words(Lang::En))]
#[non_exhaustive]
pub struct Problem {
    /// Path of the field; empty for the document as a whole.
    pub path: String,
    /// Code.
    pub code: &'static str,
    /// What is wrong.
    pub wrong: Words,
    /// What would be right.
    pub right: Words,
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

/// Code: a code that is not to be used any more. It refuses nothing.
pub const DEPRECATED: &str = "F-111";

impl Problem {
    pub(super) fn new(path: impl Into<String>, code: &'static str, wrong: Words, right: Words) -> Self {
        Self { path: path.into(), code, wrong, right }
    }

    /// Where, what, and what would be right, with the code, in a language.
    pub fn words(&self, lang: Lang) -> String {
        let place = if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) };
        format!("{place}{} {} [{}]", self.message(lang), self.hint(lang), self.code)
    }

    /// What is wrong, in a language.
    pub fn message(&self, lang: Lang) -> String {
        self.wrong.say(lang)
    }

    /// What would be right, in a language.
    pub fn hint(&self, lang: Lang) -> String {
        self.right.say(lang)
    }
}
