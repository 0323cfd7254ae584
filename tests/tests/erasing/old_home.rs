//! A home from before cases had keys: readable, known as such, and clean after a restoration.

use std::sync::Arc;

use causeway_client::backup;
use causeway_client::records;
use causeway_client::retention::{self, Reason};
use causeway_client::vault::{Changes, Master, MemoryEks, Tree};
use causeway_common::backup::{Folder, Key};
use causeway_common::codec;
use causeway_common::priority::Priority;
use causeway_common::store::MemoryKv;
use causeway_tests::hostile::scene::{Actor, Scene, rng};

const PASSPHRASE: &str = "a passphrase for tests";
const CASE: [u8; 32] = [1; 32];

/// Rewrites packets and threads as homes had them before: the same bytes, under no case.
async fn grow_old(actor: &Actor) {
    let mut changes = Changes::default();
    for received in records::all_received(&actor.engine.vault).unwrap() {
        changes.put(Tree::Inbox, &received.packet.0, codec::encode(&received));
    }
    for thread in records::all_threads(&actor.engine.vault).unwrap() {
        changes.put(Tree::Referrals, &thread.case, codec::encode(&thread));
    }
    actor.engine.commit(changes).await.unwrap();
}

async fn police() -> (Scene, Actor) {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    for number in [1, 2] {
        hotline.write(&police, number, Priority::P1).await;
    }
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    grow_old(&police).await;
    (scene, police)
}

#[tokio::test]
async fn it_opens_and_what_is_erased_in_it_is_said_to_be_older() {
    let (_scene, mut police) = police().await;
    police.restart().await;
    assert_eq!(police.inbox_names(), [1, 2]);
    let erased = retention::erase(&police.engine, CASE, Reason::NotNeeded).await.unwrap();
    assert!(erased.older, "the file may still hold it");
    assert_eq!(police.inbox_names(), [2]);
    police.engine.vault.verify().unwrap();
}

#[tokio::test]
async fn a_restored_backup_gives_every_case_a_key_and_brings_back_what_was_erased_after_it() {
    let (scene, police) = police().await;
    let folder = tempfile::tempdir().unwrap();
    let (out, staging) = (folder.path().join("backups"), folder.path().join("staging"));
    let mut random = rng(9);
    let vault = &police.engine.vault;
    backup::create(vault, &staging, &out, 7, scene.clock_now(), &mut random).await.unwrap();
    retention::erase(&police.engine, CASE, Reason::NotNeeded).await.unwrap();

    let backups = Folder::open(&out).unwrap();
    let master = Master::open(backups.lock(), PASSPHRASE).unwrap();
    let key = Key::new(&master.backup_key());
    let (kv, eks) = (MemoryKv::new(), MemoryEks::default());
    let now = scene.clock_now();
    let store = Arc::new(kv.clone());
    backup::restore(&backups, (&master, &key), None, store, eks.clone(), &staging, now, &mut random)
        .await
        .unwrap();
    let restored = vault.reopen(Arc::new(kv), eks).unwrap();
    assert_eq!(records::all_received(&restored).unwrap().len(), 2, "the erased one is back");
    for case in [[1; 32], [2; 32]] {
        assert!(restored.epoch_of(&case).is_some(), "and has a key now");
        let older = restored.erase_cases(&[case].into(), Changes::default(), &mut random).await.unwrap();
        assert!(older.is_empty(), "nothing of it was ever here without one");
    }
    assert!(records::all_received(&restored).unwrap().is_empty());
}
