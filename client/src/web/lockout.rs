//! One counter for everything that opens a home: passphrases and recovery codes, from the pages and from the terminal; and one
//! for the codes that let a browser as far as that question.
//!
//! After five wrong attempts in a row each further one has to wait, twice as long every time. What is counted is on the disk before the answer leaves, for
//! a program that is started again must not begin with five free attempts.
//!
//! Whoever tries keeps this to himself from [`Lockout::wait`] to [`Lockout::wrong`] or [`Lockout::right`]: a hundred attempts at
//! once would otherwise all pass before the first is counted.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use causeway_common::store::{StoreError, files};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The file in the home's folder: how many, and when the last. Nothing of what was tried.
pub(crate) const FILE: &str = "attempts.json";
pub(crate) const FILE_OF_CODES: &str = "attempts-at-codes.json";
/// So many wrong attempts in a row cost nothing: people mistype. The fifth brings the first delay.
const FREE: u32 = 5;
/// The first delay: long enough that a program gains nothing, short enough that a person stays.
const FIRST_DELAY: Duration = Duration::from_secs(30);
/// 30 s doubled five times is 16 min: from the tenth wrong attempt on it is a quarter of an hour, which is 96 attempts a day.
/// Longer would help nobody against a good passphrase, and would keep the owner out when others play with the keyboard.
const LONGEST_DELAY: Duration = Duration::from_secs(15 * 60);
/// Two numbers and their names are about 40 bytes. More is no file of ours and is not read.
const LONGEST_FILE: u64 = 1024;

/// Counts wrong attempts and says how long the next one has to wait.
#[derive(Debug)]
pub(crate) struct Lockout {
    path: PathBuf,
    attempts: Attempts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attempts {
    /// In a row, since the last right one.
    wrong: u32,
    /// When the delay began: at the last wrong one, or when the clock was set back since.
    since: Timestamp,
}

impl Lockout {
    /// The counter of the home in this folder. One that does not read is as after five wrong attempts: to damage the file must gain nothing, and
    /// the owner waits half a minute.
    pub(crate) fn load(folder: &Path, now: Timestamp) -> Self {
        Self::of(folder.join(FILE), now)
    }

    /// The counter of wrong codes, which stand at the terminal: whoever knows the address can try some, and keeps nobody from
    /// giving the passphrase by it.
    pub(crate) fn of_codes(folder: &Path, now: Timestamp) -> Self {
        Self::of(folder.join(FILE_OF_CODES), now)
    }

    fn of(path: PathBuf, now: Timestamp) -> Self {
        let attempts = read(&path).unwrap_or(Attempts { wrong: FREE, since: now });
        Self { path, attempts }
    }

    /// How long the next attempt has to wait; nothing if it may be made now. An attempt that comes too early is not looked at and not counted.
    ///
    /// A clock that was set back begins the delay anew: it is neither shorter than it was, nor as long as the clock is behind.
    pub(crate) fn wait(&mut self, now: Timestamp) -> Option<Duration> {
        let delay = delay(self.attempts.wrong);
        if delay > Duration::ZERO && now < self.attempts.since {
            self.attempts.since = now;
            // If it is not kept, the next start of the program begins the delay anew once more.
            let _ = self.keep();
        }
        let left = delay.saturating_sub(now.since(self.attempts.since));
        (left > Duration::ZERO).then_some(left)
    }

    /// One more was wrong. Counted even if it cannot be kept.
    pub(crate) fn wrong(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.attempts = Attempts { wrong: self.attempts.wrong.saturating_add(1), since: now };
        self.keep()
    }

    /// The passphrase was right. A launch code that is right says nothing of who knows the passphrase and does not lead here.
    pub(crate) fn right(&mut self) -> Result<(), StoreError> {
        if self.attempts.wrong == 0 {
            return Ok(());
        }
        self.attempts = Attempts::default();
        self.keep()
    }

    fn keep(&self) -> Result<(), StoreError> {
        let bytes =
            serde_json::to_vec(&self.attempts).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        files::write_durable(&self.path, &bytes)
    }
}

/// How long the attempt after so many wrong ones has to wait.
fn delay(wrong: u32) -> Duration {
    wrong.checked_sub(FREE).map_or(Duration::ZERO, |doublings| {
        FIRST_DELAY.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_DELAY)
    })
}

