//! A clock of its own for the processes of a town, so that hours pass in a moment: libfaketime, by a file that all of them
//! read. Waits of the programs go by the monotonic clock, which stays the machine's.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::process::Command;

/// Where Debian's package puts its library, below the folder of the machine's architecture.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// A clock that can be set ahead.
#[derive(Clone, Debug)]
pub struct TestClock {
    file: PathBuf,
    library: PathBuf,
    ahead: Arc<AtomicU64>,
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
        clock.forward(Duration::ZERO);
        clock
    }

    /// Lets time pass for all processes, those that run too.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn forward(&self, by: Duration) {
        let ahead = self.ahead.fetch_add(by.as_secs(), Ordering::Relaxed) + by.as_secs();
        // Whole or not at all: a process may be reading.
        let next = self.file.with_extension("next");
        std::fs::write(&next, format!("+{ahead}\n")).unwrap();
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
