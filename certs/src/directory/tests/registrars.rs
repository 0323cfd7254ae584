//! Who may change the registrars, and what several of them must sign.

use causeway_common::statements::{Countersigned, RegistrarKeys, Registrars, Reinstatement, Suspension};

use super::*;
use crate::registrars::{Candidacy, Nomination};

fn keys(seeds: &[u8]) -> Vec<RegistrarKeys> {
    let one = |seed: &u8| RegistrarKeys { key: bytes(&key(*seed)), tls_key: bytes(&key(seed + 1)) };
    let mut keys: Vec<RegistrarKeys> = seeds.iter().map(one).collect();
    keys.sort_unstable_by_key(|keys| keys.key);
    keys
}

fn made(
    directory: &Directory,
    kind: StatementKind,
    org: OrgId,
    by: &SigningKey,
    payload: Vec<u8>,
) -> Statement {
    let (sequence, previous) = directory.next_link(org);
    Statement { kind, org, sequence, previous, time: Timestamp(5), signer: bytes(by), payload }
}

/// What they sign who want to be registrars of this directory.
fn candidacy(directory: Digest, keys: RegistrarKeys) -> Candidacy {
    let (relay_address, relay_key, registrar_key) = (String::new(), [0; 32], bytes(&registrar()));
    Candidacy { nomination: Nomination { relay_address, relay_key, registrar_key, directory }, keys }
}

/// With the candidacies of those who are new, by the keys of [`keys`].
fn change(directory: &Directory, registrars: Vec<RegistrarKeys>, threshold: u8) -> Statement {
    let authority = directory.authority().unwrap();
    let signed = |keys: &RegistrarKeys| {
        let known = (1..100).map(key).find(|known| bytes(known) == keys.key);
        let body = codec::encode(&candidacy(authority.founding(), *keys));
        known.map(|key| key.sign(Label::RegistrarRequest, body))
    };
    let new = registrars.iter().filter(|keys| !authority.is_registrar(&keys.key));
    let candidacies = new.filter_map(signed).collect();
    let payload = codec::encode(&Registrars { registrars, threshold, candidacies });
    made(directory, StatementKind::Registrars, ITSELF, &registrar(), payload)
}

/// The leaf of a statement that these sign, the last of them around it.
fn signed_by(statement: &Statement, signers: &[&SigningKey]) -> Vec<u8> {
    let mut joint = countersigned::begin(statement, signers[0]);
    signers.iter().for_each(|signer| countersigned::add(&mut joint, signer));
    leaf(&countersigned::finish(&joint, signers[signers.len() - 1]).unwrap())
}

/// Police, and two registrars of whom both must sign.
fn two() -> (Directory, OrgId) {
    let (mut directory, org) = (directory(), admission().org);
    let next = change(&directory, keys(&[1, 60]), 2);
    directory.append(&leaf(&sign_statement(&next, &registrar()))).unwrap();
    (directory, org)
}

#[test]
fn the_registrars_name_others_and_say_how_many_must_sign() {
    let (directory, _) = two();
    let authority = directory.authority().unwrap();
    assert_eq!((authority.registrars.len(), authority.threshold), (2, 2));
    assert!(authority.is_registrars_connection(key(61).public()));
    assert_eq!(directory.next_link(ITSELF).0, 3);
    let mut next = directory.clone();
    let leave = change(&directory, keys(&[60]), 1);
    next.append(&signed_by(&leave, &[&registrar(), &key(60)])).unwrap();
    let authority = next.authority().unwrap();
    assert!(
        authority.has_had_registrar(&bytes(&registrar())) && !authority.is_registrar(&bytes(&registrar()))
    );
    assert!(authority.has_had_registrar(&bytes(&key(60))) && !authority.has_had_registrar(&[9; 32]));
    let back = change(&next, keys(&[1]), 1);
    assert_eq!(next.append(&leaf(&sign_statement(&back, &registrar()))), Err(StatementError::NotEntitled));
}

