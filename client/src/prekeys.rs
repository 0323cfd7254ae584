//! This device's prekeys, and those of others.
//!
//! Life of ours: seed durable in the erasable key store, record durable in the vault, published, used (a tombstone
//! in the same transaction that stores the packet), seed erased. The order makes every crash harmless
//! (docs/protocol.md, section 10).

use causeway_certs::directory::Organisation;
use causeway_certs::keys::PublicKey;
use causeway_common::envelope::PrekeyKind;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, PrekeyNumber};
use causeway_common::limits::{
    FRAME_BYTES_MAX, LAST_RESORT_ROTATION, PREKEY_LIFE, PREKEY_PUBLIC_BYTES, PREKEYS_FULL,
    PREKEYS_REFILL_BELOW,
};
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceStatus, Prekey};
use causeway_common::time::Timestamp;
use causeway_common::wire::{DeviceState, Prekeys, PublishPrekeys};
use causeway_common::{clearance, codec, crash};
use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::records::{RecordError, Source};
use crate::seal::packet::{SectionPlain, Target};
use crate::seal::{self, hybrid};
use crate::vault::{Changes, Tree, Vault, VaultError};

mod shelf;

use self::shelf::Brief;
pub use self::shelf::Shelf;

/// Seeds kept at the same time: five full sets. A relay that denies having keys, or partners who take them and never
/// write, make a device fall back on its last-resort key before they make it drown.
pub const SEEDS_KEPT_MAX: usize = 5 * PREKEYS_FULL;

/// A prekey of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPrekey {
    /// Its number.
    pub number: PrekeyNumber,
    /// One-time or last resort.
    pub kind: PrekeyKind,
    /// The set it belongs to, see [`Book`].
    pub epoch: u32,
    /// Public half.
    #[serde(with = "serde_bytes")]
    pub public: Vec<u8>,
    /// When it was made.
    pub made: Timestamp,
    /// As it is published.
    pub signed: Signed,
    /// Whether a packet has used it, or a person has withdrawn it: then the seed is or will be erased.
    pub used: bool,
}

/// What a device knows of its prekeys as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Book {
    /// Raised to withdraw everything older, at the relay and with those who ask it.
    epoch: u32,
    /// Made, and not known to have reached the relay.
    unpublished: Vec<PrekeyNumber>,
    /// Generation of the key store since which it has all of their seeds. A status with this generation or a later one
    /// went out together with them.
    stored: u64,
}

const BOOK: &[u8] = b"prekeys";

fn book(vault: &Vault) -> Result<Book, RecordError> {
    match vault.get(Tree::Identity, BOOK)? {
        Some(bytes) => Ok(codec::decode(&bytes, FRAME_BYTES_MAX)?),
        None => Ok(Book { epoch: 1, unpublished: Vec::new(), stored: 0 }),
    }
}

fn put_book(changes: &mut Changes, book: &Book) {
    changes.put(Tree::Identity, BOOK, codec::encode(book));
}

fn key(number: PrekeyNumber) -> [u8; 8] {
    number.to_be_bytes()
}

/// A prekey of ours by its number.
pub fn own(from: &dyn Source, number: PrekeyNumber) -> Result<Option<OwnPrekey>, RecordError> {
    match from.get(Tree::Prekeys, &key(number))? {
        Some(bytes) => Ok(Some(codec::decode(&bytes, FRAME_BYTES_MAX)?)),
        None => Ok(None),
    }
}

/// Marks a prekey as used: a one-time prekey in the transaction that stores the packet.
pub fn mark_used(changes: &mut Changes, prekey: &OwnPrekey) {
    let used = OwnPrekey { used: true, ..prekey.clone() };
    changes.put(Tree::Prekeys, &key(prekey.number), codec::encode(&used));
}

/// Name of a prekey's seed in the erasable key store.
pub fn seed_id(number: PrekeyNumber) -> [u8; 8] {
    key(number)
}

/// What has to be done about our prekeys.
#[derive(Debug)]
pub struct Refill {
    /// The request to publish; none: nothing to do. Once it is answered, [`published`].
    pub publish: Option<PublishPrekeys>,
    /// How many one-time keys the relay holds that are good for a packet, before that.
    pub held: usize,
}

