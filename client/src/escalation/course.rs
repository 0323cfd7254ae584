//! When things happened in a thread, by the relay's time, and what has been done about its deadlines.
//!
//! Events bear the time of this device's clock, which people and batteries move. Each is therefore marked once with a time that
//! can be relied on, at the first look after it happened: what is new then has happened since the last look, and not after
//! this one.

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::moment_of;
use crate::desks;
use crate::engine::threads::{header, party_of, record_of, update_of};
use crate::engine::{Engine, EngineError};
use crate::model::{Event, Thread};
use crate::records::{self, RecordError, Source};
use crate::referral::clocks::{Clock, Happened, Terms, clocks};
use crate::referral::lifecycle::{Action, Party};
use crate::vault::{Changes, Tree};

const WATCH: &[u8] = b"watch";
const NONE: PacketId = PacketId([0; 32]);
/// Marks and levels kept for a thread: as many as a thread has events.
const KEPT_MAX: usize = 2_000;

/// The time of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Watch {
    /// Now, by the relay.
    pub now: Timestamp,
    /// When the last look was.
    last: Timestamp,
    /// Now, by this device.
    local: Timestamp,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Kept {
    relay: Timestamp,
    local: Timestamp,
}

impl Watch {
    /// The relay's time, as far as this process has heard it.
    pub(super) fn look(engine: &Engine) -> Result<Option<Self>, EngineError> {
        let kept: Kept = records::read(&engine.vault, Tree::Clocks, WATCH)?.unwrap_or_default();
        let local = engine.now();
        // A relay whose clock goes back does not undo what has been done.
        Ok(engine.relay_time().map(|now| Self { now: now.max(kept.relay), last: kept.relay, local }))
    }

    /// The best time there is: the relay's; without it this device's, as far as it was off at the last look.
    pub(super) fn best(engine: &Engine) -> Result<Self, EngineError> {
        if let Some(watch) = Self::look(engine)? {
            return Ok(watch);
        }
        let kept: Kept = records::read(&engine.vault, Tree::Clocks, WATCH)?.unwrap_or_default();
        let local = engine.now();
        let now = shifted(local, kept.local, kept.relay).max(kept.relay);
        Ok(Self { now, last: kept.relay, local })
    }

    pub(super) fn keep(&self, changes: &mut Changes) {
        records::write(changes, Tree::Clocks, WATCH, &Kept { relay: self.now, local: self.local });
    }

    /// When something happened that is new at this look. What this device's clock says is corrected by how far that clock is off
    /// now, and lies between the last look and this one; what another clock says is not later than now.
    fn place(&self, at: Timestamp, by_this_clock: bool) -> Timestamp {
        if !by_this_clock {
            return at.min(self.now);
        }
        shifted(at, self.local, self.now).max(self.last).min(self.now)
    }
}

/// A moment of one clock on another, from a moment at which both were read.
fn shifted(at: Timestamp, here: Timestamp, there: Timestamp) -> Timestamp {
    if here.0 == 0 && there.0 == 0 {
        return at;
    }
    Timestamp(if there >= here {
        at.0.saturating_add(there.0 - here.0)
    } else {
        at.0.saturating_sub(here.0 - there.0)
    })
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    packet: PacketId,
    what: String,
    at: Timestamp,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fired {
    clock: String,
    round: u32,
    level: u8,
}

/// What is kept of a thread's deadlines.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    marks: Vec<Mark>,
    fired: Vec<Fired>,
}
no_content_in_debug!(Mark, Fired, Course);

fn key(case: [u8; 32]) -> Vec<u8> {
    [&b"thread"[..], &case[..]].concat()
}

impl Course {
    pub(super) fn read(from: &dyn Source, case: [u8; 32]) -> Result<Self, RecordError> {
        Ok(records::read(from, Tree::Clocks, &key(case))?.unwrap_or_default())
    }

    pub(super) fn keep(&self, changes: &mut Changes, case: [u8; 32]) {
        records::write(changes, Tree::Clocks, &key(case), self);
    }

