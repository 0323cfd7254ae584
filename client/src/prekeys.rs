//! This device's prekeys, and those of others.
//!
//! Life of ours: seed durable in the erasable key store, record durable in the vault, published, used (a tombstone
//! in the same transaction that stores the packet), seed erased. The order makes every crash harmless
//! (docs/protocol.md, section 5).

use std::collections::BTreeSet;

use causeway_certs::directory::Organisation;
use causeway_certs::keys::PublicKey;
use causeway_common::codec;
use causeway_common::envelope::PrekeyKind;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, PrekeyNumber};
use causeway_common::limits::{
    FRAME_BYTES_MAX, LAST_RESORT_ROTATION, PREKEY_GRACE, PREKEY_LIFE, PREKEY_PUBLIC_BYTES, PREKEYS_FULL,
    PREKEYS_REFILL_BELOW,
};
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceStatus, Prekey};
use causeway_common::time::Timestamp;
use causeway_common::wire::{DeviceState, Prekeys, PublishPrekeys};
use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::records::RecordError;
use crate::seal::hybrid;
use crate::seal::packet::Target;
use crate::vault::{Changes, Tree, Vault, VaultError};

/// A prekey of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPrekey {
    /// Its number.
    pub number: PrekeyNumber,
    /// One-time or last resort.
    pub kind: PrekeyKind,
    /// Public half.
    pub public: Vec<u8>,
    /// When it was made.
    pub made: Timestamp,
    /// As it is published.
    pub signed: Signed,
    /// Whether a packet has used it: then the seed is or will be erased.
    pub used: bool,
}

fn key(number: PrekeyNumber) -> [u8; 8] {
    number.to_be_bytes()
}

/// A prekey of ours by its number.
pub fn own(vault: &Vault, number: PrekeyNumber) -> Result<Option<OwnPrekey>, RecordError> {
    match vault.get(Tree::Prekeys, &key(number))? {
        Some(bytes) => Ok(Some(codec::decode(&bytes, FRAME_BYTES_MAX)?)),
        None => Ok(None),
    }
}

/// Marks a one-time prekey as used, in the transaction that stores the packet.
pub fn mark_used(changes: &mut Changes, prekey: &OwnPrekey) {
    let used = OwnPrekey { used: true, ..prekey.clone() };
    changes.put(Tree::Prekeys, &key(prekey.number), codec::encode(&used));
}

/// Name of a prekey's seed in the erasable key store.
pub fn seed_id(number: PrekeyNumber) -> [u8; 8] {
    key(number)
}

