//! The registrar shuts an organisation out and lets it in again; what each side is told, and what waits meanwhile.

use super::support::{
    CONFLICT, HOTLINE_AND_POLICE, INVALID, LOCKED, NOT_FOUND, REFUSED, Stage, fails, sample,
};
use serde_json::Value;

const POLICE: &str = "Border Police";

fn alert_to<'a>(to: &'a str, file: &'a str) -> [&'a str; 6] {
    ["send", "border-alert", "--to", to, "--file", file]
}

async fn status_of(stage: &Stage, name: &str) -> Value {
    let all = stage.hotline().list(&["org", "list"]).await;
    all.into_iter().find(|org| org["name"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_told_to_everybody_in_words_and_loses_nothing() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police, registrar) = (stage.hotline(), stage.police(), &stage.town.registrar);
    let alert = sample("border-alert.json");
    let suspend = ["registrar", "suspend", POLICE];
    let reinstate = ["registrar", "reinstate", POLICE, "--vetted", "phone"];
    fails(registrar, &reinstate, REFUSED, "G-107").await;
    fails(registrar, &["registrar", "suspend", "Nobody"], NOT_FOUND, "D-104").await;
    fails(hotline, &suspend, LOCKED, "G-103").await;
    for since in ["2026-01-01T00:00:00Z", "yesterday", "2999-01-01T00:00:00Z"] {
        let reason = if since.starts_with("2026") { "rules" } else { "keys-known" };
        let words = [&suspend[..], &["--reason", reason, "--since", since]].concat();
        fails(registrar, &words, INVALID, "C-105").await;
    }

    hotline.run(&alert_to(POLICE, &alert)).await;
    let done = registrar.run(&suspend).await;
    assert_eq!((&done["status"], &done["suspended"]["reason"]), (&"suspended".into(), &"rules".into()));
    assert_eq!(registrar.run(&suspend).await["suspended"], done["suspended"], "the same again");
    fails(registrar, &[&suspend[..], &["--reason", "own-wish"]].concat(), CONFLICT, "G-109").await;

    let synced = hotline.run(&["sync"]).await;
    assert_eq!((&synced["sent"], &synced["waiting"], &synced["held"]), (&0.into(), &1.into(), &1.into()));
    let listed = hotline.run(&["sent", "list"]).await;
    assert_eq!((&listed["transport"], &listed["held"]["reason"]), (&"queued".into(), &"rules".into()));
    assert_eq!(hotline.run(&["status"]).await["held"], 1);
    let shown = status_of(&stage, POLICE).await;
    assert_eq!((&shown["status"], &shown["suspended"]["reason"]), (&"suspended".into(), &"rules".into()));
    let refused = fails(hotline, &alert_to(POLICE, &alert), REFUSED, "D-107").await;
    assert!(refused["message"].as_str().unwrap().contains(POLICE), "{refused}");
    assert_eq!(hotline.list(&["sent", "list"]).await.len(), 1, "nothing was queued");

    let told = fails(police, &["sync"], REFUSED, "N-117").await;
    assert!(told["message"].as_str().unwrap().contains("rules of this network"), "{told}");
    let own = police.run(&["status"]).await;
    assert_eq!((&own["suspended"]["reason"], &own["connected"]), (&"rules".into(), &true.into()));
    police.run(&alert_to("Angel Hotline", &alert)).await;
    fails(police, &["sync"], REFUSED, "N-117").await;

    assert_eq!(registrar.run(&reinstate).await["status"], "active");
    registrar.run(&reinstate).await;
    assert_eq!(police.run(&["status"]).await["suspended"], Value::Null);
    assert_eq!(hotline.run(&["sync"]).await["sent"], 1);
    assert_eq!(status_of(&stage, POLICE).await["status"], "active");
    let back = police.run(&["sync"]).await;
    assert_eq!(back["received"], 1);
    assert_eq!(police.list(&["inbox", "list"]).await.len(), 1);
    hotline.run(&["sync"]).await;
    assert_eq!(hotline.list(&["inbox", "list"]).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_quarantine_is_read_apart_and_counts_once_a_person_says_so() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police, registrar) = (stage.hotline(), stage.police(), &stage.town.registrar);
    let sent = police.run(&alert_to("Angel Hotline", &sample("border-alert.json"))).await;
    police.run(&["sync"]).await;
    registrar.run(&["registrar", "suspend", POLICE, "--reason", "keys-known"]).await;
    let synced = hotline.run(&["sync"]).await;
    assert_eq!((&synced["received"], &synced["doubtful"]), (&1.into(), &1.into()));

    let listed = hotline.run(&["inbox", "list"]).await;
    let id = listed["id"].as_str().unwrap();
    assert_eq!((&listed["standing"], &listed["cause"]), (&"quarantined".into(), &"sender_suspended".into()));
    assert_eq!(listed["referral"], sent["referral"]);
    let shown = hotline.run(&["inbox", "show", id]).await;
    assert!(shown["sections"]["HDR"].is_object(), "it can be read: {shown}");
    let banner = shown["doubts"][0]["meaning"].as_str().unwrap();
    assert!(banner.contains("IN QUARANTINE") && banner.contains("inbox release"), "{banner}");
    fails(hotline, &["accept", id], NOT_FOUND, "C-104").await;
    assert_eq!(hotline.run(&["status"]).await["doubtful"], 1);

    fails(hotline, &["inbox", "release", "ffffffff", "--vetted", "phone"], NOT_FOUND, "C-104").await;
    let released = hotline.run(&["inbox", "release", id, "--vetted", "phone"]).await;
    assert_eq!((&released["standing"], &released["was"]), (&"released".into(), &"quarantined".into()));
    hotline.run(&["inbox", "release", id, "--vetted", "phone"]).await;
    let listed = hotline.run(&["inbox", "list"]).await;
    assert_eq!((&listed["standing"], &listed["work"]), (&"released".into(), &"received".into()));
    hotline.run(&["inbox", "show", id]).await;
    assert_eq!(hotline.run(&["accept", id, "--eta", "today"]).await["work"], "accepted");
    assert_eq!(hotline.run(&["status"]).await["doubtful"], 0);
}
