//! `causeway attachment`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::failure::{Failure, exit};
use super::home::Home;
use super::outfile;
use super::output::{print, remark, text};
use super::steps::find_thread;
use crate::attachments::{self, Remark, TransferError};
use crate::records;
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
    let dialer = home.dialer().await?;
    let link = dialer.dial().await?;
    session::hello(&*link).await?;
    let fetched = attachments::download(&*link, &home.engine.staging, thread.root, &entry, &out).await;
    link.close(0);
    fetched?;
    home.note("saved an attachment").await?;
    let result = json!({ "out": out.display().to_string(), "size": entry.size, "sha256": entry.sha256 });
    print(home.json, result, |v| {
        format!(
            "Saved to {}. It is the file the sender signed for (SHA-256 {}).\nIt is not encrypted there: delete it when you no longer need it.",
            text(v, "out"),
            text(v, "sha256")
        )
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
    Failure::withheld(
        &format!("There is no attachment {attachment:?} among what this device may read"),
        withheld,
    )
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::Request(causeway_certs::transport::RequestError::Link(link)) => link.into(),
            TransferError::Request(causeway_certs::transport::RequestError::Refused { code, .. }) => {
                code.into()
            }
            TransferError::Store(store) => store.into(),
            TransferError::Photo => Self::invalid(
                "The picture is damaged or too large, so what it says beside itself (where it was taken, for example) cannot be taken out. Nothing was sent.",
                "Save it anew as JPEG or PNG and attach that; a file that is evidence goes unchanged with EVI=.",
            ),
            TransferError::Large(large) => Self::invalid(
                format!("A file cannot go along: {large}. Nothing was sent."),
                "Save it smaller, or split it; a file that is evidence goes as it is with EVI=.",
            ),
            TransferError::Io(io) => Self::invalid(
                format!("A file cannot be read or written: {io}."),
                "Check the name, the folder and the space on the disk.",
            ),
            other => Self::new(
                "A-108",
                exit::INTEGRITY,
                format!("{other}."),
                "Try again; if it stays, ask the sender to send it again.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_a_section_for_others_is_not_said_to_be_missing() {
        assert_eq!(missing("abcd", &[]).code, "C-104");
        assert_eq!(missing("abcd", &[*b"PHO"]).code, "C-106");
    }
}
