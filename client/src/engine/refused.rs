//! What cannot be opened: the refusal that its sender gets, and the record that people here see.

use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::ids::{EnvelopeId, OrgId};
use causeway_common::signed::Signed;
use causeway_common::statements::{NACK_NEWER_FORMAT, NACK_UNREADABLE, Nack};
use causeway_common::wire::Push;

use super::{Engine, EngineError};
use crate::activity;
use crate::records::{self, Step};
use crate::seal::open::OpenError;
use crate::unopened::{self, Unopened};

impl Engine {
    pub(super) fn nack(&self, envelope: EnvelopeId, reason: u8) -> Signed {
        let nack = Nack { envelope, device: self.identity.device(), reason, counter: 0, time: self.now() };
        self.identity.device_key().sign(Label::Nack, codec::encode(&nack))
    }

    pub(super) fn unopened(&self, push: &Push, id: EnvelopeId, from: Option<OrgId>, reason: u8) -> Unopened {
        let times = [push.accepted, self.now()];
        Unopened::new(id, from, push.outer.priority, push.body.len() as u64, times, reason)
    }

    /// What this step refuses is on record for people before its senders hear of it.
    pub(super) fn enter_refused(
        &self,
        all: &[Unopened],
        settled: usize,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let mut refused = Vec::with_capacity(all.len());
        for one in all {
            // What came twice in one step may have opened the second time.
            if !records::is_seen(step, one.envelope)? {
                refused.push(one.clone());
            }
        }
        let entered = unopened::enter(&self.vault, &mut step.changes, &refused)?;
        // A log that grew with every packet of garbage would be a way to fill the disk.
        if entered.new > 0 && !entered.overflowing {
            self.log(&format!("could not open {} packet(s), refused", entered.new), step)?;
        }
        if settled > 0 {
            self.log(&format!("opened {} packet(s) that had been refused", settled), step)?;
        }
        Ok(())
    }

    fn log(&self, what: &str, step: &mut Step<'_>) -> Result<(), EngineError> {
        Ok(activity::append(&self.vault, &mut step.changes, self.now(), what, None)?)
    }

    /// A person has seen that these could not be opened.
    pub async fn dismiss_unopened(&self, envelopes: &[EnvelopeId]) -> Result<(), EngineError> {
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        unopened::dismiss(&self.vault, &mut step.changes, envelopes);
        self.log(&format!("put away {} note(s) of unopened packets", envelopes.len()), &mut step)?;
        self.commit_step(step).await
    }
}

/// What the sender is told. The version stands in the clear, so naming it tells the relay nothing.
pub(super) fn reason_for(error: OpenError) -> u8 {
    if error == OpenError::Version { NACK_NEWER_FORMAT } else { NACK_UNREADABLE }
}
