//! Who comes after a root: administrators by record, the next root by rotation, and by recovery when the root is lost
//! or stolen.

use causeway_common::statements::{RecordChange, RecoveryDone, Reinstatement, Return, Suspension};

use super::*;

const LOCK: u64 = RECOVERY_LOCK.as_secs() * 1_000;

/// The record that follows the first, with one thing changed, signed by the root that it names.
fn record_with(change: impl FnOnce(&mut OrgRecord)) -> RecordChange {
    let (genesis, _) = application(|_| {}, |_| {});
    let mut record = record(&genesis);
    record.sequence = 2;
    change(&mut record);
    let keys = [root(), next_root(), key(66)];
    let signer = keys.iter().find(|key| bytes(key) == record.root).unwrap();
    RecordChange { record: signer.sign(Label::OrgRecord, codec::encode(&record)) }
}

/// The record of the next root.
fn rotated(change: impl FnOnce(&mut OrgRecord)) -> RecordChange {
    record_with(|record| {
        record.root = bytes(&next_root());
        record.next_root = framed::sha256(b"the one after");
        change(record);
    })
}

fn record_change(directory: &Directory, signer: &SigningKey, change: &RecordChange) -> Statement {
    next(directory, StatementKind::RecordChange, signer, change)
}

fn suspended(mut directory: Directory) -> Directory {
    let payload = Suspension { reason: 3, compromised_since: Timestamp(2) };
    let statement = next(&directory, StatementKind::Suspension, &registrar(), &payload);
    take(&mut directory, &statement, &registrar());
    directory
}

fn organisation(directory: &Directory) -> &Organisation {
    directory.organisation(admission().org).unwrap()
}

#[test]
fn the_root_names_other_administrators_and_keeps_its_successor() {
    let mut directory = directory();
    let change = record_with(|r| r.administrators = vec![bytes(&key(14))]);
    let statement = record_change(&directory, &root(), &change);
    take(&mut directory, &statement, &root());
    assert_eq!(organisation(&directory).administrators, [key(14).public()]);
    let old = change_of_roster(&directory);
    refuses(
        &mut directory,
        &signed(&old, &administrator()),
        StatementError::NotEntitled,
        "an administrator of the record before",
    );
    let again = record_change(&directory, &root(), &change);
    refuses(&mut directory, &signed(&again, &root()), StatementError::OutOfOrder, "the same record again");
}

#[test]
fn a_record_is_what_the_present_root_may_say() {
    let wrong: Vec<(&str, SigningKey, RecordChange, StatementError)> = vec![
        ("the registrar's", registrar(), record_with(|_| {}), StatementError::NotEntitled),
        ("an administrator's", administrator(), record_with(|_| {}), StatementError::NotEntitled),
        ("the next root's alone", next_root(), rotated(|_| {}), StatementError::NotEntitled),
        (
            "another successor, chosen by a thief",
            root(),
            record_with(|r| r.next_root = framed::sha256(b"mine")),
            StatementError::NotEntitled,
        ),
        (
            "a root nobody committed to",
            root(),
            record_with(|r| r.root = bytes(&key(66))),
            StatementError::NotEntitled,
        ),
        (
            "a successor of itself",
            root(),
            rotated(|r| r.next_root = framed::sha256(&bytes(&next_root()))),
            StatementError::Malformed,
        ),
        ("another organisation's", root(), record_with(|r| r.org.0[0] ^= 1), StatementError::Malformed),
        ("a number left out", root(), record_with(|r| r.sequence = 3), StatementError::OutOfOrder),
        ("nobody must sign", root(), record_with(|r| r.threshold = 0), StatementError::Malformed),
    ];
    for (what, signer, change, error) in wrong {
        let mut directory = directory();
        let statement = record_change(&directory, &signer, &change);
        refuses(&mut directory, &signed(&statement, &signer), error, what);
    }
    let mut directory = directory();
    let mut forged = record_with(|_| {});
    forged.record.signature = rotated(|_| {}).record.signature;
    let statement = record_change(&directory, &root(), &forged);
    refuses(
        &mut directory,
        &signed(&statement, &root()),
        StatementError::Unverified,
        "a signature of another",
    );
}

#[test]
fn a_root_hands_over_to_the_one_it_committed_to() {
    let mut directory = directory();
    let fingerprint = organisation(&directory).fingerprint();
    let statement = record_change(&directory, &root(), &rotated(|_| {}));
    take(&mut directory, &statement, &root());
    let org = organisation(&directory);
    assert_eq!((org.root, org.next_root), (next_root().public(), framed::sha256(b"the one after")));
    assert_eq!(org.recovered, None, "nobody has helped");
    assert_ne!(org.fingerprint(), fingerprint, "people compare the new one");
    let old = record_change(&directory, &root(), &record_with(|r| r.sequence = 3));
    refuses(&mut directory, &signed(&old, &root()), StatementError::NotEntitled, "the old root");
}

