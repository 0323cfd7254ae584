//! One side asks, the other confirms or states the law; colleagues erase what a colleague has erased.

use causeway_client::records;
use causeway_client::retention::{self, Answer, EraseError, Reason, holds, placeholder, requests};
use causeway_common::clearance::EVERY_SECTION;
use causeway_common::priority::Priority;
use causeway_tests::hostile::scene::{Actor, Scene};

const CASE: [u8; 32] = [1; 32];

async fn pair() -> (Scene, Actor, Actor) {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    hotline.write(&police, 1, Priority::P1).await;
    sync(&[&hotline, &police]).await;
    (scene, hotline, police)
}

async fn sync(actors: &[&Actor]) {
    for _ in 0..3 {
        for actor in actors {
            actor.sync().await.unwrap();
        }
    }
}

fn left(of: &Actor) -> retention::Placeholder {
    placeholder::of(&of.engine.vault, &CASE).unwrap().unwrap()
}

fn is_there(at: &Actor) -> bool {
    records::thread(&at.engine.vault, &CASE).unwrap().is_some()
}

#[tokio::test]
async fn a_request_is_confirmed_after_both_have_erased() {
    let (_scene, hotline, police) = pair().await;
    let erased = requests::erase_on_both_sides(&hotline.engine, CASE, Reason::SubjectRequest).await.unwrap();
    assert_ne!(erased.placeholder.grant.0, [0; 32]);
    assert!(!is_there(&hotline) && hotline.engine.vault.epoch_of(&CASE).is_none());
    sync(&[&hotline, &police]).await;
    assert_eq!(requests::open_questions(&police.engine.vault).unwrap().len(), 1, "a person has to answer");
    assert_eq!(left(&hotline).answer(), None);
    requests::confirm(&police.engine, CASE).await.unwrap();
    assert!(!is_there(&police) && police.inbox().is_empty());
    sync(&[&police, &hotline]).await;
    assert_eq!(left(&hotline).answer(), Some(Answer::Done));
    assert_eq!(left(&police).reason, "other_side");
    assert!(matches!(requests::confirm(&police.engine, CASE).await, Err(EraseError::Erased(_))));
}

#[tokio::test]
async fn a_refusal_names_its_ground_and_keeps_the_case() {
    let (_scene, hotline, police) = pair().await;
    assert!(matches!(requests::confirm(&police.engine, CASE).await, Err(EraseError::NotRequested)));
    requests::erase_on_both_sides(&hotline.engine, CASE, Reason::EnteredInError).await.unwrap();
    sync(&[&hotline, &police]).await;
    requests::refuse(&police.engine, CASE, "legal_obligation").await.unwrap();
    assert!(requests::open_questions(&police.engine.vault).unwrap().is_empty(), "answered");
    sync(&[&police, &hotline]).await;
    assert!(is_there(&police));
    assert_eq!(left(&hotline).answer(), Some(Answer::Refused("legal_obligation".into())));
}

#[tokio::test]
async fn a_referral_that_never_left_is_erased_without_a_word() {
    let (_scene, hotline, police) = pair().await;
    hotline.write(&police, 2, Priority::P1).await;
    let erased =
        requests::erase_on_both_sides(&hotline.engine, [2; 32], Reason::EnteredInError).await.unwrap();
    assert_eq!(erased.placeholder.asked.0, 0);
    assert_eq!(records::pending_count(&hotline.engine.vault), 0);
    sync(&[&hotline, &police]).await;
    assert_eq!(police.inbox_names(), [1]);
}

#[tokio::test]
async fn colleagues_erase_it_too_unless_a_court_holds_it_there() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    hotline.sync().await.unwrap();
    for number in [1, 2] {
        hotline.write(&police, number, Priority::P1).await;
    }
    sync(&[&hotline, &police, &patrol]).await;
    assert_eq!(patrol.inbox_names(), [1, 2]);
    let until = scene.clock_now().plus(std::time::Duration::from_secs(60));
    holds::set(&patrol.engine, [2; 32], "a court", until).await.unwrap();
    for number in [1, 2] {
        retention::erase(&police.engine, [number; 32], Reason::NotNeeded).await.unwrap();
    }
    sync(&[&police, &patrol]).await;
    assert_eq!(patrol.inbox_names(), [2], "the held one stays");
    assert_eq!(left(&patrol).author, police.engine.identity.device_name);
    assert_eq!(requests::orders(&patrol.engine.vault).unwrap().len(), 1);
    holds::release(&patrol.engine, &[2; 32]).await.unwrap();
    patrol.engine.finish_erasing().await.unwrap();
    assert!(patrol.inbox().is_empty() && requests::orders(&patrol.engine.vault).unwrap().is_empty());
}
