//! What a large vault knows without reading its records, kept aside for the next opening.
//!
//! Opening reads every record once, to learn its identifier and to check the head's sum over all: 4 s for 100,000 cases. A
//! snapshot holds those identifiers, and the lines of lists, as they were under one head. It is used only while exactly that
//! head stands in the store, so nothing in it can be older than the vault; anything else about it that is not right means
//! that all records are read as if there were none. Each record that is read later is still checked against it, and
//! [`Vault::check_in_passing`] reads those that nobody asks for.
//!
//! It says which cases there are, so it is sealed under a secret that stands in the erasable key store and that every
//! erasure destroys with the secrets of the cases.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{BufReader, Read, Write as _};

use causeway_common::codec;
use causeway_common::store::{StoreError, files};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::eks::{Eks, EksMedium};
use super::record::{Head, open, seal};
use super::view::{Index, Place};
use super::{Tree, Vault, VaultError, damaged};
use crate::catalogue::{Catalogue, Line};

/// Vaults of fewer records are read whole at every opening: that takes a quarter of a second and checks all of it.
pub(crate) const RECORDS_MIN: usize = 20_000;
/// Its name beside the key store's.
pub(super) const FILE: &str = "index.sealed";
/// Of its secret in the key store.
pub(super) const SECRET: &[u8] = b"snapshot";
const AAD: &[u8] = b"causeway/v1 vault-snapshot";
/// Entries that are sealed together: some 700 kB.
const ENTRIES: usize = 8_192;
/// Longest sealed piece: entries of 100 bytes are usual, of 2 kB more than there are.
const PIECE_BYTES_MAX: usize = ENTRIES * 2_048;
/// Records that are looked at before the next ones let a reader or writer pass.
const CHECKED_AT_ONCE: usize = 256;

/// The first piece: whose vault it is of, and how many of everything follow.
#[derive(Serialize, Deserialize)]
struct Start {
    head: Head,
    /// What the lines are up to date with.
    lines_of: u64,
    entries: u64,
    lines: u64,
    tasks: u64,
    assigned: u64,
    tagged: u64,
}

/// A record, by its place in the index.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    tree: u8,
    id: Cow<'a, [u8]>,
    revision: u64,
    case: Option<[u8; 32]>,
}

impl Vault {
    /// Keeps a snapshot for the next opening, if the vault has become large and what is kept is not of now. Called when a home
    /// is locked; without it the next opening is slower and nothing else.
    ///
    /// # Errors
    /// The disk is full or fails. The vault is as before.
    pub async fn keep_snapshot(&self, rng: &mut (dyn rand_core::CryptoRng + Send)) -> Result<(), VaultError> {
        self.keep_snapshot_of(RECORDS_MIN, rng).await
    }

    async fn keep_snapshot_of(
        &self,
        records_min: usize,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<(), VaultError> {
        // No commit in the meantime: head, index and lines are of one moment.
        let _turn = self.turn().await?;
        let head = *self.head();
        if self.view().len() < records_min || *self.snapshot_of() == Some(head) {
            return Ok(());
        }
        let mut eks = self.0.eks.lock().await;
        let EksMedium::Folder(folder) = eks.medium().clone() else { return Ok(()) };
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *secret);
        // The secret first: a file that it does not open is read over.
        eks.put(&[(SECRET.to_vec(), secret.clone())], rng)?;
        let file = folder.join(FILE);
        let bytes = self.snapshot(head, &secret, rng)?;
        files::write_durable(&file, &bytes)?;
        *self.snapshot_of() = Some(head);
        Ok(())
    }

    fn snapshot(
        &self,
        head: Head,
        secret: &[u8; 32],
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Result<Vec<u8>, VaultError> {
        let mut catalogue = self.catalogue();
        catalogue.refresh(self).map_err(|error| damaged(&error.to_string()))?;
        let view = self.view();
        let mut out = Pieces { secret, number: 0, bytes: Vec::new(), rng };
        out.write(&Start {
            head,
            lines_of: catalogue.generation(),
            entries: view.len() as u64,
            lines: catalogue.lines().len() as u64,
            tasks: catalogue.open_tasks().len() as u64,
            assigned: catalogue.all_assigned().len() as u64,
            tagged: catalogue.tags().all().len() as u64,
        })?;
        for tree in Tree::ALL {
            let entry = |(id, place): (&'_ Vec<u8>, &Place)| Entry {
                tree: tree as u8,
                id: Cow::Owned(id.clone()),
                revision: place.revision,
                case: place.case.as_deref().copied(),
            };
            out.write_all(view.tree(tree).into_iter().flatten().map(entry))?;
        }
        out.write_all(catalogue.lines())?;
        out.write_all(catalogue.open_tasks())?;
        out.write_all(catalogue.all_assigned())?;
        out.write_all(catalogue.tags().all())?;
        Ok(out.bytes)
    }

    /// Reads every record that the index lists, a few at a time, while the vault is in use: what a snapshot has spared the
    /// opening. Gives how many; ends early when it need not go on.
    ///
    /// # Errors
    /// A record is gone, was changed or is older than it should be.
    pub fn check_in_passing(&self, go_on: impl Fn() -> bool) -> Result<u64, VaultError> {
        let mut checked = 0;
        for tree in Tree::ALL {
            let ids: Vec<Vec<u8>> = self.revisions(tree).into_iter().map(|(id, _)| id).collect();
            for some in ids.chunks(CHECKED_AT_ONCE) {
                if !go_on() {
                    return Ok(checked);
                }
                let view = self.view();
                for id in some {
                    // One that has been removed in the meantime is none.
                    checked += u64::from(view.load(&*self.0.kv, &self.0.keys, tree, id)?.is_some());
                }
                drop(view);
                std::thread::yield_now();
            }
        }
        Ok(checked)
    }

    /// Destroys what was kept: the next opening reads everything.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn drop_snapshot(&self, rng: &mut (dyn rand_core::CryptoRng + Send)) -> Result<(), VaultError> {
        *self.snapshot_of() = None;
        self.0.eks.lock().await.erase(&[SECRET.to_vec()], rng)
    }

