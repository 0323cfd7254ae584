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
    /// Two directories, of which neither is the beginning of the other. No honest relay signs them.
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

#[cfg(test)]
mod tests {
    use causeway_common::time::Timestamp;

    use super::*;
    use crate::checkpoint;
    use crate::keys::SigningKey;

    fn relay() -> SigningKey {
        SigningKey::from_seed(&[5; 32])
    }

    fn keys() -> RelayKeys {
        RelayKeys::new(relay().public())
    }

    fn leaves(count: u8, fork: u8) -> Vec<Vec<u8>> {
        (0..count).map(|n| if n < 2 { vec![n] } else { vec![n, fork] }).collect()
    }

    fn head(leaves: &[Vec<u8>]) -> Vec<u8> {
        head_at(leaves, 1)
    }

    fn head_at(leaves: &[Vec<u8>], time: u64) -> Vec<u8> {
        let size = leaves.len() as u64;
        checkpoint::sign(&Checkpoint { size, root: root_over(leaves), time: Timestamp(time) }, &relay())
    }

    #[test]
    fn two_histories_are_proven_at_any_two_sizes() {
        for ours in 3..20 {
            let mine = leaves(ours, 1);
            for theirs in 3..=ours {
                let other = leaves(theirs, 2);
                let said = complete(head(&mine), head(&other), &keys(), &mine);
                let proven = judge(&said, &keys()).unwrap();
                assert_eq!(proven.kind, Kind::Split);
                assert_eq!((proven.ours.size, proven.theirs.size), (ours.into(), theirs.into()));
                let swapped = complete(head(&other), head(&mine), &keys(), &mine);
                assert!(judge(&swapped, &keys()).is_ok(), "whichever is whose");
            }
        }
    }

    #[test]
    fn an_honest_relay_cannot_be_accused() {
        let all = leaves(13, 1);
        for size in 0..=13 {
            let said = complete(head(&all), head(&all[..size]), &keys(), &all);
            assert_eq!(judge(&said, &keys()), Err(EvidenceError::Agree), "{size}");
            for byte in 0..said.prefix.as_ref().map_or(0, |p| p.proof.len() + 32) {
                let mut forged = said.clone();
                let prefix = forged.prefix.as_mut().unwrap();
                if byte < 32 {
                    prefix.root.0[byte] ^= 1
                } else {
                    prefix.proof[byte - 32] ^= 1
                }
                assert_eq!(judge(&forged, &keys()), Err(EvidenceError::BadProof), "{size} {byte}");
            }
        }
        let other = RelayKeys::new(SigningKey::from_seed(&[6; 32]).public());
        let said = complete(head(&leaves(4, 1)), head(&leaves(4, 2)), &keys(), &[]);
        assert!(judge(&said, &keys()).is_ok(), "of one size they need no proof");
        assert!(matches!(judge(&said, &other), Err(EvidenceError::Head(_))));
        let bare = complete(head(&leaves(5, 1)), head(&leaves(4, 2)), &keys(), &[]);
        assert_eq!(judge(&bare, &keys()), Err(EvidenceError::Unproven));
        let mut long = complete(head(&leaves(5, 1)), head(&leaves(4, 2)), &keys(), &leaves(5, 1));
        long.prefix.as_mut().unwrap().proof.resize(PROOF_BYTES_MAX + 32, 0);
        assert_eq!(judge(&long, &keys()), Err(EvidenceError::BadProof));
    }

