//! Real processes on a real disk: a relay, its registrar and organisations, started as people start them, and killed as
//! a failing machine kills them. Every wait has an end.

use std::path::Path;
use std::process::{ExitStatus, Output};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};

pub mod actor;
pub mod browser;
pub mod clock;
pub mod forms;
pub mod namespace;
pub mod program;
pub mod relay;
pub mod town;

/// A command that takes longer than this has hung. The longest ones wait for a relay that was killed in the middle of
/// an answer: a handshake and a request, each to its own end.
const COMMAND_LIMIT: Duration = Duration::from_secs(90);

/// When a command dies before it has finished.
#[derive(Clone, Debug)]
pub enum Death {
    /// Not at all.
    Never,
    /// By SIGKILL, this long after its start.
    After(Duration),
    /// At a named step, the nth time it comes there: `STEP:N`.
    At(String),
}

/// A sample of the project: its path.
pub fn sample(name: &str) -> String {
    format!("{}/../docs/samples/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Sends a signal to a child that nobody has waited for.
fn signal(child: Option<u32>, signal: Signal) {
    let pid = child.and_then(|id| Pid::from_raw(i32::try_from(id).unwrap()));
    if let Some(pid) = pid {
        // It may have ended by itself, just now.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Runs a command to its end or to its death.
///
/// # Panics
/// When it hangs.
async fn run(command: &mut Command, death: &Death) -> Output {
    let child: Child = command.kill_on_drop(true).spawn().unwrap();
    let id = child.id();
    let ended = child.wait_with_output();
    tokio::pin!(ended);
    if let Death::After(time) = death {
        if let Ok(output) = tokio::time::timeout(*time, &mut ended).await {
            return output.unwrap();
        }
        signal(id, Signal::KILL);
    }
    match tokio::time::timeout(COMMAND_LIMIT, ended).await {
        Ok(output) => output.unwrap(),
        Err(_) => panic!("{:?} has hung", command.as_std().get_args()),
    }
}

/// Whether a process was ended by a signal.
pub fn was_killed(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status).is_some()
}

/// Appends what a process said to its log, and looks for a panic.
///
/// # Panics
/// When the process has panicked, or the log cannot be written.
fn log(path: &Path, text: &[u8]) {
    use std::io::Write as _;
    std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text).unwrap();
    let text = String::from_utf8_lossy(text);
    assert!(!text.contains("panicked at"), "a process has panicked:\n{text}");
}
