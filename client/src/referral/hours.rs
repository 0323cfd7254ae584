//! When an organisation works: its week, its holidays, its time zone, and whom to call at night.
//!
//! An organisation publishes its own calendar to its partners as a packet of the kind ODH. Clocks that count working days
//! count the recipient's. Without a calendar: Monday to Friday, 09:00 to 18:00, UTC, and this is said.

use std::collections::BTreeSet;
use std::time::Duration;

use causeway_common::time::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::values;

/// Times of work in a day; more is a misprint.
const SPANS_MAX: usize = 8;
/// Holidays in a calendar: some years of them.
const HOLIDAYS_MAX: usize = 400;
/// Longest time ahead in which the next working day is looked for.
const DAYS_AHEAD_MAX: usize = 400;
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A calendar.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Hours {
    /// Whether the organisation has said so itself.
    pub published: bool,
    /// Whether somebody is on duty day and night, for what is urgent.
    pub around_the_clock: bool,
    /// Whom to call when nobody is there; E.164 or empty.
    pub night_phone: String,
    zone: TimeZone,
    /// Times of work by day of the week, Monday first; in order, none overlapping.
    week: [Vec<(Time, Time)>; 7],
    holidays: BTreeSet<Date>,
}

/// Why a calendar does not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {found:?} does not read")]
#[non_exhaustive]
pub struct BadHours {
    /// Which field.
    pub path: String,
    /// What stands there.
    pub found: String,
}

impl Default for Hours {
    fn default() -> Self {
        let office = vec![(Time::constant(9, 0, 0, 0), Time::constant(18, 0, 0, 0))];
        let week = std::array::from_fn(|day| if day < 5 { office.clone() } else { Vec::new() });
        Self {
            published: false,
            around_the_clock: false,
            night_phone: String::new(),
            zone: TimeZone::UTC,
            week,
            holidays: BTreeSet::new(),
        }
    }
}

impl Hours {
    /// Reads a calendar: `zone` (a name such as `Europe/Berlin`, or a POSIX rule), `week` (`mon` to `sun`, each a list of
    /// `09:00-18:00`), `holidays` (dates), `around_the_clock`, `night_phone`.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, BadHours> {
        let zone_name = fields.get("zone").and_then(Value::as_str).unwrap_or("UTC");
        let zone = zone(zone_name).ok_or_else(|| bad("zone", zone_name))?;
        let mut week: [Vec<(Time, Time)>; 7] = Default::default();
        for (day, (name, _)) in DAYS.iter().enumerate() {
            let spans = fields.get("week").and_then(|w| w.get(name)).and_then(Value::as_array);
            for span in spans.into_iter().flatten().take(SPANS_MAX) {
                let text = span.as_str().unwrap_or_default();
                week[day].push(read_span(text).ok_or_else(|| bad(&format!("week.{name}"), text))?);
            }
            week[day].sort_unstable();
            if week[day].windows(2).any(|pair| pair[0].1 > pair[1].0) {
                return Err(bad(&format!("week.{name}"), "overlapping times"));
            }
        }
        let mut holidays = BTreeSet::new();
        let listed = fields.get("holidays").and_then(Value::as_array);
        for day in listed.into_iter().flatten().take(HOLIDAYS_MAX) {
            let text = day.as_str().unwrap_or_default();
            holidays.insert(values::date(text).ok_or_else(|| bad("holidays", text))?);
        }
        let night_phone = fields.get("night_phone").and_then(Value::as_str).unwrap_or_default();
        if !night_phone.is_empty() && !values::phone(night_phone) {
            return Err(bad("night_phone", night_phone));
        }
        let around_the_clock = fields.get("around_the_clock").and_then(Value::as_bool).unwrap_or(false);
        if !around_the_clock && week.iter().all(Vec::is_empty) {
            return Err(bad("week", "no hours at all"));
        }
        let night_phone = night_phone.to_owned();
        Ok(Self { published: true, around_the_clock, night_phone, zone, week, holidays })
    }

    /// The same as fields, for people and for a packet.
    pub fn to_fields(&self) -> Map<String, Value> {
        let written = |time: &Time| match *time {
            Time::MAX => "24:00".to_owned(),
            time => format!("{:02}:{:02}", time.hour(), time.minute()),
        };
        let span = |(from, to): &(Time, Time)| Value::from(format!("{}-{}", written(from), written(to)));
        let week: Map<String, Value> = DAYS
            .iter()
            .zip(&self.week)
            .map(|((name, _), spans)| ((*name).to_owned(), spans.iter().map(span).collect()))
            .collect();
        let holidays: Vec<String> = self.holidays.iter().map(ToString::to_string).collect();
        let fields = json!({
            "zone": self.zone.iana_name().unwrap_or("UTC"),
            "week": week,
            "holidays": holidays,
            "around_the_clock": self.around_the_clock,
            "night_phone": self.night_phone,
        });
        fields.as_object().cloned().unwrap_or_default()
    }

    /// Whether somebody works at this moment.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = self.local(at);
        self.spans(local.date()).iter().any(|(from, to)| (*from..*to).contains(&local.time()))
    }

    /// The moment itself if somebody works then, else the next at which work begins.
    pub fn next_open(&self, at: Timestamp) -> Timestamp {
        if self.is_open(at) {
            return at;
        }
        let local = self.local(at);
        let mut day = local.date();
        for ahead in 0..DAYS_AHEAD_MAX {
            let begins = self.spans(day).iter().find(|(from, _)| ahead > 0 || *from >= local.time());
            if let Some((from, _)) = begins {
                return self.moment(day, *from).unwrap_or(at);
            }
            let Ok(next) = day.tomorrow() else { return at };
            day = next;
        }
        at
    }

    /// The same time of day so many working days later. What begins when nobody works begins with the next working time.
    pub fn plus_days(&self, at: Timestamp, days: u32) -> Timestamp {
        let begin = self.next_open(at);
        let local = self.local(begin);
        let (mut day, mut left) = (local.date(), days);
        for _ in 0..DAYS_AHEAD_MAX {
            if left == 0 {
                break;
            }
            let Ok(next) = day.tomorrow() else { return begin };
            day = next;
            left -= u32::from(!self.spans(day).is_empty());
        }
        self.moment(day, local.time()).unwrap_or(begin).max(begin)
    }

    /// How long until somebody works.
    pub fn until_open(&self, at: Timestamp) -> Duration {
        self.next_open(at).since(at)
    }

    fn spans(&self, day: Date) -> &[(Time, Time)] {
        if self.holidays.contains(&day) {
            return &[];
        }
        let number = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
        self.week.get(number).map_or(&[], Vec::as_slice)
    }

    fn local(&self, at: Timestamp) -> jiff::civil::DateTime {
        let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
        let moment = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
        self.zone.to_datetime(moment)
    }

    /// A time that a change of the clocks has skipped is the one just after the gap.
    fn moment(&self, day: Date, time: Time) -> Option<Timestamp> {
        let moment = self.zone.to_timestamp(day.to_datetime(time)).ok()?;
        u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
    }
}

