//! Without a network everything waits, and nothing is lost.

use super::support::{HOTLINE_AND_POLICE, NETWORK, Stage, fails, sample};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_offline_is_delivered_once_when_the_relay_is_back() {
    let Stage { folder: _folder, mut town, relay } = Stage::set(HOTLINE_AND_POLICE).await;
    relay.kill().await;
    let (hotline, police) = (town.orgs[0].clone(), town.orgs[1].clone());
    let report = sample("missing-person.json");
    let written = hotline.run(&["send", "missing-person", "--to", "Border Police", "--file", &report]).await;
    assert_eq!(written["packets"][0]["state"], "queued");
    let error = fails(&hotline, &["sync"], NETWORK, "N-102").await;
    assert!(error["message"].as_str().unwrap().contains("safe in your outbox"), "{error}");
    let status = hotline.run(&["status"]).await;
    assert_eq!((&status["connected"], &status["queued"]), (&false.into(), &1.into()));

    let _relay = town.place.up().await;
    assert_eq!(hotline.run(&["sync"]).await["sent"], 1);
    police.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let inbox = police.list(&["inbox", "list"]).await;
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0]["referral"], written["referral"]);
    hotline.run(&["sync"]).await;
    assert_eq!(hotline.list(&["sent", "list"]).await[0]["transport"], "delivered");
}
