//! Commands while `causeway serve` has the home: the daemon does them, and nothing changes for whoever types.

use std::ffi::OsString;
use std::io::IsTerminal as _;

use tokio::net::UnixStream;
use zeroize::Zeroizing;

use super::Global;
use super::failure::{Failure, exit};
use super::home;
use crate::daemon::socket::asking::{ask, silent};
use crate::daemon::socket::{Asking, LOCKED, place};

/// Lets the daemon do what was typed, if there is one that has the home open; gives its exit code. A home that is locked is
/// free for a command that brings the passphrase in a file, as one that makes a backup by night does.
pub(super) async fn command(global: &Global) -> Result<Option<u8>, Failure> {
    let Some(stream) = daemon(global).await? else { return Ok(None) };
    match ask(stream, "/command", &asking(global, None)).await {
        Err(failure) if failure.code == LOCKED && global.passphrase_file.is_some() => Ok(None),
        done => done.map(Some),
    }
}

/// Locks the home of the daemon.
pub(super) async fn lock(global: &Global) -> Result<u8, Failure> {
    ask(must_be_served(global).await?, "/lock", &asking(global, None)).await
}

/// Opens the home of the daemon.
pub(super) async fn unlock(global: &Global) -> Result<u8, Failure> {
    let stream = must_be_served(global).await?;
    let passphrase = home::passphrase(global, false)?;
    ask(stream, "/unlock", &asking(global, Some(passphrase))).await
}

/// Another address and code.
pub(super) async fn code(global: &Global) -> Result<u8, Failure> {
    ask(must_be_served(global).await?, "/code", &asking(global, None)).await
}

/// What makes or replaces a home is not done behind the back of a daemon that has it, open or locked.
pub(super) async fn must_not_be_served(global: &Global) -> Result<(), Failure> {
    match daemon(global).await? {
        Some(_) => Err(Failure::said("G-143", exit::CONFLICT, "daemon-has-home", &[])),
        None => Ok(()),
    }
}

async fn must_be_served(global: &Global) -> Result<UnixStream, Failure> {
    daemon(global).await?.ok_or_else(|| Failure::said("G-144", exit::NOT_FOUND, "daemon-none", &[]))
}

async fn daemon(global: &Global) -> Result<Option<UnixStream>, Failure> {
    let Ok(folder) = home::folder(global) else { return Ok(None) };
    place::connect(&folder).await.map_err(|_| silent())
}

/// What was typed, and where and how.
fn asking(global: &Global, passphrase: Option<Zeroizing<String>>) -> Asking {
    // Without a folder of one's own only whole names of files mean anything.
    let folder = std::env::current_dir().map_or_else(|_| "/".into(), OsString::from);
    Asking {
        words: std::env::args_os().skip(1).collect(),
        folder,
        json: global.json,
        lang: global.lang().tag().to_owned(),
        no_input: global.no_input || !std::io::stdin().is_terminal(),
        sees: (std::io::stdout().is_terminal(), std::io::stderr().is_terminal()),
        passphrase,
    }
}
