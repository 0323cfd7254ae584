use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use causeway_common::store::MemoryKv;
use proptest::prelude::*;

use super::*;
use crate::vault::{CASES_PER_EPOCH, Cost, MemoryEks};

fn name(number: u32) -> CaseName {
    let mut name = [0; 32];
    name[..4].copy_from_slice(&number.to_be_bytes());
    name
}

fn one(number: u32) -> BTreeSet<CaseName> {
    BTreeSet::from([name(number)])
}

/// A record of a case.
fn write(changes: &mut Changes, number: u32, value: &[u8]) {
    changes.put_of(Some(name(number)), Tree::Inbox, &name(number), value.to_vec());
}

struct Home {
    kv: Arc<MemoryKv>,
    eks: MemoryEks,
    vault: Vault,
}

impl Home {
    async fn new() -> Self {
        let (kv, eks) = (Arc::new(MemoryKv::new()), MemoryEks::default());
        let passphrase = "a passphrase of words";
        let mut rng = crate::test_rng(1);
        let made = Vault::create(Arc::clone(&kv) as _, eks.clone(), passphrase, Cost::least(), &mut rng);
        Self { kv, eks, vault: made.await.unwrap().0 }
    }

    fn restart(&mut self) {
        self.vault = self.vault.reopen(Arc::clone(&self.kv) as _, self.eks.clone()).unwrap();
    }

    async fn put(&self, numbers: std::ops::Range<u32>, value: &[u8]) {
        let mut changes = Changes::default();
        numbers.for_each(|number| write(&mut changes, number, value));
        self.vault.commit(changes, &mut crate::test_rng(2)).await.unwrap();
    }

    async fn erase(&self, number: u32) -> Result<BTreeSet<CaseName>, VaultError> {
        self.vault.erase_cases(&one(number), Changes::default(), &mut crate::test_rng(3)).await
    }

    fn get(&self, number: u32) -> Result<Option<Vec<u8>>, VaultError> {
        Ok(self.vault.get(Tree::Inbox, &name(number))?.map(|value| value.to_vec()))
    }

    /// A copy of the database as it is now: what an append-only file goes on holding.
    fn copy(&self) -> Arc<MemoryKv> {
        Arc::new(self.kv.snapshot())
    }

    /// The same home on a disk of its own.
    fn fork(&self) -> Self {
        let (kv, eks) = (self.copy(), self.eks.snapshot());
        let vault = self.vault.reopen(Arc::clone(&kv) as _, eks.clone()).unwrap();
        Self { kv, eks, vault }
    }
}

#[tokio::test]
async fn yesterdays_database_with_todays_key_store_yields_nothing_of_an_erased_case() {
    let mut home = Home::new().await;
    home.put(0..3, b"canary").await;
    let yesterday = home.copy();
    let before = home.vault.reopen(Arc::clone(&yesterday) as _, home.eks.snapshot()).unwrap();
    assert_eq!(before.get(Tree::Inbox, &name(1)).unwrap().unwrap().as_slice(), b"canary");
    assert_eq!(home.erase(1).await.unwrap(), BTreeSet::new());
    let after = home.vault.reopen(yesterday as _, home.eks.snapshot()).unwrap();
    assert!(matches!(after.get(Tree::Inbox, &name(1)), Err(VaultError::Damaged(_))));
    for _ in 0..2 {
        assert_eq!((home.get(0).unwrap(), home.get(1).unwrap()), (Some(b"canary".to_vec()), None));
        home.vault.verify().unwrap();
        home.restart();
    }
    assert!(!home.vault.is_erasing());
}

#[tokio::test]
async fn a_renewed_case_keeps_its_records_and_loses_what_they_held_before() {
    let home = Home::new().await;
    home.put(0..2, b"name and number").await;
    let mut more = Changes::default();
    more.put_of(Some(name(1)), Tree::Outbox, b"more", b"stays".to_vec());
    home.vault.commit(more, &mut crate::test_rng(4)).await.unwrap();
    let yesterday = home.copy();
    let mut less = Changes::default();
    write(&mut less, 1, b"number");
    home.vault.renew_case(name(1), less, &mut crate::test_rng(5)).await.unwrap();
    assert_eq!(home.get(1).unwrap().as_deref(), Some(&b"number"[..]));
    assert_eq!(home.vault.get(Tree::Outbox, b"more").unwrap().unwrap().as_slice(), b"stays");
    assert_eq!(home.get(0).unwrap().as_deref(), Some(&b"name and number"[..]));
    let old = home.vault.reopen(yesterday as _, home.eks.snapshot()).unwrap();
    assert!(old.get(Tree::Inbox, &name(1)).is_err(), "the old version is under a key that is gone");
    home.vault.verify().unwrap();
}

