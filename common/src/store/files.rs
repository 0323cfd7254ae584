//! Files that are whole or not there: written aside, synced, renamed, their folder synced.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::StoreError;
use crate::crash;

/// Only the owner may read or write.
pub(super) const PRIVATE_FILE: u32 = 0o600;
/// Only the owner may enter.
const PRIVATE_DIR: u32 = 0o700;

/// Makes a folder, and those above it, that only its owner may enter. Its name is durable when it returns: each level
/// is synced before the next one is made, and the last one even if it was there, for its maker may have been cut off.
pub fn create_private_dir(path: &Path) -> Result<(), StoreError> {
    let above = match path.parent() {
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => return Ok(()),
    };
    if !path.is_dir() {
        create_private_dir(above)?;
        match std::fs::DirBuilder::new().mode(PRIVATE_DIR).create(path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(unavailable(&error));
            }
            _ => {}
        }
    }
    sync_dir(above)
}

/// Opens a file for appending that only its owner may read, and makes it if needed.
pub fn append_private(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new().create(true).append(true).mode(PRIVATE_FILE).open(path).map_err(|e| unavailable(&e))
}

/// Replaces `path` by `bytes`, all or nothing. Durable when it returns. The file is for its owner alone.
pub fn write_durable(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    let aside = Path::new(&aside);
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true).mode(PRIVATE_FILE);
    let mut file = options.open(aside).map_err(|e| unavailable(&e))?;
    let written = file.write_all(bytes).and_then(|()| {
        crash::at("file.before-sync");
        file.sync_all()
    });
    if written.is_err() {
        // On a full disk, half a file would only be in the way.
        let _ = std::fs::remove_file(aside);
    }
    written.map_err(|e| unavailable(&e))?;
    drop(file);
    rename_durable(aside, path)
}

/// Renames a file that has been synced. Durable when it returns.
pub fn rename_durable(from: &Path, to: &Path) -> Result<(), StoreError> {
    crash::at("file.before-rename");
    std::fs::rename(from, to).map_err(|e| unavailable(&e))?;
    crash::at("file.before-folder-sync");
    to.parent().map_or(Ok(()), sync_dir)
}

/// Removes a file if it is there. Durable when it returns.
pub fn remove_durable(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync_dir),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unavailable(&error)),
    }
}

/// Makes the names in a folder durable.
pub fn sync_dir(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(|e| unavailable(&e))
}

pub(super) fn unavailable(error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
