//! How names in Cyrillic letters are written in Latin ones, system by system, as tables.
//!
//! The same woman holds passports from different years: Юлия is YULIYA in one and IULIIA in the next. Russian: ICAO 9303-3
//! (passports since 2014, order 889 of the MVD), GOST R 52535.1 (2010, order 26 of the FMS), order 310 of the MVD (1997).
//! The others are marked \[K\] in `docs/matching.md`: from general knowledge, to be corrected here.

use unicode_normalization::UnicodeNormalization as _;

/// A letter and what stands for it.
type Letters = &'static [(char, &'static str)];

/// A system of transliteration.
#[derive(Debug)]
#[non_exhaustive]
pub struct System {
    /// Its name, for people who correct the tables.
    pub name: &'static str,
    /// What differs from the first table, [`ICAO`].
    letters: Letters,
    /// What stands at the beginning of a word instead.
    initial: Letters,
    /// What stands at the beginning, and after a vowel or a sign, instead.
    after_vowel: Letters,
    /// Pairs of letters that are written together.
    pairs: &'static [(&'static str, &'static str)],
}

/// ICAO 9303-3 for Russian, and for letters of other languages what it says of them in general. Letters of Central Asia: (K).
const BASE: Letters = &[
    ('А', "A"),
    ('Б', "B"),
    ('В', "V"),
    ('Г', "G"),
    ('Д', "D"),
    ('Е', "E"),
    ('Ё', "E"),
    ('Ж', "ZH"),
    ('З', "Z"),
    ('И', "I"),
    ('Й', "I"),
    ('К', "K"),
    ('Л', "L"),
    ('М', "M"),
    ('Н', "N"),
    ('О', "O"),
    ('П', "P"),
    ('Р', "R"),
    ('С', "S"),
    ('Т', "T"),
    ('У', "U"),
    ('Ф', "F"),
    ('Х', "KH"),
    ('Ц', "TS"),
    ('Ч', "CH"),
    ('Ш', "SH"),
    ('Щ', "SHCH"),
    ('Ъ', "IE"),
    ('Ы', "Y"),
    ('Ь', ""),
    ('Э', "E"),
    ('Ю', "IU"),
    ('Я', "IA"),
    ('Ґ', "G"),
    ('Є', "IE"),
    ('І', "I"),
    ('Ї', "I"),
    ('Ў', "U"),
    ('Ђ', "D"),
    ('Ј', "J"),
    ('Љ', "LJ"),
    ('Њ', "NJ"),
    ('Ћ', "C"),
    ('Џ', "DZ"),
    ('Ѓ', "GJ"),
    ('Ќ', "KJ"),
    ('Ѕ', "DZ"),
    ('Ә', "A"),
    ('Ғ', "G"),
    ('Қ', "K"),
    ('Ң', "N"),
    ('Ө', "O"),
    ('Ұ', "U"),
    ('Ү', "U"),
    ('Һ', "H"),
    ('Ҳ', "H"),
    ('Ҷ', "J"),
    ('Ӣ', "I"),
    ('Ӯ', "U"),
];

/// Russian passports since 2014: ICAO 9303-3.
pub static ICAO: System =
    System { name: "icao9303", letters: &[], initial: &[], after_vowel: &[], pairs: &[] };
/// Russian passports from 2010 on: GOST R 52535.1, order 26 of the FMS.
pub static FMS_2010: System = System { name: "gost2006", letters: &[('Ц', "TC"), ('Ъ', "")], ..ICAO_LIKE };
/// Russian passports from 1997 on: order 310 of the MVD. That E becomes YE: (K).
pub static MVD_1997: System = System {
    name: "mvd1997",
    letters: &[('Й', "Y"), ('Ю', "YU"), ('Я', "YA"), ('Ъ', "")],
    after_vowel: &[('Е', "YE"), ('Ё', "YO")],
    ..ICAO_LIKE
};
/// Ukrainian passports: the national table of 2010 (K).
pub static UKRAINIAN: System = System {
    name: "ukrainian2010",
    letters: &[('Г', "H"), ('И', "Y"), ('Й', "I"), ('Ъ', "")],
    initial: &[('Є', "YE"), ('Ї', "YI"), ('Й', "Y"), ('Ю', "YU"), ('Я', "YA")],
    pairs: &[("ЗГ", "ZGH")],
    ..ICAO_LIKE
};
/// Ukrainian after ICAO 9303-3: Г is G.
pub static UKRAINIAN_ICAO: System = System { name: "ukrainian-icao", letters: &[('И', "Y")], ..ICAO_LIKE };
/// Belarusian after ICAO 9303-3, as in passports (K).
pub static BELARUSIAN: System =
    System { name: "belarusian", letters: &[('Г', "H"), ('Ё', "IO")], ..ICAO_LIKE };
