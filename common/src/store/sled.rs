//! The store on disk: the only file that names sled, under nine rules (docs/decisions/0003-sled-under-rules.md).
//!
//! One thread owns the database. It drains a bounded queue, runs the transactions in it one after the other over a
//! layer of their own writes, applies one batch, flushes once, syncs the file once, and only then answers all of
//! them. `flush` alone is no barrier in sled 0.34 (it is `sync_file_range`), hence the sync on a handle of our own;
//! values over 4,000 bytes would end up in files that sled never syncs, hence the pieces.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sled::{Batch, Db};
use tokio::sync::{mpsc, oneshot};

use super::files::sync_dir;
use super::memory::{merge, start};
use super::{BoxFuture, KEY_BYTES_MAX, Kv, Record, StoreError, Txn, Usage, VALUE_BYTES_MAX, Work};

/// Format of what this file writes.
const FORMAT: u32 = 1;
/// Above about 8,000 bytes sled moves a value into a file that it never syncs.
const PIECE_BYTES_MAX: usize = 4_000 - 1;
/// Transactions waiting for the writer; the next one waits for room.
const QUEUE_MAX: usize = 1_024;
/// Transactions that share a sync.
const BATCH_WORKS_MAX: usize = 256;
/// Written bytes that share a sync.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// After a failed write the database is opened again, at most this often.
const REOPEN_PAUSE: Duration = Duration::from_millis(250);

/// How to open a [`SledKv`].
#[derive(Clone)]
pub struct SledOptions {
    /// Bytes of page cache.
    pub cache_bytes: u64,
    /// Called with the name of each step of a commit, for tests that kill the process there.
    pub at_step: Option<fn(&'static str)>,
}

impl Default for SledOptions {
    fn default() -> Self {
        Self { cache_bytes: 64 << 20, at_step: None }
    }
}

impl std::fmt::Debug for SledOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SledOptions").field("cache_bytes", &self.cache_bytes).finish_non_exhaustive()
    }
}

/// A store in a folder. The last handle to go waits for the writer to finish what was handed in.
#[derive(Debug)]
pub struct SledKv {
    shared: Arc<RwLock<Option<Db>>>,
    queue: Option<mpsc::Sender<Job>>,
    writer: Option<std::thread::JoinHandle<()>>,
    folder: PathBuf,
}

struct Job {
    work: Work,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

impl SledKv {
    /// Opens the store in `folder`, which is made if it is not there.
    pub fn open(folder: &Path, options: SledOptions) -> Result<Self, StoreError> {
        let opened = Opened::open(folder, &options)?;
        let shared = Arc::new(RwLock::new(Some(opened.db.clone())));
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let writer = Writer {
            folder: folder.to_path_buf(),
            options,
            shared: Arc::clone(&shared),
            opened: Some(opened),
        };
        let writer = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || writer.run(jobs))
            .map_err(|e| StoreError::Unavailable(e.to_string()))?;
        Ok(Self { shared, queue: Some(queue), writer: Some(writer), folder: folder.to_path_buf() })
    }

    fn read<T>(&self, read: impl FnOnce(&Db) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let guard = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        read(guard.as_ref().ok_or_else(closed)?)
    }
}

impl Drop for SledKv {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // The writer catches its own panics; there is nothing to learn from its end.
            let _ = writer.join();
        }
    }
}

impl Kv for SledKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|db| load(db, key))
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.read(|db| records(db, prefix, after).take(limit).collect())
    }

    fn transact_boxed(&self, work: Work) -> BoxFuture<'static, Result<(), StoreError>> {
        let queue = self.queue.clone();
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let queue = queue.ok_or_else(closed)?;
            queue.send(Job { work, answer }).await.map_err(|_| closed())?;
            answered.await.map_err(|_| closed())?
        })
    }

    fn usage(&self) -> Result<Usage, StoreError> {
        let records = self.read(|db| Ok(db.range(vec![HEADS]..vec![PIECES]).count() as u64))?;
        let file_bytes = std::fs::metadata(self.folder.join("db")).map_or(0, |m| m.len());
        Ok(Usage { file_bytes, records })
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed after a failed write".into())
}

/// An open database and the handle its syncs go through.
struct Opened {
    db: Db,
    file: File,
}

