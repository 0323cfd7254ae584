use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use causeway_common::ids::DeviceId;
use causeway_common::priority::Priority;
use causeway_common::store::{Kv as _, MemoryKv, transact};
use causeway_common::time::Timestamp;

use super::*;
use crate::catalogue::tests::thread;
use crate::records;
use crate::vault::record::HEAD_KEY;
use crate::vault::{Changes, Cost, Vault};

const PASSPHRASE: &str = "a passphrase of words";

struct Home {
    folder: tempfile::TempDir,
    kv: Arc<MemoryKv>,
    vault: Vault,
}

impl Home {
    /// With five cases, and a snapshot.
    async fn kept() -> Self {
        let (folder, kv) = (tempfile::tempdir().unwrap(), Arc::new(MemoryKv::new()));
        let mut rng = crate::test_rng(1);
        let made = Vault::create(Arc::clone(&kv) as _, folder.path(), PASSPHRASE, Cost::least(), &mut rng);
        let home = Self { vault: made.await.unwrap().0, folder, kv };
        for number in 1..=5 {
            home.write(number).await;
        }
        home.keep().await;
        home
    }

    async fn write(&self, number: u8) {
        let mut changes = Changes::default();
        records::put_thread(&mut changes, &thread(number, Priority::P2, u64::from(number)));
        changes.put(Tree::Drafts, &[number], vec![number; 90]);
        let draft = crate::office::notes::assign([number; 32], Some(&format!("K-{number}")), "");
        let entry = crate::office::Entry::by(DeviceId([1; 32]), "desk".into(), Timestamp(1), draft);
        crate::office::put(&mut changes, &entry);
        self.vault.commit(changes, &mut crate::test_rng(number)).await.unwrap();
    }

    async fn keep(&self) {
        self.vault.keep_snapshot_of(1, &mut crate::test_rng(60)).await.unwrap();
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join(FILE)
    }

    async fn reopen(&mut self) -> Result<(), VaultError> {
        self.vault = Vault::unlock(Arc::clone(&self.kv) as _, self.folder.path(), PASSPHRASE).await?;
        Ok(())
    }

    fn cases(&self) -> Vec<u8> {
        records::catalogue(&self.vault).unwrap().lines().map(|line| line.case[0]).collect()
    }
}

