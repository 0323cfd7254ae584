//! Committing authenticated encryption in chunks: C2SP chunked-encryption v1 with ChaCha20-Poly1305 (RFC 8439).
//!
//! `salt 24 ‖ commitment 32 ‖ chunks`. Key, nonce base and commitment come out of HKDF-Expand-SHA-512 over the salt
//! and a context, so a ciphertext opens under one key and one context only. Every chunk but the last holds 16 KiB;
//! the last is shorter (perhaps empty), so a cut at a chunk's end shows. Each key encrypts one message.

use causeway_common::limits::{CAEAD_HEADER_BYTES, CHUNK_BYTES};
use chacha20poly1305::aead::{AeadInOut, Key, KeyInit, Nonce};
use chacha20poly1305::{ChaCha20Poly1305, Tag};
use hmac::{Hmac, Mac as _};
use sha2::Sha512;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Poly1305 tag of every chunk.
pub const TAG_BYTES: usize = 16;
/// A full chunk with its tag.
pub const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;

const SALT_BYTES: usize = 24;
const COMMITMENT_BYTES: usize = 32;

/// The bytes do not open: wrong key, wrong context, changed, or cut. Which of these is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed data does not open: it was changed, cut, or is not meant for this key")]
pub struct Unopenable;

/// Seals `plain` under a key that is used for nothing else.
pub fn seal(key: &[u8; 32], context: &[u8], plain: &[u8], rng: &mut dyn rand_core::CryptoRng) -> Vec<u8> {
    let (mut stream, header) = Sealer::new(key, context, rng);
    let mut out =
        Vec::with_capacity(CAEAD_HEADER_BYTES + plain.len() + TAG_BYTES * (plain.len() / CHUNK_BYTES + 1));
    out.extend_from_slice(&header);
    let mut chunks = plain.chunks_exact(CHUNK_BYTES);
    for chunk in &mut chunks {
        stream.chunk(chunk, &mut out);
    }
    stream.chunk(chunks.remainder(), &mut out);
    out
}

