//! Mailboxes: one body per envelope, one queue entry per device, in four classes.
//!
//! The sender is not among what is stored. A record of each envelope stays until well after its expiry, so that a
//! repeated submission gets the same receipt and its sender can ask what became of it.

use causeway_certs::directory::Directory;
use causeway_common::codec;
use causeway_common::envelope::{Envelope, Outer, Wrap};
use causeway_common::error::ErrorCode;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, Digest, EnvelopeId, OrgId};
use causeway_common::limits::{ENVELOPE_BYTES_MAX, FRAME_BYTES_MAX, IDS_PER_REQUEST_MAX};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{Nack, RELAY_ACCEPTED, RelayReceipt};
use causeway_common::store::{StoreError, Txn, transact};
use causeway_common::time::Timestamp;
use causeway_common::wire::{Outcomes, Push};
use serde::{Deserialize, Serialize};

use crate::{Refused, Relay, departed, keyspace};

mod expiry;

/// Bodies up to this size stand in the store, longer ones in files.
const INLINE_BODY_BYTES_MAX: usize = 60 * 1024;
/// Bodies written to files at the same time.
pub(crate) const BODY_TURNS: usize = 16;
/// Refusals kept for one envelope, about 250 bytes each: the first tells the sender what to do.
const NACKS_MAX: usize = 16;
/// Copies of a class looked at for the one of a damaged record: many times what is pushed before it is acknowledged.
const SEARCHED_MAX: usize = 1_024;

/// What is kept of an envelope apart from its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct EnvelopeRecord {
    /// Its number in the order of arrival, under which its body stands.
    number: u64,
    outer: Outer,
    digest: Digest,
    receipt: Signed,
    accepted: Timestamp,
    /// Devices that have not acknowledged yet.
    remaining: Vec<DeviceId>,
    /// Whether the body stands in a file.
    in_file: bool,
    expired: Vec<Signed>,
    nacks: Vec<Signed>,
}

impl EnvelopeRecord {
    /// Where a device's copy stands.
    fn place(&self, device: DeviceId) -> Vec<u8> {
        keyspace::queued(device, self.outer.priority, self.number)
    }
}

/// One device's copy in its queue, with all that a push says beside the body: records of envelopes stand by name, all over
/// the store, and a full mailbox would be slow to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct QueueEntry {
    envelope: EnvelopeId,
    number: u64,
    outer: Outer,
    accepted: Timestamp,
    in_file: bool,
    wrap: Wrap,
}

/// A device's copy, ready to be pushed.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) envelope: EnvelopeId,
    pub(crate) priority: Priority,
    /// Where it stands in its queue.
    key: Vec<u8>,
    entry: QueueEntry,
}

impl Relay {
    /// Takes an envelope, whose digest is known. Durable when it returns; the same envelope gets the same receipt again.
    pub(crate) async fn submit(&self, envelope: Envelope, digest: Digest) -> Result<Signed, Refused> {
        let now = self.clock.now();
        let id = envelope.id();
        if let Err(refused) = self.check_envelope(&envelope, now) {
            // Taken before its time was over, perhaps, or before a roster changed.
            return self.earlier_receipt(id, digest).await?.ok_or(refused);
        }
        let receipt = self.sign_receipt(RELAY_ACCEPTED, id, digest, now, Vec::new());
        let in_file = envelope.body.len() > INLINE_BODY_BYTES_MAX;
        // The same envelope on two connections of an impatient client: one writes the file, the other finds the record.
        let turn = &self.body_turns[usize::from(id.0[0]) % BODY_TURNS];
        let _turn = if in_file { Some(turn.lock().await) } else { None };
        if in_file {
            if let Some(receipt) = self.earlier_receipt(id, digest).await? {
                return Ok(receipt);
            }
            self.blobs.put_body(id, envelope.body.clone()).await?;
        }
        let devices: Vec<DeviceId> = envelope.wraps.iter().map(|w| w.device).collect();
        let (to_ring, recipient) = (devices.clone(), envelope.outer.recipient);
        let receipt = transact(&*self.kv, move |txn| {
            if let Some(record) = record(txn, id)? {
                return same_receipt(&record, digest);
            }
            let number = txn.get(keyspace::COUNTER)?.map_or(0, |bytes| count(&bytes)) + 1;
            txn.put(keyspace::COUNTER, &number.to_le_bytes());
            let record = EnvelopeRecord {
                number,
                outer: envelope.outer,
                digest,
                receipt: receipt.clone(),
                accepted: now,
                remaining: devices,
                in_file,
                expired: Vec::new(),
                nacks: Vec::new(),
            };
            enqueue(txn, id, &record, &envelope.wraps)?;
            if !in_file {
                txn.put(&keyspace::body(number), &envelope.body);
            }
            Ok(receipt)
        })
        .await??;
        self.withdraw_from_departed(recipient, &to_ring).await?;
        to_ring.into_iter().for_each(|device| self.hub.ring(device));
        Ok(self.that_counts(receipt))
    }

