//! What a person has to do, and what came of it.

use std::collections::BTreeSet;

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ticked, clocks_of, named};
use crate::engine::{Engine, EngineError};
use crate::model::Thread;
use crate::records::{self, RecordError};
use crate::referral::clocks::Clock;
use crate::vault::{CaseName, Changes, Tree, Vault};

/// Tasks stand among the clocks, under this.
pub(crate) const PREFIX: &[u8] = b"todo";
/// Word of a task about a call in which somebody is in danger now.
pub const DANGER: &str = "danger";
const NOBODY: OrgId = OrgId([0; 32]);

/// A task.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Task {
    /// Its name.
    pub id: [u8; 32],
    /// The thread it is about.
    pub case: [u8; 32],
    /// What to do, a word of `tasks.ftl`: remind, overdue, call, supervisor, recipient, arrival, confirm, reassign; about beds
    /// next-shelter, bed-offered, bed-gone, bed-over; alert-over; about a call danger.
    pub code: String,
    /// Level, 0 to 3.
    pub level: u8,
    /// The deadline it comes from, or another word for why.
    pub clock: String,
    /// Which round of it.
    pub round: u32,
    /// When that was due.
    pub due: Timestamp,
    /// When the task was made.
    pub made: Timestamp,
    /// Whom to call.
    pub phone: String,
    /// Who else could be asked; zeros for nobody.
    pub fallback: OrgId,
    /// When it was done; zero while it is open.
    pub done: Timestamp,
    /// What came of it.
    pub outcome: String,
    /// Number of who did it.
    pub staff: String,
}
no_content_in_debug!(Task);

impl Task {
    /// A task about a thread. The same for every device that comes to it.
    pub fn of(thread: &Thread, code: &str, clock: &str, round: u32, now: Timestamp) -> Self {
        Self::about(thread.case, code, clock, round, now)
    }

    /// A supervisor confirms what was sent.
    pub fn to_confirm(case: [u8; 32], now: Timestamp, due: Timestamp) -> Self {
        Self::about(case, "confirm", "send", 1, now).due(due)
    }

    /// Somebody on the phone is in danger now: the person who answers the phone is not left alone with it.
    pub fn danger(call: [u8; 32], now: Timestamp) -> Self {
        Self::about(call, DANGER, DANGER, 1, now).at_level(3)
    }

    pub(super) fn about(case: [u8; 32], code: &str, clock: &str, round: u32, now: Timestamp) -> Self {
        let id = named(&[b"task", &case, code.as_bytes(), clock.as_bytes(), &round.to_be_bytes()]);
        Self {
            id,
            case,
            code: code.to_owned(),
            level: 1,
            clock: clock.to_owned(),
            round,
            due: now,
            made: now,
            phone: String::new(),
            fallback: NOBODY,
            done: Timestamp(0),
            outcome: String::new(),
            staff: String::new(),
        }
    }

    pub(crate) fn due(self, due: Timestamp) -> Self {
        Self { due, ..self }
    }

    pub(crate) fn at_level(self, level: u8) -> Self {
        Self { level, ..self }
    }

    pub(crate) fn for_supervisor_if(self, wanted: bool) -> Self {
        Self { level: if wanted { 3 } else { 2 }, ..self }
    }

    pub(crate) fn with_phone(self, phone: String) -> Self {
        Self { phone, ..self }
    }

    pub(crate) fn with_fallback(self, next: Option<OrgId>) -> Self {
        Self { fallback: next.unwrap_or(NOBODY), ..self }
    }

    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        self.done == Timestamp(0)
    }

    /// Whether its time is over and it is still to be done. Tasks that begin when something is overdue have no time of their own.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.is_open() && self.made < self.due && self.due < now
    }

    /// Whether it lives as long as its deadline runs. What a supervisor has to answer for stays.
    fn follows_deadline(&self) -> bool {
        matches!(self.code.as_str(), "remind" | "overdue" | "call")
    }

    /// Whether it is about this deadline.
    fn is_of(&self, clock: &Clock) -> bool {
        clock.id.as_str() == self.clock && clock.round == self.round
    }

    /// Whether it ends only with words about what was done. Reminders end with the deadline that they are about,
    /// and what only tells something is done when it is read.
    pub fn wants_outcome(&self) -> bool {
        !matches!(self.code.as_str(), "remind" | "overdue" | "bed-offered" | "bed-gone")
    }
}

