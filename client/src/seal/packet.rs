//! Sealing a packet for one organisation.

use causeway_certs::keys::SigningKey;
use causeway_common::codec;
use causeway_common::envelope::{ENVELOPE_VERSION, Envelope, Outer, Wrap, envelope_id, size_class};
use causeway_common::framed::{self, Label, SUITE};
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::limits::{
    CHECKPOINT_BYTES_MAX, DEVICES_PER_ORG_MAX, PADDED_BYTES_MAX, SECTION_SLOTS, WRAP_PLAIN_BYTES, sealed_len,
};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::Prekey;
use causeway_common::time::Timestamp;
use zeroize::Zeroizing;

use super::content::{
    Grant, Granted, Inner, Manifest, RETURN_PREKEYS_MAX, SECTION_KEYED, SECTION_PLAIN, SealedTo,
    SectionBytes, WrapBinding, commitment, devices_digest, grant_digest, manifest_digest, section_context,
};
use super::{caead, hybrid, pad};

/// The section that every device reads. It has no key of its own.
pub const HEADER_SECTION: [u8; 3] = *b"HDR";

/// One section in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct SectionPlain {
    /// Three letters, see the data dictionary.
    pub code: [u8; 3],
    /// Its content.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for SectionPlain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SectionPlain({}, {} bytes)", String::from_utf8_lossy(&self.code), self.bytes.len())
    }
}

/// A device to seal to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Which device.
    pub device: DeviceId,
    /// Sections it may read: bit i stands for the i-th section after the header, counted from 0 in the order of
    /// [`SealRequest::sections`]. `u32::MAX` for all. See [`clearance`].
    pub clearance: u32,
    /// A prekey of the device whose signature and dates have been checked.
    pub prekey: Prekey,
}

/// The clearance bits for a device that may read the sections for which `may_read` says so.
pub fn clearance(sections: &[SectionPlain], may_read: impl Fn([u8; 3]) -> bool) -> u32 {
    let keyed = sections.iter().skip(1).take(SECTION_SLOTS);
    keyed
        .enumerate()
        .filter(|(_, section)| may_read(section.code))
        .fold(0, |bits, (slot, _)| bits | 1 << slot)
}

/// What to seal, from whom, to whom.
#[derive(Debug)]
pub struct SealRequest<'a> {
    /// Name of the packet; stays the same when it is sealed again.
    pub packet: PacketId,
    /// Its type, see the data dictionary.
    pub packet_type: u16,
    /// The thread: random per case and pair of organisations.
    pub case_ref: [u8; 32],
    /// The packet it answers.
    pub in_reply_to: Option<PacketId>,
    /// Now.
    pub created: Timestamp,
    /// When the relay gives up.
    pub expires: Timestamp,
    /// Queue order.
    pub priority: Priority,
    /// The header, then at most [`SECTION_SLOTS`] others.
    pub sections: &'a [SectionPlain],
    /// Who sends.
    pub sender: Sender<'a>,
    /// Who is meant.
    pub recipient: Recipient<'a>,
    /// Purpose code.
    pub purpose: u16,
    /// 0 not to be passed on, 1 ask first, 2 allowed.
    pub onward: u8,
    /// Fresh prekeys for the recipient's answers, at most [`RETURN_PREKEYS_MAX`].
    pub return_prekeys: Vec<Signed>,
}

/// The sending side of a packet.
#[derive(Clone, Debug)]
pub struct Sender<'a> {
    /// The organisation.
    pub org: OrgId,
    /// The device's signing key.
    pub key: &'a SigningKey,
    /// Hash of its organisation's roster.
    pub roster: Digest,
    /// The directory head the sender knows, as the relay signed it.
    pub checkpoint: &'a [u8],
    /// Size of that directory.
    pub log_size: u64,
    /// Root of that directory.
    pub log_root: Digest,
    /// Number of this packet from this device to this organisation: 1, 2, 3 …
    pub seq: u64,
    /// Digest of the grant before it; zeros for the first.
    pub previous_grant: Digest,
}

/// The receiving side of a packet.
#[derive(Clone, Debug)]
pub struct Recipient<'a> {
    /// The organisation.
    pub org: OrgId,
    /// Fingerprint of its root.
    pub root: Digest,
    /// Hash of its roster.
    pub roster: Digest,
    /// Its devices, in any order.
    pub targets: &'a [Target],
}

/// A sealed packet and the hash that receipts will name.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Ready to be submitted.
    pub envelope: Envelope,
    /// Hash of the grant inside; the next grant to this organisation repeats it.
    pub grant_digest: Digest,
}

