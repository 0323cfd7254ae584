//! The keys of a backup, and how its files are sealed.
//!
//! ChaCha20-Poly1305 (RFC 8439) of the library that also does TLS, under a key of each file's own, with the nonce zero:
//! a chunk's key comes from the keyed hash of its content, a manifest's from a random name, so no key meets two contents.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Name of a chunk or of a manifest.
pub(super) type Name = [u8; 32];

const SALT: &[u8] = b"causeway/v1 backup";

/// What a sealed file is, so that none can stand in for one of another kind.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Chunk,
    /// With its number.
    Manifest(u64),
}

impl Role {
    fn aad(self) -> Vec<u8> {
        match self {
            Self::Chunk => b"chunk".to_vec(),
            Self::Manifest(number) => [b"manifest", &number.to_le_bytes()[..]].concat(),
        }
    }
}

/// All keys of a backup, from the one that its lock protects.
#[derive(Clone)]
pub struct Key {
    names: Zeroizing<[u8; 32]>,
    files: Zeroizing<[u8; 32]>,
    cuts: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// The keys that come from this one, which is used for nothing else.
    pub fn new(master: &[u8; 32]) -> Self {
        Self {
            names: expand(master, b"names"),
            files: expand(master, b"files"),
            cuts: expand(master, b"cuts"),
        }
    }

    /// Name of a chunk with this content.
    pub(super) fn name_of(&self, content: &[u8]) -> Name {
        mac(&self.names, content)
    }

    /// A number that decides whether a pack ends behind this record. Keyed: the lengths of chunks tell nothing of keys.
    pub(super) fn cut(&self, record_key: &[u8]) -> u64 {
        let mac = mac(&self.cuts, record_key);
        u64::from_le_bytes(std::array::from_fn(|i| mac[i]))
    }

    fn file(&self, name: &Name) -> Option<LessSafeKey> {
        let key = expand(&self.files, name);
        UnboundKey::new(&CHACHA20_POLY1305, &*key).ok().map(LessSafeKey::new)
    }

    /// Seals a file. A name must never be used for two contents.
    pub(super) fn seal(&self, role: Role, name: &Name, mut content: Vec<u8>) -> Vec<u8> {
        let key = self.file(name).expect("the cipher takes keys of 32 bytes");
        key.seal_in_place_append_tag(nonce(), Aad::from(role.aad()), &mut content)
            .expect("a file of a backup is far below the cipher's limit");
        content
    }

    /// Opens what [`Key::seal`] made; none: it was changed, or belongs elsewhere.
    pub(super) fn open(&self, role: Role, name: &Name, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let length = self.file(name)?.open_in_place(nonce(), Aad::from(role.aad()), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

fn expand(key: &[u8; 32], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(SALT), key)
        .expand(info, &mut *out)
        .expect("32 bytes are far below the limit of HKDF");
    out
}

fn mac(key: &[u8; 32], content: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256>>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(content);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_the_name_and_the_role_together_open() {
        let key = Key::new(&[1; 32]);
        let name = key.name_of(b"content");
        let sealed = key.seal(Role::Chunk, &name, b"content".to_vec());
        assert_eq!(key.open(Role::Chunk, &name, sealed.clone()).as_deref(), Some(&b"content"[..]));
        assert_eq!(key.open(Role::Manifest(1), &name, sealed.clone()), None);
        assert_eq!(key.open(Role::Chunk, &[0; 32], sealed.clone()), None);
        assert_eq!(Key::new(&[2; 32]).open(Role::Chunk, &name, sealed.clone()), None);
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open(Role::Chunk, &name, changed), None, "bit {bit}");
        }
    }
}
