//! Legal holds: what a court or an authority wants kept is neither erased nor does it expire.

use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::activity;
use crate::engine::{Engine, EngineError};
use crate::records::{self, RecordError, Source};
use crate::vault::{CaseName, Changes, Tree, Vault};

const HOLD: &[u8] = b"h";
/// Longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// A hold on one case. Its reason may name people: it is sealed with the case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hold {
    /// The case.
    pub case: CaseName,
    /// Who wants it kept, and why.
    pub reason: String,
    /// When it was set.
    pub set: Timestamp,
    /// When it is to be looked at again. It holds on until a person releases it.
    pub until: Timestamp,
}
no_content_in_debug!(Hold);

impl Hold {
    /// Whether it should have been looked at by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.until < now
    }
}

fn key(case: &CaseName) -> Vec<u8> {
    [HOLD, case].concat()
}

/// The hold on a case.
pub fn of(from: &dyn Source, case: &CaseName) -> Result<Option<Hold>, RecordError> {
    records::read(from, Tree::Retention, &key(case))
}

/// All holds.
pub fn all(vault: &Vault) -> Result<Vec<Hold>, RecordError> {
    let ids = records::ids_with_prefix(vault, Tree::Retention, HOLD);
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(records::read(vault, Tree::Retention, &id)?);
    }
    Ok(all)
}

/// Sets a hold, or sets it anew. The reason is cut at [`REASON_CHARS_MAX`].
pub async fn set(
    engine: &Engine,
    case: CaseName,
    reason: &str,
    until: Timestamp,
) -> Result<Hold, EngineError> {
    let reason = reason.chars().take(REASON_CHARS_MAX).collect();
    let hold = Hold { case, reason, set: engine.now(), until };
    let mut changes = Changes::default();
    records::write_of(&mut changes, Some(case), Tree::Retention, &key(&case), &hold);
    activity::append(&engine.vault, &mut changes, engine.now(), "set a legal hold", None)?;
    engine.commit(changes).await?;
    Ok(hold)
}

/// Releases it.
pub async fn release(engine: &Engine, case: &CaseName) -> Result<(), EngineError> {
    let mut changes = Changes::default();
    changes.delete(Tree::Retention, &key(case));
    activity::append(&engine.vault, &mut changes, engine.now(), "released a legal hold", None)?;
    engine.commit(changes).await
}
