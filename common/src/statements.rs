//! The bodies of everything that is signed: invitations, directory statements, prekeys, receipts.
//!
//! Plain structures in the encoding of [`crate::codec`]. Public keys are 32 raw bytes here; `causeway-certs` checks
//! them when it verifies. A structure that must be able to grow carries a version or a kind number of its own.

use serde::{Deserialize, Serialize};

use crate::envelope::PrekeyKind;
use crate::ids::{DeviceId, Digest, EnvelopeId, OrgId, PacketId, PrekeyNumber};
use crate::signed::Signed;
use crate::time::Timestamp;

/// An invitation: of an organisation (signed by the registrar) or of the registrar (unsigned, printed by the relay).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Random; the relay accepts it once.
    pub invite_id: [u8; 16],
    /// Where the relay listens: `host:port`.
    pub relay_address: String,
    /// The relay's key, pinned from here on.
    pub relay_key: [u8; 32],
    /// The registrar's key, pinned from here on; zeros in a claim, where none exists yet.
    pub registrar_key: [u8; 32],
    /// Name under which the organisation will be admitted.
    pub name: String,
    /// Its kind: `ngo`, `police`, `embassy`, `shelter`, `hotline`, `prosecutor`, `clinic`.
    pub kind: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// After this it is refused.
    pub expires: Timestamp,
}

/// An organisation's first statement. Its hash is the [`OrgId`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgGenesis {
    /// Name as the invite gave it.
    pub name: String,
    /// Kind as the invite gave it.
    pub kind: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The first root key.
    pub root: [u8; 32],
    /// Random; makes the identifier unique.
    pub nonce: [u8; 32],
    /// When it was made.
    pub created: Timestamp,
}

/// Who may sign rosters for an organisation, signed by its root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgRecord {
    /// Whose record.
    pub org: OrgId,
    /// 1, 2, 3 …
    pub sequence: u64,
    /// The root that signs it.
    pub root: [u8; 32],
    /// SHA-256 of the next root's public key.
    pub next_root: Digest,
    /// Administrators' keys, sorted.
    pub administrators: Vec<[u8; 32]>,
    /// How many of them must sign a roster.
    pub threshold: u8,
}

/// Role bit of a device: may sign rosters, because a key of its vault stands among the organisation's administrators.
pub const ROLE_ADMINISTRATOR: u32 = 1;
/// Role bit of a device: sends and receives.
pub const ROLE_STAFF: u32 = 2;

/// One device in a roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterDevice {
    /// Hash of `signing_key`.
    pub device: DeviceId,
    /// Signs prekeys, packets and receipts.
    pub signing_key: [u8; 32],
    /// The raw public key of its connection.
    pub tls_key: [u8; 32],
    /// Role bits, see the data dictionary.
    pub roles: u32,
    /// Bit per section code the device may read.
    pub clearance: u32,
    /// Roster number that added it.
    pub added_sequence: u64,
    /// Hash of the device's name, which stays in the organisation.
    pub label_hash: Digest,
    /// After this the device is no longer sealed to.
    pub expires: Timestamp,
}

/// What a new device asks of its organisation, label `device-link`, signed by the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRequest {
    /// The organisation it wants to join.
    pub org: OrgId,
    /// Signs prekeys, packets and receipts.
    pub signing_key: [u8; 32],
    /// The raw public key of its connection.
    pub tls_key: [u8; 32],
    /// Would sign rosters, if the organisation makes it an administrator.
    pub administrator_key: [u8; 32],
    /// What colleagues call it.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
}

/// `reason` of a revocation: it was taken out of use.
pub const REVOKED_RETIRED: u8 = 1;
/// `reason` of a revocation: nobody knows where it is.
pub const REVOKED_LOST: u8 = 2;
/// `reason` of a revocation: somebody else may have its keys.
pub const REVOKED_COMPROMISED: u8 = 3;

/// A device that no longer counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedDevice {
    /// Which.
    pub device: DeviceId,
    /// 1 retired, 2 lost, 3 compromised.
    pub reason: u8,
    /// For a compromise: since when.
    pub compromised_since: Timestamp,
    /// When it was revoked.
    pub at: Timestamp,
}

/// The devices of an organisation, signed by its administrators. The directory holds its hash; members get its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Whose roster.
    pub org: OrgId,
    /// 1, 2, 3 …
    pub sequence: u64,
    /// Hash of the roster before; zeros for the first.
    pub previous: Digest,
    /// Valid from.
    pub valid_from: Timestamp,
    /// Valid until.
    pub valid_until: Timestamp,
    /// Active devices, sorted by identifier.
    pub devices: Vec<RosterDevice>,
    /// Devices that no longer count, sorted by identifier.
    pub revoked: Vec<RevokedDevice>,
}

/// A roster with the signatures of its administrators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedRoster {
    /// The encoded [`Roster`].
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// Signatures, sorted by key, no key twice.
    pub signatures: Vec<KeyedSignature>,
}

/// A signature and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedSignature {
    /// The signer's public key.
    pub key: [u8; 32],
    /// 64 bytes.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
}

