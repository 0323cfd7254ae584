//! Typed records in the vault: one place that knows which tree holds what, and under which key.

use std::ops::Bound;
use std::sync::MutexGuard;

use causeway_common::codec::{self, DecodeError};
use causeway_common::ids::{DeviceId, EnvelopeId, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::statements::SignedRoster;
use causeway_common::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::backup;
use crate::catalogue::{Catalogue, Line};
use crate::chain::Incoming;
use crate::checks::Check;
use crate::identity::Identity;
use crate::model::{Received, Sent, Thread, Transport};
use crate::vault::{CaseName, Changes, Tree, Vault, VaultError};

pub(crate) use self::belonging::{assign_cases, of_manifest, older_than_keys};
pub use self::evidence::{
    Evidence, Illegal, evidence, illegal, put_evidence, put_illegal, put_went_back, went_back,
};
pub(crate) use self::evidence::{
    ILLEGAL_BYTES_MAX, STATEMENT_OVERHEAD, drop_illegal, drop_went_back, prefix_of, put_evidence_with,
};

mod belonging;
pub mod early;
mod evidence;

/// Longest record: a packet of the largest size and its signatures.
const RECORD_BYTES_MAX: usize = 3 << 20;

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The record is not what this program wrote.
    #[error("a record in the vault does not read: {0}")]
    Damaged(#[from] DecodeError),
    /// The vault does not give it.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Where single records are read from.
pub trait Source {
    /// A record, if it is there.
    fn get(&self, tree: Tree, id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError>;
}

impl Source for Vault {
    fn get(&self, tree: Tree, id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        Self::get(self, tree, id)
    }
}

/// One step: what it has changed so far, laid over the vault, so that it reads what it has written itself.
#[derive(Debug)]
pub struct Step<'a> {
    vault: &'a Vault,
    /// What it writes.
    pub changes: Changes,
}

impl<'a> Step<'a> {
    /// A step that has changed nothing yet.
    pub fn new(vault: &'a Vault) -> Self {
        Self { vault, changes: Changes::default() }
    }
}

impl Source for Step<'_> {
    fn get(&self, tree: Tree, id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        match self.changes.get(tree, id) {
            Some(changed) => Ok(changed.map(|bytes| Zeroizing::new(bytes.to_vec()))),
            None => self.vault.get(tree, id),
        }
    }
}

pub(crate) fn read<T: DeserializeOwned + Serialize>(
    from: &dyn Source,
    tree: Tree,
    id: &[u8],
) -> Result<Option<T>, RecordError> {
    match from.get(tree, id)? {
        Some(bytes) => Ok(Some(codec::decode(&bytes, RECORD_BYTES_MAX)?)),
        None => Ok(None),
    }
}

pub(crate) fn read_all<T: DeserializeOwned + Serialize>(
    vault: &Vault,
    tree: Tree,
) -> Result<Vec<T>, RecordError> {
    let mut all = Vec::new();
    for (_, bytes) in vault.list(tree)? {
        all.push(codec::decode(&bytes, RECORD_BYTES_MAX)?);
    }
    Ok(all)
}

pub(crate) fn write<T: Serialize>(changes: &mut Changes, tree: Tree, id: &[u8], value: &T) {
    changes.put(tree, id, codec::encode(value));
}

/// The same for what says anything about a case: no version of it is readable once the case is erased. Every record that holds
/// content of a referral goes this way.
pub(crate) fn write_of<T: Serialize>(
    changes: &mut Changes,
    case: Option<CaseName>,
    tree: Tree,
    id: &[u8],
    value: &T,
) {
    changes.put_of(case, tree, id, codec::encode(value));
}

/// Identifiers of a tree that begin like this.
pub(crate) fn ids_with_prefix(vault: &Vault, tree: Tree, prefix: &[u8]) -> Vec<Vec<u8>> {
    let mut end = prefix.to_vec();
    // The first identifier behind all of them; behind a prefix of highest bytes there is none.
    while end.last() == Some(&u8::MAX) {
        end.pop();
    }
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    let to = if end.is_empty() { Bound::Unbounded } else { Bound::Excluded(end.as_slice()) };
    vault.ids(tree, (Bound::Included(prefix), to), usize::MAX, |id| id.starts_with(prefix))
}

/// Those of a tree that have been written after a generation of the vault.
fn read_after<T: DeserializeOwned + Serialize>(
    vault: &Vault,
    tree: Tree,
    generation: u64,
) -> Result<Vec<T>, RecordError> {
    let mut all = Vec::new();
    for id in vault.written_after(tree, generation) {
        all.extend(read(vault, tree, &id)?);
    }
    Ok(all)
}

const IDENTITY: &[u8] = b"identity";
const LINKED: &[u8] = b"linked";
const NOMINATED: &[u8] = b"nominated";
const RETURNED: &[u8] = b"returned";

/// This home's identity; none before it has joined or claimed.
pub fn identity(from: &dyn Source) -> Result<Option<Identity>, RecordError> {
    let Some(mut identity) = read::<Identity>(from, Tree::Identity, IDENTITY)? else { return Ok(None) };
    identity.linked = read(from, Tree::Identity, LINKED)?.map(Box::new);
    identity.nominated = read(from, Tree::Identity, NOMINATED)?.map(Box::new);
    identity.returned = read(from, Tree::Identity, RETURNED)?.map(Box::new);
    Ok(Some(identity))
}

/// Stores the identity. A new one goes through [`crate::recovery::store`], which keeps its roots too.
pub fn put_identity(changes: &mut Changes, identity: &Identity) {
    write(changes, Tree::Identity, IDENTITY, identity);
    if let Some(linked) = identity.linked() {
        write(changes, Tree::Identity, LINKED, linked);
    }
    if let Some(nomination) = identity.nominated.as_deref() {
        write(changes, Tree::Identity, NOMINATED, nomination);
    }
    if let Some(returned) = identity.returned() {
        write(changes, Tree::Identity, RETURNED, returned);
    }
}

fn sent_key(packet: PacketId, to: OrgId) -> [u8; 64] {
    let mut key = [0; 64];
    key[..32].copy_from_slice(&packet.0);
    key[32..].copy_from_slice(&to.0);
    key
}

/// A packet of ours to one organisation.
pub fn sent(from: &dyn Source, packet: PacketId, to: OrgId) -> Result<Option<Sent>, RecordError> {
    read(from, Tree::Outbox, &sent_key(packet, to))
}

/// All packets of ours.
pub fn all_sent(vault: &Vault) -> Result<Vec<Sent>, RecordError> {
    read_all(vault, Tree::Outbox)
}

/// Packets of ours whose records were written after a generation of the vault.
pub(crate) fn sent_after(vault: &Vault, generation: u64) -> Result<Vec<Sent>, RecordError> {
    read_after(vault, Tree::Outbox, generation)
}

/// Stores a packet of ours, and enters it into the lists of what has to go out and of what the relay holds.
pub fn put_sent(changes: &mut Changes, sent: &Sent) {
    write_of(changes, belonging::of_sent(sent), Tree::Outbox, &sent_key(sent.packet, sent.to), sent);
    let place = Place::of(sent).to_bytes();
    match sent.transport {
        Transport::Queued | Transport::Submitted => changes.put(Tree::Pending, &place, Vec::new()),
        _ => changes.delete(Tree::Pending, &place),
    }
    let key = sent_key(sent.packet, sent.to);
    if sent.transport.is_failure() {
        changes.put(Tree::Failed, &key, Vec::new());
    } else {
        changes.delete(Tree::Failed, &key);
    }
    // An envelope gets its name in the queue, so what is listed here under a name is always the newest.
    match sent.transport {
        Transport::Relayed => write(changes, held_in(sent), &sent.envelope_id.0, &(sent.packet, sent.to)),
        _ => changes.delete(held_in(sent), &sent.envelope_id.0),
    }
}

/// Where a packet is listed while the relay holds it.
fn held_in(sent: &Sent) -> Tree {
    if sent.is_service() { Tree::Settling } else { Tree::Awaiting }
}

/// Drops a packet of ours: receipts once they are there or nothing helps, and every packet of a case that is erased.
pub fn drop_sent(changes: &mut Changes, sent: &Sent) {
    changes.delete(Tree::Outbox, &sent_key(sent.packet, sent.to));
    changes.delete(Tree::Failed, &sent_key(sent.packet, sent.to));
    changes.delete(Tree::Pending, &Place::of(sent).to_bytes());
    changes.delete(held_in(sent), &sent.envelope_id.0);
}

/// The place of a packet of ours in the queue: most urgent first, then oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Class.
    pub priority: Priority,
    /// When it was written.
    pub created: Timestamp,
    /// Which packet.
    pub packet: PacketId,
    /// To whom.
    pub to: OrgId,
}

