//! Opening a packet, in two steps: [`unseal`] with this device's key, then [`Unsealed::verify`] with the sender's
//! key, which the caller looks up in the directory between the two.

use causeway_certs::keys::PublicKey;
use causeway_common::codec;
use causeway_common::envelope::{ENVELOPE_VERSION, Outer, Wrap, envelope_id};
use causeway_common::framed::{Label, SUITE};
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::limits::{
    BODY_BYTES_MAX, BODY_BYTES_MIN, PADDED_BYTES_MAX, SECTION_SLOTS, WRAP_PLAIN_BYTES,
};
use causeway_common::signed::Signed;
use zeroize::Zeroizing;

use super::content::{
    Grant, Inner, Manifest, PrekeyRef, SectionBytes, commitment, devices_digest, grant_digest,
    manifest_digest, section_context, wrap_info,
};
use super::packet::{SectionPlain, body_context};
use super::{caead, hybrid, pad};

/// Why a packet is not accepted. What fails before the signature looks the same to everyone but us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Addressed to somebody else, or a version this program does not know.
    #[error("the envelope is not for this organisation or of an unknown version")]
    Outer,
    /// Body or wrap of a size they cannot have.
    #[error("the envelope has the wrong size")]
    Size,
    /// The wrap does not open: changed, exchanged, or another prekey.
    #[error("the wrap does not open")]
    Wrap,
    /// The body does not open, or is not padded as it must be.
    #[error("the body does not open")]
    Body,
    /// The content is not what a packet consists of.
    #[error("the content of the packet is malformed")]
    Content,
    /// Not signed by the device that it names.
    #[error("the packet is not signed by the device it names")]
    Signature,
    /// The sender signed it for somebody else: it was passed on in disguise.
    #[error("the packet was sealed for another organisation and passed on")]
    Readdressed,
    /// The sender signed it for another envelope.
    #[error("the packet belongs into another envelope")]
    Nonce,
    /// This device is not among those the sender signed for.
    #[error("the sender did not seal this packet to this device")]
    Devices,
    /// The manifest is not the one the sender signed.
    #[error("the manifest is not the signed one")]
    Manifest,
    /// A section is not the one all recipients were promised.
    #[error("a section is not the one that the sender committed to")]
    Section,
}

/// Who opens.
#[derive(Debug)]
pub struct Me<'a> {
    /// This organisation.
    pub org: OrgId,
    /// This device.
    pub device: DeviceId,
    /// Public half of the prekey that the wrap names.
    pub prekey_public: &'a [u8],
    /// Its secret half.
    pub seed: &'a [u8; 32],
}

/// Decrypted, but nothing in it is proven yet.
#[derive(Debug)]
pub struct Unsealed {
    grant: Grant,
    signed_grant: Signed,
    manifest: Vec<u8>,
    sections: Vec<Section>,
    return_prekeys: Vec<Signed>,
    checkpoint: Vec<u8>,
    expected: Expected,
}

#[derive(Debug)]
struct Expected {
    org: OrgId,
    nonce: [u8; 32],
    lists_me: bool,
}

#[derive(Debug)]
struct Section {
    index: u8,
    code: [u8; 3],
    plain: Option<Zeroizing<Vec<u8>>>,
}

/// A packet whose sender is proven.
#[derive(Clone, Debug)]
pub struct OpenedPacket {
    /// Manifest with the packet's name, thread and time.
    pub manifest: Manifest,
    /// What the sender signed for us.
    pub grant: Grant,
    /// The grant as it was signed: proof towards others.
    pub signed_grant: Signed,
    /// Hash that receipts name.
    pub grant_digest: Digest,
    /// Sections this device may read.
    pub sections: Vec<SectionPlain>,
    /// Codes of sections that are there for others.
    pub withheld: Vec<[u8; 3]>,
    /// Prekeys of the sender for our answers; to be verified before use.
    pub return_prekeys: Vec<Signed>,
    /// Directory head of the sender.
    pub checkpoint: Vec<u8>,
}

impl OpenedPacket {
    /// Name of the packet.
    pub fn packet(&self) -> PacketId {
        self.manifest.packet
    }
}

/// Decrypts an envelope with this device's wrap. Proves nothing about the sender.
pub fn unseal(outer: &Outer, body: &[u8], wrap: &Wrap, me: &Me<'_>) -> Result<Unsealed, OpenError> {
    if outer.version != ENVELOPE_VERSION || outer.suite != SUITE || outer.recipient != me.org {
        return Err(OpenError::Outer);
    }
    let body_fits = (BODY_BYTES_MIN..=BODY_BYTES_MAX).contains(&body.len());
    if !body_fits || !wrap.has_exact_lengths() || wrap.device != me.device {
        return Err(OpenError::Size);
    }
    let keys = open_wrap(outer, body, wrap, me)?;
    let body_key = keys.first_chunk::<32>().ok_or(OpenError::Wrap)?;
    let padded = caead::open(body_key, &body_context(outer).0, body).map_err(|_| OpenError::Body)?;
    let inner: Inner = codec::decode(pad::unpad(&padded).ok_or(OpenError::Body)?, PADDED_BYTES_MAX)
        .map_err(|_| OpenError::Content)?;
    let grant: Grant = codec::decode(&inner.grant.body, PADDED_BYTES_MAX).map_err(|_| OpenError::Content)?;
    let sections = inner
        .sections
        .iter()
        .map(|section| open_section(section, &outer.nonce, &keys))
        .collect::<Result<Vec<_>, _>>()?;
    let listed = inner.devices.iter().any(|d| d.device == me.device && d.prekey == wrap.prekey);
    let lists_me = listed && grant.devices == devices_digest(&inner.devices);
    Ok(Unsealed {
        grant,
        signed_grant: inner.grant,
        manifest: inner.manifest,
        sections,
        return_prekeys: inner.return_prekeys,
        checkpoint: inner.checkpoint,
        expected: Expected { org: me.org, nonce: outer.nonce, lists_me },
    })
}

