//! Files of a draft: sealed on this workstation until the draft is sent, each under a key of its own that stands in the vault. When it
//! is sent they are sealed once more, for each recipient.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use causeway_common::ids::{BlobId, Digest, PacketId};
use causeway_common::store::files;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::reader::Unsealed;
use super::{
    EVIDENCE, PHOTOS, Remark, TransferError, cleaned_on_its_way, fits, media_type, most, names, staged,
};
use crate::records::{self, RecordError};
use crate::seal::attachment::{AttachmentKey, AttachmentSealer, Place};
use crate::vault::{CaseName, Changes, Tree, Vault};

/// What was done to a file when it was attached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Treated {
    /// Nothing: evidence.
    AsFound,
    /// Nothing: evidence, and it says where it was taken.
    AsFoundWithPlace,
    /// What the picture says beside itself is gone.
    Cleaned,
    /// A photograph of a form that is not known here.
    NotCleaned,
    /// It is no picture.
    Plain,
}

impl Treated {
    /// As it is named in a result and at the end of the name of its words.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AsFound => "as-found",
            Self::AsFoundWithPlace => "as-found-with-place",
            Self::Cleaned => "cleaned",
            Self::NotCleaned => "not-cleaned",
            Self::Plain => "plain",
        }
    }
}

/// One file of a draft.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The draft.
    draft: [u8; 16],
    /// The section whose readers may open it.
    pub(crate) section: [u8; 3],
    /// Its name, made neutral.
    pub(crate) name: String,
    /// Bytes, as it goes out.
    pub(crate) size: u64,
    sha256: [u8; 32],
    blob: [u8; 32],
    key: Zeroizing<[u8; 32]>,
    pub(crate) treated: Treated,
    added: Timestamp,
}
no_content_in_debug!(Kept);

/// Where a file of a draft stands, which no packet can be.
fn place(draft: &[u8; 16]) -> Place {
    let mut packet = [0; 32];
    packet[..16].copy_from_slice(draft);
    packet[16..].copy_from_slice(draft);
    Place { packet: PacketId(packet), section: 0, number: 0 }
}

/// Seals what comes out of `plain` as a file of a draft that has `before` bytes of other files. It is durable when this returns, and nobody's
/// until [`put`] is. A picture that is no evidence loses what it says beside itself on the way.
pub(crate) fn seal(
    staging: &Path,
    (draft, section, name): (&[u8; 16], [u8; 3], &str),
    plain: Box<dyn Read + Send>,
    before: u64,
    now: Timestamp,
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<Kept, TransferError> {
    files::create_private_dir(staging)?;
    // One byte more than may be tells that there are more.
    let bounded = plain.take(most(section, before).saturating_add(1));
    let (mut plain, remark, is_picture) = cleaned_on_its_way(Box::new(bounded), section, before)?;
    let mut sealed = tempfile::NamedTempFile::new_in(staging)?;
    let key = AttachmentSealer::new(&place(draft), rng).seal(&mut *plain, sealed.as_file_mut())?;
    fits(section, key.plain_len, before)?;
    if key.plain_len == 0 {
        return Err(TransferError::Empty);
    }
    sealed.as_file().sync_all()?;
    sealed.persist(staged(staging, key.blob_id)).map_err(|e| e.error)?;
    files::sync_dir(staging)?;
    let treated = match remark {
        Some(Remark::TellsPlace) => Treated::AsFoundWithPlace,
        Some(Remark::NotCleaned) => Treated::NotCleaned,
        None if section == EVIDENCE => Treated::AsFound,
        None if is_picture => Treated::Cleaned,
        None => Treated::Plain,
    };
    Ok(Kept {
        draft: *draft,
        section,
        name: names::neutral(name),
        size: key.plain_len,
        sha256: key.plain_sha256.0,
        blob: key.blob_id.0,
        key: key.key,
        treated,
        added: now,
    })
}

impl Kept {
    /// Number that people use.
    pub(crate) fn number(&self) -> String {
        hex::encode(&self.blob[..8])
    }

    /// Hash of the file as it goes out.
    pub(crate) fn sha256(&self) -> String {
        hex::encode(self.sha256)
    }

    pub(crate) fn media_type(&self) -> &'static str {
        media_type(&self.name)
    }

    /// Whether its name stays here: that of a photograph says who is on it.
    pub(crate) fn goes_without_name(&self) -> bool {
        self.section == PHOTOS
    }

    /// What it says, as it goes out.
    pub(crate) fn open(&self, staging: &Path) -> Result<Unsealed, TransferError> {
        let blob_id = BlobId(self.blob);
        let key = AttachmentKey {
            blob_id,
            key: self.key.clone(),
            plain_len: self.size,
            plain_sha256: Digest(self.sha256),
            access_token: [0; 32],
        };
        let sealed = File::open(staged(staging, blob_id)).map_err(TransferError::Unread)?;
        Ok(Unsealed::new(sealed, key, &place(&self.draft))?)
    }

    /// Takes the sealed file away, once nothing names it.
    pub(crate) fn forget(&self, staging: &Path) {
        // What cannot be removed now is ciphertext without a key to it.
        let _ = files::remove_durable(&staged(staging, BlobId(self.blob)));
    }

    fn id(&self) -> Vec<u8> {
        [&self.draft[..], &self.blob[..]].concat()
    }
}

/// The files of a draft, in the order in which they were attached.
pub(crate) fn all(vault: &Vault, draft: &[u8; 16]) -> Result<Vec<Kept>, RecordError> {
    let mut all = Vec::new();
    for id in records::ids_with_prefix(vault, Tree::DraftFiles, draft) {
        all.extend(records::read::<Kept>(vault, Tree::DraftFiles, &id)?);
    }
    all.sort_by_key(|file| (file.added, file.blob));
    Ok(all)
}

/// Stores what describes a file, under the key of its draft.
pub(crate) fn put(changes: &mut Changes, file: &Kept, case: CaseName) {
    records::write_of(changes, Some(case), Tree::DraftFiles, &file.id(), file);
}

/// Drops it.
pub(crate) fn drop(changes: &mut Changes, file: &Kept) {
    changes.delete(Tree::DraftFiles, &file.id());
}

/// What other files count against the whole: evidence does not.
pub(crate) fn counted(files: &[Kept]) -> u64 {
    files.iter().filter(|file| file.section != EVIDENCE).map(|file| file.size).sum()
}
