//! An organisation that has lost its workstations comes back with a sheet and the registrar's help.

use causeway_certs::keys::SigningKey;
use causeway_certs::recovery::{self as texts, Offer, RecoveryTextError};
use causeway_certs::transport::request as ask;
use causeway_client::devices;
use causeway_client::exclusion;
use causeway_client::identity::Identity;
use causeway_client::recovery::record::{self, RecoveryError};
use causeway_client::recovery::returning::{self, Progress, ReturningError};
use causeway_client::recovery::{Part, Place};
use causeway_client::session::SessionError;
use causeway_common::priority::Priority;
use causeway_common::statements::SUSPENDED_COMPROMISED;
use causeway_common::wire::Done;
use causeway_tests::hostile::scene::{Actor, Scene, rng};
use std::time::Duration;

use super::support::{Papers, in_force, places, registrar, write_down};

const LOCK_HOURS: u64 = 72;

/// A hotline, and police whose roots are on paper.
async fn scene() -> (Scene, Actor, Actor, Papers) {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.resident("Hotline").await, scene.resident("Police").await);
    hotline.sync().await.unwrap();
    let papers = write_down(&police).await;
    (scene, hotline, police, papers)
}

async fn offered(scene: &Scene, to: &Actor) -> Offer {
    // As a text, because that is how it comes.
    registrar(scene).await.close(0);
    let offer = returning::offer(&scene.registrar().engine, to.org()).await.unwrap();
    Offer::from_text(&offer.to_text()).unwrap()
}

/// A new workstation with a sheet, and its request.
async fn new_desk(scene: &Scene, offer: &Offer, root: &SigningKey, seed: u8) -> (Actor, String) {
    let identity = Identity::come_back(offer, root, "new desk", scene.clock_now(), &mut rng(seed));
    let request = identity.returned().unwrap().request.clone();
    (scene.enter_as(identity, seed).await, request)
}

async fn begin(scene: &Scene, request: &str) -> Result<Progress, ReturningError> {
    returning::begin(&scene.registrar().engine, &*registrar(scene).await, request).await
}

async fn finish(scene: &Scene, of: &Actor) -> Result<Progress, ReturningError> {
    returning::finish(&scene.registrar().engine, &*registrar(scene).await, of.org()).await
}

async fn come_back(desk: &Actor) -> Result<bool, ReturningError> {
    returning::come_back(&desk.engine, &desk.dialer()).await
}

#[tokio::test(start_paused = true)]
async fn by_the_next_roots_sheet_an_organisation_is_back_after_three_days_in_the_open() {
    let (scene, hotline, police, papers) = scene().await;
    let (_, next) = in_force(&police, &hotline).await;
    let waiting = hotline.write(&police, 1, Priority::P2).await;
    hotline.sync().await.unwrap();
    let offer = offered(&scene, &police).await;
    let (desk, request) = new_desk(&scene, &offer, &papers.get(Part::Next), 60).await;
    assert!(!come_back(&desk).await.unwrap(), "nobody has heard of it");
    assert!(matches!(desk.sync().await, Err(SessionError::NotReturned)));
    assert!(matches!(finish(&scene, &police).await, Err(ReturningError::NoRequest)));

    let Progress::Announced(ready) = begin(&scene, &request).await.unwrap() else { panic!("at once") };
    assert_eq!(begin(&scene, &request).await.unwrap(), Progress::Announced(ready), "the same again");
    hotline.sync().await.unwrap();
    {
        let replica = hotline.engine.replica.lock().await;
        let seen = replica.directory.organisation(police.org()).unwrap();
        assert_eq!(seen.recovery.as_ref().map(|recovery| recovery.ready), Some(ready));
        assert_eq!(seen.recovered, None);
    }
    scene.clock.advance_hours(LOCK_HOURS - 1);
    assert!(matches!(finish(&scene, &police).await, Err(ReturningError::TooEarly(at)) if at == ready));
    assert!(!come_back(&desk).await.unwrap());
    scene.clock.advance_hours(1);
    assert_eq!(finish(&scene, &police).await.unwrap(), Progress::Done);
    assert_eq!(finish(&scene, &police).await.unwrap(), Progress::Done, "the same again");
    assert!(come_back(&desk).await.unwrap());
    assert!(come_back(&desk).await.unwrap(), "the same again");
    assert_eq!(finish(&scene, &police).await.unwrap(), Progress::Done, "and after that");

    desk.sync().await.unwrap();
    hotline.sync().await.unwrap();
    hotline.sync().await.unwrap();
    desk.sync().await.unwrap();
    assert_eq!(desk.inbox_names(), [1], "what waited was sealed again");
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(waiting, &police).0, "delivered");
    assert_eq!(in_force(&police, &hotline).await.0, next);
    assert_eq!(places(&desk).await, [(Part::Root, Place::Paper), (Part::Next, Place::Here)]);
    {
        let replica = hotline.engine.replica.lock().await;
        let seen = replica.directory.organisation(police.org()).unwrap();
        assert!(seen.recovered.is_some_and(|at| at >= ready), "partners see who has helped");
        assert_eq!(seen.roster.as_ref().unwrap().devices.len(), 1);
        assert_eq!(seen.revoked.len(), 1);
    }
    assert!(matches!(police.sync().await, Err(SessionError::Removed(_))), "the lost one is out");
}

