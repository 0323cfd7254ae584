//! The sheet of a section: its fields in the order of the tables, with the groups and lists around them, as often as they stand there.

use serde_json::Value;

use super::{NIL, section_of};
use crate::referral::sections::{SECTIONS, UNKNOWN_FIELDS};
use crate::referral::spec::{Field, Need, Type};
use crate::referral::{Document, Kind, SectionCode, kinds};

/// Fields at the top that the program writes, or that its steps and lists write; nobody types them.
const OF_THE_PROGRAM: [&str; 23] = [
    "kind",
    "schema",
    "packet_id",
    "case_ref",
    "in_reply_to",
    "root_packet",
    "supersedes",
    "references",
    "mode",
    "created",
    "author",
    "languages",
    "consent_ref",
    "retention_until",
    "recipients",
    "fallback",
    "auto_fallback",
    "ownership",
    "mode_of_acceptance",
    "override",
    "location_expires",
    "stat",
    "handling",
];
/// Fields further inside that are worked out, or say what software has found.
const WORKED_OUT: [&str; 14] = [
    "script",
    "derived",
    "translit_system",
    "doc_ref",
    "mrz_check",
    "geo",
    "media_type",
    "size",
    "exif_stripped",
    "withdrawn",
    "locode",
    "iata",
    "precision",
    "evidence",
];

/// One line of a sheet.
pub(crate) struct Item {
    /// The path of what stands here, with numbers.
    pub(crate) path: String,
    /// The name of the field around it; empty at the top.
    pub(crate) parent: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    pub(crate) need: Need,
    /// Whether not knowing is an answer.
    pub(crate) nil: bool,
    pub(crate) shape: Shape,
}

/// What a line is.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// A group begins.
    Open,
    /// An element of a list begins: its number from one, and whether it may be taken away.
    Entry(usize, bool),
    /// What was begun ends.
    Close,
    /// A field; its number from one in a list of single values.
    Field(&'static Type, Option<usize>),
    /// Another element can be added to the list at the path.
    More,
    /// The list at the path may be said to have nobody in it.
    Nobody,
}

/// Sections of a kind in which somebody can type something, in their order.
pub(crate) fn sheets(kind: Kind) -> Vec<SectionCode> {
    let empty = Document::empty(kind);
    let every = SECTIONS.iter().map(|(code, _)| *code);
    every.filter(|code| !sheet(&empty, *code, "").is_empty()).collect()
}

/// Whether people type what stands at a path, and in this section.
pub(crate) fn is_typed(kind: Kind, section: SectionCode, path: &str) -> bool {
    let path = path.strip_suffix(NIL).unwrap_or(path);
    let first = path.split(['.', '[']).next().unwrap_or_default();
    !OF_THE_PROGRAM.contains(&first) && section_of(kind, path) == Some(section)
}

/// The sheet of a section of a document. `more` is the path of a list to which one more element is to be written.
pub(crate) fn sheet(document: &Document, section: SectionCode, more: &str) -> Vec<Item> {
    let mut walk = Walk { section, more, items: Vec::new() };
    for field in kinds::fields(document.kind.spec()) {
        if !OF_THE_PROGRAM.contains(&field.name) {
            let around = field.section.unwrap_or(UNKNOWN_FIELDS);
            walk.field(field, "", "", around, document.fields.get(field.name));
        }
    }
    walk.items
}

struct Walk<'a> {
    section: SectionCode,
    more: &'a str,
    items: Vec<Item>,
}

impl Walk<'_> {
    fn field(
        &mut self,
        field: &'static Field,
        parent: &'static str,
        at: &str,
        around: SectionCode,
        value: Option<&Value>,
    ) {
        let section = field.section.unwrap_or(around);
        if matches!(field.holds, Type::Id | Type::Hash) || WORKED_OUT.contains(&field.name) {
            return;
        }
        let dot = if at.is_empty() { "" } else { "." };
        let path = format!("{at}{dot}{}", field.name);
        let line = |path: &str, shape| Item {
            path: path.to_owned(),
            parent,
            name: field.name,
            need: field.need,
            nil: field.nil && matches!(field.need, Need::Send | Need::Draft),
            shape,
        };
        let here = section == self.section;
        match &field.holds {
            // A text in place of a group stays a text until it is taken away.
            holds @ Type::GroupOrText(_) if value.is_some_and(Value::is_string) => {
                let text = here.then(|| line(&path, Shape::Field(holds, None)));
                self.items.extend(text);
            }
            Type::Group(fields) | Type::GroupOrText(fields) => {
                self.group(fields, field.name, &path, section, value, || line(&path, Shape::Open));
            }
            Type::List(each, min, most) => match each {
                Type::Group(fields) | Type::GroupOrText(fields) => {
                    let stand = value.and_then(Value::as_array).map_or(0, Vec::len);
                    let wanted = usize::from(*min > 0 || field.need == Need::Send || field.name == "names");
                    let asked = if self.more == path { stand.saturating_add(1) } else { stand };
                    let count = asked.max(wanted).min(*most);
                    for n in 0..count {
                        let path = format!("{path}[{n}]");
                        let value = value.and_then(|value| value.get(n));
                        if value.is_some_and(Value::is_string) {
                            if here {
                                self.items.push(line(&path, Shape::Field(each, Some(n + 1))));
                            }
                            continue;
                        }
                        let entry = Shape::Entry(n + 1, here && n < stand);
                        self.group(fields, field.name, &path, section, value, || line(&path, entry));
                    }
                    if here && count < *most {
                        self.items.push(line(&path, Shape::More));
                    }
                }
                single if here => {
                    let stand = value.and_then(Value::as_array).map_or(0, Vec::len);
                    for n in 0..stand.saturating_add(1).min(*most) {
                        self.items.push(line(&format!("{path}[{n}]"), Shape::Field(single, Some(n + 1))));
                    }
                    if *min == 0 && field.need == Need::Send && stand == 0 {
                        self.items.push(line(&path, Shape::Nobody));
                    }
                }
                _ => {}
            },
            holds if here => self.items.push(line(&path, Shape::Field(holds, None))),
            _ => {}
        }
    }

    /// A group with what of it belongs to this section; without anything there is none.
    fn group(
        &mut self,
        fields: &'static [Field],
        name: &'static str,
        path: &str,
        section: SectionCode,
        value: Option<&Value>,
        begins: impl Fn() -> Item,
    ) {
        let before = self.items.len();
        self.items.push(begins());
        for field in fields {
            let value = value.and_then(|value| value.get(field.name));
            self.field(field, name, path, section, value);
        }
        if self.items.len() == before + 1 {
            self.items.truncate(before);
            return;
        }
        self.items.push(Item { shape: Shape::Close, ..begins() });
    }
}
