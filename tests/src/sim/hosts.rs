//! The software of the hosts: a relay, and devices whose people act by a script.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use causeway_certs::keys::SigningKey;
use causeway_certs::transport::quic::{self, Ground, QuicDialer, QuicListener};
use causeway_client::engine::threads::{Words, state_of};
use causeway_client::engine::{Draft, Engine, EngineError};
use causeway_client::model::{PACKET_REFERRAL, StoredSection, Thread};
use causeway_client::records;
use causeway_client::referral::lifecycle::{Action, Party, possible};
use causeway_client::session::{self, Stay};
use causeway_client::vault::{Changes, MemoryEks, Vault};
use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_relay::blobs::{Blobs, MemoryBlobs};
use causeway_relay::{Parts, Relay, server};
use rand::RngExt as _;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::disk::Disk;
use super::history::{History, WallClock, WorldTime};
use super::plan::{self, Act, RELAY};
use super::socket::{SimSocket, Weather};
use crate::oracle::{Promise, short};

/// Where the relay listens.
const PORT: u16 = 4433;
/// Stands in every packet and nowhere else.
pub const CANARY: &str = "yellow-bird-of-the-mine";
/// Name of the relay's host.
pub const RELAY_NAME: &str = "relay";

/// What all hosts of a world share.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) seed: u64,
    pub(super) time: WorldTime,
    pub(super) history: History,
    pub(super) weather: Arc<Mutex<Weather>>,
}

impl Common {
    pub(super) fn new(seed: u64) -> Self {
        let time = WorldTime::default();
        Self { seed, history: History::new(&time), time, weather: Arc::default() }
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
    pub(super) blobs: MemoryBlobs,
    pub(super) clock: WallClock,
    starts: Arc<AtomicU64>,
}

impl RelayHost {
    pub(super) fn new(common: &Common, disk: Disk, wrong_ms: i64) -> Self {
        let clock = WallClock::new(&common.time, wrong_ms);
        Self { common: common.clone(), disk, blobs: MemoryBlobs::default(), clock, starts: Arc::default() }
    }

    pub(super) fn open(&self) -> Result<Arc<Relay>, causeway_relay::OpenError> {
        Relay::open(Parts {
            kv: Arc::new(self.disk.clone()),
            blobs: Blobs::Memory(self.blobs.clone()),
            key: relay_key(),
            clock: Arc::new(self.clock.clone()),
        })
    }

    pub(super) async fn run(self) -> turmoil::Result {
        let start = self.starts.fetch_add(1, Ordering::SeqCst);
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

/// An organisation's device, what it stands on, and its people.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) common: Common,
    pub(super) host: usize,
    pub(super) name: &'static str,
    pub(super) disk: Disk,
    pub(super) eks: MemoryEks,
    /// An open vault of the same master key, which stands for the passphrase.
    pub(super) key: Vault,
    pub(super) clock: WallClock,
    /// Everybody, by number.
    pub(super) orgs: Vec<OrgId>,
    pub(super) script: Vec<(u64, Act)>,
    done: AtomicUsize,
    starts: AtomicU64,
    engine: Mutex<Option<Arc<Engine>>>,
    promises: Mutex<Vec<Promise>>,
}

impl Office {
    #[expect(clippy::too_many_arguments, reason = "a host is made of many things")]
    pub(super) fn new(
        common: &Common,
        host: usize,
        name: &'static str,
        disk: Disk,
        eks: MemoryEks,
        key: Vault,
        clock: WallClock,
        orgs: Vec<OrgId>,
        script: Vec<(u64, Act)>,
    ) -> Arc<Self> {
        Arc::new(Self {
            common: common.clone(),
            host,
            name,
            disk,
            eks,
            key,
            clock,
            orgs,
            script,
            done: AtomicUsize::new(0),
            starts: AtomicU64::new(0),
            engine: Mutex::default(),
            promises: Mutex::default(),
        })
    }

    /// The device opens what it keeps, connects whenever it can, and its people act.
    pub(super) async fn run(self: Arc<Self>, relay: IpAddr) -> turmoil::Result {
        let start = self.starts.fetch_add(1, Ordering::SeqCst);
        let engine = Arc::new(self.open(start).await?);
        *lock(&self.engine) = Some(Arc::clone(&engine));
        let dialer = dialer(&self.common, &engine, relay, self.host, start).await?;
        tokio::spawn(Arc::clone(&self).act(Arc::clone(&engine)));
        let mut dice = plan::rng(self.common.seed, (self.host as u64) << 24 | start);
        // Some stay connected, some visit, as people with a laptop do.
        let stay = if self.host % 3 == 2 { Stay::UntilCalm } else { Stay::Open };
        loop {
            let ended = session::run(&engine, &dialer, stay).await;
            self.tell(&format!("session ended: {ended:?}"));
            tokio::time::sleep(Duration::from_millis(dice.random_range(100..5_000))).await;
        }
    }

