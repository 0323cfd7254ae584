//! What came of packets before they did, and how far a colleague's device has been given the past.

use std::ops::Bound;

use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::signed::Signed;
use causeway_common::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{RecordError, Source, read, write};
use crate::engine::history::Cursor;
use crate::vault::{Changes, Tree, Vault};

const OPENED: &[u8] = b"eo";
const RECEIPTS: &[u8] = b"er";
const LEFT_OUT: &[u8] = b"el";
/// Packets of which it is kept that a colleague has opened them before they came: more than a desk works on in a day. The
/// oldest makes room.
const OPENED_MAX: usize = 256;
/// Packets of which receipts of one organisation are kept that came before them; none takes the room of another. The oldest
/// makes room.
const RECEIPTED_MAX: usize = 64;
/// Receipts kept of one packet that is not known yet.
pub const RECEIPTS_MAX: usize = 8;

/// A colleague has opened a packet that is not here yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Opened {
    /// When.
    pub at: Timestamp,
    /// At which device.
    pub author: String,
    /// Since when this is kept.
    pub kept: Timestamp,
}

/// Receipts of a packet that a colleague may have sent, and of which we do not know yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Receipts {
    /// As they were signed.
    pub receipts: Vec<Signed>,
    /// Since when the last of them is kept.
    pub kept: Timestamp,
}

/// Whom receipts that came before their packet were not sealed to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LeftOut {
    /// Colleagues' devices.
    pub devices: Vec<DeviceId>,
    /// The roster in which the device stood that had sent the last of them.
    pub roster: Digest,
    /// When the relay took the last of them.
    pub relayed: Timestamp,
}

/// Deletes the oldest of those that are alike when there are `most` of them.
fn make_room<T: DeserializeOwned + Serialize>(
    vault: &Vault,
    changes: &mut Changes,
    key: &[u8],
    (most, alike): (usize, impl Fn(&[u8]) -> bool),
    kept: impl Fn(&T) -> Timestamp,
) -> Result<(), RecordError> {
    let range = (Bound::Included(&key[..OPENED.len()]), Bound::Unbounded);
    let known = vault.ids(Tree::Chains, range, most, alike);
    if known.len() < most || known.iter().any(|known| known == key) {
        return Ok(());
    }
    let mut oldest: Option<(Timestamp, Vec<u8>)> = None;
    for id in known {
        let at = read::<T>(vault, Tree::Chains, &id)?.map_or(Timestamp(0), |value| kept(&value));
        if oldest.as_ref().is_none_or(|(before, _)| at < *before) {
            oldest = Some((at, id));
        }
    }
    if let Some((_, id)) = oldest {
        changes.delete(Tree::Chains, &id);
    }
    Ok(())
}

fn opened_key(packet: PacketId) -> Vec<u8> {
    [OPENED, &packet.0[..]].concat()
}

/// What a colleague has said of a packet that is not here yet.
pub fn opened(from: &dyn Source, packet: PacketId) -> Result<Option<Opened>, RecordError> {
    read(from, Tree::Chains, &opened_key(packet))
}

/// Keeps it.
pub fn put_opened(
    vault: &Vault,
    changes: &mut Changes,
    packet: PacketId,
    opened: &Opened,
) -> Result<(), RecordError> {
    let key = opened_key(packet);
    let alike = |known: &[u8]| known.starts_with(OPENED);
    make_room(vault, changes, &key, (OPENED_MAX, alike), |early: &Opened| early.kept)?;
    write(changes, Tree::Chains, &key, opened);
    Ok(())
}

/// The packet is here.
pub fn drop_opened(changes: &mut Changes, packet: PacketId) {
    changes.delete(Tree::Chains, &opened_key(packet));
}

fn receipts_key(packet: PacketId, org: OrgId) -> Vec<u8> {
    [RECEIPTS, &packet.0[..], &org.0[..]].concat()
}

/// Receipts of a packet that a colleague may have sent, and of which we do not know yet.
pub fn receipts(from: &dyn Source, packet: PacketId, org: OrgId) -> Result<Vec<Signed>, RecordError> {
    let kept = read::<Receipts>(from, Tree::Chains, &receipts_key(packet, org))?;
    Ok(kept.map(|kept| kept.receipts).unwrap_or_default())
}