/// What the file says; nothing counted if there is none, nothing at all if it does not read.
fn read(path: &Path) -> Option<Attempts> {
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(Attempts::default()),
        file => file.ok()?,
    };
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > LONGEST_FILE {
        return None;
    }
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;

    const START: Timestamp = Timestamp(1_800_000_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    /// A counter after so many wrong attempts, all of them at the beginning.
    fn wronged(times: u32) -> (TempDir, Lockout) {
        let folder = tempfile::tempdir().unwrap();
        let mut lockout = Lockout::load(folder.path(), START);
        (0..times).for_each(|_| lockout.wrong(START).unwrap());
        (folder, lockout)
    }

    #[test]
    fn the_delay_doubles_from_half_a_minute_to_a_quarter_of_an_hour() {
        let delays = [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900];
        for (wrong, seconds) in (0..).zip(delays) {
            let (_folder, mut lockout) = wronged(wrong);
            let wanted = (seconds > 0).then(|| Duration::from_secs(seconds));
            assert_eq!(lockout.wait(START), wanted, "after {wrong}");
            assert_eq!(lockout.wait(after(seconds)), None, "after {wrong}, having waited");
            if seconds > 0 {
                assert_eq!(lockout.wait(after(seconds - 1)), Some(Duration::from_secs(1)));
            }
        }
        assert_eq!(delay(u32::MAX), LONGEST_DELAY);
    }

    #[test]
    fn a_right_one_begins_anew() {
        let (folder, mut lockout) = wronged(9);
        lockout.right().unwrap();
        assert_eq!(lockout.wait(START), None);
        lockout.wrong(START).unwrap();
        assert_eq!(lockout.wait(START), None);
        assert_eq!(Lockout::load(folder.path(), START).attempts.wrong, 1);
    }

    #[test]
    fn to_start_the_program_again_is_no_way_round() {
        let (folder, _) = wronged(7);
        let mut again = Lockout::load(folder.path(), after(20));
        assert_eq!(again.wait(after(20)), Some(Duration::from_secs(100)));
        again.wrong(after(120)).unwrap();
        let mut again = Lockout::load(folder.path(), after(120));
        assert_eq!(again.wait(after(120)), Some(Duration::from_secs(240)));
    }

    #[test]
    fn the_file_says_how_many_and_when_and_is_for_its_owner_alone() {
        let (folder, _) = wronged(2);
        let file = folder.path().join(FILE);
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text, format!(r#"{{"wrong":2,"since":{}}}"#, START.0));
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_gains_nothing_and_costs_half_a_minute() {
        let (folder, _) = wronged(12);
        let long = r#"{"wrong":0,"since":0}"#.to_owned() + &" ".repeat(2000);
        for text in ["", "{", "[]", r#"{"wrong":-1,"since":0}"#, r#"{"wrong":0,"since":0,"more":1}"#, &long] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            let mut lockout = Lockout::load(folder.path(), after(1000));
            assert_eq!(lockout.wait(after(1000)), Some(FIRST_DELAY), "{text}");
            assert_eq!(lockout.wait(after(1030)), None, "{text}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_neither_shortens_a_delay_nor_locks_for_ever() {
        let (folder, mut lockout) = wronged(6);
        let years_ago = START.minus(Duration::from_secs(10 * 365 * 24 * 60 * 60));
        assert_eq!(lockout.wait(years_ago), Some(Duration::from_secs(60)));
        assert_eq!(lockout.wait(years_ago.plus(Duration::from_secs(59))), Some(Duration::from_secs(1)));
        let mut again = Lockout::load(folder.path(), years_ago);
        assert_eq!(again.wait(years_ago.plus(Duration::from_secs(60))), None, "also after a new start");
    }

    #[test]
    fn what_cannot_be_kept_is_counted_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let mut lockout = Lockout::load(&folder.path().join("none"), START);
        (0..5).for_each(|_| assert!(lockout.wrong(START).is_err()));
        assert_eq!(lockout.wait(START), Some(FIRST_DELAY));
    }
}
