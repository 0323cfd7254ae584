//! The writes of the transactions that share one batch.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Batch, Db, records};
use crate::store::memory::merge;
use crate::store::{Record, StoreError, Txn, Work};

/// The writes of one batch, before they reach the database.
#[derive(Default)]
pub(super) struct Layer {
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    pub(super) bytes: usize,
}

impl Layer {
    /// Runs one transaction. If it panics, its writes vanish and its asker hears nothing but the store's answer. If it
    /// writes what the store does not take, that is for its asker alone.
    pub(super) fn run(&mut self, db: &Db, work: Work) -> Result<(), StoreError> {
        let mut txn = SledTxn { db, below: &self.writes, own: BTreeMap::new() };
        let keep = catch_unwind(AssertUnwindSafe(|| work(&mut txn))).unwrap_or(false);
        let own = txn.own;
        if keep {
            own.iter().try_for_each(|(key, value)| records::check(key, value.as_deref()))?;
            self.bytes += own.iter().map(|(k, v)| k.len() + v.as_ref().map_or(0, Vec::len)).sum::<usize>();
            self.writes.extend(own);
        }
        Ok(())
    }

    pub(super) fn into_batch(self, db: &Db) -> Result<Batch, StoreError> {
        let mut batch = Batch::default();
        for (key, value) in &self.writes {
            records::replace(&mut batch, db, key, value.as_deref())?;
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
            None => records::load(self.db, key),
        }
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        merge(records::scan(self.db, prefix, after), &[self.below, &self.own], prefix, after, limit)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.own.insert(key.to_vec(), Some(value.to_vec()));
    }

    fn delete(&mut self, key: &[u8]) {
        self.own.insert(key.to_vec(), None);
    }
}