#[tokio::test]
async fn a_vault_opens_by_its_snapshot_as_it_was_and_goes_on_from_there() {
    let mut home = Home::kept().await;
    let revisions = |vault: &Vault| Tree::ALL.map(|tree| vault.revisions(tree));
    let before = revisions(&home.vault);
    home.reopen().await.unwrap();
    assert!(home.vault.is_unchecked());
    assert_eq!(revisions(&home.vault), before);
    // The lines are there without a record having been read: none could be.
    assert_eq!(home.vault.catalogue().generation(), home.vault.generation());
    assert_eq!(home.cases(), [5, 4, 3, 2, 1]);
    assert_eq!(home.vault.catalogue().assigned(&[3; 32]), Some("K-3"), "who has which is there too");
    assert_eq!(home.vault.get(Tree::Drafts, &[3]).unwrap().unwrap().to_vec(), [3; 90]);
    assert_eq!(home.vault.check_in_passing(|| true).unwrap(), home.vault.verify().unwrap().records);
    assert_eq!(home.vault.check_in_passing(|| false).unwrap(), 0);

    home.write(6).await;
    assert_eq!(home.cases(), [6, 5, 4, 3, 2, 1]);
    home.vault.verify().unwrap();
    // The snapshot is of another head now.
    home.reopen().await.unwrap();
    assert!(!home.vault.is_unchecked());
    assert_eq!(home.cases(), [6, 5, 4, 3, 2, 1]);
    home.keep().await;
    home.reopen().await.unwrap();
    assert!(home.vault.is_unchecked());
    assert_eq!(home.cases(), [6, 5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn a_snapshot_that_is_not_right_in_any_byte_is_none() {
    let mut home = Home::kept().await;
    let right = std::fs::read(home.file()).unwrap();
    for at in (0..right.len()).step_by(31) {
        let mut wrong = right.clone();
        wrong[at] ^= 1;
        std::fs::write(home.file(), wrong).unwrap();
        home.reopen().await.unwrap();
        assert!(!home.vault.is_unchecked(), "byte {at}");
        assert_eq!(home.cases(), [5, 4, 3, 2, 1], "byte {at}");
    }
    for end in [0, 3, 40, right.len() / 2, right.len() - 1] {
        std::fs::write(home.file(), &right[..end]).unwrap();
        home.reopen().await.unwrap();
        assert!(!home.vault.is_unchecked(), "cut off at {end}");
    }
    std::fs::remove_file(home.file()).unwrap();
    home.reopen().await.unwrap();
    assert!(!home.vault.is_unchecked());
    std::fs::write(home.file(), &right).unwrap();
    home.reopen().await.unwrap();
    assert!(home.vault.is_unchecked());
}

#[tokio::test]
async fn erasing_a_case_destroys_the_snapshot_that_names_it() {
    let mut home = Home::kept().await;
    let (kept, head) = (std::fs::read(home.file()).unwrap(), home.kv.get(HEAD_KEY).unwrap().unwrap());
    home.vault
        .erase_cases(&BTreeSet::from([[3; 32]]), Changes::default(), &mut crate::test_rng(70))
        .await
        .unwrap();
    assert!(home.vault.eks_get(SECRET).await.is_none());
    // Not even with the database of before does it open.
    let old = home.vault.0.keys.open_head(&head).unwrap();
    std::fs::write(home.file(), kept).unwrap();
    assert!(read(&*home.vault.0.eks.lock().await, &old).is_none());
    home.reopen().await.unwrap();
    assert_eq!(home.cases(), [5, 4, 2, 1]);
}

#[tokio::test]
async fn what_a_snapshot_has_spared_the_opening_is_found_in_passing() {
    for damage in ["removed", "changed", "older"] {
        let mut home = Home::kept().await;
        let older = record_of(&home, &[2]);
        home.write(2).await;
        home.keep().await;
        let (key, value) = record_of(&home, &[2]);
        let value = match damage {
            "removed" => None,
            "changed" => Some([&value[..value.len() - 1], &[value[value.len() - 1] ^ 1]].concat()),
            _ => Some(older.1),
        };
        let write = transact(&*home.kv, move |txn| {
            match &value {
                Some(value) => txn.put(&key, value),
                None => txn.delete(&key),
            }
            Ok::<_, StoreError>(())
        });
        write.await.unwrap().unwrap();
        home.reopen().await.unwrap();
        assert!(home.vault.is_unchecked());
        assert!(matches!(home.vault.check_in_passing(|| true), Err(VaultError::Damaged(_))), "{damage}");
        assert!(home.vault.get(Tree::Drafts, &[2]).is_err(), "{damage}");
        assert!(home.vault.get(Tree::Drafts, &[3]).is_ok());
        // From then on nothing is spared.
        home.vault.drop_snapshot(&mut crate::test_rng(80)).await.unwrap();
        assert!(matches!(home.reopen().await, Err(VaultError::Damaged(_))), "{damage}");
    }
}

/// Where the first piece of a draft stands in the store, and what stands there.
fn record_of(home: &Home, id: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let key = home.vault.0.keys.piece_key(Tree::Drafts, id, 0);
    let value = home.kv.get(&key).unwrap().unwrap();
    (key, value)
}

#[tokio::test]
async fn small_vaults_keep_none() {
    let (folder, kv) = (tempfile::tempdir().unwrap(), Arc::new(MemoryKv::new()));
    let mut rng = crate::test_rng(1);
    let made = Vault::create(kv, Path::new(folder.path()), PASSPHRASE, Cost::least(), &mut rng);
    let vault = made.await.unwrap().0;
    vault.keep_snapshot(&mut rng).await.unwrap();
    assert!(!folder.path().join(FILE).exists());
}
