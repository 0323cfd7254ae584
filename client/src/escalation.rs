//! What happens when nobody answers: reminders, tasks, and the next organisation on the sender's list.
//!
//! [`tick`] looks at every thread in which something can be due and does it, each thing once. It is called in every round of a session. Time is the
//! relay's, because everything is measured between what two machines do: a local clock that is moved fires nothing and
//! delays nothing. See docs/lifecycle.md for what happens at a jump.

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use self::course::{Course, Watch};
pub(crate) use self::looked::Looked;
use self::tasks::Task;
use crate::desks;
use crate::engine::threads::{StepError, Words, own_party, state_of, update_of};
use crate::engine::{Engine, EngineError};
use crate::model::Thread;
use crate::records;
use crate::referral::clocks::{Clock, ClockId, Level};
use crate::referral::lifecycle::{Action, Party, WorkState};
use crate::vault::Changes;

mod beds;
pub mod course;
pub mod fallback;
mod looked;
pub mod settle;
pub mod tasks;

/// Word of a shelter's answer that keeps a request open and has no bed for it.
const NO_BED_YET: &str = "waiting_list";

/// What a look at the deadlines has brought.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Ticked {
    /// Tasks that are new.
    pub tasks: Vec<Task>,
    /// Steps that software has taken.
    pub steps: usize,
    /// Referrals that went to the next organisation of the sender's list.
    pub forwarded: usize,
    /// Partners that are told what has changed in our beds.
    pub published: usize,
}

/// Does what is due in every thread. Without the relay's time nothing is done: the next session does it.
pub async fn tick(engine: &Engine) -> Result<Ticked, EngineError> {
    let mut ticked = Ticked::default();
    let Some(watch) = Watch::look(engine)? else { return Ok(ticked) };
    let mut looked = engine.looked.lock().await;
    let done = look(engine, &watch, &mut looked, &mut ticked).await;
    if done.is_err() {
        looked.forget();
    }
    done.map(|()| ticked)
}

async fn look(
    engine: &Engine,
    watch: &Watch,
    looked: &mut Looked,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    let due = looked.due(&engine.vault)?;
    let mut changes = Changes::default();
    // One after the other, and twice: the first look of a program is at all of them, and all do not fit into memory.
    for case in &due.cases {
        if let Some(thread) = records::thread(&engine.vault, case)? {
            desks::learn(&engine.vault, &mut changes, &thread)?;
        }
    }
    if let Some(ours) = &due.ours {
        settle::others_not_needed(engine, ours, ticked).await?;
    }
    for case in &due.cases {
        let Some(thread) = records::thread(&engine.vault, case)? else { continue };
        if thread.root == PacketId([0; 32]) {
            continue;
        }
        let thread = &thread;
        let (steps, writes) = (ticked.steps, changes.len());
        settle::by_time(engine, thread, watch.now, &mut changes, ticked).await?;
        beds::give_back(engine, thread, ticked).await?;
        look_at(engine, thread, watch, &mut changes, ticked).await?;
        if state_of(thread).is_terminal() && (steps, writes) == (ticked.steps, changes.len()) {
            looked.is_quiet(thread);
        }
    }
    beds::look(engine, watch.now, &mut changes, ticked)?;
    watch.keep(&mut changes);
    engine.commit(changes).await?;
    ticked.published = beds::publish(engine, watch.now).await?;
    Ok(())
}

/// The deadlines that run in a thread, by the best time that is known; for people, changes nothing.
pub fn clocks_of(engine: &Engine, thread: &Thread) -> Result<Vec<Clock>, EngineError> {
    let watch = Watch::best(engine)?;
    let course = Course::read(&engine.vault, thread.case)?;
    course.clocks(engine, thread, &watch)
}

