//! A relay in memory with a registrar and organisations, asked as a connection would ask it, without sockets.
#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    reason = "shared by tests that each use a part"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use causeway_certs::directory::{self, Directory};
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::transport::{RecvHalf, RequestError, SendHalf, finish, read_answer, write_frame};
use causeway_certs::{invite, roster};
use causeway_common::codec;
use causeway_common::envelope::{Envelope, Outer, PrekeyKind, Wrap, size_class};
use causeway_common::error::ErrorCode;
use causeway_common::framed::{self, Label, SUITE};
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits;
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{
    Admission, DeviceStatus, DirectoryGenesis, Invite, OrgGenesis, OrgRecord, Prekey, RevokedDevice, Roster,
    RosterChange, RosterDevice, SignedRoster, Statement, StatementKind,
};
use causeway_common::store::{Kv, MemoryKv};
use causeway_common::time::{Clock, Timestamp};
use causeway_common::wire::{Append, Claim, Done, Enrol, Frame, Hello, PROTOCOL_VERSION};
use causeway_relay::blobs::{Blobs, MemoryBlobs};
use causeway_relay::config::Limits;
use causeway_relay::service::{self, Session};
use causeway_relay::{Parts, Relay};

use super::link::Door;

/// Noon on a day in 2026.
pub const START: Timestamp = Timestamp(1_790_000_000_000);

/// A clock that stands until it is moved.
#[derive(Clone, Debug)]
pub struct TestClock(Arc<AtomicU64>);

impl TestClock {
    /// Another clock that shows the same time.
    pub fn apart(&self) -> Self {
        Self(Arc::new(AtomicU64::new(self.0.load(Ordering::SeqCst))))
    }

