//! The promise in a world that breaks: hundreds of seeds, each with its own losses, crashes, partitions and clocks.
//!
//! `SEED=7` replays one seed and prints its history; `SEEDS=5000 SEED_FROM=1000` runs others than usual. Seeds that
//! once failed stand in `tests/regressions/simulation.txt` and are always run.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_tests::sim::run::{Outcome, run, run_teams};

/// Seeds of a usual run.
const SEEDS: u64 = 500;
/// Of worlds with several devices, each of which takes three times as long.
const TEAMS_SEEDS: u64 = 50;
const REGRESSIONS: &str = include_str!("../regressions/simulation.txt");
const TEAMS_REGRESSIONS: &str = include_str!("../regressions/teams.txt");

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().unwrap())
}

fn regressions(text: &str) -> Vec<u64> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect()
}

/// All seeds, on all cores.
fn run_all(run: fn(u64) -> Outcome, seeds: &[u64]) -> Vec<Outcome> {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let outcome = std::panic::catch_unwind(|| run(*seed)).unwrap_or_else(|_| Outcome {
                        seed: *seed,
                        complaints: vec!["the world itself panicked, see above".into()],
                        ..Outcome::default()
                    });
                    if !outcome.complaints.is_empty() {
                        // At once: a long run need not come to its end to be of use.
                        println!("SEED={}\n    {}", outcome.seed, outcome.complaints.join("\n    "));
                    }
                    outcomes.lock().unwrap().push(outcome);
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

#[test]
fn the_promise_holds_whatever_breaks() {
    holds(run, REGRESSIONS, SEEDS);
}

#[test]
fn the_promise_holds_for_several_devices_that_come_and_go() {
    holds(run_teams, TEAMS_REGRESSIONS, TEAMS_SEEDS);
}

fn holds(run: fn(u64) -> Outcome, known: &str, usual: u64) {
    let begun = tokio::time::Instant::now();
    let replayed = number("SEED");
    let from = number("SEED_FROM").unwrap_or(1);
    let seeds: Vec<u64> = match replayed {
        Some(seed) => vec![seed],
        None => {
            let others = from..from + number("SEEDS").unwrap_or(usual);
            regressions(known).into_iter().chain(others).collect()
        }
    };
    let mut outcomes = run_all(run, &seeds);
    outcomes.sort_by_key(|outcome| outcome.seed);
    if replayed.is_some() {
        outcomes.iter().for_each(|o| println!("{}\nfingerprint {:016x}", o.lines.join("\n"), o.fingerprint));
    }
    let sum = |what: fn(&Outcome) -> u64| outcomes.iter().map(what).sum::<u64>();
    println!(
        "{} seeds in {:.1?}: {} packets, {} crashes, {} transactions lost with the power, {} datagrams, {} simulated \
         minutes",
        outcomes.len(),
        begun.elapsed(),
        sum(|o| o.packets),
        sum(|o| o.crashes),
        sum(|o| o.lost_transactions),
        sum(|o| o.datagrams),
        sum(|o| o.simulated_ms) / 60_000,
    );
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.complaints.is_empty())
        .map(|outcome| format!("SEED={}\n    {}", outcome.seed, outcome.complaints.join("\n    ")))
        .collect();
    assert!(failed.is_empty(), "{} seeds break a promise:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for (run, seed) in [(run as fn(u64) -> Outcome, 3), (run, 4), (run, 5), (run_teams, 3), (run_teams, 4)] {
        // At the same time, each in a thread of its own: what runs beside it changes nothing.
        let (one, two) = std::thread::scope(|scope| {
            let (one, two) = (scope.spawn(|| run(seed)), scope.spawn(|| run(seed)));
            (one.join().unwrap(), two.join().unwrap())
        });
        for (one, two) in one.lines.iter().zip(&two.lines) {
            assert_eq!(one, two, "seed {seed}");
        }
        assert_eq!(one.fingerprint, two.fingerprint, "seed {seed}");
        assert!(one.datagrams > 100);
    }
}
