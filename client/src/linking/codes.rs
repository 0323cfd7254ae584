//! Codes that this device has given out, and colleagues' devices that it has let in.

use std::ops::Bound;
use std::time::Duration;

use causeway_certs::link::LinkCode;
use causeway_common::ids::{DeviceId, Digest};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::records::{self, RecordError, Source};
use crate::vault::{Changes, Tree, Vault};

const CODE: &[u8] = b"code";
const DEVICE: &[u8] = b"device";
/// A code that nobody can use any more is kept so long, to tell a late colleague what happened.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A code that was given out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stored")]
pub struct Invitation {
    /// The code.
    pub code: LinkCode,
    /// Role bits of the device.
    pub roles: u32,
    /// Bit for each section it may read.
    pub clearance: u32,
    /// When it was made, by our own clock.
    pub made: Timestamp,
    /// The request that was let in with it: at most one.
    pub used: Vec<Digest>,
}

/// What is known here of a device that was let in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stored")]
pub struct KnownDevice {
    /// What colleagues call it.
    pub name: String,
    /// The key with which it signs rosters, if it is an administrator's.
    pub administrator_key: [u8; 32],
}

fn code_key(ticket: [u8; 16]) -> Vec<u8> {
    [CODE, &ticket].concat()
}

fn device_key(device: DeviceId) -> Vec<u8> {
    [DEVICE, &device.0[..]].concat()
}

/// The code behind a ticket.
pub fn invitation(from: &dyn Source, ticket: [u8; 16]) -> Result<Option<Invitation>, RecordError> {
    records::read(from, Tree::Identity, &code_key(ticket))
}

/// Stores a code.
pub fn put_invitation(changes: &mut Changes, invitation: &Invitation) {
    records::write(changes, Tree::Identity, &code_key(invitation.code.ticket()), invitation);
}

/// Forgets codes whose time has been over for a day.
pub(crate) fn forget_old(vault: &Vault, changes: &mut Changes, now: Timestamp) -> Result<(), RecordError> {
    let range = (Bound::Included(CODE), Bound::Unbounded);
    for id in vault.ids(Tree::Identity, range, usize::MAX, |id| id.starts_with(CODE)) {
        let kept: Option<Invitation> = records::read(vault, Tree::Identity, &id)?;
        if kept.is_none_or(|kept| now > kept.made.plus(KEPT)) {
            changes.delete(Tree::Identity, &id);
        }
    }
    Ok(())
}

/// What is known of a device.
pub fn known(from: &dyn Source, device: DeviceId) -> Result<Option<KnownDevice>, RecordError> {
    records::read(from, Tree::Identity, &device_key(device))
}

/// Stores it.
pub(crate) fn put_known(changes: &mut Changes, device: DeviceId, known: &KnownDevice) {
    records::write(changes, Tree::Identity, &device_key(device), known);
}

/// What is known of the device that signs rosters with this key.
pub(crate) fn known_by_key(vault: &Vault, key: [u8; 32]) -> Result<Option<KnownDevice>, RecordError> {
    let range = (Bound::Included(DEVICE), Bound::Unbounded);
    for id in vault.ids(Tree::Identity, range, usize::MAX, |id| id.starts_with(DEVICE)) {
        let known: Option<KnownDevice> = records::read(vault, Tree::Identity, &id)?;
        if let Some(known) = known.filter(|known| known.administrator_key == key) {
            return Ok(Some(known));
        }
    }
    Ok(None)
}
