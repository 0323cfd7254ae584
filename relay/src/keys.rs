//! The key that this relay is known by, and the next one, which takes its place when the directory says so.
//!
//! The directory decides, and the relay's clock: whatever is signed after the moment is signed with the new key, whoever
//! connects is shown it, and the old one is erased, because nothing needs it any more. Connections that exist go on.

use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};

use causeway_certs::directory::RelayKeys;
use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::tls::ShownKey;
use causeway_common::error::ErrorCode;
use causeway_common::limits::CLOCK_SKEW;
use causeway_common::statements::{RelayKey, Statement};
use causeway_common::time::Timestamp;

use crate::{OpenError, Refused, Relay};

/// Where a relay's next key waits until its time has come.
pub trait NextKey: Debug + Send + Sync {
    /// The key that has been prepared, if there is one.
    fn prepared(&self) -> Option<SigningKey>;

    /// It is the relay's key from now on: the one before is erased. `Err`: why that is not done, for the operator; the next
    /// start does it.
    fn take_over(&self) -> Result<(), String>;

    /// The operator has only the prepared key left, or the directory of a backup from before it was announced: the relay
    /// shows it although its directory does not say so yet, so that the registrar or a member can bring the statement.
    fn stands_in(&self) -> bool {
        false
    }
}

/// No key has been prepared.
impl NextKey for () {
    fn prepared(&self) -> Option<SigningKey> {
        None
    }

    fn take_over(&self) -> Result<(), String> {
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct Keys {
    held: RwLock<Held>,
    shown: ShownKey,
    waiting: Box<dyn NextKey>,
}

#[derive(Debug)]
struct Held {
    present: Arc<SigningKey>,
    next: Option<Arc<SigningKey>>,
    standing_in: bool,
}

impl Keys {
    pub(crate) fn open(
        present: SigningKey,
        waiting: Box<dyn NextKey>,
        directory: Option<&RelayKeys>,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let shown = ShownKey::new(&present).map_err(|_| OpenError::OtherKey)?;
        let standing_in = waiting.stands_in();
        let next = waiting.prepared().map(Arc::new);
        let held = RwLock::new(Held { present: Arc::new(present), next, standing_in });
        let keys = Self { held, shown, waiting };
        if let Some(directory) = directory {
            let wanted = directory.in_force(now).key;
            keys.turn(wanted);
            if keys.present().public() != wanted && !standing_in {
                return Err(OpenError::OtherKey);
            }
        }
        Ok(keys)
    }

    fn present(&self) -> Arc<SigningKey> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner).present)
    }

    fn is_standing_in(&self) -> bool {
        self.held.read().unwrap_or_else(PoisonError::into_inner).standing_in
    }

    /// Makes `wanted` the present key, if it is the next. There is no way back.
    fn turn(&self, wanted: PublicKey) {
        if self.present().public() == wanted && !self.is_standing_in() {
            return;
        }
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.present.public() != wanted {
            let Some(next) = held.next.take_if(|next| next.public() == wanted) else { return };
            if let Err(error) = self.shown.show(&next) {
                tracing::error!("the relay's new key cannot be shown: {error}");
            }
            held.present = next;
        }
        held.standing_in = false;
        drop(held);
        tracing::info!("this relay is known by its new key from now on");
        if let Err(error) = self.waiting.take_over() {
            tracing::error!("the relay's former key is not erased yet: {error}");
        }
    }

    /// Whether this is a key that the relay has, or has been given meanwhile.
    fn has(&self, key: PublicKey) -> bool {
        let given = self.waiting.prepared().map(Arc::new);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if given.is_some() {
            held.next = given;
        }
        held.present.public() == key || held.next.as_ref().is_some_and(|next| next.public() == key)
    }
}

impl Relay {
    /// The key that the relay is known by now.
    pub fn key(&self) -> Arc<SigningKey> {
        self.key_at(self.clock.now())
    }

    /// The key that it is known by at this time, which is now or, of a head, a little later: there is no way back from it.
    pub(crate) fn key_at(&self, now: Timestamp) -> Arc<SigningKey> {
        let wanted = self.with_directory(|d| d.authority().map(|run_by| run_by.relay.in_force(now).key));
        if let Some(wanted) = wanted {
            self.keys.turn(wanted);
        }
        self.keys.present()
    }

    /// What the relay shows to whoever connects: its endpoint has to be opened with it.
    pub fn shown_key(&self) -> &ShownKey {
        &self.keys.shown
    }

    /// Refuses the announcement of a key that would lock everybody out: one that this relay does not have, one by a clock that
    /// runs ahead, and one that would take back what is in force here already. A relay that stands in is behind its members in any
    /// case, and takes what they bring.
    pub(crate) fn check_announcement(&self, statement: &Statement) -> Result<(), Refused> {
        let said: RelayKey =
            crate::registry::read(&statement.payload).ok_or(Refused(ErrorCode::Malformed))?;
        let key = PublicKey::from_bytes(said.relay).map_err(|_| Refused(ErrorCode::Unverified))?;
        let has = self.keys.has(key);
        if self.keys.is_standing_in() {
            return Ok(());
        }
        let now = self.clock.now();
        if statement.time > now.plus(CLOCK_SKEW) {
            return Err(Refused(ErrorCode::ExpiryTooFar));
        }
        if !has {
            return Err(Refused(ErrorCode::NotFound));
        }
        let takes_back =
            |keys: &RelayKeys| statement.time < now && keys.in_force(statement.time) != keys.in_force(now);
        if self.with_directory(|d| d.authority().is_some_and(|run_by| takes_back(&run_by.relay))) {
            return Err(Refused(ErrorCode::Conflict));
        }
        Ok(())
    }
}
