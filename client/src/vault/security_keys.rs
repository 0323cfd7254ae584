//! Security keys, or what stands in for one in a computer, that open a vault beside the passphrase.
//!
//! A browser asks the key for a secret by the PRF extension of WebAuthn (W3C Web Authentication Level 3, section 10.1.4): 32
//! bytes that nobody has without that key and its PIN or fingerprint. They wrap the master key. Nothing that the key signs is
//! looked at: whoever has not the right 32 bytes opens nothing. They are stretched by no Argon2id, for nobody guesses 256 bits.
//!
//! What is kept stands in a file beside the vault, because it is read while the vault is locked. It goes into no backup: a
//! key belongs to the address of one installation.

use std::path::Path;

use causeway_common::codec;
use causeway_common::store::files;
use causeway_common::time::Timestamp;
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead as _, Payload};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{Vault, VaultError, header};

/// The file in the home's folder.
const FILE: &str = "security-keys";
/// Keys of one home: one for each shift, and spare ones.
pub const KEYS_MAX: usize = 8;
/// Longest name of a credential: what an authenticator may give (Web Authentication, 7.1), as much as a form may bring.
pub const CREDENTIAL_BYTES_MAX: usize = 1_023;
/// Longest name that somebody gives a key.
pub const NAME_CHARS_MAX: usize = 40;
/// Eight keys of 1,023 bytes of credential, 160 bytes of name and 200 of the rest, and as much again.
const FILE_BYTES_MAX: usize = 2 * KEYS_MAX * (CREDENTIAL_BYTES_MAX + 360);
/// Before the secret of a key where it is given in place of a passphrase.
const PREFIX: &str = "security-key:";
const SALT: &[u8] = b"causeway/v1 vault-security-key";

/// All that is kept of the security keys of a home.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityKeys {
    /// What each key is asked about; random, the same for all.
    input: Vec<u8>,
    keys: Vec<SecurityKey>,
}
no_content_in_debug!(SecurityKeys, SecurityKey);

/// One of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityKey {
    /// What somebody calls it.
    pub name: String,
    /// When it was added.
    pub added: Timestamp,
    /// Its name for itself.
    #[serde(with = "serde_bytes")]
    pub credential: Vec<u8>,
    salt: [u8; 32],
    commitment: [u8; 32],
    nonce: Vec<u8>,
    wrapped: Vec<u8>,
}

/// Why a key is not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAdded {
    /// There are as many as there may be.
    #[error("there are {KEYS_MAX} security keys already")]
    TooMany,
    /// It has no name, or a longer one than there may be; or one that another key has.
    #[error("a security key wants a name of its own, of at most {NAME_CHARS_MAX} characters")]
    Name,
    /// What the browser has brought is no secret of a key.
    #[error("the security key has given no secret")]
    NoSecret,
    /// It has been added before.
    #[error("this security key opens the home already")]
    Known,
}

/// The secret of a security key, as it is given in place of a passphrase: whether a text is one.
pub fn is_one(secret: &str) -> bool {
    output(secret).is_some()
}

/// How the 32 bytes that a key gives are written in place of a passphrase; `hex` are 64 digits.
pub fn written(hex: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{PREFIX}{hex}"))
}

fn output(secret: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(secret.strip_prefix(PREFIX)?, &mut *bytes).ok()?;
    Some(bytes)
}

impl SecurityKeys {
    /// Those of the home in this folder. Without the file there are none.
    ///
    /// # Errors
    /// The file does not read.
    pub fn read(folder: &Path) -> Result<Self, VaultError> {
        let path = folder.join(FILE);
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Ok(file) if file.len() > FILE_BYTES_MAX as u64 => return Err(unread()),
            _ => {}
        }
        let bytes = std::fs::read(path).map_err(|_| unread())?;
        codec::decode(&bytes, FILE_BYTES_MAX).map_err(|_| unread())
    }

    fn write(&self, folder: &Path) -> Result<(), VaultError> {
        Ok(files::write_durable(&folder.join(FILE), &codec::encode(self))?)
    }

    /// The keys, in the order in which they were added.
    pub fn keys(&self) -> &[SecurityKey] {
        &self.keys
    }

    /// What the keys are asked about; of the first key it has to be chosen.
    pub fn input(&self) -> Option<&[u8]> {
        (!self.input.is_empty()).then_some(&self.input)
    }

    /// The master key, by the secret of one of the keys.
    fn open(&self, secret: &str, vault_id: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let output = output(secret).ok_or(VaultError::WrongPassphrase)?;
        for key in &self.keys {
            let (encryption, commitment) = derive(&output, &key.salt)?;
            if !bool::from(commitment.ct_eq(&key.commitment)) {
                continue;
            }
            let nonce: [u8; 24] = key.nonce.as_slice().try_into().map_err(|_| unread())?;
            let payload = Payload { msg: &key.wrapped, aad: &associated(vault_id, &key.credential) };
            let opened = header::cipher(&encryption).decrypt(&XNonce::from(nonce), payload);
            let opened = opened.map(Zeroizing::new).map_err(|_| unread())?;
            return Ok(Zeroizing::new(opened.as_slice().try_into().map_err(|_| unread())?));
        }
        Err(VaultError::WrongPassphrase)
    }
}

