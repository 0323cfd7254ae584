//! JSON Schema (2020-12) of a kind. The schema itself is that of a draft: types and closed lists of codes. What must be
//! there to be sent stands apart in `#/$defs/send`; a referral that can be sent is valid against both.

use serde_json::{Map, Value, json};

use super::super::components::{LIST_MAX, LONG};
use super::super::spec::{CodeList, Field, Need, Type};
use super::super::standards::NUMBER_CHARS_MAX;
use super::super::{Kind, kinds};
use super::group;

const INSTANT: &str =
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})|P.+)$";
const PARTIAL_DATE: &str = r"^[0-9X.?~%/-]{2,43}$";
const DURATION: &str = r"^P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$";
/// Groups of fewer fields are written where they stand.
const SHARED_FIELDS_MIN: usize = 4;

/// The schema of a kind.
pub fn json_schema(kind: Kind) -> Value {
    let spec = kind.spec();
    let fields: Vec<&'static Field> = kinds::fields(spec).collect();
    let mut shared = Shared { defs: Map::new(), groups: Vec::new() };
    let mut schema = shared.object(&fields);
    let mut defs = shared.defs;
    defs.insert("nil".into(), nil());
    defs.insert("send".into(), send(&fields));
    schema["$defs"] = defs.into();
    let mut whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:causeway:{}", spec.schema),
        "title": kind.label(crate::lang::Lang::En),
        "$comment": "Generated from the tables. Types and closed code lists; what must be there to be sent is #/$defs/send.",
    });
    for (name, value) in schema.as_object_mut().map(std::mem::take).unwrap_or_default() {
        whole[name] = value;
    }
    whole
}

fn nil() -> Value {
    let reasons = super::super::codes::NIL.codes;
    json!({
        "type": "object",
        "properties": { "nil": { "enum": reasons } },
        "required": ["nil"],
        "maxProperties": 1,
    })
}

