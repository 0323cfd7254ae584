//! The six hard rules. No consent, agreement or override switches one of them off.

use serde_json::Value;

use super::super::Document;
use super::super::sections::{FAM, IDN, LOC, SectionCode};
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

/// Rule 1. A state must not learn from us that somebody seeks protection from it: nothing goes to an embassy or an
/// authority of a country that she fears, and where she has applied for asylum nothing goes to any embassy.
pub(super) fn asylum(document: &Document, role: Role, country: &str) -> bool {
    let stated = role == Role::Emb || role.is_authority();
    let fields = Value::Object(document.fields.clone());
    (stated && any(&fields, 0, &|name, value| fears(name, value, country)))
        || (role == Role::Emb && any(&fields, 0, &seeks_protection))
}

fn fears(name: &str, value: &Value, country: &str) -> bool {
    let is_it = |value: &Value| value.as_str().is_some_and(|c| c.eq_ignore_ascii_case(country));
    name == "persecution_fear_countries"
        && value.as_array().map_or_else(|| is_it(value), |list| list.iter().any(is_it))
}

fn seeks_protection(name: &str, value: &Value) -> bool {
    let yes = value.as_bool() == Some(true) || value.as_str() == Some("yes");
    (matches!(name, "asylum_flag" | "is_applicant") && yes)
        || (STATUS.contains(&name) && value.as_str().is_some_and(|status| PROTECTED.contains(&status)))
}

fn any(value: &Value, depth: usize, found: &dyn Fn(&str, &Value) -> bool) -> bool {
    if depth > DEPTH_MAX {
        // Nobody can say what stands there.
        return true;
    }
    match value {
        Value::Object(map) => map.iter().any(|(name, v)| found(name, v) || any(v, depth + 1, found)),
        Value::Array(list) => list.iter().any(|v| any(v, depth + 1, found)),
        _ => false,
    }
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

/// Rule 6. Who called or asks is not named to the police unless that person agrees.
pub(super) fn informant(document: &Document, role: Role, consent: Option<&Consent>) -> bool {
    let named = INFORMANT.iter().any(|field| document.fields.contains_key(*field));
    named && role.is_police() && !consent.is_some_and(|consent| consent.caller_agrees(role))
}

/// Where the rule about informants cuts.
pub(super) const INFORMANT_SECTION: SectionCode = FAM;
