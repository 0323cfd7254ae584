//! `causeway demo`: what it promises to a person who has just built it.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_tests::process::program::program;
use serde_json::Value;
use tokio::process::Command;

/// Far more than a debug build needs beside other tests.
const LIMIT: &str = "240";

#[tokio::test]
async fn the_demo_delivers_everything_once_and_shows_the_relay_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(program("causeway"));
    demo.args(["demo", "--headless", "--json", "--seconds", LIMIT]).env("TMPDIR", folder.path());
    let ended = tokio::time::timeout(Duration::from_secs(300), demo.kill_on_drop(true).output()).await;
    let output = ended.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();

    let totals = &summary["totals"];
    assert_eq!(
        (&totals["sent"], &totals["delivered"], &totals["lost"], &totals["duplicated"]),
        (&8.into(), &8.into(), &0.into(), &0.into())
    );
    let view = &summary["relay_view"];
    assert_eq!(view["case_words_found"], 0);
    assert!(
        view["case_words_searched"].as_u64() > Some(50) && view["bytes"].as_u64() > Some(10_000),
        "{view}"
    );
    assert_eq!(summary["alert_overtook_routine"], true);

    let mut works: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for referral in summary["referrals"].as_array().unwrap() {
        assert!(referral["delivered_ms"].is_number(), "{referral}");
        assert!(!referral["timeline"].as_array().unwrap().is_empty(), "{referral}");
        works.entry(referral["kind"].as_str().unwrap()).or_default().push(referral["work"].as_str().unwrap());
    }
    for kind in ["BIA", "VHO", "IDQ", "SPR", "EVH"] {
        assert_eq!(works[kind], ["completed"], "{kind}");
    }
    assert_eq!(works["MPR"].len(), 3);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was left behind");
}
