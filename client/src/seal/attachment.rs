//! Attachments: files of any size, sealed and opened in constant memory.
//!
//! A blob is a sealed stream ([`super::caead`]) under a key of its own, padded with Padmé. Its name is the hash of its
//! bytes; key, length, plaintext hash and the token that the relay asks for travel inside a packet's section.
//!
//! Sealing writes the blob to the caller's file, and an interrupted upload goes on from that file. There is no way to
//! seal the same file again from the middle under the same key: if it had changed meanwhile, two plaintexts would
//! share a nonce. Opening takes the blob in pieces as they come and says where the next request should begin.

use std::io::{self, Read, Write};

use causeway_common::framed::{self, Label};
use causeway_common::ids::{BlobId, Digest, PacketId};
use causeway_common::limits::{ATTACHMENT_BYTES_MAX, CAEAD_HEADER_BYTES, CHUNK_BYTES, sealed_len};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::caead::{Opener, SEALED_CHUNK_BYTES, Sealer, Unopenable, random_salt};
use super::pad::padme;

/// Small files are all padded to this length, so that a photograph's size says more than a note's.
const PADDED_MIN: u64 = 4 * 1024;

/// Where an attachment belongs. A blob opens in its own place only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The packet that carries its key.
    pub packet: PacketId,
    /// Number of the section in that packet.
    pub section: u8,
    /// Number of the attachment in that section.
    pub number: u16,
}

impl Place {
    fn context(&self) -> Digest {
        let bytes = [&self.packet.0[..], &[self.section], &self.number.to_le_bytes()].concat();
        framed::hash(Label::AttachmentCtx, &bytes)
    }
}

/// What a recipient needs to fetch and open an attachment; goes into a section.
#[derive(Clone, PartialEq, Eq)]
pub struct AttachmentKey {
    /// Hash of the blob's bytes.
    pub blob_id: BlobId,
    /// Seals nothing else.
    pub key: Zeroizing<[u8; 32]>,
    /// Length of the file.
    pub plain_len: u64,
    /// Hash of the file.
    pub plain_sha256: Digest,
    /// The relay gives the blob to whoever shows this; it stores its SHA-256.
    pub access_token: [u8; 32],
}

impl AttachmentKey {
    /// Length of the blob. The sender chooses `plain_len`, so it is bounded before anything is computed from it.
    pub fn blob_len(&self) -> Result<u64, AttachmentError> {
        if self.plain_len > ATTACHMENT_BYTES_MAX {
            return Err(AttachmentError::TooLarge);
        }
        Ok(sealed_len(padded_len(self.plain_len)))
    }
}

impl std::fmt::Debug for AttachmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AttachmentKey(of {:?}, {} bytes)", self.blob_id, self.plain_len)
    }
}

/// Why an attachment could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachmentError {
    /// The blob ends too early. Fetch the rest, from [`AttachmentOpener::position`] on.
    #[error("the attachment is not complete yet")]
    Cut,
    /// A file could not be read or written.
    #[error("the attachment could not be read or written: {0}")]
    Io(#[from] io::Error),
    /// More bytes came than the blob has.
    #[error("the relay sent more than the attachment; it is not kept")]
    Overlong,
    /// The file is not the one that the sender described.
    #[error("the attachment is not the file that the sender described; it is not kept")]
    OtherFile,
    /// The file is larger than an attachment may be.
    #[error("the file is larger than {ATTACHMENT_BYTES_MAX} bytes; split it or send it another way")]
    TooLarge,
    /// A piece was changed, or the blob belongs to another packet.
    #[error("the attachment was changed on the way; it is not kept, ask the sender to send it again")]
    Unopenable,
}

impl From<Unopenable> for AttachmentError {
    fn from(_: Unopenable) -> Self {
        Self::Unopenable
    }
}

fn padded_len(plain: u64) -> u64 {
    padme(plain.max(PADDED_MIN))
}

/// Seals one file. Key, salt and token are drawn when it is made and used once.
pub struct AttachmentSealer {
    key: Zeroizing<[u8; 32]>,
    access_token: [u8; 32],
    stream: Sealer,
    header: [u8; CAEAD_HEADER_BYTES],
}

