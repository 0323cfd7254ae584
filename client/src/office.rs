//! What colleagues keep in common and nobody else is told: notes about cases, who has which case, how cases are tagged, who is on
//! duty, texts that are used again. And what one workstation keeps for itself: notes for one person, views of lists.
//!
//! Each is one entry. What is written of one thing replaces what was: the higher revision counts, and of two of one revision
//! the name of the device that wrote it decides, so that all workstations come to the same, whatever comes first and however
//! often. A note is a thing of its own and is never replaced. Clocks decide nothing.

use causeway_common::ids::DeviceId;
use causeway_common::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::records::{self, RecordError, Source};
use crate::vault::{CaseName, Changes, Tree, Vault};

pub mod duty;
pub mod notes;
pub mod roster;
pub mod tags;
pub mod texts;
pub mod views;

/// Longest text that a person writes into an entry, in characters: two pages.
pub const TEXT_CHARS_MAX: usize = 4_000;
/// Longest value of an entry: a text of four bytes each, twice for what JSON escapes, and what stands around it.
pub const VALUE_BYTES_MAX: usize = 8 * TEXT_CHARS_MAX + 4 * 1024;
/// Longest key of an entry: a name of 60 characters of four bytes.
const KEY_BYTES_MAX: usize = 240;
/// Longest name of a workstation or number of a person that is kept with an entry, in bytes.
const WHO_BYTES_MAX: usize = 480;
/// A revision beyond this is no count of changes: whoever claims it would have the last word for ever.
const REVISION_MAX: u64 = 1 << 40;

/// What an entry says. Its number stands in the name of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "all that this version knows")]
pub enum Kind {
    /// A note about a case, for all of the organisation.
    Note = 1,
    /// The same for this workstation alone: it is never shared.
    OwnNote = 2,
    /// Who has a case.
    Assigned = 3,
    /// The rotation of the duty.
    Roster = 4,
    /// Who stands in for a time.
    Override = 5,
    /// What one shift tells the next.
    Handover = 6,
    /// Who has read that.
    HandoverRead = 7,
    /// A text that is used again.
    Text = 8,
    /// A tag of a case, by which it is found in lists.
    Tag = 9,
    /// A view of a list that this workstation has kept: it is never shared.
    View = 10,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Note,
        Self::OwnNote,
        Self::Assigned,
        Self::Roster,
        Self::Override,
        Self::Handover,
        Self::HandoverRead,
        Self::Text,
        Self::Tag,
        Self::View,
    ];

    /// Its word among colleagues.
    fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::OwnNote => "own_note",
            Self::Assigned => "assigned",
            Self::Roster => "roster",
            Self::Override => "override",
            Self::Handover => "handover",
            Self::HandoverRead => "handover_read",
            Self::Text => "text",
            Self::Tag => "tag",
            Self::View => "view",
        }
    }

    /// The kind of a word; none for one of a newer version.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it is about a case.
    fn is_of_case(self) -> bool {
        matches!(self, Self::Note | Self::OwnNote | Self::Assigned | Self::Tag)
    }

    /// Whether colleagues are told of it. What a workstation keeps for itself is never sent, and not taken from anybody.
    pub(crate) fn is_shared(self) -> bool {
        !matches!(self, Self::OwnNote | Self::View)
    }

    /// Entries of it that are kept: of one case, or of the organisation. 500 notes of the longest text are 18 MB.
    pub(crate) fn most(self) -> usize {
        match self {
            Self::Note | Self::OwnNote => 500,
            Self::Assigned | Self::Roster => 1,
            Self::Override | Self::Text => 200,
            // With those that were taken away: five times as many as a case has at once.
            Self::Handover | Self::HandoverRead | Self::Tag => 100,
            Self::View => views::VIEWS_MAX,
        }
    }
}

/// What one workstation has written for all.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// The case it is about; zeros: none.
    pub case: CaseName,
    /// A word of [`Kind`].
    pub kind: String,
    /// Which of its kind.
    #[serde(with = "serde_bytes")]
    pub key: Vec<u8>,
    /// 1, 2, 3 …
    pub revision: u64,
    /// On which device it was written.
    pub device: DeviceId,
    /// What that is called.
    pub desk: String,
    /// Number of whoever wrote it; empty if nobody has said.
    pub by: String,
    /// When, by the clock of that device.
    pub at: Timestamp,
    /// What it says, JSON; empty: it is taken away.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
}
no_content_in_debug!(Entry);

