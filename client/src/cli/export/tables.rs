//! Exports of many cases: a table for each kind, and the same with labels.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{ExportArgs, Format};
use crate::casebook::Case;
use crate::cli::failure::Failure;
use crate::cli::home::Home;
use crate::formats::csv::{self, Style, Table};
use crate::formats::{htcds, table, xlsx};
use crate::lang::Lang;
use crate::referral::Kind;

/// Files with their content.
pub(super) fn files(
    args: &ExportArgs,
    cases: &[Case],
    home: &Home,
) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    // Excel in Russian takes a comma for a part of a number.
    let separator = if home.lang == Lang::Ru { b';' } else { b',' };
    let style = Style { separator, bom: args.bom };
    if args.format == Format::Htcds {
        let documents: Vec<&Map<String, Value>> = cases.iter().map(|case| &case.document).collect();
        return Ok(vec![(args.out.clone(), csv::write(&htcds::of_documents(&documents), style))]);
    }
    let tables = tables(cases);
    let labelled = |(kind, table): &(Kind, Table)| table::labelled(*kind, table, home.lang);
    if args.format == Format::Xlsx {
        let plain = tables.iter().map(|(kind, table)| (kind.code().to_owned(), table.clone()));
        let labels =
            tables.iter().map(|one| (format!("{} ({})", one.0.code(), home.lang.tag()), labelled(one)));
        let book = xlsx::write(&plain.chain(labels).collect::<Vec<_>>()).map_err(Failure::internal)?;
        return Ok(vec![(args.out.clone(), book)]);
    }
    let mut files = Vec::new();
    for one in &tables {
        // One kind keeps the name that was asked for.
        let own = if tables.len() == 1 { String::new() } else { format!("-{}", one.0.code()) };
        files.push((named(&args.out, &own), csv::write(&one.1, style)));
        files.push((named(&args.out, &format!("{own}.labels")), csv::write(&labelled(one), style)));
    }
    Ok(files)
}

/// The kinds that there are, in the order of the tables.
fn tables(cases: &[Case]) -> Vec<(Kind, Table)> {
    let mut found = Vec::new();
    for kind in Kind::all() {
        let own = cases.iter().filter(|case| case.thread.kind == kind.code());
        let documents: Vec<&Map<String, Value>> = own.map(|case| &case.document).collect();
        if !documents.is_empty() {
            found.push((kind, table::of_documents(kind, &documents, |_| true)));
        }
    }
    found
}

/// A name with something before its ending.
fn named(out: &Path, more: &str) -> PathBuf {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = out.extension().map_or_else(String::new, |e| format!(".{}", e.to_string_lossy()));
    out.with_file_name(format!("{stem}{more}{ending}"))
}
