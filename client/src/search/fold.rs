//! Words in the form in which their spellings meet: small and capital letters, ё and е, accents, Cyrillic and Latin, and the usual
//! ways to write one in the other.
//!
//! It is for finding, not for deciding whether two people are one: it is coarse, and lets too much through rather than too little.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::translit::icao_letter;

/// Latin letters whose accent changes the sound, or that have no letter under their accent.
const LETTERS: &[(char, &str)] = &[
    ('š', "sh"),
    ('č', "ch"),
    ('ž', "zh"),
    ('ł', "l"),
    ('ø', "o"),
    ('đ', "d"),
    ('ı', "i"),
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
];

/// Groups of Latin letters that stand for one sound; the longest that fits counts.
const SOUNDS: &[(&str, &str)] = &[
    ("shch", "sh"),
    ("tsch", "ch"),
    ("sch", "sh"),
    ("tch", "ch"),
    ("sh", "sh"),
    ("ch", "ch"),
    ("zh", "zh"),
    ("cz", "ch"),
    ("sz", "sh"),
    ("kh", "h"),
    ("gh", "g"),
    ("ph", "f"),
    ("th", "t"),
    ("ck", "k"),
    ("ts", "c"),
    ("tz", "c"),
    ("tc", "c"),
    ("ou", "u"),
    ("ie", "e"),
    ("ye", "e"),
    ("je", "e"),
    ("x", "ks"),
    ("w", "v"),
    ("y", "i"),
    ("j", "i"),
    ("q", "k"),
];

/// The words of a text: letters and digits together; everything else separates. An apostrophe within a word does not.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let part = |c: char| c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '\'' | '’' | 'ʼ');
    text.split(move |c| !part(c)).filter(|word| word.chars().any(|c| c.is_alphanumeric() && c != 'ʼ'))
}

/// One word, folded.
pub fn fold(word: &str) -> String {
    reduce(&latin(word))
}

/// In small Latin letters, without accents, Cyrillic ones after ICAO 9303-3; letters of other scripts stay as they are.
fn latin(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.nfc().flat_map(char::to_lowercase) {
        if push_letter(c, &mut out) {
            continue;
        }
        for bare in std::iter::once(c).nfkd().filter(|c| c.is_alphanumeric() && *c != 'ʼ') {
            if !push_letter(bare, &mut out) {
                out.push(bare);
            }
        }
    }
    out
}

/// Writes a letter that has Latin ones of its own; false: it has none.
fn push_letter(c: char, out: &mut String) -> bool {
    if c.is_ascii() {
        return false;
    }
    if let Some((_, latin)) = LETTERS.iter().find(|(from, _)| *from == c) {
        out.push_str(latin);
    } else if let Some(latin) = icao_letter(c) {
        out.extend(latin.chars().map(|c| c.to_ascii_lowercase()));
    } else {
        return false;
    }
    true
}

/// One way to write each sound, and no double letters. Digits stay: 2200 and 20 are not the same.
fn reduce(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let (sound, used) = match SOUNDS.iter().find(|(group, _)| rest.starts_with(group)) {
            Some((group, sound)) => (*sound, group.len()),
            None => (&rest[..first.len_utf8()], first.len_utf8()),
        };
        for c in sound.chars() {
            if c.is_numeric() || !out.ends_with(c) {
                out.push(c);
            }
        }
        rest = &rest[used..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_meet() {
        for spellings in [
            &["Юлия", "IULIIA", "Yuliya", "Julia"][..],
            &["Щукина", "SHCHUKINA", "щукина"],
            &["Цветкова", "Tsvetkova", "TCVETKOVA"],
            &["Алексей", "Aleksei", "ALEKSEY"],
            &["Юрьева", "IUREVA", "Yuryeva"],
            &["Дмитрий", "Dmitry", "Dmitrii", "Dmitrij"],
            &["Ксения", "Xenia", "Kseniia"],
            &["Чайковский", "Tchaikovsky", "Chaikovskii"],
            &["Алёна", "Алена", "Alena"],
            &["Подъячев", "PODIEIACHEV"],
            &["Šimek", "Shimek", "Шимек"],
            &["О’Нил", "O'Nil", "oʼnil"],
        ] {
            let folded: Vec<_> = spellings.iter().map(|s| fold(s)).collect();
            assert!(folded.windows(2).all(|pair| pair[0] == pair[1]), "{folded:?}");
        }
        assert_ne!(fold("Иванов"), fold("Иванова"));
        assert_eq!(fold("+37322000"), "37322000");
    }

    #[test]
    fn words_are_letters_and_digits() {
        let found: Vec<_> = words("Паланка – Маяки-Удобное, BP-0017; «O'Neil» '").collect();
        assert_eq!(found, ["Паланка", "Маяки", "Удобное", "BP", "0017", "O'Neil"]);
    }

    /// What compatibility decomposition makes of UTF-8 at most: eleven times as much, of U+FDFA (Unicode, FAQ on normalization). No
    /// letter of the tables becomes longer than three times itself.
    const GROWTH_MAX: usize = 11;

    #[test]
    fn the_longest_letter_of_all_folds() {
        let folded = fold("\u{fdfa}");
        assert!(folded.len() > 8 * 3 && folded.len() <= GROWTH_MAX * 3, "{}", folded.len());
    }

    proptest::proptest! {
        #[test]
        fn any_text_folds_and_folding_again_changes_nothing_that_is_found(text in "\\PC{0,60}") {
            for word in words(&text) {
                proptest::prop_assert!(fold(word).len() <= word.len() * GROWTH_MAX);
            }
        }
    }
}
