//! A referral that is written bit by bit: one section after the other, with what cannot be read yet kept as it was typed.
//!
//! Nothing that somebody types is lost because it is not right yet. What a field cannot hold stands in the draft as text; whether it is
//! right is a question for [`Document::validate`], which names it until it is.

use serde_json::{Map, Value, json};

use super::document::{Document, read};
use super::path::{Step, steps, type_at};
use super::problem::{PATH, Problem, Words};
use super::spec::Type;
use super::{Kind, SectionCode, kinds, publish, tidy};

mod sheet;
mod typed;

pub(crate) use sheet::{Item, Shape, is_typed, sheet, sheets};
pub(crate) use typed::{shown, untyped};

/// What is typed where a list has nothing in it, and that is the answer.
pub(crate) const NOBODY: &str = "[]";
/// What a path ends with whose value says why there is none.
pub(crate) const NIL: &str = ".nil";

/// Writes what was typed at a path. Nothing typed takes away what stands there.
pub(crate) fn write(document: &mut Document, path: &str, text: &str) -> Result<(), Problem> {
    let wrong = |why: Words| {
        Problem::new(path, PATH, Words::of("problem-path").with_words("why", why), Words::of("wanted-path"))
    };
    let (path, nil) = path.strip_suffix(NIL).map_or((path, false), |path| (path, true));
    let all = steps(path).map_err(wrong)?;
    let Some((Step::Name(first), rest)) = all.split_first() else {
        return Err(wrong(Words::of("path-begins")));
    };
    let field = kinds::field(document.kind.spec(), first).ok_or_else(|| wrong(Words::of("path-unknown")))?;
    let holds = type_at(field, rest).ok_or_else(|| wrong(Words::of("path-unknown")))?;
    let text = text.trim();
    let mut whole = Value::Object(std::mem::take(&mut document.fields));
    let stands = look(&whole, &all);
    let unchanged = stands.is_some_and(|value| shown(holds, value).join(",") == text);
    let list = stands.and_then(Value::as_array);
    let value = match text {
        // Nobody is in a list: an answer, as long as nobody is named in it.
        "" if matches!(holds, Type::List(..)) && list.is_some_and(|list| !list.is_empty()) => None,
        NOBODY if list.is_some_and(|list| list.iter().any(|value| !value.is_null())) => None,
        "" if nil && stands.is_some_and(|value| !super::path::is_nil(value)) => None,
        _ if unchanged && !nil => None,
        "" => Some(Value::Null),
        _ if nil => Some(json!({ "nil": text })),
        _ => Some(value_of(holds, text)),
    };
    if let Some(value) = value {
        place(&mut whole, &all, value);
    }
    if let Value::Object(fields) = whole {
        document.fields = fields;
    }
    Ok(())
}

/// The value of what was typed; what the field cannot hold stays text.
fn value_of(holds: &Type, text: &str) -> Value {
    if text == NOBODY && matches!(holds, Type::List(..) | Type::Codes(_) | Type::Indicators) {
        return json!([]);
    }
    let text = untyped(holds, text);
    // A text in which somebody has written JSON is a text.
    let mut value = match holds {
        Type::Text(_) | Type::Line(_) => Value::from(text),
        _ => read(Some(holds), &text).unwrap_or_else(|_| text.into()),
    };
    tidy::tidy(holds, &mut value);
    value
}

/// Takes away the element of a list, or whatever else stands at a path.
pub(crate) fn remove(document: &mut Document, path: &str) {
    let Ok(all) = steps(path) else { return };
    let mut whole = Value::Object(std::mem::take(&mut document.fields));
    if look(&whole, &all).is_some() {
        place(&mut whole, &all, Value::Null);
    }
    if let Value::Object(fields) = whole {
        document.fields = fields;
    }
    close_gaps(document);
}

/// Takes out what is empty: elements that nobody has filled in, and groups without a field.
pub(crate) fn close_gaps(document: &mut Document) {
    document.fields.retain(|_, value| !emptied(value));
}

fn emptied(value: &mut Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => {
            let had = !map.is_empty();
            map.retain(|_, value| !emptied(value));
            had && map.is_empty()
        }
        Value::Array(list) => {
            // A list with nothing in it is an answer: nobody.
            let had = !list.is_empty();
            list.retain_mut(|value| !emptied(value));
            had && list.is_empty()
        }
        _ => false,
    }
}

/// The section of a path, as a problem names it.
pub(crate) fn section_of(kind: Kind, path: &str) -> Option<SectionCode> {
    let plain: String = without_numbers(path);
    let outline = publish::outline(kind);
    let mut path = plain.as_str();
    loop {
        let row = outline.iter().find(|row| row.path == path.trim_end_matches("[]"));
        if let Some(row) = row {
            return Some(row.section);
        }
        path = path.rsplit_once('.')?.0;
    }
}

fn without_numbers(path: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => {
                inside = true;
                plain.push_str("[]");
            }
            ']' => inside = false,
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    plain
}

/// What stands in a document at a path.
pub(crate) fn stands<'a>(document: &'a Document, path: &str) -> Option<&'a Value> {
    let all = steps(path).ok()?;
    let (Step::Name(first), rest) = all.split_first()? else { return None };
    look(document.fields.get(first)?, rest)
}

/// What stands at a path.
fn look<'a>(value: &'a Value, all: &[Step]) -> Option<&'a Value> {
    let mut value = value;
    for step in all {
        value = match step {
            Step::Name(name) => value.get(name)?,
            Step::Index(at) => value.get(at)?,
        };
    }
    (!value.is_null()).then_some(value)
}

/// Puts a value at a path and makes what is missing on the way; elements before it are left free.
fn place(slot: &mut Value, all: &[Step], value: Value) {
    let Some((step, rest)) = all.split_first() else {
        *slot = value;
        return;
    };
    match step {
        Step::Name(name) => {
            if !slot.is_object() || super::path::is_nil(slot) {
                // What takes nothing away takes away no text that stands for the whole group either.
                if value.is_null() && !slot.is_null() {
                    return;
                }
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(map) = slot {
                place(map.entry(name.as_str()).or_insert(Value::Null), rest, value);
            }
        }
        Step::Index(at) => {
            if !slot.is_array() {
                if value.is_null() && !slot.is_null() {
                    return;
                }
                *slot = Value::Array(Vec::new());
            }
            if let Value::Array(list) = slot {
                if list.len() <= *at {
                    // At most as many as a path may count.
                    list.resize(at.saturating_add(1), Value::Null);
                }
                if let Some(slot) = list.get_mut(*at) {
                    place(slot, rest, value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