async fn look_at(
    engine: &Engine,
    thread: &Thread,
    watch: &Watch,
    changes: &mut Changes,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    let before = Course::read(&engine.vault, thread.case)?;
    let mut course = before.clone();
    course.mark(thread, watch);
    let clocks = course.clocks(engine, thread, watch)?;
    let mut due = Vec::new();
    for clock in &clocks {
        for level in Level::ALL.into_iter().filter(|level| *level <= clock.level) {
            if course.fire(clock.id.as_str(), clock.round, level.number().unwrap_or(0)) {
                due.push((*clock, level));
            }
        }
    }
    let ended = ended(engine, thread)?.filter(|word| course.fire(word, 1, 3));
    if course == before {
        return Ok(());
    }
    let waits_in_vain =
        |(clock, level): &(Clock, Level)| *level == Level::L2 && may_go_on(clock.id) && thread.ours;
    let goes_on = ended.is_some() || due.iter().any(waits_in_vain);
    for (clock, level) in due {
        at_level(engine, thread, watch, (&clock, level), changes, ticked).await?;
    }
    if let Some(word) = ended {
        let next = fallback::next(engine, thread).await?;
        let code = if word == NO_BED_YET { beds::NEXT_SHELTER } else { "recipient" };
        let gave_a_reason = ["declined", NO_BED_YET].contains(&word);
        let task = Task::of(thread, code, word, 1, watch.now).for_supervisor_if(!gave_a_reason);
        tasks::add(engine, changes, task.with_fallback(next), ticked)?;
    }
    // Once for a thread: whoever gets it has deadlines of its own, and the rest of the list.
    if goes_on && course.fire("forward", 1, 2) {
        forward_if_allowed(engine, thread, watch, ticked).await?;
    }
    for event in thread.events.iter().filter(|event| event.what == Action::Recuse.as_str() && !thread.ours) {
        let reassigned =
            thread.events.iter().any(|e| e.what == Action::Reassign.as_str() && e.at >= event.at);
        let task = Task::of(thread, "reassign", &event.packet.short(), 1, watch.now);
        if !reassigned && !tasks::exists(&engine.vault, &task)? {
            tasks::add(engine, changes, task, ticked)?;
        }
    }
    tasks::settle(engine, thread, &clocks, watch.now, changes)?;
    course.keep(changes, thread.case);
    Ok(())
}

/// What a level of a deadline means for this side.
async fn at_level(
    engine: &Engine,
    thread: &Thread,
    watch: &Watch,
    (clock, level): (&Clock, Level),
    changes: &mut Changes,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    let late = clock.id.waits_for() == own_party(thread) && clock.id != ClockId::C1;
    let task = |code| {
        let made = Task::of(thread, code, clock.id.as_str(), clock.round, watch.now);
        made.due(clock.due).at_level(level.number().unwrap_or(0))
    };
    match (level, late) {
        (Level::L0, true) => tasks::add(engine, changes, task("remind"), ticked),
        (Level::L1, true) => tasks::add(engine, changes, task("overdue"), ticked),
        (Level::L1, false) if clock.id != ClockId::C1 => {
            announce(engine, thread, clock, ticked).await?;
            Ok(())
        }
        (Level::L2, false) if clock.id != ClockId::CA => {
            let next = if may_go_on(clock.id) { fallback::next(engine, thread).await? } else { None };
            let phone = phone(engine, thread)?;
            tasks::add(engine, changes, task("call").with_phone(phone).with_fallback(next), ticked)
        }
        (Level::L3, false) => {
            let code = if clock.id == ClockId::CA { "arrival" } else { "supervisor" };
            tasks::add(engine, changes, task(code).with_phone(phone(engine, thread)?), ticked)
        }
        _ => Ok(()),
    }
}

/// Whether somebody else may be asked while this deadline runs: nobody works on it yet.
fn may_go_on(id: ClockId) -> bool {
    matches!(id, ClockId::C1 | ClockId::C2 | ClockId::C3 | ClockId::C5)
}

/// Tells the side that is late. Its own software knows it too, if it runs and its clock is right.
async fn announce(
    engine: &Engine,
    thread: &Thread,
    clock: &Clock,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    let mut fields = serde_json::Map::new();
    fields.insert("clock".into(), clock.id.as_str().into());
    fields.insert("level".into(), 1.into());
    let priority = (clock.id == ClockId::CA).then_some(causeway_common::priority::Priority::P0);
    let words = Words { fields, priority, ..Words::default() };
    let name = [clock.id.as_str().as_bytes(), &clock.round.to_be_bytes()].concat();
    software(engine, thread, Action::DeadlineMissed, &name, words, ticked).await
}

