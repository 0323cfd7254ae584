//! Tables as text for people and as CSV (RFC 4180).

use super::{Cell, Label, Sheet};
use crate::formats::csv::guarded;
use crate::lang::Lang;

impl Sheet {
    /// Headings of the columns, with the total.
    pub fn headings(&self, lang: Lang) -> Vec<String> {
        self.with_total(&self.columns, lang)
    }

    /// Names of the rows, with the total.
    pub fn names(&self, lang: Lang) -> Vec<String> {
        self.with_total(&self.rows, lang)
    }

    fn with_total(&self, labels: &[Label], lang: Lang) -> Vec<String> {
        let total = self.totals.then(|| lang.text("stats-total"));
        labels.iter().map(|label| label.text(lang)).chain(total).collect()
    }

    /// What it is called.
    pub fn title(&self, lang: Lang) -> String {
        lang.text(&format!("stats-table-{}", self.table.name()))
    }
}

/// A table for people, in lines.
pub fn text(sheet: &Sheet, lang: Lang) -> String {
    let title = sheet.title(lang);
    if sheet.withheld {
        return format!("{title}\n  {}", lang.text("stats-withheld"));
    }
    if sheet.cells.is_empty() {
        return format!("{title}\n  {}", lang.text("stats-nothing"));
    }
    let mut lines = vec![[vec![String::new()], sheet.headings(lang)].concat()];
    for (name, row) in sheet.names(lang).into_iter().zip(&sheet.cells) {
        lines.push([vec![name], row.iter().map(|cell| for_people(*cell, lang)).collect()].concat());
    }
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|text| text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..lines.first().map_or(0, Vec::len)).map(width).collect();
    let padded = |line: &Vec<String>| {
        let cell = |(n, (text, width)): (usize, (&String, &usize))| {
            if n == 0 { format!("{text:<width$}") } else { format!("{text:>width$}") }
        };
        let cells: Vec<String> = line.iter().zip(&widths).enumerate().map(cell).collect();
        format!("  {}", cells.join("  ").trim_end())
    };
    let body: Vec<String> = lines.iter().map(padded).collect();
    format!("{title}\n{}", body.join("\n"))
}

/// A cell for people.
pub fn for_people(cell: Cell, lang: Lang) -> String {
    match cell {
        Cell::Minutes(minutes) => duration(minutes, lang),
        Cell::Percent(_) => format!("{}%", cell.plain()),
        _ => cell.plain(),
    }
}

fn duration(minutes: u64, lang: Lang) -> String {
    let (id, number) = match minutes {
        0..120 => ("stats-minutes", minutes),
        120..2880 => ("stats-hours", minutes / 60),
        _ => ("stats-days", minutes / (24 * 60)),
    };
    lang.fill(id, &[("number", &number.to_string())])
}

/// A table for a spreadsheet: codes, the same in every language. No cell is taken for a formula. Begins with the mark by which
/// spreadsheets know UTF-8.
pub fn csv(sheet: &Sheet) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let total = sheet.totals.then_some("total");
    let codes = |labels: &[Label]| -> Vec<String> {
        labels.iter().map(|label| label.code.as_str()).chain(total).map(guarded).collect()
    };
    let mut write = |fields: Vec<String>| writer.write_record(fields).is_ok();
    let mut whole = write([vec![sheet.table.name().to_owned()], codes(&sheet.columns)].concat());
    for (name, row) in codes(&sheet.rows).into_iter().zip(&sheet.cells) {
        whole &= write([vec![name], row.iter().map(|cell| cell.plain()).collect()].concat());
    }
    let bytes = writer.into_inner().ok().filter(|_| whole).unwrap_or_default();
    format!("\u{feff}{}", String::from_utf8_lossy(&bytes))
}
