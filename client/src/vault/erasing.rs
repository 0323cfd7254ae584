//! Cases whose keys are destroyed.
//!
//! Two steps, and a crash between them loses nothing. First, in one transaction, the other keys of the epoch are written
//! under another secret, and all records of the case are removed. Then the old secret is destroyed. Until the first step is
//! durable the case is there as before. After it, an epoch that wraps no key any more and still has its secret says that the
//! second step is due: it is taken before anything else is done with the vault.

use std::collections::{BTreeSet, HashMap};

use causeway_common::crash;

use super::cases::{self, CaseName, Key, Room};
use super::{Changes, Tree, Vault, VaultError, damaged, snapshot};

/// What became of the keys of an epoch that ends.
#[derive(Default)]
struct Moved {
    /// Those of which something was written before they had a key.
    older: BTreeSet<CaseName>,
    /// New keys of cases that are renewed.
    fresh: HashMap<CaseName, Key>,
}

impl Vault {
    /// Erases all records of these cases, and destroys their keys, together with other changes. Durable when it returns: then
    /// nothing on the disk, with or without the passphrase, gives back what was sealed under the keys. Gives those of which
    /// something was written before they had a key, and may still be in the database's file. If it fails, a case is there as
    /// before or [`Self::is_erasing`].
    pub async fn erase_cases(
        &self,
        erased: &BTreeSet<CaseName>,
        also: Changes,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<BTreeSet<CaseName>, VaultError> {
        self.end_keys(erased, &BTreeSet::new(), also, rng).await
    }

    /// Gives a case another key and destroys the one it had: what these changes take out of its records is gone like a case
    /// that is erased, and the rest stays.
    pub async fn renew_case(
        &self,
        case: CaseName,
        also: Changes,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<BTreeSet<CaseName>, VaultError> {
        self.end_keys(&BTreeSet::new(), &BTreeSet::from([case]), also, rng).await
    }

    async fn end_keys(
        &self,
        erased: &BTreeSet<CaseName>,
        renewed: &BTreeSet<CaseName>,
        also: Changes,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<BTreeSet<CaseName>, VaultError> {
        let turn = self.turn().await?;
        let ended = erased.union(renewed);
        let doomed: BTreeSet<u64> = ended.filter_map(|case| self.cases().epoch(case)).collect();
        let mut changes = Changes::default();
        self.ids_of(erased).iter().for_each(|(tree, id)| changes.delete(*tree, id));
        for case in renewed {
            for (tree, id) in self.ids_of(&BTreeSet::from([*case])) {
                if let Some(value) = self.get(tree, &id)? {
                    changes.put_of(Some(*case), tree, &id, value.to_vec());
                }
            }
        }
        changes.extend(also);
        let moved = self.move_keys((erased, renewed), &doomed, &mut changes, rng).await?;
        crash::at("case.before-rewrap");
        let _turn = self.commit_in(turn, changes, moved.fresh, rng).await?;
        crash::at("case.before-destroy");
        self.destroy(doomed, rng).await?;
        crash::at("case.destroyed");
        Ok(moved.older)
    }

    /// Places of all records of these cases. Reads none.
    pub(crate) fn ids_of(&self, cases: &BTreeSet<CaseName>) -> Vec<(Tree, Vec<u8>)> {
        self.view().of_cases(cases).map(|(tree, id)| (tree, id.clone())).collect()
    }

    /// The epoch of a case: erasing several of one epoch at once costs no more than erasing one. None: it has no key.
    pub fn epoch_of(&self, case: &CaseName) -> Option<u64> {
        self.cases().epoch(case)
    }

    /// Whether an erasure was cut off between its steps.
    pub fn is_erasing(&self) -> bool {
        !self.cases().empty_epochs().is_empty()
    }

    /// Brings an erasure to its end that was cut off. Says whether there was one.
    pub async fn finish_erasing(
        &self,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<bool, VaultError> {
        let _turn = self.turn().await?;
        let empty = self.cases().empty_epochs();
        let found = !empty.is_empty();
        self.destroy(empty, rng).await?;
        Ok(found)
    }

    /// Puts the other keys of these epochs elsewhere, removes those that are erased, and makes new ones for those that are
    /// renewed.
    async fn move_keys(
        &self,
        (erased, renewed): (&BTreeSet<CaseName>, &BTreeSet<CaseName>),
        doomed: &BTreeSet<u64>,
        changes: &mut Changes,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<Moved, VaultError> {
        let members: Vec<(u64, CaseName)> = {
            let cases = self.cases();
            doomed.iter().flat_map(|epoch| cases.members(*epoch).map(|case| (*epoch, *case))).collect()
        };
        let staying = members.iter().filter(|(_, case)| !erased.contains(case)).count();
        let mut rooms = self.make_room(staying, doomed, rng).await?.into_iter();
        let mut moved = Moved::default();
        for (epoch, case) in members {
            let mut unwrapped = self.unwrap_key(&self.view(), &case)?;
            changes.delete(Tree::CaseKeys, &cases::key_id(epoch, &case));
            let ends = erased.contains(&case) || renewed.contains(&case);
            moved.older.extend((ends && unwrapped.older).then_some(case));
            if erased.contains(&case) {
                continue;
            }
            if renewed.contains(&case) {
                rng.fill_bytes(&mut *unwrapped.key);
                moved.fresh.insert(case, unwrapped.key.clone());
            }
            let room = rooms.next().ok_or_else(|| damaged("its cases do not count up"))?;
            let value = self.cases().wrap(room, &case, &unwrapped, rng)?;
            changes.put(Tree::CaseKeys, &cases::key_id(room, &case), value);
        }
        Ok(moved)
    }

    /// An epoch for each of so many keys, with its secret durable.
    pub(super) async fn make_room(
        &self,
        count: usize,
        but: &BTreeSet<u64>,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<Vec<u64>, VaultError> {
        let rooms = self.cases().room(count, but);
        let mut secrets = Vec::new();
        for Room { epoch, .. } in rooms.iter().filter(|room| room.is_new) {
            let mut secret = Key::default();
            rng.fill_bytes(&mut *secret);
            secrets.push((cases::secret_id(*epoch), secret.clone()));
            self.cases_mut().add_secret(*epoch, secret);
        }
        if !secrets.is_empty() {
            self.0.eks.lock().await.put(&secrets, rng)?;
        }
        Ok(rooms.iter().flat_map(|room| std::iter::repeat_n(room.epoch, room.keys)).collect())
    }

    async fn destroy(
        &self,
        epochs: impl IntoIterator<Item = u64>,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<(), VaultError> {
        let epochs: Vec<u64> = epochs.into_iter().collect();
        let mut ids: Vec<Vec<u8>> = epochs.iter().map(|epoch| cases::secret_id(*epoch)).collect();
        if !ids.is_empty() {
            // With them goes what was kept of the lists: it says that the cases were there.
            ids.push(snapshot::SECRET.to_vec());
            *self.snapshot_of() = None;
        }
        self.0.eks.lock().await.erase(&ids, rng)?;
        epochs.iter().for_each(|epoch| self.cases_mut().drop_secret(*epoch));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
