//! A workstation that comes back for an organisation which has none left, and what a root on paper signs for it.

use causeway_certs::directory::{self, Organisation};
use causeway_certs::keys::SigningKey;
use causeway_certs::recovery::{Offer, Request};
use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::Digest;
use causeway_common::statements::{
    OrgRecord, REVOKED_LOST, ROLE_ADMINISTRATOR, ROLE_STAFF, RecordChange, RevokedDevice, RosterDevice,
    Statement, StatementKind,
};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{FreshRoots, Identity, ROSTER_LIFE, Role, fresh_seeds, label_hash};

/// How this workstation has asked to come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stored")]
pub struct Returned {
    /// What the registrar has given.
    pub offer: Offer,
    /// The request; the same text every time.
    pub request: String,
    /// The root that the organisation will have.
    pub root: [u8; 32],
}

impl Identity {
    /// A new workstation that will be the organisation's only one, by a root from paper: with the present one at once, with
    /// any other after the registrar's recovery, and then with a fresh key as the one that follows. Only the root that the
    /// organisation has committed to will be believed.
    pub fn come_back(
        offer: &Offer,
        root: &SigningKey,
        device_name: &str,
        now: Timestamp,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Self {
        let public = *root.public().as_bytes();
        let at_once = public == offer.root;
        let following = SigningKey::generate(rng);
        let (next_root, fresh_roots) = if at_once {
            (offer.next_root, FreshRoots::default())
        } else {
            (framed::sha256(following.public().as_bytes()), FreshRoots(vec![*following.seed()]))
        };
        let mut identity = Self {
            role: Role::Member,
            relay_address: offer.relay_address.clone(),
            relay_key: offer.relay_key,
            registrar_key: offer.registrar_key,
            org: offer.org,
            name: offer.name.clone(),
            country: offer.country.clone(),
            device_name: device_name.to_owned(),
            roster: Digest([0; 32]),
            seeds: fresh_seeds(rng),
            enrolment: Vec::new(),
            claim: Vec::new(),
            linked: None,
            nominated: None,
            returned: None,
            fresh_roots,
        };
        let request = identity.ask_to_come_back(offer, root, next_root, at_once, now).to_text(root);
        identity.returned = Some(Box::new(Returned { offer: offer.clone(), request, root: public }));
        identity
    }

    fn ask_to_come_back(
        &self,
        offer: &Offer,
        root: &SigningKey,
        next_root: Digest,
        at_once: bool,
        now: Timestamp,
    ) -> Request {
        let signer = *root.public().as_bytes();
        let record = OrgRecord {
            org: offer.org,
            sequence: offer.record,
            root: signer,
            next_root,
            administrators: vec![*self.administrator_key().as_bytes()],
            threshold: 1,
        };
        let record = root.sign(Label::OrgRecord, codec::encode(&record));
        let (sequence, previous) = offer.link;
        let change = Statement {
            kind: StatementKind::RecordChange,
            org: offer.org,
            sequence,
            previous,
            time: now,
            signer,
            payload: codec::encode(&RecordChange { record: record.clone() }),
        };
        let change = at_once.then(|| directory::sign_statement(&change, root)).into_iter().collect();
        let tls_key = *self.tls_key().public().as_bytes();
        Request { org: offer.org, record, change, tls_key, created: now }
    }

    /// How it has asked to come back; none for other workstations.
    pub fn returned(&self) -> Option<&Returned> {
        self.returned.as_deref()
    }

    /// The roster of an organisation that begins again: this workstation alone, everything before it lost.
    pub(crate) fn alone(
        &self,
        own: &Organisation,
        now: Timestamp,
    ) -> (Vec<RosterDevice>, Vec<RevokedDevice>) {
        let before = own.roster.iter().flat_map(|roster| &roster.devices);
        let lost = before.filter(|listed| listed.device != self.device()).map(|listed| RevokedDevice {
            device: listed.device,
            reason: REVOKED_LOST,
            compromised_since: now,
            at: now,
        });
        let revoked = own.revoked.values().cloned().chain(lost).collect();
        let signing = self.device_key().public();
        let this = RosterDevice {
            device: signing.device_id(),
            signing_key: *signing.as_bytes(),
            tls_key: *self.tls_key().public().as_bytes(),
            roles: ROLE_ADMINISTRATOR | ROLE_STAFF,
            clearance: u32::MAX,
            added_sequence: own.next_roster().0,
            label_hash: label_hash(&self.device_name),
            expires: now.plus(ROSTER_LIFE),
        };
        (vec![this], revoked)
    }
}
