//! The registrar's word, and devices that come and go.

use causeway_certs::keys::SigningKey;
use causeway_certs::transport::Dialer as _;
use causeway_client::exclusion::{self, ExclusionError};
use causeway_client::model::Thread;
use causeway_client::records;
use causeway_client::seal::hybrid;
use causeway_client::seal::open::{OpenedPacket, unseal};
use causeway_common::codec;
use causeway_common::envelope::PrekeyKind;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, Digest};
use causeway_common::statements::{DeviceStatus, Prekey, RevokedDevice, RosterDevice};
use causeway_common::time::Timestamp;
use causeway_common::wire::{DeviceState, Done, Hello, PROTOCOL_VERSION, PublishPrekeys, Push, Welcome};
use causeway_tests::hostile::rogue::Rogue;
use causeway_tests::hostile::scene::{Actor, Scene};

/// `reason` of a revocation.
pub(crate) const RETIRED: u8 = 1;
pub(crate) const LOST: u8 = 2;
pub(crate) const COMPROMISED: u8 = 3;

/// A hotline and the police, who know each other.
pub(crate) async fn two() -> (Scene, Actor, Actor) {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    (scene, hotline, police)
}

pub(crate) async fn suspend(
    scene: &Scene,
    org: &Actor,
    reason: u8,
    since: Option<Timestamp>,
) -> Result<(), ExclusionError> {
    let registrar = scene.registrar();
    let link = exclusion::connect(&registrar.engine, &registrar.dialer()).await?;
    exclusion::suspend(&registrar.engine, &*link, org.org(), reason, since).await.map(drop)
}

pub(crate) async fn reinstate(scene: &Scene, org: &Actor, vetted: u8) -> Result<(), ExclusionError> {
    let registrar = scene.registrar();
    let link = exclusion::connect(&registrar.engine, &registrar.dialer()).await?;
    exclusion::reinstate(&registrar.engine, &*link, org.org(), vetted).await
}

/// The thread of the packet with this number, if there is one.
pub(crate) fn thread(of: &Actor, number: u8) -> Option<Thread> {
    records::thread(&of.engine.vault, &[number; 32]).unwrap()
}

/// A second device of an organisation, which speaks in raw frames.
pub(crate) struct Spare {
    signing: SigningKey,
    tls: SigningKey,
    seed: [u8; 32],
}

impl Spare {
    pub(crate) fn new(seed: u8) -> Self {
        let key = |purpose: u8| SigningKey::from_seed(&[seed ^ purpose; 32]);
        Self { signing: key(0x10), tls: key(0x20), seed: [seed ^ 0x30; 32] }
    }

    /// Seed of the key that it signs with.
    pub(crate) fn signer(&self) -> [u8; 32] {
        [self.seed[0] ^ 0x30 ^ 0x10; 32]
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.signing.public().device_id()
    }

    fn entry(&self) -> RosterDevice {
        RosterDevice {
            device: self.id(),
            signing_key: *self.signing.public().as_bytes(),
            tls_key: *self.tls.public().as_bytes(),
            roles: 0,
            clearance: u32::MAX,
            added_sequence: 2,
            label_hash: Digest([0; 32]),
            expires: Timestamp(u64::MAX),
        }
    }

    /// Connects with this device's key.
    pub(crate) async fn connect<'a>(&self, org: &'a Actor) -> Rogue<'a> {
        let link = org.dialer().with_key(self.tls.public()).dial().await.unwrap();
        let rogue = Rogue { actor: org, link };
        let _: Welcome = rogue.ask(&Hello { versions: vec![PROTOCOL_VERSION] }).await.unwrap();
        rogue
    }

    /// Leaves prekeys at the relay.
    pub(crate) async fn publish(&self, org: &Actor) {
        let now = org.engine.now();
        let prekey = |number, kind| {
            let prekey = Prekey {
                org: org.org(),
                device: self.id(),
                number,
                kind,
                epoch: 1,
                not_before: now,
                not_after: now.plus(std::time::Duration::from_secs(24 * 60 * 60)),
                public: hybrid::public_of(&self.seed),
            };
            self.signing.sign(Label::Prekey, codec::encode(&prekey))
        };
        let status = DeviceStatus {
            device: self.id(),
            epoch: 1,
            epoch_min: 1,
            last_resort: 9,
            one_time_remaining: 1,
            key_store_generation: 1,
            log_size: 1,
            time: now,
        };
        let status = self.signing.sign(Label::DeviceStatus, codec::encode(&status));
        let prekeys = vec![prekey(7, PrekeyKind::OneTime), prekey(9, PrekeyKind::LastResort)];
        let rogue = self.connect(org).await;
        let _: DeviceState = rogue.ask(&PublishPrekeys { status, prekeys }).await.unwrap();
    }

    /// Opens what was pushed to this device.
    pub(crate) fn open(&self, push: &Push, org: &Actor, sender: &Actor) -> OpenedPacket {
        let public = hybrid::public_of(&self.seed);
        let unsealed =
            unseal(&push.outer, &push.body, &push.wrap, org.org(), self.id(), &public, &self.seed).unwrap();
        unsealed.verify(&sender.engine.identity.device_key().public()).unwrap()
    }
}

/// The organisation revokes its first device, for `spare` to go on.
pub(crate) async fn replace_device(org: &Actor, spare: &Spare, reason: u8, compromised_since: Timestamp) {
    let (device, at) = (org.engine.identity.device(), org.engine.now());
    let revoked = vec![RevokedDevice { device, reason, compromised_since, at }];
    change_roster(org, vec![spare.entry()], revoked).await;
}

/// A second device joins the first one.
pub(crate) async fn add_device(org: &Actor, spare: &Spare) {
    change_roster(org, vec![first_device(org).await, spare.entry()], Vec::new()).await;
}

/// It leaves again.
pub(crate) async fn lose_device(org: &Actor, spare: &Spare) {
    let at = org.engine.now();
    let lost = RevokedDevice { device: spare.id(), reason: LOST, compromised_since: at, at };
    change_roster(org, vec![first_device(org).await], vec![lost]).await;
}

async fn first_device(org: &Actor) -> RosterDevice {
    let replica = org.engine.replica.lock().await;
    let own = replica.directory.organisation(org.org()).unwrap();
    own.device(org.engine.identity.device()).unwrap().clone()
}

async fn change_roster(org: &Actor, devices: Vec<RosterDevice>, revoked: Vec<RevokedDevice>) {
    let engine = &org.engine;
    let replica = engine.replica.lock().await;
    let now = engine.now();
    let append = engine.identity.change_roster(&replica.directory, devices, revoked, now).unwrap();
    drop(replica);
    let rogue = Rogue::connect(org).await;
    let _: Done = rogue.ask(&append).await.unwrap();
}
