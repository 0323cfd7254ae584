//! Blobs between this device and the relay, resumable at both ends.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use causeway_certs::transport::{
    Link, LinkError, RequestError, finish, read_answer, write_bytes, write_frame,
};
use causeway_common::framed;
use causeway_common::ids::{BlobId, PacketId};
use causeway_common::limits::{BLOB_PIECE_BYTES_MAX, REQUEST_TIMEOUT, WINDOW_PATIENCE};
use causeway_common::store::files;
use causeway_common::time::Timestamp;
use causeway_common::wire::{BlobGet, BlobProgress, BlobPut};
use tokio::io::AsyncReadExt as _;

use super::{Entry, TransferError, entries, staged};
use crate::cli::output;
use crate::model::StoredSection;
use crate::seal::attachment::{AttachmentError, AttachmentKey, AttachmentOpener, Place};

/// Where a blob stands that is being fetched.
pub(super) fn on_its_way(staging: &Path, blob: BlobId) -> PathBuf {
    staging.join(format!("{blob}.part"))
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
    let sealed = on_its_way(staging, key.blob_id);
    fetch(link, &key, &sealed).await?;
    let (place, from, out) = (entry.place(packet), sealed.clone(), out.to_path_buf());
    let opening = tokio::task::spawn_blocking(move || open_into(&from, key, &place, &out));
    let opened = opening.await.map_err(|e| std::io::Error::other(e.to_string()))?;
    // Opened, it is no longer needed; wrong, it would never become right.
    files::remove_durable(&sealed)?;
    opened
}

/// Brings the missing end of a blob into `path`.
pub(super) async fn fetch(link: &dyn Link, key: &AttachmentKey, path: &Path) -> Result<(), TransferError> {
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