/// Why a packet cannot be sealed. Nothing has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The directory head is longer than a checkpoint may be.
    #[error("the directory head is longer than {CHECKPOINT_BYTES_MAX} bytes")]
    Checkpoint,
    /// One device stands twice among the targets.
    #[error("a device of the recipient is listed twice")]
    DeviceTwice,
    /// A prekey that belongs to another device or organisation than the target.
    #[error("a prekey belongs to another device than the one it was given for")]
    ForeignPrekey,
    /// The recipient has no device that could read it.
    #[error("the recipient has no device to seal to; the packet stays here until it has one")]
    NoDevices,
    /// A prekey is not a usable key.
    #[error("a prekey of the recipient cannot be used; fetch new ones")]
    Prekey,
    /// Too many prekeys for answers.
    #[error("a packet carries at most {RETURN_PREKEYS_MAX} prekeys for answers")]
    ReturnPrekeys,
    /// More sections than there are slots, or the header is not the first.
    #[error("a packet has a header and at most {SECTION_SLOTS} sections")]
    Sections,
    /// More content than a body holds; attachments are for that.
    #[error("the content is larger than {PADDED_BYTES_MAX} bytes; put large parts into attachments")]
    TooLarge,
    /// More devices than an organisation may have.
    #[error("the recipient has more than {DEVICES_PER_ORG_MAX} devices")]
    TooManyDevices,
}

/// Seals a packet. Every key in it is fresh; sealing the same request again gives another envelope.
pub fn seal(request: &SealRequest<'_>, rng: &mut dyn rand_core::CryptoRng) -> Result<Sealed, SealError> {
    let devices = check(request)?;
    let keys = Keys::draw(request.sections.len(), rng);
    let inner = compose(request, &keys, devices, rng);
    let grant_digest = grant_digest(&inner.grant);
    let padded = pad::pad(&Zeroizing::new(codec::encode(&inner))).ok_or(SealError::TooLarge)?;
    let envelope = enclose(request, &keys, &padded, rng)?;
    Ok(Sealed { envelope, grant_digest })
}

/// Manifest, signed grant and sections.
pub(super) fn compose(
    request: &SealRequest<'_>,
    keys: &Keys,
    devices: Vec<SealedTo>,
    rng: &mut dyn rand_core::CryptoRng,
) -> Inner {
    let manifest = codec::encode(&manifest(request, keys, rng));
    let grant = codec::encode(&grant(request, &manifest, keys, &devices));
    Inner {
        manifest,
        grant: request.sender.key.sign(Label::Grant, grant),
        devices,
        sections: seal_sections(request, keys, rng),
        checkpoint: request.sender.checkpoint.to_vec(),
        return_prekeys: request.return_prekeys.clone(),
    }
}

