//! A table as a picture: bars of its rows, and the table itself beside them. No script, nothing from elsewhere, and words for those who
//! cannot see it.

use std::fmt::Write as _;

use super::render::for_people;
use super::{Cell, Sheet};
use crate::lang::Lang;

const LINE: usize = 22;
const NAMES: usize = 260;
const BARS: usize = 300;
const COLUMN: usize = 110;
const TOP: usize = 60;

/// The picture of a table.
pub fn svg(sheet: &Sheet, lang: Lang) -> String {
    let (names, headings) = (sheet.names(lang), sheet.headings(lang));
    let table_at = NAMES + BARS + 20;
    let (width, height) = (table_at + headings.len() * COLUMN + 20, TOP + (names.len() + 2) * LINE);
    let mut out = String::new();
    let title = escaped(&sheet.title(lang));
    let about = if sheet.withheld {
        lang.text("stats-withheld")
    } else if sheet.cells.is_empty() {
        lang.text("stats-nothing")
    } else {
        lang.text("stats-svg-about")
    };
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-labelledby=\"title about\" lang=\"{}\" font-family=\"sans-serif\" font-size=\"13\">",
        lang.tag()
    );
    let _ = writeln!(out, "<title id=\"title\">{title}</title>");
    let _ = writeln!(out, "<desc id=\"about\">{}</desc>", escaped(&about));
    let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>");
    words(&mut out, (10, 24), "start", "bold", &sheet.title(lang));
    if sheet.cells.is_empty() {
        words(&mut out, (10, TOP), "start", "normal", &about);
    } else {
        for (n, heading) in headings.iter().enumerate() {
            words(&mut out, (table_at + (n + 1) * COLUMN, TOP - 10), "end", "bold", &short(heading, 16));
        }
        rows(&mut out, sheet, &names, table_at, lang);
    }
    out.push_str("</svg>");
    out
}

fn rows(out: &mut String, sheet: &Sheet, names: &[String], table_at: usize, lang: Lang) {
    let longest = longest(sheet);
    for (n, (name, row)) in names.iter().zip(&sheet.cells).enumerate() {
        let y = TOP + (n + 1) * LINE;
        words(out, (NAMES - 10, y), "end", "normal", &short(name, 36));
        if n < sheet.rows.len() {
            draw(out, bar(sheet, row), longest, y);
        }
        for (m, cell) in row.iter().enumerate() {
            words(out, (table_at + (m + 1) * COLUMN, y), "end", "normal", &for_people(*cell, lang));
        }
    }
}

/// What the longest bar stands for.
fn longest(sheet: &Sheet) -> u64 {
    sheet.cells.iter().take(sheet.rows.len()).filter_map(|row| bar(sheet, row)).max().unwrap_or(0).max(1)
}

/// The length of each row's bar in percent of the longest one, totals apart; none for a number that is not shown.
pub fn bars(sheet: &Sheet) -> Vec<Option<u64>> {
    let longest = longest(sheet);
    let rows = sheet.cells.iter().take(sheet.rows.len());
    let percent = |length: u64| u64::try_from(u128::from(length) * 100 / u128::from(longest)).unwrap_or(100);
    rows.map(|row| bar(sheet, row).map(percent)).collect()
}

/// The bar of a row; of a number that is not shown a dash of the same length, whatever the number is.
fn draw(out: &mut String, length: Option<u64>, longest: u64, y: usize) {
    let top = y - 13;
    let _ = match length {
        Some(length) => {
            let width = u128::from(length) * BARS as u128 / u128::from(longest);
            writeln!(
                out,
                "<rect x=\"{NAMES}\" y=\"{top}\" width=\"{width}\" height=\"15\" fill=\"#27548a\"/>"
            )
        }
        None => writeln!(
            out,
            "<rect x=\"{NAMES}\" y=\"{top}\" width=\"12\" height=\"15\" fill=\"none\" stroke=\"#27548a\" stroke-dasharray=\"3 2\"/>"
        ),
    };
}

/// What the bar of a row shows: its total, or its first number where there are no totals.
fn bar(sheet: &Sheet, row: &[Cell]) -> Option<u64> {
    let cell = if sheet.totals { row.last() } else { row.first() };
    match cell {
        Some(Cell::Count(number) | Cell::Minutes(number)) => Some(*number),
        _ => None,
    }
}

fn words(out: &mut String, (x, y): (usize, usize), anchor: &str, weight: &str, text: &str) {
    let text = escaped(text);
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-weight=\"{weight}\">{text}</text>"
    );
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

fn escaped(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    quick_xml::escape::escape(&plain).into_owned()
}
