//! What goes along with a packet: files that somebody names, and those that were attached to a draft before.

use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::attachments;
use super::failure::Failure;
use super::home::Home;
use super::output::harmless;
use crate::attachments::TransferError;
use crate::attachments::kept::Kept;
use crate::caller;
use crate::engine::Draft;
use crate::referral::SectionCode;
use crate::referral::exhibits::Exhibit;
use crate::referral::sections::SECTIONS;

/// Bytes read at once: a film does not fit into memory.
const PIECE_BYTES: usize = 64 * 1024;

/// A file with the section whose readers may open it.
pub(super) struct Enclosed {
    pub(super) code: SectionCode,
    from: From,
}

enum From {
    Named(PathBuf),
    Draft(Box<Kept>),
}

/// The files that somebody has named, each with its section, and those of the draft. One that is not there stops it before anybody is
/// asked anything.
pub(super) fn all(named: &[String], kept: &[Kept]) -> Result<Vec<Enclosed>, Failure> {
    let mut files: Vec<Enclosed> = kept.iter().cloned().map(Enclosed::of_draft).collect();
    for words in named {
        let (code, file) = section_and_file(words)?;
        is_there(&file).map_err(|io| attachments::not_attached(TransferError::Unread(io), &file))?;
        files.push(Enclosed::named(code, file));
    }
    Ok(files)
}

/// `PHO=photo.jpg`.
pub(super) fn section_and_file(words: &str) -> Result<(SectionCode, PathBuf), Failure> {
    let read = || {
        let (code, file) = words.split_once('=')?;
        let code = SectionCode(code.as_bytes().try_into().ok()?);
        SECTIONS.iter().any(|(known, _)| *known == code).then(|| (code, PathBuf::from(file)))
    };
    read().ok_or_else(|| Failure::wrong("send-not-section-file", &[("given", &harmless(words))]))
}

pub(super) fn is_there(file: &Path) -> std::io::Result<()> {
    if caller::open(file)?.metadata()?.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    Ok(())
}

impl Enclosed {
    /// A file that somebody has named.
    pub(super) fn named(code: SectionCode, file: PathBuf) -> Self {
        Self { code, from: From::Named(file) }
    }

    fn of_draft(file: Kept) -> Self {
        Self { code: SectionCode(file.section), from: From::Draft(Box::new(file)) }
    }

    /// Its name without folders.
    pub(super) fn name(&self) -> String {
        match &self.from {
            From::Named(path) => {
                path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
            }
            From::Draft(file) => file.name.clone(),
        }
    }

    /// How long it is.
    pub(super) fn bytes(&self) -> Result<u64, Failure> {
        match &self.from {
            From::Named(path) => caller::open(path)
                .and_then(|file| file.metadata())
                .map(|about| about.len())
                .map_err(|e| Failure::unreadable(path, &e)),
            From::Draft(file) => Ok(file.size),
        }
    }

    /// What can be compared with an item of evidence.
    pub(super) fn exhibit(&self) -> Result<Exhibit, Failure> {
        let path = match &self.from {
            From::Named(path) => path,
            From::Draft(file) => {
                return Ok(Exhibit { name: self.name(), sha256: file.sha256(), size: file.size });
            }
        };
        let unread = |e: std::io::Error| Failure::unreadable(path, &e);
        let mut file = BufReader::new(caller::open(path).map_err(unread)?);
        let (mut hash, mut size, mut piece) = (Sha256::new(), 0_u64, vec![0; PIECE_BYTES]);
        loop {
            let read = file.read(&mut piece).map_err(unread)?;
            if read == 0 {
                break;
            }
            hash.update(&piece[..read]);
            size = size.saturating_add(read as u64);
        }
        Ok(Exhibit { name: self.name(), sha256: hex::encode(hash.finalize()), size })
    }

    /// Seals it for a packet that is about to be queued.
    pub(super) async fn attach(&self, draft: &mut Draft, home: &Home) -> Result<(), Failure> {
        match &self.from {
            From::Named(path) => {
                let attached = home.engine.attach(draft, self.code.0, path).await;
                let remark = attached.map_err(|error| attachments::not_attached(error, path))?;
                attachments::remarks(remark, path, home);
            }
            From::Draft(file) => {
                let attached = home.engine.attach_kept(draft, file).await;
                attached.map_err(|error| attachments::not_attached(error, Path::new(&file.name)))?;
            }
        }
        Ok(())
    }
}
