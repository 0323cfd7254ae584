//! The zone as a document of a referral (C-DOC).

use serde_json::{Map, Value, json};

use super::{Format, MrzCheck, Zone};

/// Nested deeper than any document of the tables.
const DEPTH_MAX: usize = 16;
/// Documents of one referral whose lines are checked; nobody has more.
const DOCUMENTS_MAX: usize = 100;

/// Lines that stand in a referral, and what their digits say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stated {
    /// Path of the document.
    pub path: String,
    /// What the digits say; none if these are not the lines of a known layout.
    pub check: Option<MrzCheck>,
}

/// What is known from the lines. Who holds the document now stands in no zone.
pub(super) fn document(zone: &Zone) -> Value {
    let mut document = Map::new();
    document.insert("doc_type".into(), doc_type(zone).into());
    document.insert("issuer".into(), zone.issuer.clone().into());
    let number: String = zone.number.chars().filter(|c| *c != ' ').collect();
    // An internal passport's number is printed in another order than in the zone.
    if !zone.is_internal_passport() && !number.is_empty() {
        document.insert("number".into(), number.into());
    }
    if !zone.expiry.date.is_empty() {
        document.insert("expires".into(), zone.expiry.date.clone().into());
    }
    document.insert("mrz".into(), json!(zone.lines));
    document.insert("mrz_check".into(), zone.check.to_json());
    document.insert("holder_state".into(), json!({ "nil": "not_asked" }));
    Value::Object(document)
}

/// Lines in a referral, wherever they stand.
pub(super) fn stated(document: &Map<String, Value>) -> Vec<Stated> {
    let mut found = Vec::new();
    object(document, "", 0, &mut found);
    found
}

fn object(map: &Map<String, Value>, at: &str, depth: usize, found: &mut Vec<Stated>) {
    if depth > DEPTH_MAX || found.len() >= DOCUMENTS_MAX {
        return;
    }
    if let Some(Value::Array(lines)) = map.get("mrz") {
        let lines: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap_or("")).collect();
        found.push(Stated { path: at.to_owned(), check: super::check(&lines) });
    }
    for (name, value) in map {
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        match value {
            Value::Object(inside) => object(inside, &path, depth + 1, found),
            Value::Array(list) => {
                for (n, inside) in
                    list.iter().enumerate().filter_map(|(n, each)| Some((n, each.as_object()?)))
                {
                    object(inside, &format!("{path}[{n}]"), depth + 1, found);
                }
            }
            _ => {}
        }
    }
}

fn doc_type(zone: &Zone) -> &'static str {
    match (zone.format, zone.kind.as_str(), zone.nationality.as_str()) {
        _ if zone.is_internal_passport() => "internal_passport",
        (Format::MrvA | Format::MrvB, ..) => "visa",
        (_, "PD", _) => "diplomatic_passport",
        (_, kind, "XXA") if kind.starts_with('P') => "stateless_travel_document",
        (_, kind, "XXB" | "XXC") if kind.starts_with('P') => "refugee_travel_document",
        (_, kind, _) if kind.starts_with('P') => "passport",
        (_, "AC", _) => "other",
        (Format::Td1 | Format::Td2, kind, _) if kind.starts_with(['I', 'A', 'C']) => "id_card",
        _ => "other",
    }
}
