//! Files for people outside: the whole directory for an auditor, and evidence against a relay.
//!
//! Both are JSON and hold everything that is needed to judge them, so that nobody has to believe whoever made them. The
//! form is described in docs/audit.md; what it takes to be right stands in [`causeway_certs::audit`] and
//! [`causeway_certs::evidence`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use causeway_certs::audit::Log;
use causeway_common::codec;
use causeway_common::limits::{CHECKPOINT_BYTES_MAX, ROSTER_BYTES_MAX, STATEMENT_BYTES_MAX};
use serde::{Deserialize, Serialize};

use crate::records::{self, RecordError};
use crate::replica::Replica;
use crate::vault::Vault;

pub use self::evidence::{Accusation, evidence_of, write_evidence};

mod evidence;

/// Version of both forms.
const SCHEMA_VERSION: u32 = 1;
const DIRECTORY: &str = "causeway-directory";
/// What the file of the other form says it is.
const EVIDENCE: &str = "causeway-evidence";
/// Longest file. A directory of 10,000 organisations with five devices each is some 40 MB of Base64.
pub const FILE_BYTES_MAX: u64 = 256 << 20;
/// Heads in one file.
const HEADS_MAX: usize = 64;

/// Why a file cannot be judged at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Another form, or none.
    #[error("this is no exported directory and no evidence: {0}")]
    Malformed(String),
    /// A later form.
    #[error("this file was made by a newer version of Causeway")]
    Newer,
    /// Longer than any that we make.
    #[error("this file is longer than {} MiB, more than any directory needs", FILE_BYTES_MAX >> 20)]
    TooLong,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum File {
    /// A whole directory.
    Directory(Log),
    /// What a relay has signed and should not have.
    Evidence(Accusation),
}

#[derive(Deserialize)]
struct Form {
    schema_version: u32,
    r#type: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectoryForm {
    schema_version: u32,
    r#type: String,
    relay_key: String,
    registrar_key: String,
    checkpoints: Vec<String>,
    leaves: Vec<String>,
    rosters: Vec<String>,
}

/// The text of a directory's file.
pub fn write_directory(log: &Log) -> String {
    text(&DirectoryForm {
        schema_version: SCHEMA_VERSION,
        r#type: DIRECTORY.into(),
        relay_key: hex::encode(log.relay_key),
        registrar_key: hex::encode(log.registrar_key),
        checkpoints: texts(&log.heads),
        leaves: texts(&log.leaves),
        rosters: log.rosters.iter().map(|roster| STANDARD.encode(codec::encode(roster))).collect(),
    })
}

fn texts(all: &[Vec<u8>]) -> Vec<String> {
    all.iter().map(|bytes| STANDARD.encode(bytes)).collect()
}

fn text(form: &impl Serialize) -> String {
    serde_json::to_string_pretty(form).unwrap_or_default() + "\n"
}

/// Reads a file of either form. What it says is still to be judged.
pub fn read(bytes: &[u8]) -> Result<File, FileError> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(FileError::TooLong);
    }
    let form: Form = parse(bytes)?;
    match form.r#type.as_str() {
        DIRECTORY | EVIDENCE if form.schema_version > SCHEMA_VERSION => Err(FileError::Newer),
        DIRECTORY if form.schema_version == SCHEMA_VERSION => {
            read_directory(&parse(bytes)?).map(File::Directory)
        }
        EVIDENCE if form.schema_version == SCHEMA_VERSION => {
            evidence::read(&parse(bytes)?).map(File::Evidence)
        }
        _ => Err(malformed("its type is another")),
    }
}

fn read_directory(form: &DirectoryForm) -> Result<Log, FileError> {
    if form.checkpoints.len() > HEADS_MAX {
        return Err(malformed("too many checkpoints"));
    }
    let rosters = all(&form.rosters, "rosters", 2 * ROSTER_BYTES_MAX)?;
    let rosters = rosters.iter().map(|bytes| codec::decode(bytes, 2 * ROSTER_BYTES_MAX));
    Ok(Log {
        relay_key: key(&form.relay_key, "relay_key")?,
        registrar_key: key(&form.registrar_key, "registrar_key")?,
        heads: all(&form.checkpoints, "checkpoints", CHECKPOINT_BYTES_MAX)?,
        leaves: all(&form.leaves, "leaves", STATEMENT_BYTES_MAX)?,
        rosters: rosters.collect::<Result<_, _>>().map_err(|_| malformed("a roster does not read"))?,
    })
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, FileError> {
    serde_json::from_slice(bytes).map_err(|error| FileError::Malformed(error.to_string()))
}

fn malformed(what: &str) -> FileError {
    FileError::Malformed(what.to_owned())
}

fn all(texts: &[String], field: &str, limit: usize) -> Result<Vec<Vec<u8>>, FileError> {
    texts.iter().map(|text| base64(text, field, limit)).collect()
}

fn base64(text: &str, field: &str, limit: usize) -> Result<Vec<u8>, FileError> {
    match STANDARD.decode(text) {
        Ok(bytes) if bytes.len() <= limit => Ok(bytes),
        Ok(_) => Err(FileError::Malformed(format!("something in {field:?} is too long"))),
        Err(error) => Err(FileError::Malformed(format!("something in {field:?} is no Base64: {error}"))),
    }
}

/// A key as people hand it on: 64 hexadecimal digits.
pub fn key(text: &str, field: &str) -> Result<[u8; 32], FileError> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key)
        .map_err(|_| FileError::Malformed(format!("{field:?} is not 64 hexadecimal digits")))?;
    Ok(key)
}

/// The directory of a home as an auditor needs it; none before its first sync.
pub fn of_home(
    vault: &Vault,
    replica: &Replica,
    keys: ([u8; 32], [u8; 32]),
) -> Result<Option<Log>, RecordError> {
    let leaves = replica.directory.leaves_from(0).to_vec();
    if leaves.is_empty() || replica.checkpoint.is_empty() {
        return Ok(None);
    }
    let rosters = records::rosters(vault)?;
    let (relay_key, registrar_key) = keys;
    Ok(Some(Log { relay_key, registrar_key, heads: vec![replica.checkpoint.clone()], leaves, rosters }))
}
