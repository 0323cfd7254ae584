//! Where root keys are, and where they are not.

use std::sync::Arc;

use causeway_common::store::MemoryKv;
use causeway_common::time::SystemClock;

use super::*;
use crate::test_rng;
use crate::vault::{Cost, MemoryEks};

struct Disk(MemoryKv, MemoryEks);

impl Disk {
    async fn new() -> (Self, Vault) {
        let (kv, eks) = (MemoryKv::new(), MemoryEks::default());
        let store = Arc::new(kv.clone());
        let passphrase = "a passphrase for tests";
        let mut rng = test_rng(4);
        let made = Vault::create(store, eks.clone(), passphrase, Cost::least(), &mut rng).await;
        (Self(kv, eks), made.unwrap().0)
    }

    /// The program starts again.
    fn open(&self, vault: &Vault) -> Engine {
        let vault = vault.reopen(Arc::new(self.0.clone()), self.1.clone()).unwrap();
        let folder = std::env::temp_dir();
        Engine::open(vault, folder, Arc::new(SystemClock), Box::new(test_rng(5))).unwrap()
    }
}

async fn told(engine: &Engine) -> Vec<(Part, Place, bool)> {
    let roots = roots(engine).await.unwrap();
    roots.iter().map(|root| (root.part, root.place, root.exposed)).collect()
}

/// Whether a root stands in the records of a vault, out of which backups are made.
async fn is_recorded(vault: &Vault, keys: &[SigningKey]) -> bool {
    let mut found = false;
    let look = |_, _: &[u8], value: &[u8]| {
        found |= keys.iter().any(|key| value.windows(32).any(|part| *part == *key.seed()));
        Ok::<_, VaultError>(())
    };
    vault.export(look).await.unwrap();
    found
}

#[tokio::test]
async fn a_new_organisations_roots_never_stand_in_a_record() {
    let (disk, vault) = Disk::new().await;
    let identity = crate::test_identity();
    let keys: Vec<SigningKey> = identity.fresh_roots.0.iter().map(SigningKey::from_seed).collect();
    store(&vault, &identity, &mut test_rng(6)).await.unwrap();
    let engine = disk.open(&vault);
    assert_eq!(told(&engine).await, [(Part::Root, Place::Here, false), (Part::Next, Place::Here, false)]);
    assert_eq!(engine.identity.fingerprint(), identity.fingerprint());
    assert_eq!(keys.len(), 2);
    assert!(!is_recorded(&engine.vault, &keys).await);
    prepare(&engine).await.unwrap();
    let here = here(&engine).await.unwrap();
    let all: Vec<SigningKey> = here.into_iter().map(|(_, key)| key).collect();
    assert_eq!(all.len(), 3);
    assert!(!is_recorded(&engine.vault, &all).await);
}

#[tokio::test]
async fn roots_of_the_first_version_leave_its_records_one_by_one_and_stay_marked() {
    let (disk, vault) = Disk::new().await;
    let keys: Vec<SigningKey> =
        crate::test_identity().fresh_roots.0.iter().map(SigningKey::from_seed).collect();
    let mut changes = Changes::default();
    records::put_identity(&mut changes, &crate::test_identity().made_by_the_first_version());
    vault.commit(changes, &mut test_rng(6)).await.unwrap();
    let engine = disk.open(&vault);
    assert_eq!(told(&engine).await, [(Part::Root, Place::Here, false), (Part::Next, Place::Here, false)]);
    assert!(is_recorded(&engine.vault, &keys[..1]).await && is_recorded(&engine.vault, &keys[1..]).await);
    confirm(&engine, &[name(keys[0].public())]).await.unwrap();
    assert_eq!(told(&engine).await, [(Part::Root, Place::Paper, true), (Part::Next, Place::Here, false)]);
    let engine = disk.open(&vault);
    assert!(!is_recorded(&engine.vault, &keys[..1]).await && is_recorded(&engine.vault, &keys[1..]).await);
    confirm(&engine, &[name(keys[1].public())]).await.unwrap();
    let engine = disk.open(&vault);
    assert!(!is_recorded(&engine.vault, &keys).await);
    assert_eq!(told(&engine).await, [(Part::Root, Place::Paper, true), (Part::Next, Place::Paper, true)]);
    assert_eq!(engine.identity.device(), crate::test_identity().device(), "the rest is as it was");
}

#[tokio::test]
async fn a_typed_key_counts_for_this_command_only() {
    let (disk, vault) = Disk::new().await;
    store(&vault, &crate::test_identity(), &mut test_rng(6)).await.unwrap();
    let engine = disk.open(&vault);
    let (root, paper) = here(&engine).await.unwrap().remove(0);
    confirm(&engine, &[root.name]).await.unwrap();
    assert!(key(&engine, root.name).await.is_none());
    engine.enter_roots(vec![paper]);
    assert!(key(&engine, root.name).await.is_some());
    assert!(key(&disk.open(&vault), root.name).await.is_none());
}