/// What somebody here writes.
pub(crate) struct Draft {
    pub(crate) case: Option<CaseName>,
    pub(crate) kind: Kind,
    pub(crate) key: Vec<u8>,
    /// Number of whoever writes it.
    pub(crate) by: String,
    /// JSON; empty to take it away.
    pub(crate) value: Vec<u8>,
}

impl Draft {
    /// An entry that says this.
    pub(crate) fn saying(kind: Kind, key: &[u8], by: &str, value: &impl Serialize) -> Self {
        let value = serde_json::to_vec(value).unwrap_or_default();
        Self { case: None, kind, key: key.to_vec(), by: by.to_owned(), value }
    }

    /// One that says nothing any more.
    pub(crate) fn taking_away(kind: Kind, key: &[u8], by: &str) -> Self {
        Self { case: None, kind, key: key.to_vec(), by: by.to_owned(), value: Vec::new() }
    }

    /// The same about a case.
    pub(crate) fn about(self, case: CaseName) -> Self {
        Self { case: Some(case), ..self }
    }
}

impl Entry {
    /// What this device has written, for the first time.
    pub(crate) fn by(device: DeviceId, desk: String, at: Timestamp, draft: Draft) -> Self {
        let Draft { case, kind, key, by, value } = draft;
        let case = case.unwrap_or_default();
        Self { case, kind: kind.word().to_owned(), key, revision: 1, device, desk, by, at, value }
    }

    /// The case it is about.
    pub fn of_case(&self) -> Option<CaseName> {
        Some(self.case).filter(|case| *case != [0; 32])
    }

    /// Its kind; none for one that this version does not know.
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_word(&self.kind)
    }

    /// Whether it says something, or takes away what was said.
    pub fn is_there(&self) -> bool {
        !self.value.is_empty()
    }

    /// What it says; none if it does not read.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.value).ok()
    }

    /// Who wrote it, as people see it: the number, otherwise the workstation.
    pub(crate) fn who(&self) -> &str {
        if self.by.is_empty() { &self.desk } else { &self.by }
    }

    /// Whether it can be an entry: what others write is bounded before it is kept.
    pub(crate) fn is_sound(&self) -> bool {
        let is_json = || serde_json::from_slice::<serde_json::Value>(&self.value).is_ok();
        self.kind().is_some_and(|kind| kind.is_of_case() == self.of_case().is_some())
            && self.key.len() <= KEY_BYTES_MAX
            && (1..=REVISION_MAX).contains(&self.revision)
            && self.desk.len().max(self.by.len()) <= WHO_BYTES_MAX
            && self.value.len() <= VALUE_BYTES_MAX
            && (self.value.is_empty() || is_json())
    }

    /// Whether it counts and the other, of the same thing, does not.
    pub(crate) fn replaces(&self, other: &Self) -> bool {
        let order = |entry: &Self| (entry.revision, entry.device, entry.value.clone());
        // What somebody has noted stays as it was written.
        !matches!(self.kind(), Some(Kind::Note | Kind::OwnNote)) && order(self) > order(other)
    }

    fn id(&self) -> Option<Vec<u8>> {
        Some(id(self.of_case(), self.kind()?, &self.key))
    }
}

/// Name of a record: the case, the kind, which one.
fn id(case: Option<CaseName>, kind: Kind, key: &[u8]) -> Vec<u8> {
    [&prefix(case, kind), key].concat()
}

fn prefix(case: Option<CaseName>, kind: Kind) -> Vec<u8> {
    [&case.unwrap_or_default()[..], &[kind as u8]].concat()
}

/// One entry, also one that was taken away.
pub fn find(
    from: &dyn Source,
    case: Option<CaseName>,
    kind: Kind,
    key: &[u8],
) -> Result<Option<Entry>, RecordError> {
    records::read(from, Tree::Office, &id(case, kind, key))
}

/// All entries of a kind that say something, the oldest first.
pub fn all(vault: &Vault, case: Option<CaseName>, kind: Kind) -> Result<Vec<Entry>, RecordError> {
    let mut found = with_taken_away(vault, case, kind)?;
    found.retain(Entry::is_there);
    found.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
    Ok(found)
}

/// The same with what is left of those that were taken away, in no order.
fn with_taken_away(vault: &Vault, case: Option<CaseName>, kind: Kind) -> Result<Vec<Entry>, RecordError> {
    let mut found = Vec::new();
    for id in records::ids_with_prefix(vault, Tree::Office, &prefix(case, kind)) {
        found.extend(records::read::<Entry>(vault, Tree::Office, &id)?);
    }
    Ok(found)
}

/// How many entries of a kind there are, with those that were taken away. Reads none.
pub(crate) fn count(vault: &Vault, case: Option<CaseName>, kind: Kind) -> usize {
    records::ids_with_prefix(vault, Tree::Office, &prefix(case, kind)).len()
}

