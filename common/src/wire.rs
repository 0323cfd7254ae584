//! What is said on a connection.
//!
//! A client opens one bidirectional stream per request: it writes a frame (one type byte, the payload's length as u32le,
//! then the payload in the encoding of [`crate::codec`]), finishes, and reads one frame back: the answer's, or [`Refusal`]. A blob request
//! is followed, on the same stream, by the raw bytes of a range. The relay opens one unidirectional stream per
//! pushed frame. The first request on a connection is [`Hello`].

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec::{self, DecodeError};
use crate::envelope::{Envelope, Outer, Wrap};
use crate::error::ErrorCode;
use crate::ids::{BlobId, Digest, EnvelopeId, OrgId};
use crate::limits;
use crate::signed::Signed;
use crate::statements::SignedRoster;
use crate::time::Timestamp;

/// ALPN of this protocol.
pub const ALPN: &[u8] = b"causeway/1";
/// Protocol version that [`Hello`] offers.
pub const PROTOCOL_VERSION: u16 = 1;

/// Type byte of every frame. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum FrameType {
    /// [`Refusal`]
    Refusal = 0,
    /// [`Done`]
    Done = 1,
    /// [`Hello`]
    Hello = 2,
    /// [`Welcome`]
    Welcome = 3,
    /// [`Claim`]
    Claim = 4,
    /// [`Enrol`]
    Enrol = 5,
    /// [`Pending`]
    Pending = 6,
    /// [`PendingList`]
    PendingList = 7,
    /// [`Append`]
    Append = 8,
    /// [`DirectorySince`]
    DirectorySince = 9,
    /// [`DirectoryPart`]
    DirectoryPart = 10,
    /// [`FetchRosters`]
    FetchRosters = 11,
    /// [`Rosters`]
    Rosters = 12,
    /// [`PublishPrekeys`]
    PublishPrekeys = 13,
    /// [`TakePrekeys`]
    TakePrekeys = 14,
    /// [`Prekeys`]
    Prekeys = 15,
    /// [`Submit`]
    Submit = 16,
    /// [`Accepted`]
    Accepted = 17,
    /// [`Acknowledge`]
    Acknowledge = 18,
    /// [`Refuse`]
    Refuse = 19,
    /// [`AskOutcomes`]
    AskOutcomes = 20,
    /// [`Outcomes`]
    Outcomes = 21,
    /// [`BlobPut`]
    BlobPut = 22,
    /// [`BlobProgress`]
    BlobProgress = 23,
    /// [`BlobGet`]
    BlobGet = 24,
    /// [`Push`]
    Push = 25,
    /// [`GoAway`]
    GoAway = 26,
    /// [`Subscribe`]
    Subscribe = 27,
    /// [`DeviceState`]
    DeviceState = 28,
    /// [`DirectoryChanged`]
    DirectoryChanged = 29,
    /// [`LinkOpen`]
    LinkOpen = 30,
    /// [`LinkAsk`]
    LinkAsk = 31,
    /// [`LinkList`]
    LinkList = 32,
    /// [`LinkRequests`]
    LinkRequests = 33,
}

/// Structures that travel as a frame of their own.
pub trait Frame: Serialize + DeserializeOwned {
    /// The type byte.
    const TYPE: FrameType;
    /// Longest payload, in bytes.
    const LIMIT: usize = limits::FRAME_BYTES_MAX;
}

/// Type byte and length.
pub const FRAME_HEADER_BYTES: usize = 5;

/// The bytes of a frame.
pub fn encode_frame<F: Frame>(frame: &F) -> Vec<u8> {
    let payload = codec::encode(frame);
    let mut out = Vec::with_capacity(FRAME_HEADER_BYTES + payload.len());
    out.push(F::TYPE as u8);
    out.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&payload);
    out
}

/// Reads the payload of a frame whose type byte has been checked.
pub fn decode_payload<F: Frame>(payload: &[u8]) -> Result<F, DecodeError> {
    codec::decode(payload, F::LIMIT)
}

