//! Which deadlines run in a referral, and how far each has come: computed from what happened, the priority, the calendar
//! of whoever is waited for, and the time. Nothing else.
//!
//! What a step does to a deadline stands in [`super::lifecycle::ROWS`].

use std::time::Duration;

use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;

use super::deadlines::deadlines;
use super::hours::Hours;
use super::lifecycle::{Action, Clocked, Party, Row, To, Work, WorkState};

/// A deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the deadlines of the table")]
pub enum ClockId {
    /// Until a device of the recipient has it.
    C1,
    /// Until a person there has seen it.
    C2,
    /// Until it is accepted, declined or asked about.
    C3,
    /// Until the sender has answered a question.
    C4,
    /// Until work on it begins.
    C5,
    /// Until the next report of progress.
    C6,
    /// Until the outcome is known after a handover.
    C7,
    /// Until an erasure is confirmed, or the law that forbids it is named.
    CE,
    /// Until somebody confirms that a person who is under way has arrived.
    CA,
}

impl ClockId {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::C1, Self::C2, Self::C3, Self::C4, Self::C5, Self::C6, Self::C7, Self::CE, Self::CA];

    /// Its name in updates and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::C1 => "C1",
            Self::C2 => "C2",
            Self::C3 => "C3",
            Self::C4 => "C4",
            Self::C5 => "C5",
            Self::C6 => "C6",
            Self::C7 => "C7",
            Self::CE => "CE",
            Self::CA => "CA",
        }
    }

    /// Who is waited for.
    pub fn waits_for(self) -> Party {
        if self == Self::C4 { Party::Sender } else { Party::Recipient }
    }
}

/// How far a deadline has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the levels of the table")]
pub enum Level {
    /// There is time.
    Calm,
    /// Half of the time is over: those who work on it are reminded.
    L0,
    /// It is over: both sides see that it is.
    L1,
    /// Half as much again: the sender is told whom to call, and who else could do it.
    L2,
    /// Twice the time: a supervisor has to say what was done.
    L3,
}

impl Level {
    /// Those at which something happens.
    pub const ALL: [Self; 4] = [Self::L0, Self::L1, Self::L2, Self::L3];

    /// Its number.
    pub fn number(self) -> Option<u8> {
        Self::ALL.into_iter().zip(0..).find(|(level, _)| *level == self).map(|(_, number)| number)
    }
}

/// A deadline that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clock {
    /// Which.
    pub id: ClockId,
    /// How often it has begun in this thread, from 1.
    pub round: u32,
    /// When it began.
    pub began: Timestamp,
    /// When it is over. Of one that is paused: as if it went on now.
    pub due: Timestamp,
    /// When level 2 and level 3 are reached.
    pub later: [Timestamp; 2],
    /// Whether it waits.
    pub paused: bool,
    /// Whether more time was announced.
    pub delayed: bool,
    /// How far it has come.
    pub level: Level,
}

/// Something that happened in a thread, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "built by the threads")]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: Action,
    /// Whose step; the system's for what receipts prove.
    pub by: Party,
    /// Hash of the handover record in it.
    pub record: Option<[u8; 32]>,
    /// The time that it announces; of a hold: its end.
    pub eta: Option<Timestamp>,
}

/// What deadlines depend on beside what happened.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built by whoever asks")]
pub struct Terms<'a> {
    /// Kind code.
    pub kind: &'a str,
    /// Priority.
    pub priority: Priority,
    /// When the recipient works.
    pub recipient: &'a Hours,
    /// When the sender works: for its answers.
    pub sender: &'a Hours,
    /// When a person who is handed over arrives by plan.
    pub arrival: Option<Timestamp>,
}

/// Kinds that tell and ask nothing: nobody is late with them.
const SILENT: &[&str] = &["ODH", "SCP", "HIC", "IDR", "SPA", "?"];
/// An erasure is confirmed within this time, whatever the priority.
const ERASE_WITHIN: Duration = Duration::from_secs(72 * 60 * 60);
/// Somebody confirms an arrival within this time after it was planned.
pub const ARRIVAL_WITHIN: Duration = Duration::from_secs(2 * 60 * 60);
/// At P0 the sender is told to call this long after the time is over, at the latest.
const CALL_WITHIN: Duration = Duration::from_secs(10 * 60);

