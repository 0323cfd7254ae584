//! Every step of the log that is allowed, and every one that is not.

use causeway_common::statements::{Admission, DirectoryGenesis, RosterDevice};
use causeway_common::time::Timestamp;

use super::*;

mod registrars;
mod relay_keys;
mod rosters;
mod standing;
mod succession;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn bytes(key: &SigningKey) -> [u8; 32] {
    *key.public().as_bytes()
}

fn registrar() -> SigningKey {
    key(1)
}

fn root() -> SigningKey {
    key(10)
}

fn next_root() -> SigningKey {
    key(13)
}

fn administrator() -> SigningKey {
    key(11)
}

fn first_statement() -> Statement {
    let payload = DirectoryGenesis {
        registrar: bytes(&registrar()),
        registrar_tls: bytes(&key(2)),
        relay: bytes(&key(3)),
        threshold: 1,
    };
    Statement {
        kind: StatementKind::Genesis,
        org: OrgId([0; 32]),
        sequence: 1,
        previous: ZERO,
        time: Timestamp(1),
        signer: payload.registrar,
        payload: codec::encode(&payload),
    }
}

fn founding() -> OrgGenesis {
    OrgGenesis {
        name: "Angel Hotline".into(),
        kind: "hotline".into(),
        country: "RU".into(),
        root: bytes(&root()),
        nonce: [7; 32],
        created: Timestamp(2),
    }
}

fn record(genesis: &Signed) -> OrgRecord {
    OrgRecord {
        org: org_id(&genesis.body),
        sequence: 1,
        root: bytes(&root()),
        next_root: framed::sha256(&bytes(&next_root())),
        administrators: vec![bytes(&administrator())],
        threshold: 1,
    }
}

fn device(seed: u8) -> RosterDevice {
    let signing = key(seed);
    RosterDevice {
        device: signing.public().device_id(),
        signing_key: bytes(&signing),
        tls_key: bytes(&key(seed + 100)),
        roles: 1,
        clearance: 1,
        added_sequence: 1,
        label_hash: ZERO,
        expires: Timestamp(u64::MAX),
    }
}

fn first_roster(org: OrgId) -> Roster {
    Roster {
        org,
        sequence: 1,
        previous: ZERO,
        valid_from: Timestamp(0),
        valid_until: Timestamp(u64::MAX),
        devices: vec![device(20)],
        revoked: vec![],
    }
}

/// An application with one thing changed in each of its parts, signed as it should be.
fn application(
    change_genesis: impl FnOnce(&mut OrgGenesis),
    change_record: impl FnOnce(&mut OrgRecord),
) -> (Signed, Signed) {
    let mut first = founding();
    change_genesis(&mut first);
    let genesis = root().sign(Label::OrgGenesis, codec::encode(&first));
    let mut record = record(&genesis);
    change_record(&mut record);
    (genesis, root().sign(Label::OrgRecord, codec::encode(&record)))
}

fn admission_of((genesis, record): (Signed, Signed)) -> Statement {
    let org = org_id(&genesis.body);
    let roster = roster::digest(&codec::encode(&first_roster(org)));
    Statement {
        kind: StatementKind::Admission,
        org,
        sequence: 1,
        previous: ZERO,
        time: Timestamp(3),
        signer: bytes(&registrar()),
        payload: codec::encode(&Admission { genesis, record, roster }),
    }
}

fn admission() -> Statement {
    admission_of(application(|_| {}, |_| {}))
}

fn signed(statement: &Statement, by: &SigningKey) -> Vec<u8> {
    leaf(&sign_statement(statement, by))
}

/// A directory with a registrar and one organisation.
fn directory() -> Directory {
    let mut directory = Directory::new();
    directory.append(&signed(&first_statement(), &registrar())).unwrap();
    directory.append(&signed(&admission(), &registrar())).unwrap();
    directory
}

/// The next statement about the organisation.
fn next<T: serde::Serialize>(
    directory: &Directory,
    kind: StatementKind,
    signer: &SigningKey,
    payload: &T,
) -> Statement {
    let org = admission().org;
    let (sequence, previous) = directory.next_link(org);
    let payload = codec::encode(payload);
    Statement { kind, org, sequence, previous, time: Timestamp(4), signer: bytes(signer), payload }
}

fn change_of_roster(directory: &Directory) -> Statement {
    let change = RosterChange { roster: framed::sha256(b"another") };
    next(directory, StatementKind::RosterChange, &administrator(), &change)
}