macro_rules! frames {
    ($($name:ident $(limit $limit:expr)?),* $(,)?) => {
        $(impl Frame for $name {
            const TYPE: FrameType = FrameType::$name;
            $(const LIMIT: usize = $limit;)?
        })*

        impl FrameType {
            /// The type of this number, if this version knows it.
            pub fn from_number(number: u8) -> Option<Self> {
                const ALL: &[FrameType] = &[$(FrameType::$name),*];
                ALL.iter().copied().find(|frame| *frame as u8 == number)
            }

            /// Longest payload of a frame of this type.
            pub fn limit(self) -> usize {
                match self {
                    $(Self::$name => <$name as Frame>::LIMIT,)*
                }
            }
        }
    };
}

/// Payload of a frame that carries little more than identifiers.
const SMALL: usize = 64 * 1024;
/// Payload of a frame with an envelope in it.
const ENVELOPE: usize = limits::ENVELOPE_BYTES_MAX + 64;
/// Payload of a frame about a device that joins its organisation.
const LINK: usize = limits::LINK_REQUEST_BYTES_MAX + 256;

frames! {
    Refusal limit SMALL,
    Done limit SMALL,
    Hello limit SMALL,
    Welcome limit SMALL,
    Claim limit SMALL,
    Enrol limit SMALL,
    Pending limit SMALL,
    PendingList,
    Append limit SMALL,
    DirectorySince limit SMALL,
    DirectoryPart,
    FetchRosters limit SMALL,
    Rosters,
    PublishPrekeys,
    TakePrekeys limit SMALL,
    Prekeys,
    Submit limit ENVELOPE,
    Accepted limit SMALL,
    Acknowledge limit SMALL,
    Refuse limit SMALL,
    AskOutcomes limit SMALL,
    Outcomes,
    BlobPut limit SMALL,
    BlobProgress limit SMALL,
    BlobGet limit SMALL,
    Push limit ENVELOPE,
    GoAway limit SMALL,
    Subscribe limit SMALL,
    DeviceState limit SMALL,
    DirectoryChanged limit SMALL,
    LinkOpen limit LINK,
    LinkAsk limit LINK,
    LinkList limit LINK,
    LinkRequests limit SMALL,
}

/// The request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub code: ErrorCode,
    /// When trying again makes sense, in milliseconds; 0 for an error that will not pass.
    pub retry_after_ms: u64,
}

/// The request was carried out, durably where it changed anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}

/// First request of every connection. Answer: [`Welcome`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Versions the client speaks, best first.
    pub versions: Vec<u16>,
}

/// The relay's first answer: the login has succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version both will speak.
    pub version: u16,
    /// 0 stranger (may only redeem an invite), 1 waiting for admission, 2 device of an organisation, 3 registrar,
    /// 4 device of a suspended organisation.
    pub standing: u8,
    /// The relay's time, for a warning when clocks differ.
    pub time: Timestamp,
    /// Present directory checkpoint (C2SP signed note); empty while no registrar exists.
    #[serde(with = "serde_bytes")]
    pub checkpoint: Vec<u8>,
}

/// `standing` of a key that nobody knows.
pub const STANDING_STRANGER: u8 = 0;
/// `standing` of a device whose organisation waits for admission.
pub const STANDING_PENDING: u8 = 1;
/// `standing` of a device in a roster.
pub const STANDING_MEMBER: u8 = 2;
/// `standing` of the registrar.
pub const STANDING_REGISTRAR: u8 = 3;
/// `standing` of a device whose organisation the registrar has suspended: it may read the directory, and hand in
/// statements about its own organisation.
pub const STANDING_SUSPENDED: u8 = 4;
/// `standing` of a workstation that comes back for its organisation: it may read the directory, and hand in statements
/// about that organisation.
pub const STANDING_RETURNING: u8 = 5;

