//! Whether anything is missing among the packets of a device: each carries a number under its device's signature, so
//! that neither a relay nor a network can drop one unseen.
//!
//! Each also names the grant before it. That is kept as proof and not compared here: a packet that was sealed again has
//! another grant than the one its successor knew.

use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Missing numbers that are remembered, the newest: who has more missing has lost contact, not packets.
const MISSING_MAX: u64 = 256;

/// The upper half of a number is the run: zero, or the second in which the device was restored from a backup. What it sent
/// after that backup it does not know any more, so it counts anew, from where nothing has been counted.
const RUN_BITS: u32 = 32;

/// The number before the first of a run that begins now, behind all numbers up to `highest`.
pub fn new_run(now: Timestamp, highest: u64) -> u64 {
    let next = (highest >> RUN_BITS).saturating_add(1);
    (now.0 / 1_000).max(next).min(u64::from(u32::MAX)) << RUN_BITS
}

/// When the device that gave this number had last been restored from a backup.
pub fn restored_at(number: u64) -> Option<Timestamp> {
    let run = number >> RUN_BITS;
    (run > 0).then_some(Timestamp(run * 1_000))
}

/// What has come of a device's packets to us. Urgent ones overtake others, so a number is missing only until it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Incoming {
    /// Highest number so far.
    last: u64,
    /// Lower numbers that have not come, ascending.
    missing: Vec<u64>,
    /// Numbers that two packets bore: the device was restored from a backup, or somebody else has its keys.
    contradictions: u32,
}

impl Incoming {
    /// A packet with this number has come, for the first time.
    pub fn take(&mut self, number: u64) {
        if !self.fills(number) {
            self.contradictions = self.contradictions.saturating_add(1);
        }
    }

    /// A packet with this number has come that says nothing new, so it may be one that came before and was sealed again.
    pub fn take_repeated(&mut self, number: u64) {
        self.fills(number);
    }

    /// `false`: another has had this place.
    fn fills(&mut self, number: u64) -> bool {
        if number <= self.last {
            return match self.missing.binary_search(&number) {
                Ok(index) => {
                    self.missing.remove(index);
                    true
                }
                // Too old to be remembered, or a second one.
                Err(_) => self.forgets(number),
            };
        }
        // Of a run that has just begun, those of its own that come before. Nobody knows how many there were in the one before.
        let run = number >> RUN_BITS << RUN_BITS;
        let first = self.last.max(run).saturating_add(1);
        self.missing.extend(first.max(number.saturating_sub(MISSING_MAX))..number);
        let surplus = self.missing.len().saturating_sub(usize::try_from(MISSING_MAX).unwrap_or(usize::MAX));
        self.missing.drain(..surplus);
        self.last = number;
        true
    }

    /// The highest number so far.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Numbers below that that have not come, as far as they are remembered.
    pub fn missing(&self) -> &[u64] {
        &self.missing
    }

    /// How many packets before this number have not come.
    pub fn missing_before(&self, number: u64) -> usize {
        self.missing.partition_point(|missing| *missing < number)
    }

    /// How often the device's packets contradicted each other.
    pub fn contradictions(&self) -> u32 {
        self.contradictions
    }

    fn forgets(&self, number: u64) -> bool {
        let full = self.missing.len() as u64 >= MISSING_MAX;
        self.last - number > MISSING_MAX || full && self.missing.first().is_some_and(|first| number < *first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_missing_until_it_comes() {
        let mut chain = Incoming::default();
        for number in [1, 4, 2, 7] {
            chain.take(number);
        }
        assert_eq!((chain.missing_before(4), chain.missing_before(7), chain.missing_before(99)), (1, 3, 3));
        for number in [3, 6, 5] {
            chain.take(number);
        }
        assert_eq!((chain.missing_before(99), chain.contradictions()), (0, 0), "order is no contradiction");
    }

    #[test]
    fn a_number_twice_is_a_contradiction() {
        let mut chain = Incoming::default();
        [1, 3, 2, 2, 1].into_iter().for_each(|number| chain.take(number));
        assert_eq!((chain.contradictions(), chain.missing_before(9)), (2, 0));
    }

    #[test]
    fn what_may_have_come_before_is_no_contradiction_and_no_longer_missing() {
        let mut chain = Incoming::default();
        [1, 4].into_iter().for_each(|number| chain.take(number));
        [4, 2, 2, 6].into_iter().for_each(|number| chain.take_repeated(number));
        assert_eq!((chain.contradictions(), chain.missing_before(6), chain.last()), (0, 2, 6));
    }

    #[test]
    fn a_restored_device_counts_anew_without_contradiction_or_gap() {
        let mut chain = Incoming::default();
        [1, 2, 4].into_iter().for_each(|number| chain.take(number));
        let run = new_run(Timestamp(1_790_000_000_000), 4);
        assert_eq!(restored_at(run + 1), Some(Timestamp(1_790_000_000_000)));
        assert_eq!(restored_at(4), None);
        chain.take(run + 2);
        assert_eq!(chain.missing(), [3, run + 1]);
        // What was under way before the restoration, and what was known to be missing.
        [5, 3, run + 1].into_iter().for_each(|number| chain.take(number));
        assert_eq!((chain.missing().len(), chain.contradictions(), chain.last()), (0, 0, run + 2));
        chain.take(run + 1);
        assert_eq!(chain.contradictions(), 1, "within a run a number twice is one still");
        // A clock that went back does not bring numbers back.
        assert!(new_run(Timestamp(0), run + 2) > run + 2 && new_run(Timestamp(u64::MAX), u64::MAX) > run);
    }

    #[test]
    fn the_largest_numbers_cost_no_memory_and_no_panic() {
        let mut chain = Incoming::default();
        for number in [u64::MAX, 0, 1, u64::MAX - 1, u64::MAX, u64::MAX - 1_000] {
            chain.take(number);
        }
        assert!(chain.missing.len() <= usize::try_from(MISSING_MAX).unwrap());
        let mut sparse = Incoming::default();
        (1..1_000).for_each(|n| sparse.take(n * 1_000));
        assert_eq!(sparse.missing.len(), usize::try_from(MISSING_MAX).unwrap());
        assert_eq!(sparse.contradictions(), 0);
    }
}
