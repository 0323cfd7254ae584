//! How a backup is taken of a running relay: over a socket in its data folder that only its owner can open.
//!
//! The relay gives its records as they were at one moment, and keeps its files of that moment aside under second names
//! (hard links, which cost no space) until whoever asked has read them. Packing, sealing and writing are that one's
//! business: the relay needs no passphrase and no access to where backups go.

use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use causeway_common::store::{KEY_BYTES_MAX, Record, Snapshots, StoreError, VALUE_BYTES_MAX, files};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;

/// The socket.
const SOCKET: &str = "control.sock";
/// Where files are kept while somebody reads them.
const HELD: &str = "held-for-backup";
/// Files kept at the same time. Linking this many takes some seconds in which nobody writes.
const HELD_FILES_MAX: u64 = 1_000_000;
/// Whoever asked takes a page within this time, or is hung up on.
const PAGE_PATIENCE: Duration = Duration::from_secs(300);
/// And all of it, files included, within this time.
const BACKUP_PATIENCE: Duration = Duration::from_secs(12 * 60 * 60);
/// In the place of a key's length: all records have been given; their number and that of the files follow.
const END: u32 = u32::MAX;
/// In the place of a key's length: it has failed, and the reason follows.
const FAILED: u32 = u32::MAX - 1;
const REASON_BYTES_MAX: usize = 1024;

/// The relay's side.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    snapshots: Arc<Snapshots>,
    data: PathBuf,
}

impl Control {
    /// Opens the socket, after removing what an earlier process has left.
    pub fn open(data: &Path, snapshots: Arc<Snapshots>) -> std::io::Result<Self> {
        let path = data.join(SOCKET);
        ignore_missing(std::fs::remove_file(&path))?;
        ignore_missing(std::fs::remove_dir_all(data.join(HELD)))?;
        // The folder around it is its owner's alone already.
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, snapshots, data: data.into() })
    }

    /// Gives backups, one after the other, until it is dropped.
    pub async fn serve(&self) {
        loop {
            let Ok((mut stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            let given = tokio::time::timeout(BACKUP_PATIENCE, self.give(&mut stream)).await;
            if !matches!(given, Ok(Ok(()))) {
                tracing::warn!("a backup was begun and not finished");
            }
            let held = self.data.join(HELD);
            let removed = tokio::task::spawn_blocking(move || ignore_missing(std::fs::remove_dir_all(held)));
            if !matches!(removed.await, Ok(Ok(()))) {
                tracing::warn!("files kept for a backup are not removed; the next start tries again");
            }
        }
    }

    async fn give(&self, stream: &mut tokio::net::UnixStream) -> std::io::Result<()> {
        let (blobs, held) = (self.data.join("blobs"), self.data.join(HELD));
        let files = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&files);
        let holding = move || {
            count.store(hold(&blobs, &held)?, Ordering::Release);
            Ok(())
        };
        let begun = self.snapshots.begin(holding).await;
        let mut snapshot = match begun {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return fail(stream, "another backup is being taken").await,
            Err(error) => return fail(stream, &error.to_string()).await,
        };
        let mut given = 0u64;
        loop {
            let page = match snapshot.next().await {
                Ok(page) if page.is_empty() => break,
                Ok(page) => page,
                Err(error) => return fail(stream, &error.to_string()).await,
            };
            given += page.len() as u64;
            patiently(stream.write_all(&frames(&page))).await?;
        }
        drop(snapshot);
        let files = files.load(Ordering::Acquire);
        let end = [&END.to_le_bytes()[..], &given.to_le_bytes(), &files.to_le_bytes()].concat();
        patiently(stream.write_all(&end)).await?;
        // The files are read now. That the other side goes away is the sign that it needs nothing more.
        stream.read(&mut [0]).await.map(drop)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // A socket that is left is removed by the next start.
        let _ = std::fs::remove_file(self.data.join(SOCKET));
    }
}

fn frames(page: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, value) in page {
        for part in [key, value] {
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(FAILED).to_le_bytes());
        }
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(value);
    }
    bytes
}

async fn patiently(work: impl Future<Output = std::io::Result<()>>) -> std::io::Result<()> {
    tokio::time::timeout(PAGE_PATIENCE, work).await.map_err(|_| std::io::Error::from(ErrorKind::TimedOut))?
}

