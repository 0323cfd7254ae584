//! The tables of people, contacts and alerts.

use std::collections::{BTreeSet, HashMap};

use super::Table;
use super::counts::{Axis, Counts, Label};
use super::facts::{Facts, Tag, UNKNOWN};
use crate::calls;

/// A referral that went to several counts once, and so does a call with what came of it. `calls` has for what came of a call
/// the call.
pub(super) fn counts(table: Table, cases: &[&Facts], calls: &HashMap<Tag, Tag>) -> Counts {
    let mut counts = Counts::new(table);
    let mut known = BTreeSet::new();
    for case in cases {
        let (row, columns) = match table {
            Table::Contacts if is_contact(case) => (line(case), vec![month(case)]),
            Table::Callers if is_contact(case) => {
                (listed("CL-CC", &case.category), vec![listed("CL-CR", &case.caller)])
            }
            Table::Repeats if is_contact(case) => (line(case), vec![repeat(case)]),
            Table::Borders if case.kind == "BIA" => {
                (Label::new(Axis::Border, &*case.border), vec![listed("bia-outcome", &case.outcome)])
            }
            Table::Exploitation => (region(&case.place), all("CL-EX", &case.exploitation)),
            Table::Recruitment => (region(&case.origin), all("CL-RM", &case.recruitment)),
            _ => continue,
        };
        // An alert counts for itself; people and contacts once with the call that led to it.
        let call = calls.get(&case.root).filter(|_| table != Table::Borders);
        if columns.is_empty() || !known.insert(call.unwrap_or(&case.root)) {
            continue;
        }
        for column in columns {
            counts.add(row.clone(), column, 1);
        }
    }
    counts
}

fn is_contact(case: &Facts) -> bool {
    case.kind == calls::KIND
}

fn listed(list: &'static str, code: &str) -> Label {
    Label::new(Axis::Listed(list), code)
}

fn all(list: &'static str, codes: &[String]) -> Vec<Label> {
    codes.iter().map(|code| listed(list, code)).collect()
}

fn month(case: &Facts) -> Label {
    let (year, month) = case.month;
    Label::new(Axis::Month, format!("{year:04}-{month:02}"))
}

fn line(case: &Facts) -> Label {
    known(Axis::Country, &case.line)
}

fn region(code: &str) -> Label {
    known(Axis::Region, code)
}

fn known(axis: Axis, code: &str) -> Label {
    if code.is_empty() { Label::new(Axis::Code, UNKNOWN) } else { Label::new(axis, code) }
}

/// A contact that follows another one of the same caller.
fn repeat(case: &Facts) -> Label {
    Label::new(Axis::Code, if case.repeated { "repeated" } else { "first" })
}