impl Vault {
    /// The master key of a vault in a store, by the secret of one of the security keys in its folder.
    pub(super) fn master_by_key(
        header: &[u8],
        folder: &Path,
        secret: &str,
    ) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        SecurityKeys::read(folder)?.open(secret, &header::vault_id(header)?)
    }

    /// Lets one more security key open this vault: what it is called, what it calls itself, what it was asked about, and the
    /// secret that it gave. Durable when it returns.
    ///
    /// # Errors
    /// The key cannot be added, or the disk fails.
    pub fn add_security_key(
        &self,
        folder: &Path,
        new: NewKey<'_>,
        now: Timestamp,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Result<Result<(), NotAdded>, VaultError> {
        let mut all = SecurityKeys::read(folder)?;
        let name = new.name.trim();
        let named = |key: &SecurityKey| key.name == name;
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || all.keys.iter().any(named) {
            return Ok(Err(NotAdded::Name));
        }
        if all.keys.len() >= KEYS_MAX {
            return Ok(Err(NotAdded::TooMany));
        }
        if all.keys.iter().any(|key| key.credential == new.credential) {
            return Ok(Err(NotAdded::Known));
        }
        let is_credential = (1..=CREDENTIAL_BYTES_MAX).contains(&new.credential.len());
        let Some(output) = output(new.secret).filter(|_| is_credential && new.input.len() == 32) else {
            return Ok(Err(NotAdded::NoSecret));
        };
        match all.input() {
            Some(input) if input != new.input => return Ok(Err(NotAdded::NoSecret)),
            Some(_) => {}
            None => all.input = new.input.to_vec(),
        }
        let (mut salt, mut nonce) = ([0; 32], [0; 24]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut nonce);
        let (encryption, commitment) = derive(&output, &salt)?;
        let vault_id = header::vault_id(&self.header()?)?;
        let payload = Payload { msg: self.master(), aad: &associated(&vault_id, new.credential) };
        let wrapped = header::cipher(&encryption).encrypt(&XNonce::from(nonce), payload);
        all.keys.push(SecurityKey {
            name: name.to_owned(),
            added: now,
            credential: new.credential.to_vec(),
            salt,
            commitment,
            nonce: nonce.to_vec(),
            wrapped: wrapped.map_err(|_| VaultError::Memory)?,
        });
        all.write(folder).map(Ok)
    }

    /// A key of this name opens this vault no more; gives whether there was one. Durable when it returns.
    ///
    /// # Errors
    /// The disk fails.
    pub fn remove_security_key(&self, folder: &Path, name: &str) -> Result<bool, VaultError> {
        let mut all = SecurityKeys::read(folder)?;
        let before = all.keys.len();
        all.keys.retain(|key| key.name != name);
        if all.keys.len() == before {
            return Ok(false);
        }
        if all.keys.is_empty() {
            all.input.clear();
        }
        all.write(folder).map(|()| true)
    }
}

/// A security key that is added.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "what a page brings")]
pub struct NewKey<'a> {
    /// What somebody calls it.
    pub name: &'a str,
    /// Its name for itself.
    pub credential: &'a [u8],
    /// What it was asked about.
    pub input: &'a [u8],
    /// What it gave, see [`written`].
    pub secret: &'a str,
}
impl std::fmt::Debug for NewKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey").finish_non_exhaustive()
    }
}

fn derive(output: &[u8; 32], salt: &[u8; 32]) -> Result<(Zeroizing<[u8; 32]>, [u8; 32]), VaultError> {
    let expand = Hkdf::<Sha256>::new(Some(SALT), output);
    let (mut encryption, mut commitment) = (Zeroizing::new([0; 32]), [0; 32]);
    expand.expand_multi_info(&[b"encryption", salt], &mut *encryption).map_err(|_| VaultError::Memory)?;
    expand.expand_multi_info(&[b"commitment", salt], &mut commitment).map_err(|_| VaultError::Memory)?;
    Ok((encryption, commitment))
}

/// A wrapped key is of one vault and one security key.
fn associated(vault_id: &[u8; 32], credential: &[u8]) -> Vec<u8> {
    [SALT, vault_id, credential].concat()
}

fn unread() -> VaultError {
    VaultError::SecurityKeys
}

#[cfg(test)]
mod tests;
