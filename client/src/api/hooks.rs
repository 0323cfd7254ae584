//! Hooks: programs in `hooks.d` of the home that are started for each event, with the event on standard input.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use super::deliveries::Outcome;
use crate::events::Event;

/// Folder of the hooks, in the home.
pub(crate) const FOLDER: &str = "hooks.d";
/// A hook has this long. Events wait meanwhile: whoever has more to do puts it into a queue of its own.
const PATIENCE: Duration = Duration::from_secs(10);
/// Hooks that are run. Each takes its time for each event.
const HOOKS_MAX: usize = 16;
/// Longest name, in bytes: it stands in lists.
const NAME_BYTES_MAX: usize = 40;
/// Where a hook finds other programs. Nothing else of our environment reaches it.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Others may not write it.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// We may start it.
const STARTABLE: u32 = 0o100;

/// A program to be started for each event.
pub(super) struct Hook {
    pub(super) name: String,
    path: PathBuf,
}

/// The hooks of a folder, by name. One that somebody else could have written is none: whoever may write it would act as us.
pub(super) fn all(folder: &Path) -> Vec<Hook> {
    if !is_ours(folder, |meta| meta.is_dir()) {
        return Vec::new();
    }
    let mut found: Vec<Hook> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_name(name))
        .map(|name| Hook { path: folder.join(&name), name })
        .filter(|hook| is_ours(&hook.path, |meta| meta.is_file() && meta.mode() & STARTABLE != 0))
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found.truncate(HOOKS_MAX);
    found
}

/// Hidden files and those that editors leave are no hooks.
fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Links are not followed: what they lead to may be anybody's.
fn is_ours(path: &Path, is: impl Fn(&std::fs::Metadata) -> bool) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| {
        meta.uid() == geteuid().as_raw() && meta.mode() & WRITABLE_BY_OTHERS == 0 && is(&meta)
    })
}

/// Runs a hook for an event. It has taken the event if it ends with 0 in time.
pub(super) async fn run(hook: &Hook, event: &Event) -> Outcome {
    let not_taken = |why: &str| Outcome::NotTaken(why.to_owned());
    let Ok(mut child) = start(hook) else { return not_taken("not-started") };
    let mut group = Group::of(&child);
    let text = event.to_json().to_string();
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read has nothing to say about it: its end counts. An event fits into a pipe.
        let _ = stdin.write_all(text.as_bytes()).await;
    }
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    if ended.is_ok() {
        group.let_go();
    }
    match ended {
        Ok(Ok(status)) if status.success() => Outcome::Taken,
        Ok(Ok(status)) => {
            not_taken(&status.code().map_or_else(|| "killed".into(), |code| format!("exit-{code}")))
        }
        Ok(Err(_)) => not_taken("not-started"),
        Err(_) => {
            drop(group);
            let _ = child.kill().await;
            not_taken("too-slow")
        }
    }
}

fn start(hook: &Hook) -> std::io::Result<Child> {
    let mut command = Command::new(&hook.path);
    command.env_clear().env("PATH", PATH).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own, so that what it has started ends with it.
    command.process_group(0).kill_on_drop(true);
    if let Some(folder) = hook.path.parent() {
        command.current_dir(folder);
    }
    command.spawn()
}

/// A hook with all that it has started and not let go: they end together, also when the home is locked meanwhile and nobody waits for it
/// any more.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }

    /// It has ended by itself and was waited for: its number may be another's from now on.
    fn let_go(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}
