//! Seals, sends, receives, keeps and shows.

pub mod seal;

/// A reproducible random source for tests.
#[cfg(test)]
pub(crate) fn test_rng(seed: u8) -> rand_chacha::ChaCha20Rng {
    use rand_chacha::rand_core::SeedableRng as _;
    rand_chacha::ChaCha20Rng::from_seed([seed; 32])
}
