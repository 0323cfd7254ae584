//! Seals, sends, receives, keeps and shows.

pub mod activity;
pub mod attachments;
pub mod engine;
pub mod identity;
pub mod membership;
pub mod model;
pub mod prekeys;
pub mod records;
pub mod referral;
pub mod replica;
pub mod seal;
pub mod session;
pub mod vault;

/// A reproducible random source for tests.
#[cfg(test)]
pub(crate) fn test_rng(seed: u8) -> rand_chacha::ChaCha20Rng {
    use rand_chacha::rand_core::SeedableRng as _;
    rand_chacha::ChaCha20Rng::from_seed([seed; 32])
}
