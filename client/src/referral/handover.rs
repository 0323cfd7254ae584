//! The handover record: what both sides sign when a person or a thing changes hands (VHO, EVH).
//!
//! Each side's update carries the whole record and is signed by its device, so each signature can be proven alone. They are
//! signatures under the same record if the records have the same hash: SHA-256 over their JSON without spaces, the names in
//! each object in the order of their bytes.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::Level;
use super::check::Check;
use super::components::HANDOVER;
use super::problem::Problem;

/// Hash of a record, see the head of this module.
pub fn hash(record: &Map<String, Value>) -> [u8; 32] {
    let mut text = String::new();
    write(&Value::Object(record.clone()), &mut text);
    Sha256::digest(text.as_bytes()).into()
}

/// Everything that is wrong with a record.
pub fn validate(record: &Map<String, Value>) -> Vec<Problem> {
    let mut check = Check::new(Level::Send);
    check.fields(HANDOVER.iter(), record, "handover");
    check.found
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort_unstable();
            out.push('{');
            for (place, name) in names.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(&map[name], out);
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (place, one) in list.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(one, out);
            }
            out.push(']');
        }
        simple => out.push_str(&simple.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_fields_does_not_count_and_everything_else_does() {
        let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        let record =
            read(r#"{"place":"Gate 4","by":{"staff_no":"7","org_id":"a"},"documents_handed":["x","y"]}"#);
        let turned =
            read(r#"{"documents_handed":["x","y"],"by":{"org_id":"a","staff_no":"7"},"place":"Gate 4"}"#);
        let other =
            read(r#"{"place":"Gate 4","by":{"staff_no":"7","org_id":"a"},"documents_handed":["y","x"]}"#);
        assert_eq!(hash(&record), hash(&turned));
        assert_ne!(hash(&record), hash(&other));
    }

    #[test]
    fn a_record_names_the_moment_the_place_and_both_hands() {
        let missing: Vec<_> = validate(&Map::new()).into_iter().map(|p| p.path).collect();
        let all = ["handed_over_at", "place", "person_present", "condition", "by", "to"];
        assert_eq!(missing, all.map(|name| format!("handover.{name}")));
    }
}
