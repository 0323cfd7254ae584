//! HPKE (RFC 9180) in base mode with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305: the only file that names hpke.
//!
//! The suite is that of age's hybrid recipients. Everything a wrap must be bound to goes into `info`; `aad` stays
//! empty, so that other implementations' public interfaces can take part. Only base mode is constructed: there is no
//! authenticated mode with a post-quantum KEM, senders are authenticated by signatures. The crate accepts X25519
//! points of low order; we do not, on either side.

use causeway_common::limits::{PREKEY_PUBLIC_BYTES, WRAP_ENC_BYTES};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Why a wrap could not be made or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HybridError {
    /// A public or encapsulated key of the wrong length, or with coefficients out of range.
    #[error("the key is malformed")]
    Malformed,
    /// The X25519 half has low order: the classical part of the secret would be known to everyone.
    #[error("the key has low order")]
    LowOrder,
    /// The wrap does not open with this key and this context.
    #[error("the wrap does not open")]
    Unopenable,
}

/// A fresh key pair: the secret seed of 32 bytes and the public key of [`PREKEY_PUBLIC_BYTES`].
pub fn generate(rng: &mut dyn rand_core::CryptoRng) -> (Zeroizing<[u8; 32]>, Vec<u8>) {
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *seed);
    let public = public_of(&seed);
    (seed, public)
}

/// The public key of a seed.
pub fn public_of(seed: &[u8; 32]) -> Vec<u8> {
    XWing::sk_to_pk(&secret_of(seed)).to_bytes().to_vec()
}

/// Whether a prekey's public key can be sealed to: its length, its coefficients, its X25519 half.
pub fn check_public(public: &[u8]) -> Result<(), HybridError> {
    read_public(public).map(drop)
}

/// Seals `plain` to `public`, bound to `info`. Gives the encapsulated key and the ciphertext.
pub fn seal_wrap(
    public: &[u8],
    info: &[u8],
    plain: &[u8],
    mut rng: &mut dyn rand_core::CryptoRng,
) -> Result<(Vec<u8>, Vec<u8>), HybridError> {
    let key = read_public(public)?;
    let (enc, ct) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeS::Base,
        &key,
        info,
        plain,
        b"",
        &mut rng,
    )
    .map_err(|_| HybridError::Malformed)?;
    Ok((enc.to_bytes().to_vec(), ct))
}

/// Opens what [`seal_wrap`] made.
pub fn open_wrap(
    seed: &[u8; 32],
    enc: &[u8],
    info: &[u8],
    ct: &[u8],
) -> Result<Zeroizing<Vec<u8>>, HybridError> {
    if enc.len() != WRAP_ENC_BYTES {
        return Err(HybridError::Malformed);
    }
    if has_low_order(enc) {
        return Err(HybridError::LowOrder);
    }
    let enc = <XWing as Kem>::EncappedKey::from_bytes(enc).map_err(|_| HybridError::Malformed)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &secret_of(seed),
        &enc,
        info,
        ct,
        b"",
    )
    .map(Zeroizing::new)
    .map_err(|_| HybridError::Unopenable)
}

fn secret_of(seed: &[u8; 32]) -> <XWing as Kem>::PrivateKey {
    <XWing as Kem>::PrivateKey::from_bytes(seed).expect("every 32 bytes are an X-Wing seed")
}

