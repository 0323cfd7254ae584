//! A relay that came out of a backup, and takes nothing in the place of what it has forgotten.

use std::time::Duration;

use causeway_client::exclusion::{self, ExclusionError};
use causeway_client::identity::Identity;
use causeway_client::session::SessionError;
use causeway_common::error::ErrorCode;
use causeway_common::priority::Priority;
use causeway_relay::restored;
use causeway_tests::hostile::scene::{Actor, Scene, rng};

/// What the operator's settings say unless they say otherwise.
const AN_HOUR: Duration = Duration::from_secs(60 * 60);
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
async fn a_relay_that_does_not_wait_divides_its_members() {
    let (scene, hotline, police) = forgetful(false).await;
    shut_out(&scene, &hotline).await.unwrap();
    police.sync().await.expect_err("two directories, for good");
    police.sync().await.expect_err("this is what waiting is for");
}