#[tokio::test(start_paused = true)]
async fn by_the_roots_own_sheet_it_is_back_at_once() {
    let (scene, hotline, police, papers) = scene().await;
    let before = in_force(&police, &hotline).await;
    let offer = offered(&scene, &police).await;
    let (desk, request) = new_desk(&scene, &offer, &papers.get(Part::Root), 61).await;
    let checked = returning::look_at(&scene.registrar().engine, &request).await.unwrap();
    assert_eq!(Some(checked.comparison), texts::comparison(&request), "both screens show the same");
    assert_eq!(begin(&scene, &request).await.unwrap(), Progress::Done);
    assert!(matches!(begin(&scene, &request).await, Err(ReturningError::Text(RecoveryTextError::Outdated))));
    assert_eq!(finish(&scene, &police).await.unwrap(), Progress::Done, "the same again");
    assert!(come_back(&desk).await.unwrap());
    desk.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(in_force(&police, &hotline).await, before, "the root stays");
    assert_eq!(places(&desk).await, [(Part::Root, Place::Paper), (Part::Next, Place::Elsewhere)]);
    let sent = hotline.write(&police, 2, Priority::P1).await;
    hotline.sync().await.unwrap();
    desk.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(sent, &police).0, "delivered");
}

#[tokio::test(start_paused = true)]
async fn an_organisation_that_is_alive_contradicts() {
    let (scene, hotline, police, papers) = scene().await;
    let nothing = record::contradict(&police.engine, &police.dialer()).await;
    assert!(matches!(nothing, Err(RecoveryError::NoRecovery)), "{nothing:?}");
    let offer = offered(&scene, &police).await;
    let (thief, request) = new_desk(&scene, &offer, &papers.get(Part::Next), 62).await;
    begin(&scene, &request).await.unwrap();
    police.sync().await.unwrap();
    let without = record::contradict(&police.engine, &police.dialer()).await;
    assert!(matches!(without, Err(RecoveryError::Needs(Part::Root, _))), "{without:?}");
    police.engine.enter_roots(vec![papers.get(Part::Root)]);
    record::contradict(&police.engine, &police.dialer()).await.unwrap();
    scene.clock.advance_hours(LOCK_HOURS + 1);
    assert!(matches!(finish(&scene, &police).await, Err(ReturningError::Contradicted)));
    assert!(!come_back(&thief).await.unwrap());
    let again = begin(&scene, &request).await;
    assert!(matches!(again, Err(ReturningError::Text(RecoveryTextError::Outdated))), "{again:?}");
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    let replica = hotline.engine.replica.lock().await;
    let seen = replica.directory.organisation(police.org()).unwrap();
    assert_eq!((seen.recovery.as_ref(), seen.recovered), (None, None));
}

