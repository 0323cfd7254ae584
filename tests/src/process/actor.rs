//! Somebody with a home, who types commands.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde_json::Value;
use tokio::process::Command;

use super::clock::TestClock;
use super::{Death, log, program::program, run};

/// The least memory that a vault's protection may take: these tests open vaults all the time.
pub const VAULT_MEMORY: [&str; 2] = ["--vault-memory", "64"];

/// A person at a workstation.
#[derive(Clone, Debug)]
pub struct Actor {
    /// What the organisation is called.
    pub name: String,
    /// The workstation's folder.
    pub home: PathBuf,
    /// The passphrase, in a file outside the home.
    pub passphrase_file: PathBuf,
    /// What the commands say goes here.
    pub log: PathBuf,
    /// The clock that the commands go by; none for the machine's.
    pub clock: Option<TestClock>,
    level: String,
}

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// Whole objects on standard output.
    pub out: Vec<Value>,
    /// Standard error.
    pub err: String,
}

impl Actor {
    /// An actor with an empty home below `folder`.
    ///
    /// # Panics
    /// When the passphrase cannot be written.
    pub fn new(folder: &Path, name: &str, level: &str) -> Self {
        let word = name.replace(' ', "-").to_lowercase();
        let passphrase_file = folder.join(format!("{word}.passphrase"));
        std::fs::write(&passphrase_file, passphrase(name)).unwrap();
        Self {
            name: name.to_owned(),
            home: folder.join(format!("home-of-{word}")),
            passphrase_file,
            log: folder.join(format!("{word}.log")),
            clock: None,
            level: level.to_owned(),
        }
    }

    /// The passphrase of this actor's home.
    pub fn passphrase(&self) -> String {
        passphrase(&self.name)
    }

    /// A command that nobody has started yet.
    pub fn command(&self, words: &[&str]) -> Command {
        self.program(&[&["--json"], words].concat())
    }

    fn program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("causeway"));
        command
            .args(["--no-input", "--home"])
            .arg(&self.home)
            .arg("--passphrase-file")
            .arg(&self.passphrase_file)
            .args(words)
            .env("CAUSEWAY_LOG", &self.level)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(clock) = &self.clock {
            clock.hand_to(&mut command);
        }
        command
    }

    /// Runs a command, which may fail or die.
    ///
    /// # Panics
    /// When it hangs or panics.
    pub async fn attempt(&self, words: &[&str], death: &Death) -> Ran {
        let mut command = self.command(words);
        if let Death::At(place) = death {
            command.args(["--crash-at", place]);
        }
        let output = run(&mut command, death).await;
        log(&self.log, &output.stderr);
        let text = String::from_utf8_lossy(&output.stdout);
        Ran {
            status: output.status,
            out: text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that must succeed; gives all its objects.
    ///
    /// # Panics
    /// When it does not.
    pub async fn list(&self, words: &[&str]) -> Vec<Value> {
        let ran = self.attempt(words, &Death::Never).await;
        assert!(ran.status.success(), "{}: {words:?} ends with {}: {}", self.name, ran.status, ran.tail());
        ran.out
    }

    /// What a person sees who runs a command, which must succeed: what it prints, and what it remarks beside that.
    ///
    /// # Panics
    /// When it does not.
    pub async fn sees(&self, words: &[&str]) -> (String, String) {
        let output = run(&mut self.program(words), &Death::Never).await;
        log(&self.log, &output.stderr);
        let remarks = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {words:?}: {remarks}", self.name);
        (String::from_utf8(output.stdout).unwrap(), remarks)
    }

    /// Runs a command that must succeed; gives its last object.
    ///
    /// # Panics
    /// When it does not.
    pub async fn run(&self, words: &[&str]) -> Value {
        self.list(words).await.pop().unwrap_or(Value::Null)
    }
}

impl Ran {
    /// The error that the command reported with `--json`.
    pub fn error(&self) -> Value {
        let object = |line: &str| serde_json::from_str::<Value>(line).ok()?.get("error").cloned();
        self.err.lines().rev().find_map(object).unwrap_or(Value::Null)
    }

    /// The end of standard error.
    pub fn tail(&self) -> &str {
        let from = self.err.len().saturating_sub(2_000);
        let from = (from..=self.err.len()).find(|at| self.err.is_char_boundary(*at));
        &self.err[from.unwrap_or(0)..]
    }
}

fn passphrase(name: &str) -> String {
    format!("seven invented words that open {name}")
}