fn bad(path: &str, found: &str) -> BadHours {
    BadHours { path: path.to_owned(), found: found.chars().take(80).collect() }
}

fn zone(name: &str) -> Option<TimeZone> {
    if name == "UTC" {
        return Some(TimeZone::UTC);
    }
    TimeZone::get(name).or_else(|_| TimeZone::posix(name)).ok()
}

fn read_span(text: &str) -> Option<(Time, Time)> {
    let (from, to) = text.split_once('-')?;
    let time = |text: &str| -> Option<Time> {
        let (hour, minute) = text.trim().split_once(':')?;
        match (hour.parse().ok()?, minute.parse().ok()?) {
            (24, 0) => Some(Time::MAX),
            (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
        }
    };
    let (from, to) = (time(from)?, time(to)?);
    (from < to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond().try_into().unwrap())
    }

    fn berlin() -> Hours {
        let fields = json!({
            "zone": "CET-1CEST,M3.5.0,M10.5.0/3",
            "week": {"mon": ["09:00-12:00", "13:00-17:00"], "tue": ["09:00-17:00"], "fri": ["09:00-24:00"], "sun": ["01:00-10:00"]},
            "holidays": ["2026-12-25"],
            "night_phone": "+4930123456",
        });
        Hours::read(fields.as_object().unwrap()).unwrap()
    }

    #[test]
    fn work_has_its_hours_and_its_holidays() {
        let hours = berlin();
        assert!(hours.is_open(at("2026-11-30T08:00:00Z")), "09:00 in Berlin, Monday");
        assert!(!hours.is_open(at("2026-11-30T11:30:00Z")), "at lunch");
        assert_eq!(hours.next_open(at("2026-11-30T11:30:00Z")), at("2026-11-30T12:00:00Z"));
        assert_eq!(
            hours.next_open(at("2026-12-02T10:00:00Z")),
            at("2026-12-04T08:00:00Z"),
            "Wednesday to Friday"
        );
        assert_eq!(hours.next_open(at("2026-12-25T10:00:00Z")), at("2026-12-27T00:00:00Z"), "a holiday");
        assert!(hours.is_open(at("2026-12-04T22:59:00Z")), "until midnight");
    }

    #[test]
    fn a_day_is_the_same_time_of_day_when_the_clocks_change() {
        let hours = berlin();
        // Friday before the clocks go forward; Sunday is the next working day, in summer time.
        assert_eq!(hours.plus_days(at("2026-03-27T08:30:00Z"), 1), at("2026-03-29T07:30:00Z"));
        // 02:30 does not exist on that Sunday.
        assert_eq!(
            hours.moment("2026-03-29".parse().unwrap(), Time::constant(2, 30, 0, 0)),
            Some(at("2026-03-29T01:30:00Z"))
        );
        assert_eq!(hours.plus_days(at("2026-10-23T07:30:00Z"), 1), at("2026-10-25T08:30:00Z"));
    }

    #[test]
    fn what_begins_at_night_begins_in_the_morning() {
        let office = Hours::default();
        assert_eq!(office.plus_days(at("2026-11-28T03:00:00Z"), 1), at("2026-12-01T09:00:00Z"), "Saturday");
        assert_eq!(office.plus_days(at("2026-11-27T17:00:00Z"), 3), at("2026-12-02T17:00:00Z"));
        assert_eq!(office.plus_days(Timestamp(u64::MAX), 3).0.min(1), 1, "the end of time is no trap");
    }

    #[test]
    fn a_calendar_is_read_as_it_is_written_and_nonsense_is_refused() {
        let hours = Hours { zone: TimeZone::UTC, ..berlin() };
        assert_eq!(Hours::read(&hours.to_fields()).unwrap(), hours);
        for (path, wrong) in [
            ("zone", json!({"zone": "Moon/Base", "around_the_clock": true})),
            ("week.mon", json!({"week": {"mon": ["18:00-09:00"]}})),
            ("week.mon", json!({"week": {"mon": ["09:00-12:00", "11:00-13:00"]}})),
            ("week", json!({})),
            ("holidays", json!({"around_the_clock": true, "holidays": ["soon"]})),
            ("night_phone", json!({"around_the_clock": true, "night_phone": "ask"})),
        ] {
            assert_eq!(Hours::read(wrong.as_object().unwrap()).unwrap_err().path, path);
        }
    }
}
