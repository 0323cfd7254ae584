//! What of a referral is searched.

use serde_json::{Map, Value};

use super::Entry;
use crate::casebook::Case;

/// Fields of one referral that are searched; a document of the tables has far fewer.
pub const FIELDS_MAX: usize = 4_096;

/// Nested deeper than any document of the tables.
const DEPTH_MAX: usize = 24;

/// Not written by people, and not looked for: keys and hashes of attachments, identifiers of this program.
const LEFT_OUT: &[&str] = &[
    "key",
    "token",
    "hash",
    "hash_sha256",
    "key_id",
    "org_id",
    "att_id",
    "packet_id",
    "schema",
    "sections",
    "nonce",
    "blob",
];

/// A text and where it stands.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a text and its place")]
pub struct Field {
    /// Its path, `persons[0].names[0].family`; of a step `steps[2].text`.
    pub path: String,
    /// The text.
    pub text: String,
}
no_content_in_debug!(Field);

/// What of a case is searched: what this device may read, and what was written with its steps. Of a referral that is withheld from
/// this device or erased there is nothing, and it gives none.
pub fn entry(case: &Case, partner: &str) -> Option<Entry> {
    let mut entry = Entry {
        kind: case.thread.kind.clone(),
        partner: partner.to_owned(),
        state: case.thread.work.clone(),
        exercise: case.is_exercise(),
        ..Entry::default()
    };
    object(&case.document, "", 0, &mut entry);
    if entry.fields.is_empty() {
        return None;
    }
    for (n, (event, update)) in case.steps.iter().enumerate().filter(|(_, (event, _))| !event.taken_back) {
        push(&mut entry, format!("steps[{n}].text"), event.text.clone());
        let reason = update.as_ref().map(|update| update.reason.clone()).unwrap_or_default();
        push(&mut entry, format!("steps[{n}].reason"), reason);
    }
    entry.countries.sort();
    entry.countries.dedup();
    Some(entry)
}

fn object(map: &Map<String, Value>, at: &str, depth: usize, entry: &mut Entry) {
    for (name, value) in map.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str())) {
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        if let (true, Some(code)) = (is_country(name), value.as_str())
            && crate::registers::countries::by_code(code).is_some_and(|country| country.alpha2 == code)
        {
            entry.countries.push(code.to_owned());
        }
        self::value(value, path, depth, entry);
    }
}

fn value(value: &Value, path: String, depth: usize, entry: &mut Entry) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::String(text) => push(entry, path, text.clone()),
        Value::Number(number) => push(entry, path, number.to_string()),
        Value::Array(list) => {
            for (n, each) in list.iter().enumerate() {
                self::value(each, format!("{path}[{n}]"), depth + 1, entry);
            }
        }
        Value::Object(map) => object(map, &path, depth + 1, entry),
        Value::Null | Value::Bool(_) => {}
    }
}

fn push(entry: &mut Entry, path: String, text: String) {
    if !text.is_empty() && entry.fields.len() < FIELDS_MAX {
        entry.fields.push(Field { path, text });
    }
}

fn is_country(name: &str) -> bool {
    ["country", "country_a", "country_b", "caller_country", "plate_country", "countries"].contains(&name)
        || name.ends_with("_country")
}