/// What has to be done about our prekeys, given what the relay holds: makes new ones if needed, durably.
pub async fn refill(
    vault: &Vault,
    shelf: &mut Shelf,
    identity: &Identity,
    at_relay: &DeviceState,
    log_size: u64,
    now: Timestamp,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<Refill, RecordError> {
    let all = forget_finished(vault, shelf.look(vault)?, now, rng).await?;
    let kept = all.iter().filter(|p| !p.used).count();
    let mut book = book(vault)?;
    if let Some(epoch) = new_epoch(vault, identity, at_relay, &all, &book).await
        && kept < SEEDS_KEPT_MAX
    {
        book = Book { epoch, unpublished: Vec::new(), stored: 0 };
    }
    if at_relay_since(identity, at_relay, &book) {
        // The relay's answer was lost. What it does not have any more it has given away.
        book.unpublished.clear();
    }
    let last_resort = status_at_relay(identity, at_relay).map(|status| status.last_resort);
    let again = to_publish_again(&all, &book, at_relay, last_resort, now);
    let valid: Vec<&Brief> = all.iter().filter(|p| !p.used && p.epoch == book.epoch).collect();
    let held = valid.iter().filter(|p| p.is_one_time() && at_relay.one_time.contains(&p.number)).count();
    let there = held + again.iter().filter(|p| p.is_one_time()).count();
    let missing = if there < PREKEYS_REFILL_BELOW { PREKEYS_FULL - there } else { 0 };
    let rotation = |p: &&&Brief| !p.is_one_time() && now < p.made.plus(LAST_RESORT_ROTATION);
    let needs_last_resort = !valid.iter().any(|p| rotation(&p));
    let one_time = missing.min(SEEDS_KEPT_MAX.saturating_sub(kept + usize::from(needs_last_resort)));
    let fresh = make(identity, one_time, needs_last_resort, book.epoch, now, rng);
    book.unpublished.extend(fresh.iter().map(|f| f.number));
    store(vault, &fresh, &mut book, rng).await?;
    let mut publish = signed(vault, &again)?;
    publish.extend(fresh.iter().map(|f| f.signed.clone()));
    if publish.is_empty() {
        return Ok(Refill { publish: None, held });
    }
    let made = fresh.iter().map(|f| Brief::from(&f.own));
    let last_resorts = valid.into_iter().copied().chain(made).filter(|p| !p.is_one_time());
    let status = DeviceStatus {
        device: identity.device(),
        epoch: book.epoch,
        epoch_min: book.epoch,
        last_resort: last_resorts.max_by_key(|p| p.made).map_or(0, |p| p.number),
        one_time_remaining: u32::try_from(there + one_time).unwrap_or(u32::MAX),
        key_store_generation: vault.eks_generation().await,
        log_size,
        time: now,
    };
    let status = identity.device_key().sign(Label::DeviceStatus, codec::encode(&status));
    Ok(Refill { publish: Some(PublishPrekeys { status, prekeys: publish }), held })
}

/// The relay has what was made: it is not offered again.
pub async fn published(
    vault: &Vault,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<(), RecordError> {
    let mut book = book(vault)?;
    if !book.unpublished.is_empty() {
        book.unpublished.clear();
        let mut changes = Changes::default();
        put_book(&mut changes, &book);
        vault.commit(changes, rng).await?;
    }
    Ok(())
}

/// A vault that came out of a backup has none of its seeds: what it publishes next is a new epoch, which withdraws all.
pub fn withdraw_all(vault: &Vault, changes: &mut Changes) -> Result<(), RecordError> {
    let epoch = book(vault)?.epoch.saturating_add(1);
    put_book(changes, &Book { epoch, unpublished: Vec::new(), stored: 0 });
    Ok(())
}

/// Withdraws every prekey of this device and erases what opens them, because somebody else may have a copy of it. The next
/// [`refill`] makes others, in a new epoch. What was sealed to the old ones is refused as erased, and its sender seals it again.
/// Gives how many there were. After a crash in between, the next refill erases the rest.
pub async fn refresh(
    vault: &Vault,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<usize, RecordError> {
    let mut changes = Changes::default();
    withdraw_all(vault, &mut changes)?;
    let open: Vec<OwnPrekey> = all(vault)?.into_iter().filter(|prekey| !prekey.used).collect();
    open.iter().for_each(|prekey| mark_used(&mut changes, prekey));
    vault.commit(changes, rng).await?;
    let seeds: Vec<Vec<u8>> = open.iter().map(|prekey| seed_id(prekey.number).to_vec()).collect();
    vault.eks_erase(&seeds, rng).await?;
    Ok(open.len())
}

/// Erases the seeds of keys that are used, as far as an end that came in between has left some: a device that its organisation
/// has removed has no [`refill`] any more that would do it.
pub async fn erase_used(
    vault: &Vault,
    shelf: &mut Shelf,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<(), RecordError> {
    let used = shelf.look(vault)?.into_iter().filter(|prekey| prekey.used);
    let seeds: Vec<Vec<u8>> = used.map(|prekey| seed_id(prekey.number).to_vec()).collect();
    Ok(vault.eks_erase(&seeds, rng).await?)
}

/// The epoch to begin, if everything published so far has to be withdrawn: this vault was restored from a backup (our
/// own status at the relay is ahead of it), or the relay was (it holds keys that packets have used, or does not know any more
/// what it had acknowledged: which of those keys it had given away by then nobody can tell, and it would give them again).
async fn new_epoch(
    vault: &Vault,
    identity: &Identity,
    at_relay: &DeviceState,
    all: &[Brief],
    book: &Book,
) -> Option<u32> {
    let status = status_at_relay(identity, at_relay);
    let generation = vault.eks_generation().await;
    let vault_restored = |s: &DeviceStatus| s.epoch >= book.epoch && s.key_store_generation > generation;
    if let Some(ahead) = status.filter(vault_restored) {
        return ahead.epoch.checked_add(1);
    }
    let spent = |p: &Brief| p.used && p.epoch == book.epoch && at_relay.one_time.contains(&p.number);
    let acknowledged = book.stored > 0 && book.unpublished.is_empty();
    let has_forgotten = acknowledged && !at_relay_since(identity, at_relay, book);
    if has_forgotten || all.iter().any(spent) { book.epoch.checked_add(1) } else { None }
}

/// Our own status as the relay has it.
fn status_at_relay(identity: &Identity, at_relay: &DeviceState) -> Option<DeviceStatus> {
    let key = identity.device_key().public();
    let verified = at_relay.status.first().filter(|s| key.verify(Label::DeviceStatus, s).is_ok());
    verified.and_then(|s| codec::decode(&s.body, FRAME_BYTES_MAX).ok())
}

/// Whether the prekeys that were made last have reached the relay.
fn at_relay_since(identity: &Identity, at_relay: &DeviceState, book: &Book) -> bool {
    status_at_relay(identity, at_relay)
        .is_some_and(|status| status.epoch == book.epoch && status.key_store_generation >= book.stored)
}

/// Made before and not at the relay: because they never arrived, or because it has lost everything, or what came after its
/// backup. Which last-resort key it has is said by the status that came with it.
fn to_publish_again(
    all: &[Brief],
    book: &Book,
    at_relay: &DeviceState,
    last_resort: Option<PrekeyNumber>,
    now: Timestamp,
) -> Vec<Brief> {
    let lost = at_relay.status.is_empty();
    let usable = |p: &Brief| !p.used && p.epoch == book.epoch && now < p.made.plus(PREKEY_LIFE);
    let wanted =
        |p: &Brief| (lost || book.unpublished.contains(&p.number)) && !at_relay.one_time.contains(&p.number);
    let mut again: Vec<Brief> =
        all.iter().copied().filter(Brief::is_one_time).filter(usable).filter(wanted).collect();
    again.sort_by_key(|p| std::cmp::Reverse(p.made));
    again.truncate(PREKEYS_FULL);
    let last_resorts = all.iter().copied().filter(|p| !p.is_one_time()).filter(usable);
    let newest = last_resorts.max_by_key(|p| p.made);
    again.extend(newest.filter(|p| wanted(p) || last_resort.is_some_and(|there| there != p.number)));
    again
}

/// These prekeys as they are published.
fn signed(vault: &Vault, prekeys: &[Brief]) -> Result<Vec<Signed>, RecordError> {
    let mut signed = Vec::with_capacity(prekeys.len());
    for prekey in prekeys {
        signed.extend(own(vault, prekey.number)?.map(|own| own.signed));
    }
    Ok(signed)
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
    epoch: u32,
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
                epoch,
                not_before: now,
                not_after: now.plus(PREKEY_LIFE),
                public: public.clone(),
            };
            let signed = device_key.sign(Label::Prekey, codec::encode(&prekey));
            Fresh { seed, own: OwnPrekey { number, kind, epoch, public, made: now, signed, used: false } }
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
    book: &mut Book,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<(), VaultError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let seeds: Vec<_> = fresh.iter().map(|f| (seed_id(f.number).to_vec(), f.seed.clone())).collect();
    vault.eks_put(&seeds, rng).await?;
    book.stored = vault.eks_generation().await;
    crash::at("prekeys.before-records");
    let mut changes = Changes::default();
    for own in fresh {
        changes.put(Tree::Prekeys, &key(own.number), codec::encode(&own.own));
    }
    put_book(&mut changes, book);
    vault.commit(changes, rng).await
}

/// Erases the seeds of keys that are used or withdrawn, and of keys whose time is over; forgets the latter. Gives the rest.
async fn forget_finished(
    vault: &Vault,
    all: Vec<Brief>,
    now: Timestamp,
    rng: &mut (dyn rand_core::CryptoRng + Send),
) -> Result<Vec<Brief>, VaultError> {
    let is_over: Vec<bool> = all.iter().map(|p| p.is_over(&all, now)).collect();
    let finished = all.iter().zip(&is_over).filter(|(p, over)| **over || p.used);
    let ids: Vec<Vec<u8>> = finished.map(|(p, _)| seed_id(p.number).to_vec()).collect();
    vault.eks_erase(&ids, rng).await?;
    let (mut over, mut rest) = (Vec::new(), Vec::new());
    for (prekey, is_over) in all.into_iter().zip(is_over) {
        if is_over { over.push(prekey) } else { rest.push(prekey) }
    }
    if !over.is_empty() {
        let mut changes = Changes::default();
        over.iter().for_each(|p| changes.delete(Tree::Prekeys, &key(p.number)));
        vault.commit(changes, rng).await?;
    }
    Ok(rest)
}

/// Why a partner's prekeys are not used. The relay, or somebody behind it, exchanged something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TakenError {
    /// A key of a device that is not in the partner's roster.
    #[error("the relay gave a key of a device that is not in the recipient's roster")]
    ForeignDevice,
    /// The signature, the organisation, the kind, the epoch or the time is wrong, or no status proves the epoch.
    #[error("the relay gave a key that the recipient's device did not sign")]
    Unverified,
}

/// Checks what the relay gave for an organisation: prekeys of devices in its roster, one each.
pub fn check_taken(org: &Organisation, taken: &Prekeys, now: Timestamp) -> Result<Vec<Prekey>, TakenError> {
    let mut checked: Vec<Prekey> = Vec::new();
    for signed in &taken.prekeys {
        let claimed: Prekey =
            codec::decode(&signed.body, FRAME_BYTES_MAX).map_err(|_| TakenError::Unverified)?;
        let key = device_key(org, claimed.device)?;
        key.verify(Label::Prekey, signed).map_err(|_| TakenError::Unverified)?;
        let minimum = epoch_min(taken, claimed.device, &key)?;
        let fits = claimed.org == org.id
            && claimed.kind != PrekeyKind::Return
            && claimed.public.len() == PREKEY_PUBLIC_BYTES
            && claimed.epoch >= minimum
            && claimed.not_after > now;
        let repeated = checked.iter().any(|prekey| prekey.device == claimed.device);
        if !fits || repeated {
            return Err(TakenError::Unverified);
        }
        checked.push(claimed);
    }
    Ok(checked)
}

/// Whether there is a prekey for this device among what the relay gave, which is not checked.
pub fn gives(taken: &Prekeys, device: DeviceId) -> bool {
    let read = |signed: &Signed| codec::decode::<Prekey>(&signed.body, FRAME_BYTES_MAX).ok();
    taken.prekeys.iter().filter_map(read).any(|prekey| prekey.device == device)
}

/// What a packet with these sections is sealed to: each device gets the keys of exactly the sections that its roster
/// clears it for.
pub fn targets(org: &Organisation, checked: Vec<Prekey>, sections: &[SectionPlain]) -> Vec<Target> {
    let cleared = |device| org.device(device).map_or(0, |listed| listed.clearance);
    checked
        .into_iter()
        .map(|prekey| Target {
            device: prekey.device,
            clearance: seal::packet::clearance(sections, |code| {
                clearance::may_read(cleared(prekey.device), code)
            }),
            prekey,
        })
        .collect()
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
    // The relay gives a status with every key: without one nobody knows whether its device has withdrawn it.
    Err(TakenError::Unverified)
}

/// One-time prekeys of ours that no packet has used.
pub fn unused(vault: &Vault) -> Result<usize, RecordError> {
    Ok(all(vault)?.iter().filter(|p| p.kind == PrekeyKind::OneTime && !p.used).count())
}
