//! What one referral takes over from another about the same person: a call becomes an alert, an alert a request for a bed.
//!
//! Only fields that the new kind knows are taken, so nothing lands in a section that it was not meant for. Files, texts
//! that were written for somebody else and everything about the way of the earlier packet stay behind.

use serde_json::{Map, Value, json};

use super::document::Document;
use super::kinds;
use super::path::{Step, is_nil, put, steps, type_at};
use super::pseudonym;
use super::spec::Type;

/// From which kinds, from where, into which kind, to where.
type Row = (&'static [&'static str], &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    (&["HIC"], "persons", "BIA", "persons"),
    (&["MPR"], "person", "BIA", "persons[0]"),
    (&["HIC"], "situation_place", "BIA", "where"),
    (&["MPR"], "recruiter", "BIA", "companions"),
    (&["HIC", "BIA"], "persons[0]", "MPR", "person"),
    (&["HIC"], "situation_place", "MPR", "last_seen.place"),
    (&["BIA"], "where", "MPR", "last_seen.place"),
    (&["BIA"], "companions", "MPR", "recruiter"),
    (&["HIC", "BIA"], "persons[0]", "VHO", "person"),
    (&["MPR"], "person", "VHO", "person"),
    (&["IDQ"], "claimed", "VHO", "person"),
    (&["SPR"], "risk_level", "VHO", "risk.level"),
    (&["SPR"], "languages_spoken", "VHO", "needs.languages"),
    (&["VHO"], "risk.level", "SPR", "risk_level"),
    (&["BIA", "HIC"], "persons[0]", "IDQ", "claimed"),
    (&["MPR", "VHO"], "person", "IDQ", "claimed"),
    (&["MPR"], "documents", "IDQ", "documents"),
    (&["BIA", "HIC"], "persons[0]", "EVH", "witness"),
    (&["MPR", "VHO"], "person", "EVH", "witness"),
    (&["IDQ"], "claimed", "EVH", "witness"),
    (&["HIC", "MPR", "BIA"], "indicators", "MPR", "indicators"),
    (&["HIC", "MPR"], "indicators", "BIA", "indicators"),
];

/// What every kind takes over: the person's own word, and what protects her.
const ALWAYS: &[&str] = &["consent", "consent_ref", "asylum_flag", "persecution_fear_countries", "mode"];

/// Fields that point at files of the earlier packet.
const FILES: &[&str] = &["photo", "scan", "attachments", "evidence"];

/// The number that one partner reads of a person: another one reads another.
const OF_ONE_PARTNER: &str = "person_id";

/// Lists of persons, by kind.
const PERSONS: &[(&str, &str)] = &[("HIC", "persons"), ("BIA", "persons")];

/// Begins a document of `to` with what an earlier one of the kind `from` says.
pub fn carry_over(from: &str, earlier: &Map<String, Value>, to: super::Kind) -> Document {
    let mut whole = Value::Object(Map::new());
    for name in ALWAYS {
        if let Some(value) = earlier.get(*name).filter(|v| !v.is_null()) {
            place(&mut whole, to, name, value.clone());
        }
    }
    for (kinds, source, target, path) in ROWS {
        if kinds.contains(&from)
            && *target == to.code()
            && let Some(value) = at(earlier, source)
        {
            place(&mut whole, to, path, value.clone());
        }
    }
    count_people(from, earlier, to, &mut whole);
    if let Some(packet) = earlier.get("packet_id").filter(|v| v.is_string()) {
        place(&mut whole, to, "references", json!([{ "packet_id": packet, "rel": "same_subject" }]));
    }
    let mut document = Document::empty(to);
    if let Value::Object(fields) = whole {
        document.fields = fields;
    }
    document
}

/// Fields of the header that belong to the way of one packet, and to what was decided about it.
const OF_THE_WAY: [&str; 16] = [
    "attachments",
    "author",
    "created",
    "in_reply_to",
    "location_expires",
    "override",
    "packet_id",
    "peer_case_ref",
    "recipients",
    "respond_by",
    "retention_until",
    "root_packet",
    "schema",
    "sections",
    "supersedes",
    "valid_until",
];

