//! Suspension and reinstatement.

use causeway_common::statements::{Reinstatement, SUSPENDED_COMPROMISED, Suspension};

use super::*;

fn suspension(directory: &Directory) -> Statement {
    let payload = Suspension { reason: SUSPENDED_COMPROMISED, compromised_since: Timestamp(2) };
    next(directory, StatementKind::Suspension, &registrar(), &payload)
}

fn reinstatement(directory: &Directory) -> Statement {
    next(directory, StatementKind::Reinstatement, &registrar(), &Reinstatement { vetted: 1 })
}

#[test]
fn the_registrar_shuts_out_and_lets_in_again() {
    let mut directory = directory();
    let org = admission().org;
    assert_eq!(directory.organisation(org).unwrap().suspended, None);
    let statement = suspension(&directory);
    take(&mut directory, &statement, &registrar());
    let suspended = Suspended { reason: 3, at: Timestamp(4), compromised_since: Timestamp(2) };
    assert_eq!(directory.organisation(org).unwrap().suspended, Some(suspended));
    let again = suspension(&directory);
    refuses(&mut directory, &signed(&again, &registrar()), StatementError::Again, "twice");
    let statement = reinstatement(&directory);
    take(&mut directory, &statement, &registrar());
    assert_eq!(directory.organisation(org).unwrap().suspended, None);
    let again = reinstatement(&directory);
    refuses(&mut directory, &signed(&again, &registrar()), StatementError::Again, "it is in");
}

/// Whoever was offline sees both statements together.
#[test]
fn when_the_keys_were_in_other_hands_is_remembered_after_a_reinstatement() {
    let mut directory = directory();
    let org = admission().org;
    let statement = suspension(&directory);
    take(&mut directory, &statement, &registrar());
    let statement = Statement { time: Timestamp(9), ..reinstatement(&directory) };
    take(&mut directory, &statement, &registrar());
    let remembered = Compromised { since: Timestamp(2), until: Timestamp(9) };
    assert_eq!(directory.organisation(org).unwrap().compromised, Some(remembered));
    assert!(remembered.covers(Timestamp(2)) && !remembered.covers(Timestamp(9)));
    let payload = Suspension { reason: 4, compromised_since: Timestamp(1) };
    let statement = next(&directory, StatementKind::Suspension, &registrar(), &payload);
    take(&mut directory, &statement, &registrar());
    let statement = reinstatement(&directory);
    take(&mut directory, &statement, &registrar());
    assert_eq!(directory.organisation(org).unwrap().compromised, Some(remembered), "another reason");
}

#[test]
fn nobody_else_decides_who_is_in() {
    for signer in [root(), next_root(), administrator(), key(2), key(3), key(99)] {
        let mut directory = directory();
        let shut = Statement { signer: bytes(&signer), ..suspension(&directory) };
        refuses(&mut directory, &signed(&shut, &signer), StatementError::NotEntitled, "suspends");
        let statement = suspension(&directory);
        take(&mut directory, &statement, &registrar());
        let open = Statement { signer: bytes(&signer), ..reinstatement(&directory) };
        refuses(&mut directory, &signed(&open, &signer), StatementError::NotEntitled, "reinstates");
    }
    let mut directory = directory();
    let wrong: [(&str, StatementError, Change); 4] = [
        ("of nobody", StatementError::UnknownOrganisation, |s| s.org.0[0] ^= 1),
        ("a number left out", StatementError::OutOfOrder, |s| s.sequence += 1),
        ("after another past", StatementError::OutOfOrder, |s| s.previous = framed::sha256(b"x")),
        ("no payload", StatementError::Malformed, |s| s.payload.clear()),
    ];
    for (what, error, change) in wrong {
        let mut statement = suspension(&directory);
        change(&mut statement);
        refuses(&mut directory, &signed(&statement, &registrar()), error, what);
    }
}
