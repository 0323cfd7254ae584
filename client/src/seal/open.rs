//! Opening a packet, in two steps: [`unseal`] with this device's key, then [`Unsealed::verify`] with the sender's
//! key, which the caller looks up in the directory between the two.

use causeway_certs::keys::PublicKey;
use causeway_common::codec;
use causeway_common::envelope::{ENVELOPE_VERSION, Outer, Wrap, envelope_id, size_class};
use causeway_common::framed::{Label, SUITE};
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::limits::{
    BODY_BYTES_MAX, BODY_BYTES_MIN, CHECKPOINT_BYTES_MAX, DEVICES_PER_ORG_MAX, PADDED_BYTES_MAX,
    PREKEY_PUBLIC_BYTES, SECTION_SLOTS, WRAP_PLAIN_BYTES,
};
use causeway_common::signed::Signed;
use causeway_common::time::Timestamp;
use zeroize::Zeroizing;

use super::content::{
    Grant, Inner, Manifest, RETURN_PREKEYS_MAX, SECTION_KEYED, SECTION_PLAIN, SealedTo, SectionBytes,
    WrapBinding, commitment, devices_digest, grant_digest, manifest_digest, section_context,
};
use super::hybrid::HybridError;
use super::packet::{HEADER_SECTION, SectionPlain, body_context};
use super::{caead, hybrid, pad};

pub use super::refusal::OpenError;

/// Decrypted, but nothing in it is proven yet.
pub struct Unsealed {
    grant: Grant,
    inner: Inner,
    /// Body key, mask, section keys.
    keys: Zeroizing<Vec<u8>>,
    outer: Outer,
    opened_with: SealedTo,
}

/// What the packet says of its sender, unproven: enough to look the sender up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The organisation.
    pub from_org: OrgId,
    /// The device.
    pub from_device: DeviceId,
    /// The roster in which the device stands.
    pub from_roster: Digest,
    /// Size of the directory that the sender knew.
    pub log_size: u64,
    /// Root of that directory.
    pub log_root: Digest,
    /// The head of that directory as the relay signed it for the sender.
    pub checkpoint: Vec<u8>,
}

/// A packet whose sender is proven, and that was meant for exactly us.
#[derive(Clone, Debug)]
pub struct OpenedPacket {
    /// Name of the packet.
    pub packet: PacketId,
    /// Its type, see the data dictionary.
    pub packet_type: u16,
    /// The thread.
    pub case_ref: [u8; 32],
    /// The packet it answers.
    pub in_reply_to: Option<PacketId>,
    /// When it was made, by the sender's clock.
    pub created: Timestamp,
    /// When the relay gives up.
    pub expires: Timestamp,
    /// Who sent it.
    pub from_org: OrgId,
    /// With which device.
    pub from_device: DeviceId,
    /// Under which roster.
    pub from_roster: Digest,
    /// Our root's fingerprint as the sender knew it.
    pub to_root: Digest,
    /// Our roster as the sender knew it.
    pub to_roster: Digest,
    /// The devices it was sealed to.
    pub devices: Vec<SealedTo>,
    /// Purpose code.
    pub purpose: u16,
    /// 0 not to be passed on, 1 ask first, 2 allowed.
    pub onward: u8,
    /// Number of this packet from that device to us.
    pub seq: u64,
    /// Digest of the grant before it; zeros for the first.
    pub previous_grant: Digest,
    /// Digest of this grant: what receipts name.
    pub grant_digest: Digest,
    /// The grant as it was signed: proof towards others.
    pub grant: Signed,
    /// The manifest whose hash the grant holds.
    pub manifest: Vec<u8>,
    /// Sections this device may read, the header first.
    pub sections: Vec<SectionPlain>,
    /// Codes of sections that are there for other devices.
    pub withheld: Vec<[u8; 3]>,
    /// Prekeys of the sender for our answers; verify them before use.
    pub return_prekeys: Vec<Signed>,
    /// Size of the directory that the sender knew.
    pub log_size: u64,
    /// Root of that directory.
    pub log_root: Digest,
    /// The head of that directory as the relay signed it for the sender.
    pub checkpoint: Vec<u8>,
}

