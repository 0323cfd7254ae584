//! Devices that join an organisation after its first one, and what an administrator signs for them.

use causeway_certs::directory::{Directory, Organisation};
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::link::LinkCode;
use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::Digest;
use causeway_common::statements::{LinkRequest, OrgRecord, RecordChange, RosterDevice, StatementKind};
use causeway_common::time::Timestamp;
use causeway_common::wire::Append;
use serde::{Deserialize, Serialize};

use super::{FreshRoots, Identity, ROSTER_LIFE, Role, fresh_seeds, statement};

/// How this device has asked to join.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stored")]
pub struct Linked {
    /// The code it was given.
    pub code: LinkCode,
    /// The request it has made; the same bytes every time, so that asking again does no harm.
    #[serde(with = "serde_bytes")]
    pub request: Vec<u8>,
}

impl std::fmt::Debug for Linked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linked").finish_non_exhaustive()
    }
}

/// The hash that stands in rosters for a device's name.
pub fn label_hash(name: &str) -> Digest {
    framed::hash(Label::DeviceId, name.as_bytes())
}

impl Identity {
    /// A new device of an organisation that exists, with keys of its own that never leave it.
    pub fn link(
        code: &LinkCode,
        device_name: &str,
        now: Timestamp,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Self {
        let mut identity = Self {
            role: Role::Member,
            relay_address: code.relay_address.clone(),
            relay_key: code.relay_key,
            registrar_key: code.registrar_key,
            org: code.org,
            name: code.name.clone(),
            country: code.country.clone(),
            device_name: device_name.to_owned(),
            roster: Digest([0; 32]),
            seeds: fresh_seeds(rng),
            enrolment: Vec::new(),
            claim: Vec::new(),
            linked: None,
            nominated: None,
            returned: None,
            fresh_roots: FreshRoots::default(),
        };
        let request = LinkRequest {
            org: code.org,
            signing_key: *identity.device_key().public().as_bytes(),
            tls_key: *identity.tls_key().public().as_bytes(),
            administrator_key: *identity.administrator_key().as_bytes(),
            name: device_name.to_owned(),
            created: now,
        };
        let request = code.request(&request, &identity.device_key());
        identity.linked = Some(Box::new(Linked { code: code.clone(), request }));
        identity
    }

    /// How it has asked to join; none for an organisation's first device.
    pub fn linked(&self) -> Option<&Linked> {
        self.linked.as_deref()
    }

    /// The key with which this device signs rosters, where it is an administrator's.
    pub fn administrator_key(&self) -> PublicKey {
        SigningKey::from_seed(&self.seeds.administrator).public()
    }

    /// Whether this device may sign rosters.
    pub fn is_administrator(&self, own: &Organisation) -> bool {
        own.administrators.contains(&self.administrator_key())
    }

    /// What a roster says of a device that is let in.
    pub fn entry_of(
        request: &LinkRequest,
        device: causeway_common::ids::DeviceId,
        (roles, clearance): (u32, u32),
        added_sequence: u64,
        now: Timestamp,
    ) -> RosterDevice {
        RosterDevice {
            device,
            signing_key: request.signing_key,
            tls_key: request.tls_key,
            roles,
            clearance,
            added_sequence,
            label_hash: label_hash(&request.name),
            expires: now.plus(ROSTER_LIFE),
        }
    }

    /// The organisation's next record, with other administrators and the rest as it is. Only the root can say so: none for
    /// another key.
    pub fn change_administrators(
        &self,
        directory: &Directory,
        mut administrators: Vec<[u8; 32]>,
        root: &SigningKey,
        now: Timestamp,
    ) -> Option<Append> {
        let own = directory.organisation(self.org).filter(|own| own.root == root.public())?;
        administrators.sort_unstable();
        let record = next_record(own, own.root, own.next_root, administrators);
        Some(self.sign_record(directory, &record, root, now))
    }

    /// The organisation's next record, which demands so many administrators' signatures under a roster. None for another key
    /// than the root, or for a number that the administrators cannot give.
    pub fn change_threshold(
        &self,
        directory: &Directory,
        threshold: u8,
        root: &SigningKey,
        now: Timestamp,
    ) -> Option<Append> {
        let own = directory.organisation(self.org).filter(|own| own.root == root.public())?;
        let possible = (1..=own.administrators.len()).contains(&usize::from(threshold));
        let administrators = own.administrators.iter().map(|key| *key.as_bytes()).collect();
        let record = OrgRecord { threshold, ..next_record(own, own.root, own.next_root, administrators) };
        possible.then(|| self.sign_record(directory, &record, root, now))
    }

    fn sign_record(
        &self,
        directory: &Directory,
        record: &OrgRecord,
        root: &SigningKey,
        now: Timestamp,
    ) -> Append {
        let change = RecordChange { record: root.sign(Label::OrgRecord, codec::encode(record)) };
        self.change_record(directory, &change, root, now)
    }

    /// The organisation's next record, by the root that it has committed to: that one takes over, with `following` as the
    /// hash of the one after. None if the keys are not those.
    pub fn change_root(
        &self,
        directory: &Directory,
        (root, next): (&SigningKey, &SigningKey),
        following: Digest,
        now: Timestamp,
    ) -> Option<Append> {
        let own = directory.organisation(self.org).filter(|own| own.root == root.public())?;
        let committed = framed::sha256(next.public().as_bytes()) == own.next_root;
        let administrators = own.administrators.iter().map(|key| *key.as_bytes()).collect();
        let record = next_record(own, next.public(), following, administrators);
        let change = RecordChange { record: next.sign(Label::OrgRecord, codec::encode(&record)) };
        committed.then(|| self.change_record(directory, &change, root, now))
    }

    fn change_record(
        &self,
        directory: &Directory,
        change: &RecordChange,
        root: &SigningKey,
        now: Timestamp,
    ) -> Append {
        let kind = StatementKind::RecordChange;
        let statement = statement(directory, self.org, kind, codec::encode(change), now, root);
        Append::new(statement, None)
    }
}

fn next_record(
    own: &Organisation,
    root: PublicKey,
    next_root: Digest,
    administrators: Vec<[u8; 32]>,
) -> OrgRecord {
    let (org, sequence, threshold) = (own.id, own.next_record(), own.threshold);
    OrgRecord { org, sequence, root: *root.as_bytes(), next_root, administrators, threshold }
}
