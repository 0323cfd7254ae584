//! Offers of beds in time: what a requester has to decide, what has run out, and what partners of a shelter are told.

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;

use super::tasks::{self, Task};
use super::{Ticked, software};
use crate::beds::hold::{self, Hold, Standing};
use crate::beds::{self, REQUEST, publication};
use crate::casebook::Case;
use crate::engine::threads::{Words, state_of};
use crate::engine::{Engine, EngineError};
use crate::model::Thread;
use crate::records;
use crate::referral::lifecycle::{Action, WorkState};
use crate::vault::Changes;

/// Tasks about offers: an offer to decide on, one of others that has run out, and one of ours.
const CODES: [&str; 3] = ["bed-offered", "bed-gone", "bed-over"];

/// Task to ask another shelter, because the one that was asked has no bed now.
pub(super) const NEXT_SHELTER: &str = "next-shelter";

/// Makes the tasks that follow from the offers as they stand, and ends those that do not any more.
pub(super) fn look(
    engine: &Engine,
    now: Timestamp,
    changes: &mut Changes,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    if records::catalogue(&engine.vault)?.of_kinds(&[REQUEST]).next().is_none() {
        return Ok(());
    }
    let holds = hold::holds(&beds::cases(&engine.vault)?, now);
    let due: Vec<Task> = holds.iter().filter_map(|hold| task(hold, now)).collect();
    for open in tasks::open(&engine.vault)? {
        let over = match open.code.as_str() {
            NEXT_SHELTER => {
                let thread = records::thread(&engine.vault, &open.case)?;
                !thread.map_or(Ok(false), |thread| has_no_bed_yet(engine, &thread))?
            }
            code => CODES.contains(&code) && !due.iter().any(|task| task.id == open.id),
        };
        if over {
            tasks::put(changes, &Task { done: now, ..open });
        }
    }
    for task in due {
        tasks::add(engine, changes, task, ticked)?;
    }
    Ok(())
}

/// What has to be done about an offer: once for each moment that it was kept until.
fn task(hold: &Hold, now: Timestamp) -> Option<Task> {
    let (code, level) = match (hold.standing, hold.ours) {
        (Standing::Held, true) => ("bed-offered", 1),
        (Standing::Lapsed, true) => ("bed-gone", 2),
        (Standing::Lapsed, false) => ("bed-over", 2),
        _ => return None,
    };
    let minute = u32::try_from(hold.until.0 / 60_000).unwrap_or(u32::MAX);
    Some(Task::about(hold.case, code, "bed", minute, now).due(hold.until).at_level(level))
}

/// Tells the partners of a shelter what has changed in its beds. Gives how many are told.
pub(super) async fn publish(engine: &Engine, now: Timestamp) -> Result<usize, EngineError> {
    publication::renew(engine, now).await
}

/// Whether a shelter has answered a request of ours with a place on a list, or with a bed that comes too late: somebody else has to
/// be asked although it has not declined.
pub(super) fn has_no_bed_yet(engine: &Engine, thread: &Thread) -> Result<bool, EngineError> {
    let open = matches!(state_of(thread), WorkState::Received | WorkState::Seen | WorkState::InfoRequested);
    let told = |event: &crate::model::Event| event.what == Action::DelayNotice.as_str();
    if thread.kind != REQUEST || !thread.ours || !open || !thread.events.iter().any(told) {
        return Ok(false);
    }
    let case = Case::of(&engine.vault, thread.clone())?;
    Ok(hold::answers(&case).last().is_some_and(|(event, _)| told(event)))
}

/// Gives places back when the requester takes the request back and nobody has come or is being fetched: there is nothing to decide.
pub(super) async fn give_back(
    engine: &Engine,
    thread: &Thread,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    if thread.kind != REQUEST || thread.ours || state_of(thread) != WorkState::WithdrawRequested {
        return Ok(());
    }
    let asked = thread.events.iter().rposition(|e| e.what == Action::Withdraw.as_str() && !e.conflict);
    let Some(place) = asked else { return Ok(()) };
    let before = thread.events[..place].iter().rev().find(|event| !event.conflict);
    if before.is_none_or(|event| event.state != WorkState::Accepted.as_str()) {
        return Ok(());
    }
    let about: PacketId = thread.events[place].packet;
    let text = "Given back by software: nobody had come yet.".to_owned();
    software(engine, thread, Action::CancelConfirm, &about.0, Words { text, ..Words::default() }, ticked)
        .await
}
