//! The document says what the routes do.

use super::*;

/// Where the document is checked in.
const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api/openapi.json");

fn document() -> Value {
    serde_json::from_str(&spec()).unwrap()
}

#[test]
fn the_document_that_is_checked_in_is_the_one_of_the_routes() {
    let kept = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
    assert!(
        kept.trim_end() == spec().trim_end(),
        "docs/api/openapi.json is not what `causeway api spec` prints: write it anew"
    );
    assert!(document()["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[test]
fn every_route_says_what_it_needs_and_answers() {
    let document = document();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            seen += 1;
            assert!(path.starts_with("/api/v1/"), "{path}");
            assert!(!operation["responses"].as_object().unwrap().is_empty(), "{method} {path}");
            let needs = operation["security"][0]["token"][0].as_str();
            assert_eq!(needs.is_none(), path == "/api/v1/check", "{method} {path}");
            assert!(needs.is_none_or(|scope| scope.parse::<Scope>().is_ok()), "{method} {path}");
        }
    }
    assert!(seen >= 11, "{seen}");
}

#[test]
fn every_example_is_what_its_schema_says() {
    let document = document();
    let mut seen = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if let Some(example) = schema.get("example") {
            if let Err(wrong) = fits(&document, schema, example) {
                panic!("the example of {name}: {wrong}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen}");
    // What the judge finds wrong, so that it is known to look.
    let letter = &document["components"]["schemas"]["Letter"];
    assert!(
        fits(&document, letter, &json!({ "kind": "BIA", "to": [], "document": {} })).is_err(),
        "nobody gets it"
    );
    assert!(fits(&document, letter, &json!({ "kind": 7, "to": ["x"], "document": {} })).is_err());
    assert!(fits(&document, letter, &json!({ "to": ["x"], "document": {} })).is_err());
    assert!(
        fits(&document, letter, &json!({ "kind": "BIA", "to": ["x"], "document": {}, "more": 1 })).is_err()
    );
}

#[tokio::test]
async fn what_is_answered_is_what_the_schema_says() {
    let scene = Scene::new().await;
    let token = scene.token(&Scope::ALL).await;
    scene.put(&thread(1, "received")).await;
    let document = document();
    for path in ["/api/v1/referrals", "/api/v1/organisations", "/api/v1/events", "/api/v1/check"] {
        let (_, answer) = scene.get(path, &token).await;
        let schema =
            &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(fits(&document, schema, &answer), Ok(()), "{path}: {answer}");
    }
    let problem = scene.get("/api/v1/events", "no").await.1;
    assert_eq!(fits(&document, &document["components"]["schemas"]["ProblemBody"], &problem), Ok(()));
}

/// Whether a value is what a schema says, in the words of JSON Schema that the document uses.
fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = document.pointer(name.trim_start_matches('#')).ok_or_else(|| format!("no {name}"))?;
        return fits(document, target, value);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        fits(document, part, value)?;
    }
    if let Some(choices) = schema["oneOf"].as_array()
        && !choices.iter().any(|choice| fits(document, choice, value).is_ok())
    {
        return Err(format!("{value} is none of {choices:?}"));
    }
    let wanted = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !wanted.is_empty() && !wanted.iter().any(|name| is_a(name, value)) {
        return Err(format!("{value} is no {wanted:?}"));
    }
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        return Err(format!("{value} is none of {known:?}"));
    }
    if let Some(text) = value.as_str() {
        let chars = text.chars().count() as u64;
        let max = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
        if chars > max || chars < schema["minLength"].as_u64().unwrap_or(0) {
            return Err(format!("{text} is too long or too short"));
        }
    }
    if let Some(entries) = value.as_array() {
        let count = entries.len() as u64;
        let max = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        if count > max || count < schema["minItems"].as_u64().unwrap_or(0) {
            return Err(format!("{count} entries"));
        }
        if schema["items"].is_object() {
            entries.iter().try_for_each(|entry| fits(document, &schema["items"], entry))?;
        }
    }
    let Some(fields) = value.as_object() else { return Ok(()) };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            return Err(format!("{name} is not there"));
        }
    }
    for (name, field) in fields {
        match &schema["properties"][name] {
            Value::Null if schema["additionalProperties"] == false => {
                return Err(format!("{name} is too much"));
            }
            Value::Null => {}
            known => fits(document, known, field).map_err(|wrong| format!("{name}: {wrong}"))?,
        }
    }
    Ok(())
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    }
}
