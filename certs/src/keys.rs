//! Ed25519 keys as Causeway uses them: strict verification, framed and labelled signatures, no weak keys.

use causeway_common::framed::{self, Label, frame};
use causeway_common::ids::DeviceId;
use causeway_common::signed::Signed;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::{Signer as _, SigningKey as DalekKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Why a public key or a signature is not accepted. Whoever made it misbehaved, or the bytes rotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The signature is not by this key over these bytes, or is not in canonical form.
    #[error("the signature does not verify")]
    Invalid,
    /// The key is not a point of the right order, or one for which any signature would verify.
    #[error("the public key is weak or malformed")]
    WeakKey,
}

/// A public key that has been checked: a point on the curve, not of small order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "[u8; 32]", into = "[u8; 32]")]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Accepts a key's 32 bytes if the key can be used safely.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, SignatureError> {
        Verifier::from_bytes(bytes).map(|unpacked| unpacked.key())
    }

    /// Accepts a key if it can be used safely and has signed this for the purpose `label`: [`Self::from_bytes`] and
    /// [`Self::verify`], which together would unpack the key twice.
    pub fn of_signer(bytes: [u8; 32], label: Label, signed: &Signed) -> Result<Self, SignatureError> {
        let unpacked = Verifier::from_bytes(bytes)?;
        unpacked.verify(label, signed)?;
        Ok(unpacked.key())
    }

    /// The key's 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name of the device whose signing key this is.
    pub fn device_id(&self) -> DeviceId {
        device_id(&self.0)
    }

    /// The key as RFC 8410 SubjectPublicKeyInfo, the form in which TLS shows raw public keys (RFC 7250).
    pub fn to_spki(&self) -> Vec<u8> {
        [&ED25519_SPKI_PREFIX[..], &self.0].concat()
    }

    /// Reads the form that TLS shows.
    pub fn from_spki(spki: &[u8]) -> Result<Self, SignatureError> {
        let raw = spki.strip_prefix(&ED25519_SPKI_PREFIX).ok_or(SignatureError::WeakKey)?;
        Self::from_bytes(raw.try_into().map_err(|_| SignatureError::WeakKey)?)
    }

    /// Checks that `signed` carries this key's signature for the purpose `label`. Parse the body only after this.
    pub fn verify(&self, label: Label, signed: &Signed) -> Result<(), SignatureError> {
        self.verify_detached(label, &signed.body, &signed.signature)
    }

    /// The same for a body and a signature that are kept apart.
    pub fn verify_detached(&self, label: Label, body: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        self.verify_raw(&frame(label, body), signature)
    }

    /// Checks a signature over bytes that bring their own separation (a C2SP signed note).
    pub fn verify_raw(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.0).map_err(|_| SignatureError::WeakKey)?;
        verify_strictly(&key, message, signature)
    }
}

/// The name of the device with this signing key, whether that is one or not.
pub(crate) fn device_id(signing_key: &[u8; 32]) -> DeviceId {
    DeviceId(framed::hash(Label::DeviceId, signing_key).0)
}

/// A checked public key, unpacked. Unpacking costs a sixth of a verification; whoever verifies many signatures of one key
/// does it once.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier(ed25519_dalek::VerifyingKey);

impl Verifier {
    /// Accepts a key's 32 bytes if the key can be used safely.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, SignatureError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| SignatureError::WeakKey)?;
        if key.is_weak() { Err(SignatureError::WeakKey) } else { Ok(Self(key)) }
    }

    /// The key.
    pub fn key(&self) -> PublicKey {
        PublicKey(self.0.to_bytes())
    }

    /// Checks that `signed` carries this key's signature for the purpose `label`. Parse the body only after this.
    pub fn verify(&self, label: Label, signed: &Signed) -> Result<(), SignatureError> {
        verify_strictly(&self.0, &frame(label, &signed.body), &signed.signature)
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verifier({:?})", self.key())
    }
}

fn verify_strictly(
    key: &ed25519_dalek::VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| SignatureError::Invalid)?;
    key.verify_strict(message, &signature).map_err(|_| SignatureError::Invalid)
}

const ED25519_SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl TryFrom<[u8; 32]> for PublicKey {
    type Error = SignatureError;

    fn try_from(bytes: [u8; 32]) -> Result<Self, SignatureError> {
        Self::from_bytes(bytes)
    }
}

impl From<PublicKey> for [u8; 32] {
    fn from(key: PublicKey) -> Self {
        key.0
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({}…)", hex::encode(&self.0[..4]))
    }
}

/// A signing key. The public half is always derived from it, never taken from elsewhere. Zeroised on drop.
pub struct SigningKey(DalekKey);

impl SigningKey {
    /// A fresh key.
    pub fn generate(rng: &mut dyn rand_core::CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The key of a 32-byte seed (RFC 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(DalekKey::from_bytes(seed))
    }

    /// The seed, for storing it sealed.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `body` for the purpose `label`.
    pub fn sign(&self, label: Label, body: Vec<u8>) -> Signed {
        let signature = self.sign_raw(&frame(label, &body));
        Signed { body, signature }
    }

    /// Signs bytes that bring their own separation (a C2SP signed note).
    pub fn sign_raw(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }

    /// The PKCS#8 form that rustls loads.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let document = self.0.to_pkcs8_der().expect("an Ed25519 key always has a PKCS#8 form");
        Zeroizing::new(document.as_bytes().to_vec())
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey(of {:?})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_one_purpose_and_one_body() {
        let key = SigningKey::from_seed(&[7; 32]);
        let signed = key.sign(Label::Prekey, b"body".to_vec());
        assert_eq!(key.public().verify(Label::Prekey, &signed), Ok(()));
        assert_eq!(key.public().verify(Label::Grant, &signed), Err(SignatureError::Invalid));
        let bytes = *key.public().as_bytes();
        assert_eq!(PublicKey::of_signer(bytes, Label::Prekey, &signed), Ok(key.public()));
        assert_eq!(PublicKey::of_signer(bytes, Label::Grant, &signed), Err(SignatureError::Invalid));
        assert_eq!(PublicKey::of_signer([0; 32], Label::Prekey, &signed), Err(SignatureError::WeakKey));
        let other = Signed { body: b"other".to_vec(), ..signed };
        assert_eq!(key.public().verify(Label::Prekey, &other), Err(SignatureError::Invalid));
    }

    #[test]
    fn keys_of_small_order_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(identity), Err(SignatureError::WeakKey));
        assert_eq!(PublicKey::from_bytes([0; 32]), Err(SignatureError::WeakKey));
    }

    #[test]
    fn spki_round_trips() {
        let public = SigningKey::from_seed(&[9; 32]).public();
        assert_eq!(PublicKey::from_spki(&public.to_spki()), Ok(public));
        assert_eq!(PublicKey::from_spki(&public.to_spki()[1..]), Err(SignatureError::WeakKey));
    }
}
