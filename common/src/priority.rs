//! Four priorities, the same words on every queue between sender and reader.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How urgent a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[expect(clippy::exhaustive_enums, reason = "four classes are part of the wire format")]
pub enum Priority {
    /// Danger to life, a person at a border now.
    P0,
    /// Within the day.
    P1,
    /// This week.
    P2,
    /// Information.
    P3,
}

impl Priority {
    /// All of them, most urgent first.
    pub const ALL: [Self; 4] = [Self::P0, Self::P1, Self::P2, Self::P3];

    /// How long the relay keeps a packet of this priority for its recipient.
    pub const fn time_to_live(self) -> Duration {
        const HOUR: u64 = 60 * 60;
        Duration::from_secs(match self {
            Self::P0 => 6 * HOUR,
            Self::P1 => 72 * HOUR,
            Self::P2 => 14 * 24 * HOUR,
            Self::P3 => 30 * 24 * HOUR,
        })
    }

    /// The QUIC stream priority of this class. Higher goes first.
    pub const fn stream_priority(self) -> i32 {
        match self {
            Self::P0 => 2,
            Self::P1 => 1,
            Self::P2 | Self::P3 => 0,
        }
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority as Self
    }
}

/// A number that names no priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("priorities are P0 to P3")]
pub struct UnknownPriority;

impl TryFrom<u8> for Priority {
    type Error = UnknownPriority;

    fn try_from(number: u8) -> Result<Self, UnknownPriority> {
        Self::ALL.get(usize::from(number)).copied().ok_or(UnknownPriority)
    }
}

impl std::fmt::Display for Priority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "P{}", u8::from(*self))
    }
}

impl std::str::FromStr for Priority {
    type Err = UnknownPriority;

    fn from_str(text: &str) -> Result<Self, UnknownPriority> {
        Self::ALL.into_iter().find(|priority| priority.to_string() == text).ok_or(UnknownPriority)
    }
}
