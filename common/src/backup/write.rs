//! Making a backup: records and files become chunks, then the manifest makes them one.

use std::collections::HashSet;
use std::io::Read;

use super::crypt::{Name, Role};
use super::folder::{CHUNKS, UNFINISHED};
use super::pack::Packer;
use super::read::{Entry, Manifest};
use super::{BackupError, Folder, Key};
use crate::codec;
use crate::store::files;
use crate::time::Timestamp;

/// Files are cut into pieces of this length.
const PIECE_BYTES: usize = 1 << 20;
/// Names of chunks in one entry of the index; what has more goes on in the next entry.
const ENTRY_CHUNKS_MAX: usize = 4_096;
/// Chunks of the index, which the manifest names: with 64 KiB each, a billion bytes of names.
const INDEX_CHUNKS_MAX: usize = 16_384;
/// Under this name the records stand in the index.
pub(super) const RECORDS: &str = "";

/// What a backup is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// `relay` or `workstation`.
    pub what: String,
    /// The moment that it holds.
    pub taken: Timestamp,
}

/// What a finished backup came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What it lists.
    pub manifest: Manifest,
    /// Bytes that were written because they were not there.
    pub new_bytes: u64,
    /// Chunks removed because no kept backup needs them.
    pub removed: u64,
}

/// A backup that is being made. Dropping it leaves the earlier ones as they were.
#[derive(Debug)]
pub struct Writer<'a> {
    folder: &'a Folder,
    key: &'a Key,
    packer: Packer,
    part: Vec<Name>,
    index: Packer,
    index_names: Vec<Name>,
    manifest: Manifest,
    new_bytes: u64,
}

impl<'a> Writer<'a> {
    /// Begins the next backup in this folder. Its key must be that of the backups that are there. If more than `keep` of them are
    /// there, the oldest make room at once: whoever has a full disk asks for fewer.
    pub fn begin(folder: &'a Folder, key: &'a Key, about: About, keep: usize) -> Result<Self, BackupError> {
        let numbers = folder.numbers()?;
        if !numbers.is_empty() && !is_ours(folder, key, &about.what, &numbers)? {
            return Err(BackupError::Another(folder.path().into()));
        }
        if numbers.len() > keep.max(1) {
            prune(folder, key, keep.max(1))?;
        }
        let manifest = Manifest {
            number: numbers.last().map_or(1, |last| last + 1),
            what: about.what,
            taken: about.taken,
            records: 0,
            files: 0,
            bytes: 0,
            index: Vec::new(),
        };
        let (packer, part) = (Packer::default(), Vec::new());
        let (index, index_names) = (Packer::default(), Vec::new());
        Ok(Self { folder, key, packer, part, index, index_names, manifest, new_bytes: 0 })
    }

    /// Adds a record. Records must come in the same order each time.
    pub fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), BackupError> {
        self.manifest.records += 1;
        for pack in self.packer.push(self.key, key, value)? {
            self.chunk(RECORDS, pack)?;
        }
        Ok(())
    }

    /// Adds a file.
    pub fn file(&mut self, name: &str, from: &mut dyn Read) -> Result<(), BackupError> {
        self.end_records()?;
        self.manifest.files += 1;
        loop {
            let mut piece = Vec::new();
            from.take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
            let is_last = piece.len() < PIECE_BYTES;
            if !piece.is_empty() {
                self.chunk(name, piece)?;
            }
            if is_last {
                break;
            }
        }
        self.entry(name)
    }

    fn end_records(&mut self) -> Result<(), BackupError> {
        if let Some(pack) = self.packer.finish() {
            self.chunk(RECORDS, pack)?;
        }
        if self.part.is_empty() { Ok(()) } else { self.entry(RECORDS) }
    }

    fn chunk(&mut self, of: &str, content: Vec<u8>) -> Result<(), BackupError> {
        self.manifest.bytes += content.len() as u64;
        let (name, written) = self.folder.put(self.key, content)?;
        self.new_bytes += written;
        self.part.push(name);
        if self.part.len() == ENTRY_CHUNKS_MAX { self.entry(of) } else { Ok(()) }
    }

    fn entry(&mut self, name: &str) -> Result<(), BackupError> {
        let entry = Entry { name: name.to_owned(), chunks: std::mem::take(&mut self.part) };
        for pack in self.index.push(self.key, name.as_bytes(), &codec::encode(&entry))? {
            self.index_chunk(pack)?;
        }
        Ok(())
    }

    fn index_chunk(&mut self, pack: Vec<u8>) -> Result<(), BackupError> {
        let (name, written) = self.folder.put(self.key, pack)?;
        self.new_bytes += written;
        self.index_names.push(name);
        if self.index_names.len() > INDEX_CHUNKS_MAX {
            return Err(BackupError::TooLarge("too many files".into()));
        }
        Ok(())
    }

    /// Makes it a backup, durably, then removes those that are older than the last `keep` and what only they needed.
    pub fn finish(mut self, keep: usize, rng: &mut dyn rand_core::CryptoRng) -> Result<Done, BackupError> {
        self.end_records()?;
        if let Some(pack) = self.index.finish() {
            self.index_chunk(pack)?;
        }
        // Every chunk has been synced, and so has its name.
        self.manifest.index = std::mem::take(&mut self.index_names);
        let mut name = [0; 32];
        rng.fill_bytes(&mut name);
        let number = self.manifest.number;
        let sealed = self.key.seal(Role::Manifest(number), &name, codec::encode(&self.manifest));
        let bytes = [&name[..], &sealed].concat();
        self.folder.write(&self.folder.manifest_path(number), &bytes)?;
        let removed = prune(self.folder, self.key, keep.max(1))?;
        let new_bytes = self.new_bytes + bytes.len() as u64;
        Ok(Done { manifest: self.manifest, new_bytes, removed })
    }
}

/// Whether the backups that are there are of the same relay or workstation. A damaged manifest does not stand in the way of
/// the next backup: then any chunk that opens says so too.
fn is_ours(folder: &Folder, key: &Key, what: &str, numbers: &[u64]) -> Result<bool, BackupError> {
    for number in numbers.iter().rev() {
        if let Ok(manifest) = folder.manifest(*number, key) {
            return Ok(manifest.what == what);
        }
    }
    let mut name = [0; 32];
    let opens =
        |text: &String| hex::decode_to_slice(text, &mut name).is_ok() && folder.chunk(key, &name).is_ok();
    Ok(folder.chunk_names()?.iter().any(opens))
}

/// Manifests go first, then what no other one names: a crash in between leaves chunks too many, never too few.
fn prune(folder: &Folder, key: &Key, keep: usize) -> Result<u64, BackupError> {
    let numbers = folder.numbers()?;
    let (old, kept) = numbers.split_at(numbers.len().saturating_sub(keep));
    let mut needed = HashSet::new();
    for number in kept {
        // What a damaged one needs is not known: then everything stays.
        let Ok(named) = folder.manifest(*number, key).and_then(|manifest| folder.named(&manifest, key))
        else {
            return Ok(0);
        };
        needed.extend(named.into_iter().map(hex::encode));
    }
    for number in old {
        files::remove_durable(&folder.manifest_path(*number))?;
    }
    let mut removed = 0;
    for name in folder.chunk_names()? {
        if name.ends_with(UNFINISHED) || !needed.contains(&name) {
            std::fs::remove_file(folder.path().join(CHUNKS).join(name))?;
            removed += 1;
        }
    }
    Ok(removed)
}