    /// Marks what is new.
    pub(super) fn mark(&mut self, thread: &Thread, watch: &Watch) {
        for event in &thread.events {
            if self.marked(event).is_none() && self.marks.len() < KEPT_MAX {
                let at = watch.place(event.at, is_by_this_clock(thread, event));
                self.marks.push(Mark { packet: event.packet, what: event.what.clone(), at });
            }
        }
    }

    fn marked(&self, event: &Event) -> Option<Timestamp> {
        let same = |mark: &&Mark| mark.packet == event.packet && mark.what == event.what;
        self.marks.iter().find(same).map(|mark| mark.at)
    }

    /// Notes that a level is dealt with. False: it was already.
    pub(super) fn fire(&mut self, clock: &str, round: u32, level: u8) -> bool {
        let fired = Fired { clock: clock.to_owned(), round, level };
        if self.fired.contains(&fired) || self.fired.len() >= KEPT_MAX {
            return false;
        }
        self.fired.push(fired);
        true
    }

    /// The deadlines of the thread.
    pub(super) fn clocks(
        &self,
        engine: &Engine,
        thread: &Thread,
        watch: &Watch,
    ) -> Result<Vec<Clock>, EngineError> {
        let vault = &engine.vault;
        let (theirs, own) = (desks::of(vault, thread.peer)?, desks::own(vault)?);
        let (recipient, sender) = if thread.ours { (&theirs, &own) } else { (&own, &theirs) };
        let arrival = if thread.kind == "VHO" { arrival(engine, thread)? } else { None };
        let terms = Terms { kind: &thread.kind, priority: thread.priority, recipient, sender, arrival };
        Ok(clocks(&terms, &self.story(thread, vault, watch)?, watch.now))
    }

    fn story(&self, thread: &Thread, from: &dyn Source, watch: &Watch) -> Result<Vec<Happened>, EngineError> {
        let mut story = Vec::with_capacity(thread.events.len() + 1);
        for event in thread.events.iter().filter(|event| !event.conflict && !event.taken_back) {
            let Ok(action) = event.what.parse::<Action>() else { continue };
            let place = || watch.place(event.at, is_by_this_clock(thread, event));
            let at = self.marked(event).unwrap_or_else(place);
            let by = match action {
                Action::Send => Party::Sender,
                _ if event.after == NONE => Party::System,
                _ => party_of(thread, event),
            };
            let eta = announced(thread, event, action, from)?.and_then(|text| moment_of(&text, at));
            let record = record_of(thread, event, from)?;
            story.push(Happened { at, action, by, record, eta });
            if action == Action::Send && !thread.ours {
                story.push(Happened {
                    at,
                    action: Action::Deliver,
                    by: Party::System,
                    record: None,
                    eta: None,
                });
            }
        }
        Ok(story)
    }
}

/// Whether this device has given an event its time: colleagues' steps and receipts bear that of others.
fn is_by_this_clock(thread: &Thread, event: &Event) -> bool {
    let receipt = event.after == NONE && event.by == thread.peer && thread.ours;
    event.author.is_empty() && !receipt
}

/// The time that a step announces: of a delay the new one, of a hold its end.
fn announced(
    thread: &Thread,
    event: &Event,
    action: Action,
    from: &dyn Source,
) -> Result<Option<String>, EngineError> {
    if ![Action::DelayNotice, Action::Hold].contains(&action) {
        return Ok(None);
    }
    let Some(update) = update_of(thread, event.packet, from)? else { return Ok(None) };
    Ok(match action {
        Action::Hold => update.other.get("until").and_then(|until| until.as_str()).map(str::to_owned),
        _ => Some(update.eta),
    })
}

fn arrival_key(case: [u8; 32]) -> Vec<u8> {
    [&b"arrival"[..], &case[..]].concat()
}

/// Keeps when somebody arrives by the plan of a referral that is sent now. The copy of the recipient may lack the journey; whoever
/// sends her waits for her all the same.
pub fn expect_arrival(changes: &mut Changes, case: [u8; 32], document: &Map<String, Value>, now: Timestamp) {
    if let Some(arrival) = planned(document, now) {
        keep_arrival(changes, case, arrival);
    }
}

