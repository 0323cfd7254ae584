//! Attachments on their way: staged as sealed blobs, uploaded before their packet, downloaded when somebody wants
//! them. In constant memory, resumable at both ends.
//!
//! The entry with an attachment's key stands inside the section it belongs to, so whoever may not read the section
//! cannot open the file.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use causeway_certs::transport::{LinkError, RequestError};
use causeway_common::ids::{BlobId, Digest, PacketId};
use causeway_common::limits::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_PER_PACKET_MAX};
use causeway_common::store::{StoreError, files};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use self::photo::PHOTO_BYTES_MAX;
use crate::caller;
use crate::model::StoredSection;
use crate::seal::attachment::{AttachmentError, AttachmentKey, AttachmentSealer, Place};

pub(crate) mod fetched;
pub(crate) mod kept;
pub(crate) mod names;
mod photo;
mod reader;
mod transfer;

pub(crate) use self::reader::Unsealed;
pub use self::transfer::{download, upload_all};
use self::transfer::{fetch, on_its_way};

/// Field of a section that lists its attachments.
const FIELD: &str = "attachments";
/// Longest file name, in characters.
const NAME_CHARS_MAX: usize = 120;

/// Why an attachment did not get through. It can be tried again; what has arrived stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The file or the blob.
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    /// A file of this device.
    #[error("a file cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// The file that is to be sent along.
    #[error("the file cannot be read: {0}")]
    Unread(std::io::Error),
    /// The connection, or the relay's refusal.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The packet's entry does not read.
    #[error("the attachment's entry in the packet is malformed")]
    Entry,
    /// A picture whose frame does not hold, or that is too large to be cleaned: it may say where somebody lives.
    #[error("the picture cannot be cleaned of what it says beside itself")]
    Photo,
    /// A file, or all of a packet, of more bytes than go along by default.
    #[error("{0}")]
    Large(#[from] TooLarge),
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Too many of them.
    #[error("a packet carries at most {ATTACHMENTS_PER_PACKET_MAX} attachments")]
    TooMany,
}

impl From<LinkError> for TransferError {
    fn from(error: LinkError) -> Self {
        Self::Request(error.into())
    }
}

/// An attachment as its section describes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Number that people use: the beginning of the blob's name.
    pub id: String,
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Bytes of the file.
    pub size: u64,
    /// Hash of the file.
    pub sha256: String,
    blob: String,
    key: String,
    token: String,
    place: (u8, u16),
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Entry {
    fn key(&self) -> Result<AttachmentKey, TransferError> {
        let bytes = |text: &str| {
            let mut out = [0; 32];
            hex::decode_to_slice(text, &mut out).map(|()| out).map_err(|_| TransferError::Entry)
        };
        Ok(AttachmentKey {
            blob_id: BlobId(bytes(&self.blob)?),
            key: Zeroizing::new(bytes(&self.key)?),
            plain_len: self.size,
            plain_sha256: Digest(bytes(&self.sha256)?),
            access_token: bytes(&self.token)?,
        })
    }

    fn place(&self, packet: PacketId) -> Place {
        Place { packet, section: self.place.0, number: self.place.1 }
    }
}

/// What somebody should know about a file that goes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Remark {
    /// Evidence is not changed, and this picture says where it was taken.
    TellsPlace,
    /// A photograph of a form that is not known here: what it says beside the picture is still in it.
    NotCleaned,
}

/// Evidence goes out byte for byte as it was found.
const EVIDENCE: [u8; 3] = *b"EVI";
/// The section of photographs of a person: who may see a face need not learn a name from that of the file.
const PHOTOS: [u8; 3] = *b"PHO";

/// Longest file that is no evidence, in bytes: a photograph or a scan of the dictionary's default, 25 MB. More is a slip, or a
/// picture that nobody has made smaller, and whoever is at a border reads it over a telephone.
pub const FILE_BYTES_MAX: u64 = 25_000_000;
/// All such files of a packet: the dictionary's default, 100 MB.
pub const FILES_BYTES_MAX: u64 = 100_000_000;

