//! The demo's processes: one relay, and one `causeway` per command of each actor.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};

use super::{VAULT_MEMORY, failed};
use crate::cli::failure::Failure;

/// The relay is ready within this time, or the demo says that it is not.
const RELAY_START: Duration = Duration::from_secs(20);
/// The relay stops within this time, or is killed.
const RELAY_STOP: Duration = Duration::from_secs(15);

/// Somebody on duty waits this long for something to come in.
const DUTY: Duration = Duration::from_secs(60);

/// A running relay.
pub(crate) struct RelayProcess {
    child: Child,
    pub(crate) claim: String,
}

impl RelayProcess {
    pub(crate) async fn start(data: &Path) -> Result<Self, Failure> {
        let program = beside("causeway-relay")?;
        let mut child = Command::new(&program)
            .args(["run", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("CAUSEWAY_LOG", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| Failure::internal(format!("{} does not start: {e}", program.display())))?;
        let stdout = child.stdout.take().ok_or_else(|| Failure::internal("the relay has no output"))?;
        let mut line = String::new();
        let mut reader = BufReader::new(stdout);
        let reading = tokio::time::timeout(RELAY_START, reader.read_line(&mut line));
        reading.await.map_err(Failure::internal)?.map_err(Failure::internal)?;
        let ready: Value = serde_json::from_str(&line).map_err(Failure::internal)?;
        let claim = ready["claim"].as_str().unwrap_or_default().to_owned();
        Ok(Self { child, claim })
    }

    /// Asks the relay to stop in order.
    pub(crate) async fn stop(mut self) {
        if let Some(pid) = self.child.id() {
            let asked = Command::new("kill").arg("-TERM").arg(pid.to_string()).status().await;
            if asked.is_ok_and(|status| status.success())
                && tokio::time::timeout(RELAY_STOP, self.child.wait()).await.is_ok()
            {
                return;
            }
        }
        // It is killed when it is dropped, at the latest.
        let _ = self.child.kill().await;
    }
}

/// Somebody with a home of their own.
pub(crate) struct Actor {
    home: PathBuf,
    passphrase_file: PathBuf,
    pub(crate) name: String,
}

impl Actor {
    pub(crate) fn new(folder: &Path, home: &str, name: &str) -> Result<Self, Failure> {
        let home = folder.join(home);
        std::fs::create_dir_all(&home).map_err(Failure::internal)?;
        let passphrase_file = home.join("passphrase-of-the-demo");
        let passphrase = format!("{name}: an invented passphrase of enough words");
        std::fs::write(&passphrase_file, passphrase).map_err(Failure::internal)?;
        Ok(Self { home, passphrase_file, name: name.to_owned() })
    }

    /// Asks to be admitted; gives the organisation's identifier.
    pub(crate) async fn join(&self, invite: &str) -> Result<String, Failure> {
        let joined =
            self.run(&["join", invite, "--device-name", "desk", "--vault-memory", VAULT_MEMORY]).await?;
        Ok(joined["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Runs one command as this actor; gives its last object.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<Value, Failure> {
        Ok(self.run_list(arguments).await?.pop().unwrap_or(Value::Null))
    }

    /// Runs one command as this actor; gives all its objects.
    pub(crate) async fn run_list(&self, arguments: &[&str]) -> Result<Vec<Value>, Failure> {
        let output = self.command(arguments)?.output().await.map_err(Failure::internal)?;
        if !output.status.success() {
            return Err(failed(&self.name, arguments[0], &String::from_utf8_lossy(&output.stderr)));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// Connects and waits for what comes in, while others act. Returns once the connection stands.
    pub(crate) async fn on_duty(&self) -> Result<OnDuty, Failure> {
        let seconds = DUTY.as_secs().to_string();
        let mut command = self.command(&["sync", "--wait", &seconds])?;
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(Failure::internal)?;
        let stderr = child.stderr.take().ok_or_else(|| Failure::internal("no error output"))?;
        let mut reader = BufReader::new(stderr);
        let mut line = String::new();
        let connected = tokio::time::timeout(RELAY_START, reader.read_line(&mut line)).await;
        if !connected.is_ok_and(|read| read.is_ok_and(|bytes| bytes > 0)) {
            return Err(failed(&self.name, "sync", "no connection"));
        }
        if line.starts_with('{') {
            return Err(failed(&self.name, "sync", &line));
        }
        Ok(OnDuty { child, actor: self.name.clone(), _stderr: reader })
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, Failure> {
        let mut command = Command::new(std::env::current_exe().map_err(Failure::internal)?);
        command
            .args(["--json", "--no-input", "--home"])
            .arg(self.home.join("data"))
            .arg("--passphrase-file")
            .arg(&self.passphrase_file)
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Ok(command)
    }
}

/// Somebody's connection that waits for what comes in.
pub(crate) struct OnDuty {
    child: Child,
    actor: String,
    _stderr: BufReader<ChildStderr>,
}

impl OnDuty {
    /// Waits until something has come in and been answered.
    pub(crate) async fn end(mut self) -> Result<(), Failure> {
        let status = self.child.wait().await.map_err(Failure::internal)?;
        if status.success() { Ok(()) } else { Err(failed(&self.actor, "sync", "the connection broke")) }
    }
}

/// A program of this release, in the folder where this one stands.
fn beside(name: &str) -> Result<PathBuf, Failure> {
    let here = std::env::current_exe().map_err(Failure::internal)?;
    let program = here.with_file_name(name);
    if program.exists() {
        Ok(program)
    } else {
        Err(Failure::invalid(
            format!("{name} is not in the folder of this program."),
            "Build both: cargo build --release",
        ))
    }
}
