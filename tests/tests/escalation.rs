//! Nobody answers, somebody else is faster, both sides sign: whole stories between organisations, with restarts in between.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use causeway_client::engine::Draft;
use causeway_client::engine::threads::{StepError, Words};
use causeway_client::escalation::{self, Ticked, tasks};
use causeway_client::model::{StoredSection, Thread};
use causeway_client::records;
use causeway_client::referral::lifecycle::Action;
use causeway_common::clearance::EVERY_SECTION;
use causeway_common::ids::OrgId;
use causeway_common::priority::Priority;
use causeway_tests::hostile::scene::{Actor, Scene, draft, sync_all};
use causeway_tests::steps::words;
use serde_json::{Value, json};

#[path = "escalation/unreached.rs"]
mod unreached;

fn with_header(to: OrgId, case: u8, priority: Priority, header: &Value) -> Draft {
    let mut draft = draft(to, 1, priority);
    draft.case = [case; 32];
    draft.kind = header["kind"].as_str().unwrap().to_owned();
    draft.sections[0].bytes = header.to_string().into_bytes();
    draft.sections.push(StoredSection { code: *b"IDN", bytes: br#"{"persons":[]}"#.to_vec() });
    draft
}

fn thread(of: &Actor, case: [u8; 32]) -> Thread {
    records::thread(&of.engine.vault, &case).unwrap().unwrap()
}

fn count(thread: &Thread, what: &str) -> usize {
    thread.events.iter().filter(|event| event.what == what).count()
}

async fn act(of: &Actor, case: u8, action: Action) {
    of.engine.take_step([case; 32], action, words(action, "words")).await.unwrap();
}

fn codes(ticked: &Ticked) -> Vec<&str> {
    let mut codes: Vec<&str> = ticked.tasks.iter().map(|task| task.code.as_str()).collect();
    codes.sort_unstable();
    codes
}

#[tokio::test(start_paused = true)]
async fn a_referral_that_nobody_answers_goes_to_the_next_on_the_list_once() {
    let scene = Scene::start().await;
    let mut hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let shelter = scene.resident("Shelter").await;
    let stranger = scene.resident("Neighbour").await;
    hotline.sync().await.unwrap();
    let header = json!({
        "kind": "BIA", "auto_fallback": true, "fallback": [{"org_id": shelter.org().to_string(), "sections": ["HDR", "IDN"]}],
    });
    hotline.queue(with_header(police.org(), 1, Priority::P1, &header)).await;
    sync_all(&[&hotline, &police]).await;
    assert!(codes(&hotline.look().await).is_empty(), "there is time");

    scene.clock.advance_hours(5);
    let ticked = hotline.look().await;
    assert!(codes(&ticked).contains(&"call"), "{:?}", codes(&ticked));
    assert_eq!(ticked.forwarded, 1);
    hotline.restart().await;
    let again = hotline.look().await;
    assert_eq!((codes(&again).len(), again.steps, again.forwarded), (0, 0, 0), "each thing once");

    sync_all(&[&hotline, &police, &shelter, &stranger]).await;
    assert!(count(&thread(&police, [1; 32]), "deadline_missed") >= 1, "the late side hears it");
    assert_eq!(thread(&police, [1; 32]).work, "received", "and nothing else changes");
    assert_eq!((shelter.inbox().len(), stranger.inbox().len()), (1, 0), "nobody outside of the list");
    let forwarded = &shelter.inbox()[0];
    let header: Value = serde_json::from_slice(&forwarded.sections[0].bytes).unwrap();
    assert_eq!(
        header["root_packet"],
        records::all_threads(&police.engine.vault).unwrap()[0].root.to_string()
    );
    let codes: Vec<_> = forwarded.sections.iter().map(|section| section.code).collect();
    assert_eq!(codes, [*b"HDR", *b"IDN"], "what could happen to her is not for everybody");

    scene.clock.advance_hours(2);
    let last = hotline.look().await;
    assert_eq!(last.tasks.iter().filter(|task| task.code == "supervisor").count(), 2, "C2 and C3");
    // The police answer at last: nobody has to call any more, and a supervisor still has to say what was done.
    act(&police, 1, Action::Accept).await;
    sync_all(&[&police, &hotline]).await;
    hotline.look().await;
    let open = tasks::all(&hotline.engine.vault).unwrap();
    let open: Vec<_> = open.iter().filter(|task| task.is_open() && task.case == [1; 32]).collect();
    assert!(!open.is_empty() && open.iter().all(|task| task.code == "supervisor"));
}

#[tokio::test(start_paused = true)]
async fn after_a_long_night_only_the_next_one_gets_it() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let (second, third) = (scene.resident("Second").await, scene.resident("Third").await);
    hotline.sync().await.unwrap();
    let listed =
        [second.org(), third.org()].map(|org| json!({"org_id": org.to_string(), "sections": ["HDR", "IDN"]}));
    let header = json!({"kind": "BIA", "auto_fallback": true, "fallback": listed});
    hotline.queue(with_header(police.org(), 1, Priority::P1, &header)).await;
    sync_all(&[&hotline, &police]).await;
    hotline.look().await;
    // C2 and C3 pass their second level in the same look.
    scene.clock.advance_hours(5);
    // A session may hold the directory at that moment.
    let busy = std::sync::Arc::clone(&hotline.engine);
    hotline.sync().await.unwrap();
    let held = busy.replica.lock().await;
    let looking = escalation::tick(&hotline.engine);
    tokio::pin!(looking);
    assert!(futures_now(&mut looking).await.is_none(), "it waits for the directory");
    drop(held);
    assert_eq!(looking.await.unwrap().forwarded, 1);
    sync_all(&[&hotline, &second, &third]).await;
    assert_eq!((second.inbox().len(), third.inbox().len()), (1, 0));
}

/// What a future gives if it is given a little time.
async fn futures_now<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(std::time::Duration::from_millis(50), future).await.ok()
}

