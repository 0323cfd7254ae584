//! The six hard rules. No consent, agreement or override switches one of them off.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::Document;
use super::super::sections::{FAM, IDN, LOC, SectionCode, TRA};
use super::consent::Consent;
use super::cuts::INFORMANT;
use super::matrix::Role;
use super::{Decision, Question, Rule, Verdict};

/// Statuses that say that somebody seeks or has protection.
const PROTECTED: [&str; 2] = ["asylum_seeker", "refugee"];
/// Fields that hold such a status.
const STATUS: [&str; 2] = ["migration_status", "status"];
/// Depth to which it is looked for; the parser refuses deeper documents.
const DEPTH_MAX: usize = 64;

/// From which states somebody seeks protection. Copies and follow-up cases may say less than the first document did, so
/// it is asked over everything that is known.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stored")]
pub struct Protection {
    /// Countries that she fears, two letters.
    pub feared: Vec<String>,
    /// Whether she seeks or has asylum, or nobody can say.
    pub seeks: bool,
}
no_content_in_debug!(Protection);

impl Protection {
    /// What a document says.
    pub fn of(fields: &Map<String, Value>) -> Self {
        let mut found = Self::default();
        found.add_from(&Value::Object(fields.clone()), 0);
        found
    }

    /// Adds what is known from elsewhere.
    pub fn add(&mut self, other: Self) {
        self.seeks |= other.seeks;
        self.feared.extend(other.feared);
        self.feared.sort_unstable();
        self.feared.dedup();
    }

    /// Whether there is nothing to protect her from.
    pub fn is_empty(&self) -> bool {
        !self.seeks && self.feared.is_empty()
    }

    fn add_from(&mut self, value: &Value, depth: usize) {
        match value {
            // Nobody can say what stands there.
            _ if depth > DEPTH_MAX => self.seeks = true,
            Value::Object(map) => {
                for (name, value) in map {
                    if name == "persecution_fear_countries" {
                        let list =
                            value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
                        self.feared.extend(list.iter().filter_map(Value::as_str).map(str::to_uppercase));
                    }
                    self.seeks |= seeks_protection(name, value);
                    self.add_from(value, depth + 1);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.add_from(value, depth + 1)),
            _ => {}
        }
    }

    /// Rule 1. A state must not learn from us that somebody seeks protection from it: nothing goes to an embassy or an
    /// authority of a country that she fears, and where she has applied for asylum nothing goes to any embassy.
    pub(super) fn forbids(&self, role: Role, country: &str) -> bool {
        let feared = self.feared.iter().any(|feared| feared.eq_ignore_ascii_case(country));
        (role.is_of_a_state() && feared) || (role == Role::Emb && self.seeks)
    }
}

fn seeks_protection(name: &str, value: &Value) -> bool {
    let yes = value.as_bool() == Some(true) || value.as_str() == Some("yes");
    (matches!(name, "asylum_flag" | "is_applicant") && yes)
        || (STATUS.contains(&name) && value.as_str().is_some_and(|status| PROTECTED.contains(&status)))
}

/// Rule 2. Where somebody is never stands beside who she is, except for those who go there. What counts is what the
/// referral holds: withholding the name must not let the place go.
pub(super) fn location(decisions: &mut [Decision], role: Role) {
    if role.travels() || !decisions.iter().any(|decision| decision.section == IDN) {
        return;
    }
    let goes = |decision: &&mut Decision| decision.section == LOC && decision.verdict != Verdict::Refused;
    for decision in decisions.iter_mut().filter(goes) {
        *decision = Decision::refused(LOC, "access-hard-location", Rule::HardLocation);
    }
}

/// Fields of a journey that lead to where somebody sleeps.
const LEADS_THERE: [&str; 2] = ["itinerary", "handover_point"];
/// What says exactly where a place is, or whose it is.
const EXACT: [&str; 5] = ["address", "geo", "postal_code", "org_id", "org"];

/// Places of a journey that people may write as they like: nobody can tell the town from the door in such a text.
const PLACES: [&str; 3] = ["from", "to", "place"];

/// Rule 2 for a journey: its towns and times go, its last door does not.
pub(super) fn journey(document: &Document, decisions: &mut [Decision], role: Role) {
    if !hides_doors(decisions, role)
        || !LEADS_THERE.iter().any(|name| document.fields.get(*name).is_some_and(tells_door))
    {
        return;
    }
    for decision in decisions.iter_mut().filter(|d| d.section == TRA && d.verdict == Verdict::Allowed) {
        *decision = Decision {
            verdict: Verdict::Minimised,
            why: "access-hard-journey",
            rule: Rule::HardLocation,
            ..decision.clone()
        };
    }
}

/// Whether a journey goes to this role without its doors.
pub(super) fn hides_doors(decisions: &[Decision], role: Role) -> bool {
    !role.travels() && decisions.iter().any(|decision| decision.section == IDN)
}

/// Takes the doors out of a journey.
pub(super) fn without_doors(section: &mut Map<String, Value>) {
    for name in LEADS_THERE {
        if let Some(value) = section.get_mut(name) {
            take_doors(value);
        }
    }
}

fn tells_door(value: &Value) -> bool {
    match value {
        Value::Object(map) => map
            .iter()
            .any(|(name, v)| EXACT.contains(&name.as_str()) || is_in_words(map, name, v) || tells_door(v)),
        Value::Array(list) => list.iter().any(tells_door),
        _ => false,
    }
}

/// Whether a place is written as a text. The town of a place with a country has the name of a place too, and is none.
fn is_in_words(around: &Map<String, Value>, name: &str, value: &Value) -> bool {
    PLACES.contains(&name)
        && !around.contains_key("country")
        && (value.is_string() || value.get("text").is_some())
}

fn take_doors(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|name, _| !EXACT.contains(&name.as_str()));
            let written: Vec<String> = map
                .iter()
                .filter(|(name, v)| is_in_words(map, name, v))
                .map(|(name, _)| name.clone())
                .collect();
            for name in written {
                map.insert(name, json!({ "nil": "withheld" }));
            }
            map.values_mut().for_each(take_doors);
        }
        Value::Array(list) => list.iter_mut().for_each(take_doors),
        _ => {}
    }
}

