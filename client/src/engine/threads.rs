//! Threads: what a packet or a receipt does to the state of a referral.

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde_json::Value;

use super::{Draft, Engine, EngineError};
use crate::model::{Event, PACKET_REFERRAL, Received, Sent, StoredSection, Thread, Transport};
use crate::records::{self, Step};
use crate::referral::history;
use crate::referral::lifecycle::{Action, NotAllowed, Party, WorkState, step};
use crate::referral::update::Update;
use crate::seal::packet::HEADER_SECTION;
use crate::vault::Changes;

/// Steps kept per thread; far more than a case has.
const EVENTS_MAX: usize = 1_000;
/// Updates of a thread that wait for one that they have overtaken.
const WAITING_MAX: usize = 64;
/// No packet.
const NONE: PacketId = PacketId([0; 32]);

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
    /// Fields of the update beside these.
    pub other: serde_json::Map<String, Value>,
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
            waiting: Vec::new(),
        };
        remember(&mut thread, now, self.identity.org, ("send", ""), draft.packet);
        records::put_thread(changes, &thread);
    }

    /// What a stored packet of somebody else does to its thread.
    pub(super) fn thread_received(
        &self,
        received: &Received,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let known = records::thread(step, &received.case)?;
        let mut thread = match (known, received.in_reply_to == NONE) {
            // A thread begins once: nobody takes an existing one over by naming it.
            (Some(thread), true) if thread.root != NONE || thread.peer != received.from => return Ok(()),
            (Some(begun), true) => Thread { waiting: begun.waiting, ..self.thread_of_theirs(received) },
            (None, true) => self.thread_of_theirs(received),
            // Only the two sides of a thread can change it.
            (Some(thread), false) if thread.peer != received.from => return Ok(()),
            (Some(thread), false) => waiting_for(thread, received.packet),
            // It has overtaken the referral that it belongs to.
            (None, false) => {
                let begun = Thread { root: NONE, kind: "?".into(), ..self.thread_of_theirs(received) };
                waiting_for(Thread { events: Vec::new(), ..begun }, received.packet)
            }
        };
        apply_waiting(&mut thread, self.identity.org, step)?;
        records::put_thread(&mut step.changes, &thread);
        Ok(())
    }

    /// What a packet that a colleague has sent does to its thread: begins it, or is a step in it.
    pub(super) fn thread_of_colleague(
        &self,
        sent: &Sent,
        respond_by: Timestamp,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let known = records::thread(step, &sent.case)?;
        if known.as_ref().is_some_and(|thread| thread.peer != sent.to) {
            return Ok(());
        }
        let begun = known.unwrap_or_else(|| Thread {
            case: sent.case,
            root: NONE,
            kind: "?".into(),
            peer: sent.to,
            ours: true,
            priority: sent.priority,
            begun: sent.created,
            respond_by,
            work: WorkState::Sent.as_str().into(),
            events: Vec::new(),
            waiting: Vec::new(),
        });
        let mut thread = if sent.in_reply_to != NONE {
            let mut thread = waiting_for(begun, sent.packet);
            take_back_unsent(&mut thread, step)?;
            thread
        } else if begun.root == NONE {
            let mut thread =
                Thread { root: sent.packet, kind: sent.kind.clone(), ours: true, respond_by, ..begun };
            remember(&mut thread, sent.created, self.identity.org, ("send", &sent.author), sent.packet);
            thread
        } else {
            return Ok(());
        };
        apply_waiting(&mut thread, self.identity.org, step)?;
        records::put_thread(&mut step.changes, &thread);
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
            begun: received.received,
            respond_by,
            work: WorkState::Received.as_str().into(),
            events: Vec::new(),
            waiting: Vec::new(),
        };
        remember(&mut thread, received.received, received.from, ("send", ""), received.packet);
        thread
    }

    /// A person here has looked at the first packet of a thread.
    pub(super) fn thread_opened(
        &self,
        received: &Received,
        author: &str,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let Some(mut thread) = records::thread(step, &received.case)? else { return Ok(()) };
        if thread.root == received.packet {
            let by = self.identity.org;
            remember(&mut thread, received.opened, by, (Action::Open.as_str(), author), received.packet);
            records::put_thread(&mut step.changes, &thread);
        }
        Ok(())
    }

    /// A receipt for the first packet of a thread of ours.
    pub(super) fn thread_receipt(
        &self,
        sent: &Sent,
        reached: Transport,
        at: Timestamp,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let Some(mut thread) = records::thread(step, &sent.case)? else { return Ok(()) };
        let action = if reached == Transport::Opened { Action::Open } else { Action::Deliver };
        if thread.root == sent.packet {
            remember(&mut thread, at, sent.to, (action.as_str(), ""), sent.packet);
            records::put_thread(&mut step.changes, &thread);
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
        let mut thread = found.filter(|thread| thread.root != NONE).ok_or(StepError::NotFound)?;
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
            text: words.text,
            eta: words.eta,
            answer: words.answer,
            other: words.other,
        };
        let in_order = |event: &&Event| event.after != NONE && !event.taken_back;
        let follows = thread.events.iter().rev().find(in_order).map_or(thread.root, |e| e.packet);
        let draft = Draft {
            packet,
            case,
            packet_type: PACKET_REFERRAL,
            kind: "CUP".into(),
            to: thread.peer,
            priority: thread.priority,
            in_reply_to: Some(follows),
            sections: vec![StoredSection { code: HEADER_SECTION, bytes: update.to_bytes() }],
        };
        let mut changes = Changes::default();
        let taken_back = action == Action::Withdraw && self.take_back(&thread, &mut changes).await?;
        add(&mut thread, &update, (packet, follows), (self.identity.org, ""), self.now());
        records::put_thread(&mut changes, &thread);
        let told = if taken_back { Vec::new() } else { vec![draft] };
        self.queue(told, changes).await?;
        drop(turn);
        Ok(packet)
    }

    /// Says something about a thread that changes nothing in it: enters it and queues it for the other side.
    pub(crate) async fn say(
        &self,
        case: [u8; 32],
        event: &str,
        reason: &str,
    ) -> Result<PacketId, EngineError> {
        let packet = PacketId(self.random().await);
        let _turn = self.turn.lock().await;
        let Some(mut thread) = records::thread(&self.vault, &case)? else { return Ok(NONE) };
        let update = Update {
            kind: "CUP".into(),
            schema: "relay/CUP/1.0".into(),
            event: event.into(),
            state_before: thread.work.clone(),
            state_after: thread.work.clone(),
            reason: reason.into(),
            text: String::new(),
            eta: String::new(),
            answer: serde_json::Map::new(),
            other: serde_json::Map::new(),
        };
        let in_order = |event: &&Event| event.after != NONE && !event.taken_back;
        let follows = thread.events.iter().rev().find(in_order).map_or(thread.root, |e| e.packet);
        let draft = Draft {
            packet,
            case,
            packet_type: PACKET_REFERRAL,
            kind: "CUP".into(),
            to: thread.peer,
            priority: thread.priority,
            in_reply_to: Some(follows),
            sections: vec![StoredSection { code: HEADER_SECTION, bytes: update.to_bytes() }],
        };
        let mut changes = Changes::default();
        add(&mut thread, &update, (packet, follows), (self.identity.org, ""), self.now());
        records::put_thread(&mut changes, &thread);
        self.queue(vec![draft], changes).await?;
        Ok(packet)
    }

    /// Takes a referral of ours back whose recipient is suspended and that has never left this device, with everything that
    /// follows it. False: it has left, and the recipient has to be told.
    async fn take_back(&self, thread: &Thread, changes: &mut Changes) -> Result<bool, EngineError> {
        let root = records::sent(&self.vault, thread.root, thread.peer)?;
        if !root.is_some_and(|root| has_never_left(&root)) || !self.is_suspended(thread.peer).await {
            return Ok(false);
        }
        let packets = thread.events.iter().map(|event| event.packet);
        for packet in packets.chain([thread.root]) {
            let Some(mut sent) = records::sent(&self.vault, packet, thread.peer)?.filter(has_never_left)
            else {
                continue;
            };
            sent.transport = Transport::Withdrawn;
            records::put_sent(changes, &sent);
            crate::attachments::forget(&self.staging, &sent.sections);
        }
        Ok(true)
    }
}

