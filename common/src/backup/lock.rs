//! What a relay's backup is locked with: a passphrase, a key file, or both, each of which opens it alone.
//!
//! Argon2id (RFC 9106) makes guessing a passphrase expensive; a commitment beside each wrapped key tells a wrong secret
//! from a damaged lock. Costs outside the allowed range are refused, as in a vault's header. A workstation's backup is
//! locked with the vault's own header instead.

use std::path::Path;

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{BackupError, damaged};
use crate::codec;
use crate::passphrase::{self, Cost};
use crate::store::files;

const LOCK_BYTES_MAX: usize = 4 * 1024;
const VERSION: u16 = 1;
const SALT: &[u8] = b"causeway/v1 backup-slot";

/// What opens a backup.
#[derive(Clone)]
#[non_exhaustive]
pub enum Secret {
    /// A passphrase, in somebody's head or on paper.
    Passphrase(Zeroizing<String>),
    /// The content of a key file.
    KeyFile(Zeroizing<[u8; 32]>),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Reads a key file.
    pub fn read_key_file(path: &Path) -> Result<Self, BackupError> {
        let text = Zeroizing::new(std::fs::read_to_string(path)?);
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), &mut *key).map_err(|_| BackupError::WrongSecret)?;
        Ok(Self::KeyFile(key))
    }

    fn name(&self) -> &'static [u8] {
        match self {
            Self::Passphrase(_) => b"passphrase",
            Self::KeyFile(_) => b"key-file",
        }
    }
}

/// Writes a new key file, which must not be there yet.
pub fn make_key_file(path: &Path, rng: &mut dyn rand_core::CryptoRng) -> Result<(), BackupError> {
    if path.exists() {
        return Err(BackupError::NotEmpty(path.into()));
    }
    let mut key = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *key);
    let text = Zeroizing::new(format!("{}\n", *Zeroizing::new(hex::encode(*key))));
    Ok(files::write_durable(path, text.as_bytes())?)
}

#[derive(Serialize, Deserialize)]
struct Lock {
    version: u16,
    id: [u8; 32],
    slots: Vec<Slot>,
}

#[derive(Serialize, Deserialize)]
struct Slot {
    secret: Vec<u8>,
    cost: Cost,
    salt: [u8; 16],
    commitment: [u8; 32],
    wrapped: Vec<u8>,
}

/// A fresh key, and its lock that any of the secrets opens.
pub fn new_lock(
    secrets: &[Secret],
    cost: Cost,
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>), BackupError> {
    let mut master = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *master);
    let mut lock = Lock { version: VERSION, id: [0; 32], slots: Vec::new() };
    rng.fill_bytes(&mut lock.id);
    for secret in secrets {
        if let Secret::Passphrase(text) = secret
            && text.chars().count() < passphrase::CHARS_MIN
        {
            return Err(BackupError::WeakPassphrase);
        }
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        let keys = derive(secret, &salt, cost)?;
        let mut wrapped = master.to_vec();
        // The key comes from a fresh salt and wraps nothing else.
        keys.cipher
            .seal_in_place_append_tag(nonce(), associated(&lock.id, secret, cost, &salt), &mut wrapped)
            .map_err(|_| BackupError::Memory)?;
        let slot = Slot { secret: secret.name().to_vec(), cost, salt, commitment: keys.commitment, wrapped };
        lock.slots.push(slot);
    }
    Ok((master, codec::encode(&lock)))
}

/// The key behind a lock.
pub fn unlock(lock: &[u8], secret: &Secret) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let lock: Lock = codec::decode(lock, LOCK_BYTES_MAX).map_err(|_| damaged("its lock does not read"))?;
    if lock.version > VERSION {
        return Err(BackupError::Newer);
    }
    for mut slot in lock.slots.into_iter().filter(|slot| slot.secret == secret.name()) {
        if !slot.cost.is_allowed() {
            return Err(damaged("its lock asks for a protection that is not allowed"));
        }
        let keys = derive(secret, &slot.salt, slot.cost)?;
        if !bool::from(keys.commitment.ct_eq(&slot.commitment)) {
            continue;
        }
        let aad = associated(&lock.id, secret, slot.cost, &slot.salt);
        let opened = keys.cipher.open_in_place(nonce(), aad, &mut slot.wrapped);
        let opened = opened.map_err(|_| damaged("its lock was changed"))?;
        let mut master = Zeroizing::new([0; 32]);
        if opened.len() != master.len() {
            return Err(damaged("its lock was changed"));
        }
        master.copy_from_slice(opened);
        return Ok(master);
    }
    Err(BackupError::WrongSecret)
}

struct SlotKeys {
    cipher: LessSafeKey,
    commitment: [u8; 32],
}

fn derive(secret: &Secret, salt: &[u8; 16], cost: Cost) -> Result<SlotKeys, BackupError> {
    let stretched = match secret {
        Secret::Passphrase(text) => cost.stretch(text.as_bytes(), salt).map_err(|_| BackupError::Memory)?,
        // 256 random bits need no stretching.
        Secret::KeyFile(key) => {
            let mut expanded = Zeroizing::new([0; 32]);
            let expand = Hkdf::<Sha256>::new(Some(salt), &**key);
            expand.expand(secret.name(), &mut *expanded).map_err(|_| BackupError::Memory)?;
            expanded
        }
    };
    let mut both = Zeroizing::new([0; 64]);
    let expand = Hkdf::<Sha256>::new(Some(SALT), &*stretched);
    expand.expand(secret.name(), &mut *both).map_err(|_| BackupError::Memory)?;
    let key = UnboundKey::new(&CHACHA20_POLY1305, &both[..32]).map_err(|_| BackupError::Memory)?;
    let mut commitment = [0; 32];
    commitment.copy_from_slice(&both[32..]);
    Ok(SlotKeys { cipher: LessSafeKey::new(key), commitment })
}

/// Everything about a slot that is not secret stands in the associated data.
fn associated(id: &[u8; 32], secret: &Secret, cost: Cost, salt: &[u8; 16]) -> Aad<Vec<u8>> {
    Aad::from([&VERSION.to_le_bytes()[..], id, secret.name(), &codec::encode(&cost), salt].concat())
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
