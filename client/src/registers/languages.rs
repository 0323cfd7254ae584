//! Languages (ISO 639): the common ones with a Russian name, all others with their English one.

use std::sync::OnceLock;

use super::find::Query;
use crate::lang::Lang;

const DATA: &str = include_str!("../../data/languages.csv");

/// A language.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Language {
    /// ISO 639-1 if there is one, else ISO 639-3.
    pub code: String,
    /// English name.
    pub en: String,
    /// Russian name; empty for rare ones.
    pub ru: String,
    /// Its name in itself; empty where it is not known.
    pub own: String,
}

impl Language {
    /// Its name; the English one where there is no other.
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ru if !self.ru.is_empty() => &self.ru,
            _ => &self.en,
        }
    }
}

/// All of them: the common ones first.
pub fn all() -> &'static [Language] {
    static ALL: OnceLock<Vec<Language>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all: Vec<Language> = super::rows(DATA)
            .map(|[code, en, ru]| {
                let own = iso(&code).and_then(|l| l.to_autonym()).unwrap_or_default();
                Language { code, en, ru, own: own.to_owned() }
            })
            .collect();
        let common: std::collections::HashSet<String> = all.iter().map(|l| l.code.clone()).collect();
        for language in isolang::languages() {
            let code = language.to_639_1().unwrap_or_else(|| language.to_639_3());
            if !common.contains(code) {
                let own = language.to_autonym().unwrap_or_default().to_owned();
                let en = language.to_name().to_owned();
                all.push(Language { code: code.to_owned(), en, ru: String::new(), own });
            }
        }
        all
    })
}

fn iso(code: &str) -> Option<isolang::Language> {
    if code.len() == 2 { isolang::Language::from_639_1(code) } else { isolang::Language::from_639_3(code) }
}

/// The language of a code.
pub fn by_code(code: &str) -> Option<&'static Language> {
    all().iter().find(|language| language.code == code)
}

/// The name of the language of a tag such as `ru` or `ro-MD`; the tag itself if nobody knows it.
pub fn name(tag: &str, lang: Lang) -> &str {
    let primary = tag.split('-').next().unwrap_or(tag);
    by_code(primary).map_or(tag, |language| language.name(lang))
}

/// Languages by name or code, in any spelling; the best first.
pub fn find(text: &str) -> Vec<&'static Language> {
    if let Some(language) = by_code(text.trim()) {
        return vec![language];
    }
    Query::new(text).best(all(), |l| [&l.en, &l.ru, &l.own])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_languages_have_a_russian_name() {
        assert_eq!(super::super::rows::<3>(DATA).count(), crate::registers::lines(DATA));
        for code in
            ["ru", "ro", "uk", "uz", "tg", "ky", "de", "en", "pl", "he", "ar", "tr", "vi", "zh", "th", "rom"]
        {
            let language = by_code(code).unwrap();
            assert!(!language.ru.is_empty() && !language.en.is_empty(), "{code}");
        }
        assert!(super::super::rows::<3>(DATA).all(|[code, ..]| iso(&code).is_some() || code == "rom"));
    }

    #[test]
    fn a_language_is_found_by_code_and_by_name() {
        assert_eq!(find("ru")[0].code, "ru");
        assert_eq!(find("узбекский")[0].code, "uz");
        assert_eq!(find("Romanian")[0].code, "ro");
        assert_eq!(find("română")[0].code, "ro");
        assert_eq!(name("ro-MD", Lang::Ru), "румынский");
        assert_eq!(name("zzz", Lang::En), "zzz");
        assert!(all().len() > 7_000);
    }
}
