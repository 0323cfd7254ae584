//! Statistics without people: the tables of an organisation's own cases, those that are here and those that were, counted by
//! codes, months, countries and regions only.
//!
//! A number below [`FEW`] is never shown, and neither is one from which it could be computed; see
//! docs/decisions/0036-statistics-hide-small-numbers.md. Exercises are counted apart.

mod counts;
mod facts;
mod flows;
pub mod kept;
mod people;
mod render;
mod sheet;
mod suppress;
mod svg;
#[cfg(test)]
mod tests;
mod times;

use jiff::civil::Date;

pub use counts::{Axis, Label};
pub use facts::Facts;
pub use kept::Counted;
pub use render::{csv, for_people, text};
pub use sheet::{Cell, Sheet};
pub use svg::{bars, svg};

/// The least number that is shown.
pub const FEW: u64 = 11;

/// The tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Table {
    /// Contacts by the line's country and month.
    Contacts,
    /// Contacts by category and the caller's role.
    Callers,
    /// Contacts that are first ones, and others, by the line's country.
    Repeats,
    /// People by region of exploitation and its type.
    Exploitation,
    /// People by region of origin and how they were recruited.
    Recruitment,
    /// Border alerts by border point and outcome.
    Borders,
    /// Referrals by kind, partner, and how far they came.
    Funnel,
    /// Median time of each stage and the share within its deadline, by kind.
    Times,
    /// Declined referrals by kind and reason.
    Declines,
    /// Referrals that went without consent, by kind and reason.
    Overrides,
    /// Places in shelters, of publications that still count and of stale ones.
    Shelters,
    /// Exercises by kind and how far they came.
    Exercises,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Contacts,
        Self::Callers,
        Self::Repeats,
        Self::Exploitation,
        Self::Recruitment,
        Self::Borders,
        Self::Funnel,
        Self::Times,
        Self::Declines,
        Self::Overrides,
        Self::Shelters,
        Self::Exercises,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Callers => "callers",
            Self::Repeats => "repeats",
            Self::Exploitation => "exploitation",
            Self::Recruitment => "recruitment",
            Self::Borders => "borders",
            Self::Funnel => "funnel",
            Self::Times => "times",
            Self::Declines => "declines",
            Self::Overrides => "overrides",
            Self::Shelters => "shelters",
            Self::Exercises => "exercises",
        }
    }
}

impl Table {
    /// Whether it counts people and contacts, not the ways of referrals.
    fn counts_contacts(self) -> bool {
        matches!(
            self,
            Self::Contacts | Self::Callers | Self::Repeats | Self::Exploitation | Self::Recruitment
        )
    }
}

impl std::str::FromStr for Table {
    type Err = UnknownTable;

    fn from_str(word: &str) -> Result<Self, UnknownTable> {
        Self::ALL.into_iter().find(|table| table.name() == word).ok_or(UnknownTable)
    }
}

/// A word that names no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "tables are contacts, callers, repeats, exploitation, recruitment, borders, funnel, times, declines, overrides, shelters, exercises"
)]
pub struct UnknownTable;

/// A quarter of a year. Of periods that overlap one could be subtracted from another, so there is one grid and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Period {
    /// The quarter in which both days lie; none if there is no such one, or they are in the wrong order.
    pub fn around(from: Date, to: Date) -> Option<Self> {
        let first = |day: Date| Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1).ok();
        let (begin, of_last) = (first(from)?, first(to)?);
        let last = begin.checked_add(jiff::Span::new().months(2)).ok()?.last_of_month();
        (from <= to && begin == of_last).then_some(Self { from: begin, to: last })
    }

    /// The last quarters that are over on a day, the newest first.
    pub fn over(today: Date, count: usize) -> Vec<Self> {
        let first = Date::new(today.year(), (today.month() - 1) / 3 * 3 + 1, 1);
        let begins =
            std::iter::successors(first.ok(), |day| day.checked_sub(jiff::Span::new().months(3)).ok());
        begins.skip(1).filter_map(|day| Self::around(day, day)).take(count).collect()
    }

    /// Whether nothing is added to it any more: tables of a quarter that runs could be subtracted day by day.
    pub fn is_over(self, today: Date) -> bool {
        today > self.to
    }

    fn contains(&self, (year, month): (i16, i8)) -> bool {
        Date::new(year, month, 1).is_ok_and(|first| (self.from..=self.to).contains(&first))
    }
}

/// One table, ready to be shown. `now` decides which publications of shelters still count.
pub fn sheet(
    table: Table,
    counted: &Counted,
    period: Period,
    now: causeway_common::time::Timestamp,
) -> Sheet {
    let within: Vec<&Facts> = counted
        .facts
        .iter()
        .filter(|facts| facts.exercise == (table == Table::Exercises) && period.contains(facts.month))
        // What nobody was sent has gone no way.
        .filter(|facts| table.counts_contacts() || !facts.stays_here)
        .collect();
    match table {
        Table::Times => times::sheet(&within),
        Table::Funnel | Table::Exercises => flows::funnel(table, &within, &counted.partners).publish(FEW),
        Table::Declines => flows::declines(&within).publish(FEW),
        Table::Overrides => flows::overrides(&within).publish(FEW),
        Table::Shelters => flows::shelters(&within, now).publish(FEW),
        _ => people::counts(table, &within, &counted.calls).publish(FEW),
    }
}
