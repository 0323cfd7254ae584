//! Rosters: which devices speak for an organisation, signed by its administrators.

use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{Digest, OrgId};
use causeway_common::limits::{DEVICES_PER_ORG_MAX, ROSTER_BYTES_MAX};
use causeway_common::statements::{KeyedSignature, Roster, RosterDevice, SignedRoster};

use crate::keys::{PublicKey, SigningKey, device_id};

/// Why a roster is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RosterError {
    /// No device, too many, out of order, one twice, or an identifier that does not fit its key.
    #[error("the roster's list of devices is not in order")]
    Devices,
    /// Not the bytes of a roster.
    #[error("malformed roster")]
    Malformed,
    /// A device that was revoked counts again, or is no longer named as revoked.
    #[error("the roster brings back a device that was revoked")]
    Revived,
    /// Fewer valid signatures of administrators than the organisation demands.
    #[error("the roster is not signed by enough administrators")]
    Unsigned,
    /// For another organisation, or not the successor of the roster before.
    #[error("the roster does not follow the one before")]
    WrongPlace,
}

/// The hash that stands in the directory.
pub fn digest(body: &[u8]) -> Digest {
    framed::hash(Label::Roster, body)
}

/// Signs a roster with one administrator's key.
pub fn sign(roster: &Roster, administrator: &SigningKey) -> SignedRoster {
    let signed = administrator.sign(Label::Roster, codec::encode(roster));
    let signature = KeyedSignature { key: *administrator.public().as_bytes(), signature: signed.signature };
    SignedRoster { body: signed.body, signatures: vec![signature] }
}

/// Adds another administrator's signature. A second one with the same key replaces the first.
pub fn countersign(signed: &mut SignedRoster, administrator: &SigningKey) {
    let key = *administrator.public().as_bytes();
    let signature = administrator.sign(Label::Roster, signed.body.clone()).signature;
    signed.signatures.retain(|other| other.key != key);
    signed.signatures.push(KeyedSignature { key, signature });
    signed.signatures.sort_unstable_by_key(|signature| signature.key);
}

/// Leaves only valid signatures of these administrators, each once and in order.
pub fn keep_valid(signed: &mut SignedRoster, administrators: &[PublicKey]) {
    let mut valid = std::mem::take(&mut signed.signatures);
    valid.retain(|signature| is_valid(signature, &signed.body, administrators));
    valid.sort_unstable_by_key(|signature| signature.key);
    valid.dedup_by_key(|signature| signature.key);
    signed.signatures = valid;
}

/// Verifies a roster's signatures against an organisation's administrators, then reads and checks it.
pub fn verify(
    signed: &SignedRoster,
    org: OrgId,
    administrators: &[PublicKey],
    threshold: u8,
) -> Result<Roster, RosterError> {
    let in_order = signed.signatures.is_sorted_by(|a, b| a.key < b.key);
    if !in_order || signed.body.len() > ROSTER_BYTES_MAX {
        return Err(RosterError::Malformed);
    }
    let valid = signed.signatures.iter().filter(|s| is_valid(s, &signed.body, administrators)).count();
    if valid < usize::from(threshold.max(1)) {
        return Err(RosterError::Unsigned);
    }
    let roster: Roster = codec::decode(&signed.body, ROSTER_BYTES_MAX).map_err(|_| RosterError::Malformed)?;
    if roster.org != org {
        return Err(RosterError::WrongPlace);
    }
    check_devices(&roster)?;
    Ok(roster)
}

fn is_valid(signature: &KeyedSignature, body: &[u8], administrators: &[PublicKey]) -> bool {
    administrators
        .iter()
        .find(|key| *key.as_bytes() == signature.key)
        .is_some_and(|key| key.verify_detached(Label::Roster, body, &signature.signature).is_ok())
}

fn check_devices(roster: &Roster) -> Result<(), RosterError> {
    let count_fits = !roster.devices.is_empty() && roster.devices.len() <= DEVICES_PER_ORG_MAX;
    let in_order = roster.devices.is_sorted_by(|a, b| a.device < b.device)
        && roster.revoked.is_sorted_by(|a, b| a.device < b.device);
    let none_revoked = !roster.devices.iter().any(|d| roster.revoked.iter().any(|r| r.device == d.device));
    if count_fits && in_order && none_revoked && roster.devices.iter().all(names_itself) {
        Ok(())
    } else {
        Err(RosterError::Devices)
    }
}

/// Whether both keys are points of the curve shows when they are used: every use unpacks them, and a first start would do
/// it for a hundred thousand keys of which it needs a handful.
fn names_itself(device: &RosterDevice) -> bool {
    device.signing_key != device.tls_key && device_id(&device.signing_key) == device.device
}
