use serde_json::{Map, Value, json};

use super::*;
use crate::formats::testing::{case, exported, sample};

const TASK: &[u8] = include_bytes!("../../../../tests/vectors/formats/fhir_task.json");
const REQUEST: &[u8] = include_bytes!("../../../../tests/vectors/formats/fhir_servicerequest.json");

/// The rules of R4 for the two resources, as far as we write them: which elements, of which type, which words. It shares nothing
/// with the writer.
fn wrong(resource: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let kind = resource["resourceType"].as_str().unwrap_or_default();
    let (elements, must, statuses): (&[(&str, &str)], &[&str], &[&str]) = match kind {
        "Task" => (
            &[
                ("resourceType", "code"),
                ("id", "id"),
                ("meta", "meta"),
                ("identifier", "identifiers"),
                ("groupIdentifier", "identifier"),
                ("status", "code"),
                ("statusReason", "concept"),
                ("businessStatus", "concept"),
                ("intent", "code"),
                ("priority", "code"),
                ("code", "concept"),
                ("focus", "reference"),
                ("for", "reference"),
                ("authoredOn", "time"),
                ("lastModified", "time"),
                ("requester", "reference"),
                ("owner", "reference"),
                ("restriction", "period"),
                ("input", "list"),
                ("note", "list"),
            ],
            &["status", "intent"],
            &[
                "draft",
                "requested",
                "received",
                "accepted",
                "rejected",
                "ready",
                "cancelled",
                "in-progress",
                "on-hold",
                "failed",
                "completed",
                "entered-in-error",
            ],
        ),
        "ServiceRequest" => (
            &[
                ("resourceType", "code"),
                ("id", "id"),
                ("meta", "meta"),
                ("identifier", "identifiers"),
                ("status", "code"),
                ("intent", "code"),
                ("category", "concepts"),
                ("priority", "code"),
                ("subject", "reference"),
                ("authoredOn", "time"),
                ("requester", "reference"),
                ("performer", "references"),
            ],
            &["status", "intent", "subject"],
            &["draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"],
        ),
        other => return vec![format!("resourceType {other}")],
    };
    for (name, value) in resource.as_object().unwrap() {
        match elements.iter().find(|(element, _)| element == name) {
            Some((_, holds)) if fits(holds, value) => {}
            _ => found.push(name.clone()),
        }
    }
    found.extend(must.iter().filter(|name| resource.get(**name).is_none()).map(|name| format!("no {name}")));
    let one_of =
        |name: &str, words: &[&str]| resource[name].as_str().is_some_and(|word| words.contains(&word));
    if !one_of("status", statuses) || !one_of("priority", &["routine", "urgent", "asap", "stat"]) {
        found.push("a word".into());
    }
    let reason =
        ["rejected", "on-hold", "cancelled", "failed"].contains(&resource["status"].as_str().unwrap());
    if kind == "Task" && reason != resource.get("statusReason").is_some() {
        found.push("pa-taskrm-1".into());
    }
    found
}

fn fits(holds: &str, value: &Value) -> bool {
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let identifier = |value: &Value| value.is_object() && text(&value["value"]);
    let concept = |value: &Value| {
        text(&value["text"]) || value["coding"].as_array().is_some_and(|c| c.iter().all(|c| text(&c["code"])))
    };
    let reference = |value: &Value| text(&value["reference"]) || identifier(&value["identifier"]);
    let time = |value: &Value| value.as_str().is_some_and(|t| t.parse::<jiff::Timestamp>().is_ok());
    let each = |check: &dyn Fn(&Value) -> bool| {
        value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(check))
    };
    match holds {
        "code" => text(value),
        "id" => value.as_str().is_some_and(|id| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        }),
        "identifier" => identifier(value),
        "identifiers" => each(&identifier),
        "concept" => concept(value),
        "concepts" => each(&concept),
        "reference" => reference(value),
        "references" => each(&reference),
        "time" => time(value),
        "period" => time(&value["period"]["end"]),
        "list" => value.is_array(),
        "meta" => value["tag"].is_array(),
        _ => false,
    }
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn the_samples_have_the_structure_and_one_breaks_the_rule_of_reasons() {
    assert_eq!(wrong(&parsed(REQUEST)), Vec::<String>::new());
    assert_eq!(wrong(&parsed(TASK)), ["pa-taskrm-1"]);
    let row = rows(REQUEST).unwrap().remove(0);
    let draft = row.document.unwrap();
    assert_eq!((draft.kind.code(), &draft.fields["priority"]), ("IDQ", &json!("P0")));
    assert_eq!(draft.fields["fhir"]["subject_identifier_value"], "pseudonym-7F3A");
    let task = rows(TASK).unwrap().remove(0);
    assert_eq!(task.state(), "refused");
    assert!(task.findings.iter().any(|f| f.code() == "formats-fhir-reason"));
    assert_eq!(rows(b"{}").unwrap_err().code(), "formats-not-fhir");
}

#[test]
fn every_state_is_valid_names_nobody_and_is_read_back() {
    for (ours, ..) in STATES {
        let mut case = case("MPR", sample("MPR"));
        case.thread.work = (*ours).to_owned();
        let bytes = export(&exported(&case));
        let bundle = parsed(&bytes);
        for entry in bundle["entry"].as_array().unwrap() {
            assert_eq!(wrong(&entry["resource"]), Vec::<String>::new(), "{ours}");
        }
        let text = String::from_utf8(bytes.clone()).unwrap();
        for secret in ["Щербацкая", "IULIIA", "Юлия", "700000123", "+7911", "Hotline", "Border desk"]
        {
            assert!(!text.contains(secret), "{secret}");
        }
        let task: &Map<String, Value> = bundle["entry"][0]["resource"].as_object().unwrap();
        assert_eq!(read::ours(task), *ours);
        let draft = rows(&bytes).unwrap().remove(1).document.unwrap();
        assert_eq!((draft.kind.code(), draft.fields["fhir"]["state"].as_str()), ("MPR", Some(*ours)));
    }
}
