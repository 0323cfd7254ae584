//! What the hosts of a world run on: the relay, and what all of them share.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use causeway_certs::keys::SigningKey;
use causeway_certs::transport::quic::{self, Ground, QuicDialer, QuicListener};
use causeway_client::engine::Engine;
use causeway_common::ids::{DeviceId, Digest};
use causeway_common::store::MemoryKv;
use causeway_relay::blobs::{Blobs, MemoryBlobs};
use causeway_relay::config::Limits;
use causeway_relay::{Parts, Relay, restored, server};
use rand::RngExt as _;

use super::cast::Part;
use super::disk::Disk;
use super::history::{History, WallClock, WorldTime};
use super::joining::{PAUSE, Paper};
use super::plan::{self, RELAY, TROUBLE_MS};
use super::roots::Case;
use super::socket::{SimSocket, Weather};

/// Where the relay listens.
const PORT: u16 = 4433;
/// After a restoration, until everybody who was cut off or down is back: the time of trouble, and some more.
const GIVE_BACK_SECONDS: u64 = TROUBLE_MS / 1000 + 10;
/// Name of the relay's host.
pub const RELAY_NAME: &str = "relay";

/// What all hosts of a world share.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) seed: u64,
    pub(super) time: WorldTime,
    pub(super) history: History,
    pub(super) weather: Arc<Mutex<Weather>>,
    /// What passes from hand to hand: who is invited, by host.
    pub(super) papers: Arc<Mutex<BTreeMap<usize, Paper>>>,
    /// Who takes part, from host 1 on.
    pub(super) cast: &'static [Part],
    /// Root keys on paper, by name.
    pub(super) sheets: Arc<Mutex<BTreeMap<Digest, [u8; 32]>>>,
    /// Organisations that the registrar brings back, by number.
    pub(super) cases: Arc<Mutex<BTreeMap<usize, Case>>>,
    /// Organisations of which a workstation has come out of a backup, by number.
    pub(super) lost_roots: Arc<Mutex<BTreeSet<usize>>>,
    /// The devices that are there, or have been, by host.
    pub(super) devices: Arc<Mutex<BTreeMap<usize, DeviceId>>>,
}

impl Common {
    pub(super) fn new(seed: u64, cast: &'static [Part]) -> Self {
        let time = WorldTime::default();
        let (history, weather) = (History::new(&time), Arc::default());
        let (papers, devices) = (Arc::default(), Arc::default());
        let (sheets, cases, lost_roots) = (Arc::default(), Arc::default(), Arc::default());
        Self { seed, time, history, weather, papers, cast, sheets, cases, lost_roots, devices }
    }

    async fn ground(&self, port: u16, host: usize, start: u64) -> Result<Ground, std::io::Error> {
        let purpose = (host as u64) << 16 | start;
        let (weather, history) = (Arc::clone(&self.weather), self.history.clone());
        let dice = plan::rng(self.seed, purpose);
        let socket = SimSocket::bind(port, host, weather, dice, history).await?;
        Ok(Ground { socket, seed: plan::rng(self.seed, purpose | 1 << 40).random() })
    }
}

pub(super) fn relay_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// The relay and what it stands on.
#[derive(Clone, Debug)]
pub(super) struct RelayHost {
    pub(super) common: Common,
    pub(super) disk: Disk,
    pub(super) clock: WallClock,
    blobs: Arc<Mutex<MemoryBlobs>>,
    backup: Arc<Mutex<Option<(MemoryKv, MemoryBlobs)>>>,
    restored: Arc<AtomicBool>,
    /// A restoration is not finished before the records say that they were restored.
    unfinished: Arc<AtomicBool>,
    starts: Arc<AtomicU64>,
}

impl RelayHost {
    pub(super) fn new(common: &Common, disk: Disk, wrong_ms: i64) -> Self {
        let clock = WallClock::new(&common.time, wrong_ms);
        Self {
            common: common.clone(),
            disk,
            clock,
            blobs: Arc::default(),
            backup: Arc::default(),
            restored: Arc::default(),
            unfinished: Arc::default(),
            starts: Arc::default(),
        }
    }

    pub(super) fn open(&self) -> Result<Arc<Relay>, causeway_relay::OpenError> {
        let parts = Parts {
            kv: Arc::new(self.disk.clone()),
            blobs: Blobs::Memory(lock(&self.blobs).clone()),
            key: relay_key(),
            clock: Arc::new(self.clock.clone()),
        };
        let limits = Limits { give_back_seconds: GIVE_BACK_SECONDS, ..Limits::default() };
        Relay::open_limited(parts, limits)
    }

    /// The operator takes a backup: everything as it is at this moment.
    pub(super) fn back_up(&self) {
        *lock(&self.backup) = Some((self.disk.snapshot(), lock(&self.blobs).snapshot()));
    }

    /// The disk is lost, and another one holds what the backup held. Without a backup nothing happens. The relay is down.
    pub(super) fn restore(&self) {
        if let Some((records, files)) = &*lock(&self.backup) {
            self.disk.replace(records);
            *lock(&self.blobs) = files.snapshot();
            self.restored.store(true, Ordering::SeqCst);
            self.unfinished.store(true, Ordering::SeqCst);
        }
    }

    pub(super) fn is_restored(&self) -> bool {
        self.restored.load(Ordering::SeqCst)
    }

    pub(super) async fn run(self) -> turmoil::Result {
        let start = self.starts.fetch_add(1, Ordering::SeqCst);
        while self.unfinished.load(Ordering::SeqCst) {
            match restored::mark(&self.disk).await {
                Ok(()) => self.unfinished.store(false, Ordering::SeqCst),
                // Whoever restores makes room.
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        let relay = self.open()?;
        let ground = self.common.ground(PORT, RELAY, start).await?;
        let keys = quic::PersistentKeys { reset: &[2; 32], token: &[3; 32] };
        let endpoint = quic::listen_on(ground, Arc::new(self.clock.clone()), &relay_key(), keys)?;
        server::serve(relay, Arc::new(QuicListener::new(endpoint)), std::future::pending()).await;
        Ok(())
    }
}

/// A dialer of a device, on the host that runs this.
pub(super) async fn dialer(
    common: &Common,
    engine: &Engine,
    relay: IpAddr,
    host: usize,
    start: u64,
) -> turmoil::Result<QuicDialer> {
    let ground = common.ground(0, host, start).await?;
    let endpoint = quic::client_endpoint_on(ground)?;
    let config = quic::client_config(engine.identity.relay()?, &engine.identity.tls_key())?;
    Ok(QuicDialer::new(endpoint, config, SocketAddr::new(relay, PORT)))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
