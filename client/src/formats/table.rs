//! Documents of any kind as tables: the first line has dotted paths, cells have codes and not labels. A second table has the
//! labels.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::case::section_part;
use super::csv::Table;
use super::finding::{Finding, Row};
use super::label::label;
use super::limits::COLUMNS_MAX;
use crate::lang::Lang;
use crate::referral::spec::Type;
use crate::referral::{Document, Kind, labels};

/// What software writes when a referral is sent: it is shown, and not taken from a table.
const MADE: [&str; 6] = ["packet_id", "created", "author", "schema", "respond_by", "sections"];
/// These come first: what it is, whether it is real, and which case.
const FIRST: [&str; 3] = ["kind", "mode", "case_ref"];

/// The table of all documents of one kind. `keep` says which sections are in it.
pub fn of_documents(
    kind: Kind,
    documents: &[&Map<String, Value>],
    keep: impl Fn(&str) -> bool + Copy,
) -> Table {
    let rows: Vec<Vec<(String, String)>> = documents.iter().map(|fields| cells(kind, fields, keep)).collect();
    let mut header: Vec<String> = FIRST.iter().map(|name| (*name).to_owned()).collect();
    for (path, _) in rows.iter().flatten() {
        if !FIRST.contains(&path.as_str()) {
            header.push(path.clone());
        }
    }
    header[FIRST.len()..].sort_by(|a, b| natural(a, b));
    header.dedup();
    header.truncate(COLUMNS_MAX);
    let line = |row: &Vec<(String, String)>| -> Vec<String> {
        let of: std::collections::HashMap<&str, &str> =
            row.iter().map(|(p, v)| (p.as_str(), v.as_str())).collect();
        header.iter().map(|path| (*of.get(path.as_str()).unwrap_or(&"")).to_owned()).collect()
    };
    let lines = rows.iter().map(line).collect();
    Table { header, lines }
}

/// The same table with labels for paths and codes.
pub fn labelled(kind: Kind, table: &Table, lang: Lang) -> Table {
    let shown = |path: &String, cell: &String| match kind.holds(path) {
        Some(Type::Code(list) | Type::Codes(list)) if !cell.is_empty() => labels::code(lang, list, cell),
        _ => cell.clone(),
    };
    Table {
        header: table.header.iter().map(|path| label(path, lang)).collect(),
        lines: table
            .lines
            .iter()
            .map(|line| table.header.iter().zip(line).map(|(p, c)| shown(p, c)).collect())
            .collect(),
    }
}

/// Every value of a document with its path.
fn cells(kind: Kind, fields: &Map<String, Value>, keep: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut part = section_part(kind, fields, keep);
    part.remove("sections");
    let part = crate::attachments::without_keys(part.into());
    let mut found = Vec::new();
    flatten(kind, &part, "", &mut found);
    if !found.iter().any(|(path, _)| path == "kind") {
        found.push(("kind".into(), kind.code().into()));
    }
    if !found.iter().any(|(path, _)| path == "mode") {
        found.push(("mode".into(), "actual".into()));
    }
    found
}

fn flatten(kind: Kind, value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    let under = |step: &str| if at.is_empty() { step.to_owned() } else { format!("{at}.{step}") };
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(name, v)| flatten(kind, v, &under(name), found))
        }
        Value::Array(list) if !list.is_empty() => {
            list.iter().enumerate().for_each(|(n, v)| flatten(kind, v, &under(&n.to_string()), found));
        }
        Value::Null => {}
        leaf => found.push((at.to_owned(), cell(kind, at, leaf))),
    }
}

/// A value as a cell: as plain as it can be and still come back the same.
fn cell(kind: Kind, path: &str, value: &Value) -> String {
    let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let step =
        |step: &str| if step.bytes().all(|b| b.is_ascii_digit()) { "0".to_owned() } else { step.to_owned() };
    let first: Vec<String> = path.split('.').map(step).collect();
    let mut probe = Document::empty(kind);
    let same = probe.set(&first.join("."), &plain).is_ok()
        && super::fields::at(&probe.fields, &first.join(".")) == Some(value);
    // Without the spaces at the ends, which a person typing into a sheet does not see.
    if same && plain.trim() == plain && !plain.is_empty() { plain } else { value.to_string() }
}

/// Paths in the order of their steps, numbers as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let key = |path: &str| -> Vec<(u8, usize, String)> {
        let step =
            |s: &str| s.parse::<usize>().map_or_else(|_| (1, 0, s.to_owned()), |n| (0, n, String::new()));
        path.split('.').map(step).collect()
    };
    key(a).cmp(&key(b))
}

