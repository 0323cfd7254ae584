//! The shell of a referral of somebody else as a draft.

use serde_json::{Map, Value, json};

use super::{PRIORITIES, STATES, WITH_REASON};
use crate::formats::fields::{at, put, text};
use crate::formats::finding::{Finding, Row};
use crate::formats::limits::{FILE_BYTES_MAX, ROWS_MAX};
use crate::referral::{Document, Kind, read_object};

/// What others call our kinds.
const ALSO: [(&str, &str); 4] = [
    ("identity-check-request", "IDQ"),
    ("missing-person-report", "MPR"),
    ("border-intervention-alert", "BIA"),
    ("handoff", "VHO"),
];

/// A draft for each ServiceRequest; a Task says how far one has come and makes no draft of its own.
pub fn rows(bytes: &[u8]) -> Result<Vec<Row>, Finding> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Finding::new("formats-too-large", "").with("max", FILE_BYTES_MAX >> 20));
    }
    let root =
        read_object(bytes).map_err(|error| Finding::new("formats-not-json", "").with("what", error))?;
    let resources: Vec<Map<String, Value>> = match text(&root, "resourceType").as_deref() {
        Some("Bundle") => {
            let entries = root.get("entry").and_then(Value::as_array).cloned().unwrap_or_default();
            entries
                .into_iter()
                .filter_map(|entry| entry.get("resource")?.as_object().cloned())
                .take(ROWS_MAX)
                .collect()
        }
        Some("Task" | "ServiceRequest") => vec![root],
        other => {
            return Err(Finding::new("formats-not-fhir", "resourceType").with("type", other.unwrap_or("-")));
        }
    };
    Ok((1..).zip(&resources).map(|(number, resource)| row(number, resource, &resources)).collect())
}

fn row(number: usize, resource: &Map<String, Value>, all: &[Map<String, Value>]) -> Row {
    let id = text(resource, "id").unwrap_or_default();
    match text(resource, "resourceType").as_deref() {
        Some("ServiceRequest") => {
            let task = all.iter().find(|task| {
                text(task, "focus.reference").is_some_and(|r| r == format!("ServiceRequest/{id}"))
            });
            request(number, id, resource, task)
        }
        Some("Task") => task(number, id, resource),
        other => Row::refused(
            number,
            id,
            Finding::new("formats-not-fhir", "resourceType").with("type", other.unwrap_or("-")),
        ),
    }
}

/// A Task alone is shown with what it says, after its own rule has been checked.
fn task(number: usize, id: String, task: &Map<String, Value>) -> Row {
    let status = text(task, "status").unwrap_or_default();
    if !STATES.iter().any(|(_, theirs, _)| *theirs == status) {
        return Row::refused(number, id, Finding::new("formats-fhir-status", "status").with("value", status));
    }
    let mut row = Row::refused(
        number,
        id,
        Finding::new("formats-fhir-task", "status").with("status", &status).with("ours", ours(task)),
    );
    if WITH_REASON.contains(&status.as_str()) != task.contains_key("statusReason") {
        row.findings.push(Finding::new("formats-fhir-reason", "statusReason"));
    }
    row
}

/// Our word for the state of a Task.
pub(super) fn ours(task: &Map<String, Value>) -> &'static str {
    let status = text(task, "status").unwrap_or_default();
    let business = text(task, "businessStatus.coding.0.code")
        .map(|code| code.replace("info-requested", "awaiting-information"));
    let same = STATES.iter().find(|(_, s, b)| *s == status && b.map(str::to_owned) == business);
    let near = || {
        STATES
            .iter()
            .find(|(_, s, b)| *s == status && b.is_none())
            .or_else(|| STATES.iter().find(|(_, s, _)| *s == status))
    };
    same.or_else(near).map_or("received", |(ours, ..)| ours)
}

fn request(
    number: usize,
    id: String,
    request: &Map<String, Value>,
    task: Option<&Map<String, Value>>,
) -> Row {
    let categories = at(request, "category").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let codes =
        categories.iter().filter_map(Value::as_object).filter_map(|category| text(category, "coding.0.code"));
    let kind = codes.into_iter().find_map(|code| {
        let also = ALSO.iter().find(|(theirs, _)| *theirs == code).map(|(_, ours)| *ours);
        also.unwrap_or(code.as_str()).parse::<Kind>().ok()
    });
    let Some(kind) = kind else {
        return Row::refused(number, id, Finding::new("formats-fhir-kind", "category"));
    };
    if text(request, "subject.identifier.value").is_none() && text(request, "subject.reference").is_none() {
        return Row::refused(number, id, Finding::new("formats-missing", "subject"));
    }
    let mut fields = Map::new();
    let priority = text(request, "priority").and_then(|p| PRIORITIES.iter().find(|(_, theirs)| *theirs == p));
    if let Some((ours, _)) = priority {
        put(&mut fields, "priority", *ours);
    }
    let test = |value: &Value| value.get("code").and_then(Value::as_str) == Some("HTEST");
    let tags = at(request, "meta.tag").and_then(Value::as_array);
    if tags.is_some_and(|tags| tags.iter().any(test)) {
        put(&mut fields, "mode", "exercise");
    }
    // Where it comes from, for the person who writes the rest. A name in it stays here: it is no field of ours.
    let mut kept = Map::new();
    for path in
        ["id", "authoredOn", "requester.identifier.value", "subject.identifier.value", "identifier.0.value"]
    {
        if let Some(value) = text(request, path) {
            kept.insert(path.replace('.', "_"), value.into());
        }
    }
    if let Some(task) = task {
        kept.insert("state".into(), ours(task).into());
        if let Some(end) = text(task, "restriction.period.end") {
            kept.insert("respond_by".into(), end.into());
        }
        if let Some(case) = text(task, "groupIdentifier.value") {
            kept.insert("case".into(), case.into());
        }
    }
    fields.insert("fhir".into(), json!(kept));
    Row::of(number, id, Document { kind, fields }, Vec::new())
}