/// While a handoff stands like this, somebody may be under way: a question on paper, or a wish to have it back, stops no train.
const UNDER_WAY: &[WorkState] = &[
    WorkState::Accepted,
    WorkState::InProgress,
    WorkState::OnHold,
    WorkState::InfoRequested,
    WorkState::WithdrawRequested,
];

/// The longest that a hold stops a deadline: nothing about a person sleeps longer without somebody looking at it.
pub const HOLD_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// When a hold ends for the deadlines. One that says no end (older programs) ends after a day where it is urgent, otherwise
/// after a week.
pub fn hold_ends(began: Timestamp, until: Option<Timestamp>, priority: Priority) -> Timestamp {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let urgent = matches!(priority, Priority::P0 | Priority::P1);
    let unsaid = began.plus(if urgent { DAY } else { DAY * 7 });
    until.unwrap_or(unsaid).clamp(began, began.plus(HOLD_MAX))
}

/// The deadlines that run at `now`, in the order of their names. `happened` begins with the sending.
pub fn clocks(terms: &Terms<'_>, happened: &[Happened], now: Timestamp) -> Vec<Clock> {
    if SILENT.contains(&terms.kind) {
        return Vec::new();
    }
    let mut work = Work::begun(WorkState::Draft, terms.kind);
    let mut running = Running::default();
    for event in happened {
        let before = work.state();
        if before == WorkState::Sent && event.by != Party::System && event.action != Action::Withdraw {
            // A receipt may be under way still when the step that follows it is already here.
            let delivered = Happened { action: Action::Deliver, by: Party::System, ..*event };
            running.take(&mut work, &delivered, terms.priority);
        }
        let after = running.take(&mut work, event, terms.priority);
        if event.action == Action::Safe || after == WorkState::HandedOver {
            running.arrived = true;
        }
    }
    running.expect_arrival(terms, work.state());
    let mut shown: Vec<Clock> = running.clocks.iter().map(|clock| clock.shown(terms, now)).collect();
    shown.sort_unstable_by_key(|clock| clock.id);
    shown
}

/// A clock while the story is told.
#[derive(Clone, Copy, Debug)]
struct Turning {
    id: ClockId,
    round: u32,
    began: Timestamp,
    /// How long it has waited.
    waited: Duration,
    /// Since when it waits.
    since: Option<Timestamp>,
    /// When it goes on by itself: a hold ends, a question waits for its answer.
    wakes: Option<Timestamp>,
    /// The announced end.
    announced: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Running {
    clocks: Vec<Turning>,
    rounds: [u32; ClockId::ALL.len()],
    arrived: bool,
}

impl Running {
    /// The first of two signatures does nothing to deadlines yet.
    fn take(&mut self, work: &mut Work, event: &Happened, priority: Priority) -> WorkState {
        let row = work.row(event.action, event.by);
        let after = work.take(event.action, event.by, event.record).unwrap_or_else(|_| work.state());
        if let Some(row) = row.filter(|row| row.to != To::Signed || after == WorkState::HandedOver) {
            self.apply(row, event, priority);
        }
        after
    }

    fn apply(&mut self, row: &Row, event: &Happened, priority: Priority) {
        let wakes = (row.action == Action::Hold).then(|| hold_ends(event.at, event.eta, priority));
        for clocked in row.clocks {
            match *clocked {
                Clocked::Start(id) => {
                    self.stop(id);
                    self.start(id, event.at);
                }
                Clocked::Go(id) => self.go(id, event.at),
                Clocked::Pause(id) => self.pause(id, event.at, wakes),
                Clocked::Stop(id) => self.stop(id),
                Clocked::StopAll => self.clocks.clear(),
                Clocked::Delay => self.delay(event.eta),
            }
        }
    }

    fn start(&mut self, id: ClockId, at: Timestamp) {
        let place = ClockId::ALL.iter().position(|one| *one == id).unwrap_or(0);
        self.rounds[place] += 1;
        let round = self.rounds[place];
        self.clocks.push(Turning {
            id,
            round,
            began: at,
            waited: Duration::ZERO,
            since: None,
            wakes: None,
            announced: None,
        });
    }

    fn go(&mut self, id: ClockId, at: Timestamp) {
        match self.clocks.iter_mut().find(|clock| clock.id == id) {
            None => self.start(id, at),
            Some(clock) => {
                clock.waited += clock.waits(at);
                (clock.since, clock.wakes) = (None, None);
            }
        }
    }

