//! What an organisation and its registrar pass to each other, as text and by a way that both trust, when the organisation
//! has no workstation left: the registrar's [`Offer`], and the [`Request`] that a root on paper has signed.
//!
//! Neither holds a secret. The relay takes no part in it: it knows nothing yet of the workstation that comes back.

use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{Digest, OrgId};
use causeway_common::signed::Signed;
use causeway_common::statements::{OrgRecord, RecordChange, Statement, StatementKind};
use causeway_common::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::directory::{self, Organisation};
use crate::keys::{PublicKey, SigningKey};
use crate::{link, names, text};

const OFFER: &str = "causeway:recovery:";
const REQUEST: &str = "causeway:recovery-request:";
/// A host name of 253, a name of 120 characters of 4 bytes, keys; or three signatures and two records: less than this.
const TEXT_BYTES_MAX: usize = 2048;

/// Why an offer or a request is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryTextError {
    /// Not such a text, or a letter of it is wrong.
    #[error("this is not the text as it was given out: a letter is wrong or a part is missing")]
    Mistyped,
    /// Signed by none of the organisation's keys, or changed.
    #[error("the request is not signed by a key of this organisation")]
    Unverified,
    /// For another organisation.
    #[error("the request is for another organisation")]
    OtherOrganisation,
    /// The directory has changed since the offer was made.
    #[error("the directory has changed since the offer was made")]
    Outdated,
}

/// What a new workstation has to know of the network and of its organisation. Public, but for members' eyes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "passed on from one program to another")]
pub struct Offer {
    /// Where the relay listens.
    pub relay_address: String,
    /// The relay's key, pinned from here on.
    pub relay_key: [u8; 32],
    /// The registrar's key, pinned from here on.
    pub registrar_key: [u8; 32],
    /// The organisation, pinned from here on.
    pub org: OrgId,
    /// What it is called.
    pub name: String,
    /// Its country.
    pub country: String,
    /// Its present root.
    pub root: [u8; 32],
    /// SHA-256 of the root that will follow.
    pub next_root: Digest,
    /// Number of its next record.
    pub record: u64,
    /// Number and predecessor of the next statement about it.
    pub link: (u64, Digest),
}

impl Offer {
    /// The text that people pass on.
    pub fn to_text(&self) -> String {
        text::write(OFFER, self)
    }

    /// Reads the text; white space in it is ignored.
    pub fn from_text(text: &str) -> Result<Self, RecoveryTextError> {
        let offer: Self = from_text(OFFER, text)?;
        names::check_name(&offer.name).map_err(|_| RecoveryTextError::Mistyped)?;
        Ok(offer)
    }
}

/// What the organisation asks for, as its root on paper has signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "passed on from one program to another")]
pub struct Request {
    /// The organisation.
    pub org: OrgId,
    /// Its next record, label `org-record`: the new workstation's key is its only administrator.
    pub record: Signed,
    /// By the present root: the statement that puts the record in force at once. Empty: the next root asks, and waits.
    pub change: Vec<Signed>,
    /// The raw public key of the new workstation's connection.
    pub tls_key: [u8; 32],
    /// When it was made.
    pub created: Timestamp,
}

/// A request that holds together and fits the organisation as the directory has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// What it says.
    pub request: Request,
    /// The root that the organisation will have: the present one, or the next.
    pub root: PublicKey,
    /// What the two people compare.
    pub comparison: Digest,
}

impl Request {
    /// Signs it with the root of the record, as text to pass on.
    pub fn to_text(&self, root: &SigningKey) -> String {
        text::write(REQUEST, &root.sign(Label::OrgRecover, codec::encode(self)))
    }
}

/// What the two people compare: a hash over the whole request. None for a text that is no request.
pub fn comparison(text: &str) -> Option<Digest> {
    let signed: Signed = from_text(REQUEST, text).ok()?;
    Some(link::comparison(&codec::encode(&signed)))
}

/// Which organisation a request is for. Nothing of it has been verified.
pub fn organisation_of(text: &str) -> Result<OrgId, RecoveryTextError> {
    read(text).map(|(_, request)| request.org)
}

fn read(text: &str) -> Result<(Signed, Request), RecoveryTextError> {
    let signed: Signed = from_text(REQUEST, text)?;
    let request = codec::decode(&signed.body, TEXT_BYTES_MAX).map_err(|_| RecoveryTextError::Mistyped)?;
    Ok((signed, request))
}

