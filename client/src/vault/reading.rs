//! Reading: by identifier, by tree, and what is known without reading anything.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::cases::{self, CaseName, Key, Unwrapped};
use super::record::Content;
use super::view::View;
use super::{Entry, Tree, Vault, VaultError, damaged};
use crate::catalogue::Catalogue;

impl Vault {
    /// A record, if it is there.
    pub fn get(&self, tree: Tree, id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.load(&self.view(), tree, id)
    }

    /// Whether a record is there. Reads none.
    pub fn holds(&self, tree: Tree, id: &[u8]) -> bool {
        self.view().place(tree, id).is_some()
    }

    /// All records of a tree, by identifier.
    pub fn list(&self, tree: Tree) -> Result<Vec<Entry>, VaultError> {
        let ids: Vec<Vec<u8>> =
            self.view().tree(tree).into_iter().flatten().map(|(id, _)| id.clone()).collect();
        // What has been removed in the meantime is left out.
        let load = |id: Vec<u8>| Some(self.get(tree, &id).transpose()?.map(|value| (id, value)));
        ids.into_iter().filter_map(load).collect()
    }

    /// The last record of a tree.
    pub fn last(&self, tree: Tree) -> Result<Option<Entry>, VaultError> {
        let view = self.view();
        let Some((id, _)) = view.tree(tree).and_then(BTreeMap::last_key_value) else { return Ok(None) };
        let value = self.load(&view, tree, id)?;
        Ok(value.map(|value| (id.clone(), value)))
    }

    /// The identifier of the last record of a tree. Reads no record.
    pub(crate) fn last_id(&self, tree: Tree) -> Option<Vec<u8>> {
        self.view().tree(tree).and_then(BTreeMap::last_key_value).map(|(id, _)| id.clone())
    }

    fn load(&self, view: &View, tree: Tree, id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let Some(content) = view.load(&*self.0.kv, &self.0.keys, tree, id)? else { return Ok(None) };
        self.uncover(view, (tree, id), content).map(Some)
    }

    /// Takes the layer of its case off a record.
    pub(super) fn uncover(
        &self,
        view: &View,
        place: (Tree, &[u8]),
        content: Content,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let Some(case) = content.case else { return Ok(content.bytes) };
        let key = self.case_key(view, &case)?;
        cases::uncover(&key, place, &content.bytes).ok_or_else(|| damaged("a record of a case was changed"))
    }

    pub(super) fn case_key(&self, view: &View, case: &CaseName) -> Result<Key, VaultError> {
        if let Some(key) = self.cases().cached(case) {
            return Ok(key);
        }
        let unwrapped = self.unwrap_key(view, case)?;
        self.cases().cache(case, &unwrapped.key);
        Ok(unwrapped.key)
    }

    pub(super) fn unwrap_key(&self, view: &View, case: &CaseName) -> Result<Unwrapped, VaultError> {
        let gone = || damaged("the key of a case is gone");
        let epoch = self.cases().epoch(case).ok_or_else(gone)?;
        let id = cases::key_id(epoch, case);
        let record = view.load(&*self.0.kv, &self.0.keys, Tree::CaseKeys, &id)?.ok_or_else(gone)?;
        self.cases().unwrap(case, &record.bytes)
    }

    /// Identifiers of a tree within a range, in order, that `wanted` picks; at most `limit`. Reads no record.
    pub fn ids(
        &self,
        tree: Tree,
        range: (Bound<&[u8]>, Bound<&[u8]>),
        limit: usize,
        mut wanted: impl FnMut(&[u8]) -> bool,
    ) -> Vec<Vec<u8>> {
        let view = self.view();
        let Some(ids) = view.tree(tree) else { return Vec::new() };
        let ids = ids.range::<[u8], _>(range).map(|(id, _)| id);
        ids.filter(|id| wanted(id)).take(limit).cloned().collect()
    }

    /// Identifiers of records of a tree that belong to no case. Reads no record.
    pub(crate) fn ids_without_case(&self, tree: Tree) -> Vec<Vec<u8>> {
        let view = self.view();
        let ids = view.tree(tree).into_iter().flatten().filter(|(_, place)| place.case.is_none());
        ids.map(|(id, _)| id.clone()).collect()
    }

    /// Identifiers of a tree with the revision of each record: another one after every write, and no two alike. Reads no
    /// record.
    pub fn revisions(&self, tree: Tree) -> Vec<(Vec<u8>, u64)> {
        self.revisions_after(tree, 0)
    }

    /// The same of records that were written after a generation.
    pub(crate) fn revisions_after(&self, tree: Tree, generation: u64) -> Vec<(Vec<u8>, u64)> {
        let view = self.view();
        let all = view.tree(tree).into_iter().flatten().map(|(id, place)| (id, place.revision));
        all.filter(|(_, revision)| *revision > generation)
            .map(|(id, revision)| (id.clone(), revision))
            .collect()
    }

    /// The revision of a record, if it is there. Reads no record.
    pub(crate) fn revision(&self, tree: Tree, id: &[u8]) -> Option<u64> {
        self.view().place(tree, id).map(|place| place.revision)
    }

    /// Identifiers of a tree whose records were written after a generation of the vault. Reads no record.
    pub fn written_after(&self, tree: Tree, generation: u64) -> Vec<Vec<u8>> {
        self.revisions_after(tree, generation).into_iter().map(|(id, _)| id).collect()
    }

    /// What is known of all referrals without reading them; [`crate::records::catalogue`] brings it up to date.
    pub(crate) fn catalogue(&self) -> MutexGuard<'_, Catalogue> {
        self.0.catalogue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many records a tree holds.
    pub fn count(&self, tree: Tree) -> usize {
        self.view().tree(tree).map_or(0, BTreeMap::len)
    }
}
