//! What this home keeps against its relay.
//!
//! A relay that misbehaves can do so without end, so each kind has its own room and none takes that of a graver one.

use std::collections::BTreeSet;
use std::ops::Bound;

use causeway_certs::checkpoint;
use causeway_certs::directory::RelayKeys;
use causeway_certs::evidence::{self, Contradiction, Kind, Prefix};
use causeway_common::framed;
use causeway_common::ids::Digest;
use causeway_common::limits::CHECKPOINT_BYTES_MAX;
use serde::Serialize;

use super::{RECORD_BYTES_MAX, RecordError, Source, read, write};
use crate::vault::{Changes, Tree, Vault};

const EVIDENCE: &[u8] = b"evidence";
/// Beside a contradiction of the same name.
const BEGAN: &[u8] = b"began";
const WENT_BACK: &[u8] = b"wentback";
const ILLEGAL: &[u8] = b"illegal";

/// Contradictions kept, the first ones: one proves everything.
const EVIDENCE_MAX: usize = 16;
/// Times that the relay went back: the last one from each size, from the largest sizes. It is what has happened lately that people
/// ask the operator about.
const WENT_BACK_MAX: usize = 16;
/// Statements kept behind what this home holds when one of them is illegal, in bytes, with [`STATEMENT_OVERHEAD`] for each. An
/// admission is some 670 bytes: three thousand organisations. Who joins a larger directory with an illegal statement in it proves
/// nothing; whoever was there before does.
pub(crate) const ILLEGAL_BYTES_MAX: usize = 2 << 20;
/// The length before each in its encoding.
pub(crate) const STATEMENT_OVERHEAD: usize = 8;
/// What stands around them is a head, two lengths, a size and a flag.
const _: () = assert!(ILLEGAL_BYTES_MAX + CHECKPOINT_BYTES_MAX + 64 <= RECORD_BYTES_MAX);

/// Two heads of one directory, both signed by the relay, that contradict each other: proof towards anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Evidence {
    /// The head that we were shown.
    pub ours: Vec<u8>,
    /// The other one.
    pub theirs: Vec<u8>,
}

/// A head over a directory that holds a statement which nobody may make there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Illegal {
    /// The head, as the relay signed it.
    pub head: Vec<u8>,
    /// How many statements this home held; they are the beginning.
    pub known: u64,
    /// Those behind, up to the head or to [`ILLEGAL_BYTES_MAX`].
    pub leaves: Vec<Vec<u8>>,
    /// Whether these prove it. What does not, the relay may still complete.
    pub proven: bool,
}

/// How the larger of two directories began.
#[derive(Serialize, serde::Deserialize)]
struct Began {
    root: Digest,
    proof: Vec<u8>,
}

impl Evidence {
    /// Whether they are of a relay that went back.
    pub fn shows_that_it_went_back(&self, keys: &RelayKeys) -> bool {
        let pair = Contradiction { ours: self.ours.clone(), theirs: self.theirs.clone(), prefix: None };
        evidence::judge(&pair, keys).is_ok_and(|proven| proven.kind == Kind::WentBack)
    }
}

/// Those of a kind, as they will be after these changes.
fn ids(vault: &Vault, changes: &Changes, kind: &[u8]) -> BTreeSet<Vec<u8>> {
    let end = [kind, &[u8::MAX; 33]].concat();
    let range = (Bound::Included(kind), Bound::Excluded(&end[..]));
    let mut ids: BTreeSet<_> =
        vault.ids(Tree::Directory, range, usize::MAX, |id| id.starts_with(kind)).into_iter().collect();
    for (id, is_written) in changes.ids(Tree::Directory).filter(|(id, _)| id.starts_with(kind)) {
        if is_written {
            ids.insert(id.to_vec());
        } else {
            ids.remove(id);
        }
    }
    ids
}

