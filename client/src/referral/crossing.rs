//! Border points in a referral: numbers of our own register.

use serde_json::{Map, Value};

use super::Level;
use super::check::Check;
use super::problem::{UNKNOWN_CODE, Words};
use crate::registers::borders;

impl Check {
    /// A number that the register does not have is a slip of the pen, unless the name stands beside it: then it comes from a newer
    /// register, and a person can read where it is.
    pub(super) fn crossing(&mut self, map: &Map<String, Value>, path: &str) {
        let text =
            |name: &str| map.get(name).and_then(|v| v.get("text").unwrap_or(v).as_str()).map(str::trim);
        let Some(id) = text("bp_id").filter(|_| self.level == Level::Send) else { return };
        let is_named = text("name").is_some_and(|name| !name.is_empty());
        if !is_named && borders::by_id(id).is_none() {
            let wrong = Words::of("problem-unknown-crossing").with("code", id);
            self.report(&format!("{path}.bp_id"), UNKNOWN_CODE, wrong, Words::of("wanted-crossing"));
        }
    }
}

/// Writes beside the number of a border point what the register says of it: whoever reads has perhaps another one.
pub(super) fn describe(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(id) = map.get("bp_id").and_then(Value::as_str)
                && let Some(Value::Object(known)) =
                    borders::by_id(id.trim()).map(borders::BorderPoint::to_json)
            {
                for (name, said) in known {
                    map.entry(name).or_insert(said);
                }
            }
            map.values_mut().for_each(describe);
        }
        Value::Array(list) => list.iter_mut().for_each(describe),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use causeway_common::time::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::referral::{Document, Kind};

    #[test]
    fn a_number_without_a_crossing_is_refused_and_a_known_one_gets_its_name() {
        let mut document = Document::empty(Kind::from_code("BIA").unwrap());
        let wrong = |document: &Document, level| {
            let found = document.validate(level, Timestamp(0));
            found.into_iter().any(|problem| problem.path == "where.border_point.bp_id")
        };
        document.fields.insert("where".into(), json!({ "border_point": { "bp_id": "BP-9999" } }));
        assert!(wrong(&document, Level::Send) && !wrong(&document, Level::Draft));
        document.fields["where"]["border_point"]["name"] = " ".into();
        assert!(wrong(&document, Level::Send));
        document.fields["where"]["border_point"]["name"] = json!({ "lang": "ru", "text": "Новый пункт" });
        assert!(!wrong(&document, Level::Send), "from a newer register");
        let mut whole = json!({ "legs": [{ "border_point": { "bp_id": "BP-0017", "mode": "foot" } }] });
        describe(&mut whole);
        let point = &whole["legs"][0]["border_point"];
        assert_eq!((&point["name"], &point["mode"]), (&json!("Palanca – Maiaki-Udobnoe"), &json!("foot")));
    }
}
