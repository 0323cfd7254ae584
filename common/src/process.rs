//! What a process does at its start so that its secrets stay its own.

use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, set_dumpable_behavior, umask};

/// Rights of others that no new file gets, whoever makes it.
const NOT_OWNER: Mode = Mode::RWXG.union(Mode::RWXO);

/// Nothing of this process's memory goes into a core file or to another process of the same user, and what it makes on
/// the disk is for its owner alone. Called first, before there are secrets and before there are threads.
pub fn keep_to_itself() -> std::io::Result<()> {
    umask(NOT_OWNER);
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// What is logged: what `CAUSEWAY_LOG` asks for, else `usual`. Of sled nothing below `info` in any case: it speaks once more when a
/// thread that used it has ended, and then what writes the words down may be gone already, which ends the process without order.
pub fn log_filter(usual: &str) -> String {
    let wanted = std::env::var("CAUSEWAY_LOG");
    format!("{},sled=info", wanted.as_deref().unwrap_or(usual))
}