impl Opened {
    fn open(folder: &Path, options: &SledOptions) -> Result<Self, StoreError> {
        super::files::create_private_dir(folder)?;
        let config =
            sled::Config::new().path(folder).flush_every_ms(None).cache_capacity(options.cache_bytes);
        let db = match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(opened) => opened.map_err(|e| open_error(folder, &e))?,
            Err(_) => return Err(StoreError::Corrupt("the database cannot be read".into())),
        };
        let file = File::open(folder.join("db")).map_err(unavailable)?;
        let opened = Self { db, file };
        opened.check_format()?;
        sync_dir(folder)?;
        if let Some(parent) = folder.parent().filter(|p| !p.as_os_str().is_empty()) {
            sync_dir(parent)?;
        }
        Ok(opened)
    }

    fn check_format(&self) -> Result<(), StoreError> {
        let stored = self.db.get(FORMAT_KEY).map_err(|e| failed(&e))?;
        match stored.as_deref().map(<[u8; 4]>::try_from) {
            None => {
                self.db.insert(FORMAT_KEY, &FORMAT.to_le_bytes()).map_err(|e| failed(&e))?;
                self.db.flush().map_err(|e| failed(&e))?;
                self.file.sync_data().map_err(unavailable)
            }
            Some(Ok(bytes)) if u32::from_le_bytes(bytes) <= FORMAT => Ok(()),
            Some(Ok(bytes)) => Err(StoreError::Newer { found: u32::from_le_bytes(bytes), known: FORMAT }),
            Some(Err(_)) => Err(StoreError::Corrupt("the format record has the wrong length".into())),
        }
    }
}

/// The thread that owns the database.
struct Writer {
    folder: PathBuf,
    options: SledOptions,
    shared: Arc<RwLock<Option<Db>>>,
    opened: Option<Opened>,
}

impl Writer {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut answers = Vec::new();
            let result = self.commit(first, &mut jobs, &mut answers);
            if !matches!(result, Ok(()) | Err(StoreError::TooLarge(_))) {
                self.close();
            }
            for answer in answers {
                // The asker may have gone away.
                let _ = answer.send(result.clone());
            }
        }
    }

    /// Runs what waits as one batch. `answers` gets everyone who must hear of the result.
    fn commit(
        &mut self,
        first: Job,
        jobs: &mut mpsc::Receiver<Job>,
        answers: &mut Vec<oneshot::Sender<Result<(), StoreError>>>,
    ) -> Result<(), StoreError> {
        if let Err(error) = self.reopen() {
            answers.push(first.answer);
            return Err(error);
        }
        let Some(opened) = &self.opened else { return Err(closed()) };
        let step = |name| self.options.at_step.inspect(|f| f(name));
        let mut layer = Layer::default();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            answers.push(job.answer);
            layer.run(&opened.db, job.work);
            if answers.len() < BATCH_WORKS_MAX && layer.bytes < BATCH_BYTES_MAX {
                next = jobs.try_recv().ok();
            }
        }
        let batch = layer.into_batch(&opened.db)?;
        step("store.before-apply");
        let written = catch_unwind(AssertUnwindSafe(|| {
            opened.db.apply_batch(batch).map_err(|e| failed(&e))?;
            step("store.before-flush");
            opened.db.flush().map_err(|e| failed(&e))
        }));
        written.map_err(|_| StoreError::Unavailable("the database failed while writing".into()))??;
        step("store.before-sync");
        opened.file.sync_data().map_err(unavailable)?;
        step("store.after-sync");
        Ok(())
    }

    /// After a failed write nobody knows what sled holds in memory: drop it, read the disk again.
    fn close(&mut self) {
        self.opened = None;
        *self.shared.write().unwrap_or_else(PoisonError::into_inner) = None;
        // One process-wide pause per failure keeps a full disk from being hammered.
        std::thread::park_timeout(REOPEN_PAUSE);
        // Reads go on even while the disk takes no writes.
        let _ = self.reopen();
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        if self.opened.is_none() {
            let opened = Opened::open(&self.folder, &self.options)?;
            *self.shared.write().unwrap_or_else(PoisonError::into_inner) = Some(opened.db.clone());
            self.opened = Some(opened);
        }
        Ok(())
    }
}

/// The writes of one batch, before they reach the database.
#[derive(Default)]
struct Layer {
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
}

impl Layer {
    /// Runs one transaction. If it panics or writes too much, its writes vanish and its asker hears nothing but the
    /// store's answer.
    fn run(&mut self, db: &Db, work: Work) {
        let mut txn = SledTxn { db, below: &self.writes, own: BTreeMap::new() };
        let keep = catch_unwind(AssertUnwindSafe(|| work(&mut txn))).unwrap_or(false);
        let own = txn.own;
        if keep {
            self.bytes += own.iter().map(|(k, v)| k.len() + v.as_ref().map_or(0, Vec::len)).sum::<usize>();
            self.writes.extend(own);
        }
    }

