//! Backups: a folder that tells nothing without its key, in which each backup writes only what is new.
//!
//! Records are packed in their order, files cut into pieces; each of these chunks is named by a keyed hash of what is in
//! it and sealed under a key that comes from that name, so that the same content is the same file, and no key ever seals
//! two contents. A [`Manifest`] lists what one backup is made of. It is written last: whatever happens before, the backups
//! that were there stay whole.
//!
//! The layout, for whoever has to read a folder without this program, is in docs/decisions/0024-backups.md.

use std::path::PathBuf;

use crate::passphrase;
use crate::store::StoreError;

mod check;
mod crypt;
mod folder;
mod lock;
mod pack;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use self::check::Report;
pub use self::crypt::Key;
pub use self::folder::Folder;
pub use self::lock::{Secret, make_key_file, new_lock, unlock};
pub use self::read::{Item, Manifest};
pub use self::write::{About, Done, Writer};

/// Backups that a folder keeps unless it is asked for another number.
pub const KEPT_DEFAULT: usize = 7;

/// Why a backup cannot be made or read. Nothing that was there has become less.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Not what was written.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// No backup here.
    #[error("there is no finished backup in {0}")]
    Missing(PathBuf),
    /// The passphrase or key is another one.
    #[error("the passphrase or key is not the one of this backup")]
    WrongSecret,
    /// The passphrase is too easy to guess.
    #[error(
        "the passphrase is too short: use at least {} characters, best six unrelated words",
        passphrase::CHARS_MIN
    )]
    WeakPassphrase,
    /// The folder holds the backups of something else.
    #[error("{0} holds the backups of another relay or workstation")]
    Another(PathBuf),
    /// Something else stands where only a backup, or nothing, may be.
    #[error("{0} is not empty")]
    NotEmpty(PathBuf),
    /// Another process works in the folder.
    #[error("another program is using the backup in {0}; wait until it has finished")]
    Busy(PathBuf),
    /// The disk with the backups is full, or fails.
    #[error("the disk with the backups in {} does not take writes now: {reason}", folder.display())]
    Unwritable {
        /// The folder with the backups.
        folder: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// By this machine's clock the backup lies in the future.
    #[error("the clock of this machine is behind: the backup was made later than it says")]
    ClockBehind,
    /// Written by a newer version.
    #[error("the backup was written by a newer version of Causeway; update Causeway")]
    Newer,
    /// The machine lacks the memory that the passphrase's protection takes.
    #[error("there is not enough memory to open the backup")]
    Memory,
    /// More than a backup takes.
    #[error("there is more to back up than a backup takes: {0}")]
    TooLarge(String),
    /// What is to be backed up, or the disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<std::io::Error> for BackupError {
    fn from(error: std::io::Error) -> Self {
        Self::Store(StoreError::Unavailable(error.to_string()))
    }
}

fn damaged(what: impl Into<String>) -> BackupError {
    BackupError::Damaged(what.into())
}
