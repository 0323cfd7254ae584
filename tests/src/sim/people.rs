//! What people do with referrals: they write, they look, they take steps.

use causeway_client::engine::threads::{StepError, state_of};
use causeway_client::engine::{Draft, Engine, EngineError};
use causeway_client::model::{PACKET_REFERRAL, StoredSection, Thread};
use causeway_client::records;
use causeway_client::referral::lifecycle::{Action, Party, moves};
use causeway_client::vault::Changes;
use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use rand::RngExt as _;

use super::office::Office;
use super::plan;
use crate::oracle::{Promise, short};
use crate::steps::words;

/// Stands in every packet and nowhere else.
pub const CANARY: &str = "yellow-bird-of-the-mine";

impl Office {
    pub(super) async fn send(
        &self,
        engine: &Engine,
        number: usize,
        to: usize,
        priority: Priority,
        length: usize,
    ) -> Result<String, EngineError> {
        let draft = self.draft(number, self.orgs[to], priority, length);
        let promise = Promise {
            from: engine.identity.org,
            device: engine.identity.device(),
            forgotten: false,
            to: draft.to,
            packet: draft.packet,
            sections: draft.sections.clone(),
        };
        let mut changes = Changes::default();
        engine.thread_begun(&draft, engine.now(), &mut changes);
        engine.queue(vec![draft], changes).await?;
        let told = format!("wrote {} {priority} to {to}", short(promise.packet));
        self.promise(promise);
        Ok(told)
    }

    fn draft(&self, number: usize, to: OrgId, priority: Priority, length: usize) -> Draft {
        let mut name: [u8; 32] =
            plan::rng(self.common.seed, (self.host as u64) << 48 | number as u64).random();
        name[0] = u8::try_from(self.host << 4 | number & 15).unwrap_or(0);
        let mut text = format!("{CANARY} {} {number} ", self.part.name);
        text.extend(std::iter::repeat_n('x', length.saturating_sub(text.len())));
        Draft {
            packet: PacketId(name),
            case: name,
            packet_type: PACKET_REFERRAL,
            kind: "BIA".into(),
            to,
            priority,
            in_reply_to: None,
            sections: vec![
                StoredSection { code: *b"HDR", bytes: br#"{"kind":"BIA"}"#.to_vec() },
                StoredSection { code: *b"RSK", bytes: format!(r#"{{"note":"{text}"}}"#).into_bytes() },
            ],
        }
    }

    pub(super) async fn look(&self, engine: &Engine, pick: usize) -> Result<String, EngineError> {
        let all = records::all_received(&engine.vault)?;
        let unopened: Vec<_> = all.iter().filter(|received| received.opened.0 == 0).collect();
        let Some(received) = unopened.get(pick % unopened.len().max(1)) else {
            return Ok("has nothing to open".into());
        };
        engine.opened(received.packet).await?;
        Ok(format!("opened {}", short(received.packet)))
    }

    pub(super) async fn step(
        &self,
        engine: &Engine,
        pick: usize,
        choice: usize,
    ) -> Result<String, EngineError> {
        let threads = records::all_threads(&engine.vault)?;
        let steps: Vec<(&Thread, Vec<Action>)> = threads
            .iter()
            .map(|thread| (thread, possible_here(thread)))
            .filter(|(_, p)| !p.is_empty())
            .collect();
        let Some((thread, actions)) = steps.get(pick % steps.len().max(1)) else {
            return Ok("has no step to take".into());
        };
        let action = actions[choice % actions.len()];
        let words = words(action, &format!("{CANARY} step"));
        let packet = match engine.take_step(thread.case, action, words).await {
            Ok(packet) => packet,
            Err(StepError::Engine(error)) => return Err(error),
            // Something arrived meanwhile.
            Err(other) => return Ok(format!("may not {}: {other}", action.as_str())),
        };
        if let Some(sent) = records::sent(&engine.vault, packet, thread.peer)? {
            self.promise(Promise {
                from: engine.identity.org,
                device: engine.identity.device(),
                to: sent.to,
                packet,
                sections: sent.sections,
                forgotten: false,
            });
        }
        Ok(format!("{} {} ({})", action.as_str(), hex::encode(&thread.case[..4]), short(packet)))
    }
}

fn possible_here(thread: &Thread) -> Vec<Action> {
    moves(state_of(thread), if thread.ours { Party::Sender } else { Party::Recipient })
}
