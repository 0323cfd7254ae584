//! Organisations on paper: what they sign to be admitted and to change, made from any random source, without a program
//! that acts for them.

use std::time::Duration;

use causeway_certs::directory::{self, Directory};
use causeway_certs::keys::SigningKey;
use causeway_certs::roster;
use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{Digest, OrgId};
use causeway_common::signed::Signed;
use causeway_common::statements::{
    Admission, DirectoryGenesis, OrgGenesis, OrgRecord, RevokedDevice, Roster, RosterChange, RosterDevice,
    SignedRoster, Statement, StatementKind,
};
use causeway_common::time::Timestamp;
use rand_chacha::ChaCha20Rng;
use serde::Serialize;

/// How long what is signed here is valid.
const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// `reason` of a revocation: nobody knows where the device is.
const LOST: u8 = 2;
const ZERO: Digest = Digest([0; 32]);

/// An organisation with all of its keys.
#[derive(Debug)]
pub struct Charter {
    /// Its name in the directory.
    pub org: OrgId,
    /// Its first statement, signed by its root.
    pub genesis: Signed,
    /// Its administrator, signed by its root.
    pub record: Signed,
    /// Its roster, as far as it has been changed here.
    pub roster: Roster,
    /// Signing and connection keys of the devices, in the order of the roster.
    pub devices: Vec<(SigningKey, SigningKey)>,
    administrator: SigningKey,
}

impl Charter {
    /// An organisation with this many devices.
    pub fn draw(name: &str, devices: usize, now: Timestamp, rng: &mut ChaCha20Rng) -> Self {
        let (root, next, administrator) = (key(rng), key(rng), key(rng));
        let genesis = OrgGenesis {
            name: name.into(),
            kind: "ngo".into(),
            country: "DE".into(),
            root: *root.public().as_bytes(),
            nonce: *next.public().as_bytes(),
            created: now,
        };
        let genesis = root.sign(Label::OrgGenesis, codec::encode(&genesis));
        let org = directory::org_id(&genesis.body);
        let record = OrgRecord {
            org,
            sequence: 1,
            root: *root.public().as_bytes(),
            next_root: framed::sha256(next.public().as_bytes()),
            administrators: vec![*administrator.public().as_bytes()],
            threshold: 1,
        };
        let record = root.sign(Label::OrgRecord, codec::encode(&record));
        let mut devices: Vec<_> = (0..devices).map(|_| (key(rng), key(rng))).collect();
        devices.sort_by_key(|(signing, _)| signing.public().device_id());
        let roster = Roster {
            org,
            sequence: 1,
            previous: ZERO,
            valid_from: now,
            valid_until: now.plus(LIFE),
            devices: devices.iter().map(|(signing, tls)| listed(signing, tls, 1, now)).collect(),
            revoked: Vec::new(),
        };
        Self { org, genesis, record, roster, devices, administrator }
    }

    /// The roster, signed by the administrator.
    pub fn signed_roster(&self) -> SignedRoster {
        roster::sign(&self.roster, &self.administrator)
    }

    /// The registrar's statement that admits it with its present roster, which must be its first.
    pub fn admission(&self, registrar: &SigningKey, now: Timestamp) -> Vec<u8> {
        let payload = Admission {
            genesis: self.genesis.clone(),
            record: self.record.clone(),
            roster: roster::digest(&codec::encode(&self.roster)),
        };
        leaf(((1, ZERO), self.org, StatementKind::Admission), registrar, now, &payload)
    }

    /// Puts a new device into the place of the `lost` one and gives the statement that says so, as it follows what the
    /// directory holds about this organisation.
    pub fn replace(
        &mut self,
        lost: usize,
        directory: &Directory,
        now: Timestamp,
        rng: &mut ChaCha20Rng,
    ) -> Vec<u8> {
        let previous = roster::digest(&codec::encode(&self.roster));
        let (gone, _) = self.devices.remove(lost);
        let device = gone.public().device_id();
        self.devices.push((key(rng), key(rng)));
        self.devices.sort_by_key(|(signing, _)| signing.public().device_id());
        let Roster { sequence, previous: before, devices, revoked, .. } = &mut self.roster;
        (*sequence, *before) = (*sequence + 1, previous);
        *devices = self.devices.iter().map(|(signing, tls)| listed(signing, tls, *sequence, now)).collect();
        revoked.push(RevokedDevice { device, reason: LOST, compromised_since: now, at: now });
        revoked.sort_by_key(|revoked| revoked.device);
        let payload = RosterChange { roster: roster::digest(&codec::encode(&self.roster)) };
        self.step(directory, StatementKind::RosterChange, &self.administrator, now, &payload)
    }

    /// The next statement about it after what the directory holds.
    pub fn step<T: Serialize>(
        &self,
        directory: &Directory,
        kind: StatementKind,
        signer: &SigningKey,
        now: Timestamp,
        payload: &T,
    ) -> Vec<u8> {
        leaf((directory.next_link(self.org), self.org, kind), signer, now, payload)
    }
}

/// The first statement of a directory.
pub fn directory_genesis(registrar: &SigningKey, tls: &SigningKey, relay: &SigningKey) -> Vec<u8> {
    let payload = DirectoryGenesis {
        registrar: *registrar.public().as_bytes(),
        registrar_tls: *tls.public().as_bytes(),
        relay: *relay.public().as_bytes(),
        threshold: 1,
    };
    leaf(((1, ZERO), OrgId(ZERO.0), StatementKind::Genesis), registrar, Timestamp(1), &payload)
}

fn leaf<T: Serialize>(
    ((sequence, previous), org, kind): ((u64, Digest), OrgId, StatementKind),
    signer: &SigningKey,
    time: Timestamp,
    payload: &T,
) -> Vec<u8> {
    let (signer_key, payload) = (*signer.public().as_bytes(), codec::encode(payload));
    let statement = Statement { kind, org, sequence, previous, time, signer: signer_key, payload };
    directory::leaf(&directory::sign_statement(&statement, signer))
}

fn key(rng: &mut ChaCha20Rng) -> SigningKey {
    SigningKey::generate(rng)
}

fn listed(signing: &SigningKey, tls: &SigningKey, added_sequence: u64, now: Timestamp) -> RosterDevice {
    let signing = signing.public();
    RosterDevice {
        device: signing.device_id(),
        signing_key: *signing.as_bytes(),
        tls_key: *tls.public().as_bytes(),
        roles: u32::MAX,
        clearance: u32::MAX,
        added_sequence,
        label_hash: framed::hash(Label::DeviceId, b"desk"),
        expires: now.plus(LIFE),
    }
}