/// The last so many of a kind.
fn pairs(vault: &Vault, kind: &[u8], limit: usize) -> Result<Vec<Evidence>, RecordError> {
    let ids = ids(vault, &Changes::default(), kind);
    let mut all = Vec::with_capacity(limit);
    for id in ids.iter().skip(ids.len().saturating_sub(limit)) {
        all.extend(read(vault, Tree::Directory, id)?);
    }
    Ok(all)
}

fn name(evidence: &Evidence) -> Vec<u8> {
    framed::sha256(&[&evidence.ours[..], &evidence.theirs].concat()).0.to_vec()
}

/// Keeps two heads of two directories, unless there are plenty.
pub fn put_evidence(vault: &Vault, changes: &mut Changes, evidence: &Evidence) {
    let kept = ids(vault, changes, EVIDENCE);
    // An earlier version has kept more.
    kept.iter().skip(EVIDENCE_MAX).for_each(|beyond| changes.delete(Tree::Directory, beyond));
    if kept.len() < EVIDENCE_MAX {
        write(changes, Tree::Directory, &[EVIDENCE, &name(evidence)].concat(), evidence);
    }
}

/// The same, with how the larger directory began: this home does not hold that one.
pub(crate) fn put_evidence_with(vault: &Vault, changes: &mut Changes, evidence: &Evidence, prefix: &Prefix) {
    put_evidence(vault, changes, evidence);
    if changes.get(Tree::Directory, &[EVIDENCE, &name(evidence)].concat()).is_some() {
        let kept = Began { root: prefix.root, proof: prefix.proof.clone() };
        write(changes, Tree::Directory, &[BEGAN, &name(evidence)].concat(), &kept);
    }
}

/// How the larger directory of these two began, if that was kept.
pub(crate) fn prefix_of(from: &dyn Source, evidence: &Evidence) -> Result<Option<Prefix>, RecordError> {
    let kept: Option<Began> = read(from, Tree::Directory, &[BEGAN, &name(evidence)].concat())?;
    Ok(kept.map(|Began { root, proof }| Prefix { root, proof }))
}

/// All pairs of heads of two directories.
pub fn evidence(vault: &Vault) -> Result<Vec<Evidence>, RecordError> {
    pairs(vault, EVIDENCE, EVIDENCE_MAX)
}

/// Keeps two heads of a relay that went back; `ours` counts more. They take the place of those from the same size, or of those
/// from the smallest.
pub fn put_went_back(vault: &Vault, changes: &mut Changes, evidence: &Evidence) {
    let id = went_back_id(evidence);
    write(changes, Tree::Directory, &id, evidence);
    let kept = ids(vault, changes, WENT_BACK);
    for smallest in kept.iter().take(kept.len().saturating_sub(WENT_BACK_MAX)) {
        changes.delete(Tree::Directory, smallest);
    }
}

/// Forgets two heads of a relay that went back: there is something graver with the larger one.
pub(crate) fn drop_went_back(changes: &mut Changes, evidence: &Evidence) {
    changes.delete(Tree::Directory, &went_back_id(evidence));
}

fn went_back_id(evidence: &Evidence) -> Vec<u8> {
    let size = checkpoint::read(&evidence.ours).map_or(0, |head| head.size);
    [WENT_BACK, &size.to_be_bytes()].concat()
}

/// All pairs of heads of a relay that went back, by the size of the larger one.
pub fn went_back(vault: &Vault) -> Result<Vec<Evidence>, RecordError> {
    pairs(vault, WENT_BACK, WENT_BACK_MAX)
}

/// The head over an illegal statement, if the relay has shown one.
pub fn illegal(from: &dyn Source) -> Result<Option<Illegal>, RecordError> {
    read(from, Tree::Directory, ILLEGAL)
}

/// Keeps it in the place of another one.
pub fn put_illegal(changes: &mut Changes, illegal: &Illegal) {
    write(changes, Tree::Directory, ILLEGAL, illegal);
}

/// Forgets it.
pub(crate) fn drop_illegal(changes: &mut Changes) {
    changes.delete(Tree::Directory, ILLEGAL);
}
