//! How far each program has come in the log, by its own word.
//!
//! A place of a program belongs to the token that it shows: no other token takes it, moves it or uses it up. It is named by the token's
//! number, the token's name and the name that the program gives itself, so that a program whose token was renewed finds the place of its
//! last one. Places that were kept before tokens had their own go on being read, by whoever has none.

use std::ops::Bound;

use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::KEPT_MAX;
use crate::api::tokens::Token;
use crate::cli::failure::Failure;
use crate::cli::output::harmless;
use crate::engine::{Engine, EngineError};
use crate::records::{self, RecordError};
use crate::vault::{Changes, Tree, Vault};

const PREFIX: &[u8] = b"consumer";
/// Places of one token. A token is for one program, which may have a few parts that read; with 32 tokens there are 256, each of which costs a
/// read when old events are dropped.
pub(crate) const PLACES_MAX: usize = 8;
/// Stands between the parts of a name, none of which can hold it.
const BETWEEN: char = '/';
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
    /// This token has as many as it may.
    #[error("the token has {PLACES_MAX} places already")]
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

/// A program that keeps its place: what it calls itself, and the token that it shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    /// The token.
    pub(crate) token: &'a Token,
    /// Its name ([`is_name`]).
    pub(crate) name: &'a str,
}

impl Reader<'_> {
    fn place(&self) -> String {
        format!("{}{}", self.token.number(), self.in_any())
    }

    /// What the place ends with under any token of that name.
    fn in_any(&self) -> String {
        format!("{BETWEEN}{}{BETWEEN}{}", self.token.name, self.name)
    }
}

/// Whether a place is one of a hook or a webhook.
pub(crate) fn is_target(name: &str) -> bool {
    name.contains(':')
}

/// The parts of a program's place: the number and the name of the token, and the program's name. One that was kept before places
/// had tokens has the last part alone.
pub(crate) fn parts(name: &str) -> (&str, &str, &str) {
    match name.splitn(3, BETWEEN).collect::<Vec<_>>()[..] {
        [number, token, name] => (number, token, name),
        _ => ("", "", name),
    }
}

fn key(name: &str) -> Vec<u8> {
    [PREFIX, name.as_bytes()].concat()
}

/// The last event that a program has dealt with; 0 if it has said nothing. One whose token was renewed goes on where its last one was.
pub(crate) fn place_of(vault: &Vault, reader: Reader<'_>) -> Result<u64, RecordError> {
    if let Some(place) = known_place(vault, &reader.place())? {
        return Ok(place);
    }
    let end = reader.in_any();
    let mut earlier = all(vault)?;
    earlier.retain(|consumer| consumer.name.ends_with(&end) || consumer.name == reader.name);
    Ok(earlier.into_iter().max_by_key(|consumer| consumer.at).map_or(0, |consumer| consumer.seq))
}

/// The last event that a place has come to; 0 if there is none.
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
pub(crate) async fn acknowledge(engine: &Engine, reader: Reader<'_>, seq: u64) -> Result<u64, AckError> {
    let vault = &engine.vault;
    if seq > super::newest(vault) {
        return Err(AckError::Ahead);
    }
    let (name, mut from) = (reader.place(), seq);
    if !vault.holds(Tree::Programs, &key(&name)) {
        let of_token = |consumer: &&Consumer| parts(&consumer.name).0 == reader.token.number();
        if all(vault)?.iter().filter(of_token).count() >= PLACES_MAX {
            return Err(AckError::TooMany);
        }
        from = from.max(place_of(vault, reader)?);
    }
    let mut changes = Changes::default();
    let seq = put(vault, &mut changes, &name, from, engine.now())?;
    engine.commit(changes).await?;
    Ok(seq)
}

/// Takes the place of a program away. If it comes back, it begins with everything that is kept.
pub(crate) async fn remove(engine: &Engine, name: &str) -> Result<(), Failure> {
    if is_target(name) || !engine.vault.holds(Tree::Programs, &key(name)) {
        return Err(Failure::not_found(&harmless(name)));
    }
    let mut changes = Changes::default();
    forget(&mut changes, name);
    let now = engine.now();
    crate::activity::append(&engine.vault, &mut changes, now, "took the place of a program away", None)?;
    Ok(engine.commit(changes).await?)
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
    let is_silent = |consumer: &&Consumer| !is_target(&consumer.name) && consumer.at.plus(KEPT_MAX) < now;
    for consumer in all(vault)?.iter().filter(is_silent) {
        forget(changes, &consumer.name);
    }
    Ok(())
}
