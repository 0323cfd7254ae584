//! The folder of a backup on the disk: what stands where, and who may work in it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::crypt::{Name, Role};
use super::pack::CHUNK_BYTES_MAX;
use super::{BackupError, Key, damaged};
use crate::store::{StoreError, files};

/// What the key is locked with, twice: one flipped bit must not cost everything.
pub(super) const LOCKS: [&str; 2] = ["backup.key", "backup.key.copy"];
/// Whoever works in the folder holds a lock of the operating system on this file.
pub(super) const IN_USE: &str = "in-use";
pub(super) const CHUNKS: &str = "chunks";
pub(super) const MANIFEST: &str = "manifest-";
/// How files end that are being written.
pub(super) const UNFINISHED: &str = ".new";
const LOCK_BYTES_MAX: usize = 8 * 1024;
/// Longest manifest: the names of 16,384 chunks of its index.
pub(super) const MANIFEST_BYTES_MAX: usize = 600 * 1024;
/// Authentication tag of every sealed file.
const TAG_BYTES: usize = 16;

/// A folder of backups.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: Vec<u8>,
    /// Held as long as this lives; none on a disk that takes no writes.
    _in_use: Option<File>,
}

impl Folder {
    /// Opens a folder for writing, and makes it if it is not there. `fresh` gives what locks the key of a new one.
    pub fn prepare(
        path: &Path,
        fresh: impl FnOnce() -> Result<Vec<u8>, BackupError>,
    ) -> Result<Self, BackupError> {
        // A folder of something else gets no file of ours.
        is_begun(path)?;
        files::create_private_dir(path)?;
        let in_use = OpenOptions::new().create(true).append(true).open(path.join(IN_USE))?;
        match in_use.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::Busy(path.into())),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // Looked at again when nobody else can begin it: the key of backups that are there must never be replaced.
        let lock = if is_begun(path)? { read_lock(path)? } else { fresh()? };
        let folder = Self { path: path.into(), lock, _in_use: Some(in_use) };
        folder.write_lock()?;
        files::create_private_dir(&folder.path.join(CHUNKS))?;
        Ok(folder)
    }

    /// Opens a folder for reading.
    pub fn open(path: &Path) -> Result<Self, BackupError> {
        let known = names(path)?;
        if !known.iter().any(|name| name.starts_with(MANIFEST)) {
            return Err(BackupError::Missing(path.into()));
        }
        // On a disk that takes no writes nobody writes.
        let in_use = File::open(path.join(IN_USE)).ok();
        if let Some(Err(TryLockError::WouldBlock)) = in_use.as_ref().map(File::try_lock_shared) {
            return Err(BackupError::Busy(path.into()));
        }
        Ok(Self { path: path.into(), lock: read_lock(path)?, _in_use: in_use })
    }

    /// What the key is locked with.
    pub fn lock(&self) -> &[u8] {
        &self.lock
    }

    /// The same key is locked with something else from now on.
    pub fn lock_with(&mut self, lock: Vec<u8>) -> Result<(), BackupError> {
        self.lock = lock;
        self.write_lock()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write_lock(&self) -> Result<(), BackupError> {
        let bytes = [&Sha256::digest(&self.lock)[..], &self.lock].concat();
        for name in LOCKS {
            let path = self.path.join(name);
            if std::fs::read(&path).ok().as_ref() != Some(&bytes) {
                files::write_durable(&path, &bytes)?;
            }
        }
        Ok(())
    }

    /// Numbers of the backups that are here, ascending.
    pub fn numbers(&self) -> Result<Vec<u64>, BackupError> {
        let mut numbers: Vec<u64> = names(&self.path)?.iter().filter_map(|name| number_of(name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    pub(super) fn manifest_path(&self, number: u64) -> PathBuf {
        self.path.join(format!("{MANIFEST}{number:08}"))
    }

    pub(super) fn chunk_path(&self, name: &Name) -> PathBuf {
        self.path.join(CHUNKS).join(hex::encode(name))
    }

    /// Names of all files among the chunks.
    pub(super) fn chunk_names(&self) -> Result<Vec<String>, BackupError> {
        names(&self.path.join(CHUNKS))
    }

    /// Stores a chunk, unless it is there already and right. Gives its name and the bytes that were written.
    pub(super) fn put(&self, key: &Key, content: Vec<u8>) -> Result<(Name, u64), BackupError> {
        let name = key.name_of(&content);
        if self.chunk(key, &name).is_ok_and(|there| there == content) {
            return Ok((name, 0));
        }
        let sealed = key.seal(Role::Chunk, &name, content);
        self.write(&self.chunk_path(&name), &sealed)?;
        Ok((name, sealed.len() as u64))
    }

    /// Writes a file, durably. That a disk is full is told of this one, not of the one that is backed up.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
        files::write_durable(path, bytes).map_err(|error| match error {
            StoreError::Unavailable(reason) => BackupError::Unwritable { folder: self.path.clone(), reason },
            other => other.into(),
        })
    }

    /// The content of a chunk.
    pub(super) fn chunk(&self, key: &Key, name: &Name) -> Result<Vec<u8>, BackupError> {
        let told = || damaged(format!("the file {CHUNKS}/{} is gone or was changed", hex::encode(name)));
        let sealed = read_bounded(&self.chunk_path(name), CHUNK_BYTES_MAX + TAG_BYTES).map_err(|_| told())?;
        let content = key.open(Role::Chunk, name, sealed).ok_or_else(told)?;
        // The name is also what commits the file to this key.
        if key.name_of(&content) == *name { Ok(content) } else { Err(told()) }
    }
}

/// Whether backups have been made here, or begun. An error: there is something else, or the disk does not say.
fn is_begun(path: &Path) -> Result<bool, BackupError> {
    let names = names(path)?;
    if names.iter().any(|name| name.starts_with(MANIFEST) || name == CHUNKS) {
        return Ok(true);
    }
    let is_ours = |name: &str| name == IN_USE || name.ends_with(UNFINISHED) || LOCKS.contains(&name);
    if names.iter().any(|name| !is_ours(name)) {
        return Err(BackupError::NotEmpty(path.into()));
    }
    Ok(names.iter().any(|name| LOCKS.contains(&name.as_str())))
}

/// Reads a file that must not be longer than this.
pub(super) fn read_bounded(path: &Path, limit: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// All names in a folder; none if it is not there. A list that a failing disk cuts short is an error: what it leaves out would be
/// taken for missing, and be replaced or no longer needed.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, BackupError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

pub(super) fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix(MANIFEST)?.parse().ok()
}

/// One of the two copies of the lock, if it is whole.
pub(super) fn read_one_lock(path: &Path) -> Option<Vec<u8>> {
    let bytes = read_bounded(path, LOCK_BYTES_MAX).ok()?;
    let (sum, lock) = bytes.split_at_checked(32)?;
    (Sha256::digest(lock)[..] == *sum).then(|| lock.to_vec())
}

fn read_lock(folder: &Path) -> Result<Vec<u8>, BackupError> {
    let mut locks = LOCKS.iter().filter_map(|name| read_one_lock(&folder.join(name)));
    locks.next().ok_or_else(|| damaged(format!("both {} and {} are", LOCKS[0], LOCKS[1])))
}
