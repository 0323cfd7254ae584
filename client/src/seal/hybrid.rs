//! HPKE (RFC 9180) in base mode with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305: the only file that names hpke.
//!
//! The suite is that of age's hybrid recipients. Everything a wrap must be bound to goes into `info`; `aad` stays
//! empty, so that other implementations' public interfaces can take part. The crate accepts X25519 points of low
//! order; we do not, on either side.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use causeway_common::limits::{PREKEY_PUBLIC_BYTES, WRAP_ENC_BYTES};

/// Why a wrap could not be made or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HybridError {
    /// The public key is malformed or its X25519 half has low order.
    #[error("the prekey is not a usable public key")]
    BadKey,
    /// The wrap does not open with this key and this context.
    #[error("the wrap does not open")]
    Unopenable,
}

/// A fresh key pair: the secret seed of 32 bytes and the public key.
pub fn generate(rng: &mut dyn rand_core::CryptoRng) -> (Zeroizing<[u8; 32]>, Vec<u8>) {
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *seed);
    let public = public_of(&seed).unwrap_or_default();
    (seed, public)
}

/// The public key of a seed.
pub fn public_of(seed: &[u8; 32]) -> Result<Vec<u8>, HybridError> {
    let secret = <XWing as hpke::Kem>::PrivateKey::from_bytes(seed).map_err(|_| HybridError::BadKey)?;
    Ok(XWing::sk_to_pk(&secret).to_bytes().to_vec())
}

/// Seals `plain` to `public`, bound to `info`. Gives the encapsulated key and the ciphertext.
pub fn seal(
    public: &[u8],
    info: &[u8],
    plain: &[u8],
    mut rng: &mut dyn rand_core::CryptoRng,
) -> Result<(Vec<u8>, Vec<u8>), HybridError> {
    if public.len() != PREKEY_PUBLIC_BYTES || has_low_order(public) {
        return Err(HybridError::BadKey);
    }
    let key = <XWing as hpke::Kem>::PublicKey::from_bytes(public).map_err(|_| HybridError::BadKey)?;
    let (enc, ct) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeS::Base,
        &key,
        info,
        plain,
        b"",
        &mut rng,
    )
    .map_err(|_| HybridError::BadKey)?;
    Ok((enc.to_bytes().to_vec(), ct))
}

/// Opens what [`seal`] made.
pub fn open(seed: &[u8; 32], enc: &[u8], info: &[u8], ct: &[u8]) -> Result<Zeroizing<Vec<u8>>, HybridError> {
    if enc.len() != WRAP_ENC_BYTES || has_low_order(enc) {
        return Err(HybridError::Unopenable);
    }
    let secret = <XWing as hpke::Kem>::PrivateKey::from_bytes(seed).map_err(|_| HybridError::BadKey)?;
    let enc = <XWing as hpke::Kem>::EncappedKey::from_bytes(enc).map_err(|_| HybridError::Unopenable)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &secret,
        &enc,
        info,
        ct,
        b"",
    )
    .map(Zeroizing::new)
    .map_err(|_| HybridError::Unopenable)
}

/// Whether the X25519 point at the end of an X-Wing public or encapsulated key would give a shared secret that
/// does not depend on ours.
fn has_low_order(x_wing: &[u8]) -> bool {
    let Some(point) = x_wing.last_chunk::<32>() else { return true };
    // Any scalar will do: a point of low order gives zero with all of them.
    let probe = StaticSecret::from([9; 32]);
    !probe.diffie_hellman(&PublicKey::from(*point)).was_contributory()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_open_with_their_key_and_context_only() {
        let mut rng = crate::test_rng(2);
        let (seed, public) = generate(&mut rng);
        let (enc, ct) = seal(&public, b"info", b"secret", &mut rng).unwrap();
        assert_eq!(*open(&seed, &enc, b"info", &ct).unwrap(), b"secret");
        assert_eq!(open(&seed, &enc, b"other", &ct), Err(HybridError::Unopenable));
        assert_eq!(open(&[0; 32], &enc, b"info", &ct), Err(HybridError::Unopenable));
    }

    #[test]
    fn points_of_low_order_are_refused_on_both_sides() {
        let mut rng = crate::test_rng(3);
        let (seed, public) = generate(&mut rng);
        let (enc, ct) = seal(&public, b"", b"x", &mut rng).unwrap();
        for low in [[0u8; 32], std::array::from_fn(|i| u8::from(i == 0))] {
            let mut bad = public.clone();
            bad[PREKEY_PUBLIC_BYTES - 32..].copy_from_slice(&low);
            assert_eq!(seal(&bad, b"", b"x", &mut rng), Err(HybridError::BadKey));
            let mut bad = enc.clone();
            bad[WRAP_ENC_BYTES - 32..].copy_from_slice(&low);
            assert_eq!(open(&seed, &bad, b"", &ct), Err(HybridError::Unopenable));
        }
    }
}
