//! The relay: stores and forwards what it cannot read.
//!
//! There is no code here that could open a packet; the dependency tree says so (`tests/boundaries.rs`). What it
//! knows of a packet is the outer header: recipient, priority, expiry, size. Who submitted it is used for quotas and
//! forgotten.
//!
//! [`server`] accepts connections and drains them, [`service`] answers requests, [`delivery`] pushes what waits.
//! [`registry`], [`mailbox`], [`prekeys`] and [`blobs`] keep the data, all of it through `causeway_common::store`.

pub mod blobs;
pub mod config;
pub mod control;
pub mod delivery;
mod departed;
mod expiry_clock;
mod hub;
pub mod key_files;
pub mod keys;
mod keyspace;
mod links;
pub mod mailbox;
pub mod prekeys;
mod quota;
pub mod registry;
pub mod restored;
mod seats;
pub mod secrets;
pub mod server;
pub mod service;
mod sweep;
mod transfer;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use causeway_certs::directory::{Connections, Directory};
use causeway_certs::keys::SigningKey;
use causeway_common::error::ErrorCode;
use causeway_common::ids::OrgId;
use causeway_common::store::{Kv, StoreError};
use causeway_common::time::Clock;

use crate::blobs::Blobs;
use crate::config::Limits;
pub use crate::expiry_clock::LEAP_TOLD_FROM;
use crate::hub::Hub;
use crate::keys::{Keys, NextKey};
use crate::quota::Quotas;
use crate::restored::Restored;
use crate::seats::Seats;
use crate::transfer::Uploads;

/// Why a request is refused. The code goes to the client; the details stay here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?}")]
pub struct Refused(pub ErrorCode);

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooLarge(_) => Self(ErrorCode::TooLarge),
            StoreError::Corrupt(_) => Self(ErrorCode::Internal),
            _ => Self(ErrorCode::StoreUnavailable),
        }
    }
}

/// What a relay is made of. The binary brings a disk and the system clock, the simulator its own.
#[derive(Debug)]
pub struct Parts {
    /// Where records live.
    pub kv: Arc<dyn Kv>,
    /// Where large bodies and attachments live.
    pub blobs: Blobs,
    /// Identity, heads, receipts.
    pub key: SigningKey,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// A relay's state, shared by all its connections.
#[derive(Debug)]
pub struct Relay {
    pub(crate) kv: Arc<dyn Kv>,
    pub(crate) blobs: Blobs,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) directory: RwLock<Directory>,
    /// Follows the directory.
    pub(crate) connections: RwLock<Connections>,
    /// Directory changes one after the other: each is checked against the state the one before left.
    pub(crate) registry_turn: tokio::sync::Mutex<()>,
    /// A submission that writes a file holds the turn of its envelope.
    pub(crate) body_turns: [tokio::sync::Mutex<()>; mailbox::BODY_TURNS],
    /// Connection keys of those who wait for admission: `PENDING_MAX` applications, 100 devices each.
    pub(crate) applicants: RwLock<HashMap<[u8; 32], OrgId>>,
    pub(crate) hub: Hub,
    pub(crate) limits: Limits,
    pub(crate) quotas: Quotas,
    pub(crate) seats: Seats,
    pub(crate) uploads: Uploads,
    pub(crate) restored: Restored,
    /// When the last head was signed, as it says; zero before the first.
    pub(crate) last_head: AtomicU64,
}

impl Relay {
    /// Opens a relay over its stored data, replaying and checking the whole directory.
    pub fn open(parts: Parts) -> Result<Arc<Self>, OpenError> {
        Self::open_limited(parts, Limits::default())
    }

    /// The same with other limits than the usual ones.
    pub fn open_limited(parts: Parts, limits: Limits) -> Result<Arc<Self>, OpenError> {
        Self::open_with_next(parts, Box::new(()), limits)
    }

    /// The same for a relay whose next key may have been prepared.
    pub fn open_with_next(
        parts: Parts,
        next: Box<dyn NextKey>,
        limits: Limits,
    ) -> Result<Arc<Self>, OpenError> {
        let directory = registry::load(&*parts.kv)?;
        let announced = directory.authority().map(|run_by| &run_by.relay);
        let keys = Keys::open(parts.key, next, announced, parts.clock.now())?;
        let applicants = registry::load_applicants(&*parts.kv)?;
        let restored = Restored::look(&*parts.kv, Duration::from_secs(limits.give_back_seconds))?;
        Ok(Arc::new(Self {
            kv: parts.kv,
            blobs: parts.blobs,
            keys,
            clock: parts.clock,
            hub: Hub::new(directory.size()),
            seats: Seats::new(limits.connections),
            connections: RwLock::new(Connections::of(&directory)),
            directory: RwLock::new(directory),
            registry_turn: tokio::sync::Mutex::default(),
            body_turns: Default::default(),
            applicants: RwLock::new(applicants),
            quotas: Quotas::new(&limits),
            limits,
            uploads: Uploads::default(),
            restored,
            last_head: AtomicU64::new(0),
        }))
    }

    /// Whether somebody is the registrar already.
    pub fn has_registrar(&self) -> bool {
        self.with_directory(|d| d.authority().is_some())
    }

    /// Number of statements in the directory.
    pub fn directory_size(&self) -> u64 {
        self.with_directory(Directory::size)
    }

    /// Does the regular work once: what has expired, who has not been seen for long. [`server::serve`] does it all
    /// the time.
    pub async fn sweep(&self) -> Result<(), Refused> {
        sweep::round(self).await
    }

    pub(crate) fn with_directory<T>(&self, look: impl FnOnce(&Directory) -> T) -> T {
        // The lock is poisoned only by a panic inside a look; a step is checked before it is applied.
        look(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Why a relay's data cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The stored directory does not replay.
    #[error("statement {0} of the stored directory is damaged; restore the relay from its backup")]
    Directory(u64),
    /// The directory belongs to another relay key.
    #[error(
        "the stored directory belongs to another relay key; put the right key file back (relay.key, or relay.key.next)"
    )]
    OtherKey,
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}
