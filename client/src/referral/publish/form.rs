//! A form for a kind, for pages: groups by section, in them the fields in the order of the tables, with what to write
//! on them. It is data: whoever draws it needs no knowledge of kinds.

use serde_json::{Map, Value, json};

use super::super::sections::SECTIONS;
use super::super::spec::{CodeList, Field, Need, Type};
use super::super::standards::NUMBER_CHARS_MAX;
use super::super::{Kind, SectionCode, kinds, labels};
use super::{code_lists, elements, group, type_word};
use crate::lang::Lang;

/// The form of a kind in a language.
pub fn form(kind: Kind, lang: Lang) -> Value {
    let spec = kind.spec();
    let own = |field: &Field| spec.fields.iter().any(|f| f.name == field.name);
    let mut groups = Vec::new();
    for (section, level) in SECTIONS {
        let fields: Vec<Value> = kinds::fields(spec)
            .filter(|field| field.section.unwrap_or(super::super::sections::UNKNOWN_FIELDS) == *section)
            .map(|field| described(field, "", "", *section, lang, !own(field)))
            .collect();
        if !fields.is_empty() {
            groups.push(json!({
                "section": section.to_string(),
                "label": labels::section(lang, *section),
                "sensitivity": level,
                "fields": fields,
            }));
        }
    }
    json!({
        "kind": spec.code,
        "name": spec.name,
        "label": kind.label(lang),
        "lang": lang.tag(),
        "schema": spec.schema,
        "groups": groups,
        "codes": lists(kind, lang),
    })
}

fn described(
    field: &'static Field,
    parent: &str,
    at: &str,
    around: SectionCode,
    lang: Lang,
    header: bool,
) -> Value {
    let (holds, brackets) = elements(&field.holds);
    let dot = if at.is_empty() { "" } else { "." };
    let path = format!("{at}{dot}{}", field.name);
    let section = field.section.unwrap_or(around);
    let mut out = json!({
        "path": path,
        "label": labels::field(lang, parent, field.name),
        "type": type_word(holds),
        "need": need_word(field.need),
        "nil": field.nil,
    });
    if let Some(hint) = labels::hint(lang, parent, field.name) {
        out["hint"] = hint.into();
    }
    if section != around {
        out["section"] = section.to_string().into();
    }
    if header {
        out["header"] = true.into();
    }
    if let Type::List(_, min, max) = field.holds {
        out["many"] = json!({ "min": min, "max": max });
    }
    limits(holds, &mut out);
    let lists: Vec<&str> = code_lists(holds).iter().map(|list| list.id).collect();
    if !lists.is_empty() {
        out["codes"] = lists.into();
    }
    let inside: Vec<Value> = group(holds)
        .iter()
        .map(|f| described(f, field.name, &format!("{path}{brackets}"), section, lang, false))
        .collect();
    if !inside.is_empty() {
        out["fields"] = inside.into();
    }
    out
}

fn limits(holds: &Type, out: &mut Value) {
    match holds {
        Type::Text(max) | Type::Line(max) => out["max_chars"] = (*max).into(),
        Type::DocumentNumber => out["max_chars"] = NUMBER_CHARS_MAX.into(),
        Type::Whole(low, high) => {
            out["min"] = (*low).into();
            out["max"] = (*high).into();
        }
        Type::Number(low, high) | Type::Range(low, high) => {
            out["min"] = (*low).into();
            out["max"] = (*high).into();
        }
        _ => {}
    }
}

/// When a field must be there, as a word.
pub fn need_word(need: Need) -> &'static str {
    match need {
        Need::Draft => "draft",
        Need::Send => "send",
        Need::Filled => "filled",
        Need::Optional => "optional",
    }
}

/// The code lists that the form uses, once each.
fn lists(kind: Kind, lang: Lang) -> Value {
    let mut used: Vec<&'static CodeList> = Vec::new();
    for row in super::outline(kind) {
        for list in code_lists(&row.field.holds) {
            if !used.iter().any(|there| there.id == list.id) {
                used.push(list);
            }
        }
    }
    let one = |list: &CodeList| {
        let codes: Vec<Value> = list
            .codes
            .iter()
            .map(|code| {
                let mut one = json!({ "code": code, "label": labels::code(lang, list, code) });
                // Pages offer it to nobody any more, and show it where it stands.
                if let Some(since) = list.deprecated_since(code) {
                    one["deprecated_since"] = since.into();
                }
                one
            })
            .collect();
        let whole = json!({
            "label": labels::list(lang, list),
            "version": list.version,
            "open": list.open,
            "codes": codes,
        });
        (list.id.to_owned(), whole)
    };
    used.into_iter().map(one).collect::<Map<String, Value>>().into()
}
