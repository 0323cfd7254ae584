//! A workstation's disk is full.

use causeway_tests::process::Death;
use causeway_tests::process::actor::{Actor, Ran};
use causeway_tests::process::namespace::{entered, fill, mount_small_disk};
use causeway_tests::process::relay::Place;
use causeway_tests::process::town::Town;
use serde_json::Value;

use super::{DISK_KIB, ORGS, document, send, transports};

/// Refusals that have to be seen.
const REFUSED: usize = 3;
/// Referrals that a small disk never takes.
const TOO_MANY: usize = 400;

fn is_full(ran: &Ran) {
    let error = ran.error();
    assert_eq!(ran.status.code(), Some(1), "{}", ran.tail());
    assert_eq!((&error["code"], &error["retryable"]), (&"S-111".into(), &true.into()), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("space"), "{error}");
}

/// Numbers of the referrals that are listed as sent.
async fn listed(org: &Actor) -> Vec<Value> {
    let mut numbers: Vec<Value> =
        org.list(&["sent", "list"]).await.into_iter().map(|sent| sent["referral"].clone()).collect();
    numbers.sort_by_key(Value::to_string);
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workstation_on_a_full_disk_says_so_and_recovers() {
    if !entered("vault::a_workstation_on_a_full_disk_says_so_and_recovers") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let disk = Actor::new(folder.path(), ORGS[0].0, "warn").home;
    mount_small_disk(&disk, DISK_KIB);
    let (town, relay) = Town::found(folder.path(), Place::below(folder.path(), "info"), &ORGS).await;
    let (hotline, police) = (&town.orgs[0], &town.orgs[1]);
    let mut acknowledged = vec![send(hotline, "Border Police", "early", folder.path()).await];
    hotline.run(&["sync"]).await;
    send(police, ORGS[0].0, "to a full disk", folder.path()).await;
    police.run(&["sync"]).await;

    let filler = fill(&disk);
    let file = document("late", folder.path());
    let words = ["send", "missing-person", "--to", "Border Police", "--file", &file];
    let mut refused = 0;
    while refused < REFUSED {
        let ran = hotline.attempt(&words, &Death::Never).await;
        if ran.status.success() {
            acknowledged.push(ran.out[0]["referral"].clone());
            assert!(acknowledged.len() < TOO_MANY, "the disk is never full");
        } else {
            is_full(&ran);
            refused += 1;
        }
    }
    acknowledged.sort_by_key(Value::to_string);
    assert_eq!(
        listed(hotline).await,
        acknowledged,
        "what was refused is not there, what was not is, and can be read"
    );
    let fetched = hotline.attempt(&["sync"], &Death::Never).await;
    is_full(&fetched);
    assert!(hotline.list(&["inbox", "list"]).await.is_empty());
    police.run(&["sync"]).await;
    assert_eq!(transports(police).await, ["relayed"], "nobody has signed for what is not stored");

    drop(filler);
    acknowledged.push(send(hotline, "Border Police", "after", folder.path()).await);
    acknowledged.sort_by_key(Value::to_string);
    for _ in 0..3 {
        hotline.run(&["sync"]).await;
        police.run(&["sync"]).await;
    }
    assert_eq!(listed(hotline).await, acknowledged);
    assert_eq!(police.list(&["inbox", "list"]).await.len(), acknowledged.len(), "each has arrived, once");
    assert_eq!(hotline.list(&["inbox", "list"]).await.len(), 1);
    assert_eq!(transports(police).await, ["delivered"]);
    assert_eq!(hotline.run(&["doctor"]).await["damaged"], 0);
    relay.stop().await;
}
