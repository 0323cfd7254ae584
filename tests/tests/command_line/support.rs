//! A town to type commands in.

use std::path::Path;

use causeway_tests::process::Death;
use causeway_tests::process::actor::{Actor, Ran};
use causeway_tests::process::clock::TestClock;
use causeway_tests::process::relay::{Place, Relay};
pub(crate) use causeway_tests::process::sample;
use causeway_tests::process::town::Town;
use serde_json::Value;
use tempfile::TempDir;

/// Usage that clap refuses.
pub(crate) const USAGE: i32 = 2;
/// Locked, or not allowed.
pub(crate) const LOCKED: i32 = 3;
/// No such thing.
pub(crate) const NOT_FOUND: i32 = 4;
/// Input that does not hold.
pub(crate) const INVALID: i32 = 5;
/// The network; worth trying again.
pub(crate) const NETWORK: i32 = 6;
/// Refused by the other side or by a rule.
pub(crate) const REFUSED: i32 = 7;
/// Something was tampered with.
pub(crate) const INTEGRITY: i32 = 8;
/// Somebody else has it.
pub(crate) const CONFLICT: i32 = 9;

/// A hotline and a police liaison.
pub(crate) const HOTLINE_AND_POLICE: &[(&str, &str, &str)] =
    &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];

/// A running town.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) town: Town,
    pub(crate) relay: Relay,
}

impl Stage {
    pub(crate) async fn set(orgs: &[(&str, &str, &str)]) -> Self {
        Self::with_clock(orgs, |_| None).await
    }

    /// A town whose time can be set ahead.
    pub(crate) async fn in_time(orgs: &[(&str, &str, &str)]) -> (Self, TestClock) {
        let stage = Self::with_clock(orgs, |folder| Some(TestClock::below(folder))).await;
        let clock = stage.town.place.clock.clone().unwrap();
        (stage, clock)
    }

    async fn with_clock(orgs: &[(&str, &str, &str)], clock: impl FnOnce(&Path) -> Option<TestClock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = clock(folder.path());
        let place = Place { clock, ..Place::below(folder.path(), "warn") };
        let (town, relay) = Town::found(folder.path(), place, orgs).await;
        Self { folder, town, relay }
    }

    pub(crate) fn hotline(&self) -> &Actor {
        &self.town.orgs[0]
    }

    pub(crate) fn police(&self) -> &Actor {
        &self.town.orgs[1]
    }

    /// Writes a file and gives its name.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

/// What a person sees who runs this, on standard output; it must succeed.
pub(crate) async fn seen_by(actor: &Actor, words: &[&str]) -> String {
    output_of(actor, words).await.0
}

/// The same, and what it remarks beside it.
pub(crate) async fn output_of(actor: &Actor, words: &[&str]) -> (String, String) {
    actor.sees(words).await
}

/// Runs a command that must fail like this, and whose error must be one for people.
pub(crate) async fn fails(actor: &Actor, words: &[&str], exit: i32, code: &str) -> Value {
    let ran: Ran = actor.attempt(words, &Death::Never).await;
    let error = ran.error();
    assert_eq!(ran.status.code(), Some(exit), "{words:?}: {}", ran.tail());
    assert_eq!(error["code"], code, "{words:?}: {error}");
    for field in ["message", "hint"] {
        assert!(error[field].as_str().is_some_and(|text| text.len() > 10), "{words:?}: {error}");
    }
    assert_eq!(
        error["retryable"].as_bool(),
        Some(exit == NETWORK || code == "S-111" || code == "C-130"),
        "{error}"
    );
    error
}