/// What has to be done about our prekeys, given what the relay holds: makes new ones if needed, durably, and gives
/// the request to publish. None: nothing to do.
pub async fn refill(
    vault: &Vault,
    identity: &Identity,
    at_relay: &DeviceState,
    log_size: u64,
    now: Timestamp,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<Option<PublishPrekeys>, RecordError> {
    let all = all(vault)?;
    erase_finished(vault, &all, now, rng).await?;
    let held: BTreeSet<PrekeyNumber> = at_relay.one_time.iter().copied().collect();
    // Made but never arrived: publish again.
    let mut publish: Vec<&OwnPrekey> = all
        .iter()
        .filter(|p| p.kind == PrekeyKind::OneTime && !p.used && !held.contains(&p.number))
        .filter(|p| at_relay.status.is_empty() && now < p.made.plus(PREKEY_LIFE))
        .collect();
    let last_resort = all
        .iter()
        .filter(|p| p.kind == PrekeyKind::LastResort && now < p.made.plus(LAST_RESORT_ROTATION))
        .max_by_key(|p| p.made);
    let missing = if held.len() + publish.len() < PREKEYS_REFILL_BELOW {
        PREKEYS_FULL - held.len() - publish.len()
    } else {
        0
    };
    let fresh = make(identity, missing, last_resort.is_none(), now, rng);
    store(vault, &fresh, rng).await?;
    publish.extend(fresh.iter().map(|f| &f.own));
    if at_relay.status.is_empty() {
        publish.extend(last_resort);
    }
    if publish.is_empty() {
        return Ok(None);
    }
    let last_resort = fresh
        .iter()
        .map(|f| &f.own)
        .chain(&all)
        .filter(|p| p.kind == PrekeyKind::LastResort)
        .max_by_key(|p| p.made);
    let status = DeviceStatus {
        device: identity.device(),
        epoch: 1,
        epoch_min: 1,
        last_resort: last_resort.map_or(0, |p| p.number),
        one_time_remaining: u32::try_from(held.len() + publish.len()).unwrap_or(u32::MAX),
        key_store_generation: vault.eks_generation().await,
        log_size,
        time: now,
    };
    Ok(Some(PublishPrekeys {
        status: identity.device_key().sign(Label::DeviceStatus, codec::encode(&status)),
        prekeys: publish.iter().map(|p| p.signed.clone()).collect(),
    }))
}

fn all(vault: &Vault) -> Result<Vec<OwnPrekey>, RecordError> {
    let mut all = Vec::new();
    for (_, bytes) in vault.list(Tree::Prekeys)? {
        all.push(codec::decode(&bytes, FRAME_BYTES_MAX)?);
    }
    Ok(all)
}

fn make(
    identity: &Identity,
    one_time: usize,
    last_resort: bool,
    now: Timestamp,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Vec<Fresh> {
    let kinds = std::iter::repeat_n(PrekeyKind::OneTime, one_time)
        .chain(last_resort.then_some(PrekeyKind::LastResort));
    let device_key = identity.device_key();
    kinds
        .map(|kind| {
            let (seed, public) = hybrid::generate(rng);
            let number = rand_core::Rng::next_u64(rng);
            let prekey = Prekey {
                org: identity.org,
                device: identity.device(),
                number,
                kind,
                epoch: 1,
                not_before: now,
                not_after: now.plus(PREKEY_LIFE),
                public: public.clone(),
            };
            let signed = device_key.sign(Label::Prekey, codec::encode(&prekey));
            Fresh { seed, own: OwnPrekey { number, kind, public, made: now, signed, used: false } }
        })
        .collect()
}

struct Fresh {
    seed: zeroize::Zeroizing<[u8; 32]>,
    own: OwnPrekey,
}

impl std::ops::Deref for Fresh {
    type Target = OwnPrekey;

    fn deref(&self) -> &OwnPrekey {
        &self.own
    }
}

/// Seeds first, records second: a record without a seed would make a published key that opens nothing.
async fn store(
    vault: &Vault,
    fresh: &[Fresh],
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<(), VaultError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let seeds: Vec<_> = fresh.iter().map(|f| (seed_id(f.number).to_vec(), f.seed.clone())).collect();
    vault.eks_put(&seeds, rng).await?;
    let mut changes = Changes::default();
    for own in fresh {
        changes.put(Tree::Prekeys, &key(own.number), codec::encode(&own.own));
    }
    vault.commit(changes, rng).await
}

/// Erases the seeds of keys that a packet has used, and of keys whose time is over.
async fn erase_finished(
    vault: &Vault,
    all: &[OwnPrekey],
    now: Timestamp,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<(), VaultError> {
    let over = |p: &&OwnPrekey| p.made.plus(PREKEY_LIFE).plus(PREKEY_GRACE) < now;
    let finished = all.iter().filter(|p| (p.used && p.kind != PrekeyKind::LastResort) || over(p));
    let ids: Vec<Vec<u8>> = finished.map(|p| seed_id(p.number).to_vec()).collect();
    vault.eks_erase(&ids, rng).await
}

/// Why a partner's prekeys are not used. The relay, or somebody behind it, exchanged something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TakenError {
    /// A key of a device that is not in the partner's roster.
    #[error("the relay gave a key of a device that is not in the recipient's roster")]
    ForeignDevice,
    /// The signature, the organisation, the epoch or the time is wrong.
    #[error("the relay gave a key that the recipient's device did not sign")]
    Unverified,
}

/// Checks what the relay gave for an organisation and turns it into what a packet is sealed to.
pub fn check_taken(org: &Organisation, taken: &Prekeys, now: Timestamp) -> Result<Vec<Target>, TakenError> {
    let mut targets: Vec<Target> = Vec::new();
    for signed in &taken.prekeys {
        let claimed: Prekey =
            codec::decode(&signed.body, FRAME_BYTES_MAX).map_err(|_| TakenError::Unverified)?;
        let key = device_key(org, claimed.device)?;
        key.verify(Label::Prekey, signed).map_err(|_| TakenError::Unverified)?;
        let minimum = epoch_min(taken, claimed.device, &key)?;
        let fits = claimed.org == org.id
            && claimed.public.len() == PREKEY_PUBLIC_BYTES
            && claimed.epoch >= minimum
            && claimed.not_after > now;
        let repeated = targets.iter().any(|t| t.prekey.device == claimed.device);
        if !fits || repeated {
            return Err(TakenError::Unverified);
        }
        targets.push(Target { device: claimed.device, clearance: u32::MAX, prekey: claimed });
    }
    Ok(targets)
}

fn device_key(org: &Organisation, device: DeviceId) -> Result<PublicKey, TakenError> {
    let listed = org.device(device).ok_or(TakenError::ForeignDevice)?;
    PublicKey::from_bytes(listed.signing_key).map_err(|_| TakenError::ForeignDevice)
}

fn epoch_min(taken: &Prekeys, device: DeviceId, key: &PublicKey) -> Result<u32, TakenError> {
    for signed in &taken.statuses {
        let status: DeviceStatus =
            codec::decode(&signed.body, FRAME_BYTES_MAX).map_err(|_| TakenError::Unverified)?;
        if status.device == device {
            key.verify(Label::DeviceStatus, signed).map_err(|_| TakenError::Unverified)?;
            return Ok(status.epoch_min);
        }
    }
    Ok(0)
}

/// One-time prekeys of ours that no packet has used.
pub fn unused(vault: &Vault) -> Result<usize, RecordError> {
    Ok(all(vault)?.iter().filter(|p| p.kind == PrekeyKind::OneTime && !p.used).count())
}
