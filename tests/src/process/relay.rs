//! A relay in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::clock::TestClock;
use super::{program::program, signal};

/// A relay is ready within this time.
const START_LIMIT: Duration = Duration::from_secs(30);
/// A relay that is asked to stop has stopped within this time.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// What a relay needs to be started again as the same one.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its folder.
    pub data: PathBuf,
    /// Where it listens; port 0 before the first start.
    pub listen: String,
    /// What it says goes here.
    pub log: PathBuf,
    /// How much it says.
    pub level: String,
    /// The clock that it goes by; none for the machine's.
    pub clock: Option<TestClock>,
}

/// A running relay.
#[derive(Debug)]
pub struct Relay {
    child: Child,
    place: Place,
    /// The line with which it reported.
    pub ready: Value,
}

impl Place {
    /// A relay below this folder that has not been started yet.
    pub fn below(folder: &Path, level: &str) -> Self {
        Self {
            data: folder.join("relay"),
            listen: "127.0.0.1:0".into(),
            log: folder.join("relay.log"),
            level: level.into(),
            clock: None,
        }
    }

    /// Starts the relay. `Err`: it ended before it was ready.
    ///
    /// # Panics
    /// When it does neither in time.
    pub async fn start(&mut self, more: &[&str]) -> Result<Relay, ExitStatus> {
        let said = std::fs::OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let mut command = Command::new(program("causeway-relay"));
        command
            .args(["run", "--listen", &self.listen, "--data"])
            .arg(&self.data)
            .args(more)
            .env("CAUSEWAY_LOG", &self.level)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(said)
            .kill_on_drop(true);
        if let Some(clock) = &self.clock {
            clock.hand_to(&mut command);
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let reading = tokio::time::timeout(START_LIMIT, reader.read_line(&mut line)).await;
        reading.expect("the relay is neither ready nor has it ended").unwrap();
        if line.is_empty() {
            return Err(child.wait().await.unwrap());
        }
        let ready: Value = serde_json::from_str(&line).unwrap();
        self.listen = ready["listen"].as_str().unwrap().to_owned();
        Ok(Relay { child, place: self.clone(), ready })
    }

    /// Starts the relay.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn up(&mut self) -> Relay {
        match self.start(&[]).await {
            Ok(relay) => relay,
            Err(status) => panic!("the relay ends with {status}:\n{}", self.said()),
        }
    }

    /// The end of what the relay has said.
    pub fn said(&self) -> String {
        let said = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&said[said.len().saturating_sub(4_000)..]).into_owned()
    }
}

impl Relay {
    /// Its process.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it ends by itself, for so long.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub async fn ended_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let ended = tokio::time::timeout(time, self.child.wait()).await.ok()?;
        Some(ended.unwrap())
    }

    /// Ends it without warning.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub async fn kill(mut self) -> ExitStatus {
        signal(self.child.id(), Signal::KILL);
        self.child.wait().await.unwrap()
    }

    /// Asks it to stop in order.
    ///
    /// # Panics
    /// When it does not.
    pub async fn stop(mut self) {
        signal(self.child.id(), Signal::TERM);
        let status = self.ended_within(STOP_LIMIT).await.expect("the relay does not stop");
        assert!(status.success(), "the relay stops with {status}:\n{}", self.place.said());
    }
}