/// Appends a statement that must be legal.
fn take(directory: &mut Directory, statement: &Statement, by: &SigningKey) {
    directory.append(&signed(statement, by)).unwrap();
}

/// A refused leaf changes nothing.
fn refuses(directory: &mut Directory, leaf: &[u8], error: StatementError, what: &str) {
    let (size, root) = (directory.size(), directory.root());
    assert_eq!(directory.append(leaf), Err(error), "{what}");
    assert_eq!((directory.size(), directory.root()), (size, root), "{what}");
}

type Change = fn(&mut Statement);

#[test]
fn a_directory_begins_once_with_its_registrar() {
    let wrong: [(&str, StatementError, Change); 6] = [
        ("another signs for the registrar", StatementError::NotEntitled, |s| s.signer = bytes(&key(9))),
        ("about somebody", StatementError::OutOfOrder, |s| s.org = OrgId([1; 32])),
        ("not the first", StatementError::OutOfOrder, |s| s.sequence = 2),
        ("after something", StatementError::OutOfOrder, |s| s.previous = framed::sha256(b"x")),
        ("no payload", StatementError::Malformed, |s| s.payload.clear()),
        ("of a newer version", StatementError::Newer, |s| s.kind = StatementKind::Other(99)),
    ];
    for (what, error, change) in wrong {
        let mut statement = first_statement();
        change(&mut statement);
        let signer = if statement.signer == bytes(&key(9)) { key(9) } else { registrar() };
        refuses(&mut Directory::new(), &signed(&statement, &signer), error, what);
    }
    refuses(
        &mut Directory::new(),
        &signed(&admission(), &registrar()),
        StatementError::OutOfOrder,
        "no genesis",
    );
    refuses(
        &mut Directory::new(),
        &signed(&first_statement(), &key(9)),
        StatementError::Unverified,
        "signed by another",
    );
    let mut directory = directory();
    refuses(
        &mut directory,
        &signed(&first_statement(), &registrar()),
        StatementError::Again,
        "a second genesis",
    );
    assert_eq!(directory.authority().map(|a| a.registrars[0].key), Some(registrar().public()));
}

#[test]
fn only_the_registrar_admits_and_each_organisation_once() {
    let wrong: [(&str, StatementError, Change); 5] = [
        ("the organisation admits itself", StatementError::NotEntitled, |s| s.signer = bytes(&root())),
        ("a later number", StatementError::OutOfOrder, |s| s.sequence = 2),
        ("after something", StatementError::OutOfOrder, |s| s.previous = framed::sha256(b"x")),
        ("under another name", StatementError::Malformed, |s| s.org.0[0] ^= 1),
        ("bytes behind the payload", StatementError::Malformed, |s| s.payload.push(0)),
    ];
    let begun = || {
        let mut directory = Directory::new();
        directory.append(&signed(&first_statement(), &registrar())).unwrap();
        directory
    };
    for (what, error, change) in wrong {
        let mut statement = admission();
        change(&mut statement);
        let signer = if statement.signer == bytes(&root()) { root() } else { registrar() };
        refuses(&mut begun(), &signed(&statement, &signer), error, what);
    }
    refuses(&mut directory(), &signed(&admission(), &registrar()), StatementError::Again, "twice");
}

