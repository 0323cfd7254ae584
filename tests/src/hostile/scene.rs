//! A relay and organisations over connections in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use causeway_certs::invite;
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::transport::{BoxFuture, Dialer, Link, LinkError, request};
use causeway_client::engine::{Draft, Engine};
use causeway_client::escalation::{self, Ticked};
use causeway_client::identity::Identity;
use causeway_client::membership;
use causeway_client::model::{PACKET_REFERRAL, Received, Sent, StoredSection};
use causeway_client::records;
use causeway_client::recovery;
use causeway_client::session::{self, Report, SessionError, Stay};
use causeway_client::vault::{Changes, Cost, MemoryEks, Vault};
use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::statements::{RevokedDevice, Roster};
use causeway_common::store::{Kv, MemoryKv, transact};
use causeway_common::time::{Clock, Timestamp};
use causeway_common::wire::Done;
use causeway_relay::blobs::{Blobs, MemoryBlobs};
use causeway_relay::config::Limits;
use causeway_relay::{Parts, Relay, server};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::liar::{Lies, LyingDialer};
use crate::link::Door;

/// Noon on a day in 2026.
const START: u64 = 1_790_000_000_000;
const HOUR_MS: u64 = 3_600_000;
/// Longer than any answer takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(60);
const PASSPHRASE: &str = "a passphrase for tests";

/// A clock that stands until it is moved. Everybody in a scene shares it.
#[derive(Clone, Debug)]
pub struct SceneClock(Arc<AtomicU64>);

impl SceneClock {
    /// Moves on.
    pub fn advance_hours(&self, hours: u64) {
        self.0.fetch_add(hours * HOUR_MS, Ordering::SeqCst);
    }
}

impl Clock for SceneClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A relay with its registrar.
#[derive(Debug)]
pub struct Scene {
    /// The relay, which keeps the rules.
    pub relay: Arc<Relay>,
    /// Its store.
    pub kv: MemoryKv,
    /// Its clock, and everybody's.
    pub clock: SceneClock,
    door: Arc<Door>,
    serving: tokio::task::JoinHandle<()>,
    registrar: Actor,
}

/// An organisation's device, or the registrar.
#[derive(Debug)]
pub struct Actor {
    /// The device.
    pub engine: Arc<Engine>,
    /// What its disk holds of the vault.
    pub kv: MemoryKv,
    /// And of the erasable key store.
    pub eks: MemoryEks,
    door: Arc<Door>,
    clock: SceneClock,
    staging: tempfile::TempDir,
}

/// The relay's key: a relay that lies holds it too.
pub fn relay_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn serve(
    kv: &MemoryKv,
    clock: &SceneClock,
    door: &Arc<Door>,
    limits: Limits,
) -> (Arc<Relay>, tokio::task::JoinHandle<()>) {
    let parts = Parts {
        kv: Arc::new(kv.clone()),
        blobs: Blobs::Memory(MemoryBlobs::default()),
        key: relay_key(),
        clock: Arc::new(clock.clone()),
    };
    let relay = Relay::open_limited(parts, limits).unwrap();
    let (serving, door) = (Arc::clone(&relay), Arc::clone(door));
    let serving = tokio::spawn(server::serve(serving, door as _, std::future::pending()));
    (relay, serving)
}

impl Scene {
    /// A fresh relay whose registrar has claimed it.
    pub async fn start() -> Self {
        Self::start_with(Limits::default()).await
    }

    /// The same with other limits.
    pub async fn start_with(limits: Limits) -> Self {
        let (kv, clock) = (MemoryKv::new(), SceneClock(Arc::new(AtomicU64::new(START))));
        let door = Door::new();
        let (relay, serving) = serve(&kv, &clock, &door, limits);
        let claim = relay.claim_code("relay.example:4433", [9; 16]).await.unwrap();
        let (_, claim) = invite::from_text(&claim).unwrap();
        let identity = Identity::found_registrar(&claim, clock.now(), &mut rng(0));
        let registrar = Actor::new(identity, &door, &clock, 0).await;
        membership::claim(&registrar.engine, &registrar.dialer()).await.unwrap();
        Self { relay, kv, clock, door, serving, registrar }
    }

    /// The relay starts again on an old copy of its store. Its attachments are gone too.
    pub fn restore(&mut self, backup: &MemoryKv) {
        self.serving.abort();
        self.kv = backup.snapshot();
        (self.relay, self.serving) = serve(&self.kv, &self.clock, &self.door, Limits::default());
    }

    /// The relay has none of a device's keys any more, as after a restoration, until the device connects.
    pub async fn forget_keys(&self, of: &Actor) {
        let device = of.engine.identity.device();
        let all = [b'p', b'l', b't'].map(|kind| [&[kind][..], &device.0].concat());
        let keys: Vec<Vec<u8>> = all
            .iter()
            .flat_map(|prefix| self.kv.scan(prefix, None, usize::MAX).unwrap())
            .map(|(key, _)| key)
            .collect();
        let forget = move |txn: &mut dyn causeway_common::store::Txn| {
            keys.iter().for_each(|key| txn.delete(key));
            Ok::<_, causeway_common::store::StoreError>(())
        };
        transact(&self.kv, forget).await.unwrap().unwrap();
    }