fn key(id: &[u8; 32]) -> Vec<u8> {
    [PREFIX, &id[..]].concat()
}

/// All tasks, open ones first, the gravest and oldest first among them.
pub fn all(vault: &Vault) -> Result<Vec<Task>, RecordError> {
    let mut tasks = read(vault, records::ids_with_prefix(vault, Tree::Clocks, PREFIX))?;
    tasks.sort_by_key(|task| (!task.is_open(), std::cmp::Reverse(task.level), task.made, task.id));
    Ok(tasks)
}

/// Those that are still to be done, in the same order. Reads no other one, however many there have been.
pub fn open(vault: &Vault) -> Result<Vec<Task>, RecordError> {
    let ids = records::catalogue(vault)?.open_tasks().map(<[u8]>::to_vec).collect();
    let mut tasks = read(vault, ids)?;
    tasks.retain(Task::is_open);
    tasks.sort_by_key(|task| (std::cmp::Reverse(task.level), task.made, task.id));
    Ok(tasks)
}

fn read(vault: &Vault, ids: Vec<Vec<u8>>) -> Result<Vec<Task>, RecordError> {
    // One that has been erased in the meantime is left out.
    ids.iter().filter_map(|id| records::read(vault, Tree::Clocks, id).transpose()).collect()
}

/// Which of the records under these names, new or changed, are tasks, and whether each is still to be done.
pub(crate) fn standing(vault: &Vault, ids: Vec<Vec<u8>>) -> Result<Vec<(Vec<u8>, bool)>, RecordError> {
    let mut found = Vec::new();
    for id in ids.into_iter().filter(|id| id.starts_with(PREFIX)) {
        let task: Option<Task> = records::read(vault, Tree::Clocks, &id)?;
        found.push((id, task.is_some_and(|task| task.is_open())));
    }
    Ok(found)
}

/// What there is to do now, in the same order. A task whose deadline stands still is left out, because the other side has asked
/// something or it waits for a reason: it comes back when the deadline goes on.
pub fn to_do(engine: &Engine) -> Result<Vec<Task>, EngineError> {
    let mut tasks = Vec::new();
    for task in open(&engine.vault)? {
        let thread = if task.follows_deadline() { records::thread(&engine.vault, &task.case)? } else { None };
        let clocks = thread.map(|thread| clocks_of(engine, &thread)).transpose()?.unwrap_or_default();
        if !clocks.iter().any(|clock| clock.paused && task.is_of(clock)) {
            tasks.push(task);
        }
    }
    Ok(tasks)
}

/// How many matters these tasks are about: one deadline of one case is one, however often somebody was reminded of it.
pub(crate) fn matters(tasks: &[Task]) -> usize {
    tasks.iter().map(|task| (task.case, task.clock.as_str(), task.round)).collect::<BTreeSet<_>>().len()
}

/// Whether a task was ever made.
pub fn exists(vault: &Vault, task: &Task) -> Result<bool, RecordError> {
    Ok(vault.holds(Tree::Clocks, &key(&task.id)))
}

/// Keeps a task. What came of it is about somebody: it goes with the case.
pub fn put(changes: &mut Changes, task: &Task) {
    records::write_of(changes, Some(task.case), Tree::Clocks, &key(&task.id), task);
}

/// Takes the tasks about these cases out of the list; also those of a version that did not seal them with their case.
pub(crate) fn forget(
    vault: &Vault,
    changes: &mut Changes,
    cases: &BTreeSet<CaseName>,
) -> Result<(), RecordError> {
    for task in all(vault)?.iter().filter(|task| cases.contains(&task.case)) {
        changes.delete(Tree::Clocks, &key(&task.id));
    }
    Ok(())
}

pub(super) fn add(
    engine: &Engine,
    changes: &mut Changes,
    task: Task,
    ticked: &mut Ticked,
) -> Result<(), EngineError> {
    if !exists(&engine.vault, &task)? {
        put(changes, &task);
        ticked.tasks.push(task);
    }
    Ok(())
}

/// Ends what has become needless: its deadline runs no more. What a supervisor has to answer for stays.
pub(super) fn settle(
    engine: &Engine,
    thread: &Thread,
    clocks: &[Clock],
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), EngineError> {
    for mut task in open(&engine.vault)?.into_iter().filter(|task| task.case == thread.case) {
        if task.follows_deadline() && !clocks.iter().any(|clock| task.is_of(clock)) {
            task.done = now;
            put(changes, &task);
        }
    }
    Ok(())
}
