//! Who this home is: keys, organisation, the relay it belongs to.

use causeway_certs::directory::{self, Directory};
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::registrars::Nomination;
use causeway_certs::{invite, roster};
use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::{INVITE_LIFE, STATEMENT_BYTES_MAX};
use causeway_common::signed::Signed;
use causeway_common::statements::{
    Admission, DirectoryGenesis, Invite, OrgGenesis, OrgRecord, RevokedDevice, Roster, RosterChange,
    RosterDevice, SignedRoster, Statement, StatementKind,
};
use causeway_common::time::Timestamp;
use causeway_common::wire::{Append, Claim, Enrol};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::time::Duration;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use self::linked::{Linked, label_hash};
pub use self::returned::Returned;

mod linked;
mod nominated;
mod returned;
mod stored;

/// A roster and its devices are valid this long before they must be renewed.
const ROSTER_LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Every role: the first device of an organisation may do everything.
const ALL_ROLES: u32 = u32::MAX;

/// What a home is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
#[expect(clippy::exhaustive_enums, reason = "stored")]
pub enum Role {
    /// Admits organisations; sends and receives no referrals.
    Registrar,
    /// A device of an organisation.
    Member,
}

impl From<Role> for u8 {
    fn from(role: Role) -> Self {
        match role {
            Role::Registrar => 1,
            Role::Member => 2,
        }
    }
}

impl TryFrom<u8> for Role {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::Registrar),
            2 => Ok(Self::Member),
            _ => Err("unknown role"),
        }
    }
}

/// Secret seeds, only ever inside the vault.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Seeds {
    /// The registrar's key. A member's is zeros: an organisation's roots belong on paper, and until they are there into the
    /// key store that forgets ([`crate::recovery`]). The first homes had the organisation's root here.
    root: [u8; 32],
    /// Zeros; the first homes had the root here that will follow.
    next_root: [u8; 32],
    administrator: [u8; 32],
    device: [u8; 32],
    tls: [u8; 32],
}

/// This home's identity, as it stands in the vault.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Registrar or member.
    pub role: Role,
    /// Where the relay listens.
    pub relay_address: String,
    /// The pinned relay key.
    pub relay_key: [u8; 32],
    /// The pinned registrar key.
    pub registrar_key: [u8; 32],
    /// This organisation; zeros for a registrar.
    pub org: OrgId,
    /// Its name.
    pub name: String,
    /// Its country.
    pub country: String,
    /// Name of this device, for colleagues.
    pub device_name: String,
    /// Hash of this organisation's roster as it was founded.
    pub roster: Digest,
    seeds: Seeds,
    /// What was sent to the relay to join, kept until admission so that it can be sent again.
    enrolment: Vec<Enrol>,
    claim: Vec<Claimed>,
    /// A record of its own in the vault, because the first homes were made without it.
    #[serde(skip)]
    pub(crate) linked: Option<Box<Linked>>,
    /// The same of a registrar who was nominated.
    #[serde(skip)]
    pub(crate) nominated: Option<Box<Nomination>>,
    /// The same of a workstation that comes back for its organisation.
    #[serde(skip)]
    pub(crate) returned: Option<Box<Returned>>,
    /// Roots that were made with this identity; only until it is stored.
    #[serde(skip)]
    pub(crate) fresh_roots: FreshRoots,
}

/// Seeds of new roots, on their way into the erasable key store.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(crate) struct FreshRoots(pub(crate) Vec<[u8; 32]>);

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claimed {
    invite_id: [u8; 16],
    genesis: Signed,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("role", &self.role).field("org", &self.org).finish_non_exhaustive()
    }
}

fn fresh_seeds(rng: &mut dyn rand_core::CryptoRng) -> Seeds {
    let mut seeds =
        Seeds { root: [0; 32], next_root: [0; 32], administrator: [0; 32], device: [0; 32], tls: [0; 32] };
    for seed in [&mut seeds.administrator, &mut seeds.device, &mut seeds.tls] {
        rng.fill_bytes(seed);
    }
    seeds
}