/// Class, time, packet, recipient.
const PLACE_BYTES: usize = 1 + 8 + 32 + 32;

impl Place {
    /// Where a packet stands, or stood, in the queue.
    pub fn of(sent: &Sent) -> Self {
        Self { priority: sent.priority, created: sent.created, packet: sent.packet, to: sent.to }
    }

    /// Bytes in the order of the queue.
    fn to_bytes(self) -> [u8; PLACE_BYTES] {
        let mut bytes = [0; PLACE_BYTES];
        bytes[0] = self.priority.into();
        bytes[1..9].copy_from_slice(&self.created.0.to_be_bytes());
        bytes[9..41].copy_from_slice(&self.packet.0);
        bytes[41..].copy_from_slice(&self.to.0);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (priority, rest) = bytes.split_first()?;
        let (created, rest) = rest.split_first_chunk::<8>()?;
        let (packet, to) = rest.split_first_chunk::<32>()?;
        Some(Self {
            priority: (*priority).try_into().ok()?,
            created: Timestamp(u64::from_be_bytes(*created)),
            packet: PacketId(*packet),
            to: OrgId(to.try_into().ok()?),
        })
    }
}

/// Places of packets of ours that have to go out, from the most urgent class down to `least`, and that `wanted` picks, in
/// order, at most `limit`. Reads no packet.
pub fn pending(
    vault: &Vault,
    least: Priority,
    limit: usize,
    mut wanted: impl FnMut(&Place) -> bool,
) -> Vec<Place> {
    let read = |id: &[u8]| Place::from_bytes(id);
    let end = [u8::from(least) + 1];
    let ids = vault.ids(Tree::Pending, (Bound::Unbounded, Bound::Excluded(&end)), limit, |id| {
        read(id).is_some_and(|place| wanted(&place))
    });
    ids.iter().filter_map(|id| read(id)).collect()
}

