//! Which threads a look at the deadlines can leave out: what has ended stays as it is until something happens in it.

use std::collections::HashSet;

use crate::model::Thread;
use crate::records::{self, RecordError};
use crate::vault::{CaseName, Tree, Vault};

/// What the looks of this process have found. With none of them everything is looked at.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// Threads that have ended, and about which the last look had nothing to do.
    quiet: HashSet<[u8; 32]>,
    generation: u64,
}

/// What has to be looked at.
pub(super) struct Due {
    /// Names of all threads that have not ended, of those that have changed since the last look, and of those that it did
    /// something about, the most urgent first.
    pub(super) cases: Vec<CaseName>,
    /// All of ours among those and the quiet ones, if one of ours has changed: what somebody takes on concerns whoever else
    /// has the same. Otherwise none: nothing new can follow.
    pub(super) ours: Option<Vec<Thread>>,
}

impl Looked {
    /// Reads what is due.
    pub(super) fn due(&mut self, vault: &Vault) -> Result<Due, RecordError> {
        let generation = vault.generation();
        let changed = vault.written_after(Tree::Referrals, self.generation);
        let changed: HashSet<[u8; 32]> =
            changed.iter().filter_map(|id| id.as_slice().try_into().ok()).collect();
        self.quiet.retain(|case| !changed.contains(case));
        let quiet = &self.quiet;
        let mut is_ours = false;
        let mut cases = Vec::new();
        for line in records::catalogue(vault)?.lines().filter(|line| !quiet.contains(&line.case)) {
            is_ours |= line.ours && changed.contains(&line.case);
            cases.push(line.case);
        }
        let ours = is_ours.then(|| records::threads_where(vault, |line| line.ours)).transpose()?;
        self.generation = generation;
        Ok(Due { cases, ours })
    }

    /// A thread has ended, and there was nothing to do about it.
    pub(super) fn is_quiet(&mut self, thread: &Thread) {
        self.quiet.insert(thread.case);
    }

    /// The look was not brought to its end: the next one begins anew.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
