//! What comes after the erasing neither brings the case back nor confuses anybody.

use causeway_client::records;
use causeway_client::referral::lifecycle::Action;
use causeway_client::retention::{self, Reason, placeholder};
use causeway_common::clearance::EVERY_SECTION;
use causeway_common::priority::Priority;
use causeway_common::store::Kv as _;
use causeway_common::time::Timestamp;
use causeway_tests::hostile::scene::{Actor, Scene};
use causeway_tests::steps::words;

const CASE: [u8; 32] = [1; 32];

async fn erase(at: &Actor) {
    retention::erase(&at.engine, CASE, Reason::NotNeeded).await.unwrap();
}

fn late(at: &Actor) -> u32 {
    placeholder::of(&at.engine.vault, &CASE).unwrap().unwrap().late
}

fn nothing(at: &Actor) -> bool {
    at.inbox().is_empty()
        && records::all_threads(&at.engine.vault).unwrap().is_empty()
        && at.engine.vault.epoch_of(&CASE).is_none()
}

/// A referral of the hotline waits at the relay for the police.
async fn on_its_way(scene: &Scene) -> (Actor, Actor) {
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    (hotline, police)
}

#[tokio::test]
async fn a_late_update_and_a_late_receipt_are_signed_for_and_go_nowhere() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    erase(&police).await;
    // The sender does not know, and withdraws.
    hotline.sync().await.unwrap();
    let update = hotline.engine.take_step(CASE, Action::Withdraw, words(Action::Withdraw, "late"));
    let update = update.await.unwrap();
    for actor in [&hotline, &police, &hotline] {
        actor.sync().await.unwrap();
    }
    assert_eq!(hotline.state(update, &police).0, "delivered", "the sender is not left waiting");
    assert!(nothing(&police));
    assert_eq!(late(&police), 1);
    // Now the sender erases too; the receipts for what it sent come afterwards.
    assert_eq!(hotline.state(packet, &police).0, "delivered");
    erase(&hotline).await;
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert!(records::all_sent(&hotline.engine.vault).unwrap().is_empty());
    hotline.engine.vault.verify().unwrap();
}

#[tokio::test]
async fn a_receipt_for_what_was_erased_on_its_way_is_no_trouble() {
    let scene = Scene::start().await;
    let (hotline, police) = on_its_way(&scene).await;
    erase(&hotline).await;
    for actor in [&police, &hotline, &police, &hotline] {
        actor.sync().await.unwrap();
    }
    assert_eq!(police.inbox_names(), [1], "it had left, and the recipient keeps it");
    assert!(records::all_sent(&hotline.engine.vault).unwrap().is_empty() && nothing(&hotline));
}

#[tokio::test]
async fn a_restored_relay_does_not_bring_it_back() {
    let mut scene = Scene::start().await;
    let (hotline, police) = on_its_way(&scene).await;
    let backup = scene.kv.snapshot();
    assert!(backup.usage().is_ok());
    police.sync().await.unwrap();
    erase(&police).await;
    scene.restore(&backup);
    for actor in [&police, &hotline, &police] {
        // A relay that was restored makes everybody wait and ask again.
        let _ = actor.sync().await;
    }
    assert!(nothing(&police));
}

#[tokio::test]
async fn a_colleagues_copy_does_not_bring_it_back() {
    let scene = Scene::start().await;
    let (_hotline, police) = on_its_way(&scene).await;
    police.sync().await.unwrap();
    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    let patrols = patrol.engine.identity.device();
    let mut history = police.engine.begin_history(patrols, Timestamp(0), false).await.unwrap();
    while police.engine.give_next(&mut history).await.unwrap() > 0 {}
    police.sync().await.unwrap();
    patrol.sync().await.unwrap();
    assert_eq!(patrol.inbox_names(), [1], "given with the past");
    erase(&patrol).await;
    // And once more, by somebody who does not know yet.
    let mut again = police.engine.begin_history(patrols, Timestamp(0), true).await.unwrap();
    while police.engine.give_next(&mut again).await.unwrap() > 0 {}
    police.engine.vault.verify().unwrap();
    police.sync().await.unwrap();
    patrol.sync().await.unwrap();
    assert!(nothing(&patrol));
}
