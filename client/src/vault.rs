//! The vault: everything a workstation keeps, sealed record by record.
//!
//! The passphrase opens a slot ([`header`]) that holds the vault's master key; from it come the keys of the records
//! ([`record`]). A head record counts and sums all others, so that a record that is removed, changed or rolled back
//! shows. What must really disappear (prekey seeds, and the secrets under which the keys of cases stand, [`cases`]) stands
//! in the erasable key store ([`eks`]), outside the database, because the database never forgets a byte it has written.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use causeway_common::store::{Kv, StoreError, transact};
use zeroize::Zeroizing;

use crate::catalogue::Catalogue;

mod cases;
mod changes;
mod committing;
mod eks;
mod erasing;
mod export;
mod header;
mod reading;
mod record;
pub mod security_keys;
mod snapshot;
mod view;

use self::cases::Cases;
pub use self::cases::{CASES_PER_EPOCH, CaseName};
pub use self::changes::{Changes, Tree};
use self::eks::Eks;
pub use self::eks::{EKS_FILES, EksMedium, MemoryEks};
pub(crate) use self::export::Belonging;
pub use self::export::Master;
pub use causeway_common::passphrase::Cost;

pub use self::header::{RecoveryCode, check as check_header};
use self::record::{Head, RecordKeys};
use self::view::{Index, Place, View};

/// Longest record, before sealing.
pub const RECORD_BYTES_MAX: usize = 4 << 20;

/// Why the vault does not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// A record, the header or the head is not what this vault wrote.
    #[error("the vault is damaged: {0}")]
    Damaged(String),
    /// The machine does not have the memory that the passphrase's protection takes.
    #[error("there is not enough memory to open the vault")]
    Memory,
    /// There is no vault here.
    #[error("there is no vault here")]
    Missing,
    /// The store does not take or give it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is kept of the security keys does not read. The passphrase opens the vault all the same.
    #[error("what is kept of the security keys does not read")]
    SecurityKeys,
    /// The passphrase is too easy to guess.
    #[error(
        "the passphrase is too short: use at least {} characters, best six unrelated words",
        causeway_common::passphrase::CHARS_MIN
    )]
    WeakPassphrase,
    /// The passphrase or recovery code is not the right one.
    #[error("the passphrase is not the right one")]
    WrongPassphrase,
}

/// What [`Vault::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Records that verify.
    pub records: u64,
}

/// A record that a commit wrote, with its new place, or removed.
type Touched = (Tree, Vec<u8>, Option<Place>);

/// Adds to each commit what follows from it, in the same transaction: a log that is written afterwards loses its last line in a
/// crash, or writes it twice. It may read the vault as it was before, and must not commit.
pub(crate) trait Scribe: Send + Sync {
    /// A commit is about to be written.
    fn write(&self, before: &Vault, changes: &mut Changes) -> Result<(), VaultError>;
}

/// The turn of a commit.
type Turn = tokio::sync::OwnedMutexGuard<()>;

/// An identifier and its record's content.
pub type Entry = (Vec<u8>, Zeroizing<Vec<u8>>);

/// An unlocked vault. Clones share it; the keys are wiped with the last one.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    kv: Arc<dyn Kv>,
    master: Zeroizing<[u8; 32]>,
    keys: RecordKeys,
    head: Mutex<Head>,
    view: RwLock<View>,
    /// Changed only together with the view, and locked after it.
    cases: RwLock<Cases>,
    /// Commits take turns: each continues the head that the one before left.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// A commit failed, and it is not known yet whether the store holds it.
    unsure: AtomicBool,
    eks: tokio::sync::Mutex<Eks>,
    /// Made from the records, and gone with them when the vault is closed.
    catalogue: Mutex<Catalogue>,
    /// The generation of the last commit that is durable.
    durable: tokio::sync::watch::Sender<u64>,
    /// What was kept for the next opening is of this head.
    snapshot_of: Mutex<Option<Head>>,
    by_snapshot: bool,
    scribe: OnceLock<Box<dyn Scribe>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(unlocked)")
    }
}

