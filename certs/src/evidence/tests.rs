//! What two heads prove, and what they do not.

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
    let signed =
        |size| checkpoint::sign(&Checkpoint { size, root: Digest([1; 32]), time: Timestamp(1) }, &relay());
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
