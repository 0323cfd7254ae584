//! What is kept of a fetch that has caught the relay at something: enough that others see it too. Nothing of it is believed.

use std::time::Duration;

use causeway_certs::checkpoint;
use causeway_certs::directory::{RelayKeys, StatementError};
use causeway_certs::evidence::{self, EvidenceError, Kind, judge_illegal};
use causeway_certs::transport::{Link, request};
use causeway_common::limits::REQUEST_TIMEOUT;
use causeway_common::wire::{DirectoryPart, DirectorySince};
use tokio::time::{Instant, timeout_at};

use crate::engine::{Engine, EngineError};
use crate::records::{self, Evidence, ILLEGAL_BYTES_MAX, Illegal, STATEMENT_OVERHEAD};
use crate::replica::{Replica, ReplicaError};
use crate::vault::{Changes, Vault};

/// Longest that a relay is asked for what proves something against it. People are told after that.
const ASKING_TIME_MAX: Duration = Duration::from_secs(60);

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
    /// Keeps what proves it, if anything does. Gives what the relay was caught at, which is not always what it looked like.
    pub(super) async fn keep(
        self,
        why: ReplicaError,
        engine: &Engine,
        link: &dyn Link,
    ) -> Result<ReplicaError, EngineError> {
        let mut changes = Changes::default();
        let why = match why {
            ReplicaError::Split if self.shown_size() > self.known_size => {
                let (keys, deadline) = (keys(engine).await?, Instant::now() + ASKING_TIME_MAX);
                self.is_other_history(&keys, deadline, engine, link, &mut changes).await?;
                why
            }
            ReplicaError::Split => {
                let pair = Evidence { ours: self.known, theirs: self.part.checkpoint };
                records::put_evidence(&engine.vault, &mut changes, &pair);
                why
            }
            ReplicaError::Shrunk { .. } => {
                let keys = keys(engine).await?;
                let pair = Evidence { ours: self.before, theirs: self.part.checkpoint };
                if pair.shows_that_it_went_back(&keys) {
                    records::put_went_back(&engine.vault, &mut changes, &pair);
                }
                why
            }
            // A kind of a newer version accuses nobody.
            ReplicaError::Illegal(error) if error != StatementError::Newer => {
                self.keep_illegal(error, engine, link, &mut changes).await?
            }
            _ => why,
        };
        if !changes.is_empty() {
            engine.commit(changes).await?;
        }
        Ok(why)
    }

    /// The head, and all statements that it counts behind those that are here: what the answer lacks is asked for.
    async fn keep_illegal(
        mut self,
        error: StatementError,
        engine: &Engine,
        link: &dyn Link,
        changes: &mut Changes,
    ) -> Result<ReplicaError, EngineError> {
        let (keys, why) = (keys(engine).await?, ReplicaError::Illegal(error));
        let Ok(head) = keys.verify_head(&self.part.checkpoint) else { return Ok(why) };
        if let Some(kept) = records::illegal(&engine.vault)?
            && judge_illegal(&engine.replica.lock().await.log_of(&kept), &keys).is_ok()
        {
            return Ok(why);
        }
        let deadline = Instant::now() + ASKING_TIME_MAX;
        let mut taken = Taken::of(head.size.saturating_sub(self.known_size));
        let refused_at = self.known_size + self.legal.len() as u64 - self.asked_from;
        let rest = self
            .part
            .leaves
            .split_off(usize::try_from(refused_at).unwrap_or(usize::MAX).min(self.part.leaves.len()));
        let legal = std::mem::take(&mut self.legal);
        if taken.take(legal) && taken.take(rest) {
            // Kept before the relay is asked: it may take its time, and this home may be switched off.
            let mut first = Changes::default();
            records::put_illegal(&mut first, &self.over(taken.leaves.clone(), false));
            engine.commit(first).await?;
            taken.ask(link, self.known_size, deadline).await;
        }
        let mut illegal = self.over(taken.leaves, false);
        let judged = judge_illegal(&engine.replica.lock().await.log_of(&illegal), &keys);
        illegal.proven = judged.is_ok();
        match judged {
            Ok(_) | Err(EvidenceError::Incomplete { .. }) => records::put_illegal(changes, &illegal),
            Err(EvidenceError::OtherStatements) => {
                let split = self.is_other_history(&keys, deadline, engine, link, changes).await?;
                return Ok(if split { ReplicaError::Split } else { why });
            }
            Err(_) => records::drop_illegal(changes),
        }
        Ok(why)
    }

    fn shown_size(&self) -> u64 {
        checkpoint::read(&self.part.checkpoint).map_or(0, |head| head.size)
    }

    fn over(&self, leaves: Vec<Vec<u8>>, proven: bool) -> Illegal {
        Illegal { head: self.part.checkpoint.clone(), known: self.known_size, leaves, proven }
    }

    /// The head is not over what this home holds and what came behind it: most likely over another history, as after a restoration
    /// that has divided the members. All of it is asked for, to show that. Keeps what it comes to; gives whether it is that.
    async fn is_other_history(
        &self,
        keys: &RelayKeys,
        deadline: Instant,
        engine: &Engine,
        link: &dyn Link,
        changes: &mut Changes,
    ) -> Result<bool, EngineError> {
        records::drop_illegal(changes);
        if self.known.is_empty() {
            return Ok(false);
        }
        let pair = Evidence { ours: self.known.clone(), theirs: self.part.checkpoint.clone() };
        let kept = records::evidence(&engine.vault)?;
        for kept in kept.iter().filter(|kept| kept.ours == pair.ours) {
            if records::prefix_of(&engine.vault, kept)?.is_some() {
                return Ok(true);
            }
        }
        let mut whole = Taken::of(self.shown_size());
        whole.ask(link, 0, deadline).await;
        let said = evidence::complete(pair.ours.clone(), pair.theirs.clone(), keys, &whole.leaves);
        match (evidence::judge(&said, keys).map(|proven| proven.kind), &said.prefix) {
            (Ok(Kind::Split), Some(prefix)) => {
                records::put_evidence_with(&engine.vault, changes, &pair, prefix);
            }
            (Ok(Kind::WentBack), Some(_)) | (Err(EvidenceError::Agree), _) => {
                // It has shown other statements before than those that it has signed.
                let known = usize::try_from(self.known_size).unwrap_or(usize::MAX).min(whole.leaves.len());
                let illegal = self.over(whole.leaves.split_off(known), true);
                if judge_illegal(&engine.replica.lock().await.log_of(&illegal), keys).is_ok() {
                    records::put_illegal(changes, &illegal);
                }
                return Ok(false);
            }
            // One is enough to tell people; a partner's directory may prove it.
            _ if kept.is_empty() => records::put_evidence(&engine.vault, changes, &pair),
            _ => {}
        }
        Ok(true)
    }
}

