//! Sealing a packet for one organisation.

use causeway_certs::keys::SigningKey;
use causeway_common::codec;
use causeway_common::envelope::{ENVELOPE_VERSION, Envelope, Outer, Wrap, envelope_id, size_class};
use causeway_common::framed::{self, Label, SUITE};
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::limits::{PADDED_BYTES_MAX, SECTION_SLOTS, WRAP_PLAIN_BYTES, sealed_len};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::Prekey;
use causeway_common::time::Timestamp;
use zeroize::Zeroizing;

use super::content::{
    Grant, Granted, Inner, Manifest, SealedTo, SectionBytes, commitment, devices_digest, grant_digest,
    manifest_digest, section_context, wrap_info,
};
use super::{caead, hybrid, pad};

/// One section before sealing.
#[derive(Clone, PartialEq, Eq)]
pub struct SectionPlain {
    /// Three letters, see the data dictionary. `HDR` is readable by every device.
    pub code: [u8; 3],
    /// Its content.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for SectionPlain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SectionPlain({}, {} bytes)", String::from_utf8_lossy(&self.code), self.bytes.len())
    }
}

/// The section that every device reads.
pub const HEADER_SECTION: [u8; 3] = *b"HDR";

/// A device to seal to.
#[derive(Clone, Debug)]
pub struct Target {
    /// A verified prekey of the device.
    pub prekey: Prekey,
    /// Section codes the device may read; none means all.
    pub cleared: Option<Vec<[u8; 3]>>,
}

/// What to seal, from whom, to whom.
#[derive(Debug)]
pub struct SealRequest<'a> {
    /// Name of the packet; stays the same when it is sealed again.
    pub packet: PacketId,
    /// 1 referral or update, 2 receipts.
    pub packet_type: u16,
    /// The thread.
    pub case: [u8; 32],
    /// The packet it answers.
    pub in_reply_to: Option<PacketId>,
    /// Now.
    pub created: Timestamp,
    /// When the relay gives up.
    pub expires: Timestamp,
    /// Queue order.
    pub priority: Priority,
    /// Sections, the header first.
    pub sections: &'a [SectionPlain],
    /// Who sends.
    pub sender: Sender<'a>,
    /// Who is meant.
    pub recipient: Recipient<'a>,
    /// Purpose code.
    pub purpose: u16,
    /// 0 not to be passed on, 1 ask first, 2 allowed.
    pub onward: u8,
    /// Fresh prekeys for the recipient's answers.
    pub return_prekeys: Vec<Signed>,
}

/// The sending side of a packet.
#[derive(Debug)]
pub struct Sender<'a> {
    /// The organisation.
    pub org: OrgId,
    /// The device's signing key.
    pub key: &'a SigningKey,
    /// Its organisation's roster.
    pub roster: Digest,
    /// The directory head the sender knows, as the relay signed it.
    pub checkpoint: &'a [u8],
    /// Size of the directory.
    pub log_size: u64,
    /// Root of the directory.
    pub log_root: Digest,
    /// Number of this packet from this device to this organisation.
    pub sequence: u64,
    /// Grant before it.
    pub previous: Digest,
}

/// The receiving side of a packet.
#[derive(Debug)]
pub struct Recipient<'a> {
    /// The organisation.
    pub org: OrgId,
    /// Fingerprint of its root.
    pub root: Digest,
    /// Its roster.
    pub roster: Digest,
    /// Its devices.
    pub targets: &'a [Target],
}

/// A sealed packet and the hash that receipts will name.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Ready to be submitted.
    pub envelope: Envelope,
    /// Hash of the grant inside.
    pub grant: Digest,
}

/// Why a packet cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The recipient has no device that could read it.
    #[error("the recipient has no device to seal to")]
    NoDevices,
    /// A prekey is not a usable key.
    #[error("a prekey of the recipient cannot be used")]
    Prekey,
    /// More sections than there are slots, or the header is not the first.
    #[error("a packet has a header and at most {SECTION_SLOTS} sections")]
    Sections,
    /// More content than a body holds; attachments are for that.
    #[error("the content is larger than {PADDED_BYTES_MAX} bytes; put large parts into attachments")]
    TooLarge,
}

/// Seals a packet.
pub fn seal(request: &SealRequest<'_>, rng: &mut dyn rand_core::CryptoRng) -> Result<Sealed, SealError> {
    let nonce = random(rng);
    let salts: Vec<[u8; 32]> = request.sections.iter().map(|_| random(rng)).collect();
    let section_keys: Vec<Zeroizing<[u8; 32]>> =
        request.sections.iter().map(|_| Zeroizing::new(random(rng))).collect();
    let sections = seal_sections(request, &nonce, &section_keys, rng)?;
    let devices = sorted_devices(&request.recipient)?;
    let manifest = codec::encode(&manifest(request, &salts, rng));
    let grant = sign_grant(request, &manifest, &salts, nonce, &devices);
    let grant_digest = grant_digest(&grant);
    let inner = Inner {
        manifest,
        grant,
        devices,
        sections,
        checkpoint: request.sender.checkpoint.to_vec(),
        return_prekeys: request.return_prekeys.clone(),
    };
    let padded = Zeroizing::new(pad::pad(codec::encode(&inner)).ok_or(SealError::TooLarge)?);
    let outer = Outer {
        version: ENVELOPE_VERSION,
        suite: SUITE,
        nonce,
        recipient: request.recipient.org,
        expiry_hours: request.expires.hours_rounded_up(),
        priority: request.priority,
        size_class: size_class(usize::try_from(sealed_len(padded.len() as u64)).unwrap_or(usize::MAX)),
    };
    let body_key = Zeroizing::new(random(rng));
    let body = caead::seal(&body_key, &body_context(&outer).0, &padded, rng);
    let wraps = wrap_all(request, &outer, &body, &body_key, &section_keys, rng)?;
    Ok(Sealed { envelope: Envelope { outer, body, wraps }, grant: grant_digest })
}

