//! The end of envelopes: a signed statement takes the place of a body that nobody fetched in time.

use causeway_common::codec;
use causeway_common::ids::EnvelopeId;
use causeway_common::limits::ENVELOPE_BYTES_MAX;
use causeway_common::statements::RELAY_EXPIRED;
use causeway_common::store::{StoreError, transact};
use causeway_common::time::Timestamp;

use super::{EnvelopeRecord, record, unqueue};
use crate::{Refused, Relay, keyspace};

/// Envelopes read from the list of what is due at a time.
const EXPIRE_BATCH: usize = 64;
/// Records of finished envelopes are kept this many hours after their expiry, so that senders who were offline find
/// out: as long as the longest life of a packet.
const RECORD_GRACE_HOURS: u32 = 30 * 24;

impl Relay {
    /// Gives up on what has expired: a signed statement for the sender takes the place of the body.
    pub(crate) async fn expire(&self, now: Timestamp) -> Result<(), Refused> {
        loop {
            let due = self.kv.scan(keyspace::EXPIRIES, None, EXPIRE_BATCH)?;
            let full = due.len() == EXPIRE_BATCH;
            for (key, _) in due {
                let Some((hours, id)) = parse_expiry(&key) else { continue };
                if Timestamp::from_hours(hours) > now {
                    return Ok(());
                }
                self.expire_one(id, hours, now).await?;
            }
            if !full {
                return Ok(());
            }
        }
    }

    /// Takes an envelope off the list of this hour: expires it, or forgets one that expired long ago.
    async fn expire_one(&self, id: EnvelopeId, hours: u32, now: Timestamp) -> Result<(), Refused> {
        let seen = match self.kv.get(&keyspace::envelope(id)) {
            Ok(Some(bytes)) => codec::decode::<EnvelopeRecord>(&bytes, ENVELOPE_BYTES_MAX).ok(),
            Ok(None) | Err(StoreError::Corrupt(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let statement = seen
            .as_ref()
            .filter(|seen| !seen.remaining.is_empty())
            .map(|seen| self.sign_receipt(RELAY_EXPIRED, id, seen.digest, now, seen.remaining.clone()));
        let file = transact(&*self.kv, move |txn| {
            let listed = keyspace::expiry(hours, id);
            let Some(seen) = seen else {
                // Nothing there that can be read, and not for a moment only. A damaged record stays for whoever repairs it.
                if !matches!(record(txn, id), Ok(Some(_))) {
                    txn.delete(&listed);
                }
                return Ok(None);
            };
            let Some(mut record) = record(txn, id)?.filter(|record| record.remaining == seen.remaining)
            else {
                // A device has acknowledged while the statement was signed; the next round sees that.
                return Ok(None);
            };
            txn.delete(&listed);
            let forget = record.outer.expiry_hours.saturating_add(RECORD_GRACE_HOURS);
            if Timestamp::from_hours(forget) <= now {
                txn.delete(&keyspace::envelope(id));
            } else {
                txn.put(&keyspace::expiry(forget, id), b"");
            }
            let Some(statement) = statement else { return Ok(None) };
            for device in std::mem::take(&mut record.remaining) {
                unqueue(txn, device, &record.place(device))?;
            }
            record.expired = vec![statement];
            txn.delete(&keyspace::body(record.number));
            if Timestamp::from_hours(forget) > now {
                txn.put(&keyspace::envelope(id), &codec::encode(&record));
            }
            Ok::<_, Refused>(record.in_file.then_some(id))
        })
        .await??;
        self.blobs.remove_bodies(file.into_iter().collect()).await
    }
}

fn parse_expiry(key: &[u8]) -> Option<(u32, EnvelopeId)> {
    let rest = key.strip_prefix(keyspace::EXPIRIES)?;
    let (hours, id) = rest.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*hours), EnvelopeId(id.try_into().ok()?)))
}
