//! Backups of a workstation, and what a restored one has to know.
//!
//! A backup holds the records of the vault and the sealed files of packets that have not gone out. It never holds the
//! erasable key store: a restored workstation makes new prekeys in a new epoch, and whatever was sealed to the old ones is
//! refused and sealed again by its sender. It numbers its packets from the time of its restoration on, so that no number
//! is used twice, and tells its people from when it is.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use causeway_common::backup::{About, BackupError, Done, Folder, Item, Key, Manifest, Writer};
use causeway_common::codec;
use causeway_common::store::{Kv, files};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::records::{self, RecordError, Source, early};
use crate::vault::{Belonging, CaseName, Changes, EksMedium, Master, Tree, Vault, VaultError};
use crate::{activity, chain, prekeys};

/// What the manifest says these are backups of.
const WHAT: &str = "workstation";
/// Before the names of staged files.
const STAGING: &str = "staging/";
/// Longest list of the records of one case: fifty thousand.
const BELONGING_BYTES_MAX: usize = 4 << 20;
/// Records restored in one transaction.
const BATCH_RECORDS: usize = 128;
/// And bytes.
const BATCH_BYTES: usize = 2 << 20;
/// After this time without a backup, people are warned.
pub const WARN_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

const LAST: &[u8] = b"backup";
const RESTORED: &[u8] = b"restored";
const IDENTITY: &[u8] = b"identity";

/// Why a backup is not made or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FailedBackup {
    /// The folder with backups.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A record of the vault.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<causeway_common::store::StoreError> for FailedBackup {
    fn from(error: causeway_common::store::StoreError) -> Self {
        Self::Backup(error.into())
    }
}

impl From<std::io::Error> for FailedBackup {
    fn from(error: std::io::Error) -> Self {
        Self::Backup(error.into())
    }
}

/// That this vault came out of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Restored {
    /// The moment that the backup holds.
    pub taken: Timestamp,
    /// When it was restored.
    pub at: Timestamp,
    /// Packets are numbered from here on.
    pub(crate) number: u64,
}

/// When this vault was backed up last; in one that was restored, when that backup was made.
pub fn last(from: &dyn Source) -> Result<Option<Timestamp>, RecordError> {
    records::read(from, Tree::Identity, LAST)
}

/// From which backup this vault came, if from any.
pub fn restored(from: &dyn Source) -> Result<Option<Restored>, RecordError> {
    records::read(from, Tree::Identity, RESTORED)
}

