//! Committing: all changes or none, durable before anybody hears of it, and what is known after a failure.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use causeway_common::store::{StoreError, transact};
use zeroize::Zeroizing;

use super::cases::{self, CaseName, Key, Unwrapped};
use super::record::{self, Content, Head, Write};
use super::view::{Place, View};
use super::{Changes, RECORD_BYTES_MAX, Scribe, Touched, Tree, Turn, Vault, VaultError, damaged};

impl Vault {
    /// Writes changes, all or nothing. Durable when it returns. Dropping the future does not undo them: once handed to
    /// the store they are followed to their end.
    pub async fn commit(
        &self,
        changes: Changes,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<(), VaultError> {
        let turn = self.turn().await?;
        self.commit_in(turn, changes, HashMap::new(), rng).await.map(drop)
    }

    /// From here on every commit passes this scribe. The first one stays.
    pub(crate) fn keep_log(&self, scribe: Box<dyn Scribe>) {
        drop(self.0.scribe.set(scribe));
    }

    pub(super) async fn turn(&self) -> Result<Turn, VaultError> {
        let turn = Arc::clone(&self.0.turn).lock_owned().await;
        if self.0.unsure.load(Ordering::Acquire) {
            self.settle()?;
        }
        Ok(turn)
    }

    pub(super) async fn commit_in(
        &self,
        turn: Turn,
        mut changes: Changes,
        mut fresh: HashMap<CaseName, Key>,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<Turn, VaultError> {
        let inner = &*self.0;
        if let Some(scribe) = inner.scribe.get() {
            scribe.write(self, &mut changes)?;
        }
        self.give_keys(&mut changes, &mut fresh, rng).await?;
        let mut head = *self.head();
        head.generation += 1;
        let mut writes = Vec::new();
        let mut touched = Vec::new();
        let Changes(values, cases) = changes;
        // One by one they are dropped: a first replay of the directory brings many megabytes.
        for (key, value) in values {
            if value.as_ref().is_some_and(|v| v.len() > RECORD_BYTES_MAX) {
                return Err(StoreError::TooLarge(RECORD_BYTES_MAX + 1).into());
            }
            let case = cases.get(&key).copied();
            let (tree, id) = key;
            let old = self.view().place(tree, &id).map(|place| place.revision);
            if let Some(revision) = old {
                inner.keys.remove(&*inner.kv, tree, &id, revision, &mut head, &mut writes)?;
            }
            let place = value.as_ref().map(|_| Place { revision: head.generation, case: case.map(Box::new) });
            if let Some(value) = value {
                let bytes = match &case {
                    None => value,
                    Some(case) => {
                        let fresh = fresh.get(case).cloned();
                        let key = fresh.map_or_else(|| self.case_key(&self.view(), case), Ok)?;
                        Zeroizing::new(cases::cover(&key, (tree, &id), &value, rng))
                    }
                };
                let content = Content { case, bytes };
                inner.keys.store(tree, &id, head.generation, &content, rng, &mut head, &mut writes);
            }
            touched.push((tree, id, place));
        }
        writes.push((record::HEAD_KEY.to_vec(), Some(inner.keys.seal_head(&head, rng))));
        self.view_mut().begin(&*inner.kv, &writes)?;
        // A task of its own: were the head in memory left behind the one on the disk, the next commit would tear the vault.
        let vault = self.clone();
        let follow = tokio::spawn(async move {
            let written = vault.write(writes, head, touched).await;
            if written.is_err() {
                vault.0.unsure.store(true, Ordering::Release);
                // If the store does not answer now, the next commit asks again.
                let _ = vault.settle();
            }
            written.map(|()| turn)
        });
        let turn = follow.await.map_err(|_| StoreError::Unavailable("the program is ending".into()))??;
        inner.durable.send_replace(head.generation);
        Ok(turn)
    }

    /// Hears of every commit that is durable, by its number. Whoever is slow hears of the last one only.
    pub fn watch(&self) -> tokio::sync::watch::Receiver<u64> {
        self.0.durable.subscribe()
    }

    /// Gives a key to each case that these changes name for the first time, and notes of each other one that it is older than
    /// its key. Costs a look into memory, and one write of the key store for every [`CASES_PER_EPOCH`] new cases.
    async fn give_keys(
        &self,
        changes: &mut Changes,
        fresh: &mut HashMap<CaseName, Key>,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<(), VaultError> {
        let (mut new, mut older) = (BTreeSet::new(), BTreeSet::new());
        for ((tree, id), case) in changes.1.iter().filter(|(_, case)| !fresh.contains_key(*case)) {
            let replaces = self.view().place(*tree, id).is_some_and(|place| place.case.is_none());
            if replaces {
                older.insert(*case);
            }
            if self.cases().epoch(case).is_none() {
                new.insert(*case);
            }
        }
        for case in older.difference(&new) {
            let known = self.unwrap_key(&self.view(), case)?;
            let epoch = self.cases().epoch(case).ok_or_else(|| damaged("the key of a case is gone"))?;
            if !known.older {
                let value = self.cases().wrap(epoch, case, &Unwrapped { older: true, ..known }, rng)?;
                changes.put(Tree::CaseKeys, &cases::key_id(epoch, case), value);
            }
        }
        let rooms = self.make_room(new.len(), &BTreeSet::new(), rng).await?;
        for (case, epoch) in new.into_iter().zip(rooms) {
            let mut key = Key::default();
            rng.fill_bytes(&mut *key);
            let unwrapped = Unwrapped { key: key.clone(), older: older.contains(&case) };
            let value = self.cases().wrap(epoch, &case, &unwrapped, rng)?;
            changes.put(Tree::CaseKeys, &cases::key_id(epoch, &case), value);
            fresh.insert(case, key);
        }
        Ok(())
    }

    async fn write(&self, writes: Vec<Write>, head: Head, touched: Vec<Touched>) -> Result<(), VaultError> {
        transact(&*self.0.kv, move |txn| {
            for (key, value) in writes {
                match value {
                    Some(value) => txn.put(&key, &value),
                    None => txn.delete(&key),
                }
            }
            Ok::<_, StoreError>(())
        })
        .await??;
        *self.head() = head;
        let mut view = self.view_mut();
        let mut cases = self.cases_mut();
        for (_, id, place) in touched.iter().filter(|(tree, ..)| *tree == Tree::CaseKeys) {
            if place.is_some() {
                cases.learn(id);
            } else {
                cases.forget(id);
            }
        }
        view.finish(touched);
        Ok(())
    }

    /// After a failed commit nobody knows whether it has reached the disk: goes by what the disk says.
    fn settle(&self) -> Result<(), VaultError> {
        let sealed = self.0.kv.get(record::HEAD_KEY)?.ok_or_else(|| damaged("its head is gone"))?;
        let head = self.0.keys.open_head(&sealed)?;
        if head != *self.head() {
            let index = record::read_index(&*self.0.kv, &self.0.keys, &head)?;
            let mut view = self.view_mut();
            let ids = index.get(&Tree::CaseKeys).into_iter().flatten().map(|(id, _)| id);
            self.cases_mut().relearn(ids);
            *view = View::new(index);
            *self.head() = head;
        } else {
            self.view_mut().give_up();
        }
        self.0.unsure.store(false, Ordering::Release);
        Ok(())
    }
}
