//! A store in memory, for tests and the simulator.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{BoxFuture, Kv, Record, StoreError, Txn, Usage, Work};

/// A map that outlives its users: a clone opens the same data, as a restarted process opens the same disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryKv {
    map: Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>,
    full: Arc<AtomicBool>,
}

impl MemoryKv {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Plays a full disk: while set, every transaction fails and changes nothing.
    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// A copy of all that is stored now: yesterday's backup.
    pub fn snapshot(&self) -> Self {
        Self { map: Arc::new(Mutex::new(self.lock().clone())), full: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        // A panic inside a transaction leaves the map as it was before: writes are applied after it.
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kv for MemoryKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        Ok(scan_map(&self.lock(), prefix, after, limit))
    }

    fn transact_boxed(&self, work: Work) -> BoxFuture<'static, Result<(), StoreError>> {
        let result = if self.full.load(Ordering::SeqCst) {
            Err(StoreError::Unavailable("no space left on device".into()))
        } else {
            let mut map = self.lock();
            let mut txn = MemoryTxn { map: &map, writes: BTreeMap::new() };
            let keep = work(&mut txn);
            let writes = txn.writes;
            if keep {
                for (key, value) in writes {
                    match (map.entry(key), value) {
                        (Entry::Occupied(mut slot), Some(value)) => drop(slot.insert(value)),
                        (Entry::Vacant(slot), Some(value)) => drop(slot.insert(value)),
                        (Entry::Occupied(slot), None) => drop(slot.remove()),
                        (Entry::Vacant(_), None) => {}
                    }
                }
            }
            Ok(())
        };
        Box::pin(std::future::ready(result))
    }

    fn usage(&self) -> Result<Usage, StoreError> {
        let map = self.lock();
        let bytes: usize = map.iter().map(|(k, v)| k.len() + v.len()).sum();
        Ok(Usage { file_bytes: bytes as u64, records: map.len() as u64 })
    }
}

struct MemoryTxn<'a> {
    map: &'a BTreeMap<Vec<u8>, Vec<u8>>,
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Txn for MemoryTxn<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.writes.get(key).map_or_else(|| self.map.get(key).cloned(), Clone::clone))
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        let base = self.map.range::<[u8], _>((start(prefix, after), Bound::Unbounded));
        let base = base.take_while(|(k, _)| k.starts_with(prefix)).map(|(k, v)| Ok((k.clone(), v.clone())));
        merge(base, &[&self.writes], prefix, after, limit)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.writes.insert(key.to_vec(), Some(value.to_vec()));
    }

    fn delete(&mut self, key: &[u8]) {
        self.writes.insert(key.to_vec(), None);
    }
}

fn scan_map(
    map: &BTreeMap<Vec<u8>, Vec<u8>>,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Vec<Record> {
    map.range::<[u8], _>((start(prefix, after), Bound::Unbounded))
        .take_while(|(k, _)| k.starts_with(prefix))
        .take(limit)
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

/// Where a scan begins.
pub(super) fn start<'a>(prefix: &'a [u8], after: Option<&'a [u8]>) -> Bound<&'a [u8]> {
    match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    }
}

/// Lays layers of writes, later ones on top, over an ordered run of stored records.
pub(super) fn merge(
    base: impl Iterator<Item = Result<Record, StoreError>>,
    layers: &[&BTreeMap<Vec<u8>, Option<Vec<u8>>>],
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let mut written: BTreeMap<&[u8], &Option<Vec<u8>>> = BTreeMap::new();
    for layer in layers {
        let range = layer.range::<[u8], _>((start(prefix, after), Bound::Unbounded));
        written.extend(range.take_while(|(k, _)| k.starts_with(prefix)).map(|(k, v)| (k.as_slice(), v)));
    }
    let mut written = written.into_iter().peekable();
    let mut base = base.peekable();
    let mut out = Vec::new();
    while out.len() < limit {
        let from_base = match (base.peek(), written.peek()) {
            (None, None) => break,
            (Some(_), None) | (Some(Err(_)), _) => true,
            (None, Some(_)) => false,
            (Some(Ok((key, _))), Some((newer, _))) => {
                if key.as_slice() == *newer {
                    base.next();
                    false
                } else {
                    key.as_slice() < *newer
                }
            }
        };
        if from_base {
            out.extend(base.next().transpose()?);
        } else if let Some((key, Some(value))) = written.next() {
            out.push((key.to_vec(), value.clone()));
        }
    }
    Ok(out)
}
