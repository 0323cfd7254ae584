//! Statements that several registrars have signed.
//!
//! Signatures are collected outside the log, one registrar after the other; what enters the log is one statement that holds
//! the signed one and all signatures. The last registrar signs the whole, so that nobody else puts it together.

use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::limits::REGISTRARS_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::{Countersigned, KeyedSignature, Statement, StatementKind};

use super::{Said, StatementError, payload, sign_statement};
use crate::keys::{PublicKey, SigningKey};

/// The statement that counts: of one that is countersigned, the one inside.
pub(super) fn inside(outer: Statement) -> Result<Statement, StatementError> {
    if outer.kind != StatementKind::Countersigned {
        return Ok(outer);
    }
    payload(&payload::<Countersigned>(&outer.payload)?.statement)
}

/// Verifies the signatures inside. That around it has been verified.
pub(super) fn open(outer: &Statement) -> Result<Said, StatementError> {
    let joint: Countersigned = payload(&outer.payload)?;
    let (statement, signers) = verify(&joint)?;
    let same_place = (statement.org, statement.sequence, statement.previous)
        == (outer.org, outer.sequence, outer.previous);
    if !same_place || signers.len() < 2 || !signers.contains(&outer.signer) {
        return Err(StatementError::Malformed);
    }
    Ok(Said { statement, signers })
}

/// What is signed, and by whom: each signature verifies, one of them is the statement's own signer's, and no key stands
/// there twice.
pub fn verify(joint: &Countersigned) -> Result<(Statement, Vec<[u8; 32]>), StatementError> {
    let statement: Statement = payload(&joint.statement)?;
    let signers: Vec<[u8; 32]> = joint.signatures.iter().map(|signature| signature.key).collect();
    let in_order = signers.is_sorted_by(|a, b| a < b) && signers.len() <= REGISTRARS_MAX;
    if !in_order || !signers.contains(&statement.signer) || statement.kind == StatementKind::Countersigned {
        return Err(StatementError::Malformed);
    }
    for KeyedSignature { key, signature } in &joint.signatures {
        PublicKey::from_bytes(*key)?.verify_detached(Label::LogEntry, &joint.statement, signature)?;
    }
    Ok((statement, signers))
}

/// Begins to collect signatures with that of the statement's own signer.
pub fn begin(statement: &Statement, signer: &SigningKey) -> Countersigned {
    let mut joint = Countersigned { statement: codec::encode(statement), signatures: Vec::new() };
    add(&mut joint, signer);
    joint
}

/// Adds a signature. A second one with the same key replaces the first.
pub fn add(joint: &mut Countersigned, signer: &SigningKey) {
    let key = *signer.public().as_bytes();
    let signature = signer.sign(Label::LogEntry, joint.statement.clone()).signature;
    joint.signatures.retain(|other| other.key != key);
    joint.signatures.push(KeyedSignature { key, signature });
    joint.signatures.sort_unstable_by_key(|signature| signature.key);
}

/// What goes into the log, put together by one of the signers.
pub fn finish(joint: &Countersigned, signer: &SigningKey) -> Result<Signed, StatementError> {
    let said: Statement = payload(&joint.statement)?;
    let around = Statement {
        kind: StatementKind::Countersigned,
        signer: *signer.public().as_bytes(),
        payload: codec::encode(joint),
        ..said
    };
    Ok(sign_statement(&around, signer))
}
