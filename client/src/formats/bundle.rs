//! A case for a court: signed bytes, receipts, files and the directory in one archive, which somebody outside can verify without
//! believing anybody here. docs/formats.md describes it; `tests/peers/verify_bundle.py` verifies it a second time.

mod archive;
mod verify;
mod write;

use serde::{Deserialize, Serialize};

pub use verify::{Verdict, verify};
pub use write::{Attached, Packet, Parts, write};

/// Longest archive that is written or judged: five packets with all the attachments that a packet may have.
pub const BUNDLE_BYTES_MAX: u64 = 512 << 20;

/// Type of the index.
const TYPE: &str = "causeway-bundle";
/// Version of the form.
const SCHEMA_VERSION: u32 = 1;
const INDEX: &str = "index.json";
const SIGNATURE: &str = "index.sig";
const DIRECTORY: &str = "directory.json";

/// What the archive holds, signed by the device that made it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    schema_version: u32,
    r#type: String,
    kind: String,
    referral: String,
    case_ref: String,
    exercise: bool,
    made: String,
    by: By,
    packets: Vec<PacketEntry>,
    files: Vec<FileEntry>,
}

/// Who made it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct By {
    org: String,
    name: String,
    device: String,
}

/// A file of the archive.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    path: String,
    bytes: u64,
    sha256: String,
}

/// A packet of the case.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PacketEntry {
    packet: String,
    kind: String,
    from: String,
    from_name: String,
    to: String,
    to_name: String,
    created: String,
    grant_digest: String,
    /// Of a packet that the maker has received: what its sender signed.
    grant: Option<String>,
    manifest: Option<String>,
    /// Of a packet that the maker has sent: the envelope that the relay's receipt names.
    envelope: Option<String>,
    /// Whether it was sealed again: receipts may name an earlier grant.
    sealed_again: bool,
    sections: Vec<SectionEntry>,
    withheld: Vec<String>,
    relay_receipts: Vec<String>,
    receipts: Vec<String>,
    attachments: Vec<AttachmentEntry>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionEntry {
    code: String,
    path: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttachmentEntry {
    name: String,
    media_type: String,
    bytes: u64,
    sha256: String,
    /// None if the file was not at hand.
    path: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexSignature {
    device: String,
    signature: String,
}

#[cfg(test)]
mod tests;