    /// A device may have left its roster since that was looked at: its copy goes with the others that it had.
    async fn withdraw_from_departed(&self, org: OrgId, devices: &[DeviceId]) -> Result<(), Refused> {
        let is_listed = |directory: &Directory, device: DeviceId| {
            directory.organisation(org).is_some_and(|org| org.device(device).is_some())
        };
        let gone: Vec<DeviceId> = self.with_directory(|directory| {
            devices.iter().copied().filter(|device| !is_listed(directory, *device)).collect()
        });
        if gone.is_empty() {
            return Ok(());
        }
        transact(&*self.kv, move |txn| {
            departed::note(txn, &gone);
            Ok::<_, Refused>(())
        })
        .await?
    }

    /// A receipt that was given before. Answered through a transaction: the record may still be on its way to disk.
    async fn earlier_receipt(&self, id: EnvelopeId, digest: Digest) -> Result<Option<Signed>, Refused> {
        if self.kv.get(&keyspace::envelope(id))?.is_none() {
            return Ok(None);
        }
        let earlier = transact(&*self.kv, move |txn| match record(txn, id)? {
            Some(record) => same_receipt(&record, digest).map(Some),
            None => Ok(None),
        });
        Ok(earlier.await??.map(|receipt| self.that_counts(receipt)))
    }

    fn check_envelope(&self, envelope: &Envelope, now: Timestamp) -> Result<(), Refused> {
        envelope.check().map_err(|_| Refused(ErrorCode::Malformed))?;
        let outer = &envelope.outer;
        if outer.expires() <= now {
            return Err(Refused(ErrorCode::Expired));
        }
        // An hour for rounding, two for clocks that differ.
        let latest = now.plus(outer.priority.time_to_live()).plus(causeway_common::limits::CLOCK_SKEW);
        if outer.expiry_hours > latest.hours_rounded_up() {
            return Err(Refused(ErrorCode::ExpiryTooFar));
        }
        self.with_directory(|directory| {
            let org = directory.organisation(outer.recipient).ok_or(Refused(ErrorCode::UnknownRecipient))?;
            if org.suspended.is_some() {
                return Err(Refused(ErrorCode::Suspended));
            }
            if envelope.wraps.iter().all(|wrap| org.device(wrap.device).is_some()) {
                Ok(())
            } else {
                Err(Refused(ErrorCode::UnknownRecipient))
            }
        })
    }

    fn sign_receipt(
        &self,
        outcome: u8,
        envelope: EnvelopeId,
        digest: Digest,
        time: Timestamp,
        devices: Vec<DeviceId>,
    ) -> Signed {
        let receipt = RelayReceipt { outcome, envelope, digest, time, devices };
        self.key().sign(Label::RelayAck, codec::encode(&receipt))
    }

    /// What was signed before, as the sender can believe it: a key that was in other hands does not count from a moment on
    /// that may lie before the relay heard of it.
    fn that_counts(&self, signed: Signed) -> Signed {
        let counts = |directory: &Directory| {
            directory.authority().is_none_or(|run_by| {
                !run_by.relay.have_changed() || run_by.relay.verify_receipt(&signed).is_some()
            })
        };
        if self.with_directory(counts) { signed } else { self.key().sign(Label::RelayAck, signed.body) }
    }

