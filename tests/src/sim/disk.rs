//! A disk that forgets, when the power fails, what nobody was told is durable.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use causeway_common::store::{BoxFuture, Kv, MemoryKv, Record, StoreError, Txn, Usage, Work};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

/// How long a sync takes, in milliseconds.
const SYNC_MS: std::ops::RangeInclusive<u64> = 1..=25;

/// A store whose transactions are seen at once and durable a little later. A clone is the same disk.
#[derive(Clone, Debug)]
pub struct Disk {
    newest: MemoryKv,
    log: Arc<Mutex<Log>>,
    full: Arc<AtomicBool>,
}

/// What is not durable yet.
#[derive(Debug)]
struct Log {
    unsynced: VecDeque<Undo>,
    /// Transactions so far that are durable or undone.
    settled: u64,
    rng: ChaCha8Rng,
    lost: u64,
    /// Writes under keys that begin with one of these letters are noted once they are durable.
    noted_letters: &'static [u8],
    noted: Vec<Record>,
}

/// What a transaction has overwritten, in the order of its writes.
#[derive(Debug, Default)]
struct Undo {
    before: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    noted: Vec<Record>,
}

impl Disk {
    /// A disk that holds what `content` holds.
    pub fn holding(content: &MemoryKv, seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let (unsynced, noted) = (VecDeque::new(), Vec::new());
        let log = Log { unsynced, settled: 0, rng, lost: 0, noted_letters: b"", noted };
        Self { newest: content.snapshot(), log: Arc::new(Mutex::new(log)), full: Arc::default() }
    }

    /// Notes what is there and what becomes durable under keys that begin with one of these letters, whatever becomes of it later.
    #[must_use]
    pub fn noting(self, letters: &'static [u8]) -> Self {
        let mut log = self.log();
        log.noted_letters = letters;
        let is_noted = |(key, _): &Record| key.first().is_some_and(|letter| letters.contains(letter));
        log.noted.extend(all(&self.newest).into_iter().filter(is_noted));
        drop(log);
        self
    }

    /// What was noted so far, in order.
    pub fn noted(&self) -> Vec<Record> {
        self.log().noted.clone()
    }

    /// Another disk in the place of this one, which holds what `content` holds. Nobody may be using it.
    pub fn replace(&self, content: &MemoryKv) {
        self.lose_power();
        let (old, new) = (all(&self.newest), all(content));
        let work = move |txn: &mut dyn Txn| {
            old.iter().for_each(|(key, _)| txn.delete(key));
            new.iter().for_each(|(key, value)| txn.put(key, value));
            true
        };
        drop(self.newest.transact_boxed(Box::new(work)));
    }

    /// A copy of all that is stored now.
    pub fn snapshot(&self) -> MemoryKv {
        self.newest.snapshot()
    }

    /// While set, nothing can be written.
    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// The power fails. Of the transactions that nobody was told are durable, a drive keeps the first few; the rest is
    /// undone.
    pub fn lose_power(&self) {
        let mut log = self.log();
        let unsynced = log.unsynced.len();
        let kept = log.rng.random_range(0..=unsynced);
        let undone: Vec<Undo> = log.unsynced.drain(kept..).rev().collect();
        let kept: Vec<Undo> = log.unsynced.drain(..).collect();
        log.noted.extend(kept.into_iter().flat_map(|undo| undo.noted));
        log.settled += unsynced as u64;
        log.lost += undone.len() as u64;
        drop(log);
        for Undo { before, .. } in undone {
            let undo = move |txn: &mut dyn Txn| {
                for (key, value) in before.into_iter().rev() {
                    match value {
                        Some(value) => txn.put(&key, &value),
                        None => txn.delete(&key),
                    }
                }
                true
            };
            drop(self.newest.transact_boxed(Box::new(undo)));
        }
    }

    /// Whether something is written that is not durable yet.
    pub fn is_writing(&self) -> bool {
        !self.log().unsynced.is_empty()
    }

