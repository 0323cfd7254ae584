//! A device, what it stands on, and its people.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use causeway_certs::transport::quic::QuicDialer;
use causeway_client::engine::{Engine, EngineError};
use causeway_client::session::{self, Stay};
use causeway_client::vault::{MemoryEks, Vault};
use causeway_common::ids::{DeviceId, Digest, OrgId};
use rand::RngExt as _;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::backups::Backups;
use super::cast::{Entrance, Part};
use super::disk::Disk;
use super::history::WallClock;
use super::hosts::{Common, dialer, lock};
use super::plan::{self, Act};
use crate::oracle::{Presence, Promise};

/// A device and its people.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) common: Common,
    pub(super) host: usize,
    pub(super) part: &'static Part,
    pub(super) disk: Disk,
    pub(super) eks: Mutex<MemoryEks>,
    /// An open vault of the same master key, which stands for the passphrase; none before there is a vault.
    pub(super) key: Mutex<Option<Vault>>,
    pub(super) clock: WallClock,
    /// Every organisation, by number.
    pub(super) orgs: Vec<OrgId>,
    pub(super) script: Vec<(u64, Act)>,
    pub(super) backups: Backups,
    /// Colleagues that are to be given all that was before, when everything else is done.
    pub(super) orders: Mutex<Vec<DeviceId>>,
    given_all: AtomicBool,
    /// The root that a rotation under way leads to.
    pub(super) heir: Mutex<Option<Digest>>,
    done: AtomicUsize,
    idle: AtomicBool,
    starts: AtomicU64,
    engine: Mutex<Option<Arc<Engine>>>,
    promises: Mutex<Vec<Promise>>,
}

/// What a device has kept, and who can open it.
#[derive(Clone, Debug)]
pub struct Home {
    /// Its store.
    pub kv: causeway_common::store::MemoryKv,
    /// Its erasable keys.
    pub eks: MemoryEks,
    /// Its open vault: opens copies of itself.
    pub key: Vault,
}

