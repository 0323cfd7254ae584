//! A store as it was at one moment, read while others go on writing.
//!
//! The snapshot is read page by page, each page in a transaction of its own, so that it has its place in the order of
//! all others. Whatever a transaction is about to change behind the page that was read last is kept as it was, until
//! that page has been read. Nothing has to stand still, and no more is kept than what changes meanwhile.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{BoxFuture, Kv, Record, StoreError, Txn, Usage, Work, transact};

/// Bytes of what has changed that are kept for a snapshot: some seconds of the heaviest traffic for each hundred
/// megabytes of store. More ends the snapshot, never the traffic.
const KEPT_BYTES_MAX: usize = 256 << 20;
/// Records of a page: at most 4 MiB, a few milliseconds in which nobody writes.
const PAGE_RECORDS: usize = 64;

/// What a snapshot that is being read needs.
#[derive(Debug, Default)]
struct Progress {
    /// Up to here it has been read; none: nothing yet.
    read: Option<Vec<u8>>,
    /// What stood behind that when the snapshot was taken and has changed since; none: nothing stood there.
    before: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    kept_bytes: usize,
    failed: Option<StoreError>,
}

impl Progress {
    /// A key is about to change.
    fn keep(&mut self, key: &[u8], load: impl FnOnce() -> Result<Option<Vec<u8>>, StoreError>) {
        let is_read = self.read.as_deref().is_some_and(|read| key <= read);
        if is_read || self.failed.is_some() || self.before.contains_key(key) {
            return;
        }
        match load() {
            Ok(value) => {
                self.kept_bytes += key.len() + value.as_ref().map_or(0, Vec::len);
                self.before.insert(key.to_vec(), value);
            }
            Err(error) => self.failed = Some(error),
        }
        if self.kept_bytes > KEPT_BYTES_MAX {
            self.failed = Some(StoreError::Unavailable(
                "more has changed during the backup than fits into memory; try again when there is less traffic".into(),
            ));
            self.before.clear();
        }
    }

    /// The page behind what has been read, as it was.
    fn page(&mut self, txn: &dyn Txn) -> Result<Vec<Record>, StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let now = txn.scan(&[], self.read.as_deref(), PAGE_RECORDS)?;
        // Behind the last record that is there now, what is gone may go on.
        let end = (now.len() == PAGE_RECORDS).then(|| now.last().map(|(key, _)| key.clone())).flatten();
        let mut page: BTreeMap<Vec<u8>, Vec<u8>> = now.into_iter().collect();
        let behind = end.as_ref().map_or_else(BTreeMap::new, |end| {
            let mut behind = self.before.split_off(end);
            if let Some(at_end) = behind.remove(end) {
                self.before.insert(end.clone(), at_end);
            }
            behind
        });
        for (key, value) in std::mem::replace(&mut self.before, behind) {
            match value {
                Some(value) => drop(page.insert(key, value)),
                None => drop(page.remove(&key)),
            }
        }
        self.kept_bytes =
            self.before.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
        // Where nothing is left there is nothing more to keep.
        self.read = Some(end.unwrap_or_else(|| vec![u8::MAX; super::KEY_BYTES_MAX + 1]));
        Ok(page.into_iter().collect())
    }

    fn is_over(&self) -> bool {
        self.read.as_ref().is_some_and(|read| read.len() > super::KEY_BYTES_MAX)
    }
}

/// A store of which snapshots can be taken, one at a time.
#[derive(Debug)]
pub struct Snapshots {
    kv: Arc<dyn Kv>,
    progress: Arc<Mutex<Option<Progress>>>,
}

impl Snapshots {
    /// All writes must go through this from now on.
    pub fn over(kv: Arc<dyn Kv>) -> Self {
        Self { kv, progress: Arc::default() }
    }

    /// Takes a snapshot: what it holds is durable when this returns. `meanwhile` is run at its moment, while nobody
    /// writes. None: another one is being read.
    pub async fn begin(
        &self,
        meanwhile: impl FnOnce() -> Result<(), StoreError> + Send + 'static,
    ) -> Result<Option<Snapshot>, StoreError> {
        let snapshot = Snapshot {
            kv: Arc::clone(&self.kv),
            progress: Arc::clone(&self.progress),
            phase: Arc::new(AtomicU8::new(WAITING)),
        };
        let (progress, phase) = (Arc::clone(&self.progress), Arc::clone(&snapshot.phase));
        let begun = transact(&*self.kv, move |_| {
            let mut progress = lock(&progress);
            if progress.is_some() || phase.load(Ordering::SeqCst) == GONE {
                return Ok(false);
            }
            meanwhile()?;
            *progress = Some(Progress::default());
            phase.store(OURS, Ordering::SeqCst);
            Ok::<_, StoreError>(true)
        })
        .await??;
        Ok(begun.then_some(snapshot))
    }
}

/// It has not begun yet, it is the one that is being read, nobody reads it any more.
const WAITING: u8 = 0;
const OURS: u8 = 1;
const GONE: u8 = 2;

