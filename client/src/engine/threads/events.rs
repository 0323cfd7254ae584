//! The events of a thread: entered once each, and put into the order that both sides come to.

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;

use super::{NONE, party_of, record_of};
use crate::engine::EngineError;
use crate::model::{Event, Thread};
use crate::records::{self, Source, Step};
use crate::referral::history;
use crate::referral::lifecycle::{Action, Party, Work, WorkState};
use crate::referral::update::Update;
use crate::seal::packet::HEADER_SECTION;

/// Steps kept per thread; far more than a case has.
const EVENTS_MAX: usize = 1_000;
/// Updates of a thread that wait for one that they have overtaken.
const WAITING_MAX: usize = 64;

/// Notes that an update has come that is not applied yet. Beyond the limit the oldest is given up: its packet stays in
/// the inbox.
pub(super) fn waiting_for(mut thread: Thread, packet: PacketId) -> Thread {
    if thread.waiting.len() >= WAITING_MAX {
        thread.waiting.remove(0);
    }
    thread.waiting.push(packet);
    thread
}

/// Applies every update that follows something known; each can be what another one waits for.
pub(super) fn apply_waiting(thread: &mut Thread, own: OrgId, step: &Step<'_>) -> Result<(), EngineError> {
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
                add(thread, &update, (packet, follows), (by, &author), at, step)?;
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
pub(super) fn add(
    thread: &mut Thread,
    update: &Update,
    (packet, after): (PacketId, PacketId),
    (by, author): (OrgId, &str),
    at: Timestamp,
    from: &dyn Source,
) -> Result<(), EngineError> {
    if thread.events.len() >= EVENTS_MAX {
        return Ok(());
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
    arrange(thread, from).map(drop)
}

/// Enters what software knows on proof: sent, delivered, opened. Once each.
pub(super) fn remember(
    thread: &mut Thread,
    at: Timestamp,
    by: OrgId,
    (what, author): (&str, &str),
    packet: PacketId,
    from: &dyn Source,
) -> Result<(), EngineError> {
    let known = |event: &Event| event.after == NONE && event.what == what;
    if thread.events.len() < EVENTS_MAX && !thread.events.iter().any(known) {
        let author = author.to_owned();
        let sending = sending(at, by, WorkState::Sent, packet);
        thread.events.push(Event { what: what.into(), author, ..sending });
    }
    arrange(thread, from).map(drop)
}

/// The sending, with which a thread begins.
pub(super) fn sending(at: Timestamp, by: OrgId, state: WorkState, packet: PacketId) -> Event {
    Event {
        at,
        by,
        what: Action::Send.as_str().into(),
        state: state.as_str().into(),
        text: String::new(),
        packet,
        after: NONE,
        conflict: false,
        author: String::new(),
        taken_back: false,
    }
}

/// Whether a referral that seemed to reach nobody has reached somebody after all, or was taken back before that.
fn has_come_to_life(thread: &Thread, proven: &[Event], steps: &[Event]) -> bool {
    let is = |event: &Event, actions: [Action; 2]| actions.iter().any(|action| action.as_str() == event.what);
    proven.iter().any(|event| is(event, [Action::Deliver, Action::Open]))
        || steps.iter().any(|event| event.by == thread.peer || is(event, [Action::Withdraw, Action::Error]))
}

/// What is proven first, in its order; then the steps of both sides, as [`history::replay`] puts them.
pub(super) fn arrange(thread: &mut Thread, from: &dyn Source) -> Result<Work, EngineError> {
    let (taken_back, events): (Vec<Event>, Vec<Event>) =
        std::mem::take(&mut thread.events).into_iter().partition(|event| event.taken_back);
    let (mut proven, steps): (Vec<Event>, Vec<Event>) =
        events.into_iter().partition(|event| event.after == NONE);
    let begin = if thread.ours { WorkState::Sent } else { WorkState::Received };
    let mut work = Work::begun(begin, &thread.kind);
    let came_to_life = has_come_to_life(thread, &proven, &steps);
    for event in &mut proven {
        let action = event.what.parse::<Action>().ok();
        if let Some(action) = action.filter(|action| *action != Action::Expire || !came_to_life) {
            // What a receipt proves and has no place any more stays in sight.
            let _ = work.take(action, Party::System, None);
        }
        work.state().as_str().clone_into(&mut event.state);
    }
    if work.state() == WorkState::Sent && !steps.is_empty() {
        // A receipt may be under way still when the step that follows it is already here.
        let _ = work.take(Action::Deliver, Party::System, None);
    }
    let input = |event: &Event| {
        Ok(history::Step {
            packet: event.packet,
            after: event.after,
            by: party_of(thread, event),
            action: event.what.parse().ok(),
            record: record_of(thread, event, from)?,
        })
    };
    let inputs: Vec<history::Step> = steps.iter().map(input).collect::<Result<_, EngineError>>()?;
    let mut steps: Vec<Option<Event>> = steps.into_iter().map(Some).collect();
    for placed in history::replay(thread.root, &mut work, &inputs) {
        if let Some(mut event) = steps[placed.index].take() {
            placed.state.as_str().clone_into(&mut event.state);
            event.conflict = !placed.fits;
            proven.push(event);
        }
    }
    proven.extend(taken_back);
    thread.events = proven;
    work.state().as_str().clone_into(&mut thread.work);
    Ok(work)
}
