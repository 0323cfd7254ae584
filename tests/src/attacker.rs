//! Somebody who has the disk of a home and its passphrase, and reads what the program no longer shows.
//!
//! The database's files are not opened as a database: every place in every file at which a version of a record could
//! begin is tried with every key that the passphrase and the erasable key store give. Tags are not checked, so that half a
//! record, an overwritten one or one whose name is unknown is read as well. What is found of wrapped keys of cases is unwrapped
//! with every secret there is, and what is sealed under them is opened in the same way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use causeway_client::seal::attachment::{AttachmentKey, AttachmentOpener, Place};
use causeway_common::codec;
use causeway_common::ids::{BlobId, Digest, PacketId};
use causeway_common::passphrase::Cost;
use causeway_common::store::{Kv, SledKv, SledOptions};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Highest number of a tree.
const TREES: u8 = 24;
/// The tree of the wrapped keys.
const KEYS: u8 = 24;
/// A version of a record that is tried begins with a revision below this.
const REVISION_BYTES: usize = 3;
/// Longest identifier of a record.
const ID_BYTES_MAX: usize = 128;
/// What the database keeps in one place of a record.
const PLACE_BYTES: usize = 4_000;
const OF_CASE: u16 = 1 << 15;

#[derive(Serialize, Deserialize)]
struct Header {
    version: u16,
    vault_id: [u8; 32],
    passphrase: Slot,
    recovery: Slot,
}