    /// Copies in one class of a device's queue, oldest first, and where to go on. What does not decode is passed over.
    pub(crate) fn waiting(
        &self,
        device: DeviceId,
        priority: Priority,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<(Vec<Waiting>, Option<Vec<u8>>), Refused> {
        let entries = self.kv.scan(&keyspace::queue(device, priority), after, limit)?;
        let last = entries.last().map(|(key, _)| key.clone());
        let waiting = |(key, bytes): (Vec<u8>, Vec<u8>)| {
            let entry: QueueEntry = codec::decode(&bytes, ENVELOPE_BYTES_MAX).ok()?;
            Some(Waiting { envelope: entry.envelope, priority, key, entry })
        };
        Ok((entries.into_iter().filter_map(waiting).collect(), last))
    }

    /// How many copies wait for a device.
    pub(crate) fn waiting_count(&self, device: DeviceId) -> Result<u64, Refused> {
        Ok(self.kv.get(&keyspace::waiting(device))?.map_or(0, |bytes| count(&bytes)))
    }

    /// What is pushed for a waiting copy; none if it has been dealt with in the meantime.
    pub(crate) async fn push_of(&self, waiting: Waiting) -> Result<Option<Push>, Refused> {
        if self.kv.get(&waiting.key)?.is_none() {
            return Ok(None);
        }
        let QueueEntry { envelope, number, outer, accepted, in_file, wrap } = waiting.entry;
        let body =
            if in_file { self.blobs.body(envelope).await? } else { self.kv.get(&keyspace::body(number))? };
        Ok(body.map(|body| Push { outer, body, wrap, accepted }))
    }

    /// A device has these durably.
    pub(crate) async fn acknowledge(
        &self,
        device: DeviceId,
        envelopes: Vec<EnvelopeId>,
    ) -> Result<(), Refused> {
        if envelopes.len() > IDS_PER_REQUEST_MAX {
            return Err(Refused(ErrorCode::TooLarge));
        }
        let settled = envelopes.clone();
        let finished = transact(&*self.kv, move |txn| {
            let mut files = Vec::new();
            for id in envelopes {
                files.extend(dequeue(txn, device, id, None)?);
            }
            Ok::<_, Refused>(files)
        })
        .await??;
        self.hub.settle(device, &settled);
        self.blobs.remove_bodies(finished).await
    }

    /// A device cannot open an envelope; its signed refusal waits for the sender to ask.
    pub(crate) async fn refuse(&self, device: DeviceId, nack: &Nack, signed: Signed) -> Result<(), Refused> {
        let id = nack.envelope;
        let finished = transact(&*self.kv, move |txn| dequeue(txn, device, id, Some(signed))).await??;
        self.hub.settle(device, &[id]);
        self.blobs.remove_bodies(finished.into_iter().collect()).await
    }

    /// What became of envelopes.
    pub(crate) async fn outcomes(&self, envelopes: Vec<EnvelopeId>) -> Result<Outcomes, Refused> {
        if envelopes.len() > IDS_PER_REQUEST_MAX {
            return Err(Refused(ErrorCode::TooLarge));
        }
        let records = transact(&*self.kv, move |txn| {
            let read = envelopes.into_iter().map(|id| Ok((id, record(txn, id)?)));
            read.collect::<Result<Vec<_>, Refused>>()
        });
        let mut outcomes = Outcomes { expired: vec![], refused: vec![], unknown: vec![], settled: vec![] };
        let mut forgotten = Vec::new();
        for (id, record) in records.await?? {
            let Some(record) = record else {
                outcomes.unknown.push(id);
                continue;
            };
            if self.is_refused_by_who_is_gone(&record) {
                forgotten.push((id, record.number));
                continue;
            }
            if record.remaining.is_empty() && record.expired.is_empty() && record.nacks.is_empty() {
                outcomes.settled.push(id);
            }
            outcomes.expired.extend(record.expired.into_iter().map(|signed| self.that_counts(signed)));
            outcomes.refused.extend(record.nacks);
        }
        if !forgotten.is_empty() {
            outcomes.unknown.extend(forgotten.iter().map(|(id, _)| *id));
            transact(&*self.kv, move |txn| {
                for (id, number) in forgotten {
                    // Unless it has been handed in anew meanwhile.
                    if record(txn, id)?.is_some_and(|now| now.number == number && now.remaining.is_empty()) {
                        txn.delete(&keyspace::envelope(id));
                    }
                }
                Ok::<_, Refused>(())
            })
            .await??;
        }
        Ok(outcomes)
    }

    /// Whether all that is left to say of an envelope is that devices have refused it which their organisation does not list any
    /// more. Their word counts for nothing with its sender: it is forgotten, as it is with the last copy of such a device.
    fn is_refused_by_who_is_gone(&self, record: &EnvelopeRecord) -> bool {
        let is_gone = |nack: &Signed| {
            let by = codec::decode::<Nack>(&nack.body, FRAME_BYTES_MAX).map(|nack| nack.device);
            let org = |d: &Directory| {
                d.organisation(record.outer.recipient).and_then(|org| org.device(by.ok()?).map(drop))
            };
            self.with_directory(|d| org(d).is_none())
        };
        let is_over = record.remaining.is_empty() && record.expired.is_empty();
        is_over && !record.nacks.is_empty() && record.nacks.iter().all(is_gone)
    }

    /// Whether the body of this envelope must stand in a file.
    pub(crate) fn needs_file(&self, id: EnvelopeId) -> Result<bool, Refused> {
        let Some(bytes) = self.kv.get(&keyspace::envelope(id))? else { return Ok(false) };
        // A damaged record keeps its body for whoever repairs it.
        let record = codec::decode::<EnvelopeRecord>(&bytes, ENVELOPE_BYTES_MAX);
        Ok(record.map_or(true, |record| record.in_file && !record.remaining.is_empty()))
    }
}

fn record(txn: &dyn Txn, id: EnvelopeId) -> Result<Option<EnvelopeRecord>, Refused> {
    let Some(bytes) = txn.get(&keyspace::envelope(id))? else { return Ok(None) };
    codec::decode(&bytes, ENVELOPE_BYTES_MAX).map(Some).map_err(|_| Refused(ErrorCode::Internal))
}

fn same_receipt(record: &EnvelopeRecord, digest: Digest) -> Result<Signed, Refused> {
    if record.digest == digest { Ok(record.receipt.clone()) } else { Err(Refused(ErrorCode::Conflict)) }
}

fn enqueue(
    txn: &mut dyn Txn,
    id: EnvelopeId,
    record: &EnvelopeRecord,
    wraps: &[Wrap],
) -> Result<(), StoreError> {
    for wrap in wraps {
        let entry = QueueEntry {
            envelope: id,
            number: record.number,
            outer: record.outer.clone(),
            accepted: record.accepted,
            in_file: record.in_file,
            wrap: wrap.clone(),
        };
        txn.put(&record.place(wrap.device), &codec::encode(&entry));
        add_waiting(txn, wrap.device, 1)?;
    }
    txn.put(&keyspace::envelope(id), &codec::encode(record));
    txn.put(&keyspace::expiry(record.outer.expiry_hours, id), b"");
    Ok(())
}

/// Drops a device's copy, and the body with the last one. Gives the envelope if its body stands in a file.
fn dequeue(
    txn: &mut dyn Txn,
    device: DeviceId,
    id: EnvelopeId,
    nack: Option<Signed>,
) -> Result<Option<EnvelopeId>, Refused> {
    let mut record = match record(txn, id) {
        Ok(Some(record)) => record,
        Ok(None) => return Ok(None),
        Err(Refused(ErrorCode::Internal)) => {
            // A damaged record stays for whoever repairs it; the device has its copy.
            if let Some(place) = find(txn, device, id)? {
                unqueue(txn, device, &place)?;
            }
            return Ok(None);
        }
        Err(refused) => return Err(refused),
    };
    let Some(place) = record.remaining.iter().position(|d| *d == device) else { return Ok(None) };
    record.remaining.swap_remove(place);
    unqueue(txn, device, &record.place(device))?;
    if let Some(nack) = nack.filter(|_| record.nacks.len() < NACKS_MAX) {
        record.nacks.push(nack);
    }
    let last = record.remaining.is_empty();
    if last {
        txn.delete(&keyspace::body(record.number));
    }
    txn.put(&keyspace::envelope(id), &codec::encode(&record));
    Ok((last && record.in_file).then_some(id))
}

/// Drops the copy of a device that is gone. Nobody has it then who could sign for it, perhaps: the relay forgets the
/// envelope with its last copy, and whoever asks seals again for those who are there.
pub(crate) fn withdraw(
    txn: &mut dyn Txn,
    device: DeviceId,
    id: EnvelopeId,
) -> Result<Option<EnvelopeId>, Refused> {
    let file = dequeue(txn, device, id, None)?;
    // A damaged record stays for whoever repairs it.
    if let Ok(Some(record)) = record(txn, id)
        && record.remaining.is_empty()
        && record.nacks.is_empty()
        && record.expired.is_empty()
    {
        txn.delete(&keyspace::envelope(id));
    }
    Ok(file)
}

/// Takes a copy out of its queue, if it is there.
fn unqueue(txn: &mut dyn Txn, device: DeviceId, place: &[u8]) -> Result<(), StoreError> {
    if txn.get(place)?.is_some() {
        txn.delete(place);
        add_waiting(txn, device, -1)?;
    }
    Ok(())
}

/// Where a copy stands whose envelope has no record to say so. A device is pushed what is first in its queues.
fn find(txn: &dyn Txn, device: DeviceId, id: EnvelopeId) -> Result<Option<Vec<u8>>, StoreError> {
    for priority in Priority::ALL {
        let queue = txn.scan(&keyspace::queue(device, priority), None, SEARCHED_MAX)?;
        let is_it = |bytes: &[u8]| {
            codec::decode::<QueueEntry>(bytes, ENVELOPE_BYTES_MAX).is_ok_and(|entry| entry.envelope == id)
        };
        if let Some((place, _)) = queue.into_iter().find(|(_, bytes)| is_it(bytes)) {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn add_waiting(txn: &mut dyn Txn, device: DeviceId, change: i64) -> Result<(), StoreError> {
    let key = keyspace::waiting(device);
    let waiting = txn.get(&key)?.map_or(0, |bytes| count(&bytes)).saturating_add_signed(change);
    txn.put(&key, &waiting.to_le_bytes());
    Ok(())
}

fn count(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}
