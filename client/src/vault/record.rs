//! Records: sealed pieces under keys that tell nothing, and the head that counts and sums them.
//!
//! A piece's key is an HMAC of tree and identifier; its value is `revision ‖ pieces ‖ nonce ‖ ciphertext`, with all
//! of that and the key itself authenticated, so that no piece can stand in another's place. The first piece begins
//! with the identifier, and the case it belongs to if it belongs to one. The head's sum over all pieces shows a record that was removed or rolled back by itself;
//! a vault rolled back as a whole only shows from outside (the relay remembers the key store's generation).

use std::collections::HashMap;

use causeway_common::codec;
use causeway_common::store::{Kv, StoreError};
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead as _, Payload};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::cases::CaseName;
use super::header::cipher;
use super::view::{Index, Place};
use super::{Tree, VaultError, damaged};

/// Where the head stands in the store.
pub(super) const HEAD_KEY: &[u8] = b"t";
/// Before the keys of all records.
const RECORDS: u8 = b'v';
/// Content of one piece: with nonce, tag and identifier it stays below the store's limit of 64 KiB.
const PIECE_BYTES: usize = 60 * 1024;
/// Records read at a time.
const SCAN_RECORDS: usize = 256;
const NONCE_BYTES: usize = 24;
/// Revision, number of pieces.
const PREFIX_BYTES: usize = 8 + 2;
/// Set in the length of an identifier that the name of a case follows; its content is sealed under the key of that case.
const OF_CASE: u16 = 1 << 15;

/// A write of the store: a value, or its removal.
pub(super) type Write = (Vec<u8>, Option<Vec<u8>>);

/// What the head record says of all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Rises with every commit; revisions of records are taken from it.
    pub(super) generation: u64,
    pieces: u64,
    sum: [u64; 4],
}

impl Head {
    fn add(&mut self, hash: [u64; 4]) {
        self.pieces = self.pieces.wrapping_add(1);
        let mut carry = false;
        for (limb, other) in self.sum.iter_mut().zip(hash) {
            let (added, first) = limb.overflowing_add(other);
            let (added, second) = added.overflowing_add(u64::from(carry));
            *limb = added;
            carry = first || second;
        }
    }

    fn subtract(&mut self, hash: [u64; 4]) {
        self.pieces = self.pieces.wrapping_sub(1);
        let mut borrow = false;
        for (limb, other) in self.sum.iter_mut().zip(hash) {
            let (left, first) = limb.overflowing_sub(other);
            let (left, second) = left.overflowing_sub(u64::from(borrow));
            *limb = left;
            borrow = first || second;
        }
    }
}

/// All keys of the records, derived from the master key.
pub(super) struct RecordKeys {
    trees: HashMap<Tree, Zeroizing<[u8; 32]>>,
    index: Zeroizing<[u8; 32]>,
    meta: Zeroizing<[u8; 32]>,
    head: Zeroizing<[u8; 32]>,
}

/// What a record holds, without the layer of the records.
pub(super) struct Content {
    /// The case under whose key the bytes are sealed.
    pub(super) case: Option<CaseName>,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Where pieces are read from, by their keys.
pub(super) type Read<'a> = &'a dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, StoreError>;

impl RecordKeys {
    pub(super) fn new(master: &[u8; 32]) -> Self {
        let derive = |info: &[u8]| {
            let mut key = Zeroizing::new([0; 32]);
            Hkdf::<Sha256>::new(Some(b"causeway/v1 vault-rec"), master)
                .expand(info, &mut *key)
                .expect("32 bytes are far below the limit of HKDF");
            key
        };
        Self {
            trees: Tree::ALL.into_iter().map(|tree| (tree, derive(&[b't', tree as u8]))).collect(),
            index: derive(b"index"),
            meta: derive(b"meta"),
            head: derive(b"head"),
        }
    }

    fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256>>::new_from_slice(key).expect("HMAC takes keys of any length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    pub(super) fn piece_key(&self, tree: Tree, id: &[u8], piece: u16) -> Vec<u8> {
        let name = Self::mac(&self.index, &[&[tree as u8], id]);
        [&[RECORDS, tree as u8][..], &name, &piece.to_be_bytes()].concat()
    }

