//! Power cuts: what a drive may hold when the current goes, and whether the real code can live with it.
//!
//! A child process works on a folder while a shim (`shim/record.c`) records every write, rename, removal and sync, and
//! every word of the child about what it takes for durable ([`recording`]). From the recording, [`drive`] builds the
//! states in which a drive may legally be found after a cut at any moment. Each is opened by the real code and held
//! against what had been acknowledged by then ([`relay`], [`vault`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

pub mod drive;
pub mod recording;
pub mod relay;
pub mod vault;

use self::drive::Drive;
use self::recording::{Event, Recording};

/// States of each moment in which a store is made or opened.
const STATES_OF_OPENING: usize = 2;

/// Rebuilds `count` states at moments all over the recording and gives each, with the child's words up to that
/// moment, to `check`. Gives the complaints, each with what rebuilds its state: the same seed.
///
/// # Panics
/// When the recording does not lead to the folder that the child left, or when states cannot be written.
pub fn sweep(
    recording: &Recording,
    count: usize,
    seed: u64,
    check: impl Fn(&Path, &[&[u8]]) -> Result<(), String> + Sync,
) -> Vec<String> {
    recording.prove_complete();
    let cuts = moments(recording, count, seed);
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut walk = Walk::new(recording);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(cut) = cuts.get(number) else { break };
                    let state = seed ^ ((number as u64) << 32);
                    if let Err(complaint) = walk.check(*cut, state, &check) {
                        let after = &recording.events[cut - 1];
                        complaints.lock().unwrap().push(format!(
                            "state {number} (seed {seed}), cut at event {cut} after {after:?}: {complaint}"
                        ));
                    }
                }
            });
        }
    });
    complaints.into_inner().unwrap()
}

/// Moments to cut at, in order: each before the first acknowledgement, for making and opening a store happen once and
/// in few steps; then `count` anywhere, half of them right after an acknowledgement, where a missing barrier shows.
fn moments(recording: &Recording, count: usize, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let events = &recording.events;
    let said: Vec<usize> = (1..=events.len()).filter(|i| matches!(events[i - 1], Event::Said(_))).collect();
    assert!(!said.is_empty(), "the child has acknowledged nothing");
    let mut cuts: Vec<usize> = (0..count)
        .map(|i| match i % 2 {
            0 => said[rng.random_range(0..said.len())],
            _ => rng.random_range(1..=events.len()),
        })
        .collect();
    cuts.extend((1..=said[0]).flat_map(|cut| [cut; STATES_OF_OPENING]));
    cuts.sort_unstable();
    cuts
}

/// One thread's way through the recording, forwards only.
struct Walk<'a> {
    recording: &'a Recording,
    drive: Drive<'a>,
    done: usize,
    said: Vec<&'a [u8]>,
}

impl<'a> Walk<'a> {
    fn new(recording: &'a Recording) -> Self {
        Self { recording, drive: Drive::default(), done: 0, said: Vec::new() }
    }

    fn check(
        &mut self,
        cut: usize,
        seed: u64,
        check: &(impl Fn(&Path, &[&[u8]]) -> Result<(), String> + Sync),
    ) -> Result<(), String> {
        for event in &self.recording.events[self.done..cut] {
            match event {
                Event::Said(words) => self.said.push(words),
                other => self.drive.apply(other),
            }
        }
        self.done = cut;
        let folder = scratch();
        self.drive.write_state(folder.path(), &mut ChaCha8Rng::seed_from_u64(seed));
        catch_unwind(AssertUnwindSafe(|| check(folder.path(), &self.said)))
            .unwrap_or_else(|panic| Err(format!("panicked: {}", words_of(&*panic))))
    }
}

/// A folder in memory where there is one: the states are many and need no real drive.
///
/// # Panics
/// When no folder can be made.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}