impl Identity {
    /// The key with which people get a number towards each partner. It never leaves this workstation, and nobody can compute the one
    /// number from another.
    pub(crate) fn person_key(&self) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(b"causeway/v1 person-id"), &self.seeds.device)
            .expand(b"", &mut *key)
            .expect("32 bytes are far below the limit of HKDF");
        key
    }

    /// A registrar of the relay whose claim code this is.
    pub fn found_registrar(claim: &Invite, now: Timestamp, rng: &mut dyn rand_core::CryptoRng) -> Self {
        let mut seeds = fresh_seeds(rng);
        rng.fill_bytes(&mut seeds.root);
        let registrar = SigningKey::from_seed(&seeds.root);
        let tls = SigningKey::from_seed(&seeds.tls);
        let payload = DirectoryGenesis {
            registrar: *registrar.public().as_bytes(),
            registrar_tls: *tls.public().as_bytes(),
            relay: claim.relay_key,
            threshold: 1,
        };
        let statement = Statement {
            kind: StatementKind::Genesis,
            org: OrgId([0; 32]),
            sequence: 1,
            previous: Digest([0; 32]),
            time: now,
            signer: payload.registrar,
            payload: codec::encode(&payload),
        };
        let genesis = directory::sign_statement(&statement, &registrar);
        let known = (claim.relay_address.clone(), claim.relay_key, payload.registrar);
        let claim = vec![Claimed { invite_id: claim.invite_id, genesis }];
        Self { claim, ..Self::registrar(known, seeds) }
    }

    /// A new organisation with its first device, as the invite names it. Its two roots come with it until
    /// [`crate::recovery::store`] has put them where they can be erased.
    pub fn found_organisation(
        signed: Signed,
        invite: &Invite,
        device_name: &str,
        now: Timestamp,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Self {
        let (root, next_root) = (SigningKey::generate(rng), SigningKey::generate(rng));
        let seeds = fresh_seeds(rng);
        let administrator = SigningKey::from_seed(&seeds.administrator);
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let genesis = OrgGenesis {
            name: invite.name.clone(),
            kind: invite.kind.clone(),
            country: invite.country.clone(),
            root: *root.public().as_bytes(),
            nonce,
            created: now,
        };
        let genesis = root.sign(Label::OrgGenesis, codec::encode(&genesis));
        let org = directory::org_id(&genesis.body);
        let record = OrgRecord {
            org,
            sequence: 1,
            root: *root.public().as_bytes(),
            next_root: framed::sha256(next_root.public().as_bytes()),
            administrators: vec![*administrator.public().as_bytes()],
            threshold: 1,
        };
        let record = root.sign(Label::OrgRecord, codec::encode(&record));
        let first = first_roster(org, &seeds, device_name, now);
        let signed_roster = roster::sign(&first, &administrator);
        let digest = roster::digest(&signed_roster.body);
        Self {
            role: Role::Member,
            relay_address: invite.relay_address.clone(),
            relay_key: invite.relay_key,
            registrar_key: invite.registrar_key,
            org,
            name: invite.name.clone(),
            country: invite.country.clone(),
            device_name: device_name.to_owned(),
            roster: digest,
            seeds,
            enrolment: vec![Enrol { invite: signed, genesis, record, roster: signed_roster }],
            claim: Vec::new(),
            linked: None,
            nominated: None,
            returned: None,
            fresh_roots: FreshRoots(vec![*root.seed(), *next_root.seed()]),
        }
    }

    /// Another device of the same organisation, with keys of its own. It counts once a roster lists it.
    #[must_use]
    pub fn beside(&self, device_name: &str, rng: &mut dyn rand_core::CryptoRng) -> Self {
        Self {
            device_name: device_name.to_owned(),
            seeds: fresh_seeds(rng),
            enrolment: Vec::new(),
            claim: Vec::new(),
            fresh_roots: FreshRoots::default(),
            ..self.clone()
        }
    }

    /// How a roster lists this device.
    pub fn listed(&self, clearance: u32, added_sequence: u64, expires: Timestamp) -> RosterDevice {
        let signing = self.device_key().public();
        RosterDevice {
            device: signing.device_id(),
            signing_key: *signing.as_bytes(),
            tls_key: *self.tls_key().public().as_bytes(),
            roles: 0,
            clearance,
            added_sequence,
            label_hash: framed::hash(Label::DeviceId, self.device_name.as_bytes()),
            expires,
        }
    }

    /// The request that redeems the invite; none once it has been forgotten.
    pub fn enrolment(&self) -> Option<&Enrol> {
        self.enrolment.first()
    }

    /// The request that makes this home the registrar.
    pub fn claim(&self) -> Option<Claim> {
        let claimed = self.claim.first()?;
        Some(Claim { invite_id: claimed.invite_id, genesis: claimed.genesis.clone() })
    }

    /// Key of this device's connection.
    pub fn tls_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.seeds.tls)
    }

    /// Key that signs packets, prekeys and receipts.
    pub fn device_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.seeds.device)
    }

    /// This device.
    pub fn device(&self) -> DeviceId {
        self.device_key().public().device_id()
    }

    /// The fingerprint to compare with the registrar, as long as the directory does not know this organisation. Afterwards
    /// [`Organisation::fingerprint`] counts, because roots change.
    ///
    /// [`Organisation::fingerprint`]: causeway_certs::directory::Organisation::fingerprint
    pub fn fingerprint(&self) -> Digest {
        if let Some(linked) = self.linked() {
            return linked.code.root;
        }
        if let Some(root) = self.returned().and_then(|returned| PublicKey::from_bytes(returned.root).ok()) {
            return causeway_certs::fingerprint::fingerprint(self.org, root);
        }
        let founded = self.enrolment().and_then(|enrol| {
            let founding: OrgGenesis = codec::decode(&enrol.genesis.body, STATEMENT_BYTES_MAX).ok()?;
            PublicKey::from_bytes(founding.root).ok()
        });
        let root = founded.unwrap_or_else(|| SigningKey::from_seed(&self.seeds.root).public());
        causeway_certs::fingerprint::fingerprint(self.org, root)
    }

    /// Invites an organisation. Only the registrar's signature makes it valid.
    pub fn invite(
        &self,
        name: &str,
        kind: &str,
        country: &str,
        now: Timestamp,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> (String, Timestamp) {
        let mut invite_id = [0; 16];
        rng.fill_bytes(&mut invite_id);
        let expires = now.plus(INVITE_LIFE);
        let body = Invite {
            invite_id,
            relay_address: self.relay_address.clone(),
            relay_key: self.relay_key,
            registrar_key: *self.registrar_key().public().as_bytes(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            country: country.to_owned(),
            expires,
        };
        (invite::to_text(&invite::sign(&body, &self.registrar_key())), expires)
    }

    /// Admits an applicant: the statement that goes into the directory.
    pub fn admit(&self, directory: &Directory, application: &Enrol, now: Timestamp) -> Append {
        let org = directory::org_id(&application.genesis.body);
        let admission = codec::encode(&Self::admission(application));
        self.state(directory, org, StatementKind::Admission, admission, now)
    }

    /// What is said of an applicant.
    pub(crate) fn admission(application: &Enrol) -> Admission {
        Admission {
            genesis: application.genesis.clone(),
            record: application.record.clone(),
            roster: roster::digest(&application.roster.body),
        }
    }

    /// The registrar's next statement about an organisation, or about the directory itself.
    pub fn state(
        &self,
        directory: &Directory,
        org: OrgId,
        kind: StatementKind,
        payload: Vec<u8>,
        now: Timestamp,
    ) -> Append {
        let statement = statement(directory, org, kind, payload, now, &self.registrar_key());
        Append::new(statement, None)
    }

    /// The next roster of this organisation, signed by this device's administrator: the devices that count, and those that no
    /// longer do. Both are put in order.
    pub fn next_roster(
        &self,
        directory: &Directory,
        mut devices: Vec<RosterDevice>,
        mut revoked: Vec<RevokedDevice>,
        now: Timestamp,
    ) -> Option<SignedRoster> {
        let (sequence, previous) = directory.organisation(self.org)?.next_roster();
        devices.sort_unstable_by_key(|device| device.device);
        revoked.sort_unstable_by_key(|device| device.device);
        let (valid_from, valid_until) = (now, now.plus(ROSTER_LIFE));
        let next = Roster { org: self.org, sequence, previous, valid_from, valid_until, devices, revoked };
        Some(roster::sign(&next, &SigningKey::from_seed(&self.seeds.administrator)))
    }

    /// Adds this device's administrator's signature to a roster.
    pub fn countersign(&self, roster: &mut SignedRoster) {
        roster::countersign(roster, &SigningKey::from_seed(&self.seeds.administrator));
    }

    /// The statement that puts a signed roster in force.
    pub fn name_roster(&self, directory: &Directory, signed: SignedRoster, now: Timestamp) -> Append {
        let change = codec::encode(&RosterChange { roster: roster::digest(&signed.body) });
        let administrator = SigningKey::from_seed(&self.seeds.administrator);
        let kind = StatementKind::RosterChange;
        let statement = statement(directory, self.org, kind, change, now, &administrator);
        Append::new(statement, Some(signed))
    }

    /// Both at once, where one signature is enough.
    pub fn change_roster(
        &self,
        directory: &Directory,
        devices: Vec<RosterDevice>,
        revoked: Vec<RevokedDevice>,
        now: Timestamp,
    ) -> Option<Append> {
        let signed = self.next_roster(directory, devices, revoked, now)?;
        Some(self.name_roster(directory, signed, now))
    }

    /// The key with which a registrar's home signs.
    pub(crate) fn registrar_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.seeds.root)
    }

    /// The same, for an invite that names another key of the relay.
    pub(crate) fn known_by(&self, relay_key: [u8; 32]) -> Self {
        Self { relay_key, ..self.clone() }
    }

    /// The pinned relay key, checked.
    pub fn relay(&self) -> Result<PublicKey, causeway_certs::keys::SignatureError> {
        PublicKey::from_bytes(self.relay_key)
    }
}

fn statement(
    directory: &Directory,
    org: OrgId,
    kind: StatementKind,
    payload: Vec<u8>,
    now: Timestamp,
    signer: &SigningKey,
) -> Signed {
    let (sequence, previous) = directory.next_link(org);
    let key = *signer.public().as_bytes();
    let statement = Statement { kind, org, sequence, previous, time: now, signer: key, payload };
    directory::sign_statement(&statement, signer)
}

fn first_roster(org: OrgId, seeds: &Seeds, device_name: &str, now: Timestamp) -> Roster {
    let signing = SigningKey::from_seed(&seeds.device).public();
    let device = RosterDevice {
        device: signing.device_id(),
        signing_key: *signing.as_bytes(),
        tls_key: *SigningKey::from_seed(&seeds.tls).public().as_bytes(),
        roles: ALL_ROLES,
        clearance: u32::MAX,
        added_sequence: 1,
        label_hash: label_hash(device_name),
        expires: now.plus(ROSTER_LIFE),
    };
    Roster {
        org,
        sequence: 1,
        previous: Digest([0; 32]),
        valid_from: now,
        valid_until: now.plus(ROSTER_LIFE),
        devices: vec![device],
        revoked: Vec::new(),
    }
}
