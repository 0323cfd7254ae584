//! The stores against their contract.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::sync::Arc;

use causeway_common::store::{Kv as _, MemoryKv, SledKv, SledOptions, StoreError, transact};
use causeway_tests::store_suite;

#[tokio::test]
async fn memory_keeps_the_contract() {
    let kv = MemoryKv::new();
    store_suite::run(|| Arc::new(kv.clone())).await;
}

#[tokio::test]
async fn sled_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    store_suite::run(|| Arc::new(SledKv::open(folder.path(), SledOptions::default()).unwrap())).await;
    let blobs = folder.path().join("blobs");
    assert!(!blobs.exists() || std::fs::read_dir(blobs).unwrap().next().is_none(), "sled never syncs blobs");
}

#[tokio::test]
async fn a_second_opener_is_refused_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let _first = SledKv::open(folder.path(), SledOptions::default()).unwrap();
    let second = SledKv::open(folder.path(), SledOptions::default()).unwrap_err();
    assert_eq!(second, StoreError::Locked(folder.path().to_path_buf()));
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let kv = MemoryKv::new();
    kv.set_full(true);
    let write = |kv: MemoryKv| async move {
        transact(&kv, |txn| {
            txn.put(b"k", b"v");
            Ok::<_, StoreError>(())
        })
        .await
    };
    assert!(matches!(write(kv.clone()).await, Err(StoreError::Unavailable(_))));
    assert_eq!(kv.get(b"k").unwrap(), None);
    kv.set_full(false);
    write(kv.clone()).await.unwrap().unwrap();
    assert_eq!(kv.get(b"k").unwrap().as_deref(), Some(&b"v"[..]));
}

/// Every opening writes a snapshot under a name of its own until it is whole; a kill or a power cut leaves part of it.
#[tokio::test]
async fn an_opening_that_was_cut_off_does_not_lock_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("store");
    let open = || SledKv::open(&folder, SledOptions::default()).unwrap();
    transact(&open(), |txn| {
        txn.put(b"k", b"v");
        Ok::<_, StoreError>(())
    })
    .await
    .unwrap()
    .unwrap();
    for bytes in [0, 12, 68, 76] {
        std::fs::write(folder.join("snap.FFFFFFFFFFFFFFFF.generating"), vec![7; bytes]).unwrap();
        assert_eq!(
            open().get(b"k").unwrap().as_deref(),
            Some(&b"v"[..]),
            "after {bytes} bytes of a snapshot"
        );
    }
}