#[test]
fn nobody_becomes_a_registrar_who_has_not_signed_for_this_directory() {
    let directory = directory();
    let both = keys(&[1, 60]);
    let new = *both.iter().find(|keys| keys.key == bytes(&key(60))).unwrap();
    let founding = directory.authority().unwrap().founding();
    let by = |seed: u8, said: &Candidacy| key(seed).sign(Label::RegistrarRequest, codec::encode(said));
    let good = by(60, &candidacy(founding, new));
    let other_connection = RegistrarKeys { tls_key: bytes(&key(62)), ..new };
    let cases = [
        ("nothing", vec![], Err(StatementError::NotEntitled)),
        ("by the registrar", vec![by(1, &candidacy(founding, new))], Err(StatementError::Unverified)),
        ("another directory", vec![by(60, &candidacy(ZERO, new))], Err(StatementError::NotEntitled)),
        (
            "another connection",
            vec![by(60, &candidacy(founding, other_connection))],
            Err(StatementError::NotEntitled),
        ),
        (
            "of somebody else",
            vec![by(62, &candidacy(founding, keys(&[62])[0]))],
            Err(StatementError::NotEntitled),
        ),
        ("twice", vec![good.clone(), good.clone()], Err(StatementError::NotEntitled)),
        (
            "for another purpose",
            vec![key(60).sign(Label::LogEntry, codec::encode(&candidacy(founding, new)))],
            Err(StatementError::Unverified),
        ),
        ("as it must be", vec![good], Ok(())),
    ];
    for (what, candidacies, expected) in cases {
        let payload = codec::encode(&Registrars { registrars: both.clone(), threshold: 1, candidacies });
        let next = made(&directory, StatementKind::Registrars, ITSELF, &registrar(), payload);
        let mut tried = directory.clone();
        assert_eq!(tried.append(&leaf(&sign_statement(&next, &registrar()))), expected, "{what}");
        assert_eq!(tried.authority().unwrap().has_had_registrar(&new.key), expected.is_ok(), "{what}");
    }
}

#[test]
fn a_change_of_registrars_that_cannot_be_is_refused() {
    let directory = directory();
    let mut unsorted = keys(&[1, 60]);
    unsorted.reverse();
    let no_key = vec![RegistrarKeys { key: [2; 32], ..keys(&[1])[0] }];
    let doubled = vec![keys(&[1])[0], keys(&[1])[0]];
    let mut one_connection = vec![
        RegistrarKeys { tls_key: bytes(&key(7)), ..keys(&[1])[0] },
        RegistrarKeys { tls_key: bytes(&key(7)), ..keys(&[60])[0] },
    ];
    one_connection.sort_unstable_by_key(|keys| keys.key);
    let same_key = vec![RegistrarKeys { tls_key: bytes(&registrar()), ..keys(&[1])[0] }];
    let six = keys(&[1, 60, 62, 64, 66, 68]);
    let cases = [
        ("unsorted", unsorted, 1, StatementError::Malformed),
        ("one twice", doubled, 1, StatementError::Malformed),
        ("one connection for two", one_connection, 1, StatementError::Malformed),
        ("one key for both", same_key, 1, StatementError::Malformed),
        ("a key that is none", no_key, 1, StatementError::Unverified),
        ("nobody", Vec::new(), 1, StatementError::Malformed),
        ("too many", six, 1, StatementError::Malformed),
        ("more must sign than there are", keys(&[1, 60]), 3, StatementError::Malformed),
        ("none must sign", keys(&[1, 60]), 0, StatementError::Malformed),
        ("as it is", keys(&[1]), 1, StatementError::Again),
    ];
    for (what, registrars, threshold, error) in cases {
        let next = change(&directory, registrars, threshold);
        let mut tried = directory.clone();
        assert_eq!(tried.append(&leaf(&sign_statement(&next, &registrar()))), Err(error), "{what}");
        assert_eq!(tried.size(), directory.size(), "{what}");
    }
    let late = Statement { sequence: 3, ..change(&directory, keys(&[1, 60]), 1) };
    let foreign = Statement { org: OrgId([5; 32]), ..change(&directory, keys(&[1, 60]), 1) };
    for wrong in [late, foreign] {
        let refused = directory.clone().append(&leaf(&sign_statement(&wrong, &registrar())));
        assert_eq!(refused, Err(StatementError::OutOfOrder));
    }
}