fn read_public(public: &[u8]) -> Result<<XWing as Kem>::PublicKey, HybridError> {
    if public.len() != PREKEY_PUBLIC_BYTES {
        return Err(HybridError::Malformed);
    }
    if has_low_order(public) {
        return Err(HybridError::LowOrder);
    }
    <XWing as Kem>::PublicKey::from_bytes(public).map_err(|_| HybridError::Malformed)
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
        let (enc, ct) = seal_wrap(&public, b"info", b"secret", &mut rng).unwrap();
        assert_eq!(*open_wrap(&seed, &enc, b"info", &ct).unwrap(), b"secret");
        assert_eq!(open_wrap(&seed, &enc, b"other", &ct), Err(HybridError::Unopenable));
        assert_eq!(open_wrap(&[0; 32], &enc, b"info", &ct), Err(HybridError::Unopenable));
        for at in [0, 1087, 1088, WRAP_ENC_BYTES - 1] {
            let mut changed = enc.clone();
            changed[at] ^= 1;
            assert_eq!(open_wrap(&seed, &changed, b"info", &ct), Err(HybridError::Unopenable), "byte {at}");
        }
    }

    #[test]
    fn points_of_low_order_are_refused_on_both_sides() {
        let mut rng = crate::test_rng(3);
        let (seed, public) = generate(&mut rng);
        let (enc, ct) = seal_wrap(&public, b"", b"x", &mut rng).unwrap();
        for low in LOW_ORDER {
            let mut bad = public.clone();
            bad[PREKEY_PUBLIC_BYTES - 32..].copy_from_slice(&hex::decode(low).unwrap());
            assert_eq!(seal_wrap(&bad, b"", b"x", &mut rng), Err(HybridError::LowOrder), "{low}");
            let mut bad = enc.clone();
            bad[WRAP_ENC_BYTES - 32..].copy_from_slice(&hex::decode(low).unwrap());
            assert_eq!(open_wrap(&seed, &bad, b"", &ct), Err(HybridError::LowOrder), "{low}");
        }
    }

    /// The points of order 1, 2, 4 and 8 of Curve25519, in canonical form and above the prime.
    const LOW_ORDER: [&str; 7] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];

    #[test]
    fn coefficients_out_of_range_are_refused() {
        let mut rng = crate::test_rng(4);
        let (_, mut public) = generate(&mut rng);
        public[..3].fill(0xff);
        assert_eq!(check_public(&public), Err(HybridError::Malformed));
        assert_eq!(check_public(&public[1..]), Err(HybridError::Malformed));
    }

    #[derive(serde::Deserialize)]
    struct KnownAnswer {
        eseed: String,
        ss: String,
        sk: String,
        pk: String,
        ct: String,
    }

    #[test]
    fn x_wing_gives_the_known_answers() {
        let text = include_str!("../../../tests/vectors/xwing/draft-connolly-cfrg-xwing-kem.json");
        let answers: Vec<KnownAnswer> = serde_json::from_str(text).unwrap();
        for answer in &answers {
            let bytes = |text: &str| hex::decode(text).unwrap();
            let seed: [u8; 32] = bytes(&answer.sk).try_into().unwrap();
            assert_eq!(public_of(&seed), bytes(&answer.pk));
            let enc = <XWing as Kem>::EncappedKey::from_bytes(&bytes(&answer.ct)).unwrap();
            let secret = XWing::decap(&secret_of(&seed), None, &enc).unwrap();
            assert_eq!(secret.0[..], bytes(&answer.ss));
            let mut fixed = Fixed(bytes(&answer.eseed));
            let public = read_public(&bytes(&answer.pk)).unwrap();
            let (secret, enc) = XWing::encap_with_rng(&public, None, &mut fixed).unwrap();
            assert_eq!(
                (&secret.0[..], &enc.to_bytes()[..]),
                (&bytes(&answer.ss)[..], &bytes(&answer.ct)[..])
            );
        }
        assert_eq!(answers.len(), 3);
    }

    /// Gives the bytes it was made of, each once.
    struct Fixed(Vec<u8>);

    impl rand_core::TryRng for Fixed {
        type Error = std::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            let mut bytes = [0; 4];
            self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            let mut bytes = [0; 8];
            self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
        }

        fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> {
            to.copy_from_slice(&self.0.drain(..to.len()).collect::<Vec<u8>>());
            Ok(())
        }
    }

    impl rand_core::TryCryptoRng for Fixed {}

    #[test]
    fn a_wrap_from_another_implementation_opens() {
        use base64::Engine as _;
        let text = include_str!("../../../tests/vectors/peers/javascript-wrap.json");
        let vector: serde_json::Value = serde_json::from_str(text).unwrap();
        let long = |name: &str| {
            base64::engine::general_purpose::STANDARD.decode(vector[name].as_str().unwrap()).unwrap()
        };
        let short = |name: &str| hex::decode(vector[name].as_str().unwrap()).unwrap();
        let seed: [u8; 32] = short("seed").try_into().unwrap();
        assert_eq!(public_of(&seed), long("public"));
        let plain = open_wrap(&seed, &long("enc"), &short("info"), &long("ct")).unwrap();
        assert_eq!(*plain, long("plain"));
    }
}