    /// An identity for `name` with an invite of this registrar; nobody has heard of it yet.
    pub fn applicant(&self, name: &str) -> Identity {
        let now = self.clock.now();
        let mut rng = rng(name.as_bytes()[0]);
        let (text, _) = self.registrar.engine.identity.invite(name, "ngo", "DE", now, &mut rng);
        let (signed, invite) = invite::from_text(&text).unwrap();
        Identity::found_organisation(signed, &invite, "desk", now, &mut rng)
    }

    /// A device with this identity, in the scene but not at the relay.
    pub async fn enter(&self, identity: Identity) -> Actor {
        let seed = identity.name.as_bytes()[0];
        Actor::new(identity, &self.door, &self.clock, seed).await
    }

    /// The same with randomness of its own: a second device of an organisation that is here.
    pub async fn enter_as(&self, identity: Identity, seed: u8) -> Actor {
        Actor::new(identity, &self.door, &self.clock, seed).await
    }

    /// An admitted organisation. Names begin with different letters.
    pub async fn join(&self, name: &str) -> Actor {
        let actor = self.enter(self.applicant(name)).await;
        membership::enrol(&actor.engine, &actor.dialer()).await.unwrap();
        let id = actor.org().to_string();
        membership::admit(&self.registrar.engine, &self.registrar.dialer(), &id).await.unwrap();
        assert!(membership::is_admitted(&actor.engine, &actor.dialer()).await.unwrap());
        actor
    }

    /// An admitted organisation that has connected once, so that others can write to it.
    pub async fn resident(&self, name: &str) -> Actor {
        let actor = self.join(name).await;
        actor.sync().await.unwrap();
        actor
    }

    /// A second workstation of an organisation, cleared for these sections. It has connected once; the first knows of it.
    pub async fn colleague(&self, first: &Actor, number: u8, clearance: u32) -> Actor {
        let identity = first.engine.identity.beside(&format!("desk {number}"), &mut rng(200 + number));
        first.list(&identity, clearance).await;
        let actor = Actor::new(identity, &self.door, &self.clock, 200 + number).await;
        actor.sync().await.unwrap();
        first.sync().await.unwrap();
        actor
    }

    /// The registrar's device.
    pub fn registrar(&self) -> &Actor {
        &self.registrar
    }

    /// What time it is for everybody.
    pub fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Envelopes that the relay has a record of.
    pub fn envelopes(&self) -> usize {
        self.kv.scan(b"v", None, usize::MAX).unwrap().len()
    }
}

impl Actor {
    async fn new(identity: Identity, door: &Arc<Door>, clock: &SceneClock, seed: u8) -> Self {
        let mut rng = rng(seed.wrapping_add(100));
        let (kv, eks) = (MemoryKv::new(), MemoryEks::default());
        let store = Arc::new(kv.clone());
        let (vault, _) =
            Vault::create(store, eks.clone(), PASSPHRASE, Cost::least(), &mut rng).await.unwrap();
        recovery::store(&vault, &identity, &mut rng).await.unwrap();
        let staging = tempfile::tempdir().unwrap();
        let path = staging.path().to_path_buf();
        let engine = Engine::open(vault, path, Arc::new(clock.clone()), Box::new(rng)).unwrap();
        let (engine, door, clock) = (Arc::new(engine), Arc::clone(door), clock.clone());
        Self { engine, kv, eks, door, clock, staging }
    }

    /// The program ends, however, and starts again on what its disk holds.
    pub async fn restart(&mut self) {
        self.restart_over(Arc::new(self.kv.clone())).await;
    }

    /// The same through a store that may fail.
    pub async fn restart_over(&mut self, kv: Arc<dyn Kv>) {
        let mut seed = rng(1);
        seed.set_word_pos(u128::from(self.engine.vault.eks_generation().await) << 32);
        let vault = Vault::unlock(kv, self.eks.clone(), PASSPHRASE).await.unwrap();
        let path = self.staging.path().to_path_buf();
        let engine = Engine::open(vault, path, Arc::new(self.clock.clone()), Box::new(seed)).unwrap();
        self.engine = Arc::new(engine);
    }

    /// The organisation.
    pub fn org(&self) -> OrgId {
        self.engine.identity.org
    }

    /// The straight way to the relay.
    pub fn dialer(&self) -> DoorDialer {
        DoorDialer { door: Arc::clone(&self.door), me: self.engine.identity.tls_key().public() }
    }

    /// The administrator's device lists another device, or lists it with another clearance.
    pub async fn list(&self, identity: &Identity, clearance: u32) {
        self.change_roster(|roster| {
            roster.devices.retain(|listed| listed.device != identity.device());
            roster.devices.push(identity.listed(clearance, roster.sequence + 1, Timestamp(u64::MAX)));
        })
        .await;
    }