#[tokio::test(start_paused = true)]
async fn the_thief_of_a_root_does_not_come_back_while_the_organisation_is_suspended() {
    let (scene, hotline, police, papers) = scene().await;
    let link = registrar(&scene).await;
    let registrar = scene.registrar();
    exclusion::suspend(&registrar.engine, &*link, police.org(), SUSPENDED_COMPROMISED, None).await.unwrap();
    let offer = offered(&scene, &police).await;
    let (_, stolen) = new_desk(&scene, &offer, &papers.get(Part::Root), 63).await;
    assert!(matches!(begin(&scene, &stolen).await, Err(ReturningError::Suspended)));
    let (desk, request) = new_desk(&scene, &offer, &papers.get(Part::Next), 64).await;
    begin(&scene, &request).await.unwrap();
    scene.clock.advance_hours(LOCK_HOURS);
    finish(&scene, &police).await.unwrap();
    assert!(come_back(&desk).await.unwrap());
    assert!(matches!(desk.sync().await, Err(SessionError::Suspended(_))), "the registrar makes sure first");
    let link = super::support::registrar(&scene).await;
    exclusion::reinstate(&registrar.engine, &*link, police.org(), 1).await.unwrap();
    desk.sync().await.unwrap();
    hotline.sync().await.unwrap();
    hotline.write(&police, 3, Priority::P1).await;
    hotline.sync().await.unwrap();
    desk.sync().await.unwrap();
    assert_eq!(desk.inbox_names(), [3]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_somebody_has_changed_or_made_without_a_sheet_is_not_taken() {
    let (scene, hotline, police, papers) = scene().await;
    let offer = offered(&scene, &police).await;
    let (_, invented) = new_desk(&scene, &offer, &SigningKey::from_seed(&[9; 32]), 65).await;
    let refused = begin(&scene, &invented).await;
    assert!(matches!(refused, Err(ReturningError::Text(RecoveryTextError::Unverified))), "{refused:?}");
    let elsewhere = Offer { org: hotline.org(), ..offer.clone() };
    let (_, mixed) = new_desk(&scene, &elsewhere, &papers.get(Part::Next), 66).await;
    let refused = begin(&scene, &mixed).await;
    assert!(matches!(refused, Err(ReturningError::Text(_))), "{refused:?}");
    let (_, request) = new_desk(&scene, &offer, &papers.get(Part::Next), 67).await;
    let mut slip = request.into_bytes();
    slip[80] = if slip[80] == b'A' { b'B' } else { b'A' };
    let refused = begin(&scene, &String::from_utf8(slip).unwrap()).await;
    assert!(matches!(refused, Err(ReturningError::Text(RecoveryTextError::Mistyped))), "{refused:?}");
    let replica = scene.registrar().engine.replica.lock().await;
    assert!(replica.directory.organisations().all(|org| org.recovery.is_none() && org.returning.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_workstation_takes_its_place_only_if_the_directory_says_what_it_has_asked_for() {
    let (scene, _, police, papers) = scene().await;
    let offer = offered(&scene, &police).await;
    let (desk, request) = new_desk(&scene, &offer, &papers.get(Part::Root), 68).await;
    assert_eq!(begin(&scene, &request).await.unwrap(), Progress::Done);
    // Somebody who has the root too is faster.
    let link = devices::connect(&police.engine, &police.dialer()).await.unwrap();
    let identity = &police.engine.identity;
    let replica = police.engine.replica.lock().await;
    let administrators = vec![*identity.administrator_key().as_bytes()];
    let (root, now) = (papers.get(Part::Root), scene.clock_now());
    let change = identity.change_administrators(&replica.directory, administrators, &root, now).unwrap();
    drop(replica);
    let _: Done = ask(&*link, &change, Duration::from_secs(60)).await.unwrap();
    assert!(matches!(come_back(&desk).await, Err(ReturningError::OtherOrganisation)));
    let told = finish(&scene, &police).await;
    assert!(matches!(told, Err(ReturningError::Contradicted)), "though the return is stated: {told:?}");
    police.sync().await.unwrap();
}
