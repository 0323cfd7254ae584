//! Tags of referrals in memory: lists look through all of them for one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::office;
use crate::records::RecordError;
use crate::vault::{CaseName, Tree, Vault};

/// Which tags each referral has. 100,000 referrals with two tags of ten letters are some 20 MB.
#[derive(Debug, Default)]
pub(crate) struct Tags(HashMap<CaseName, BTreeSet<String>>);

impl Tags {
    /// As they were kept.
    pub(super) fn kept(tags: Vec<(CaseName, Vec<String>)>) -> Self {
        Self(tags.into_iter().map(|(case, tags)| (case, tags.into_iter().collect())).collect())
    }

    /// Those of a referral, by name.
    pub(crate) fn of(&self, case: &CaseName) -> impl Iterator<Item = &str> {
        self.0.get(case).into_iter().flatten().map(String::as_str)
    }

    /// Whether a referral has a tag.
    pub(crate) fn has(&self, case: &CaseName, tag: &str) -> bool {
        self.0.get(case).is_some_and(|tags| tags.contains(tag))
    }

    /// All referrals that have some.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = (&CaseName, &BTreeSet<String>)> {
        self.0.iter()
    }

    /// All tags that are in use, each with how many referrals have it.
    pub(crate) fn in_use(&self) -> BTreeMap<&str, usize> {
        let mut counted = BTreeMap::new();
        for tag in self.0.values().flatten() {
            *counted.entry(tag.as_str()).or_default() += 1;
        }
        counted
    }

    /// Brings them up to what the vault holds now, from what it held at a commit.
    pub(super) fn refresh(&mut self, vault: &Vault, generation: u64) -> Result<(), RecordError> {
        for id in vault.written_after(Tree::Office, generation) {
            let Some((case, tag)) = office::tags::of_record(&id) else { continue };
            if office::tags::holds(vault, case, tag)? {
                self.0.entry(case).or_default().insert(tag.to_owned());
            } else if let Some(tags) = self.0.get_mut(&case) {
                tags.remove(tag);
            }
        }
        // What was erased has left no record behind.
        self.0.retain(|case, tags| {
            tags.retain(|tag| vault.holds(Tree::Office, &office::tags::record(case, tag)));
            !tags.is_empty()
        });
        Ok(())
    }
}
