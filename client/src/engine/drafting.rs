//! Drafts that people write on, perhaps two at a time.

use causeway_common::limits::ATTACHMENTS_PER_PACKET_MAX;

use super::{Engine, EngineError};
use crate::attachments::kept::{self, Kept};
use crate::attachments::{self, TransferError, fits};
use crate::formats::drafts::{self, Draft};
use crate::vault::Changes;

impl Engine {
    /// Keeps a draft, if what it was made from still stands: two who write on the same do not undo each other unseen. False: another
    /// one stands there, or none, and nothing was written.
    pub(crate) async fn keep_draft(
        &self,
        draft: &Draft,
        made_from: Option<&Draft>,
    ) -> Result<bool, EngineError> {
        let _turn = self.turn.lock().await;
        if drafts::draft(&self.vault, &draft.id)?.as_ref() != made_from {
            return Ok(false);
        }
        let mut changes = Changes::default();
        drafts::put(&mut changes, draft);
        self.commit(changes).await?;
        Ok(true)
    }

    /// Keeps a file that was sealed for a draft, if there is still room for it. False: the draft is gone, and nothing was written.
    pub(crate) async fn keep_draft_file(&self, draft: &[u8; 16], file: &Kept) -> Result<bool, FileError> {
        let _turn = self.turn.lock().await;
        let Some(draft) = drafts::draft(&self.vault, draft)?.filter(|draft| !draft.is_sent()) else {
            return Ok(false);
        };
        let others = kept::all(&self.vault, &draft.id)?;
        if others.len() >= ATTACHMENTS_PER_PACKET_MAX {
            return Err(TransferError::TooMany.into());
        }
        fits(file.section, file.size, kept::counted(&others)).map_err(TransferError::from)?;
        let mut changes = Changes::default();
        kept::put(&mut changes, file, draft.own_case());
        self.commit(changes).await?;
        Ok(true)
    }

    /// Takes a file off a draft.
    pub(crate) async fn drop_draft_file(&self, file: &Kept) -> Result<(), EngineError> {
        let _turn = self.turn.lock().await;
        let mut changes = Changes::default();
        kept::drop(&mut changes, file);
        self.commit(changes).await?;
        file.forget(&self.staging);
        Ok(())
    }

    /// Seals a file of a draft as an attachment of a packet that is about to be queued.
    pub(crate) async fn attach_kept(
        &self,
        draft: &mut super::Draft,
        file: &Kept,
    ) -> Result<(), TransferError> {
        let mut rng = self.fork_rng().await;
        attachments::stage_kept(&self.staging, draft.packet, &mut draft.sections, file, &mut rng)
    }
}

/// Why a file is not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The file.
    #[error(transparent)]
    File(#[from] TransferError),
    /// The vault.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A record of it.
    #[error(transparent)]
    Record(#[from] crate::records::RecordError),
}
