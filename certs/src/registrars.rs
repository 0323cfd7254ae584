//! What registrars pass to each other, as text and by a way that both trust: a [`Nomination`], the [`Candidacy`] that answers
//! it, and a statement that waits for more signatures.
//!
//! None of them holds a secret.

use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::ids::Digest;
use causeway_common::signed::Signed;
use causeway_common::statements::{Countersigned, RegistrarKeys, Statement};
use serde::{Deserialize, Serialize};

use crate::directory::{StatementError, countersigned};
use crate::keys::{PublicKey, SigningKey};
use crate::{link, text};

const NOMINATION: &str = "causeway:registrar:";
const CANDIDACY: &str = "causeway:registrar-request:";
const STATEMENT: &str = "causeway:statement:";
/// A host name of 253 characters, keys and a signature are less.
const SHORT_BYTES_MAX: usize = 1024;
/// An admission of the longest name and country with five signatures is less.
const STATEMENT_TEXT_BYTES_MAX: usize = 4096;

/// Why a text is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrarTextError {
    /// Not such a text, or a letter of it is wrong.
    #[error("this is not the text as it was given out: a letter is wrong or a part is missing")]
    Mistyped,
    /// Not signed by the keys that it names.
    #[error("a signature in the text does not verify")]
    Unverified,
    /// For another relay, or an answer to another registrar.
    #[error("the text is for another relay or another registrar")]
    Other,
}

/// What a new registrar has to know of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "passed on from one program to another")]
pub struct Nomination {
    /// Where the relay listens.
    pub relay_address: String,
    /// The relay's key, pinned from here on.
    pub relay_key: [u8; 32],
    /// The key of the registrar who nominates, pinned from here on.
    pub registrar_key: [u8; 32],
    /// The directory, by the hash of its first statement.
    pub directory: Digest,
}

/// The answer, label `registrar-request`, signed by the new registrar's key. It stands in the directory with the statement that
/// makes it a registrar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "passed on from one program to another")]
pub struct Candidacy {
    /// What it answers.
    pub nomination: Nomination,
    /// The new registrar's keys.
    pub keys: RegistrarKeys,
}

impl Nomination {
    /// The text that people pass on.
    pub fn to_text(&self) -> String {
        text::write(NOMINATION, self)
    }

    /// Reads the text; white space in it is ignored.
    pub fn from_text(text: &str) -> Result<Self, RegistrarTextError> {
        text::read(NOMINATION, text, SHORT_BYTES_MAX).ok_or(RegistrarTextError::Mistyped)
    }
}

impl Candidacy {
    /// Signs it with the new registrar's key, as text to pass on.
    pub fn to_text(&self, key: &SigningKey) -> String {
        text::write(CANDIDACY, &key.sign(Label::RegistrarRequest, codec::encode(self)))
    }

    /// Reads and checks an answer to one's own nomination, and gives it with its signature and with what the two people compare.
    pub fn from_text(text: &str, own: &Nomination) -> Result<(Self, Signed, Digest), RegistrarTextError> {
        let signed: Signed =
            text::read(CANDIDACY, text, SHORT_BYTES_MAX).ok_or(RegistrarTextError::Mistyped)?;
        let read = Self::verify(&signed)?;
        if read.nomination != *own {
            return Err(RegistrarTextError::Other);
        }
        let compared = link::comparison(&codec::encode(&signed));
        Ok((read, signed, compared))
    }

    /// Whether it is signed by the key that it names.
    pub(crate) fn verify(signed: &Signed) -> Result<Self, RegistrarTextError> {
        let read: Self =
            codec::decode(&signed.body, SHORT_BYTES_MAX).map_err(|_| RegistrarTextError::Mistyped)?;
        PublicKey::of_signer(read.keys.key, Label::RegistrarRequest, signed)
            .map_err(|_| RegistrarTextError::Unverified)?;
        PublicKey::from_bytes(read.keys.tls_key).map_err(|_| RegistrarTextError::Unverified)?;
        Ok(read)
    }

