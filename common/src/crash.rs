//! Named points at which a test of power and process failures ends a process, without warning and without any
//! farewell. Inert unless [`arm`] was called: then [`at`] is one look at an empty cell.
//!
//! Both programs take `--crash-at STEP:N` for this, a flag that no help text shows. Tests walk through [`STEPS`].

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Every point there is, in the order in which a packet comes past them.
pub const STEPS: [&str; 26] = [
    // Both sides: a transaction of the store, and files beside it.
    "store.before-apply",
    "store.before-flush",
    "store.before-sync",
    "store.after-sync",
    "file.before-sync",
    "file.before-rename",
    "file.before-folder-sync",
    // The client: prekeys, the outbox, the inbox.
    "prekeys.before-records",
    "keys.before-content",
    "keys.before-erase",
    "keys.erased-half",
    "recovery.before-erase",
    // A case is erased: the new secret is there; the others are under it; the old one is gone.
    "case.before-rewrap",
    "case.before-destroy",
    "case.destroyed",
    "outbox.queued",
    "outbox.sealed",
    "outbox.uploaded",
    "outbox.answered",
    "outbox.receipted",
    "inbox.before-erase",
    "inbox.before-acknowledge",
    "inbox.acknowledged",
    // The relay.
    "relay.before-answer",
    "relay.answered",
    "relay.pushed",
];

static ARMED: OnceLock<Armed> = OnceLock::new();

struct Armed {
    step: String,
    left: AtomicU64,
}

/// Not `STEP:N` with a known step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a place to crash at is STEP:N, with a step that exists and a number from 1")]
pub struct UnknownPlace;

/// From now on the process ends when it comes to the step for the nth time. The first call counts.
pub fn arm(place: &str) -> Result<(), UnknownPlace> {
    let (step, n) = place.rsplit_once(':').ok_or(UnknownPlace)?;
    let n: u64 = n.parse().ok().filter(|n| *n > 0).ok_or(UnknownPlace)?;
    if !STEPS.contains(&step) {
        return Err(UnknownPlace);
    }
    // Called once, before anything else.
    let _ = ARMED.set(Armed { step: step.to_owned(), left: AtomicU64::new(n) });
    Ok(())
}

/// The process has come to this step.
pub fn at(step: &'static str) {
    debug_assert!(STEPS.contains(&step), "{step} is not among the steps");
    if let Some(armed) = ARMED.get()
        && armed.step == step
        && armed.left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_that_exist_are_taken_and_an_unarmed_process_lives() {
        for wrong in ["", "store.after-sync", "store.after-sync:0", "store.after-sync:x", "store.sync:1"] {
            assert_eq!(arm(wrong), Err(UnknownPlace), "{wrong}");
        }
        STEPS.into_iter().for_each(at);
    }
}