/// Decrypts an envelope with this device's wrap. Proves nothing about the sender.
///
/// `prekey_public` and `seed` are those of the prekey that the wrap names.
pub fn unseal(
    outer: &Outer,
    body: &[u8],
    wrap: &Wrap,
    my_org: OrgId,
    my_device: DeviceId,
    prekey_public: &[u8],
    seed: &[u8; 32],
) -> Result<Unsealed, OpenError> {
    check_outside(outer, body, wrap, my_org, my_device, prekey_public)?;
    let info = WrapBinding {
        envelope: envelope_id(outer, body),
        recipient: my_org,
        device: my_device,
        prekey: wrap.prekey,
        kind: wrap.kind.into(),
        prekey_public,
    }
    .info();
    let keys = hybrid::open_wrap(seed, &wrap.enc, &info, &wrap.ct).map_err(|error| match error {
        HybridError::LowOrder => OpenError::LowOrder,
        HybridError::Malformed | HybridError::Unopenable => OpenError::Wrap,
    })?;
    let body_key = keys.first_chunk::<32>().ok_or(OpenError::Wrap)?;
    let padded = caead::open(body_key, &body_context(outer).0, body).map_err(|_| OpenError::Body)?;
    let inner = pad::unpad(&padded).ok_or(OpenError::Padding)?;
    let inner: Inner = codec::decode(inner, PADDED_BYTES_MAX).map_err(|_| OpenError::Content)?;
    check_shape(&inner, section_mask(&keys).ok_or(OpenError::Wrap)?)?;
    let grant: Grant = codec::decode(&inner.grant.body, PADDED_BYTES_MAX).map_err(|_| OpenError::Content)?;
    let opened_with = SealedTo { device: my_device, prekey: wrap.prekey };
    Ok(Unsealed { grant, inner, keys, outer: outer.clone(), opened_with })
}

/// All that needs no secret. Lengths are exact, so that no one can learn from how a packet fails.
fn check_outside(
    outer: &Outer,
    body: &[u8],
    wrap: &Wrap,
    my_org: OrgId,
    my_device: DeviceId,
    prekey_public: &[u8],
) -> Result<(), OpenError> {
    if outer.version != ENVELOPE_VERSION || outer.suite != SUITE {
        return Err(OpenError::Version);
    }
    if outer.recipient != my_org {
        return Err(OpenError::Recipient);
    }
    if wrap.device != my_device {
        return Err(OpenError::Device);
    }
    if !(BODY_BYTES_MIN..=BODY_BYTES_MAX).contains(&body.len()) || outer.size_class != size_class(body.len())
    {
        return Err(OpenError::BodyLength);
    }
    if !wrap.has_exact_lengths() || prekey_public.len() != PREKEY_PUBLIC_BYTES {
        return Err(OpenError::WrapLength);
    }
    Ok(())
}

/// Bounds and order of the lists inside.
fn check_shape(inner: &Inner, mask: u16) -> Result<(), OpenError> {
    let devices = &inner.devices;
    let sections = &inner.sections;
    let header = sections
        .first()
        .is_some_and(|s| s.index == 0 && s.code == HEADER_SECTION && s.flags == SECTION_PLAIN);
    let others_keyed = sections.iter().skip(1).all(|s| s.flags == SECTION_KEYED && slot_of(s).is_some());
    let unused = sections.iter().filter_map(slot_of).fold(mask, |left, slot| left & !(1 << slot));
    let fits = header
        && others_keyed
        && unused == 0
        && sections.is_sorted_by(|a, b| a.index < b.index)
        && devices.len() <= DEVICES_PER_ORG_MAX
        && devices.is_sorted_by(|a, b| a.device < b.device)
        && inner.checkpoint.len() <= CHECKPOINT_BYTES_MAX
        && inner.return_prekeys.len() <= RETURN_PREKEYS_MAX;
    if fits { Ok(()) } else { Err(OpenError::Shape) }
}

/// Which of the section keys in a wrap are in use.
fn section_mask(keys: &[u8]) -> Option<u16> {
    (keys.len() == WRAP_PLAIN_BYTES).then(|| u16::from_le_bytes([keys[32], keys[33]]))
}

fn slot_of(section: &SectionBytes) -> Option<usize> {
    usize::from(section.index).checked_sub(1).filter(|slot| *slot < SECTION_SLOTS)
}

impl Unsealed {
    /// Who claims to have sent it. Look up the device's key, then [`Self::verify`].
    pub fn claimed(&self) -> Claimed {
        Claimed {
            from_org: self.grant.from_org,
            from_device: self.grant.from_device,
            from_roster: self.grant.from_roster,
            log_size: self.grant.log_size,
            log_root: self.grant.log_root,
            checkpoint: self.inner.checkpoint.clone(),
        }
    }