/// What a directory statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
#[non_exhaustive]
pub enum StatementKind {
    /// The first statement of all: the registrar. Signed by the registrar.
    Genesis,
    /// An organisation joins. Payload [`Admission`]. Signed by the registrar.
    Admission,
    /// An organisation's new roster. Payload [`RosterChange`]. Signed by an administrator.
    RosterChange,
    /// An organisation is shut out for now. Payload [`Suspension`]. Signed by the registrar.
    Suspension,
    /// It is let in again. Payload [`Reinstatement`]. Signed by the registrar.
    Reinstatement,
    /// An organisation's new administrators, or its next root. Payload [`RecordChange`]. Signed by the present root.
    RecordChange,
    /// The next root asks to take the place of one that was lost or stolen. Payload [`RecordChange`]. Signed by the
    /// registrar; takes effect by a [`StatementKind::RecoveryDone`].
    Recovery,
    /// A recovery takes effect, after its time. Payload [`RecoveryDone`]. Signed by the registrar.
    RecoveryDone,
    /// A workstation comes back for an organisation that has none left. Payload [`Return`]. Signed by the registrar.
    Return,
    /// The relay's next key. Payload [`RelayKey`]. Signed by the registrar.
    RelayKey,
    /// Who the registrars are. Payload [`Registrars`]. Signed by as many of the present ones as must.
    Registrars,
    /// Another statement, with the signatures of several registrars. Payload [`Countersigned`]. Signed by one of them.
    Countersigned,
    /// A kind of a newer version: replay stops there with a clear message.
    Other(u8),
}

impl From<u8> for StatementKind {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::Genesis,
            2 => Self::Admission,
            3 => Self::RosterChange,
            4 => Self::Suspension,
            5 => Self::Reinstatement,
            6 => Self::RecordChange,
            7 => Self::Recovery,
            8 => Self::RecoveryDone,
            9 => Self::Return,
            10 => Self::RelayKey,
            11 => Self::Registrars,
            12 => Self::Countersigned,
            other => Self::Other(other),
        }
    }
}

impl From<StatementKind> for u8 {
    fn from(kind: StatementKind) -> Self {
        match kind {
            StatementKind::Genesis => 1,
            StatementKind::Admission => 2,
            StatementKind::RosterChange => 3,
            StatementKind::Suspension => 4,
            StatementKind::Reinstatement => 5,
            StatementKind::RecordChange => 6,
            StatementKind::Recovery => 7,
            StatementKind::RecoveryDone => 8,
            StatementKind::Return => 9,
            StatementKind::RelayKey => 10,
            StatementKind::Registrars => 11,
            StatementKind::Countersigned => 12,
            StatementKind::Other(number) => number,
        }
    }
}

/// One leaf of the directory log: the encoded [`Signed`] of this, label `log-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// Whom it is about; zeros for the genesis.
    pub org: OrgId,
    /// 1, 2, 3 … per organisation.
    pub sequence: u64,
    /// Hash of the leaf before it for the same organisation; zeros for the first.
    pub previous: Digest,
    /// When the signer made it.
    pub time: Timestamp,
    /// The signer's key.
    pub signer: [u8; 32],
    /// Encoded structure that `kind` names.
    #[serde(with = "serde_bytes")]
    pub payload: Vec<u8>,
}

/// Payload of the first statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryGenesis {
    /// The registrar's signing key.
    pub registrar: [u8; 32],
    /// The raw public key of the registrar's connection.
    pub registrar_tls: [u8; 32],
    /// The relay's first key: signs heads and receipts.
    pub relay: [u8; 32],
    /// How many registrars must sign: 1. A later statement may name more of them, and demand more.
    pub threshold: u8,
}

/// Payload of an admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// [`OrgGenesis`], label `org-genesis`, signed by the root in it.
    pub genesis: Signed,
    /// [`OrgRecord`], label `org-record`, signed by the root.
    pub record: Signed,
    /// Hash of the first roster's body.
    pub roster: Digest,
}

/// Payload of a roster change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterChange {
    /// Hash of the new roster's body.
    pub roster: Digest,
}

/// Payload of a suspension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// 1 at its own wish, 2 its keys are lost, 3 its keys may be known to others, 4 it broke the rules.
    pub reason: u8,
    /// For reason 3: what it signed from here on is in doubt. Otherwise when it was suspended.
    pub compromised_since: Timestamp,
}

/// `reason` of a suspension: its keys may be known to others.
pub const SUSPENDED_COMPROMISED: u8 = 3;

/// Payload of a reinstatement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reinstatement {
    /// How the registrar made sure: 1 in person, 2 by telephone, 3 by letter, 4 otherwise.
    pub vetted: u8,
}

/// Payload of a change of an organisation's record, and of a recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordChange {
    /// [`OrgRecord`], label `org-record`, signed by the root it names.
    pub record: Signed,
}

/// Payload of the end of a recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryDone {
    /// Hash of the body of the record that takes effect.
    pub record: Digest,
}

/// Payload of a return: until the organisation's next roster, whoever holds this key may read the directory and hand in
/// statements about this organisation. What they are worth, their signatures say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// The raw public key of its connection.
    pub tls_key: [u8; 32],
}

