//! Every family of the benchmarks with small counts: that it works and counts right. Nothing here judges a speed.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::path::PathBuf;

use causeway_tests::bench::{self, Family, Outcome, Plan};

async fn run(family: Family) -> Outcome {
    let plan = Plan { program: PathBuf::from(env!("CARGO_BIN_EXE_bench")), quick: true };
    let outcome = bench::run(&plan, family).await;
    assert_eq!(outcome.family, family.name());
    assert!(!outcome.floor.is_empty() && !outcome.measured.is_empty() && !outcome.targets.is_empty());
    for (name, value) in outcome.floor.iter().chain(&outcome.measured) {
        assert!(value.as_f64().is_some_and(|value| value > 0.0), "{name} is {value}");
    }
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn submissions_reach_the_disk_as_the_same_transactions() {
    let outcome = run(Family::Submit).await;
    assert_eq!(outcome.counts["submissions"], 300);
    // Four records for each, and one that counts them.
    assert_eq!(outcome.counts["records"], 4 * 300 + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_arrive_idle_and_behind_a_backlog() {
    let outcome = run(Family::Latency).await;
    assert_eq!((&outcome.counts["alarms"], &outcome.counts["backlog"]), (&20.into(), &200.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_devices_stay_connected() {
    assert_eq!(run(Family::Idle).await.counts["devices"], 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_gets_across_three_processes() {
    assert_eq!(run(Family::Attachment).await.counts["bytes"], 16 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn mailboxes_keep_their_fill() {
    let outcome = run(Family::Mailbox).await;
    assert_eq!(outcome.counts["filled_100"], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_replays_the_directory_and_goes_on_from_there() {
    let outcome = run(Family::Directory).await;
    assert_eq!((&outcome.counts["organisations"], &outcome.counts["devices"]), (&200.into(), &1_000.into()));
}

#[tokio::test]
async fn packets_are_sealed_for_one_device_and_for_a_hundred() {
    assert_eq!(run(Family::Sealing).await.counts["packets"], 8);
}

#[tokio::test]
async fn many_referrals_are_searched() {
    assert_eq!(run(Family::Searching).await.counts["referrals"], 500);
}

#[tokio::test]
async fn a_report_is_compared_with_whoever_comes_into_question() {
    assert_eq!(run(Family::Matching).await.counts["people"], 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_with_many_cases_is_opened_and_looked_over() {
    assert_eq!(run(Family::Casebook).await.counts["cases"], 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_workstation_with_many_cases_are_shown() {
    assert_eq!(run(Family::Pages).await.counts["cases"], 300);
}

#[test]
fn a_family_that_does_not_exist_is_named() {
    let asked = std::process::Command::new(env!("CARGO_BIN_EXE_bench")).arg("sumbit").output().unwrap();
    assert_eq!(asked.status.code(), Some(2));
    assert!(String::from_utf8(asked.stderr).unwrap().contains("\"sumbit\""));
}