#[derive(Serialize, Deserialize)]
struct Slot {
    cost: Cost,
    salt: [u8; 16],
    commitment: [u8; 32],
    nonce: Vec<u8>,
    wrapped: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct KeyFile {
    generation: u64,
    secrets: Vec<(Vec<u8>, [u8; 32])>,
}

/// A version of a record, without the layer of the records.
struct Piece {
    tree: u8,
    id: Vec<u8>,
    case: Option<[u8; 32]>,
    bytes: Vec<u8>,
}

/// Everything that can be read.
#[derive(Debug, Default)]
pub struct Loot {
    /// What was in versions of records.
    pub records: Vec<Vec<u8>>,
    /// What was in staged files.
    pub files: Vec<Vec<u8>>,
    /// The bytes of all files as they are.
    pub raw: Vec<Vec<u8>>,
    /// Keys of cases that could be unwrapped, with those that are in use no more.
    pub case_keys: usize,
}

impl Loot {
    /// Whether a text is in any of it.
    pub fn holds(&self, text: &str) -> bool {
        let finder = aho_corasick::AhoCorasick::new([text]).unwrap();
        let mut all = self.records.iter().chain(&self.files).chain(&self.raw);
        all.any(|bytes| finder.is_match(bytes))
    }
}

/// Reads a home. Nobody may have it open.
///
/// # Panics
/// When the home is no home, or the passphrase is not its.
pub fn read(home: &Path, passphrase: &str) -> Loot {
    let master = master(home, passphrase);
    let secrets = erasable(home, &master);
    let files = files_below(home);
    let raw: Vec<Vec<u8>> = files.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let tree_keys: Vec<[u8; 32]> =
        (1..=TREES).map(|tree| derive(b"causeway/v1 vault-rec", &*master, &[b't', tree])).collect();
    let mut pieces = Vec::new();
    for bytes in &raw {
        for at in (0..bytes.len()).filter(|at| may_begin(&bytes[*at..])) {
            pieces.extend(tree_keys.iter().zip(1..).filter_map(|(key, tree)| piece(&bytes[at..], key, tree)));
        }
    }
    let case_keys = case_keys(&pieces, &secrets);
    let mut loot = Loot { case_keys: case_keys.values().map(Vec::len).sum(), ..Loot::default() };
    for piece in &pieces {
        match piece.case {
            None => loot.records.push([&piece.id[..], &piece.bytes].concat()),
            // Every key is tried, not only those of the case that is named.
            Some(_) => loot.records.extend(case_keys.values().flatten().filter_map(|key| {
                let layer = derive(b"causeway/v1 vault-case", key, &[piece.tree]);
                let (nonce, sealed) = piece.bytes.split_first_chunk::<24>()?;
                Some([&piece.id[..], &stream(&layer, nonce, sealed)].concat())
            })),
        }
    }
    loot.files = loot.records.iter().flat_map(|record| staged(home, record)).collect();
    loot.raw = raw;
    loot
}

/// The master key that the passphrase opens.
fn master(home: &Path, passphrase: &str) -> Zeroizing<[u8; 32]> {
    let kv = SledKv::open(&home.join("vault"), SledOptions::default()).unwrap();
    let header: Header = codec::decode(&Arc::new(kv).get(b"h").unwrap().unwrap(), 4096).unwrap();
    let slot = header.passphrase;
    let stretched = slot.cost.stretch(passphrase.as_bytes(), &slot.salt).unwrap();
    let mut keys = [0; 64];
    let expand = Hkdf::<Sha256>::new(Some(b"causeway/v1 vault-slot"), &*stretched);
    expand.expand(b"passphrase", &mut keys).unwrap();
    let encoded = codec::encode(&slot.cost);
    let aad =
        [&header.version.to_le_bytes()[..], &header.vault_id, b"passphrase", &encoded, &slot.salt].concat();
    let key: [u8; 32] = keys[..32].try_into().unwrap();
    let opened = open(&key, &[&slot.nonce[..], &slot.wrapped].concat(), &aad).unwrap();
    Zeroizing::new(opened.try_into().unwrap())
}

/// Secrets of both generations of the key store, as far as they open.
fn erasable(home: &Path, master: &[u8; 32]) -> Vec<(Vec<u8>, [u8; 32])> {
    let mut all = Vec::new();
    for (keys, erase) in [("keys-a.eks", "erase-a.key"), ("keys-b.eks", "erase-b.key")] {
        let (Ok(sealed), Ok(secret)) = (std::fs::read(home.join(keys)), std::fs::read(home.join(erase)))
        else {
            continue;
        };
        let aad = b"causeway/v1 vault-eks";
        let key = derive(&secret, master, aad);
        let plain = open(&key, &sealed, aad);
        all.extend(
            plain.into_iter().flat_map(|plain| codec::decode::<KeyFile>(&plain, 1 << 20).unwrap().secrets),
        );
    }
    assert!(!all.is_empty(), "a home has prekeys");
    all
}

/// Whether a version of a record may begin here: a revision, the number of its pieces, and as much as a nonce.
fn may_begin(bytes: &[u8]) -> bool {
    let Some(clear) = bytes.first_chunk::<10>() else { return false };
    clear[8] > 0 && clear[9] == 0 && clear[REVISION_BYTES..8].iter().all(|byte| *byte == 0)
}

/// What begins here, if it is a version of a record of this tree.
fn piece(bytes: &[u8], key: &[u8; 32], tree: u8) -> Option<Piece> {
    let (nonce, sealed) = bytes.get(10..)?.split_first_chunk::<24>()?;
    let start = stream(key, nonce, &sealed[..sealed.len().min(64)]);
    let length = u16::from_le_bytes(*start.first_chunk()?);
    let id_bytes = usize::from(length & !OF_CASE);
    if id_bytes == 0 || id_bytes > ID_BYTES_MAX {
        return None;
    }
    let plain = stream(key, nonce, &sealed[..sealed.len().min(PLACE_BYTES)]);
    let (id, rest) = plain[2..].split_at_checked(id_bytes)?;
    let (case, rest) = match length & OF_CASE {
        0 => (None, rest),
        _ => rest.split_first_chunk::<32>().map(|(case, rest)| (Some(*case), rest))?,
    };
    Some(Piece { tree, id: id.to_vec(), case, bytes: rest.to_vec() })
}

/// Keys of cases in every version of a key record that any secret opens.
fn case_keys(pieces: &[Piece], secrets: &[(Vec<u8>, [u8; 32])]) -> BTreeMap<Vec<u8>, Vec<[u8; 32]>> {
    let wraps: Vec<[u8; 32]> =
        secrets.iter().map(|(_, secret)| derive(b"causeway/v1 vault-case-wrap", secret, b"")).collect();
    let mut found: BTreeMap<Vec<u8>, Vec<[u8; 32]>> = BTreeMap::new();
    for piece in pieces.iter().filter(|piece| piece.tree == KEYS) {
        let Some(wrapped) = piece.bytes.get(..24 + 32 + 16) else { continue };
        for key in wraps.iter().filter_map(|wrap| open(wrap, wrapped, &piece.id)) {
            let keys = found.entry(piece.id.clone()).or_default();
            let key = key.try_into().unwrap();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    found
}

/// Staged files whose keys stand in a record. Its identifier begins with the packet.
fn staged(home: &Path, record: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(record);
    let Some(packet) = record.first_chunk::<32>() else { return Vec::new() };
    let entries = text.match_indices('{').filter_map(|(at, _)| {
        let value = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>().next()?.ok()?;
        value.get("blob").is_some().then_some(value)
    });
    let bytes = |value: &Value| <[u8; 32]>::try_from(hex::decode(value.as_str()?).ok()?).ok();
    entries
        .filter_map(|entry| {
            let key = AttachmentKey {
                blob_id: BlobId(bytes(&entry["blob"])?),
                key: Zeroizing::new(bytes(&entry["key"])?),
                plain_len: entry["size"].as_u64()?,
                plain_sha256: Digest(bytes(&entry["sha256"])?),
                access_token: bytes(&entry["token"])?,
            };
            let (section, number): (u8, u16) = serde_json::from_value(entry["place"].clone()).ok()?;
            let sealed = std::fs::read(home.join("staging").join(key.blob_id.to_string())).ok()?;
            let place = Place { packet: PacketId(*packet), section, number };
            let mut opener = AttachmentOpener::new(key, &place).ok()?;
            let mut plain = Vec::new();
            opener.write(&sealed, &mut plain).ok()?;
            opener.finish(&mut plain).ok()?;
            Some(plain)
        })
        .collect()
}

fn derive(salt: &[u8], key: &[u8], info: &[u8]) -> [u8; 32] {
    let mut derived = [0; 32];
    Hkdf::<Sha256>::new(Some(salt), key).expand(info, &mut derived).unwrap();
    derived
}

fn open(key: &[u8; 32], sealed: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
    XChaCha20Poly1305::new(&(*key).into()).decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad }).ok()
}

/// What these bytes say, whatever their tag would say: the cipher is a stream, and encrypting zeros shows it.
fn stream(key: &[u8; 32], nonce: &[u8; 24], sealed: &[u8]) -> Vec<u8> {
    let zeros = vec![0; sealed.len()];
    let shown =
        XChaCha20Poly1305::new(&(*key).into()).encrypt(&XNonce::from(*nonce), zeros.as_slice()).unwrap();
    sealed.iter().zip(shown).map(|(sealed, shown)| sealed ^ shown).collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files_below(&path));
        } else {
            all.push(path);
        }
    }
    all
}