/// Payload of an announcement of the relay's next key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayKey {
    /// The key.
    pub relay: [u8; 32],
    /// From then on it is the relay's. Zero: at once, because the present one may be in other hands.
    pub from: Timestamp,
}

/// What a relay's next key asks for, label `relay-successor`, signed by it, and by the present key where that is at hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelaySuccessor {
    /// The next key.
    pub relay: [u8; 32],
    /// When it was made.
    pub created: Timestamp,
}

/// The keys of one registrar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrarKeys {
    /// Signs statements.
    pub key: [u8; 32],
    /// The raw public key of its connection.
    pub tls_key: [u8; 32],
}

/// Payload of a change of the registrars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registrars {
    /// All of them, sorted by key, at most [`crate::limits::REGISTRARS_MAX`].
    pub registrars: Vec<RegistrarKeys>,
    /// How many of them must sign a statement; one is enough for a suspension.
    pub threshold: u8,
    /// Of each who was none before, in the same order, that it wants to be one: its candidacy, label `registrar-request`, which names
    /// this directory. Without it whoever founds a directory could name as its registrar whom others trust.
    pub candidacies: Vec<Signed>,
}

/// Payload of a statement that several registrars have signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countersigned {
    /// The encoded [`Statement`] that counts. Organisation, number and predecessor are those of the statement around it.
    #[serde(with = "serde_bytes")]
    pub statement: Vec<u8>,
    /// Signatures over it, label `log-entry`, sorted by key, no key twice.
    pub signatures: Vec<KeyedSignature>,
}

/// A prekey, label `prekey`, signed by the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prekey {
    /// The device's organisation.
    pub org: OrgId,
    /// Whose it is.
    pub device: DeviceId,
    /// Random.
    pub number: PrekeyNumber,
    /// One-time, last resort, or given to one partner.
    pub kind: PrekeyKind,
    /// Raised when all earlier prekeys must no longer be used.
    pub epoch: u32,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
    /// X-Wing public key, [`crate::limits::PREKEY_PUBLIC_BYTES`].
    #[serde(with = "serde_bytes")]
    pub public: Vec<u8>,
}

/// A device's statement of its prekeys, label `device-status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// Whose.
    pub device: DeviceId,
    /// Present epoch of its prekeys.
    pub epoch: u32,
    /// Prekeys of an older epoch are refused.
    pub epoch_min: u32,
    /// The last-resort key in force.
    pub last_resort: PrekeyNumber,
    /// One-time prekeys the device believes to be at the relay.
    pub one_time_remaining: u32,
    /// Generation of its key store; going backwards means that a backup was restored.
    pub key_store_generation: u64,
    /// Directory size it knows.
    pub log_size: u64,
    /// When it was made.
    pub time: Timestamp,
}

/// The relay's receipt, label `relay-ack`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayReceipt {
    /// 1 accepted, 2 expired undelivered.
    pub outcome: u8,
    /// Which envelope.
    pub envelope: EnvelopeId,
    /// Hash of all its bytes.
    pub digest: Digest,
    /// When.
    pub time: Timestamp,
    /// For an expiry: the devices that had not acknowledged.
    pub devices: Vec<DeviceId>,
}

/// `outcome` of a receipt for an envelope that the relay holds durably.
pub const RELAY_ACCEPTED: u8 = 1;
/// `outcome` of a receipt for an envelope that nobody fetched in time.
pub const RELAY_EXPIRED: u8 = 2;

/// A receiving device's receipt, label `receipt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReceipt {
    /// Which packet.
    pub packet: PacketId,
    /// Hash of the grant that came with it.
    pub grant: Digest,
    /// The receiving organisation.
    pub org: OrgId,
    /// The receiving device.
    pub device: DeviceId,
    /// 1 delivered, 2 opened.
    pub status: u8,
    /// When.
    pub at: Timestamp,
}

/// `status` of a receipt: durable in the recipient's vault.
pub const RECEIPT_DELIVERED: u8 = 1;
/// `status` of a receipt: a person has opened it.
pub const RECEIPT_OPENED: u8 = 2;

/// A receiving device's refusal of an envelope it cannot open, label `nack`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nack {
    /// Which envelope.
    pub envelope: EnvelopeId,
    /// Who refuses.
    pub device: DeviceId,
    /// 1 prekey unknown, 2 prekey erased, 3 does not decode or verify, 4 newer format.
    pub reason: u8,
    /// Number of refusals this device has made; a gap shows a withheld one.
    pub counter: u64,
    /// When.
    pub time: Timestamp,
}

/// `reason` of a refusal: the device never had this prekey.
pub const NACK_UNKNOWN_PREKEY: u8 = 1;
/// `reason` of a refusal: the prekey was used and erased.
pub const NACK_ERASED_PREKEY: u8 = 2;
/// `reason` of a refusal: the content does not decode or verify.
pub const NACK_UNREADABLE: u8 = 3;
/// `reason` of a refusal: the format is newer than the program.
pub const NACK_NEWER_FORMAT: u8 = 4;