    /// Whether it was opened by a snapshot: then not every record has been read.
    pub fn is_unchecked(&self) -> bool {
        self.0.by_snapshot
    }
}

/// What is kept of a vault with this head; none if nothing is, or it is of another head, or was not written by this vault.
pub(super) fn read(eks: &Eks, head: &Head) -> Option<(Index, Catalogue)> {
    let EksMedium::Folder(folder) = eks.medium() else { return None };
    let secret = eks.get(SECRET)?;
    let file = std::fs::File::open(folder.join(FILE)).ok()?;
    let mut pieces = Sealed { secret: &secret, number: 0, file: BufReader::new(file) };
    let start: Start = pieces.next().ok()?;
    if start.head != *head {
        return None;
    }
    let kept = pieces.read(&start);
    kept.inspect_err(|error| tracing::warn!("the snapshot of the vault does not read: {error}")).ok()
}

/// Pieces that are sealed one after the other, each under its number.
struct Pieces<'a> {
    secret: &'a [u8; 32],
    number: u32,
    bytes: Vec<u8>,
    rng: &'a mut dyn rand_core::CryptoRng,
}

impl Pieces<'_> {
    fn write<T: Serialize>(&mut self, piece: &T) -> Result<(), VaultError> {
        let plain = Zeroizing::new(codec::encode(piece));
        let sealed = seal(self.secret, &aad(self.number), &plain, self.rng);
        let length = u32::try_from(sealed.len()).ok().filter(|_| sealed.len() <= PIECE_BYTES_MAX);
        let length = length.ok_or(StoreError::TooLarge(sealed.len()))?;
        self.bytes.write_all(&length.to_le_bytes()).map_err(|e| damaged(&e.to_string()))?;
        self.bytes.extend_from_slice(&sealed);
        self.number += 1;
        Ok(())
    }

    fn write_all<T: Serialize>(&mut self, all: impl Iterator<Item = T>) -> Result<(), VaultError> {
        let mut all = all.peekable();
        while all.peek().is_some() {
            let some: Vec<T> = all.by_ref().take(ENTRIES).collect();
            self.write(&some)?;
        }
        Ok(())
    }
}

/// The same, read.
struct Sealed<'a, R> {
    secret: &'a [u8; 32],
    number: u32,
    file: R,
}

impl<R: Read> Sealed<'_, R> {
    fn next<T: DeserializeOwned + Serialize>(&mut self) -> Result<T, String> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length).map_err(|e| e.to_string())?;
        let length = u32::from_le_bytes(length) as usize;
        if length > PIECE_BYTES_MAX {
            return Err("a piece is too long".into());
        }
        let mut sealed = vec![0; length];
        self.file.read_exact(&mut sealed).map_err(|e| e.to_string())?;
        let plain = open(self.secret, &aad(self.number), &sealed).ok_or("a piece was changed")?;
        self.number += 1;
        codec::decode(&plain, PIECE_BYTES_MAX).map_err(|e| e.to_string())
    }

    /// So many things, in as many pieces as they take.
    fn all<T: DeserializeOwned + Serialize>(
        &mut self,
        count: u64,
        mut take: impl FnMut(T) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut left = count;
        while left > 0 {
            let some: Vec<T> = self.next()?;
            left = left
                .checked_sub(some.len() as u64)
                .filter(|_| !some.is_empty())
                .ok_or("its counts differ")?;
            some.into_iter().try_for_each(&mut take)?;
        }
        Ok(())
    }

    fn read(&mut self, start: &Start) -> Result<(Index, Catalogue), String> {
        let mut trees: HashMap<Tree, Vec<(Vec<u8>, Place)>> = HashMap::new();
        self.all(start.entries, |entry: Entry<'_>| {
            let tree = Tree::ALL.into_iter().find(|tree| *tree as u8 == entry.tree);
            let place = Place { revision: entry.revision, case: entry.case.map(Box::new) };
            trees.entry(tree.ok_or("an unknown tree")?).or_default().push((entry.id.into_owned(), place));
            Ok(())
        })?;
        let mut lines: Vec<Line> = Vec::new();
        self.all(start.lines, |line| {
            lines.push(line);
            Ok(())
        })?;
        let mut tasks: Vec<Vec<u8>> = Vec::new();
        self.all(start.tasks, |task| {
            tasks.push(task);
            Ok(())
        })?;
        let mut assigned: Vec<([u8; 32], String)> = Vec::new();
        self.all(start.assigned, |one| {
            assigned.push(one);
            Ok(())
        })?;
        let mut tags: Vec<([u8; 32], Vec<String>)> = Vec::new();
        self.all(start.tagged, |one| {
            tags.push(one);
            Ok(())
        })?;
        // In the order in which they were written: a map is built from that at once.
        let index = trees.into_iter().map(|(tree, ids)| (tree, BTreeMap::from_iter(ids))).collect();
        Ok((index, Catalogue::kept(start.lines_of, lines, tasks, assigned, tags)))
    }
}

fn aad(number: u32) -> Vec<u8> {
    [AAD, &number.to_le_bytes()].concat()
}

#[cfg(test)]
mod tests;
