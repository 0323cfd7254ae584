//! Roots that the first version kept in the identity's record, until they are on paper.

use causeway_certs::keys::{PublicKey, SigningKey};

use super::{Identity, Role};

impl Identity {
    /// Roots that the first version has left in this record.
    pub(crate) fn stored_roots(&self) -> Vec<SigningKey> {
        let stored = [&self.seeds.root, &self.seeds.next_root].into_iter().filter(|seed| **seed != [0; 32]);
        match self.role {
            Role::Member => stored.map(SigningKey::from_seed).collect(),
            Role::Registrar => Vec::new(),
        }
    }

    /// The same identity without those of them that are picked.
    #[must_use]
    pub(crate) fn without_stored_roots(&self, picked: impl Fn(PublicKey) -> bool) -> Self {
        let mut identity = self.clone();
        if self.role == Role::Member {
            for seed in [&mut identity.seeds.root, &mut identity.seeds.next_root] {
                if picked(SigningKey::from_seed(seed).public()) {
                    *seed = [0; 32];
                }
            }
        }
        identity
    }

    /// The same as the first version made it: with its roots in the record.
    #[cfg(test)]
    pub(crate) fn made_by_the_first_version(mut self) -> Self {
        let fresh = std::mem::take(&mut self.fresh_roots);
        let places = [&mut self.seeds.root, &mut self.seeds.next_root];
        places.into_iter().zip(&fresh.0).for_each(|(place, seed)| *place = *seed);
        self
    }
}