/// The envelope around a padded body.
pub(super) fn enclose(
    request: &SealRequest<'_>,
    keys: &Keys,
    padded: &[u8],
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<Envelope, SealError> {
    let outer = Outer {
        version: ENVELOPE_VERSION,
        suite: SUITE,
        nonce: keys.nonce,
        recipient: request.recipient.org,
        expiry_hours: request.expires.hours_rounded_up(),
        priority: request.priority,
        size_class: size_class(usize::try_from(sealed_len(padded.len() as u64)).unwrap_or(usize::MAX)),
    };
    let body = caead::seal(&keys.body, &body_context(&outer).0, padded, rng);
    let wraps = wrap_all(request, &outer, &body, keys, rng)?;
    Ok(Envelope { outer, body, wraps })
}

/// Checks the request and gives the devices in the order in which the grant lists them.
pub(super) fn check(request: &SealRequest<'_>) -> Result<Vec<SealedTo>, SealError> {
    let header_first = request.sections.first().is_some_and(|s| s.code == HEADER_SECTION);
    if !header_first || request.sections.len() > SECTION_SLOTS + 1 {
        return Err(SealError::Sections);
    }
    if request.sender.checkpoint.len() > CHECKPOINT_BYTES_MAX {
        return Err(SealError::Checkpoint);
    }
    if request.return_prekeys.len() > RETURN_PREKEYS_MAX {
        return Err(SealError::ReturnPrekeys);
    }
    let Recipient { org, targets, .. } = request.recipient;
    if targets.iter().any(|t| t.prekey.device != t.device || t.prekey.org != org) {
        return Err(SealError::ForeignPrekey);
    }
    let mut devices: Vec<SealedTo> =
        targets.iter().map(|t| SealedTo { device: t.device, prekey: t.prekey.number }).collect();
    devices.sort_by_key(|d| d.device);
    match devices.len() {
        0 => Err(SealError::NoDevices),
        n if n > DEVICES_PER_ORG_MAX => Err(SealError::TooManyDevices),
        _ if !devices.is_sorted_by(|a, b| a.device < b.device) => Err(SealError::DeviceTwice),
        _ => Ok(devices),
    }
}

/// Everything random in a packet but the salts of its ciphertexts.
pub(super) struct Keys {
    pub(super) nonce: [u8; 32],
    pub(super) body: Zeroizing<[u8; 32]>,
    /// Salt and key of each section; the header's key is not used.
    pub(super) sections: Vec<([u8; 32], Zeroizing<[u8; 32]>)>,
}

impl Keys {
    pub(super) fn draw(sections: usize, rng: &mut dyn rand_core::CryptoRng) -> Self {
        let nonce = random(rng);
        let body = Zeroizing::new(random(rng));
        let sections = (0..sections).map(|_| (random(rng), Zeroizing::new(random(rng)))).collect();
        Self { nonce, body, sections }
    }
}

fn random(rng: &mut dyn rand_core::CryptoRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}

pub(super) fn body_context(outer: &Outer) -> Digest {
    framed::hash(Label::BodyCtx, &codec::encode(outer))
}

fn seal_sections(
    request: &SealRequest<'_>,
    keys: &Keys,
    rng: &mut dyn rand_core::CryptoRng,
) -> Vec<SectionBytes> {
    let numbered = (0u8..).zip(request.sections.iter().zip(&keys.sections));
    numbered
        .map(|(index, (section, (_, key)))| {
            let (flags, bytes) = if index == 0 {
                (SECTION_PLAIN, section.bytes.to_vec())
            } else {
                let context = section_context(&keys.nonce, index);
                (SECTION_KEYED, caead::seal(key, &context.0, &section.bytes, rng))
            };
            SectionBytes { index, code: section.code, flags, bytes }
        })
        .collect()
}

fn manifest(request: &SealRequest<'_>, keys: &Keys, rng: &mut dyn rand_core::CryptoRng) -> Manifest {
    let numbered = (0u8..).zip(request.sections.iter().zip(&keys.sections));
    let mut commitments: Vec<Digest> =
        numbered.map(|(index, (section, (salt, _)))| commitment(salt, index, &section.bytes)).collect();
    while !commitments.len().is_multiple_of(8) {
        commitments.push(Digest(random(rng)));
    }
    Manifest {
        packet: request.packet,
        packet_type: request.packet_type,
        created: request.created,
        case_ref: request.case_ref,
        in_reply_to: request.in_reply_to.unwrap_or(PacketId([0; 32])),
        commitments,
    }
}

fn grant(request: &SealRequest<'_>, manifest: &[u8], keys: &Keys, devices: &[SealedTo]) -> Grant {
    let sender = &request.sender;
    Grant {
        manifest: manifest_digest(manifest),
        nonce: keys.nonce,
        from_org: sender.org,
        from_device: sender.key.public().device_id(),
        from_roster: sender.roster,
        to_org: request.recipient.org,
        to_root: request.recipient.root,
        to_roster: request.recipient.roster,
        devices: devices_digest(devices),
        granted: (0u8..)
            .zip(&keys.sections)
            .map(|(index, (salt, _))| Granted { index, salt: *salt })
            .collect(),
        purpose: request.purpose,
        onward: request.onward,
        seq: sender.seq,
        previous: sender.previous_grant,
        log_size: sender.log_size,
        log_root: sender.log_root,
        created: request.created,
        expires: request.expires,
    }
}

pub(super) fn wrap_all(
    request: &SealRequest<'_>,
    outer: &Outer,
    body: &[u8],
    keys: &Keys,
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<Vec<Wrap>, SealError> {
    let envelope = envelope_id(outer, body);
    let mut wraps = Vec::with_capacity(request.recipient.targets.len());
    for Target { device, clearance, prekey } in request.recipient.targets {
        let info = WrapBinding {
            envelope,
            recipient: request.recipient.org,
            device: *device,
            prekey: prekey.number,
            kind: prekey.kind.into(),
            prekey_public: &prekey.public,
        }
        .info();
        let plain = wrap_plain(keys, *clearance, rng);
        let (enc, ct) =
            hybrid::seal_wrap(&prekey.public, &info, &plain, rng).map_err(|_| SealError::Prekey)?;
        wraps.push(Wrap { device: *device, prekey: prekey.number, kind: prekey.kind, enc, ct });
    }
    wraps.sort_by_key(|w| w.device);
    Ok(wraps)
}

/// Body key, mask of the slots in use, slots. Unused slots are random; every wrap has the same length, so that a
/// device's role does not show.
fn wrap_plain(keys: &Keys, clearance: u32, rng: &mut dyn rand_core::CryptoRng) -> Zeroizing<Vec<u8>> {
    let mut mask = 0u16;
    let mut slots = Zeroizing::new([0; SECTION_SLOTS * 32]);
    rng.fill_bytes(&mut *slots);
    for (slot, (_, key)) in keys.sections.iter().skip(1).enumerate() {
        if clearance & (1 << slot) != 0 {
            mask |= 1 << slot;
            slots[slot * 32..][..32].copy_from_slice(&key[..]);
        }
    }
    let mut plain = Zeroizing::new(Vec::with_capacity(WRAP_PLAIN_BYTES));
    plain.extend_from_slice(&keys.body[..]);
    plain.extend_from_slice(&mask.to_le_bytes());
    plain.extend_from_slice(&slots[..]);
    plain
}
