//! Proof towards anybody that a relay shows different people different directories: two heads, both signed by it, that
//! cannot both be true.
//!
//! Heads of one size contradict each other by themselves. For heads of different sizes a consistency proof (RFC 6962
//! §2.1.2) says which root the larger directory had at the smaller size. Nothing of it tells who the members are.

use causeway_common::ids::Digest;
use ct_merkle::{ConsistencyProof, RootHash};
use sha2::Sha256;

use crate::audit::{root_over, tree_over};
use crate::checkpoint::{self, Checkpoint, CheckpointError};
use crate::keys::PublicKey;

/// Longest consistency proof: a node for each of the 64 levels that a size of 64 bits can have, and one.
const PROOF_BYTES_MAX: usize = 65 * 32;

/// Two heads that are said to contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever reads a file builds it")]
pub struct Contradiction {
    /// The head that the accuser was shown, as the relay signed it.
    pub ours: Vec<u8>,
    /// The head that somebody else was shown.
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

/// A contradiction that is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proven {
    /// The head that the accuser was shown.
    pub ours: Checkpoint,
    /// The head that somebody else was shown.
    pub theirs: Checkpoint,
}

/// Why two heads prove nothing.
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
    /// Nothing says how the larger directory began.
    #[error("the heads are of different sizes, and nothing proves how the larger directory began")]
    Unproven,
}

/// Judges two heads.
pub fn judge(said: &Contradiction, relay: PublicKey) -> Result<Proven, EvidenceError> {
    let proven = Proven {
        ours: checkpoint::verify(&said.ours, relay)?,
        theirs: checkpoint::verify(&said.theirs, relay)?,
    };
    let (smaller, larger) = in_order(proven.ours, proven.theirs);
    let root = if smaller.size == larger.size {
        larger.root
    } else if smaller.size == 0 {
        root_over(&[])
    } else {
        let prefix = said.prefix.as_ref().ok_or(EvidenceError::Unproven)?;
        if begins_with(&larger, smaller.size, prefix) {
            prefix.root
        } else {
            return Err(EvidenceError::BadProof);
        }
    };
    if root == smaller.root { Err(EvidenceError::Agree) } else { Ok(proven) }
}

/// Adds to two heads what proves that they contradict each other, if these leaves are those of the larger one.
pub fn complete(ours: Vec<u8>, theirs: Vec<u8>, relay: PublicKey, leaves: &[Vec<u8>]) -> Contradiction {
    let heads = (checkpoint::verify(&ours, relay), checkpoint::verify(&theirs, relay));
    let prefix = match heads {
        (Ok(a), Ok(b)) => {
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

#[cfg(test)]
mod tests {
    use causeway_common::time::Timestamp;

    use super::*;
    use crate::keys::SigningKey;

    fn relay() -> SigningKey {
        SigningKey::from_seed(&[5; 32])
    }

    fn leaves(count: u8, fork: u8) -> Vec<Vec<u8>> {
        (0..count).map(|n| if n < 2 { vec![n] } else { vec![n, fork] }).collect()
    }

    fn head(leaves: &[Vec<u8>]) -> Vec<u8> {
        let size = leaves.len() as u64;
        checkpoint::sign(&Checkpoint { size, root: root_over(leaves), time: Timestamp(1) }, &relay())
    }

    #[test]
    fn two_histories_are_proven_at_any_two_sizes() {
        for ours in 3..20 {
            let mine = leaves(ours, 1);
            for theirs in 3..=ours {
                let other = leaves(theirs, 2);
                let said = complete(head(&mine), head(&other), relay().public(), &mine);
                let proven = judge(&said, relay().public()).unwrap();
                assert_eq!((proven.ours.size, proven.theirs.size), (ours.into(), theirs.into()));
                let swapped = complete(head(&other), head(&mine), relay().public(), &mine);
                assert!(judge(&swapped, relay().public()).is_ok(), "whichever is whose");
            }
        }
    }

    #[test]
    fn an_honest_relay_cannot_be_accused() {
        let all = leaves(13, 1);
        for size in 0..=13 {
            let said = complete(head(&all), head(&all[..size]), relay().public(), &all);
            assert_eq!(judge(&said, relay().public()), Err(EvidenceError::Agree), "{size}");
            for byte in 0..said.prefix.as_ref().map_or(0, |p| p.proof.len() + 32) {
                let mut forged = said.clone();
                let prefix = forged.prefix.as_mut().unwrap();
                if byte < 32 {
                    prefix.root.0[byte] ^= 1
                } else {
                    prefix.proof[byte - 32] ^= 1
                }
                assert_eq!(judge(&forged, relay().public()), Err(EvidenceError::BadProof), "{size} {byte}");
            }
        }
        let other = SigningKey::from_seed(&[6; 32]).public();
        let said = complete(head(&leaves(4, 1)), head(&leaves(4, 2)), relay().public(), &[]);
        assert!(judge(&said, relay().public()).is_ok(), "of one size they need no proof");
        assert!(matches!(judge(&said, other), Err(EvidenceError::Head(_))));
        let bare = complete(head(&leaves(5, 1)), head(&leaves(4, 2)), relay().public(), &[]);
        assert_eq!(judge(&bare, relay().public()), Err(EvidenceError::Unproven));
        let mut long = complete(head(&leaves(5, 1)), head(&leaves(4, 2)), relay().public(), &leaves(5, 1));
        long.prefix.as_mut().unwrap().proof.resize(PROOF_BYTES_MAX + 32, 0);
        assert_eq!(judge(&long, relay().public()), Err(EvidenceError::BadProof));
    }

    #[test]
    fn sizes_that_no_directory_can_have_are_borne() {
        let signed = |size| {
            checkpoint::sign(&Checkpoint { size, root: Digest([1; 32]), time: Timestamp(1) }, &relay())
        };
        for larger in [u64::MAX, 1 << 63, (1 << 63) + 1, (1 << 63) - 1] {
            for smaller in [1, 2, 3, (1 << 62) + 1, 1 << 62, larger - 1] {
                for hashes in [0, 1, 62, 63, 64, 65] {
                    let prefix = Prefix { root: Digest([2; 32]), proof: vec![3; hashes * 32] };
                    let (ours, theirs) = (signed(larger), signed(smaller));
                    let said = Contradiction { ours, theirs, prefix: Some(prefix) };
                    assert_eq!(judge(&said, relay().public()), Err(EvidenceError::BadProof));
                }
            }
        }
    }
}
