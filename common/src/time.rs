//! Time as the protocol counts it: milliseconds since 1970-01-01 UTC, always handed in by the caller.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The moment `duration` later; stops at the end of time instead of wrapping.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_millis().try_into().unwrap_or(u64::MAX)))
    }

    /// The moment `duration` earlier; stops at 1970.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.as_millis().try_into().unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; nothing when a clock stepped back.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Whole hours since 1970, rounded up: the coarse form in which an expiry is shown to the relay.
    pub fn hours_rounded_up(self) -> u32 {
        u32::try_from(self.0.div_ceil(HOUR_MS)).unwrap_or(u32::MAX)
    }

    /// The moment of a coarse expiry.
    pub fn from_hours(hours: u32) -> Self {
        Self(u64::from(hours) * HOUR_MS)
    }
}

const HOUR_MS: u64 = 60 * 60 * 1000;

/// Where the time comes from. Binaries read the system clock; the simulator moves its own.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system clock")]
    fn now(&self) -> Timestamp {
        let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(elapsed.as_millis().try_into().unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse_hours_never_expire_early() {
        let now = Timestamp(3 * HOUR_MS + 1);
        assert_eq!(now.hours_rounded_up(), 4);
        assert!(Timestamp::from_hours(now.hours_rounded_up()) >= now);
        assert_eq!(Timestamp(5).since(Timestamp(9)), Duration::ZERO);
    }
}
