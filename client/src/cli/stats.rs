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
    let lang = home.lang;
    let wrong =
        |id: &str| Failure::new("U-101", exit::INVALID, lang.text(id), lang.text(&format!("{id}-hint")));
    let period = Period::around(args.from, args.to).ok_or_else(|| wrong("stats-order"))?;
    let tables = match args.table {
        Some(table) => vec![table],
        None if matches!(args.format, Format::Svg | Format::Csv) => return Err(wrong("stats-one-table")),
        None => Table::ALL.to_vec(),
    };
    if !period.is_over(day(home.engine.now())) {
        return Err(wrong("stats-running"));
    }
    let mut counted = Counted::of(&home.engine.vault)?;
    for partner in counted.partners() {
        let name = home.name_of(partner).await;
        counted.call_partner(partner, name);
    }
    let sheet = |table| stats::sheet(table, &counted, period, home.engine.now());
    let sheets: Vec<Sheet> = tables.into_iter().map(sheet).collect();
    show(&sheets, period, args.format, home);
    Ok(())
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
