//! What happened in a simulated world, and when.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use causeway_common::time::{Clock, Timestamp};

/// Noon on a day in 2026.
const START_MS: u64 = 1_790_000_000_000;

/// The time of a world; a clone shows the same.
#[derive(Clone, Debug, Default)]
pub struct WorldTime(Arc<AtomicU64>);

impl WorldTime {
    /// Milliseconds since the beginning.
    pub fn ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Moves on.
    pub fn set(&self, ms: u64) {
        self.0.store(ms, Ordering::SeqCst);
    }
}

/// The clock on somebody's wall: it goes as the world goes, and is wrong by a little or by a lot.
#[derive(Clone, Debug)]
pub struct WallClock {
    time: WorldTime,
    wrong_ms: Arc<AtomicI64>,
}

impl WallClock {
    /// A clock that is wrong by so many milliseconds.
    pub fn new(time: &WorldTime, wrong_ms: i64) -> Self {
        Self { time: time.clone(), wrong_ms: Arc::new(AtomicI64::new(wrong_ms)) }
    }

    /// Somebody turns the hands.
    pub fn step(&self, by_ms: i64) {
        self.wrong_ms.fetch_add(by_ms, Ordering::SeqCst);
    }

    /// Somebody sets it right.
    pub fn set_right(&self) {
        self.wrong_ms.store(0, Ordering::SeqCst);
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp((START_MS + self.time.ms()).saturating_add_signed(self.wrong_ms.load(Ordering::SeqCst)))
    }
}

/// Events in order; a clone writes into the same.
#[derive(Clone, Debug, Default)]
pub struct History {
    time: WorldTime,
    told: Arc<Mutex<Told>>,
}

#[derive(Debug, Default)]
struct Told {
    lines: Vec<String>,
    /// Over every datagram: who sent it, when, how long it was, how often it arrived.
    wire: u64,
    datagrams: u64,
}

impl History {
    /// A history by this time.
    pub fn new(time: &WorldTime) -> Self {
        Self { time: time.clone(), told: Arc::default() }
    }

    /// Something happened.
    pub fn tell(&self, who: &str, what: &str) {
        let ms = self.time.ms();
        self.told().lines.push(format!("{:>4}.{:03} {who:<6} {what}", ms / 1000, ms % 1000));
    }

    /// A datagram was sent.
    pub(super) fn wire(&self, host: usize, length: usize, copies: usize) {
        let mut told = self.told();
        let mut hasher = DefaultHasher::new();
        (told.wire, self.time.ms(), host, length, copies).hash(&mut hasher);
        told.wire = hasher.finish();
        told.datagrams += 1;
    }

    /// Datagrams so far.
    pub fn datagrams(&self) -> u64 {
        self.told().datagrams
    }

    /// One number for everything that happened, down to the datagrams.
    pub fn fingerprint(&self) -> u64 {
        let told = self.told();
        let mut hasher = DefaultHasher::new();
        (&told.lines, told.wire).hash(&mut hasher);
        hasher.finish()
    }

    /// All of it, to be read.
    pub fn lines(&self) -> Vec<String> {
        self.told().lines.clone()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