impl Office {
    pub(super) fn new(
        common: &Common,
        (host, part): (usize, &'static Part),
        home: Option<&Home>,
        clock: WallClock,
        orgs: Vec<OrgId>,
        script: Vec<(u64, Act)>,
    ) -> Arc<Self> {
        let seed = common.seed ^ (host as u64) << 32;
        let empty = causeway_common::store::MemoryKv::new();
        Arc::new(Self {
            common: common.clone(),
            host,
            part,
            disk: Disk::holding(home.map_or(&empty, |home| &home.kv), seed),
            eks: Mutex::new(home.map(|home| home.eks.snapshot()).unwrap_or_default()),
            key: Mutex::new(home.map(|home| home.key.clone())),
            clock,
            orgs,
            script,
            backups: Backups::default(),
            orders: Mutex::default(),
            given_all: AtomicBool::new(false),
            heir: Mutex::default(),
            done: AtomicUsize::new(0),
            idle: AtomicBool::new(false),
            starts: AtomicU64::new(0),
            engine: Mutex::default(),
            promises: Mutex::default(),
        })
    }

    /// The device opens what it keeps, connects whenever it can, and its people act.
    pub(super) async fn run(self: Arc<Self>, relay: IpAddr) -> turmoil::Result {
        let start = self.starts.fetch_add(1, Ordering::SeqCst);
        let (engine, dialer) = match self.part.entrance {
            Entrance::Joins => self.enter(relay, start).await?,
            Entrance::Returns => self.come_back(relay, start).await?,
            _ => {
                let engine = self.open(start).await?;
                let dialer = dialer(&self.common, &engine, relay, self.host, start).await?;
                (Arc::new(engine), dialer)
            }
        };
        *lock(&self.engine) = Some(Arc::clone(&engine));
        if self.part.org.is_some() {
            lock(&self.common.devices).insert(self.host, engine.identity.device());
        }
        let dialer = Arc::new(dialer);
        tokio::spawn(Arc::clone(&self).act(Arc::clone(&engine), Arc::clone(&dialer)));
        tokio::spawn(Arc::clone(&self).care(Arc::clone(&engine)));
        if self.part.org.is_none() {
            return std::future::pending().await;
        }
        let mut dice = plan::rng(self.common.seed, (self.host as u64) << 24 | start);
        // Some stay connected, some visit, as people with a laptop do.
        let stay = if self.host % 3 == 2 { Stay::UntilCalm } else { Stay::Open };
        loop {
            let ended = session::run(&engine, &*dialer, stay).await;
            self.tell(&format!("session ended: {ended:?}"));
            tokio::time::sleep(Duration::from_millis(dice.random_range(100..5_000))).await;
        }
    }

    /// The device as a restart finds it.
    pub(super) async fn open(&self, start: u64) -> Result<Engine, EngineError> {
        let key = lock(&self.key).clone().ok_or(EngineError::NoIdentity)?;
        let vault = key.reopen(Arc::new(self.disk.clone()), lock(&self.eks).clone())?;
        let rng = self.dice(start);
        Engine::open(vault, PathBuf::from("nowhere"), Arc::new(self.clock.clone()), Box::new(rng))
    }

    /// The randomness of one start.
    pub(super) fn dice(&self, start: u64) -> ChaCha20Rng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.common.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&(self.host as u64).to_le_bytes());
        seed[16..24].copy_from_slice(&start.to_le_bytes());
        ChaCha20Rng::from_seed(seed)
    }

    /// Who is running now, if anybody is.
    pub(super) fn running(&self) -> Option<Arc<Engine>> {
        lock(&self.engine).clone()
    }

    /// Whether its people have done all that they wanted.
    pub(super) fn is_idle(&self) -> bool {
        self.idle.load(Ordering::SeqCst) && lock(&self.orders).is_empty()
    }

    /// How it comes to have what its organisation has.
    pub(super) fn presence(&self) -> Presence {
        match (self.part.entrance, self.given_all.load(Ordering::SeqCst)) {
            (_, true) => Presence::Given,
            (Entrance::Joins | Entrance::Returns, false) => Presence::Lacking,
            (_, false) if self.is_restored() => Presence::Lacking,
            (_, false) => Presence::Always,
        }
    }

    /// A colleague gives it all that was before.
    pub(super) fn is_given_all(&self) {
        self.given_all.store(true, Ordering::SeqCst);
    }

    pub(super) fn lose_power(&self) {
        *lock(&self.engine) = None;
        self.idle.store(false, Ordering::SeqCst);
        self.disk.lose_power();
    }

    pub(super) fn promise(&self, promise: Promise) {
        lock(&self.promises).push(promise);
    }

    pub(super) fn promises(&self) -> Vec<Promise> {
        lock(&self.promises).clone()
    }

    /// What was promised after the first few is not in the backup that the device came out of.
    pub(super) fn forget_promises_after(&self, count: usize) {
        lock(&self.promises).iter_mut().skip(count).for_each(|promise| promise.forgotten = true);
    }

    pub(super) fn tell(&self, what: &str) {
        self.common.history.tell(self.part.name, what);
    }

    /// The people act by their script. What a crash interrupts is not done again, as nobody was told it was done; but who
    /// wants a device in or out, or an organisation, goes on until it is.
    async fn act(self: Arc<Self>, engine: Arc<Engine>, dialer: Arc<QuicDialer>) {
        while let Some((at, act)) = self.script.get(self.done.load(Ordering::SeqCst)).copied() {
            let wait = at.saturating_sub(self.common.time.ms());
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let number = self.done.load(Ordering::SeqCst);
            let told = if act.is_pursued() {
                let told = self.pursue(&engine, &dialer, act).await;
                self.done.fetch_add(1, Ordering::SeqCst);
                Ok(told)
            } else {
                self.done.fetch_add(1, Ordering::SeqCst);
                match act {
                    Act::Send { to, priority, length } => {
                        self.send(&engine, number, to, priority, length).await
                    }
                    Act::Open { pick } => self.look(&engine, pick).await,
                    Act::Step { pick, choice } => self.step(&engine, pick, choice).await,
                    _ => self.back_up(&engine, number).await,
                }
            };
            self.tell(&told.unwrap_or_else(|error| format!("could not: {error}")));
        }
        self.idle.store(true, Ordering::SeqCst);
    }
}
