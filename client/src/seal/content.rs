//! What stands inside a body: the manifest, the grant, the sections.

use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId, PrekeyNumber};
use causeway_common::signed::Signed;
use causeway_common::statements::Prekey;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The same bytes for every recipient organisation of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the packet.
    pub packet: PacketId,
    /// 1 referral or update, 2 receipts.
    pub packet_type: u16,
    /// When it was made, by the sender's clock.
    pub created: Timestamp,
    /// The thread: random per case and pair of organisations.
    pub case: [u8; 32],
    /// The packet it answers; zeros for the first of a thread.
    pub in_reply_to: PacketId,
    /// Commitment to each section, filled up with random values to a multiple of eight.
    pub commitments: Vec<Digest>,
}

/// Opens the commitment to one section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Number of the section.
    pub index: u8,
    /// Salt of its commitment.
    pub salt: [u8; 32],
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
    /// The sections that are given.
    pub granted: Vec<Granted>,
    /// Purpose code.
    pub purpose: u16,
    /// 0 not to be passed on, 1 ask first, 2 allowed.
    pub onward: u8,
    /// 1, 2, 3 … from this device to this organisation.
    pub sequence: u64,
    /// Hash of the grant before it; zeros for the first.
    pub previous: Digest,
    /// Size of the directory the sender knows.
    pub log_size: u64,
    /// Its root.
    pub log_root: Digest,
    /// When it was made.
    pub created: Timestamp,
    /// When the relay gives up.
    pub expires: Timestamp,
}

/// One section inside the body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SectionBytes {
    pub(super) index: u8,
    pub(super) code: Vec<u8>,
    /// 0 plain inside the body, 1 encrypted under its own key.
    pub(super) flags: u8,
    pub(super) bytes: Vec<u8>,
}

/// A device and the prekey that was used for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedTo {
    /// Which device.
    pub device: DeviceId,
    /// Which of its prekeys.
    pub prekey: PrekeyNumber,
}

/// The plaintext of a body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inner {
    pub(super) manifest: Vec<u8>,
    pub(super) grant: Signed,
    /// The devices the packet is sealed to, sorted; the grant holds their hash.
    pub(super) devices: Vec<SealedTo>,
    pub(super) sections: Vec<SectionBytes>,
    pub(super) checkpoint: Vec<u8>,
    pub(super) return_prekeys: Vec<Signed>,
}

/// Hash that stands for a grant in receipts and chains.
pub fn grant_digest(grant: &Signed) -> Digest {
    framed::hash(Label::PacketChain, &codec::encode(grant))
}

pub(super) fn manifest_digest(manifest: &[u8]) -> Digest {
    framed::hash(Label::Manifest, manifest)
}

pub(super) fn commitment(salt: &[u8; 32], index: u8, plain: &[u8]) -> Digest {
    let length = (plain.len() as u64).to_le_bytes();
    framed::hash(Label::SectionCommit, &[&salt[..], &[index], &length, plain].concat())
}

pub(super) fn section_context(nonce: &[u8; 32], index: u8) -> Digest {
    framed::hash(Label::SectionCtx, &[&nonce[..], &[index]].concat())
}

/// Hash over a sorted list of (device, prekey).
pub(super) fn devices_digest(devices: &[SealedTo]) -> Digest {
    framed::hash(Label::DeviceList, &codec::encode(&devices))
}

/// HPKE info of a wrap: everything that a relay could try to exchange.
pub(super) fn wrap_info(
    envelope: causeway_common::ids::EnvelopeId,
    recipient: OrgId,
    device: DeviceId,
    prekey: &PrekeyRef<'_>,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(137);
    bytes.extend_from_slice(&envelope.0);
    bytes.extend_from_slice(&recipient.0);
    bytes.extend_from_slice(&device.0);
    bytes.extend_from_slice(&prekey.number.to_le_bytes());
    bytes.push(prekey.kind);
    bytes.extend_from_slice(&framed::sha256(prekey.public).0);
    framed::frame(Label::Seal, &framed::hash(Label::Seal, &bytes).0)
}

/// The parts of a prekey that a wrap is bound to.
pub(super) struct PrekeyRef<'a> {
    pub(super) number: u64,
    pub(super) kind: u8,
    pub(super) public: &'a [u8],
}

impl<'a> From<&'a Prekey> for PrekeyRef<'a> {
    fn from(prekey: &'a Prekey) -> Self {
        Self { number: prekey.number, kind: prekey.kind.into(), public: &prekey.public }
    }
}
