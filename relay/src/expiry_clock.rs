//! The clock that expiry goes by: the machine's, except that it does not leap.
//!
//! A machine whose clock is set a year ahead, by a dead battery or a wrong server, must not throw away the mail of
//! everybody who is offline. So expiry believes one hour of a leap at once and catches up with the rest by going twice
//! as fast: somebody has half of the time it leaped over to set it right, and until then nothing is gone. A relay that
//! was off catches up in the same way; what waited meanwhile waits a little longer.

use std::time::Duration;

use causeway_common::codec;
use causeway_common::store::transact;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Refused, Relay, keyspace};

/// What passes between two looks at most, as far as expiry is concerned. The regular work looks every 30 seconds.
const STEP_MAX: Duration = Duration::from_secs(60 * 60);
/// An operator is told of a clock that is this far ahead of expiry.
pub const LEAP_TOLD_FROM: Duration = Duration::from_secs(24 * 60 * 60);
/// Two moments.
const READING_BYTES_MAX: usize = 16;

/// A look at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reading {
    /// What expiry goes by.
    shown: Timestamp,
    /// What the machine said.
    machine: Timestamp,
}

impl Reading {
    fn first(machine: Timestamp) -> Self {
        Self { shown: machine, machine }
    }

    fn next(self, machine: Timestamp) -> Self {
        let step = machine.since(self.machine).min(STEP_MAX);
        Self { shown: machine.min(self.shown.plus(step * 2)), machine }
    }

    fn behind(self) -> Duration {
        self.machine.since(self.shown)
    }
}

impl Relay {
    /// Reads the clock that expiry goes by. Durable before anything is thrown away by it.
    pub(crate) async fn expiry_now(&self) -> Result<Timestamp, Refused> {
        let machine = self.clock.now();
        let before = self.last_reading()?;
        let reading = before.map_or_else(|| Reading::first(machine), |before| before.next(machine));
        if before != Some(reading) {
            let bytes = codec::encode(&reading);
            transact(&*self.kv, move |txn| {
                txn.put(keyspace::EXPIRY_CLOCK, &bytes);
                Ok::<_, Refused>(())
            })
            .await??;
        }
        let was_behind = before.map_or(Duration::ZERO, Reading::behind);
        if reading.behind() >= LEAP_TOLD_FROM && was_behind < LEAP_TOLD_FROM {
            tracing::warn!(
                hours = reading.behind().as_secs() / 3600,
                "this machine's clock has leaped, or the relay was off; nothing expires for as long: set the clock if it is wrong"
            );
        }
        Ok(reading.shown)
    }

    /// How far expiry is behind the machine's clock, because that has leaped or the relay was off.
    pub fn expiry_behind(&self) -> Result<Duration, Refused> {
        Ok(self.last_reading()?.map_or(Duration::ZERO, |reading| reading.next(self.clock.now()).behind()))
    }

    fn last_reading(&self) -> Result<Option<Reading>, Refused> {
        // A damaged one is as good as none.
        let stored = self.kv.get(keyspace::EXPIRY_CLOCK)?;
        Ok(stored.and_then(|bytes| codec::decode(&bytes, READING_BYTES_MAX).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * 60 * 1000;

    fn at(hours: u64) -> Timestamp {
        Timestamp(hours * HOUR)
    }

    #[test]
    fn it_goes_as_the_machine_goes() {
        let mut reading = Reading::first(at(1_000));
        for hour in 1_001..1_100 {
            reading = reading.next(at(hour));
            assert_eq!(reading.shown, at(hour));
        }
    }

    #[test]
    fn a_leap_is_believed_slowly() {
        let leaped = Reading::first(at(1_000)).next(at(10_000));
        assert!(leaped.shown <= at(1_002), "{leaped:?}");
        let mut reading = leaped;
        for hour in 1..8_998 {
            reading = reading.next(at(10_000 + hour));
            assert!(reading.shown < at(10_000 + hour), "after {hour} hours");
        }
        assert_eq!(reading.next(at(18_998)).behind(), Duration::ZERO, "in the end it is right");
    }

    #[test]
    fn a_clock_that_is_set_back_is_followed_at_once() {
        let leaped = Reading::first(at(1_000)).next(at(10_000));
        let mended = leaped.next(at(1_001));
        assert_eq!(mended.shown, at(1_001));
        assert_eq!(mended.next(at(1_002)).shown, at(1_002));
    }
}
