//! How far each program has come in the log, by its own word.

use std::ops::Bound;

use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::KEPT_MAX;
use crate::engine::{Engine, EngineError};
use crate::records::{self, RecordError};
use crate::vault::{Changes, Tree, Vault};

const PREFIX: &[u8] = b"consumer";
/// Programs that keep their place. More than one machine runs; each costs a read when old events are dropped.
pub(crate) const CONSUMERS_MAX: usize = 64;
/// Longest name, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 40;

/// The place of a program, a hook or a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Consumer {
    /// Its name.
    pub(crate) name: String,
    /// The last event that it has dealt with.
    pub(crate) seq: u64,
    /// When it said so.
    pub(crate) at: Timestamp,
}

/// Why a place is not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AckError {
    /// There are too many.
    #[error("there are {CONSUMERS_MAX} consumers already")]
    TooMany,
    /// There is no such event yet.
    #[error("there is no such event yet")]
    Ahead,
    /// The home does not take it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The home does not give it.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Whether this may be the name of a program: it stands in logs.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn key(name: &str) -> Vec<u8> {
    [PREFIX, name.as_bytes()].concat()
}

/// The last event that a program has dealt with; 0 if it has said nothing.
pub(crate) fn place(vault: &Vault, name: &str) -> Result<u64, RecordError> {
    Ok(known_place(vault, name)?.unwrap_or(0))
}

/// The same; none if it has no place at all.
pub(crate) fn known_place(vault: &Vault, name: &str) -> Result<Option<u64>, RecordError> {
    Ok(records::read::<Consumer>(vault, Tree::Programs, &key(name))?.map(|consumer| consumer.seq))
}

/// All that keep their place.
pub(crate) fn all(vault: &Vault) -> Result<Vec<Consumer>, RecordError> {
    let range = (Bound::Included(PREFIX), Bound::Unbounded);
    let mut all = Vec::new();
    for id in vault.ids(Tree::Programs, range, usize::MAX, |id| id.starts_with(PREFIX)) {
        all.extend(records::read::<Consumer>(vault, Tree::Programs, &id)?);
    }
    Ok(all)
}

/// A program has dealt with everything up to this event. Its place never goes back.
pub(crate) async fn acknowledge(engine: &Engine, name: &str, seq: u64) -> Result<u64, AckError> {
    let vault = &engine.vault;
    if seq > super::newest(vault) {
        return Err(AckError::Ahead);
    }
    let is_new = !vault.holds(Tree::Programs, &key(name));
    if is_new && all(vault)?.iter().filter(|consumer| is_name(&consumer.name)).count() >= CONSUMERS_MAX {
        return Err(AckError::TooMany);
    }
    let mut changes = Changes::default();
    let seq = put(vault, &mut changes, name, seq, engine.now())?;
    engine.commit(changes).await?;
    Ok(seq)
}

/// The same, as a part of what it does.
pub(crate) fn put(
    vault: &Vault,
    changes: &mut Changes,
    name: &str,
    seq: u64,
    now: Timestamp,
) -> Result<u64, RecordError> {
    let seq = seq.max(place(vault, name)?);
    let consumer = Consumer { name: name.to_owned(), seq, at: now };
    records::write(changes, Tree::Programs, &key(name), &consumer);
    Ok(seq)
}

/// Forgets a program.
pub(crate) fn forget(changes: &mut Changes, name: &str) {
    changes.delete(Tree::Programs, &key(name));
}

/// The last event that all programs have dealt with. Where there are none nobody has.
pub(super) fn acknowledged_by_all(vault: &Vault) -> Result<u64, RecordError> {
    Ok(all(vault)?.iter().map(|consumer| consumer.seq).min().unwrap_or(0))
}

/// Forgets programs that have said nothing for as long as anything is kept: nothing waits for them any more. Hooks and webhooks, whose
/// names no program can have, go when somebody takes them away.
pub(super) fn drop_silent(vault: &Vault, now: Timestamp, changes: &mut Changes) -> Result<(), RecordError> {
    let is_silent = |consumer: &&Consumer| is_name(&consumer.name) && consumer.at.plus(KEPT_MAX) < now;
    for consumer in all(vault)?.iter().filter(is_silent) {
        forget(changes, &consumer.name);
    }
    Ok(())
}
