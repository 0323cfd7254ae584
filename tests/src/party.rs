//! A relay and organisations in one process, over real QUIC on the loopback interface.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::invite;
use causeway_certs::keys::SigningKey;
use causeway_certs::transport::quic::{self, QuicDialer, QuicListener};
use causeway_client::engine::Engine;
use causeway_client::identity::Identity;
use causeway_client::session::{self, Report, SessionError, Stay};
use causeway_client::vault::{Cost, MemoryEks, Vault};
use causeway_client::{membership, recovery};
use causeway_common::ids::OrgId;
use causeway_common::store::MemoryKv;
use causeway_common::time::{Clock as _, SystemClock};
use causeway_relay::blobs::{Blobs, MemoryBlobs};
use causeway_relay::{Parts, Relay, server};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use tokio::sync::Mutex;
use tokio::sync::oneshot;

/// A relay with its registrar.
#[derive(Debug)]
pub struct World {
    kv: MemoryKv,
    blobs: MemoryBlobs,
    address: SocketAddr,
    running: Mutex<Option<Running>>,
    registrar: Party,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
    relay: Arc<Relay>,
}

/// An organisation's device, or the registrar.
#[derive(Debug)]
pub struct Party {
    /// The device.
    pub engine: Arc<Engine>,
    dialer: QuicDialer,
    _staging: tempfile::TempDir,
}

fn relay_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// A socket is free again when the task that drives it has been told, a moment after its endpoint is closed.
const BIND_ATTEMPTS: usize = 100;

async fn bind(address: SocketAddr) -> quinn::Endpoint {
    let keys = quic::PersistentKeys { reset: &[2; 32], token: &[3; 32] };
    for _ in 1..BIND_ATTEMPTS {
        if let Ok(endpoint) = quic::listen(address, &relay_key(), keys) {
            return endpoint;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    quic::listen(address, &relay_key(), keys).unwrap()
}

async fn start(kv: &MemoryKv, blobs: &MemoryBlobs, address: SocketAddr) -> (Running, SocketAddr) {
    let parts = Parts {
        kv: Arc::new(kv.clone()),
        blobs: Blobs::Memory(blobs.clone()),
        key: relay_key(),
        clock: Arc::new(SystemClock),
    };
    let relay = Relay::open(parts).unwrap();
    let endpoint = bind(address).await;
    let address = endpoint.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = Arc::clone(&relay);
    let served = tokio::spawn(async move {
        let shutdown = async move { drop(stopped.await) };
        server::serve(serving, Arc::new(QuicListener::new(endpoint)), shutdown).await;
    });
    (Running { stop, served, relay }, address)
}

impl World {
    /// A fresh relay whose registrar has claimed it.
    ///
    /// # Panics
    /// When any step fails.
    pub async fn start() -> Self {
        let (kv, blobs) = (MemoryKv::new(), MemoryBlobs::default());
        let (running, address) = start(&kv, &blobs, "127.0.0.1:0".parse().unwrap()).await;
        let claim = running.relay.claim_code(&address.to_string(), [9; 16]).await.unwrap();
        let (_, claim) = invite::from_text(&claim).unwrap();
        let identity = Identity::found_registrar(&claim, SystemClock.now(), &mut rng(0));
        let registrar = Party::new(identity, address, 0).await;
        membership::claim(&registrar.engine, &registrar.dialer).await.unwrap();
        Self { kv, blobs, address, running: Mutex::new(Some(running)), registrar }
    }

    /// Invites, joins and admits an organisation.
    ///
    /// # Panics
    /// When any step fails.
    pub async fn join(&self, name: &str, kind: &str, country: &str) -> Party {
        let mut rng = rng(name.bytes().fold(0, u8::wrapping_add));
        let (text, _) =
            self.registrar.engine.identity.invite(name, kind, country, SystemClock.now(), &mut rng);
        let (signed, invite) = invite::from_text(&text).unwrap();
        let identity = Identity::found_organisation(signed, &invite, "desk", SystemClock.now(), &mut rng);
        let party = Party::new(identity, self.address, name.as_bytes()[0]).await;
        membership::enrol(&party.engine, &party.dialer).await.unwrap();
        let id = party.org().to_string();
        membership::admit(&self.registrar.engine, &self.registrar.dialer, &id).await.unwrap();
        assert!(membership::is_admitted(&party.engine, &party.dialer).await.unwrap());
        party
    }

    /// Stops the relay in order and starts another one on the same data.
    ///
    /// # Panics
    /// When the relay does not start again.
    pub async fn restart_relay(&self) {
        let mut running = self.running.lock().await;
        if let Some(old) = running.take() {
            old.stop.send(()).unwrap();
            old.served.await.unwrap();
        }
        *running = Some(start(&self.kv, &self.blobs, self.address).await.0);
    }
}

impl Party {
    async fn new(identity: Identity, relay: SocketAddr, seed: u8) -> Self {
        let mut rng = rng(seed.wrapping_add(100));
        let (kv, eks) = (Arc::new(MemoryKv::new()), MemoryEks::default());
        let (vault, _) =
            Vault::create(kv, eks, "a passphrase for tests", Cost::least(), &mut rng).await.unwrap();
        recovery::store(&vault, &identity, &mut rng).await.unwrap();
        let config = quic::client_config(identity.relay().unwrap(), &identity.tls_key()).unwrap();
        let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        let staging = tempfile::tempdir().unwrap();
        let path = staging.path().to_path_buf();
        let engine = Engine::open(vault, path, Arc::new(SystemClock), Box::new(rng)).unwrap();
        Self { engine: Arc::new(engine), dialer: QuicDialer::new(endpoint, config, relay), _staging: staging }
    }

    /// The organisation.
    pub fn org(&self) -> OrgId {
        self.engine.identity.org
    }

    /// One session with the relay.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn sync(&self, stay: Stay) -> Result<Report, SessionError> {
        session::run(&self.engine, &self.dialer, stay).await
    }
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}