    /// The device as a restart finds it.
    pub(super) async fn open(&self, start: u64) -> Result<Engine, EngineError> {
        let vault = self.key.reopen(Arc::new(self.disk.clone()), self.eks.clone())?;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.common.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&(self.host as u64).to_le_bytes());
        seed[16..24].copy_from_slice(&start.to_le_bytes());
        let rng = ChaCha20Rng::from_seed(seed);
        Engine::open(vault, PathBuf::from("nowhere"), Arc::new(self.clock.clone()), Box::new(rng))
    }

    /// Who is running now, if anybody is.
    pub(super) fn running(&self) -> Option<Arc<Engine>> {
        lock(&self.engine).clone()
    }

    pub(super) fn lose_power(&self) {
        *lock(&self.engine) = None;
        self.disk.lose_power();
    }

    pub(super) fn promises(&self) -> Vec<Promise> {
        lock(&self.promises).clone()
    }

    pub(super) fn tell(&self, what: &str) {
        self.common.history.tell(self.name, what);
    }

    /// The people act by their script; what a crash interrupts is not done again, as nobody was told it was done.
    async fn act(self: Arc<Self>, engine: Arc<Engine>) {
        while let Some((at, act)) = self.script.get(self.done.load(Ordering::SeqCst)).copied() {
            let wait = at.saturating_sub(self.common.time.ms());
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let number = self.done.fetch_add(1, Ordering::SeqCst);
            let told = match act {
                Act::Send { to, priority, length } => self.send(&engine, number, to, priority, length).await,
                Act::Open { pick } => self.look(&engine, pick).await,
                Act::Step { pick, choice } => self.step(&engine, pick, choice).await,
            };
            self.tell(&told.unwrap_or_else(|error| format!("could not: {error}")));
        }
    }

    async fn send(
        &self,
        engine: &Engine,
        number: usize,
        to: usize,
        priority: Priority,
        length: usize,
    ) -> Result<String, EngineError> {
        let draft = self.draft(number, self.orgs[to], priority, length);
        let promise = Promise {
            from: self.orgs[self.host - 1],
            to: draft.to,
            packet: draft.packet,
            sections: draft.sections.clone(),
        };
        let mut changes = Changes::default();
        engine.thread_begun(&draft, engine.now(), &mut changes);
        engine.queue(vec![draft], changes).await?;
        let told = format!("wrote {} {priority} to {to}", short(promise.packet));
        lock(&self.promises).push(promise);
        Ok(told)
    }

    fn draft(&self, number: usize, to: OrgId, priority: Priority, length: usize) -> Draft {
        let mut name: [u8; 32] =
            plan::rng(self.common.seed, (self.host as u64) << 48 | number as u64).random();
        name[0] = u8::try_from(self.host << 4 | number & 15).unwrap_or(0);
        let mut text = format!("{CANARY} {} {number} ", self.name);
        text.extend(std::iter::repeat_n('x', length.saturating_sub(text.len())));
        Draft {
            packet: PacketId(name),
            case: name,
            packet_type: PACKET_REFERRAL,
            kind: "BIA".into(),
            to,
            priority,
            in_reply_to: None,
            sections: vec![
                StoredSection { code: *b"HDR", bytes: br#"{"kind":"BIA"}"#.to_vec() },
                StoredSection { code: *b"RSK", bytes: format!(r#"{{"note":"{text}"}}"#).into_bytes() },
            ],
        }
    }

    async fn look(&self, engine: &Engine, pick: usize) -> Result<String, EngineError> {
        let all = records::all_received(&engine.vault)?;
        let unopened: Vec<_> = all.iter().filter(|received| received.opened.0 == 0).collect();
        let Some(received) = unopened.get(pick % unopened.len().max(1)) else {
            return Ok("has nothing to open".into());
        };
        engine.opened(received.packet).await?;
        Ok(format!("opened {}", short(received.packet)))
    }

    async fn step(&self, engine: &Engine, pick: usize, choice: usize) -> Result<String, EngineError> {
        let threads = records::all_threads(&engine.vault)?;
        let steps: Vec<(&Thread, Vec<Action>)> = threads
            .iter()
            .map(|thread| (thread, possible_here(thread)))
            .filter(|(_, p)| !p.is_empty())
            .collect();
        let Some((thread, actions)) = steps.get(pick % steps.len().max(1)) else {
            return Ok("has no step to take".into());
        };
        let action = actions[choice % actions.len()];
        let words = Words { text: format!("{CANARY} step"), ..Words::default() };
        let packet = match engine.take_step(thread.case, action, words).await {
            Ok(packet) => packet,
            Err(causeway_client::engine::threads::StepError::Engine(error)) => return Err(error),
            // Something arrived meanwhile.
            Err(other) => return Ok(format!("may not {}: {other}", action.as_str())),
        };
        if let Some(sent) = records::sent(&engine.vault, packet, thread.peer)? {
            let from = self.orgs[self.host - 1];
            lock(&self.promises).push(Promise { from, to: sent.to, packet, sections: sent.sections });
        }
        Ok(format!("{} {} ({})", action.as_str(), hex::encode(&thread.case[..4]), short(packet)))
    }
}

fn possible_here(thread: &Thread) -> Vec<Action> {
    possible(state_of(thread), if thread.ours { Party::Sender } else { Party::Recipient })
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
