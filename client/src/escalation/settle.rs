//! Steps that software takes in a person's place because nothing is left to decide.

use std::collections::{BTreeMap, BTreeSet};

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;

use super::course::header_of;
use super::tasks::{self, Task};
use super::{Ticked, fallback, moment_of, software};
use crate::beds::{self, hold};
use crate::casebook::Case;
use crate::engine::threads::{OBJECT_WITHIN, Words, state_of, update_of};
use crate::engine::{Engine, EngineError};
use crate::model::Thread;
use crate::records;
use crate::referral::lifecycle::{Action, WorkState};
use crate::vault::Changes;

/// The kind that is of use for hours only.
const ALERT: &str = "BIA";
/// States in which a recipient has said that it does it, or has done it.
const TAKEN: [WorkState; 6] = [
    WorkState::Accepted,
    WorkState::InProgress,
    WorkState::OnHold,
    WorkState::HandedOver,
    WorkState::Completed,
    WorkState::Closed,
];

/// Takes a referral back from those who need not look at it any more, because somebody else does it.
pub(super) async fn others_not_needed(
    engine: &Engine,
    threads: &[Thread],
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    let contested = contested(engine, threads)?;
    first_accept(engine, &contested, ticked).await?;
    bed_taken(engine, &contested, ticked).await
}

/// Once one of several recipients has accepted, if it was sent so; and from whom it was sent on from.
async fn first_accept(
    engine: &Engine,
    contested: &[(&Thread, Vec<&Thread>)],
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    for (thread, rivals) in contested {
        let header = header_of(engine, thread)?;
        let one_is_enough = header.is_some_and(|header| header["mode_of_acceptance"] == "first_accept_wins");
        let ours = accepted_at(engine, thread)?;
        // It was sent on because nobody had answered: one is enough then, however it was sent first.
        for rival in rivals.iter().filter(|rival| one_is_enough || rival.root != thread.root) {
            // Of two that have accepted, the one whose word the relay has had first.
            let earlier = TAKEN.contains(&state_of(rival)) && accepted_at(engine, rival)? <= ours;
            if !earlier {
                take_back(engine, rival, ticked).await?;
            }
        }
    }
    Ok(())
}

/// Of a request for beds, once the person is being handed over to one of the shelters that have offered.
async fn bed_taken(
    engine: &Engine,
    contested: &[(&Thread, Vec<&Thread>)],
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    let requests: Vec<_> = contested.iter().filter(|(thread, _)| thread.kind == beds::REQUEST).collect();
    if requests.is_empty() {
        return Ok(());
    }
    let cases = beds::cases(&engine.vault)?;
    for (thread, rivals) in requests {
        let Some(request) = cases.iter().find(|case| case.thread.case == thread.case) else { continue };
        let under_way = |case: &Case| hold::takes_up(case, request) && !is_undone(state_of(&case.thread));
        if cases.iter().any(under_way) {
            for rival in rivals {
                take_back(engine, rival, ticked).await?;
            }
        }
    }
    Ok(())
}

/// Referrals of ours that somebody has taken on, each with the threads in which others still have the same: those who got it
/// together, and those to whom it was sent on.
fn contested<'a>(
    engine: &Engine,
    threads: &'a [Thread],
) -> Result<Vec<(&'a Thread, Vec<&'a Thread>)>, EngineError> {
    let peers: BTreeSet<OrgId> =
        threads.iter().filter(|thread| thread.ours).map(|thread| thread.peer).collect();
    let mut open: BTreeMap<String, Vec<&Thread>> = BTreeMap::new();
    let mut sent_on: BTreeMap<[u8; 32], String> = BTreeMap::new();
    for thread in threads.iter().filter(|thread| thread.ours && is_wanted(thread)) {
        let header = header_of(engine, thread)?;
        let first =
            fallback::first_packet(thread, header.as_ref().and_then(|header| header.get("root_packet")));
        let copies = peers.iter().map(|peer| fallback::thread_of_copy(thread.root, *peer));
        copies.for_each(|copy| drop(sent_on.insert(copy, first.clone())));
        sent_on.insert(thread.case, first.clone());
        open.entry(first).or_default().push(thread);
    }
    let mut contested = Vec::new();
    for thread in threads.iter().filter(|thread| thread.ours && TAKEN.contains(&state_of(thread))) {
        let own = thread.root.to_string();
        let first = sent_on.get(&thread.case).unwrap_or(&own);
        let same = open.get(first).into_iter().flatten();
        let rivals: Vec<&Thread> = same.copied().filter(|rival| rival.case != thread.case).collect();
        if !rivals.is_empty() {
            contested.push((thread, rivals));
        }
    }
    Ok(contested)
}

/// Whether a handoff comes to nothing.
fn is_undone(state: WorkState) -> bool {
    state.is_terminal() && state != WorkState::Closed
}

/// Whether a referral still stands with its recipient.
fn is_wanted(thread: &Thread) -> bool {
    !state_of(thread).is_terminal() && state_of(thread) != WorkState::Completed && !is_asked_back(thread)
}

async fn take_back(engine: &Engine, thread: &Thread, ticked: &mut Ticked) -> Result<(), EngineError> {
    let words = Words { reason: "other_accepted".into(), ..Words::default() };
    software(engine, thread, Action::Withdraw, b"other_accepted", words, ticked).await
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

/// Closes what was completed and not objected to, goes on with what waited until now, and ends what nobody had or took on in
/// its time.
pub(super) async fn by_time(
    engine: &Engine,
    thread: &Thread,
    now: Timestamp,
    changes: &mut Changes,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    engine.look_at_first_packet(thread, now).await?;
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
        (WorkState::Sent | WorkState::Received | WorkState::Seen, true) => {
            run_out(engine, thread, now, changes, ticked).await
        }
        _ => Ok(()),
    }
}

/// What its sender has said to be of use until a moment, and nobody has taken on by then, is taken back: nobody is to stop
/// somebody by an old alert. Whoever sent it is told, because she may still come.
async fn run_out(
    engine: &Engine,
    thread: &Thread,
    now: Timestamp,
    changes: &mut Changes,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    if thread.kind != ALERT {
        return Ok(());
    }
    let header = header_of(engine, thread)?;
    let until = header.and_then(|header| moment_of(header.get("valid_until")?.as_str()?, thread.begun));
    let Some(until) = until.filter(|until| *until <= now) else { return Ok(()) };
    let words = Words { reason: "validity_over".into(), ..Words::default() };
    software(engine, thread, Action::Withdraw, b"validity_over", words, ticked).await?;
    // Somebody may have taken it on since these threads were read.
    let now_stands = records::thread(&engine.vault, &thread.case)?;
    if now_stands.is_none_or(|thread| state_of(&thread) != WorkState::Withdrawn) {
        return Ok(());
    }
    let task = Task::of(thread, "alert-over", "validity", 1, now).due(until).at_level(2);
    tasks::add(engine, changes, task, ticked)
}
