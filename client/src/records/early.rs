//! What came of packets before they did, and how far a colleague's device has been given the past.

use std::ops::Bound;

use causeway_common::ids::{DeviceId, OrgId, PacketId};
use causeway_common::signed::Signed;
use causeway_common::time::Timestamp;

use super::{RecordError, Source, read, write};
use crate::engine::history::Cursor;
use crate::vault::{Changes, Tree, Vault};

const OPENED: &[u8] = b"eo";
const RECEIPTS: &[u8] = b"er";
/// Packets of which something is kept that came before them, of each kind: more than a desk works on in a day.
const EARLY_MAX: usize = 256;
/// Receipts kept of one packet that is not known yet.
pub const RECEIPTS_MAX: usize = 8;

fn has_room(vault: &Vault, prefix: &[u8], id: &[u8]) -> bool {
    let range = (Bound::Included(prefix), Bound::Unbounded);
    let ids = vault.ids(Tree::Chains, range, EARLY_MAX, |known| known.starts_with(prefix));
    ids.len() < EARLY_MAX || ids.iter().any(|known| known == id)
}

fn opened_key(packet: PacketId) -> Vec<u8> {
    [OPENED, &packet.0[..]].concat()
}

/// When, and at which device, a colleague has opened a packet that is not here yet.
pub fn opened(from: &dyn Source, packet: PacketId) -> Result<Option<(Timestamp, String)>, RecordError> {
    read(from, Tree::Chains, &opened_key(packet))
}

/// Keeps it, unless too many wait.
pub fn put_opened(vault: &Vault, changes: &mut Changes, packet: PacketId, opened: &(Timestamp, String)) {
    let key = opened_key(packet);
    if has_room(vault, OPENED, &key) {
        write(changes, Tree::Chains, &key, opened);
    }
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
    Ok(read(from, Tree::Chains, &receipts_key(packet, org))?.unwrap_or_default())
}

/// Keeps them, unless too many wait.
pub fn put_receipts(
    vault: &Vault,
    changes: &mut Changes,
    packet: PacketId,
    org: OrgId,
    receipts: &Vec<Signed>,
) {
    let key = receipts_key(packet, org);
    if has_room(vault, RECEIPTS, &key) {
        write(changes, Tree::Chains, &key, receipts);
    }
}

/// The packet is known.
pub fn drop_receipts(changes: &mut Changes, packet: PacketId, org: OrgId) {
    changes.delete(Tree::Chains, &receipts_key(packet, org));
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