/// How many packets of ours reached nobody.
pub fn failed_count(vault: &Vault) -> usize {
    vault.count(Tree::Failed)
}

/// How many packets of ours have to go out.
pub fn pending_count(vault: &Vault) -> usize {
    vault.count(Tree::Pending)
}

/// How many packets of others are here.
pub fn received_count(vault: &Vault) -> usize {
    vault.count(Tree::Inbox)
}

/// Envelopes that the relay holds and no device has signed for, by name, after the given one, at most `limit`.
pub fn awaiting(vault: &Vault, after: Option<EnvelopeId>, limit: usize) -> Vec<EnvelopeId> {
    envelopes(vault, Tree::Awaiting, after, limit)
}

/// The same, with receipts of ours that their recipient has not got yet, as far as the relay has said.
pub fn unsettled(vault: &Vault, after: Option<EnvelopeId>, limit: usize) -> Vec<EnvelopeId> {
    let mut both = envelopes(vault, Tree::Awaiting, after, limit);
    both.extend(envelopes(vault, Tree::Settling, after, limit));
    both.sort_unstable();
    both.truncate(limit);
    both
}

fn envelopes(vault: &Vault, tree: Tree, after: Option<EnvelopeId>, limit: usize) -> Vec<EnvelopeId> {
    let from = after.as_ref().map_or(Bound::Unbounded, |id| Bound::Excluded(&id.0[..]));
    let ids = vault.ids(tree, (from, Bound::Unbounded), limit, |_| true);
    ids.iter().filter_map(|id| Some(EnvelopeId(id.as_slice().try_into().ok()?))).collect()
}

