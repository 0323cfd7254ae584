//! The kept inputs of the fuzzers, run once each without a fuzzer: what was found stays found.
#![allow(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;

use causeway_tests::fuzzing::{TARGETS, Target};

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// Whether a target panics on an input. A panic inside a task counts too, although its runtime catches it: everything
/// that a target starts runs on this thread.
fn panics(target: Target, bytes: &[u8]) -> bool {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            usual(info);
        }));
    });
    let before = PANICS.get();
    catch_unwind(AssertUnwindSafe(|| target(bytes))).is_err() || PANICS.get() > before
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Runs the kept inputs of a target, those that once made it fail included.
fn run_all(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(found, _)| *found == name).unwrap();
    let kept = files(&folder("corpus").join(name));
    assert!(kept.len() >= 5, "{name} has {} kept inputs", kept.len());
    let regressions = folder("regressions").join(name);
    let found = if regressions.exists() { files(&regressions) } else { Vec::new() };
    let failed: Vec<PathBuf> =
        kept.into_iter().chain(found).filter(|path| panics(target, &std::fs::read(path).unwrap())).collect();
    assert!(failed.is_empty(), "{name} fails on {failed:#?}");
}

#[test]
fn audit() {
    run_all("audit");
}

#[test]
fn decoders() {
    run_all("decoders");
}

#[test]
fn documents() {
    run_all("documents");
}

#[test]
fn formats() {
    run_all("formats");
}

#[test]
fn lookups() {
    run_all("lookups");
}

#[test]
fn relay_frames() {
    run_all("relay_frames");
}

#[test]
fn seal() {
    run_all("seal");
}

#[test]
fn session() {
    run_all("session");
}

#[test]
fn vault() {
    run_all("vault");
}

#[test]
fn nothing_and_noise_are_inputs_too() {
    for (name, target) in TARGETS {
        target(&[]);
        for seed in 0..8u8 {
            let noise: Vec<u8> = (0..200u8).map(|i| i.wrapping_mul(seed).wrapping_add(seed)).collect();
            let noise = [&[seed][..], &noise].concat();
            assert!(!panics(target, &noise), "{name} fails on {noise:?}");
        }
    }
}

#[test]
fn every_target_has_a_binary_and_the_smoke_runs_it() {
    let binaries: BTreeSet<String> = files(&folder("targets"))
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(binaries, targets);
    let manifest = std::fs::read_to_string(folder("Cargo.toml")).unwrap();
    assert!(targets.iter().all(|name| manifest.contains(&format!("path = \"targets/{name}.rs\""))));
}

/// What is fuzzed is built from the same versions as what is shipped.
#[test]
fn the_fuzzers_use_the_versions_of_the_workspace() {
    let ours = versions(&folder("../../Cargo.lock"));
    let own = ["arbitrary", "causeway-fuzz", "libfuzzer-sys"];
    for (name, versions) in versions(&folder("Cargo.lock")) {
        if !own.contains(&name.as_str()) {
            let known = ours.get(&name).unwrap_or_else(|| panic!("{name} is not in Cargo.lock"));
            assert!(versions.is_subset(known), "{name} {versions:?}, but {known:?} in Cargo.lock");
        }
    }
}

fn versions(lock: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(lock).unwrap();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let value = |line: &str| line.split('"').nth(1).unwrap().to_owned();
    let lines: Vec<&str> = text.lines().collect();
    for pair in lines.windows(2).filter(|pair| pair[0].starts_with("name = ")) {
        all.entry(value(pair[0])).or_default().insert(value(pair[1]));
    }
    assert!(all.len() > 100);
    all
}