/// A store at one moment. Dropping it ends it.
#[derive(Debug)]
pub struct Snapshot {
    kv: Arc<dyn Kv>,
    progress: Arc<Mutex<Option<Progress>>>,
    phase: Arc<AtomicU8>,
}

impl Snapshot {
    /// The next records, in order; none are left when it gives none.
    pub async fn next(&mut self) -> Result<Vec<Record>, StoreError> {
        loop {
            let progress = Arc::clone(&self.progress);
            let (page, over) = transact(&*self.kv, move |txn| match &mut *lock(&progress) {
                Some(progress) if progress.is_over() => Ok((Vec::new(), true)),
                Some(progress) => Ok((progress.page(txn)?, progress.is_over())),
                None => Err(StoreError::Unavailable("the snapshot has ended".into())),
            })
            .await??;
            if over || !page.is_empty() {
                return Ok(page);
            }
        }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let mut progress = lock(&self.progress);
        if self.phase.swap(GONE, Ordering::SeqCst) == OURS {
            *progress = None;
        }
    }
}

fn lock(progress: &Mutex<Option<Progress>>) -> MutexGuard<'_, Option<Progress>> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Kv for Snapshots {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.kv.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.kv.scan(prefix, after, limit)
    }

    fn transact_boxed(&self, work: Work) -> BoxFuture<'static, Result<(), StoreError>> {
        let progress = Arc::clone(&self.progress);
        self.kv.transact_boxed(Box::new(move |txn| {
            // Looked at when its turn has come: a snapshot may have begun since it was handed in.
            let mut progress = lock(&progress);
            match &mut *progress {
                Some(progress) => work(&mut Watched { txn, progress }),
                None => {
                    drop(progress);
                    work(txn)
                }
            }
        }))
    }

    fn usage(&self) -> Result<Usage, StoreError> {
        self.kv.usage()
    }
}

/// A transaction whose writes keep what they replace.
struct Watched<'a> {
    txn: &'a mut dyn Txn,
    progress: &'a mut Progress,
}

impl Txn for Watched<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.txn.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.txn.scan(prefix, after, limit)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.progress.keep(key, || self.txn.get(key));
        self.txn.put(key, value);
    }

    fn delete(&mut self, key: &[u8]) {
        self.progress.keep(key, || self.txn.get(key));
        self.txn.delete(key);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::MemoryKv;

    async fn write(kv: &dyn Kv, key: u16, value: Option<u8>, keep: bool) {
        let key = key.to_be_bytes();
        let work = move |txn: &mut dyn Txn| {
            match value {
                Some(value) => txn.put(&key, &[value]),
                None => txn.delete(&key),
            }
            if keep { Ok(()) } else { Err(()) }
        };
        assert_eq!(transact(kv, work).await.unwrap().is_ok(), keep);
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    proptest! {
        #[test]
        fn a_snapshot_is_the_store_of_its_moment_whatever_is_written_meanwhile(
            first in prop::collection::vec((0..500u16, any::<u8>()), 0..400),
            meanwhile in prop::collection::vec(
                prop::collection::vec((0..520u16, any::<Option<u8>>(), any::<bool>()), 0..40), 0..12),
        ) {
            runtime().block_on(async {
                let kv = Snapshots::over(Arc::new(MemoryKv::new()));
                for (key, value) in first {
                    write(&kv, key, Some(value), true).await;
                }
                let right = kv.scan(&[], None, usize::MAX).unwrap();
                let mut snapshot = kv.begin(|| Ok(())).await.unwrap().unwrap();
                let mut read = Vec::new();
                let mut meanwhile = meanwhile.into_iter();
                loop {
                    for (key, value, keep) in meanwhile.next().into_iter().flatten() {
                        write(&kv, key, value, keep).await;
                    }
                    let page = snapshot.next().await.unwrap();
                    if page.is_empty() {
                        break;
                    }
                    read.extend(page);
                }
                assert_eq!(read, right);
            });
        }
    }

    #[test]
    fn there_is_one_at_a_time_and_its_end_frees_what_it_kept() {
        runtime().block_on(async {
            let kv = Snapshots::over(Arc::new(MemoryKv::new()));
            write(&kv, 1, Some(1), true).await;
            let snapshot = kv.begin(|| Ok(())).await.unwrap().unwrap();
            assert!(kv.begin(|| Ok(())).await.unwrap().is_none());
            write(&kv, 1, Some(2), true).await;
            assert_eq!(lock(&kv.progress).as_ref().unwrap().before.len(), 1);
            drop(snapshot);
            assert!(lock(&kv.progress).is_none());
            let refused = kv.begin(|| Err(StoreError::Unavailable("no room".into()))).await;
            assert!(refused.is_err() && lock(&kv.progress).is_none());
        });
    }

    #[test]
    fn more_than_fits_ends_the_snapshot_and_not_the_traffic() {
        let mut progress = Progress::default();
        let value = vec![0; 1 << 20];
        for key in 0..300u32 {
            progress.keep(&key.to_be_bytes(), || Ok(Some(value.clone())));
        }
        assert!(matches!(progress.failed, Some(StoreError::Unavailable(_))) && progress.before.is_empty());
    }
}
