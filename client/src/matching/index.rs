//! Who comes into question: every case in which somebody shares a key, without looking at the others.
//!
//! Keys: number of a document, telephone, e-mail, skeleton of the family name, its Daitch–Mokotoff codes, and the skeleton of
//! the given name with each year in which the person may have been born; whoever is looked for is looked for two years around.
//! The index holds hashes of keys alone, some ten bytes each; the people themselves are read when they come into question.

use std::collections::{BTreeSet, HashSet};
use std::ops::Deref;
use std::sync::OnceLock;

use rphonetic::{DaitchMokotoffSoundex, DaitchMokotoffSoundexBuilder};
use sha2::{Digest as _, Sha256};

use super::person::{Person, Spelling};
use super::score::{Class, Memo, Reason, Verdict, Weights, compare};

/// Cases that one comparison looks at, at most: beyond them a name is so common that it says nothing, and more exact keys
/// come first.
pub const CANDIDATES_MAX: usize = 20_000;
/// What keys are made by. Another number whenever a rule changes by which names become keys: keys that were stored under
/// another number are made anew.
pub(super) const RULES: u16 = 1;
/// The share of people who have a family name of middling frequency.
const MIDDLING: f64 = 0.0015;
/// Cases from which the frequency of a name is known as well as it was supposed beforehand: with few it says little.
const FEW: f64 = 2_000.0;
/// Years before and after the birth, because ages are estimated.
const YEARS_AROUND: i32 = 2;
/// Years under which one person is entered, at most: an age of 20 to 60 says nothing.
const YEARS_MAX: usize = 30;

/// Under which keys people stand. What they belong to is a number of the caller.
#[derive(Default)]
pub struct Index {
    places: BTreeSet<(u32, u32)>,
    owners: HashSet<u32>,
}
no_content_in_debug!(Index);

/// Somebody who may be the same person.
#[derive(Debug)]
#[non_exhaustive]
pub struct Hit {
    /// What the caller has entered the person under.
    pub owner: u32,
    /// Which of the people there.
    pub at: String,
    /// How alike they are.
    pub verdict: Verdict,
    /// What people are shown.
    pub class: Class,
}

impl Index {
    /// Enters whoever stands under these keys, see [`keys`].
    pub fn enter(&mut self, owner: u32, keys: &[u32]) {
        self.places.extend(keys.iter().map(|key| (*key, owner)));
        if !keys.is_empty() {
            self.owners.insert(owner);
        }
    }

    /// Takes out all but what is entered under these.
    pub fn retain(&mut self, stays: impl Fn(u32) -> bool) {
        self.places.retain(|(_, owner)| stays(*owner));
        self.owners.retain(|owner| stays(*owner));
    }

    /// Everybody who may be the same person, the most alike first; `people` reads those who come into question, and gives none
    /// where nobody is to be compared. Words that it gives are compared by where they stand in memory, so they live on until
    /// this ends, see [`Lexicon`](super::person::Lexicon).
    ///
    /// # Errors
    /// Those of `people`.
    pub fn find<P: Deref<Target = [Person]>, E>(
        &self,
        person: &Person,
        weights: &Weights,
        mut people: impl FnMut(u32) -> Result<Option<P>, E>,
    ) -> Result<Vec<Hit>, E> {
        let mut memo = Memo::default();
        let mut hits = Vec::new();
        for owner in self.candidates(person) {
            let Some(others) = people(owner)? else { continue };
            for other in others.iter() {
                let mut verdict = compare(person, other, weights, &mut memo);
                if verdict.agree.contains(&Reason::Family) {
                    verdict.points += weights.rarity * self.rarity(other);
                }
                if let Some(class) = verdict.class(weights) {
                    hits.push(Hit { owner, at: other.at.clone(), verdict, class });
                }
            }
        }
        hits.sort_by(|a, b| b.verdict.points.total_cmp(&a.verdict.points));
        Ok(hits)
    }

    /// How much more, or less, it says that two share this family name than that they share one of middling frequency: in
    /// powers of two, from what is entered (Winkler, "Frequency-based matching", 1989).
    fn rarity(&self, person: &Person) -> f64 {
        let families = person.spellings.iter().filter_map(|spelling| spelling.family.as_ref());
        let keys = families.flat_map(|family| &family.skeletons).map(|bones| Key::Family(bones).number());
        let most = keys.map(|key| self.block(key).count()).max().unwrap_or(0);
        let share = (most as f64 + MIDDLING * FEW) / (self.owners.len() as f64 + FEW);
        (MIDDLING / share).log2()
    }

