//! Looking something up by its name in any spelling.

use super::QUERY_CHARS_MAX;
use crate::search::fold::{fold, words};

/// A text that somebody looks up, folded.
pub(super) struct Query(Vec<String>);

impl Query {
    /// Words beyond the longest text are left out.
    pub(super) fn new(text: &str) -> Self {
        let short: String = text.chars().take(QUERY_CHARS_MAX).collect();
        Self(words(&short).map(fold).filter(|word| !word.is_empty()).collect())
    }

    /// How well it fits these names: every word of it begins a word of one of them. More is better.
    pub(super) fn score(&self, names: &[&str]) -> Option<usize> {
        let of_names: Vec<String> = names.iter().flat_map(|name| words(name).map(fold)).collect();
        let mut score = 0;
        for word in &self.0 {
            let fits = of_names.iter().filter(|name| name.starts_with(word.as_str()));
            score += fits.map(|name| if name == word { 2 } else { 1 }).max()?;
        }
        (score > 0).then_some(score)
    }

    /// What fits, the best first, otherwise in the order of the register.
    pub(super) fn best<'a, T, const N: usize>(
        &self,
        all: &'a [T],
        names: impl Fn(&'a T) -> [&'a str; N],
    ) -> Vec<&'a T> {
        let mut found: Vec<(usize, &T)> =
            all.iter().filter_map(|entry| Some((self.score(&names(entry))?, entry))).collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, entry)| entry).collect()
    }
}