    fn into_batch(self, db: &Db) -> Result<Batch, StoreError> {
        let mut batch = Batch::default();
        for (key, value) in self.writes {
            if key.len() > KEY_BYTES_MAX {
                return Err(StoreError::TooLarge(key.len()));
            }
            let old_pieces = match db.get(heads(&key)).map_err(|e| failed(&e))? {
                Some(head) => piece_count(&head),
                None => 0,
            };
            let new_pieces = match value {
                None => {
                    batch.remove(heads(&key));
                    0
                }
                Some(value) => put_pieces(&mut batch, &key, &value)?,
            };
            for index in new_pieces..old_pieces {
                batch.remove(piece_key(&key, index));
            }
        }
        Ok(batch)
    }
}

struct SledTxn<'a> {
    db: &'a Db,
    below: &'a BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    own: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Txn for SledTxn<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.own.get(key).or_else(|| self.below.get(key)) {
            Some(written) => Ok(written.clone()),
            None => load(self.db, key),
        }
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        merge(records(self.db, prefix, after), &[self.below, &self.own], prefix, after, limit)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.own.insert(key.to_vec(), Some(value.to_vec()));
    }

    fn delete(&mut self, key: &[u8]) {
        self.own.insert(key.to_vec(), None);
    }
}

const FORMAT_KEY: &[u8] = b"\x00format";
const HEADS: u8 = 1;
const PIECES: u8 = 2;

/// Where the head of a record stands: `0` and the whole value, or `1` and the number of pieces.
fn heads(key: &[u8]) -> Vec<u8> {
    [&[HEADS], key].concat()
}

fn piece_key(key: &[u8], index: u16) -> Vec<u8> {
    let length = u16::try_from(key.len()).unwrap_or(u16::MAX);
    [&[PIECES], &length.to_be_bytes()[..], key, &index.to_be_bytes()].concat()
}

fn piece_count(head: &[u8]) -> u16 {
    match head {
        [1, low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    }
}

fn put_pieces(batch: &mut Batch, key: &[u8], value: &[u8]) -> Result<u16, StoreError> {
    if value.len() > VALUE_BYTES_MAX {
        return Err(StoreError::TooLarge(value.len()));
    }
    if value.len() <= PIECE_BYTES_MAX {
        batch.insert(heads(key), [&[0], value].concat());
        return Ok(0);
    }
    let mut count = 0;
    for piece in value.chunks(PIECE_BYTES_MAX) {
        batch.insert(piece_key(key, count), piece);
        count += 1;
    }
    batch.insert(heads(key), [&[1], &count.to_le_bytes()[..]].concat());
    Ok(count)
}

fn load(db: &Db, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    db.get(heads(key)).map_err(|e| failed(&e))?.map(|head| whole(db, key, &head)).transpose()
}

fn whole(db: &Db, key: &[u8], head: &[u8]) -> Result<Vec<u8>, StoreError> {
    if let Some(value) = head.strip_prefix(&[0]) {
        return Ok(value.to_vec());
    }
    let mut value = Vec::new();
    for index in 0..piece_count(head) {
        let piece = db.get(piece_key(key, index)).map_err(|e| failed(&e))?;
        value.extend_from_slice(
            &piece.ok_or_else(|| StoreError::Corrupt("a piece of a record is gone".into()))?,
        );
    }
    Ok(value)
}

fn records<'a>(
    db: &'a Db,
    prefix: &'a [u8],
    after: Option<&[u8]>,
) -> impl Iterator<Item = Result<Record, StoreError>> + 'a {
    let from = match start(prefix, after) {
        Bound::Excluded(key) => Bound::Excluded(heads(key)),
        Bound::Included(key) => Bound::Included(heads(key)),
        Bound::Unbounded => Bound::Unbounded,
    };
    db.range((from, Bound::<Vec<u8>>::Unbounded))
        .map(|entry| entry.map_err(|e| failed(&e)))
        .take_while(move |entry| match entry {
            Ok((key, _)) => key.first() == Some(&HEADS) && key[1..].starts_with(prefix),
            Err(_) => true,
        })
        .map(move |entry| {
            let (key, head) = entry?;
            Ok((key[1..].to_vec(), whole(db, &key[1..], &head)?))
        })
}

fn open_error(folder: &Path, error: &sled::Error) -> StoreError {
    match error {
        sled::Error::Io(io) if io.to_string().contains("could not acquire lock") => {
            StoreError::Locked(folder.to_path_buf())
        }
        other => failed(other),
    }
}

fn failed(error: &sled::Error) -> StoreError {
    match error {
        sled::Error::Corruption { .. } => StoreError::Corrupt("a page does not read back".into()),
        other => StoreError::Unavailable(other.to_string()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "shaped for map_err")]
fn unavailable(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
