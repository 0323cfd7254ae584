//! Attachments on their way up and down, in pieces, resumable, never whole in memory.
//!
//! A record is made before the first byte is kept, so that whatever is on the disk has an end; it holds the hash of
//! the token without which nobody gets a byte, and not who sent it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use causeway_certs::transport::{RecvHalf, SendHalf, write_bytes, write_frame};
use causeway_common::codec;
use causeway_common::error::ErrorCode;
use causeway_common::framed;
use causeway_common::ids::{BlobId, OrgId};
use causeway_common::limits::{BLOB_BYTES_MAX, BLOB_PIECE_BYTES_MAX, CLOCK_SKEW, FRAME_BYTES_MAX};
use causeway_common::priority::Priority;
use causeway_common::store::{StoreError, Txn, transact};
use causeway_common::time::Timestamp;
use causeway_common::wire::{BlobGet, BlobProgress, BlobPut};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokio::io::AsyncReadExt as _;
use tokio_util::sync::CancellationToken;

use crate::service::Failed;
use crate::{Refused, Relay, keyspace};

/// `offset` of a [`BlobPut`] that only asks.
const ONLY_ASKS: u64 = u64::MAX;

/// What is kept of an attachment besides its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct BlobRecord {
    size: u64,
    token_hash: [u8; 32],
    expiry_hours: u32,
}

/// Uploads under way. A client whose connection broke comes back while its old stream still waits for bytes: the new
/// stream ends the old one and goes on from what has arrived.
#[derive(Debug, Default)]
pub(crate) struct Uploads(Mutex<HashMap<BlobId, Arc<Turn>>>);

#[derive(Debug, Default)]
struct Turn {
    alone: tokio::sync::Mutex<()>,
    newest: Mutex<CancellationToken>,
}

impl Uploads {
    /// Ends an upload of the same blob that is under way. The token ends this one.
    fn enter(&self, blob: BlobId) -> (Arc<Turn>, CancellationToken) {
        let turn = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(blob).or_default());
        let token = CancellationToken::new();
        let older = std::mem::replace(
            &mut *turn.newest.lock().unwrap_or_else(PoisonError::into_inner),
            token.clone(),
        );
        older.cancel();
        (turn, token)
    }

    fn leave(&self, blob: BlobId, turn: Arc<Turn>) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(turn);
        if turns.get(&blob).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            turns.remove(&blob);
        }
    }
}

impl Relay {
    /// Takes bytes of an attachment and says how many are held.
    pub(crate) async fn blob_put(
        &self,
        org: OrgId,
        put: BlobPut,
        send: &mut SendHalf,
        recv: &mut RecvHalf,
    ) -> Result<(), Failed> {
        self.check_blob(&put)?;
        let (turn, superseded) = self.uploads.enter(put.blob);
        let alone = turn.alone.lock().await;
        let taken = self.take_blob(org, &put, recv, &superseded).await;
        drop(alone);
        self.uploads.leave(put.blob, turn);
        let progress = BlobProgress { held: taken?, size: put.size };
        write_frame(send, &progress).await.map_err(Failed::Link)
    }

    fn check_blob(&self, put: &BlobPut) -> Result<(), Refused> {
        if put.size == 0 || put.size > BLOB_BYTES_MAX {
            return Err(Refused(ErrorCode::TooLarge));
        }
        let now = self.clock.now();
        let latest = now.plus(Priority::P3.time_to_live()).plus(CLOCK_SKEW);
        if put.expiry_hours > latest.hours_rounded_up() {
            return Err(Refused(ErrorCode::ExpiryTooFar));
        }
        if Timestamp::from_hours(put.expiry_hours) <= now {
            return Err(Refused(ErrorCode::Expired));
        }
        Ok(())
    }

