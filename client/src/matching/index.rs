//! Who comes into question: everybody who shares a key, without looking at the others.
//!
//! Keys: number of a document, telephone, e-mail, skeleton of the family name, its Daitch–Mokotoff codes, and the skeleton of
//! the given name with each year in which the person may have been born; whoever is looked for is looked for two years around.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::OnceLock;

use rphonetic::{DaitchMokotoffSoundex, DaitchMokotoffSoundexBuilder};

use super::person::{Lexicon, Person, Spelling};
use super::score::{Class, Memo, Reason, Verdict, Weights, compare};

/// People that one comparison looks at, at most: beyond them a name is so common that it says nothing, and more exact keys
/// come first.
pub const CANDIDATES_MAX: usize = 20_000;
/// The share of people who have a family name of middling frequency.
const MIDDLING: f64 = 0.0015;
/// People from whom the frequency of a name is known as well as it was supposed beforehand: with few it says little.
const FEW: f64 = 2_000.0;
/// Years before and after the birth, because ages are estimated.
const YEARS_AROUND: i32 = 2;
/// Years under which one person is entered, at most: an age of 20 to 60 says nothing.
const YEARS_MAX: usize = 30;

/// People to compare with. What a person belongs to is a number of the caller.
#[derive(Default)]
pub struct Index {
    /// Words of all names.
    pub lexicon: Lexicon,
    people: Vec<(u32, Person)>,
    blocks: HashMap<u64, Vec<u32>>,
}
no_content_in_debug!(Index);

/// Somebody who may be the same person.
#[non_exhaustive]
pub struct Hit<'a> {
    /// What the caller has entered the person under.
    pub owner: u32,
    /// The person.
    pub person: &'a Person,
    /// How alike they are.
    pub verdict: Verdict,
    /// What people are shown.
    pub class: Class,
}

impl std::fmt::Debug for Hit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hit").field("owner", &self.owner).field("class", &self.class).finish_non_exhaustive()
    }
}

impl Index {
    /// Enters a person. More than fit into 32 bits are not entered: no vault holds so many.
    pub fn add(&mut self, owner: u32, mut person: Person) {
        let Ok(number) = u32::try_from(self.people.len()) else { return };
        person.shrink();
        for key in keys(&person, false) {
            let block = self.blocks.entry(key).or_default();
            if block.last() != Some(&number) {
                block.push(number);
            }
        }
        self.people.push((owner, person));
    }

    /// How many people are in it.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Everybody who may be the same person, the most alike first; of those entered under what `may` allows.
    pub fn find(&self, person: &Person, weights: &Weights, may: impl Fn(u32) -> bool) -> Vec<Hit<'_>> {
        let mut memo = Memo::default();
        let mut hits = Vec::new();
        for number in self.candidates(person) {
            let Some((owner, other)) = usize::try_from(number).ok().and_then(|n| self.people.get(n)) else {
                continue;
            };
            if !may(*owner) {
                continue;
            }
            let mut verdict = compare(person, other, weights, &mut memo);
            if verdict.agree.contains(&Reason::Family) {
                verdict.points += weights.rarity * self.rarity(other);
            }
            if let Some(class) = verdict.class(weights) {
                hits.push(Hit { owner: *owner, person: other, verdict, class });
            }
        }
        hits.sort_by(|a, b| b.verdict.points.total_cmp(&a.verdict.points));
        hits
    }

    /// How much more, or less, it says that two share this family name than that they share one of middling frequency: in
    /// powers of two, from the people entered (Winkler, "Frequency-based matching", 1989).
    fn rarity(&self, person: &Person) -> f64 {
        let people = |bones: &String| self.blocks.get(&Key::Family(bones).number()).map_or(0, Vec::len);
        let families = person.spellings.iter().filter_map(|spelling| spelling.family.as_ref());
        let most = families.flat_map(|family| &family.skeletons).map(people).max().unwrap_or(0);
        let share = (most as f64 + MIDDLING * FEW) / (self.people.len() as f64 + FEW);
        (MIDDLING / share).log2()
    }

    /// Who shares a key, each once; at most [`CANDIDATES_MAX`].
    pub fn candidates(&self, person: &Person) -> Vec<u32> {
        let mut blocks: Vec<&Vec<u32>> =
            keys(person, true).iter().filter_map(|key| self.blocks.get(key)).collect();
        // The smallest say most.
        blocks.sort_by_key(|block| block.len());
        let mut all: Vec<u32> = Vec::new();
        for block in blocks {
            let room = (2 * CANDIDATES_MAX).saturating_sub(all.len());
            all.extend(block.iter().take(room));
        }
        all.sort_unstable();
        all.dedup();
        all.truncate(CANDIDATES_MAX);
        all
    }
}

/// The kinds of keys, so that a number and a name never meet.
#[derive(Hash)]
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
fn keys(person: &Person, is_looked_for: bool) -> Vec<u64> {
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

fn family(spelling: &Spelling, all: &mut Vec<u64>) {
    let Some(family) = &spelling.family else { return };
    all.extend(family.skeletons.iter().map(|bones| Key::Family(bones).number()));
    for latin in &family.latin {
        all.extend(sounds(latin).iter().map(|code| Key::Sound(code).number()));
    }
}

fn given(spelling: &Spelling, person: &Person, more: i32, all: &mut Vec<u64>) {
    let (Some(given), Some(birth)) = (&spelling.given, person.birth) else { return };
    let years = birth.years();
    let around = years.start().saturating_sub(more)..=years.end().saturating_add(more);
    for year in around.take(YEARS_MAX) {
        all.extend(given.skeletons.iter().map(|bones| Key::Given(bones, year).number()));
    }
}

impl Key<'_> {
    fn number(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
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