impl AttachmentSealer {
    /// Draws the secrets for an attachment in this place.
    pub fn new(place: &Place, rng: &mut dyn rand_core::CryptoRng) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *key);
        let mut access_token = [0; 32];
        rng.fill_bytes(&mut access_token);
        let (stream, header) = Sealer::new(&key, &place.context().0, &random_salt(rng));
        Self { key, access_token, stream, header }
    }

    /// Reads the file to its end and writes the blob. The blob is complete when this returns.
    pub fn seal(
        mut self,
        plain: &mut dyn Read,
        blob: &mut dyn Write,
    ) -> Result<AttachmentKey, AttachmentError> {
        let mut blob = Hashing { hash: Sha256::new(), to: blob };
        blob.write(&self.header)?;
        let mut source = Padded { plain, hash: Sha256::new(), plain_len: 0, ended: false, given: 0 };
        let mut chunk = Zeroizing::new(vec![0; CHUNK_BYTES]);
        let mut sealed = Vec::with_capacity(SEALED_CHUNK_BYTES);
        loop {
            let filled = source.fill(&mut chunk)?;
            sealed.clear();
            if filled < CHUNK_BYTES {
                self.stream.last(&chunk[..filled], &mut sealed);
                blob.write(&sealed)?;
                break;
            }
            self.stream.chunk(&chunk, &mut sealed);
            blob.write(&sealed)?;
        }
        blob.to.flush()?;
        Ok(AttachmentKey {
            blob_id: BlobId(blob.hash.finalize().into()),
            key: self.key,
            plain_len: source.plain_len,
            plain_sha256: Digest(source.hash.finalize().into()),
            access_token: self.access_token,
        })
    }
}

impl std::fmt::Debug for AttachmentSealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttachmentSealer").finish_non_exhaustive()
    }
}

struct Hashing<'a> {
    hash: Sha256,
    to: &'a mut dyn Write,
}

impl Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.to.write_all(bytes)
    }
}

/// The file, followed by zeros up to its padded length.
struct Padded<'a> {
    plain: &'a mut dyn Read,
    hash: Sha256,
    plain_len: u64,
    ended: bool,
    given: u64,
}

impl Padded<'_> {
    /// Fills `chunk` as far as there is content; less than all of it means that this was the last.
    fn fill(&mut self, chunk: &mut [u8]) -> Result<usize, AttachmentError> {
        let mut filled = 0;
        while !self.ended && filled < chunk.len() {
            match self.plain.read(&mut chunk[filled..]) {
                Ok(0) => self.ended = true,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.hash.update(&chunk[..filled]);
        self.plain_len += filled as u64;
        if self.plain_len > ATTACHMENT_BYTES_MAX {
            return Err(AttachmentError::TooLarge);
        }
        if self.ended {
            let left = padded_len(self.plain_len) - self.given - filled as u64;
            let zeros = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len() - filled);
            chunk[filled..][..zeros].fill(0);
            filled += zeros;
        }
        self.given += filled as u64;
        Ok(filled)
    }
}

/// Opens one blob, piece by piece. Write its output to a temporary file and keep that only when
/// [`AttachmentOpener::finish`] has succeeded.
pub struct AttachmentOpener {
    key: AttachmentKey,
    blob_len: u64,
    context: Digest,
    stream: Option<Opener>,
    blob_hash: Sha256,
    plain_hash: Sha256,
    /// Bytes taken so far, those in `pending` included.
    position: u64,
    plain_given: u64,
    /// Less than a header or a chunk.
    pending: Vec<u8>,
    chunk: Zeroizing<Vec<u8>>,
}

impl AttachmentOpener {
    /// Begins to open the blob that `key` describes, for the place in which `key` was found.
    pub fn new(key: AttachmentKey, place: &Place) -> Result<Self, AttachmentError> {
        Ok(Self {
            blob_len: key.blob_len()?,
            key,
            context: place.context(),
            stream: None,
            blob_hash: Sha256::new(),
            plain_hash: Sha256::new(),
            position: 0,
            plain_given: 0,
            pending: Vec::with_capacity(SEALED_CHUNK_BYTES),
            chunk: Zeroizing::new(Vec::with_capacity(SEALED_CHUNK_BYTES)),
        })
    }

