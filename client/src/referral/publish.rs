//! What is made from the tables: an outline for people, JSON Schemas for programs, forms for pages, the dictionary.
//! Nothing of it is written by hand, so nothing of it can say something else than the checks do.

mod dictionary;
mod form;
mod json_schema;

pub use dictionary::dictionary;
pub use form::{form, need_word};
pub use json_schema::json_schema;

use super::spec::{Field, Type};
use super::{Kind, SectionCode, kinds};

/// The files below `docs` that are made from the tables, and what stands in them. `cargo run -p causeway-tests --bin
/// schema -- .` writes them; a test fails when they differ.
pub fn files() -> Vec<(String, String)> {
    let schemas = Kind::all().chain(Kind::steps()).map(|kind| {
        (format!("docs/schema/{}.schema.json", kind.name()), format!("{:#}\n", json_schema(kind)))
    });
    std::iter::once(("docs/dictionary.md".to_owned(), dictionary())).chain(schemas).collect()
}

/// One field of a kind, at any depth.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Row {
    /// Its path; `[]` means every element of a list.
    pub path: String,
    /// Name of the field around it; empty at the top.
    pub parent: &'static str,
    /// The field.
    pub field: &'static Field,
    /// The section it travels in.
    pub section: SectionCode,
    /// Whether it belongs to the header that all kinds share.
    pub header: bool,
}

/// All fields of a kind in the order of the tables, groups before what they contain.
pub fn outline(kind: Kind) -> Vec<Row> {
    let spec = kind.spec();
    let mut rows = Vec::new();
    for field in kinds::fields(spec) {
        let header = !spec.fields.iter().any(|own| own.name == field.name);
        let section = field.section.unwrap_or(super::sections::UNKNOWN_FIELDS);
        walk(field, "", String::new(), section, header, &mut rows);
    }
    rows
}

fn walk(
    field: &'static Field,
    parent: &'static str,
    at: String,
    around: SectionCode,
    header: bool,
    rows: &mut Vec<Row>,
) {
    let dot = if at.is_empty() { "" } else { "." };
    let section = field.section.unwrap_or(around);
    let (inner, brackets) = elements(&field.holds);
    let path = format!("{at}{dot}{}", field.name);
    let inside = format!("{path}{brackets}");
    rows.push(Row { path, parent, field, section, header });
    for inner in group(inner) {
        walk(inner, field.name, inside.clone(), section, header, rows);
    }
}

/// The fields of a group; none of anything else.
fn group(holds: &'static Type) -> &'static [Field] {
    match holds {
        Type::Group(fields) | Type::GroupOrText(fields) => fields,
        _ => &[],
    }
}

/// What the elements of a list hold; anything else is its own element.
fn elements(holds: &'static Type) -> (&'static Type, &'static str) {
    match holds {
        Type::List(each, ..) => (each, "[]"),
        other => (other, ""),
    }
}

/// The list of codes that a type has.
fn code_lists(holds: &'static Type) -> Vec<&'static super::spec::CodeList> {
    match holds {
        Type::Code(list) | Type::Codes(list) => vec![list],
        Type::CodeOf(lists) => lists.to_vec(),
        Type::Indicators => vec![&super::indicators::INDICATOR],
        Type::List(each, ..) => code_lists(each),
        _ => Vec::new(),
    }
}

/// One word for a type, for tables and forms.
pub fn type_word(holds: &Type) -> &'static str {
    match holds {
        Type::Text(_) => "text",
        Type::Line(_) => "line",
        Type::Code(_) | Type::CodeOf(_) => "code",
        Type::Codes(_) | Type::Indicators => "codes",
        Type::Flag => "flag",
        Type::Whole(..) => "whole",
        Type::Number(..) => "number",
        Type::Range(..) => "range",
        Type::Instant => "instant",
        Type::Date => "date",
        Type::PartialDate => "partial-date",
        Type::When => "when",
        Type::TimeZone => "time-zone",
        Type::Clock => "clock",
        Type::Duration => "duration",
        Type::Country => "country",
        Type::Nationality => "nationality",
        Type::Subdivision => "subdivision",
        Type::Language => "language",
        Type::Phone => "phone",
        Type::Email => "email",
        Type::Id => "id",
        Type::Hash => "hash",
        Type::DocumentNumber => "document-number",
        Type::Issuer => "issuer",
        Type::Locode => "locode",
        Type::Airport => "airport",
        Type::Currency => "currency",
        Type::Sex => "sex",
        Type::Group(_) => "group",
        Type::GroupOrText(_) => "group-or-text",
        Type::List(..) => "list",
    }
}

/// The standard behind a type; empty for our own.
fn standard(holds: &Type) -> &'static str {
    match holds {
        Type::Instant => "RFC 3339",
        Type::Date => "ISO 8601-1",
        Type::PartialDate => "EDTF, ISO 8601-2",
        Type::When => "RFC 3339 or EDTF",
        Type::Duration => "ISO 8601-1",
        Type::TimeZone => "IANA tz",
        Type::Country => "ISO 3166-1",
        Type::Nationality => "ISO 3166-1, ICAO 9303-3",
        Type::Subdivision => "ISO 3166-2",
        Type::Language => "BCP 47",
        Type::Phone => "ITU-T E.164",
        Type::Email => "RFC 5322",
        Type::Id => "RFC 9562",
        Type::Hash => "SHA-256",
        Type::DocumentNumber => "ICAO 9303",
        Type::Issuer => "ICAO 9303-3",
        Type::Locode => "UN/LOCODE",
        Type::Airport => "IATA",
        Type::Currency => "ISO 4217",
        Type::Sex => "ISO/IEC 5218",
        Type::Indicators => "ILO/EC 2009",
        Type::Code(list) | Type::Codes(list) if list.version.starts_with("HTCDS") => "HTCDS 2.0",
        Type::List(each, ..) => standard(each),
        _ => "",
    }
}