/// After a fetch that has ended well: what does not prove an illegal statement is forgotten, and what this home now holds itself,
/// because a newer version of it knows that it is allowed.
pub(super) fn review_illegal(
    replica: &Replica,
    vault: &Vault,
    changes: &mut Changes,
) -> Result<(), EngineError> {
    if let Some(kept) = records::illegal(vault)? {
        let held = checkpoint::read(&kept.head).and_then(|head| replica.agrees_with(head.size, head.root));
        if !kept.proven || held == Some(true) {
            records::drop_illegal(changes);
        }
    }
    Ok(())
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
    fn of(wanted: u64) -> Self {
        Self { wanted, room: ILLEGAL_BYTES_MAX, leaves: Vec::new() }
    }

    /// Asks for what is missing behind so many statements, until the deadline. Whoever gives nothing, or empty statements, goes on
    /// for ever.
    async fn ask(&mut self, link: &dyn Link, behind: u64, deadline: Instant) {
        let mut goes_on = !self.is_whole();
        while goes_on {
            let since = DirectorySince { size: behind + self.leaves.len() as u64 };
            let asked = request::<_, DirectoryPart>(link, &since, REQUEST_TIMEOUT);
            // A relay that says nothing more has shown enough to be kept.
            let Ok(Ok(part)) = timeout_at(deadline, asked).await else { break };
            let gains = !part.leaves.is_empty() && part.leaves.iter().all(|leaf| !leaf.is_empty());
            goes_on = gains && self.take(part.leaves);
        }
    }

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
