//! The index: which word stands in which referral, and in which order.
//!
//! Words are kept folded, so that spellings in two alphabets are one word. For each referral the numbers of its words are kept one
//! after the other: four bytes for each word, and four for each referral in the list of a word. That makes at most
//! 8 × [`WORDS_MAX`] bytes for one referral, and the dictionary of all words besides.

use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};

use super::Entry;
use super::fold::{fold, words};
use super::query::{Query, Term};

/// Words of one referral that are searched; the rest of a longer one is not found by its words.
pub const WORDS_MAX: usize = 8_192;
/// Longest word, in bytes; of a longer one the beginning counts.
const WORD_BYTES_MAX: usize = 64;
/// Shortest beginning of a word that finds it.
const PREFIX_CHARS_MIN: usize = 3;
/// Words that one beginning stands for; the first in the alphabet.
const PREFIX_WORDS_MAX: usize = 512;
/// Between two fields: no phrase goes across.
const GAP: u32 = u32::MAX;

/// What a word of the query and a word of a referral have in common, as points.
const SAME: u32 = 8;
const SAME_STEM: u32 = 4;
const BEGINS: u32 = 1;

/// The index of many referrals. They are numbered in the order in which they were put in.
#[derive(Default)]
pub struct Index {
    /// Number of a folded word.
    numbers: HashMap<Box<str>, u32>,
    /// Words as they were written, so that each is folded once.
    seen: HashMap<Box<str>, u32>,
    /// Folded words in their order, with their numbers: for beginnings.
    sorted: Vec<(Box<str>, u32)>,
    /// Words of one stem.
    stems: HashMap<Box<str>, Vec<u32>>,
    /// For each word, the referrals with it, ascending.
    postings: Vec<Vec<u32>>,
    /// All referrals' words.
    tokens: Vec<u32>,
    /// Where the words of each referral end.
    ends: Vec<usize>,
    /// What filters ask for.
    facts: Vec<Facts>,
}
no_content_in_debug!(Index);

struct Facts {
    kind: String,
    partner: Vec<String>,
    state: String,
    countries: Vec<String>,
}

/// A referral that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a number and its points")]
pub struct Hit {
    /// Its number.
    pub entry: usize,
    /// How well it fits; more is better.
    pub score: u32,
}

