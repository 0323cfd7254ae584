//! Attachments on their way: staged as sealed blobs, uploaded before their packet, downloaded when somebody wants
//! them. In constant memory, resumable at both ends.
//!
//! The entry with an attachment's key stands inside the section it belongs to, so whoever may not read the section
//! cannot open the file.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use causeway_certs::transport::{
    Link, LinkError, RequestError, finish, read_answer, write_bytes, write_frame,
};
use causeway_common::framed;
use causeway_common::ids::{BlobId, Digest, PacketId};
use causeway_common::limits::{
    ATTACHMENT_BYTES_MAX, ATTACHMENTS_PER_PACKET_MAX, BLOB_PIECE_BYTES_MAX, REQUEST_TIMEOUT, WINDOW_PATIENCE,
};
use causeway_common::store::{StoreError, files};
use causeway_common::time::Timestamp;
use causeway_common::wire::{BlobGet, BlobProgress, BlobPut};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use zeroize::Zeroizing;

use self::photo::PHOTO_BYTES_MAX;
use crate::caller;
use crate::cli::output;
use crate::model::StoredSection;
use crate::seal::attachment::{AttachmentError, AttachmentKey, AttachmentOpener, AttachmentSealer, Place};

mod photo;

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
    let most = if code == EVIDENCE { ATTACHMENT_BYTES_MAX } else { FILE_BYTES_MAX };
    if bytes > most {
        return Err(TooLarge::File(most));
    }
    let together = before.saturating_add(bytes);
    if code != EVIDENCE && together > FILES_BYTES_MAX { Err(TooLarge::Together) } else { Ok(()) }
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
    let number = u16::try_from(entries(sections).len()).unwrap_or(u16::MAX);
    if usize::from(number) >= ATTACHMENTS_PER_PACKET_MAX {
        return Err(TransferError::TooMany);
    }
    let others =
        sections.iter().filter(|s| s.code != EVIDENCE).flat_map(|s| entries(std::slice::from_ref(s)));
    fits(
        code,
        caller::open(file).and_then(|file| file.metadata()).map_err(TransferError::Unread)?.len(),
        others.map(|entry| entry.size).sum(),
    )?;
    let index = sections.iter().position(|s| s.code == code).ok_or(TransferError::Entry)?;
    let section = u8::try_from(index).map_err(|_| TransferError::TooMany)?;
    files::create_private_dir(staging)?;
    let sealer = AttachmentSealer::new(&Place { packet, section, number }, rng);
    let (mut plain, remark) = outgoing(file, code)?;
    let mut sealed = tempfile::NamedTempFile::new_in(staging)?;
    let key = sealer.seal(&mut *plain, sealed.as_file_mut())?;
    sealed.as_file().sync_all()?;
    let path = staged(staging, key.blob_id);
    sealed.persist(&path).map_err(|e| e.error)?;
    files::sync_dir(staging)?;
    let name = name_of(file, code, entries(std::slice::from_ref(&sections[index])).len() + 1);
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