async fn fail(stream: &mut tokio::net::UnixStream, why: &str) -> std::io::Result<()> {
    let why = why.as_bytes();
    let length = u32::try_from(why.len()).unwrap_or(0).to_le_bytes();
    patiently(stream.write_all(&[&FAILED.to_le_bytes()[..], &length, why].concat())).await?;
    Err(ErrorKind::Other.into())
}

/// Gives every finished file a second name, under which it stays whatever becomes of the first, and their number.
fn hold(blobs: &Path, held: &Path) -> Result<u64, StoreError> {
    let unavailable = |error: std::io::Error| StoreError::Unavailable(error.to_string());
    ignore_missing(std::fs::remove_dir_all(held)).map_err(unavailable)?;
    files::create_private_dir(held)?;
    let mut count = 0;
    for entry in std::fs::read_dir(blobs).map_err(unavailable)? {
        let entry = entry.map_err(unavailable)?;
        let name = entry.file_name();
        if !is_finished(&name.to_string_lossy()) {
            continue;
        }
        if count == HELD_FILES_MAX {
            return Err(StoreError::Unavailable(
                "there are too many files; stop the relay for a backup".into(),
            ));
        }
        match std::fs::hard_link(entry.path(), held.join(&name)) {
            Ok(()) => count += 1,
            // Removed since the list was read.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unavailable(error)),
        }
    }
    Ok(count)
}

/// What is still being uploaded, or written, is begun again after a restoration.
pub fn is_finished(name: &str) -> bool {
    !name.ends_with(".part") && !name.ends_with(".new")
}

fn ignore_missing(done: std::io::Result<()>) -> std::io::Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The side of whoever takes a backup.
#[derive(Debug)]
pub struct Asked {
    stream: std::io::BufReader<UnixStream>,
    data: PathBuf,
    given: u64,
    held: u64,
}

impl Asked {
    /// Asks the relay that runs on this folder; none: none runs.
    pub fn connect(data: &Path) -> Option<Self> {
        let stream = UnixStream::connect(data.join(SOCKET)).ok()?;
        stream.set_read_timeout(Some(PAGE_PATIENCE)).ok()?;
        Some(Self { stream: std::io::BufReader::new(stream), data: data.into(), given: 0, held: 0 })
    }

    /// The next record, in order; none: that was the last. Afterwards the files of the same moment are in [`Asked::files`].
    pub fn record(&mut self) -> Result<Option<Record>, StoreError> {
        let gone = |error: std::io::Error| {
            StoreError::Unavailable(format!("the relay has broken off: {}", error.kind()))
        };
        let key = self.number().map_err(gone)?;
        if key == END {
            let records = self.long().map_err(gone)?;
            self.held = self.long().map_err(gone)?;
            if records != self.given {
                return Err(StoreError::Corrupt(
                    "the relay has given another number of records than it says".into(),
                ));
            }
            return Ok(None);
        }
        let value = self.number().map_err(gone)? as usize;
        if key == FAILED {
            let why = self.bytes(value.min(REASON_BYTES_MAX)).map_err(gone)?;
            return Err(StoreError::Unavailable(String::from_utf8_lossy(&why).into_owned()));
        }
        if key as usize > KEY_BYTES_MAX || value > VALUE_BYTES_MAX {
            return Err(StoreError::Corrupt("the relay gives records that it cannot hold".into()));
        }
        let key = self.bytes(key as usize).map_err(gone)?;
        self.given += 1;
        Ok(Some((key, self.bytes(value).map_err(gone)?)))
    }

    /// Where the files are, as long as this lives.
    pub fn files(&self) -> PathBuf {
        self.data.join(HELD)
    }

    /// How many they are, once all records have been given.
    pub fn held(&self) -> u64 {
        self.held
    }

    fn long(&mut self) -> std::io::Result<u64> {
        let mut number = [0; 8];
        self.stream.read_exact(&mut number)?;
        Ok(u64::from_le_bytes(number))
    }

    fn number(&mut self) -> std::io::Result<u32> {
        let mut number = [0; 4];
        self.stream.read_exact(&mut number)?;
        Ok(u32::from_le_bytes(number))
    }

    fn bytes(&mut self, length: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