    /// Where somebody shares a key, each once; at most [`CANDIDATES_MAX`].
    pub fn candidates(&self, person: &Person) -> Vec<u32> {
        let all = keys_of(person, true);
        let mut blocks: Vec<(usize, u32)> =
            all.into_iter().map(|key| (self.block(key).count(), key)).collect();
        // The smallest say most.
        blocks.sort_unstable();
        let mut all: Vec<u32> = Vec::new();
        for (_, key) in blocks {
            let room = (2 * CANDIDATES_MAX).saturating_sub(all.len());
            all.extend(self.block(key).take(room));
        }
        all.sort_unstable();
        all.dedup();
        all.truncate(CANDIDATES_MAX);
        all
    }

    fn block(&self, key: u32) -> impl Iterator<Item = u32> {
        self.places.range((key, 0)..=(key, u32::MAX)).map(|(_, owner)| *owner)
    }
}

/// All keys under which these people are entered.
pub fn keys(people: &[Person]) -> Vec<u32> {
    let mut all: Vec<u32> = people.iter().flat_map(|person| keys_of(person, false)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The kinds of keys, so that a number and a name never meet.
enum Key<'a> {
    Document(&'a str),
    Phone(&'a str),
    Email(&'a str),
    Family(&'a str),
    Sound(&'a str),
    Given(&'a str, i32),
}

/// All keys of a person; of one who is looked for also those under which others stand whose family and given name have changed
/// places.
fn keys_of(person: &Person, is_looked_for: bool) -> Vec<u32> {
    let mut all = Vec::new();
    all.extend(person.documents.iter().map(|paper| Key::Document(&paper.number).number()));
    all.extend(person.phones.iter().map(|phone| Key::Phone(phone).number()));
    all.extend(person.emails.iter().map(|email| Key::Email(email).number()));
    for spelling in &person.spellings {
        family(spelling, &mut all);
        if is_looked_for {
            let given = spelling.given.iter().flat_map(|given| &given.skeletons);
            all.extend(given.map(|bones| Key::Family(bones).number()));
        }
        given(spelling, person, if is_looked_for { YEARS_AROUND } else { 0 }, &mut all);
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn family(spelling: &Spelling, all: &mut Vec<u32>) {
    let Some(family) = &spelling.family else { return };
    all.extend(family.skeletons.iter().map(|bones| Key::Family(bones).number()));
    for latin in &family.latin {
        all.extend(sounds(latin).iter().map(|code| Key::Sound(code).number()));
    }
}

fn given(spelling: &Spelling, person: &Person, more: i32, all: &mut Vec<u32>) {
    let (Some(given), Some(birth)) = (&spelling.given, person.birth) else { return };
    let years = birth.years();
    let around = years.start().saturating_sub(more)..=years.end().saturating_add(more);
    for year in around.take(YEARS_MAX) {
        all.extend(given.skeletons.iter().map(|bones| Key::Given(bones, year).number()));
    }
}

impl Key<'_> {
    /// The first bytes of a hash. Of a million keys one in four thousand meets another one: a candidate more, which the
    /// comparison sends away.
    fn number(&self) -> u32 {
        let (kind, text, year) = match *self {
            Self::Document(text) => (0, text, 0),
            Self::Phone(text) => (1, text, 0),
            Self::Email(text) => (2, text, 0),
            Self::Family(text) => (3, text, 0),
            Self::Sound(text) => (4, text, 0),
            Self::Given(text, year) => (5_u8, text, year),
        };
        let hash = Sha256::new().chain_update([kind]).chain_update(year.to_le_bytes()).chain_update(text);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        u32::from_le_bytes([a, b, c, d])
    }
}

/// Daitch–Mokotoff codes of a name: made for Slavic and Yiddish names.
fn sounds(latin: &str) -> Vec<String> {
    static ENCODER: OnceLock<Option<DaitchMokotoffSoundex>> = OnceLock::new();
    let encoder = ENCODER.get_or_init(|| DaitchMokotoffSoundexBuilder::default().build().ok());
    encoder
        .as_ref()
        .map(|encoder| encoder.soundex(latin).split('|').map(str::to_owned).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
