//! Bytes with a signature over them. The signature is verified (in `causeway-certs`) before the body is parsed.

use serde::{Deserialize, Serialize};

/// A body and an Ed25519 signature over its frame. Keep the body's bytes as they came: they are never re-encoded.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The encoded statement.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// 64 bytes; the length is checked where the signature is.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signed({} bytes)", self.body.len())
    }
}
