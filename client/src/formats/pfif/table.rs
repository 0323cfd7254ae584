//! PFIF as a table: the first line has the names, a person and a note may share a line.

use super::{NOTE_FIELDS, PERSON_FIELDS, Pfif, Record};
use crate::formats::csv::{self, Style};
use crate::formats::finding::Finding;

/// Reads a table. Columns that the format does not know are left out.
pub fn read(bytes: &[u8]) -> Result<Pfif, Finding> {
    let table = csv::read(bytes)?;
    if !table.header.iter().any(|name| name == "person_record_id") {
        return Err(Finding::new("formats-no-column", "").with("column", "person_record_id"));
    }
    let mut pfif = Pfif::default();
    for line in &table.lines {
        let all: Record = table
            .header
            .iter()
            .zip(line)
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(name, value)| (name.clone(), value.trim().to_owned()))
            .collect();
        let part = |fields: &[&str]| -> Record {
            all.iter()
                .filter(|(name, _)| fields.contains(&name.as_str()))
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect()
        };
        let is_note = all.contains_key("note_record_id") || all.contains_key("text");
        let has_person = all.contains_key("full_name")
            || all.contains_key("family_name")
            || all.contains_key("given_name");
        if has_person || !is_note {
            pfif.persons.push(part(&PERSON_FIELDS));
        }
        if is_note {
            pfif.notes.push(part(&NOTE_FIELDS));
        }
    }
    Ok(pfif)
}

/// Writes a table: a line for each person with its first note, and a line for each further note.
pub fn write(pfif: &Pfif) -> Vec<u8> {
    let mut header: Vec<&str> = PERSON_FIELDS.to_vec();
    header.extend(NOTE_FIELDS.iter().filter(|field| !PERSON_FIELDS.contains(field)));
    let mut lines = Vec::new();
    for person in &pfif.persons {
        let own = |note: &&Record| note.get("person_record_id") == person.get("person_record_id");
        let mut notes = pfif.notes.iter().filter(own);
        let mut whole = person.clone();
        for (name, value) in notes.next().into_iter().flatten() {
            whole.entry(name.clone()).or_insert_with(|| value.clone());
        }
        lines.extend(std::iter::once(&whole).chain(notes).map(|record| line(record, &header)));
    }
    let header = header.into_iter().map(str::to_owned).collect();
    csv::write(&csv::Table { header, lines }, Style::default())
}

fn line(record: &Record, header: &[&str]) -> Vec<String> {
    header.iter().map(|field| record.get(*field).cloned().unwrap_or_default()).collect()
}