/// Why files do not go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TooLarge {
    /// One of them, with the most that it may have.
    #[error("the file has more than {0} bytes")]
    File(u64),
    /// All of them.
    #[error("the files of this packet have more than {FILES_BYTES_MAX} bytes together")]
    Together,
}

/// Whether a file of this length goes along with those before it. Evidence is not made smaller, because it must stay what was
/// found: it is bounded by what can travel at all, and counts with nothing else.
pub fn fits(code: [u8; 3], bytes: u64, before: u64) -> Result<(), TooLarge> {
    let most = longest(code);
    if bytes > most {
        return Err(TooLarge::File(most));
    }
    let together = before.saturating_add(bytes);
    if code != EVIDENCE && together > FILES_BYTES_MAX { Err(TooLarge::Together) } else { Ok(()) }
}

/// Longest file of a section.
fn longest(code: [u8; 3]) -> u64 {
    if code == EVIDENCE { ATTACHMENT_BYTES_MAX } else { FILE_BYTES_MAX }
}

/// The most that may come beside these bytes of other files.
fn most(code: [u8; 3], before: u64) -> u64 {
    let left = if code == EVIDENCE { u64::MAX } else { FILES_BYTES_MAX.saturating_sub(before) };
    longest(code).min(left)
}

/// Seals a file into the staging folder and enters it into its section. A picture loses what it says beside itself, unless it is
/// evidence; a photograph of a person its name as well.
pub fn stage(
    staging: &Path,
    packet: PacketId,
    sections: &mut [StoredSection],
    code: [u8; 3],
    file: &Path,
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<Option<Remark>, TransferError> {
    let plain = caller::open(file).map_err(TransferError::Unread)?;
    let bytes = plain.metadata().map_err(TransferError::Unread)?.len();
    let name = file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    stage_from(staging, packet, sections, code, Outgoing { name: &name, bytes, plain: Box::new(plain) }, rng)
}

/// The same of a file that was attached to a draft.
pub(crate) fn stage_kept(
    staging: &Path,
    packet: PacketId,
    sections: &mut [StoredSection],
    file: &kept::Kept,
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<(), TransferError> {
    let plain = Box::new(file.open(staging)?);
    let outgoing = Outgoing { name: &file.name, bytes: file.size, plain };
    stage_from(staging, packet, sections, file.section, outgoing, rng).map(drop)
}

/// A file that is about to be sealed.
struct Outgoing<'a> {
    name: &'a str,
    bytes: u64,
    plain: Box<dyn Read + Send>,
}

fn stage_from(
    staging: &Path,
    packet: PacketId,
    sections: &mut [StoredSection],
    code: [u8; 3],
    file: Outgoing<'_>,
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<Option<Remark>, TransferError> {
    let number = u16::try_from(entries(sections).len()).unwrap_or(u16::MAX);
    if usize::from(number) >= ATTACHMENTS_PER_PACKET_MAX {
        return Err(TransferError::TooMany);
    }
    let others =
        sections.iter().filter(|s| s.code != EVIDENCE).flat_map(|s| entries(std::slice::from_ref(s)));
    let before = others.map(|entry| entry.size).sum();
    fits(code, file.bytes, before)?;
    let index = sections.iter().position(|s| s.code == code).ok_or(TransferError::Entry)?;
    let section = u8::try_from(index).map_err(|_| TransferError::TooMany)?;
    files::create_private_dir(staging)?;
    let sealer = AttachmentSealer::new(&Place { packet, section, number }, rng);
    let (mut plain, remark, _) = cleaned_on_its_way(file.plain, code, before)?;
    let mut sealed = tempfile::NamedTempFile::new_in(staging)?;
    let key = sealer.seal(&mut *plain, sealed.as_file_mut())?;
    sealed.as_file().sync_all()?;
    let path = staged(staging, key.blob_id);
    sealed.persist(&path).map_err(|e| e.error)?;
    files::sync_dir(staging)?;
    let name = name_of(file.name, code, entries(std::slice::from_ref(&sections[index])).len() + 1);
    let entry = Entry {
        id: key.blob_id.to_string()[..16].to_owned(),
        media_type: media_type(&name).to_owned(),
        name: name.chars().take(NAME_CHARS_MAX).collect(),
        size: key.plain_len,
        sha256: key.plain_sha256.to_string(),
        blob: key.blob_id.to_string(),
        key: hex::encode(*key.key),
        token: hex::encode(key.access_token),
        place: (section, number),
    };
    enter(&mut sections[index], &entry)?;
    Ok(remark)
}

/// What goes out of what comes in, what somebody should know of it, and whether it is a picture whose form is known here.
type OnItsWay = (Box<dyn Read + Send>, Option<Remark>, bool);

/// What of a file goes out, beside so many bytes of others.
fn cleaned_on_its_way(
    mut plain: Box<dyn Read + Send>,
    code: [u8; 3],
    before: u64,
) -> Result<OnItsWay, TransferError> {
    let mut bytes = Zeroizing::new(Vec::new());
    plain.by_ref().take(16).read_to_end(&mut bytes).map_err(TransferError::Unread)?;
    if photo::form(&bytes).is_none() {
        let remark = (code == PHOTOS && !bytes.is_empty()).then_some(Remark::NotCleaned);
        return Ok((Box::new(Cursor::new(bytes).chain(plain)), remark, false));
    }
    plain.by_ref().take(PHOTO_BYTES_MAX + 1 - 16).read_to_end(&mut bytes).map_err(TransferError::Unread)?;
    if code == EVIDENCE {
        let remark = photo::tells_a_place(&bytes).then_some(Remark::TellsPlace);
        return Ok((Box::new(Cursor::new(bytes).chain(plain)), remark, true));
    }
    fits(code, bytes.len() as u64, before)?;
    let clean = photo::cleaned(&bytes).map(Zeroizing::new).ok_or(TransferError::Photo)?;
    Ok((Box::new(Cursor::new(clean)), None, true))
}

/// The name under which a file travels.
fn name_of(name: &str, code: [u8; 3], number: usize) -> String {
    if code != PHOTOS {
        return name.to_owned();
    }
    let ending = match media_type(name) {
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        _ => "",
    };
    format!("photo-{number}{ending}")
}

/// The bytes of a file as they have gone out or would: of a picture without what it says beside itself. None: as it is.
pub fn cleaned(bytes: &[u8]) -> Option<Vec<u8>> {
    photo::cleaned(bytes)
}

fn enter(section: &mut StoredSection, entry: &Entry) -> Result<(), TransferError> {
    let mut value: Value = serde_json::from_slice(&section.bytes).map_err(|_| TransferError::Entry)?;
    let map = value.as_object_mut().ok_or(TransferError::Entry)?;
    let list = map.entry(FIELD).or_insert_with(|| json!([]));
    list.as_array_mut().ok_or(TransferError::Entry)?.push(json!(entry));
    section.bytes = serde_json::to_vec(&value).map_err(|_| TransferError::Entry)?;
    Ok(())
}

/// All attachments of a packet.
pub fn entries(sections: &[StoredSection]) -> Vec<Entry> {
    let mut all = Vec::new();
    for section in sections {
        let Ok(value) = serde_json::from_slice::<Value>(&section.bytes) else { continue };
        let listed = value.get(FIELD).and_then(Value::as_array).into_iter().flatten();
        all.extend(
            listed.filter_map(|entry| Entry::deserialize(entry).ok()).take(ATTACHMENTS_PER_PACKET_MAX),
        );
    }
    all
}

/// The attachments of a packet for people and scripts: no keys.
pub fn list(sections: &[StoredSection]) -> Value {
    let shown = |e: Entry| json!({ "id": e.id, "name": e.name, "media_type": e.media_type, "size": e.size, "sha256": e.sha256 });
    entries(sections).into_iter().map(shown).collect()
}

/// The same, with whether each is whole and verified on this device.
pub(crate) fn list_here(staging: &Path, sections: &[StoredSection]) -> Value {
    let shown = |e: Entry| {
        let here = fetched::is_here(staging, &e);
        json!({ "id": e.id, "name": e.name, "media_type": e.media_type, "size": e.size, "sha256": e.sha256, "checked": here })
    };
    entries(sections).into_iter().map(shown).collect()
}

/// A section's content for people and scripts: its attachments without their keys.
pub fn without_keys(mut content: Value) -> Value {
    for entry in content.get_mut(FIELD).and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(map) = entry.as_object_mut() {
            ["blob", "key", "token", "place"].iter().for_each(|field| drop(map.remove(*field)));
        }
    }
    content
}

fn staged(staging: &Path, blob: BlobId) -> PathBuf {
    staging.join(blob.to_string())
}

/// Drops the sealed files of a packet: those that wait to be sent, and those that were fetched.
pub fn forget(staging: &Path, sections: &[StoredSection]) {
    for key in entries(sections).iter().filter_map(|entry| entry.key().ok()) {
        // What cannot be removed now is ciphertext without a key to it.
        let _ = files::remove_durable(&staged(staging, key.blob_id));
        fetched::forget(staging, key.blob_id);
    }
}

/// The media type of a file by the ending of its name: what people expect of it, and nothing that is relied on.
pub(crate) fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "pdf" => "application/pdf",
        "ogg" | "oga" => "audio/ogg",
        "m4a" => "audio/mp4",
        "mp4" => "video/mp4",
        "txt" => "text/plain",
        "json" => "application/json",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use causeway_common::framed;

    use super::*;

    fn staged_as(code: [u8; 3], name: &str, bytes: &[u8]) -> (Entry, Option<Remark>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let mut sections = [StoredSection { code, bytes: b"{}".to_vec() }];
        let mut rng = crate::test_rng(7);
        let staging = folder.path().join("staging");
        let remark = stage(&staging, PacketId([1; 32]), &mut sections, code, &file, &mut rng).unwrap();
        (entries(&sections).remove(0), remark)
    }

    #[test]
    fn a_photograph_goes_without_its_name_and_place_and_evidence_as_it_is() {
        let sample = include_bytes!("../../docs/samples/photo.jpg");
        let told = [&sample[..20], b"\xff\xfe\x00\x0aLenina 5", &sample[20..]].concat();
        let name = "Ivanova Maria passport Lenina 5.jpg";
        let (photo, remark) = staged_as(*b"PHO", name, &told);
        assert_eq!((photo.name.as_str(), remark), ("photo-1.jpg", None));
        assert_eq!(photo.sha256, framed::sha256(sample).to_string());
        let (document, _) = staged_as(*b"DOC", name, &told);
        assert_eq!((document.name.as_str(), document.size), (name, sample.len() as u64));
        let (evidence, remark) = staged_as(*b"EVI", name, &told);
        assert_eq!((evidence.sha256, remark), (framed::sha256(&told).to_string(), None));
        assert_eq!(staged_as(*b"PHO", "Ivanova.heic", b"ftypheic").1, Some(Remark::NotCleaned));
    }

    #[test]
    fn photographs_and_scans_are_small_and_evidence_is_what_it_is() {
        assert_eq!(fits(*b"PHO", FILE_BYTES_MAX, 0), Ok(()));
        assert_eq!(fits(*b"PHO", FILE_BYTES_MAX + 1, 0), Err(TooLarge::File(FILE_BYTES_MAX)));
        assert_eq!(fits(*b"DOC", FILE_BYTES_MAX, FILES_BYTES_MAX - FILE_BYTES_MAX), Ok(()));
        assert_eq!(fits(*b"DOC", 1, FILES_BYTES_MAX), Err(TooLarge::Together));
        assert_eq!(fits(EVIDENCE, ATTACHMENT_BYTES_MAX, FILES_BYTES_MAX), Ok(()));
        assert_eq!(fits(EVIDENCE, ATTACHMENT_BYTES_MAX + 1, 0), Err(TooLarge::File(ATTACHMENT_BYTES_MAX)));
    }

    #[test]
    fn nothing_larger_is_staged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scan.pdf");
        File::create(&file).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
        let mut sections = [StoredSection { code: *b"DOC", bytes: b"{}".to_vec() }];
        let mut rng = crate::test_rng(7);
        let refused = stage(folder.path(), PacketId([1; 32]), &mut sections, *b"DOC", &file, &mut rng);
        assert!(matches!(refused, Err(TransferError::Large(TooLarge::File(FILE_BYTES_MAX)))), "{refused:?}");
    }
}