impl Vault {
    /// Makes a vault in an empty store and a folder for the erasable key store.
    pub async fn create(
        kv: Arc<dyn Kv>,
        medium: impl Into<EksMedium>,
        passphrase: &str,
        cost: Cost,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<(Self, RecoveryCode), VaultError> {
        let (master, header, recovery) = header::create(passphrase, cost, rng)?;
        Ok((Self::begin(kv, medium.into(), header, &master, rng).await?, recovery))
    }

    /// An empty vault under this header, in an empty store, with a key store that is new.
    async fn begin(
        kv: Arc<dyn Kv>,
        medium: EksMedium,
        header: Vec<u8>,
        master: &[u8; 32],
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<Self, VaultError> {
        // The key store first: a vault without one would look like one whose keys were stolen.
        let eks = Eks::create(medium, master, rng)?;
        let keys = RecordKeys::new(master);
        let head = Head::default();
        let sealed_head = keys.seal_head(&head, rng);
        transact(&*kv, move |txn| {
            if txn.get(header::KEY)?.is_some() {
                return Err(StoreError::Corrupt("there is a vault already".into()));
            }
            txn.put(header::KEY, &header);
            txn.put(record::HEAD_KEY, &sealed_head);
            Ok(())
        })
        .await??;
        Ok(Self::from_parts(kv, master, keys, head, Index::new(), eks))
    }

    /// Opens a vault with its passphrase and checks every record of it against the head; of a large one whose [`snapshot`] is of
    /// this head, each record when it is read.
    pub async fn unlock(
        kv: Arc<dyn Kv>,
        medium: impl Into<EksMedium>,
        passphrase: &str,
    ) -> Result<Self, VaultError> {
        let header = kv.get(header::KEY)?.ok_or(VaultError::Missing)?;
        let master = header::open_with_passphrase(&header, passphrase)?;
        Self::open(kv, medium.into(), &master)
    }

    /// Opens a vault with its recovery code.
    pub async fn unlock_with_recovery(
        kv: Arc<dyn Kv>,
        medium: impl Into<EksMedium>,
        code: &str,
    ) -> Result<Self, VaultError> {
        let header = kv.get(header::KEY)?.ok_or(VaultError::Missing)?;
        let master = header::open_with_recovery(&header, code)?;
        Self::open(kv, medium.into(), &master)
    }

    /// Opens a vault with the secret of one of its [`security_keys`].
    pub async fn unlock_with_security_key(
        kv: Arc<dyn Kv>,
        folder: &Path,
        secret: &str,
    ) -> Result<Self, VaultError> {
        let header = kv.get(header::KEY)?.ok_or(VaultError::Missing)?;
        let master = Self::master_by_key(&header, folder, secret)?;
        Self::open(kv, folder.into(), &master)
    }

    /// Whether this passphrase, or recovery code, opens this vault. As slow as opening it.
    pub fn is_secret(&self, secret: &str) -> Result<bool, VaultError> {
        let header = self.header()?;
        opens(match header::open_with_passphrase(&header, secret) {
            Err(VaultError::WrongPassphrase) if RecoveryCode::is_one(secret) => {
                header::open_with_recovery(&header, secret)
            }
            opened => opened,
        })
    }

    /// Whether this is the secret of one of its [`security_keys`].
    pub fn is_security_key(&self, folder: &Path, secret: &str) -> Result<bool, VaultError> {
        opens(Self::master_by_key(&self.header()?, folder, secret))
    }

    fn master(&self) -> &[u8; 32] {
        &self.0.master
    }

    /// Makes another recovery code; the one before opens the vault no more. Durable when it returns. As slow as opening it.
    pub async fn renew_recovery(
        &self,
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<RecoveryCode, VaultError> {
        let _turn = self.turn().await?;
        let header = self.0.kv.get(header::KEY)?.ok_or(VaultError::Missing)?;
        let (header, code) = header::renew_recovery(&header, &self.0.master, rng)?;
        transact(&*self.0.kv, move |txn| {
            txn.put(header::KEY, &header);
            Ok::<_, StoreError>(())
        })
        .await??;
        Ok(code)
    }

    /// Opens the same vault from where its data is now, as a restarted process does, without its passphrase. For the
    /// simulator, where vaults are opened all the time: guessing a passphrase is made slow, and so is opening with one.
    pub fn reopen(&self, kv: Arc<dyn Kv>, medium: impl Into<EksMedium>) -> Result<Self, VaultError> {
        Self::open(kv, medium.into(), &self.0.master)
    }

    /// Opens a vault with its master key, for whoever holds that by another way than a passphrase.
    pub fn unlock_with_key(
        kv: Arc<dyn Kv>,
        medium: impl Into<EksMedium>,
        master: &[u8; 32],
    ) -> Result<Self, VaultError> {
        Self::open(kv, medium.into(), master)
    }

    fn open(kv: Arc<dyn Kv>, medium: EksMedium, master: &[u8; 32]) -> Result<Self, VaultError> {
        let keys = RecordKeys::new(master);
        let sealed = kv.get(record::HEAD_KEY)?.ok_or_else(|| damaged("its head is gone"))?;
        let head = keys.open_head(&sealed)?;
        let eks = Eks::open(medium, master)?;
        match snapshot::read(&eks, &head) {
            Some((index, kept)) => Ok(Self::assemble(kv, master, keys, head, (index, Some(kept)), eks)),
            None => {
                let index = record::read_index(&*kv, &keys, &head)?;
                Ok(Self::from_parts(kv, master, keys, head, index, eks))
            }
        }
    }

    fn from_parts(
        kv: Arc<dyn Kv>,
        master: &[u8; 32],
        keys: RecordKeys,
        head: Head,
        index: Index,
        eks: Eks,
    ) -> Self {
        Self::assemble(kv, master, keys, head, (index, None), eks)
    }

    fn assemble(
        kv: Arc<dyn Kv>,
        master: &[u8; 32],
        keys: RecordKeys,
        head: Head,
        (index, kept): (Index, Option<Catalogue>),
        eks: Eks,
    ) -> Self {
        let ids = index.get(&Tree::CaseKeys).into_iter().flatten().map(|(id, _)| id);
        let cases = Cases::new(ids, eks.all(cases::is_secret));
        Self(Arc::new(Inner {
            kv,
            master: Zeroizing::new(*master),
            keys,
            head: Mutex::new(head),
            cases: RwLock::new(cases),
            view: RwLock::new(View::new(index)),
            turn: Arc::default(),
            unsure: AtomicBool::new(false),
            eks: tokio::sync::Mutex::new(eks),
            snapshot_of: Mutex::new(kept.is_some().then_some(head)),
            by_snapshot: kept.is_some(),
            catalogue: Mutex::new(kept.unwrap_or_default()),
            durable: tokio::sync::watch::Sender::new(0),
            scribe: OnceLock::new(),
        }))
    }

    /// How often something was committed: the revision of whatever was written last.
    pub fn generation(&self) -> u64 {
        self.head().generation
    }

    /// Reads and checks every record.
    pub fn verify(&self) -> Result<Report, VaultError> {
        let index = record::read_index(&*self.0.kv, &self.0.keys, &self.head())?;
        let mut report = Report::default();
        for (tree, ids) in index {
            for (id, place) in ids {
                let content = self.0.keys.load(&|key| self.0.kv.get(key), tree, &id, place.revision)?;
                self.uncover(&self.view(), (tree, &id), content)?;
                report.records += 1;
            }
        }
        Ok(report)
    }

    /// Generation of the erasable key store: going backwards shows a restored backup.
    pub async fn eks_generation(&self) -> u64 {
        self.0.eks.lock().await.generation()
    }

    /// Stores erasable secrets. Durable when it returns.
    pub async fn eks_put(
        &self,
        secrets: &[(Vec<u8>, Zeroizing<[u8; 32]>)],
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<(), VaultError> {
        self.0.eks.lock().await.put(secrets, rng)
    }

    /// An erasable secret, if it has not been erased.
    pub async fn eks_get(&self, id: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        self.0.eks.lock().await.get(id)
    }

    /// Erases secrets: afterwards nothing on the disk, with or without the passphrase, gives them back.
    pub async fn eks_erase(
        &self,
        ids: &[Vec<u8>],
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> Result<(), VaultError> {
        self.0.eks.lock().await.erase(ids, rng)
    }

    fn view(&self) -> RwLockReadGuard<'_, View> {
        self.0.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn view_mut(&self) -> RwLockWriteGuard<'_, View> {
        self.0.view.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn cases(&self) -> RwLockReadGuard<'_, Cases> {
        self.0.cases.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn cases_mut(&self) -> RwLockWriteGuard<'_, Cases> {
        self.0.cases.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn snapshot_of(&self) -> MutexGuard<'_, Option<Head>> {
        self.0.snapshot_of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn head(&self) -> MutexGuard<'_, Head> {
        self.0.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<&Path> for EksMedium {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_path_buf())
    }
}

/// Whether something was opened; a wrong secret is no failure.
fn opens(opened: Result<Zeroizing<[u8; 32]>, VaultError>) -> Result<bool, VaultError> {
    match opened {
        Ok(_) => Ok(true),
        Err(VaultError::WrongPassphrase) => Ok(false),
        Err(error) => Err(error),
    }
}

fn damaged(what: &str) -> VaultError {
    VaultError::Damaged(what.to_owned())
}
