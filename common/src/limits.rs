//! Every bound in the system that both sides must agree on, with its arithmetic.

use std::time::Duration;

/// Devices of one organisation that may be active at the same time.
pub const DEVICES_PER_ORG_MAX: usize = 100;

/// Registrars of one directory.
pub const REGISTRARS_MAX: usize = 5;

/// X-Wing encapsulated key: ML-KEM-768 ciphertext 1088 + X25519 public key 32.
pub const WRAP_ENC_BYTES: usize = 1120;
/// Wrap plaintext: body key 32 + section mask 2 + 16 section slots of 32.
pub const WRAP_PLAIN_BYTES: usize = 32 + 2 + SECTION_SLOTS * 32;
/// Wrap ciphertext: plaintext + Poly1305 tag.
pub const WRAP_CT_BYTES: usize = WRAP_PLAIN_BYTES + 16;
/// Sections of one packet that can have a key of their own: the sixteen of the data dictionary beside the header,
/// which every device reads (docs/decisions/0013-sixteen-section-slots.md).
pub const SECTION_SLOTS: usize = 16;
/// X-Wing public key: ML-KEM-768 encapsulation key 1184 + X25519 public key 32.
pub const PREKEY_PUBLIC_BYTES: usize = 1216;

/// Chunk of the sealed-stream format (C2SP chunked-encryption): 16 KiB of plaintext and a tag.
pub const CHUNK_BYTES: usize = 16 * 1024;
/// Salt 24 + commitment 32.
pub const CAEAD_HEADER_BYTES: usize = 56;
/// Smallest padded plaintext of a body.
pub const PADDED_BYTES_MIN: usize = 4 * 1024;
/// Largest padded plaintext of a body; more goes into attachments.
pub const PADDED_BYTES_MAX: usize = 1024 * 1024;
/// Length of the sealed form of `plain` bytes.
pub const fn sealed_len(plain: u64) -> u64 {
    CAEAD_HEADER_BYTES as u64 + plain + 16 * (plain / CHUNK_BYTES as u64 + 1)
}
/// Smallest body: 4 KiB padded, sealed.
pub const BODY_BYTES_MIN: usize = CAEAD_HEADER_BYTES + PADDED_BYTES_MIN + 16;
/// Largest body: 1 MiB padded, sealed in 65 chunks.
pub const BODY_BYTES_MAX: usize =
    CAEAD_HEADER_BYTES + PADDED_BYTES_MAX + 16 * (PADDED_BYTES_MAX / CHUNK_BYTES + 1);

/// One attachment, before sealing.
pub const ATTACHMENT_BYTES_MAX: u64 = 1 << 30;
/// A sealed attachment: padding adds at most 12 %, the format 16 bytes per chunk.
pub const BLOB_BYTES_MAX: u64 = sealed_len(ATTACHMENT_BYTES_MAX + ATTACHMENT_BYTES_MAX / 8);
/// Attachments of one packet.
pub const ATTACHMENTS_PER_PACKET_MAX: usize = 32;
/// One piece of a blob on its way up or down: 64 chunks of 16 KiB, and what a receiver holds at once.
pub const BLOB_PIECE_BYTES_MAX: usize = 1 << 20;

/// Envelope on the wire: body + 100 wraps (32 + 8 + 1 + 1120 + 562 + two lengths) + header, rounded up.
pub const ENVELOPE_BYTES_MAX: usize = BODY_BYTES_MAX + DEVICES_PER_ORG_MAX * 1792 + 1024;
/// Any other request or answer.
pub const FRAME_BYTES_MAX: usize = 1 << 20;

/// One-time prekeys a device keeps at the relay when full.
pub const PREKEYS_FULL: usize = 100;
/// Below this many a device makes new ones.
pub const PREKEYS_REFILL_BELOW: usize = 50;
/// One-time prekeys the relay keeps back for organisations that took none today.
pub const PREKEYS_RESERVED: usize = 20;
/// Prekeys that one publish request may carry: a full set and a last-resort key.
pub const PREKEYS_PER_PUBLISH_MAX: usize = PREKEYS_FULL + 1;
/// Life of a one-time prekey.
pub const PREKEY_LIFE: Duration = days(30);
/// A device keeps the seed of an expired prekey this much longer: the longest time in a mailbox and clock skew.
pub const PREKEY_GRACE: Duration = days(32);
/// A last-resort prekey is replaced after this time.
pub const LAST_RESORT_ROTATION: Duration = days(7);
/// Prekeys one device may take from one target device in an hour.
pub const TAKES_PER_TARGET_PER_HOUR: u32 = 20;
/// Prekeys one organisation may take in a day.
pub const TAKES_PER_ORG_PER_DAY: u32 = 200;

