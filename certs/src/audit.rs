//! The whole log judged at once by somebody who takes part in nothing: an auditor with one file.
//!
//! An auditor needs no vault and no relay. What the file says of itself counts for nothing: every statement is replayed,
//! the root is computed anew, and only then does a head's signature say that the relay showed this directory and no
//! other. Two keys hold it all up; the auditor compares them by another way.

use std::collections::BTreeMap;

use causeway_common::codec;
use causeway_common::ids::{Digest, OrgId};
use causeway_common::limits::{ROSTER_BYTES_MAX, STATEMENT_BYTES_MAX};
use causeway_common::signed::Signed;
use causeway_common::statements::{Roster, SignedRoster, Statement};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;

use crate::checkpoint::{self, Checkpoint, CheckpointError};
use crate::directory::{Directory, RelayKeys, StatementError};
use crate::keys::PublicKey;
use crate::roster::{self, RosterError};

/// Everything that is needed to judge a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever reads a file builds it")]
pub struct Log {
    /// The relay that the heads must be signed by: one of its keys.
    pub relay_key: [u8; 32],
    /// The registrar that the directory must be run by.
    pub registrar_key: [u8; 32],
    /// Heads, as the relay signed them.
    pub heads: Vec<Vec<u8>>,
    /// All statements, as they stand in the log.
    pub leaves: Vec<Vec<u8>>,
    /// Rosters that the log names, in any order.
    pub rosters: Vec<SignedRoster>,
}

/// Keys that the auditor knows from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the auditor builds it")]
pub struct Pins {
    /// The relay's key.
    pub relay: Option<[u8; 32]>,
    /// The registrar's key.
    pub registrar: Option<[u8; 32]>,
}

/// Something that is not as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// A head that the relay has not signed, or no head at all.
    #[error("a head of the directory does not hold: {0}")]
    Head(#[from] CheckpointError),
    /// A head over another directory.
    #[error("the head over {size} statements is signed, but over other statements than these")]
    HeadOfAnother {
        /// What it counts.
        size: u64,
    },
    /// A head over more than there is.
    #[error("the head counts {size} statements; only {given} are here")]
    HeadBeyond {
        /// What it counts.
        size: u64,
        /// Statements here.
        given: u64,
    },
    /// A statement that may not stand there.
    #[error("{error}{}", if *.shown { "; the relay has signed a head over it all the same" } else { "" })]
    Illegal {
        /// Why not.
        error: StatementError,
        /// Whether a signed head covers it: then it is the relay that misbehaved, not the file that was changed.
        shown: bool,
    },
    /// No statement at all.
    #[error("there are no statements")]
    Nothing,
    /// Another registrar than the file, or the auditor, names.
    #[error("the first statement names another registrar")]
    OtherRegistrar,
    /// Another relay than the file, or the auditor, names.
    #[error("the first statement names another relay")]
    OtherRelay,
    /// The auditor knows another key of the registrar.
    #[error("the registrar's key is not the one you gave")]
    PinnedRegistrar,
    /// The auditor knows another key of the relay.
    #[error("the relay's key is not the one you gave")]
    PinnedRelay,
    /// A roster that does not hold.
    #[error("the roster that it names does not hold: {0}")]
    Roster(#[from] RosterError),
    /// Statements that no head counts.
    #[error("the relay has signed no head that covers this statement and all that follow")]
    Uncovered,
    /// A roster that the log does not name, or that stands there twice.
    #[error("roster {number} of the file is named by no statement, or stands there twice")]
    UnnamedRoster {
        /// Its place, from 1.
        number: usize,
    },
}

/// What is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Number of the statement, from 1, if it is about one.
    pub statement: Option<u64>,
    /// What.
    pub wrong: Wrong,
}

/// What an audit has come to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Audit {
    /// The directory, as far as it replays.
    pub directory: Directory,
    /// The largest head that holds.
    pub head: Option<Checkpoint>,
    /// Rosters that were verified.
    pub rosters: u64,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

impl Audit {
    fn find(&mut self, statement: Option<u64>, wrong: Wrong) {
        self.findings.push(Finding { statement, wrong });
    }
}

/// Judges a whole log.
pub fn audit(log: &Log, pins: &Pins) -> Audit {
    let mut audit = Audit { directory: Directory::new(), head: None, rosters: 0, findings: Vec::new() };
    let illegal = replay(log, &mut audit);
    check_keys(log, pins, illegal.is_none(), &mut audit);
    check_heads(log, illegal, &mut audit);
    // What is only too much comes last: it is mostly what another fault has left behind.
    audit.findings.sort_by_key(|finding| matches!(finding.wrong, Wrong::UnnamedRoster { .. }));
    audit
}

