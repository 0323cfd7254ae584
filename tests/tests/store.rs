//! The stores against their contract.

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
