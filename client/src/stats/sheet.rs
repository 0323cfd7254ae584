//! A table as it may be shown.

use serde_json::{Value, json};

use super::{Label, Table};

/// A cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cell {
    /// A count.
    Count(u64),
    /// Less than this.
    Few(u64),
    /// Hidden, so that others cannot be computed.
    Hidden,
    /// A time.
    Minutes(u64),
    /// A share.
    Percent(u64),
}

impl Cell {
    /// The same in every language: a number, `<11`, or `*`.
    pub fn plain(self) -> String {
        match self {
            Self::Count(number) | Self::Minutes(number) | Self::Percent(number) => number.to_string(),
            Self::Few(few) => format!("<{few}"),
            Self::Hidden => "*".to_owned(),
        }
    }

    fn to_json(self) -> Value {
        match self {
            Self::Count(number) | Self::Minutes(number) | Self::Percent(number) => number.into(),
            _ => self.plain().into(),
        }
    }
}

/// A table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sheet {
    /// Which.
    pub table: Table,
    /// Rows, without the totals.
    pub rows: Vec<Label>,
    /// Columns, without the totals.
    pub columns: Vec<Label>,
    /// Whether a last row and a last column with totals follow.
    pub totals: bool,
    /// The cells, row by row; empty if there is nothing, or nothing may be shown.
    pub cells: Vec<Vec<Cell>>,
    /// Whatever were shown would give small numbers away.
    pub withheld: bool,
}

impl Sheet {
    /// For scripts: codes, no words.
    pub fn to_json(&self) -> Value {
        let codes = |labels: &[Label]| {
            let total = self.totals.then_some("total");
            labels.iter().map(|label| label.code.as_str()).chain(total).map(Value::from).collect::<Vec<_>>()
        };
        let cells: Vec<Vec<Value>> =
            self.cells.iter().map(|row| row.iter().map(|cell| cell.to_json()).collect()).collect();
        json!({
            "table": self.table.name(),
            "rows": codes(&self.rows),
            "columns": codes(&self.columns),
            "cells": cells,
            "withheld": self.withheld,
        })
    }
}
