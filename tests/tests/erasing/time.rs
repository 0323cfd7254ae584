//! What expires goes when its time is over by two clocks, and not before.

use causeway_client::records;
use causeway_client::referral::lifecycle::Action;
use causeway_client::retention::{Reason, expiry, holds, placeholder, proofs};
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use causeway_tests::hostile::scene::Scene;
use causeway_tests::steps::words;

const CASE: [u8; 32] = [1; 32];
const DAY_HOURS: u64 = 24;

#[tokio::test]
async fn an_alert_goes_after_its_outcome_and_a_leap_of_the_own_clock_erases_nothing() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    hotline.write(&police, 1, Priority::P1).await;
    for actor in [&hotline, &police] {
        actor.sync().await.unwrap();
    }
    scene.clock.advance_hours(60 * DAY_HOURS);
    police.sync().await.unwrap();
    let done = expiry::run(&police.engine).await.unwrap().unwrap();
    assert_eq!((done.erased, done.stay), (0, 1), "it is open");
    police.engine.take_step(CASE, Action::Decline, words(Action::Decline, "")).await.unwrap();
    let due = |by| expiry::due(&police.engine.vault, by).unwrap();
    assert!(due(scene.clock_now()).is_empty());
    // The own clock runs a year ahead; the relay has not been heard since.
    scene.clock.advance_hours(365 * DAY_HOURS);
    assert_eq!(
        expiry::run(&police.engine).await.unwrap().unwrap().erased,
        0,
        "one clock alone erases nothing"
    );
    let until = scene.clock_now();
    holds::set(&police.engine, CASE, "a court", until).await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(expiry::run(&police.engine).await.unwrap().unwrap().stay, 1, "a court holds it");
    holds::release(&police.engine, &CASE).await.unwrap();
    assert_eq!(expiry::run_if_time(&police.engine).await.unwrap(), None, "once a day");
    assert_eq!(expiry::run(&police.engine).await.unwrap().unwrap().erased, 1);
    assert!(records::thread(&police.engine.vault, &CASE).unwrap().is_none());
    let left = placeholder::of(&police.engine.vault, &CASE).unwrap().unwrap();
    assert_eq!((left.reason.as_str(), left.asked), ("expired", Timestamp(0)));
}

#[tokio::test]
async fn receipts_outlast_the_case_by_ten_years_and_say_nothing_else() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    let packet = hotline.write(&police, 1, Priority::P1).await;
    for actor in [&hotline, &police, &hotline] {
        actor.sync().await.unwrap();
    }
    let signed = hotline.sent(packet, &police);
    assert!(!signed.receipts.is_empty() && !signed.relay_receipt.is_empty());
    causeway_client::retention::erase(&hotline.engine, CASE, Reason::SubjectRequest).await.unwrap();
    let kept = || proofs::of(&hotline.engine.vault, &CASE).unwrap();
    let proof = kept().unwrap();
    assert_eq!((proof.packets.len(), proof.consent.as_str()), (1, ""));
    let proven = &proof.packets[0];
    assert_eq!(
        (proven.packet, &proven.relay, &proven.receipts),
        (packet, &signed.relay_receipt, &signed.receipts)
    );
    scene.clock.advance_hours(9 * 365 * DAY_HOURS);
    let head = hotline.sync().await;
    expiry::run(&hotline.engine).await.unwrap();
    assert!(kept().is_some(), "{head:?}");
}
