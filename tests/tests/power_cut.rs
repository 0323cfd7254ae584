//! Whatever a drive may hold after a power cut: everything acknowledged is there, nothing is half there, and work
//! goes on.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::path::Path;
use std::process::Command;

use causeway_tests::power_cut::recording::{Event, Recording};
use causeway_tests::power_cut::{relay, sweep, vault};

/// States of each kind; `POWER_CUT_STATES` asks for more.
const STATES: usize = 260;

fn states() -> usize {
    std::env::var("POWER_CUT_STATES").map_or(STATES, |number| number.parse().unwrap())
}

fn seed() -> u64 {
    std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap())
}

fn record(role: &str) -> Recording {
    let recording = Recording::of(Command::new(env!("CARGO_BIN_EXE_durable_child")).arg(role));
    assert!(recording.count(|event| matches!(event, Event::Synced { .. })) > 50, "nothing was recorded");
    recording
}

fn assert_intact(complaints: &[String]) {
    let first: Vec<_> = complaints.iter().take(8).map(String::as_str).collect();
    assert!(
        complaints.is_empty(),
        "{} states are broken; the first:\n{}",
        complaints.len(),
        first.join("\n")
    );
}

fn run(recording: &Recording, check: impl Fn(&Path, &[&[u8]]) -> Result<(), String> + Sync) {
    let count = states();
    assert_intact(&sweep(recording, count, seed(), check));
    println!("{count} states of {} events intact", recording.events.len());
}

#[test]
fn the_relay_keeps_what_it_has_acknowledged() {
    run(&record("relay-store"), relay::check);
}

#[test]
fn the_vault_keeps_what_it_has_committed_and_forgets_what_it_has_erased() {
    run(&record("vault"), vault::check);
}
