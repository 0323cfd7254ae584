//! Where each kind of record stands in the store. One letter, then fixed-width parts, so that scans find their end.

use causeway_common::ids::{BlobId, DeviceId, Digest, EnvelopeId, OrgId};
use causeway_common::priority::Priority;

pub(crate) const CLAIM: &[u8] = b"c";
pub(crate) const COUNTER: &[u8] = b"n";
pub(crate) const LEAVES: &[u8] = b"d";
pub(crate) const PENDING: &[u8] = b"e";
pub(crate) const EXPIRIES: &[u8] = b"x";
pub(crate) const BLOB_EXPIRIES: &[u8] = b"y";
pub(crate) const ROSTERS: &[u8] = b"r";
pub(crate) const BLOB_SPACE: &[u8] = b"s";
pub(crate) const GONE: &[u8] = b"g";
pub(crate) const EXPIRY_CLOCK: &[u8] = b"k";
pub(crate) const LINKS: &[u8] = b"h";
pub(crate) const RESTORED: &[u8] = b"o";

fn key(letter: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![letter];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

pub(crate) fn leaf(index: u64) -> Vec<u8> {
    key(LEAVES[0], &[&index.to_be_bytes()])
}

pub(crate) fn roster(digest: Digest) -> Vec<u8> {
    key(ROSTERS[0], &[&digest.0])
}

pub(crate) fn pending(org: OrgId) -> Vec<u8> {
    key(PENDING[0], &[&org.0])
}

pub(crate) fn invite(id: &[u8; 16]) -> Vec<u8> {
    key(b'i', &[id])
}

/// A device that has left its roster, and whose mail and keys are still to be removed.
pub(crate) fn gone(device: DeviceId) -> Vec<u8> {
    key(GONE[0], &[&device.0])
}

/// Codes with which devices join an organisation.
pub(crate) fn links(org: OrgId) -> Vec<u8> {
    key(LINKS[0], &[&org.0])
}

pub(crate) fn link(org: OrgId, ticket: [u8; 16]) -> Vec<u8> {
    key(LINKS[0], &[&org.0, &ticket])
}

/// Queue of one device and class, oldest first.
pub(crate) fn queue(device: DeviceId, priority: Priority) -> Vec<u8> {
    key(b'm', &[&device.0, &[u8::from(priority)]])
}

pub(crate) fn queued(device: DeviceId, priority: Priority, number: u64) -> Vec<u8> {
    key(b'm', &[&device.0, &[u8::from(priority)], &number.to_be_bytes()])
}

pub(crate) fn envelope(id: EnvelopeId) -> Vec<u8> {
    key(b'v', &[&id.0])
}

/// Bodies stand in the order in which they came: what arrives together is written and read together, however much
/// else there is.
pub(crate) fn body(number: u64) -> Vec<u8> {
    key(b'b', &[&number.to_be_bytes()])
}

pub(crate) fn expiry(hours: u32, id: EnvelopeId) -> Vec<u8> {
    key(EXPIRIES[0], &[&hours.to_be_bytes(), &id.0])
}

pub(crate) fn waiting(device: DeviceId) -> Vec<u8> {
    key(b'w', &[&device.0])
}

pub(crate) fn one_time_prekeys(device: DeviceId) -> Vec<u8> {
    key(b'p', &[&device.0])
}

pub(crate) fn one_time_prekey(device: DeviceId, number: u64) -> Vec<u8> {
    key(b'p', &[&device.0, &number.to_be_bytes()])
}

pub(crate) fn last_resort(device: DeviceId) -> Vec<u8> {
    key(b'l', &[&device.0])
}

pub(crate) fn status(device: DeviceId) -> Vec<u8> {
    key(b't', &[&device.0])
}

pub(crate) fn blob(id: BlobId) -> Vec<u8> {
    key(b'a', &[&id.0])
}

pub(crate) fn blob_expiry(hours: u32, id: BlobId) -> Vec<u8> {
    key(BLOB_EXPIRIES[0], &[&hours.to_be_bytes(), &id.0])
}
