//! How well the matching finds people again.

use std::convert::Infallible;

use causeway_client::matching::index::{self, Index};
use causeway_client::matching::person::{self, Lexicon, Person};
use causeway_client::matching::score::{Class, Weights};

use super::People;

/// What a run over a set has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "figures")]
pub struct Figures {
    /// Pairs of documents about one person.
    pub pairs: usize,
    /// Of them, how many share a key.
    pub reached: usize,
    /// Of them, how many are shown.
    pub found: usize,
    /// Of them, as likely.
    pub found_likely: usize,
    /// Pairs that are shown.
    pub shown: usize,
    /// Pairs that are shown as likely.
    pub shown_likely: usize,
    /// Comparisons made.
    pub compared: usize,
}

impl Figures {
    /// Of the pairs that there are, the share that is shown.
    pub fn recall(&self) -> f64 {
        self.found as f64 / self.pairs as f64
    }

    /// Of what is shown, the share that is right.
    pub fn precision(&self) -> f64 {
        self.found as f64 / self.shown as f64
    }

    /// The same of what is shown as likely.
    pub fn precision_of_likely(&self) -> f64 {
        self.found_likely as f64 / self.shown_likely as f64
    }
}

/// Enters all reports and compares every alert with them.
///
/// # Panics
/// When a set is too large to count.
pub fn measure(people: &People, weights: &Weights, mut look: impl FnMut(&Person, usize, bool)) -> Figures {
    let (mut index, mut lexicon) = (Index::default(), Lexicon::default());
    let mut known: Vec<Vec<Person>> = Vec::new();
    for (number, report) in people.reports.iter().enumerate() {
        let people = person::people(report, &mut lexicon);
        index.enter(u32::try_from(number).unwrap(), &index::keys(&people));
        known.push(people);
    }
    let read = |owner: u32| Ok::<_, Infallible>(known.get(owner as usize).map(Vec::as_slice));
    let mut figures = Figures::default();
    for (number, (alert, truth)) in people.alerts.iter().enumerate() {
        let truth = truth.map(|truth| u32::try_from(truth).unwrap());
        figures.pairs += usize::from(truth.is_some());
        for person in person::people(alert, &mut lexicon) {
            let candidates = index.candidates(&person);
            figures.compared += candidates.len();
            figures.reached += usize::from(truth.is_some_and(|truth| candidates.contains(&truth)));
            let mut found = false;
            for hit in index.find(&person, weights, read).unwrap() {
                let (right, likely) = (Some(hit.owner) == truth, hit.class == Class::Likely);
                figures.shown += 1;
                figures.shown_likely += usize::from(likely);
                figures.found += usize::from(right);
                figures.found_likely += usize::from(right && likely);
                found |= right;
            }
            look(&person, number, found);
        }
    }
    figures
}
