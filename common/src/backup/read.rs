//! Reading a backup: the manifest, the index that it names, and what stands in the chunks.

use serde::{Deserialize, Serialize};

use super::crypt::{Name, Role};
use super::folder::{MANIFEST_BYTES_MAX, read_bounded};
use super::pack::{RECORD_BYTES_MAX, unpack};
use super::write::RECORDS;
use super::{BackupError, Folder, Key, damaged};
use crate::codec;
use crate::time::Timestamp;

/// One backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its number in the folder.
    pub number: u64,
    /// `relay` or `workstation`.
    pub what: String,
    /// The moment that it holds.
    pub taken: Timestamp,
    /// Records in it.
    pub records: u64,
    /// Files in it.
    pub files: u64,
    /// Bytes of records and files.
    pub bytes: u64,
    /// Chunks of the index.
    pub(super) index: Vec<Name>,
}

/// A part of the index: a file, or some of it, or some of the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) chunks: Vec<Name>,
}

/// What a backup gives back.
#[derive(Debug)]
#[non_exhaustive]
pub enum Item<'a> {
    /// A record.
    Record {
        /// Its key.
        key: &'a [u8],
        /// Its value.
        value: &'a [u8],
    },
    /// The next piece of a file; an empty file has one that is empty.
    Piece {
        /// Name of the file.
        name: &'a str,
        /// The bytes.
        bytes: &'a [u8],
    },
}

impl Folder {
    /// A backup by its number.
    pub fn manifest(&self, number: u64, key: &Key) -> Result<Manifest, BackupError> {
        let path = self.manifest_path(number);
        let told = || damaged(format!("manifest {number} is gone or was changed"));
        let bytes = read_bounded(&path, MANIFEST_BYTES_MAX).map_err(|_| told())?;
        let (name, sealed) = bytes.split_first_chunk::<32>().ok_or_else(told)?;
        let plain = key.open(Role::Manifest(number), name, sealed.to_vec()).ok_or_else(told)?;
        let manifest: Manifest = codec::decode(&plain, MANIFEST_BYTES_MAX).map_err(|_| told())?;
        if manifest.number == number { Ok(manifest) } else { Err(told()) }
    }

    /// The newest backup.
    pub fn latest(&self, key: &Key) -> Result<Manifest, BackupError> {
        let newest = self.numbers()?.last().copied();
        self.manifest(newest.ok_or_else(|| BackupError::Missing(self.path().into()))?, key)
    }

    /// Everything in a backup: its records in order, then its files, or the other way round, as it was made.
    pub fn visit(
        &self,
        manifest: &Manifest,
        key: &Key,
        each: &mut dyn FnMut(Item<'_>) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let (mut records, mut files, mut bytes) = (0, 0, 0);
        let mut last = None;
        self.entries(manifest, key, &mut |entry| {
            let name = entry.name.as_str();
            if name != RECORDS && last.as_deref() != Some(name) {
                files += 1;
            }
            if entry.chunks.is_empty() {
                each(Item::Piece { name, bytes: &[] })?;
            }
            for chunk in &entry.chunks {
                let content = self.chunk(key, chunk)?;
                bytes += content.len() as u64;
                if name == RECORDS {
                    unpack(&content, &mut |key, value| {
                        records += 1;
                        each(Item::Record { key, value })
                    })?;
                } else {
                    each(Item::Piece { name, bytes: &content })?;
                }
            }
            last = Some(entry.name);
            Ok(())
        })?;
        if (records, files, bytes) == (manifest.records, manifest.files, manifest.bytes) {
            Ok(())
        } else {
            Err(damaged(format!("backup {} does not hold what its manifest says", manifest.number)))
        }
    }

    fn entries(
        &self,
        manifest: &Manifest,
        key: &Key,
        each: &mut dyn FnMut(Entry) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        for name in &manifest.index {
            let content = self.chunk(key, name)?;
            unpack(&content, &mut |_, entry| {
                let entry = codec::decode(entry, RECORD_BYTES_MAX);
                each(entry.map_err(|_| damaged("its index does not read"))?)
            })?;
        }
        Ok(())
    }

    /// Names of all chunks that a backup needs, those of its index among them.
    pub(super) fn named(&self, manifest: &Manifest, key: &Key) -> Result<Vec<Name>, BackupError> {
        let mut named = manifest.index.clone();
        self.entries(manifest, key, &mut |entry| {
            named.extend(entry.chunks);
            Ok(())
        })?;
        Ok(named)
    }
}