/// Times a sender seals a refused packet again before it tells the user.
pub const RESEALS_MAX: u8 = 3;

/// Packets pushed to a device and not yet acknowledged.
pub const PUSHES_IN_FLIGHT_MAX: usize = 32;
/// Identifiers in one acknowledgement, one outcome query.
pub const IDS_PER_REQUEST_MAX: usize = 1024;
/// Statements in one directory answer.
pub const STATEMENTS_PER_ANSWER_MAX: usize = 512;
/// One directory statement.
pub const STATEMENT_BYTES_MAX: usize = 16 * 1024;
/// One roster: 100 devices at about 160 bytes.
pub const ROSTER_BYTES_MAX: usize = 32 * 1024;
/// Rosters in one answer: 16 of 32 KiB fit a frame.
pub const ROSTERS_PER_ANSWER_MAX: usize = 16;
/// A checkpoint with its cosignatures.
pub const CHECKPOINT_BYTES_MAX: usize = 4 * 1024;
/// A printable name.
pub const NAME_CHARS_MAX: usize = 120;
/// Organisations waiting for admission.
pub const PENDING_MAX: usize = 256;

/// Life of an invite.
pub const INVITE_LIFE: Duration = days(7);
/// Life of the one-use code with which a device joins its organisation, and of the request made with it.
pub const LINK_LIFE: Duration = Duration::from_secs(15 * 60);
/// Such codes of one organisation that are in force at the same time.
pub const LINKS_PER_ORG_MAX: usize = 16;
/// One such request: three keys, a name of 120 characters of 4 bytes, a signature and a code of authentication come to 776.
pub const LINK_REQUEST_BYTES_MAX: usize = 1024;
/// A directory head older than this warns.
pub const HEAD_FRESH: Duration = hours(24);
/// A directory head older than this stops first contacts.
pub const HEAD_STALE: Duration = hours(72);
/// Clocks of honest parties differ by no more than this.
pub const CLOCK_SKEW: Duration = hours(2);

/// Streams the relay accepts from a client at the same time. Slots cost memory: see docs/ARCHITECTURE.md.
pub const CLIENT_STREAMS_MAX: u32 = 16;
/// Pushes the client accepts at the same time.
pub const PUSH_STREAMS_MAX: u32 = 8;
/// A connection without a word is closed after this time.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// The client says something at least this often.
pub const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// Handshake, from first packet to Hello.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// One request and its answer, blobs aside.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes a second of the slowest line that is served: a bad mobile connection.
pub const SLOWEST_LINE: u32 = 4 * 1024;
/// Bytes that one side of a connection has under way at most.
pub const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Until all that is under way has passed the slowest line: 256 s.
pub const WINDOW_PATIENCE: Duration = Duration::from_secs((CONNECTION_WINDOW / SLOWEST_LINE) as u64);
/// One push, until the client's stack has it.
pub const PUSH_TIMEOUT: Duration = Duration::from_secs(30);

/// Until a request of so many bytes has passed the slowest line. As many others as there may be share it with this one, each
/// with as much, but no more than the window is under way.
pub fn request_passes_within(bytes: usize) -> Duration {
    let all = u32::try_from(bytes).unwrap_or(u32::MAX).saturating_mul(CLIENT_STREAMS_MAX);
    Duration::from_secs(u64::from(all.min(CONNECTION_WINDOW) / SLOWEST_LINE))
}

const fn hours(n: u64) -> Duration {
    Duration::from_secs(n * 60 * 60)
}

const fn days(n: u64) -> Duration {
    hours(n * 24)
}

const _: () = assert!(WRAP_PLAIN_BYTES == 546 && WRAP_CT_BYTES == 562);
const _: () = assert!(PREKEYS_RESERVED < PREKEYS_REFILL_BELOW && PREKEYS_REFILL_BELOW < PREKEYS_FULL);
const _: () = assert!(ROSTERS_PER_ANSWER_MAX * ROSTER_BYTES_MAX <= FRAME_BYTES_MAX);
const _: () = assert!(LINKS_PER_ORG_MAX * (LINK_REQUEST_BYTES_MAX + 64) <= 64 * 1024);
const _: () = assert!(KEEP_ALIVE.as_secs() * 2 < IDLE_TIMEOUT.as_secs());
