//! What is kept of a fetch that has caught the relay at something: enough that others see it too. Nothing of it is believed.

use causeway_certs::directory::{RelayKeys, StatementError};
use causeway_certs::evidence::judge_illegal;
use causeway_certs::transport::{Link, request};
use causeway_common::limits::REQUEST_TIMEOUT;
use causeway_common::wire::{DirectoryPart, DirectorySince};

use crate::engine::{Engine, EngineError};
use crate::records::{self, Evidence, ILLEGAL_BYTES_MAX, Illegal, STATEMENT_OVERHEAD};
use crate::replica::ReplicaError;
use crate::vault::Changes;

/// What the relay has shown until its answer was refused.
pub(super) struct Shown {
    /// The head that this home holds.
    pub(super) known: Vec<u8>,
    /// How many statements it counts.
    pub(super) known_size: u64,
    /// The head of the answer before, or the one that this home holds.
    pub(super) before: Vec<u8>,
    /// Statements behind those that this home holds, up to the one that was refused.
    pub(super) legal: Vec<Vec<u8>>,
    /// What the relay was asked for last.
    pub(super) asked_from: u64,
    /// What it answered.
    pub(super) part: DirectoryPart,
}

impl Shown {
    /// Keeps what proves it, if anything does.
    pub(super) async fn keep(
        self,
        why: &ReplicaError,
        engine: &Engine,
        link: &dyn Link,
    ) -> Result<(), EngineError> {
        let mut changes = Changes::default();
        match why {
            ReplicaError::Split => {
                let pair = Evidence { ours: self.known, theirs: self.part.checkpoint };
                records::put_evidence(&engine.vault, &mut changes, &pair);
            }
            ReplicaError::Shrunk { .. } => {
                let keys = keys(engine).await?;
                let pair = Evidence { ours: self.before, theirs: self.part.checkpoint };
                if pair.shows_that_it_went_back(&keys) {
                    records::put_went_back(&engine.vault, &mut changes, &pair);
                }
            }
            // A kind of a newer version accuses nobody.
            ReplicaError::Illegal(StatementError::Newer) => {}
            ReplicaError::Illegal(_) => self.keep_illegal(engine, link, &mut changes).await?,
            _ => {}
        }
        if changes.is_empty() { Ok(()) } else { engine.commit(changes).await }
    }

    /// The head, and all statements that it counts behind those that are here: what the answer lacks is asked for.
    async fn keep_illegal(
        mut self,
        engine: &Engine,
        link: &dyn Link,
        changes: &mut Changes,
    ) -> Result<(), EngineError> {
        if records::illegal(&engine.vault)?.is_some_and(|kept| kept.proven) {
            return Ok(());
        }
        let keys = keys(engine).await?;
        let Ok(head) = keys.verify_head(&self.part.checkpoint) else { return Ok(()) };
        let mut taken = Taken {
            wanted: head.size.saturating_sub(self.known_size),
            room: ILLEGAL_BYTES_MAX,
            leaves: vec![],
        };
        let refused_at = self.known_size + self.legal.len() as u64 - self.asked_from;
        let rest = self
            .part
            .leaves
            .split_off(usize::try_from(refused_at).unwrap_or(usize::MAX).min(self.part.leaves.len()));
        let mut goes_on = taken.take(self.legal) && taken.take(rest);
        while goes_on {
            let since = DirectorySince { size: self.known_size + taken.leaves.len() as u64 };
            // A relay that says nothing more has shown enough to be kept.
            let Ok(part) = request::<_, DirectoryPart>(link, &since, REQUEST_TIMEOUT).await else { break };
            goes_on = !part.leaves.is_empty() && taken.take(part.leaves);
        }
        let mut illegal = Illegal {
            head: self.part.checkpoint,
            known: self.known_size,
            leaves: taken.leaves,
            proven: false,
        };
        illegal.proven = judge_illegal(&engine.replica.lock().await.log_of(&illegal), &keys).is_ok();
        records::put_illegal(changes, &illegal);
        Ok(())
    }
}

async fn keys(engine: &Engine) -> Result<RelayKeys, EngineError> {
    let keys = engine.replica.lock().await.relay_keys(&engine.identity);
    Ok(keys.map_err(ReplicaError::from)?)
}

/// Statements up to a number and a size.
struct Taken {
    wanted: u64,
    room: usize,
    leaves: Vec<Vec<u8>>,
}

impl Taken {
    /// Whether there is more to ask for, and room.
    fn take(&mut self, leaves: Vec<Vec<u8>>) -> bool {
        for leaf in leaves {
            if self.is_whole() {
                break;
            }
            let Some(room) = self.room.checked_sub(leaf.len() + STATEMENT_OVERHEAD) else { return false };
            self.room = room;
            self.leaves.push(leaf);
        }
        !self.is_whole()
    }

    fn is_whole(&self) -> bool {
        self.leaves.len() as u64 >= self.wanted
    }
}