    /// The administrator's device puts another one out of service.
    pub async fn retire(&self, identity: &Identity) {
        let (device, at) = (identity.device(), self.clock.now());
        self.change_roster(|roster| {
            roster.devices.retain(|listed| listed.device != device);
            roster.revoked.push(RevokedDevice { device, reason: 1, compromised_since: at, at });
        })
        .await;
    }

    async fn change_roster(&self, change: impl FnOnce(&mut Roster)) {
        self.sync().await.unwrap();
        let replica = self.engine.replica.lock().await;
        let mut roster = replica.directory.organisation(self.org()).unwrap().roster.clone().unwrap();
        change(&mut roster);
        let (identity, now) = (&self.engine.identity, self.clock.now());
        let append = identity.change_roster(&replica.directory, roster.devices, roster.revoked, now);
        drop(replica);
        let link = self.dialer().dial().await.unwrap();
        session::hello(&*link).await.unwrap();
        let _: Done = request(&*link, &append.unwrap(), PATIENCE).await.unwrap();
        link.close(0);
    }

    /// One session with the relay.
    pub async fn sync(&self) -> Result<Report, SessionError> {
        session::run(&self.engine, &self.dialer(), Stay::UntilCalm).await
    }

    /// A visit to the relay, and a look at all deadlines after it.
    ///
    /// # Panics
    /// When either fails.
    pub async fn look(&self) -> Ticked {
        self.sync().await.unwrap();
        escalation::tick(&self.engine).await.unwrap()
    }

    /// One session with a relay that lies.
    pub async fn sync_under(&self, lies: Lies) -> Result<Report, SessionError> {
        session::run(&self.engine, &LyingDialer::new(self.dialer(), lies), Stay::UntilCalm).await
    }

    /// Queues a referral, as a person would.
    pub async fn write(&self, to: &Self, number: u8, priority: Priority) -> PacketId {
        let draft = draft(to.org(), number, priority);
        let packet = draft.packet;
        self.queue(draft).await;
        packet
    }

    /// Queues a referral and begins its thread.
    pub async fn queue(&self, draft: Draft) {
        let mut changes = Changes::default();
        self.engine.thread_begun(&draft, self.engine.now(), &mut changes);
        self.engine.queue(vec![draft], changes).await.unwrap();
    }

    /// A packet of this device.
    pub fn sent(&self, packet: PacketId, to: &Self) -> Sent {
        records::sent(&self.engine.vault, packet, to.org()).unwrap().unwrap()
    }

    /// How far a packet has come, and the word for its failure.
    pub fn state(&self, packet: PacketId, to: &Self) -> (&'static str, String) {
        let sent = self.sent(packet, to);
        (sent.transport.as_str(), sent.failure)
    }

    /// Everything in the inbox.
    pub fn inbox(&self) -> Vec<Received> {
        records::all_received(&self.engine.vault).unwrap()
    }

    /// Names of the packets in the inbox, sorted.
    pub fn inbox_names(&self) -> Vec<u8> {
        let mut names: Vec<u8> = self.inbox().iter().map(|r| r.packet.0[0]).collect();
        names.sort_unstable();
        names
    }
}

/// A referral whose packet and thread are named by a number.
pub fn draft(to: OrgId, number: u8, priority: Priority) -> Draft {
    let header = StoredSection { code: *b"HDR", bytes: br#"{"kind":"BIA"}"#.to_vec() };
    let risk = StoredSection { code: *b"RSK", bytes: format!(r#"{{"note":"case {number}"}}"#).into_bytes() };
    Draft {
        packet: PacketId([number; 32]),
        case: [number; 32],
        packet_type: PACKET_REFERRAL,
        kind: "BIA".into(),
        to,
        priority,
        in_reply_to: None,
        sections: vec![header, risk],
    }
}

/// Reproducible randomness.
pub fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// Connects through memory. The relay sees the key that is claimed here; that a key must be proven is shown over QUIC.
#[derive(Clone, Debug)]
pub struct DoorDialer {
    door: Arc<Door>,
    me: PublicKey,
}

impl DoorDialer {
    /// The same way with another key.
    #[must_use]
    pub fn with_key(&self, me: PublicKey) -> Self {
        Self { door: Arc::clone(&self.door), me }
    }
}

impl Dialer for DoorDialer {
    fn dial(&self) -> BoxFuture<'_, Result<Arc<dyn Link>, LinkError>> {
        Box::pin(async move {
            let end = self.door.connect(self.me, relay_key().public()).await;
            Ok(end as Arc<dyn Link>)
        })
    }

    fn name(&self) -> &'static str {
        "memory"
    }
}

/// Two visits of each, in this order: what one brings, the others answer.
///
/// # Panics
/// When a visit fails.
pub async fn sync_all(actors: &[&Actor]) {
    for _ in 0..2 {
        for actor in actors {
            actor.sync().await.unwrap();
        }
    }
}
