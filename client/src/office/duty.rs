//! The roster as it is kept, what one shift tells the next, and whom the alarm of this workstation lets be for some minutes.

use std::time::Duration;

use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::roster::{Override, Roster, Rotation, Written};
use super::{Draft, Entry, Kind, all, drop_entry, find, with_taken_away};
use crate::records::{self, RecordError, Source};
use crate::vault::{Changes, Tree, Vault};

/// An override that has ended so long ago makes room for others.
const OVERRIDE_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// A note of a shift is kept this long after it was written, read or not.
const HANDOVER_KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How long the alarm of this workstation is silent when somebody says so.
pub(crate) const SNOOZE: Duration = Duration::from_secs(5 * 60);
/// Record beside the duty hours: it is of this workstation alone.
const SNOOZED: &[u8] = b"snoozed";

/// What replaces the rotation.
pub(crate) fn set(rotation: &Rotation, by: &str) -> Draft {
    Draft::saying(Kind::Roster, &[], by, &rotation.written())
}

/// What takes the rotation away.
pub(crate) fn unset(by: &str) -> Draft {
    Draft::taking_away(Kind::Roster, &[], by)
}

/// Somebody stands in.
pub(crate) fn stand_in(key: &[u8], over: &Override, by: &str) -> Draft {
    Draft::saying(Kind::Override, key, by, over)
}

/// What takes back that somebody stands in.
pub(crate) fn back_again(key: &[u8], by: &str) -> Draft {
    Draft::taking_away(Kind::Override, key, by)
}

/// Overrides that are kept, in the order in which they were written, with their names.
pub(crate) fn overrides(vault: &Vault) -> Result<Vec<(Entry, Override)>, RecordError> {
    let entries = all(vault, None, Kind::Override)?;
    Ok(entries.into_iter().filter_map(|entry| Some((entry.clone(), entry.read()?))).collect())
}

/// The rotation as it was written.
pub(crate) fn rotation(from: &dyn Source) -> Result<Option<Rotation>, RecordError> {
    let entry = find(from, None, Kind::Roster, &[])?;
    let written = entry.and_then(|entry| entry.read::<Written>());
    Ok(written.and_then(|written| Rotation::read(&written).ok()))
}

/// The roster; none if none was made.
pub fn roster(vault: &Vault) -> Result<Option<Roster>, RecordError> {
    let Some(rotation) = rotation(vault)? else { return Ok(None) };
    let overrides = overrides(vault)?.into_iter().map(|(_, over)| over).collect();
    Ok(Some(Roster { rotation, overrides }))
}

/// Takes away what nobody looks at any more: overrides and notes of long ago, and what is left of what was taken away.
pub(crate) fn tidy(vault: &Vault, changes: &mut Changes, now: Timestamp) -> Result<(), RecordError> {
    for (entry, over) in overrides(vault)? {
        if over.until.plus(OVERRIDE_KEPT) < now {
            drop_entry(changes, &entry);
        }
    }
    for kind in [Kind::Handover, Kind::HandoverRead, Kind::Override, Kind::Text] {
        for entry in with_taken_away(vault, None, kind)? {
            let is_note = matches!(kind, Kind::Handover | Kind::HandoverRead);
            if entry.at.plus(HANDOVER_KEPT) < now && (is_note || !entry.is_there()) {
                drop_entry(changes, &entry);
            }
        }
    }
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct Said {
    text: String,
}

/// What one shift tells the next.
pub(crate) fn hand_over(key: &[u8], text: &str, by: &str) -> Draft {
    Draft::saying(Kind::Handover, key, by, &Said { text: text.to_owned() })
}

/// Somebody has read it.
pub(crate) fn read(key: &[u8], by: &str) -> Draft {
    Draft::saying(Kind::HandoverRead, key, by, &true)
}

/// A note of a shift, and who has read it.
pub(crate) struct Handover {
    pub(crate) entry: Entry,
    pub(crate) text: String,
    pub(crate) read: Option<Entry>,
}

/// Notes of shifts, the newest first.
pub(crate) fn handovers(vault: &Vault) -> Result<Vec<Handover>, RecordError> {
    let mut notes = Vec::new();
    for entry in all(vault, None, Kind::Handover)?.into_iter().rev() {
        let Some(Said { text }) = entry.read() else { continue };
        let read = find(vault, None, Kind::HandoverRead, &entry.key)?;
        notes.push(Handover { entry, text, read });
    }
    Ok(notes)
}

/// Who has silenced the alarm of this workstation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Snooze {
    pub(crate) by: String,
    pub(crate) until: Timestamp,
    /// What came after this moment sounds all the same.
    pub(crate) seen: Timestamp,
}

impl Snooze {
    /// Whether the alarm is silent for what came last at this moment.
    pub(crate) fn holds(&self, newest: Timestamp, now: Timestamp) -> bool {
        // A clock that was set back must not make five minutes a day.
        let left = self.until.since(now);
        !left.is_zero() && left <= SNOOZE && newest <= self.seen
    }
}

/// The last time that somebody did.
pub(crate) fn snooze(from: &dyn Source) -> Result<Option<Snooze>, RecordError> {
    records::read(from, Tree::Desks, SNOOZED)
}

/// Silences it.
pub(crate) fn put_snooze(changes: &mut Changes, snooze: &Snooze) {
    records::write(changes, Tree::Desks, SNOOZED, snooze);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_is_silent_for_five_minutes_and_for_what_was_there() {
        let snooze = Snooze { by: "7".into(), until: Timestamp(400_000), seen: Timestamp(90_000) };
        let (before, after) = (Timestamp(90_000), Timestamp(90_001));
        assert!(snooze.holds(before, Timestamp(100_000)) && snooze.holds(before, Timestamp(399_999)));
        assert!(!snooze.holds(before, Timestamp(400_000)), "over");
        assert!(!snooze.holds(after, Timestamp(100_000)), "something else has come");
        assert!(!snooze.holds(before, Timestamp(99_999)), "the clock was set back");
    }
}
