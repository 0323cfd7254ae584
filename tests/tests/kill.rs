//! Two hundred processes are killed under traffic, relay and clients, at random moments and at named points. Then
//! everything runs until it is quiet, and nothing that was acknowledged is missing, nothing is there twice, and every
//! word is right.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::sync::Arc;
use std::time::Duration;

use causeway_tests::process::Death;
use causeway_tests::process::relay::Place;
use causeway_tests::process::town::Town;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

#[path = "kill/inbox.rs"]
mod inbox;
#[path = "kill/ledger.rs"]
mod ledger;
#[path = "kill/traffic.rs"]
mod traffic;

use ledger::Ledger;

const ORGS: [(&str, &str, &str); 4] = [
    ("Angel Hotline", "hotline", "RU"),
    ("Border Police", "police", "DE"),
    ("Embassy of Moldova", "embassy", "MD"),
    ("Shelter North", "shelter", "FI"),
];
/// Kills of each side, at least.
const RELAY_KILLS: usize = 60;
const CLIENT_KILLS: usize = 140;
/// All of them within this time: three minutes on an idle machine of two cores is plenty.
const KILLING_LIMIT: Duration = Duration::from_secs(600);
/// Rounds of syncs until nothing moves any more.
const ROUNDS_MAX: usize = 20;

/// The same kills each time, as far as time allows, so that a failure is that of a change; `SEED=` looks for others.
fn seed() -> u64 {
    std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled_by_two_hundred_kills() {
    let seed = seed();
    println!("SEED={seed}");
    let begun = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let place = Place::below(folder.path(), "warn");
    let (mut town, relay) = Town::found(folder.path(), place, &ORGS[..ORGS.len() - 1]).await;
    let ledger = Arc::new(Ledger::new(seed));
    let (name, kind, country) = ORGS[ORGS.len() - 1];
    town.join(folder.path(), name, kind, country).await;
    die_making_prekeys(&town, &ledger).await;
    relay.stop().await;
    let killing = Instant::now();
    kill_under_traffic(&town, &ledger, folder.path(), seed).await;
    let killed = killing.elapsed();

    let mut place = town.place.clone();
    let relay = place.up().await;
    run_until_quiet(&town).await;
    let found = inbox::check(&town, &ledger, folder.path()).await;
    relay.stop().await;
    println!(
        "{}; {killed:.0?} of kills under traffic, {:.0?} in all\n{found}",
        ledger.summary(),
        begun.elapsed()
    );
}

/// Prekeys are made when a device has few left: the newest organisation has none, so that it comes past this point now.
async fn die_making_prekeys(town: &Town, ledger: &Ledger) {
    let death = Death::At("prekeys.before-records:1".into());
    let begun = Instant::now();
    let ran = town.orgs.last().unwrap().attempt(&["sync"], &death).await;
    ledger.client_ended(ran.status, &death, begun.elapsed());
    for org in &town.orgs {
        org.run(&["sync"]).await;
    }
}

async fn kill_under_traffic(town: &Town, ledger: &Arc<Ledger>, folder: &std::path::Path, seed: u64) {
    let mut workers = JoinSet::new();
    for number in 0..town.orgs.len() {
        let rng = ChaCha8Rng::seed_from_u64(seed ^ (number as u64 + 1));
        let worker = traffic::Worker::new(town, number, folder, Arc::clone(ledger), rng);
        workers.spawn(worker.work());
    }
    let rng = ChaCha8Rng::seed_from_u64(seed);
    workers.spawn(traffic::keep_killing_the_relay(town.place.clone(), Arc::clone(ledger), rng));
    let all = async {
        // The first panic is the report.
        while let Some(ended) = workers.join_next().await {
            ended.unwrap();
        }
    };
    let telling = async {
        loop {
            tokio::time::sleep(Duration::from_secs(10)).await;
            println!("{}", ledger.summary());
        }
    };
    let both = async {
        tokio::select! {
            () = all => {}
            () = telling => {}
        }
    };
    if timeout(KILLING_LIMIT, both).await.is_err() {
        panic!("too few kills in {KILLING_LIMIT:?}: {}", ledger.summary());
    }
    for step in ledger::steps_of_traffic() {
        assert!(ledger.has_died_at(step), "nobody has died at {step}: {}", ledger.summary());
    }
}

/// Syncs everybody, round after round, until a whole round has moved nothing.
async fn run_until_quiet(town: &Town) {
    for _ in 0..ROUNDS_MAX {
        let mut moved = 0;
        for org in &town.orgs {
            let done = org.run(&["sync"]).await;
            moved +=
                ["sent", "received", "waiting"].map(|what| done[what].as_u64().unwrap()).iter().sum::<u64>();
        }
        if moved == 0 {
            return;
        }
    }
    panic!("something still moves after {ROUNDS_MAX} rounds of syncs");
}