/// Backs up a vault and the staged files beside it. Durable when it returns.
pub async fn create(
    vault: &Vault,
    staging: &Path,
    out: &Path,
    keep: usize,
    now: Timestamp,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<Done, FailedBackup> {
    let header = vault.header()?;
    let key = Key::new(&vault.backup_key());
    let mut folder = Folder::prepare(out, || Ok(header.clone()))?;
    let mut writer = Writer::begin(&folder, &key, About { what: WHAT.into(), taken: now }, keep)?;
    vault
        .export(|tree, id, value| Ok::<_, FailedBackup>(writer.record(&[&[tree as u8], id].concat(), value)?))
        .await?;
    for name in staged(staging)? {
        writer.file(&format!("{STAGING}{name}"), &mut File::open(staging.join(&name))?)?;
    }
    let done = writer.finish(keep, rng)?;
    if folder.lock() != header {
        folder.lock_with(header)?;
    }
    let mut changes = Changes::default();
    records::write(&mut changes, Tree::Identity, LAST, &now);
    activity::append(vault, &mut changes, now, "backup made", None)?;
    vault.commit(changes, rng).await?;
    Ok(done)
}

/// Staged files that are whole, by name.
fn staged(staging: &Path) -> Result<Vec<String>, FailedBackup> {
    if !staging.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(staging)? {
        names.extend(entry?.file_name().into_string().ok().filter(|name| is_staged(name)));
    }
    names.sort_unstable();
    Ok(names)
}

/// Whether a file in the staging folder is a whole one: its name is its content's.
pub fn is_staged(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The key of a folder of backups, by the passphrase or the recovery code of their vault.
pub fn open(folder: &Folder, secret: &str) -> Result<(Master, Key), VaultError> {
    let master = Master::open(folder.lock(), secret)?;
    let key = Key::new(&master.backup_key());
    Ok((master, key))
}

/// Restores a vault into an empty store. Its identity is written last: a restoration that is cut off leaves a home that was
/// begun and not finished.
#[expect(clippy::too_many_arguments, reason = "what is restored, from where, and the places it goes to")]
pub async fn restore(
    folder: &Folder,
    (master, key): (&Master, &Key),
    number: Option<u64>,
    kv: Arc<dyn Kv>,
    medium: impl Into<EksMedium>,
    staging: &Path,
    now: Timestamp,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<Manifest, FailedBackup> {
    let manifest = match number {
        Some(number) => folder.manifest(number, key)?,
        None => folder.latest(key)?,
    };
    if manifest.what != WHAT {
        return Err(BackupError::Another(folder.path().into()).into());
    }
    // New numbers and prekeys begin at the time of the restoration: before that of the backup they could be old ones.
    if now < manifest.taken {
        return Err(BackupError::ClockBehind.into());
    }
    // Everything is read once before anything is written.
    folder.visit(&manifest, key, &mut |_| Ok(()))?;
    let vault = Vault::restore(kv, medium, folder.lock().to_vec(), master, rng).await?;
    files::create_private_dir(staging)?;
    let mut batches = Batches::default();
    folder.visit(&manifest, key, &mut |item| match item {
        Item::Record { key, value } => batches.take(key, value),
        Item::Piece { name, bytes } => write_staged(staging, name, bytes),
        _ => Err(BackupError::Newer),
    })?;
    let Batches { full, open, identity, belonging, .. } = batches;
    for mut changes in full.into_iter().chain([open]) {
        records::assign_cases(&mut changes, &belonging);
        vault.commit(changes, rng).await?;
    }
    sync_staged(staging)?;
    let mut changes = Changes::default();
    let number = first_number(&vault, now)?;
    prekeys::withdraw_all(&vault, &mut changes)?;
    records::write(&mut changes, Tree::Identity, LAST, &manifest.taken);
    records::write(
        &mut changes,
        Tree::Identity,
        RESTORED,
        &Restored { taken: manifest.taken, at: now, number },
    );
    activity::append(&vault, &mut changes, now, "restored from a backup", None)?;
    let identity = identity.ok_or_else(|| BackupError::Damaged("it holds no identity".into()))?;
    changes.put(Tree::Identity, IDENTITY, identity.to_vec());
    vault.commit(changes, rng).await?;
    vault.verify()?;
    Ok(manifest)
}

/// Numbers of packets that no packet has borne: those of a run that began now, or after all that are known of.
fn first_number(vault: &Vault, now: Timestamp) -> Result<u64, RecordError> {
    let before = restored(vault)?.map_or(0, |restored| restored.number);
    let highest = records::chains_to(vault)?.iter().map(|chain| chain.sequence).max().unwrap_or(0);
    Ok(chain::new_run(now, before.max(highest)))
}

/// Records on their way into the vault, the identity apart.
#[derive(Default)]
struct Batches {
    full: Vec<Changes>,
    open: Changes,
    records: usize,
    bytes: usize,
    /// Which records belong to which case.
    belonging: HashMap<(Tree, Vec<u8>), CaseName>,
    identity: Option<zeroize::Zeroizing<Vec<u8>>>,
}

impl Batches {
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), BackupError> {
        let (number, id) = key.split_first().ok_or(BackupError::Newer)?;
        let tree = Tree::from_number(*number).ok_or(BackupError::Newer)?;
        if (tree, id) == (Tree::Identity, IDENTITY) {
            self.identity = Some(zeroize::Zeroizing::new(value.to_vec()));
            return Ok(());
        }
        if early::is_history_cursor(tree, id) {
            return Ok(());
        }
        if tree == Tree::CaseKeys {
            let case: CaseName = id.try_into().map_err(|_| BackupError::Newer)?;
            let records: Belonging =
                codec::decode(value, BELONGING_BYTES_MAX).map_err(|_| BackupError::Newer)?;
            let records = records.into_iter().filter_map(|(tree, id)| Some((Tree::from_number(tree)?, id)));
            self.belonging.extend(records.map(|place| (place, case)));
            return Ok(());
        }
        self.open.put(tree, id, value.to_vec());
        (self.records, self.bytes) = (self.records + 1, self.bytes + value.len());
        if self.records == BATCH_RECORDS || self.bytes >= BATCH_BYTES {
            self.full.push(std::mem::take(&mut self.open));
            (self.records, self.bytes) = (0, 0);
        }
        Ok(())
    }
}

fn write_staged(staging: &Path, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
    let name = name.strip_prefix(STAGING).filter(|name| is_staged(name));
    let name = name.ok_or_else(|| BackupError::Damaged("it has a file that no home has".into()))?;
    Ok(files::append_private(&staging.join(name))?.write_all(bytes)?)
}

fn sync_staged(staging: &Path) -> Result<(), FailedBackup> {
    for name in staged(staging)? {
        File::open(staging.join(name))?.sync_all()?;
    }
    Ok(files::sync_dir(staging)?)
}
