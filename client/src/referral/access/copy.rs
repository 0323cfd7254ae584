//! What a recipient gets: the sections that may go, cut where they go minimised.

use std::time::Duration;

use causeway_common::time::Timestamp;
use serde_json::{Map, Value, json};

use super::super::sections::{CNS, LOC, SECTIONS, SectionCode, TRA};
use super::super::spec::Need;
use super::super::split::Section;
use super::super::values::{day, written};
use super::super::{Document, kinds, merge};
use super::matrix::Role;
use super::{Consent, Decision, Recipient, Rule, Verdict, cuts, hard};

/// Police know where somebody is for so many hours (note 3).
pub const LOCATION_HOURS: u64 = 6;
/// Field that says until when.
const EXPIRES: &str = "location_expires";
/// Field of a header that lists the sections.
const LISTED: &str = "sections";

/// The sections of one recipient's copy, the header first. A section that may not go is not there; nor is one of which
/// nothing is left. Empty if the header may not go.
pub fn copy_for(document: &Document, role: Role, decisions: &[Decision], now: Timestamp) -> Vec<Section> {
    let decided = |code| decisions.iter().find(|decision| decision.section == code);
    let mut document = document.clone();
    let consent = Consent::of(&document, now).filter(|consent| consent.flaw(now).is_none());
    if hard::hides_informant(role, consent.as_ref()) {
        document.fields.values_mut().for_each(|value| hard::without_informant(value, 0));
    }
    let mut copy: Vec<Section> = Vec::new();
    for mut section in document.into_sections() {
        let Some(decision) = decided(section.code).filter(|d| d.verdict != Verdict::Refused) else {
            if copy.is_empty() {
                return copy;
            }
            continue;
        };
        if section.code == TRA && hard::hides_doors(decisions, role) {
            hard::without_doors(&mut section.json);
        }
        if decision.verdict == Verdict::Minimised && decision.rule != Rule::HardLocation {
            section.json = minimised(section.json, role, decision, now);
        }
        if section.code == LOC && role.is_police() && !section.json.is_empty() {
            let expires = now.plus(Duration::from_secs(LOCATION_HOURS * 60 * 60));
            section.json.insert(EXPIRES.into(), written(expires).into());
        }
        if copy.is_empty() || !section.json.is_empty() {
            copy.push(section);
        }
    }
    let listed: Value = copy.iter().map(|s| listed(s.code, decided(s.code))).collect();
    if let Some(header) = copy.first_mut() {
        header.json.insert(LISTED.into(), listed);
    }
    copy
}

fn listed(code: SectionCode, decision: Option<&Decision>) -> Value {
    let level = SECTIONS.iter().find(|(c, _)| *c == code).map_or(4, |(_, level)| *level);
    let mut entry = json!({ "code": code.to_string(), "level": level });
    if decision.is_some_and(|d| d.verdict == Verdict::Minimised) {
        entry["minimised"] = true.into();
    }
    entry
}

fn minimised(
    mut json: Map<String, Value>,
    role: Role,
    decision: &Decision,
    now: Timestamp,
) -> Map<String, Value> {
    if decision.rule == Rule::HardInformant {
        cuts::INFORMANT.iter().for_each(|field| drop(json.remove(*field)));
    } else if decision.section == CNS {
        if let Some(Value::Object(consent)) = json.get_mut("consent") {
            consent.remove("contact_rule");
        }
    } else {
        json = cuts::cut(&json, role, decision.section, day(now));
    }
    json
}

/// Fields at the top that a kind cannot do without, that the document has and a copy has not.
pub fn lost(document: &Document, copy: &[Section]) -> Vec<&'static str> {
    let whole = merge(copy.iter().cloned());
    let needed = kinds::fields(document.kind.spec()).filter(|f| matches!(f.need, Need::Draft | Need::Send));
    let is_lost = |name: &str| document.fields.contains_key(name) && !whole.contains_key(name);
    needed.map(|field| field.name).filter(|name| is_lost(name)).collect()
}

/// Writes down that somebody has still to be appointed who stands for a child (hard rule 4).
pub fn guardian_pending(document: &mut Document) {
    document.fields.insert("guardian_pending".into(), true.into());
}

/// Whether the record of consent says how she can be reached.
pub(super) fn tells_contact(document: &Document) -> bool {
    document.fields.get("consent").and_then(|consent| consent.get("contact_rule")).is_some()
}

/// Whether the place in a document is another organisation's than this one.
pub(super) fn names_another(document: &Document, recipient: &Recipient) -> bool {
    let sections = document.clone().into_sections();
    let place = sections.into_iter().find(|section| section.code == LOC);
    place.is_some_and(|place| owners(&Value::Object(place.json)).iter().any(|org| *org != recipient.org))
}

fn owners(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => {
            let own = map.get("org_id").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(map.values().flat_map(owners)).collect()
        }
        Value::Array(list) => list.iter().flat_map(owners).collect(),
        _ => Vec::new(),
    }
}
