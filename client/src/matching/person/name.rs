//! Names: each word with all forms in which it may stand in a passport.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{object, text};
use crate::matching::skeleton::{plain, skeleton};
use crate::translit::variants;

/// Longest part of a name that is compared, in characters.
const PART_CHARS_MAX: usize = 100;
/// Words of a full name that are taken apart.
const WORDS_MAX: usize = 6;
/// Names in one list.
const NAMES_MAX: usize = 20;
/// Skeletons of one word.
const FORMS_MAX: usize = 8;
/// What letters may mean that the rules of the skeleton read otherwise: H is Ukrainian and Belarusian Г, J French Ж, CH German Х,
/// C Serbian Ц or Polish Ц. Each gives one more skeleton.
const MAY_MEAN: &[(&str, &str)] = &[("H", "G"), ("J", "ZH"), ("CH", "KH"), ("C", "TS")];

/// A part of a name with its forms.
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub struct Word {
    /// In Latin capitals, by each system of transliteration.
    pub latin: Vec<String>,
    /// The skeletons of these, without repetition.
    pub skeletons: Vec<String>,
}
no_content_in_debug!(Word, Spelling, Lexicon);

/// One spelling of a name. Parts that are not known are none; of a name that nobody has split the parts are as guessed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spelling {
    /// Family name.
    pub family: Option<Arc<Word>>,
    /// Given name.
    pub given: Option<Arc<Word>>,
    /// Patronymic.
    pub patronymic: Option<Arc<Word>>,
}

/// Words that have been seen: each is kept once.
#[derive(Default)]
pub struct Lexicon(HashMap<(String, String), Arc<Word>>);

impl Lexicon {
    /// How many different words it has seen.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has seen none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A word as written, in the language that is stated.
    fn word(&mut self, written: &str, language: Option<&str>) -> Option<Arc<Word>> {
        let written: String = written.chars().take(PART_CHARS_MAX).flat_map(char::to_uppercase).collect();
        let key = (written, language.unwrap_or_default().to_owned());
        if let Some(known) = self.0.get(&key) {
            return Some(Arc::clone(known));
        }
        let word = Arc::new(Word::of(&key.0, language)?);
        self.0.insert(key, Arc::clone(&word));
        Some(word)
    }
}

impl Word {
    /// None if no Latin letter comes out of it.
    fn of(written: &str, language: Option<&str>) -> Option<Self> {
        let (mut latin, mut skeletons): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let mut add = |spelt: &str| {
            let bones = skeleton(spelt).trim().to_owned();
            if !bones.is_empty() && !skeletons.contains(&bones) && skeletons.len() < FORMS_MAX {
                skeletons.push(bones);
            }
        };
        for variant in variants(written, language) {
            let plain = plain(&variant).trim().to_owned();
            add(&plain);
            if !plain.is_empty() && !latin.contains(&plain) {
                latin.push(plain);
            }
        }
        for (letters, meant) in MAY_MEAN {
            latin
                .iter()
                .filter(|spelt| spelt.contains(letters))
                .for_each(|spelt| add(&meaning(spelt, letters, meant)));
        }
        (!latin.is_empty() && !skeletons.is_empty()).then_some(Self { latin, skeletons })
    }
}

/// A word with letters read otherwise: alone, not as parts of SH, CH, KH, ZH, TCH.
fn meaning(spelt: &str, letters: &str, meant: &str) -> String {
    let bytes = spelt.as_bytes();
    let mut out = String::with_capacity(spelt.len() + 4);
    let mut rest = 0;
    for (at, found) in spelt.match_indices(letters) {
        let before = at.checked_sub(1).and_then(|i| bytes.get(i));
        let after = bytes.get(at + letters.len());
        let is_part = (letters == "H" && matches!(before, Some(b'S' | b'C' | b'K' | b'Z' | b'P' | b'G')))
            || (letters == "C" && matches!(after, Some(b'H' | b'K' | b'Z')))
            || (letters == "CH" && matches!(before, Some(b'S' | b'T')));
        out.push_str(spelt.get(rest..at).unwrap_or_default());
        out.push_str(if is_part { found } else { meant });
        rest = at + letters.len();
    }
    out.push_str(spelt.get(rest..).unwrap_or_default());
    out
}

/// The spellings in an object's `names`, with `maiden_family` as one more.
pub(super) fn spellings(person: &Map<String, Value>, lexicon: &mut Lexicon) -> Vec<Spelling> {
    let listed = person.get("names").and_then(Value::as_array).into_iter().flatten().take(NAMES_MAX);
    let mut all: Vec<Spelling> = Vec::new();
    for name in listed.filter_map(object) {
        for spelling in spelt(name, lexicon) {
            if !all.contains(&spelling) {
                all.push(spelling);
            }
        }
    }
    if let Some(family) = text(person, "maiden_family").and_then(|maiden| lexicon.word(maiden, None)) {
        all.push(Spelling { family: Some(family), given: None, patronymic: None });
    }
    all
}

fn spelt(name: &Map<String, Value>, lexicon: &mut Lexicon) -> Vec<Spelling> {
    let language = text(name, "lang");
    let mut part = |field: &str| text(name, field).and_then(|written| lexicon.word(written, language));
    let spelling = Spelling { family: part("family"), given: part("given"), patronymic: part("patronymic") };
    if spelling.family.is_some() || spelling.given.is_some() {
        return vec![spelling];
    }
    text(name, "full").map(|full| taken_apart(full, language, lexicon)).unwrap_or_default()
}

/// A name that nobody has split: in Russian order, and with the family name at the end.
fn taken_apart(full: &str, language: Option<&str>, lexicon: &mut Lexicon) -> Vec<Spelling> {
    let words: Vec<&str> = full.split([' ', ',']).filter(|w| !w.is_empty()).take(WORDS_MAX).collect();
    let mut word = |written: Option<&&str>| written.and_then(|w| lexicon.word(w, language));
    match words.as_slice() {
        [] => Vec::new(),
        [only] => {
            // A single word may be either.
            let one = word(Some(only));
            vec![Spelling { family: None, given: one, patronymic: None }]
        }
        [first, second] => {
            let (first, second) = (word(Some(first)), word(Some(second)));
            vec![
                Spelling { family: first.clone(), given: second.clone(), patronymic: None },
                Spelling { family: second, given: first, patronymic: None },
            ]
        }
        [first, second, third, ..] => vec![
            Spelling { family: word(Some(first)), given: word(Some(second)), patronymic: word(Some(third)) },
            Spelling { family: word(Some(third)), given: word(Some(first)), patronymic: word(Some(second)) },
        ],
    }
}