/// A colleague has done something that the relay holds: what this device has queued in the same thread, not knowing that,
/// and what has never left it, is not sent. It stays in sight, and whoever means it all the same does it again.
fn take_back_unsent(thread: &mut Thread, step: &mut Step<'_>) -> Result<(), EngineError> {
    let peer = thread.peer;
    let ours = |event: &&mut Event| {
        event.after != NONE && event.by != peer && event.author.is_empty() && !event.taken_back
    };
    for event in thread.events.iter_mut().filter(ours) {
        if let Some(mut sent) = records::sent(step, event.packet, peer)?.filter(has_never_left) {
            sent.transport = Transport::Withdrawn;
            records::put_sent(&mut step.changes, &sent);
            event.taken_back = true;
        }
    }
    arrange(thread);
    Ok(())
}

/// Whether nobody has ever seen it outside this device.
fn has_never_left(sent: &Sent) -> bool {
    sent.transport == Transport::Queued && sent.sequence == 0 && sent.reseals == 0
}

/// The state a thread is in; a word of a newer version counts as work in progress.
pub fn state_of(thread: &Thread) -> WorkState {
    thread.work.parse().unwrap_or(WorkState::InProgress)
}

/// Notes that an update has come that is not applied yet. Beyond the limit the oldest is given up: its packet stays in
/// the inbox.
fn waiting_for(mut thread: Thread, packet: PacketId) -> Thread {
    if thread.waiting.len() >= WAITING_MAX {
        thread.waiting.remove(0);
    }
    thread.waiting.push(packet);
    thread
}

