//! Who is on duty: members take weeks in turn, and whoever stands in for a time comes before the rotation.
//!
//! A week begins at one time of day of the roster's own zone, so that a change of the clocks makes one week an hour longer or
//! shorter and moves no shift. Of several who stand in at one moment, the one that was written last counts.

use causeway_common::time::Timestamp;
use jiff::Span;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::staff;

/// Members of a rotation: one for each week of a year.
pub const MEMBERS_MAX: usize = 53;
/// In place of a number: nobody.
pub const NOBODY: &str = "-";
/// How far ahead the end of a shift is looked for: half a year of one member's weeks is "for good".
const WEEKS_AHEAD_MAX: i64 = 26;

/// The rotation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rotation {
    zone: TimeZone,
    /// The day on which the first member's first week begins.
    begins: Date,
    /// When a week begins.
    at: Time,
    /// In their order; [`NOBODY`] for a week without anybody.
    members: Vec<String>,
}

/// The same as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    pub(crate) zone: String,
    pub(crate) begins: String,
    pub(crate) at: String,
    pub(crate) members: Vec<String>,
}

/// Somebody stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Override {
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who; [`NOBODY`] for nobody.
    pub to: String,
}

/// The roster: later overrides of the list come before earlier ones, and all of them before the rotation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Roster {
    /// Who takes weeks in turn.
    pub rotation: Rotation,
    /// Who stands in, as it was written.
    pub overrides: Vec<Override>,
}

/// Who is on duty for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shift {
    /// Number of whoever it is; none: nobody.
    pub who: Option<String>,
    /// Until when; none: longer than anybody has to know.
    pub until: Option<Timestamp>,
}

impl Rotation {
    /// Reads one; gives the field that does not read.
    pub(crate) fn read(written: &Written) -> Result<Self, (&'static str, String)> {
        let bad = |field: &'static str, text: &str| (field, text.chars().take(80).collect::<String>());
        let zone = zone(&written.zone).ok_or_else(|| bad("zone", &written.zone))?;
        let begins = written.begins.parse().map_err(|_| bad("begins", &written.begins))?;
        let at = written.at.parse().map_err(|_| bad("at", &written.at))?;
        let is_one = |member: &String| member == NOBODY || staff::is_number(member);
        if let Some(other) = written.members.iter().find(|member| !is_one(member)) {
            return Err(bad("members", other));
        }
        if written.members.is_empty() || written.members.len() > MEMBERS_MAX {
            return Err(bad("members", &written.members.len().to_string()));
        }
        Ok(Self { zone, begins, at, members: written.members.clone() })
    }

    /// The same, to be written.
    pub(crate) fn written(&self) -> Written {
        Written {
            zone: self.zone.iana_name().unwrap_or("UTC").to_owned(),
            begins: self.begins.to_string(),
            at: format!("{:02}:{:02}", self.at.hour(), self.at.minute()),
            members: self.members.clone(),
        }
    }

    /// A moment as people write it: with its offset, or as a time of the roster's zone.
    pub(crate) fn moment(&self, text: &str) -> Option<Timestamp> {
        let moment = text.parse::<jiff::Timestamp>().ok().or_else(|| {
            let local: DateTime = text.parse().ok()?;
            self.zone.to_timestamp(local).ok()
        })?;
        u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
    }

    /// When a week begins, counted from the first. A time that a change of the clocks leaves out is the one just after it.
    fn start(&self, week: i64) -> Option<Timestamp> {
        let day = self.begins.checked_add(Span::new().try_weeks(week).ok()?).ok()?;
        let moment = self.zone.to_timestamp(day.to_datetime(self.at)).ok()?;
        u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
    }

    /// The week of a moment; none before the first.
    fn week(&self, at: Timestamp) -> Option<i64> {
        let moment = jiff::Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
        let day = self.zone.to_datetime(moment).date();
        let days = i64::from(self.begins.until(day).ok()?.get_days());
        // On the day of the change the hour decides.
        let week = days.div_euclid(7);
        let week = if self.start(week)? <= at { week } else { week - 1 };
        (week >= 0).then_some(week)
    }

    fn who(&self, at: Timestamp) -> Option<&str> {
        let week = usize::try_from(self.week(at)?).ok()?;
        let member = self.members.get(week % self.members.len().max(1))?;
        (member != NOBODY).then_some(member)
    }

    /// The next moment at which a week begins.
    fn next_start(&self, at: Timestamp) -> Option<Timestamp> {
        self.start(self.week(at).map_or(0, |week| week + 1))
    }
}

