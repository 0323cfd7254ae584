//! What is left of a name when everything in which spellings differ is taken away: Julia, Iuliia, Yuliya and Ioulia have one
//! skeleton.
//!
//! The rules are made for Slavic names in Latin letters, and stand in their order. Not covered: CH for KH (Charitonov), J for
//! ZH (Jukov), IE for the hard sign (Podieiachev); those are near each other, and a comparison of letters finds them.

use unicode_normalization::UnicodeNormalization as _;

/// Letters that are more than a letter with a sign.
const SIGNS: &[(char, &str)] =
    &[('Š', "SH"), ('Č', "CH"), ('Ž', "ZH"), ('Ć', "CH"), ('Ł', "L"), ('Ø', "O"), ('ß', "SS"), ('ẞ', "SS")];
/// Groups of letters that stand for one sound, in their order.
const GROUPS: &[(&str, &str)] = &[
    ("SCHTSCH", "SHCH"),
    ("SZCZ", "SHCH"),
    ("CHTCH", "SHCH"),
    ("TSCH", "CH"),
    ("SCH", "SH"),
    ("TCH", "CH"),
    ("SZ", "SH"),
    ("CZ", "CH"),
    ("DSCH", "DZH"),
    ("DJ", "DZH"),
    ("PH", "F"),
    ("CK", "K"),
    ("X", "KS"),
    ("W", "V"),
    ("OU", "U"),
    ("TC", "TS"),
    ("TZ", "TS"),
    ("KH", "H"),
    ("GH", "G"),
    ("QU", "KV"),
    ("Q", "K"),
    ("SHCH", "SH"),
    // One symbol for each of these sounds; no letter, because each letter has a meaning of its own.
    ("ZH", "3"),
    ("CH", "4"),
    ("SH", "5"),
    ("TS", "6"),
    ("J", "I"),
    ("Y", "I"),
];

/// The skeleton of a name in Latin letters: capitals, the symbols 3 to 6 for ZH, CH, SH and TS, and spaces between words.
/// Empty if no Latin letter is there.
pub fn skeleton(latin: &str) -> String {
    let mut text = plain(latin);
    for (group, sound) in GROUPS {
        if text.contains(group) {
            text = text.replace(group, sound);
        }
    }
    let text = soft_vowels(&single_i(&text));
    single_letters(&without_endings(&text))
}

/// A name in capitals A to Z and spaces: signs above letters go, a hyphen is a space.
pub fn plain(latin: &str) -> String {
    let mut spelt = String::with_capacity(latin.len());
    for letter in latin.nfc().flat_map(char::to_uppercase) {
        match SIGNS.iter().find(|(sign, _)| *sign == letter) {
            Some((_, letters)) => spelt.push_str(letters),
            None => spelt.push(if letter == '-' { ' ' } else { letter }),
        }
    }
    spelt.nfd().filter(|c| c.is_ascii_uppercase() || *c == ' ').collect()
}

/// Several I in a row are one.
fn single_i(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter != 'I' || !out.ends_with('I') {
            out.push(letter);
        }
    }
    out
}

/// IE and IO are E: what is written ё, ye or ie.
fn soft_vowels(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        let next = letters.get(at + 1);
        let is_soft = next == Some(&'E') || (next == Some(&'O') && letters.get(at + 2) != Some(&' '));
        if *letter == 'I' && is_soft {
            out.push('E');
            at += 2;
        } else {
            out.push(*letter);
            at += 1;
        }
    }
    out
}

/// -EI at the end of a word is -E, and -I is nothing: Alekse(i), Dmitri(i).
fn without_endings(text: &str) -> String {
    let words = text
        .split(' ')
        .map(|word| word.strip_suffix("EI").map_or_else(|| word.to_owned(), |stem| format!("{stem}E")));
    let words: Vec<String> =
        words.map(|word| word.strip_suffix('I').map(str::to_owned).unwrap_or(word)).collect();
    words.join(" ")
}

/// Pairs of the same letter become one.
fn single_letters(text: &str) -> String {
    let mut letters = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        out.push(letter);
        letters.next_if_eq(&letter);
    }
    out
}

#[cfg(test)]
mod tests;
