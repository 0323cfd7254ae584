//! Steps that software takes in a person's place because nothing is left to decide.

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;

use super::course::header_of;
use super::{Ticked, moment_of, software};
use crate::engine::threads::{OBJECT_WITHIN, Words, state_of, update_of};
use crate::engine::{Engine, EngineError};
use crate::model::Thread;
use crate::records;
use crate::referral::lifecycle::{Action, WorkState};

/// States in which a recipient has said that it does it, or has done it.
const TAKEN: [WorkState; 6] = [
    WorkState::Accepted,
    WorkState::InProgress,
    WorkState::OnHold,
    WorkState::HandedOver,
    WorkState::Completed,
    WorkState::Closed,
];

/// Takes a referral back from all others once one of several recipients has accepted it, if it was sent so.
pub(super) async fn first_accept(
    engine: &Engine,
    threads: &[Thread],
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    for thread in threads.iter().filter(|thread| thread.ours && TAKEN.contains(&state_of(thread))) {
        let rivals: Vec<&Thread> =
            threads.iter().filter(|rival| rival.root == thread.root && rival.case != thread.case).collect();
        let wanted = |rival: &&Thread| !state_of(rival).is_terminal() && !is_asked_back(rival);
        if !rivals.iter().any(wanted) {
            continue;
        }
        let header = header_of(engine, thread)?;
        if header.is_none_or(|header| header["mode_of_acceptance"] != "first_accept_wins") {
            continue;
        }
        let ours = accepted_at(engine, thread)?;
        for rival in rivals.into_iter().filter(wanted) {
            // Of two that have accepted, the one whose word the relay has had first.
            let earlier = TAKEN.contains(&state_of(rival)) && accepted_at(engine, rival)? <= ours;
            if !earlier {
                let words = Words { reason: "other_accepted".into(), ..Words::default() };
                software(engine, rival, Action::Withdraw, b"other_accepted", words, ticked).await?;
            }
        }
    }
    Ok(())
}

fn is_asked_back(thread: &Thread) -> bool {
    state_of(thread) == WorkState::WithdrawRequested
        || thread
            .events
            .iter()
            .any(|event| event.what == Action::Withdraw.as_str() && event.by != thread.peer)
}

/// When the relay took the acceptance, and who said it: the same for all devices of this organisation.
fn accepted_at(engine: &Engine, thread: &Thread) -> Result<(Timestamp, [u8; 32]), EngineError> {
    let accepted =
        thread.events.iter().find(|event| event.what == Action::Accept.as_str() && !event.conflict);
    let packet = accepted.map_or(PacketId([0; 32]), |event| event.packet);
    let relayed = records::received(&engine.vault, packet)?.map(|received| received.relayed);
    Ok((relayed.unwrap_or(Timestamp(u64::MAX)), thread.peer.0))
}

/// Closes what was completed and not objected to, and goes on with what waited until now.
pub(super) async fn by_time(
    engine: &Engine,
    thread: &Thread,
    now: Timestamp,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    let last = |action: Action| {
        thread.events.iter().rev().find(move |event| event.what == action.as_str() && !event.conflict)
    };
    match (state_of(thread), thread.ours) {
        (WorkState::Completed, true) => {
            let Some(done) = last(Action::Complete).filter(|done| done.at.plus(OBJECT_WITHIN) < now) else {
                return Ok(());
            };
            let text = "Closed by software: nobody objected within 14 days.".to_owned();
            let words = Words { reason: "other".into(), text, ..Words::default() };
            software(engine, thread, Action::Close, &done.packet.0, words, ticked).await
        }
        (WorkState::OnHold, false) => {
            let Some(hold) = last(Action::Hold) else { return Ok(()) };
            let update = update_of(thread, hold.packet, &engine.vault)?;
            let until = update.and_then(|update| moment_of(update.other.get("until")?.as_str()?, hold.at));
            if until.is_some_and(|until| until <= now) {
                software(engine, thread, Action::Resume, &hold.packet.0, Words::default(), ticked).await?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
