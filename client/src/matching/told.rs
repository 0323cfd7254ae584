//! What each case tells of people, kept beside it: a comparison reads this instead of whole cases.
//!
//! It is a copy of parts of the case, made anew whenever the case changes, and sealed under the key of the case.

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::index::{self, RULES};
use super::person::{self, Lexicon, Person};
use crate::casebook::Case;
use crate::model::Thread;
use crate::records::{self, RecordError, Source};
use crate::referral::update::Update;
use crate::vault::{CaseName, Changes, Tree, Vault};

/// Under which it stands, before the name of the case.
const TOLD: &[u8] = b"told";
/// Under which stands that a case is to be compared, before its name.
const WAITS: &[u8] = b"wait";
/// What an earlier version kept of how far it had compared a case, before its name.
const COMPARED: &[u8] = b"done";
/// People of one case that are compared.
const PEOPLE_PER_CASE: usize = 96;

/// What a case tells of people.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    rules: u16,
    pub(super) case: CaseName,
    pub(super) root: PacketId,
    peer: OrgId,
    ours: bool,
    pub(super) begun: Timestamp,
    /// Whether it was invented to practise.
    pub(super) is_exercise: bool,
    /// Packets that it names itself as belonging to it: nobody needs to be told of those.
    linked: Vec<String>,
    /// Its number in its sender's books; empty if it has none.
    reference: String,
    people: u64,
    /// Under which they are found.
    pub(super) keys: Vec<u32>,
    /// The parts of the document that are compared, and the people whom steps have told of: JSON.
    #[serde(with = "serde_bytes")]
    said: Vec<u8>,
}
no_content_in_debug!(Told);

impl Told {
    /// Of a case. A call also belongs to the referrals to which it has led.
    pub fn of(case: &Case, led_to: &[PacketId]) -> Self {
        let text =
            |name: &str| case.document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let steps: Vec<Value> =
            case.steps.iter().filter_map(|(_, update)| update.as_ref()).flat_map(told_by).collect();
        let said = json!({ "document": person::compared(&case.document), "steps": steps });
        let Thread { case: name, root, peer, ours, begun, .. } = case.thread;
        let mut told = Self {
            rules: RULES,
            case: name,
            root,
            peer,
            ours,
            begun,
            is_exercise: case.is_exercise(),
            linked: linked(&case.document, led_to),
            reference: text("case_ref"),
            people: 0,
            keys: Vec::new(),
            said: said.to_string().into_bytes(),
        };
        let people = told.people(&mut Lexicon::default());
        told.people = u64::try_from(people.len()).unwrap_or(u64::MAX);
        told.keys = index::keys(&people);
        told
    }

    /// What is kept of a case; none if it has not been read, or by other rules.
    pub(super) fn read(from: &dyn Source, case: &CaseName) -> Result<Option<Self>, RecordError> {
        let told: Option<Self> = records::read(from, Tree::Matches, &key(TOLD, case))?;
        Ok(told.filter(|told| told.rules == RULES))
    }

    /// Keeps it, and nothing that is older.
    pub fn put(&self, changes: &mut Changes) {
        changes.delete(Tree::Matches, &key(COMPARED, &self.case));
        records::write_of(changes, Some(self.case), Tree::Matches, &key(TOLD, &self.case), self);
    }

    /// Whether it tells of more people than before.
    pub(super) fn tells_more_than(&self, before: Option<&Self>) -> bool {
        self.people > before.map_or(0, |before| before.people)
    }

    /// The people: those of its document, and those of whom answers and updates tell.
    pub(super) fn people(&self, lexicon: &mut Lexicon) -> Vec<Person> {
        let said: Value = serde_json::from_slice(&self.said).unwrap_or_default();
        let document = said.get("document").and_then(Value::as_object);
        let mut people = document.map_or_else(Vec::new, |document| person::people(document, lexicon));
        for step in said.get("steps").and_then(Value::as_array).into_iter().flatten() {
            let Some([at, object]) = step.as_array().map(Vec::as_slice) else { continue };
            let both = at.as_str().zip(object.as_object());
            people.extend(both.and_then(|(at, object)| person::told(at, object, lexicon)));
        }
        people.truncate(PEOPLE_PER_CASE);
        people
    }

