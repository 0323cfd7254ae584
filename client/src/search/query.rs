//! What somebody looks for: words, phrases in quotation marks, filters.

use super::fold::{fold, words};

/// Words, phrases and filters of one query; whatever comes after them is left out.
pub const TERMS_MAX: usize = 32;
/// Longest query.
const CHARS_MAX: usize = 1_000;

/// A query, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Every one of them must be there: one word, or several that stand together.
    pub(super) terms: Vec<Term>,
    /// Codes of kinds, or their words on the command line; one of them must fit.
    pub kinds: Vec<String>,
    /// Beginnings of words in a partner's name, folded; one of them must fit.
    pub(super) partners: Vec<String>,
    /// Countries; one of them must be named.
    pub countries: Vec<String>,
    /// Work states; one of them must fit.
    pub states: Vec<String>,
}

/// A word or a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// As written, in small letters.
    pub(super) words: Vec<String>,
    /// In quotation marks: these words, one after the other.
    pub(super) phrase: bool,
}

impl Query {
    /// Reads a query: words, "a phrase", kind:border-alert, from:hotline, country:MD, state:accepted. Words that are no filter of
    /// ours are words.
    pub fn read(text: &str) -> Self {
        let text: String = text.chars().take(CHARS_MAX).collect();
        let mut query = Self::default();
        for (n, part) in text.split(['"', '«', '»', '“', '”', '„']).enumerate() {
            if n % 2 == 1 {
                query.phrase(part);
            } else {
                query.loose(part);
            }
        }
        query
    }

    /// Adds a kind, by its code or its word.
    pub fn of_kind(&mut self, kind: &str) {
        let code = kind
            .parse::<crate::referral::Kind>()
            .map_or_else(|_| kind.to_uppercase(), |k| k.code().to_owned());
        self.kinds.push(code);
    }

    /// Whether it asks for nothing at all.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
            && [&self.kinds, &self.partners, &self.countries, &self.states].into_iter().all(Vec::is_empty)
    }

    fn phrase(&mut self, part: &str) {
        let words: Vec<String> = words(part).take(TERMS_MAX).map(str::to_lowercase).collect();
        if !words.is_empty() && self.terms.len() < TERMS_MAX {
            self.terms.push(Term { words, phrase: true });
        }
    }

    fn loose(&mut self, part: &str) {
        // A telephone number may be written with spaces.
        let part = together(part);
        for piece in part.split_whitespace().take(TERMS_MAX) {
            if !piece.split_once(':').is_some_and(|(name, value)| self.filter(name, value)) {
                for word in words(piece).take(TERMS_MAX.saturating_sub(self.terms.len())) {
                    self.terms.push(Term { words: vec![word.to_lowercase()], phrase: false });
                }
            }
        }
    }

    fn filter(&mut self, name: &str, value: &str) -> bool {
        match name {
            _ if value.is_empty() => return false,
            "kind" | "вид" => self.of_kind(value),
            "from" | "от" => self.partners.extend(words(value).map(fold)),
            "country" | "страна" => {
                let found = crate::registers::countries::find(value);
                self.countries.push(found.first().map_or_else(|| value.to_uppercase(), |c| c.alpha2.clone()));
            }
            "state" | "статус" => self.states.push(value.to_lowercase()),
            _ => return false,
        }
        true
    }
}

/// Digits after a plus sign without what separates them.
fn together(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find('+') {
        let (before, number) = rest.split_at(at);
        out.push_str(before);
        let separates = |c: char| matches!(c, ' ' | '-' | '(' | ')' | '\u{a0}');
        let end =
            number[1..].find(|c: char| !c.is_ascii_digit() && !separates(c)).map_or(number.len(), |n| n + 1);
        out.extend(number[..end].chars().filter(|c| !separates(*c)));
        out.push(' ');
        rest = &number[end..];
    }
    out.push_str(rest);
    out
}
