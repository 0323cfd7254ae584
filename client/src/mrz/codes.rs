//! Who issues documents: countries, and the codes of the standard that are none. They are a data file, easy to correct.

use std::sync::OnceLock;

use crate::lang::Lang;
use crate::registers::{countries, rows};

const DATA: &str = include_str!("../../data/mrz-codes.csv");

/// What a code of the zone stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Named {
    /// The country (ISO 3166-1, two letters); empty if it is none.
    pub alpha2: String,
    /// English name.
    pub en: String,
    /// Russian name.
    pub ru: String,
}

impl Named {
    /// What a code stands for; none if nobody knows it.
    pub fn of(code: &str) -> Option<Self> {
        if let Some((_, named)) = special().iter().find(|(special, _)| special == code) {
            return Some(named.clone());
        }
        let country = countries::by_code(code).filter(|country| country.alpha3 == code)?;
        Some(Self { alpha2: country.alpha2.clone(), en: country.en.clone(), ru: country.ru.clone() })
    }

    /// Its name.
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ru => &self.ru,
            _ => &self.en,
        }
    }
}

fn special() -> &'static [(String, Named)] {
    static ALL: OnceLock<Vec<(String, Named)>> = OnceLock::new();
    ALL.get_or_init(|| rows(DATA).map(|[code, alpha2, en, ru]| (code, Named { alpha2, en, ru })).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_codes_are_known_and_hide_no_country() {
        assert_eq!(special().len(), crate::registers::lines(DATA));
        for (code, named) in special() {
            assert!(named.alpha2.is_empty() || countries::by_code(&named.alpha2).is_some(), "{code}");
            assert!(rust_iso3166::from_alpha3(code).is_none(), "{code}");
        }
        assert_eq!(Named::of("D").unwrap().alpha2, "DE");
        assert_eq!(Named::of("RUS").unwrap().ru, "Россия");
        assert_eq!(Named::of("XXA").unwrap().alpha2, "");
        assert_eq!(Named::of("RU"), None);
    }
}
