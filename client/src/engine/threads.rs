//! Threads: what a packet or a receipt does to the state of a referral.

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde_json::Value;

use super::{Draft, Engine, EngineError};
use crate::model::{Event, PACKET_REFERRAL, Received, Sent, StoredSection, Thread, Transport};
use crate::records;
use crate::referral::lifecycle::{Action, NotAllowed, Party, WorkState, step};
use crate::referral::update::Update;
use crate::seal::packet::HEADER_SECTION;
use crate::vault::Changes;

/// Steps kept per thread; far more than a case has.
const EVENTS_MAX: usize = 1_000;

/// Why a step of a person is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The device failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// No thread of this name.
    #[error("there is no referral with this number")]
    NotFound,
    /// Not possible in the present state.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

/// What a person says with a step.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Reason code.
    pub reason: String,
    /// Text.
    pub text: String,
    /// Expected time.
    pub eta: String,
    /// Answer to an identity check.
    pub answer: serde_json::Map<String, Value>,
}

/// The kind code in a packet's header; `?` if there is none.
pub fn kind_of(sections: &[StoredSection]) -> String {
    header(sections)
        .and_then(|h| h.get("kind").and_then(Value::as_str).map(str::to_owned))
        .unwrap_or_else(|| "?".into())
}

/// The header section, parsed.
pub fn header(sections: &[StoredSection]) -> Option<Value> {
    let section = sections.iter().find(|s| s.code == HEADER_SECTION)?;
    serde_json::from_slice(&section.bytes).ok()
}

impl Engine {
    /// A thread for a referral of ours that is about to be queued.
    pub fn thread_begun(&self, draft: &Draft, respond_by: Timestamp, changes: &mut Changes) {
        let now = self.now();
        let mut thread = Thread {
            case: draft.case,
            root: draft.packet,
            kind: draft.kind.clone(),
            peer: draft.to,
            ours: true,
            priority: draft.priority,
            begun: now,
            respond_by,
            work: WorkState::Sent.as_str().into(),
            events: Vec::new(),
        };
        note(&mut thread, now, self.identity.org, "send", "", draft.packet);
        records::put_thread(changes, &thread);
    }

    /// What a stored packet of somebody else does to its thread.
    pub(super) fn thread_received(
        &self,
        received: &Received,
        changes: &mut Changes,
    ) -> Result<(), EngineError> {
        if received.in_reply_to == PacketId([0; 32]) {
            records::put_thread(changes, &self.thread_of_theirs(received));
            return Ok(());
        }
        let Some(mut thread) = records::thread(&self.vault, &received.case)? else { return Ok(()) };
        if thread.peer != received.from {
            // Only the two sides of a thread can change it.
            return Ok(());
        }
        let update =
            received.sections.iter().find(|s| s.code == HEADER_SECTION).and_then(|s| Update::read(&s.bytes));
        if let Some(update) = update {
            apply(&mut thread, &update, received);
            records::put_thread(changes, &thread);
        }
        Ok(())
    }

    fn thread_of_theirs(&self, received: &Received) -> Thread {
        let respond_by = header(&received.sections)
            .and_then(|h| h.get("respond_by").and_then(Value::as_str).and_then(|s| s.parse().ok()))
            .map_or(Timestamp(0), |t: jiff::Timestamp| {
                Timestamp(u64::try_from(t.as_millisecond()).unwrap_or(0))
            });
        let mut thread = Thread {
            case: received.case,
            root: received.packet,
            kind: received.kind.clone(),
            peer: received.from,
            ours: false,
            priority: received.priority,
            begun: self.now(),
            respond_by,
            work: WorkState::Received.as_str().into(),
            events: Vec::new(),
        };
        note(&mut thread, self.now(), received.from, "send", "", received.packet);
        thread
    }

    /// A person here has looked at the first packet of a thread.
    pub(super) fn thread_opened(
        &self,
        received: &Received,
        changes: &mut Changes,
    ) -> Result<(), EngineError> {
        let Some(mut thread) = records::thread(&self.vault, &received.case)? else { return Ok(()) };
        if thread.root == received.packet && advance(&mut thread, Action::Open, Party::System) {
            note(&mut thread, self.now(), self.identity.org, Action::Open.as_str(), "", received.packet);
            records::put_thread(changes, &thread);
        }
        Ok(())
    }