impl Index {
    /// An index of these referrals.
    pub fn build<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut index = Self::default();
        let stemmers = Stemmers::new();
        for entry in entries {
            index.add(entry, &stemmers);
        }
        index.sorted = index.numbers.iter().map(|(word, number)| (word.clone(), *number)).collect();
        index.sorted.sort_unstable();
        index.seen = HashMap::new();
        index
    }

    /// How many referrals are in it.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Bytes of memory that it takes, without what the allocator adds.
    pub fn bytes(&self) -> usize {
        let words = |map: &HashMap<Box<str>, u32>| map.keys().map(|word| word.len() + 24).sum::<usize>();
        let postings: usize = self.postings.iter().map(|list| 24 + 4 * list.capacity()).sum();
        let stems: usize = self.stems.iter().map(|(stem, list)| stem.len() + 48 + 4 * list.capacity()).sum();
        let facts: usize = self.facts.iter().map(|facts| 96 + facts.kind.len() + facts.state.len()).sum();
        2 * words(&self.numbers)
            + postings
            + stems
            + facts
            + 4 * self.tokens.capacity()
            + 8 * self.ends.capacity()
    }

    /// The best referrals for a query, the newest first among equals; at most `limit`.
    pub fn find(&self, query: &Query, limit: usize) -> Vec<Hit> {
        if query.is_empty() {
            return Vec::new();
        }
        let mut scores: Option<Vec<(u32, u32)>> = None;
        for term in &query.terms {
            let found = self.term(term);
            scores = Some(match scores {
                None => found,
                Some(before) => both(&before, &found),
            });
        }
        let everything = || (0u32..).take(self.len()).map(|entry| (entry, 0)).collect();
        let mut hits: Vec<Hit> = scores
            .unwrap_or_else(everything)
            .into_iter()
            .map(|(entry, score)| Hit { entry: entry as usize, score })
            .filter(|hit| self.facts.get(hit.entry).is_some_and(|facts| facts.fit(query)))
            .collect();
        hits.sort_unstable_by_key(|hit| (std::cmp::Reverse(hit.score), std::cmp::Reverse(hit.entry)));
        hits.truncate(limit);
        hits
    }

    fn add(&mut self, entry: &Entry, stemmers: &Stemmers) {
        let Ok(number) = u32::try_from(self.facts.len()) else { return };
        let mut left = WORDS_MAX;
        for field in &entry.fields {
            for word in words(&field.text).take(left) {
                let word = self.number(word, stemmers);
                self.tokens.push(word);
                left -= 1;
                let Some(list) = self.postings.get_mut(word as usize) else { continue };
                if list.last() != Some(&number) {
                    list.push(number);
                }
            }
            self.tokens.push(GAP);
        }
        self.ends.push(self.tokens.len());
        self.facts.push(Facts {
            kind: entry.kind.clone(),
            partner: words(&entry.partner).map(fold).collect(),
            state: entry.state.clone(),
            countries: entry.countries.clone(),
        });
    }

    /// The number of a word as it was written.
    fn number(&mut self, word: &str, stemmers: &Stemmers) -> u32 {
        let word = beginning(word);
        if let Some(number) = self.seen.get(word) {
            return *number;
        }
        let small = word.to_lowercase();
        let folded = fold(&small).into_boxed_str();
        let next = u32::try_from(self.postings.len()).unwrap_or(GAP - 1);
        let number = *self.numbers.entry(folded).or_insert(next);
        if number == next {
            self.postings.push(Vec::new());
        }
        let stem = self.stems.entry(stemmers.stem(&small).into_boxed_str()).or_default();
        if !stem.contains(&number) {
            stem.push(number);
        }
        self.seen.insert(word.into(), number);
        number
    }

    /// Referrals with a word or a phrase, ascending, with their points.
    fn term(&self, term: &Term) -> Vec<(u32, u32)> {
        let mut words = term.words.iter();
        let Some(first) = words.next() else { return Vec::new() };
        if !term.phrase {
            return self.word(first);
        }
        let Some(numbers) = term.words.iter().map(|word| self.exactly(word)).collect::<Option<Vec<u32>>>()
        else {
            return Vec::new();
        };
        let lists: Option<Vec<&Vec<u32>>> = numbers.iter().map(|n| self.postings.get(*n as usize)).collect();
        let Some(rarest) = lists.and_then(|lists| lists.into_iter().min_by_key(|list| list.len())) else {
            return Vec::new();
        };
        let points = SAME * u32::try_from(numbers.len()).unwrap_or(1);
        let has =
            |entry: &&u32| self.words_of(**entry).windows(numbers.len()).any(|window| window == numbers);
        rarest.iter().filter(has).map(|entry| (*entry, points)).collect()
    }

    fn word(&self, word: &str) -> Vec<(u32, u32)> {
        let folded = fold(beginning(word));
        let mut lists: Vec<(u32, u32)> = Vec::new();
        lists.extend(self.numbers.get(folded.as_str()).map(|number| (*number, SAME)));
        let stem = Stemmers::new().stem(word);
        // A name in one case may be the stem of the same name in another.
        lists.extend(self.numbers.get(stem.as_str()).map(|number| (*number, SAME_STEM)));
        lists.extend(self.stems.get(stem.as_str()).into_iter().flatten().map(|number| (*number, SAME_STEM)));
        if folded.chars().count() >= PREFIX_CHARS_MIN {
            let from = self.sorted.partition_point(|(known, _)| **known < *folded);
            let known = self.sorted.get(from..).unwrap_or_default().iter();
            let begin = known.take_while(|(known, _)| known.starts_with(folded.as_str()));
            lists.extend(begin.take(PREFIX_WORDS_MAX).map(|(_, number)| (*number, BEGINS)));
        }
        lists.sort_unstable_by_key(|(number, points)| (*number, std::cmp::Reverse(*points)));
        lists.dedup_by_key(|(number, _)| *number);
        let postings = |(number, points): &(u32, u32)| {
            let (list, points) = (self.postings.get(*number as usize), *points);
            list.into_iter().flatten().map(move |entry| (*entry, points))
        };
        let mut found: Vec<(u32, u32)> = lists.iter().flat_map(postings).collect();
        if lists.len() > 1 {
            found.sort_unstable_by_key(|(entry, points)| (*entry, std::cmp::Reverse(*points)));
            found.dedup_by_key(|(entry, _)| *entry);
        }
        found
    }

    fn exactly(&self, word: &str) -> Option<u32> {
        self.numbers.get(fold(beginning(word)).as_str()).copied()
    }

    fn words_of(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        let from = entry.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(entry).and_then(|to| self.tokens.get(from..*to)).unwrap_or_default()
    }
}

/// Referrals that are in both lists.
fn both(a: &[(u32, u32)], b: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut out = Vec::new();
    while let (Some((x, more)), Some((y, points))) = (a.peek(), b.peek()) {
        if x == y {
            out.push((*x, more + points));
        }
        let (left, right) = (x <= y, y <= x);
        if left {
            a.next();
        }
        if right {
            b.next();
        }
    }
    out
}

impl Facts {
    fn fit(&self, query: &Query) -> bool {
        let any =
            |wanted: &[String], fits: &dyn Fn(&String) -> bool| wanted.is_empty() || wanted.iter().any(fits);
        any(&query.kinds, &|kind| *kind == self.kind)
            && any(&query.states, &|state| *state == self.state)
            && any(&query.countries, &|country| self.countries.contains(country))
            && any(&query.partners, &|word| self.partner.iter().any(|name| name.starts_with(word.as_str())))
    }
}

/// As much of a word as counts.
fn beginning(word: &str) -> &str {
    let mut end = word.len().min(WORD_BYTES_MAX);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    word.get(..end).unwrap_or(word)
}

/// Snowball stems, by the alphabet of a word.
pub(super) struct Stemmers {
    ru: Stemmer,
    en: Stemmer,
}

impl Stemmers {
    pub(super) fn new() -> Self {
        Self { ru: Stemmer::create(Algorithm::Russian), en: Stemmer::create(Algorithm::English) }
    }

    /// The stem, folded.
    pub(super) fn stem(&self, word: &str) -> String {
        let small = beginning(word).to_lowercase().replace('ё', "е");
        let cyrillic = small.chars().any(|c| ('\u{400}'..='\u{52f}').contains(&c));
        fold(&if cyrillic { self.ru.stem(&small) } else { self.en.stem(&small) })
    }
}