fn announced(mut directory: Directory) -> (Directory, RecoveryDone) {
    let change = rotated(|_| {});
    let statement = next(&directory, StatementKind::Recovery, &registrar(), &change);
    take(&mut directory, &statement, &registrar());
    (directory, RecoveryDone { record: framed::sha256(&change.record.body) })
}

fn done(directory: &Directory, payload: &RecoveryDone, time: u64) -> Statement {
    let statement = next(directory, StatementKind::RecoveryDone, &registrar(), payload);
    Statement { time: Timestamp(time), ..statement }
}

#[test]
fn a_lost_root_is_followed_by_the_next_after_three_days_in_the_open() {
    let (mut directory, payload) = announced(directory());
    let seen = organisation(&directory).recovery.clone().unwrap();
    assert_eq!((seen.root, seen.ready), (next_root().public(), Timestamp(4 + LOCK)));
    assert_eq!(organisation(&directory).root, root().public(), "not yet");
    let early = done(&directory, &payload, 4 + LOCK - 1);
    refuses(&mut directory, &signed(&early, &registrar()), StatementError::OutOfOrder, "before its time");
    let other = done(&directory, &RecoveryDone { record: framed::sha256(b"another") }, 4 + LOCK);
    refuses(&mut directory, &signed(&other, &registrar()), StatementError::OutOfOrder, "another record");
    let statement = done(&directory, &payload, 4 + LOCK);
    take(&mut directory, &statement, &registrar());
    let org = organisation(&directory);
    assert_eq!((org.root, org.recovered), (next_root().public(), Some(Timestamp(4 + LOCK))));
    let again = done(&directory, &payload, 4 + LOCK);
    refuses(&mut directory, &signed(&again, &registrar()), StatementError::OutOfOrder, "twice");
}

#[test]
fn a_recovery_needs_the_registrar_and_the_root_that_was_committed_to() {
    for signer in [root(), next_root(), administrator()] {
        let mut directory = directory();
        let statement = next(&directory, StatementKind::Recovery, &signer, &rotated(|_| {}));
        refuses(
            &mut directory,
            &signed(&statement, &signer),
            StatementError::NotEntitled,
            "not the registrar",
        );
    }
    let mut directory = directory();
    let swapped = record_with(|r| {
        r.root = bytes(&key(66));
        r.next_root = framed::sha256(b"mine");
    });
    let statement = next(&directory, StatementKind::Recovery, &registrar(), &swapped);
    refuses(
        &mut directory,
        &signed(&statement, &registrar()),
        StatementError::NotEntitled,
        "the registrar cannot put a key of its choice",
    );
}

#[test]
fn an_organisation_that_is_there_contradicts_a_recovery_and_a_thief_cannot() {
    let (mut directory, payload) = announced(directory());
    let contradiction = record_change(&directory, &root(), &record_with(|_| {}));
    take(&mut directory, &contradiction, &root());
    assert_eq!(organisation(&directory).recovery, None);
    let late = done(&directory, &payload, 4 + LOCK);
    refuses(&mut directory, &signed(&late, &registrar()), StatementError::OutOfOrder, "it was contradicted");

    let (mut stolen, payload) = announced(suspended(self::directory()));
    let thief = record_change(&stolen, &root(), &record_with(|_| {}));
    refuses(&mut stolen, &signed(&thief, &root()), StatementError::NotEntitled, "the stolen root");
    let statement = done(&stolen, &payload, 4 + LOCK);
    take(&mut stolen, &statement, &registrar());
    assert_eq!(organisation(&stolen).root, next_root().public());
    assert!(organisation(&stolen).suspended.is_some(), "the registrar lets it in when it has made sure");
    let statement = next(&stolen, StatementKind::Reinstatement, &registrar(), &Reinstatement { vetted: 1 });
    take(&mut stolen, &statement, &registrar());
    assert_eq!(organisation(&stolen).suspended, None);
}

#[test]
fn a_workstation_comes_back_by_the_registrars_word_until_the_next_roster() {
    let payload = Return { tls_key: bytes(&key(70)) };
    for signer in [root(), next_root(), administrator()] {
        let mut directory = directory();
        let statement = next(&directory, StatementKind::Return, &signer, &payload);
        refuses(
            &mut directory,
            &signed(&statement, &signer),
            StatementError::NotEntitled,
            "not the registrar",
        );
    }
    let mut directory = directory();
    let weak = next(&directory, StatementKind::Return, &registrar(), &Return { tls_key: [0; 32] });
    refuses(&mut directory, &signed(&weak, &registrar()), StatementError::Unverified, "no key");
    let statement = next(&directory, StatementKind::Return, &registrar(), &payload);
    take(&mut directory, &statement, &registrar());
    assert_eq!(directory.returning(key(70).public()), Some(admission().org));
    assert_eq!(directory.returning(key(71).public()), None);
    assert_eq!(Connections::of(&directory).device(key(70).public()), None, "it is no device");
    let roster = change_of_roster(&directory);
    take(&mut directory, &roster, &administrator());
    assert_eq!(directory.returning(key(70).public()), None);
}
