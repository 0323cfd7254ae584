//! `causeway attachment`.

use std::path::{Path, PathBuf};

use causeway_certs::transport::RequestError;
use causeway_common::limits::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_PER_PACKET_MAX};
use clap::Subcommand;
use serde_json::json;

use super::failure::{Failure, exit, why};
use super::home::Home;
use super::outfile;
use super::output::{harmless, print, remark, text};
use super::steps::find_thread;
use crate::attachments::fetched;
use crate::attachments::{self, Remark, TooLarge, TransferError};
use crate::caller;
use crate::records;
use crate::seal::attachment::AttachmentError;
use crate::session;

#[derive(Debug, Subcommand)]
pub(crate) enum AttachmentCommand {
    /// Fetch a file that came with a referral, verify it, and save it.
    Save {
        /// Number of the referral.
        id: String,
        /// Number of the attachment, or the beginning of it.
        attachment: String,
        /// Where to.
        #[arg(long)]
        out: PathBuf,
        /// Write over a file that is there.
        #[arg(long)]
        force: bool,
    },
}

pub(crate) async fn run(command: AttachmentCommand, home: &Home) -> Result<(), Failure> {
    let AttachmentCommand::Save { id, attachment, out, force } = command;
    outfile::is_free(home, &out, force)?;
    let thread = find_thread(home, &id)?;
    let received =
        records::received(&home.engine.vault, thread.root)?.ok_or_else(|| Failure::not_found(&id))?;
    let entry = attachments::entries(&received.sections)
        .into_iter()
        .find(|e| e.id.starts_with(&attachment))
        .ok_or_else(|| missing(&attachment, &received.withheld))?;
    let staging = &home.engine.staging;
    if fetched::is_here(staging, &entry) {
        fetched::save(staging, thread.root, &entry, &caller::at(&out))?;
    } else {
        let link = home.dialer().await?.dial().await?;
        session::hello(&*link).await?;
        let saved = attachments::download(&*link, staging, thread.root, &entry, &caller::at(&out)).await;
        link.close(0);
        saved?;
    }
    home.note("saved an attachment").await?;
    let result = json!({ "out": out.display().to_string(), "size": entry.size, "sha256": entry.sha256 });
    print(home.json, result, |v| {
        home.lang.fill("attachment-saved", &[("out", text(v, "out")), ("sha256", text(v, "sha256"))])
    });
    Ok(())
}

/// Says what somebody should know about a file that goes out.
pub(super) fn remarks(found: Option<Remark>, file: &Path, home: &Home) {
    let id = match found {
        Some(Remark::TellsPlace) => "attachment-tells-place",
        Some(Remark::NotCleaned) => "attachment-not-cleaned",
        None => return,
    };
    remark(&home.lang.fill(id, &[("file", &file.display().to_string())]));
}

/// An attachment that is in no section here stands perhaps in one that this device may not read.
fn missing(attachment: &str, withheld: &[[u8; 3]]) -> Failure {
    if withheld.is_empty() {
        return Failure::not_found(attachment);
    }
    Failure::withheld("fail-withheld-file", &[("id", &harmless(attachment))], withheld)
}

fn too_large(file: &str, most: u64) -> Failure {
    Failure::wrong("attach-large", &[("file", file), ("max", &(most / 1_000_000).to_string())])
}

/// Why this file does not go out.
pub(super) fn not_attached(error: TransferError, file: &Path) -> Failure {
    let file = harmless(&file.display().to_string());
    let with_why = |id: &str, io: &std::io::Error| {
        Failure::wrong_in_each(|lang| {
            let gaps = [("file", &*file), ("why", &*why(io, lang))];
            (lang.fill(id, &gaps), lang.text(&format!("{id}.hint")))
        })
    };
    match error {
        TransferError::Unread(io) => with_why("attach-unread", &io),
        TransferError::Io(io) | TransferError::Attachment(AttachmentError::Io(io)) => {
            with_why("attach-unkept", &io)
        }
        TransferError::Photo => Failure::wrong("attach-photo", &[("file", &file)]),
        TransferError::Attachment(AttachmentError::TooLarge) => too_large(&file, ATTACHMENT_BYTES_MAX),
        TransferError::Large(TooLarge::File(max)) => too_large(&file, max),
        TransferError::Large(TooLarge::Together) => Failure::wrong("attach-much", &[("file", &file)]),
        TransferError::Empty => Failure::wrong("attach-empty", &[("file", &file)]),
        TransferError::TooMany => {
            Failure::wrong("attach-too-many", &[("max", &ATTACHMENTS_PER_PACKET_MAX.to_string())])
        }
        other => other.into(),
    }
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        let id = match error {
            TransferError::Request(RequestError::Link(link)) => return link.into(),
            TransferError::Request(RequestError::Refused { code, .. }) => return code.into(),
            TransferError::Store(store) => return store.into(),
            TransferError::Io(io) | TransferError::Attachment(AttachmentError::Io(io)) => {
                return Self::wrong_in_each(|lang| {
                    let message = lang.fill("attachment-file", &[("why", &why(&io, lang))]);
                    (message, lang.text("attachment-file.hint"))
                });
            }
            TransferError::Entry => "attachment-entry",
            TransferError::Attachment(AttachmentError::Cut) => "attachment-cut",
            TransferError::Attachment(AttachmentError::Overlong) => "attachment-overlong",
            TransferError::Attachment(AttachmentError::OtherFile) => "attachment-other-file",
            TransferError::Attachment(AttachmentError::Unopenable) => "attachment-changed",
            other => {
                let gaps = [("what", &*other.to_string())];
                return Self::said("A-108", exit::INTEGRITY, "attachment-other", &gaps);
            }
        };
        Self::said("A-108", exit::INTEGRITY, id, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn a_file_in_a_section_for_others_is_not_said_to_be_missing() {
        assert_eq!(missing("abcd", &[]).code, "C-104");
        assert_eq!(missing("abcd", &[*b"PHO"]).code, "C-106");
    }

    #[test]
    fn a_file_that_does_not_go_out_is_named_in_both_languages() {
        let io = || std::io::Error::from(std::io::ErrorKind::NotFound);
        for error in [
            TransferError::Unread(io()),
            TransferError::Io(io()),
            TransferError::Attachment(AttachmentError::TooLarge),
            TransferError::Photo,
        ] {
            let failure = not_attached(error, Path::new("/folder/no-such.jpg"));
            assert_eq!(failure.code, "C-105");
            let russian = failure.clone().in_lang(Lang::Ru);
            assert!(failure.message.contains("/folder/no-such.jpg"), "{failure:?}");
            assert!(russian.message.contains("/folder/no-such.jpg"), "{russian:?}");
            assert_ne!(failure.message, russian.message);
        }
    }
}
