//! The erasable key store: secrets that must really disappear.
//!
//! A database that appends never forgets. So prekey seeds and the secrets that wrap the keys of cases stand in a small file that is rewritten whole at every
//! change, under a key that comes from the vault's master key and a fresh erase secret in a file of its own. The old
//! erase secret is overwritten and removed: without it the old generation cannot be opened, passphrase or not.
//!
//! Honest limit: on drives that keep old blocks, somebody with access to the chips and the passphrase may find the old
//! erase secret.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use causeway_common::store::{StoreError, files};
use causeway_common::{codec, crash};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use super::record::{open, seal};
use super::{VaultError, damaged};

/// Largest file: ten thousand secrets of some 60 bytes.
const FILE_BYTES_MAX: usize = 1 << 20;
const SECRETS_MAX: usize = 10_000;
const AAD: &[u8] = b"causeway/v1 vault-eks";

/// Where the key store stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EksMedium {
    /// Two files in this folder.
    Folder(PathBuf),
    /// In memory, for the simulator.
    Memory(MemoryEks),
}

/// A key store in memory; a clone opens the same one, as a restarted process opens the same disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryEks {
    files: Arc<Mutex<BTreeMap<&'static str, Vec<u8>>>>,
    full: Arc<AtomicBool>,
}

impl From<MemoryEks> for EksMedium {
    fn from(memory: MemoryEks) -> Self {
        Self::Memory(memory)
    }
}

/// The two generations that can be on the disk at the same time.
const SLOTS: [(&str, &str); 2] = [("keys-a.eks", "erase-a.key"), ("keys-b.eks", "erase-b.key")];
/// Names of everything the key store keeps in its folder.
pub const EKS_FILES: [&str; 4] = [SLOTS[0].0, SLOTS[0].1, SLOTS[1].0, SLOTS[1].1];

#[derive(Serialize, Deserialize)]
struct Content {
    generation: u64,
    secrets: Vec<Secret>,
}

#[derive(Serialize, Deserialize)]
struct Secret {
    id: Vec<u8>,
    bytes: [u8; 32],
}

impl Drop for Content {
    fn drop(&mut self) {
        self.secrets.iter_mut().for_each(|secret| secret.bytes.zeroize());
    }
}

/// The open key store.
pub(super) struct Eks {
    medium: EksMedium,
    /// The vault's master key.
    key: Zeroizing<[u8; 32]>,
    generation: u64,
    secrets: BTreeMap<Vec<u8>, Zeroizing<[u8; 32]>>,
}

