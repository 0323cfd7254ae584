//! Large bytes: attachments as they are uploaded piece by piece, and bodies too long for the store.
//!
//! A blob's name is the SHA-256 of its bytes. It grows in a `.part` file, is synced, checked and renamed, and only
//! then recorded; the record holds the hash of the token without which nobody gets a byte.

use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use causeway_common::ids::{BlobId, EnvelopeId};
use causeway_common::limits::BLOB_PIECE_BYTES_MAX;
use causeway_common::store::{StoreError, files};
use sha2::{Digest as _, Sha256};

use crate::Refused;

/// Where large bytes live.
#[derive(Clone, Debug)]
pub enum Blobs {
    /// In a folder.
    Folder(PathBuf),
    /// In memory, for the simulator.
    Memory(MemoryBlobs),
}

/// Blobs in memory; a clone opens the same ones, as a restarted process opens the same disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryBlobs(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl MemoryBlobs {
    /// Names of all files.
    pub fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// A copy of all files as they are now: yesterday's backup.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self(Arc::new(Mutex::new(self.lock().clone())))
    }

    /// Loses all files: a disk gone bad.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// As a stop between a blob's last byte and its verification leaves it.
    pub fn unfinish(&self, id: BlobId) {
        let mut files = self.lock();
        if let Some(bytes) = files.remove(&blob_name(id)) {
            files.insert(part_name(id), bytes);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blobs {
    /// Blobs in `folder`, which is made if it is not there.
    pub fn in_folder(folder: &Path) -> Result<Self, StoreError> {
        files::create_private_dir(folder)?;
        Ok(Self::Folder(folder.to_path_buf()))
    }

    /// Keeps a body. Durable when it returns.
    pub(crate) async fn put_body(&self, id: EnvelopeId, body: Vec<u8>) -> Result<(), Refused> {
        match self {
            Self::Memory(memory) => drop(memory.lock().insert(body_name(id), body)),
            Self::Folder(folder) => {
                let path = folder.join(body_name(id));
                blocking(move || files::write_durable(&path, &body)).await??;
            }
        }
        Ok(())
    }

    /// A kept body.
    pub(crate) async fn body(&self, id: EnvelopeId) -> Result<Option<Vec<u8>>, Refused> {
        match self {
            Self::Memory(memory) => Ok(memory.lock().get(&body_name(id)).cloned()),
            Self::Folder(folder) => {
                let path = folder.join(body_name(id));
                blocking(move || match std::fs::read(path) {
                    Ok(body) => Ok(Some(body)),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(unavailable(&error).into()),
                })
                .await?
            }
        }
    }

    /// Drops bodies that nobody waits for any more.
    pub(crate) async fn remove_bodies(&self, ids: Vec<EnvelopeId>) -> Result<(), Refused> {
        if ids.is_empty() {
            return Ok(());
        }
        self.remove(ids.into_iter().map(body_name).collect()).await
    }

    /// Drops a blob and what has arrived of it.
    pub(crate) async fn remove_blob(&self, id: BlobId) -> Result<(), Refused> {
        self.remove(vec![blob_name(id), part_name(id)]).await
    }

    /// Names of all files, for [`Kind::of`].
    pub(crate) async fn names(&self) -> Result<Vec<String>, Refused> {
        match self {
            Self::Memory(memory) => Ok(memory.names()),
            Self::Folder(folder) => {
                let folder = folder.clone();
                blocking(move || {
                    let entries = std::fs::read_dir(folder).map_err(|e| unavailable(&e))?;
                    Ok(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
                })
                .await?
            }
        }
    }

    /// Drops files by name.
    pub(crate) async fn remove(&self, names: Vec<String>) -> Result<(), Refused> {
        match self {
            Self::Memory(memory) => {
                let mut map = memory.lock();
                names.iter().for_each(|name| drop(map.remove(name)));
            }
            Self::Folder(folder) => {
                let folder = folder.clone();
                blocking(move || names.iter().try_for_each(|name| files::remove_durable(&folder.join(name))))
                    .await??;
            }
        }
        Ok(())
    }

    /// Bytes of a blob that are here, and whether it is whole.
    pub(crate) async fn held(&self, id: BlobId) -> Result<(u64, bool), Refused> {
        match self {
            Self::Memory(memory) => {
                let map = memory.lock();
                let length = |name: String| map.get(&name).map(|bytes| bytes.len() as u64);
                Ok(match length(blob_name(id)) {
                    Some(whole) => (whole, true),
                    None => (length(part_name(id)).unwrap_or(0), false),
                })
            }
            Self::Folder(folder) => {
                let (whole, part) = (folder.join(blob_name(id)), folder.join(part_name(id)));
                blocking(move || match std::fs::metadata(whole) {
                    Ok(whole) => (whole.len(), true),
                    Err(_) => (std::fs::metadata(part).map_or(0, |m| m.len()), false),
                })
                .await
            }
        }
    }

    /// Appends a piece to what has arrived of a blob, at most [`BLOB_PIECE_BYTES_MAX`]. Durable when it returns.
    pub(crate) async fn append(&self, id: BlobId, piece: Vec<u8>) -> Result<(), Refused> {
        debug_assert!(piece.len() <= BLOB_PIECE_BYTES_MAX);
        match self {
            Self::Memory(memory) => memory.lock().entry(part_name(id)).or_default().extend(piece),
            Self::Folder(folder) => {
                let path = folder.join(part_name(id));
                blocking(move || {
                    let mut file = files::append_private(&path)?;
                    file.write_all(&piece).and_then(|()| file.sync_data()).map_err(|e| unavailable(&e))
                })
                .await??;
            }
        }
        Ok(())
    }

    /// Checks a blob that has arrived whole and gives it its name. `false`: the bytes are not those of the name, and
    /// are gone.
    pub(crate) async fn finish(&self, id: BlobId) -> Result<bool, Refused> {
        match self {
            Self::Memory(memory) => {
                let mut map = memory.lock();
                let Some(bytes) = map.remove(&part_name(id)) else { return Ok(false) };
                let right = <[u8; 32]>::from(Sha256::digest(&bytes)) == id.0;
                if right {
                    map.insert(blob_name(id), bytes);
                }
                Ok(right)
            }
            Self::Folder(folder) => {
                let (part, whole) = (folder.join(part_name(id)), folder.join(blob_name(id)));
                blocking(move || {
                    if hash_file(&part)? == id.0 {
                        files::rename_durable(&part, &whole)?;
                        Ok(true)
                    } else {
                        files::remove_durable(&part)?;
                        Ok(false)
                    }
                })
                .await?
            }
        }
    }

    /// A piece of a whole blob.
    pub(crate) async fn piece(&self, id: BlobId, offset: u64) -> Result<Vec<u8>, Refused> {
        match self {
            Self::Memory(memory) => {
                let map = memory.lock();
                let bytes = map.get(&blob_name(id)).map_or(&[][..], Vec::as_slice);
                let from = usize::try_from(offset).map_or(bytes.len(), |o| o.min(bytes.len()));
                let to = bytes.len().min(from + BLOB_PIECE_BYTES_MAX);
                Ok(bytes[from..to].to_vec())
            }
            Self::Folder(folder) => {
                let path = folder.join(blob_name(id));
                blocking(move || read_piece(&path, offset).map_err(|e| unavailable(&e).into())).await?
            }
        }
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A body too long for the store.
    Body(EnvelopeId),
    /// An attachment, whole or in part.
    Blob(BlobId),
    /// Something half-written.
    Scrap,
}

impl Kind {
    /// What the name says.
    pub(crate) fn of(name: &str) -> Self {
        let (id, ending) = name.split_once('.').unwrap_or((name, ""));
        match ending {
            "body" => id.parse().map_or(Self::Scrap, Self::Body),
            "part" | "" => id.parse().map_or(Self::Scrap, Self::Blob),
            _ => Self::Scrap,
        }
    }
}

fn blob_name(id: BlobId) -> String {
    format!("{id}")
}

fn part_name(id: BlobId) -> String {
    format!("{id}.part")
}

fn body_name(id: EnvelopeId) -> String {
    format!("{id}.body")
}

fn hash_file(path: &Path) -> Result<[u8; 32], Refused> {
    let mut file = std::fs::File::open(path).map_err(|e| unavailable(&e))?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; BLOB_PIECE_BYTES_MAX];
    loop {
        let read = file.read(&mut piece).map_err(|e| unavailable(&e))?;
        if read == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(&piece[..read]);
    }
}

fn read_piece(path: &Path, offset: u64) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut piece = Vec::new();
    file.take(BLOB_PIECE_BYTES_MAX as u64).read_to_end(&mut piece)?;
    Ok(piece)
}

fn unavailable(error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// Runs file work where it may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Refused(causeway_common::error::ErrorCode::Internal))
}
