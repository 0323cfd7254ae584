//! The ways in which a packet can be wrong.

/// Why a packet is not accepted. The first group fails before anything is proven about the sender and reads the
/// same to everyone, so that nobody learns from a refusal what was wrong; the second group accuses the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A version or suite this program does not know. The relay sees these two anyway.
    #[error("the packet was sealed by a newer version of Causeway; update this program, then fetch again")]
    Version,
    /// The envelope is addressed to another organisation.
    #[error("{UNOPENABLE}")]
    Recipient,
    /// The wrap belongs to another device.
    #[error("{UNOPENABLE}")]
    Device,
    /// The body has a length that padding never gives, or that the header does not announce.
    #[error("{UNOPENABLE}")]
    BodyLength,
    /// The wrap or the prekey has the wrong length.
    #[error("{UNOPENABLE}")]
    WrapLength,
    /// The encapsulated key would give a secret that everyone knows.
    #[error("{UNOPENABLE}")]
    LowOrder,
    /// The wrap does not open: changed, exchanged, moved to another envelope, or sealed to another prekey.
    #[error("{UNOPENABLE}")]
    Wrap,
    /// The body does not open, or does not commit to the key in the wrap.
    #[error("{UNOPENABLE}")]
    Body,
    /// The body opens but is not padded as it must be.
    #[error("{UNOPENABLE}")]
    Padding,
    /// The content is not the one encoding of what a packet consists of.
    #[error("{UNOPENABLE}")]
    Content,
    /// A list inside is too long, out of order, or has keys for sections that are not there.
    #[error("{UNOPENABLE}")]
    Shape,

    /// The key that was looked up is not that of the device the packet names.
    #[error("the sender named in the packet is not the one that was looked up; the packet is not shown")]
    SenderKey,
    /// Not signed by the device that it names.
    #[error("the packet is not signed by the device it names; it may be forged and is not shown")]
    Signature,
    /// Signed for another organisation: somebody passed it on in disguise.
    #[error(
        "the sender sealed this packet for another organisation and somebody passed it on; ask the sender"
    )]
    Readdressed,
    /// Signed for another envelope.
    #[error("the sender sealed this content in another envelope; somebody may be replaying it")]
    Nonce,
    /// The header's expiry is not the signed one.
    #[error("the packet's expiry is not the one the sender signed")]
    Expiry,
    /// The list of devices is not the signed one.
    #[error("the list of devices in the packet is not the one the sender signed")]
    DeviceList,
    /// This device, or this prekey of it, is not in the signed list.
    #[error("the sender did not seal this packet to this device; ask the sender to send it again")]
    NotListed,
    /// The manifest is not the signed one.
    #[error("the packet's summary is not the one the sender signed")]
    Manifest,
    /// The manifest is signed but not in canonical form.
    #[error("the packet's summary is malformed; the sender's program is faulty")]
    ManifestContent,
    /// Manifest and grant differ about when the packet was made.
    #[error("the packet gives two different times of its making; the sender's program is faulty")]
    Created,
    /// The sections are not those that the grant gives.
    #[error("the packet has other sections than the sender signed for")]
    Granted,
    /// A section does not open under the key that was given for it.
    #[error("a section does not open; the sender gave a wrong key for it")]
    SectionKey,
    /// A section is not the one the manifest commits to.
    #[error("a section is not the one that the sender committed to")]
    Commitment,
}

const UNOPENABLE: &str = "the packet does not open: it was changed on the way, is meant for somebody else, or its \
                          key is gone; the sender will be asked to seal it again";

impl OpenError {
    /// Whether the packet failed although the device it names has signed it for us and for this envelope: then its sender
    /// is proven.
    pub fn is_the_senders(self) -> bool {
        matches!(
            self,
            Self::Expiry
                | Self::DeviceList
                | Self::NotListed
                | Self::Manifest
                | Self::ManifestContent
                | Self::Created
                | Self::Granted
                | Self::SectionKey
                | Self::Commitment
        )
    }

    /// Whether the packet failed before anything was proven about its sender. All of these must look alike from
    /// outside, except the version, which stands there in the clear.
    pub fn is_before_signature(self) -> bool {
        matches!(
            self,
            Self::Version
                | Self::Recipient
                | Self::Device
                | Self::BodyLength
                | Self::WrapLength
                | Self::LowOrder
                | Self::Wrap
                | Self::Body
                | Self::Padding
                | Self::Content
                | Self::Shape
        )
    }
}
