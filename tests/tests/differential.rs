//! The wrap against a second implementation in Rust: hpke-rs on libcrux, whose ML-KEM is formally verified.
//!
//! The suite is the product's own: X-Wing (0x647a), HKDF-SHA256, ChaCha20-Poly1305, base mode, empty `aad`. Both sides
//! must open what the other has sealed, refuse the same changes, and derive the same public key from a seed.
#![allow(clippy::unwrap_used, reason = "a panic is a test's report")]

use causeway_client::seal::hybrid::{self, HybridError};
use causeway_common::limits::{PREKEY_PUBLIC_BYTES, WRAP_ENC_BYTES, WRAP_PLAIN_BYTES};
use hpke_rs::{Hpke, HpkePrivateKey, HpkePublicKey, Mode};
use hpke_rs_libcrux::HpkeLibcrux;
use proptest::collection::vec;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

type Theirs = Hpke<HpkeLibcrux<ChaCha20Rng>>;

fn theirs(seed: [u8; 32]) -> Theirs {
    use hpke_rs::hpke_types::{AeadAlgorithm, KdfAlgorithm, KemAlgorithm};
    let suite = (KemAlgorithm::XWingDraft06, KdfAlgorithm::HkdfSha256, AeadAlgorithm::ChaCha20Poly1305);
    assert_eq!((suite.0 as u16, suite.1 as u16, suite.2 as u16), (0x647a, 1, 3));
    Theirs::new_with_rng(Mode::Base, suite.0, suite.1, suite.2, ChaCha20Rng::from_seed(seed))
}

fn seal_with_theirs(
    hpke: &mut Theirs,
    public: &[u8],
    info: &[u8],
    plain: &[u8],
) -> Option<(Vec<u8>, Vec<u8>)> {
    hpke.seal(&HpkePublicKey::new(public.to_vec()), info, b"", plain, None, None, None).ok()
}

fn open_with_theirs(hpke: &Theirs, seed: &[u8; 32], enc: &[u8], info: &[u8], ct: &[u8]) -> Option<Vec<u8>> {
    hpke.open(enc, &HpkePrivateKey::new(seed.to_vec()), info, b"", ct, None, None, None).ok()
}

fn prekey(seed: [u8; 32]) -> (zeroize::Zeroizing<[u8; 32]>, Vec<u8>) {
    hybrid::generate(&mut ChaCha20Rng::from_seed(seed))
}

/// Lengths around that of a wrap, and others.
fn plaintext() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), WRAP_PLAIN_BYTES), vec(any::<u8>(), 0..2_000)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn they_open_what_we_seal(key in any::<[u8; 32]>(), randomness in any::<[u8; 32]>(), info in vec(any::<u8>(), 0..300), plain in plaintext()) {
        let (seed, public) = prekey(key);
        let mut rng = ChaCha20Rng::from_seed(randomness);
        let (enc, ct) = hybrid::seal_wrap(&public, &info, &plain, &mut rng).unwrap();
        prop_assert_eq!(open_with_theirs(&theirs(randomness), &seed, &enc, &info, &ct), Some(plain));
    }

    #[test]
    fn we_open_what_they_seal(key in any::<[u8; 32]>(), randomness in any::<[u8; 32]>(), info in vec(any::<u8>(), 0..300), plain in plaintext()) {
        let (seed, public) = prekey(key);
        let (enc, ct) = seal_with_theirs(&mut theirs(randomness), &public, &info, &plain).unwrap();
        prop_assert_eq!((enc.len(), ct.len()), (WRAP_ENC_BYTES, plain.len() + 16));
        prop_assert_eq!(&*hybrid::open_wrap(&seed, &enc, &info, &ct).unwrap(), &plain);
    }

    #[test]
    fn both_refuse_the_same_changes(
        key in any::<[u8; 32]>(),
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
        part in 0u8..3,
    ) {
        let (seed, public) = prekey(key);
        let (mut enc, mut ct) =
            hybrid::seal_wrap(&public, b"info", &[7; WRAP_PLAIN_BYTES], &mut ChaCha20Rng::from_seed(key)).unwrap();
        let mut info = b"info".to_vec();
        let changed = [&mut enc, &mut ct, &mut info].into_iter().nth(part.into()).unwrap();
        let at = at.index(changed.len());
        changed[at] ^= 1 << bit;
        let ours = hybrid::open_wrap(&seed, &enc, &info, &ct).ok();
        let theirs = open_with_theirs(&theirs(key), &seed, &enc, &info, &ct);
        prop_assert_eq!((ours.is_none(), theirs), (true, None));
    }

    /// A public key that neither made: coefficients of ML-KEM out of range must be refused by both.
    #[test]
    fn both_accept_the_same_public_keys(key in any::<[u8; 32]>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (_, mut public) = prekey(key);
        let at = at.index(PREKEY_PUBLIC_BYTES);
        public[at] = byte;
        let ours = hybrid::check_public(&public);
        prop_assume!(ours != Err(HybridError::LowOrder), "they do not look for points of low order");
        prop_assert_eq!(seal_with_theirs(&mut theirs(key), &public, b"", b"x").is_some(), ours.is_ok());
    }
}

#[test]
fn we_seal_to_keys_that_they_have_made() {
    let mut theirs = theirs([4; 32]);
    for round in 0..32 {
        let (private, public) = theirs.generate_key_pair().unwrap().into_keys();
        let mut rng = ChaCha20Rng::from_seed([round; 32]);
        let (enc, ct) = hybrid::seal_wrap(public.as_slice(), b"info", b"plain", &mut rng).unwrap();
        let opened = theirs.open(&enc, &private, b"info", b"", &ct, None, None, None).unwrap();
        assert_eq!(opened, b"plain");
    }
}
