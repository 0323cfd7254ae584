//! Tables of a quarter: numbers in which nobody can be found.

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use jiff::civil::Date;
use serde::Deserialize;

use super::{Frame, Visitor, draw, shown};
use crate::cli::failure::Failure;
use crate::cli::output::harmless;
use crate::cli::stats;
use crate::lang::Lang;
use crate::referral::values;
use crate::stats::{FEW, Period, Sheet, Table, bars, for_people};

/// Quarters to choose from: three years, as donors ask for.
const QUARTERS: usize = 12;

#[derive(Template)]
#[template(path = "web/statistics.html")]
struct Statistics {
    frame: Frame,
    quarters: Vec<Quarter>,
    from: String,
    to: String,
    period: String,
    legend: String,
    sheets: Vec<Shown>,
    nothing: Vec<Shown>,
}

struct Quarter {
    month: String,
    words: String,
    chosen: bool,
}

/// A table in words.
struct Shown {
    name: &'static str,
    title: String,
    headings: Vec<String>,
    rows: Vec<Line>,
    /// Why there are no numbers; empty if there are.
    why: String,
    bars: bool,
}

struct Line {
    name: String,
    /// Percent of the longest one.
    bar: Option<u64>,
    cells: Vec<String>,
}

/// A quarter by its months: `2026-07`. No address of this page says anything about anybody.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    table: String,
}

impl Wanted {
    /// The days that are asked for; those of the last quarter that is over where nothing is said.
    fn days(&self, visitor: &Visitor) -> Result<(Date, Date), Failure> {
        let today = values::day(visitor.home.engine.now());
        let last = Period::over(today, 1).pop().ok_or_else(|| unreadable(&self.from))?;
        let from = if self.from.is_empty() { last.from } else { month(&self.from)? };
        let to = match (self.to.as_str(), self.from.as_str()) {
            ("", "") => last.to,
            ("", _) => Period::around(from, from).ok_or_else(|| unreadable(&self.from))?.to,
            (to, _) => month(to)?.last_of_month(),
        };
        Ok((from, to))
    }
}

fn month(text: &str) -> Result<Date, Failure> {
    format!("{text}-01").parse().map_err(|_| unreadable(text))
}

fn unreadable(text: &str) -> Failure {
    Failure::wrong("fail-no-month", &[("text", &harmless(text))])
}

pub(crate) async fn show(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    let page = page(&visitor, &wanted).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, wanted: &Wanted) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let (from, to) = wanted.days(visitor)?;
    let (sheets, period) = stats::sheets(from, to, Table::ALL.to_vec(), &visitor.home).await?;
    let (sheets, nothing) =
        sheets.iter().map(|sheet| in_words(sheet, lang)).partition(|sheet: &Shown| sheet.why.is_empty());
    let today = values::day(visitor.home.engine.now());
    let quarters = Period::over(today, QUARTERS).into_iter();
    Ok(draw(&Statistics {
        frame: visitor.frame("statistics")?,
        quarters: quarters.map(|one| quarter(one, one == period, lang)).collect(),
        from: of_month(period.from),
        to: of_month(period.to),
        period: quarter(period, true, lang).words,
        legend: lang.fill("stats-legend", &[("few", &FEW.to_string())]),
        sheets,
        nothing,
    }))
}

fn of_month(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

fn quarter(period: Period, chosen: bool, lang: Lang) -> Quarter {
    let (number, year) = ((period.from.month() - 1) / 3 + 1, period.from.year());
    let gaps = [("number", &*number.to_string()), ("year", &year.to_string())];
    Quarter { month: of_month(period.from), words: lang.fill("statistics-quarter", &gaps), chosen }
}

fn in_words(sheet: &Sheet, lang: Lang) -> Shown {
    let why = match (sheet.withheld, sheet.cells.is_empty()) {
        (true, _) => lang.text("stats-withheld"),
        (false, true) => lang.text("stats-nothing"),
        _ => String::new(),
    };
    let lengths = bars(sheet);
    let lines = sheet.names(lang).into_iter().zip(&sheet.cells).enumerate();
    let rows = lines.map(|(n, (name, cells))| Line {
        name: harmless(&name),
        bar: lengths.get(n).copied().flatten(),
        cells: cells.iter().map(|cell| for_people(*cell, lang)).collect(),
    });
    Shown {
        name: sheet.table.name(),
        title: sheet.title(lang),
        headings: sheet.headings(lang).iter().map(|heading| harmless(heading)).collect(),
        rows: rows.collect(),
        why,
        bars: lengths.iter().any(Option::is_some),
    }
}

/// One table as a file.
pub(crate) async fn csv(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    let file = file(&visitor, &wanted).await;
    shown(&visitor, file)
}

async fn file(visitor: &Visitor, wanted: &Wanted) -> Result<Response, Failure> {
    let (from, to) = wanted.days(visitor)?;
    let table: Table = wanted.table.parse().map_err(|_| Failure::not_found(&harmless(&wanted.table)))?;
    let (first, last) = (format!("--from={from}"), format!("--to={to}"));
    let chosen = format!("--table={}", table.name());
    let taken = visitor.run(&["stats", &first, &last, &chosen, "--format=csv"]).await?;
    let lines: String = taken.results.into_iter().map(|printed| printed.words + "\r\n").collect();
    let name = format!("attachment; filename=\"{}-{}.csv\"", table.name(), of_month(from));
    let name = HeaderValue::from_str(&name).map_err(Failure::internal)?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], lines).into_response())
}