/// Keeps them.
pub fn put_receipts(
    vault: &Vault,
    changes: &mut Changes,
    packet: PacketId,
    org: OrgId,
    receipts: &Receipts,
) -> Result<(), RecordError> {
    let key = receipts_key(packet, org);
    let alike = |known: &[u8]| known.starts_with(RECEIPTS) && known.ends_with(&org.0);
    make_room(vault, changes, &key, (RECEIPTED_MAX, alike), |early: &Receipts| early.kept)?;
    write(changes, Tree::Chains, &key, receipts);
    Ok(())
}

/// The packet is known.
pub fn drop_receipts(changes: &mut Changes, packet: PacketId, org: OrgId) {
    changes.delete(Tree::Chains, &receipts_key(packet, org));
    changes.delete(Tree::Chains, &left_out_key(packet, org));
}

fn left_out_key(packet: PacketId, org: OrgId) -> Vec<u8> {
    [LEFT_OUT, &packet.0[..], &org.0[..]].concat()
}

/// Whom receipts that are kept were not sealed to.
pub fn left_out(from: &dyn Source, packet: PacketId, org: OrgId) -> Result<Option<LeftOut>, RecordError> {
    read(from, Tree::Chains, &left_out_key(packet, org))
}

/// Keeps it, with the same bounds as the receipts.
pub fn put_left_out(
    vault: &Vault,
    changes: &mut Changes,
    packet: PacketId,
    org: OrgId,
    left_out: &LeftOut,
) -> Result<(), RecordError> {
    let key = left_out_key(packet, org);
    let alike = |known: &[u8]| known.starts_with(LEFT_OUT) && known.ends_with(&org.0);
    make_room(vault, changes, &key, (RECEIPTED_MAX, alike), |left_out: &LeftOut| left_out.relayed)?;
    write(changes, Tree::Chains, &key, left_out);
    Ok(())
}

/// `hi` was an earlier form, which nobody reads.
const HISTORY: &[u8] = b"hj";

fn history_key(device: DeviceId) -> Vec<u8> {
    [HISTORY, &device.0[..]].concat()
}

/// Whether a record says how far somebody has been given history. It counts generations of the vault that it stands in, and
/// means nothing in another one.
pub(crate) fn is_history_cursor(tree: Tree, id: &[u8]) -> bool {
    tree == Tree::Chains && id.starts_with(HISTORY)
}

/// How far a colleague's device has been given what is older than itself.
pub(crate) fn history_cursor(from: &dyn Source, device: DeviceId) -> Result<Option<Cursor>, RecordError> {
    read(from, Tree::Chains, &history_key(device))
}

/// Stores it.
pub(crate) fn put_history_cursor(changes: &mut Changes, device: DeviceId, cursor: &Cursor) {
    write(changes, Tree::Chains, &history_key(device), cursor);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use causeway_common::store::MemoryKv;

    use super::*;
    use crate::vault::{Cost, MemoryEks};

    #[tokio::test]
    async fn the_oldest_make_room_and_nobody_takes_the_room_of_another() {
        let (kv, mut rng) = (Arc::new(MemoryKv::new()), crate::test_rng(3));
        let made = Vault::create(kv, MemoryEks::default(), "a passphrase of words", Cost::least(), &mut rng);
        let vault = made.await.unwrap().0;
        let packet = |number: u64| {
            let mut name = [0; 32];
            // The newest sort first, so that order of names and order of age differ.
            name[..8].copy_from_slice(&(u64::MAX - number).to_be_bytes());
            PacketId(name)
        };
        let (hostile, honest) = (OrgId([1; 32]), OrgId([2; 32]));
        let kept = |org, number| receipts(&vault, packet(number), org).unwrap().len();
        let put = async |org, number| {
            let mut changes = Changes::default();
            let signed = Signed { body: vec![1], signature: Vec::new() };
            let receipts = Receipts { receipts: vec![signed], kept: Timestamp(number) };
            put_receipts(&vault, &mut changes, packet(number), org, &receipts).unwrap();
            vault.commit(changes, &mut crate::test_rng(4)).await.unwrap();
        };
        put(honest, 0).await;
        let all = RECEIPTED_MAX as u64 + 3;
        for number in 0..all {
            put(hostile, number).await;
        }
        let gone: Vec<u64> = (0..all).filter(|number| kept(hostile, *number) == 0).collect();
        assert_eq!((gone, kept(honest, 0)), (vec![0, 1, 2], 1));
    }
}
