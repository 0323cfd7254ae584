//! Keys of cases: what makes a case erasable, although the database never forgets a byte.
//!
//! Each case has a random key. What belongs to the case is sealed under it before it is sealed as a record. The key stands
//! in a record of its own, wrapped by the secret of an epoch, and that secret stands in the erasable key store. Erasing a
//! case moves the other keys of its epoch under another secret and destroys the old one: the wrapped key, which the database
//! still holds, opens no more, and nothing else on the disk gives it back.
//!
//! An epoch holds a bounded number of cases, so that erasing one costs the same however many there are, and the key store
//! stays small: it is rewritten whole for every prekey that is used.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::record::{open, seal};
use super::{Tree, VaultError, damaged};

/// Keys of cases under one secret. Erasing one rewrites at most the 255 others, some 40 kB. A million cases take 3907 secrets,
/// of the 10,000 that the key store holds beside 500 seeds of prekeys.
pub const CASES_PER_EPOCH: usize = 256;

/// Random name of a case: that of its thread.
pub type CaseName = [u8; 32];

/// Before the number of an epoch, in the key store.
const SECRET: &[u8] = b"case-epoch";
const WRAP: &[u8] = b"causeway/v1 vault-case-wrap";
const LAYER: &[u8] = b"causeway/v1 vault-case";
/// Nonce, key and tag.
const WRAPPED_BYTES: usize = 24 + 32 + 16;

pub(super) type Key = Zeroizing<[u8; 32]>;

/// All cases that have a key, and the secrets that wrap the keys.
#[derive(Default)]
pub(super) struct Cases {
    secrets: BTreeMap<u64, Key>,
    known: HashMap<CaseName, Known>,
    /// How many cases each epoch holds; none holds no case.
    sizes: BTreeMap<u64, usize>,
}

struct Known {
    epoch: u64,
    /// Unwrapped when it is first needed.
    key: OnceLock<Key>,
}

/// A key of a case as its record holds it.
pub(super) struct Unwrapped {
    pub(super) key: Key,
    /// Something of the case was written before it had a key.
    pub(super) older: bool,
}

/// Room for keys in an epoch.
pub(super) struct Room {
    pub(super) epoch: u64,
    pub(super) keys: usize,
    /// It needs a secret first.
    pub(super) is_new: bool,
}