fn zone(name: &str) -> Option<TimeZone> {
    if name == "UTC" { Some(TimeZone::UTC) } else { TimeZone::get(name).ok() }
}

impl Roster {
    /// Number of whoever is on duty at a moment.
    pub fn who(&self, at: Timestamp) -> Option<&str> {
        let covers = |over: &&Override| over.from <= at && at < over.until;
        match self.overrides.iter().rev().find(covers) {
            Some(over) => (over.to != NOBODY).then_some(&over.to),
            None => self.rotation.who(at),
        }
    }

    /// Who is on duty at a moment, and until when that stays so.
    pub fn shift(&self, at: Timestamp) -> Shift {
        let who = self.who(at);
        let mut moment = at;
        let horizon = self.rotation.week(at).unwrap_or(0) + WEEKS_AHEAD_MAX;
        let last = self.rotation.start(horizon).unwrap_or(at).max(at);
        while let Some(next) = self.next_change(moment).filter(|next| *next <= last) {
            if self.who(next) != who {
                return Shift { who: who.map(str::to_owned), until: Some(next) };
            }
            moment = next;
        }
        Shift { who: who.map(str::to_owned), until: None }
    }

    /// The next moment at which it may be somebody else.
    fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let edges = self.overrides.iter().flat_map(|over| [over.from, over.until]);
        edges.chain(self.rotation.next_start(at)).filter(|edge| *edge > at).min()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: u64 = 3_600_000;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond().try_into().unwrap())
    }

    fn rotation(zone: &str, begins: &str, hour: &str, members: &[&str]) -> Rotation {
        let members = members.iter().map(|m| (*m).to_owned()).collect();
        let written = Written { zone: zone.into(), begins: begins.into(), at: hour.into(), members };
        let read = Rotation::read(&written).unwrap();
        assert_eq!(read.written(), written);
        read
    }

    fn over(from: &str, until: &str, to: &str) -> Override {
        Override { from: at(from), until: at(until), to: to.into() }
    }

    #[test]
    fn members_take_weeks_in_turn_at_one_time_of_day_whatever_the_clocks_do() {
        let rotation = rotation("Europe/Berlin", "2026-10-12", "09:00", &["7", "8", "-"]);
        let roster = Roster { rotation, overrides: vec![] };
        assert_eq!(roster.who(at("2026-10-12T06:59:59Z")), None, "before the first week");
        assert_eq!(roster.shift(at("2026-10-01T00:00:00Z")).until, Some(at("2026-10-12T07:00:00Z")));
        // The clocks go back on 25 October: 09:00 is 07:00 UTC before and 08:00 UTC after, and that week has 169 hours.
        for (moment, who, until) in [
            ("2026-10-12T07:00:00Z", Some("7"), "2026-10-19T07:00:00Z"),
            ("2026-10-19T06:59:59Z", Some("7"), "2026-10-19T07:00:00Z"),
            ("2026-10-26T07:59:59Z", Some("8"), "2026-10-26T08:00:00Z"),
            ("2026-10-26T08:00:00Z", None, "2026-11-02T08:00:00Z"),
            ("2026-11-02T08:00:00Z", Some("7"), "2026-11-09T08:00:00Z"),
        ] {
            let shift = roster.shift(at(moment));
            assert_eq!((shift.who.as_deref(), shift.until), (who, Some(at(until))), "{moment}");
        }
        let length =
            |week| roster.rotation.start(week + 1).unwrap().0 - roster.rotation.start(week).unwrap().0;
        assert_eq!([length(0), length(1), length(2)], [168 * HOUR, 169 * HOUR, 168 * HOUR]);
    }

    #[test]
    fn an_hour_that_the_clocks_leave_out_begins_the_week_just_after_it() {
        let rotation = rotation("Europe/Berlin", "2027-03-21", "02:30", &["7", "8"]);
        assert_eq!(rotation.start(1), Some(at("2027-03-28T01:30:00Z")), "03:30 in summer time");
        let roster = Roster { rotation, overrides: vec![] };
        assert_eq!(roster.who(at("2027-03-28T01:29:59Z")), Some("7"));
        assert_eq!(roster.who(at("2027-03-28T01:30:00Z")), Some("8"));
    }

    #[test]
    fn whoever_stands_in_comes_first_and_of_two_the_last_that_was_written() {
        let rotation = rotation("UTC", "2026-11-02", "09:00", &["7"]);
        let overrides = vec![
            over("2026-11-03T00:00:00Z", "2026-11-05T00:00:00Z", "8"),
            over("2026-11-04T00:00:00Z", "2026-11-04T12:00:00Z", "-"),
        ];
        let roster = Roster { rotation, overrides };
        let shift = |moment| {
            let shift = roster.shift(at(moment));
            (shift.who, shift.until)
        };
        let some = |who: &str| Some(who.to_owned());
        assert_eq!(shift("2026-11-02T10:00:00Z"), (some("7"), Some(at("2026-11-03T00:00:00Z"))));
        assert_eq!(shift("2026-11-03T00:00:00Z"), (some("8"), Some(at("2026-11-04T00:00:00Z"))));
        assert_eq!(shift("2026-11-04T00:00:00Z"), (None, Some(at("2026-11-04T12:00:00Z"))));
        assert_eq!(shift("2026-11-04T12:00:00Z"), (some("8"), Some(at("2026-11-05T00:00:00Z"))));
        assert_eq!(shift("2026-11-05T00:00:00Z"), (some("7"), None), "one member has all weeks");
    }

    #[test]
    fn what_is_no_rotation_is_named() {
        let good = Written {
            zone: "Europe/Berlin".into(),
            begins: "2026-11-02".into(),
            at: "09:00".into(),
            members: vec!["7".into()],
        };
        let named = |written: Written| Rotation::read(&written).unwrap_err().0;
        assert_eq!(named(Written { zone: "Mars/Olympus".into(), ..good.clone() }), "zone");
        assert_eq!(named(Written { begins: "tomorrow".into(), ..good.clone() }), "begins");
        assert_eq!(named(Written { at: "25:00".into(), ..good.clone() }), "at");
        assert_eq!(named(Written { members: vec![], ..good.clone() }), "members");
        assert_eq!(named(Written { members: vec!["Anna Petrova".into()], ..good.clone() }), "members");
        assert_eq!(named(Written { members: vec!["7".into(); MEMBERS_MAX + 1], ..good }), "members");
    }

    /// The rule by itself: who wrote last and covers the moment; else whose week it is, found by walking over all weeks.
    fn by_the_rule(roster: &Roster, moment: Timestamp) -> Option<String> {
        let named = |to: &str| (to != NOBODY).then(|| to.to_owned());
        for over in roster.overrides.iter().rev() {
            if over.from <= moment && moment < over.until {
                return named(&over.to);
            }
        }
        let mut day = roster.rotation.begins;
        let mut whose = None;
        for member in roster.rotation.members.iter().cycle().take(200) {
            let begins = roster.rotation.zone.to_timestamp(day.to_datetime(roster.rotation.at)).unwrap();
            if u64::try_from(begins.as_millisecond()).unwrap() > moment.0 {
                break;
            }
            whose = named(member);
            for _ in 0..7 {
                day = day.tomorrow().unwrap();
            }
        }
        whose
    }

    proptest! {
        #[test]
        fn every_moment_has_exactly_whom_the_rule_says_and_a_shift_ends_when_it_is_somebody_else(
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
            day in 1i8..28, hour in 0i8..24, minute in 0i8..60,
            members in prop::collection::vec(prop::sample::select(vec!["7", "8", "9", "-"]), 1..6),
            overs in prop::collection::vec((0u64..9_000, 1u64..400, prop::sample::select(vec!["5", "7", "-"])), 0..6),
            hours in 0u64..9_000, rest in 0u64..HOUR,
        ) {
            let members: Vec<&str> = members;
            let begins = format!("2026-03-{day:02}");
            let rotation = rotation(zone, &begins, &format!("{hour:02}:{minute:02}"), &members);
            let origin = at("2026-02-20T00:00:00Z").0;
            let over = |(from, length, to): (u64, u64, &str)| Override {
                from: Timestamp(origin + from * HOUR),
                until: Timestamp(origin + (from + length) * HOUR),
                to: to.into(),
            };
            let roster = Roster { rotation, overrides: overs.into_iter().map(over).collect() };
            let moment = Timestamp(origin + hours * HOUR + rest);
            let expected = by_the_rule(&roster, moment);
            prop_assert_eq!(roster.who(moment), expected.as_deref());
            let shift = roster.shift(moment);
            prop_assert_eq!(&shift.who, &expected);
            if let Some(until) = shift.until {
                prop_assert!(until > moment);
                prop_assert_ne!(by_the_rule(&roster, until), expected.clone());
                for part in 0..16 {
                    let between = Timestamp(moment.0 + (until.0 - 1 - moment.0) / 16 * part);
                    prop_assert_eq!(by_the_rule(&roster, between), expected.clone());
                }
                prop_assert_eq!(by_the_rule(&roster, Timestamp(until.0 - 1)), expected);
            }
        }
    }
}
