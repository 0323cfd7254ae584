//! What became of events that were brought to programs, and what is tried again.

use std::ops::Bound;
use std::time::Duration;

use causeway_common::framed;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::engine::Engine;
use crate::records::{self, RecordError};
use crate::vault::{Changes, Tree, Vault};

const PREFIX: &[u8] = b"delivery";
/// The first pause after a failure; every further one is twice as long.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(6 * 60 * 60);
/// Attempts before nobody tries any more. Pauses of 30 seconds to 4 hours 16 minutes, ten of them, are 8.5 hours, and the eleventh is
/// 6 more: a receiver that is off for a night is reached in the morning.
const ATTEMPTS_MAX: u32 = 12;
/// Deliveries that wait for one target. Then the target's place in the log waits too, so nothing is lost.
pub(super) const WAITING_MAX: usize = 256;
/// Deliveries kept that are done or given up, of each state: what a person looks at.
const KEPT_MAX: usize = 200;

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was taken.
    Taken,
    /// It was not, and why: a word of ours, never of the receiver.
    NotTaken(String),
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// It is tried again.
    Waiting,
    /// It was taken.
    Done,
    /// Nobody tries any more, until a person wants it.
    Dead,
}

impl State {
    /// The word for programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

/// One event on its way to one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// To what: `hook:` or `webhook:` and its name.
    pub(crate) target: String,
    /// Which event.
    pub(crate) seq: u64,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// How it stands.
    pub(crate) state: State,
    /// When it was tried last.
    pub(crate) at: Timestamp,
    /// When it is tried again.
    pub(crate) next: Timestamp,
    /// Why it was not taken.
    pub(crate) why: String,
}

impl Delivery {
    /// One that has not been tried.
    pub(super) fn first(target: &str, seq: u64, now: Timestamp) -> Self {
        let target = target.to_owned();
        Self { target, seq, attempts: 0, state: State::Waiting, at: now, next: now, why: String::new() }
    }

    /// The same after an attempt.
    pub(super) fn after(mut self, outcome: Outcome, now: Timestamp) -> Self {
        self.attempts = self.attempts.saturating_add(1);
        self.at = now;
        match outcome {
            Outcome::Taken => (self.state, self.why) = (State::Done, String::new()),
            Outcome::NotTaken(why) => {
                self.why = why;
                self.state = if self.attempts >= ATTEMPTS_MAX { State::Dead } else { State::Waiting };
                self.next = now.plus(pause(self.attempts));
            }
        }
        self
    }

    /// Its number: the same for the same event and target.
    pub(crate) fn number(&self) -> String {
        hex::encode(&self.id()[..6])
    }

    fn id(&self) -> [u8; 32] {
        framed::sha256(&[&self.seq.to_be_bytes(), self.target.as_bytes()].concat()).0
    }

    fn key(&self) -> Vec<u8> {
        [PREFIX, &self.seq.to_be_bytes(), &self.id()[..6]].concat()
    }
}

/// How long to wait after so many attempts.
fn pause(attempts: u32) -> Duration {
    PAUSE.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX)).min(PAUSE_MAX)
}

/// All of them, the oldest event first.
pub(crate) fn all(vault: &Vault) -> Result<Vec<Delivery>, RecordError> {
    let range = (Bound::Included(PREFIX), Bound::Unbounded);
    let mut all = Vec::new();
    for id in vault.ids(Tree::Programs, range, usize::MAX, |id| id.starts_with(PREFIX)) {
        all.extend(records::read::<Delivery>(vault, Tree::Programs, &id)?);
    }
    Ok(all)
}

/// How many wait for a target.
pub(super) fn waiting(vault: &Vault, target: &str) -> Result<usize, RecordError> {
    let is_one = |delivery: &&Delivery| delivery.state == State::Waiting && delivery.target == target;
    Ok(all(vault)?.iter().filter(is_one).count())
}

/// Those of a target that are to be tried now.
pub(super) fn due(vault: &Vault, target: &str, now: Timestamp) -> Result<Vec<Delivery>, RecordError> {
    let mut due = all(vault)?;
    due.retain(|delivery| {
        delivery.state == State::Waiting && delivery.target == target && delivery.next <= now
    });
    Ok(due)
}

/// Keeps a delivery, and of those that are over the newest only.
pub(super) fn put(vault: &Vault, changes: &mut Changes, delivery: &Delivery) -> Result<(), RecordError> {
    records::write(changes, Tree::Programs, &delivery.key(), delivery);
    let same =
        all(vault)?.into_iter().filter(|other| other.state == delivery.state && other.seq != delivery.seq);
    let over: Vec<Delivery> = same.filter(|other| other.state != State::Waiting).collect();
    let too_many = (over.len() + 1).saturating_sub(KEPT_MAX);
    over.iter().take(too_many).for_each(|old| forget(changes, old));
    Ok(())
}

/// Forgets a delivery.
pub(super) fn forget(changes: &mut Changes, delivery: &Delivery) {
    changes.delete(Tree::Programs, &delivery.key());
}

/// Forgets all of a target that is not there any more.
pub(super) fn forget_all_of(vault: &Vault, changes: &mut Changes, target: &str) -> Result<(), RecordError> {
    all(vault)?.iter().filter(|delivery| delivery.target == target).for_each(|old| forget(changes, old));
    Ok(())
}

/// Somebody wants a delivery to be tried again, at once and from the beginning.
pub(crate) async fn retry(engine: &Engine, number: &str) -> Result<Delivery, Failure> {
    let found = all(&engine.vault)?.into_iter().find(|delivery| delivery.number() == number);
    let found = found.filter(|delivery| delivery.state != State::Done);
    let mut delivery = found.ok_or_else(|| Failure::not_found(number))?;
    (delivery.state, delivery.attempts, delivery.next) = (State::Waiting, 0, engine.now());
    let mut changes = Changes::default();
    records::write(&mut changes, Tree::Programs, &delivery.key(), &delivery);
    engine.commit(changes).await?;
    Ok(delivery)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_is_tried_again_later_and_later_until_nobody_tries() {
        let minute = 60_000;
        let mut delivery = Delivery::first("webhook:1", 7, Timestamp(0));
        let mut waited = 0;
        while delivery.state == State::Waiting {
            let now = delivery.next;
            delivery = delivery.after(Outcome::NotTaken("http-503".into()), now);
            waited = now.0;
            let pause = delivery.next.0 - now.0;
            assert!(pause >= minute / 2 && u128::from(pause) <= PAUSE_MAX.as_millis());
        }
        assert_eq!((delivery.state, delivery.attempts), (State::Dead, ATTEMPTS_MAX));
        assert!(waited > 14 * 60 * minute, "a night: {waited}");
        assert_eq!(pause(u32::MAX), PAUSE_MAX);
        let taken = Delivery::first("webhook:1", 7, Timestamp(0)).after(Outcome::Taken, Timestamp(5));
        assert_eq!((taken.state, taken.number()), (State::Done, delivery.number()));
    }
}