impl Cases {
    /// From the names of the key records and what the key store holds.
    pub(super) fn new<'a>(
        ids: impl Iterator<Item = &'a Vec<u8>>,
        secrets: impl Iterator<Item = (Vec<u8>, Key)>,
    ) -> Self {
        let epoch = |id: &[u8]| Some(u64::from_be_bytes(id.strip_prefix(SECRET)?.try_into().ok()?));
        let secrets = secrets.filter_map(|(id, secret)| Some((epoch(&id)?, secret))).collect();
        let mut cases = Self { secrets, ..Self::default() };
        ids.for_each(|id| cases.learn(id));
        cases
    }

    /// The same secrets with other records, after a commit of which nobody knew how it had ended.
    pub(super) fn relearn<'a>(&mut self, ids: impl Iterator<Item = &'a Vec<u8>>) {
        *self = Self { secrets: std::mem::take(&mut self.secrets), ..Self::default() };
        ids.for_each(|id| self.learn(id));
    }

    /// A key record is durable.
    pub(super) fn learn(&mut self, id: &[u8]) {
        let Some((epoch, case)) = parts(id) else { return };
        let before = self.known.insert(case, Known { epoch, key: OnceLock::new() });
        if let Some(before) = &before {
            self.shrink(before.epoch);
        }
        *self.sizes.entry(epoch).or_default() += 1;
    }

    /// A key record is gone for good.
    pub(super) fn forget(&mut self, id: &[u8]) {
        let Some((epoch, case)) = parts(id) else { return };
        if self.known.get(&case).is_some_and(|known| known.epoch == epoch) {
            self.known.remove(&case);
            self.shrink(epoch);
        }
    }

    fn shrink(&mut self, epoch: u64) {
        if let Some(size) = self.sizes.get_mut(&epoch) {
            *size -= 1;
            if *size == 0 {
                self.sizes.remove(&epoch);
            }
        }
    }

    /// The epoch of a case; none if it has no key.
    pub(super) fn epoch(&self, case: &CaseName) -> Option<u64> {
        self.known.get(case).map(|known| known.epoch)
    }

    /// The cases of an epoch.
    pub(super) fn members(&self, epoch: u64) -> impl Iterator<Item = &CaseName> {
        self.known.iter().filter(move |(_, known)| known.epoch == epoch).map(|(case, _)| case)
    }

    /// Its key, if it has been unwrapped before.
    pub(super) fn cached(&self, case: &CaseName) -> Option<Key> {
        self.known.get(case)?.key.get().cloned()
    }

    /// Remembers it for the next time.
    pub(super) fn cache(&self, case: &CaseName, key: &Key) {
        if let Some(known) = self.known.get(case) {
            let _ = known.key.set(key.clone());
        }
    }

    /// Where that many keys find room: in the newest epoch and in new ones, but not in those.
    pub(super) fn room(&self, mut count: usize, but: &BTreeSet<u64>) -> Vec<Room> {
        let mut rooms = Vec::new();
        let newest = self.sizes.iter().rev().find(|(epoch, _)| !but.contains(epoch));
        if let Some((epoch, size)) = newest.filter(|(epoch, _)| self.secrets.contains_key(epoch)) {
            let keys = count.min(CASES_PER_EPOCH.saturating_sub(*size));
            rooms.push(Room { epoch: *epoch, keys, is_new: false });
            count -= keys;
        }
        let highest = |numbers: Option<&u64>| numbers.copied().unwrap_or(0);
        let mut epoch = highest(self.secrets.keys().next_back()).max(highest(self.sizes.keys().next_back()));
        while count > 0 {
            epoch += 1;
            let keys = count.min(CASES_PER_EPOCH);
            rooms.push(Room { epoch, keys, is_new: true });
            count -= keys;
        }
        rooms.retain(|room| room.keys > 0);
        rooms
    }

    /// The secret of a new epoch is in the key store.
    pub(super) fn add_secret(&mut self, epoch: u64, secret: Key) {
        self.secrets.insert(epoch, secret);
    }

    /// It is no longer there.
    pub(super) fn drop_secret(&mut self, epoch: u64) {
        self.secrets.remove(&epoch);
    }

    /// Epochs that wrap no key any more, and whose secret is still there: an erasure was cut off.
    pub(super) fn empty_epochs(&self) -> Vec<u64> {
        self.secrets.keys().filter(|epoch| !self.sizes.contains_key(epoch)).copied().collect()
    }

    /// The value of a key record.
    pub(super) fn wrap(
        &self,
        epoch: u64,
        case: &CaseName,
        unwrapped: &Unwrapped,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Result<Vec<u8>, VaultError> {
        let wrapping = self.wrapping(epoch)?;
        let mut value = seal(&wrapping, &key_id(epoch, case), &*unwrapped.key, rng);
        value.push(u8::from(unwrapped.older));
        Ok(value)
    }

    /// The key in a record.
    pub(super) fn unwrap(&self, case: &CaseName, value: &[u8]) -> Result<Unwrapped, VaultError> {
        let epoch = self.epoch(case).ok_or_else(|| damaged("a case has no key"))?;
        let broken = || damaged("the key of a case does not read");
        let (wrapped, rest) = value.split_at_checked(WRAPPED_BYTES).ok_or_else(broken)?;
        let wrapping = self.wrapping(epoch)?;
        let plain = open(&wrapping, &key_id(epoch, case), wrapped).ok_or_else(broken)?;
        let mut key = Key::default();
        key.copy_from_slice(plain.get(..32).ok_or_else(broken)?);
        Ok(Unwrapped { key, older: rest.first().is_some_and(|flag| *flag != 0) })
    }

    fn wrapping(&self, epoch: u64) -> Result<Key, VaultError> {
        let secret = self.secrets.get(&epoch);
        let secret = secret.ok_or_else(|| damaged("a secret of its erasable key store is gone"))?;
        Ok(derive(secret, WRAP, &[]))
    }
}

/// Name of an epoch's secret in the key store.
pub(super) fn secret_id(epoch: u64) -> Vec<u8> {
    [SECRET, &epoch.to_be_bytes()].concat()
}

/// Whether a secret of the key store is one of an epoch.
pub(super) fn is_secret(id: &[u8]) -> bool {
    id.starts_with(SECRET)
}

/// Name of a key record: the epoch first, so that the cases of an epoch are known without reading one.
pub(super) fn key_id(epoch: u64, case: &CaseName) -> Vec<u8> {
    [&epoch.to_be_bytes()[..], case].concat()
}

fn parts(id: &[u8]) -> Option<(u64, CaseName)> {
    let (epoch, case) = id.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*epoch), case.try_into().ok()?))
}

/// Seals what belongs to a case, bound to its place.
pub(super) fn cover(
    key: &Key,
    (tree, id): (Tree, &[u8]),
    plain: &[u8],
    rng: &mut dyn rand_core::CryptoRng,
) -> Vec<u8> {
    seal(&derive(key, LAYER, &[tree as u8]), id, plain, rng)
}

/// Opens it.
pub(super) fn uncover(key: &Key, (tree, id): (Tree, &[u8]), sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    open(&derive(key, LAYER, &[tree as u8]), id, sealed)
}

fn derive(key: &Key, salt: &[u8], info: &[u8]) -> Key {
    let mut derived = Key::default();
    Hkdf::<Sha256>::new(Some(salt), &**key)
        .expand(info, &mut *derived)
        .expect("32 bytes are far below the limit of HKDF");
    derived
}
