//! The place at which a referral fits, for people.

use super::fold::{fold, words};
use super::index::Stemmers;
use super::{Field, Query};

/// Characters of a snippet.
pub const SNIPPET_CHARS: usize = 120;
/// Characters before the first word that fits.
const BEFORE: usize = 30;

/// Where and how a referral fits.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a text and its place")]
pub struct Snippet {
    /// Path of the field.
    pub path: String,
    /// The text around the first word that fits, in one line.
    pub text: String,
}
no_content_in_debug!(Snippet);

/// The field that says most of what was looked for; the first of equals. None if only filters fit.
pub fn snippet(fields: &[Field], query: &Query) -> Option<Snippet> {
    let stemmers = Stemmers::new();
    let wanted: Vec<Wanted> =
        query.terms.iter().flat_map(|term| &term.words).map(|word| Wanted::new(word, &stemmers)).collect();
    let mut best: Option<(usize, &Field, usize)> = None;
    for field in fields {
        let found: Vec<(usize, usize)> = words(&field.text)
            .filter_map(|word| {
                let points = wanted.iter().map(|wanted| wanted.points(word, &stemmers)).max()?;
                let at = word.as_ptr().addr().saturating_sub(field.text.as_ptr().addr());
                (points > 0).then_some((points, at))
            })
            .collect();
        let points: usize = found.iter().map(|(points, _)| points).sum();
        let strongest = found.iter().max_by_key(|(points, at)| (*points, std::cmp::Reverse(*at)));
        if let Some((_, at)) = strongest
            && best.is_none_or(|(most, ..)| points > most)
        {
            best = Some((points, field, *at));
        }
    }
    best.map(|(_, field, at)| Snippet { path: field.path.clone(), text: around(&field.text, at) })
}

struct Wanted {
    written: String,
    folded: String,
    stem: String,
}

impl Wanted {
    fn new(word: &str, stemmers: &Stemmers) -> Self {
        Self { written: word.to_lowercase(), folded: fold(word), stem: stemmers.stem(word) }
    }

    fn points(&self, word: &str, stemmers: &Stemmers) -> usize {
        let folded = fold(word);
        if folded == self.folded {
            if word.to_lowercase() == self.written { 8 } else { 6 }
        } else if stemmers.stem(word) == self.stem {
            4
        } else {
            usize::from(self.folded.chars().count() >= 3 && folded.starts_with(&self.folded))
        }
    }
}

fn around(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or("");
    let from = before.char_indices().rev().nth(BEFORE - 1).map_or(0, |(from, _)| from);
    let rest = text.get(from..).unwrap_or("");
    let cut: String =
        rest.chars().take(SNIPPET_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (begin, end) = (if from > 0 { "…" } else { "" }, if cut.len() < rest.len() { "…" } else { "" });
    format!("{begin}{}{end}", cut.trim())
}