/// Begins the same referral once more, for somebody else: everything that it says, and nothing of its way but that it is about the
/// same person. Files lie at the relay for the first recipients only, and are attached again.
pub fn once_more(kind: super::Kind, earlier: &Map<String, Value>) -> Document {
    let mut document = Document::empty(kind);
    document.fields = earlier.clone();
    OF_THE_WAY.iter().for_each(|field| drop(document.fields.remove(*field)));
    without_files(&mut document.fields);
    pseudonym::forget(&mut document.fields);
    if let Some(packet) = earlier.get("packet_id").filter(|packet| packet.is_string()) {
        // What is known of her by the earlier one holds for this one.
        let list = document.fields.entry("references").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(json!({ "packet_id": packet, "rel": "same_subject" }));
        }
    }
    document
}

fn without_files(fields: &mut Map<String, Value>) {
    fields.retain(|name, _| !FILES.contains(&name.as_str()));
    for value in fields.values_mut() {
        match value {
            Value::Object(inner) => without_files(inner),
            Value::Array(list) => list.iter_mut().filter_map(Value::as_object_mut).for_each(without_files),
            _ => {}
        }
    }
}

/// A handoff takes the children along as dependants; a request for beds counts them, and names nobody.
fn count_people(from: &str, earlier: &Map<String, Value>, to: super::Kind, whole: &mut Value) {
    let Some((_, path)) = PERSONS.iter().find(|(kind, _)| *kind == from) else { return };
    let people = earlier.get(*path).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_child = |person: &&Value| matches!(person["minor"].as_str(), Some("yes" | "presumed"));
    match to.code() {
        "VHO" => {
            let children: Vec<Value> = people.iter().skip(1).filter(is_child).cloned().collect();
            if !children.is_empty() {
                place(whole, to, "dependants", children.into());
            }
        }
        "SPR" if !people.is_empty() => {
            let children: Vec<Value> = people.iter().filter(is_child).map(in_a_bed).collect();
            place(whole, to, "adults", (people.len() - children.len()).into());
            place(whole, to, "children", children.into());
        }
        _ => {}
    }
}

/// Of a child a shelter needs the age and the sex to find a bed.
fn in_a_bed(child: &Value) -> Value {
    let age = child["age"]["max"].as_u64().or_else(|| child["age"]["min"].as_u64());
    json!({ "age": age.map_or_else(|| json!({ "nil": "unknown" }), Value::from), "sex": child["sex"].as_u64().unwrap_or(0) })
}

/// Puts a value where the new kind's table has a place for it; of groups what it knows.
fn place(whole: &mut Value, to: super::Kind, path: &str, value: Value) {
    let Ok(steps) = steps(path) else { return };
    let Some((Step::Name(first), rest)) = steps.split_first() else { return };
    let Some(field) = kinds::field(to.spec(), first) else { return };
    if let Some(known) = type_at(field, rest).and_then(|holds| known(holds, value)) {
        // A place that is taken already keeps what it has.
        let _ = put(whole, &steps, known);
    }
}

/// What of a value a type knows.
fn known(holds: &Type, value: Value) -> Option<Value> {
    if is_nil(&value) {
        return Some(value);
    }
    match (holds, value) {
        (Type::Group(fields) | Type::GroupOrText(fields), Value::Object(map)) => {
            let kept: Map<String, Value> = map
                .into_iter()
                .filter(|(name, _)| !FILES.contains(&name.as_str()) && name != OF_ONE_PARTNER)
                .filter_map(|(name, value)| {
                    let field = fields.iter().find(|field| field.name == name)?;
                    Some((name, known(&field.holds, value)?))
                })
                .collect();
            (!kept.is_empty()).then(|| kept.into())
        }
        (Type::List(each, ..), Value::Array(list)) => {
            Some(list.into_iter().filter_map(|value| known(each, value)).collect())
        }
        (Type::Group(_) | Type::List(..), _) => None,
        (_, value) => Some(value),
    }
}

