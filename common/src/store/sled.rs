//! The store on disk: the only file that names sled, under ten rules (docs/decisions/0007-sled-under-rules.md).
//!
//! One thread owns the database. It drains a bounded queue, runs the transactions in it one after the other over a
//! layer of their own writes, applies one batch, flushes once, syncs the file once, and only then answers all of
//! them. `flush` alone is no barrier in sled 0.34 (it is `sync_file_range`), hence the sync on a handle of our own;
//! values over 4,000 bytes would end up in files that sled never syncs, hence the pieces ([`records`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

// All of sled comes in here; the modules below take it from this line.
use sled::{Batch, Config, Db, Error as SledError};
use tokio::sync::{mpsc, oneshot};

use self::batch::Layer;
use self::open::{Opened, failed, unavailable};
use super::spare;
use super::{BoxFuture, Kv, Record, StoreError, Usage, Work};

mod batch;
mod open;
mod records;

/// Transactions waiting for the writer; the next one waits for room.
const QUEUE_MAX: usize = 1_024;
/// Transactions that share a sync.
const BATCH_WORKS_MAX: usize = 256;
/// Written bytes that share a sync.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// While the disk takes no writes, it is asked at most this often.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

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
        self.read(|db| records::load(db, key))
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.read(|db| records::scan(db, prefix, after).take(limit).collect())
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
        let records = self.read(|db| Ok(records::count(db)))?;
        let file_bytes = std::fs::metadata(self.folder.join("db")).map_or(0, |m| m.len());
        Ok(Usage { file_bytes, records })
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed after a failed write".into())
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
            let result = match self.prepare() {
                Ok(()) => self.commit(first, &mut jobs, &mut answers),
                Err(error) => {
                    // All who wait hear the same: one after the other would take longer than they have patience.
                    answers.push(first.answer);
                    std::thread::park_timeout(RETRY_PAUSE);
                    answers.extend(std::iter::from_fn(|| jobs.try_recv().ok()).map(|job| job.answer));
                    Err(error)
                }
            };
            for answer in answers {
                // The asker may have gone away.
                let _ = answer.send(result.clone());
            }
        }
    }

    /// The database is open, and there is room to open it again should a write fail.
    fn prepare(&mut self) -> Result<(), StoreError> {
        self.reopen()?;
        match &mut self.opened {
            Some(opened) if !opened.has_spare => {
                spare::keep(&self.folder)?;
                opened.has_spare = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Runs what waits as one batch. `answers` gets everyone who must hear of the result.
    fn commit(
        &mut self,
        first: Job,
        jobs: &mut mpsc::Receiver<Job>,
        answers: &mut Vec<oneshot::Sender<Result<(), StoreError>>>,
    ) -> Result<(), StoreError> {
        let written = self.write(first, jobs, answers);
        if !matches!(written, Ok(()) | Err(StoreError::TooLarge(_))) {
            self.start_over();
        }
        written
    }

    fn write(
        &self,
        first: Job,
        jobs: &mut mpsc::Receiver<Job>,
        answers: &mut Vec<oneshot::Sender<Result<(), StoreError>>>,
    ) -> Result<(), StoreError> {
        let Some(opened) = &self.opened else { return Err(closed()) };
        let step = |name| self.options.at_step.inspect(|f| f(name));
        let mut layer = Layer::default();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match layer.run(&opened.db, job.work) {
                Ok(()) => answers.push(job.answer),
                // The asker may have gone away.
                Err(error) => drop(job.answer.send(Err(error))),
            }
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

    /// After a failed write nobody knows what sled holds in memory: drop it, read the disk again. Reads wait meanwhile,
    /// and then go on even if the disk takes no writes.
    fn start_over(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut shared = shared.write().unwrap_or_else(PoisonError::into_inner);
        // What sled does at its end is not looked at either.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            *shared = None;
            self.opened = None;
        }));
        self.opened = None;
        spare::give_up(&self.folder);
        // If the disk does not even give, the next transaction tries again.
        if let Ok(opened) = Opened::open(&self.folder, &self.options) {
            *shared = Some(opened.db.clone());
            self.opened = Some(opened);
        }
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
