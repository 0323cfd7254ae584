//! The directory as this home has replayed and checked it.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};

use causeway_certs::checkpoint::{self, Checkpoint, CheckpointError};
use causeway_certs::directory::{self, Directory, StatementError};
use causeway_certs::evidence::IllegalLog;
use causeway_certs::keys::PublicKey;
use causeway_common::codec;
use causeway_common::ids::{DeviceId, Digest, OrgId};
use causeway_common::limits::{CHECKPOINT_BYTES_MAX, ROSTER_BYTES_MAX, STATEMENT_BYTES_MAX};
use causeway_common::statements::{Admission, Roster, RosterChange, SignedRoster, Statement, StatementKind};
use causeway_common::time::Timestamp;
use causeway_common::wire::{Append, DirectoryPart};
use tokio::sync::MutexGuard;

use crate::doubts;
use crate::identity::Identity;
use crate::records::{Illegal, ROSTER};
use crate::relay_keys::{self, PassedOn};
use crate::vault::{Changes, Tree, Vault, VaultError};

const HEAD: &[u8] = b"head";
/// Entries that one session gives back to a relay that has lost them; the next goes on.
const GIVEN_BACK_MAX: usize = 64;
/// Former rosters asked for at a time, as long as packets wait for them.
const FORMER_WANTED_MAX: usize = 16;

/// Why what a relay shows is not taken for the directory. All of these are alarms: somebody misbehaves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicaError {
    /// The head is not signed by the pinned relay.
    #[error("the relay's directory head is not signed by the relay you joined")]
    Checkpoint(#[from] CheckpointError),
    /// The relay shows less than it has shown before.
    #[error(
        "the relay shows a shorter directory ({shown}) than before ({known}): it was restored from a backup, or hides entries"
    )]
    Shrunk {
        /// Entries shown now.
        shown: u64,
        /// Entries known.
        known: u64,
    },
    /// The relay shows another history than before.
    #[error(
        "the relay shows another history of the directory than before; both are signed, and this home keeps them as evidence"
    )]
    Split,
    /// The relay does not give the entries that its own head counts.
    #[error("the relay shows {given} entries of a directory that it says has {named}: it withholds the rest")]
    Withheld {
        /// Entries it has given.
        given: u64,
        /// Entries its head counts.
        named: u64,
    },
    /// An entry that may not stand there.
    #[error("the directory holds an entry that is not allowed: {0}")]
    Illegal(#[from] StatementError),
    /// What the registrar has said of the relay's key, as people have passed it on, is not in the directory.
    #[error(
        "the relay's directory does not hold the announcement of its key that you were given: it hides it"
    )]
    NotAnnounced,
    /// The registrar that the invite names is not, and never was, one of those who run it.
    #[error("the directory is run by another registrar than your invite names")]
    OtherRegistrar,
    /// The vault does not take it.
    #[error("{0}")]
    Vault(String),
}

impl From<VaultError> for ReplicaError {
    fn from(error: VaultError) -> Self {
        Self::Vault(error.to_string())
    }
}

/// The replayed directory and the last head.
#[derive(Debug, Default)]
pub struct Replica {
    /// The replayed log.
    pub directory: Directory,
    /// The last head, as the relay signed it; empty before the first.
    pub checkpoint: Vec<u8>,
    /// Holds more than the vault does: a fetch is under way, or was cut short.
    ahead: bool,
    /// What people have passed on about the relay's keys, until the directory says so too.
    pub(crate) passed_on: Option<PassedOn>,
    /// Former rosters that packets wait for.
    wanted: BTreeSet<Digest>,
}

/// What is known of a device that has left its roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormerKey {
    /// Its signing key.
    Found(PublicKey),
    /// The log names the roster; the next fetch asks for it.
    Missing,
    /// The log names no such roster of this organisation, or it does not list the device.
    None,
}