/// The packet of ours in an envelope that the relay holds.
pub fn sent_in(from: &dyn Source, envelope: EnvelopeId) -> Result<Option<Sent>, RecordError> {
    let held = match read::<(PacketId, OrgId)>(from, Tree::Awaiting, &envelope.0)? {
        Some(held) => Some(held),
        None => read(from, Tree::Settling, &envelope.0)?,
    };
    held.map_or(Ok(None), |(packet, to)| sent(from, packet, to))
}

/// A packet of somebody else.
pub fn received(from: &dyn Source, packet: PacketId) -> Result<Option<Received>, RecordError> {
    read(from, Tree::Inbox, &packet.0)
}

/// All packets of others.
pub fn all_received(vault: &Vault) -> Result<Vec<Received>, RecordError> {
    read_all(vault, Tree::Inbox)
}

/// Packets of others whose records were written after a generation of the vault.
pub(crate) fn received_after(vault: &Vault, generation: u64) -> Result<Vec<Received>, RecordError> {
    read_after(vault, Tree::Inbox, generation)
}

/// Stores a packet of somebody else.
pub fn put_received(changes: &mut Changes, received: &Received) {
    write_of(changes, belonging::of_received(received), Tree::Inbox, &received.packet.0, received);
}

/// A thread.
pub fn thread(from: &dyn Source, case: &[u8; 32]) -> Result<Option<Thread>, RecordError> {
    read(from, Tree::Referrals, case)
}

/// A thread by the bytes under which the vault lists it.
pub(crate) fn thread_of(vault: &Vault, id: &[u8]) -> Result<Option<Thread>, RecordError> {
    read(vault, Tree::Referrals, id)
}

/// What lists need of all threads, as the vault stands now.
pub fn catalogue(vault: &Vault) -> Result<MutexGuard<'_, Catalogue>, RecordError> {
    let mut catalogue = vault.catalogue();
    catalogue.refresh(vault)?;
    Ok(catalogue)
}

/// The threads whose lines are wanted, the most urgent first, then the newest. Only those are read.
pub fn threads_where(vault: &Vault, wanted: impl Fn(&Line) -> bool) -> Result<Vec<Thread>, RecordError> {
    let cases: Vec<[u8; 32]> =
        catalogue(vault)?.lines().filter(|line| wanted(line)).map(|line| line.case).collect();
    // One that has been erased in the meantime is left out.
    cases.iter().filter_map(|case| thread(vault, case).transpose()).collect()
}

/// All threads, at once: for whoever knows that they are few.
pub fn all_threads(vault: &Vault) -> Result<Vec<Thread>, RecordError> {
    each_thread(vault).collect()
}

/// All threads, one after the other: many do not fit into memory at once.
pub fn each_thread(vault: &Vault) -> impl Iterator<Item = Result<Thread, RecordError>> + use<'_> {
    let ids = vault.ids(Tree::Referrals, (Bound::Unbounded, Bound::Unbounded), usize::MAX, |_| true);
    // One that has been erased in the meantime is left out.
    ids.into_iter().filter_map(|id| thread_of(vault, &id).transpose())
}

/// Stores a thread.
pub fn put_thread(changes: &mut Changes, thread: &Thread) {
    write_of(changes, Some(thread.case), Tree::Referrals, &thread.case, thread);
}

/// Whether an envelope has been dealt with.
pub fn is_seen(from: &dyn Source, envelope: EnvelopeId) -> Result<bool, RecordError> {
    Ok(from.get(Tree::Seen, &envelope.0)?.is_some())
}

/// Remembers that an envelope has been dealt with.
pub fn put_seen(changes: &mut Changes, envelope: EnvelopeId) {
    changes.put(Tree::Seen, &envelope.0, Vec::new());
}

/// Under which the replica keeps rosters.
pub(crate) const ROSTER: &[u8] = b"rost";

/// All rosters of the directory that this home has been given.
pub fn rosters(vault: &Vault) -> Result<Vec<SignedRoster>, RecordError> {
    let range = (Bound::Included(ROSTER), Bound::Unbounded);
    let ids = vault.ids(Tree::Directory, range, usize::MAX, |id| id.starts_with(ROSTER));
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(read(vault, Tree::Directory, &id)?);
    }
    Ok(all)
}

