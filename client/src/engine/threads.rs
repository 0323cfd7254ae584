//! Threads: what a packet or a receipt does to the state of a referral.

use std::time::Duration;

use causeway_common::ids::PacketId;
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde_json::Value;

use super::{Draft, Engine, EngineError};
use crate::model::{Event, PACKET_REFERRAL, Received, Sent, StoredSection, Thread, Transport};
use crate::records::{self, Source, Step};
use crate::referral::lifecycle::carry::{self, Lack};
use crate::referral::lifecycle::{Action, Carry, NotAllowed, Party, Row, Work, WorkState};
use crate::referral::update::{ETA_CHARS_MAX, UPDATE_BYTES_MAX, Update};
use crate::seal::packet::HEADER_SECTION;
use crate::vault::Changes;

mod events;

use self::events::{add, apply_waiting, arrange, remember, sending, waiting_for};

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
    /// It lacks what the table asks for.
    #[error("the step lacks something: {}", .0.iter().map(|lack| lack.path).collect::<Vec<_>>().join(", "))]
    Incomplete(Vec<Lack>),
    /// The time in which one can object is over.
    #[error("it was completed more than 14 days ago")]
    TooLate,
    /// More than the other side reads.
    #[error("what goes with the step is longer than the other side can read: at most {max} {unit}")]
    TooLong {
        /// How much it reads.
        max: usize,
        /// Of what.
        unit: &'static str,
    },
    /// It was transferred and is completed: its sender reads it.
    #[error("it was transferred and is completed")]
    ReadOnly,
}

/// Reason of a referral that is taken back because the person has withdrawn her consent.
const CONSENT_REASON: &str = "consent_withdrawn";

