//! What readers see: every record as the last finished commit has left it.
//!
//! The database shows a commit to readers before it is durable, and so before the commit has been answered. A reader
//! that went by the old revision would then find the new one and call the vault damaged. So what a commit is about to
//! replace is kept until it has been answered.

use std::collections::{BTreeMap, HashMap};

use causeway_common::store::Kv;
use zeroize::Zeroizing;

use super::record::{RecordKeys, Write};
use super::{Touched, Tree, VaultError};

/// Identifiers of all records by tree, with their revision: the database itself knows only their HMACs.
pub(super) type Index = HashMap<Tree, BTreeMap<Vec<u8>, u64>>;

/// The records, and what stands in the way of the commit under way.
pub(super) struct View {
    index: Index,
    /// Sealed pieces that the commit under way replaces or removes, as they were.
    before: HashMap<Vec<u8>, Vec<u8>>,
}

impl View {
    pub(super) fn new(index: Index) -> Self {
        Self { index, before: HashMap::new() }
    }

    /// Identifiers of a tree.
    pub(super) fn tree(&self, tree: Tree) -> Option<&BTreeMap<Vec<u8>, u64>> {
        self.index.get(&tree)
    }

    pub(super) fn revision(&self, tree: Tree, id: &[u8]) -> Option<u64> {
        self.tree(tree)?.get(id).copied()
    }

    pub(super) fn load(
        &self,
        kv: &dyn Kv,
        keys: &RecordKeys,
        tree: Tree,
        id: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let Some(revision) = self.revision(tree, id) else { return Ok(None) };
        let read = |key: &[u8]| match self.before.get(key) {
            Some(before) => Ok(Some(before.clone())),
            None => kv.get(key),
        };
        keys.load(&read, tree, id, revision).map(Some)
    }

    /// A commit is about to be handed to the database.
    pub(super) fn begin(&mut self, kv: &dyn Kv, writes: &[Write]) -> Result<(), VaultError> {
        for (key, value) in writes {
            if value.is_none()
                && let Some(before) = kv.get(key)?
            {
                self.before.insert(key.clone(), before);
            }
        }
        Ok(())
    }

    /// The commit under way is durable.
    pub(super) fn finish(&mut self, touched: Vec<Touched>) {
        self.before.clear();
        for (tree, id, revision) in touched {
            let tree = self.index.entry(tree).or_default();
            match revision {
                Some(revision) => drop(tree.insert(id, revision)),
                None => drop(tree.remove(&id)),
            }
        }
    }

    /// The commit under way has come to nothing.
    pub(super) fn give_up(&mut self) {
        self.before.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use causeway_common::store::{BoxFuture, MemoryKv, Record, StoreError, Usage, Work};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::vault::{Changes, Cost, MemoryEks, Vault};

    /// Shows a transaction to readers at once, and answers it when there is a permit.
    #[derive(Debug)]
    struct SlowSync {
        map: MemoryKv,
        applied: Semaphore,
        synced: Arc<Semaphore>,
    }

    impl Kv for SlowSync {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.map.get(key)
        }

        fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
            self.map.scan(prefix, after, limit)
        }

        fn transact_boxed(&self, work: Work) -> BoxFuture<'static, Result<(), StoreError>> {
            let (written, synced) = (self.map.transact_boxed(work), Arc::clone(&self.synced));
            self.applied.add_permits(1);
            Box::pin(async move {
                synced.acquire().await.unwrap().forget();
                written.await
            })
        }

        fn usage(&self) -> Result<Usage, StoreError> {
            self.map.usage()
        }
    }

    fn record(value: &[u8]) -> Changes {
        let mut changes = Changes::default();
        changes.put(Tree::Inbox, b"changed", value.to_vec());
        changes
    }

    #[tokio::test]
    async fn readers_see_the_last_finished_commit_while_the_next_one_is_synced() {
        let synced = Arc::new(Semaphore::new(2));
        let kv = SlowSync { map: MemoryKv::new(), applied: Semaphore::new(0), synced: Arc::clone(&synced) };
        let kv = Arc::new(kv);
        let mut rng = crate::test_rng(9);
        let medium = MemoryEks::default();
        let created =
            Vault::create(Arc::clone(&kv) as _, medium, "a passphrase of words", Cost::least(), &mut rng);
        let (vault, _) = created.await.unwrap();
        let mut first = record(b"first");
        first.put(Tree::Inbox, b"removed", b"still here".to_vec());
        vault.commit(first, &mut rng).await.unwrap();
        let mut second = record(b"second");
        second.delete(Tree::Inbox, b"removed");

        kv.applied.forget_permits(usize::MAX);
        let commit = tokio::spawn({
            let vault = vault.clone();
            async move { vault.commit(second, &mut crate::test_rng(10)).await }
        });
        kv.applied.acquire().await.unwrap().forget();
        let read = |id: &[u8]| vault.get(Tree::Inbox, id).unwrap().map(|value| value.to_vec());
        assert_eq!(read(b"changed").as_deref(), Some(&b"first"[..]));
        assert_eq!(read(b"removed").as_deref(), Some(&b"still here"[..]));
        assert_eq!(vault.list(Tree::Inbox).unwrap().len(), 2);

        synced.add_permits(1);
        commit.await.unwrap().unwrap();
        assert_eq!(read(b"changed").as_deref(), Some(&b"second"[..]));
        assert_eq!((read(b"removed"), vault.list(Tree::Inbox).unwrap().len()), (None, 1));
        vault.verify().unwrap();
    }
}
