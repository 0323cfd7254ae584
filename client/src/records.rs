//! Typed records in the vault: one place that knows which tree holds what, and under which key.

use causeway_common::codec::{self, DecodeError};
use causeway_common::ids::{DeviceId, EnvelopeId, OrgId, PacketId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::identity::Identity;
use crate::model::{Received, Sent, Thread};
use crate::vault::{Changes, Tree, Vault, VaultError};

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

fn read<T: DeserializeOwned + Serialize>(
    vault: &Vault,
    tree: Tree,
    id: &[u8],
) -> Result<Option<T>, RecordError> {
    match vault.get(tree, id)? {
        Some(bytes) => Ok(Some(codec::decode(&bytes, RECORD_BYTES_MAX)?)),
        None => Ok(None),
    }
}

fn read_all<T: DeserializeOwned + Serialize>(vault: &Vault, tree: Tree) -> Result<Vec<T>, RecordError> {
    let mut all = Vec::new();
    for (_, bytes) in vault.list(tree)? {
        all.push(codec::decode(&bytes, RECORD_BYTES_MAX)?);
    }
    Ok(all)
}

fn write<T: Serialize>(changes: &mut Changes, tree: Tree, id: &[u8], value: &T) {
    changes.put(tree, id, codec::encode(value));
}

const IDENTITY: &[u8] = b"identity";

/// This home's identity; none before it has joined or claimed.
pub fn identity(vault: &Vault) -> Result<Option<Identity>, RecordError> {
    read(vault, Tree::Identity, IDENTITY)
}

/// Stores the identity.
pub fn put_identity(changes: &mut Changes, identity: &Identity) {
    write(changes, Tree::Identity, IDENTITY, identity);
}

fn sent_key(packet: PacketId, to: OrgId) -> [u8; 64] {
    let mut key = [0; 64];
    key[..32].copy_from_slice(&packet.0);
    key[32..].copy_from_slice(&to.0);
    key
}

/// A packet of ours to one organisation.
pub fn sent(vault: &Vault, packet: PacketId, to: OrgId) -> Result<Option<Sent>, RecordError> {
    read(vault, Tree::Outbox, &sent_key(packet, to))
}

/// All packets of ours.
pub fn all_sent(vault: &Vault) -> Result<Vec<Sent>, RecordError> {
    read_all(vault, Tree::Outbox)
}

/// Stores a packet of ours.
pub fn put_sent(changes: &mut Changes, sent: &Sent) {
    write(changes, Tree::Outbox, &sent_key(sent.packet, sent.to), sent);
}

/// Drops a packet of ours: only receipts that the relay holds are dropped.
pub fn drop_sent(changes: &mut Changes, sent: &Sent) {
    changes.delete(Tree::Outbox, &sent_key(sent.packet, sent.to));
}

/// A packet of somebody else.
pub fn received(vault: &Vault, packet: PacketId) -> Result<Option<Received>, RecordError> {
    read(vault, Tree::Inbox, &packet.0)
}

/// All packets of others.
pub fn all_received(vault: &Vault) -> Result<Vec<Received>, RecordError> {
    read_all(vault, Tree::Inbox)
}

/// Stores a packet of somebody else.
pub fn put_received(changes: &mut Changes, received: &Received) {
    write(changes, Tree::Inbox, &received.packet.0, received);
}

/// A thread.
pub fn thread(vault: &Vault, case: &[u8; 32]) -> Result<Option<Thread>, RecordError> {
    read(vault, Tree::Referrals, case)
}

/// All threads.
pub fn all_threads(vault: &Vault) -> Result<Vec<Thread>, RecordError> {
    read_all(vault, Tree::Referrals)
}

/// Stores a thread.
pub fn put_thread(changes: &mut Changes, thread: &Thread) {
    write(changes, Tree::Referrals, &thread.case, thread);
}

/// Whether an envelope has been dealt with.
pub fn is_seen(vault: &Vault, envelope: EnvelopeId) -> Result<bool, RecordError> {
    Ok(vault.get(Tree::Seen, &envelope.0)?.is_some())
}

/// Remembers that an envelope has been dealt with.
pub fn put_seen(changes: &mut Changes, envelope: EnvelopeId) {
    changes.put(Tree::Seen, &envelope.0, Vec::new());
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
pub fn chain_to(vault: &Vault, org: OrgId) -> Result<Chain, RecordError> {
    Ok(read(vault, Tree::Chains, &[b"to", &org.0[..]].concat())?.unwrap_or_default())
}

/// Stores it.
pub fn put_chain_to(changes: &mut Changes, org: OrgId, chain: &Chain) {
    write(changes, Tree::Chains, &[b"to", &org.0[..]].concat(), chain);
}

/// The chain of a device's packets to us.
pub fn chain_from(vault: &Vault, device: DeviceId) -> Result<Chain, RecordError> {
    Ok(read(vault, Tree::Chains, &[b"fr", &device.0[..]].concat())?.unwrap_or_default())
}

/// Stores it.
pub fn put_chain_from(changes: &mut Changes, device: DeviceId, chain: &Chain) {
    write(changes, Tree::Chains, &[b"fr", &device.0[..]].concat(), chain);
}