/// Makes the caller the registrar of a fresh relay. Answer: [`Done`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// From the claim code that the relay printed.
    pub invite_id: [u8; 16],
    /// The first directory statement.
    pub genesis: Signed,
}

/// Redeems an invite. Answer: [`Done`]; the same organisation may ask again with the same result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrol {
    /// The invite, label `invite`, signed by the registrar.
    pub invite: Signed,
    /// `OrgGenesis`, signed by the root in it.
    pub genesis: Signed,
    /// `OrgRecord`, signed by the root.
    pub record: Signed,
    /// The first roster; the caller's TLS key must be in it.
    pub roster: SignedRoster,
}

/// Registrar: who waits for admission? Answer: [`PendingList`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {}

/// Organisations that wait for admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingList {
    /// At most [`limits::PENDING_MAX`], oldest first, as many as fit.
    pub waiting: Vec<Enrol>,
}

/// Appends a directory statement. Answer: [`Done`]. A statement that is already there is not appended twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Append {
    /// The statement, label `log-entry`.
    pub statement: Signed,
    /// For a roster change: the roster.
    pub roster: Vec<SignedRoster>,
    /// The relay has had it before, and lost it.
    pub given_back: bool,
}

impl Append {
    /// A statement that is new, with the roster that it names, if any.
    pub fn new(statement: Signed, roster: Option<SignedRoster>) -> Self {
        Self { statement, roster: roster.into_iter().collect(), given_back: false }
    }
}

/// Asks for the directory from a size on. Answer: [`DirectoryPart`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectorySince {
    /// Number of statements the caller has.
    pub size: u64,
}

/// A part of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryPart {
    /// Leaves from the asked size on, at most [`limits::STATEMENTS_PER_ANSWER_MAX`] and as many as fit.
    pub leaves: Vec<Vec<u8>>,
    /// Checkpoint over the whole directory, which may be larger than what is sent here.
    #[serde(with = "serde_bytes")]
    pub checkpoint: Vec<u8>,
}

/// Asks for rosters by their hash. Answer: [`Rosters`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchRosters {
    /// At most [`limits::ROSTERS_PER_ANSWER_MAX`].
    pub digests: Vec<Digest>,
}

/// Rosters that were asked for; those the relay does not have are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rosters {
    /// In the order asked.
    pub rosters: Vec<SignedRoster>,
}

/// Hands the relay new prekeys of the calling device. Answer: [`DeviceState`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishPrekeys {
    /// `DeviceStatus`, label `device-status`. A raised minimum epoch withdraws all older prekeys.
    pub status: Signed,
    /// `Prekey`s, label `prekey`; at most [`limits::PREKEYS_PER_PUBLISH_MAX`]. May be empty.
    pub prekeys: Vec<Signed>,
}

/// What the relay holds of the calling device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceState {
    /// Numbers of the one-time prekeys that are left.
    pub one_time: Vec<u64>,
    /// Last status the device published, if any: at most one.
    pub status: Vec<Signed>,
    /// Packets that wait for this device.
    pub waiting: u64,
}

/// Takes one prekey for each active device of an organisation. Answer: [`Prekeys`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakePrekeys {
    /// Whose.
    pub org: OrgId,
}

/// One signed prekey per device and its newest status; devices without any prekey are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prekeys {
    /// `Prekey`, label `prekey`.
    pub prekeys: Vec<Signed>,
    /// `DeviceStatus` of the same devices, label `device-status`.
    pub statuses: Vec<Signed>,
}

/// Hands over an envelope. Answer: [`Accepted`], the same one every time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    /// The envelope.
    pub envelope: Envelope,
}

/// The relay holds the envelope durably.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// `RelayReceipt`, label `relay-ack`.
    pub receipt: Signed,
}

/// The calling device holds these durably, or has dealt with them before. Answer: [`Done`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledge {
    /// At most [`limits::IDS_PER_REQUEST_MAX`].
    pub envelopes: Vec<EnvelopeId>,
}