#[tokio::test(start_paused = true)]
async fn without_a_word_of_the_sender_nothing_goes_on_by_itself() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let shelter = scene.resident("Shelter").await;
    hotline.sync().await.unwrap();
    let header = json!({"kind": "BIA", "fallback": [{"org_id": shelter.org().to_string(), "sections": ["HDR", "IDN"]}]});
    hotline.queue(with_header(police.org(), 1, Priority::P1, &header)).await;
    sync_all(&[&hotline, &police]).await;
    hotline.look().await;
    scene.clock.advance_hours(9);
    let ticked = hotline.look().await;
    assert_eq!(ticked.forwarded, 0);
    let call = ticked.tasks.iter().find(|task| task.code == "call").unwrap();
    assert_eq!(call.fallback, shelter.org(), "it is proposed");
    sync_all(&[&hotline, &shelter]).await;
    assert!(shelter.inbox().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_first_to_accept_wins_and_nobody_takes_it_back_twice() {
    let scene = Scene::start().await;
    let mut hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let shelter = scene.resident("Shelter").await;
    let embassy = scene.resident("Embassy").await;
    let desk = scene.colleague(&hotline, 2, EVERY_SECTION).await;
    hotline.sync().await.unwrap();
    let header = json!({"kind": "BIA", "mode_of_acceptance": "first_accept_wins"});
    for (case, to) in [(1, &police), (2, &shelter), (3, &embassy)] {
        hotline.queue(with_header(to.org(), case, Priority::P1, &header)).await;
    }
    sync_all(&[&hotline, &desk, &police, &shelter, &embassy]).await;
    act(&police, 1, Action::Accept).await;
    police.sync().await.unwrap();
    sync_all(&[&hotline, &desk]).await;
    assert_eq!(hotline.look().await.steps, 2);
    hotline.restart().await;
    assert_eq!(hotline.look().await.steps, 0, "not again after a restart");
    // The colleague's device, which has not heard of it, comes to the same steps.
    escalation::tick(&desk.engine).await.unwrap();
    sync_all(&[&hotline, &desk, &police, &shelter, &embassy, &hotline, &desk]).await;
    for (case, at) in [(2, &shelter), (3, &embassy)] {
        let (there, here) = (thread(at, [case; 32]), thread(&hotline, [case; 32]));
        assert_eq!((there.work.as_str(), here.work.as_str()), ("withdrawn", "withdrawn"));
        assert_eq!((count(&there, "withdraw"), count(&here, "withdraw")), (1, 1));
        assert_eq!(count(&thread(&desk, [case; 32]), "withdraw"), 1);
    }
    assert_eq!(thread(&police, [1; 32]).work, "accepted");
}

#[tokio::test(start_paused = true)]
async fn a_handover_has_two_signatures_under_one_record() {
    let scene = Scene::start().await;
    let mut hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    hotline.queue(with_header(police.org(), 1, Priority::P1, &json!({"kind": "VHO"}))).await;
    sync_all(&[&hotline, &police]).await;
    act(&police, 1, Action::Accept).await;
    act(&police, 1, Action::Start).await;
    let signs = |place: &str| {
        let mut words = Words::default();
        words.fields.insert("handover".into(), json!({"place": place, "person_present": "yes"}));
        words
    };
    let bare = police.engine.take_step([1; 32], Action::HandedOver, Words::default()).await;
    assert!(matches!(bare, Err(StepError::Incomplete(_))), "{bare:?}");
    police.engine.take_step([1; 32], Action::HandedOver, signs("Gate 4")).await.unwrap();
    assert_eq!(thread(&police, [1; 32]).work, "in_progress");
    sync_all(&[&police, &hotline]).await;
    hotline.restart().await;
    hotline.engine.take_step([1; 32], Action::HandedOver, signs("Gate 5")).await.unwrap();
    assert_eq!(thread(&hotline, [1; 32]).work, "in_progress", "another record");
    hotline.engine.take_step([1; 32], Action::HandedOver, signs("Gate 4")).await.unwrap();
    sync_all(&[&hotline, &police]).await;
    assert_eq!(thread(&police, [1; 32]).work, "in_progress", "the second record was another one");
    police.engine.take_step([1; 32], Action::HandedOver, signs("Gate 4")).await.unwrap();
    sync_all(&[&police, &hotline]).await;
    assert_eq!(thread(&police, [1; 32]).work, "handed_over");
    assert_eq!(thread(&hotline, [1; 32]).work, "handed_over");
}

#[tokio::test(start_paused = true)]
async fn what_is_done_is_closed_after_14_days_and_a_transferred_case_is_read_only() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    let header = json!({"kind": "BIA", "ownership": "transfer"});
    hotline.queue(with_header(police.org(), 1, Priority::P2, &header)).await;
    sync_all(&[&hotline, &police]).await;
    for action in [Action::Accept, Action::Start, Action::Complete] {
        act(&police, 1, action).await;
    }
    sync_all(&[&police, &hotline]).await;
    let object = |of: &Actor| {
        let engine = std::sync::Arc::clone(&of.engine);
        async move { engine.take_step([1; 32], Action::Object, words(Action::Object, "")).await }
    };
    assert!(matches!(object(&hotline).await, Err(StepError::ReadOnly)));
    assert_eq!(hotline.look().await.steps, 0);
    scene.clock.advance_hours(15 * 24);
    assert_eq!(hotline.look().await.steps, 1);
    assert_eq!(hotline.look().await.steps, 0);
    assert_eq!(thread(&hotline, [1; 32]).work, "closed");
}