    /// How many bytes of the blob have been taken: after an interruption, ask the relay for the rest from here.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Number of the chunk that is being collected.
    pub fn chunk_index(&self) -> u64 {
        self.position.saturating_sub(CAEAD_HEADER_BYTES as u64) / SEALED_CHUNK_BYTES as u64
    }

    /// Takes the next bytes of the blob and writes what they give.
    pub fn write(&mut self, mut bytes: &[u8], plain: &mut dyn Write) -> Result<(), AttachmentError> {
        if self.position.saturating_add(bytes.len() as u64) > self.blob_len {
            return Err(AttachmentError::Overlong);
        }
        while !bytes.is_empty() {
            let whole = if self.stream.is_none() { CAEAD_HEADER_BYTES } else { SEALED_CHUNK_BYTES };
            let (now, later) = bytes.split_at(bytes.len().min(whole - self.pending.len()));
            self.pending.extend_from_slice(now);
            self.position += now.len() as u64;
            bytes = later;
            if self.pending.len() == whole {
                self.take_whole(plain)?;
            }
        }
        Ok(())
    }

    fn take_whole(&mut self, plain: &mut dyn Write) -> Result<(), AttachmentError> {
        self.blob_hash.update(&self.pending);
        if let Some(stream) = &mut self.stream {
            self.chunk.clear();
            stream.chunk(&self.pending, &mut self.chunk)?;
            self.give(plain)?;
        } else {
            self.stream = Some(Opener::new(&self.key.key[..], &self.context.0, &self.pending, 0)?);
        }
        self.pending.clear();
        Ok(())
    }

    /// Writes the file's part of a chunk; the rest must be zeros.
    fn give(&mut self, plain: &mut dyn Write) -> Result<(), AttachmentError> {
        let left = self.key.plain_len - self.plain_given;
        let (file, padding) =
            self.chunk.split_at(usize::try_from(left).unwrap_or(usize::MAX).min(self.chunk.len()));
        if padding.iter().any(|byte| *byte != 0) {
            return Err(AttachmentError::OtherFile);
        }
        self.plain_hash.update(file);
        self.plain_given += file.len() as u64;
        Ok(plain.write_all(file)?)
    }

    /// Opens the last chunk and checks that the blob and the file are those that the sender described. The output is
    /// complete and may be kept only after this.
    pub fn finish(mut self, plain: &mut dyn Write) -> Result<(), AttachmentError> {
        if self.position != self.blob_len {
            return Err(AttachmentError::Cut);
        }
        let stream = self.stream.take().ok_or(AttachmentError::Cut)?;
        self.blob_hash.update(&self.pending);
        self.chunk.clear();
        stream.last(&self.pending, &mut self.chunk)?;
        self.give(plain)?;
        let blob: [u8; 32] = self.blob_hash.finalize().into();
        let file: [u8; 32] = self.plain_hash.finalize().into();
        // The blob's length leaves no room for a file of another length than the one described.
        if blob != self.key.blob_id.0 || file != self.key.plain_sha256.0 {
            return Err(AttachmentError::OtherFile);
        }
        Ok(plain.flush()?)
    }

