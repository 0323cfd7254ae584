//! The relay's secret file: its key and the keys that let clients find out quickly that it has restarted.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use causeway_certs::keys::SigningKey;
use causeway_common::codec;
use causeway_common::store::files;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Everything secret that a relay keeps. The file is for its owner alone.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Secrets {
    seed: [u8; 32],
    reset: [u8; 32],
    token: [u8; 32],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

const FILE_BYTES_MAX: usize = 1024;
/// Permissions of anybody but the owner.
const NOT_OWNER: u32 = 0o077;

/// Why the secrets cannot be used. The operator must mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// Not what was written.
    #[error(
        "the relay's key file {0} is damaged; restore it from the backup, without it the relay is a stranger to everybody"
    )]
    Damaged(PathBuf),
    /// Others than the owner could read it.
    #[error(
        "others can read the relay's key file {0}; make it private (chmod 600) and consider the key known"
    )]
    Exposed(PathBuf),
    /// It cannot be read or written.
    #[error("the relay's key file {0} cannot be read or written: {1}")]
    Unavailable(PathBuf, String),
}

impl Secrets {
    /// Reads the file, or makes it on first start.
    pub fn open(path: &Path) -> Result<Self, SecretsError> {
        if path.exists() { Self::read(path) } else { Self::make(path) }
    }

    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, SecretsError> {
        let unavailable = |error: std::io::Error| SecretsError::Unavailable(path.into(), error.to_string());
        let mode = std::fs::metadata(path).map_err(unavailable)?.permissions().mode();
        if mode & NOT_OWNER != 0 {
            return Err(SecretsError::Exposed(path.into()));
        }
        let bytes = Zeroizing::new(std::fs::read(path).map_err(unavailable)?);
        codec::decode(&bytes, FILE_BYTES_MAX).map_err(|_| SecretsError::Damaged(path.into()))
    }

    /// Makes new ones, in the place of those that are there.
    pub fn make(path: &Path) -> Result<Self, SecretsError> {
        let unavailable =
            |error: &dyn std::fmt::Display| SecretsError::Unavailable(path.into(), error.to_string());
        let mut secrets = Self { seed: [0; 32], reset: [0; 32], token: [0; 32] };
        for key in [&mut secrets.seed, &mut secrets.reset, &mut secrets.token] {
            getrandom::fill(key).map_err(|e| unavailable(&e))?;
        }
        let bytes = Zeroizing::new(codec::encode(&secrets));
        files::write_durable(path, &bytes).map_err(|e| unavailable(&e))?;
        Ok(secrets)
    }

    /// Identity, heads, receipts.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.seed)
    }

    /// Key of QUIC's stateless resets: lets clients learn at once that this process is a new one.
    pub fn reset_key(&self) -> &[u8; 32] {
        &self.reset
    }

    /// Key of address-validation tokens, which stay valid over a restart.
    pub fn token_key(&self) -> &[u8; 32] {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_is_private_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.key");
        let made = Secrets::open(&path).unwrap().signing_key().public();
        assert_eq!(Secrets::open(&path).unwrap().signing_key().public(), made);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(Secrets::open(&path).unwrap_err(), SecretsError::Exposed(path.clone()));
        std::fs::write(&path, b"short").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(Secrets::open(&path).unwrap_err(), SecretsError::Damaged(path));
    }
}
