//! Space kept back for the moment when a disk is full.
//!
//! After a failed write the database must be read again from the disk, and reading it again writes: a snapshot of where
//! every page stands. A full disk would then take the reads away as well. So a file of nothing stands beside the
//! database; it is given up for opening it, and nothing is written until there is room for the file again.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::StoreError;
use super::files::{PRIVATE_FILE, sync_dir, unavailable};

/// A snapshot takes some 20 bytes for each page, so this is enough for 100,000 pages.
const BYTES: usize = 2 << 20;
const NAME: &str = "spare";

/// Whether the space is kept.
pub(super) fn is_kept(folder: &Path) -> bool {
    std::fs::metadata(folder.join(NAME)).is_ok_and(|found| found.len() == BYTES as u64)
}

/// Keeps the space, or takes none.
pub(super) fn keep(folder: &Path) -> Result<(), StoreError> {
    let path = folder.join(NAME);
    let written = write(&path);
    if written.is_err() {
        // There was no room for all of it; half of it would only be in the way.
        let _ = std::fs::remove_file(&path);
    }
    written.map_err(|e| unavailable(&e))?;
    sync_dir(folder)
}

fn write(path: &Path) -> std::io::Result<()> {
    let mut file =
        OpenOptions::new().create(true).write(true).truncate(true).mode(PRIVATE_FILE).open(path)?;
    file.write_all(&vec![0; BYTES])?;
    file.sync_all()
}

/// Gives the space up. `false`: there was none.
pub(super) fn give_up(folder: &Path) -> bool {
    std::fs::remove_file(folder.join(NAME)).is_ok()
}
