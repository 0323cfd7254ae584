//! What people pass on, as text, when a relay changes its key: the operator's [`request`] to the registrar, and the
//! [`Announcements`] that bring back whoever was away for too long.
//!
//! Neither holds a secret.

use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::Digest;
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::RelaySuccessor;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::directory::{Authority, Directory, RelayKeys, leaf, signers_about_itself};
use crate::keys::{PublicKey, SigningKey};
use crate::text;

const REQUEST: &str = "causeway:relay-key:";
const ANNOUNCEMENTS: &str = "causeway:relay-keys:";
/// Two keys and two signatures are less.
const REQUEST_BYTES_MAX: usize = 512;
/// A statement of five signatures is less than 1 KiB: 64 changes of the registrars or of the relay's key.
pub const ANNOUNCEMENTS_BYTES_MAX: usize = 64 * 1024;

/// Why a text is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RelayKeyTextError {
    /// Not such a text, or a letter of it is wrong.
    #[error("this is not the text as it was given out: a letter is wrong or a part is missing")]
    Mistyped,
    /// Not signed by the keys that it names, or not by the relay that you know.
    #[error("the request is signed by another key than your relay's, or was changed")]
    Unverified,
    /// The statements in it do not hold, or are by another registrar.
    #[error("the text is not from the registrar whom this home knows, or was changed")]
    OtherRegistrar,
}

/// A request that holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Successor {
    /// The next key.
    pub key: PublicKey,
    /// Whether the present key says so too. If not, only a person can know whose it is.
    pub by_present: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// The text with which a next key presents itself: signed by itself, so that nobody announces a key that nobody holds, and
/// by the key whose place it is to take.
pub fn request(next: &SigningKey, present: Option<&SigningKey>, now: Timestamp) -> String {
    let body = codec::encode(&RelaySuccessor { relay: *next.public().as_bytes(), created: now });
    let signed = |key: &SigningKey| key.sign(Label::RelaySuccessor, body.clone());
    text::write(REQUEST, &std::iter::once(next).chain(present).map(signed).collect::<Vec<Signed>>())
}

/// Reads a request that the next key has signed, and if so, that `present` has too.
pub fn read_request(text: &str, present: PublicKey) -> Result<Successor, RelayKeyTextError> {
    let signed: Vec<Signed> =
        text::read(REQUEST, text, REQUEST_BYTES_MAX).ok_or(RelayKeyTextError::Mistyped)?;
    let (own, by) = match signed.as_slice() {
        [own] => (own, None),
        [own, by] if own.body == by.body => (own, Some(by)),
        _ => return Err(RelayKeyTextError::Mistyped),
    };
    let said: RelaySuccessor =
        codec::decode(&own.body, REQUEST_BYTES_MAX).map_err(|_| RelayKeyTextError::Mistyped)?;
    let unverified = |_| RelayKeyTextError::Unverified;
    let key = PublicKey::of_signer(said.relay, Label::RelaySuccessor, own).map_err(unverified)?;
    if let Some(by) = by {
        present.verify(Label::RelaySuccessor, by).map_err(unverified)?;
    }
    Ok(Successor { key, by_present: by.is_some(), created: said.created })
}

/// What the operator and the registrar compare by voice.
pub fn fingerprint(key: PublicKey) -> Digest {
    framed::hash(Label::Fingerprint, key.as_bytes())
}

/// All that a directory says about itself: who runs it, and which keys its relay has. It replays by itself, so that whoever
/// cannot reach the relay any more learns its key from anybody who can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcements {
    statements: Vec<Signed>,
}

impl Announcements {
    /// Those of a directory.
    pub fn of(directory: &Directory) -> Self {
        Self { statements: directory.leaves_about_itself().filter_map(|leaf| read(leaf)).collect() }
    }

    /// The text that people pass on.
    pub fn to_text(&self) -> String {
        text::write(ANNOUNCEMENTS, self)
    }

    /// Reads the text; white space in it is ignored.
    pub fn from_text(text: &str) -> Result<Self, RelayKeyTextError> {
        text::read(ANNOUNCEMENTS, text, ANNOUNCEMENTS_BYTES_MAX).ok_or(RelayKeyTextError::Mistyped)
    }

    /// Replays them for whoever has pinned this registrar, who must be one of theirs.
    pub fn verify(&self, registrar: &[u8; 32]) -> Result<RelayKeys, RelayKeyTextError> {
        let run_by = self.replay()?;
        if run_by.has_had_registrar(registrar) {
            Ok(run_by.relay)
        } else {
            Err(RelayKeyTextError::OtherRegistrar)
        }
    }

