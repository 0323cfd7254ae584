//! A shelter's beds: what people there have counted, what its answers to requests hold back, and what is published of both.
//!
//! Only the count is stored. What is held, who has come and what is left follow from the count and the cases, each time anew, so
//! that every device of the shelter comes to the same and nothing can be held twice; see
//! docs/decisions/0043-beds-are-held-by-the-shelter.md.

use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::casebook::Case;
use crate::records::{self, RecordError};
use crate::referral::{Kind, values};
use crate::vault::{CaseName, Changes, Tree, Vault};

pub mod hold;
pub mod house;
pub mod partners;
pub mod publication;

/// Kind code of a publication.
pub const PUBLICATION: &str = "SCP";
/// Kind code of a request for places.
pub const REQUEST: &str = "SPR";
/// Kind code of a handoff, with which a requester takes an offer up.
pub(crate) const HANDOFF: &str = "VHO";
/// Houses of one organisation: more than any has.
pub const HOUSES_MAX: usize = 50;
/// Longest code of a house, in characters.
const CODE_CHARS_MAX: usize = 40;

const PREFIX: &[u8] = b"beds";

/// Fields of a publication that are of its packet, and of no count.
const OF_A_PACKET: [&str; 12] = [
    "kind",
    "schema",
    "packet_id",
    "created",
    "author",
    "case_ref",
    "consent_ref",
    "sections",
    "recipients",
    "retention_until",
    "override",
    "attachments",
];

/// A count as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    at: Timestamp,
    /// JSON of the fields of a publication.
    #[serde(with = "serde_bytes")]
    fields: Vec<u8>,
}

/// What people of a shelter have counted in one house.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Count {
    /// Code of the house.
    pub shelter: String,
    /// When people counted.
    pub at: Timestamp,
    /// Whoever has come later is not in the numbers yet. Later than `at` where a colleague's publication is all that is known.
    pub as_of: Timestamp,
    /// Whether it was read out of a publication: then `available` leaves out what was held, and `reserved` says how much.
    pub published: bool,
    /// The fields of a publication; `capacity[].available` is what was empty and not promised in another way.
    pub fields: Map<String, Value>,
}
no_content_in_debug!(Kept, Count);

impl Count {
    /// A count that was made here, now.
    pub fn made(shelter: &str, fields: Map<String, Value>, now: Timestamp) -> Self {
        Self { shelter: shelter.to_owned(), at: now, as_of: now, published: false, fields }
    }

    /// Until when people rely on it; zero if it does not say so.
    pub fn valid_until(&self) -> Timestamp {
        instant(&self.fields, "valid_until").unwrap_or(Timestamp(0))
    }

    /// The count behind a publication of our own organisation.
    fn behind(case: &Case) -> Option<Self> {
        let shelter = shelter_of(&case.document)?.to_owned();
        let as_of = instant(&case.document, "created").unwrap_or(case.thread.begun);
        let at = instant(&case.document, "updated").map_or(as_of, |at| at.min(as_of));
        let mut fields = case.document.clone();
        OF_A_PACKET.iter().for_each(|name| drop(fields.remove(*name)));
        Some(Self { shelter, at, as_of, published: true, fields })
    }

    /// Newer counts count; of the same one, what is nearest to it, because all that came later follows from the cases.
    fn rank(&self) -> (Timestamp, std::cmp::Reverse<Timestamp>) {
        (self.at, std::cmp::Reverse(self.as_of))
    }
}

/// Whether this can be the code of a house: letters, digits, dots and dashes, so that nobody writes an address into it.
pub fn is_code(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    (1..=CODE_CHARS_MAX).contains(&text.chars().count()) && text.chars().all(fits)
}

/// Keeps a count in the place of the one before it.
pub fn put(changes: &mut Changes, count: &Count) {
    let fields = Value::Object(count.fields.clone()).to_string().into_bytes();
    records::write(changes, Tree::Desks, &key(&count.shelter), &Kept { at: count.at, fields });
}

fn key(shelter: &str) -> Vec<u8> {
    [PREFIX, shelter.as_bytes()].concat()
}

/// The newest count of each house: those made at this device, and those behind what colleagues have published.
pub fn counts(vault: &Vault, cases: &[Case]) -> Result<Vec<Count>, RecordError> {
    let mut all = Vec::new();
    for id in records::ids_with_prefix(vault, Tree::Desks, PREFIX) {
        let Some(kept) = records::read::<Kept>(vault, Tree::Desks, &id)? else { continue };
        let Ok(shelter) = std::str::from_utf8(&id[PREFIX.len()..]) else { continue };
        let fields = serde_json::from_slice(&kept.fields).unwrap_or_default();
        all.push(Count::made(shelter, fields, kept.at));
    }
    let ours = cases.iter().filter(|case| case.thread.ours && case.thread.kind == PUBLICATION);
    all.extend(ours.filter_map(Count::behind));
    Ok(newest(all))
}

fn newest(mut all: Vec<Count>) -> Vec<Count> {
    all.sort_by(|a, b| (&a.shelter, b.rank()).cmp(&(&b.shelter, a.rank())));
    all.dedup_by(|later, first| later.shelter == first.shelter);
    all.truncate(HOUSES_MAX);
    all
}

/// The cases that say anything about beds.
pub fn cases(vault: &Vault) -> Result<Vec<Case>, RecordError> {
    let kinds = [PUBLICATION, REQUEST, HANDOFF];
    let names: Vec<CaseName> = records::catalogue(vault)?.of_kinds(&kinds).map(|line| line.case).collect();
    // One that has been erased in the meantime is left out.
    let threads = names.iter().filter_map(|case| records::thread(vault, case).transpose());
    threads.map(|thread| Case::of(vault, thread?)).collect()
}

/// The kind of a publication.
pub(crate) fn publication_kind() -> Option<Kind> {
    Kind::from_code(PUBLICATION)
}

pub(crate) fn shelter_of(fields: &Map<String, Value>) -> Option<&str> {
    fields.get("shelter_code").and_then(Value::as_str)
}

pub(crate) fn instant(fields: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    let at = values::instant(fields.get(name)?.as_str()?)?;
    u64::try_from(at).ok().map(Timestamp)
}

#[cfg(test)]
mod tests;
