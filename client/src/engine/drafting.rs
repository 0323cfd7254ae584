//! Drafts that people write on, perhaps two at a time.

use super::{Engine, EngineError};
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
}