    /// Replays them. Who says all this is still to be seen.
    pub fn replay(&self) -> Result<Authority, RelayKeyTextError> {
        Self::replay_of(&self.statements)
    }

    /// Who has founded the directory.
    pub fn founder(&self) -> Option<[u8; 32]> {
        signers_about_itself(&leaf(self.statements.first()?)).first().copied()
    }

    /// The relay's keys that this registrar vouches for by its own signature: all if it has founded the directory, else those up to
    /// the last statement that it has signed, which names all before it by their hashes. What other registrars have announced since
    /// is their word.
    pub fn vouched_for_by(&self, registrar: &[u8; 32]) -> Option<RelayKeys> {
        let has_signed = |signed: &Signed| signers_about_itself(&leaf(signed)).contains(registrar);
        let vouched = if self.founder().as_ref() == Some(registrar) {
            &self.statements[..]
        } else {
            self.statements.get(..=self.statements.iter().rposition(has_signed)?)?
        };
        Self::replay_of(vouched).ok().map(|run_by| run_by.relay)
    }

    fn replay_of(statements: &[Signed]) -> Result<Authority, RelayKeyTextError> {
        let mut directory = Directory::new();
        for signed in statements {
            directory.append(&leaf(signed)).map_err(|_| RelayKeyTextError::OtherRegistrar)?;
        }
        directory.authority().cloned().ok_or(RelayKeyTextError::OtherRegistrar)
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.statements.len() as u64
    }

    /// Whether these begin with all of the others.
    pub fn continue_those(&self, others: &Self) -> bool {
        self.statements.starts_with(&others.statements)
    }
}

fn read(leaf: &[u8]) -> Option<Signed> {
    codec::decode(leaf, STATEMENT_BYTES_MAX).ok()
}

#[cfg(test)]
mod tests {
    use causeway_common::ids::OrgId;
    use causeway_common::statements::{
        DirectoryGenesis, RegistrarKeys, Registrars, RelayKey, Statement, StatementKind,
    };

    use super::*;
    use crate::directory::{ITSELF, sign_statement};
    use crate::registrars::{Candidacy, Nomination};

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn bytes(seed: u8) -> [u8; 32] {
        *key(seed).public().as_bytes()
    }

    /// A directory that the registrar 1 runs with the relay 3, whose key becomes 50.
    fn directory() -> Directory {
        let mut directory = Directory::new();
        let genesis =
            DirectoryGenesis { registrar: bytes(1), registrar_tls: bytes(2), relay: bytes(3), threshold: 1 };
        let next = RelayKey { relay: bytes(50), from: Timestamp(100) };
        let said = [
            (StatementKind::Genesis, codec::encode(&genesis)),
            (StatementKind::RelayKey, codec::encode(&next)),
        ];
        for (kind, payload) in said {
            let (sequence, previous) = directory.next_link(ITSELF);
            let (org, time, signer) = (OrgId([0; 32]), Timestamp(9), bytes(1));
            let statement = Statement { kind, org, sequence, previous, time, signer, payload };
            directory.append(&leaf(&sign_statement(&statement, &key(1)))).unwrap();
        }
        directory
    }

    #[test]
    fn a_request_is_signed_by_the_next_key_and_by_the_present_one_if_it_is_there() {
        let present = key(3).public();
        let vouched = request(&key(50), Some(&key(3)), Timestamp(7));
        let read = read_request(&format!(" {vouched}\n"), present).unwrap();
        let expected = Successor { key: key(50).public(), by_present: true, created: Timestamp(7) };
        assert_eq!(read, expected);
        let alone = request(&key(50), None, Timestamp(7));
        assert_eq!(read_request(&alone, present), Ok(Successor { by_present: false, ..expected }));
        let of_another = request(&key(50), Some(&key(4)), Timestamp(7));
        assert_eq!(read_request(&of_another, present), Err(RelayKeyTextError::Unverified));
        for at in REQUEST.len()..vouched.len() {
            let mut slip = vouched.clone().into_bytes();
            slip[at] = if slip[at] == b'A' { b'B' } else { b'A' };
            let slip = String::from_utf8(slip).unwrap();
            assert_eq!(read_request(&slip, present), Err(RelayKeyTextError::Mistyped), "at {at}");
        }
    }