/// Until then the sender can object to what was called done; then software closes it.
pub const OBJECT_WITHIN: Duration = Duration::from_secs(14 * 24 * 60 * 60);

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
    /// What else the update carries, see [`crate::referral::update::set`].
    pub fields: serde_json::Map<String, Value>,
    /// Queue order, if it is another than that of the referral.
    pub priority: Option<Priority>,
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
        thread.events.push(sending(now, self.identity.org, WorkState::Sent, draft.packet));
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
            remember(
                &mut thread,
                sent.created,
                self.identity.org,
                ("send", &sent.author),
                sent.packet,
                step,
            )?;
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
        thread.events.push(sending(received.received, received.from, WorkState::Received, received.packet));
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
            remember(
                &mut thread,
                received.opened,
                by,
                (Action::Open.as_str(), author),
                received.packet,
                step,
            )?;
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
            remember(&mut thread, at, sent.to, (action.as_str(), ""), sent.packet, step)?;
            records::put_thread(&mut step.changes, &thread);
        }
        Ok(())
    }

    /// The first packet of a thread of ours reached nobody in time.
    pub(super) fn thread_expired(
        &self,
        sent: &Sent,
        at: Timestamp,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let Some(mut thread) = records::thread(step, &sent.case)? else { return Ok(()) };
        if thread.root == sent.packet {
            let what = (Action::Expire.as_str(), "");
            remember(&mut thread, at, self.identity.org, what, sent.packet, step)?;
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
        self.take_step_as(packet, case, action, words).await
    }

    /// The same under a name. Software takes its steps under names that follow from what they are about: colleagues' devices
    /// that come to the same step send the same packet, and it counts once.
    pub async fn take_step_as(
        &self,
        packet: PacketId,
        case: [u8; 32],
        action: Action,
        words: Words,
    ) -> Result<PacketId, StepError> {
        let turn = self.turn.lock().await;
        let found = records::thread(&self.vault, &case).map_err(EngineError::from)?;
        let mut thread = found.filter(|thread| thread.root != NONE).ok_or(StepError::NotFound)?;
        if thread.events.iter().any(|event| event.packet == packet) {
            return Ok(packet);
        }
        let (action, words) = self.unless_unsent(&thread, action, words)?;
        let party = own_party(&thread);
        let mut work = work_of(&thread, &self.vault)?;
        let before = work.state();
        let refused = || NotAllowed { state: before, action, possible: work.moves(party) };
        let row = work.row(action, party).ok_or_else(refused)?;
        if action == Action::Object && is_older(&thread, Action::Complete, self.now(), OBJECT_WITHIN) {
            return Err(StepError::TooLate);
        }
        if thread.ours && !may_still(action, before) && self.is_transferred(&thread)? {
            return Err(StepError::ReadOnly);
        }
        let mut update = Update {
            reason: words.reason,
            text: words.text,
            eta: words.eta,
            answer: words.answer,
            other: words.fields,
            ..Update::of(action.as_str(), before.as_str())
        };
        self.fill_in(&mut update, row, &thread);
        let lacks = carry::check(row, &update, thread.priority);
        if !lacks.is_empty() {
            return Err(StepError::Incomplete(lacks));
        }
        let after = work.take(action, party, update.record())?;
        after.as_str().clone_into(&mut update.state_after);
        fits(&update)?;
        let (draft, follows) = telling(&thread, packet, &update, words.priority);
        let mut step = Step::new(&self.vault);
        if action == Action::Withdraw {
            self.take_back(&thread, &mut step.changes)?;
        }
        // Of what was taken back nobody else knows, neither now nor later.
        let taken_back = is_taken_back(&thread, &step)?;
        // The packet first: the thread is put into order from what the packets say.
        let told = if taken_back { Vec::new() } else { vec![draft] };
        self.queue_into(told, &mut step.changes);
        add(&mut thread, &update, (packet, follows), (self.identity.org, ""), self.now(), &step)?;
        records::put_thread(&mut step.changes, &thread);
        self.queue(Vec::new(), step.changes).await?;
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
        let update = Update { reason: reason.into(), ..Update::of(event, &thread.work) };
        let (draft, follows) = telling(&thread, packet, &update, None);
        let mut changes = Changes::default();
        add(&mut thread, &update, (packet, follows), (self.identity.org, ""), self.now(), &self.vault)?;
        records::put_thread(&mut changes, &thread);
        self.queue(vec![draft], changes).await?;
        Ok(packet)
    }

    /// Whether the case of a referral of ours belongs to the other side once it is done.
    pub(crate) fn is_transferred(&self, thread: &Thread) -> Result<bool, EngineError> {
        let root = records::sent(&self.vault, thread.root, thread.peer)?;
        let header = root.and_then(|root| header(&root.sections));
        Ok(header.is_some_and(|header| header["ownership"] == "transfer"))
    }

    /// What software knows by itself.
    fn fill_in(&self, update: &mut Update, row: &Row, thread: &Thread) {
        let now = self.now();
        update.other.entry("at").or_insert_with(|| moment(now).into());
        for carry in row.carries {
            match carry {
                Carry::PeerCase => {
                    let year = moment(now).chars().take(4).collect::<String>();
                    let number = thread.root.to_string();
                    let own = format!("{}-{year}-{}", self.identity.country, number.get(..6).unwrap_or("?"));
                    update.other.entry("peer_case_ref").or_insert_with(|| own.into());
                }
                Carry::Questions if !update.text.is_empty() => {
                    let question = serde_json::json!([{ "text": update.text }]);
                    update.other.entry("questions").or_insert(question);
                }
                Carry::Outcome if !update.text.is_empty() => {
                    let other = serde_json::json!({ "code": "other", "text": update.text });
                    update.other.entry("outcome").or_insert(other);
                }
                _ => {}
            }
        }
    }

    /// Whose consent is withdrawn before anything has left this device, her referral does not go out at all: there is nothing
    /// that the other side could erase, and no time in which it has to say so.
    fn unless_unsent(
        &self,
        thread: &Thread,
        action: Action,
        words: Words,
    ) -> Result<(Action, Words), EngineError> {
        if action != Action::ConsentWithdrawn || !thread.ours {
            return Ok((action, words));
        }
        let root = records::sent(&self.vault, thread.root, thread.peer)?;
        let unsent = root.is_some_and(|root| has_never_left(&root));
        Ok(if unsent {
            (Action::Withdraw, Words { reason: CONSENT_REASON.into(), ..words })
        } else {
            (action, words)
        })
    }

    /// Takes a referral of ours back that has never left this device, with everything that follows it. Of one that may have
    /// left nothing is changed: the recipient has to be told. Sealing looks at the same state under the same lock, so what is
    /// taken back here is never sealed afterwards.
    fn take_back(&self, thread: &Thread, changes: &mut Changes) -> Result<(), EngineError> {
        let root = records::sent(&self.vault, thread.root, thread.peer)?;
        if !thread.ours || !root.is_some_and(|root| has_never_left(&root)) {
            return Ok(());
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
        Ok(())
    }
}

/// The packet that tells the other side of a step, and the one that it follows.
fn telling(
    thread: &Thread,
    packet: PacketId,
    update: &Update,
    priority: Option<Priority>,
) -> (Draft, PacketId) {
    let in_order = |event: &&Event| event.after != NONE && !event.taken_back;
    let follows = thread.events.iter().rev().find(in_order).map_or(thread.root, |e| e.packet);
    let draft = Draft {
        packet,
        case: thread.case,
        packet_type: PACKET_REFERRAL,
        kind: "CUP".into(),
        to: thread.peer,
        priority: priority.unwrap_or(thread.priority),
        in_reply_to: Some(follows),
        sections: vec![StoredSection { code: HEADER_SECTION, bytes: update.to_bytes() }],
    };
    (draft, follows)
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
    arrange(thread, step).map(drop)
}

/// Refuses what the other side would drop without a word: its reader has these bounds.
fn fits(update: &Update) -> Result<(), StepError> {
    if update.eta.chars().count() > ETA_CHARS_MAX {
        return Err(StepError::TooLong { max: ETA_CHARS_MAX, unit: "characters for the time" });
    }
    if update.to_bytes().len() > UPDATE_BYTES_MAX {
        return Err(StepError::TooLong { max: UPDATE_BYTES_MAX >> 10, unit: "KiB" });
    }
    Ok(())
}

/// Whether a referral of ours was taken back before anybody else had it.
fn is_taken_back(thread: &Thread, from: &dyn Source) -> Result<bool, EngineError> {
    let root = if thread.ours { records::sent(from, thread.root, thread.peer)? } else { None };
    Ok(root.is_some_and(|root| root.transport == Transport::Withdrawn))
}

/// Whether nobody has ever seen it outside this device.
fn has_never_left(sent: &Sent) -> bool {
    sent.transport == Transport::Queued && sent.sequence == 0 && sent.reseals == 0
}

/// The state a thread is in; a word of a newer version counts as work in progress.
pub fn state_of(thread: &Thread) -> WorkState {
    thread.work.parse().unwrap_or(WorkState::InProgress)
}

/// Which side of a thread we are.
pub fn own_party(thread: &Thread) -> Party {
    if thread.ours { Party::Sender } else { Party::Recipient }
}

/// Whose step an event is.
pub fn party_of(thread: &Thread, event: &Event) -> Party {
    match (event.by == thread.peer, thread.ours) {
        (true, true) | (false, false) => Party::Recipient,
        (true, false) | (false, true) => Party::Sender,
    }
}

/// Where the work of a thread stands, with what only the packets of its steps say.
pub fn work_of(thread: &Thread, from: &dyn Source) -> Result<Work, EngineError> {
    arrange(&mut thread.clone(), from)
}

/// Hash of the handover record that a step signs.
pub(crate) fn record_of(
    thread: &Thread,
    event: &Event,
    from: &dyn Source,
) -> Result<Option<[u8; 32]>, EngineError> {
    if event.what != Action::HandedOver.as_str() {
        return Ok(None);
    }
    Ok(update_of(thread, event.packet, from)?.and_then(|update| update.record()))
}

/// The update that a packet of a thread carries.
pub(crate) fn update_of(
    thread: &Thread,
    packet: PacketId,
    from: &dyn Source,
) -> Result<Option<Update>, EngineError> {
    let ours = records::sent(from, packet, thread.peer)?.map(|sent| sent.sections);
    let sections = match ours {
        Some(sections) => Some(sections),
        None => records::received(from, packet)?.map(|received| received.sections),
    };
    let sections = sections.unwrap_or_default();
    let header = sections.iter().find(|section| section.code == HEADER_SECTION);
    Ok(header.and_then(|header| Update::read(&header.bytes)))
}

/// Whether the sender of a transferred referral can still take a step: everything until it is completed, then what closes it
/// and what the person may ask for at any time.
fn may_still(action: Action, state: WorkState) -> bool {
    let done = matches!(state, WorkState::Completed | WorkState::Closed);
    !done
        || matches!(
            action,
            Action::Close | Action::ConsentWithdrawn | Action::EraseRequest | Action::EraseDone
        )
}

/// Whether the last step of this kind is longer ago.
fn is_older(thread: &Thread, action: Action, now: Timestamp, limit: Duration) -> bool {
    let last = thread.events.iter().rev().find(|event| event.what == action.as_str() && !event.conflict);
    last.is_some_and(|event| event.at.plus(limit) < now)
}

/// A moment as RFC 3339 in UTC.
pub fn moment(at: Timestamp) -> String {
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_other_side_would_not_read_is_not_sent() {
        let mut update = Update::of("progress", "in_progress");
        update.eta = "x".repeat(ETA_CHARS_MAX);
        assert!(fits(&update).is_ok());
        update.eta.push('x');
        assert!(matches!(fits(&update), Err(StepError::TooLong { .. })));
        update.eta.clear();
        update.other.insert("handover".into(), "x".repeat(UPDATE_BYTES_MAX).into());
        assert!(matches!(fits(&update), Err(StepError::TooLong { .. })));
        assert_eq!(Update::read(&update.to_bytes()), None, "as its reader does");
    }
}
