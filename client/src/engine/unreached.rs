//! Packets that have reached nobody, or no person: by the relay's word, by a colleague's, or by time alone.

use std::time::Duration;

use causeway_common::limits::CLOCK_SKEW;
use causeway_common::time::Timestamp;

use super::threads::state_of;
use super::{Engine, EngineError, shared};
use crate::model::{PACKET_REFERRAL, Sent, Thread, Transport};
use crate::records::{self, Step};
use crate::referral::lifecycle::WorkState;
use crate::shared::{LostItem, Shared};

/// A relay that keeps the rules has said what became of a packet this long after its life: rounding to an hour, and
/// clocks that differ. One that has not is not believed any longer.
pub(super) const WORD_WITHIN: Duration = Duration::from_secs(CLOCK_SKEW.as_secs() + 60 * 60);
/// What everybody has acknowledged is receipted within the life of a routine packet.
pub(super) const RECEIPT_WITHIN: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Longest word for why that is kept of what a colleague's device says.
const WHY_CHARS_MAX: usize = 40;

impl Engine {
    /// Nobody has fetched it in time: a referral is over with it (row 5 of the transition table).
    pub(super) async fn undelivered(
        &self,
        mut sent: Sent,
        why: &str,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        if sent.is_service() {
            // Its time may have been over by a step of the relay's clock only, and without it the other side counts as lost
            // what is here.
            if sent.queue_again() {
                records::put_sent(&mut step.changes, &sent);
            } else {
                records::drop_sent(&mut step.changes, &sent);
            }
            return Ok(());
        }
        sent.transport = Transport::ExpiredUndelivered;
        why.clone_into(&mut sent.failure);
        self.thread_expired(&sent, self.now(), step)?;
        records::put_sent(&mut step.changes, &sent);
        self.share_lost(&sent, step).await
    }

    /// Tells the colleagues that a packet has reached nobody: they show the same case, and wait for the same answer.
    pub(super) async fn share_lost(&self, sent: &Sent, step: &mut Step<'_>) -> Result<(), EngineError> {
        let concerns_them = sent.packet_type == PACKET_REFERRAL && sent.to != self.identity.org;
        if !concerns_them || !self.has_colleagues().await {
            return Ok(());
        }
        let mut said = Shared::by(&self.identity.device_name);
        said.say_lost(&LostItem {
            packet: sent.packet,
            to: sent.to,
            at: self.now(),
            how: sent.transport,
            why: sent.failure.clone(),
        });
        self.share(said, Vec::new(), shared::PRIORITY, step).await
    }

    /// What a colleague has sent has reached nobody. Receipts that are here say otherwise, and count more.
    pub(super) fn colleague_lost(&self, item: &LostItem, step: &mut Step<'_>) -> Result<(), EngineError> {
        let waits = |sent: &Sent| !sent.author.is_empty() && sent.transport == Transport::ByColleague;
        let known = records::sent(step, item.packet, item.to)?.filter(waits);
        let Some(mut sent) = known.filter(|_| item.how.is_failure()) else { return Ok(()) };
        sent.transport = item.how;
        sent.failure = item.why.chars().take(WHY_CHARS_MAX).collect();
        if item.how == Transport::ExpiredUndelivered {
            self.thread_expired(&sent, item.at, step)?;
        }
        records::put_sent(&mut step.changes, &sent);
        Ok(())
    }

    /// What time alone says of the referral with which a thread of ours began. A packet that failed otherwise is over when its
    /// life is; one of a colleague who does not say what became of it, when no receipt can come any more. What nobody has
    /// opened while it was of use is a failure of its own, although it arrived.
    pub(crate) async fn look_at_first_packet(
        &self,
        thread: &Thread,
        now: Timestamp,
    ) -> Result<(), EngineError> {
        if !thread.ours || !matches!(state_of(thread), WorkState::Sent | WorkState::Received) {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        let Some(mut sent) = records::sent(&step, thread.root, thread.peer)? else { return Ok(()) };
        let Some(ends) = by_time(&sent, state_of(thread), now) else { return Ok(()) };
        match ends {
            Ends::Unopened => sent.transport = Transport::ExpiredUnopened,
            Ends::Undelivered => {
                if sent.transport == Transport::ByColleague {
                    sent.transport = Transport::ExpiredUndelivered;
                    "no-word".clone_into(&mut sent.failure);
                }
                self.thread_expired(&sent, self.now(), &mut step)?;
            }
        }
        records::put_sent(&mut step.changes, &sent);
        self.commit_step(step).await
    }
}

/// How time ends a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// No device had it.
    Undelivered,
    /// A device had it, and no person looked.
    Unopened,
}

fn by_time(sent: &Sent, work: WorkState, now: Timestamp) -> Option<Ends> {
    let over = |patience: Duration| sent.expires != Timestamp(0) && sent.expires.plus(patience) < now;
    match (work, sent.transport) {
        (WorkState::Sent, Transport::ExpiredUndelivered) => Some(Ends::Undelivered),
        (WorkState::Sent, Transport::Undecryptable | Transport::RejectedByRelay) if over(Duration::ZERO) => {
            Some(Ends::Undelivered)
        }
        (WorkState::Sent, Transport::ByColleague) if over(WORD_WITHIN + RECEIPT_WITHIN) => {
            Some(Ends::Undelivered)
        }
        (WorkState::Received, Transport::Delivered) if over(Duration::ZERO) => Some(Ends::Unopened),
        _ => None,
    }
}
