//! Countries (ISO 3166-1, and XK for Kosovo) with their English and Russian names.

use std::sync::OnceLock;

use super::find::Query;
use crate::lang::Lang;

const DATA: &str = include_str!("../../data/countries.csv");

/// A country.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Country {
    /// ISO 3166-1, two letters.
    pub alpha2: String,
    /// ISO 3166-1, three letters, as in travel documents; `RKS` for Kosovo.
    pub alpha3: String,
    /// English name.
    pub en: String,
    /// Russian name.
    pub ru: String,
}

impl Country {
    /// Its name.
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ru => &self.ru,
            _ => &self.en,
        }
    }
}

/// All of them, by their codes.
pub fn all() -> &'static [Country] {
    static ALL: OnceLock<Vec<Country>> = OnceLock::new();
    ALL.get_or_init(|| {
        super::rows(DATA)
            .map(|[alpha2, en, ru]| {
                let iso = rust_iso3166::from_alpha2(&alpha2).map(|country| country.alpha3.to_owned());
                Country { alpha3: iso.unwrap_or_else(|| "RKS".to_owned()), alpha2, en, ru }
            })
            .collect()
    })
}

/// The country of a code of two or three capital letters.
pub fn by_code(code: &str) -> Option<&'static Country> {
    all().iter().find(|country| country.alpha2 == code || country.alpha3 == code)
}

/// The name of a country; the code itself if nobody knows it.
pub fn name(code: &str, lang: Lang) -> &str {
    by_code(code).map_or(code, |country| country.name(lang))
}

/// Countries by name or code, in any spelling; the best first.
pub fn find(text: &str) -> Vec<&'static Country> {
    if let Some(country) = by_code(text.trim().to_uppercase().as_str()) {
        return vec![country];
    }
    Query::new(text).best(all(), |c| [&c.en, &c.ru])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_of_the_tables_has_both_names() {
        assert_eq!(all().len(), 250);
        assert_eq!(all().len(), crate::registers::lines(DATA));
        for country in all() {
            assert!(crate::referral::values::country(&country.alpha2), "{}", country.alpha2);
            assert!(!country.en.is_empty() && country.ru.chars().all(|c| !c.is_ascii_alphabetic()));
            assert!(
                country.alpha2 == "XK" || country.alpha3 != "RKS",
                "{} is not in ISO 3166",
                country.alpha2
            );
        }
    }

    #[test]
    fn a_country_is_found_by_code_and_by_name() {
        let first = |text: &str| find(text)[0].alpha2.as_str();
        assert_eq!(first("md"), "MD");
        assert_eq!(first("MDA"), "MD");
        assert_eq!(first("молдова"), "MD");
        assert_eq!(first("Moldova"), "MD");
        assert_eq!(first("gruziia"), "GE");
        assert_eq!(first("германия"), "DE");
        assert_eq!(first("Косово"), "XK");
        assert!(find("").is_empty() && find("зззк").is_empty());
        assert_eq!(name("ZZ", Lang::Ru), "ZZ");
    }
}