    /// Opens a blob that is there in full.
    pub fn open(mut self, blob: &mut dyn Read, plain: &mut dyn Write) -> Result<(), AttachmentError> {
        let mut piece = vec![0; SEALED_CHUNK_BYTES];
        loop {
            match blob.read(&mut piece) {
                Ok(0) => return self.finish(plain),
                Ok(n) => self.write(&piece[..n], plain)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl std::fmt::Debug for AttachmentOpener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttachmentOpener").field("position", &self.position).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { packet: PacketId([1; 32]), section: 3, number: 0 };

    fn sealed(length: usize) -> (Vec<u8>, Vec<u8>, AttachmentKey) {
        let plain: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap_or(0)).collect();
        let mut blob = Vec::new();
        let sealer = AttachmentSealer::new(&PLACE, &mut crate::test_rng(5));
        let key = sealer.seal(&mut &plain[..], &mut blob).unwrap();
        (plain, blob, key)
    }

    fn opened(key: &AttachmentKey, place: &Place, blob: &[u8]) -> Result<Vec<u8>, AttachmentError> {
        let mut plain = Vec::new();
        AttachmentOpener::new(key.clone(), place)?.open(&mut &blob[..], &mut plain)?;
        Ok(plain)
    }

    #[test]
    fn files_of_all_lengths_round_trip_under_their_own_name() {
        for length in [0, 1, 4096, 16_383, 16_384, 16_385, 300_000, 1 << 20] {
            let (plain, blob, key) = sealed(length);
            assert_eq!(key.blob_len().unwrap(), blob.len() as u64, "{length}");
            assert_eq!(key.blob_id.0, framed::sha256(&blob).0);
            assert_eq!(opened(&key, &PLACE, &blob).unwrap(), plain);
        }
    }

    #[test]
    fn a_download_goes_on_where_it_stopped() {
        let (plain, blob, key) = sealed(100_000);
        let mut opener = AttachmentOpener::new(key, &PLACE).unwrap();
        let mut out = Vec::new();
        for piece in [10usize, 70, 16_400, 40_000, 7] {
            let from = usize::try_from(opener.position()).unwrap();
            opener.write(&blob[from..from + piece], &mut out).unwrap();
        }
        assert_eq!(opener.chunk_index(), 3);
        assert!(out.len() < plain.len());
        let from = usize::try_from(opener.position()).unwrap();
        opener.write(&blob[from..], &mut out).unwrap();
        opener.finish(&mut out).unwrap();
        assert_eq!(out, plain);
    }

    #[test]
    fn changed_cut_overlong_and_moved_blobs_are_refused() {
        let (_, blob, key) = sealed(40_000);
        for at in [0, 30, 60, 20_000, blob.len() - 1] {
            let mut changed = blob.clone();
            changed[at] ^= 1;
            assert!(matches!(opened(&key, &PLACE, &changed), Err(AttachmentError::Unopenable)), "byte {at}");
        }
        let cut = &blob[..CAEAD_HEADER_BYTES + 2 * SEALED_CHUNK_BYTES];
        assert!(matches!(opened(&key, &PLACE, cut), Err(AttachmentError::Cut)));
        let overlong = [&blob[..], &[0]].concat();
        assert!(matches!(opened(&key, &PLACE, &overlong), Err(AttachmentError::Overlong)));
        let elsewhere = Place { number: 1, ..PLACE };
        assert!(matches!(opened(&key, &elsewhere, &blob), Err(AttachmentError::Unopenable)));
    }

    #[test]
    fn a_file_that_was_described_otherwise_is_refused() {
        let (plain, blob, key) = sealed(40_000);
        let other_hash = AttachmentKey { plain_sha256: Digest([0; 32]), ..key.clone() };
        assert!(matches!(opened(&other_hash, &PLACE, &blob), Err(AttachmentError::OtherFile)));
        let other_name = AttachmentKey { blob_id: BlobId([0; 32]), ..key.clone() };
        assert!(matches!(opened(&other_name, &PLACE, &blob), Err(AttachmentError::OtherFile)));
        let shorter =
            AttachmentKey { plain_len: 39_999, plain_sha256: framed::sha256(&plain[..39_999]), ..key };
        assert!(matches!(opened(&shorter, &PLACE, &blob), Err(AttachmentError::OtherFile)));
    }

    #[test]
    fn an_impossible_length_is_refused_before_it_is_used() {
        let (_, _, key) = sealed(1);
        let huge = AttachmentKey { plain_len: u64::MAX, ..key };
        assert!(matches!(AttachmentOpener::new(huge, &PLACE), Err(AttachmentError::TooLarge)));
    }

    #[test]
    fn nothing_larger_than_an_attachment_is_sealed() {
        let mut endless = io::repeat(0);
        let mut source = Padded {
            plain: &mut endless,
            hash: Sha256::new(),
            plain_len: ATTACHMENT_BYTES_MAX,
            ended: false,
            given: ATTACHMENT_BYTES_MAX,
        };
        assert!(matches!(source.fill(&mut [0; 16]), Err(AttachmentError::TooLarge)));
    }
}
