//! The relay's secret file: its key and the keys that let clients find out quickly that it has restarted.

use std::path::Path;

use causeway_certs::keys::SigningKey;
use causeway_common::codec;
use causeway_common::store::{StoreError, files};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

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

impl Secrets {
    /// Reads the file, or makes it on first start.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        match std::fs::read(path) {
            Ok(mut bytes) => {
                let secrets = codec::decode(&bytes, FILE_BYTES_MAX);
                bytes.zeroize();
                secrets.map_err(|_| StoreError::Corrupt("the relay's key file does not read".into()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::make(path),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    fn make(path: &Path) -> Result<Self, StoreError> {
        let mut secrets = Self { seed: [0; 32], reset: [0; 32], token: [0; 32] };
        for key in [&mut secrets.seed, &mut secrets.reset, &mut secrets.token] {
            getrandom::fill(key).map_err(|e| StoreError::Unavailable(e.to_string()))?;
        }
        let mut bytes = codec::encode(&secrets);
        let written = files::write_durable(path, &bytes);
        bytes.zeroize();
        written.map(|()| secrets)
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
