//! A case as a Bundle.

use serde_json::{Map, Value, json};

use super::{CASE, ORGANISATION, PACKET_KIND, PACKET_STATE, PRIORITIES, STATES, SUBJECT, WITH_REASON};
use crate::formats::case::Exported;
use crate::formats::fields::text;
use crate::formats::times;
use crate::referral::Kind;

/// Writes the Bundle of a case.
pub fn export(from: &Exported<'_>) -> Vec<u8> {
    let (task, request) = (task(from), request(from));
    let entry = |resource: Value| {
        let id = resource["id"].as_str().unwrap_or_default();
        json!({ "fullUrl": format!("urn:causeway:{id}"), "resource": resource })
    };
    let bundle = json!({
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": times::pfif(from.now),
        "entry": [entry(task), entry(request)],
    });
    let mut bytes = serde_json::to_vec_pretty(&bundle).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// An identifier that FHIR can have: at most 64 letters, digits, `-` and `.`.
fn id(prefix: &str, from: &Exported<'_>) -> String {
    const DIGITS: usize = 32;
    format!("{prefix}-{}", &from.case.thread.root.to_string()[..DIGITS])
}

fn task(from: &Exported<'_>) -> Value {
    let (status, business) = state(&from.case.thread.work);
    let sides = from.sides();
    let mut task = Map::new();
    let mut put = |name: &str, value: Value| drop(task.insert(name.into(), value));
    put("resourceType", "Task".into());
    put("id", id("task", from).into());
    put("identifier", json!([{ "system": CASE, "value": from.case.thread.root.to_string() }]));
    put("groupIdentifier", json!({ "system": CASE, "value": from.case_ref() }));
    put("status", status.into());
    if WITH_REASON.contains(&status) {
        put("statusReason", json!({ "text": reason(from) }));
    }
    if let Some(business) = business {
        put("businessStatus", json!({ "coding": [{ "system": PACKET_STATE, "code": business }] }));
    }
    put("intent", "order".into());
    put("priority", priority(from).into());
    let code =
        json!({ "coding": [{ "system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill" }] });
    put("code", code);
    put("focus", json!({ "reference": format!("ServiceRequest/{}", id("request", from)) }));
    put("for", json!({ "identifier": { "system": SUBJECT, "value": pseudonym(from) } }));
    put("authoredOn", authored(from).into());
    let last = from.case.thread.events.iter().map(|event| event.at).max();
    put("lastModified", times::pfif(last.unwrap_or(from.case.thread.begun)).into());
    put("requester", organisation(sides.0));
    put("owner", organisation(sides.1));
    if let Some(end) = text(from.fields(), "respond_by").and_then(|t| times::pfif_of(&t)) {
        put("restriction", json!({ "period": { "end": end } }));
    }
    if from.case.is_exercise() {
        put(
            "meta",
            json!({ "tag": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST" }] }),
        );
    }
    task.into()
}

fn request(from: &Exported<'_>) -> Value {
    let sides = from.sides();
    let status = match state(&from.case.thread.work).0 {
        "completed" => "completed",
        "entered-in-error" => "entered-in-error",
        "rejected" | "cancelled" | "failed" => "revoked",
        "on-hold" => "on-hold",
        "draft" => "draft",
        _ => "active",
    };
    let kind = from.case.thread.kind.as_str();
    let name = Kind::from_code(kind).map_or_else(|| kind.to_owned(), |kind| kind.name().to_owned());
    let mut request = json!({
        "resourceType": "ServiceRequest",
        "id": id("request", from),
        "identifier": [{ "system": CASE, "value": from.case_ref() }],
        "status": status,
        "intent": "order",
        "priority": priority(from),
        "category": [{ "coding": [{ "system": PACKET_KIND, "code": name }] }],
        "subject": { "identifier": { "system": SUBJECT, "value": pseudonym(from) } },
        "authoredOn": authored(from),
        "requester": organisation(sides.0),
        "performer": [organisation(sides.1)],
    });
    if from.case.is_exercise() {
        request["meta"] = json!({ "tag": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST" }] });
    }
    request
}

fn organisation(org: causeway_common::ids::OrgId) -> Value {
    json!({ "identifier": { "system": ORGANISATION, "value": org.to_string() } })
}

fn state(work: &str) -> (&'static str, Option<&'static str>) {
    STATES
        .iter()
        .find(|(ours, ..)| *ours == work)
        .map_or(("received", None), |(_, status, business)| (status, *business))
}

fn priority(from: &Exported<'_>) -> &'static str {
    let ours = from.case.thread.priority.to_string();
    PRIORITIES.iter().find(|(p, _)| *p == ours).map_or("routine", |(_, theirs)| theirs)
}

fn authored(from: &Exported<'_>) -> String {
    let created = text(from.fields(), "created").and_then(|t| times::pfif_of(&t));
    created.unwrap_or_else(|| times::pfif(from.case.thread.begun))
}

/// Why it was declined, waits, was taken back or failed: the code, because words may name somebody.
fn reason(from: &Exported<'_>) -> String {
    if from.case.thread.work == "expired" {
        return "timeout".to_owned();
    }
    let last = from
        .case
        .steps
        .iter()
        .rev()
        .find_map(|(_, update)| update.as_ref().map(|update| update.reason.clone()));
    last.filter(|reason| !reason.is_empty()).unwrap_or_else(|| "not stated".to_owned())
}

/// A number that says nothing to anybody who does not have the case.
fn pseudonym(from: &Exported<'_>) -> String {
    let named = text(from.fields(), "consent.subject_pseudonym");
    named.unwrap_or_else(|| format!("pseudonym-{}", &hex::encode(from.case.thread.case)[..16]))
}