impl Eks {
    pub(super) fn create(
        medium: EksMedium,
        master: &[u8; 32],
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Result<Self, VaultError> {
        let mut eks = Self { medium, key: Zeroizing::new(*master), generation: 0, secrets: BTreeMap::new() };
        eks.write(BTreeMap::new(), rng)?;
        Ok(eks)
    }

    /// Opens the highest generation that authenticates; what a crash left of another one is erased.
    pub(super) fn open(medium: EksMedium, master: &[u8; 32]) -> Result<Self, VaultError> {
        let mut found: Option<(usize, Content)> = None;
        for (slot, (keys, erase)) in SLOTS.iter().enumerate() {
            let Some(content) = read(&medium, master, keys, erase)? else { continue };
            if found.as_ref().is_none_or(|(_, best)| best.generation < content.generation) {
                found = Some((slot, content));
            }
        }
        let (slot, content) = found.ok_or_else(|| damaged("its erasable key store does not open"))?;
        medium.erase(SLOTS[1 - slot])?;
        let secrets = content.secrets.iter().map(|s| (s.id.clone(), Zeroizing::new(s.bytes))).collect();
        Ok(Self { medium, key: Zeroizing::new(*master), generation: content.generation, secrets })
    }

    /// Where it stands.
    pub(super) fn medium(&self) -> &EksMedium {
        &self.medium
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn get(&self, id: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        self.secrets.get(id).cloned()
    }

    /// All secrets that `wanted` picks by name.
    pub(super) fn all(
        &self,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> impl Iterator<Item = (Vec<u8>, Zeroizing<[u8; 32]>)> {
        let picked = self.secrets.iter().filter(move |(id, _)| wanted(id));
        picked.map(|(id, secret)| (id.clone(), secret.clone()))
    }

    pub(super) fn put(
        &mut self,
        secrets: &[(Vec<u8>, Zeroizing<[u8; 32]>)],
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Result<(), VaultError> {
        let mut next = self.secrets.clone();
        next.extend(secrets.iter().cloned());
        if next.len() > SECRETS_MAX {
            return Err(StoreError::TooLarge(next.len()).into());
        }
        self.write(next, rng)
    }

    pub(super) fn erase(
        &mut self,
        ids: &[Vec<u8>],
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Result<(), VaultError> {
        let mut next = self.secrets.clone();
        ids.iter().for_each(|id| drop(next.remove(id)));
        if next.len() == self.secrets.len() { Ok(()) } else { self.write(next, rng) }
    }

    /// Writes a new generation, then erases the old one. A crash between the two leaves both; the next start erases
    /// the older. If this fails, nothing has been erased.
    fn write(
        &mut self,
        secrets: BTreeMap<Vec<u8>, Zeroizing<[u8; 32]>>,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Result<(), VaultError> {
        let generation = self.generation + 1;
        let [even, odd] = SLOTS;
        let (current, other) = if generation.is_multiple_of(2) { (even, odd) } else { (odd, even) };
        let content = Content {
            generation,
            secrets: secrets.iter().map(|(id, bytes)| Secret { id: id.clone(), bytes: **bytes }).collect(),
        };
        let mut erase_secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *erase_secret);
        let plain = Zeroizing::new(codec::encode(&content));
        let sealed = seal(&file_key(&self.key, &erase_secret), AAD, &plain, rng);
        self.medium.write(current.1, &*erase_secret)?;
        crash::at("keys.before-content");
        self.medium.write(current.0, &sealed)?;
        self.generation = generation;
        self.secrets = secrets;
        crash::at("keys.before-erase");
        self.medium.erase(other)
    }
}

fn file_key(master: &[u8; 32], erase_secret: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(erase_secret), master)
        .expand(AAD, &mut *key)
        .expect("32 bytes are far below the limit of HKDF");
    key
}

fn read(
    medium: &EksMedium,
    master: &[u8; 32],
    keys: &str,
    erase: &str,
) -> Result<Option<Content>, VaultError> {
    let (Some(sealed), Some(secret)) = (medium.read(keys)?, medium.read(erase)?) else { return Ok(None) };
    let Ok(secret) = <[u8; 32]>::try_from(secret.as_slice()) else { return Ok(None) };
    let Some(plain) = open(&file_key(master, &secret), AAD, &sealed) else { return Ok(None) };
    Ok(codec::decode(&plain, FILE_BYTES_MAX).ok())
}

impl EksMedium {
    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        match self {
            Self::Memory(memory) => Ok(memory.lock().get(name).cloned().map(Zeroizing::new)),
            Self::Folder(folder) => match std::fs::read(folder.join(name)) {
                Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(unavailable(&error)),
            },
        }
    }

    fn write(&self, name: &'static str, bytes: &[u8]) -> Result<(), VaultError> {
        match self {
            Self::Memory(memory) => {
                if memory.full.load(Ordering::SeqCst) {
                    return Err(StoreError::Unavailable("no space left on device".into()).into());
                }
                memory.lock().insert(name, bytes.to_vec());
            }
            Self::Folder(folder) => files::write_durable(&folder.join(name), bytes)?,
        }
        Ok(())
    }

    /// Overwrites the erase secret in place, removes it, then what it opened.
    fn erase(&self, (keys, erase): (&'static str, &'static str)) -> Result<(), VaultError> {
        match self {
            Self::Memory(memory) => {
                let mut files = memory.lock();
                files.remove(erase);
                files.remove(keys);
            }
            Self::Folder(folder) => {
                overwrite(&folder.join(erase)).map_err(|e| unavailable(&e))?;
                crash::at("keys.erased-half");
                files::remove_durable(&folder.join(erase))?;
                files::remove_durable(&folder.join(keys))?;
            }
        }
        Ok(())
    }
}

fn overwrite(path: &Path) -> std::io::Result<()> {
    match std::fs::OpenOptions::new().write(true).open(path) {
        Ok(mut file) => {
            file.write_all(&[0; 32])?;
            file.sync_all()
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

impl MemoryEks {
    /// Plays a full disk: while set, nothing is written.
    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// A copy of all that is stored now: yesterday's snapshot of the machine.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self { files: Arc::new(Mutex::new(self.lock().clone())), full: Arc::default() }
    }

    /// Lets `change` do to each file what a damaged disk would.
    pub fn damage(&self, mut change: impl FnMut(&str, &mut Vec<u8>)) {
        self.lock().iter_mut().for_each(|(name, bytes)| change(name, bytes));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Vec<u8>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(error: &std::io::Error) -> VaultError {
    StoreError::Unavailable(error.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: [u8; 32] = [7; 32];

    fn secret(byte: u8) -> (Vec<u8>, Zeroizing<[u8; 32]>) {
        (vec![byte], Zeroizing::new([byte; 32]))
    }

    #[test]
    fn secrets_come_back_until_they_are_erased() {
        let folder = tempfile::tempdir().unwrap();
        let medium = EksMedium::Folder(folder.path().to_path_buf());
        let mut rng = crate::test_rng(5);
        let mut eks = Eks::create(medium.clone(), &MASTER, &mut rng).unwrap();
        eks.put(&[secret(1), secret(2)], &mut rng).unwrap();
        eks.erase(&[vec![1]], &mut rng).unwrap();
        let again = Eks::open(medium, &MASTER).unwrap();
        assert_eq!(again.get(&[1]), None);
        assert_eq!(again.get(&[2]), Some(Zeroizing::new([2; 32])));
        assert_eq!(again.generation(), 3);
    }

    #[test]
    fn a_crash_between_writing_and_erasing_leaves_the_newer_and_erases_the_older() {
        let memory = MemoryEks::default();
        let mut rng = crate::test_rng(6);
        let mut eks = Eks::create(memory.clone().into(), &MASTER, &mut rng).unwrap();
        eks.put(&[secret(1)], &mut rng).unwrap();
        let before = memory.lock().clone();
        eks.erase(&[vec![1]], &mut rng).unwrap();
        // Both generations are there, as after a crash before the old one was erased.
        memory.lock().extend(before);
        let again = Eks::open(memory.clone().into(), &MASTER).unwrap();
        assert_eq!((again.generation(), again.get(&[1])), (3, None));
        assert_eq!(memory.lock().len(), 2, "the older generation is gone");
    }

    #[test]
    fn half_a_new_generation_leaves_the_old_one() {
        let memory = MemoryEks::default();
        let mut rng = crate::test_rng(7);
        let mut eks = Eks::create(memory.clone().into(), &MASTER, &mut rng).unwrap();
        eks.put(&[secret(1)], &mut rng).unwrap();
        // The erase secret of the next generation was written, its keys were not.
        memory.lock().insert(SLOTS[1].1, vec![9; 32]);
        let again = Eks::open(memory.into(), &MASTER).unwrap();
        assert_eq!(again.get(&[1]), Some(Zeroizing::new([1; 32])));
    }

    #[test]
    fn an_old_copy_does_not_open_without_its_erase_secret() {
        let memory = MemoryEks::default();
        let mut rng = crate::test_rng(8);
        let mut eks = Eks::create(memory.clone().into(), &MASTER, &mut rng).unwrap();
        eks.put(&[secret(1)], &mut rng).unwrap();
        let stolen: Vec<Vec<u8>> = memory.lock().values().cloned().collect();
        let keys_only = stolen.iter().max_by_key(|bytes| bytes.len()).unwrap().clone();
        eks.erase(&[vec![1]], &mut rng).unwrap();
        let erase_now = memory.lock().values().find(|bytes| bytes.len() == 32).unwrap().clone();
        let erase_now: [u8; 32] = erase_now.try_into().unwrap();
        assert!(open(&file_key(&MASTER, &erase_now), AAD, &keys_only).is_none());
    }
}
