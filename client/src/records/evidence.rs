//! What this home keeps against its relay.
//!
//! A relay that misbehaves can do so without end, so each kind has its own room and none takes that of a graver one.

use std::ops::Bound;

use causeway_certs::checkpoint;
use causeway_certs::directory::RelayKeys;
use causeway_certs::evidence::{self, Contradiction, Kind};
use causeway_common::framed;
use causeway_common::limits::CHECKPOINT_BYTES_MAX;
use serde::Serialize;

use super::{RECORD_BYTES_MAX, RecordError, Source, read, write};
use crate::vault::{Changes, Tree, Vault};

const EVIDENCE: &[u8] = b"evidence";
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

impl Evidence {
    /// Whether they are of a relay that went back.
    pub fn shows_that_it_went_back(&self, keys: &RelayKeys) -> bool {
        let pair = Contradiction { ours: self.ours.clone(), theirs: self.theirs.clone(), prefix: None };
        evidence::judge(&pair, keys).is_ok_and(|proven| proven.kind == Kind::WentBack)
    }
}

fn ids(vault: &Vault, kind: &[u8], limit: usize) -> Vec<Vec<u8>> {
    let range = (Bound::Included(kind), Bound::Unbounded);
    vault.ids(Tree::Directory, range, limit, |id| id.starts_with(kind))
}

fn pairs(vault: &Vault, kind: &[u8], limit: usize) -> Result<Vec<Evidence>, RecordError> {
    let ids = ids(vault, kind, limit);
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(read(vault, Tree::Directory, &id)?);
    }
    Ok(all)
}

/// Keeps two heads of two directories, unless there are plenty.
pub fn put_evidence(vault: &Vault, changes: &mut Changes, evidence: &Evidence) {
    if ids(vault, EVIDENCE, EVIDENCE_MAX).len() < EVIDENCE_MAX {
        let name = framed::sha256(&[&evidence.ours[..], &evidence.theirs].concat());
        write(changes, Tree::Directory, &[EVIDENCE, &name.0[..]].concat(), evidence);
    }
}

/// All pairs of heads of two directories.
pub fn evidence(vault: &Vault) -> Result<Vec<Evidence>, RecordError> {
    pairs(vault, EVIDENCE, EVIDENCE_MAX)
}

/// Keeps two heads of a relay that went back; `ours` counts more. They take the place of those from the same size, or of those
/// from the smallest.
pub fn put_went_back(vault: &Vault, changes: &mut Changes, evidence: &Evidence) {
    let id = went_back_id(evidence);
    let kept = ids(vault, WENT_BACK, WENT_BACK_MAX);
    if kept.len() == WENT_BACK_MAX
        && !kept.contains(&id)
        && let Some(smallest) = kept.first()
    {
        changes.delete(Tree::Directory, smallest);
    }
    write(changes, Tree::Directory, &id, evidence);
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