/// Appends statement by statement, and hands in each roster where it is named; gives what it stopped at.
fn replay(log: &Log, audit: &mut Audit) -> Option<StatementError> {
    let mut rosters = BTreeMap::new();
    for (index, signed) in log.rosters.iter().enumerate() {
        if rosters.insert(roster::digest(&signed.body), (index, signed)).is_some() {
            audit.find(None, Wrong::UnnamedRoster { number: index + 1 });
        }
    }
    for leaf in &log.leaves {
        if let Err(error) = audit.directory.append(leaf) {
            return Some(error);
        }
        let Some(org) = subject(leaf).and_then(|org| audit.directory.organisation(org)) else { continue };
        let digest = org.roster_digest;
        // Whoever likes may name another's roster as its own: it waits for the other's statement.
        let waits = org.roster.is_none()
            && rosters.get(&digest).is_some_and(|(_, signed)| owner(signed).is_none_or(|of| of == org.id));
        if waits && let Some((_, signed)) = rosters.remove(&digest) {
            match audit.directory.supply_roster(signed) {
                Ok(_) => audit.rosters += 1,
                Err(error) => audit.find(Some(audit.directory.size()), error.into()),
            }
        }
    }
    for (index, _) in rosters.into_values() {
        audit.find(None, Wrong::UnnamedRoster { number: index + 1 });
    }
    None
}

/// Whose roster it says it is.
fn owner(signed: &SignedRoster) -> Option<OrgId> {
    codec::decode::<Roster>(&signed.body, ROSTER_BYTES_MAX).ok().map(|roster| roster.org)
}

/// Whom a statement that has been taken is about. Its signature was verified when it was.
fn subject(leaf: &[u8]) -> Option<OrgId> {
    let signed: Signed = codec::decode(leaf, STATEMENT_BYTES_MAX).ok()?;
    codec::decode::<Statement>(&signed.body, STATEMENT_BYTES_MAX).ok().map(|statement| statement.org)
}

fn check_keys(log: &Log, pins: &Pins, whole: bool, audit: &mut Audit) {
    if let Some(authority) = audit.directory.authority().cloned() {
        // Where the log breaks off, a later key of the relay has not been announced yet.
        if whole && !has_key(&authority.relay, &log.relay_key) {
            audit.find(Some(1), Wrong::OtherRelay);
        }
        if !authority.has_had_registrar(&log.registrar_key) {
            audit.find(Some(1), Wrong::OtherRegistrar);
        }
    }
    // Who has the key from elsewhere may have a former one, or the next.
    let keys = audit.directory.authority().map(|authority| &authority.relay);
    let is_relays = |pinned: &[u8; 32]| {
        *pinned == log.relay_key
            || keys.is_some_and(|keys| has_key(keys, &log.relay_key) && has_key(keys, pinned))
    };
    if pins.relay.is_some_and(|pinned| !is_relays(&pinned)) {
        audit.find(None, Wrong::PinnedRelay);
    }
    if pins.registrar.is_some_and(|pinned| pinned != log.registrar_key) {
        audit.find(None, Wrong::PinnedRegistrar);
    }
}

fn has_key(keys: &RelayKeys, key: &[u8; 32]) -> bool {
    keys.all().any(|period| period.key.as_bytes() == key)
}

fn check_heads(log: &Log, illegal: Option<StatementError>, audit: &mut Audit) {
    let given = log.leaves.len() as u64;
    let mut covered = 0;
    for note in &log.heads {
        match check_head(log, note, audit) {
            Ok(head) => {
                covered = covered.max(head.size);
                // What replays is a directory; a head over more than that vouches for no more than the relay's word.
                if audit.head.is_none_or(|best| best.size < head.size) && illegal.is_none() {
                    audit.head = Some(head);
                }
            }
            Err(wrong) => audit.find(None, wrong),
        }
    }
    if log.heads.is_empty() {
        audit.find(None, CheckpointError::Malformed.into());
    }
    if let Some(error) = illegal {
        let number = audit.directory.size() + 1;
        audit.findings.insert(
            0,
            Finding { statement: Some(number), wrong: Wrong::Illegal { error, shown: covered >= number } },
        );
    } else if given == 0 {
        audit.find(None, Wrong::Nothing);
    } else if covered < given {
        audit.find(Some(covered + 1), Wrong::Uncovered);
    }
}

/// A head that the relay has signed over exactly these statements, legal or not.
fn check_head(log: &Log, note: &[u8], audit: &Audit) -> Result<Checkpoint, Wrong> {
    let named = PublicKey::from_bytes(log.relay_key).map_err(|_| CheckpointError::Unverified)?;
    let head = match audit.directory.authority() {
        Some(authority) if authority.relay.has(named) => authority.relay.verify_head(note)?,
        _ => checkpoint::verify(note, named)?,
    };
    let given = log.leaves.len() as u64;
    let beyond = Wrong::HeadBeyond { size: head.size, given };
    let root = match audit.directory.root_at(head.size) {
        Some(root) => root,
        None => root_over(usize::try_from(head.size).ok().and_then(|n| log.leaves.get(..n)).ok_or(beyond)?),
    };
    if root == head.root { Ok(head) } else { Err(Wrong::HeadOfAnother { size: head.size }) }
}

/// The root after RFC 6962 over these leaves, whatever stands in them.
pub fn root_over(leaves: &[Vec<u8>]) -> Digest {
    Digest((*tree_over(leaves).root().as_bytes()).into())
}

pub(crate) fn tree_over(leaves: &[Vec<u8>]) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    for leaf in leaves {
        tree.push(leaf.clone());
    }
    tree
}
