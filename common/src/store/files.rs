//! Files that are whole or not there: written aside, synced, renamed, their folder synced.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::StoreError;

/// Only the owner may read or write.
const PRIVATE_FILE: u32 = 0o600;
/// Only the owner may enter.
const PRIVATE_DIR: u32 = 0o700;

/// Makes a folder, and those above it, that only its owner may enter.
pub fn create_private_dir(path: &Path) -> Result<(), StoreError> {
    std::fs::DirBuilder::new().recursive(true).mode(PRIVATE_DIR).create(path).map_err(|e| unavailable(&e))
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
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| unavailable(&e))?;
    drop(file);
    rename_durable(aside, path)
}

/// Renames a file that has been synced. Durable when it returns.
pub fn rename_durable(from: &Path, to: &Path) -> Result<(), StoreError> {
    std::fs::rename(from, to).map_err(|e| unavailable(&e))?;
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

fn unavailable(error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
