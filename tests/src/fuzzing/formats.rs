//! Files of other systems: every importer, and what goes out as a table and comes back.

use causeway_certs::audit::Pins;
use causeway_client::formats::csv::Style;
use causeway_client::formats::{Finding, Row, bundle, cap, csv, fhir, htcds, json, pfif, table};
use causeway_client::lang::Lang;
use causeway_client::referral::{Document, Kind, Level};
use causeway_common::time::Timestamp;

use super::Input;

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.u8() % 9 {
        0 => judged(pfif::read_xml(input.rest()).map(|pfif| travelled(&pfif))),
        1 => judged(pfif::read_csv(input.rest()).map(|pfif| pfif::rows(&pfif))),
        2 => judged(cap::rows(input.rest())),
        3 => judged(fhir::rows(input.rest())),
        4 => judged(json::rows(input.rest())),
        5 => judged(csv::read(input.rest()).and_then(|read| table::rows(&read))),
        6 => judged(csv::read(input.rest()).and_then(|read| htcds::rows(&read))),
        7 => {
            let verdict = bundle::verify(input.rest(), &Pins::default());
            assert!(!verdict.findings.is_empty(), "nobody signs by chance");
        }
        _ => tabled(&mut input),
    }
}

/// What is said has words in both languages, and a draft is one that its kind reads again.
fn judged(read: Result<Vec<Row>, Finding>) {
    let said = |finding: &Finding| {
        for lang in Lang::ALL {
            assert!(
                !finding.wrong(lang).is_empty() && finding.wrong(lang) != format!("{}.wrong", finding.code())
            );
        }
    };
    match read {
        Err(finding) => said(&finding),
        Ok(rows) => {
            for row in rows {
                row.findings.iter().for_each(said);
                if let Some(document) = row.document {
                    let text = serde_json::to_vec(&document.fields).unwrap();
                    let _ = Document::parse(document.kind, &text);
                    let _ = document.validate(Level::Send, Timestamp(0));
                }
            }
        }
    }
}

/// What was read is written and read the same.
fn travelled(read: &pfif::Pfif) -> Vec<Row> {
    let again = pfif::read_xml(&pfif::write_xml(read)).expect("what we write, we read");
    assert!(again.persons == read.persons);
    pfif::rows(read)
}

/// A document comes back from a table as it went, but for what software writes.
fn tabled(input: &mut Input<'_>) {
    let kinds: Vec<Kind> = Kind::all().collect();
    let kind = *input.pick(&kinds);
    let Ok(document) = Document::parse(kind, input.rest()) else { return };
    let out = table::of_documents(kind, &[&document.fields], |_| true);
    let read = csv::read(&csv::write(&out, Style { separator: b';', bom: true }));
    judged(read.and_then(|read| table::rows(&read)));
}