/// Rule 5. What came with H1 or H2 goes on only when its originator has approved it for this recipient. Gives the one who
/// would have to.
pub(super) fn onward<'a>(question: &Question<'a>, section: SectionCode) -> Option<&'a str> {
    let held = question.origins.iter().find(|origin| {
        let approved = |(org, sections): &(String, Vec<SectionCode>)| {
            *org == question.recipient.org && sections.contains(&section)
        };
        origin.restricted
            && origin.org != question.recipient.org
            && origin.sections.contains(&section)
            && !origin.approved.iter().any(approved)
    })?;
    Some(&held.name)
}

/// Rule 6. Who called or asks is not named to the police unless that person agrees: neither where the kind has its place
/// for it, nor as one of the people of the case. Gives whether this section says it.
pub(super) fn informant(
    document: &Document,
    section: SectionCode,
    role: Role,
    consent: Option<&Consent>,
) -> bool {
    let named = match section {
        FAM => INFORMANT.iter().any(|field| document.fields.contains_key(*field)),
        IDN => document.fields.values().any(|value| names_informant(value, 0)),
        _ => false,
    };
    named && hides_informant(role, consent)
}

/// Whether whoever called stays unnamed to this role.
pub(super) fn hides_informant(role: Role, consent: Option<&Consent>) -> bool {
    role.is_police() && !consent.is_some_and(|consent| consent.caller_agrees(role))
}

fn names_informant(value: &Value, depth: usize) -> bool {
    match value {
        Value::Object(map) => {
            is_informant(map) || (depth < DEPTH_MAX && map.values().any(|v| names_informant(v, depth + 1)))
        }
        Value::Array(list) => depth < DEPTH_MAX && list.iter().any(|v| names_informant(v, depth + 1)),
        _ => false,
    }
}

fn is_informant(person: &Map<String, Value>) -> bool {
    person.get("role").and_then(Value::as_str) == Some("informant")
}

/// Empties everybody who is in the document as the one who called. Places are kept, so that sections still speak of the
/// same person.
pub(super) fn without_informant(value: &mut Value, depth: usize) {
    match value {
        Value::Object(map) if is_informant(map) || depth > DEPTH_MAX => map.clear(),
        Value::Object(map) => map.values_mut().for_each(|value| without_informant(value, depth + 1)),
        Value::Array(list) => list.iter_mut().for_each(|value| without_informant(value, depth + 1)),
        _ => {}
    }
}
