//! Whether the relay has gone back and has not shown everything again since.

use causeway_certs::checkpoint::{self, Checkpoint};

use crate::engine::Engine;
use crate::records::{self, Evidence, RecordError};

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

    /// A head that is later still and counts as much: what was hidden or lost is there again.
    fn is_over(&self, shown: Checkpoint) -> bool {
        shown.size >= self.before.size && shown.time > self.after.time
    }
}

impl Engine {
    /// The last time that the relay went back, as long as it has not shown this home everything again: after a restoration it
    /// does so with the next fetch, and people are not told for ever of what has healed. The evidence stays.
    pub async fn relay_went_back(&self) -> Result<Option<WentBack>, RecordError> {
        let pairs = records::went_back(&self.vault)?;
        let shown = checkpoint::read(&self.replica.lock().await.checkpoint);
        let is_open = |it: &WentBack| shown.is_none_or(|shown| !it.is_over(shown));
        Ok(pairs.iter().filter_map(WentBack::read).filter(is_open).max_by_key(|it| it.after.time))
    }
}
