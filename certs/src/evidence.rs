//! Proof towards anybody of what a relay has signed: two heads that cannot both be true, two heads of which the later one
//! counts less, or a head over a statement that nobody may make.
//!
//! Heads of one size contradict each other by themselves. For heads of different sizes a consistency proof (RFC 6962
//! §2.1.2) says which root the larger directory had at the smaller size. That the relay went back needs no proof beside
//! the two heads: a directory only grows, and both times are of the relay's own clock. Nothing of two heads tells who the
//! members are.

use causeway_common::ids::Digest;
use ct_merkle::{ConsistencyProof, RootHash};
use sha2::Sha256;

use crate::audit::{root_over, tree_over};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::directory::RelayKeys;
use crate::keys::PublicKey;

pub use self::illegal::{IllegalLog, ProvenIllegal, judge_illegal};

mod illegal;
#[cfg(test)]
mod tests;

/// Longest consistency proof: a node for each of the 64 levels that a size of 64 bits can have, and one.
const PROOF_BYTES_MAX: usize = 65 * 32;

/// Two heads that are said to contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever reads a file builds it")]
pub struct Contradiction {
    /// The head that the accuser was shown, as the relay signed it.
    pub ours: Vec<u8>,
    /// The head that somebody else was shown, or the accuser at another time.
    pub theirs: Vec<u8>,
    /// For heads of different sizes: what the larger directory was at the smaller size.
    pub prefix: Option<Prefix>,
}

/// The beginning of a larger directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever reads a file builds it")]
pub struct Prefix {
    /// Its root.
    pub root: Digest,
    /// Hashes after RFC 6962 §2.1.2, one after the other.
    pub proof: Vec<u8>,
}

/// What two heads prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else that two heads can prove")]
pub enum Kind {
    /// Two directories, of which neither is the beginning of the other. No honest relay signs them, unless it was restored and has
    /// not waited for what it had lost.
    Split,
    /// The head that was signed later counts fewer statements. A relay that hides statements signs such heads, and an honest
    /// one that was restored from a backup or whose clock was set back: a fact, and no verdict.
    WentBack,
}

/// A contradiction that is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proven {
    /// What it proves.
    pub kind: Kind,
    /// The head that the accuser was shown.
    pub ours: Checkpoint,
    /// The other one.
    pub theirs: Checkpoint,
    /// Which of the relay's keys has signed each: first ours, then theirs.
    pub signers: [PublicKey; 2],
}

impl Proven {
    /// The one that counts more statements, and the other.
    pub fn by_size(&self) -> (Checkpoint, Checkpoint) {
        let (smaller, larger) = in_order(self.ours, self.theirs);
        (larger, smaller)
    }
}

/// Why something proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// Both can be true.
    #[error("the two heads do not contradict each other")]
    Agree,
    /// The proof does not hold.
    #[error("the proof of how the larger directory began does not hold")]
    BadProof,
    /// The relay has not signed it.
    #[error("a head is not signed by this relay")]
    Head(#[from] CheckpointError),
    /// Of a head and its statements, some are missing or too many.
    #[error("the head counts {named} statements; {given} are here")]
    Incomplete {
        /// What the head counts.
        named: u64,
        /// Statements here.
        given: u64,
    },
    /// Every statement may stand where it stands.
    #[error("every statement under the head is allowed where it stands")]
    Legal,
    /// A statement that a newer version may know.
    #[error("the first statement that is not known here is of a newer version; update Causeway")]
    Newer,
    /// Two heads by two keys of the relay, one of which somebody else may have.
    #[error(
        "the heads are signed by two keys, and one of them was replaced at once because it may be in other hands: whoever has it may have signed the head"
    )]
    OtherHands,
    /// The auditor knows one key of the relay, and this rests on another.
    #[error(
        "it is signed with another key of the relay than the one you gave; that both are the relay's is the registrar's word: give the registrar's key too"
    )]
    OtherKey,
    /// The auditor knows a registrar, and this rests on others.
    #[error(
        "that the key which has signed it is the relay's is not the word of the registrar whose key you gave: it has not signed that, nor anything after it"
    )]
    OtherRegistrar,
    /// A head over something else.
    #[error("the head is signed, but over other statements than these")]
    OtherStatements,
    /// Nothing says how the larger directory began.
    #[error("the heads are of different sizes, and nothing proves how the larger directory began")]
    Unproven,
}