#[test]
fn an_organisation_is_what_its_root_has_signed() {
    let no = |_: &mut OrgGenesis| {};
    let as_it_is = |_: &mut OrgRecord| {};
    let wrong: Vec<(&str, (Signed, Signed), StatementError)> = vec![
        (
            "a name that turns the line",
            application(|g| g.name = "Safe\u{202e}House".into(), as_it_is),
            StatementError::Malformed,
        ),
        ("an unknown kind", application(|g| g.kind = "castle".into(), as_it_is), StatementError::Malformed),
        ("no country", application(|g| g.country = "Russia".into(), as_it_is), StatementError::Malformed),
        (
            "another root signs",
            application(|g| g.root = bytes(&key(12)), as_it_is),
            StatementError::Unverified,
        ),
        ("a root that is no key", application(|g| g.root = [0; 32], as_it_is), StatementError::Unverified),
        ("another organisation's record", application(no, |r| r.org.0[0] ^= 1), StatementError::Malformed),
        ("a later record", application(no, |r| r.sequence = 2), StatementError::Malformed),
        (
            "another root in the record",
            application(no, |r| r.root = bytes(&key(12))),
            StatementError::Unverified,
        ),
        ("no administrator", application(no, |r| r.administrators.clear()), StatementError::Malformed),
        (
            "one twice",
            application(no, |r| r.administrators.push(r.administrators[0])),
            StatementError::Malformed,
        ),
        ("more must sign than there are", application(no, |r| r.threshold = 2), StatementError::Malformed),
        ("nobody must sign", application(no, |r| r.threshold = 0), StatementError::Malformed),
        (
            "an administrator that is no key",
            application(no, |r| r.administrators = vec![[0; 32]]),
            StatementError::Unverified,
        ),
    ];
    let roster = |genesis: &Signed| roster::sign(&first_roster(org_id(&genesis.body)), &administrator());
    for (what, (genesis, record), error) in wrong {
        assert_eq!(check_applicant(&genesis, &record, &roster(&genesis)).err(), Some(error), "{what}");
        let mut directory = Directory::new();
        directory.append(&signed(&first_statement(), &registrar())).unwrap();
        let statement = admission_of((genesis, record));
        refuses(&mut directory, &signed(&statement, &registrar()), error, what);
    }
    let (genesis, record) = application(no, as_it_is);
    assert!(check_applicant(&genesis, &record, &roster(&genesis)).is_ok());
    let other = roster::sign(&first_roster(org_id(&genesis.body)), &key(66));
    assert_eq!(check_applicant(&genesis, &record, &other).err(), Some(StatementError::Unverified));
    let mut later = first_roster(org_id(&genesis.body));
    later.sequence = 2;
    let later = roster::sign(&later, &administrator());
    assert_eq!(check_applicant(&genesis, &record, &later).err(), Some(StatementError::OutOfOrder));
}

#[test]
fn only_an_administrator_changes_the_roster_and_in_order() {
    let wrong: [(&str, StatementError, Change); 6] = [
        ("the registrar", StatementError::NotEntitled, |s| s.signer = bytes(&registrar())),
        ("the root", StatementError::NotEntitled, |s| s.signer = bytes(&root())),
        ("an unknown organisation", StatementError::UnknownOrganisation, |s| s.org.0[0] ^= 1),
        ("a number left out", StatementError::OutOfOrder, |s| s.sequence += 1),
        ("after another past", StatementError::OutOfOrder, |s| s.previous = framed::sha256(b"x")),
        ("no payload", StatementError::Malformed, |s| s.payload.clear()),
    ];
    for (what, error, change) in wrong {
        let mut directory = directory();
        let mut statement = change_of_roster(&directory);
        change(&mut statement);
        let keys = [registrar(), root(), administrator()];
        let signer = keys.iter().find(|key| bytes(key) == statement.signer).unwrap();
        refuses(&mut directory, &signed(&statement, signer), error, what);
    }
    let mut directory = directory();
    let change = signed(&change_of_roster(&directory), &administrator());
    directory.append(&change).unwrap();
    refuses(&mut directory, &change, StatementError::OutOfOrder, "the same again");
}

#[test]
fn no_bit_of_a_leaf_can_change() {
    let leaf = signed(&admission(), &registrar());
    for index in 0..leaf.len() {
        let mut changed = leaf.clone();
        changed[index] ^= 1;
        let mut directory = Directory::new();
        directory.append(&signed(&first_statement(), &registrar())).unwrap();
        assert!(directory.append(&changed).is_err(), "byte {index}");
    }
    let mut directory = directory();
    refuses(&mut directory, &leaf[..leaf.len() - 1], StatementError::Malformed, "cut");
    refuses(&mut directory, &[], StatementError::Malformed, "nothing");
    refuses(&mut directory, &vec![0xff; 1 << 20], StatementError::Malformed, "oversize");
}

#[test]
fn a_step_is_applied_to_the_directory_it_was_checked_against() {
    let mut directory = directory();
    let leaf = signed(&change_of_roster(&directory), &administrator());
    let (step, late) = (directory.check(&leaf).unwrap(), directory.check(&leaf).unwrap());
    assert_eq!(directory.size(), 2, "checking changes nothing");
    directory.apply(step).unwrap();
    let root = directory.root();
    assert_eq!(directory.apply(late).err(), Some(StatementError::OutOfOrder));
    assert_eq!((directory.size(), directory.root()), (3, root));
}