    /// Transactions that were lost so far.
    pub fn lost(&self) -> u64 {
        self.log().lost
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Gives the number of the transaction and how long its sync takes.
    fn begin(&mut self, undo: Undo) -> (u64, Duration) {
        self.unsynced.push_back(undo);
        let sync = self.rng.random_range(SYNC_MS);
        (self.settled + self.unsynced.len() as u64, Duration::from_millis(sync))
    }

    /// A sync covers everything up to this transaction.
    fn synced(&mut self, number: u64) {
        while self.settled < number
            && let Some(undo) = self.unsynced.pop_front()
        {
            self.noted.extend(undo.noted);
            self.settled += 1;
        }
    }
}

fn all(kv: &MemoryKv) -> Vec<Record> {
    kv.scan(b"", None, usize::MAX).unwrap_or_default()
}

impl Kv for Disk {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.newest.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.newest.scan(prefix, after, limit)
    }

    fn transact_boxed(&self, work: Work) -> BoxFuture<'static, Result<(), StoreError>> {
        if self.full.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreError::Unavailable("no space left on device".into())) });
        }
        let undo = Arc::new(Mutex::new(Undo::default()));
        let filled = Arc::clone(&undo);
        let letters = self.log().noted_letters;
        // The store in memory does the work before it returns; what takes time is the sync.
        drop(self.newest.transact_boxed(Box::new(move |txn| {
            let mut recorder = Recorder { txn, letters, undo: Undo::default() };
            let keep = work(&mut recorder);
            if keep {
                *filled.lock().unwrap_or_else(PoisonError::into_inner) = recorder.undo;
            }
            keep
        })));
        let undo = std::mem::take(&mut *undo.lock().unwrap_or_else(PoisonError::into_inner));
        let (number, sync) = self.log().begin(undo);
        let disk = self.clone();
        Box::pin(async move {
            tokio::time::sleep(sync).await;
            disk.log().synced(number);
            Ok(())
        })
    }

    fn usage(&self) -> Result<Usage, StoreError> {
        self.newest.usage()
    }
}

/// Notes what a transaction overwrites.
struct Recorder<'a> {
    txn: &'a mut dyn Txn,
    letters: &'static [u8],
    undo: Undo,
}

impl Recorder<'_> {
    fn note(&mut self, key: &[u8]) {
        let before = self.txn.get(key).unwrap_or_default();
        self.undo.before.push((key.to_vec(), before));
    }
}

impl Txn for Recorder<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.txn.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.txn.scan(prefix, after, limit)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.note(key);
        if key.first().is_some_and(|letter| self.letters.contains(letter)) {
            self.undo.noted.push((key.to_vec(), value.to_vec()));
        }
        self.txn.put(key, value);
    }

    fn delete(&mut self, key: &[u8]) {
        self.note(key);
        self.txn.delete(key);
    }
}

#[cfg(test)]
mod tests {
    use causeway_common::store::transact;

    use super::*;

    async fn put(disk: &Disk, key: &'static [u8], value: &'static [u8]) {
        let work = move |txn: &mut dyn Txn| {
            txn.put(key, value);
            Ok::<_, StoreError>(())
        };
        transact(disk, work).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_answered_stays_and_the_rest_may_go() {
        let (mut kept, mut lost) = (0, 0);
        for seed in 0..40 {
            let disk = Disk::holding(&MemoryKv::new(), seed);
            put(&disk, b"a", b"1").await;
            put(&disk, b"a", b"2").await;
            drop(disk.transact_boxed(Box::new(|txn| {
                txn.put(b"a", b"3");
                txn.put(b"a", b"4");
                txn.put(b"b", b"5");
                true
            })));
            assert_eq!(disk.get(b"a").unwrap().unwrap(), b"4");
            disk.lose_power();
            match disk.get(b"a").unwrap().unwrap().as_slice() {
                b"2" if disk.get(b"b").unwrap().is_none() => lost += 1,
                b"4" if disk.get(b"b").unwrap().is_some() => kept += 1,
                other => panic!("half a transaction: {other:?}"),
            }
        }
        assert!(kept > 5 && lost > 5, "{kept} kept, {lost} lost");
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_disk_takes_nothing_and_loses_nothing() {
        let disk = Disk::holding(&MemoryKv::new(), 1);
        put(&disk, b"a", b"1").await;
        disk.set_full(true);
        assert!(
            transact(&disk, |txn| {
                txn.put(b"a", b"2");
                Ok::<_, StoreError>(())
            })
            .await
            .is_err()
        );
        disk.set_full(false);
        assert_eq!(disk.get(b"a").unwrap().unwrap(), b"1");
        put(&disk, b"a", b"3").await;
    }
}