const CHECK: &[u8] = b"check";

fn check_key(org: OrgId) -> Vec<u8> {
    [CHECK, &org.0[..]].concat()
}

/// The recovery code of this home is on no paper yet, as far as anybody has said.
const CODE_UNWRITTEN: &[u8] = b"recovery code unwritten";

/// Whether nobody has said that the recovery code is on paper.
pub(crate) fn is_code_unwritten(vault: &Vault) -> bool {
    vault.holds(Tree::Identity, CODE_UNWRITTEN)
}

/// The recovery code was made and is still to be written down.
pub(crate) fn put_code_unwritten(changes: &mut Changes) {
    changes.put(Tree::Identity, CODE_UNWRITTEN, Vec::new());
}

/// It has been.
pub(crate) fn drop_code_unwritten(changes: &mut Changes) {
    changes.delete(Tree::Identity, CODE_UNWRITTEN);
}

/// How a person here has checked who an organisation is.
pub fn check(from: &dyn Source, org: OrgId) -> Result<Option<Check>, RecordError> {
    read(from, Tree::Directory, &check_key(org))
}

/// Stores a check in the place of an earlier one.
pub fn put_check(changes: &mut Changes, org: OrgId, check: &Check) {
    write(changes, Tree::Directory, &check_key(org), check);
}

/// Where a chain of packets stands: number and hash of the last grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Chain {
    /// Number of the last packet.
    pub sequence: u64,
    /// Hash of its grant.
    pub grant: [u8; 32],
}

/// The chain of our packets to an organisation.
pub fn chain_to(from: &dyn Source, org: OrgId) -> Result<Chain, RecordError> {
    let mut chain: Chain = read(from, Tree::Chains, &[b"to", &org.0[..]].concat())?.unwrap_or_default();
    // What was sent between a backup and its restoration bore numbers that are not known here.
    let from_here = backup::restored(from)?.map_or(0, |restored| restored.number);
    chain.sequence = chain.sequence.max(from_here);
    Ok(chain)
}

/// Whether a packet was ever sealed for an organisation here.
pub fn has_written_to(vault: &Vault, org: OrgId) -> bool {
    vault.holds(Tree::Chains, &[b"to", &org.0[..]].concat())
}

/// Whether a packet of this device has ever come here.
pub fn has_heard_from(vault: &Vault, device: DeviceId) -> bool {
    vault.holds(Tree::Chains, &[b"fr", &device.0[..]].concat())
}

/// The chains to all organisations.
pub fn chains_to(vault: &Vault) -> Result<Vec<Chain>, RecordError> {
    let ids = vault.ids(Tree::Chains, (Bound::Included(b"to"), Bound::Excluded(b"tp")), usize::MAX, |_| true);
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(read::<Chain>(vault, Tree::Chains, &id)?);
    }
    Ok(all)
}

/// The chains of all devices' packets to us.
pub fn chains_from(vault: &Vault) -> Result<Vec<(DeviceId, Incoming)>, RecordError> {
    let ids = vault.ids(Tree::Chains, (Bound::Included(b"fr"), Bound::Excluded(b"fs")), usize::MAX, |_| true);
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        let Ok(device) = <[u8; 32]>::try_from(&id[2..]) else { continue };
        all.extend(read(vault, Tree::Chains, &id)?.map(|chain| (DeviceId(device), chain)));
    }
    Ok(all)
}

/// Stores it.
pub fn put_chain_to(changes: &mut Changes, org: OrgId, chain: &Chain) {
    write(changes, Tree::Chains, &[b"to", &org.0[..]].concat(), chain);
}

/// The chain of a device's packets to us.
pub fn chain_from(from: &dyn Source, device: DeviceId) -> Result<Incoming, RecordError> {
    Ok(read(from, Tree::Chains, &[b"fr", &device.0[..]].concat())?.unwrap_or_default())
}

/// Stores it.
pub fn put_chain_from(changes: &mut Changes, device: DeviceId, chain: &Incoming) {
    write(changes, Tree::Chains, &[b"fr", &device.0[..]].concat(), chain);
}
