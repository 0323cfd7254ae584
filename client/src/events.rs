//! The log of what has changed, for programs of this machine: numbered, durable, and without content.
//!
//! An event says which referral, what kind of change and which state: never who, what or where. What has happened to a case is
//! readable with the scope for content only, and after the case is erased not at all. Events are written by the commit that causes
//! them ([`derive`]), so none is lost or doubled by a crash; programs say how far they have come ([`consumers`]).

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use causeway_common::codec;
use causeway_common::time::{Clock, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::activity;
use crate::backup;
use crate::cli::output::time;
use crate::engine::{Engine, EngineError};
use crate::records::{self, RecordError};
use crate::vault::{Changes, Scribe, Tree, Vault, VaultError};

pub(crate) mod consumers;
mod derive;

/// An event that nobody has acknowledged stays this long: a machine that was off for a holiday has missed nothing. With 5,000 events
/// a day (500 referrals of ten changes each) that are 150,000 records of some 250 bytes sealed: 38 MB.
pub(crate) const KEPT_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// One that every consumer has acknowledged stays this long, for whoever looks for a mistake.
pub(crate) const KEPT_ACKNOWLEDGED: Duration = Duration::from_secs(24 * 60 * 60);
/// Events dropped by one commit. Three a minute would keep up with 5,000 a day; what is left is for the next.
const DROPPED_AT_ONCE_MAX: usize = 1_000;
/// Longest state, in bytes: words of ours are shorter.
const STATE_BYTES_MAX: usize = 48;
const EVENT_BYTES_MAX: usize = 512;

/// Under which an event waits for its number, within one commit.
const UNNUMBERED: &[u8] = b"new";
/// Where it stands how far the log has been dropped.
const DROPPED: &[u8] = b"events-dropped";

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", from = "u8")]
pub(crate) enum What {
    /// A referral has come.
    Received = 1,
    /// A referral of ours was queued.
    Sent = 2,
    /// A referral has another work state.
    State = 3,
    /// Something was said about a referral that changes no state.
    News = 4,
    /// A referral was erased.
    Erased = 5,
    /// A packet of ours has come further, or to nothing.
    Transport = 6,
    /// There is something to do.
    TaskNew = 7,
    /// It is done, or is not to be done any more.
    TaskDone = 8,
    /// Something came that cannot be opened.
    Unopened = 9,
    /// The connection to the relay stands, or does not.
    Connection = 10,
    /// Of a newer version of the program.
    Unknown = 0,
}

impl What {
    /// All that this version writes.
    pub(crate) const ALL: [Self; 10] = [
        Self::Received,
        Self::Sent,
        Self::State,
        Self::News,
        Self::Erased,
        Self::Transport,
        Self::TaskNew,
        Self::TaskDone,
        Self::Unopened,
        Self::Connection,
    ];

    /// The word for programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Received => "referral.received",
            Self::Sent => "referral.sent",
            Self::State => "referral.state",
            Self::News => "referral.news",
            Self::Erased => "referral.erased",
            Self::Transport => "transport",
            Self::TaskNew => "task.new",
            Self::TaskDone => "task.done",
            Self::Unopened => "packet.unopened",
            Self::Connection => "connection",
            Self::Unknown => "unknown",
        }
    }
}

impl From<What> for u8 {
    fn from(what: What) -> Self {
        what as Self
    }
}