    fn piece_hash(&self, key: &[u8], value: &[u8]) -> [u64; 4] {
        let mac = Self::mac(&self.meta, &[key, &Sha256::digest(value)]);
        std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|b| mac[i * 8 + b])))
    }

    pub(super) fn seal_head(&self, head: &Head, rng: &mut dyn rand_core::CryptoRng) -> Vec<u8> {
        seal(&self.head, HEAD_KEY, &codec::encode(head), rng)
    }

    pub(super) fn open_head(&self, sealed: &[u8]) -> Result<Head, VaultError> {
        let plain = open(&self.head, HEAD_KEY, sealed).ok_or_else(|| damaged("its head was changed"))?;
        codec::decode(&plain, 1024).map_err(|_| damaged("its head does not read"))
    }

    /// Appends the writes that store a record.
    #[expect(clippy::too_many_arguments, reason = "one record, its place, and where its writes go")]
    pub(super) fn store(
        &self,
        tree: Tree,
        id: &[u8],
        revision: u64,
        value: &Content,
        rng: &mut dyn rand_core::CryptoRng,
        head: &mut Head,
        writes: &mut Vec<Write>,
    ) {
        let length = u16::try_from(id.len()).unwrap_or(u16::MAX) & !OF_CASE;
        let flag = if value.case.is_some() { OF_CASE } else { 0 };
        let case = value.case.as_ref().map_or(&[][..], |case| case);
        let plain = Zeroizing::new([&(length | flag).to_le_bytes()[..], id, case, &value.bytes].concat());
        let pieces = u16::try_from(plain.len().div_ceil(PIECE_BYTES)).unwrap_or(u16::MAX);
        for (number, content) in (0u16..).zip(plain.chunks(PIECE_BYTES)) {
            let key = self.piece_key(tree, id, number);
            let mut value = [&revision.to_le_bytes()[..], &pieces.to_le_bytes()].concat();
            let aad = [&key[..], &value].concat();
            value.extend_from_slice(&seal(&self.trees[&tree], &aad, content, rng));
            head.add(self.piece_hash(&key, &value));
            writes.push((key, Some(value)));
        }
    }

    /// Appends the writes that remove a record.
    pub(super) fn remove(
        &self,
        kv: &dyn Kv,
        tree: Tree,
        id: &[u8],
        revision: u64,
        head: &mut Head,
        writes: &mut Vec<Write>,
    ) -> Result<(), VaultError> {
        let mut number = 0;
        loop {
            let key = self.piece_key(tree, id, number);
            let value = kv.get(&key)?.ok_or_else(|| damaged("a record is gone"))?;
            let (stored, pieces) = prefix(&value).ok_or_else(|| damaged("a record does not read"))?;
            if stored != revision {
                return Err(damaged("a record was exchanged while the vault was open"));
            }
            head.subtract(self.piece_hash(&key, &value));
            writes.push((key, None));
            number += 1;
            if number >= pieces {
                return Ok(());
            }
        }
    }

    /// Reads a record that the index lists.
    pub(super) fn load(
        &self,
        read: Read<'_>,
        tree: Tree,
        id: &[u8],
        revision: u64,
    ) -> Result<Content, VaultError> {
        let mut plain = Zeroizing::new(Vec::new());
        let mut number = 0;
        loop {
            let key = self.piece_key(tree, id, number);
            let value = read(&key)?.ok_or_else(|| damaged("a record is gone"))?;
            let (stored, pieces) = prefix(&value).ok_or_else(|| damaged("a record does not read"))?;
            if stored != revision {
                return Err(damaged("a record was exchanged while the vault was open"));
            }
            plain.extend_from_slice(&self.open_piece(tree, &key, &value)?);
            number += 1;
            if number >= pieces {
                break;
            }
        }
        let (found, case, content) = split_id(&plain).ok_or_else(|| damaged("a record does not read"))?;
        if found != id {
            return Err(damaged("a record stands in another's place"));
        }
        Ok(Content { case: case.copied(), bytes: Zeroizing::new(content.to_vec()) })
    }

    fn open_piece(&self, tree: Tree, key: &[u8], value: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (clear, sealed) =
            value.split_at_checked(PREFIX_BYTES).ok_or_else(|| damaged("a record does not read"))?;
        let aad = [key, clear].concat();
        open(&self.trees[&tree], &aad, sealed).ok_or_else(|| damaged("a record was changed"))
    }
}

/// Reads the identifiers and revisions of all records, and checks that the head's count and sum fit.
pub(super) fn read_index(kv: &dyn Kv, keys: &RecordKeys, head: &Head) -> Result<Index, VaultError> {
    let mut found = Head { generation: head.generation, ..Head::default() };
    let mut index = Index::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let records = kv.scan(&[RECORDS], after.as_deref(), SCAN_RECORDS)?;
        let Some((last, _)) = records.last() else { break };
        after = Some(last.clone());
        for (key, value) in records {
            found.add(keys.piece_hash(&key, &value));
            if !key.ends_with(&[0, 0]) {
                continue;
            }
            let tree = Tree::ALL.into_iter().find(|t| key.get(1) == Some(&(*t as u8)));
            let tree = tree.ok_or_else(|| damaged("a record of an unknown kind; update Causeway"))?;
            let (revision, _) = prefix(&value).ok_or_else(|| damaged("a record does not read"))?;
            let plain = keys.open_piece(tree, &key, &value)?;
            let (id, case, _) = split_id(&plain).ok_or_else(|| damaged("a record does not read"))?;
            let place = Place { revision, case: case.map(|case| Box::new(*case)) };
            index.entry(tree).or_default().insert(id.to_vec(), place);
        }
    }
    if found == *head {
        Ok(index)
    } else {
        Err(damaged("records are missing, added or older than they should be"))
    }
}

fn prefix(value: &[u8]) -> Option<(u64, u16)> {
    let (revision, rest) = value.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*revision), u16::from_le_bytes(*rest.first_chunk::<2>()?)))
}

/// Identifier, case and the rest.
fn split_id(plain: &[u8]) -> Option<(&[u8], Option<&CaseName>, &[u8])> {
    let (length, rest) = plain.split_first_chunk::<2>()?;
    let length = u16::from_le_bytes(*length);
    let (id, rest) = rest.split_at_checked(usize::from(length & !OF_CASE))?;
    if length & OF_CASE == 0 {
        return Some((id, None, rest));
    }
    let (case, rest) = rest.split_first_chunk::<32>()?;
    Some((id, Some(case), rest))
}

/// XChaCha20-Poly1305 with a random nonce in front: 192 bits never repeat, not even after a rollback.
pub(super) fn seal(key: &[u8; 32], aad: &[u8], plain: &[u8], rng: &mut dyn rand_core::CryptoRng) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    rng.fill_bytes(&mut nonce);
    let sealed = cipher(key)
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad })
        .expect("a record is far below the cipher's limit");
    [&nonce[..], &sealed].concat()
}

pub(super) fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    cipher(key).decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad }).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_exact_over_the_edge_of_each_limb() {
        let mut head = Head::default();
        let big = [u64::MAX; 4];
        head.add(big);
        head.add(big);
        head.subtract(big);
        assert_eq!(head.sum, big);
        head.subtract(big);
        assert_eq!(head, Head::default());
    }
}
