//! Single values of a document as text, and into one.

use serde_json::{Map, Value, json};

/// The value at a path of names and numbers, `person.names.0.family`.
pub(super) fn at<'a>(fields: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = fields.get(first)?;
    rest.into_iter().flat_map(|rest| rest.split('.')).try_fold(value, |value, step| match value {
        Value::Array(list) => list.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

/// The text at a path: a string, the text of a spoken one, a code, a number. Not what somebody did not answer.
pub(super) fn text(fields: &Map<String, Value>, path: &str) -> Option<String> {
    at(fields, path).and_then(words)
}

/// A value as text.
pub(super) fn words(value: &Value) -> Option<String> {
    let plain = match value {
        Value::Object(map) => {
            ["text", "code", "number", "raw"].into_iter().find_map(|name| map.get(name)).unwrap_or(value)
        }
        other => other,
    };
    match plain {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// The codes of a list.
pub(super) fn codes(fields: &Map<String, Value>, path: &str) -> Vec<String> {
    match at(fields, path) {
        Some(Value::Array(list)) => list.iter().filter_map(words).collect(),
        Some(one) => words(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Puts a text at a path of names, making the objects on the way.
pub(super) fn put(fields: &mut Map<String, Value>, path: &str, value: impl Into<Value>) {
    match path.split_once('.') {
        None => drop(fields.insert(path.to_owned(), value.into())),
        Some((first, rest)) => {
            let slot = fields.entry(first).or_insert_with(|| json!({}));
            if !slot.is_object() {
                *slot = json!({});
            }
            if let Some(map) = slot.as_object_mut() {
                put(map, rest, value);
            }
        }
    }
}
/// Names in a document the packet that it is a copy of, if that is one: who sent it first has a say in where it goes, also after a
/// journey through a file.
pub(super) fn built_on(fields: &mut Map<String, Value>, packet: &str) {
    const PACKET_ID_BYTES: usize = 32;
    if hex::decode(packet).is_ok_and(|bytes| bytes.len() == PACKET_ID_BYTES) {
        let reference = json!({ "packet_id": packet, "rel": "same_subject" });
        match fields.get_mut("references").and_then(Value::as_array_mut) {
            Some(list) if list.iter().any(|other| other["packet_id"] == *packet) => {}
            Some(list) => list.insert(0, reference),
            None => drop(fields.insert("references".into(), json!([reference]))),
        }
    }
}
