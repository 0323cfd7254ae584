//! When a person was born, as far as a date with unknown parts or an age tells.

use serde_json::{Map, Value};

use super::{object, text};
use crate::referral::values::partial_date;

/// A day as a number that grows with time: months have 31 days and years twelve months, which is all that comparing needs.
type Day = i32;

/// Days of a year in these numbers.
pub const YEAR: i32 = 12 * 31;
/// Oldest person.
const AGE_MAX: i64 = 120;

/// From when to when a person may have been born.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Birth {
    /// First day.
    pub from: i32,
    /// Last day.
    pub to: i32,
    /// It comes from an age, or from a date that says itself that it is uncertain.
    pub is_estimate: bool,
}

impl Birth {
    /// The years that it spans, at most a person's age.
    pub fn years(self) -> std::ops::RangeInclusive<i32> {
        let (from, to) = (self.from.div_euclid(YEAR), self.to.div_euclid(YEAR));
        from..=to.min(from.saturating_add(120))
    }

    /// Whether it is a day and nothing else.
    pub fn is_day(self) -> bool {
        self.from == self.to && !self.is_estimate
    }

    /// Days between the two where they do not touch; zero where they do.
    pub fn gap(self, other: Self) -> i32 {
        (self.from.saturating_sub(other.to)).max(other.from.saturating_sub(self.to)).max(0)
    }

    /// Whether two days differ as a slip does: in one of year, month and day, or with month and day exchanged.
    pub fn is_slip_of(self, other: Self) -> bool {
        let parts = |day: Day| (day.div_euclid(YEAR), day.rem_euclid(YEAR) / 31 + 1, day.rem_euclid(31) + 1);
        let (a, b) = (parts(self.from), parts(other.from));
        let differing = u8::from(a.0 != b.0) + u8::from(a.1 != b.1) + u8::from(a.2 != b.2);
        let exchanged = a.0 == b.0 && a.1 == b.2 && a.2 == b.1;
        // A year that is another one altogether is no slip.
        exchanged || (differing == 1 && (a.0 - b.0).abs() <= 10)
    }

    /// Days in it.
    pub fn width(self) -> i32 {
        self.to.saturating_sub(self.from)
    }
}

/// The birth of a person: `dob`, otherwise `age` with the day that it was true on.
pub(super) fn of(person: &Map<String, Value>, written: Option<&str>) -> Option<Birth> {
    let dated = text(person, "dob").and_then(dated);
    dated.or_else(|| aged(object(person.get("age")?)?, written))
}

fn dated(text: &str) -> Option<Birth> {
    let (from, to) = partial_date(text)?;
    let is_uncertain = text.ends_with(['~', '%']);
    let open = Day::from(i16::try_from(AGE_MAX).ok()?) * YEAR;
    let (from, to) = match (from.map(day), to.map(day)) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => (from, from.saturating_add(open)),
        (None, Some(to)) => (to.saturating_sub(open), to),
        (None, None) => return None,
    };
    // One unit more on both sides: a year, a month, a day.
    let unit = match to.saturating_sub(from) {
        0 => 1,
        1..=30 => 31,
        _ => YEAR,
    };
    let more = if is_uncertain { unit } else { 0 };
    Some(Birth {
        from: from.saturating_sub(more),
        to: to.saturating_add(more),
        is_estimate: is_uncertain || text.ends_with('?'),
    })
}

/// Somebody is `max` years old until the day before the next birthday.
fn aged(age: &Map<String, Value>, written: Option<&str>) -> Option<Birth> {
    let years =
        |name: &str| age.get(name).and_then(Value::as_i64).filter(|years| (0..=AGE_MAX).contains(years));
    let (min, max) = match (years("min"), years("max")) {
        (Some(min), Some(max)) if min <= max => (min, max),
        (Some(only), None) | (None, Some(only)) => (only, only),
        _ => return None,
    };
    let as_of = text(age, "as_of").or(written)?;
    let (first, last) = partial_date(as_of.get(..10).unwrap_or(as_of))?;
    let (first, last) = (day(first?), day(last?));
    let back = |years: i64| i32::try_from(years).unwrap_or(0) * YEAR;
    Some(Birth { from: first - back(max + 1) + 1, to: last - back(min), is_estimate: true })
}

fn day(date: jiff::civil::Date) -> Day {
    let month = Day::from(date.year()) * 12 + Day::from(date.month()) - 1;
    month * 31 + Day::from(date.day()) - 1
}

/// Hours since 1970 of a moment or of a date.
pub(super) fn hour(text: &str) -> Option<f64> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_duration().as_secs_f64() / 3600.0);
    }
    let date = partial_date(text)?.0?;
    let midnight = jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    Some(midnight.as_duration().as_secs_f64() / 3600.0)
}
