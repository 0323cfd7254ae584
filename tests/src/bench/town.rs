//! A relay in a process of its own, its registrar, and organisations whose vaults are on the disk.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::invite;
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::transport::quic::{self, QuicDialer};
use causeway_certs::transport::{Dialer as _, Link, request};
use causeway_client::engine::{Draft, Engine};
use causeway_client::identity::Identity;
use causeway_client::model::{PACKET_REFERRAL, StoredSection};
use causeway_client::session::{self, Stay};
use causeway_client::vault::{Changes, Cost, Vault};
use causeway_client::{membership, records};
use causeway_common::envelope::{ENVELOPE_VERSION, Envelope, Outer, PrekeyKind, Wrap, size_class};
use causeway_common::framed::SUITE;
use causeway_common::ids::{DeviceId, OrgId, PacketId};
use causeway_common::limits::{BODY_BYTES_MIN, WRAP_CT_BYTES, WRAP_ENC_BYTES};
use causeway_common::priority::Priority;
use causeway_common::store::{SledKv, SledOptions};
use causeway_common::time::{Clock as _, SystemClock};
use causeway_common::wire::{Accepted, Frame, Hello, PROTOCOL_VERSION, Submit, Welcome};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::Plan;
use super::roles::Process;

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Of a device's store, as the command line opens it.
const CACHE_BYTES: u64 = 32 << 20;
pub(super) const PASSPHRASE: &str = "a passphrase for benchmarks";
/// Content of a packet: with its envelope around it, it fills the smallest padded body.
pub(super) const CONTENT_BYTES: usize = 2_048;

/// A relay and its registrar.
#[derive(Debug)]
pub(super) struct Town {
    pub(super) relay: Process,
    pub(super) address: SocketAddr,
    pub(super) relay_key: PublicKey,
    pub(super) registrar: Member,
    // Last: what is in it is in use until the others are gone.
    folder: TempDir,
}

/// A folder on the drive that the program is on.
pub(super) fn folder(plan: &Plan) -> TempDir {
    TempDir::new_in(plan.program.parent().unwrap()).unwrap()
}

pub(super) fn fresh_rng() -> ChaCha20Rng {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    ChaCha20Rng::from_seed(seed)
}

impl Town {
    pub(super) async fn found(plan: &Plan) -> Self {
        let folder = folder(plan);
        let data = folder.path().join("relay");
        std::fs::create_dir(&data).unwrap();
        let mut relay = Process::start(&plan.program, "relay", &data);
        let claim = relay.hear()["claim"].as_str().unwrap().to_owned();
        let (_, claim) = invite::from_text(&claim).unwrap();
        let identity = Identity::found_registrar(&claim, SystemClock.now(), &mut fresh_rng());
        let registrar = Member::found(&folder.path().join("registrar"), &identity).await;
        membership::claim(&registrar.engine, &registrar.dialer).await.unwrap();
        Self {
            relay,
            address: claim.relay_address.parse().unwrap(),
            relay_key: PublicKey::from_bytes(claim.relay_key).unwrap(),
            registrar,
            folder,
        }
    }

    /// An admitted organisation of one device.
    pub(super) async fn join(&self, name: &str) -> Member {
        let (now, mut rng) = (SystemClock.now(), fresh_rng());
        let (text, _) = self.registrar.engine.identity.invite(name, "ngo", "DE", now, &mut rng);
        let (signed, invite) = invite::from_text(&text).unwrap();
        let identity = Identity::found_organisation(signed, &invite, "desk", now, &mut rng);
        let member = Member::found(&self.folder_of(name), &identity).await;
        membership::enrol(&member.engine, &member.dialer).await.unwrap();
        self.admit(member.org()).await;
        assert!(membership::is_admitted(&member.engine, &member.dialer).await.unwrap());
        member
    }

    pub(super) async fn admit(&self, org: OrgId) {
        membership::admit(&self.registrar.engine, &self.registrar.dialer, &org.to_string()).await.unwrap();
    }

    /// Where a member keeps its things.
    pub(super) fn folder_of(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The relay's own folder.
    pub(super) fn relay_folder(&self) -> PathBuf {
        self.folder.path().join("relay")
    }

    /// Ends the relay and gives what keeps its folder.
    pub(super) fn close(self) -> (PathBuf, TempDir) {
        let data = self.relay_folder();
        let Self { relay, registrar, folder, .. } = self;
        drop((relay, registrar));
        (data, folder)
    }
}

/// A device with its vault on the disk.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) engine: Arc<Engine>,
    pub(super) dialer: QuicDialer,
}

impl Member {
    pub(super) async fn found(folder: &Path, identity: &Identity) -> Self {
        std::fs::create_dir(folder).unwrap();
        let mut rng = fresh_rng();
        let (vault, _) =
            Vault::create(store(folder), folder, PASSPHRASE, Cost::least(), &mut rng).await.unwrap();
        let mut changes = Changes::default();
        records::put_identity(&mut changes, identity);
        vault.commit(changes, &mut rng).await.unwrap();
        Self::open(vault, folder)
    }

    /// A member whose folder another process has left.
    pub(super) async fn unlock(folder: &Path) -> Self {
        Self::open(Vault::unlock(store(folder), folder, PASSPHRASE).await.unwrap(), folder)
    }

    fn open(vault: Vault, folder: &Path) -> Self {
        let staging = folder.join("staging");
        let engine = Engine::open(vault, staging, Arc::new(SystemClock), Box::new(fresh_rng())).unwrap();
        let identity = &engine.identity;
        let address = identity.relay_address.parse().unwrap();
        let dialer = dialer(address, identity.relay().unwrap(), &identity.tls_key());
        Self { engine: Arc::new(engine), dialer }
    }