impl Replica {
    /// Replays what the vault holds. Entries count as far as the head says that was stored with the last of them; what stands
    /// behind is what came of a fetch that was cut short, and the next one writes over it.
    pub fn load(vault: &Vault) -> Result<Self, ReplicaError> {
        let mut replica = Self {
            checkpoint: vault.get(Tree::Directory, HEAD)?.map(|bytes| bytes.to_vec()).unwrap_or_default(),
            ..Self::default()
        };
        let size = checkpoint::read(&replica.checkpoint).map_or(0, |head| head.size);
        while replica.directory.size() < size
            && let Some(leaf) = vault.get(Tree::Directory, &leaf_key(replica.directory.size()))?
        {
            replica.directory.append(&leaf)?;
        }
        for digest in replica.directory.missing_rosters() {
            if let Some(bytes) = vault.get(Tree::Directory, &roster_key(digest))?
                && let Ok(signed) = codec::decode::<SignedRoster>(&bytes, 2 * ROSTER_BYTES_MAX)
            {
                // One that does not verify is asked for again.
                let _ = replica.directory.supply_roster(&signed);
            }
        }
        replica.passed_on = relay_keys::passed_on(vault)?;
        Ok(replica)
    }

    /// Takes a part of the directory from the relay, with rosters that its statements name. `true`: there is more to ask for, and
    /// `changes` may be committed before that comes: without the head they count for nothing. What is new is applied in place,
    /// because a copy of the whole directory for every statement would be a lot: it belongs into a [`Fetch`], which goes back to what the vault holds unless everything came to a good end.
    pub fn take(
        &mut self,
        part: &DirectoryPart,
        rosters: &[SignedRoster],
        identity: &Identity,
        changes: &mut Changes,
    ) -> Result<bool, ReplicaError> {
        if part.checkpoint.is_empty() && part.leaves.is_empty() && self.directory.size() == 0 {
            return Ok(false);
        }
        self.ahead = true;
        for leaf in &part.leaves {
            if leaf.len() > STATEMENT_BYTES_MAX {
                return Err(StatementError::Malformed.into());
            }
            let step = self.directory.check(leaf)?;
            if let Some(org) = step.organisation().filter(|_| ends_or_begins_doubt(step.kind())) {
                doubts::put_review(changes, org.id);
            }
            changes.put(Tree::Directory, &leaf_key(self.directory.size()), leaf.clone());
            self.directory.apply(step)?;
        }
        self.take_named(rosters, &rosters_named_by(&part.leaves).collect(), changes);
        let head = match self.relay_keys(identity)?.verify_head(&part.checkpoint) {
            Ok(head) => head,
            // By a key, perhaps, that the rest of the directory announces.
            Err(_) if !part.leaves.is_empty() && self.is_more_than_this(&part.checkpoint) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        check_head(&self.directory, &head)?;
        if self.directory.authority().is_some_and(|a| !a.has_had_registrar(&identity.registrar_key)) {
            return Err(ReplicaError::OtherRegistrar);
        }
        let complete = self.directory.size() == head.size;
        if complete {
            self.holds_what_was_passed_on(identity, changes)?;
            changes.put(Tree::Directory, HEAD, part.checkpoint.clone());
            self.checkpoint.clone_from(&part.checkpoint);
        } else if part.leaves.is_empty() {
            return Err(ReplicaError::Withheld { given: self.directory.size(), named: head.size });
        }
        Ok(!complete)
    }

    /// Takes rosters from the relay; those that do not verify are left out.
    pub fn take_rosters(&mut self, rosters: &[SignedRoster], changes: &mut Changes) {
        let wanted = std::mem::take(&mut self.wanted);
        let taken = self.take_named(rosters, &wanted, changes);
        self.wanted = wanted.difference(&taken).copied().collect();
    }

    /// Rosters in force, and former ones of these hashes: whoever gives a statement back to a relay needs them too. Gives all
    /// hashes that were taken.
    fn take_named(
        &mut self,
        rosters: &[SignedRoster],
        former: &BTreeSet<Digest>,
        changes: &mut Changes,
    ) -> BTreeSet<Digest> {
        let mut taken = BTreeSet::new();
        for signed in rosters {
            let digest = causeway_certs::roster::digest(&signed.body);
            let present = self.directory.supply_roster(signed).ok();
            let somebody_left =
                |org: &OrgId| self.directory.organisation(*org).is_some_and(|org| !org.revoked.is_empty());
            if let Some(org) = present.filter(somebody_left) {
                doubts::put_review(changes, org);
            }
            if present.is_some() || former.contains(&digest) {
                changes.put(Tree::Directory, &roster_key(digest), codec::encode(signed));
                taken.insert(digest);
            }
        }
        taken
    }

    /// Rosters to ask the relay for: those in force, and former ones that packets wait for.
    pub fn rosters_to_fetch(&self) -> Vec<Digest> {
        let mut digests = self.directory.missing_rosters();
        digests.extend(&self.wanted);
        digests
    }

    /// The key of a device that has left its roster, from the former roster of this hash. The log names that hash for the
    /// organisation, in a statement of an administrator, so nobody else can have made it.
    pub(crate) fn former_key(
        &mut self,
        vault: &Vault,
        org: OrgId,
        device: DeviceId,
        named: Digest,
    ) -> Result<FormerKey, VaultError> {
        let Some(bytes) = vault.get(Tree::Directory, &roster_key(named))? else {
            let names =
                |statement: Statement| matches!(roster_named_by(&statement), Ok(Some(d)) if d == named);
            if !self.directory.statements_of(org).any(names) {
                return Ok(FormerKey::None);
            }
            if self.wanted.len() < FORMER_WANTED_MAX {
                self.wanted.insert(named);
            }
            return Ok(FormerKey::Missing);
        };
        let listed = || {
            let signed: SignedRoster = codec::decode(&bytes, 2 * ROSTER_BYTES_MAX).ok()?;
            let roster: Roster = codec::decode(&signed.body, ROSTER_BYTES_MAX).ok()?;
            let listed = roster.devices.iter().find(|d| roster.org == org && d.device == device)?;
            PublicKey::from_bytes(listed.signing_key).ok()
        };
        Ok(listed().map_or(FormerKey::None, FormerKey::Found))
    }

    /// The last statement about an organisation.
    pub(crate) fn last_statement(&self, org: OrgId) -> Option<Statement> {
        self.directory.statements_of(org).next_back()
    }

    /// What a relay has to be given so that its directory is as long as ours again: it appends only what is signed by
    /// whoever may, so this works for an honest relay and gives nothing to another.
    pub fn missing_after(&self, shown: u64, vault: &Vault) -> Result<Vec<Append>, ReplicaError> {
        let leaves = self.directory.leaves_from(shown).iter().take(GIVEN_BACK_MAX);
        leaves
            .map(|leaf| {
                let roster = match roster_named_by(&directory::read(leaf)?.1)? {
                    Some(digest) => vault.get(Tree::Directory, &roster_key(digest))?,
                    None => None,
                };
                let roster = roster.and_then(|bytes| codec::decode(&bytes, 2 * ROSTER_BYTES_MAX).ok());
                let statement =
                    codec::decode(leaf, STATEMENT_BYTES_MAX).map_err(|_| StatementError::Malformed)?;
                Ok(Append { given_back: true, ..Append::new(statement, roster) })
            })
            .collect()
    }

    /// The last head, read.
    pub fn head(&self, identity: &Identity) -> Option<Checkpoint> {
        debug_assert!(self.checkpoint.len() <= CHECKPOINT_BYTES_MAX);
        self.relay_keys(identity).ok()?.verify_head(&self.checkpoint).ok()
    }

    fn is_more_than_this(&self, head: &[u8]) -> bool {
        checkpoint::read(head).is_some_and(|head| head.size > self.directory.size())
    }

    /// When the last head was signed, by the relay's clock. It was verified when it was taken.
    pub fn head_time(&self) -> Option<Timestamp> {
        checkpoint::read(&self.checkpoint).map(|head| head.time)
    }

    /// A log that the relay has shown with an illegal statement in it: its beginning is here.
    pub(crate) fn log_of(&self, illegal: &Illegal) -> IllegalLog {
        let known = usize::try_from(illegal.known).unwrap_or(usize::MAX);
        let beginning = self.directory.leaves_from(0).iter().take(known);
        IllegalLog { head: illegal.head.clone(), leaves: beginning.chain(&illegal.leaves).cloned().collect() }
    }

    /// Whether what a partner has seen is what we have seen. `None`: it has seen more than we have.
    pub fn agrees_with(&self, size: u64, root: Digest) -> Option<bool> {
        self.directory.root_at(size).map(|ours| ours == root)
    }
}

/// A fetch under way. Dropped before [`Fetch::done`], for an error or because nobody waits any more, it puts the replica
/// back to what the vault holds.
#[derive(Debug)]
pub struct Fetch<'a> {
    replica: MutexGuard<'a, Replica>,
    vault: &'a Vault,
}