#[tokio::test]
async fn an_epoch_is_full_at_its_bound_and_the_key_store_grows_by_one_secret_for_each() {
    let home = Home::new().await;
    let full = u32::try_from(CASES_PER_EPOCH).unwrap();
    home.put(0..full, b"x").await;
    let generation = home.vault.eks_generation().await;
    home.put(0..full, b"again").await;
    assert_eq!(home.vault.eks_generation().await, generation, "known cases cost no write of the key store");
    home.put(full..full + 1, b"x").await;
    assert_eq!(home.vault.eks_generation().await, generation + 1);
    let epoch = |number| home.vault.epoch_of(&name(number));
    assert_ne!(epoch(0), epoch(full));
    assert!((0..full).all(|number| epoch(number) == epoch(0)));
    home.erase(7).await.unwrap();
    assert!((0..=full).filter(|n| *n != 7).all(|number| home.get(number).unwrap().is_some()));
    let mut sizes: BTreeMap<_, usize> = BTreeMap::new();
    (0..=full).filter_map(epoch).for_each(|epoch| *sizes.entry(epoch).or_default() += 1);
    assert!(sizes.values().all(|size| *size <= CASES_PER_EPOCH), "{sizes:?}");
}

#[tokio::test]
async fn an_erasure_that_could_not_destroy_the_secret_is_finished_later() {
    let mut home = Home::new().await;
    home.put(0..1, b"canary").await;
    // The last case of its epoch needs no new secret, so the full disk is met when the old one is to be destroyed.
    home.eks.set_full(true);
    assert!(home.erase(0).await.is_err());
    assert!(home.vault.is_erasing(), "not reported as erased");
    home.restart();
    assert!(home.vault.is_erasing());
    home.eks.set_full(false);
    assert!(home.vault.finish_erasing(&mut crate::test_rng(6)).await.unwrap());
    assert!(!home.vault.is_erasing());
    assert!(!home.vault.finish_erasing(&mut crate::test_rng(6)).await.unwrap());
    assert_eq!(home.get(0).unwrap(), None);
}

#[tokio::test]
async fn a_full_disk_before_the_first_step_leaves_the_case_as_it_was() {
    let mut home = Home::new().await;
    home.put(0..2, b"stays").await;
    home.eks.set_full(true);
    assert!(home.erase(0).await.is_err());
    home.eks.set_full(false);
    home.restart();
    assert_eq!(home.get(0).unwrap().as_deref(), Some(&b"stays"[..]));
    home.erase(0).await.unwrap();
    assert_eq!((home.get(0).unwrap(), home.get(1).unwrap().is_some()), (None, true));
}

#[tokio::test]
async fn what_was_written_before_cases_had_keys_stays_readable_and_is_known() {
    let mut home = Home::new().await;
    let mut old = Changes::default();
    old.put(Tree::Inbox, &name(0), b"without a key".to_vec());
    home.vault.commit(old, &mut crate::test_rng(7)).await.unwrap();
    home.put(1..2, b"with").await;
    home.restart();
    assert_eq!(home.get(0).unwrap().as_deref(), Some(&b"without a key"[..]));
    home.put(0..2, b"with a key").await;
    home.restart();
    assert_eq!(home.get(0).unwrap().as_deref(), Some(&b"with a key"[..]));
    assert_eq!(home.erase(1).await.unwrap(), BTreeSet::new());
    assert_eq!(home.erase(0).await.unwrap(), one(0), "its first version is under no key");
}

#[derive(Clone, Debug)]
enum Act {
    Put(u32, u8),
    Erase(u32),
    Renew(u32, u8),
    Remove(u32),
    Restart,
}

/// Making a home takes the time of its passphrase's protection.
async fn empty() -> &'static Home {
    static EMPTY: tokio::sync::OnceCell<Home> = tokio::sync::OnceCell::const_new();
    EMPTY.get_or_init(Home::new).await
}

fn act() -> impl Strategy<Value = Act> {
    let case = 0u32..12;
    prop_oneof![
        4 => (case.clone(), any::<u8>()).prop_map(|(case, value)| Act::Put(case, value)),
        2 => case.clone().prop_map(Act::Erase),
        1 => (case.clone(), any::<u8>()).prop_map(|(case, value)| Act::Renew(case, value)),
        1 => case.prop_map(Act::Remove),
        1 => Just(Act::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_erased_everything_else_stays_readable(acts in prop::collection::vec(act(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut home = empty().await.fork();
            let mut expected: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
            for (number, act) in acts.into_iter().enumerate() {
                let mut rng = crate::test_rng(u8::try_from(number).unwrap());
                match act {
                    Act::Put(case, value) => {
                        home.put(case..case + 1, &[value; 100]).await;
                        expected.insert(case, vec![value; 100]);
                    }
                    Act::Erase(case) => {
                        home.vault.erase_cases(&one(case), Changes::default(), &mut rng).await.unwrap();
                        expected.remove(&case);
                    }
                    Act::Renew(case, value) => {
                        let mut changes = Changes::default();
                        write(&mut changes, case, &[value; 50]);
                        home.vault.renew_case(name(case), changes, &mut rng).await.unwrap();
                        expected.insert(case, vec![value; 50]);
                    }
                    Act::Remove(case) => {
                        let mut changes = Changes::default();
                        changes.delete(Tree::Inbox, &name(case));
                        home.vault.commit(changes, &mut rng).await.unwrap();
                        expected.remove(&case);
                    }
                    Act::Restart => home.restart(),
                }
                for case in 0..12 {
                    assert_eq!(home.get(case).unwrap(), expected.get(&case).cloned(), "case {case}");
                }
            }
            home.restart();
            home.vault.verify().unwrap();
            assert_eq!(home.vault.list(Tree::Inbox).unwrap().len(), expected.len());
            assert!(!home.vault.is_erasing());
        });
    }
}
