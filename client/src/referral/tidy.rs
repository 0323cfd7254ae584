//! Spellings that mean the same and look different to a machine: letters with accents in one piece or in two, codes in small
//! letters, numbers with spaces. They are put right when they are typed or read, and nobody is asked; nothing is refused for them.

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;

use super::kinds;
use super::spec::{Field, Spec, Type};
use super::standards::number_of_icao;
use crate::registers::countries;
use crate::translit::look_alike;

/// A text in the composed form (NFC).
pub(crate) fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// Everything that the tables of a kind know. What they do not know stays as it came.
pub(super) fn document(spec: &'static Spec, fields: &mut Map<String, Value>) {
    for (name, value) in fields {
        if let Some(field) = kinds::field(spec, name) {
            tidy(&field.holds, value);
        }
    }
}

/// A value of this type.
pub(super) fn tidy(holds: &Type, value: &mut Value) {
    match (holds, value) {
        (Type::Text(_) | Type::Line(_) | Type::GroupOrText(_), Value::String(text)) => *text = composed(text),
        (Type::Text(_), Value::Object(map)) => {
            if let Some(text) = map.get_mut("text") {
                tidy(holds, text);
            }
        }
        (Type::Group(fields) | Type::GroupOrText(fields), Value::Object(map)) => group(fields, map),
        (Type::List(each, ..), Value::Array(list)) => list.iter_mut().for_each(|value| tidy(each, value)),
        (Type::Currency | Type::Airport | Type::Locode, Value::String(text)) => {
            *text = text.split_whitespace().collect::<String>().to_ascii_uppercase();
        }
        (Type::Issuer, Value::String(text)) => {
            *text = text.trim().to_ascii_uppercase();
            // A country that somebody wrote with two letters is the one of three.
            if let Some(country) = countries::by_code(text).filter(|country| country.alpha2 == *text) {
                *text = country.alpha3.clone();
            }
        }
        (Type::DocumentNumber, Value::String(text)) => *text = composed(text.trim()),
        _ => {}
    }
}

fn group(fields: &[Field], map: &mut Map<String, Value>) {
    for (name, value) in map.iter_mut() {
        if let Some(field) = fields.iter().find(|field| field.name == name) {
            tidy(&field.holds, value);
        }
    }
    if number_of_icao(fields)(map)
        && let Some(Value::String(number)) = map.get_mut("number")
    {
        // A travel document has Latin letters, and keyboards here have both.
        let latin = |c| look_alike(c).unwrap_or(c);
        *number =
            number.chars().filter(|c| !is_between(*c)).flat_map(char::to_uppercase).map(latin).collect();
    }
}

/// What stands between the parts of a number, and in no machine-readable zone.
fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '–' | '—' | '№' | '.' | '/')
}
