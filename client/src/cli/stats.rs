//! `causeway stats`: tables of this organisation's own cases and calls, with what is left of those that were erased.

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::failure::{Failure, exit};
use super::home::Home;
use super::output::{emit, harmless, print};
use crate::referral::values::day;
use crate::stats::{self, Counted, Period, Sheet, Table};

#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    /// First day of a quarter, for example 2027-01-01.
    #[arg(long)]
    from: Date,
    /// Last day of the same quarter, for example 2027-03-31; it must be over.
    #[arg(long)]
    to: Date,
    /// One table; otherwise all of them.
    #[arg(long)]
    table: Option<Table>,
    /// How it is printed. A picture is one table.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Csv,
    Json,
    Svg,
}

pub(crate) async fn stats(args: StatsArgs, home: &Home) -> Result<(), Failure> {
    let tables = match args.table {
        Some(table) => vec![table],
        None if matches!(args.format, Format::Svg | Format::Csv) => {
            return Err(wrong("stats-one-table", home));
        }
        None => Table::ALL.to_vec(),
    };
    let (sheets, period) = sheets(args.from, args.to, tables, home).await?;
    show(&sheets, period, args.format, home);
    Ok(())
}

fn wrong(id: &str, home: &Home) -> Failure {
    Failure::new("U-101", exit::INVALID, home.lang.text(id), home.lang.text(&format!("{id}-hint")))
}

/// Tables of the quarter in which these days lie.
pub(crate) async fn sheets(
    from: Date,
    to: Date,
    tables: Vec<Table>,
    home: &Home,
) -> Result<(Vec<Sheet>, Period), Failure> {
    let period = Period::around(from, to).ok_or_else(|| wrong("stats-order", home))?;
    if !period.is_over(day(home.engine.now())) {
        return Err(wrong("stats-running", home));
    }
    let mut counted = Counted::of(&home.engine.vault)?;
    for partner in counted.partners() {
        let name = home.name_of(partner).await;
        counted.call_partner(partner, name);
    }
    let sheet = |table| stats::sheet(table, &counted, period, home.engine.now());
    Ok((tables.into_iter().map(sheet).collect(), period))
}

fn show(sheets: &[Sheet], period: Period, format: Format, home: &Home) {
    let format = if home.json { Format::Json } else { format };
    match format {
        Format::Json => {
            for sheet in sheets {
                let mut value = sheet.to_json();
                value["from"] = period.from.to_string().into();
                value["to"] = period.to.to_string().into();
                print(true, value, |_| String::new());
            }
        }
        Format::Csv => sheets.iter().for_each(|sheet| emit(stats::csv(sheet).trim_end())),
        Format::Svg => sheets.iter().for_each(|sheet| emit(&stats::svg(sheet, home.lang))),
        Format::Text => {
            let gaps = [("from", &*period.from.to_string()), ("to", &period.to.to_string())];
            emit(&home.lang.fill("stats-period", &gaps));
            for sheet in sheets {
                emit(&format!("\n{}", harmless(&stats::text(sheet, home.lang))));
            }
            emit(&format!("\n{}", home.lang.fill("stats-legend", &[("few", &stats::FEW.to_string())])));
        }
    }
}
