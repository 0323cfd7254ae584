//! How old the head is that the relay has shown last: one that shows an old head may be hiding what the directory has gained
//! since, a revocation above all.
//!
//! A head says when the relay signed it. It is as old as our own clock says: the relay has the key and its clock in one hand, and
//! a relay whose clock was set right again must not keep anything waiting. Who is a day behind is warned; who is three days behind seals nothing for
//! an organisation that this home has never heard from or written to, because nobody here would notice that its devices
//! are others by now. Such packets wait, visibly, and go out under the next fresh head.

use std::time::Duration;

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;

use crate::engine::{Engine, EngineError};
use crate::records;

/// A relay signs a head whenever it is asked. One that is older than this was not signed for us.
pub const OLD_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Behind a head older than this nothing is sealed for whom we do not know.
pub const NO_FIRST_CONTACT_AFTER: Duration = Duration::from_secs(72 * 60 * 60);

/// A head and its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeadAge {
    /// When the relay signed it, by its own clock.
    pub signed: Timestamp,
    /// How long ago that is; nothing for a head from the future.
    pub age: Duration,
}

impl HeadAge {
    /// The age at this moment.
    pub fn at(signed: Timestamp, now: Timestamp) -> Self {
        Self { signed, age: now.since(signed) }
    }

    /// Whether people are warned.
    pub fn is_old(self) -> bool {
        self.age >= OLD_AFTER
    }

    /// Whether nothing is sealed for an organisation that this home does not know yet.
    pub fn forbids_first_contact(self) -> bool {
        self.age > NO_FIRST_CONTACT_AFTER
    }
}

impl Engine {
    /// The age of the last head; none before the first.
    pub async fn head_age(&self) -> Option<HeadAge> {
        let signed = self.replica.lock().await.head_time()?;
        Some(HeadAge::at(signed, self.now()))
    }

    /// Whether what is queued for an organisation waits for a fresher head.
    pub async fn waits_for_head(&self, to: OrgId) -> Result<bool, EngineError> {
        let too_old = self.head_age().await.is_some_and(HeadAge::forbids_first_contact);
        Ok(too_old && to != self.identity.org && !self.has_met(to).await?)
    }

    /// Whether a packet was ever sealed for an organisation here, or one of its devices was heard from.
    async fn has_met(&self, org: OrgId) -> Result<bool, EngineError> {
        if records::has_written_to(&self.vault, org) {
            return Ok(true);
        }
        let replica = self.replica.lock().await;
        let Some(known) = replica.directory.organisation(org) else { return Ok(false) };
        let listed = known.roster.iter().flat_map(|roster| &roster.devices).map(|device| device.device);
        Ok(listed
            .chain(known.revoked.keys().copied())
            .any(|device| records::has_heard_from(&self.vault, device)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_old_after_a_day_and_too_old_after_three() {
        let hour = Duration::from_secs(60 * 60);
        let signed = Timestamp(1_790_000_000_000);
        let of = |age: Duration| {
            let head = HeadAge::at(signed, signed.plus(age));
            (head.is_old(), head.forbids_first_contact())
        };
        assert_eq!(of(24 * hour - Duration::from_millis(1)), (false, false));
        assert_eq!(of(24 * hour), (true, false));
        assert_eq!(of(72 * hour), (true, false));
        assert_eq!(of(72 * hour + Duration::from_millis(1)), (true, true));
        assert_eq!(
            HeadAge::at(signed, signed.minus(hour)).age,
            Duration::ZERO,
            "signed by a clock ahead of ours"
        );
    }
}