/// Checks a request: signed by the root of its record, which is the organisation's present root or the one it has committed
/// to. That the statement in it is legal is the directory's question.
pub fn check(text: &str, org: &Organisation) -> Result<Checked, RecoveryTextError> {
    let (signed, request) = read(text)?;
    let malformed = |_| RecoveryTextError::Mistyped;
    let record: OrgRecord = codec::decode(&request.record.body, TEXT_BYTES_MAX).map_err(malformed)?;
    let root = PublicKey::from_bytes(record.root).map_err(|_| RecoveryTextError::Unverified)?;
    let own = [(Label::OrgRecover, &signed), (Label::OrgRecord, &request.record)];
    if own.into_iter().any(|(label, signed)| root.verify(label, signed).is_err()) {
        return Err(RecoveryTextError::Unverified);
    }
    PublicKey::from_bytes(request.tls_key).map_err(|_| RecoveryTextError::Unverified)?;
    if request.org != org.id || record.org != org.id {
        return Err(RecoveryTextError::OtherOrganisation);
    }
    if record.sequence != org.next_record() {
        return Err(RecoveryTextError::Outdated);
    }
    let entitled = match request.change.as_slice() {
        [] => framed::sha256(&record.root) == org.next_root,
        [change] => root == org.root && puts_in_force(change, &request.record),
        _ => false,
    };
    if !entitled {
        return Err(RecoveryTextError::Unverified);
    }
    let comparison = link::comparison(&codec::encode(&signed));
    Ok(Checked { request, root, comparison })
}

fn puts_in_force(change: &Signed, record: &Signed) -> bool {
    let Ok(Statement { kind, payload, .. }) = directory::open(&directory::leaf(change)) else { return false };
    let named = codec::decode::<RecordChange>(&payload, TEXT_BYTES_MAX).map(|change| change.record);
    kind == StatementKind::RecordChange && named.as_ref() == Ok(record)
}

fn from_text<T: Serialize + DeserializeOwned>(prefix: &str, text: &str) -> Result<T, RecoveryTextError> {
    text::read(prefix, text, TEXT_BYTES_MAX).ok_or(RecoveryTextError::Mistyped)
}

#[cfg(test)]
mod tests {
    use causeway_common::statements::{Admission, DirectoryGenesis, OrgGenesis};

    use super::*;
    use crate::directory::Directory;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn bytes(key: &SigningKey) -> [u8; 32] {
        *key.public().as_bytes()
    }

    const ROOT: u8 = 10;
    const NEXT: u8 = 11;

    fn record(org: OrgId, sequence: u64, root: u8) -> Signed {
        let record = OrgRecord {
            org,
            sequence,
            root: bytes(&key(root)),
            next_root: framed::sha256(&bytes(&key(root + 1))),
            administrators: vec![bytes(&key(20))],
            threshold: 1,
        };
        key(root).sign(Label::OrgRecord, codec::encode(&record))
    }

    fn statement(directory: &Directory, kind: StatementKind, org: OrgId, by: u8, payload: Vec<u8>) -> Signed {
        let (sequence, previous) = directory.next_link(org);
        let time = Timestamp(1);
        let statement = Statement { kind, org, sequence, previous, time, signer: bytes(&key(by)), payload };
        directory::sign_statement(&statement, &key(by))
    }

    /// A directory with one organisation.
    fn directory() -> (Directory, OrgId) {
        let mut directory = Directory::new();
        let payload = DirectoryGenesis {
            registrar: bytes(&key(1)),
            registrar_tls: bytes(&key(2)),
            relay: bytes(&key(3)),
            threshold: 1,
        };
        let nobody = OrgId([0; 32]);
        let genesis = statement(&directory, StatementKind::Genesis, nobody, 1, codec::encode(&payload));
        directory.append(&directory::leaf(&genesis)).unwrap();
        let founding = OrgGenesis {
            name: "Border Police".into(),
            kind: "police".into(),
            country: "DE".into(),
            root: bytes(&key(ROOT)),
            nonce: [7; 32],
            created: Timestamp(1),
        };
        let genesis = key(ROOT).sign(Label::OrgGenesis, codec::encode(&founding));
        let org = directory::org_id(&genesis.body);
        let admission = Admission { genesis, record: record(org, 1, ROOT), roster: Digest([5; 32]) };
        let admission = statement(&directory, StatementKind::Admission, org, 1, codec::encode(&admission));
        directory.append(&directory::leaf(&admission)).unwrap();
        (directory, org)
    }

    fn offer(directory: &Directory, org: OrgId) -> Offer {
        let found = directory.organisation(org).unwrap();
        Offer {
            relay_address: "relay.example:4433".into(),
            relay_key: bytes(&key(3)),
            registrar_key: bytes(&key(1)),
            org,
            name: found.name.clone(),
            country: found.country.clone(),
            root: bytes(&key(ROOT)),
            next_root: found.next_root,
            record: found.next_record(),
            link: directory.next_link(org),
        }
    }

