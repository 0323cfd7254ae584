//! Dates of six digits, of which parts may be unknown.

use jiff::civil::Date;
use serde_json::{Value, json};

/// A date of the zone.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZoneDate {
    /// As it stands.
    pub raw: String,
    /// As far as it is known (EDTF: `1985`, `1985-03`, `1985-03-12`); empty if it says nothing, or nothing possible.
    pub date: String,
    /// Somebody more than a hundred years old would have this one: to be asked. Empty if that cannot be.
    pub or_else: String,
    /// It can be no date.
    pub impossible: bool,
}
no_content_in_debug!(ZoneDate);

/// Ages that a person may have.
const AGE_MAX: i16 = 120;

impl ZoneDate {
    /// A birth: the latest year that does not lie ahead.
    pub(super) fn birth(raw: &str, today: Date) -> Self {
        let this = |year: i16| written(raw, year);
        let Some(yy) = year(raw) else { return Self::without(raw) };
        let century = today.year() - today.year().rem_euclid(100);
        let past = |year: &i16| earliest(raw, *year).is_none_or(|date| date <= today);
        let full = [century + yy, century + yy - 100].into_iter().find(past).unwrap_or(century + yy - 100);
        let Some(date) = this(full) else { return Self::without(raw) };
        let older = full - 100;
        let or_else =
            if today.year() - older <= AGE_MAX { this(older).unwrap_or_default() } else { String::new() };
        Self { raw: raw.to_owned(), date, or_else, impossible: false }
    }

    /// An expiry: within fifty years.
    pub(super) fn expiry(raw: &str, today: Date) -> Self {
        let Some(yy) = year(raw) else { return Self::without(raw) };
        let century = today.year() - today.year().rem_euclid(100);
        let near = |year: &i16| (*year - today.year()) <= 50 && (*year - today.year()) > -50;
        let full = [century + yy, century + yy - 100, century + yy + 100].into_iter().find(near);
        match full.and_then(|year| written(raw, year)) {
            Some(date) => Self { raw: raw.to_owned(), date, or_else: String::new(), impossible: false },
            None => Self::without(raw),
        }
    }

    fn without(raw: &str) -> Self {
        let impossible = raw.bytes().any(|b| b != b'<');
        Self { raw: raw.to_owned(), date: String::new(), or_else: String::new(), impossible }
    }

    pub(super) fn to_json(&self) -> Value {
        let text = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
        json!({
            "raw": self.raw,
            "date": text(&self.date),
            "or_else": text(&self.or_else),
            "impossible": self.impossible,
        })
    }
}

fn part(raw: &str, from: usize) -> Option<&str> {
    raw.get(from..from + 2)
}

fn number(part: &str) -> Option<i8> {
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}

fn year(raw: &str) -> Option<i16> {
    number(part(raw, 0)?).map(i16::from)
}

/// The first day that it can mean.
fn earliest(raw: &str, year: i16) -> Option<Date> {
    let known = |from| part(raw, from).and_then(number).unwrap_or(1);
    Date::new(year, known(2), known(4)).ok()
}

/// With its century; none if there is no such date, or a day of an unknown month.
fn written(raw: &str, year: i16) -> Option<String> {
    let (month, day) = (part(raw, 2)?, part(raw, 4)?);
    match (month, day) {
        ("<<", "<<") => Some(format!("{year:04}")),
        (month, "<<") => {
            let month = Date::new(year, number(month)?, 1).ok()?.month();
            Some(format!("{year:04}-{month:02}"))
        }
        (month, day) => Date::new(year, number(month)?, number(day)?).ok().map(|date| date.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Date {
        Date::constant(2026, 11, 28)
    }

    #[test]
    fn a_birth_never_lies_ahead() {
        let birth = |raw: &str| ZoneDate::birth(raw, today()).date;
        assert_eq!(birth("740812"), "1974-08-12");
        assert_eq!(birth("261128"), "2026-11-28");
        assert_eq!(birth("261129"), "1926-11-29");
        assert_eq!(birth("26<<<<"), "2026");
        assert_eq!(birth("85<<<<"), "1985");
        assert_eq!(birth("8503<<"), "1985-03");
        for nothing in ["<<<<<<", "851301", "850230", "85<<12", "8O0101", "", "Ä"] {
            assert_eq!(birth(nothing), "", "{nothing}");
        }
        assert!(
            ZoneDate::birth("850230", today()).impossible && !ZoneDate::birth("<<<<<<", today()).impossible
        );
    }

    #[test]
    fn somebody_may_be_more_than_a_hundred_years_old() {
        let or_else = |raw: &str| ZoneDate::birth(raw, today()).or_else;
        assert_eq!(or_else("150101"), "1915-01-01");
        assert_eq!(or_else("261128"), "1926-11-28");
        assert_eq!(or_else("850101"), "");
        assert_eq!(or_else("050101"), "");
    }

    #[test]
    fn an_expiry_lies_within_fifty_years() {
        let expiry = |raw: &str| ZoneDate::expiry(raw, today()).date;
        assert_eq!(expiry("120415"), "2012-04-15");
        assert_eq!(expiry("760101"), "2076-01-01");
        assert_eq!(expiry("770101"), "1977-01-01");
        assert_eq!(expiry("950712"), "1995-07-12");
    }
}