impl<'a> Fetch<'a> {
    /// Begins with what the vault holds.
    pub fn new(replica: MutexGuard<'a, Replica>, vault: &'a Vault) -> Result<Self, ReplicaError> {
        let mut fetch = Self { replica, vault };
        fetch.go_back()?;
        Ok(fetch)
    }

    /// What was fetched is in the vault.
    pub fn done(mut self) {
        self.replica.ahead = false;
    }

    fn go_back(&mut self) -> Result<(), ReplicaError> {
        if self.replica.ahead {
            *self.replica = Replica::load(self.vault)?;
        }
        Ok(())
    }
}

impl Deref for Fetch<'_> {
    type Target = Replica;

    fn deref(&self) -> &Replica {
        &self.replica
    }
}

impl DerefMut for Fetch<'_> {
    fn deref_mut(&mut self) -> &mut Replica {
        &mut self.replica
    }
}

impl Drop for Fetch<'_> {
    fn drop(&mut self) {
        // If the vault does not answer now, the next fetch asks again.
        let _ = self.go_back();
    }
}

/// Whether a statement changes what packets that are here already are worth.
fn ends_or_begins_doubt(kind: StatementKind) -> bool {
    matches!(kind, StatementKind::Suspension | StatementKind::Reinstatement)
}

fn check_head(directory: &Directory, head: &Checkpoint) -> Result<(), ReplicaError> {
    if head.size < directory.size() {
        // Shorter, and perhaps another history too: the prefix tells.
        return match directory.root_at(head.size) {
            Some(root) if root == head.root => {
                Err(ReplicaError::Shrunk { shown: head.size, known: directory.size() })
            }
            _ => Err(ReplicaError::Split),
        };
    }
    if head.size == directory.size() && head.root != directory.root() {
        return Err(ReplicaError::Split);
    }
    Ok(())
}

/// The rosters that these statements name.
pub(crate) fn rosters_named_by<'a>(
    leaves: impl IntoIterator<Item = &'a Vec<u8>>,
) -> impl Iterator<Item = Digest> {
    leaves.into_iter().filter_map(|leaf| roster_named_by(&directory::read(leaf).ok()?.1).ok()?)
}

pub(crate) fn roster_named_by(statement: &Statement) -> Result<Option<Digest>, StatementError> {
    let malformed = |_| StatementError::Malformed;
    Ok(match statement.kind {
        StatementKind::Admission => {
            let admission: Admission =
                codec::decode(&statement.payload, STATEMENT_BYTES_MAX).map_err(malformed)?;
            Some(admission.roster)
        }
        StatementKind::RosterChange => {
            let change: RosterChange =
                codec::decode(&statement.payload, STATEMENT_BYTES_MAX).map_err(malformed)?;
            Some(change.roster)
        }
        _ => None,
    })
}

fn leaf_key(index: u64) -> Vec<u8> {
    [b"leaf", &index.to_be_bytes()[..]].concat()
}

fn roster_key(digest: Digest) -> Vec<u8> {
    [ROSTER, &digest.0[..]].concat()
}
