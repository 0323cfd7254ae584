//! A relay that came out of a backup, and takes nothing in the place of what it has forgotten.

use std::time::Duration;

use causeway_client::engine::EngineError;
use causeway_client::exclusion::{self, ExclusionError};
use causeway_client::identity::Identity;
use causeway_client::replica::ReplicaError;
use causeway_client::session::SessionError;
use causeway_common::error::ErrorCode;
use causeway_common::priority::Priority;
use causeway_common::wire::FrameType;
use causeway_relay::restored;
use causeway_tests::hostile::liar::{Lies, Reply};
use causeway_tests::hostile::scene::{Actor, Scene, rng};

/// What the operator's settings say unless they say otherwise.
const AN_HOUR: Duration = Duration::from_secs(60 * 60);
/// How the registrar has made sure: two keys compared.
const VETTED: u8 = 2;
/// Reason of a suspension: it asked for it.
const BY_REQUEST: u8 = 1;

async fn shut_out(scene: &Scene, whom: &Actor) -> Result<(), ErrorCode> {
    let registrar = scene.registrar();
    let link = exclusion::connect(&registrar.engine, &registrar.dialer()).await.unwrap();
    match exclusion::suspend(&registrar.engine, &*link, whom.org(), BY_REQUEST, None).await {
        Ok(_) => Ok(()),
        Err(ExclusionError::Session(SessionError::Refused(code))) => Err(code),
        Err(error) => panic!("{error}"),
    }
}

/// Police has a second workstation, of which the registrar has not heard, and neither has the backup.
async fn forgetful(mark: bool) -> (Scene, Actor, Actor) {
    let mut scene = Scene::start().await;
    let (hotline, police) = (scene.resident("Hotline").await, scene.resident("Police").await);
    let yesterday = scene.kv.snapshot();
    let second: Identity = police.engine.identity.beside("night shift", &mut rng(90));
    police.list(&second, u32::MAX).await;
    police.sync().await.unwrap();
    if mark {
        restored::mark(&yesterday).await.unwrap();
    }
    scene.restore(&yesterday);
    (scene, hotline, police)
}

#[tokio::test(start_paused = true)]
async fn nothing_new_is_taken_before_members_had_time_to_give_back() {
    let (mut scene, hotline, police) = forgetful(true).await;
    assert_eq!(shut_out(&scene, &hotline).await, Err(ErrorCode::Restored));
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "relayed", "packets go on as before");
    police.sync().await.expect_err("it is told that the relay has forgotten");
    police.sync().await.unwrap();
    assert_eq!(scene.relay.directory_size(), 4, "what it gave back was taken");
    assert_eq!(shut_out(&scene, &hotline).await, Err(ErrorCode::Restored), "there may be more to come");

    tokio::time::advance(AN_HOUR).await;
    shut_out(&scene, &hotline).await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.engine.replica.lock().await.directory.size(), 5, "one directory, and all of it");

    // A later start need not wait again.
    scene.relay.sweep().await.unwrap();
    let kept = scene.kv.snapshot();
    scene.restore(&kept);
    assert_eq!(scene.relay.waits_for_what_it_lost(), None);
}

#[tokio::test(start_paused = true)]
async fn whoever_knows_a_statement_gives_it_back_with_its_roster() {
    let mut scene = Scene::start().await;
    let (hotline, police) = (scene.resident("Hotline").await, scene.resident("Police").await);
    hotline.sync().await.unwrap();
    let yesterday = scene.kv.snapshot();
    for number in [91, 92] {
        let another = police.engine.identity.beside("day shift", &mut rng(number));
        police.list(&another, u32::MAX).await;
    }
    // Of two changes at once the first has no roster in force.
    let cut = Lies::instead(|asked| (asked.frame == FrameType::FetchRosters).then_some(Reply::Cut));
    hotline.sync_under(cut).await.expect_err("the connection breaks before the rosters come");
    assert_eq!(
        hotline.engine.replica.lock().await.directory.size(),
        3,
        "then the statements have not come either"
    );
    hotline.sync().await.unwrap();
    let known = scene.relay.directory_size();
    restored::mark(&yesterday).await.unwrap();
    scene.restore(&yesterday);
    assert_eq!(scene.relay.directory_size(), known - 2);
    hotline.sync().await.expect_err("it is told that the relay has forgotten");
    assert_eq!(scene.relay.directory_size(), known, "police has not been there");
}

#[tokio::test(start_paused = true)]
async fn who_was_reinstated_says_so_to_a_relay_that_has_forgotten_it() {
    let mut scene = Scene::start().await;
    let police = scene.resident("Police").await;
    shut_out(&scene, &police).await.unwrap();
    let yesterday = scene.kv.snapshot();
    scene.join("Embassy").await;
    let registrar = scene.registrar();
    let link = exclusion::connect(&registrar.engine, &registrar.dialer()).await.unwrap();
    exclusion::reinstate(&registrar.engine, &*link, police.org(), VETTED).await.unwrap();
    police.sync().await.unwrap();
    restored::mark(&yesterday).await.unwrap();
    scene.restore(&yesterday);
    let told = police.sync().await;
    assert!(
        matches!(told, Err(SessionError::Engine(EngineError::Replica(ReplicaError::Shrunk { .. })))),
        "{told:?}"
    );
    assert_eq!(scene.relay.directory_size(), 5, "with what had been said of others before");
    police.sync().await.expect("it is a member again");
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_does_not_wait_divides_its_members() {
    let (scene, hotline, police) = forgetful(false).await;
    shut_out(&scene, &hotline).await.unwrap();
    police.sync().await.expect_err("two directories, for good");
    police.sync().await.expect_err("this is what waiting is for");
}
