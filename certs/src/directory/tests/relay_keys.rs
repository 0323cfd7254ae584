//! The relay's keys, one after the other.

use causeway_common::ids::EnvelopeId;
use causeway_common::limits::CLOCK_SKEW;
use causeway_common::statements::{RELAY_ACCEPTED, RelayKey, RelayReceipt};

use super::*;
use crate::checkpoint::{self, Checkpoint, CheckpointError};

const HOUR: u64 = 60 * 60 * 1000;
/// When the first announcement is made, and from when its key is the relay's.
const SAID: u64 = 1_000 * HOUR;
const FROM: u64 = 1_100 * HOUR;
const AT_ONCE: u64 = 0;

fn announcement(directory: &Directory, by: &SigningKey, relay: u8, time: u64, from: u64) -> Vec<u8> {
    let (sequence, previous) = directory.next_link(ITSELF);
    let payload = codec::encode(&RelayKey { relay: bytes(&key(relay)), from: Timestamp(from) });
    let (kind, time, signer) = (StatementKind::RelayKey, Timestamp(time), bytes(by));
    signed(&Statement { kind, org: ITSELF, sequence, previous, time, signer, payload }, by)
}

/// A key, when it is announced, and from when it is to be the relay's.
type Said = (u8, u64, u64);

fn with(directory: &Directory, announcements: &[Said]) -> Result<Directory, StatementError> {
    let mut next = directory.clone();
    for (relay, time, from) in announcements {
        let leaf = announcement(&next, &registrar(), *relay, *time, *from);
        let before = (next.size(), next.root(), next.authority().cloned());
        if let Err(error) = next.append(&leaf) {
            assert_eq!((next.size(), next.root(), next.authority().cloned()), before, "nothing has changed");
            return Err(error);
        }
    }
    Ok(next)
}

fn relay(directory: &Directory) -> &RelayKeys {
    &directory.authority().unwrap().relay
}

fn head(by: u8, time: u64) -> Vec<u8> {
    checkpoint::sign(&Checkpoint { size: 3, root: ZERO, time: Timestamp(time) }, &key(by))
}

#[test]
fn an_announced_key_is_the_relays_from_its_moment_on_and_both_may_be_dialled_before() {
    let announced = with(&directory(), &[(50, SAID, FROM)]).unwrap();
    let keys = relay(&announced);
    let (old, new) = (key(3).public(), key(50).public());
    for (now, in_force) in [(0, old), (SAID, old), (FROM - 1, old), (FROM, new), (u64::MAX, new)] {
        assert_eq!(keys.in_force(Timestamp(now)).key, in_force, "{now}");
        assert_eq!(keys.announced(Timestamp(now)).is_some(), in_force == old, "{now}");
    }
    // Clocks differ by two hours.
    let skew = u64::try_from(CLOCK_SKEW.as_millis()).unwrap();
    for (now, may_be_dialled) in [(0, true), (FROM, true), (FROM + skew - 1, true), (FROM + skew, false)] {
        let dialled = keys.to_dial(Timestamp(now));
        assert_eq!((dialled.contains(&old), dialled.contains(&new)), (may_be_dialled, true), "{now}");
    }
    assert_eq!(announced.next_link(ITSELF).0, 3);
    assert_eq!(announced.leaves_about_itself().count(), 2);
}

#[test]
fn what_a_former_key_signed_before_its_end_counts_and_nothing_after() {
    let keys = relay(&with(&directory(), &[(50, SAID, FROM)]).unwrap()).clone();
    for (by, time, right) in [
        (3, FROM - 1, Ok(())),
        (3, FROM, Err(CheckpointError::Former)),
        (50, FROM, Ok(())),
        (50, FROM - HOUR, Ok(())),
        (51, FROM, Err(CheckpointError::Unverified)),
    ] {
        assert_eq!(keys.verify_head(&head(by, time)).map(|_| ()), right, "{by} at {time}");
        let receipt = RelayReceipt {
            outcome: RELAY_ACCEPTED,
            envelope: EnvelopeId([1; 32]),
            digest: ZERO,
            time: Timestamp(time),
            devices: Vec::new(),
        };
        let signed = key(by).sign(Label::RelayAck, codec::encode(&receipt));
        assert_eq!(keys.verify_receipt(&signed).is_some(), right.is_ok(), "{by} at {time}");
        let other = key(by).sign(Label::Nack, codec::encode(&receipt));
        assert_eq!(keys.verify_receipt(&other), None);
    }
    assert_eq!(keys.signer_of_head(&head(3, FROM)).unwrap().0, key(3).public());
}

#[test]
fn a_key_in_other_hands_ends_at_once_whatever_the_clock_says() {
    let keys = relay(&with(&directory(), &[(50, SAID, AT_ONCE)]).unwrap()).clone();
    for now in [0, SAID, u64::MAX] {
        assert_eq!(keys.in_force(Timestamp(now)).key, key(50).public());
        assert_eq!(keys.to_dial(Timestamp(now)), [key(50).public()]);
    }
    assert_eq!(keys.verify_head(&head(3, SAID)), Err(CheckpointError::Former));
    assert!(keys.verify_head(&head(3, SAID - 1)).is_ok(), "what it signed before stays");
}

#[test]
fn a_key_that_waits_gives_way_and_one_in_force_does_not() {
    let later = FROM + HOUR;
    let replaced = with(&directory(), &[(50, SAID, FROM), (51, SAID + 1, later)]).unwrap();
    let all: Vec<PublicKey> = relay(&replaced).all().map(|period| period.key).collect();
    assert_eq!(all, [key(3).public(), key(51).public()]);
    let moved = with(&directory(), &[(50, SAID, FROM), (50, SAID + 1, later)]).unwrap();
    assert_eq!(relay(&moved).last().from, Timestamp(later));
    let followed = with(&directory(), &[(50, SAID, FROM), (51, FROM, later)]).unwrap();
    assert_eq!(relay(&followed).all().count(), 3);
    assert_eq!(relay(&followed).verify_head(&head(50, later)), Err(CheckpointError::Former));
    let twice = with(&directory(), &[(50, SAID, AT_ONCE), (51, SAID + 1, AT_ONCE)]).unwrap();
    assert_eq!(relay(&twice).to_dial(Timestamp(0)), [key(51).public()]);
}

#[test]
fn what_no_registrar_may_say_of_the_relays_key_changes_nothing() {
    use StatementError::{Again, Malformed, NotEntitled, OutOfOrder};
    let base = directory();
    let refused: [(&str, &[Said], StatementError); 5] = [
        ("the present key", &[(3, SAID, FROM)], Again),
        ("a former key", &[(50, SAID, FROM), (3, FROM, FROM + 1)], Again),
        ("a key in force", &[(50, SAID, AT_ONCE), (50, SAID + 1, FROM)], Again),
        ("in the past", &[(50, SAID, SAID - 1)], Malformed),
        ("before the last one", &[(50, SAID, AT_ONCE), (51, SAID - 1, FROM)], OutOfOrder),
    ];
    for (what, announcements, error) in refused {
        assert_eq!(with(&base, announcements).err(), Some(error), "{what}");
    }
    let mut next = base.clone();
    let by_stranger = announcement(&base, &key(99), 50, SAID, FROM);
    assert_eq!(next.append(&by_stranger), Err(NotEntitled));
    let good = announcement(&base, &registrar(), 50, SAID, FROM);
    next.append(&good).unwrap();
    assert_eq!(next.append(&good), Err(OutOfOrder), "once more");
    assert_eq!(Directory::new().append(&good), Err(OutOfOrder), "before there is a registrar");
}
