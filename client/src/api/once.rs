//! What a program has sent is sent once, however often it asks.
//!
//! A program that has got no answer does not know whether its request has arrived. It asks again with the same key, and gets the same
//! answer: the record of it is written by the commit that queues the referral. It holds numbers only, nothing of the referral.

use std::ops::Bound;
use std::time::Duration;

use causeway_common::framed;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::{Engine, EngineError};
use crate::records::{self, RecordError};
use crate::vault::{Changes, Tree, Vault};

const PREFIX: &[u8] = b"once";
/// An answer is kept this long: a program that was switched off over a holiday week still gets it.
pub(crate) const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Longest key, in characters; a UUID has 36.
pub(crate) const KEY_CHARS_MAX: usize = 64;
/// Answers dropped by one commit.
const DROPPED_AT_ONCE_MAX: usize = 1_000;

/// A request that is to be carried out once.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    key: Vec<u8>,
    body: [u8; 32],
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    body: [u8; 32],
    at: Timestamp,
    answer: String,
}

/// What is known of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing: it may be carried out.
    New,
    /// It was carried out, with this answer.
    Done(String),
    /// Another request had this key.
    Other,
}

/// Whether this may be a key.
pub(crate) fn is_key(key: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

impl Once {
    /// The request of a token with this key and body. Keys of two tokens are never the same.
    pub(crate) fn new(token: [u8; 4], key: &str, body: &[u8]) -> Self {
        let named = framed::sha256(&[&token[..], key.as_bytes()].concat());
        Self { key: [PREFIX, &named.0[..]].concat(), body: framed::sha256(body).0 }
    }

    /// What is known of it.
    pub(crate) fn known(&self, vault: &Vault) -> Result<Known, RecordError> {
        Ok(match records::read::<Done>(vault, Tree::Programs, &self.key)? {
            None => Known::New,
            Some(done) if done.body == self.body => Known::Done(done.answer),
            Some(_) => Known::Other,
        })
    }

    /// Remembers, in the step that carries it out, what is answered: the numbers of what was queued.
    pub(crate) fn put(&self, changes: &mut Changes, referral: &str, packets: &[Value], now: Timestamp) {
        let answer = answer(referral, packets).to_string();
        let done = Done { body: self.body, at: now, answer };
        records::write(changes, Tree::Programs, &self.key, &done);
    }
}

/// The answer to a referral that was queued: the one that is kept, too.
fn answer(referral: &str, packets: &[Value]) -> Value {
    let packets = packets.iter().map(|packet| {
        json!({
            "id": packet["id"],
            "to": packet["to"],
            "packet_id": packet["packet_id"],
            "state": packet["state"],
        })
    });
    json!({ "referral": referral, "packets": packets.collect::<Vec<_>>() })
}

/// Forgets answers that have been kept long enough.
pub(crate) async fn drop_old(engine: &Engine) -> Result<usize, EngineError> {
    let vault = &engine.vault;
    let range = (Bound::Included(PREFIX), Bound::Unbounded);
    let mut changes = Changes::default();
    let mut count = 0;
    for id in vault.ids(Tree::Programs, range, usize::MAX, |id| id.starts_with(PREFIX)) {
        let done = records::read::<Done>(vault, Tree::Programs, &id)?;
        if count < DROPPED_AT_ONCE_MAX && done.is_some_and(|done| done.at.plus(KEPT) < engine.now()) {
            changes.delete(Tree::Programs, &id);
            count += 1;
        }
    }
    if count > 0 {
        engine.commit(changes).await?;
    }
    Ok(count)
}