/// Bulgarian after the law of 2009 (K).
pub static BULGARIAN: System = System {
    name: "bulgarian",
    letters: &[('Й', "Y"), ('Х', "H"), ('Щ', "SHT"), ('Ъ', "A"), ('Ь', "Y"), ('Ю', "YU"), ('Я', "YA")],
    ..ICAO_LIKE
};
/// Serbian after ICAO 9303-3: the Latin alphabet without its signs.
pub static SERBIAN: System = System {
    name: "serbian",
    letters: &[('Ж', "Z"), ('Х', "H"), ('Ц', "C"), ('Ч', "C"), ('Ш', "S")],
    ..ICAO_LIKE
};
/// Serbian as people write it: DJ for Ђ (K).
pub static SERBIAN_FREE: System = System {
    name: "serbian-free",
    letters: &[('Ж', "Z"), ('Х', "H"), ('Ц', "C"), ('Ч', "C"), ('Ш', "S"), ('Ђ', "DJ")],
    ..ICAO_LIKE
};
/// Macedonian after ICAO 9303-3.
pub static MACEDONIAN: System =
    System { name: "macedonian", letters: &[('Х', "H"), ('Ц', "C"), ('Џ', "DJ")], ..ICAO_LIKE };

const ICAO_LIKE: System = System { name: "", letters: &[], initial: &[], after_vowel: &[], pairs: &[] };

/// Which systems a language uses; the first is that of its newest passports.
const LANGUAGES: &[(&str, &[&System])] = &[
    ("ru", &[&ICAO, &FMS_2010, &MVD_1997]),
    ("uk", &[&UKRAINIAN, &UKRAINIAN_ICAO, &ICAO]),
    ("be", &[&BELARUSIAN, &ICAO, &MVD_1997]),
    ("bg", &[&BULGARIAN, &ICAO]),
    ("sr", &[&SERBIAN, &SERBIAN_FREE]),
    ("mk", &[&MACEDONIAN, &SERBIAN]),
];
/// Letters that only some languages have.
const TELLING: &[(&str, &str)] = &[("ҐЄЇ", "uk"), ("ЂЋЉЊЏ", "sr"), ("ЃЌЅ", "mk")];
/// Where the language is not known: whoever wrote it down may have been of any of these.
const ANY: &[&System] = &[&ICAO, &FMS_2010, &MVD_1997, &UKRAINIAN, &BELARUSIAN];

/// After these letters the rule of 1997 writes E as YE.
const VOWELS: &str = "АЕЁИОУЫЭЮЯЬЪ";

impl System {
    /// A text in Latin capitals. What is no Cyrillic letter stays as it is.
    pub fn transliterate(&self, text: &str) -> String {
        let letters: Vec<char> = text.nfc().flat_map(char::to_uppercase).collect();
        let mut out = String::with_capacity(letters.len() * 2);
        let mut at = 0;
        while let Some(letter) = letters.get(at) {
            let before = at.checked_sub(1).and_then(|i| letters.get(i));
            if let Some((_, together)) = self.pair(&letters, at) {
                out.push_str(together);
                at += 2;
                continue;
            }
            match self.letter(*letter, before.copied()) {
                Some(latin) => out.push_str(latin),
                None => out.push(*letter),
            }
            at += 1;
        }
        out
    }

    fn pair(&self, letters: &[char], at: usize) -> Option<&(&str, &str)> {
        let two: String = letters.get(at..at + 2)?.iter().collect();
        self.pairs.iter().find(|(pair, _)| *pair == two)
    }

    fn letter(&self, letter: char, before: Option<char>) -> Option<&'static str> {
        let is_initial = before.is_none_or(|c| !c.is_alphabetic());
        let of = |table: Letters| table.iter().find(|(c, _)| *c == letter).map(|(_, latin)| *latin);
        let is_after_vowel = is_initial || before.is_some_and(|c| VOWELS.contains(c));
        let special = of(self.initial).filter(|_| is_initial);
        special
            .or_else(|| of(self.after_vowel).filter(|_| is_after_vowel))
            .or_else(|| of(self.letters))
            .or_else(|| of(BASE))
    }
}

/// A Cyrillic letter, large or small, in Latin capitals after ICAO 9303-3; none: it is no letter of the tables.
pub fn icao_letter(letter: char) -> Option<&'static str> {
    let mut capital = letter.to_uppercase();
    let first = capital.next().filter(|_| capital.next().is_none())?;
    BASE.iter().find(|(cyrillic, _)| *cyrillic == first).map(|(_, latin)| *latin)
}

