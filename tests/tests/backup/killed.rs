//! A backup, or a restoration, that is killed at any moment.

use std::time::Duration;

use causeway_tests::process::Death;
use causeway_tests::process::relay::Place;
use causeway_tests::process::town::Town;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

use super::workstation::{ORGS, at, inbox, restore, send, sync};

/// Kills of each command.
const KILLS: usize = 12;

/// Some moment in a command that takes this long, or just after it.
fn moment(dice: &mut ChaCha8Rng, takes: Duration) -> Death {
    Death::After(takes.mul_f64(dice.random_range(0.0..1.1)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_spoils_none_and_a_restoration_that_is_killed_is_never_taken_for_whole() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::below(folder.path(), "warn");
    let (town, relay) = Town::found(folder.path(), place, &ORGS).await;
    let (hotline, police) = (&town.orgs[0], &town.orgs[1]);
    let mut dice = ChaCha8Rng::seed_from_u64(std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap()));
    let out = folder.path().join("backups").display().to_string();
    let create = ["backup", "create", "--out", &out];

    send(hotline, ORGS[1].0).await;
    sync([hotline, police]).await;
    let begun = Instant::now();
    police.run(&create).await;
    let mut takes = begun.elapsed();
    // What the newest whole backup may hold: a command that was killed may have ended its work.
    let mut kept = vec![inbox(police).await];
    let mut killed = 0;
    for round in 0..KILLS {
        send(hotline, ORGS[1].0).await;
        hotline.run(&["sync"]).await;
        police.run(&["sync"]).await;
        let now = inbox(police).await;
        let ran = police.attempt(&create, &moment(&mut dice, takes)).await;
        killed += usize::from(!ran.status.success());
        police.run(&["backup", "check", "--from", &out]).await;
        if ran.status.success() {
            kept.clear();
        }
        kept.push(now.clone());
        if round % 4 == 3 {
            let there = restore(police, &out, &folder.path().join(format!("looked at {round}"))).await;
            let found = inbox(&there).await;
            assert!(kept.contains(&found), "a whole one: {found:?} of {kept:?}");
            let begun = Instant::now();
            police.run(&create).await;
            (kept, takes) = (vec![now], begun.elapsed());
        }
    }
    assert!(killed > KILLS / 4, "{killed} were killed");

    let kept = inbox(police).await;
    let begun = Instant::now();
    restore(police, &out, &folder.path().join("whole")).await;
    let (takes, mut cut_off) = (begun.elapsed(), 0);
    for round in 0..KILLS {
        let home = folder.path().join(format!("restored {round}"));
        let words = ["backup", "restore", "--from", &out];
        let ran = at(police, &home).attempt(&words, &moment(&mut dice, takes)).await;
        let there = at(police, &home);
        let list = there.attempt(&["inbox", "list"], &Death::Never).await;
        if ran.status.success() || list.status.success() {
            assert_eq!(inbox(&there).await, kept, "what opens is whole");
            continue;
        }
        cut_off += 1;
        assert!(list.error()["code"].is_string(), "it says why it does not open: {}", list.tail());
        if home.exists() {
            std::fs::remove_dir_all(&home).unwrap();
        }
        assert_eq!(inbox(&restore(police, &out, &home).await).await, kept);
    }
    assert!(cut_off > 0, "none was cut off");
    println!("{killed} backups and {cut_off} restorations cut off");
    relay.stop().await;
}
