//! Notes about a case that the other side never sees, and who has the case.

use serde::{Deserialize, Serialize};

use super::{Draft, Entry, Kind, all, find};
use crate::records::{RecordError, Source};
use crate::vault::{CaseName, Vault};

/// Who reads a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Every workstation of this organisation.
    Organisation,
    /// This workstation.
    Me,
}

impl Readers {
    /// As it is said on the command line and in forms.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Organisation => "org",
            Self::Me => "me",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Organisation => Kind::Note,
            Self::Me => Kind::OwnNote,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Said {
    text: String,
}

/// A note that somebody here writes.
pub(crate) fn draft(case: CaseName, readers: Readers, key: &[u8], by: &str, text: &str) -> Draft {
    Draft::saying(readers.kind(), key, by, &Said { text: text.to_owned() }).about(case)
}

/// A note as it stands here.
pub(crate) struct Note {
    pub(crate) readers: Readers,
    pub(crate) text: String,
    pub(crate) entry: Entry,
}

/// All notes of a case that are here, the oldest first.
pub(crate) fn of_case(vault: &Vault, case: CaseName) -> Result<Vec<Note>, RecordError> {
    let mut notes = Vec::new();
    for readers in [Readers::Organisation, Readers::Me] {
        for entry in all(vault, Some(case), readers.kind())? {
            let Some(Said { text }) = entry.read() else { continue };
            notes.push(Note { readers, text, entry });
        }
    }
    notes.sort_by_key(|note| note.entry.at);
    Ok(notes)
}

#[derive(Serialize, Deserialize)]
struct Assigned {
    to: String,
}

/// What says that somebody has a case; without a number, nobody.
pub(crate) fn assign(case: CaseName, to: Option<&str>, by: &str) -> Draft {
    match to {
        Some(to) => Draft::saying(Kind::Assigned, &[], by, &Assigned { to: to.to_owned() }),
        None => Draft::taking_away(Kind::Assigned, &[], by),
    }
    .about(case)
}

/// Number of whoever has a case.
pub fn assigned_to(from: &dyn Source, case: CaseName) -> Result<Option<String>, RecordError> {
    Ok(find(from, Some(case), Kind::Assigned, &[])?.and_then(|entry| to(&entry)))
}

/// Whom an entry names.
pub(crate) fn to(entry: &Entry) -> Option<String> {
    let assigned: Option<Assigned> = entry.read();
    assigned.map(|assigned| assigned.to).filter(|to| crate::staff::is_number(to))
}