/// Judges two heads of a relay that has, or has had, these keys.
///
/// Two heads by one key are that key's word, whenever it signed them. By two keys they are one relay's word only if each counted
/// at its time and neither may be in other hands: else the thief of one key could accuse whoever has the other.
pub fn judge(said: &Contradiction, keys: &RelayKeys) -> Result<Proven, EvidenceError> {
    let (our_signer, ours) = keys.signer_of_head(&said.ours)?;
    let (their_signer, theirs) = keys.signer_of_head(&said.theirs)?;
    if our_signer != their_signer {
        for (key, head) in [(our_signer, ours), (their_signer, theirs)] {
            if !keys.count(key, head.time) {
                return Err(CheckpointError::Former.into());
            }
            if keys.was_replaced_at_once(key) {
                return Err(EvidenceError::OtherHands);
            }
        }
    }
    let kind = kind(ours, theirs, said.prefix.as_ref())?;
    Ok(Proven { kind, ours, theirs, signers: [our_signer, their_signer] })
}

fn kind(ours: Checkpoint, theirs: Checkpoint, prefix: Option<&Prefix>) -> Result<Kind, EvidenceError> {
    let (smaller, larger) = in_order(ours, theirs);
    let went_back = smaller.size < larger.size && larger.time < smaller.time;
    let root = if smaller.size == larger.size {
        larger.root
    } else if smaller.size == 0 {
        root_over(&[])
    } else {
        match prefix {
            Some(prefix) if begins_with(&larger, smaller.size, prefix) => prefix.root,
            Some(_) => return Err(EvidenceError::BadProof),
            None if went_back => return Ok(Kind::WentBack),
            None => return Err(EvidenceError::Unproven),
        }
    };
    match (root == smaller.root, went_back) {
        (false, _) => Ok(Kind::Split),
        (true, true) => Ok(Kind::WentBack),
        (true, false) => Err(EvidenceError::Agree),
    }
}

/// Adds to two heads what proves that they contradict each other, if these leaves are those of the larger one.
pub fn complete(ours: Vec<u8>, theirs: Vec<u8>, keys: &RelayKeys, leaves: &[Vec<u8>]) -> Contradiction {
    let heads = (keys.signer_of_head(&ours), keys.signer_of_head(&theirs));
    let prefix = match heads {
        (Ok((_, a)), Ok((_, b))) => {
            let (smaller, larger) = in_order(a, b);
            prefix_of(&larger, smaller.size, leaves)
        }
        _ => None,
    };
    Contradiction { ours, theirs, prefix }
}

fn in_order(a: Checkpoint, b: Checkpoint) -> (Checkpoint, Checkpoint) {
    if a.size <= b.size { (a, b) } else { (b, a) }
}

fn prefix_of(larger: &Checkpoint, size: u64, leaves: &[Vec<u8>]) -> Option<Prefix> {
    let leaves = leaves.get(..usize::try_from(larger.size).ok()?)?;
    let begin = usize::try_from(size).ok()?;
    if begin == 0 || begin >= leaves.len() || root_over(leaves) != larger.root {
        return None;
    }
    let proof = tree_over(leaves).prove_consistency(leaves.len() - begin);
    Some(Prefix { root: root_over(&leaves[..begin]), proof: proof.as_bytes().to_vec() })
}

fn begins_with(larger: &Checkpoint, size: u64, prefix: &Prefix) -> bool {
    if prefix.proof.len() > PROOF_BYTES_MAX {
        return false;
    }
    let Ok(proof) = ConsistencyProof::<Sha256>::try_from_bytes(prefix.proof.clone()) else { return false };
    let of = |root: Digest, size| RootHash::<Sha256>::new(root.0.into(), size);
    of(larger.root, larger.size).verify_consistency(&of(prefix.root, size), &proof).is_ok()
}
