//! A clock of its own for the processes of a town, so that hours pass in a moment: libfaketime, by a file that all of them
//! read. Waits of the programs go by the monotonic clock, which stays the machine's.
//!
//! A story that counts working days begins at the same moment whenever it is played.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use causeway_common::time::{Clock as _, SystemClock};
use tokio::process::Command;

/// Where Debian's package puts its library, below the folder of the machine's architecture.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// A clock that can be set.
#[derive(Clone, Debug)]
pub struct TestClock {
    file: PathBuf,
    library: PathBuf,
    /// Seconds by which it is ahead of the machine's.
    ahead: Arc<AtomicI64>,
}

impl TestClock {
    /// A clock that shows the machine's time.
    ///
    /// # Panics
    /// When libfaketime is not installed, or the file cannot be written.
    pub fn below(folder: &Path) -> Self {
        let folders = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
        let library = folders.map(|folder| folder.join(LIBRARY)).find(|path| path.exists());
        let library = library.expect("libfaketime is not installed: tests/run installs it");
        let clock = Self { file: folder.join("clock"), library, ahead: Arc::default() };
        clock.move_by(0);
        clock
    }

    /// A clock that shows this moment now, in seconds since 1970, and goes on from there.
    ///
    /// # Panics
    /// As [`TestClock::below`].
    pub fn at(folder: &Path, moment: i64) -> Self {
        let clock = Self::below(folder);
        let now = i64::try_from(SystemClock.now().0 / 1_000).unwrap();
        clock.move_by(moment - now);
        clock
    }

    /// Lets time pass for all processes, those that run too.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn forward(&self, by: Duration) {
        self.move_by(i64::try_from(by.as_secs()).unwrap());
    }

    /// Sets the clocks of all processes back.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn back(&self, by: Duration) {
        self.move_by(-i64::try_from(by.as_secs()).unwrap());
    }

    fn move_by(&self, seconds: i64) {
        let ahead = self.ahead.fetch_add(seconds, Ordering::Relaxed) + seconds;
        // Whole or not at all: a process may be reading.
        let next = self.file.with_extension("next");
        std::fs::write(&next, format!("{ahead:+}\n")).unwrap();
        std::fs::rename(next, &self.file).unwrap();
    }

    /// Lets a program that is about to start go by this clock.
    pub fn hand_to(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
}