/// Keeps an entry, under the key of its case.
pub(crate) fn put(changes: &mut Changes, entry: &Entry) {
    if let Some(id) = entry.id() {
        records::write_of(changes, entry.of_case(), Tree::Office, &id, entry);
    }
}

/// Removes one for good, which nobody asks for any more.
pub(crate) fn drop_entry(changes: &mut Changes, entry: &Entry) {
    if let Some(id) = entry.id() {
        changes.delete(Tree::Office, &id);
    }
}

/// What has been written since a generation of the vault and is for colleagues.
pub(crate) fn shared_after(vault: &Vault, generation: u64) -> Result<Vec<Entry>, RecordError> {
    let mut found = Vec::new();
    for id in vault.written_after(Tree::Office, generation) {
        found.extend(records::read::<Entry>(vault, Tree::Office, &id)?);
    }
    found.retain(|entry| entry.kind().is_some_and(Kind::is_shared));
    Ok(found)
}

/// Removes what people have written about a case, tags too, as texts go. Says whether there was any.
pub(crate) fn drop_notes(vault: &Vault, changes: &mut Changes, case: CaseName) -> bool {
    let mut found = false;
    for kind in [Kind::Note, Kind::OwnNote, Kind::Tag] {
        for id in records::ids_with_prefix(vault, Tree::Office, &prefix(Some(case), kind)) {
            changes.delete(Tree::Office, &id);
            found = true;
        }
    }
    found
}

/// Removes all that is kept about a case which was erased before it came.
pub(crate) fn drop_case(vault: &Vault, changes: &mut Changes, case: CaseName) {
    for id in records::ids_with_prefix(vault, Tree::Office, &case) {
        changes.delete(Tree::Office, &id);
    }
}

/// The case of a record of this tree that says who has it.
pub(crate) fn assigned_case(id: &[u8]) -> Option<CaseName> {
    let (case, rest) = id.split_first_chunk::<32>()?;
    (rest == [Kind::Assigned as u8]).then_some(*case)
}

/// Name of the record that says who has a case.
pub(crate) fn assigned_id(case: &CaseName) -> Vec<u8> {
    prefix(Some(*case), Kind::Assigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: Kind, revision: u64, device: u8, value: &str) -> Entry {
        Entry {
            case: if kind.is_of_case() { [1; 32] } else { [0; 32] },
            kind: kind.word().into(),
            key: vec![],
            revision,
            device: DeviceId([device; 32]),
            desk: "desk".into(),
            by: String::new(),
            at: Timestamp(revision),
            value: value.as_bytes().to_vec(),
        }
    }

    #[test]
    fn of_two_entries_one_counts_whoever_hears_which_first_and_a_note_is_never_replaced() {
        let all = [
            entry(Kind::Assigned, 1, 9, "\"a\""),
            entry(Kind::Assigned, 2, 1, "\"b\""),
            entry(Kind::Assigned, 2, 2, "\"c\""),
            entry(Kind::Assigned, 2, 2, ""),
        ];
        for a in &all {
            assert!(!a.replaces(a), "twice is once");
            for b in all.iter().filter(|b| *b != a) {
                assert_ne!(a.replaces(b), b.replaces(a));
            }
        }
        assert!(all[1].replaces(&all[0]) && all[2].replaces(&all[1]) && all[2].replaces(&all[3]));
        assert!(!entry(Kind::Note, 7, 9, "\"x\"").replaces(&entry(Kind::Note, 1, 1, "\"y\"")));
    }

    #[test]
    fn what_cannot_be_an_entry_is_none() {
        let sound = entry(Kind::Note, 1, 1, "\"x\"");
        assert!(sound.is_sound());
        let bad = [
            Entry { kind: "tomorrow".into(), ..sound.clone() },
            Entry { case: [0; 32], ..sound.clone() },
            Entry { kind: "roster".into(), ..sound.clone() },
            Entry { key: vec![0; KEY_BYTES_MAX + 1], ..sound.clone() },
            Entry { revision: u64::MAX, ..sound.clone() },
            Entry { revision: 0, ..sound.clone() },
            Entry { value: vec![b' '; VALUE_BYTES_MAX + 1], ..sound.clone() },
            Entry { value: b"{".to_vec(), ..sound.clone() },
            Entry { by: "x".repeat(WHO_BYTES_MAX + 1), ..sound.clone() },
        ];
        assert!(bad.iter().all(|entry| !entry.is_sound()));
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
        }
    }
}
