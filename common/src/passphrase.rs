//! What it costs to guess a passphrase, of a vault and of a backup alike.
//!
//! Argon2id (RFC 9106). A cost that was read from a disk is checked before it is paid: a changed one can neither weaken the
//! protection nor exhaust the machine.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Shortest passphrase, in characters.
pub const CHARS_MIN: usize = 12;
const MEMORY_KIB_MIN: u32 = 64 * 1024;
const MEMORY_KIB_MAX: u32 = 4 * 1024 * 1024;
const PASSES_MIN: u32 = 3;
const PASSES_MAX: u32 = 16;

/// The machine lacks the memory, or the passphrase is longer than Argon2 takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is not enough memory for the passphrase's protection")]
pub struct OutOfMemory;

/// How expensive a guess at the passphrase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// 256 MiB, three passes: some 0.7 s on a workstation.
    pub const fn standard() -> Self {
        Self { memory_kib: 256 * 1024, passes: PASSES_MIN }
    }

    /// The least that is allowed, for tests that open many vaults.
    pub const fn least() -> Self {
        Self { memory_kib: MEMORY_KIB_MIN, passes: PASSES_MIN }
    }

    /// Three passes over this much memory: between 64 MiB, for old machines, and 4096 MiB. None outside of that.
    pub fn with_memory_mib(mib: u32) -> Option<Self> {
        let cost = Self { memory_kib: mib.checked_mul(1024)?, passes: PASSES_MIN };
        cost.is_allowed().then_some(cost)
    }

    /// Whether it neither weakens nor exhausts.
    pub fn is_allowed(self) -> bool {
        (MEMORY_KIB_MIN..=MEMORY_KIB_MAX).contains(&self.memory_kib)
            && (PASSES_MIN..=PASSES_MAX).contains(&self.passes)
    }

    /// Pays it: 32 bytes out of a secret.
    pub fn stretch(self, secret: &[u8], salt: &[u8; 16]) -> Result<Zeroizing<[u8; 32]>, OutOfMemory> {
        let params = Params::new(self.memory_kib, self.passes, 1, Some(32)).map_err(|_| OutOfMemory)?;
        let mut stretched = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(secret, salt, &mut *stretched)
            .map_err(|_| OutOfMemory)?;
        Ok(stretched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_weakens_or_exhausts_is_not_allowed() {
        assert!(Cost::standard().is_allowed() && Cost::least().is_allowed());
        let least = Cost::least();
        for cost in [
            Cost { memory_kib: MEMORY_KIB_MIN - 1, ..least },
            Cost { memory_kib: MEMORY_KIB_MAX + 1, ..least },
            Cost { passes: PASSES_MIN - 1, ..least },
            Cost { passes: PASSES_MAX + 1, ..least },
        ] {
            assert!(!cost.is_allowed(), "{cost:?}");
        }
        assert_eq!((Cost::with_memory_mib(63), Cost::with_memory_mib(u32::MAX)), (None, None));
    }
}