    /// What the two people compare, on the new registrar's side. None for a text that is none.
    pub fn comparison(text: &str) -> Option<Digest> {
        let signed: Signed = text::read(CANDIDACY, text, SHORT_BYTES_MAX)?;
        Some(link::comparison(&codec::encode(&signed)))
    }
}

/// The text of a statement that waits for more signatures.
pub fn statement_to_text(joint: &Countersigned) -> String {
    text::write(STATEMENT, joint)
}

/// Reads such a text and verifies the signatures that it has. Whose they have to be is the directory's question.
pub fn statement_from_text(
    text: &str,
) -> Result<(Countersigned, Statement, Vec<[u8; 32]>), RegistrarTextError> {
    let joint: Countersigned =
        text::read(STATEMENT, text, STATEMENT_TEXT_BYTES_MAX).ok_or(RegistrarTextError::Mistyped)?;
    let (statement, signers) = countersigned::verify(&joint).map_err(|error| match error {
        StatementError::Unverified => RegistrarTextError::Unverified,
        _ => RegistrarTextError::Mistyped,
    })?;
    Ok((joint, statement, signers))
}

#[cfg(test)]
mod tests {
    use causeway_common::ids::{Digest, OrgId};
    use causeway_common::statements::StatementKind;
    use causeway_common::time::Timestamp;

    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn nomination() -> Nomination {
        let registrar_key = *key(1).public().as_bytes();
        Nomination {
            relay_address: "relay.example:4433".into(),
            relay_key: [3; 32],
            registrar_key,
            directory: Digest([8; 32]),
        }
    }

    fn candidacy() -> Candidacy {
        let keys = RegistrarKeys { key: *key(4).public().as_bytes(), tls_key: *key(5).public().as_bytes() };
        Candidacy { nomination: nomination(), keys }
    }

    #[test]
    fn texts_round_trip_and_every_slip_is_noticed() {
        let statement = Statement {
            kind: StatementKind::Return,
            org: OrgId([1; 32]),
            sequence: 2,
            previous: Digest([2; 32]),
            time: Timestamp(3),
            signer: *key(1).public().as_bytes(),
            payload: vec![7; 32],
        };
        let mut joint = countersigned::begin(&statement, &key(1));
        countersigned::add(&mut joint, &key(4));
        let texts = [nomination().to_text(), candidacy().to_text(&key(4)), statement_to_text(&joint)];
        assert_eq!(Nomination::from_text(&texts[0]), Ok(nomination()));
        let (read, signed, compared) = Candidacy::from_text(&texts[1], &nomination()).unwrap();
        assert_eq!((read, Some(compared)), (candidacy(), Candidacy::comparison(&texts[1])));
        assert_eq!(Candidacy::verify(&signed), Ok(candidacy()));
        let (again, said, signers) = statement_from_text(&texts[2]).unwrap();
        assert_eq!((again, said, signers.len()), (joint, statement, 2));
        let is_read = |text: &str| {
            Nomination::from_text(text).is_ok()
                || Candidacy::from_text(text, &nomination()).is_ok()
                || statement_from_text(text).is_ok()
        };
        for text in &texts {
            assert!(is_read(&format!(" {}\n{}", &text[..40], &text[40..])), "white space is ignored");
            for place in 0..text.len() {
                let mut slip = text.clone().into_bytes();
                slip[place] = if slip[place] == b'A' { b'B' } else { b'A' };
                let slip = String::from_utf8(slip).unwrap();
                assert!(slip == *text || !is_read(&slip), "a letter at {place}");
            }
            assert!(!is_read(&text[..text.len() - 1]));
        }
    }

    #[test]
    fn an_answer_is_to_ones_own_nomination_and_signed_by_the_key_it_names() {
        let other = Nomination { registrar_key: [9; 32], ..nomination() };
        let text = candidacy().to_text(&key(4));
        assert_eq!(Candidacy::from_text(&text, &other), Err(RegistrarTextError::Other));
        let forged = candidacy().to_text(&key(6));
        assert_eq!(Candidacy::from_text(&forged, &nomination()), Err(RegistrarTextError::Unverified));
    }
}