/// Applies every update that follows something known; each can be what another one waits for.
fn apply_waiting(thread: &mut Thread, own: OrgId, step: &Step<'_>) -> Result<(), EngineError> {
    loop {
        let before = thread.waiting.len();
        for packet in std::mem::take(&mut thread.waiting) {
            let theirs = records::received(step, packet)?
                .map(|r| (r.in_reply_to, r.sections, r.from, String::new(), r.received));
            let ours = records::sent(step, packet, thread.peer)?
                .map(|s| (s.in_reply_to, s.sections, own, s.author, s.created));
            let Some((follows, sections, by, author, at)) = ours.or(theirs) else { continue };
            let known = follows == thread.root || thread.events.iter().any(|event| event.packet == follows);
            let header = sections.iter().find(|s| s.code == HEADER_SECTION);
            let Some(update) = header.and_then(|s| Update::read(&s.bytes)) else { continue };
            if known && thread.root != NONE {
                add(thread, &update, (packet, follows), (by, &author), at);
            } else {
                thread.waiting.push(packet);
            }
        }
        if thread.waiting.len() == before {
            return Ok(());
        }
    }
}

/// Enters an update, and puts all of them into the order that the other side comes to as well.
fn add(
    thread: &mut Thread,
    update: &Update,
    (packet, after): (PacketId, PacketId),
    (by, author): (OrgId, &str),
    at: Timestamp,
) {
    if thread.events.len() >= EVENTS_MAX {
        return;
    }
    let text = if update.text.is_empty() { &update.reason } else { &update.text };
    thread.events.push(Event {
        at,
        by,
        what: update.event.clone(),
        state: String::new(),
        text: text.clone(),
        packet,
        after,
        conflict: false,
        author: author.to_owned(),
        taken_back: false,
    });
    arrange(thread);
}

/// Enters what software knows on proof: sent, delivered, opened. Once each.
fn remember(thread: &mut Thread, at: Timestamp, by: OrgId, (what, author): (&str, &str), packet: PacketId) {
    let known = |event: &Event| event.after == NONE && event.what == what;
    if thread.events.len() < EVENTS_MAX && !thread.events.iter().any(known) {
        let (state, text) = (String::new(), String::new());
        thread.events.push(Event {
            at,
            by,
            what: what.into(),
            state,
            text,
            packet,
            after: NONE,
            conflict: false,
            author: author.to_owned(),
            taken_back: false,
        });
    }
    arrange(thread);
}

/// What is proven first, in its order; then the steps of both sides, as [`history::replay`] puts them.
fn arrange(thread: &mut Thread) {
    let (taken_back, events): (Vec<Event>, Vec<Event>) =
        std::mem::take(&mut thread.events).into_iter().partition(|event| event.taken_back);
    let (mut proven, steps): (Vec<Event>, Vec<Event>) =
        events.into_iter().partition(|event| event.after == NONE);
    let begin = if thread.ours { WorkState::Sent } else { WorkState::Received };
    let mut state = begin;
    for event in &mut proven {
        if let Ok(action) = event.what.parse::<Action>() {
            state = step(state, action, Party::System).unwrap_or(state);
        }
        state.as_str().clone_into(&mut event.state);
    }
    if state == WorkState::Sent && !steps.is_empty() {
        // A receipt may be under way still when the step that follows it is already here.
        state = WorkState::Received;
    }
    let peer_is = if thread.ours { Party::Recipient } else { Party::Sender };
    let own = if thread.ours { Party::Sender } else { Party::Recipient };
    let inputs: Vec<history::Step> = steps
        .iter()
        .map(|event| history::Step {
            packet: event.packet,
            after: event.after,
            by: if event.by == thread.peer { peer_is } else { own },
            action: event.what.parse().ok(),
        })
        .collect();
    let mut steps: Vec<Option<Event>> = steps.into_iter().map(Some).collect();
    for placed in history::replay(thread.root, state, &inputs) {
        state = placed.state;
        if let Some(mut event) = steps[placed.index].take() {
            state.as_str().clone_into(&mut event.state);
            event.conflict = !placed.fits;
            proven.push(event);
        }
    }
    proven.extend(taken_back);
    thread.events = proven;
    state.as_str().clone_into(&mut thread.work);
}
