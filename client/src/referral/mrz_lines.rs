//! The machine readable lines of documents in a referral. What a document says about their check digits is computed again.

use serde_json::{Map, Value};

use super::check::Check;
use super::problem::{RULE, Words};
use crate::mrz::MrzCheck;

impl Check {
    /// A group with lines: what it says about their digits must be true. Digits that do not fit forbid nothing: a forged document is
    /// a reason to write.
    pub(super) fn mrz(&mut self, map: &Map<String, Value>, path: &str) {
        let (Some(lines), Some(Value::Object(stated))) = (map.get("mrz"), map.get("mrz_check")) else {
            return;
        };
        let computed = computed(lines).map(|check| check.to_json());
        for (name, verdict) in stated {
            let right = computed.as_ref().and_then(|check| check.get(name));
            if right != Some(verdict) {
                let at = format!("{path}.mrz_check.{name}");
                let right = right.and_then(Value::as_str).unwrap_or("-");
                let wrong = Words::of("mrz-check-differs").with("stated", verdict).with("right", right);
                self.report(&at, RULE, wrong, Words::of("mrz-check-leave-out"));
            }
        }
    }
}

/// What the digits of lines in a document say; none if these are not the lines of a known layout.
pub(super) fn computed(lines: &Value) -> Option<MrzCheck> {
    let lines: Vec<&str> = lines.as_array()?.iter().map(|line| line.as_str().unwrap_or("")).collect();
    crate::mrz::check(&lines)
}

#[cfg(test)]
mod tests {
    use causeway_common::time::Timestamp;
    use serde_json::json;

    use crate::referral::{Document, Kind, Level};

    fn problems(check: serde_json::Value) -> Vec<String> {
        let lines =
            ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<11"];
        let document = json!({
            "alert_type": "outgoing_victim",
            "persons": [{ "documents": [{
                "doc_type": "passport", "issuer": "UTO", "holder_state": "held_by_subject", "mrz": lines, "mrz_check": check,
            }] }],
        });
        let kind: Kind = "border-alert".parse().unwrap();
        let document = Document::parse(kind, document.to_string().as_bytes()).unwrap();
        let found = document.validate(Level::Draft, Timestamp(0));
        found.into_iter().map(|problem| problem.path).filter(|path| path.contains("mrz")).collect()
    }

    #[test]
    fn what_a_document_says_about_its_digits_is_computed_again() {
        assert!(
            problems(json!({ "num": "ok", "composite": "fail" })).is_empty(),
            "digits that fail forbid nothing"
        );
        assert!(problems(json!({})).is_empty());
        assert_eq!(
            problems(json!({ "num": "ok", "composite": "ok" })),
            ["persons[0].documents[0].mrz_check.composite"]
        );
        assert_eq!(problems(json!({ "genuine": "ok" })), ["persons[0].documents[0].mrz_check.genuine"]);
    }
}
