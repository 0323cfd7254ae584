//! How a record stands in the database: whole under its head, or in pieces that the head counts.
//!
//! Above about 8,000 bytes sled moves a value into a file that it never syncs, hence the pieces.

use std::ops::Bound;

use super::open::failed;
use super::{Batch, Db};
use crate::store::memory::start;
use crate::store::{KEY_BYTES_MAX, Record, StoreError, VALUE_BYTES_MAX};

/// Half of what sled takes without a file of its own.
const PIECE_BYTES_MAX: usize = 4_000 - 1;
/// What a head says of a record that does not fit into it: `1` and the number of further pieces.
const HEAD_BYTES: usize = 3;
/// First byte of the keys of heads, and of pieces.
const HEADS: u8 = 1;
const PIECES: u8 = 2;

/// Whether the store takes a record of this size.
pub(super) fn check(key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
    let bytes = value.map_or(0, <[u8]>::len);
    if key.len() > KEY_BYTES_MAX {
        Err(StoreError::TooLarge(key.len()))
    } else if bytes > VALUE_BYTES_MAX {
        Err(StoreError::TooLarge(bytes))
    } else {
        Ok(())
    }
}

/// Adds to `batch` what makes `value` the record of `key`, or removes it.
pub(super) fn replace(
    batch: &mut Batch,
    db: &Db,
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<(), StoreError> {
    let old_pieces = db.get(heads(key)).map_err(|e| failed(&e))?.map_or(0, |head| piece_count(&head));
    let new_pieces = match value {
        None => {
            batch.remove(heads(key));
            0
        }
        Some(value) => put_pieces(batch, key, value),
    };
    for index in new_pieces..old_pieces {
        batch.remove(piece_key(key, index));
    }
    Ok(())
}

/// The record of `key`.
pub(super) fn load(db: &Db, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    db.get(heads(key)).map_err(|e| failed(&e))?.map(|head| whole(db, key, &head)).transpose()
}

/// The records whose keys begin with `prefix`, in order, from behind `after` on.
pub(super) fn scan<'a>(
    db: &'a Db,
    prefix: &'a [u8],
    after: Option<&[u8]>,
) -> impl Iterator<Item = Result<Record, StoreError>> + 'a {
    let from = match start(prefix, after) {
        Bound::Excluded(key) => Bound::Excluded(heads(key)),
        Bound::Included(key) => Bound::Included(heads(key)),
        Bound::Unbounded => Bound::Unbounded,
    };
    db.range((from, Bound::<Vec<u8>>::Unbounded))
        .map(|entry| entry.map_err(|e| failed(&e)))
        .take_while(move |entry| match entry {
            Ok((key, _)) => key.first() == Some(&HEADS) && key[1..].starts_with(prefix),
            Err(_) => true,
        })
        .map(move |entry| {
            let (key, head) = entry?;
            Ok((key[1..].to_vec(), whole(db, &key[1..], &head)?))
        })
}

/// How many records there are.
pub(super) fn count(db: &Db) -> u64 {
    db.range(vec![HEADS]..vec![PIECES]).count() as u64
}

/// Where the head of a record stands: `0` and the whole value, or `1`, the number of pieces that follow, and the first of
/// the value.
fn heads(key: &[u8]) -> Vec<u8> {
    [&[HEADS], key].concat()
}

fn piece_key(key: &[u8], index: u16) -> Vec<u8> {
    let length = u16::try_from(key.len()).unwrap_or(u16::MAX);
    [&[PIECES], &length.to_be_bytes()[..], key, &index.to_be_bytes()].concat()
}

fn piece_count(head: &[u8]) -> u16 {
    match head {
        [1, low, high, ..] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    }
}

fn put_pieces(batch: &mut Batch, key: &[u8], value: &[u8]) -> u16 {
    if value.len() <= PIECE_BYTES_MAX {
        batch.insert(heads(key), [&[0], value].concat());
        return 0;
    }
    let (first, rest) = value.split_at(PIECE_BYTES_MAX - HEAD_BYTES);
    let mut count: u16 = 0;
    for piece in rest.chunks(PIECE_BYTES_MAX) {
        batch.insert(piece_key(key, count), piece);
        count += 1;
    }
    batch.insert(heads(key), [&[1], &count.to_le_bytes()[..], first].concat());
    count
}

fn whole(db: &Db, key: &[u8], head: &[u8]) -> Result<Vec<u8>, StoreError> {
    if let Some(value) = head.strip_prefix(&[0]) {
        return Ok(value.to_vec());
    }
    let mut value = head.get(HEAD_BYTES..).unwrap_or_default().to_vec();
    for index in 0..piece_count(head) {
        let piece = db.get(piece_key(key, index)).map_err(|e| failed(&e))?;
        value.extend_from_slice(
            &piece.ok_or_else(|| StoreError::Corrupt("a piece of a record is gone".into()))?,
        );
    }
    Ok(value)
}