    /// Proves the sender, and that it meant exactly this for exactly us. `sender_key` is the key that the directory
    /// has for the claimed device of the claimed organisation.
    pub fn verify(self, sender_key: &PublicKey) -> Result<OpenedPacket, OpenError> {
        if sender_key.device_id() != self.grant.from_device {
            return Err(OpenError::SenderKey);
        }
        sender_key.verify(Label::Grant, &self.inner.grant).map_err(|_| OpenError::Signature)?;
        self.check_addressing()?;
        if self.grant.manifest != manifest_digest(&self.inner.manifest) {
            return Err(OpenError::Manifest);
        }
        let manifest: Manifest =
            codec::decode(&self.inner.manifest, PADDED_BYTES_MAX).map_err(|_| OpenError::ManifestContent)?;
        if manifest.created != self.grant.created {
            return Err(OpenError::Created);
        }
        let (sections, withheld) = self.open_sections(&manifest)?;
        Ok(self.into_packet(manifest, sections, withheld))
    }

    /// The signed grant must name this organisation, this envelope and this device.
    fn check_addressing(&self) -> Result<(), OpenError> {
        let Self { grant, inner, outer, .. } = self;
        if grant.to_org != outer.recipient {
            return Err(OpenError::Readdressed);
        }
        if grant.nonce != outer.nonce {
            return Err(OpenError::Nonce);
        }
        if grant.expires.hours_rounded_up() != outer.expiry_hours {
            return Err(OpenError::Expiry);
        }
        if grant.devices != devices_digest(&inner.devices) {
            return Err(OpenError::DeviceList);
        }
        if !inner.devices.contains(&self.opened_with) {
            return Err(OpenError::NotListed);
        }
        Ok(())
    }

    /// Every section must be granted, in order, and be what the manifest commits to.
    fn open_sections(&self, manifest: &Manifest) -> Result<(Vec<SectionPlain>, Vec<[u8; 3]>), OpenError> {
        let granted = &self.grant.granted;
        if !granted.iter().map(|g| g.index).eq(self.inner.sections.iter().map(|s| s.index)) {
            return Err(OpenError::Granted);
        }
        let mut sections = Vec::with_capacity(granted.len());
        let mut withheld = Vec::new();
        for (section, granted) in self.inner.sections.iter().zip(granted) {
            let committed = manifest.commitments.get(usize::from(section.index));
            let committed = committed.ok_or(OpenError::Commitment)?;
            let Some(bytes) = self.open_section(section)? else {
                withheld.push(section.code);
                continue;
            };
            if *committed != commitment(&granted.salt, section.index, &bytes) {
                return Err(OpenError::Commitment);
            }
            sections.push(SectionPlain { code: section.code, bytes });
        }
        Ok((sections, withheld))
    }

    /// The section's content, or nothing if this device was not given its key.
    fn open_section(&self, section: &SectionBytes) -> Result<Option<Zeroizing<Vec<u8>>>, OpenError> {
        let Some(slot) = slot_of(section) else { return Ok(Some(Zeroizing::new(section.bytes.clone()))) };
        let mask = section_mask(&self.keys).ok_or(OpenError::Wrap)?;
        if mask & (1 << slot) == 0 {
            return Ok(None);
        }
        let key = self.keys[34 + slot * 32..].first_chunk::<32>().ok_or(OpenError::Wrap)?;
        let context = section_context(&self.outer.nonce, section.index);
        caead::open(key, &context.0, &section.bytes).map(Some).map_err(|_| OpenError::SectionKey)
    }

    fn into_packet(
        self,
        manifest: Manifest,
        sections: Vec<SectionPlain>,
        withheld: Vec<[u8; 3]>,
    ) -> OpenedPacket {
        let Self { grant, inner, .. } = self;
        OpenedPacket {
            packet: manifest.packet,
            packet_type: manifest.packet_type,
            case_ref: manifest.case_ref,
            in_reply_to: (manifest.in_reply_to != PacketId([0; 32])).then_some(manifest.in_reply_to),
            created: manifest.created,
            expires: grant.expires,
            from_org: grant.from_org,
            from_device: grant.from_device,
            from_roster: grant.from_roster,
            to_root: grant.to_root,
            to_roster: grant.to_roster,
            devices: inner.devices,
            purpose: grant.purpose,
            onward: grant.onward,
            seq: grant.seq,
            previous_grant: grant.previous,
            grant_digest: grant_digest(&inner.grant),
            grant: inner.grant,
            manifest: inner.manifest,
            sections,
            withheld,
            return_prekeys: inner.return_prekeys,
            log_size: grant.log_size,
            log_root: grant.log_root,
            checkpoint: inner.checkpoint,
        }
    }
}

impl std::fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unsealed").field("claimed", &self.grant.from_device).finish_non_exhaustive()
    }
}
