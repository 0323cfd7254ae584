//! The zone as a document of a referral (C-DOC).

use serde_json::{Map, Value, json};

use super::{Format, Zone};

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
