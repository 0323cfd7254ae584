//! The JSON Schemas say the same as the checks. The reader below knows the words that they use, except `pattern` and
//! `format`; a schema with any other word fails.

use serde_json::{Value, json};

use super::super::{Kind, Level, publish};
use super::{NOW, mandatory_paths, ready, remove, step};

fn every_sample() -> Vec<(Kind, Value)> {
    let sent = Kind::all().map(|kind| (kind, Value::Object(ready(kind.code()).fields)));
    sent.chain(Kind::steps().map(|kind| (kind, Value::Object(step(kind))))).collect()
}

/// What a schema has against a value.
fn against(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let whole = |n: &Value| n.as_f64().is_some_and(|n| n.fract() == 0.0);
    for (word, says) in schema.as_object().unwrap() {
        let count = |n: Option<usize>, fits: fn(usize, usize) -> bool| {
            n.is_none_or(|n| fits(n, usize::try_from(says.as_u64().unwrap()).unwrap()))
        };
        let chars = value.as_str().map(|text| text.chars().count());
        let length = value.as_array().map(Vec::len);
        let right = match word.as_str() {
            "$schema" | "$id" | "title" | "$comment" | "$defs" | "examples" | "pattern" | "format" => true,
            "$ref" => {
                let to = root.pointer(says.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                found.extend(against(root, to, value, at));
                true
            }
            "anyOf" => says.as_array().unwrap().iter().any(|any| against(root, any, value, at).is_empty()),
            "type" => match says.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => whole(value),
                "number" => value.is_number(),
                other => panic!("type {other}"),
            },
            "enum" => says.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|n| n >= says.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|n| n <= says.as_f64().unwrap()),
            "minLength" => count(chars, |n, min| n >= min),
            "maxLength" => count(chars, |n, max| n <= max),
            "minItems" => count(length, |n, min| n >= min),
            "maxItems" => count(length, |n, max| n <= max),
            "maxProperties" => count(value.as_object().map(serde_json::Map::len), |n, max| n <= max),
            "required" => {
                let names = says.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                let lacking: Vec<&str> =
                    names.filter(|name| value.is_object() && value.get(*name).is_none()).collect();
                lacking.is_empty()
            }
            "items" => {
                for (n, element) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(against(root, says, element, &format!("{at}[{n}]")));
                }
                true
            }
            "properties" => {
                for (name, schema) in says.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        found.extend(against(root, schema, value, &format!("{at}.{name}")));
                    }
                }
                true
            }
            other => panic!("the reader does not know {other:?}"),
        };
        if !right {
            found.push(format!("{at}: {word}"));
        }
    }
    found
}

#[test]
fn every_sample_is_valid_against_its_schema_as_a_draft_and_to_be_sent() {
    for (kind, sample) in every_sample() {
        let schema = publish::json_schema(kind);
        assert_eq!(against(&schema, &schema, &sample, ""), [""; 0], "{kind}");
        assert_eq!(against(&schema, &schema["$defs"]["send"], &sample, ""), [""; 0], "{kind}");
    }
}

#[test]
fn what_the_table_needs_the_schema_needs() {
    for kind in Kind::all() {
        let (schema, document) = (publish::json_schema(kind), ready(kind.code()));
        for (path, _) in mandatory_paths(&document) {
            let mut without = Value::Object(document.fields.clone());
            remove(&mut without, &path);
            assert!(!against(&schema, &schema["$defs"]["send"], &without, "").is_empty(), "{kind} {path}");
        }
    }
}

#[test]
fn schemas_keep_unknown_fields_and_refuse_wrong_types_and_unknown_codes_of_closed_lists() {
    let kind = Kind::from_code("MPR").unwrap();
    let schema = publish::json_schema(kind);
    let with = |name: &str, value: Value| {
        let mut document = Value::Object(ready("MPR").fields);
        document[name] = value;
        against(&schema, &schema, &document, "").is_empty()
    };
    assert!(with("newer", json!({"a": [1]})));
    assert!(with("danger", json!({"code": "danger"})) && with("last_seen", json!({"nil": "unknown"})));
    assert!(!with("danger", json!("very")) && !with("danger", json!(7)));
    assert!(!with("what_is_asked", json!("locate")) && !with("person", json!("she")));
    assert!(with("medical_need", json!(["hunger"])), "an open list");
    assert!(!ready("MPR").validate(Level::Send, NOW).iter().any(|p| p.path == "danger"));
}
