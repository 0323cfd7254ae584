//! The relay's keys, one after the other: which of them counts, and for what.
//!
//! A key is announced before it is the relay's, so that everybody knows both while the relay changes from one to the other.
//! What a key has signed counts if its time lies before that key's end: nothing that was signed before becomes worthless.
//! The other way round there is no limit, because whoever has announced a key has vouched for it.

use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::limits::{CLOCK_SKEW, FRAME_BYTES_MAX};
use causeway_common::signed::Signed;
use causeway_common::statements::{RelayKey, RelayReceipt, Statement};
use causeway_common::time::Timestamp;

use super::{StatementError, payload};
use crate::checkpoint::{self, Checkpoint, CheckpointError};
use crate::keys::PublicKey;

/// One key of the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Period {
    /// The key.
    pub key: PublicKey,
    /// From then on it is the relay's, by the relay's clock; zero for the first.
    pub from: Timestamp,
    /// It took the place of the one before as soon as it was announced, because that one may be in other hands.
    pub at_once: bool,
}

impl Period {
    fn has_begun(&self, now: Timestamp) -> bool {
        self.at_once || self.from <= now
    }
}

/// All keys of the relay that count or have counted, and the one that is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayKeys {
    first: Period,
    /// In the order of time; each ends the one before.
    later: Vec<Period>,
}

impl RelayKeys {
    /// The first key.
    pub fn new(first: PublicKey) -> Self {
        Self { first: Period { key: first, from: Timestamp(0), at_once: false }, later: Vec::new() }
    }

    /// A registrar announces the next key. One that is announced and not in force yet gives way.
    pub(super) fn announce(&mut self, statement: &Statement) -> Result<(), StatementError> {
        let RelayKey { relay, from } = payload(&statement.payload)?;
        self.follow(PublicKey::from_bytes(relay)?, statement.time, from)
    }

    /// What is said at `said`: this is the key from then on; zero for at once.
    pub(crate) fn follow(
        &mut self,
        key: PublicKey,
        said: Timestamp,
        from: Timestamp,
    ) -> Result<(), StatementError> {
        let at_once = from == Timestamp(0);
        let from = if at_once { said } else { from };
        if from < said {
            return Err(StatementError::Malformed);
        }
        let mut next = self.clone();
        next.later.pop_if(|last| !last.has_begun(said));
        if next.has(key) {
            return Err(StatementError::Again);
        }
        if said < next.last().from {
            return Err(StatementError::OutOfOrder);
        }
        next.later.push(Period { key, from, at_once });
        *self = next;
        Ok(())
    }

    /// The newest, whether it is in force or not.
    pub fn last(&self) -> Period {
        self.later.last().copied().unwrap_or(self.first)
    }

    /// All of them, first to last, an announced one included.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = Period> {
        std::iter::once(self.first).chain(self.later.iter().copied())
    }

    /// Whether another key than the first is announced or in force.
    pub fn have_changed(&self) -> bool {
        !self.later.is_empty()
    }

    /// Whether this is, was or will be the relay's.
    pub fn has(&self, key: PublicKey) -> bool {
        self.all().any(|period| period.key == key)
    }

    /// The one in force, by the relay's clock.
    pub fn in_force(&self, now: Timestamp) -> Period {
        self.all().rfind(|period| period.has_begun(now)).unwrap_or(self.first)
    }

    /// The one that is announced and not in force yet.
    pub fn announced(&self, now: Timestamp) -> Option<Period> {
        Some(self.last()).filter(|last| *last != self.in_force(now))
    }

    /// Those that the relay may show on a connection, by the caller's clock: the one in force and an announced one. A former
    /// one too for as long as clocks may differ, unless it may be in other hands.
    pub fn to_dial(&self, now: Timestamp) -> Vec<PublicKey> {
        let may_be_shown =
            |next: Option<Period>| next.is_none_or(|next| !next.at_once && now < next.from.plus(CLOCK_SKEW));
        let with_next = self.all().map(|period| (period.key, self.after(period.key)));
        with_next.filter(|(_, next)| may_be_shown(*next)).map(|(key, _)| key).collect()
    }

    /// The key that has ended, or will end, this one.
    fn after(&self, key: PublicKey) -> Option<Period> {
        self.all().skip_while(|period| period.key != key).nth(1)
    }

    /// Whether what this key has signed with this time is the relay's word.
    pub fn count(&self, key: PublicKey, time: Timestamp) -> bool {
        self.has(key) && self.after(key).is_none_or(|next| time < next.from)
    }

    /// Whether this key gave way as soon as the next was announced: somebody else may have had it.
    pub fn was_replaced_at_once(&self, key: PublicKey) -> bool {
        self.after(key).is_some_and(|next| next.at_once)
    }

    /// Reads a head that the relay has signed, with a key that counted at its time.
    pub fn verify_head(&self, note: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let (key, head) = self.signer_of_head(note)?;
        if self.count(key, head.time) { Ok(head) } else { Err(CheckpointError::Former) }
    }

    /// Reads a head that any of these keys has signed, whenever that was.
    pub fn signer_of_head(&self, note: &[u8]) -> Result<(PublicKey, Checkpoint), CheckpointError> {
        let mut refused = CheckpointError::Unverified;
        for period in self.all().rev() {
            match checkpoint::verify(note, period.key) {
                Ok(head) => return Ok((period.key, head)),
                Err(CheckpointError::Unverified) => {}
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Reads what the relay has signed, with a key that counted at the time that it names.
    pub fn verify_receipt(&self, signed: &Signed) -> Option<RelayReceipt> {
        let read: RelayReceipt = codec::decode(&signed.body, FRAME_BYTES_MAX).ok()?;
        let by = self.all().rfind(|period| period.key.verify(Label::RelayAck, signed).is_ok())?;
        self.count(by.key, read.time).then_some(read)
    }
}
