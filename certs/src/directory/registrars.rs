//! Who runs a directory: its registrars, how many of them must sign, and its relay.

use causeway_common::ids::{Digest, OrgId};
use causeway_common::limits::REGISTRARS_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::{DirectoryGenesis, RegistrarKeys, Registrars, Statement, StatementKind};

use super::{RelayKeys, StatementError, ZERO, leaf_digest, payload};
use crate::keys::PublicKey;
use crate::registrars::Candidacy;

/// What statements are about that are about the directory itself.
pub const ITSELF: OrgId = OrgId([0; 32]);

/// One of those who say which organisations there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registrar {
    /// Signs statements.
    pub key: PublicKey,
    /// The key of its connection.
    pub tls: PublicKey,
}

/// Who runs this directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Say which organisations there are, sorted by key.
    pub registrars: Vec<Registrar>,
    /// How many of them must sign.
    pub threshold: u8,
    /// Its keys sign heads and receipts.
    pub relay: RelayKeys,
    /// Keys of those who were registrars and are no more.
    former: Vec<PublicKey>,
    /// Hash of the first statement: which directory this is.
    founding: Digest,
    sequence: u64,
    last_leaf: Digest,
}

impl Authority {
    /// Whether somebody with this key is, or was, a registrar: who joined long ago has pinned the registrar of that time. It has said
    /// so itself, of this directory: it has founded it, or its candidacy stands there.
    pub fn has_had_registrar(&self, key: &[u8; 32]) -> bool {
        self.is_registrar(key) || self.former.iter().any(|former| former.as_bytes() == key)
    }

    /// Whether this key signs for a registrar now.
    pub fn is_registrar(&self, key: &[u8; 32]) -> bool {
        self.registrars.iter().any(|registrar| registrar.key.as_bytes() == key)
    }

    /// Whether this is the key of a registrar's connection.
    pub fn is_registrars_connection(&self, tls: PublicKey) -> bool {
        self.registrars.iter().any(|registrar| registrar.tls == tls)
    }

    /// How many registrars must sign such a statement. One is enough to shut somebody out: that cannot wait, and can be undone.
    pub fn needed(&self, kind: StatementKind) -> usize {
        if kind == StatementKind::Suspension { 1 } else { usize::from(self.threshold) }
    }

    /// Refuses a statement that not enough registrars, or others than registrars, have signed.
    pub(super) fn entitles(&self, kind: StatementKind, signers: &[[u8; 32]]) -> Result<(), StatementError> {
        let enough = signers.len() >= self.needed(kind);
        let all = signers.iter().all(|signer| self.is_registrar(signer));
        if enough && all { Ok(()) } else { Err(StatementError::NotEntitled) }
    }

    pub(super) fn found(statement: &Statement, leaf: &[u8]) -> Result<Self, StatementError> {
        let genesis: DirectoryGenesis = payload(&statement.payload)?;
        if genesis.registrar != statement.signer || genesis.threshold != 1 {
            return Err(StatementError::NotEntitled);
        }
        if statement.org != ITSELF || statement.sequence != 1 || statement.previous != ZERO {
            return Err(StatementError::OutOfOrder);
        }
        let keys = RegistrarKeys { key: genesis.registrar, tls_key: genesis.registrar_tls };
        Ok(Self {
            registrars: vec![registrar(&keys)?],
            threshold: 1,
            relay: RelayKeys::new(PublicKey::from_bytes(genesis.relay)?),
            former: Vec::new(),
            founding: leaf_digest(leaf),
            sequence: 1,
            last_leaf: leaf_digest(leaf),
        })
    }

    /// Which directory this is: the hash of its first statement.
    pub fn founding(&self) -> Digest {
        self.founding
    }

    /// Number and predecessor of the next statement about the directory itself.
    pub(super) fn next_link(&self) -> (u64, Digest) {
        (self.sequence + 1, self.last_leaf)
    }

    /// The next statement about the directory itself stands in its place.
    pub(super) fn follows(&self, statement: &Statement) -> Result<(), StatementError> {
        let in_place =
            statement.org == ITSELF && (statement.sequence, statement.previous) == self.next_link();
        if in_place { Ok(()) } else { Err(StatementError::OutOfOrder) }
    }

    pub(super) fn taken(&mut self, leaf: &[u8]) {
        self.sequence += 1;
        self.last_leaf = leaf_digest(leaf);
    }

    /// Other registrars, or another number of them that must sign.
    pub(super) fn change_registrars(&mut self, statement: &Statement) -> Result<(), StatementError> {
        let next: Registrars = payload(&statement.payload)?;
        let count = next.registrars.len();
        let in_order = next.registrars.is_sorted_by(|a, b| a.key < b.key);
        let possible =
            (1..=REGISTRARS_MAX).contains(&count) && (1..=count).contains(&usize::from(next.threshold));
        if !in_order || !possible {
            return Err(StatementError::Malformed);
        }
        let registrars: Vec<Registrar> = next.registrars.iter().map(registrar).collect::<Result<_, _>>()?;
        let one_each = |one: &Registrar| registrars.iter().filter(|other| other.tls == one.tls).count() == 1;
        if !registrars.iter().all(one_each) {
            return Err(StatementError::Malformed);
        }
        if registrars == self.registrars && next.threshold == self.threshold {
            return Err(StatementError::Again);
        }
        self.want_to_be(&registrars, &next.candidacies)?;
        let stays = |key: PublicKey| registrars.iter().any(|registrar| registrar.key == key);
        let gone = self.registrars.iter().map(|registrar| registrar.key);
        self.former.extend(gone.filter(|key| !stays(*key)));
        (self.registrars, self.threshold) = (registrars, next.threshold);
        Ok(())
    }

    /// Whoever is new has signed that it wants to be a registrar of this directory, and nobody else has.
    fn want_to_be(&self, registrars: &[Registrar], candidacies: &[Signed]) -> Result<(), StatementError> {
        let new: Vec<&Registrar> =
            registrars.iter().filter(|one| !self.is_registrar(one.key.as_bytes())).collect();
        if new.len() != candidacies.len() {
            return Err(StatementError::NotEntitled);
        }
        for (new, signed) in new.into_iter().zip(candidacies) {
            let candidacy = Candidacy::verify(signed).map_err(|_| StatementError::Unverified)?;
            if candidacy.nomination.directory != self.founding || registrar(&candidacy.keys)? != *new {
                return Err(StatementError::NotEntitled);
            }
        }
        Ok(())
    }
}

fn registrar(keys: &RegistrarKeys) -> Result<Registrar, StatementError> {
    if keys.key == keys.tls_key {
        return Err(StatementError::Malformed);
    }
    Ok(Registrar { key: PublicKey::from_bytes(keys.key)?, tls: PublicKey::from_bytes(keys.tls_key)? })
}
