//! Border points: a register of our own, because UN/LOCODE names towns and not crossings.
//!
//! Numbers are never used again. A point that is missing can be written into a referral without a number.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::find::Query;
use crate::lang::Lang;

const DATA: &str = include_str!("../../data/border-points.csv");

/// A place where people cross a border.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BorderPoint {
    /// `BP-` and four digits.
    pub id: String,
    /// English name.
    pub en: String,
    /// Russian name.
    pub ru: String,
    /// Names on the spot.
    pub local: String,
    /// The country on one side (ISO 3166-1).
    pub country_a: String,
    /// The country on the other side; empty for airports and ports.
    pub country_b: String,
    /// road, rail, air, sea, river, foot.
    pub mode: String,
    /// UN/LOCODE, if there is one.
    pub locode: String,
    /// IATA code of an airport.
    pub iata: String,
}

impl BorderPoint {
    /// Its name.
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ru => &self.ru,
            _ => &self.en,
        }
    }

    /// As it stands in a referral (`border_point`).
    pub fn to_json(&self) -> Value {
        let mut point = json!({
            "bp_id": self.id,
            "name": self.en,
            "country_a": self.country_a,
            "mode": self.mode,
        });
        for (name, value) in [("country_b", &self.country_b), ("locode", &self.locode), ("iata", &self.iata)]
        {
            if !value.is_empty() {
                point[name] = value.as_str().into();
            }
        }
        point
    }
}

/// All of them.
pub fn all() -> &'static [BorderPoint] {
    static ALL: OnceLock<Vec<BorderPoint>> = OnceLock::new();
    ALL.get_or_init(|| {
        super::rows(DATA)
            .map(|[id, en, ru, local, country_a, country_b, mode, locode, iata]| BorderPoint {
                id,
                en,
                ru,
                local,
                country_a,
                country_b,
                mode,
                locode,
                iata,
            })
            .collect()
    })
}

/// The point of a number.
pub fn by_id(id: &str) -> Option<&'static BorderPoint> {
    all().iter().find(|point| point.id == id)
}

/// Points by number, name, country, IATA code or UN/LOCODE, in any spelling; the best first.
pub fn find(text: &str) -> Vec<&'static BorderPoint> {
    let code = text.trim().to_uppercase();
    if let Some(point) = all().iter().find(|p| p.id == code || (!p.iata.is_empty() && p.iata == code)) {
        return vec![point];
    }
    let mut found = Query::new(text).best(all(), |p| [&p.en, &p.ru, &p.local, &p.locode]);
    if found.is_empty()
        && let Some(country) = super::countries::find(text).first()
    {
        found =
            all().iter().filter(|p| p.country_a == country.alpha2 || p.country_b == country.alpha2).collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_point_is_whole() {
        assert_eq!(all().len(), crate::registers::lines(DATA));
        assert!(all().len() >= 60);
        let ids: BTreeSet<&str> = all().iter().map(|point| point.id.as_str()).collect();
        assert_eq!(ids.len(), all().len(), "a number stands twice");
        let country = crate::referral::values::country;
        for point in all() {
            let number = point.id.strip_prefix("BP-").unwrap();
            assert!(number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()), "{}", point.id);
            assert!(country(&point.country_a) && (point.country_b.is_empty() || country(&point.country_b)));
            assert_eq!(
                point.country_b.is_empty(),
                !["road", "rail", "river", "foot"].contains(&point.mode.as_str())
                    || ["BP-0044", "BP-0115", "BP-0116"].contains(&point.id.as_str()),
                "{}",
                point.id
            );
            assert!(["road", "rail", "air", "sea", "river", "foot"].contains(&point.mode.as_str()));
            let capitals =
                |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_uppercase());
            assert_eq!(capitals(&point.iata, 3), point.mode == "air", "{}", point.id);
            let locode = &point.locode;
            assert!(locode.is_empty() || (capitals(&locode[..2], 2) && locode.starts_with(&point.country_a)));
            assert!(!point.en.is_empty() && !point.ru.is_empty() && !point.local.is_empty());
        }
    }

    #[test]
    fn a_point_is_found_in_any_spelling() {
        let first = |text: &str| find(text)[0].id.as_str();
        assert_eq!(first("BP-0017"), "BP-0017");
        assert_eq!(first("паланка"), "BP-0017");
        assert_eq!(first("Palanca"), "BP-0017");
        assert_eq!(first("маяки удобное"), "BP-0017");
        assert_eq!(first("svo"), "BP-0001");
        assert_eq!(first("sheremetevo"), "BP-0001");
        assert_eq!(first("верхний ларс"), "BP-0073");
        assert_eq!(first("Kuznica"), "BP-0035");
        assert!(find("Thailand").iter().all(|point| point.country_a == "TH"));
        assert!(find("").is_empty());
        assert_eq!(by_id("BP-0017").unwrap().to_json()["country_b"], "UA");
    }
}
