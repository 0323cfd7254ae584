//! One invented woman through all kinds: the samples of the project, with her in them.

use causeway_tests::process::sample;
use serde_json::{Value, json};

/// Her family name, which few need.
pub(crate) const FAMILY: &str = "Ковалёва";
/// The name she uses.
pub(crate) const GIVEN: &str = "Дарья";
/// Words of the call that stay with the hotline.
pub(crate) const OF_THE_CALL: [&str; 6] = [
    "+905000000111",
    "HOT-0031",
    "She writes at eight",
    "She was promised work in a hotel",
    "house behind the petrol station",
    "a wrong number from a shop",
];

/// A sample without some of its fields and with others.
pub(crate) fn edited(name: &str, without: &[&str], with: Value) -> Value {
    let mut document: Value = serde_json::from_slice(&std::fs::read(sample(name)).unwrap()).unwrap();
    let fields = document.as_object_mut().unwrap();
    without.iter().for_each(|field| drop(fields.remove(*field).unwrap()));
    fields.extend(with.as_object().unwrap().clone());
    document
}

fn names() -> Value {
    json!([{ "type": "legal", "script": "Cyrl", "lang": "ru", "family": FAMILY, "given": GIVEN, "derived": false }])
}

/// She calls by night.
pub(crate) fn call() -> Value {
    let person = json!({
        "role": "possible_victim", "names": names(), "sex": 2, "age": { "min": 22, "max": 24, "basis": "stated" },
        "nationalities": [{ "country": "RU", "status": "claimed" }],
        "languages": [{ "lang": "ru", "level": "native" }],
    });
    edited(
        "hotline-record.json",
        &["minors_est"],
        json!({ "persons": [person], "victims_est": { "min": 1, "max": 1 } }),
    )
}

/// She is on a coach. Who she is comes from the call.
pub(crate) fn alert() -> Value {
    edited("border-alert.json", &["persons", "children_count", "indicators"], json!({}))
}

/// A bed for a woman alone; how many people there are comes from the alert.
pub(crate) fn placement() -> Value {
    edited("placement.json", &["adults", "children"], json!({ "group": "women", "pseudonym": "Linden 08" }))
}

/// A house offers it.
pub(crate) fn offer() -> Value {
    edited("placement-answer.json", &[], json!({ "group": "women", "unit": "bed" }))
}

/// She goes there in two days; who she is comes from the alert.
pub(crate) fn handoff() -> Value {
    let mut handoff = edited("victim-handoff.json", &["person", "dependants"], json!({}));
    let scope = json!({ "role": "SHL", "sections": ["TRA", "MED", "RSK", "OPS", "LEG"], "purpose": ["shelter", "assistance"] });
    handoff["consent"]["scope"].as_array_mut().unwrap().push(scope);
    handoff
}

/// Who is she, and can she have a passport? Her names come from the alert.
pub(crate) fn check() -> Value {
    edited("identity-check.json", &["claimed", "knowledge_facts"], json!({}))
}

/// It is she, and the document will be ready.
pub(crate) fn answer() -> Value {
    edited(
        "identity-answer.json",
        &[],
        json!({ "confirmed": { "names": names(), "dob": "2003-02-11", "nationality": "RU" } }),
    )
}

/// What she can prove; who she is comes from the alert: a house does not get all of her names.
pub(crate) fn evidence() -> Value {
    edited("evidence.json", &["witness"], json!({}))
}
