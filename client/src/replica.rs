//! The directory as this home has replayed and checked it.

use causeway_certs::checkpoint::{self, Checkpoint, CheckpointError};
use causeway_certs::directory::{Directory, StatementError};
use causeway_certs::keys::PublicKey;
use causeway_common::codec;
use causeway_common::ids::Digest;
use causeway_common::limits::{CHECKPOINT_BYTES_MAX, ROSTER_BYTES_MAX, STATEMENT_BYTES_MAX};
use causeway_common::statements::SignedRoster;
use causeway_common::wire::DirectoryPart;

use crate::identity::Identity;
use crate::vault::{Changes, Tree, Vault, VaultError};

const HEAD: &[u8] = b"head";

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
        "the relay shows another history of the directory than before; keep this home as evidence and call the registrar"
    )]
    Split,
    /// An entry that may not stand there.
    #[error("the directory holds an entry that is not allowed: {0}")]
    Illegal(#[from] StatementError),
    /// Run by another registrar than the one the invite names.
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
#[derive(Clone, Debug, Default)]
pub struct Replica {
    /// The replayed log.
    pub directory: Directory,
    /// The last head, as the relay signed it; empty before the first.
    pub checkpoint: Vec<u8>,
}

impl Replica {
    /// Replays what the vault holds.
    pub fn load(vault: &Vault) -> Result<Self, ReplicaError> {
        let mut replica = Self::default();
        while let Some(leaf) = vault.get(Tree::Directory, &leaf_key(replica.directory.size()))? {
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
        replica.checkpoint =
            vault.get(Tree::Directory, HEAD)?.map(|bytes| bytes.to_vec()).unwrap_or_default();
        Ok(replica)
    }

    /// Takes a part of the directory from the relay. `true`: there is more to ask for. Nothing is kept of a part
    /// that does not fit.
    pub fn take(
        &mut self,
        part: &DirectoryPart,
        identity: &Identity,
        changes: &mut Changes,
    ) -> Result<bool, ReplicaError> {
        let relay = PublicKey::from_bytes(identity.relay_key).map_err(|_| CheckpointError::Unverified)?;
        if part.checkpoint.is_empty() && part.leaves.is_empty() && self.directory.size() == 0 {
            return Ok(false);
        }
        let head = checkpoint::verify(&part.checkpoint, relay)?;
        let mut next = self.directory.clone();
        for leaf in &part.leaves {
            if leaf.len() > STATEMENT_BYTES_MAX {
                return Err(StatementError::Malformed.into());
            }
            changes.put(Tree::Directory, &leaf_key(next.size()), leaf.clone());
            next.append(leaf)?;
        }
        check_head(&next, &head)?;
        if next.authority().is_some_and(|a| *a.registrar.as_bytes() != identity.registrar_key) {
            return Err(ReplicaError::OtherRegistrar);
        }
        let complete = next.size() == head.size;
        if complete {
            changes.put(Tree::Directory, HEAD, part.checkpoint.clone());
            self.checkpoint.clone_from(&part.checkpoint);
        } else if part.leaves.is_empty() {
            return Err(ReplicaError::Split);
        }
        self.directory = next;
        Ok(!complete)
    }

    /// Takes rosters from the relay; those that do not verify are left out.
    pub fn take_rosters(&mut self, rosters: &[SignedRoster], changes: &mut Changes) {
        for signed in rosters {
            if self.directory.supply_roster(signed).is_ok() {
                let digest = causeway_certs::roster::digest(&signed.body);
                changes.put(Tree::Directory, &roster_key(digest), codec::encode(signed));
            }
        }
    }

    /// The last head, read.
    pub fn head(&self, identity: &Identity) -> Option<Checkpoint> {
        debug_assert!(self.checkpoint.len() <= CHECKPOINT_BYTES_MAX);
        checkpoint::verify(&self.checkpoint, PublicKey::from_bytes(identity.relay_key).ok()?).ok()
    }

    /// Whether what a partner has seen is what we have seen. `None`: it has seen more than we have.
    pub fn agrees_with(&self, size: u64, root: Digest) -> Option<bool> {
        self.directory.root_at(size).map(|ours| ours == root)
    }
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

fn leaf_key(index: u64) -> Vec<u8> {
    [b"leaf", &index.to_be_bytes()[..]].concat()
}

fn roster_key(digest: Digest) -> Vec<u8> {
    [b"rost", &digest.0[..]].concat()
}