impl From<u8> for What {
    fn from(number: u8) -> Self {
        Self::ALL.into_iter().find(|what| u8::from(*what) == number).unwrap_or(Self::Unknown)
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    /// Its number; later ones have higher ones. After a home was restored from a backup numbers leap, and none comes twice.
    pub(crate) seq: u64,
    /// When, by this machine's clock.
    pub(crate) at: Timestamp,
    /// What has changed.
    pub(crate) what: What,
    /// The number of the referral, as lists give it, or of the call; zeros for none.
    pub(crate) referral: [u8; 32],
    /// The packet or the task; zeros for none.
    pub(crate) item: [u8; 32],
    /// The state after it, a word of ours.
    pub(crate) state: String,
}

impl Event {
    /// One that gets its number and its time from the log.
    pub(crate) fn of(what: What, referral: [u8; 32], item: [u8; 32], state: &str) -> Self {
        let state = if state.len() <= STATE_BYTES_MAX { state.to_owned() } else { "other".to_owned() };
        Self { seq: 0, at: Timestamp(0), what, referral, item, state }
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        let id = |id: &[u8; 32]| (*id != [0; 32]).then(|| hex::encode(id));
        let item = if matches!(self.what, What::TaskNew | What::TaskDone) { "task" } else { "packet" };
        let mut value = json!({
            "seq": self.seq,
            "at": time(self.at),
            "type": self.what.as_str(),
            "referral": id(&self.referral),
            "state": (!self.state.is_empty()).then_some(&self.state),
        });
        value[item] = id(&self.item).into();
        value
    }
}

/// Numbers the events of each commit and puts them into it. Commits take turns, so numbers have no gaps and never go back.
pub(crate) struct Writer {
    clock: Arc<dyn Clock>,
}

impl Writer {
    /// By this clock.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl Scribe for Writer {
    fn write(&self, before: &Vault, changes: &mut Changes) -> Result<(), VaultError> {
        activity::renumber(before, changes)?;
        let mut events = derive::events(before, changes);
        if let Some(Some(bytes)) = changes.get(Tree::Events, UNNUMBERED) {
            events.extend(codec::decode::<Event>(bytes, EVENT_BYTES_MAX));
            changes.delete(Tree::Events, UNNUMBERED);
        }
        if events.is_empty() {
            return Ok(());
        }
        for (seq, mut event) in (next(before)..).zip(events) {
            (event.seq, event.at) = (seq, self.clock.now());
            records::write(changes, Tree::Events, &seq.to_be_bytes(), &event);
        }
        Ok(())
    }
}

/// The number of the next event. What was written between a backup and its restoration bore numbers that are not known here.
fn next(vault: &Vault) -> u64 {
    let restored = backup::restored(vault).ok().flatten().map_or(0, |restored| restored.at.0);
    newest(vault).saturating_add(1).max(restored)
}

/// The number of the newest event; 0 if there has been none.
pub(crate) fn newest(vault: &Vault) -> u64 {
    vault.last_id(Tree::Events).as_deref().map_or(0, number)
}

fn number(id: &[u8]) -> u64 {
    id.try_into().map_or(0, u64::from_be_bytes)
}

/// The number of the last event that was dropped; 0 if none was.
pub(crate) fn dropped(vault: &Vault) -> Result<u64, RecordError> {
    Ok(records::read(vault, Tree::Programs, DROPPED)?.unwrap_or(0))
}

/// Events after a number, at most so many.
pub(crate) fn after(vault: &Vault, seq: u64, limit: usize) -> Result<Vec<Event>, RecordError> {
    let mut events = Vec::new();
    for id in ids_after(vault, seq, limit) {
        events.extend(records::read::<Event>(vault, Tree::Events, &id)?);
    }
    Ok(events)
}

fn ids_after(vault: &Vault, seq: u64, limit: usize) -> Vec<Vec<u8>> {
    let from = seq.to_be_bytes();
    vault.ids(Tree::Events, (Bound::Excluded(&from), Bound::Unbounded), limit, |id| id.len() == 8)
}

/// An event, if it is still there.
pub(crate) fn event(vault: &Vault, seq: u64) -> Result<Option<Event>, RecordError> {
    records::read(vault, Tree::Events, &seq.to_be_bytes())
}

/// Writes an event of which no record of the vault tells.
pub(crate) async fn tell(engine: &Engine, what: What, state: &str) -> Result<(), EngineError> {
    let mut changes = Changes::default();
    records::write(&mut changes, Tree::Events, UNNUMBERED, &Event::of(what, [0; 32], [0; 32], state));
    engine.commit(changes).await
}

/// Drops what has been kept long enough: what everybody has acknowledged a day ago, and everything after thirty days. The newest
/// event stays: the log counts on from it.
pub(crate) async fn drop_old(engine: &Engine) -> Result<usize, EngineError> {
    let (vault, now) = (&engine.vault, engine.now());
    let acknowledged = consumers::acknowledged_by_all(vault)?;
    let is_over = |event: &Event| {
        let age = Duration::from_millis(now.0.saturating_sub(event.at.0));
        age > KEPT_MAX || (event.seq <= acknowledged && age > KEPT_ACKNOWLEDGED)
    };
    let mut changes = Changes::default();
    consumers::drop_silent(vault, now, &mut changes)?;
    let newest = newest(vault);
    let (mut count, mut last) = (0, 0);
    for event in after(vault, 0, DROPPED_AT_ONCE_MAX)? {
        if event.seq == newest || !is_over(&event) {
            break;
        }
        changes.delete(Tree::Events, &event.seq.to_be_bytes());
        (count, last) = (count + 1, event.seq);
    }
    if last > 0 {
        records::write(&mut changes, Tree::Programs, DROPPED, &last);
    }
    if !changes.is_empty() {
        engine.commit(changes).await?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests;
