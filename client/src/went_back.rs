//! Whether the relay has gone back and has not shown everything again since.

use causeway_certs::checkpoint::{self, Checkpoint};
use causeway_common::time::Timestamp;

use crate::engine::Engine;
use crate::records::{self, Evidence, RecordError};
use crate::replica::Replica;
use crate::vault::{Changes, Vault};

/// Two heads of a relay, of which the later one counts less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WentBack {
    /// The larger and earlier one.
    pub before: Checkpoint,
    /// The smaller and later one.
    pub after: Checkpoint,
}

impl WentBack {
    fn read(pair: &Evidence) -> Option<Self> {
        Some(Self { before: checkpoint::read(&pair.ours)?, after: checkpoint::read(&pair.theirs)? })
    }

    /// What was hidden or lost is there again, under a head that is later still. Where the relay's clock was wrong by then and is
    /// set right, none is for long: then it is enough that the head is later than the larger one.
    fn is_over(&self, replica: &Replica, now: Timestamp) -> bool {
        let Some(shown) = replica.head_time() else { return false };
        let since = if now < self.after.time { self.before.time } else { self.after.time };
        shown > since && replica.agrees_with(self.before.size, self.before.root) == Some(true)
    }
}

/// Of the times that the relay went back, those whose larger head is not how the directory began that it shows now are two
/// directories: from now on they are kept as such. Gives whether there are any.
pub(crate) fn turn_into_splits(
    replica: &Replica,
    vault: &Vault,
    changes: &mut Changes,
) -> Result<bool, RecordError> {
    let mut any = false;
    for pair in records::went_back(vault)? {
        let Some(it) = WentBack::read(&pair) else { continue };
        if replica.agrees_with(it.before.size, it.before.root) == Some(false) {
            any = true;
            records::drop_went_back(changes, &pair);
            let split = Evidence { ours: replica.checkpoint.clone(), theirs: pair.ours };
            records::put_evidence(vault, changes, &split);
        }
    }
    Ok(any)
}

impl Engine {
    /// The last time that the relay went back, as long as it has not shown this home everything again: after a restoration it
    /// does so with the next fetch, and people are not told for ever of what has healed. The evidence stays.
    pub async fn relay_went_back(&self) -> Result<Option<WentBack>, RecordError> {
        let pairs = records::went_back(&self.vault)?;
        let replica = self.replica.lock().await;
        let is_open = |it: &WentBack| !it.is_over(&replica, self.now());
        Ok(pairs.iter().filter_map(WentBack::read).filter(is_open).max_by_key(|it| it.after.time))
    }
}