    async fn take_blob(
        &self,
        org: OrgId,
        put: &BlobPut,
        recv: &mut RecvHalf,
        superseded: &CancellationToken,
    ) -> Result<u64, Refused> {
        self.record_blob(put).await?;
        let (mut held, whole) = self.blobs.held(put.blob).await?;
        if !whole && held >= put.size {
            // A stop came between the last byte and its verification. What holds as many bytes as it should counts as sent,
            // so nobody sends more; what is not right is begun again.
            held = if self.blobs.finish(put.blob).await? { return Ok(held) } else { 0 };
        }
        if whole || put.offset == ONLY_ASKS {
            return Ok(held);
        }
        if put.offset != held {
            return Err(Refused(ErrorCode::Conflict));
        }
        while held < put.size {
            let wanted = (put.size - held).min(BLOB_PIECE_BYTES_MAX as u64);
            let mut piece = Vec::with_capacity(usize::try_from(wanted).unwrap_or(BLOB_PIECE_BYTES_MAX));
            let mut next = (&mut *recv).take(wanted);
            // Only reading is given up half-way, never a write to the disk.
            let read = superseded.run_until_cancelled(next.read_to_end(&mut piece)).await;
            let read = read.ok_or(Refused(ErrorCode::Conflict))?;
            let ended = read.is_err() || piece.is_empty();
            // What arrived before the connection broke need not be sent again.
            if !piece.is_empty() {
                self.quotas.bytes(org, piece.len())?;
                held += piece.len() as u64;
                self.blobs.append(put.blob, piece).await?;
            }
            if ended {
                return Ok(held);
            }
        }
        if self.blobs.finish(put.blob).await? { Ok(held) } else { Err(Refused(ErrorCode::Unverified)) }
    }

    /// Makes the record before the first byte, within the space for attachments. The same request again is fine.
    async fn record_blob(&self, put: &BlobPut) -> Result<(), Refused> {
        let BlobPut { blob, size, token_hash, expiry_hours, .. } = *put;
        let record = BlobRecord { size, token_hash: token_hash.0, expiry_hours };
        let space = self.limits.attachment_bytes;
        transact(&*self.kv, move |txn| {
            if let Some(known) = read_record(txn.get(&keyspace::blob(blob))?)? {
                let same = known.size == record.size && known.token_hash == record.token_hash;
                return if same { Ok(()) } else { Err(Refused(ErrorCode::Conflict)) };
            }
            if change_space(txn, i64::try_from(size).unwrap_or(i64::MAX))? > space {
                return Err(Refused(ErrorCode::Quota));
            }
            txn.put(&keyspace::blob(blob), &codec::encode(&record));
            txn.put(&keyspace::blob_expiry(expiry_hours, blob), b"");
            Ok(())
        })
        .await?
    }

    /// Gives bytes of an attachment to whoever shows its token.
    pub(crate) async fn blob_get(&self, get: &BlobGet, send: &mut SendHalf) -> Result<(), Failed> {
        let record = read_record(self.kv.get(&keyspace::blob(get.blob)).map_err(Refused::from)?)?;
        let hash = record.as_ref().map_or([0; 32], |record| record.token_hash);
        let opens = bool::from(framed::sha256(&get.token).0.ct_eq(&hash));
        let (held, whole) = self.blobs.held(get.blob).await?;
        // One answer for a blob that is not there, one that is not whole and a wrong token.
        let Some(record) = record.filter(|_| opens && whole) else {
            return Err(Refused(ErrorCode::NotFound).into());
        };
        write_frame(send, &BlobProgress { held, size: record.size }).await.map_err(Failed::Link)?;
        let mut offset = get.offset;
        while offset < record.size {
            let piece = self.blobs.piece(get.blob, offset).await?;
            if piece.is_empty() {
                break;
            }
            offset += piece.len() as u64;
            write_bytes(send, &piece).await.map_err(Failed::Link)?;
        }
        Ok(())
    }

    /// Drops an attachment whose time is over, its record first: what has no record is swept at the next start.
    pub(crate) async fn forget_blob(&self, hours: u32, blob: BlobId) -> Result<(), Refused> {
        transact(&*self.kv, move |txn| {
            txn.delete(&keyspace::blob_expiry(hours, blob));
            if let Some(record) = read_record(txn.get(&keyspace::blob(blob))?)? {
                change_space(txn, i64::try_from(record.size).map_or(i64::MIN, |size| -size))?;
                txn.delete(&keyspace::blob(blob));
            }
            Ok::<_, Refused>(())
        })
        .await??;
        self.blobs.remove_blob(blob).await
    }
}

fn read_record(bytes: Option<Vec<u8>>) -> Result<Option<BlobRecord>, Refused> {
    let read =
        |bytes: Vec<u8>| codec::decode(&bytes, FRAME_BYTES_MAX).map_err(|_| Refused(ErrorCode::Internal));
    bytes.map(read).transpose()
}

/// Bytes set aside for attachments, after a change.
fn change_space(txn: &mut dyn Txn, change: i64) -> Result<u64, StoreError> {
    let before =
        txn.get(keyspace::BLOB_SPACE)?.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
    let after = before.saturating_add_signed(change);
    txn.put(keyspace::BLOB_SPACE, &after.to_le_bytes());
    Ok(after)
}