/// Opens what [`seal`] made. Nothing is given out before every chunk has verified.
pub fn open(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopenable> {
    let (header, body) = sealed.split_at_checked(CAEAD_HEADER_BYTES).ok_or(Unopenable)?;
    let mut stream = Opener::new(key, context, header, 0)?;
    let mut plain = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut chunks = body.chunks_exact(SEALED_CHUNK_BYTES);
    for chunk in &mut chunks {
        stream.chunk(chunk, &mut plain)?;
    }
    stream.last(chunks.remainder(), &mut plain)?;
    Ok(plain)
}

struct Derived {
    cipher: ChaCha20Poly1305,
    nonce_base: [u8; 12],
    commitment: [u8; COMMITMENT_BYTES],
}

/// HKDF-Expand (RFC 5869) with the message key as its pseudorandom key. It is 32 bytes, which `hkdf::from_prk`
/// refuses for SHA-512, hence HMAC directly.
fn derive(key: &[u8; 32], salt: &[u8], context: &[u8]) -> Derived {
    let mut okm = Zeroizing::new([0u8; 128]);
    let mut previous: &[u8] = &[];
    let (first, second) = okm.split_at_mut(64);
    for (counter, block) in [(1u8, &mut *first), (2u8, second)] {
        let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(previous);
        mac.update(b"c2sp.org/chunked-encryption@v1+AEAD_CHACHA20_POLY1305\0");
        mac.update(salt);
        mac.update(context);
        mac.update(&[counter]);
        block.copy_from_slice(&mac.finalize().into_bytes());
        previous = block;
    }
    let mut nonce_base = [0; 12];
    nonce_base.copy_from_slice(&okm[32..44]);
    let mut commitment = [0; COMMITMENT_BYTES];
    commitment.copy_from_slice(&okm[44..76]);
    let cipher_key = Key::<ChaCha20Poly1305>::try_from(&okm[..32]).expect("32 bytes are a ChaCha20 key");
    Derived { cipher: ChaCha20Poly1305::new(&cipher_key), nonce_base, commitment }
}

fn nonce(base: &[u8; 12], index: u64) -> Nonce<ChaCha20Poly1305> {
    let mut nonce = *base;
    for (byte, counter) in nonce[4..].iter_mut().zip(index.to_be_bytes()) {
        *byte ^= counter;
    }
    Nonce::<ChaCha20Poly1305>::from(nonce)
}

/// Seals a stream chunk by chunk: full chunks first, then exactly one shorter one.
pub struct Sealer {
    derived: Derived,
    index: u64,
}

impl Sealer {
    /// Begins a stream and gives its header.
    pub fn new(
        key: &[u8; 32],
        context: &[u8],
        rng: &mut dyn rand_core::CryptoRng,
    ) -> (Self, [u8; CAEAD_HEADER_BYTES]) {
        let mut salt = [0; SALT_BYTES];
        rng.fill_bytes(&mut salt);
        let derived = derive(key, &salt, context);
        let mut header = [0; CAEAD_HEADER_BYTES];
        header[..SALT_BYTES].copy_from_slice(&salt);
        header[SALT_BYTES..].copy_from_slice(&derived.commitment);
        (Self { derived, index: 0 }, header)
    }

    /// Seals one chunk and appends it to `out`.
    pub fn chunk(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        debug_assert!(plain.len() <= CHUNK_BYTES);
        let from = out.len();
        out.extend_from_slice(plain);
        let nonce = nonce(&self.derived.nonce_base, self.index);
        let tag = self
            .derived
            .cipher
            .encrypt_inout_detached(&nonce, b"", (&mut out[from..]).into())
            .expect("a chunk is far below the cipher's limit");
        out.extend_from_slice(&tag);
        self.index += 1;
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("index", &self.index).finish_non_exhaustive()
    }
}

/// Opens a stream chunk by chunk. What it gives out is not to be used before [`Opener::last`] has succeeded.
pub struct Opener {
    derived: Derived,
    index: u64,
}

impl Opener {
    /// Begins at chunk `index`, after checking that the header commits to this key and context.
    pub fn new(key: &[u8; 32], context: &[u8], header: &[u8], index: u64) -> Result<Self, Unopenable> {
        if header.len() != CAEAD_HEADER_BYTES {
            return Err(Unopenable);
        }
        let (salt, commitment) = header.split_at(SALT_BYTES);
        let derived = derive(key, salt, context);
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
        let tag = Tag::try_from(&sealed[length..]).map_err(|_| Unopenable)?;
        let from = out.len();
        out.extend_from_slice(&sealed[..length]);
        let nonce = nonce(&self.derived.nonce_base, self.index);
        let opened = self.derived.cipher.decrypt_inout_detached(&nonce, b"", (&mut out[from..]).into(), &tag);
        if opened.is_err() {
            out.truncate(from);
            return Err(Unopenable);
        }
        self.index += 1;
        Ok(())
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("index", &self.index).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rng() -> impl rand_core::CryptoRng {
        crate::test_rng(1)
    }

    #[test]
    fn lengths_round_trip_and_cuts_show() {
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES] {
            let plain = vec![7; length];
            let sealed = seal(&[1; 32], b"context", &plain, &mut rng());
            assert_eq!(sealed.len() as u64, causeway_common::limits::sealed_len(length as u64));
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
    fn chunks_cannot_change_places() {
        let mut sealed = seal(&[1; 32], b"", &[7; 3 * CHUNK_BYTES], &mut rng());
        let (first, second) = sealed[CAEAD_HEADER_BYTES..].split_at_mut(SEALED_CHUNK_BYTES);
        first.swap_with_slice(&mut second[..SEALED_CHUNK_BYTES]);
        assert_eq!(open(&[1; 32], b"", &sealed), Err(Unopenable));
    }
}
