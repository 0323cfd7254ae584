//! What readers see: every record as the last finished commit has left it.
//!
//! The database shows a commit to readers before it is durable, and so before the commit has been answered. A reader
//! that went by the old revision would then find the new one and call the vault damaged. So what a commit is about to
//! replace is kept until it has been answered.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use causeway_common::store::Kv;

use super::cases::CaseName;
use super::record::{Content, RecordKeys, Write};
use super::{Touched, Tree, VaultError};

/// Identifiers of all records by tree, with what is known of each: the database itself knows only their HMACs.
pub(super) type Index = HashMap<Tree, BTreeMap<Vec<u8>, Place>>;

/// What is known of a record without reading it.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) revision: u64,
    /// The case that it belongs to.
    pub(super) case: Option<Box<CaseName>>,
}

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
    pub(super) fn tree(&self, tree: Tree) -> Option<&BTreeMap<Vec<u8>, Place>> {
        self.index.get(&tree)
    }

    /// Number of records.
    pub(super) fn len(&self) -> usize {
        self.index.values().map(BTreeMap::len).sum()
    }

    pub(super) fn place(&self, tree: Tree, id: &[u8]) -> Option<&Place> {
        self.tree(tree)?.get(id)
    }

    /// All records of these cases.
    pub(super) fn of_cases<'a>(
        &'a self,
        cases: &'a BTreeSet<CaseName>,
    ) -> impl Iterator<Item = (Tree, &'a Vec<u8>)> {
        let of_tree = move |(tree, ids): (&'a Tree, &'a BTreeMap<Vec<u8>, Place>)| {
            let is_one = |place: &Place| place.case.as_ref().is_some_and(|case| cases.contains(&**case));
            let tree = *tree;
            ids.iter().filter(move |(_, place)| is_one(place)).map(move |(id, _)| (tree, id))
        };
        self.index.iter().flat_map(of_tree)
    }

    pub(super) fn load(
        &self,
        kv: &dyn Kv,
        keys: &RecordKeys,
        tree: Tree,
        id: &[u8],
    ) -> Result<Option<Content>, VaultError> {
        let Some(revision) = self.place(tree, id).map(|place| place.revision) else { return Ok(None) };
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
        for (tree, id, place) in touched {
            let tree = self.index.entry(tree).or_default();
            match place {
                Some(place) => drop(tree.insert(id, place)),
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
