//! Names of organisations that people would take for each other. Two that are called alike are the oldest way to get what is meant for somebody
//! else; the fingerprint tells them apart, and nobody compares it for a name that they know.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::translit::look_alike;

/// Other letters and digits that look like Latin ones: Greek capitals, and what a hurried eye takes for a letter.
const MORE: [(char, char); 18] = [
    ('Α', 'A'),
    ('Β', 'B'),
    ('Ε', 'E'),
    ('Ζ', 'Z'),
    ('Η', 'H'),
    ('Ι', 'I'),
    ('Κ', 'K'),
    ('Μ', 'M'),
    ('Ν', 'N'),
    ('Ο', 'O'),
    ('Ρ', 'P'),
    ('Τ', 'T'),
    ('Υ', 'Y'),
    ('Χ', 'X'),
    ('Ѕ', 'S'),
    ('Ј', 'J'),
    ('0', 'O'),
    ('1', 'I'),
];

/// Whether a name looks like another one: the same but for capitals, accents, signs, and letters of another script that look the same.
pub(super) fn is_alike(one: &str, other: &str) -> bool {
    looks(one) == looks(other)
}

/// What remains of a name for the eye.
fn looks(name: &str) -> String {
    let seen = |c: char| {
        let more = || MORE.iter().find(|(from, _)| *from == c).map(|(_, to)| *to);
        look_alike(c).or_else(more).unwrap_or(c)
    };
    let letters = name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_uppercase);
    let letters: String = letters.filter(|c| c.is_alphanumeric()).map(seen).collect();
    // Nothing remains of a name of signs: then the signs are its name.
    if letters.is_empty() { name.to_owned() } else { letters }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_found_and_others_are_not() {
        let police = "Border Police";
        // Cyrillic letters in Latin words, Greek ones, signs, widths, accents, digits.
        for name in [
            "Border Police",
            "border police",
            "Bоrder Pоlice",
            "Βorder Police",
            "Border-Police",
            "B0rder Police",
            "Ｂｏｒｄｅｒ Police",
            "Bórder Police",
            "«Border  Police»",
        ] {
            assert!(is_alike(police, name), "{name}");
        }
        for name in ["Border Police Warsaw", "Boarder Police", "Пограничная полиция", "Order Police"]
        {
            assert!(!is_alike(police, name), "{name}");
        }
        assert!(is_alike("ВОСТОК", "BOCTOK") && is_alike("Ангел", "«Ангел»"));
        assert!(!is_alike("!!!", "???"), "signs alone are a name, too");
    }
}