    #[test]
    fn fewer_statements_later_are_a_relay_that_went_back_and_nothing_else_is() {
        let all = leaves(13, 1);
        let judged = |a: (usize, u64), b: (usize, u64), known: &[Vec<u8>]| {
            let said = complete(head_at(&all[..a.0], a.1), head_at(&all[..b.0], b.1), &keys(), known);
            judge(&said, &keys()).map(|proven| proven.kind)
        };
        for known in [&all[..], &all[..9], &[]] {
            assert_eq!(judged((9, 5), (4, 6), known), Ok(Kind::WentBack));
            assert_eq!(judged((4, 6), (9, 5), known), Ok(Kind::WentBack), "whichever is whose");
        }
        assert_eq!(judged((9, 5), (4, 5), &all[..9]), Err(EvidenceError::Agree), "at one moment");
        assert_eq!(judged((9, 6), (4, 5), &all[..9]), Err(EvidenceError::Agree), "it has grown");
        assert_eq!(judged((9, 6), (4, 5), &[]), Err(EvidenceError::Unproven), "or has not, for all we know");
        assert_eq!(judged((9, 6), (9, 5), &all[..9]), Err(EvidenceError::Agree), "it has not changed");
        let two_pasts = complete(head_at(&all[..9], 5), head_at(&leaves(4, 2), 6), &keys(), &all[..9]);
        assert_eq!(judge(&two_pasts, &keys()).unwrap().kind, Kind::Split, "the graver one counts");
        let mut forged = complete(head_at(&all[..9], 5), head_at(&all[..4], 6), &keys(), &all[..9]);
        forged.prefix.as_mut().unwrap().root.0[0] ^= 1;
        assert_eq!(judge(&forged, &keys()), Err(EvidenceError::BadProof));
    }

    /// From 100 on the second key is the relay's, from 200 on the third; the second one may be in other hands if it went at once.
    fn keys_of_three(second_ended_at_once: bool) -> (RelayKeys, [SigningKey; 3]) {
        let three = [5, 60, 61].map(|seed| SigningKey::from_seed(&[seed; 32]));
        let mut keys = RelayKeys::new(three[0].public());
        keys.follow(three[1].public(), Timestamp(50), Timestamp(100)).unwrap();
        let at = if second_ended_at_once { 0 } else { 200 };
        keys.follow(three[2].public(), Timestamp(200), Timestamp(at)).unwrap();
        (keys, three)
    }

    #[test]
    fn heads_by_two_keys_are_one_relays_word_only_while_both_counted_and_nobody_else_had_them() {
        let all = leaves(9, 1);
        let judged = |at_once: bool, a: (usize, u64, usize, u8), b: (usize, u64, usize, u8)| {
            let (keys, three) = keys_of_three(at_once);
            let by = |(key, time, size, fork): (usize, u64, usize, u8)| {
                let leaves = leaves(u8::try_from(size).unwrap(), fork);
                let head = Checkpoint { size: size as u64, root: root_over(&leaves), time: Timestamp(time) };
                checkpoint::sign(&head, &three[key])
            };
            let said = complete(by(a), by(b), &keys, &all);
            judge(&said, &keys).map(|proven| proven.kind)
        };
        for (a, b, kind) in [
            ((0, 99, 9, 1), (1, 100, 9, 2), Kind::Split),
            ((0, 99, 9, 1), (1, 100, 4, 1), Kind::WentBack),
            ((0, 99, 9, 1), (2, 200, 4, 1), Kind::WentBack),
        ] {
            assert_eq!(judged(false, a, b), Ok(kind));
            assert_eq!(judged(false, b, a), Ok(kind), "whichever is whose");
        }
        let former = Err(EvidenceError::Head(CheckpointError::Former));
        assert_eq!(judged(false, (0, 100, 9, 1), (1, 101, 9, 2)), former, "it was not the relay's any more");
        assert_eq!(judged(true, (0, 99, 9, 1), (1, 100, 9, 2)), Err(EvidenceError::OtherHands));
        assert_eq!(judged(true, (1, 150, 9, 1), (2, 200, 4, 1)), Err(EvidenceError::OtherHands));
        assert_eq!(
            judged(true, (0, 99, 9, 1), (2, 200, 4, 1)),
            Ok(Kind::WentBack),
            "these two are in nobody's hands"
        );
        for at_once in [false, true] {
            assert_eq!(judged(at_once, (1, 150, 9, 1), (1, 500, 9, 2)), Ok(Kind::Split), "one key's word");
        }
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
                    assert_eq!(judge(&said, &keys()), Err(EvidenceError::BadProof));
                }
            }
        }
    }
}
