//! Durable key-value storage with serial transactions and group commit.
//!
//! [`Kv`] is what the relay's store and the client's vault stand on. A transaction is a closure; closures run one at
//! a time against the newest state, several of them share one sync of the disk, and none is answered before that
//! sync. An answer that promises durability must therefore come out of a transaction, even of one that only reads.
//!
//! [`MemoryKv`] serves tests and the simulator, [`SledKv`] is the default on disk.

use std::fmt::Debug;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

pub mod files;
mod memory;
mod sled;
mod snapshot;
mod spare;

pub use self::memory::MemoryKv;
pub use self::sled::{SledKv, SledOptions};
pub use self::snapshot::{Snapshot, Snapshots};

/// Longest key.
pub const KEY_BYTES_MAX: usize = 512;
/// Longest value; more goes into files (see [`files`]).
pub const VALUE_BYTES_MAX: usize = 64 * 1024;

/// Why the store did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The bytes on disk are not what was written.
    #[error("the stored data is damaged: {0}")]
    Corrupt(String),
    /// Another process has it open.
    #[error("another program is using {0}; close it first")]
    Locked(PathBuf),
    /// Written by a newer version of this program.
    #[error(
        "the data was written by a newer version of Causeway (format {found}, this program knows {known}); update Causeway"
    )]
    Newer {
        /// Format on disk.
        found: u32,
        /// Newest format this program knows.
        known: u32,
    },
    /// A key or a value over the limit: an error of ours.
    #[error("a record of {0} bytes is larger than the store takes")]
    TooLarge(usize),
    /// The disk does not take writes now (full, failing). Nothing acknowledged is lost; try again later.
    #[error("the disk does not take writes now: {0}")]
    Unavailable(String),
}

/// Space in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of the files.
    pub file_bytes: u64,
    /// Live records.
    pub records: u64,
}

/// A key and its value.
pub type Record = (Vec<u8>, Vec<u8>);
/// A future that can be stored.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// What a transaction does. `false` discards its writes; it is answered after the sync all the same.
pub type Work = Box<dyn FnOnce(&mut dyn Txn) -> bool + Send>;

/// What a transaction sees: the newest state, its own writes included.
pub trait Txn {
    /// The value of `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Records whose key starts with `prefix` and is greater than `after`, in order, at most `limit`.
    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError>;
    /// Writes a value.
    fn put(&mut self, key: &[u8], value: &[u8]);
    /// Removes a value.
    fn delete(&mut self, key: &[u8]);
}

/// A store.
pub trait Kv: Debug + Send + Sync {
    /// The value of `key`, as last applied; it may still be on its way to the disk.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Records whose key starts with `prefix` and is greater than `after`, in order, at most `limit`.
    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError>;
    /// Runs `work` alone. Its writes are atomic, and durable when the future resolves. Dropping the future does not
    /// stop the work. Prefer [`transact`].
    fn transact_boxed(&self, work: Work) -> BoxFuture<'static, Result<(), StoreError>>;
    /// Space in use.
    fn usage(&self) -> Result<Usage, StoreError>;
}

/// Runs `work` alone; an `Err` from it discards its writes. The outer error says that nothing durable happened or
/// that nobody can know; the inner result is durable.
pub async fn transact<R, E, F>(kv: &dyn Kv, work: F) -> Result<Result<R, E>, StoreError>
where
    R: Send + 'static,
    E: Send + 'static,
    F: FnOnce(&mut dyn Txn) -> Result<R, E> + Send + 'static,
{
    let (tell, told) = tokio::sync::oneshot::channel();
    kv.transact_boxed(Box::new(move |txn| {
        let result = work(txn);
        let keep = result.is_ok();
        // The asker may have gone away; the work is done all the same.
        let _ = tell.send(result);
        keep
    }))
    .await?;
    told.await.map_err(|_| StoreError::Unavailable("the store has stopped".into()))
}
