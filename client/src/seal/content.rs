//! What stands inside a body: the manifest, the grant, the sections; and the hashes that tie them together.

use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{DeviceId, Digest, EnvelopeId, OrgId, PacketId, PrekeyNumber};
use causeway_common::signed::Signed;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

/// What a packet is, whoever it goes to; names no organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the packet.
    pub packet: PacketId,
    /// Its type, see the data dictionary.
    pub packet_type: u16,
    /// When it was made, by the sender's clock.
    pub created: Timestamp,
    /// The thread: random per case and pair of organisations.
    pub case_ref: [u8; 32],
    /// The packet it answers; zeros for the first of a thread.
    pub in_reply_to: PacketId,
    /// Commitment to each section by its number, filled up with random values to a multiple of eight.
    pub commitments: Vec<Digest>,
}

/// Opens the commitment to one section.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Number of the section.
    pub index: u8,
    /// Salt of its commitment. Whoever has it can test guesses at the section's content.
    pub salt: [u8; 32],
}

impl std::fmt::Debug for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Granted({})", self.index)
    }
}

/// What the sending device signs, for one recipient organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Hash of the manifest.
    pub manifest: Digest,
    /// Nonce of the envelope.
    pub nonce: [u8; 32],
    /// Who sends.
    pub from_org: OrgId,
    /// With which device.
    pub from_device: DeviceId,
    /// Under which roster.
    pub from_roster: Digest,
    /// Who is meant.
    pub to_org: OrgId,
    /// Fingerprint of the recipient's root as the sender knows it.
    pub to_root: Digest,
    /// The recipient's roster as the sender knows it.
    pub to_roster: Digest,
    /// Hash over the devices and prekeys it is sealed to.
    pub devices: Digest,
    /// The sections that are given, by rising number.
    pub granted: Vec<Granted>,
    /// Purpose code.
    pub purpose: u16,
    /// 0 not to be passed on, 1 ask first, 2 allowed.
    pub onward: u8,
    /// 1, 2, 3 … from this device to this organisation.
    pub seq: u64,
    /// Hash of the grant before it; zeros for the first.
    pub previous: Digest,
    /// Size of the directory the sender knows.
    pub log_size: u64,
    /// Its root.
    pub log_root: Digest,
    /// When it was made; repeats the manifest.
    pub created: Timestamp,
    /// When the relay gives up; the outer header has it in whole hours.
    pub expires: Timestamp,
}

/// Flag of a section that stands in the body as it is: every device reads it.
pub(super) const SECTION_PLAIN: u8 = 0;
/// Flag of a section that is encrypted under a key of its own.
pub(super) const SECTION_KEYED: u8 = 1;

/// One section inside the body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SectionBytes {
    pub(super) index: u8,
    pub(super) code: [u8; 3],
    pub(super) flags: u8,
    #[serde(with = "serde_bytes")]
    pub(super) bytes: Vec<u8>,
}

impl Drop for SectionBytes {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

/// A device and the prekey that was used for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedTo {
    /// Which device.
    pub device: DeviceId,
    /// Which of its prekeys.
    pub prekey: PrekeyNumber,
}

/// The plaintext of a body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inner {
    #[serde(with = "serde_bytes")]
    pub(super) manifest: Vec<u8>,
    pub(super) grant: Signed,
    /// The devices the packet is sealed to, sorted; the grant holds their hash.
    pub(super) devices: Vec<SealedTo>,
    pub(super) sections: Vec<SectionBytes>,
    #[serde(with = "serde_bytes")]
    pub(super) checkpoint: Vec<u8>,
    pub(super) return_prekeys: Vec<Signed>,
}

/// Prekeys that a packet may carry for answers.
pub const RETURN_PREKEYS_MAX: usize = 5;

/// Hash that stands for a grant in receipts and in the next grant. Over the body only: a signature is no name.
pub fn grant_digest(grant: &Signed) -> Digest {
    framed::hash(Label::PacketChain, &grant.body)
}

pub(super) fn manifest_digest(manifest: &[u8]) -> Digest {
    framed::hash(Label::Manifest, manifest)
}

/// Hiding (random salt) and binding commitment to one section.
pub fn commitment(salt: &[u8; 32], index: u8, plain: &[u8]) -> Digest {
    let length = (plain.len() as u64).to_le_bytes();
    let body_length = 32 + 1 + 8 + plain.len() as u64;
    // Hashed piece by piece, so that no copy of the plaintext is left in memory. The frame of an empty body ends
    // with its length.
    let mut frame = framed::frame(Label::SectionCommit, b"");
    frame.truncate(frame.len() - 8);
    let mut hash = Sha256::new_with_prefix(&frame);
    hash.update(body_length.to_le_bytes());
    hash.update(salt);
    hash.update([index]);
    hash.update(length);
    hash.update(plain);
    Digest(hash.finalize().into())
}

pub(super) fn section_context(nonce: &[u8; 32], index: u8) -> Digest {
    framed::hash(Label::SectionCtx, &[&nonce[..], &[index]].concat())
}

/// Hash over a sorted list of devices and prekeys.
pub(super) fn devices_digest(devices: &[SealedTo]) -> Digest {
    framed::hash(Label::DeviceList, &codec::encode(&devices))
}

/// What a wrap is bound to: everything that a relay could try to exchange.
pub(super) struct WrapBinding<'a> {
    pub(super) envelope: EnvelopeId,
    pub(super) recipient: OrgId,
    pub(super) device: DeviceId,
    pub(super) prekey: PrekeyNumber,
    pub(super) kind: u8,
    pub(super) prekey_public: &'a [u8],
}

impl WrapBinding<'_> {
    /// The HPKE `info`.
    pub(super) fn info(&self) -> Vec<u8> {
        let bytes = [
            &self.envelope.0[..],
            &self.recipient.0,
            &self.device.0,
            &self.prekey.to_le_bytes(),
            &[self.kind],
            &framed::sha256(self.prekey_public).0,
        ]
        .concat();
        framed::frame(Label::Seal, &framed::hash(Label::Seal, &bytes).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commitment_is_the_hash_of_its_frame() {
        let body = [&[3u8; 32][..], &[9], &4u64.to_le_bytes(), b"text"].concat();
        assert_eq!(commitment(&[3; 32], 9, b"text"), framed::hash(Label::SectionCommit, &body));
    }
}
