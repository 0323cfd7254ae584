//! What is written to a vault: to which tree, and of which case.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::CaseName;

/// What a record belongs to. Each tree has a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Tree {
    /// Who this home is.
    Identity = 1,
    /// The replicated directory.
    Directory = 2,
    /// Packets of ours.
    Outbox = 3,
    /// Packets of others.
    Inbox = 4,
    /// Envelopes that have been dealt with.
    Seen = 5,
    /// Prekeys of this device, without their seeds.
    Prekeys = 6,
    /// Threads.
    Referrals = 7,
    /// What was done here.
    Activity = 8,
    /// Chains of packets.
    Chains = 9,
    /// Packets of ours that have to go out, by urgency and age.
    Pending = 10,
    /// Packets of ours that the relay holds, by envelope.
    Awaiting = 11,
    /// Receipts of ours that the relay holds, by envelope.
    Settling = 12,
    /// Packets of ours that reached nobody.
    Failed = 13,
    /// Packets of others that could not be opened.
    Unopened = 14,
    /// Packets of others that are in doubt, and organisations to be looked at again.
    Doubts = 15,
    /// Deadlines that have passed and been dealt with, and tasks that come from them.
    Clocks = 16,
    /// Withdrawals and overrides of consent that are not settled yet.
    Consents = 17,
    /// What has been agreed with an organisation.
    Agreements = 18,
    /// Duty hours: ours, and those that partners have published.
    Desks = 19,
    /// Numbers and roles of the people who work here.
    Staff = 20,
    /// Referrals that may be about the same person, and what a person has said to it.
    Matches = 21,
    /// What may not be erased, and what is left of what was.
    Retention = 22,
    /// Referrals that are being written.
    Drafts = 23,
    /// Keys of cases, wrapped so that they can be destroyed.
    CaseKeys = 24,
    /// Calls that a hotline has taken.
    Calls = 25,
    /// What has changed, for programs: ids and states.
    Events = 26,
    /// What programs may do, and what they have been given.
    Programs = 27,
    /// Files of referrals that are being written.
    DraftFiles = 28,
    /// What colleagues keep in common: notes, who has which case, the roster, texts.
    Office = 29,
}

impl Tree {
    pub(super) const ALL: [Self; 29] = [
        Self::Identity,
        Self::Directory,
        Self::Outbox,
        Self::Inbox,
        Self::Seen,
        Self::Prekeys,
        Self::Referrals,
        Self::Activity,
        Self::Chains,
        Self::Pending,
        Self::Awaiting,
        Self::Settling,
        Self::Failed,
        Self::Unopened,
        Self::Doubts,
        Self::Clocks,
        Self::Consents,
        Self::Agreements,
        Self::Desks,
        Self::Staff,
        Self::Matches,
        Self::Retention,
        Self::Drafts,
        Self::CaseKeys,
        Self::Calls,
        Self::Events,
        Self::Programs,
        Self::DraftFiles,
        Self::Office,
    ];
}

/// What a record becomes; none: it goes.
pub(super) type Value = Option<Zeroizing<Vec<u8>>>;

/// Writes that become durable together or not at all.
#[derive(Default)]
pub struct Changes(
    pub(super) BTreeMap<(Tree, Vec<u8>), Value>,
    pub(super) BTreeMap<(Tree, Vec<u8>), CaseName>,
);

impl Changes {
    /// Writes a record that belongs to no case: who has the passphrase reads every version of it for ever, also after it has
    /// been removed. The last write of one key counts.
    pub fn put(&mut self, tree: Tree, id: &[u8], value: Vec<u8>) {
        self.put_of(None, tree, id, value);
    }

    /// Writes a record of a case, if it belongs to one: all its versions become unreadable when the case is erased.
    pub fn put_of(&mut self, case: Option<CaseName>, tree: Tree, id: &[u8], value: Vec<u8>) {
        let key = (tree, id.to_vec());
        match case {
            Some(case) => drop(self.1.insert(key.clone(), case)),
            None => drop(self.1.remove(&key)),
        }
        self.0.insert(key, Some(Zeroizing::new(value)));
    }

    /// Removes a record.
    pub fn delete(&mut self, tree: Tree, id: &[u8]) {
        self.0.insert((tree, id.to_vec()), None);
        self.1.remove(&(tree, id.to_vec()));
    }

    /// Says of a record that is written here which case it belongs to.
    pub(crate) fn assign(&mut self, tree: Tree, id: &[u8], case: CaseName) {
        let key = (tree, id.to_vec());
        if self.0.get(&key).is_some_and(Option::is_some) {
            self.1.insert(key, case);
        }
    }

    /// Makes all changes of another, over these.
    pub fn extend(&mut self, other: Self) {
        for (key, value) in other.0 {
            match other.1.get(&key) {
                Some(case) => drop(self.1.insert(key.clone(), *case)),
                None => drop(self.1.remove(&key)),
            }
            self.0.insert(key, value);
        }
    }

    /// What a record will be: `None` if these changes leave it as it is, `Some(None)` if they remove it.
    pub fn get(&self, tree: Tree, id: &[u8]) -> Option<Option<&[u8]>> {
        self.0.get(&(tree, id.to_vec())).map(|value| value.as_ref().map(|bytes| bytes.as_slice()))
    }

    /// The records of a tree that they write, by identifier.
    pub(crate) fn of(&self, tree: Tree) -> impl Iterator<Item = (&[u8], &[u8])> {
        let written = self.0.iter().filter(move |((touched, _), _)| *touched == tree);
        written.filter_map(|((_, id), value)| Some((id.as_slice(), value.as_ref()?.as_slice())))
    }

    /// Leaves a record as it is.
    pub(crate) fn forget(&mut self, tree: Tree, id: &[u8]) {
        let key = (tree, id.to_vec());
        self.0.remove(&key);
        self.1.remove(&key);
    }

    /// The records of a tree that they touch, and whether each is written or removed.
    pub fn ids(&self, tree: Tree) -> impl Iterator<Item = (&[u8], bool)> {
        let touched = self.0.iter().filter(move |((touched, _), _)| *touched == tree);
        touched.map(|((_, id), value)| (id.as_slice(), value.is_some()))
    }

    /// Whether a record of this tree is written.
    pub fn writes_to(&self, tree: Tree) -> bool {
        self.0.iter().any(|((touched, _), value)| *touched == tree && value.is_some())
    }

    /// How many records they touch.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Changes({} records)", self.0.len())
    }
}
