//! One side asks, the other confirms or states the law; colleagues erase what a colleague has erased.

use causeway_client::consents::{self, Review};
use causeway_client::escalation::tasks::{self, Task};
use causeway_client::matching::finding::{self, Decision, Finding, Side};
use causeway_client::model::Transport;
use causeway_client::records;
use causeway_client::referral::lifecycle::Action;
use causeway_client::retention::{self, Answer, EraseError, Reason, holds, placeholder, requests};
use causeway_client::vault::Changes;
use causeway_common::clearance::EVERY_SECTION;
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use causeway_tests::hostile::scene::{Actor, Scene};
use causeway_tests::steps::words;

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
async fn a_referral_that_never_left_is_taken_back_whatever_the_recipient_and_for_whatever_reason() {
    let (_scene, hotline, police) = pair().await;
    for (number, action) in [(2, Action::Withdraw), (3, Action::ConsentWithdrawn)] {
        let packet = hotline.write(&police, number, Priority::P1).await;
        let case = [number; 32];
        let scope = serde_json::json!({ "consent_ref": "c", "by": "subject", "sections": [] });
        let mut said = words(action, "");
        said.fields.insert("consent".into(), scope);
        hotline.engine.take_step(case, action, said.clone()).await.unwrap();
        assert_eq!(hotline.sent(packet, &police).transport, Transport::Withdrawn);
        assert_eq!(records::thread(&hotline.engine.vault, &case).unwrap().unwrap().work, "withdrawn");
        // Said once more, there is still nobody to tell.
        let mut again = words(Action::ConsentWithdrawn, "");
        again.fields = said.fields;
        hotline.engine.take_step(case, Action::ConsentWithdrawn, again).await.unwrap();
        assert_eq!(records::pending_count(&hotline.engine.vault), 0);
    }
    sync(&[&hotline, &police]).await;
    assert_eq!(police.inbox_names(), [1]);
    // What may be at the relay is withdrawn by a step.
    hotline.engine.take_step(CASE, Action::Withdraw, words(Action::Withdraw, "")).await.unwrap();
    assert_eq!(records::pending_count(&hotline.engine.vault), 1);
}

#[tokio::test]
async fn a_consent_withdrawn_for_a_section_is_no_erasure_of_all_and_a_court_holds_the_section() {
    let (scene, hotline, police) = pair().await;
    let mut said = words(Action::ConsentWithdrawn, "");
    let scope = serde_json::json!({ "consent_ref": "c", "by": "subject", "sections": ["PHO"] });
    said.fields.insert("consent".into(), scope);
    hotline.engine.take_step(CASE, Action::ConsentWithdrawn, said).await.unwrap();
    sync(&[&hotline, &police]).await;
    let thread = records::thread(&police.engine.vault, &CASE).unwrap().unwrap();
    assert!(requests::open_question(&thread).is_some());
    assert!(requests::open_questions(&police.engine.vault).unwrap().is_empty());
    assert!(matches!(requests::confirm(&police.engine, CASE).await, Err(EraseError::NotRequested)));
    holds::set(&police.engine, CASE, "a court", scene.clock_now()).await.unwrap();
    let erased = police.engine.erase_sections(CASE, &[*b"PHO"]).await;
    assert!(matches!(erased, Err(EraseError::Held(_))));
    holds::release(&police.engine, &CASE).await.unwrap();
    assert!(police.engine.erase_sections(CASE, &[*b"PHO"]).await.is_ok());
    // Then everything: both questions are open, and one is about the whole.
    requests::erase_on_both_sides(&hotline.engine, CASE, Reason::SubjectRequest).await.unwrap();
    sync(&[&hotline, &police]).await;
    assert_eq!(requests::open_questions(&police.engine.vault).unwrap().len(), 1);
    requests::confirm(&police.engine, CASE).await.unwrap();
}

#[tokio::test]
async fn what_people_wrote_about_a_case_goes_with_it() {
    let (scene, hotline, police) = pair().await;
    let other = hotline.write(&police, 2, Priority::P1).await;
    let vault = &hotline.engine.vault;
    let root = records::thread(vault, &CASE).unwrap().unwrap().root;
    let now = scene.clock_now();
    let review = Review {
        packet: root,
        what: "override".into(),
        reason: "vital".into(),
        text: "Maria, Lenina 5".into(),
        decided_by: "1".into(),
        second_person: String::new(),
        at: now,
        review_by: now,
        settled: Timestamp(0),
        settled_by: String::new(),
        outcome: String::new(),
    };
    let side = |case, root| Side { case, root, person: "person".into() };
    let finding = Finding {
        number: [1; 16],
        first: side([2; 32], other),
        second: side(CASE, root),
        class: "likely".into(),
        agree: vec!["name".into()],
        disagree: Vec::new(),
        found: now,
        decision: Decision { text: "Maria".into(), ..Decision::open() },
    };
    let mut changes = Changes::default();
    consents::put_review(&mut changes, &review);
    tasks::put(&mut changes, &Task::to_confirm(CASE, now, now));
    tasks::put(&mut changes, &Task::to_confirm([2; 32], now, now));
    finding::put(&mut changes, &finding);
    hotline.engine.queue(Vec::new(), changes).await.unwrap();
    assert!(vault.epoch_of(&root.0).is_some(), "it has a key of its own");
    retention::erase(&hotline.engine, CASE, Reason::NotNeeded).await.unwrap();
    assert!(consents::reviews(vault).unwrap().is_empty() && vault.epoch_of(&root.0).is_none());
    assert!(finding::all(vault).unwrap().is_empty());
    let left: Vec<[u8; 32]> = tasks::all(vault).unwrap().iter().map(|task| task.case).collect();
    assert_eq!(left, [[2; 32]], "the other case keeps its own");
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
