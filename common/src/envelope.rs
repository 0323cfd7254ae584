//! The envelope: all that a relay may see of a packet.
//!
//! One envelope goes to one recipient organisation. Its body is encrypted once; each of the organisation's devices
//! has a wrap of its own with the body's key. Sender, kind, case, sections and countries stand inside.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::codec;
use crate::framed::{self, Label};
use crate::ids::{DeviceId, Digest, EnvelopeId, OrgId, PrekeyNumber};
use crate::limits;
use crate::priority::Priority;
use crate::time::Timestamp;

/// Version of the envelope format.
pub const ENVELOPE_VERSION: u16 = 1;

/// The outer header. Every byte of it is bound into the body's encryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outer {
    /// Format version, [`ENVELOPE_VERSION`].
    pub version: u16,
    /// Cryptographic suite, [`framed::SUITE`].
    pub suite: u16,
    /// Random; makes every envelope unique and is repeated in the signed grant.
    pub nonce: [u8; 32],
    /// The organisation it is for.
    pub recipient: OrgId,
    /// When the relay gives up, in whole hours since 1970.
    pub expiry_hours: u32,
    /// Queue order.
    pub priority: Priority,
    /// The base-2 logarithm, rounded up, of the padded body's length.
    pub size_class: u8,
}

/// What kind of prekey a wrap was sealed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[expect(clippy::exhaustive_enums, reason = "part of the wire format")]
pub enum PrekeyKind {
    /// Used once, then erased.
    OneTime,
    /// Used when the one-time keys have run out; rotated weekly.
    LastResort,
    /// One-time, given to one partner inside a packet.
    Return,
}

impl From<PrekeyKind> for u8 {
    fn from(kind: PrekeyKind) -> Self {
        kind as Self
    }
}

impl TryFrom<u8> for PrekeyKind {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            0 => Ok(Self::OneTime),
            1 => Ok(Self::LastResort),
            2 => Ok(Self::Return),
            _ => Err("unknown prekey kind"),
        }
    }
}

/// The body's key and the section keys for one device, sealed with HPKE to one of its prekeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrap {
    /// Whose it is.
    pub device: DeviceId,
    /// The prekey it is sealed to.
    pub prekey: PrekeyNumber,
    /// What kind of prekey that is.
    pub kind: PrekeyKind,
    /// HPKE encapsulated key, [`limits::WRAP_ENC_BYTES`].
    #[serde(with = "serde_bytes")]
    pub enc: Vec<u8>,
    /// HPKE ciphertext, [`limits::WRAP_CT_BYTES`].
    #[serde(with = "serde_bytes")]
    pub ct: Vec<u8>,
}

/// A sealed packet for one organisation, as it is submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The outer header.
    pub outer: Outer,
    /// The encrypted body.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// One wrap per device, sorted by device, no device twice.
    pub wraps: Vec<Wrap>,
}

/// What is wrong with an envelope's outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The body's length is not one that padding gives.
    #[error("the body has a length that padding never gives")]
    BodyLength,
    /// Too many devices, none, or one twice.
    #[error("the list of devices is empty, too long, out of order or repeats one")]
    Devices,
    /// The size class does not fit the body.
    #[error("the size class does not fit the body")]
    SizeClass,
    /// A version or suite this program does not know.
    #[error("unknown envelope version or suite")]
    Version,
    /// A wrap of the wrong size.
    #[error("a wrap has the wrong size")]
    WrapLength,
}

impl Outer {
    /// When the relay gives up.
    pub fn expires(&self) -> Timestamp {
        Timestamp::from_hours(self.expiry_hours)
    }
}

/// The name of the envelope that has this outer header and this body.
pub fn envelope_id(outer: &Outer, body: &[u8]) -> EnvelopeId {
    let mut bytes = codec::encode(outer);
    bytes.extend_from_slice(&Sha256::digest(body));
    EnvelopeId(framed::hash(Label::EnvelopeId, &bytes).0)
}

/// The size class of a body of `len` bytes.
pub fn size_class(len: usize) -> u8 {
    u8::try_from(len.next_power_of_two().trailing_zeros()).unwrap_or(u8::MAX)
}

impl Envelope {
    /// The envelope's name.
    pub fn id(&self) -> EnvelopeId {
        envelope_id(&self.outer, &self.body)
    }

    /// The hash of every byte of it, wraps included: what the relay's receipt names.
    pub fn digest(&self) -> Digest {
        framed::sha256(&codec::encode(self))
    }

    /// Checks everything that can be checked without a key. Anyone who handles an envelope does this first.
    pub fn check(&self) -> Result<(), EnvelopeError> {
        if self.outer.version != ENVELOPE_VERSION || self.outer.suite != framed::SUITE {
            return Err(EnvelopeError::Version);
        }
        if self.body.len() < limits::BODY_BYTES_MIN || self.body.len() > limits::BODY_BYTES_MAX {
            return Err(EnvelopeError::BodyLength);
        }
        if self.outer.size_class != size_class(self.body.len()) {
            return Err(EnvelopeError::SizeClass);
        }
        let in_order = self.wraps.is_sorted_by(|a, b| a.device < b.device);
        if self.wraps.is_empty() || self.wraps.len() > limits::DEVICES_PER_ORG_MAX || !in_order {
            return Err(EnvelopeError::Devices);
        }
        if self.wraps.iter().any(|w| !w.has_exact_lengths()) {
            return Err(EnvelopeError::WrapLength);
        }
        Ok(())
    }
}

impl Wrap {
    /// Whether both parts have the one length they may have.
    pub fn has_exact_lengths(&self) -> bool {
        self.enc.len() == limits::WRAP_ENC_BYTES && self.ct.len() == limits::WRAP_CT_BYTES
    }
}
