//! Entries that colleagues keep in common: written here, and taken from a colleague's device.

use causeway_common::ids::{DeviceId, PacketId};
use causeway_common::priority::Priority;

use super::shared::PRIORITY;
use super::{Engine, EngineError};
use crate::activity;
use crate::office::{self, Draft, Entry, Kind, duty};
use crate::records::Step;
use crate::retention::placeholder;
use crate::shared::Shared;

/// Why an entry is not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OfficeError {
    /// The device failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There are as many as are kept.
    #[error("there are {0} of them already")]
    Full(usize),
    /// It is longer than anything that is kept.
    #[error("it is too long")]
    Long,
}

impl Engine {
    /// Writes an entry, tells the colleagues unless it is for this workstation alone, and says in the activity log what was
    /// done: in one transaction.
    pub(crate) async fn write_entry(
        &self,
        draft: Draft,
        (what, about): (&str, Option<PacketId>),
    ) -> Result<Entry, OfficeError> {
        let _turn = self.turn.lock().await;
        let mut tidied = Step::new(&self.vault);
        duty::tidy(&self.vault, &mut tidied.changes, self.now()).map_err(EngineError::from)?;
        self.commit_step(tidied).await?;
        let mut step = Step::new(&self.vault);
        let before = office::find(&step, draft.case, draft.kind, &draft.key).map_err(EngineError::from)?;
        if before.is_none() && office::count(&self.vault, draft.case, draft.kind) >= draft.kind.most() {
            return Err(OfficeError::Full(draft.kind.most()));
        }
        let (device, desk) = (self.identity.device(), self.identity.device_name.clone());
        let revision = before.map_or(0, |before| before.revision).saturating_add(1);
        let entry = Entry { revision, ..Entry::by(device, desk, self.now(), draft) };
        if !entry.is_sound() {
            return Err(OfficeError::Long);
        }
        // Nobody else has heard of what was never shared, and nothing is left of it.
        let shared = entry.kind().is_some_and(Kind::is_shared);
        if shared || entry.is_there() {
            office::put(&mut step.changes, &entry);
        } else {
            office::drop_entry(&mut step.changes, &entry);
        }
        if shared && self.has_colleagues().await {
            let mut shared = Shared::by(&self.identity.device_name);
            shared.say_office(&entry);
            self.share(shared, Vec::new(), PRIORITY, &mut step).await?;
        }
        activity::append(&self.vault, &mut step.changes, self.now(), what, about)
            .map_err(EngineError::from)?;
        self.commit_step(step).await?;
        Ok(entry)
    }

    /// A colleague's device has written an entry, or passes one on.
    pub(super) fn colleague_wrote(&self, entry: Entry, step: &mut Step<'_>) -> Result<(), EngineError> {
        let Some(kind) = entry.kind().filter(|kind| kind.is_shared() && entry.is_sound()) else {
            return Ok(());
        };
        let case = entry.of_case();
        if let Some(case) = case
            && placeholder::of(step, &case)?.is_some()
        {
            return Ok(());
        }
        let counts = match office::find(step, case, kind, &entry.key)? {
            Some(before) => entry.replaces(&before),
            None => office::count(&self.vault, case, kind) < kind.most(),
        };
        if counts {
            office::put(&mut step.changes, &entry);
        }
        Ok(())
    }

    /// Gives entries to a device that joined after they were written.
    pub(super) async fn give_entries(
        &self,
        entries: &[Entry],
        device: DeviceId,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        for entry in entries {
            let mut shared = Shared::by(&self.identity.device_name).only_for(device);
            shared.say_office(entry);
            self.share(shared, Vec::new(), Priority::P3, step).await?;
        }
        Ok(())
    }
}
