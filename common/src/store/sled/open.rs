//! Opening the database, so that no power cut at any moment of it leaves one that cannot be opened again.
//!
//! sled writes when it is made (a settings file that it never syncs) and whenever it is opened (a snapshot of where
//! each page stands). The first is made aside and moved into place; half a snapshot is thrown away, for sled would
//! take it for a whole one.

use std::fs::{File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use super::{Config, Db, SledError, SledOptions};
use crate::store::files::{create_private_dir, sync_dir};
use crate::store::{StoreError, spare};

/// Format of what this module writes.
const FORMAT: u32 = 1;
const FORMAT_KEY: &[u8] = b"\x00format";
/// The threads of a database that this process has just closed hold its lock for a moment longer.
const LOCK_ATTEMPTS: usize = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);
/// How the name of a snapshot ends that sled has not finished. Once whole and synced it gets another name.
const UNFINISHED: &str = ".generating";

/// An open database, the handle its syncs go through, and whether it may be written to: see [`spare`].
pub(super) struct Opened {
    pub(super) db: Db,
    pub(super) file: File,
    pub(super) has_spare: bool,
}

impl Opened {
    pub(super) fn open(folder: &Path, options: &SledOptions) -> Result<Self, StoreError> {
        let above = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        create_private_dir(above)?;
        // Processes that open take turns: one must not throw away the snapshot that another is writing.
        let turn = take_turn(above, folder)?;
        make_if_missing(folder, above)?;
        remove_unfinished(folder)?;
        let db = match open_sled(folder, options.cache_bytes) {
            Err(StoreError::Unavailable(_)) if spare::give_up(folder) => {
                open_sled(folder, options.cache_bytes)?
            }
            opened => opened?,
        };
        let file = File::open(folder.join("db")).map_err(unavailable)?;
        let opened = Self { db, file, has_spare: spare::is_kept(folder) };
        opened.check_format()?;
        sync_dir(folder)?;
        drop(turn);
        Ok(opened)
    }

    fn check_format(&self) -> Result<(), StoreError> {
        let stored = self.db.get(FORMAT_KEY).map_err(|e| failed(&e))?;
        match stored.as_deref().map(<[u8; 4]>::try_from) {
            Some(Ok(bytes)) if u32::from_le_bytes(bytes) <= FORMAT => Ok(()),
            Some(Ok(bytes)) => Err(StoreError::Newer { found: u32::from_le_bytes(bytes), known: FORMAT }),
            Some(Err(_)) => Err(StoreError::Corrupt("the format record has the wrong length".into())),
            None => Err(StoreError::Corrupt("the format record is gone".into())),
        }
    }
}

/// Waits as long as for the database itself: whoever has the turn and is stuck has the database too.
fn take_turn(above: &Path, folder: &Path) -> Result<File, StoreError> {
    let turn = File::open(above).map_err(unavailable)?;
    for _ in 0..LOCK_ATTEMPTS {
        match turn.try_lock() {
            Ok(()) => return Ok(turn),
            Err(TryLockError::WouldBlock) => std::thread::park_timeout(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(unavailable(error)),
        }
    }
    Err(StoreError::Locked(folder.to_path_buf()))
}

/// Makes an empty store aside, syncs all of it and moves it into place: sled never syncs its settings file, and a
/// torn one can never be opened again.
fn make_if_missing(folder: &Path, above: &Path) -> Result<(), StoreError> {
    if folder.join("db").exists() {
        return sync_dir(above);
    }
    let mut aside = folder.as_os_str().to_owned();
    aside.push(".new");
    let aside = Path::new(&aside);
    if aside.exists() {
        std::fs::remove_dir_all(aside).map_err(unavailable)?;
    }
    create_private_dir(aside)?;
    let db = open_sled(aside, SledOptions::default().cache_bytes)?;
    db.insert(FORMAT_KEY, &FORMAT.to_le_bytes()).map_err(|e| failed(&e))?;
    db.flush().map_err(|e| failed(&e))?;
    drop(db);
    spare::keep(aside)?;
    for entry in std::fs::read_dir(aside).map_err(unavailable)? {
        let path = entry.map_err(unavailable)?.path();
        File::open(path).and_then(|file| file.sync_all()).map_err(unavailable)?;
    }
    sync_dir(aside)?;
    std::fs::rename(aside, folder).map_err(unavailable)?;
    sync_dir(above)
}

/// Removes the snapshots that an opening has left half written when it was cut off. Nothing is lost with them: sled
/// keeps the last whole one until the next is whole, and reads the rest from its log.
fn remove_unfinished(folder: &Path) -> Result<(), StoreError> {
    for entry in std::fs::read_dir(folder).map_err(unavailable)? {
        let entry = entry.map_err(unavailable)?;
        if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
            std::fs::remove_file(entry.path()).map_err(unavailable)?;
        }
    }
    Ok(())
}

fn open_sled(folder: &Path, cache_bytes: u64) -> Result<Db, StoreError> {
    for _ in 1..LOCK_ATTEMPTS {
        match try_open_sled(folder, cache_bytes) {
            Err(StoreError::Locked(_)) => std::thread::park_timeout(LOCK_PAUSE),
            opened => return opened,
        }
    }
    try_open_sled(folder, cache_bytes)
}

fn try_open_sled(folder: &Path, cache_bytes: u64) -> Result<Db, StoreError> {
    let config = Config::new().path(folder).flush_every_ms(None).cache_capacity(cache_bytes);
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(opened) => opened.map_err(|e| open_error(folder, &e)),
        Err(_) => Err(StoreError::Corrupt("the database cannot be read".into())),
    }
}

fn open_error(folder: &Path, error: &SledError) -> StoreError {
    match error {
        SledError::Io(io) if io.to_string().contains("could not acquire lock") => {
            StoreError::Locked(folder.to_path_buf())
        }
        other => failed(other),
    }
}

pub(super) fn failed(error: &SledError) -> StoreError {
    match error {
        SledError::Corruption { .. } => StoreError::Corrupt("a page does not read back".into()),
        other => StoreError::Unavailable(other.to_string()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "shaped for map_err")]
pub(super) fn unavailable(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
