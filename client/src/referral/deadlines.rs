//! How long each step may take, by priority.

use std::time::Duration;

use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;

use super::values::day;

/// Longest time of each step of a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlines {
    /// Until a device of the recipient has it.
    pub delivered: Duration,
    /// Until a person has seen it.
    pub seen: Duration,
    /// Until it is accepted, declined or asked about.
    pub answered: Duration,
    /// Until the sender has answered a question.
    pub replied: Duration,
    /// Until work on it begins.
    pub started: Duration,
    /// Between two reports of progress.
    pub progress: Duration,
    /// Until the outcome is known after a handover.
    pub outcome: Duration,
    /// Whether these are days on which people work, not days of the calendar.
    pub working_days: bool,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Three working days never take longer than this.
const CALENDAR_DAYS_MAX: usize = 7;

/// The table.
pub const fn deadlines(priority: Priority) -> Deadlines {
    let ([delivered, seen, answered, replied, started, progress, outcome], working_days) = match priority {
        Priority::P0 => {
            ([2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 10 * MINUTE, 30 * MINUTE, 30 * MINUTE, 2 * HOUR], false)
        }
        Priority::P1 => ([15 * MINUTE, HOUR, 3 * HOUR, 2 * HOUR, 8 * HOUR, 12 * HOUR, DAY], false),
        Priority::P2 => ([4 * HOUR, 8 * HOUR, DAY, DAY, 3 * DAY, 7 * DAY, 7 * DAY], false),
        Priority::P3 => ([DAY, DAY, 3 * DAY, 5 * DAY, 7 * DAY, 30 * DAY, 30 * DAY], true),
    };
    Deadlines {
        delivered: Duration::from_secs(delivered),
        seen: Duration::from_secs(seen),
        answered: Duration::from_secs(answered),
        replied: Duration::from_secs(replied),
        started: Duration::from_secs(started),
        progress: Duration::from_secs(progress),
        outcome: Duration::from_secs(outcome),
        working_days,
    }
}

/// When a referral that is sent now must have been accepted, declined or asked about.
pub fn respond_by(priority: Priority, now: Timestamp) -> Timestamp {
    let deadlines = deadlines(priority);
    if !deadlines.working_days {
        return now.plus(deadlines.answered);
    }
    let mut left = deadlines.answered.as_secs() / DAY;
    let mut at = now;
    for _ in 0..CALENDAR_DAYS_MAX {
        if left == 0 {
            break;
        }
        at = at.plus(Duration::from_secs(DAY));
        // Without the recipient's calendar: Monday to Friday, in UTC.
        if day(at).weekday().to_monday_zero_offset() < 5 {
            left -= 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_due_as_the_table_says() {
        let friday = Timestamp(1_700_222_400_000);
        assert_eq!(day(friday).to_string(), "2023-11-17");
        let due = |priority| respond_by(priority, friday).since(friday).as_secs();
        assert_eq!(due(Priority::P0), 15 * MINUTE);
        assert_eq!(due(Priority::P1), 3 * HOUR);
        assert_eq!(due(Priority::P2), DAY);
        assert_eq!(due(Priority::P3), 5 * DAY);
    }

    #[test]
    fn the_end_of_time_is_reached_and_not_passed() {
        for priority in Priority::ALL {
            assert!(respond_by(priority, Timestamp(u64::MAX)) == Timestamp(u64::MAX));
        }
    }
}
