//! PFIF 1.4, the People Finder Interchange Format (<http://zesty.ca/pfif/1.4/>): XML and CSV, in and out.
//!
//! Registries that speak it are public. So only a report that says so, with a consent that says so, goes out, and of it only
//! what may be published.

mod check;
mod document;
mod report;
mod table;

use std::collections::BTreeMap;

pub use document::rows;
pub use report::{NotPublic, export, found_note};
pub use table::{read as read_csv, write as write_csv};

use super::finding::Finding;
use super::limits::ROWS_MAX;
use super::xml::{self, Node, Writer};

/// Without a slash at its end. Many sites write one: it is accepted, and never written.
const NAMESPACE: &str = "http://zesty.ca/pfif/1.4";

/// Fields of a person, in the order in which they are written.
pub const PERSON_FIELDS: [&str; 25] = [
    "person_record_id",
    "entry_date",
    "expiry_date",
    "author_name",
    "author_email",
    "author_phone",
    "source_name",
    "source_date",
    "source_url",
    "full_name",
    "given_name",
    "family_name",
    "alternate_names",
    "description",
    "sex",
    "date_of_birth",
    "age",
    "home_street",
    "home_neighborhood",
    "home_city",
    "home_state",
    "home_postal_code",
    "home_country",
    "photo_url",
    "profile_urls",
];

/// Fields of a note, in the order in which they are written.
pub const NOTE_FIELDS: [&str; 15] = [
    "note_record_id",
    "person_record_id",
    "linked_person_record_id",
    "entry_date",
    "author_name",
    "author_email",
    "author_phone",
    "source_date",
    "author_made_contact",
    "status",
    "email_of_found_person",
    "phone_of_found_person",
    "last_known_location",
    "text",
    "photo_url",
];

/// A person or a note: its fields by name. Empty fields are not there.
pub type Record = BTreeMap<String, String>;

/// What a PFIF file holds.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the format has nothing else")]
pub struct Pfif {
    /// People.
    pub persons: Vec<Record>,
    /// What was said about them, each with the number of its person.
    pub notes: Vec<Record>,
}
no_content_in_debug!(Pfif);

/// Reads an XML file.
pub fn read_xml(bytes: &[u8]) -> Result<Pfif, Finding> {
    let root = xml::read(bytes)?;
    if root.name != "pfif" || root.namespace.trim_end_matches('/') != NAMESPACE {
        return Err(Finding::new("formats-not-pfif", "")
            .with("root", &root.name)
            .with("namespace", &root.namespace));
    }
    let mut pfif = Pfif::default();
    for child in &root.children {
        match child.name.as_str() {
            "person" => {
                let person = record(child, &PERSON_FIELDS);
                for note in child.all("note") {
                    let mut note = record(note, &NOTE_FIELDS);
                    if let Some(id) = person.get("person_record_id") {
                        note.entry("person_record_id".into()).or_insert_with(|| id.clone());
                    }
                    pfif.notes.push(note);
                }
                pfif.persons.push(person);
            }
            "note" => pfif.notes.push(record(child, &NOTE_FIELDS)),
            _ => {}
        }
        if pfif.persons.len() + pfif.notes.len() > ROWS_MAX {
            return Err(Finding::new("formats-too-many", "").with("max", ROWS_MAX));
        }
    }
    Ok(pfif)
}

fn record(node: &Node, fields: &[&str]) -> Record {
    let known = |child: &&Node| fields.contains(&child.name.as_str()) && !child.text.is_empty();
    node.children.iter().filter(known).map(|child| (child.name.clone(), child.text.clone())).collect()
}

/// Writes an XML file: notes inside their person, fields in the order of the specification.
pub fn write_xml(pfif: &Pfif) -> Vec<u8> {
    let mut out = Writer::new();
    out.open("pfif:pfif", &format!("xmlns:pfif=\"{NAMESPACE}\""));
    for person in &pfif.persons {
        out.open("pfif:person", "");
        elements(&mut out, person, &PERSON_FIELDS);
        let own = |note: &&Record| note.get("person_record_id") == person.get("person_record_id");
        for note in pfif.notes.iter().filter(own) {
            out.open("pfif:note", "");
            elements(&mut out, note, &NOTE_FIELDS);
            out.close();
        }
        out.close();
    }
    out.finish()
}

fn elements(out: &mut Writer, record: &Record, fields: &[&str]) {
    for field in fields {
        if let Some(text) = record.get(*field) {
            out.text(&format!("pfif:{field}"), text);
        }
    }
}

#[cfg(test)]
mod tests;