/// Keeps it for a thread that goes on with the referral of another.
pub(super) fn keep_arrival(changes: &mut Changes, case: [u8; 32], arrival: Timestamp) {
    records::write_of(changes, Some(case), Tree::Clocks, &arrival_key(case), &arrival);
}

/// When the last leg of a journey arrives by plan.
fn planned(document: &Map<String, Value>, begun: Timestamp) -> Option<Timestamp> {
    let last = document.get("itinerary")?.as_array()?.last()?;
    moment_of(last.get("arr")?.as_str()?, begun)
}

/// When she arrives: as this side has planned it, or as the packet says.
pub(super) fn arrival(engine: &Engine, thread: &Thread) -> Result<Option<Timestamp>, EngineError> {
    let kept = records::read(&engine.vault, Tree::Clocks, &arrival_key(thread.case))?;
    if kept.is_some() && thread.ours {
        return Ok(kept);
    }
    let sections = if thread.ours {
        records::sent(&engine.vault, thread.root, thread.peer)?.map(|sent| sent.sections)
    } else {
        records::received(&engine.vault, thread.root)?.map(|received| received.sections)
    };
    Ok(planned(&crate::casebook::document(&sections.unwrap_or_default()), thread.begun))
}

/// The header of a thread's referral.
pub(super) fn header_of(engine: &Engine, thread: &Thread) -> Result<Option<Value>, EngineError> {
    let sent = records::sent(&engine.vault, thread.root, thread.peer)?;
    Ok(sent.and_then(|sent| header(&sent.sections)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;
    const DAY: u64 = 24 * HOUR;

    fn watch(now: u64, last: u64, local: u64) -> Watch {
        Watch { now: Timestamp(now), last: Timestamp(last), local: Timestamp(local) }
    }

    #[test]
    fn a_clock_that_is_simply_wrong_is_corrected() {
        let looks = watch(100 * DAY, 99 * DAY, 130 * DAY);
        assert_eq!(looks.place(Timestamp(130 * DAY - HOUR), true), Timestamp(100 * DAY - HOUR));
        let looks = watch(100 * DAY, 99 * DAY, 80 * DAY);
        assert_eq!(looks.place(Timestamp(80 * DAY - HOUR), true), Timestamp(100 * DAY - HOUR));
    }

    #[test]
    fn a_clock_that_jumps_between_an_event_and_the_look_moves_it_no_further_than_the_last_look() {
        let looks = watch(100 * DAY, 100 * DAY - 2 * HOUR, 105 * DAY);
        assert_eq!(
            looks.place(Timestamp(100 * DAY - HOUR), true),
            Timestamp(100 * DAY - 2 * HOUR),
            "forward"
        );
        let looks = watch(100 * DAY, 100 * DAY - 2 * HOUR, 95 * DAY);
        assert_eq!(looks.place(Timestamp(100 * DAY - HOUR), true), Timestamp(100 * DAY), "backward");
    }

    #[test]
    fn a_time_of_others_is_taken_as_it_is_but_never_from_the_future() {
        let looks = watch(100 * DAY, 99 * DAY, 500 * DAY);
        assert_eq!(looks.place(Timestamp(90 * DAY), false), Timestamp(90 * DAY));
        assert_eq!(looks.place(Timestamp(900 * DAY), false), Timestamp(100 * DAY));
    }

    #[test]
    fn the_last_leg_of_a_journey_is_when_she_arrives() {
        let read = |json: &str| planned(&serde_json::from_str(json).unwrap(), Timestamp(0));
        let whole = r#"{"itinerary":[{"arr":"2026-11-30T09:00:00Z"},{"arr":"2026-11-30T19:00:00Z"}]}"#;
        assert_eq!(read(whole), Some(Timestamp(1_796_065_200_000)));
        for nothing in ["{}", r#"{"itinerary":[]}"#, r#"{"itinerary":7}"#, r#"{"itinerary":[{"arr":[]}]}"#] {
            assert_eq!(read(nothing), None);
        }
    }

    #[test]
    fn a_level_is_dealt_with_once() {
        let mut course = Course::default();
        assert!(course.fire("C3", 1, 1) && course.fire("C3", 1, 2) && course.fire("C3", 2, 1));
        assert!(!course.fire("C3", 1, 1));
    }
}
