//! Statistics without people: the tables of an organisation's own cases, counted by codes, months, countries and regions only.
//!
//! A number below [`FEW`] is never shown, and neither is one from which it could be computed; see
//! docs/decisions/0036-statistics-hide-small-numbers.md. Exercises are counted apart.

mod counts;
mod facts;
mod flows;
mod render;
mod sheet;
mod suppress;
mod svg;
#[cfg(test)]
mod tests;
mod times;

use jiff::civil::Date;

use crate::casebook::Case;

pub use counts::{Axis, Label};
pub use render::{csv, text};
pub use sheet::{Cell, Sheet};
pub use svg::svg;

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

/// Whole months. Shorter periods would let one be subtracted from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Period {
    /// The months in which these days lie; none if they are in the wrong order.
    pub fn around(from: Date, to: Date) -> Option<Self> {
        (from <= to).then(|| Self { from: from.first_of_month(), to: to.last_of_month() })
    }

    fn contains(&self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// A case and what the other organisation is called.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "what is counted")]
pub struct Counted<'a> {
    /// The case.
    pub case: &'a Case,
    /// The other organisation.
    pub partner: &'a str,
}

impl std::fmt::Debug for Counted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counted").finish_non_exhaustive()
    }
}

/// One table of these cases, ready to be shown. `today` decides which publications of shelters still count.
pub fn sheet(
    table: Table,
    cases: &[Counted<'_>],
    period: Period,
    now: causeway_common::time::Timestamp,
) -> Sheet {
    let within: Vec<&Counted<'_>> = cases
        .iter()
        .filter(|counted| counted.case.is_exercise() == (table == Table::Exercises))
        .filter(|counted| period.contains(facts::day(counted.case)))
        .collect();
    match table {
        Table::Times => times::sheet(&within),
        Table::Funnel | Table::Exercises => flows::funnel(table, &within).publish(FEW),
        Table::Declines => flows::declines(&within).publish(FEW),
        Table::Overrides => flows::overrides(&within).publish(FEW),
        Table::Shelters => flows::shelters(&within, now).publish(FEW),
        _ => facts::counts(table, &within).publish(FEW),
    }
}
