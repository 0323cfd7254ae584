//! What every store must do, whatever it stands on. Memory and sled pass it; a clustered store can be the third.

use std::sync::Arc;

use causeway_common::store::{Kv, StoreError, VALUE_BYTES_MAX, transact};

type Opened = Arc<dyn Kv>;

/// Runs the whole suite. `reopen` gives a handle to the same data, after the one before was dropped.
///
/// # Panics
/// When the store breaks its contract.
pub async fn run(reopen: impl Fn() -> Opened) {
    values_and_scans(reopen()).await;
    long_values(reopen()).await;
    a_refused_transaction_changes_nothing(reopen()).await;
    transactions_are_serial(reopen()).await;
    what_was_answered_is_there_after_reopening(&reopen).await;
}

async fn put(kv: &dyn Kv, key: &[u8], value: Vec<u8>) {
    let key = key.to_vec();
    transact(kv, move |txn| {
        txn.put(&key, &value);
        Ok::<_, StoreError>(())
    })
    .await
    .unwrap()
    .unwrap();
}

async fn delete(kv: &dyn Kv, key: &[u8]) {
    let key = key.to_vec();
    transact(kv, move |txn| {
        txn.delete(&key);
        Ok::<_, StoreError>(())
    })
    .await
    .unwrap()
    .unwrap();
}

async fn values_and_scans(kv: Opened) {
    for key in ["a/1", "a/2", "a/3", "b/1"] {
        put(&*kv, key.as_bytes(), key.as_bytes().to_vec()).await;
    }
    assert_eq!(kv.get(b"a/2").unwrap().as_deref(), Some(&b"a/2"[..]));
    assert_eq!(kv.get(b"a").unwrap(), None);
    let keys = |records: Vec<(Vec<u8>, Vec<u8>)>| records.into_iter().map(|r| r.0).collect::<Vec<_>>();
    assert_eq!(keys(kv.scan(b"a/", None, 10).unwrap()), [b"a/1", b"a/2", b"a/3"]);
    assert_eq!(keys(kv.scan(b"a/", Some(b"a/1"), 1).unwrap()), [b"a/2"]);
    assert_eq!(keys(kv.scan(b"a/", Some(b"a/3"), 5).unwrap()), Vec::<Vec<u8>>::new());
    let seen = transact(&*kv, |txn| {
        txn.delete(b"a/2");
        txn.put(b"a/15", b"new");
        Ok::<_, StoreError>(txn.scan(b"a/", None, 10)?.into_iter().map(|r| r.0).collect::<Vec<_>>())
    });
    assert_eq!(seen.await.unwrap().unwrap(), [&b"a/1"[..], b"a/15", b"a/3"]);
    assert_eq!(keys(kv.scan(b"a/", None, 10).unwrap()), [&b"a/1"[..], b"a/15", b"a/3"]);
}

async fn long_values(kv: Opened) {
    for length in [0, 1, 3_998, 3_999, 4_000, 4_001, 8_000, 20_000, VALUE_BYTES_MAX] {
        let value: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
        put(&*kv, b"long", value.clone()).await;
        assert_eq!(kv.get(b"long").unwrap().unwrap(), value, "{length} bytes");
        assert_eq!(kv.scan(b"long", None, 10).unwrap(), [(b"long".to_vec(), value)]);
    }
    let before = kv.usage().unwrap().records;
    put(&*kv, b"long", b"short".to_vec()).await;
    assert_eq!(kv.get(b"long").unwrap().as_deref(), Some(&b"short"[..]));
    delete(&*kv, b"long").await;
    assert_eq!(kv.get(b"long").unwrap(), None);
    assert_eq!(kv.usage().unwrap().records, before - 1);
}

async fn a_refused_transaction_changes_nothing(kv: Opened) {
    let refused = transact(&*kv, |txn| {
        txn.put(b"refused", b"x");
        Err::<(), _>("no")
    });
    assert_eq!(refused.await.unwrap(), Err("no"));
    assert_eq!(kv.get(b"refused").unwrap(), None);
}

async fn transactions_are_serial(kv: Opened) {
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let kv = Arc::clone(&kv);
            tokio::spawn(async move {
                for _ in 0..10 {
                    transact(&*kv, |txn| {
                        let old = txn.get(b"count")?.map_or(0, |v| u64::from_le_bytes(v.try_into().unwrap()));
                        txn.put(b"count", &(old + 1).to_le_bytes());
                        Ok::<_, StoreError>(())
                    })
                    .await
                    .unwrap()
                    .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(kv.get(b"count").unwrap().unwrap(), 640u64.to_le_bytes());
}

async fn what_was_answered_is_there_after_reopening(reopen: &impl Fn() -> Opened) {
    let kv = reopen();
    put(&*kv, b"kept", vec![7; 10_000]).await;
    drop(kv);
    assert_eq!(reopen().get(b"kept").unwrap(), Some(vec![7; 10_000]));
}