    /// A receipt for the first packet of a thread of ours.
    pub(super) fn thread_receipt(
        &self,
        sent: &Sent,
        reached: Transport,
        changes: &mut Changes,
    ) -> Result<(), EngineError> {
        let Some(mut thread) = records::thread(&self.vault, &sent.case)? else { return Ok(()) };
        let action = if reached == Transport::Opened { Action::Open } else { Action::Deliver };
        if thread.root == sent.packet && advance(&mut thread, action, Party::System) {
            note(&mut thread, self.now(), sent.to, action.as_str(), "", sent.packet);
            records::put_thread(changes, &thread);
        }
        Ok(())
    }

    /// Takes a person's step: changes the thread and queues the update for the other side, in one transaction.
    pub async fn take_step(
        &self,
        case: [u8; 32],
        action: Action,
        words: Words,
    ) -> Result<PacketId, StepError> {
        let packet = PacketId(self.random().await);
        let turn = self.turn.lock().await;
        let found = records::thread(&self.vault, &case).map_err(EngineError::from)?;
        let mut thread = found.ok_or(StepError::NotFound)?;
        let before = state_of(&thread);
        let party = if thread.ours { Party::Sender } else { Party::Recipient };
        let after = step(before, action, party)?;
        let update = Update {
            kind: "CUP".into(),
            schema: "relay/CUP/1.0".into(),
            event: action.as_str().into(),
            state_before: before.as_str().into(),
            state_after: after.as_str().into(),
            reason: words.reason,
            text: words.text.clone(),
            eta: words.eta,
            answer: words.answer,
            other: serde_json::Map::new(),
        };
        after.as_str().clone_into(&mut thread.work);
        note(&mut thread, self.now(), self.identity.org, action.as_str(), &words.text, packet);
        let draft = Draft {
            packet,
            case,
            packet_type: PACKET_REFERRAL,
            kind: "CUP".into(),
            to: thread.peer,
            priority: thread.priority,
            in_reply_to: Some(thread.root),
            sections: vec![StoredSection { code: HEADER_SECTION, bytes: update.to_bytes() }],
        };
        let mut changes = Changes::default();
        records::put_thread(&mut changes, &thread);
        self.queue(vec![draft], changes).await?;
        drop(turn);
        Ok(packet)
    }
}

/// The state a thread is in; a word of a newer version counts as work in progress.
pub fn state_of(thread: &Thread) -> WorkState {
    thread.work.parse().unwrap_or(WorkState::InProgress)
}

/// Applies the other side's step. If it does not fit what we know, it is noted and changes nothing: both sides see
/// the conflict in their timeline.
fn apply(thread: &mut Thread, update: &Update, received: &Received) {
    let party = if thread.ours { Party::Recipient } else { Party::Sender };
    let action = update.event.parse::<Action>();
    let fits = action.is_ok_and(|action| {
        // A receipt may be under way still when the step that follows it is already here.
        if state_of(thread) == WorkState::Sent {
            WorkState::Received.as_str().clone_into(&mut thread.work);
        }
        advance(thread, action, party)
    });
    let what = if fits { update.event.clone() } else { format!("{} (conflict)", update.event) };
    let text = [&update.text, &update.reason].into_iter().find(|t| !t.is_empty()).cloned();
    note(thread, received.received, received.from, &what, &text.unwrap_or_default(), received.packet);
}

fn advance(thread: &mut Thread, action: Action, by: Party) -> bool {
    match step(state_of(thread), action, by) {
        Ok(next) => {
            next.as_str().clone_into(&mut thread.work);
            true
        }
        Err(_) => false,
    }
}

fn note(thread: &mut Thread, at: Timestamp, by: OrgId, what: &str, text: &str, packet: PacketId) {
    if thread.events.len() < EVENTS_MAX {
        let state = thread.work.clone();
        thread.events.push(Event { at, by, what: what.into(), state, text: text.into(), packet });
    }
}