    fn by_next(org: OrgId) -> Request {
        let record = record(org, 2, NEXT);
        Request { org, record, change: Vec::new(), tls_key: bytes(&key(30)), created: Timestamp(2) }
    }

    fn by_root(directory: &Directory, org: OrgId) -> Request {
        let record = record(org, 2, ROOT);
        let payload = codec::encode(&RecordChange { record: record.clone() });
        let change = vec![statement(directory, StatementKind::RecordChange, org, ROOT, payload)];
        Request { record, change, ..by_next(org) }
    }

    #[test]
    fn an_offer_round_trips_and_every_slip_is_noticed() {
        let (directory, org) = directory();
        let (offer, text) = (offer(&directory, org), offer(&directory, org).to_text());
        assert_eq!(Offer::from_text(&format!(" {} \n{}", &text[..40], &text[40..])), Ok(offer));
        for at in OFFER.len()..text.len() {
            let mut slip = text.clone().into_bytes();
            slip[at] = if slip[at] == b'A' { b'B' } else { b'A' };
            let slip = String::from_utf8(slip).unwrap();
            assert_eq!(Offer::from_text(&slip), Err(RecoveryTextError::Mistyped), "at {at}");
        }
        assert_eq!(Offer::from_text(&text[..text.len() - 1]), Err(RecoveryTextError::Mistyped));
        let request = by_next(org).to_text(&key(NEXT));
        assert_eq!(Offer::from_text(&request), Err(RecoveryTextError::Mistyped), "the other text");
    }

    #[test]
    fn a_request_is_taken_from_a_root_that_the_organisation_has_or_has_committed_to() {
        let (directory, org) = directory();
        let found = directory.organisation(org).unwrap();
        let recovery = by_next(org).to_text(&key(NEXT));
        let checked = check(&recovery, found).unwrap();
        assert_eq!((checked.root, checked.request), (key(NEXT).public(), by_next(org)));
        assert_eq!(comparison(&recovery), Some(checked.comparison));
        assert_eq!(organisation_of(&recovery), Ok(org));
        let at_once = by_root(&directory, org);
        let text = at_once.to_text(&key(ROOT));
        let checked = check(&text, found).unwrap();
        assert_eq!((checked.root, &checked.request), (key(ROOT).public(), &at_once));
        assert_ne!(comparison(&text), comparison(&recovery));
        let mut directory = directory.clone();
        directory.append(&directory::leaf(&at_once.change[0])).unwrap();
    }

    #[test]
    fn a_request_that_does_not_hold_is_refused_for_its_own_reason() {
        let (directory, org) = directory();
        let found = directory.organisation(org).unwrap();
        let other_org = OrgId([9; 32]);
        let by_third = Request { record: record(org, 2, 12), ..by_next(org) };
        let late = Request { record: record(org, 3, NEXT), ..by_next(org) };
        let waits = Request { change: Vec::new(), ..by_root(&directory, org) };
        let hurried = Request { change: by_root(&directory, org).change, ..by_next(org) };
        let mut forged = by_next(org);
        forged.record.signature = record(org, 2, ROOT).signature;
        let mut elsewhere = by_root(&directory, org);
        elsewhere.change = vec![statement(&directory, StatementKind::RecordChange, org, ROOT, Vec::new())];
        let wrong: [(&str, Request, u8, RecoveryTextError); 9] = [
            ("a root nobody has committed to", by_third, 12, RecoveryTextError::Unverified),
            ("signed by another than its record", by_next(org), ROOT, RecoveryTextError::Unverified),
            ("a record that is forged", forged, NEXT, RecoveryTextError::Unverified),
            ("the present root without its statement", waits, ROOT, RecoveryTextError::Unverified),
            ("the next root with the statement of the present", hurried, NEXT, RecoveryTextError::Unverified),
            ("a statement of another record", elsewhere, ROOT, RecoveryTextError::Unverified),
            (
                "no connection key",
                Request { tls_key: [0; 32], ..by_next(org) },
                NEXT,
                RecoveryTextError::Unverified,
            ),
            (
                "for another",
                Request { org: other_org, ..by_next(org) },
                NEXT,
                RecoveryTextError::OtherOrganisation,
            ),
            ("of another directory", late, NEXT, RecoveryTextError::Outdated),
        ];
        for (what, request, by, error) in wrong {
            assert_eq!(check(&request.to_text(&key(by)), found), Err(error), "{what}");
        }
        assert_eq!(check("causeway:recovery-request:AAAA", found), Err(RecoveryTextError::Mistyped));
    }
}
