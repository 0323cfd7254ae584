//! The byte rules of everything that is signed or hashed.
//!
//! `frame = 0x19 ‖ u8 label length ‖ label ‖ u16le suite ‖ u64le body length ‖ body`. Signatures cover the frame,
//! identifiers are the SHA-256 of the frame. The first byte keeps a frame apart from a TLS 1.3 CertificateVerify
//! (64 spaces), from DER (0x30) and from text; the label gives each signature and each hash one purpose only.

use sha2::{Digest as _, Sha256};

use crate::ids::Digest;

/// The cryptographic suite of this version. Suite 2 (hybrid signatures) is reserved.
pub const SUITE: u16 = 1;

/// The one purpose of a signature or a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Label {
    /// Hash that binds an attachment's ciphertext to its packet, section and number.
    AttachmentCtx,
    /// Hash that binds an envelope's body to its outer header.
    BodyCtx,
    /// A device's signature over the index of a case that it has written out for a court.
    Bundle,
    /// Hash that names a device.
    DeviceId,
    /// Hash over the devices a packet was sealed to.
    DeviceList,
    /// A new device's signed request to join its organisation.
    DeviceLink,
    /// A device's signed statement of its prekeys and key store.
    DeviceStatus,
    /// Hash that names an envelope.
    EnvelopeId,
    /// Hash that people compare.
    Fingerprint,
    /// A sending device's signature over a packet for one organisation.
    Grant,
    /// The registrar's signed invitation.
    Invite,
    /// Hash of a request to join, which people compare.
    LinkCompare,
    /// What authenticates a request to join with its one-use code.
    LinkMac,
    /// What the relay knows a one-use code by.
    LinkTicket,
    /// A signed directory statement.
    LogEntry,
    /// Hash over a manifest.
    Manifest,
    /// A receiving device's signed refusal of an envelope.
    Nack,
    /// An organisation's first statement, signed by its root.
    OrgGenesis,
    /// Hash that names an organisation.
    OrgId,
    /// An organisation's administrators, signed by its root.
    OrgRecord,
    /// What an organisation that has lost its workstations asks of the registrar, signed by a root on paper.
    OrgRecover,
    /// Hash that chains the grants of one device to one organisation.
    PacketChain,
    /// A signed prekey.
    Prekey,
    /// A receiving device's signed receipt.
    Receipt,
    /// Whoever is to become a registrar, signed by that key.
    RegistrarRequest,
    /// The relay's signed receipt of an envelope, or of its expiry.
    RelayAck,
    /// What a relay's next key, and the present one, say of it.
    RelaySuccessor,
    /// A signed list of devices.
    Roster,
    /// Hash and HPKE info that bind a wrap to everything around it.
    Seal,
    /// Commitment to one section of a packet.
    SectionCommit,
    /// Hash that binds a section's ciphertext to its packet.
    SectionCtx,
}

impl Label {
    /// The label's text, as it stands in the frame.
    pub const fn text(self) -> &'static str {
        match self {
            Self::AttachmentCtx => "causeway/v1 attachment-ctx",
            Self::BodyCtx => "causeway/v1 body-ctx",
            Self::Bundle => "causeway/v1 bundle",
            Self::DeviceId => "causeway/v1 device-id",
            Self::DeviceList => "causeway/v1 device-list",
            Self::DeviceLink => "causeway/v1 device-link",
            Self::DeviceStatus => "causeway/v1 device-status",
            Self::EnvelopeId => "causeway/v1 envelope-id",
            Self::Fingerprint => "causeway/v1 fingerprint",
            Self::Grant => "causeway/v1 grant",
            Self::Invite => "causeway/v1 invite",
            Self::LinkCompare => "causeway/v1 link-compare",
            Self::LinkMac => "causeway/v1 link-mac",
            Self::LinkTicket => "causeway/v1 link-ticket",
            Self::LogEntry => "causeway/v1 log-entry",
            Self::Manifest => "causeway/v1 manifest",
            Self::Nack => "causeway/v1 nack",
            Self::OrgGenesis => "causeway/v1 org-genesis",
            Self::OrgId => "causeway/v1 org-id",
            Self::OrgRecord => "causeway/v1 org-record",
            Self::OrgRecover => "causeway/v1 org-recover",
            Self::PacketChain => "causeway/v1 packet-chain",
            Self::Prekey => "causeway/v1 prekey",
            Self::Receipt => "causeway/v1 receipt",
            Self::RegistrarRequest => "causeway/v1 registrar-request",
            Self::RelayAck => "causeway/v1 relay-ack",
            Self::RelaySuccessor => "causeway/v1 relay-successor",
            Self::Roster => "causeway/v1 roster",
            Self::Seal => "causeway/v1 seal",
            Self::SectionCommit => "causeway/v1 section-commit",
            Self::SectionCtx => "causeway/v1 section-ctx",
        }
    }
}

/// The framed bytes of `body` under `label`.
pub fn frame(label: Label, body: &[u8]) -> Vec<u8> {
    let text = label.text().as_bytes();
    let mut out = Vec::with_capacity(12 + text.len() + body.len());
    out.push(0x19);
    out.push(u8::try_from(text.len()).expect("every label is shorter than 256 bytes"));
    out.extend_from_slice(text);
    out.extend_from_slice(&SUITE.to_le_bytes());
    out.extend_from_slice(&(body.len() as u64).to_le_bytes());
    out.extend_from_slice(body);
    out
}

/// The SHA-256 of the framed bytes of `body` under `label`.
pub fn hash(label: Label, body: &[u8]) -> Digest {
    Digest(Sha256::digest(frame(label, body)).into())
}

/// The plain SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_is_laid_out_as_specified() {
        let framed = frame(Label::Seal, b"ab");
        let mut expected = vec![0x19, 16];
        expected.extend_from_slice(b"causeway/v1 seal");
        expected.extend_from_slice(&[1, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend_from_slice(b"ab");
        assert_eq!(framed, expected);
    }
}
