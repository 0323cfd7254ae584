//! What the vault keeps of packets and threads. All of it is sealed per record; nothing here is ever logged.

use causeway_common::ids::{DeviceId, Digest, EnvelopeId, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How far a packet has come, by signed receipts only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", from = "u8")]
#[expect(clippy::exhaustive_enums, reason = "stored")]
pub enum Transport {
    /// In the outbox, not sealed yet.
    Queued,
    /// Sealed and offered to the relay.
    Submitted,
    /// The relay has signed that it holds it.
    Relayed,
    /// A device of the recipient has signed that it holds it.
    Delivered,
    /// A person has opened it.
    Opened,
    /// The recipient cannot open it, and sealing again did not help.
    Undecryptable,
    /// The relay has signed that nobody fetched it in time.
    ExpiredUndelivered,
    /// The relay refuses it for good.
    RejectedByRelay,
}

impl Transport {
    const ALL: [Self; 8] = [
        Self::Queued,
        Self::Submitted,
        Self::Relayed,
        Self::Delivered,
        Self::Opened,
        Self::Undecryptable,
        Self::ExpiredUndelivered,
        Self::RejectedByRelay,
    ];

    /// The word used in documents and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Submitted => "submitted",
            Self::Relayed => "relayed",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::Undecryptable => "undecryptable",
            Self::ExpiredUndelivered => "expired_undelivered",
            Self::RejectedByRelay => "rejected_by_relay",
        }
    }

    /// Whether the sender must still do something to get it across.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Submitted | Self::Relayed)
    }

    /// Whether it ended without reaching anybody: shown as an item of its own.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Undecryptable | Self::ExpiredUndelivered | Self::RejectedByRelay)
    }
}

impl From<Transport> for u8 {
    fn from(state: Transport) -> Self {
        state as Self
    }
}

impl From<u8> for Transport {
    fn from(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::RejectedByRelay)
    }
}

/// `packet_type` of a referral or of an update to one.
pub const PACKET_REFERRAL: u16 = 1;
/// `packet_type` of a bundle of receipts.
pub const PACKET_RECEIPTS: u16 = 2;

/// A section as stored: its code and its bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSection {
    /// Three letters.
    pub code: [u8; 3],
    /// Content, mostly JSON.
    pub bytes: Vec<u8>,
}

/// A packet of ours, on its way or arrived.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Its name.
    pub packet: PacketId,
    /// Its thread.
    pub case: [u8; 32],
    /// Referral, or receipts.
    pub packet_type: u16,
    /// Kind code, for lists.
    pub kind: String,
    /// Recipient.
    pub to: OrgId,
    /// Queue order.
    pub priority: Priority,
    /// When it was written.
    pub created: Timestamp,
    /// When the relay gives up.
    pub expires: Timestamp,
    /// The packet it answers; zeros for none.
    pub in_reply_to: PacketId,
    /// The content, kept so that it can be sealed again; emptied for receipts once relayed.
    pub sections: Vec<StoredSection>,
    /// How far it has come.
    pub transport: Transport,
    /// Machine word for a failure.
    pub failure: String,
    /// Times it was sealed again.
    pub reseals: u8,
    /// The sealed envelope, byte for byte as offered; emptied when a device has signed for it.
    pub envelope: Vec<u8>,
    /// Name of that envelope.
    pub envelope_id: EnvelopeId,
    /// Hash of the grant inside.
    pub grant: Digest,
    /// Number in the chain to this organisation.
    pub sequence: u64,
    /// Grant before it in the chain.
    pub previous: Digest,
    /// The relay's receipt, at most one.
    pub relay_receipt: Vec<Signed>,
    /// Signed receipts of devices.
    pub receipts: Vec<Signed>,
    /// Time of each step: queued, relayed, delivered, opened; zero for a step not reached.
    pub times: [Timestamp; 4],
}

/// A packet of somebody else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Its name.
    pub packet: PacketId,
    /// Its thread.
    pub case: [u8; 32],
    /// Kind code, for lists.
    pub kind: String,
    /// Sender.
    pub from: OrgId,
    /// Sending device.
    pub from_device: DeviceId,
    /// Queue order.
    pub priority: Priority,
    /// When it was written, by the sender's clock.
    pub created: Timestamp,
    /// When the relay took it.
    pub relayed: Timestamp,
    /// When it was stored here.
    pub received: Timestamp,
    /// When a person opened it; zero if nobody has.
    pub opened: Timestamp,
    /// The packet it answers; zeros for none.
    pub in_reply_to: PacketId,
    /// What this device may read.
    pub sections: Vec<StoredSection>,
    /// Codes of sections for others.
    pub withheld: Vec<[u8; 3]>,
    /// What the sender signed, kept as proof.
    pub grant: Signed,
    /// Hash that receipts name.
    pub grant_digest: Digest,
    /// Packets of the sender's device that should have come before this one and did not.
    pub missing_before: u64,
}

/// One case between two organisations.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Random name of the thread.
    pub case: [u8; 32],
    /// First packet.
    pub root: PacketId,
    /// Kind code of the first packet.
    pub kind: String,
    /// The other organisation.
    pub peer: OrgId,
    /// Whether we sent the first packet.
    pub ours: bool,
    /// Queue order.
    pub priority: Priority,
    /// When it began here.
    pub begun: Timestamp,
    /// When an answer is due.
    pub respond_by: Timestamp,
    /// Work state, a word of the lifecycle.
    pub work: String,
    /// What happened, oldest first.
    pub events: Vec<Event>,
}

/// One step of a thread.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, by this device's clock.
    pub at: Timestamp,
    /// Who: us, or them.
    pub by: OrgId,
    /// What, a word of the lifecycle.
    pub what: String,
    /// Work state after it.
    pub state: String,
    /// What was written with it.
    pub text: String,
    /// The packet that carried it; zeros for a step of this device alone.
    pub packet: PacketId,
}

macro_rules! no_content_in_debug {
    ($($name:ident),*) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })*
    };
}
no_content_in_debug!(StoredSection, Sent, Received, Thread, Event);