/// A draft for each line.
pub fn rows(table: &Table) -> Result<Vec<Row>, Finding> {
    let Some(kind) = table.header.iter().position(|name| name == "kind") else {
        return Err(Finding::new("formats-no-column", "").with("column", "kind"));
    };
    // The first line of the sheet has the names.
    Ok((2..).zip(&table.lines).map(|(number, line)| row(number, table, line, kind)).collect())
}

fn row(number: usize, table: &Table, line: &[String], kind: usize) -> Row {
    let cell = |name: &str| {
        table.header.iter().position(|n| n == name).and_then(|n| line.get(n)).map_or("", String::as_str)
    };
    let key = cell("packet_id").to_owned();
    let Some(kind) = line.get(kind).and_then(|code| code.trim().parse::<Kind>().ok()) else {
        return Row::refused(number, key, Finding::new("formats-no-kind", "kind"));
    };
    let mut given: Vec<(&String, &str)> = table
        .header
        .iter()
        .zip(line)
        .map(|(path, cell)| (path, cell.trim()))
        .filter(|(path, cell)| !cell.is_empty() && !path.is_empty() && !made(path))
        .collect();
    given.sort_by(|(a, _), (b, _)| natural(a, b));
    let mut document = Document::empty(kind);
    let mut wrong = Vec::new();
    for (path, cell) in given {
        if let Err(problem) = document.set_from_file(path, cell) {
            wrong.push(Finding::from(problem));
        }
    }
    if !wrong.is_empty() {
        return Row { number, key, findings: wrong, document: None };
    }
    document.fields.insert("kind".into(), json!(kind.code()));
    super::fields::built_on(&mut document.fields, key.trim());
    Row::of(number, key, document, Vec::new())
}

fn made(path: &str) -> bool {
    let first = path.split(['.', '[']).next().unwrap_or(path);
    MADE.contains(&first) || first == "attachments" || first == "kind"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::csv::{self, Style};
    use crate::formats::testing::sample;

    fn kind(code: &str) -> Kind {
        Kind::from_code(code).unwrap()
    }

    fn travels(kind: Kind, fields: &Map<String, Value>) -> Map<String, Value> {
        let table = of_documents(kind, &[fields], |_| true);
        let bytes = csv::write(&table, Style { separator: b';', bom: true });
        let row = rows(&csv::read(&bytes).unwrap()).unwrap().remove(0);
        row.document.unwrap_or_else(|| panic!("{:?}", row.findings)).fields
    }

    #[test]
    fn the_samples_come_back_whole() {
        for code in ["MPR", "BIA"] {
            let mut fields = sample(code);
            let back = travels(kind(code), &fields);
            fields.retain(|name, _| !made(name) || name == "kind");
            let lost: Vec<_> = fields.iter().filter(|(name, v)| back.get(*name) != Some(v)).collect();
            assert!(lost.is_empty(), "{code}: {lost:?}");
        }
    }

    #[test]
    fn sections_can_be_left_out_and_a_wrong_cell_refuses_its_line() {
        let table = of_documents(kind("MPR"), &[&sample("MPR")], |code| code == "HDR" || code == "IDN");
        assert!(
            table.header.iter().all(|path| !path.starts_with("circumstances") && !path.contains("phones"))
        );
        assert!(table.header.iter().any(|path| path == "person.names.0.family"));
        let read = csv::read(
            b"kind,report_type,person.sex,person.names.1.full\nMPR,missing,woman,A\nMPR,missing,2,\n",
        )
        .unwrap();
        let rows = rows(&read).unwrap();
        assert_eq!((rows[0].state(), rows[0].number), ("refused", 2));
        assert!(rows[0].findings.iter().any(|f| f.path == "person.sex"));
        assert_eq!(rows[1].state(), "ok");
        assert_eq!(super::rows(&csv::read(b"a\n1\n").unwrap()).unwrap_err().code(), "formats-no-column");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Any text in a field of the table and in one that no table knows, any number, any code; letters that were typed in two
        /// pieces are put together.
        #[test]
        fn nothing_that_is_typed_is_changed(text in "[^\\p{C}]{1,40}", known in "[^\\p{C}]{1,40}", n in any::<i64>(), flag in any::<bool>()) {
            prop_assume!(!known.trim().is_empty());
            let known = crate::referral::tidy::composed(&known);
            let fields = json!({
                "kind": "MPR", "mode": "actual", "report_type": "missing", "circumstances": known,
                "other_searches_refs": {"lang": "ru", "text": known},
                "x_new": {"text": text, "n": n, "flag": flag, "list": [text, n, []], "none": {}},
            });
            let fields = fields.as_object().unwrap().clone();
            prop_assert_eq!(travels(kind("MPR"), &fields), fields);
        }
    }
}
