//! Counting into rows and columns.

use std::collections::BTreeMap;

use super::Table;
use super::sheet::{Cell, Sheet};
use super::suppress::{Grid, State};
use crate::lang::Lang;
use crate::registers::{borders, countries};

/// Rows and columns of one table; smaller ones go together.
const LABELS_MAX: usize = 60;

/// What a row or column stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Axis {
    /// A country (ISO 3166-1).
    Country,
    /// A country, or part of one (ISO 3166-2).
    Region,
    /// A month, `2026-03`.
    Month,
    /// A border point of our register, or `other`.
    Border,
    /// Kind and partner.
    Route,
    /// A code of a list of the dictionary.
    Listed(&'static str),
    /// A word of the tables themselves, or a kind.
    Code,
    /// All that are too small to stand alone.
    Rest,
}

/// A row or column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "an axis and a code")]
pub struct Label {
    /// What it stands for.
    pub axis: Axis,
    /// Which.
    pub code: String,
}

impl Label {
    pub(super) fn new(axis: Axis, code: impl Into<String>) -> Self {
        Self { axis, code: code.into() }
    }

    fn rest() -> Self {
        Self::new(Axis::Rest, "rest")
    }

    /// For people.
    pub fn text(&self, lang: Lang) -> String {
        let code = || lang.find(&format!("stats-code-{}", self.code.replace('_', "-")), None);
        match self.axis {
            Axis::Country => countries::name(&self.code, lang).to_owned(),
            Axis::Region => match self.code.split_once('-') {
                Some((country, _)) => format!("{}, {}", countries::name(country, lang), self.code),
                None => countries::name(&self.code, lang).to_owned(),
            },
            Axis::Border => borders::by_id(&self.code).map_or_else(
                || code().unwrap_or_else(|| self.code.clone()),
                |point| point.name(lang).to_owned(),
            ),
            Axis::Rest => lang.text("stats-rest"),
            Axis::Month | Axis::Route => self.code.clone(),
            Axis::Listed(list) => lang
                .find(&format!("list-{list}.{}", self.code), None)
                .or_else(code)
                .unwrap_or_else(|| self.code.clone()),
            Axis::Code => code().unwrap_or_else(|| self.code.clone()),
        }
    }
}

/// Counts of one table.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub(super) table: Table,
    pub(super) cells: BTreeMap<(Label, Label), u64>,
}

impl Counts {
    pub(super) fn new(table: Table) -> Self {
        Self { table, cells: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, row: Label, column: Label, count: u64) {
        *self.cells.entry((row, column)).or_default() += count;
    }

    /// What may be shown: rows and columns below `few` go together, what is still below it is hidden, and with it as much as it
    /// takes so that it cannot be computed.
    pub(super) fn publish(self, few: u64) -> Sheet {
        let (rows, columns) = (self.labels(few, |(row, _)| row), self.labels(few, |(_, column)| column));
        let place = |labels: &[Label], label: &Label| {
            labels
                .iter()
                .position(|known| known == label)
                .or_else(|| labels.iter().position(|l| l.axis == Axis::Rest))
        };
        let mut values = vec![vec![0; columns.len()]; rows.len()];
        for ((row, column), count) in &self.cells {
            let cell = place(&rows, row).zip(place(&columns, column));
            if let Some(cell) = cell.and_then(|(i, j)| values.get_mut(i)?.get_mut(j)) {
                *cell += count;
            }
        }
        let mut sheet =
            Sheet { table: self.table, rows, columns, totals: true, cells: Vec::new(), withheld: false };
        if sheet.rows.is_empty() {
            return sheet;
        }
        match Grid::hide(&values, few) {
            Some(grid) => {
                sheet.cells = grid.lines(|value, state| match state {
                    State::Shown => Cell::Count(value),
                    State::Few => Cell::Few(few),
                    State::Hidden => Cell::Hidden,
                })
            }
            None => sheet.withheld = true,
        }
        sheet
    }

    /// The rows or columns that are large enough, in their order, and one for all others.
    fn labels(&self, few: u64, which: impl Fn(&(Label, Label)) -> &Label) -> Vec<Label> {
        let mut sums: BTreeMap<&Label, u64> = BTreeMap::new();
        for (cell, count) in &self.cells {
            *sums.entry(which(cell)).or_default() += count;
        }
        let mut large: Vec<(&Label, u64)> =
            sums.iter().filter(|(_, sum)| **sum >= few).map(|(l, s)| (*l, *s)).collect();
        large.sort_by_key(|(label, sum)| (std::cmp::Reverse(*sum), *label));
        large.truncate(LABELS_MAX);
        let mut labels: Vec<Label> = large.into_iter().map(|(label, _)| label.clone()).collect();
        labels.sort();
        if labels.len() < sums.len() {
            labels.push(Label::rest());
        }
        labels
    }
}
