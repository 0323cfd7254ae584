//! Records of others as drafts of reports.

use serde_json::{Map, Value, json};

use super::{Pfif, Record, check};
use crate::formats::fields::put;
use crate::formats::finding::{Finding, Row};
use crate::referral::{Document, Kind};

/// Fields that stand in a field of the report. The others are kept under `pfif`.
const MAPPED: [&str; 12] = [
    "full_name",
    "given_name",
    "family_name",
    "alternate_names",
    "sex",
    "date_of_birth",
    "age",
    "home_street",
    "home_city",
    "home_state",
    "home_postal_code",
    "home_country",
];

/// A draft for each person, with its notes.
pub fn rows(pfif: &Pfif) -> Vec<Row> {
    let mut seen = std::collections::BTreeSet::new();
    let mut rows = Vec::new();
    for (number, person) in (1..).zip(&pfif.persons) {
        let id = person.get("person_record_id").cloned().unwrap_or_default();
        if !id.is_empty() && !seen.insert(id.clone()) {
            rows.push(Row::refused(number, id, Finding::new("formats-twice", "person_record_id")));
            continue;
        }
        let notes: Vec<&Record> =
            pfif.notes.iter().filter(|note| note.get("person_record_id") == Some(&id)).collect();
        rows.push(row(number, id, person, &notes));
    }
    let orphan = |note: &&Record| !note.get("person_record_id").is_some_and(|id| seen.contains(id));
    for (number, note) in (pfif.persons.len() + 1..).zip(pfif.notes.iter().filter(orphan)) {
        let key = note.get("note_record_id").cloned().unwrap_or_default();
        rows.push(Row::refused(number, key, Finding::new("formats-pfif-orphan", "person_record_id")));
    }
    rows
}

fn row(number: usize, id: String, person: &Record, notes: &[&Record]) -> Row {
    if person.contains_key("expiry_date")
        && person.keys().all(|field| check::PLACEHOLDER.contains(&field.as_str()))
    {
        return Row::refused(number, id, Finding::new("formats-pfif-placeholder", "expiry_date"));
    }
    let mut found = check::check(person, &["person_record_id", "source_date", "full_name"]);
    // Without a number the record cannot be recognised again; without any name there is nobody to look for.
    let has_name = ["full_name", "given_name", "family_name"].iter().any(|field| person.contains_key(*field));
    let unusable = |f: &Finding| f.path == "person_record_id" || (f.path == "full_name" && !has_name);
    if found.iter().any(unusable) {
        return Row { number, key: id, findings: found, document: None };
    }
    for (n, note) in notes.iter().enumerate() {
        let wrong = check::check(note, &["note_record_id", "author_name", "source_date", "text"]);
        found.extend(wrong.into_iter().map(|f| f.under(&format!("note[{n}]"))));
    }
    if person.contains_key("photo_url") {
        found.push(Finding::new("formats-pfif-photo", "photo_url"));
    }
    let Some(kind) = Kind::from_code("MPR") else {
        return Row { number, key: id, findings: found, document: None };
    };
    // What has the wrong shape is kept as it came and fills no field.
    let wrong: Vec<&str> = found.iter().map(|f| f.path.as_str()).collect();
    let good: Record = person
        .iter()
        .filter(|(f, _)| !wrong.contains(&f.as_str()))
        .map(|(f, v)| (f.clone(), v.clone()))
        .collect();
    let fields = fields(person, &good, notes);
    Row::of(number, id, Document { kind, fields }, found)
}

fn fields(person: &Record, good: &Record, notes: &[&Record]) -> Map<String, Value> {
    let mut fields = Map::new();
    let value = |name: &str| good.get(name).cloned();
    put(&mut fields, "report_type", if sought(notes) { "missing" } else { "found" });
    put(&mut fields, "publication", "none");
    put(&mut fields, "person.role", "missing");
    put(&mut fields, "person.names", names(good));
    let sex = match good.get("sex").map(String::as_str) {
        Some("male") => 1,
        Some("female") => 2,
        Some("other") => 9,
        _ => 0,
    };
    put(&mut fields, "person.sex", sex);
    if let Some(birth) = value("date_of_birth") {
        put(&mut fields, "person.dob", birth);
    }
    if let Some((min, max)) = good.get("age").and_then(|age| check::age(age)) {
        put(&mut fields, "person.age", json!({ "min": min, "max": max, "basis": "stated" }));
    }
    let state = value("home_state").map(|state| match (state.contains('-'), good.get("home_country")) {
        (false, Some(country)) => format!("{country}-{state}"),
        _ => state,
    });
    let home = [
        ("country", value("home_country")),
        ("subdivision", state.filter(|state| state.contains('-'))),
        ("place", value("home_city")),
        ("address", value("home_street")),
        ("postal_code", value("home_postal_code")),
    ];
    for (name, value) in home {
        if let Some(value) = value {
            put(&mut fields, &format!("person.residence.{name}"), value);
        }
    }
    if let Some(day) = good.get("expiry_date").and_then(|at| at.get(..10)) {
        put(&mut fields, "search_until", day);
    }
    // Where somebody was found is where she is now.
    if sought(notes)
        && let Some(place) = notes.iter().find_map(|note| note.get("last_known_location"))
    {
        put(&mut fields, "last_seen", json!({ "at": { "nil": "unknown" }, "place": place }));
    }
    let kept =
        person.iter().filter(|(name, _)| !MAPPED.contains(&name.as_str()) || !good.contains_key(*name));
    let mut kept: Map<String, Value> = kept.map(|(name, v)| (name.clone(), v.as_str().into())).collect();
    kept.insert("notes".into(), notes.iter().map(|note| json!(note)).collect());
    fields.insert("pfif".into(), kept.into());
    fields
}

/// Whether anybody still looks for her, by the newest note that says something about it.
fn sought(notes: &[&Record]) -> bool {
    let newest =
        notes.iter().filter(|note| note.contains_key("status")).max_by_key(|note| note.get("source_date"));
    !newest.is_some_and(|note| {
        matches!(note["status"].as_str(), "believed_alive" | "is_note_author" | "believed_dead")
    })
}

/// Names: each line of the full name is a spelling; family and given name belong to the first.
fn names(good: &Record) -> Vec<Value> {
    let lines = |field: &str| -> Vec<String> {
        let text = good.get(field).map_or("", String::as_str);
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let (given, family) = (good.get("given_name"), good.get("family_name"));
    let composed: Vec<&str> = [given, family].into_iter().flatten().map(String::as_str).collect();
    let mut spellings = lines("full_name").into_iter();
    let first = spellings.next();
    let mut list = Vec::new();
    let mut name = json!({ "type": "legal" });
    if let Some(full) = first.filter(|full| *full != composed.join(" ")) {
        name["full"] = full.into();
    }
    for (field, part) in [("given", given), ("family", family)] {
        if let Some(part) = part {
            name[field] = part.as_str().into();
        }
    }
    list.push(name);
    list.extend(spellings.map(|full| json!({ "type": "legal", "full": full })));
    list.extend(lines("alternate_names").into_iter().map(|full| json!({ "type": "alias", "full": full })));
    list
}
