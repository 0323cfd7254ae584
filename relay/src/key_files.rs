//! The relay's key files: the present secrets, and the next ones beside them until their time has come.

use std::path::{Path, PathBuf};

use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::relay_keys;
use causeway_common::store::files;
use causeway_common::time::Timestamp;

use crate::keys::NextKey;
use crate::secrets::{Secrets, SecretsError};

/// The present secrets, in the data folder and in a backup.
pub const KEY_FILE: &str = "relay.key";
/// Those that will follow.
pub const NEXT_KEY_FILE: &str = "relay.key.next";

/// Both files of a data folder.
#[derive(Clone, Debug)]
pub struct KeyFiles {
    present: PathBuf,
    next: PathBuf,
}

/// A next key that is durable.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Prepared {
    /// The key.
    pub key: PublicKey,
    /// The text for the registrar.
    pub request: String,
    /// Whether the present key vouches for it.
    pub by_present: bool,
}

impl KeyFiles {
    /// Those of this data folder.
    pub fn of(data: &Path) -> Self {
        Self { present: data.join(KEY_FILE), next: data.join(NEXT_KEY_FILE) }
    }

    /// The secrets to start with; made on the first start. Where only the next ones are left, they stand in.
    pub fn open(&self) -> Result<Secrets, SecretsError> {
        Secrets::open(if self.stands_in() { &self.next } else { &self.present })
    }

    /// The same without making any, and the next ones if there are any: the relay may be known by either.
    pub fn read(&self) -> Result<Vec<Secrets>, SecretsError> {
        let there = [&self.present, &self.next].into_iter().filter(|path| path.exists());
        let read = there.map(|path| Secrets::read(path)).collect::<Result<Vec<_>, _>>()?;
        if read.is_empty() {
            Err(Secrets::read(&self.present).err().unwrap_or_else(|| self.lost()))
        } else {
            Ok(read)
        }
    }

    fn lost(&self) -> SecretsError {
        SecretsError::Unavailable(self.present.clone(), "it has gone".into())
    }

    /// Makes the next key, or takes the one that is there; `anew` makes another in its place.
    pub fn prepare(&self, anew: bool, now: Timestamp) -> Result<Prepared, SecretsError> {
        let present = self.present.exists().then(|| Secrets::read(&self.present)).transpose()?;
        let present = present.map(|secrets| secrets.signing_key());
        let mut next = if anew { Secrets::make(&self.next)? } else { Secrets::open(&self.next)? };
        if present.as_ref().is_some_and(|present| present.public() == next.signing_key().public()) {
            // It has come out of a backup that was taken at the very moment of a change.
            next = Secrets::make(&self.next)?;
        }
        let next = next.signing_key();
        let request = relay_keys::request(&next, present.as_ref(), now);
        Ok(Prepared { key: next.public(), request, by_present: present.is_some() })
    }
}

impl NextKey for KeyFiles {
    fn prepared(&self) -> Option<SigningKey> {
        match self.next.exists().then(|| Secrets::read(&self.next)).transpose() {
            Ok(next) => next.map(|secrets| secrets.signing_key()),
            Err(error) => {
                tracing::error!("the relay's next key cannot be used: {error}");
                None
            }
        }
    }

    fn take_over(&self) -> Result<(), String> {
        if self.next.exists() {
            files::rename_durable(&self.next, &self.present).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn stands_in(&self) -> bool {
        self.next.exists() && !self.present.exists()
    }
}