    pub(super) fn org(&self) -> OrgId {
        self.engine.identity.org
    }

    /// One session until everything has gone through.
    pub(super) async fn sync(&self) -> session::Report {
        session::run(&self.engine, &self.dialer, Stay::UntilCalm).await.unwrap()
    }

    /// A session until what is given is dropped.
    pub(super) fn stay_connected(&self) -> Connected {
        let (engine, dialer) = (Arc::clone(&self.engine), self.dialer.clone());
        Connected(tokio::spawn(async move {
            let ended = session::run(&engine, &dialer, Stay::Open).await;
            panic!("a session ended: {ended:?}");
        }))
    }

    /// A connection that has said Hello and does nothing by itself.
    pub(super) async fn link(&self) -> Arc<dyn Link> {
        greet(&self.dialer).await
    }
}

/// A session that is under way.
#[derive(Debug)]
pub(super) struct Connected(JoinHandle<()>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) fn store(folder: &Path) -> Arc<SledKv> {
    let options = SledOptions { cache_bytes: CACHE_BYTES, ..SledOptions::default() };
    Arc::new(SledKv::open(&folder.join("vault"), options).unwrap())
}

/// A way to the relay from an endpoint of its own.
pub(super) fn dialer(relay: SocketAddr, pinned: PublicKey, key: &SigningKey) -> QuicDialer {
    let endpoint = quic::client_endpoint(relay).unwrap();
    QuicDialer::new(endpoint, quic::client_config(pinned, key).unwrap(), relay)
}

/// Connects and says Hello.
pub(super) async fn greet(dialer: &QuicDialer) -> Arc<dyn Link> {
    let link = dialer.dial().await.unwrap();
    let _: Welcome = ask(&*link, &Hello { versions: vec![PROTOCOL_VERSION] }).await;
    link
}

/// One request.
pub(super) async fn ask<Q: Frame, A: Frame>(link: &dyn Link, question: &Q) -> A {
    request(link, question, PATIENCE).await.unwrap()
}

/// Hands all envelopes to the relay, as many at the same time as `links` allow streams; it must take all of them, or
/// none. Gives how long each took, in no order.
pub(super) async fn submit_all(
    links: &[Arc<dyn Link>],
    each: usize,
    envelopes: Vec<Envelope>,
    taken: bool,
) -> Vec<Duration> {
    let queue = Arc::new(std::sync::Mutex::new(envelopes));
    let mut workers = tokio::task::JoinSet::new();
    for link in links.iter().flat_map(|link| std::iter::repeat_n(link, each)) {
        let (link, queue) = (Arc::clone(link), Arc::clone(&queue));
        workers.spawn(async move {
            let mut took = Vec::new();
            loop {
                let Some(envelope) = queue.lock().unwrap().pop() else { return took };
                let begun = tokio::time::Instant::now();
                let answer = request::<_, Accepted>(&*link, &Submit { envelope }, PATIENCE).await;
                assert_eq!(answer.is_ok(), taken, "{answer:?}");
                took.push(begun.elapsed());
            }
        });
    }
    workers.join_all().await.concat()
}

/// Envelopes that a relay cannot tell from real ones, and nobody can open.
#[derive(Debug)]
pub(super) struct Forger {
    rng: ChaCha20Rng,
    template: Envelope,
}

impl Forger {
    pub(super) fn new(recipient: OrgId, device: DeviceId, priority: Priority) -> Self {
        let mut rng = fresh_rng();
        let mut random = |length| {
            let mut bytes = vec![0; length];
            rng.fill_bytes(&mut bytes);
            bytes
        };
        let outer = Outer {
            version: ENVELOPE_VERSION,
            suite: SUITE,
            nonce: [0; 32],
            recipient,
            expiry_hours: SystemClock.now().plus(priority.time_to_live()).hours_rounded_up(),
            priority,
            size_class: size_class(BODY_BYTES_MIN),
        };
        let wrap = Wrap {
            device,
            prekey: 1,
            kind: PrekeyKind::LastResort,
            enc: random(WRAP_ENC_BYTES),
            ct: random(WRAP_CT_BYTES),
        };
        let template = Envelope { outer, body: random(BODY_BYTES_MIN), wraps: vec![wrap] };
        Self { rng, template }
    }

    pub(super) fn envelope(&mut self) -> Envelope {
        let mut envelope = self.template.clone();
        self.rng.fill_bytes(&mut envelope.outer.nonce);
        self.rng.fill_bytes(&mut envelope.body[..32]);
        envelope
    }

    pub(super) fn envelopes(&mut self, count: usize) -> Vec<Envelope> {
        (0..count).map(|_| self.envelope()).collect()
    }
}

/// A packet of [`CONTENT_BYTES`].
pub(super) fn draft(to: OrgId, priority: Priority) -> Draft {
    let mut rng = fresh_rng();
    let (mut packet, mut case) = ([0; 32], [0; 32]);
    rng.fill_bytes(&mut packet);
    rng.fill_bytes(&mut case);
    Draft {
        packet: PacketId(packet),
        case,
        packet_type: PACKET_REFERRAL,
        kind: "BIA".into(),
        to,
        priority,
        in_reply_to: None,
        sections: sections(),
    }
}

/// What it holds: a header and words.
pub(super) fn sections() -> Vec<StoredSection> {
    let header = br#"{"kind":"BIA"}"#.to_vec();
    let words = format!(r#"{{"approach_note":"{}"}}"#, "x".repeat(CONTENT_BYTES - header.len() - 20));
    vec![
        StoredSection { code: *b"HDR", bytes: header },
        StoredSection { code: *b"RSK", bytes: words.into_bytes() },
    ]
}
