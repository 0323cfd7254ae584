//! For how long nobody has done anything: an unattended workstation locks itself.

use std::time::Duration;

use causeway_common::time::Timestamp;

use super::CLOCK_SLACK;

const MINUTE: u64 = 60;
/// A person reads a page for longer than a minute without touching anything.
const SHORTEST: u64 = 2;
/// After an hour nobody is at the desk.
const LONGEST: u64 = 60;
/// Long enough for a call about the case on the screen, short enough that a visitor finds the screen locked.
const DEFAULT: u64 = 10;

/// When somebody was last seen, and for how long that is enough. What pages do by themselves (counters, drafts) is no sign
/// of anybody and must not lead to [`Idle::touch`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle {
    after: Duration,
    seen: Timestamp,
}

impl Idle {
    /// Ten minutes from now.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { after: Duration::from_secs(DEFAULT * MINUTE), seen: now }
    }

    /// After so many minutes from now on; nothing if that is not from 2 to 60.
    pub(crate) fn after_minutes(minutes: u64, now: Timestamp) -> Option<Self> {
        let allowed = (SHORTEST..=LONGEST).contains(&minutes);
        allowed.then(|| Self { after: Duration::from_secs(minutes * MINUTE), seen: now })
    }

    /// After how many minutes.
    pub(crate) fn minutes(&self) -> u64 {
        self.after.as_secs() / MINUTE
    }

    /// Somebody did something.
    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.seen = now;
    }

    /// Whether it is time to lock. A clock that went back by more than a little says nothing of how long nobody was here: then it is.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        now.since(self.seen) >= self.after || now.plus(CLOCK_SLACK) < self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_800_000_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn from_two_minutes_to_sixty_and_ten_if_nobody_says() {
        assert!([0, 1, 61, u64::MAX].iter().all(|minutes| Idle::after_minutes(*minutes, START).is_none()));
        for minutes in [2, 10, 60] {
            let idle = Idle::after_minutes(minutes, START).unwrap();
            assert!(!idle.is_idle(after(minutes * 60 - 1)) && idle.is_idle(after(minutes * 60)));
        }
        assert!(!Idle::new(START).is_idle(after(599)) && Idle::new(START).is_idle(after(600)));
    }

    #[test]
    fn a_touch_begins_anew() {
        let mut idle = Idle::new(START);
        idle.touch(after(599));
        assert!(!idle.is_idle(after(1198)) && idle.is_idle(after(1199)));
    }

    #[test]
    fn a_clock_that_goes_back_far_locks_and_a_little_does_not() {
        let idle = Idle::new(START);
        assert!(!idle.is_idle(START.minus(Duration::from_secs(60))));
        assert!(idle.is_idle(START.minus(Duration::from_secs(61))));
    }
}
