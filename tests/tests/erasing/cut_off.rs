//! The machine dies at every step of an erasure. Afterwards the case is there or erased, and nothing else is touched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use causeway_client::vault::{Changes, Cost, Tree, Vault};
use causeway_common::crash;
use causeway_tests::attacker;
use causeway_tests::hostile::scene::rng;

use super::canary::open_store;

const PASSPHRASE: &str = "a passphrase for tests";
const FOLDER: &str = "CAUSEWAY_TEST_FOLDER";
const PLACE: &str = "CAUSEWAY_TEST_PLACE";
/// Steps that an erasure comes past, with how often it does: the key store is written for the new secret and again without the
/// old one.
const PLACES: [(&str, u8); 10] = [
    ("store.before-apply", 1),
    ("store.before-sync", 1),
    ("store.after-sync", 1),
    ("case.before-rewrap", 1),
    ("case.before-destroy", 1),
    ("case.destroyed", 1),
    ("keys.before-content", 2),
    ("keys.before-erase", 2),
    ("keys.erased-half", 2),
    ("file.before-rename", 2),
];

async fn make(folder: &Path) {
    let mut rng = rng(5);
    let (vault, _) =
        Vault::create(open_store(folder), folder, PASSPHRASE, Cost::least(), &mut rng).await.unwrap();
    vault.eks_put(&[(b"seed".to_vec(), zeroize::Zeroizing::new([9; 32]))], &mut rng).await.unwrap();
    let mut changes = Changes::default();
    for case in 0..5 {
        changes.put_of(
            Some([case; 32]),
            Tree::Inbox,
            &[case; 32],
            format!("canary-{case}-a71c").into_bytes(),
        );
    }
    vault.commit(changes, &mut rng).await.unwrap();
}

/// What dies. It is started by the test below, in a process of its own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of the test below"]
async fn child() {
    let Ok(folder) = std::env::var(FOLDER).map(PathBuf::from) else { return };
    let options = causeway_common::store::SledOptions { cache_bytes: 8 << 20, at_step: Some(crash::at) };
    let kv = causeway_common::store::SledKv::open(&folder.join("vault"), options).unwrap();
    let vault = Vault::unlock(std::sync::Arc::new(kv), folder.as_path(), PASSPHRASE).await.unwrap();
    crash::arm(&std::env::var(PLACE).unwrap()).unwrap();
    let erased = BTreeSet::from([[2; 32]]);
    vault.erase_cases(&erased, Changes::default(), &mut rng(6)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_dies_at_every_step_and_only_the_erased_case_goes() {
    let mut deaths = 0;
    for (step, times) in PLACES {
        for nth in 1..=times {
            let home = tempfile::tempdir().unwrap();
            make(home.path()).await;
            let ran = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "cut_off::child", "--ignored"])
                .env(FOLDER, home.path())
                .env(PLACE, format!("{step}:{nth}"))
                .output()
                .unwrap();
            assert!(!ran.status.success(), "nobody died at {step}:{nth}");
            deaths += 1;
            check(home.path(), &format!("{step}:{nth}")).await;
        }
    }
    assert_eq!(deaths, 14);
}

async fn check(folder: &Path, place: &str) {
    let vault = Vault::unlock(open_store(folder), folder, PASSPHRASE).await.unwrap();
    let there = vault.get(Tree::Inbox, &[2; 32]).unwrap().is_some();
    vault.finish_erasing(&mut rng(7)).await.unwrap();
    for case in [0, 1, 3, 4] {
        let value = vault.get(Tree::Inbox, &[case; 32]).unwrap().unwrap();
        assert_eq!(value.as_slice(), format!("canary-{case}-a71c").as_bytes(), "{place}");
    }
    assert!(vault.eks_get(b"seed").await.is_some(), "{place}: a prekey's seed is gone");
    vault.verify().unwrap();
    drop(vault);
    let loot = attacker::read(folder, PASSPHRASE);
    assert_eq!(loot.holds("canary-2-a71c"), there, "{place}: either there or gone");
    assert!(loot.holds("canary-3-a71c"));
    if there {
        let vault = Vault::unlock(open_store(folder), folder, PASSPHRASE).await.unwrap();
        vault.erase_cases(&BTreeSet::from([[2; 32]]), Changes::default(), &mut rng(8)).await.unwrap();
        drop(vault);
        assert!(!attacker::read(folder, PASSPHRASE).holds("canary-2-a71c"), "{place}: the second attempt");
    }
}
