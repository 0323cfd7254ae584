//! Nobody fetches it, nobody opens it, nobody takes it on: what becomes of a referral by time alone.

use causeway_client::model::Transport;
use causeway_common::time::{Clock as _, Timestamp};
use causeway_common::wire::Outcomes;
use causeway_tests::hostile::liar::Lies;

use super::*;

fn life(priority: Priority) -> u64 {
    priority.time_to_live().as_secs() / 3600
}

fn first(of: &Actor) -> Transport {
    let thread = thread(of, [1; 32]);
    records::sent(&of.engine.vault, thread.root, thread.peer).unwrap().unwrap().transport
}

/// A hotline with two workstations, and a handoff to the police in the outbox of the first.
async fn handoff() -> (Scene, Actor, Actor, Actor) {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let desk = scene.colleague(&hotline, 2, EVERY_SECTION).await;
    hotline.sync().await.unwrap();
    hotline.queue(with_header(police.org(), 1, Priority::P0, &json!({"kind": "VHO"}))).await;
    (scene, hotline, desk, police)
}

#[tokio::test(start_paused = true)]
async fn what_nobody_fetched_is_over_on_every_workstation() {
    let (scene, hotline, desk, _police) = handoff().await;
    sync_all(&[&hotline, &desk]).await;
    assert_eq!((thread(&desk, [1; 32]).work.as_str(), first(&desk)), ("sent", Transport::ByColleague));
    scene.clock.advance_hours(life(Priority::P0) + 4);
    sync_all(&[&hotline, &desk]).await;
    for workstation in [&hotline, &desk] {
        let thread = thread(workstation, [1; 32]);
        assert_eq!((thread.work.as_str(), count(&thread, "expire")), ("expired", 1));
        assert_eq!(first(workstation), Transport::ExpiredUndelivered);
        assert_eq!(codes(&workstation.look().await), ["recipient"], "somebody else has to be asked");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_too_early_goes_on_everywhere() {
    let (scene, hotline, desk, police) = handoff().await;
    for actor in [&hotline, &desk, &police] {
        actor.sync().await.unwrap();
    }
    // The receipt stays at the relay, which says nothing either.
    let silent = || {
        let nothing = || Outcomes { expired: vec![], refused: vec![], unknown: vec![], settled: vec![] };
        Lies::in_answers(move |o: &mut Outcomes| *o = nothing()).and_in_packets(|_| Vec::new())
    };
    scene.clock.advance_hours(life(Priority::P0) + 4);
    hotline.sync_under(silent()).await.unwrap();
    assert_eq!(thread(&hotline, [1; 32]).work, "expired");
    sync_all(&[&hotline, &desk, &hotline]).await;
    for workstation in [&hotline, &desk] {
        assert_eq!(thread(workstation, [1; 32]).work, "received");
        assert_eq!(first(workstation), Transport::Delivered);
    }
}

#[tokio::test(start_paused = true)]
async fn a_colleague_who_says_nothing_more_is_not_waited_for_for_ever() {
    let (scene, hotline, desk, _police) = handoff().await;
    sync_all(&[&hotline, &desk]).await;
    scene.clock.advance_hours(life(Priority::P0) + 24);
    desk.sync().await.unwrap();
    desk.look().await;
    assert_eq!(thread(&desk, [1; 32]).work, "sent", "a receipt can be under way for two weeks");
    scene.clock.advance_hours(14 * 24);
    desk.sync().await.unwrap();
    desk.look().await;
    assert_eq!(
        (thread(&desk, [1; 32]).work.as_str(), first(&desk)),
        ("expired", Transport::ExpiredUndelivered)
    );
}

#[tokio::test(start_paused = true)]
async fn what_arrived_and_was_never_opened_is_a_failure_until_somebody_opens_it() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    hotline.sync().await.unwrap();
    hotline.queue(with_header(police.org(), 1, Priority::P0, &json!({"kind": "VHO"}))).await;
    sync_all(&[&hotline, &police, &hotline]).await;
    hotline.look().await;
    assert_eq!(first(&hotline), Transport::Delivered);
    scene.clock.advance_hours(life(Priority::P0) + 1);
    hotline.look().await;
    assert_eq!(first(&hotline), Transport::ExpiredUnopened);
    assert_eq!(thread(&hotline, [1; 32]).work, "received", "they have it, and can still act");
    police.engine.opened(thread(&hotline, [1; 32]).root).await.unwrap();
    sync_all(&[&police, &hotline]).await;
    hotline.look().await;
    assert_eq!((first(&hotline), thread(&hotline, [1; 32]).work.as_str()), (Transport::Opened, "seen"));
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_nobody_took_on_ends_with_its_validity_and_one_that_is_worked_on_does_not() {
    let scene = Scene::start().await;
    let mut hotline = scene.resident("Hotline").await;
    let police = scene.resident("Police").await;
    let border = scene.resident("Border").await;
    hotline.sync().await.unwrap();
    let until = Timestamp(scene.clock.now().0 + 12 * 3_600_000);
    let header = json!({"kind": "BIA", "valid_until": causeway_client::engine::threads::moment(until)});
    hotline.queue(with_header(police.org(), 1, Priority::P1, &header)).await;
    hotline.queue(with_header(border.org(), 2, Priority::P1, &header)).await;
    sync_all(&[&hotline, &police, &border]).await;
    act(&border, 2, Action::Accept).await;
    sync_all(&[&border, &hotline]).await;
    scene.clock.advance_hours(11);
    hotline.look().await;
    assert_eq!(thread(&hotline, [1; 32]).work, "received");
    scene.clock.advance_hours(2);
    let ticked = hotline.look().await;
    let over: Vec<_> = ticked.tasks.iter().filter(|task| task.code == "alert-over").collect();
    assert_eq!((over.len(), over[0].case, over[0].due), (1, [1; 32], until));
    hotline.restart().await;
    assert!(!codes(&hotline.look().await).contains(&"alert-over"), "said once");
    sync_all(&[&hotline, &police, &border]).await;
    for (case, at, work) in [(1, &police, "withdrawn"), (2, &border, "accepted")] {
        assert_eq!(
            (thread(at, [case; 32]).work.as_str(), thread(&hotline, [case; 32]).work.as_str()),
            (work, work)
        );
    }
}