#[test]
fn both_must_sign_but_one_shuts_out() {
    let (mut directory, org) = two();
    let shut = codec::encode(&Suspension { reason: 4, compromised_since: Timestamp(1) });
    let shut = made(&directory, StatementKind::Suspension, org, &key(60), shut);
    directory.append(&leaf(&sign_statement(&shut, &key(60)))).unwrap();
    let again = codec::encode(&Reinstatement { vetted: 1 });
    let again = made(&directory, StatementKind::Reinstatement, org, &registrar(), again);
    let alone = leaf(&sign_statement(&again, &registrar()));
    let stranger = signed_by(&again, &[&registrar(), &key(70)]);
    let mut refused = directory.clone();
    for leaf in [alone, stranger] {
        assert_eq!(refused.append(&leaf), Err(StatementError::NotEntitled));
    }
    let both = signed_by(&again, &[&registrar(), &key(60)]);
    assert_eq!(open(&both).unwrap(), again, "it reads as the statement that it is");
    directory.append(&both).unwrap();
    assert!(directory.organisation(org).unwrap().suspended.is_none());
    assert_eq!(directory.statements_of(org).next_back(), Some(again));
}

#[test]
fn what_is_countersigned_holds_together_or_is_refused() {
    let (directory, org) = two();
    let shut = codec::encode(&Suspension { reason: 4, compromised_since: Timestamp(1) });
    let shut = made(&directory, StatementKind::Suspension, org, &registrar(), shut);
    let good = {
        let mut joint = countersigned::begin(&shut, &registrar());
        countersigned::add(&mut joint, &key(60));
        joint
    };
    let around = |joint: &Countersigned, change: &dyn Fn(&mut Statement)| {
        let mut outer =
            Statement { kind: StatementKind::Countersigned, payload: codec::encode(joint), ..shut.clone() };
        change(&mut outer);
        let by = if outer.signer == bytes(&key(70)) { key(70) } else { registrar() };
        leaf(&sign_statement(&outer, &by))
    };
    let untouched = |_: &mut Statement| {};
    let with = |change: &dyn Fn(&mut Countersigned)| {
        let mut joint = good.clone();
        change(&mut joint);
        around(&joint, &untouched)
    };
    directory.clone().append(&around(&good, &untouched)).unwrap();
    let nested = Countersigned {
        statement: codec::encode(&Statement { kind: StatementKind::Countersigned, ..shut.clone() }),
        ..good.clone()
    };
    let cases = [
        (
            "one signature",
            with(&|j| j.signatures.retain(|s| s.key == bytes(&registrar()))),
            StatementError::Malformed,
        ),
        ("no signature", with(&|j| j.signatures.clear()), StatementError::Malformed),
        ("out of order", with(&|j| j.signatures.reverse()), StatementError::Malformed),
        (
            "one twice",
            with(&|j| {
                let first = j.signatures[0].clone();
                j.signatures.insert(0, first);
            }),
            StatementError::Malformed,
        ),
        ("a changed bit", with(&|j| j.signatures[0].signature[0] ^= 1), StatementError::Unverified),
        (
            "another statement",
            with(&|j| {
                let last = j.statement.len() - 1;
                j.statement[last] ^= 1;
            }),
            StatementError::Unverified,
        ),
        ("garbage inside", with(&|j| j.statement.truncate(9)), StatementError::Malformed),
        ("one in another", around(&nested, &untouched), StatementError::Malformed),
        ("another place", around(&good, &|o| o.sequence += 1), StatementError::Malformed),
        ("another organisation", around(&good, &|o| o.org = OrgId([3; 32])), StatementError::Malformed),
        (
            "put together by a stranger",
            around(&good, &|o| o.signer = bytes(&key(70))),
            StatementError::Malformed,
        ),
    ];
    for (what, leaf, error) in cases {
        assert_eq!(directory.clone().append(&leaf), Err(error), "{what}");
    }
}