/// What of a file goes out.
fn outgoing(file: &Path, code: [u8; 3]) -> Result<(Box<dyn Read>, Option<Remark>), TransferError> {
    let mut plain = caller::open(file).map_err(TransferError::Unread)?;
    let mut begins = Vec::new();
    (&plain).take(16).read_to_end(&mut begins).map_err(TransferError::Unread)?;
    plain.rewind()?;
    if photo::form(&begins).is_none() {
        return Ok((Box::new(plain), (code == PHOTOS).then_some(Remark::NotCleaned)));
    }
    let mut bytes = Vec::new();
    (&plain).take(PHOTO_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if code == EVIDENCE {
        let place = photo::tells_a_place(&bytes);
        plain.rewind()?;
        return Ok((Box::new(plain), place.then_some(Remark::TellsPlace)));
    }
    let fits = bytes.len() as u64 <= PHOTO_BYTES_MAX;
    let clean = photo::cleaned(&bytes).filter(|_| fits).ok_or(TransferError::Photo)?;
    Ok((Box::new(std::io::Cursor::new(clean)), None))
}

/// The name under which a file travels.
fn name_of(file: &Path, code: [u8; 3], number: usize) -> String {
    let name = file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    if code != PHOTOS {
        return name;
    }
    let ending = match media_type(&name) {
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

/// Brings all staged attachments of a packet to the relay. Durable there when it returns.
pub async fn upload_all(
    link: &dyn Link,
    staging: &Path,
    sections: &[StoredSection],
    expires: Timestamp,
) -> Result<(), TransferError> {
    for entry in entries(sections) {
        let key = entry.key()?;
        let path = staged(staging, key.blob_id);
        upload(link, &path, &key, expires).await?;
    }
    Ok(())
}

async fn upload(
    link: &dyn Link,
    path: &Path,
    key: &AttachmentKey,
    expires: Timestamp,
) -> Result<(), TransferError> {
    let mut put = BlobPut {
        blob: key.blob_id,
        size: key.blob_len()?,
        token_hash: framed::sha256(&key.access_token),
        expiry_hours: expires.hours_rounded_up(),
        offset: u64::MAX,
    };
    let (mut send, mut recv) = link.open_bi().await?;
    within(write_frame(&mut send, &put)).await?;
    within(finish(&mut send)).await?;
    let progress: BlobProgress = within(read_answer(&mut recv)).await?;
    if progress.held >= put.size {
        return Ok(());
    }
    put.offset = progress.held;
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(put.offset))?;
    let bar = progress_bar("sending", put.size);
    let (mut send, mut recv) = link.open_bi().await?;
    write_frame(&mut send, &put).await?;
    let mut piece = vec![0; BLOB_PIECE_BYTES_MAX];
    let mut at = put.offset;
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        within_long(write_bytes(&mut send, &piece[..read])).await?;
        at += read as u64;
        bar.set_position(at);
    }
    within_long(finish(&mut send)).await?;
    let progress: BlobProgress = within_long(read_answer(&mut recv)).await?;
    bar.finish_and_clear();
    if progress.held == put.size { Ok(()) } else { Err(RequestError::Misbehaved.into()) }
}

/// A transfer takes as long as it must, while it moves: a relay that falls silent is not waited for.
async fn within<T, E: Into<TransferError>>(
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, TransferError> {
    bounded(REQUEST_TIMEOUT, step).await
}

/// The same for a piece to pass a slow line, and for the relay to check and sync what it got.
async fn within_long<T, E: Into<TransferError>>(
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, TransferError> {
    bounded(WINDOW_PATIENCE, step).await
}

async fn bounded<T, E: Into<TransferError>>(
    patience: Duration,
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, TransferError> {
    match tokio::time::timeout(patience, step).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(LinkError::TimedOut.into()),
    }
}

/// Fetches an attachment and opens it into `out`, which appears only once every byte has been verified. What has arrived
/// stays in the staging folder, sealed, until it is whole: a fetch that was interrupted goes on where it stopped.
pub async fn download(
    link: &dyn Link,
    staging: &Path,
    packet: PacketId,
    entry: &Entry,
    out: &Path,
) -> Result<(), TransferError> {
    let key = entry.key()?;
    files::create_private_dir(staging)?;
    let sealed = staging.join(format!("{}.part", key.blob_id));
    fetch(link, &key, &sealed).await?;
    let (place, from, out) = (entry.place(packet), sealed.clone(), out.to_path_buf());
    let opening = tokio::task::spawn_blocking(move || open_into(&from, key, &place, &out));
    let opened = opening.await.map_err(|e| std::io::Error::other(e.to_string()))?;
    // Opened, it is no longer needed; wrong, it would never become right.
    files::remove_durable(&sealed)?;
    opened
}

/// Brings the missing end of a blob into `path`.
async fn fetch(link: &dyn Link, key: &AttachmentKey, path: &Path) -> Result<(), TransferError> {
    let size = key.blob_len()?;
    let mut file = files::append_private(path)?;
    if file.metadata()?.len() > size {
        file.set_len(0)?;
    }
    let mut held = file.metadata()?.len();
    if held == size {
        return Ok(());
    }
    let get = BlobGet { blob: key.blob_id, token: key.access_token, offset: held };
    let (mut send, mut recv) = link.open_bi().await?;
    write_frame(&mut send, &get).await?;
    within(finish(&mut send)).await?;
    let progress: BlobProgress = within(read_answer(&mut recv)).await?;
    if progress.size != size {
        return Err(TransferError::Entry);
    }
    let bar = progress_bar("fetching", size);
    let mut piece = vec![0; BLOB_PIECE_BYTES_MAX];
    while held < size {
        let read = within(recv.read(&mut piece)).await?;
        if read == 0 || held + read as u64 > size {
            return Err(AttachmentError::Cut.into());
        }
        file.write_all(&piece[..read])?;
        held += read as u64;
        bar.set_position(held);
    }
    bar.finish_and_clear();
    Ok(())
}

fn open_into(sealed: &Path, key: AttachmentKey, place: &Place, out: &Path) -> Result<(), TransferError> {
    let folder = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut plain = tempfile::NamedTempFile::new_in(folder)?;
    let mut opener = AttachmentOpener::new(key, place)?;
    let mut sealed = File::open(sealed)?;
    let mut piece = vec![0; BLOB_PIECE_BYTES_MAX];
    loop {
        let read = sealed.read(&mut piece)?;
        if read == 0 {
            break;
        }
        opener.write(&piece[..read], plain.as_file_mut())?;
    }
    opener.finish(plain.as_file_mut())?;
    plain.as_file().sync_all()?;
    plain.persist(out).map_err(|e| e.error)?;
    Ok(files::sync_dir(folder)?)
}

/// A progress bar on a terminal; nothing elsewhere.
fn progress_bar(what: &'static str, bytes: u64) -> indicatif::ProgressBar {
    if !output::may_draw() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new(bytes);
    let style = indicatif::ProgressStyle::with_template("{msg} {bytes}/{total_bytes} {wide_bar} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}

/// Drops the staged blobs of a packet that a device has signed for.
pub fn forget(staging: &Path, sections: &[StoredSection]) {
    for key in entries(sections).iter().filter_map(|entry| entry.key().ok()) {
        // What cannot be removed now is ciphertext without a key to it.
        let _ = files::remove_durable(&staged(staging, key.blob_id));
    }
}

fn media_type(name: &str) -> &'static str {
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
