//! Filters of lists by day and tag. They look at the lines of the catalogue and read no referral.

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ListArgs;
use crate::catalogue::{Catalogue, Line};
use crate::cli::failure::Failure;
use crate::cli::home::Home;
use crate::cli::office::tags::typed as tag;
use crate::cli::org;
use crate::cli::output::harmless;

impl ListArgs {
    /// The organisation that is meant, if one is.
    pub(crate) async fn org(&self, home: &Home) -> Result<Option<OrgId>, Failure> {
        match &self.from {
            Some(meant) => org::find(home, meant).await.map(Some),
            None => Ok(None),
        }
    }
}

/// What of a list is wanted, by day and tag.
pub(crate) struct Sieve {
    /// From this moment on.
    since: Timestamp,
    /// Before this one.
    before: Timestamp,
    tag: Option<String>,
}

impl Sieve {
    /// Of what was typed. Days are those of this machine.
    pub(crate) fn of(args: &ListArgs) -> Result<Self, Failure> {
        let since = args.since.as_deref().map(day).transpose()?;
        let until = args.until.as_deref().map(day).transpose()?;
        let next = until.map(|until| until.saturating_add(1.day()));
        Ok(Self {
            since: since.map_or(Timestamp(0), begins),
            before: next.map_or(Timestamp(u64::MAX), begins),
            tag: args.tag.as_deref().map(tag).transpose()?,
        })
    }

    /// Whether a referral is wanted.
    pub(super) fn lets(&self, line: &Line, catalogue: &Catalogue) -> bool {
        self.lets_at(line.begun)
            && self.tag.as_deref().is_none_or(|tag| catalogue.tags().has(&line.case, tag))
    }

    /// Whether a moment is.
    pub(crate) fn lets_at(&self, at: Timestamp) -> bool {
        (self.since..self.before).contains(&at)
    }
}

fn day(typed: &str) -> Result<Date, Failure> {
    typed.trim().parse().map_err(|_| Failure::wrong("fail-list-day", &[("found", &harmless(typed))]))
}

/// When a day begins here. Before 1970 nothing came, and after the last moment that a clock can show nothing will.
fn begins(day: Date) -> Timestamp {
    match TimeZone::system().to_timestamp(day.at(0, 0, 0, 0)) {
        Ok(at) => Timestamp(u64::try_from(at.as_millisecond()).unwrap_or(0)),
        Err(_) if day.year() > 0 => Timestamp(u64::MAX),
        Err(_) => Timestamp(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_what_is_no_day_is_refused() {
        let between = |since: &str, until: &str| {
            let mut args = ListArgs::default();
            (args.since, args.until) = (Some(since.to_owned()), Some(until.to_owned()));
            Sieve::of(&args)
        };
        let one = between("2026-11-29", "2026-11-29").unwrap();
        let noon = Timestamp(begins("2026-11-29".parse().unwrap()).0 + 43_200_000);
        assert!(one.lets_at(noon) && !one.lets_at(Timestamp(noon.0 + 86_400_000)));
        assert!(!one.lets_at(Timestamp(noon.0 - 86_400_000)) && one.lets_at(one.since));
        for wrong in ["yesterday", "2026-13-01", "", "9999999-01-01"] {
            assert_eq!(between(wrong, "2026-11-29").err().unwrap().code, "C-105", "{wrong}");
        }
        assert!(between("-009999-01-01", "9999-12-31").unwrap().lets_at(noon), "the ends of the calendar");
    }
}