/// Whether a letter of a text is Cyrillic.
pub fn is_cyrillic(text: &str) -> bool {
    text.chars().any(|c| ('\u{400}'..='\u{52f}').contains(&c))
}

/// All ways in which a text may stand in a passport: a Cyrillic one by each system of its language, without repetition; any
/// other one as it is, in capitals.
pub fn variants(text: &str, language: Option<&str>) -> Vec<String> {
    if !is_cyrillic(text) {
        return vec![text.nfc().flat_map(char::to_uppercase).collect()];
    }
    let mut all: Vec<String> = Vec::new();
    for system in systems(text, language) {
        let latin = system.transliterate(text);
        if !all.contains(&latin) {
            all.push(latin);
        }
    }
    all
}

/// The systems for a text: those of the language that is stated, or that its letters show.
fn systems(text: &str, language: Option<&str>) -> &'static [&'static System] {
    let of =
        |language: &str| LANGUAGES.iter().find(|(code, _)| *code == language).map(|(_, systems)| *systems);
    let stated = language.and_then(|tag| of(tag.split('-').next().unwrap_or(tag)));
    let shown = || {
        let capitals: String = text.chars().flat_map(char::to_uppercase).collect();
        TELLING
            .iter()
            .find(|(letters, _)| capitals.contains(|c| letters.contains(c)))
            .and_then(|(_, language)| of(language))
    };
    stated.or_else(shown).unwrap_or(ANY)
}

/// The Latin letter that a Cyrillic one looks like: the keyboard was not switched.
pub(crate) fn look_alike(c: char) -> Option<char> {
    const PAIRS: [(char, char); 13] = [
        ('А', 'A'),
        ('В', 'B'),
        ('Е', 'E'),
        ('К', 'K'),
        ('М', 'M'),
        ('Н', 'H'),
        ('О', 'O'),
        ('Р', 'P'),
        ('С', 'C'),
        ('Т', 'T'),
        ('У', 'Y'),
        ('Х', 'X'),
        ('І', 'I'),
    ];
    PAIRS.iter().find(|(from, _)| *from == c).map(|(_, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_three_russian_systems_hold() {
        let vectors: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("translit_vectors.json")).unwrap();
        assert_eq!(vectors.len(), 16);
        for vector in vectors {
            let name = vector["cyr"].as_str().unwrap();
            for (system, field) in
                [(&ICAO, "icao9303_mvd2017"), (&FMS_2010, "gost2006_fms2010"), (&MVD_1997, "mvd1997_310")]
            {
                assert_eq!(system.transliterate(name), vector[field], "{name} {field}");
                assert_eq!(system.transliterate(&name.to_lowercase()), vector[field], "{name} {field}");
            }
        }
    }

    #[test]
    fn other_languages_have_their_own_letters() {
        assert_eq!(UKRAINIAN.transliterate("Згурський Їжакевич Ганна"), "ZGHURSKYI YIZHAKEVYCH HANNA");
        assert_eq!(UKRAINIAN.transliterate("Юлія Єфремова Софія"), "YULIIA YEFREMOVA SOFIIA");
        assert_eq!(BELARUSIAN.transliterate("Алёна Грыгор'еўна"), "ALIONA HRYHOR'EUNA");
        assert_eq!(BULGARIAN.transliterate("Щерьо Ъглов"), "SHTERYO AGLOV");
        assert_eq!(SERBIAN.transliterate("Жељко Ђорђевић Џон"), "ZELJKO DORDEVIC DZON");
        assert_eq!(MACEDONIAN.transliterate("Ѓорѓи Ќосев Ѕвезда Кочо"), "GJORGJI KJOSEV DZVEZDA KOCHO");
    }

    #[test]
    fn every_letter_of_every_language_has_latin_ones() {
        let alphabets = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяґєіїўђјљњћџѓќѕәғқңөұүһҳҷӣӯ";
        for language in ["ru", "uk", "be", "bg", "sr", "mk", "kk"] {
            for latin in variants(alphabets, Some(language)) {
                assert!(latin.bytes().all(|b| b.is_ascii_uppercase()), "{language}: {latin}");
            }
        }
    }

    #[test]
    fn the_language_chooses_the_systems_and_so_do_letters() {
        assert_eq!(variants("Юлия", Some("ru-RU")), ["IULIIA", "YULIYA"]);
        assert_eq!(variants("Ганна", Some("uk")), ["HANNA", "GANNA"]);
        assert_eq!(variants("Їжак", None)[0], "YIZHAK");
        assert_eq!(variants("Müller", None), ["MÜLLER"]);
        assert!(variants("Галина", None).contains(&"HALYNA".to_owned()));
    }
}
