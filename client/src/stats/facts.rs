//! What is counted of people: codes, countries, regions and months, never words.

use std::collections::BTreeSet;

use causeway_common::time::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::counts::{Axis, Counts, Label};
use super::{Counted, Table};
use crate::casebook::Case;
use crate::referral::values;
use crate::registers::{borders, countries};

/// Codes of one field that count.
const CODES_MAX: usize = 20;
/// What stands for a code that somebody has left out or made up.
const UNKNOWN: &str = "unknown";
/// Longest code that counts as one.
const CODE_BYTES_MAX: usize = 48;

/// The day of a case: of the contact, otherwise of its beginning here.
pub(super) fn day(case: &Case) -> Date {
    let began = case.document.get("start").and_then(Value::as_str).and_then(values::instant);
    let began =
        began.filter(|_| case.thread.kind == "HIC").and_then(|at| u64::try_from(at).ok()).map(Timestamp);
    values::day(began.unwrap_or(case.thread.begun))
}

/// The tables of people. A referral that went to several counts once, and so does a call with what came of it.
pub(super) fn counts(table: Table, cases: &[&Counted<'_>]) -> Counts {
    let mut counts = Counts::new(table);
    let mut known = BTreeSet::new();
    for Counted { case, call, .. } in cases {
        let (rows, columns) = match table {
            Table::Contacts if is(case, "HIC") => (vec![line_country(case)], vec![month(case)]),
            Table::Callers if is(case, "HIC") => (
                vec![code(case, "CL-CC", &["category", "primary"])],
                vec![code(case, "CL-CR", &["caller_role"])],
            ),
            Table::Repeats if is(case, "HIC") => (vec![line_country(case)], vec![repeat(case)]),
            Table::Borders if is(case, "BIA") => (vec![border(case)], vec![outcome(case)]),
            Table::Exploitation if is_person(case) => {
                (vec![place(case)], codes(case, "CL-EX", "exploitation"))
            }
            Table::Recruitment if is_person(case) => {
                (vec![origin(case)], codes(case, "CL-RM", "recruitment"))
            }
            _ => continue,
        };
        // An alert counts for itself; people and contacts once with the call that led to it.
        let root = case.thread.root.0;
        if !known.insert(if table == Table::Borders { root } else { call.unwrap_or(root) }) {
            continue;
        }
        for row in &rows {
            for column in &columns {
                counts.add(row.clone(), column.clone(), 1);
            }
        }
    }
    counts
}

fn is(case: &Case, kind: &str) -> bool {
    case.thread.kind == kind
}

/// Whether it tells of exploitation: a contact, or a referral that says how.
fn is_person(case: &Case) -> bool {
    is(case, "HIC") || case.document.contains_key("exploitation") || case.document.contains_key("recruitment")
}

fn month(case: &Case) -> Label {
    let day = day(case);
    Label::new(Axis::Month, format!("{:04}-{:02}", day.year(), day.month()))
}

fn line_country(case: &Case) -> Label {
    let code = at(&case.document, &["line", "country"]).or_else(|| at(&case.document, &["caller_country"]));
    country(code).unwrap_or_else(|| Label::new(Axis::Code, UNKNOWN))
}

/// A contact that follows another one of the same caller.
fn repeat(case: &Case) -> Label {
    let called_before = at(&case.document, &["how_heard"]).and_then(Value::as_str) == Some("previous_call");
    let category = case.document.get("category").map(Value::to_string).unwrap_or_default();
    let code = if called_before || category.contains("\"follow_up\"") { "repeated" } else { "first" };
    Label::new(Axis::Code, code)
}

fn border(case: &Case) -> Label {
    let id = at(&case.document, &["where", "border_point", "bp_id"]).and_then(Value::as_str);
    match id.and_then(borders::by_id) {
        Some(point) => Label::new(Axis::Border, point.id.clone()),
        None => Label::new(Axis::Border, "other"),
    }
}

/// What came of an alert: what the border has said last, otherwise where the work stands.
fn outcome(case: &Case) -> Label {
    let said = case.steps.iter().rev().find_map(|(_, update)| {
        let other = &update.as_ref()?.other;
        [
            &["bia_result", "outcome", "code"][..],
            &["bia_result", "outcome"],
            &["outcome", "code"],
            &["outcome"],
        ]
        .into_iter()
        .find_map(|path| at(other, path).and_then(Value::as_str))
    });
    Label::new(Axis::Listed("bia-outcome"), clean(said.unwrap_or(&case.thread.work)))
}

/// Where people are exploited: the place of the situation, otherwise where somebody was last seen.
fn place(case: &Case) -> Label {
    let places: [&[&str]; 3] = [&["situation_place"], &["last_seen", "place"], &["last_seen"]];
    places
        .into_iter()
        .find_map(|path| region(at(&case.document, path)?.as_object()?))
        .unwrap_or_else(|| Label::new(Axis::Code, UNKNOWN))
}

/// Where people come from: where the first one lived, otherwise the nationality.
fn origin(case: &Case) -> Label {
    let person = ["persons", "subject", "person"].into_iter().find_map(|name| {
        let person = case.document.get(name)?;
        person.as_array().map_or(Some(person), |list| list.first())?.as_object()
    });
    let residence = |person: &Map<String, Value>| region(person.get("residence")?.as_object()?);
    let nationality =
        |person: &Map<String, Value>| country(person.get("nationalities")?.get(0)?.get("country"));
    let found = person.and_then(|person| residence(person).or_else(|| nationality(person)));
    found
        .or_else(|| country(case.document.get("caller_country")))
        .unwrap_or_else(|| Label::new(Axis::Code, UNKNOWN))
}

fn region(place: &Map<String, Value>) -> Option<Label> {
    let part = place.get("subdivision").and_then(Value::as_str).filter(|part| values::subdivision(part));
    match part {
        Some(part) => Some(Label::new(Axis::Region, part)),
        None => country(place.get("country")).map(|label| Label::new(Axis::Region, label.code)),
    }
}

fn country(code: Option<&Value>) -> Option<Label> {
    let country = countries::by_code(code?.as_str()?)?;
    Some(Label::new(Axis::Country, country.alpha2.clone()))
}

fn code(case: &Case, list: &'static str, path: &[&str]) -> Label {
    let value = at(&case.document, path);
    let named = value.and_then(|value| value.get("code").unwrap_or(value).as_str());
    Label::new(Axis::Listed(list), clean(named.unwrap_or(UNKNOWN)))
}

/// Each code of a set; a case with several counts in several columns.
fn codes(case: &Case, axis: &'static str, name: &str) -> Vec<Label> {
    let list = case.document.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named = list.iter().take(CODES_MAX).filter_map(|value| value.get("code").unwrap_or(value).as_str());
    let codes: BTreeSet<String> = named.map(clean).collect();
    if codes.is_empty() {
        return vec![Label::new(Axis::Listed(axis), UNKNOWN)];
    }
    codes.into_iter().map(|code| Label::new(Axis::Listed(axis), code)).collect()
}

/// A code; anything that may be words counts as unknown.
pub(super) fn clean(code: &str) -> String {
    let plain = code.len() <= CODE_BYTES_MAX && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain && !code.is_empty() { code.to_owned() } else { UNKNOWN.to_owned() }
}

pub(super) fn at<'a>(map: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(map.get(*first)?, |value, name| value.get(name))
}