    /// Not with itself, not an exercise with what is real, and not with what is said to belong together.
    pub(super) fn may_be_compared_with(&self, other: &Self) -> bool {
        let one_book = self.ours == other.ours
            && (self.ours || self.peer == other.peer)
            && !self.reference.is_empty()
            && self.reference == other.reference;
        let names = |one: &Self, other: &Self| one.linked.contains(&other.root.to_string());
        self.root != other.root
            && self.is_exercise == other.is_exercise
            && !one_book
            && !names(self, other)
            && !names(other, self)
    }
}

/// The people whom an answer or an update tells of, each with where it stands.
fn told_by(update: &Update) -> impl Iterator<Item = Value> {
    let told = [("answer.confirmed", update.answer.get("confirmed")), ("found", update.other.get("found"))];
    told.into_iter().filter_map(|(at, object)| Some(json!([at, object?])))
}

fn linked(document: &Map<String, Value>, led_to: &[PacketId]) -> Vec<String> {
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let listed = document.get("references").and_then(Value::as_array).into_iter().flatten();
    let mut linked: Vec<String> =
        listed.filter_map(|entry| Some(entry.get("packet_id")?.as_str()?.to_owned())).collect();
    linked.extend(
        ["in_reply_to", "root_packet", "supersedes"].map(text).into_iter().filter(|id| !id.is_empty()),
    );
    linked.extend(led_to.iter().map(PacketId::to_string));
    linked
}

/// Forgets a case that is not to be compared any more.
pub(super) fn drop(changes: &mut Changes, case: &CaseName) {
    for kind in [TOLD, WAITS, COMPARED] {
        changes.delete(Tree::Matches, &key(kind, case));
    }
}

/// A case is to be compared.
pub(super) fn put_waiting(changes: &mut Changes, case: CaseName) {
    records::write_of(changes, Some(case), Tree::Matches, &key(WAITS, &case), &());
}

/// It has been.
pub(super) fn drop_waiting(changes: &mut Changes, case: &CaseName) {
    changes.delete(Tree::Matches, &key(WAITS, case));
}

/// Cases that are to be compared.
pub(super) fn waiting(vault: &Vault) -> Vec<CaseName> {
    let ids = records::ids_with_prefix(vault, Tree::Matches, WAITS);
    ids.iter().filter_map(|id| id.strip_prefix(WAITS)?.try_into().ok()).collect()
}

/// Of which cases something has been written after a generation of the vault.
pub(super) fn written_after(vault: &Vault, generation: u64) -> Vec<CaseName> {
    let ids = vault.written_after(Tree::Matches, generation);
    ids.iter().filter_map(|id| id.strip_prefix(TOLD)?.try_into().ok()).collect()
}

/// Whether anything is kept of a case.
pub(super) fn is_kept(vault: &Vault, case: &CaseName) -> bool {
    vault.holds(Tree::Matches, &key(TOLD, case))
}

/// Cases that have been written after a generation of the vault, and since what is kept of them.
pub(super) fn outdated(vault: &Vault, generation: u64) -> Vec<CaseName> {
    let written = [Tree::Referrals, Tree::Calls].into_iter().flat_map(|tree| {
        let later = vault.revisions_after(tree, generation).into_iter();
        later.filter_map(|(id, revision)| Some((id.as_slice().try_into().ok()?, revision)))
    });
    let is_behind = |case: &CaseName, revision| {
        vault.revision(Tree::Matches, &key(TOLD, case)).is_none_or(|kept| kept < revision)
    };
    written.filter(|(case, revision)| is_behind(case, *revision)).map(|(case, _)| case).collect()
}

fn key(kind: &[u8], case: &CaseName) -> Vec<u8> {
    [kind, case].concat()
}