pub(super) fn body_context(outer: &Outer) -> Digest {
    framed::hash(Label::BodyCtx, &codec::encode(outer))
}

fn seal_sections(
    request: &SealRequest<'_>,
    nonce: &[u8; 32],
    keys: &[Zeroizing<[u8; 32]>],
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<Vec<SectionBytes>, SealError> {
    let header_first = request.sections.first().is_some_and(|s| s.code == HEADER_SECTION);
    if !header_first || request.sections.len() > SECTION_SLOTS + 1 {
        return Err(SealError::Sections);
    }
    let mut out = Vec::with_capacity(request.sections.len());
    for (index, (section, key)) in (0u8..).zip(request.sections.iter().zip(keys)) {
        let (flags, bytes) = if index == 0 {
            (0, section.bytes.to_vec())
        } else {
            (1, caead::seal(key, &section_context(nonce, index).0, &section.bytes, rng))
        };
        out.push(SectionBytes { index, code: section.code.to_vec(), flags, bytes });
    }
    Ok(out)
}

fn manifest(request: &SealRequest<'_>, salts: &[[u8; 32]], rng: &mut dyn rand_core::CryptoRng) -> Manifest {
    let mut commitments: Vec<Digest> = (0u8..)
        .zip(request.sections.iter().zip(salts))
        .map(|(index, (section, salt))| commitment(salt, index, &section.bytes))
        .collect();
    while !commitments.len().is_multiple_of(8) {
        commitments.push(Digest(random(rng)));
    }
    Manifest {
        packet: request.packet,
        packet_type: request.packet_type,
        created: request.created,
        case: request.case,
        in_reply_to: request.in_reply_to.unwrap_or(PacketId([0; 32])),
        commitments,
    }
}

fn sign_grant(
    request: &SealRequest<'_>,
    manifest: &[u8],
    salts: &[[u8; 32]],
    nonce: [u8; 32],
    devices: &[SealedTo],
) -> Signed {
    let sender = &request.sender;
    let grant = Grant {
        manifest: manifest_digest(manifest),
        nonce,
        from_org: sender.org,
        from_device: sender.key.public().device_id(),
        from_roster: sender.roster,
        to_org: request.recipient.org,
        to_root: request.recipient.root,
        to_roster: request.recipient.roster,
        devices: devices_digest(devices),
        granted: (0u8..).zip(salts).map(|(index, salt)| Granted { index, salt: *salt }).collect(),
        purpose: request.purpose,
        onward: request.onward,
        sequence: sender.sequence,
        previous: sender.previous,
        log_size: sender.log_size,
        log_root: sender.log_root,
        created: request.created,
        expires: request.expires,
    };
    sender.key.sign(Label::Grant, codec::encode(&grant))
}

fn sorted_devices(recipient: &Recipient<'_>) -> Result<Vec<SealedTo>, SealError> {
    let mut devices: Vec<SealedTo> = recipient
        .targets
        .iter()
        .map(|t| SealedTo { device: t.prekey.device, prekey: t.prekey.number })
        .collect();
    devices.sort_by_key(|d| d.device);
    if devices.is_empty() { Err(SealError::NoDevices) } else { Ok(devices) }
}

fn wrap_all(
    request: &SealRequest<'_>,
    outer: &Outer,
    body: &[u8],
    body_key: &[u8; 32],
    section_keys: &[Zeroizing<[u8; 32]>],
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<Vec<Wrap>, SealError> {
    let envelope = envelope_id(outer, body);
    let mut wraps = Vec::with_capacity(request.recipient.targets.len());
    for target in request.recipient.targets {
        let prekey = &target.prekey;
        let plain = wrap_plain(request.sections, target, body_key, section_keys, rng);
        let info = wrap_info(envelope, request.recipient.org, prekey.device, &prekey.into());
        let (enc, ct) = hybrid::seal(&prekey.public, &info, &plain, rng).map_err(|_| SealError::Prekey)?;
        wraps.push(Wrap { device: prekey.device, prekey: prekey.number, kind: prekey.kind, enc, ct });
    }
    wraps.sort_by_key(|w| w.device);
    Ok(wraps)
}

/// Body key, mask of the slots in use, slots. Unused slots are random, so that a device's role does not show.
fn wrap_plain(
    sections: &[SectionPlain],
    target: &Target,
    body_key: &[u8; 32],
    section_keys: &[Zeroizing<[u8; 32]>],
    rng: &mut dyn rand_core::CryptoRng,
) -> Zeroizing<Vec<u8>> {
    let mut mask = 0u16;
    let mut slots = Zeroizing::new(vec![0; SECTION_SLOTS * 32]);
    rng.fill_bytes(&mut slots);
    for (slot, (section, key)) in sections.iter().zip(section_keys).skip(1).enumerate() {
        if target.cleared.as_ref().is_none_or(|codes| codes.contains(&section.code)) {
            mask |= 1 << slot;
            slots[slot * 32..][..32].copy_from_slice(&key[..]);
        }
    }
    let mut plain = Zeroizing::new(Vec::with_capacity(WRAP_PLAIN_BYTES));
    plain.extend_from_slice(body_key);
    plain.extend_from_slice(&mask.to_le_bytes());
    plain.extend_from_slice(&slots);
    plain
}

/// 32 random bytes.
pub fn random(rng: &mut dyn rand_core::CryptoRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// The devices of a request, for records of who could read a packet.
pub fn devices_of(envelope: &Envelope) -> Vec<DeviceId> {
    envelope.wraps.iter().map(|w| w.device).collect()
}
