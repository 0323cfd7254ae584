//! Which events follow from a commit: what it writes, compared with what was there.
//!
//! One place for all ways on which something changes. Where a record does not read it gives no event: the commit goes on, and
//! whoever reads the record is told that it is damaged.

use causeway_common::codec;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Event, What};
use crate::escalation::tasks::{self, Task};
use crate::model::{Sent, Thread};
use crate::records;
use crate::referral::lifecycle::Action;
use crate::vault::{CaseName, Changes, RECORD_BYTES_MAX, Tree, Vault};

/// A commit that is to be written, over the vault as it is.
struct Commit<'a> {
    before: &'a Vault,
    changes: &'a Changes,
}

/// The events of a commit.
pub(super) fn events(before: &Vault, changes: &Changes) -> Vec<Event> {
    let commit = Commit { before, changes };
    let mut events = Vec::new();
    for (id, written) in changes.ids(Tree::Referrals) {
        let now = if written { commit.written::<Thread>(Tree::Referrals, id) } else { None };
        events.extend(of_thread(commit.stood(Tree::Referrals, id).as_ref(), now.as_ref()));
    }
    for (id, written) in changes.ids(Tree::Outbox) {
        events.extend(written.then(|| commit.of_sent(id)).flatten());
    }
    for (id, written) in changes.ids(Tree::Clocks).filter(|(id, _)| id.starts_with(tasks::PREFIX)) {
        events.extend(commit.of_task(id, written));
    }
    for (id, written) in changes.ids(Tree::Unopened) {
        let item = <[u8; 32]>::try_from(id).ok().filter(|_| written && !before.holds(Tree::Unopened, id));
        events.extend(item.map(|item| Event::of(What::Unopened, [0; 32], item, "")));
    }
    events
}

/// What has become of a thread.
fn of_thread(old: Option<&Thread>, now: Option<&Thread>) -> Option<Event> {
    match (old, now) {
        (None, None) => None,
        (Some(old), None) => Some(Event::of(What::Erased, old.number(), [0; 32], "")),
        (None, Some(now)) => {
            let what = if now.ours { What::Sent } else { What::Received };
            Some(Event::of(what, now.number(), now.root.0, &state(now)))
        }
        (Some(old), Some(now)) if old.work != now.work => {
            Some(Event::of(What::State, now.number(), [0; 32], &state(now)))
        }
        (Some(old), Some(now)) => {
            // What receipts say is told by the packets.
            let said =
                |thread: &Thread| thread.events.iter().filter(|event| event.after.0 != [0; 32]).count();
            let last = now.events.last().filter(|_| said(now) > said(old))?;
            let word = last.what.parse::<Action>().map_or("other", Action::as_str);
            Some(Event::of(What::News, now.number(), last.packet.0, word))
        }
    }
}

/// A state of a newer version is a word of theirs: it could say anything.
fn state(thread: &Thread) -> String {
    let known = thread.work.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if known { thread.work.clone() } else { "other".to_owned() }
}

impl Commit<'_> {
    fn stood<T: DeserializeOwned + Serialize>(&self, tree: Tree, id: &[u8]) -> Option<T> {
        records::read(self.before, tree, id).ok().flatten()
    }

    fn written<T: DeserializeOwned + Serialize>(&self, tree: Tree, id: &[u8]) -> Option<T> {
        codec::decode(self.changes.get(tree, id).flatten()?, RECORD_BYTES_MAX).ok()
    }

    /// How a thread is called that this commit leaves, writes or removes.
    fn number_of(&self, case: &CaseName) -> [u8; 32] {
        let thread: Option<Thread> =
            self.written(Tree::Referrals, case).or_else(|| self.stood(Tree::Referrals, case));
        thread.map_or(*case, |thread| thread.number())
    }

    fn of_sent(&self, id: &[u8]) -> Option<Event> {
        let now: Sent = self.written(Tree::Outbox, id)?;
        if now.is_service() {
            return None;
        }
        let old: Option<Sent> = self.stood(Tree::Outbox, id);
        let moved = old.is_none_or(|old| old.transport != now.transport);
        moved.then(|| {
            let state = now.transport.as_str();
            Event::of(What::Transport, self.number_of(&now.case), now.packet.0, state)
        })
    }

    fn of_task(&self, id: &[u8], written: bool) -> Option<Event> {
        let old: Option<Task> = self.stood(Tree::Clocks, id);
        let now: Option<Task> = if written { self.written(Tree::Clocks, id) } else { None };
        let was_open = old.as_ref().is_some_and(Task::is_open);
        let is_open = now.as_ref().is_some_and(Task::is_open);
        let what = match (was_open, is_open) {
            (false, true) => What::TaskNew,
            (true, false) => What::TaskDone,
            _ => return None,
        };
        let task = now.or(old)?;
        Some(Event::of(what, self.number_of(&task.case), task.id, &task.code))
    }
}