    /// One that waits already waits on as it did, unless that is over.
    fn pause(&mut self, id: ClockId, at: Timestamp, wakes: Option<Timestamp>) {
        for clock in self.clocks.iter_mut().filter(|clock| clock.id == id && !clock.is_paused(at)) {
            clock.waited += clock.waits(at);
            (clock.since, clock.wakes) = (Some(at), wakes);
        }
    }

    fn stop(&mut self, id: ClockId) {
        self.clocks.retain(|clock| clock.id != id);
    }

    /// The one that waits for the recipient gets the announced time. Not a second time.
    fn delay(&mut self, eta: Option<Timestamp>) {
        let late = |clock: &&mut Turning| clock.id.waits_for() == Party::Recipient && clock.id != ClockId::CE;
        for clock in self.clocks.iter_mut().filter(late) {
            clock.announced = clock.announced.or(eta);
        }
    }

    fn expect_arrival(&mut self, terms: &Terms<'_>, state: WorkState) {
        if let Some(arrival) =
            terms.arrival.filter(|_| UNDER_WAY.contains(&state) && !self.arrived && terms.kind == "VHO")
        {
            self.start(ClockId::CA, arrival);
        }
    }
}

impl Turning {
    /// How long the pause that runs has lasted by now.
    fn waits(&self, now: Timestamp) -> Duration {
        let until = self.wakes.map_or(now, |wakes| wakes.min(now));
        self.since.map_or(Duration::ZERO, |since| until.since(since))
    }

    fn is_paused(&self, now: Timestamp) -> bool {
        self.since.is_some() && self.wakes.is_none_or(|wakes| now < wakes)
    }

    fn shown(&self, terms: &Terms<'_>, now: Timestamp) -> Clock {
        let paused = self.is_paused(now);
        let from = self.began.plus(self.waited + self.waits(now));
        let (mut due, working) = self.due(terms, from);
        let delayed = self.announced.is_some_and(|announced| announced > due);
        let whole = due.since(from);
        due = self.announced.map_or(due, |announced| announced.max(due));
        let hours = self.hours(terms);
        let moved = |at: Timestamp| if working { hours.next_open(at) } else { at };
        let half_more = if terms.priority == Priority::P0 { (whole / 2).min(CALL_WITHIN) } else { whole / 2 };
        let later = match self.id {
            ClockId::CA => [due, due],
            _ => [moved(due.plus(half_more)), moved(due.plus(whole))],
        };
        let level = match now {
            _ if paused || now < from => Level::Calm,
            now if now >= later[1] => Level::L3,
            now if now >= later[0] => Level::L2,
            now if now >= due => Level::L1,
            now if self.id != ClockId::CA && now.since(from) * 2 >= due.since(from) => Level::L0,
            _ => Level::Calm,
        };
        Clock { id: self.id, round: self.round, began: self.began, due, later, paused, delayed, level }
    }

    fn hours<'a>(&self, terms: &Terms<'a>) -> &'a Hours {
        if self.id.waits_for() == Party::Sender { terms.sender } else { terms.recipient }
    }

    /// When it is over, and whether working days count.
    fn due(&self, terms: &Terms<'_>, from: Timestamp) -> (Timestamp, bool) {
        const DAY: u64 = 24 * 60 * 60;
        let times = deadlines(terms.priority);
        let hours = self.hours(terms);
        let days = |time: Duration| u32::try_from(time.as_secs() / DAY).unwrap_or(u32::MAX);
        match self.id {
            ClockId::C1 => (from.plus(times.delivered), false),
            ClockId::C2 if times.working_days => (hours.plus_days(from, days(times.seen)), true),
            // Eight hours, or when they come to work next.
            ClockId::C2 if terms.priority == Priority::P2 => (hours.next_open(from.plus(times.seen)), true),
            ClockId::C2 => (from.plus(times.seen), false),
            ClockId::C3 if times.working_days => (hours.plus_days(from, days(times.answered)), true),
            ClockId::C3 => (from.plus(times.answered), false),
            ClockId::C4 if times.working_days => (hours.plus_days(from, days(times.replied)), true),
            ClockId::C4 => (from.plus(times.replied), false),
            ClockId::C5 => (from.plus(times.started), false),
            ClockId::C6 => (from.plus(times.progress), false),
            ClockId::C7 => (from.plus(times.outcome), false),
            ClockId::CE => (from.plus(ERASE_WITHIN), false),
            ClockId::CA => (from.plus(ARRIVAL_WITHIN), false),
        }
    }
}

#[cfg(test)]
mod tests;
