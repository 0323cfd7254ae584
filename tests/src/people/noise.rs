//! What becomes of names, dates and numbers on their way through passports, telephones and tired people.

use causeway_client::translit::{self, System};
use rand::RngExt as _;
use rand_chacha::ChaCha20Rng;

use super::draw::pick;

/// How one document spells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    /// As at home.
    Cyrillic,
    /// A passport of one of the systems of the language.
    Passport(usize),
    /// By ear, or as somebody abroad would.
    Free,
}

impl Hand {
    pub(super) fn of_report(rng: &mut ChaCha20Rng) -> Self {
        match rng.random_range(0..10) {
            0..=5 => Self::Cyrillic,
            6..=8 => Self::Passport(rng.random_range(0..3)),
            _ => Self::Free,
        }
    }

    pub(super) fn of_alert(rng: &mut ChaCha20Rng) -> Self {
        match rng.random_range(0..10) {
            0 => Self::Cyrillic,
            1..=6 => Self::Passport(rng.random_range(0..3)),
            _ => Self::Free,
        }
    }

    pub(super) fn write(self, name: &str, language: &str, rng: &mut ChaCha20Rng) -> String {
        let systems: [&System; 3] = match language {
            "uk" => [&translit::UKRAINIAN, &translit::UKRAINIAN_ICAO, &translit::ICAO],
            "be" => [&translit::BELARUSIAN, &translit::ICAO, &translit::MVD_1997],
            _ => [&translit::ICAO, &translit::FMS_2010, &translit::MVD_1997],
        };
        match self {
            Self::Cyrillic => name.to_owned(),
            Self::Passport(which) => systems[which].transliterate(name),
            Self::Free => freely(&systems[rng.random_range(0..3)].transliterate(name), rng),
        }
    }
}

/// English, German, French and Polish habits.
const HABITS: &[(&str, &[&str])] = &[
    ("SHCH", &["SCH", "SHCH", "SZCZ"]),
    ("IIA", &["IA", "IYA", "IJA"]),
    ("KH", &["H", "KH", "CH"]),
    ("DZH", &["J", "DJ", "DZH"]),
    ("ZH", &["J", "ZH", "SCH"]),
    ("CH", &["CH", "TCH", "TSCH", "C"]),
    ("SH", &["SH", "SCH", "SZ"]),
    ("TS", &["TS", "C", "TZ"]),
    ("IU", &["YU", "JU", "IU", "IOU"]),
    ("IA", &["YA", "JA", "IA"]),
    ("KS", &["X", "KS"]),
    ("V", &["V", "W", "V"]),
    ("Y", &["Y", "I"]),
    ("EI", &["EY", "EJ", "EI"]),
];

fn freely(latin: &str, rng: &mut ChaCha20Rng) -> String {
    let mut text = latin.to_owned();
    for (from, to) in HABITS {
        if text.contains(from) && rng.random_bool(0.6) {
            text = text.replace(from, pick(to, rng));
        }
    }
    text
}

/// One slip: a letter wrong, missing, twice, or two exchanged.
pub(super) fn typo(text: &str, rng: &mut ChaCha20Rng) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return text.to_owned();
    }
    let at = rng.random_range(1..letters.len());
    match rng.random_range(0..4) {
        0 => {
            letters[at] = pick(
                if letters[0].is_ascii() {
                    &['A', 'E', 'I', 'O', 'N', 'R', 'T', 'S', 'L', 'K']
                } else {
                    &['а', 'е', 'и', 'о', 'н', 'р', 'т', 'с', 'л', 'к']
                },
                rng,
            )
        }
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters.swap(at - 1, at),
    }
    letters.into_iter().collect()
}

/// One digit wrong.
pub(super) fn misread(number: &str, rng: &mut ChaCha20Rng) -> String {
    let mut digits: Vec<char> = number.chars().collect();
    let at = rng.random_range(1..digits.len());
    digits[at] = char::from_digit(rng.random_range(0..10), 10).unwrap_or('0');
    digits.into_iter().collect()
}
