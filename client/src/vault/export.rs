//! What a backup takes of a vault, and a vault that comes out of one.
//!
//! Records leave the vault decrypted and are sealed again by the backup, under a key that comes from the vault's master
//! key. The backup is locked with the vault's own header, so the passphrase and the recovery code open it too. The erasable
//! key store stays behind, and with it everything that must be able to disappear.

use std::collections::BTreeMap;
use std::sync::Arc;

use causeway_common::codec;
use causeway_common::store::Kv;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::header::{self, RecoveryCode};
use super::{CaseName, EksMedium, Tree, Vault, VaultError};

/// Records of a case: tree and identifier of each.
pub(crate) type Belonging = Vec<(u8, Vec<u8>)>;

/// A vault's master key, out of a header alone.
pub struct Master(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Master")
    }
}

impl Master {
    /// Opens a header with the passphrase or the recovery code.
    pub fn open(header: &[u8], secret: &str) -> Result<Self, VaultError> {
        match header::open_with_passphrase(header, secret) {
            Err(VaultError::WrongPassphrase) if RecoveryCode::is_one(secret) => {
                header::open_with_recovery(header, secret).map(Self)
            }
            other => other.map(Self),
        }
    }

    /// The key of this vault's backups.
    pub fn backup_key(&self) -> Zeroizing<[u8; 32]> {
        backup_key(&self.0)
    }
}

fn backup_key(master: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(b"causeway/v1 vault-backup"), master)
        .expand(b"", &mut *key)
        .expect("32 bytes are far below the limit of HKDF");
    key
}

impl Vault {
    /// The key of this vault's backups.
    pub fn backup_key(&self) -> Zeroizing<[u8; 32]> {
        backup_key(&self.0.master)
    }

    /// The header, as it stands in the store: it tells nothing without the passphrase or the recovery code.
    pub fn header(&self) -> Result<Vec<u8>, VaultError> {
        self.0.kv.get(header::KEY)?.ok_or(VaultError::Missing)
    }

    /// Every record that a backup takes, in order; commits wait meanwhile. Prekeys stay: without their seeds they are
    /// good for nothing. In the place of the keys of cases stands, for each case, which records belong to it.
    pub async fn export<E: From<VaultError>>(
        &self,
        mut each: impl FnMut(Tree, &[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let _turn = Arc::clone(&self.0.turn).lock_owned().await;
        for tree in Tree::ALL.into_iter().filter(|tree| !matches!(tree, Tree::Prekeys | Tree::CaseKeys)) {
            for (id, _) in self.revisions(tree) {
                let value = self.get(tree, &id)?;
                let value = value.ok_or_else(|| super::damaged("a record is gone"))?;
                each(tree, &id, &value)?;
            }
        }
        for (case, records) in self.records_by_case() {
            each(Tree::CaseKeys, &case, &codec::encode(&records))?;
        }
        Ok(())
    }

    /// Which records belong to which case: a backup holds them without their keys, and a restored vault gives them new ones.
    fn records_by_case(&self) -> BTreeMap<CaseName, Belonging> {
        let mut all: BTreeMap<CaseName, Belonging> = BTreeMap::new();
        let view = self.view();
        for tree in Tree::ALL {
            for (id, place) in view.tree(tree).into_iter().flatten() {
                if let Some(case) = &place.case {
                    all.entry(**case).or_default().push((tree as u8, id.clone()));
                }
            }
        }
        all
    }

    /// An empty vault under this header, in an empty store, with a key store that is new. As long as no identity is written
    /// it counts as one that was begun and not finished.
    pub async fn restore(
        kv: Arc<dyn Kv>,
        medium: impl Into<EksMedium>,
        header: Vec<u8>,
        master: &Master,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<Self, VaultError> {
        Self::begin(kv, medium.into(), header, &master.0, rng).await
    }
}

impl Tree {
    /// The tree with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|tree| *tree as u8 == number)
    }
}
