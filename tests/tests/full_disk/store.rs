//! The store itself, without a program around it.

use std::path::Path;

use causeway_common::store::{Kv, SledKv, SledOptions, StoreError, Txn, transact};
use causeway_tests::process::namespace::{entered, fill, mount_small_disk};

use super::DISK_KIB;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    mount_small_disk(&folder.path().join("disk"), DISK_KIB);
    folder
}

fn open(disk: &Path) -> SledKv {
    let options = SledOptions { cache_bytes: 4 << 20, ..SledOptions::default() };
    SledKv::open(&disk.join("store"), options).unwrap()
}

fn value(number: u32) -> Vec<u8> {
    number.to_le_bytes().repeat(700)
}

async fn put(kv: &dyn Kv, number: u32) -> Result<(), StoreError> {
    let work = move |txn: &mut dyn Txn| {
        txn.put(&number.to_be_bytes(), &value(number));
        Ok::<_, StoreError>(())
    };
    transact(kv, work).await?
}

/// What was acknowledged is there and right; what was refused is there whole or not at all.
fn check(kv: &dyn Kv, acknowledged: &[u32], asked: u32) {
    for number in 0..asked {
        let found = kv.get(&number.to_be_bytes()).unwrap();
        if acknowledged.contains(&number) {
            assert_eq!(found.as_ref(), Some(&value(number)), "{number} was acknowledged");
        } else {
            assert!(found.is_none_or(|found| found == value(number)), "{number} is half there");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_on_a_full_disk_refuses_reads_and_recovers() {
    if !entered("store::a_store_on_a_full_disk_refuses_reads_and_recovers") {
        return;
    }
    let folder = folder();
    let disk = folder.path().join("disk");
    let kv = open(&disk);
    let (mut acknowledged, mut asked, mut refused) = (Vec::new(), 0, 0);
    for _round in 0..4 {
        for _ in 0..40 {
            put(&kv, asked).await.unwrap();
            acknowledged.push(asked);
            asked += 1;
        }
        let filler = fill(&disk);
        let mut in_a_row = 0;
        while in_a_row < 3 {
            match put(&kv, asked).await {
                // What the file had allocated before is still there to be used.
                Ok(()) => {
                    acknowledged.push(asked);
                    in_a_row = 0;
                }
                Err(StoreError::Unavailable(_)) => (in_a_row, refused) = (in_a_row + 1, refused + 1),
                Err(other) => panic!("a full disk is reported as {other:?}"),
            }
            asked += 1;
            assert!(asked < 20_000, "the disk is never full");
            check(&kv, &acknowledged, asked);
        }
        drop(filler);
        put(&kv, asked).await.expect("there is space again");
        acknowledged.push(asked);
        asked += 1;
        check(&kv, &acknowledged, asked);
    }
    drop(kv);
    check(&open(&disk), &acknowledged, asked);
    println!("{} acknowledged, {refused} refused, all of them right", acknowledged.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_opens_on_a_full_disk_for_reading() {
    if !entered("store::a_store_opens_on_a_full_disk_for_reading") {
        return;
    }
    let folder = folder();
    let disk = folder.path().join("disk");
    let kv = open(&disk);
    let mut acknowledged: Vec<u32> = (0..200).collect();
    for number in &acknowledged {
        put(&kv, *number).await.unwrap();
    }
    drop(kv);
    let filler = fill(&disk);
    let mut asked = 200;
    for _start in 0..3 {
        let kv = open(&disk);
        check(&kv, &acknowledged, asked);
        while put(&kv, asked).await.is_ok() {
            acknowledged.push(asked);
            asked += 1;
            assert!(asked < 20_000, "the disk is never full");
        }
        asked += 1;
        check(&kv, &acknowledged, asked);
    }
    drop(filler);
    put(&open(&disk), asked).await.expect("there is space again");
}