/// A step of software, under a name that follows from what it is about. What is not possible any more is left alone.
async fn software(
    engine: &Engine,
    thread: &Thread,
    action: Action,
    about: &[u8],
    words: Words,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    let packet = PacketId(named(&[action.as_str().as_bytes(), &thread.case, &own_name(engine), about]));
    if thread.events.iter().any(|event| event.packet == packet) {
        return Ok(());
    }
    match engine.take_step_as(packet, thread.case, action, words).await {
        Ok(_) => ticked.steps += 1,
        Err(StepError::Engine(error)) => return Err(error),
        Err(other) => tracing::debug!("software may not {}: {other}", action.as_str()),
    }
    Ok(())
}

fn own_name(engine: &Engine) -> [u8; 32] {
    engine.identity.org.0
}

async fn forward_if_allowed(
    engine: &Engine,
    thread: &Thread,
    watch: &Watch,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    if fallback::is_automatic(engine, thread)?
        && let Some(next) = fallback::next(engine, thread).await?
        && fallback::forward(engine, thread, next, watch.now).await?
    {
        ticked.forwarded += 1;
    }
    Ok(())
}

/// Why a referral of ours brings no help, so that somebody else has to be asked.
fn ended(engine: &Engine, thread: &Thread) -> Result<Option<&'static str>, EngineError> {
    if !thread.ours {
        return Ok(None);
    }
    Ok(match state_of(thread) {
        WorkState::Declined => Some("declined"),
        WorkState::Failed => Some("failed"),
        WorkState::Expired => Some("expired"),
        WorkState::Sent => {
            let root = records::sent(&engine.vault, thread.root, thread.peer)?;
            root.is_some_and(|root| root.transport.is_failure()).then_some("expired")
        }
        _ => beds::has_no_bed_yet(engine, thread)?.then_some(NO_BED_YET),
    })
}

/// Whom to call about a thread: the desk that the other side has named in it, otherwise the number for the night.
pub fn phone(engine: &Engine, thread: &Thread) -> Result<String, EngineError> {
    let number = |header: &Value| {
        let phone = header.get("duty_contact")?.get("phone")?;
        phone.as_str().or_else(|| phone.get("number")?.as_str()).map(str::to_owned)
    };
    let theirs = records::received(&engine.vault, thread.root)?;
    let header = theirs.and_then(|received| crate::engine::threads::header(&received.sections));
    if let Some(phone) = header.as_ref().and_then(number) {
        return Ok(phone);
    }
    for event in thread.events.iter().rev().filter(|event| event.by == thread.peer) {
        let update = update_of(thread, event.packet, &engine.vault)?;
        if let Some(phone) = update.and_then(|update| number(&Value::Object(update.other))) {
            return Ok(phone);
        }
    }
    Ok(desks::of(&engine.vault, thread.peer)?.night_phone)
}

/// A name that everybody who knows the parts comes to.
pub(crate) fn named(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"causeway software step");
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Who is late, in the words of a list.
pub fn overdue(clocks: &[Clock]) -> Option<&Clock> {
    clocks.iter().filter(|clock| clock.level >= Level::L1).max_by_key(|clock| clock.level)
}

/// The next deadline of one side.
pub fn next_due(clocks: &[Clock], side: Party) -> Option<&Clock> {
    clocks.iter().filter(|clock| !clock.paused && clock.id.waits_for() == side).min_by_key(|clock| clock.due)
}

/// The moment that a text names: RFC 3339, or a duration such as `PT40M` from another moment.
pub(crate) fn moment_of(text: &str, from: Timestamp) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return u64::try_from(at.as_millisecond()).ok().map(Timestamp);
    }
    crate::referral::values::duration(text).map(|length| from.plus(length))
}