    #[test]
    fn nobody_asks_for_a_key_that_they_do_not_hold_or_moves_a_signature() {
        let said = |relay, created| {
            codec::encode(&RelaySuccessor { relay: bytes(relay), created: Timestamp(created) })
        };
        let by = |seed, body: &[u8]| key(seed).sign(Label::RelaySuccessor, body.to_vec());
        let (body, other) = (said(50, 7), said(50, 8));
        let wrong: [(&str, Vec<Signed>, RelayKeyTextError); 5] = [
            ("nobody signs", vec![], RelayKeyTextError::Mistyped),
            ("only the present key", vec![by(3, &body)], RelayKeyTextError::Unverified),
            ("another than the next", vec![by(51, &body), by(3, &body)], RelayKeyTextError::Unverified),
            ("over another request", vec![by(50, &body), by(3, &other)], RelayKeyTextError::Mistyped),
            (
                "for another purpose",
                vec![by(50, &body), key(3).sign(Label::RelayAck, body.clone())],
                RelayKeyTextError::Unverified,
            ),
        ];
        for (what, signed, error) in wrong {
            assert_eq!(read_request(&text::write(REQUEST, &signed), key(3).public()), Err(error), "{what}");
        }
    }

    fn next(directory: &mut Directory, kind: StatementKind, payload: Vec<u8>, by: u8) {
        let (sequence, previous) = directory.next_link(ITSELF);
        let (org, time, signer) = (OrgId([0; 32]), Timestamp(9), bytes(by));
        let statement = Statement { kind, org, sequence, previous, time, signer, payload };
        directory.append(&leaf(&sign_statement(&statement, &key(by)))).unwrap();
    }

    #[test]
    fn a_registrar_vouches_for_what_it_has_signed_and_not_for_who_names_it() {
        let relay_key = |seed, from| codec::encode(&RelayKey { relay: bytes(seed), from: Timestamp(from) });
        let mut log = directory();
        let mut registrars =
            [(1, 2), (4, 5)].map(|(key, tls)| RegistrarKeys { key: bytes(key), tls_key: bytes(tls) });
        registrars.sort_unstable_by_key(|keys| keys.key);
        let nomination = Nomination {
            relay_address: String::new(),
            relay_key: bytes(3),
            registrar_key: bytes(1),
            directory: log.authority().unwrap().founding(),
        };
        let keys = RegistrarKeys { key: bytes(4), tls_key: bytes(5) };
        let candidacy = key(4).sign(Label::RegistrarRequest, codec::encode(&Candidacy { nomination, keys }));
        let registrars = registrars.to_vec();
        let both = Registrars { registrars, threshold: 1, candidacies: vec![candidacy] };
        next(&mut log, StatementKind::Registrars, codec::encode(&both), 1);
        let named = Announcements::of(&log);
        assert!(named.replay().unwrap().has_had_registrar(&bytes(4)));
        assert_eq!(
            named.vouched_for_by(&bytes(4)),
            None,
            "it wants to be one, and has said nothing of a relay"
        );
        next(&mut log, StatementKind::RelayKey, relay_key(51, 200), 4);
        next(&mut log, StatementKind::RelayKey, relay_key(52, 300), 1);
        let said = Announcements::of(&log);
        let has = |by, seed| said.vouched_for_by(&bytes(by)).unwrap().has(key(seed).public());
        assert_eq!(said.founder(), Some(bytes(1)));
        for (by, seed, vouches) in [(1, 3, true), (1, 52, true), (4, 3, true), (4, 51, true), (4, 52, false)]
        {
            assert_eq!(has(by, seed), vouches, "{by} {seed}");
        }
        assert_eq!(said.vouched_for_by(&bytes(9)), None);
    }

    #[test]
    fn announcements_replay_by_themselves_for_who_knows_the_registrar() {
        let said = Announcements::of(&directory());
        let text = said.to_text();
        let read = Announcements::from_text(&text).unwrap();
        assert_eq!((read.count(), &read), (2, &said));
        let keys = read.verify(&bytes(1)).unwrap();
        assert_eq!(keys.in_force(Timestamp(100)).key, key(50).public());
        assert_eq!(read.verify(&bytes(9)), Err(RelayKeyTextError::OtherRegistrar));
        let first = Announcements { statements: said.statements[..1].to_vec() };
        assert!(said.continue_those(&first) && !first.continue_those(&said));
        let mut forged = said.clone();
        forged.statements[1] = key(9).sign(Label::LogEntry, forged.statements[1].body.clone());
        assert_eq!(forged.verify(&bytes(1)), Err(RelayKeyTextError::OtherRegistrar));
        let headless = Announcements { statements: said.statements[1..].to_vec() };
        assert_eq!(headless.verify(&bytes(1)), Err(RelayKeyTextError::OtherRegistrar));
        assert_eq!(Announcements::from_text(&text[..text.len() - 1]), Err(RelayKeyTextError::Mistyped));
    }
}
