//! Prekeys: each one-time key is given to one taker, once.

use causeway_certs::keys::PublicKey;
use causeway_common::codec;
use causeway_common::envelope::PrekeyKind;
use causeway_common::error::ErrorCode;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, OrgId};
use causeway_common::limits::{
    FRAME_BYTES_MAX, PREKEY_PUBLIC_BYTES, PREKEYS_FULL, PREKEYS_PER_PUBLISH_MAX, PREKEYS_RESERVED,
};
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceStatus, Prekey};
use causeway_common::store::{StoreError, Txn, transact};
use causeway_common::time::Timestamp;
use causeway_common::wire::{DeviceState, Prekeys, PublishPrekeys};

use crate::quota::Allowance;
use crate::registry::is_suspended;
use crate::{Refused, Relay, keyspace};

/// A device may hand in a new set before all of the old one is used: twice the full number.
pub(crate) const STORED_MAX: usize = 2 * PREKEYS_FULL;

impl Relay {
    /// Takes new prekeys of a device.
    pub(crate) async fn publish(
        &self,
        org: OrgId,
        device: DeviceId,
        request: PublishPrekeys,
    ) -> Result<DeviceState, Refused> {
        if request.prekeys.len() > PREKEYS_PER_PUBLISH_MAX {
            return Err(Refused(ErrorCode::TooLarge));
        }
        let key = self.signing_key(org, device)?;
        let status: DeviceStatus = open(&request.status, Label::DeviceStatus, key)?;
        let prekeys = request
            .prekeys
            .into_iter()
            .map(|signed| check_prekey(signed, org, device, key))
            .collect::<Result<Vec<_>, _>>()?;
        let (signed_status, now) = (request.status, self.clock.now());
        if status.device != device {
            return Err(Refused(ErrorCode::Unverified));
        }
        // A device that was away for long offers again what it had made then; that is no fault of it.
        let usable = move |prekey: &Prekey| prekey.epoch >= status.epoch_min && prekey.not_after > now;
        transact(&*self.kv, move |txn| {
            withdraw(txn, device, status.epoch_min, now)?;
            for (prekey, signed) in prekeys.into_iter().filter(|(prekey, _)| usable(prekey)) {
                let place = match prekey.kind {
                    PrekeyKind::LastResort => keyspace::last_resort(device),
                    _ => keyspace::one_time_prekey(device, prekey.number),
                };
                txn.put(&place, &codec::encode(&signed));
            }
            if txn.scan(&keyspace::one_time_prekeys(device), None, STORED_MAX + 1)?.len() > STORED_MAX {
                return Err(Refused(ErrorCode::Quota));
            }
            txn.put(&keyspace::status(device), &codec::encode(&signed_status));
            Ok(())
        })
        .await??;
        self.device_state(device)
    }

    /// What the relay holds of a device.
    pub(crate) fn device_state(&self, device: DeviceId) -> Result<DeviceState, Refused> {
        let keys = self.kv.scan(&keyspace::one_time_prekeys(device), None, STORED_MAX)?;
        let number = |key: &[u8]| key.last_chunk::<8>().map(|n| u64::from_be_bytes(*n));
        let status = self.kv.get(&keyspace::status(device))?.and_then(|bytes| read(&bytes));
        Ok(DeviceState {
            one_time: keys.iter().filter_map(|(key, _)| number(key)).collect(),
            status: status.into_iter().collect(),
            waiting: self.waiting_count(device)?,
        })
    }

    /// Takes one prekey of each device of `target`. Whoever takes too many gets last-resort keys.
    pub(crate) async fn take(
        &self,
        taker_org: OrgId,
        taker: DeviceId,
        target: OrgId,
    ) -> Result<Prekeys, Refused> {
        let devices = self.with_directory(|directory| {
            if is_suspended(directory, target) {
                return Err(Refused(ErrorCode::Suspended));
            }
            let roster = directory.organisation(target).and_then(|org| org.roster.as_ref());
            let roster = roster.ok_or(Refused(ErrorCode::UnknownRecipient))?;
            // Who writes to its own colleagues does not write to itself.
            let others = roster.devices.iter().filter(|device| device.device != taker);
            Ok(others.map(|device| device.device).collect::<Vec<_>>())
        })?;
        let allowance = self.quotas.take(taker, taker_org, target, devices.len());
        let now = self.clock.now();
        transact(&*self.kv, move |txn| {
            let mut answer = Prekeys { prekeys: Vec::new(), statuses: Vec::new() };
            for device in devices {
                if let Some(prekey) = take_one(txn, device, allowance, now)? {
                    answer.prekeys.push(prekey);
                    answer.statuses.extend(txn.get(&keyspace::status(device))?.and_then(|b| read(&b)));
                }
            }
            Ok::<_, Refused>(answer)
        })
        .await?
    }

