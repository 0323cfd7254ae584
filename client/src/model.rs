//! What the vault keeps of packets and threads. All of it is sealed per record; nothing here is ever logged.

use causeway_common::clearance::RECEIPTS_SECTION;
use causeway_common::ids::{DeviceId, Digest, EnvelopeId, OrgId, PacketId};
use causeway_common::limits::RESEALS_MAX;
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
    /// Taken back before anybody else had it.
    Withdrawn,
    /// A colleague's device has sent it, and nobody has signed for it as far as we know.
    ByColleague,
    /// A device of the recipient holds it, and no person has opened it while it was of use.
    ExpiredUnopened,
}

impl Transport {
    const ALL: [Self; 11] = [
        Self::Queued,
        Self::Submitted,
        Self::Relayed,
        Self::Delivered,
        Self::Opened,
        Self::Undecryptable,
        Self::ExpiredUndelivered,
        Self::RejectedByRelay,
        Self::Withdrawn,
        Self::ByColleague,
        Self::ExpiredUnopened,
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
            Self::Withdrawn => "withdrawn",
            Self::ByColleague => "sent_by_colleague",
            Self::ExpiredUnopened => "expired_unopened",
        }
    }

    /// Whether the sender must still do something to get it across.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Submitted | Self::Relayed)
    }

    /// Whether it ended without reaching a person: shown as an item of its own.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Undecryptable | Self::ExpiredUndelivered | Self::RejectedByRelay | Self::ExpiredUnopened
        )
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

/// `packet_type` of what devices of one organisation tell each other, see [`crate::shared`].
pub const PACKET_SHARED: u16 = 3;

/// A section as stored: its code and its bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSection {
    /// Three letters.
    pub code: [u8; 3],
    /// Content, mostly JSON.
    #[serde(with = "serde_bytes")]
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
    #[serde(with = "serde_bytes")]
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
    /// Time of each step: queued, relayed, delivered, opened, last sealed; zero for a step not reached.
    pub times: [Timestamp; 5],
    /// Name of the colleague's device that has sent it; empty for this one.
    pub author: String,
}

impl Sent {
    /// Whether it is about packets and no packet of a person: nobody signs for it, and nobody is told what became of it.
    pub fn is_service(&self) -> bool {
        matches!(self.packet_type, PACKET_RECEIPTS | PACKET_SHARED)
    }

    /// Puts it back into the queue, to be sealed again. `false`: it has been sealed as often as a packet may be, so that
    /// nobody makes us seal for ever; then nothing has changed.
    pub fn queue_again(&mut self) -> bool {
        let may = self.reseals < RESEALS_MAX;
        if may {
            self.reseals += 1;
            self.transport = Transport::Queued;
            self.envelope.clear();
        }
        may
    }
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
    /// The manifest that the grant names: with it the content can be proven again.
    #[serde(with = "serde_bytes")]
    pub manifest: Vec<u8>,
    /// Name of the colleague's device that has given it; empty: it came from its sender.
    pub given_by: String,
}

impl Received {
    /// Whether all that it says is for colleagues: this device may read nothing but the header.
    pub fn shows_nothing(&self) -> bool {
        !self.withheld.is_empty() && self.sections.len() <= 1
    }

    /// Whether it is about packets and no packet of a person: receipts, or what a colleague's device says. It is kept only while
    /// it is in doubt.
    pub fn is_service(&self) -> bool {
        let has = |code: [u8; 3]| self.sections.iter().any(|section| section.code == code);
        self.kind == crate::shared::KIND || self.kind == "RCP" && has(RECEIPTS_SECTION)
    }
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
    /// What happened: what is proven, then the steps of both sides in the order that both come to.
    pub events: Vec<Event>,
    /// Updates that have come before something that they follow.
    pub waiting: Vec<PacketId>,
}

impl Thread {
    /// The number a person uses: the packet's for what came in, the thread's for what went out, because one packet can
    /// go to several organisations.
    pub fn number(&self) -> [u8; 32] {
        let named_by_case = self.ours || self.root == PacketId([0; 32]);
        if named_by_case { self.case } else { self.root.0 }
    }
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
    /// The packet that carried it, or that a receipt is for.
    pub packet: PacketId,
    /// The packet that the step follows; zeros for what is no step: sent, delivered, opened.
    pub after: PacketId,
    /// The step was not possible where it stands: the other side had done something else. It has changed nothing.
    pub conflict: bool,
    /// Name of the colleague's device whose step it is; empty for this device and for the other side.
    pub author: String,
    /// A colleague's step was there before this one of ours had left: it was not sent, and has no place in the order.
    pub taken_back: bool,
}

no_content_in_debug!(StoredSection, Sent, Received, Thread, Event);
