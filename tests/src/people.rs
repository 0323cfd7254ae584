//! People who do not exist, each reported missing and many of them seen later, by somebody who spells and remembers otherwise.
//!
//! Drawn from a seed, so that precision and recall of the matching can be measured again. Nothing here looks at how the
//! matching works: a report and an alert are documents as people would write them.

use std::collections::BTreeMap;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Map, Value};

mod draw;
mod names;
mod noise;
mod written;

pub use self::measure::{Figures, measure};

mod measure;

/// What makes it hard to find somebody again; counted, so that it is known how hard the set is.
pub type Counts = BTreeMap<&'static str, usize>;

/// A set of people.
#[derive(Debug)]
pub struct People {
    /// Reports, one for each person.
    pub reports: Vec<Map<String, Value>>,
    /// Later documents, each with the number of the report that is about the same person; none: she was never reported.
    pub alerts: Vec<(Map<String, Value>, Option<usize>)>,
    /// How many of the pairs have each difficulty.
    pub noise: Counts,
    /// How many of the people have a sister or brother, or a namesake, in the set.
    pub relatives: Counts,
}

/// Draws `size` people. Half of them are seen again; a quarter as many are seen who were never reported, most of them close to
/// somebody who was.
pub fn draw(seed: u64, size: usize) -> People {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (mut noise, mut relatives) = (Counts::new(), Counts::new());
    let mut people: Vec<draw::Human> = Vec::with_capacity(size);
    while people.len() < size {
        let next = match people.last() {
            Some(last) if rng.random_bool(0.10) => {
                *relatives.entry("sister or brother").or_default() += 1;
                last.sibling(&mut rng)
            }
            Some(_) if rng.random_bool(0.06) => {
                *relatives.entry("namesake").or_default() += 1;
                let of = rng.random_range(0..people.len());
                people[of].namesake(&mut rng)
            }
            _ => draw::Human::draw(&mut rng),
        };
        people.push(next);
    }
    let reports: Vec<_> = people.iter().map(|human| written::report(human, &mut rng)).collect();
    let mut alerts = Vec::new();
    for (number, human) in people.iter().enumerate() {
        if number % 2 == 0 {
            let (document, found) = written::alert(human, &mut rng);
            found.into_iter().for_each(|one| *noise.entry(one).or_default() += 1);
            alerts.push((document, Some(number)));
        }
        if number % 4 == 1 {
            let stranger = match rng.random_range(0..4) {
                0 => human.sibling(&mut rng),
                1 => human.namesake(&mut rng),
                _ => draw::Human::draw(&mut rng),
            };
            alerts.push((written::alert(&stranger, &mut rng).0, None));
        }
    }
    People { reports, alerts, noise, relatives }
}
