//! A relay that came out of a backup has forgotten the end of the directory, and does not know it. Its members do, and give it
//! back when they connect. Until they have had time for that it takes nothing new: a statement in the place of one that it has
//! forgotten would make two directories, both signed, and whoever knows the other one could never believe this relay again.

use std::time::Duration;

use causeway_common::error::ErrorCode;
use causeway_common::store::{Kv, StoreError, transact};
use tokio::time::Instant;

use crate::{Refused, Relay, keyspace};

/// Nobody waits longer than this, whatever the settings say: every member who comes at all has come in a week.
const WAIT_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Until when a relay that was restored waits. It goes by the time that has passed since this process began, in which members
/// could come: a clock may leap, and a relay that is off hears from nobody.
#[derive(Debug)]
pub(crate) struct Restored(Option<Instant>);

impl Restored {
    /// Looks whether these records were restored.
    pub(crate) fn look(kv: &dyn Kv, wait: Duration) -> Result<Self, StoreError> {
        let is_restored = kv.get(keyspace::RESTORED)?.is_some();
        Ok(Self(is_restored.then(|| Instant::now() + wait.min(WAIT_MAX))))
    }

    fn left(&self) -> Option<Duration> {
        self.0.and_then(|until| until.checked_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }
}

/// The record that says of a store that it came out of a backup, and that what came after it may be missing. It is empty. A
/// backup of a relay that runs has it, because that relay goes on.
pub const MARK: &[u8] = keyspace::RESTORED;

/// Puts the mark on a store.
pub async fn mark(kv: &dyn Kv) -> Result<(), StoreError> {
    transact(kv, |txn| {
        txn.put(keyspace::RESTORED, &[]);
        Ok(())
    })
    .await?
}

impl Relay {
    /// How long this relay, which was restored, waits yet for what its members give back; nothing new is taken meanwhile.
    pub fn waits_for_what_it_lost(&self) -> Option<Duration> {
        self.restored.left()
    }

    pub(crate) fn takes_new_statements(&self) -> Result<(), Refused> {
        self.waits_for_what_it_lost().map_or(Ok(()), |_| Err(Refused(ErrorCode::Restored)))
    }

    /// Part of the regular work: it has waited long enough, and the next start need not wait again.
    pub(crate) async fn forget_restoration(&self) -> Result<(), Refused> {
        if self.waits_for_what_it_lost().is_some() || self.kv.get(keyspace::RESTORED)?.is_none() {
            return Ok(());
        }
        transact(&*self.kv, |txn| {
            txn.delete(keyspace::RESTORED);
            Ok(())
        })
        .await?
    }
}
