//! A document in sections, and back. Each section repeats the shape of the document as far as it has something to
//! say: a photograph of the second person at `persons[1].photo` travels as `{"persons":[{},{"photo":…}]}`.

use serde_json::{Map, Value, json};

use super::kinds;
use super::path::is_nil;
use super::sections::{SECTIONS, SectionCode, UNKNOWN_FIELDS};
use super::spec::{Field, Spec, Type};

/// Field of a section that lists the files that travel with it.
pub(super) const ATTACHMENTS: &str = "attachments";
/// Field of the header that lists the sections.
const LISTED: &str = "sections";

/// A section of a referral before sealing.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a name and its content")]
pub struct Section {
    /// Its name.
    pub code: SectionCode,
    /// Its content.
    pub json: Map<String, Value>,
}

impl std::fmt::Debug for Section {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Section").field("code", &self.code).finish_non_exhaustive()
    }
}

/// Distributes fields; the header comes first and lists the others.
pub(super) fn split(spec: &'static Spec, fields: &Map<String, Value>) -> Vec<Section> {
    let mut sections = Vec::new();
    for (code, _) in SECTIONS {
        let mut json = Map::new();
        for (name, value) in fields {
            let field = kinds::field(spec, name);
            let own = field.and_then(|f| f.section).unwrap_or(UNKNOWN_FIELDS);
            if let Some(part) = part(field, value, own, *code) {
                json.insert(name.clone(), part);
            }
        }
        if sections.is_empty() || !json.is_empty() {
            sections.push(Section { code: *code, json });
        }
    }
    let listed: Value =
        sections.iter().map(|s| json!({ "code": s.code.to_string(), "level": level(s.code) })).collect();
    if let Some(header) = sections.first_mut() {
        header.json.insert(LISTED.into(), listed);
    }
    sections
}

fn level(code: SectionCode) -> u8 {
    SECTIONS.iter().find(|(c, _)| *c == code).map_or(4, |(_, level)| *level)
}

/// What of a field belongs into a section.
fn part(field: Option<&Field>, value: &Value, own: SectionCode, target: SectionCode) -> Option<Value> {
    match field {
        Some(field) => part_of(&field.holds, value, own, target),
        None => (own == target).then(|| value.clone()),
    }
}

fn part_of(holds: &Type, value: &Value, own: SectionCode, target: SectionCode) -> Option<Value> {
    match (holds, value) {
        (Type::Group(fields) | Type::GroupOrText(fields), Value::Object(map)) if !is_nil(value) => {
            let mut out = Map::new();
            for (name, value) in map {
                let field = fields.iter().find(|f| f.name == name);
                let section = field.and_then(|f| f.section).unwrap_or(own);
                if let Some(part) = part(field, value, section, target) {
                    out.insert(name.clone(), part);
                }
            }
            (own == target || !out.is_empty()).then(|| out.into())
        }
        (Type::List(each, ..), Value::Array(list)) => {
            let parts: Vec<Option<Value>> = list.iter().map(|v| part_of(each, v, own, target)).collect();
            let filled = own == target || parts.iter().any(Option::is_some);
            filled.then(|| parts.into_iter().map(|p| p.unwrap_or_else(|| json!({}))).collect())
        }
        _ => (own == target).then(|| value.clone()),
    }
}

/// Puts sections together again. Where two of them claim the same field, the first keeps it: the header comes first.
pub fn merge(sections: impl IntoIterator<Item = Section>) -> Map<String, Value> {
    let mut whole = Map::new();
    let mut files = Vec::new();
    for section in sections {
        for (name, value) in section.json {
            match value {
                Value::Array(list) if name == ATTACHMENTS => files.extend(list),
                value => match whole.get_mut(&name) {
                    Some(there) => join(there, value),
                    None => drop(whole.insert(name, value)),
                },
            }
        }
    }
    if !files.is_empty() {
        whole.insert(ATTACHMENTS.into(), files.into());
    }
    whole
}

fn join(there: &mut Value, more: Value) {
    match (there, more) {
        (Value::Object(there), Value::Object(more)) => {
            for (name, value) in more {
                match there.get_mut(&name) {
                    Some(there) => join(there, value),
                    None => drop(there.insert(name, value)),
                }
            }
        }
        (Value::Array(there), Value::Array(more)) => {
            for (n, value) in more.into_iter().enumerate() {
                match there.get_mut(n) {
                    Some(there) => join(there, value),
                    None => there.push(value),
                }
            }
        }
        // Nothing but the place of an element whose content is in another section.
        (there, more) if there.as_object().is_some_and(Map::is_empty) => *there = more,
        _ => {}
    }
}
