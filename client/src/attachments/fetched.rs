//! Attachments that have been fetched to be looked at: sealed as they came, kept on this workstation once every byte has been verified,
//! and read from there. The key stands in the packet and goes with the case.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use causeway_certs::transport::Link;
use causeway_common::ids::{BlobId, PacketId};
use causeway_common::store::files;
use tokio::sync::Mutex;

use super::reader::Unsealed;
use super::{Entry, TransferError, fetch, on_its_way, staged};

/// Two who fetch the same file would write into each other's: whoever comes second waits and finds it. Eight, so that a film keeps few others waiting.
static LANES: [Mutex<()>; 8] = [const { Mutex::const_new(()) }; 8];

/// Where it stands once it is whole and verified.
fn checked(staging: &Path, blob: BlobId) -> PathBuf {
    staging.join(format!("{blob}.checked"))
}

/// Where the whole of a file is on this workstation, sealed: fetched and verified, or ours and not delivered yet.
fn here(staging: &Path, blob: BlobId) -> Option<PathBuf> {
    [checked(staging, blob), staged(staging, blob)].into_iter().find(|path| path.is_file())
}

/// Whether it can be opened without asking the relay.
pub(crate) fn is_here(staging: &Path, entry: &Entry) -> bool {
    entry.key().is_ok_and(|key| here(staging, key.blob_id).is_some())
}

/// What it says. It must be here.
pub(crate) fn open(staging: &Path, packet: PacketId, entry: &Entry) -> Result<Unsealed, TransferError> {
    let key = entry.key()?;
    let path = here(staging, key.blob_id).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    Ok(Unsealed::new(File::open(path)?, key, &entry.place(packet))?)
}

/// Fetches it if it is not here, verifies all of it and keeps it. What has arrived before stays: a fetch that was cut off goes on.
pub(crate) async fn fetch_and_check(
    link: &dyn Link,
    staging: &Path,
    packet: PacketId,
    entry: &Entry,
) -> Result<(), TransferError> {
    let key = entry.key()?;
    let _turn = LANES[usize::from(key.blob_id.0[0]) % LANES.len()].lock().await;
    if here(staging, key.blob_id).is_some() {
        return Ok(());
    }
    files::create_private_dir(staging)?;
    let sealed = on_its_way(staging, key.blob_id);
    fetch(link, &key, &sealed).await?;
    let (from, to) = (sealed.clone(), checked(staging, key.blob_id));
    let mut opened = Unsealed::new(File::open(&sealed)?, key, &entry.place(packet))?;
    let verifying = tokio::task::spawn_blocking(move || {
        io::copy(&mut opened, &mut io::sink())?;
        File::open(&from)?.sync_all()?;
        std::fs::rename(&from, &to)
    });
    if let Err(error) = verifying.await.map_err(|e| io::Error::other(e.to_string()))? {
        // Wrong, it would never become right.
        files::remove_durable(&sealed)?;
        return Err(match error.downcast() {
            Ok(wrong) => TransferError::Attachment(wrong),
            Err(error) => error.into(),
        });
    }
    Ok(files::sync_dir(staging)?)
}

/// Saves it in clear as `out`, which appears only once every byte has been verified. It must be here.
pub(crate) fn save(staging: &Path, packet: PacketId, entry: &Entry, out: &Path) -> Result<(), TransferError> {
    let folder = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut plain = tempfile::NamedTempFile::new_in(folder)?;
    io::copy(&mut open(staging, packet, entry)?, plain.as_file_mut())?;
    plain.as_file().sync_all()?;
    plain.persist(out).map_err(|e| e.error)?;
    Ok(files::sync_dir(folder)?)
}

/// Takes away what has been fetched of it.
pub(super) fn forget(staging: &Path, blob: BlobId) {
    for path in [checked(staging, blob), on_its_way(staging, blob)] {
        // What cannot be removed now is ciphertext without a key to it.
        let _ = files::remove_durable(&path);
    }
}