fn at<'a>(map: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let steps = steps(path).ok()?;
    let (Step::Name(first), rest) = steps.split_first()? else { return None };
    let begin = map.get(first.as_str())?;
    let found = rest.iter().try_fold(begin, |value, step| match step {
        Step::Name(name) => value.get(name),
        Step::Index(index) => value.get(index),
    });
    found.filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referral::Kind;

    fn alert() -> Map<String, Value> {
        serde_json::from_str(include_str!("../../../docs/samples/border-alert.json")).unwrap()
    }

    #[test]
    fn an_alert_becomes_a_handoff_of_the_same_person() {
        let mut alert = alert();
        alert.insert("packet_id".into(), "11".repeat(32).into());
        alert["persons"][1]["minor"] = "presumed".into();
        alert.insert("consent".into(), json!({ "given_by": "subject", "evidence": { "name": "form.pdf" } }));
        let handoff = carry_over("BIA", &alert, "VHO".parse().unwrap()).fields;
        assert_eq!(handoff["person"]["names"], alert["persons"][0]["names"]);
        assert_eq!(handoff["dependants"][0]["names"], alert["persons"][1]["names"]);
        assert_eq!(handoff["references"][0]["rel"], "same_subject");
        assert_eq!(
            handoff["consent"],
            json!({ "given_by": "subject" }),
            "without the file of the other packet"
        );
        for left in ["companions", "approach_note", "code_word", "legal_basis", "callback", "where"] {
            assert!(!handoff.contains_key(left), "{left}");
        }
    }

    #[test]
    fn a_call_becomes_an_alert_without_whoever_called() {
        let call: Value =
            serde_json::from_str(include_str!("../../../docs/samples/hotline-record.json")).unwrap();
        let call = call.as_object().unwrap();
        let alert = carry_over("HIC", call, "BIA".parse().unwrap()).fields;
        assert_eq!(alert["persons"][0]["names"], call["persons"][0]["names"]);
        let text = Value::Object(alert).to_string();
        for of_the_caller in ["caller", "callback", "handover_note", "operator"] {
            assert!(!text.contains(of_the_caller), "{of_the_caller}");
        }
        let number = &call["caller_number"];
        assert!(!number.is_null() && !text.contains(&number.to_string()));
    }

    #[test]
    fn nothing_is_taken_that_the_new_kind_does_not_know() {
        let report: Value =
            serde_json::from_str(include_str!("../../../docs/samples/missing-person.json")).unwrap();
        let mut report = report.as_object().unwrap().clone();
        report["person"]["newer"] = json!("a field of a later version");
        let alert = carry_over("MPR", &report, "BIA".parse().unwrap()).fields;
        let person = alert["persons"][0].as_object().unwrap();
        assert!(person.contains_key("names"));
        for unknown in ["newer", "photo", "parents"] {
            assert!(!person.contains_key(unknown), "{unknown}");
        }
    }

    #[test]
    fn once_more_says_the_same_and_nothing_of_the_first_way() {
        let mut alert = alert();
        let person = alert["persons"][0]["names"].clone();
        for (field, value) in [
            ("packet_id", json!("11".repeat(32))),
            ("respond_by", json!("2026-01-01T00:00:00Z")),
            ("valid_until", json!("2026-01-01T00:00:00Z")),
            ("sections", json!([])),
            ("override", json!({ "reason": "danger" })),
        ] {
            alert.insert(field.into(), value);
        }
        alert["persons"][0]["person_id"] = "01932c07-209f-7c3a-9b1e-7b8d1f1b2c3d".into();
        alert["persons"][0]["photo"] = json!({ "name": "face.jpg" });
        let again = once_more("BIA".parse().unwrap(), &alert).fields;
        assert_eq!(again["persons"][0]["names"], person);
        assert_eq!(again.get("where"), alert.get("where"), "written for whoever gets it");
        assert!(again["persons"][0].get("photo").is_none(), "it lies at the relay for the first one only");
        assert!(again["persons"][0].get("person_id").is_none(), "two partners could compare");
        assert_eq!(again["references"][0], json!({ "packet_id": "11".repeat(32), "rel": "same_subject" }));
        for gone in OF_THE_WAY {
            assert!(!again.contains_key(gone), "{gone}");
        }
    }

    #[test]
    fn every_row_leads_from_a_field_to_a_field() {
        for (from, source, to, target) in ROWS {
            for (kind, path) in from.iter().map(|kind| (*kind, *source)).chain([(*to, *target)]) {
                let kind = Kind::from_code(kind).unwrap();
                let steps = steps(path).unwrap();
                let Step::Name(first) = &steps[0] else { panic!("{path}") };
                let field = kinds::field(kind.spec(), first).unwrap_or_else(|| panic!("{kind}: {path}"));
                assert!(type_at(field, &steps[1..]).is_some(), "{kind}: {path}");
            }
        }
    }

    #[test]
    fn documents_that_are_not_what_they_should_be_give_little_and_do_no_harm() {
        for odd in
            [json!({ "persons": 7 }), json!({ "persons": [] }), json!({ "persons": [null, { "age": 3 }] })]
        {
            for kind in Kind::all() {
                let _ = carry_over("BIA", odd.as_object().unwrap(), kind);
            }
        }
    }
}
