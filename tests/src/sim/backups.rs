//! Workstations' backups: taken by the people, in a folder on a real disk, and restored after the workstation is lost.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use causeway_client::backup::{self, FailedBackup};
use causeway_client::engine::{Engine, EngineError};
use causeway_client::vault::MemoryEks;
use causeway_common::backup::{BackupError, Folder};
use causeway_common::store::MemoryKv;
use causeway_common::time::Clock as _;

use super::hosts::lock;
use super::office::Office;

/// Opens every vault.
pub(super) const PASSPHRASE: &str = "a passphrase for tests";
/// Backups that stay in a folder.
const KEPT: usize = 2;
/// The randomness of a restoration, apart from that of starts.
const RESTORATION: u64 = 1 << 32;

/// An office's backups.
#[derive(Debug, Default)]
pub(super) struct Backups {
    folder: Mutex<Option<tempfile::TempDir>>,
    /// Promises that the newest one holds.
    holds: Mutex<Option<usize>>,
    /// How much had been noted of the relay's disk each time that the device began anew.
    lives: Mutex<Vec<usize>>,
}

impl Office {
    /// People take a backup.
    pub(super) async fn back_up(&self, engine: &Engine, number: usize) -> Result<String, EngineError> {
        let holds = self.promises().len();
        let folder = self.backup_folder();
        let mut rng = self.dice(RESTORATION | number as u64);
        let made =
            backup::create(&engine.vault, &engine.staging, &folder, KEPT, engine.now(), &mut rng).await;
        if let Err(error) = made {
            return Ok(format!("has no backup: {error}"));
        }
        *lock(&self.backups.holds) = Some(holds);
        Ok("has a backup".into())
    }

    /// The workstation is lost, and another one goes on from its newest backup. Without one nothing happens. It is down.
    pub(super) fn restore(&self, noted: usize) {
        let Some(holds) = *lock(&self.backups.holds) else { return };
        let path = self.backup_folder();
        let folder = Folder::open(&path).unwrap();
        let (master, key) = backup::open(&folder, PASSPHRASE).unwrap();
        let (kv, eks) = (MemoryKv::new(), MemoryEks::default());
        let store = Arc::new(kv.clone());
        let mut rng = self.dice(2 * RESTORATION);
        let (now, staging) = (self.clock.now(), path.join("staging"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let restoring =
            backup::restore(&folder, (&master, &key), None, store, eks.clone(), &staging, now, &mut rng);
        match runtime.block_on(restoring) {
            Ok(_) => {}
            // Whoever does it has to set the clock right first, and does it another day.
            Err(FailedBackup::Backup(BackupError::ClockBehind)) => return self.tell("has its clock behind"),
            Err(error) => panic!("{error}"),
        }
        self.disk.replace(&kv);
        *lock(&self.eks) = eks;
        lock(&self.common.lost_roots).extend(self.part.org);
        self.forget_promises_after(holds);
        lock(&self.backups.lives).push(noted);
        self.tell("is restored from its backup");
    }

    /// Whether this device has come out of a backup.
    pub(super) fn is_restored(&self) -> bool {
        !lock(&self.backups.lives).is_empty()
    }

    /// How much had been noted of the relay's disk each time that it has.
    pub(super) fn lives(&self) -> Vec<usize> {
        lock(&self.backups.lives).clone()
    }

    fn backup_folder(&self) -> PathBuf {
        let mut folder = lock(&self.backups.folder);
        let folder = folder.get_or_insert_with(|| tempfile::tempdir().unwrap());
        folder.path().join("backups")
    }
}