fn open_wrap(outer: &Outer, body: &[u8], wrap: &Wrap, me: &Me<'_>) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let prekey = PrekeyRef { number: wrap.prekey, kind: wrap.kind.into(), public: me.prekey_public };
    let info = wrap_info(envelope_id(outer, body), me.org, me.device, &prekey);
    let keys = hybrid::open(me.seed, &wrap.enc, &info, &wrap.ct).map_err(|_| OpenError::Wrap)?;
    if keys.len() == WRAP_PLAIN_BYTES { Ok(keys) } else { Err(OpenError::Wrap) }
}

fn open_section(section: &SectionBytes, nonce: &[u8; 32], keys: &[u8]) -> Result<Section, OpenError> {
    let code = section.code.as_slice().try_into().map_err(|_| OpenError::Content)?;
    let index = section.index;
    if section.flags == 0 {
        return Ok(Section { index, code, plain: Some(Zeroizing::new(section.bytes.clone())) });
    }
    let slot = usize::from(index).checked_sub(1).filter(|s| *s < SECTION_SLOTS).ok_or(OpenError::Content)?;
    let mask = u16::from_le_bytes([keys[32], keys[33]]);
    if mask & (1 << slot) == 0 {
        return Ok(Section { index, code, plain: None });
    }
    let key = keys[34 + slot * 32..].first_chunk::<32>().ok_or(OpenError::Content)?;
    let plain =
        caead::open(key, &section_context(nonce, index).0, &section.bytes).map_err(|_| OpenError::Section)?;
    Ok(Section { index, code, plain: Some(plain) })
}

impl Unsealed {
    /// The organisation and device that claim to have sent it. Look up their key, then [`Self::verify`].
    pub fn claimed_sender(&self) -> (OrgId, DeviceId) {
        (self.grant.from_org, self.grant.from_device)
    }

    /// Size and root of the directory that the sender claims to know.
    pub fn claimed_directory(&self) -> (u64, Digest) {
        (self.grant.log_size, self.grant.log_root)
    }

    /// Proves the sender, and that it meant exactly this for exactly us.
    pub fn verify(self, sender: &PublicKey) -> Result<OpenedPacket, OpenError> {
        let grant = &self.grant;
        if sender.device_id() != grant.from_device || sender.verify(Label::Grant, &self.signed_grant).is_err()
        {
            return Err(OpenError::Signature);
        }
        if grant.to_org != self.expected.org {
            return Err(OpenError::Readdressed);
        }
        if grant.nonce != self.expected.nonce {
            return Err(OpenError::Nonce);
        }
        if !self.expected.lists_me {
            return Err(OpenError::Devices);
        }
        if grant.manifest != manifest_digest(&self.manifest) {
            return Err(OpenError::Manifest);
        }
        let manifest: Manifest =
            codec::decode(&self.manifest, PADDED_BYTES_MAX).map_err(|_| OpenError::Content)?;
        self.check_sections(&manifest)?;
        Ok(self.into_packet(manifest))
    }

    /// Every section must be granted, in order, and be what the manifest commits to.
    fn check_sections(&self, manifest: &Manifest) -> Result<(), OpenError> {
        if self.sections.len() != self.grant.granted.len() {
            return Err(OpenError::Section);
        }
        for (section, granted) in self.sections.iter().zip(&self.grant.granted) {
            let committed = manifest.commitments.get(usize::from(section.index));
            if section.index != granted.index || committed.is_none() {
                return Err(OpenError::Section);
            }
            let Some(plain) = &section.plain else { continue };
            if committed != Some(&commitment(&granted.salt, section.index, plain)) {
                return Err(OpenError::Section);
            }
        }
        Ok(())
    }

    fn into_packet(self, manifest: Manifest) -> OpenedPacket {
        let mut sections = Vec::new();
        let mut withheld = Vec::new();
        for Section { code, plain, .. } in self.sections {
            match plain {
                Some(bytes) => sections.push(SectionPlain { code, bytes }),
                None => withheld.push(code),
            }
        }
        OpenedPacket {
            manifest,
            grant_digest: grant_digest(&self.signed_grant),
            grant: self.grant,
            signed_grant: self.signed_grant,
            sections,
            withheld,
            return_prekeys: self.return_prekeys,
            checkpoint: self.checkpoint,
        }
    }
}