/// What must be there. Groups that are not there at all are not asked for what is in them.
fn send(fields: &[&'static Field]) -> Value {
    let required: Vec<&str> = fields.iter().filter(|f| f.need != Need::Optional).map(|f| f.name).collect();
    let mut inside = Map::new();
    for field in fields {
        if let Some(schema) = send_inside(&field.holds) {
            inside.insert(field.name.into(), schema);
        }
    }
    let mut schema = json!({});
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    if !inside.is_empty() {
        schema["properties"] = inside.into();
    }
    schema
}

fn send_inside(holds: &'static Type) -> Option<Value> {
    match holds {
        Type::List(each, ..) => send_inside(each).map(|items| json!({ "items": items })),
        Type::Group(_) | Type::GroupOrText(_) => {
            let fields: Vec<&Field> = group(holds).iter().collect();
            let schema = send(&fields);
            let nothing = schema.as_object().is_none_or(Map::is_empty);
            (!nothing).then(|| json!({ "anyOf": [{ "required": ["nil"] }, schema] }))
        }
        _ => None,
    }
}

/// Groups and code lists that stand once in a schema, whoever refers to them.
struct Shared {
    defs: Map<String, Value>,
    groups: Vec<(Vec<&'static str>, String)>,
}

impl Shared {
    fn object(&mut self, fields: &[&'static Field]) -> Value {
        let mut properties = Map::new();
        for field in fields {
            properties.insert(field.name.into(), self.field(field));
        }
        let drafted: Vec<&str> = fields.iter().filter(|f| f.need == Need::Draft).map(|f| f.name).collect();
        let mut schema = json!({ "type": "object", "properties": properties });
        if !drafted.is_empty() {
            schema["required"] = drafted.into();
        }
        schema
    }

    fn field(&mut self, field: &'static Field) -> Value {
        let schema = self.holds(&field.holds, field.name);
        if field.nil { json!({ "anyOf": [schema, { "$ref": "#/$defs/nil" }] }) } else { schema }
    }

    fn holds(&mut self, holds: &'static Type, name: &'static str) -> Value {
        match holds {
            Type::Text(max) => json!({ "anyOf": [
                { "type": "string", "minLength": 1, "maxLength": max },
                {
                    "type": "object",
                    "properties": { "lang": { "type": "string" }, "text": { "type": "string", "minLength": 1, "maxLength": max } },
                    "required": ["text"],
                },
            ] }),
            Type::Line(max) => json!({ "type": "string", "minLength": 1, "maxLength": max }),
            Type::Code(list) => self.code(list),
            Type::CodeOf(lists) => {
                json!({ "anyOf": lists.iter().map(|list| self.code(list)).collect::<Vec<_>>() })
            }
            Type::Codes(list) => self.codes(list),
            Type::Indicators => self.codes(&super::super::indicators::INDICATOR),
            Type::Group(_) => self.shared(holds, name),
            Type::GroupOrText(_) => {
                let group = self.shared(holds, name);
                json!({ "anyOf": [group, { "type": "string", "minLength": 1, "maxLength": LONG }] })
            }
            Type::List(each, min, max) => {
                json!({ "type": "array", "items": self.holds(each, name), "minItems": min, "maxItems": max })
            }
            other => single(other),
        }
    }

    fn codes(&mut self, list: &'static CodeList) -> Value {
        json!({ "type": "array", "items": self.code(list), "minItems": 1, "maxItems": LIST_MAX })
    }

    /// A code stands as a string, or as an object that names its list.
    fn code(&mut self, list: &'static CodeList) -> Value {
        let name = format!("codes-{}", list.id);
        if !self.defs.contains_key(&name) {
            let mut bare = if list.open {
                json!({ "type": "string", "minLength": 1, "maxLength": 100, "examples": list.codes })
            } else {
                json!({ "enum": list.codes })
            };
            bare["title"] = list.id.into();
            bare["$comment"] = comment(list).into();
            let mut any = vec![bare.clone()];
            if list.codes.contains(&"yes") {
                any.push(json!({ "type": "boolean" }));
            }
            if list.codes.iter().all(|code| code.parse::<u8>().is_ok()) {
                any.push(json!({ "type": "integer" }));
            }
            any.push(json!({ "type": "object", "properties": { "code": bare }, "required": ["code"] }));
            self.defs.insert(name.clone(), json!({ "anyOf": any }));
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    /// A group that several fields share is written once. Groups are the same if their fields have the same names.
    fn shared(&mut self, holds: &'static Type, name: &'static str) -> Value {
        let fields: Vec<&'static Field> = group(holds).iter().collect();
        if fields.len() < SHARED_FIELDS_MIN {
            return self.object(&fields);
        }
        let names: Vec<&'static str> = fields.iter().map(|f| f.name).collect();
        let known = self.groups.iter().find(|(there, _)| *there == names).map(|(_, def)| def.clone());
        let def = known.unwrap_or_else(|| {
            let taken = |def: &String| self.groups.iter().any(|(_, there)| there == def);
            let def = if taken(&name.to_owned()) {
                format!("{name}-{}", self.groups.len())
            } else {
                name.to_owned()
            };
            self.groups.push((names, def.clone()));
            let schema = self.object(&fields);
            self.defs.insert(def.clone(), schema);
            def
        });
        json!({ "$ref": format!("#/$defs/{def}") })
    }
}

/// Version of a list, and since when which of its codes are not to be used any more.
fn comment(list: &CodeList) -> String {
    let old = list.deprecated.iter().map(|(code, since)| format!("; {code} deprecated since {since}"));
    format!("version {}{}", list.version, old.collect::<String>())
}

/// A type without parts.
fn single(holds: &Type) -> Value {
    let pattern = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match holds {
        Type::Flag => json!({ "type": "boolean" }),
        Type::Whole(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Type::Number(low, high) => json!({ "type": "number", "minimum": low, "maximum": high }),
        Type::Range(low, high) => {
            let number = json!({ "type": "number", "minimum": low, "maximum": high });
            json!({ "anyOf": [number, {
                "type": "object",
                "properties": { "min": number, "max": number },
                "required": ["min", "max"],
            }] })
        }
        Type::Sex => json!({ "enum": [0, 1, 2, 9] }),
        Type::Phone => json!({ "anyOf": [
            pattern(r"^\+[1-9][0-9]{1,14}$"),
            { "type": "object", "anyOf": [{ "required": ["number"] }, { "required": ["raw"] }] },
        ] }),
        Type::Instant => pattern(INSTANT),
        Type::Date => pattern("^([0-9]{4}-[0-9]{2}-[0-9]{2}|P.+)$"),
        Type::PartialDate => pattern(PARTIAL_DATE),
        Type::When => json!({ "anyOf": [pattern(INSTANT), pattern(PARTIAL_DATE)] }),
        Type::Duration => pattern(DURATION),
        Type::Clock => pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"),
        Type::Country => pattern("^[A-Z]{2}$"),
        Type::Nationality => pattern("^([A-Z]{2}|XX[ABCX])$"),
        Type::Subdivision => pattern("^[A-Z]{2}-[A-Z0-9]{1,3}$"),
        Type::Language => pattern("^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$"),
        Type::Id => pattern("^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})$"),
        Type::Hash => pattern("^[0-9a-f]{64}$"),
        Type::DocumentNumber => json!({ "type": "string", "minLength": 1, "maxLength": NUMBER_CHARS_MAX }),
        Type::Issuer => pattern("^([A-Z]{3}|D)$"),
        Type::Locode => pattern("^[A-Z]{2}[A-Z2-9]{3}$"),
        Type::Airport | Type::Currency => pattern("^[A-Z]{3}$"),
        Type::Email => json!({ "type": "string", "format": "email", "maxLength": 254 }),
        _ => json!({ "type": "string" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_which_of_its_codes_are_given_up() {
        const LIST: CodeList = CodeList::open("colour", &["red", "rouge"]).deprecating(&[("rouge", "1.1")]);
        assert_eq!(comment(&LIST), "version 1.0; rouge deprecated since 1.1");
        assert_eq!(comment(&super::super::super::codes::SEX), "version 1.0");
    }
}