/// The calling device cannot open an envelope. Its copy is dropped, its sender finds out. Answer: [`Done`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refuse {
    /// `Nack`, label `nack`.
    pub nack: Signed,
}

/// What became of these envelopes? Whoever knows an envelope's name may ask: the relay keeps no sender.
/// Answer: [`Outcomes`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskOutcomes {
    /// At most [`limits::IDS_PER_REQUEST_MAX`].
    pub envelopes: Vec<EnvelopeId>,
}

/// Terminal news of the envelopes asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// `RelayReceipt`s of expiry, label `relay-ack`.
    pub expired: Vec<Signed>,
    /// `Nack`s, label `nack`.
    pub refused: Vec<Signed>,
    /// Envelopes the relay knows nothing of: offer them again.
    pub unknown: Vec<EnvelopeId>,
    /// Envelopes that every device they are for has acknowledged.
    pub settled: Vec<EnvelopeId>,
}

/// Starts, continues or asks about the upload of a blob; its bytes from `offset` on follow on the stream.
/// Answer: [`BlobProgress`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobPut {
    /// The blob's name: the SHA-256 of all its bytes.
    pub blob: BlobId,
    /// All its bytes, at most [`limits::BLOB_BYTES_MAX`].
    pub size: u64,
    /// SHA-256 of the token that opens it.
    pub token_hash: Digest,
    /// When the relay may drop it.
    pub expiry_hours: u32,
    /// Where the bytes that follow begin. Must be what the relay holds; `u64::MAX` asks and sends none.
    pub offset: u64,
}

/// How much of a blob the relay holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobProgress {
    /// Bytes held durably, counted from the start.
    pub held: u64,
    /// All its bytes.
    pub size: u64,
}

/// Asks for a range of a blob. Answer: [`BlobProgress`], then the raw bytes from `offset` on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobGet {
    /// Which.
    pub blob: BlobId,
    /// Token from inside the packet.
    pub token: [u8; 32],
    /// Where to begin.
    pub offset: u64,
}

/// From now on, push what waits for the calling device, and what comes. Answer: [`DeviceState`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribe {}

/// Relay to client: an envelope with this device's wrap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The outer header.
    pub outer: Outer,
    /// The body.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// This device's wrap.
    pub wrap: Wrap,
    /// When the relay accepted it.
    pub accepted: Timestamp,
}

/// Relay to client: finish what is under way and come back later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoAway {
    /// Wait this long before connecting again, milliseconds, already jittered.
    pub reconnect_after_ms: u64,
}

/// Relay to client: the directory has grown to this size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryChanged {
    /// Number of statements.
    pub size: u64,
}

/// A device's organisation expects one new device: whoever shows this ticket within [`limits::LINK_LIFE`] may leave one
/// request. The ticket is derived from a code that the relay never learns. Answer: [`Done`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkOpen {
    /// The ticket.
    pub ticket: [u8; 16],
}

/// A new device leaves its request to join. Answer: [`Done`]; the same request may be left again with the same result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkAsk {
    /// The organisation it wants to join.
    pub org: OrgId,
    /// The ticket.
    pub ticket: [u8; 16],
    /// The request, at most [`limits::LINK_REQUEST_BYTES_MAX`]. The relay does not look into it.
    #[serde(with = "serde_bytes")]
    pub request: Vec<u8>,
}

/// Which requests wait for the caller's organisation? Answer: [`LinkRequests`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkList {}

/// Requests of devices that want to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRequests {
    /// At most [`limits::LINKS_PER_ORG_MAX`].
    pub waiting: Vec<LinkWaiting>,
}

/// One request that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkWaiting {
    /// The ticket it was left with.
    pub ticket: [u8; 16],
    /// The request.
    #[serde(with = "serde_bytes")]
    pub request: Vec<u8>,
}