    /// The signing key of a device, if it is in the roster.
    pub(crate) fn signing_key(&self, org: OrgId, device: DeviceId) -> Result<PublicKey, Refused> {
        self.with_directory(|d| d.organisation(org)?.device(device).map(|found| found.signing_key))
            .and_then(|bytes| PublicKey::from_bytes(bytes).ok())
            .ok_or(Refused(ErrorCode::NotAuthorised))
    }
}

fn check_prekey(
    signed: Signed,
    org: OrgId,
    device: DeviceId,
    key: PublicKey,
) -> Result<(Prekey, Signed), Refused> {
    let prekey: Prekey = open(&signed, Label::Prekey, key)?;
    let fits = prekey.org == org
        && prekey.device == device
        && prekey.public.len() == PREKEY_PUBLIC_BYTES
        && prekey.kind != PrekeyKind::Return;
    if fits { Ok((prekey, signed)) } else { Err(Refused(ErrorCode::Unverified)) }
}

/// Verifies, then reads.
pub(crate) fn open<T: serde::de::DeserializeOwned + serde::Serialize>(
    signed: &Signed,
    label: Label,
    key: PublicKey,
) -> Result<T, Refused> {
    key.verify(label, signed).map_err(|_| Refused(ErrorCode::Unverified))?;
    codec::decode(&signed.body, FRAME_BYTES_MAX).map_err(|_| Refused(ErrorCode::Malformed))
}

/// Drops what its device has withdrawn and what has expired.
fn withdraw(txn: &mut dyn Txn, device: DeviceId, epoch_min: u32, now: Timestamp) -> Result<(), StoreError> {
    let old = |bytes: &[u8]| {
        body::<Prekey>(bytes).is_none_or(|prekey| prekey.epoch < epoch_min || prekey.not_after <= now)
    };
    for (key, bytes) in txn.scan(&keyspace::one_time_prekeys(device), None, STORED_MAX)? {
        if old(&bytes) {
            txn.delete(&key);
        }
    }
    if txn.get(&keyspace::last_resort(device))?.is_some_and(|bytes| old(&bytes)) {
        txn.delete(&keyspace::last_resort(device));
    }
    Ok(())
}

/// A one-time key if the taker may have one, else the last-resort key. The answer looks the same either way.
fn take_one(
    txn: &mut dyn Txn,
    device: DeviceId,
    allowance: Allowance,
    now: Timestamp,
) -> Result<Option<Signed>, StoreError> {
    let usable = |bytes: &[u8]| body::<Prekey>(bytes).is_some_and(|prekey| prekey.not_after > now);
    let stored = txn.scan(&keyspace::one_time_prekeys(device), None, PREKEYS_RESERVED + 1)?;
    let plenty = stored.len() > PREKEYS_RESERVED;
    if allowance.one_time && (plenty || allowance.reserve) {
        for (key, bytes) in stored {
            txn.delete(&key);
            if usable(&bytes) {
                return Ok(read(&bytes));
            }
        }
    }
    Ok(txn.get(&keyspace::last_resort(device))?.filter(|bytes| usable(bytes)).and_then(|bytes| read(&bytes)))
}

fn read(bytes: &[u8]) -> Option<Signed> {
    codec::decode(bytes, FRAME_BYTES_MAX).ok()
}

fn body<T: serde::de::DeserializeOwned + serde::Serialize>(bytes: &[u8]) -> Option<T> {
    codec::decode(&read(bytes)?.body, FRAME_BYTES_MAX).ok()
}