    /// Sets it ahead by less than an hour, or more.
    pub fn advance_time(&self, time: std::time::Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Sets it.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    /// Sets it ahead. Where the time is to pass as it does, see [`Rig::let_pass`].
    pub fn advance(&self, hours: u64) {
        self.0.fetch_add(hours * 3_600_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// One workstation.
pub struct Device {
    pub signing: SigningKey,
    pub tls: SigningKey,
}

impl Device {
    pub fn new(seed: u8) -> Self {
        let key = |purpose| SigningKey::from_seed(&[[seed, purpose]; 16].concat().try_into().unwrap());
        Self { signing: key(1), tls: key(2) }
    }

    pub fn id(&self) -> DeviceId {
        self.signing.public().device_id()
    }

    pub fn peer(&self) -> PublicKey {
        self.tls.public()
    }

    pub fn entry(&self) -> RosterDevice {
        RosterDevice {
            device: self.id(),
            signing_key: *self.signing.public().as_bytes(),
            tls_key: *self.tls.public().as_bytes(),
            roles: 0,
            clearance: u32::MAX,
            added_sequence: 1,
            label_hash: Digest([0; 32]),
            expires: Timestamp(u64::MAX),
        }
    }
}

/// An organisation with its keys.
pub struct Org {
    pub id: OrgId,
    pub admin: SigningKey,
    pub devices: Vec<Device>,
    pub enrol: Enrol,
}

/// The relay and the world around it.
pub struct Rig {
    pub relay: Arc<Relay>,
    pub kv: MemoryKv,
    pub files: MemoryBlobs,
    pub limits: Limits,
    pub clock: TestClock,
    pub relay_key: SigningKey,
    pub registrar: SigningKey,
    pub registrar_tls: SigningKey,
}

impl Rig {
    /// A relay without a registrar.
    pub fn fresh() -> Self {
        Self::with(Limits::default(), None)
    }

    /// A relay with a registrar.
    pub async fn claimed() -> Self {
        Self::claimed_with(Limits::default()).await
    }

    /// The same with other limits.
    pub async fn claimed_with(limits: Limits) -> Self {
        Self::with(limits, None).have_claimed().await
    }

    /// The same on a store of its own.
    pub async fn on(store: (Arc<dyn Kv>, Blobs)) -> Self {
        Self::with(Limits::default(), Some(store)).have_claimed().await
    }

    fn with(limits: Limits, store: Option<(Arc<dyn Kv>, Blobs)>) -> Self {
        let clock = TestClock(Arc::new(AtomicU64::new(START.0)));
        let (kv, files) = (MemoryKv::new(), MemoryBlobs::default());
        let relay_key = SigningKey::from_seed(&[200; 32]);
        let store = store.unwrap_or_else(|| in_memory(&kv, &files));
        let relay = open(store, &clock, &relay_key, &limits);
        let registrar = SigningKey::from_seed(&[201; 32]);
        let registrar_tls = SigningKey::from_seed(&[202; 32]);
        Self { relay, kv, files, limits, clock, relay_key, registrar, registrar_tls }
    }

    async fn have_claimed(self) -> Self {
        let claim = self.claim().await;
        let _: Done = self.ask(self.registrar_tls.public(), &claim).await.unwrap();
        self
    }

    /// The process ends and starts again on the same data in memory.
    pub fn restart(&mut self) {
        self.reopen(in_memory(&self.kv, &self.files));
    }

    /// Starts again on this store.
    pub fn reopen(&mut self, store: (Arc<dyn Kv>, Blobs)) {
        self.relay = open(store, &self.clock, &self.relay_key, &self.limits);
    }

    /// Lets go of the store, so that it can be opened again.
    pub fn let_go(&mut self) {
        self.reopen(in_memory(&MemoryKv::new(), &MemoryBlobs::default()));
    }

    /// Hours pass, and the relay does its regular work meanwhile.
    pub async fn let_pass(&self, hours: u64) {
        for _ in 0..hours {
            self.clock.advance(1);
            self.relay.sweep().await.unwrap();
        }
    }

    /// Does what a start does before it serves.
    pub async fn serve_for_a_moment(&self) {
        causeway_relay::server::serve(Arc::clone(&self.relay), Door::new(), async {}).await;
    }

    /// Everything in the store.
    pub fn stored(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.kv.scan(b"", None, usize::MAX).unwrap()
    }

    pub async fn claim(&self) -> Claim {
        let code = self.relay.claim_code("127.0.0.1:4433", [9; 16]).await.unwrap();
        let (_, invite) = invite::from_text(&code).unwrap();
        Claim { invite_id: invite.invite_id, genesis: self.genesis() }
    }

    pub fn genesis(&self) -> Signed {
        let payload = DirectoryGenesis {
            registrar: *self.registrar.public().as_bytes(),
            registrar_tls: *self.registrar_tls.public().as_bytes(),
            relay: *self.relay_key.public().as_bytes(),
            threshold: 1,
        };
        self.statement(StatementKind::Genesis, OrgId([0; 32]), codec::encode(&payload), &self.registrar)
    }

    fn statement(&self, kind: StatementKind, org: OrgId, payload: Vec<u8>, signer: &SigningKey) -> Signed {
        let (sequence, previous) = (1, Digest([0; 32]));
        let signer_key = *signer.public().as_bytes();
        let statement = Statement { kind, org, sequence, previous, time: START, signer: signer_key, payload };
        directory::sign_statement(&statement, signer)
    }

    /// An application for admission that has not been sent.
    pub fn applicant(&self, seed: u8, devices: Vec<Device>) -> Org {
        let root = SigningKey::from_seed(&[seed; 32]);
        let admin = SigningKey::from_seed(&[seed + 100; 32]);
        let (name, kind, country) = (format!("Organisation {seed}"), "ngo".to_owned(), "RU".to_owned());
        let genesis = OrgGenesis {
            name: name.clone(),
            kind: kind.clone(),
            country: country.clone(),
            root: *root.public().as_bytes(),
            nonce: [seed; 32],
            created: START,
        };
        let genesis = root.sign(Label::OrgGenesis, codec::encode(&genesis));
        let id = directory::org_id(&genesis.body);
        let record = OrgRecord {
            org: id,
            sequence: 1,
            root: *root.public().as_bytes(),
            next_root: Digest([1; 32]),
            administrators: vec![*admin.public().as_bytes()],
            threshold: 1,
        };
        let record = root.sign(Label::OrgRecord, codec::encode(&record));
        let roster = signed_roster(id, &devices, &admin);
        let invite = Invite {
            invite_id: [seed; 16],
            relay_address: "127.0.0.1:4433".into(),
            relay_key: *self.relay_key.public().as_bytes(),
            registrar_key: *self.registrar.public().as_bytes(),
            name,
            kind,
            country,
            expires: START.plus(limits::INVITE_LIFE),
        };
        let invite = invite::sign(&invite, &self.registrar);
        Org { id, admin, devices, enrol: Enrol { invite, genesis, record, roster } }
    }

    pub fn admission(&self, org: &Org) -> Append {
        let admission = Admission {
            genesis: org.enrol.genesis.clone(),
            record: org.enrol.record.clone(),
            roster: roster::digest(&org.enrol.roster.body),
        };
        let kind = StatementKind::Admission;
        let statement = self.statement(kind, org.id, codec::encode(&admission), &self.registrar);
        Append::new(statement, None)
    }

    /// The next statement about an organisation.
    pub fn next<T: serde::Serialize>(
        &self,
        kind: StatementKind,
        org: OrgId,
        payload: &T,
        signer: &SigningKey,
    ) -> Signed {
        let mut log = Directory::new();
        for (_, leaf) in self.kv.scan(b"d", None, usize::MAX).unwrap() {
            log.append(&leaf).unwrap();
        }
        let (sequence, previous) = log.next_link(org);
        let payload = codec::encode(payload);
        let signer_key = *signer.public().as_bytes();
        let time = START;
        let statement = Statement { kind, org, sequence, previous, time, signer: signer_key, payload };
        directory::sign_statement(&statement, signer)
    }

    /// The second roster of an organisation: the devices that stay, and the others revoked.
    pub fn without(&self, org: &Org, gone: &[DeviceId]) -> Append {
        self.second_roster(org, gone, &[])
    }

    /// The second roster of an organisation, with devices that come and others that are revoked.
    pub fn second_roster(&self, org: &Org, gone: &[DeviceId], added: &[&Device]) -> Append {
        let mut roster: Roster = codec::decode(&org.enrol.roster.body, 1 << 20).unwrap();
        roster.sequence = 2;
        roster.previous = roster::digest(&org.enrol.roster.body);
        roster.devices.retain(|device| !gone.contains(&device.device));
        roster.devices.extend(added.iter().map(|device| device.entry()));
        roster.devices.sort_by_key(|device| device.device);
        roster.revoked = gone
            .iter()
            .map(|device| RevokedDevice { device: *device, reason: 2, compromised_since: START, at: START })
            .collect();
        roster.revoked.sort_by_key(|revoked| revoked.device);
        let roster = roster::sign(&roster, &org.admin);
        let change = RosterChange { roster: roster::digest(&roster.body) };
        let statement = self.next(StatementKind::RosterChange, org.id, &change, &org.admin);
        Append::new(statement, Some(roster))
    }

    /// An admitted organisation with devices of these seeds.
    pub async fn org(&self, seed: u8, devices: &[u8]) -> Org {
        let org = self.applicant(seed, devices.iter().map(|d| Device::new(*d)).collect());
        let _: Done = self.ask(org.devices[0].peer(), &org.enrol).await.unwrap();
        let _: Done = self.ask(self.registrar_tls.public(), &self.admission(&org)).await.unwrap();
        org
    }

    /// Asks as the holder of this connection key, on a connection that has said Hello.
    pub async fn ask<Q: Frame, A: Frame>(&self, peer: PublicKey, question: &Q) -> Result<A, RequestError> {
        self.ask_with(peer, question, &[]).await.map(|(answer, _)| answer)
    }

    /// The same with raw bytes after the question; gives the raw bytes after the answer.
    pub async fn ask_with<Q: Frame, A: Frame>(
        &self,
        peer: PublicKey,
        question: &Q,
        bytes: &[u8],
    ) -> Result<(A, Vec<u8>), RequestError> {
        let session = Session::new(peer);
        session.greet();
        ask_on(&self.relay, &session, question, bytes).await
    }
}

/// Asks on a connection of its own state.
pub async fn ask_on<Q: Frame, A: Frame>(
    relay: &Arc<Relay>,
    session: &Session,
    question: &Q,
    bytes: &[u8],
) -> Result<(A, Vec<u8>), RequestError> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (near, far) = tokio::io::duplex(4 << 20);
    let (near_recv, near_send) = tokio::io::split(near);
    let (far_recv, far_send) = tokio::io::split(far);
    let (mut send, mut recv): (SendHalf, RecvHalf) = (Box::new(near_send), Box::new(near_recv));
    write_frame(&mut send, question).await?;
    send.write_all(bytes).await.unwrap();
    finish(&mut send).await?;
    let answering = async {
        let (mut send, mut recv): (SendHalf, RecvHalf) = (Box::new(far_send), Box::new(far_recv));
        let _ = service::serve(relay, session, &mut send, &mut recv).await;
    };
    let reading = async {
        let answer = read_answer(&mut recv).await?;
        let mut rest = Vec::new();
        recv.read_to_end(&mut rest).await.unwrap();
        Ok((answer, rest))
    };
    tokio::join!(answering, reading).1
}

/// The code of a refusal.
pub fn code<A: std::fmt::Debug>(answer: Result<A, RequestError>) -> ErrorCode {
    match answer {
        Err(RequestError::Refused { code, .. }) => code,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

pub fn hello() -> Hello {
    Hello { versions: vec![PROTOCOL_VERSION] }
}

pub fn signed_roster(org: OrgId, devices: &[Device], admin: &SigningKey) -> SignedRoster {
    let mut entries: Vec<_> = devices.iter().map(Device::entry).collect();
    entries.sort_by_key(|d| d.device);
    let roster = Roster {
        org,
        sequence: 1,
        previous: Digest([0; 32]),
        valid_from: START,
        valid_until: Timestamp(u64::MAX),
        devices: entries,
        revoked: vec![],
    };
    roster::sign(&roster, admin)
}

fn in_memory(kv: &MemoryKv, files: &MemoryBlobs) -> (Arc<dyn Kv>, Blobs) {
    (Arc::new(kv.clone()), Blobs::Memory(files.clone()))
}

fn open(
    (kv, blobs): (Arc<dyn Kv>, Blobs),
    clock: &TestClock,
    key: &SigningKey,
    limits: &Limits,
) -> Arc<Relay> {
    let key = SigningKey::from_seed(&key.seed());
    let parts = Parts { kv, blobs, key, clock: Arc::new(clock.clone()) };
    Relay::open_limited(parts, limits.clone()).unwrap()
}

/// An envelope whose content is noise: the relay cannot tell.
pub fn envelope(to: &Org, priority: Priority, seed: u64, body_len: usize) -> Envelope {
    let outer = Outer {
        version: causeway_common::envelope::ENVELOPE_VERSION,
        suite: SUITE,
        nonce: framed::sha256(&seed.to_le_bytes()).0,
        recipient: to.id,
        expiry_hours: START.plus(priority.time_to_live()).hours_rounded_up(),
        priority,
        size_class: size_class(body_len),
    };
    let wrap = |device: &Device| Wrap {
        device: device.id(),
        prekey: seed,
        kind: PrekeyKind::OneTime,
        enc: vec![1; limits::WRAP_ENC_BYTES],
        ct: vec![2; limits::WRAP_CT_BYTES],
    };
    let mut wraps: Vec<_> = to.devices.iter().map(wrap).collect();
    wraps.sort_by_key(|w| w.device);
    let body = seed.to_le_bytes().into_iter().cycle().take(body_len).collect();
    Envelope { outer, body, wraps }
}

pub fn small(to: &Org, priority: Priority, seed: u64) -> Envelope {
    envelope(to, priority, seed, limits::BODY_BYTES_MIN)
}

pub fn prekey(org: &Org, device: &Device, number: u64, kind: PrekeyKind, epoch: u32) -> Signed {
    let prekey = Prekey {
        org: org.id,
        device: device.id(),
        number,
        kind,
        epoch,
        not_before: START,
        not_after: START.plus(limits::PREKEY_LIFE),
        public: vec![3; limits::PREKEY_PUBLIC_BYTES],
    };
    device.signing.sign(Label::Prekey, codec::encode(&prekey))
}

pub fn status(device: &Device, epoch_min: u32) -> Signed {
    let status = DeviceStatus {
        device: device.id(),
        epoch: epoch_min,
        epoch_min,
        last_resort: 1,
        one_time_remaining: 0,
        key_store_generation: 1,
        log_size: 1,
        time: START,
    };
    device.signing.sign(Label::DeviceStatus, codec::encode(&status))
}

/// The directory as a client replays it.
pub fn replay(leaves: &[Vec<u8>]) -> Directory {
    let mut directory = Directory::new();
    leaves.iter().for_each(|leaf| directory.append(leaf).unwrap());
    directory
}
