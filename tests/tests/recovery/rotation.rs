//! The next root takes over, and people who have left are struck out.

use causeway_client::checks::{Check, How};
use causeway_client::devices;
use causeway_client::identity::Identity;
use causeway_client::linking::{self, LinkingError, Wish};
use causeway_client::records;
use causeway_client::recovery::record::{self, RecoveryError};
use causeway_client::recovery::{self, Part, Place};
use causeway_client::vault::Changes;
use causeway_common::ids::Digest;
use causeway_common::priority::Priority;
use causeway_common::statements::{REVOKED_LOST, ROLE_ADMINISTRATOR, ROLE_STAFF};
use causeway_tests::hostile::scene::{Actor, Scene, rng};

use super::support::{in_force, places, write_down};

async fn rotate(of: &Actor) -> Result<(), RecoveryError> {
    record::rotate(&of.engine, &of.dialer()).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn the_next_root_takes_over_partners_see_it_and_nothing_under_way_is_lost() {
    let scene = Scene::start().await;
    let (hotline, mut police) = (scene.resident("Hotline").await, scene.resident("Police").await);
    hotline.sync().await.unwrap();
    let (_, next) = in_force(&police, &hotline).await;
    let check = {
        let replica = hotline.engine.replica.lock().await;
        let seen = replica.directory.organisation(police.org()).unwrap();
        Check::of(seen, "Olga", How::Phone, "", hotline.engine.now()).unwrap()
    };
    let under_way = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let sealed_before = hotline.write(&police, 2, Priority::P1).await;

    let papers = write_down(&police).await;
    assert!(matches!(rotate(&police).await, Err(RecoveryError::NotPrepared)));
    let prepared = recovery::prepare(&police.engine).await.unwrap();
    assert_eq!(recovery::prepare(&police.engine).await.unwrap(), prepared, "the same again");
    assert!(matches!(rotate(&police).await, Err(RecoveryError::NotPrepared)), "it is not on paper");
    let newest = write_down(&police).await;
    let needs = |error| matches!(error, Err(RecoveryError::Needs(Part::Root, _)));
    assert!(needs(rotate(&police).await));
    police.engine.enter_roots(vec![papers.get(Part::Root)]);
    assert!(matches!(rotate(&police).await, Err(RecoveryError::Needs(Part::Next, _))));
    police.engine.enter_roots(vec![papers.get(Part::Next)]);
    rotate(&police).await.unwrap();
    police.restart().await;
    assert_eq!(in_force(&police, &police).await, (next, prepared));
    assert_eq!(places(&police).await, [(Part::Root, Place::Paper), (Part::Next, Place::Paper)]);

    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1, 2]);
    hotline.sync().await.unwrap();
    for packet in [under_way, sealed_before] {
        assert_eq!(hotline.state(packet, &police).0, "delivered");
    }
    let replica = hotline.engine.replica.lock().await;
    let seen = replica.directory.organisation(police.org()).unwrap();
    assert!(!check.is_current(seen), "who has compared it compares again");
    assert_eq!(seen.recovered, None, "the organisation did it itself");
    let again = Check::of(seen, "Olga", How::Phone, "", hotline.engine.now()).unwrap();
    drop(replica);

    // Whoever had compared the key sends nothing until it is compared again, not even what was queued before; nothing is lost.
    let compared = async |check: &Check| {
        let mut changes = Changes::default();
        records::put_check(&mut changes, police.org(), check);
        hotline.engine.commit(changes).await.unwrap();
    };
    compared(&check).await;
    let held = hotline.write(&police, 3, Priority::P0).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!((hotline.state(held, &police).0, police.inbox_names()), ("queued", vec![1, 2]));
    compared(&again).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1, 2, 3]);

    // Twice is as easy as once.
    recovery::prepare(&police.engine).await.unwrap();
    write_down(&police).await;
    police.engine.enter_roots(vec![papers.get(Part::Next), newest.get(Part::Prepared)]);
    rotate(&police).await.unwrap();
    assert_eq!(in_force(&police, &police).await.0, prepared);
}

#[tokio::test(start_paused = true)]
async fn a_colleague_whose_code_is_older_than_the_root_gets_in() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let wish = Wish { roles: ROLE_STAFF, clearance: u32::MAX, name: String::new() };
    let code = linking::invite(&police.engine, &police.dialer(), wish).await.unwrap();
    let patrol = scene.enter_as(Identity::link(&code, "patrol", scene.clock_now(), &mut rng(50)), 50).await;
    linking::ask(&patrol.engine, &patrol.dialer()).await.unwrap();
    let papers = write_down(&police).await;
    recovery::prepare(&police.engine).await.unwrap();
    write_down(&police).await;
    police.engine.enter_roots(vec![papers.get(Part::Root), papers.get(Part::Next)]);
    rotate(&police).await.unwrap();
    let id = patrol.engine.identity.device().to_string();
    linking::admit(&police.engine, &police.dialer(), &id).await.unwrap();
    assert!(linking::is_admitted(&patrol.engine, &patrol.dialer()).await.unwrap());
    patrol.sync().await.unwrap();
    // The root of somebody else was never its.
    let mut other = code.clone();
    other.root = Digest([7; 32]);
    let stranger =
        scene.enter_as(Identity::link(&other, "desk 3", scene.clock_now(), &mut rng(51)), 51).await;
    police.list(&stranger.engine.identity, u32::MAX).await;
    let refused = linking::is_admitted(&stranger.engine, &stranger.dialer()).await;
    assert!(matches!(refused, Err(LinkingError::OtherOrganisation)), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn an_administrator_who_left_is_struck_out_and_signs_nothing_more() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let wish = Wish { roles: ROLE_STAFF | ROLE_ADMINISTRATOR, clearance: u32::MAX, name: String::new() };
    let code = linking::invite(&police.engine, &police.dialer(), wish).await.unwrap();
    let chief = scene.enter_as(Identity::link(&code, "chief", scene.clock_now(), &mut rng(50)), 50).await;
    linking::ask(&chief.engine, &chief.dialer()).await.unwrap();
    let id = chief.engine.identity.device().to_string();
    linking::admit(&police.engine, &police.dialer(), &id).await.unwrap();
    chief.sync().await.unwrap();

    let papers = write_down(&police).await;
    let first = police.engine.identity.device();
    let removal = devices::revoke(&chief.engine, &chief.dialer(), first, REVOKED_LOST, None).await.unwrap();
    assert!(removal.key_remains, "only the root can strike it out");
    let all = record::administrators(&chief.engine).await.unwrap();
    let gone = all.iter().find(|one| one.first).unwrap();
    assert_eq!((all.len(), gone.this), (2, false));
    let strike = |beginning: String| {
        let chief = &chief;
        async move { record::strike(&chief.engine, &chief.dialer(), &beginning).await }
    };
    let key = gone.key.map(|byte| format!("{byte:02x}")).concat();
    assert!(matches!(strike(key.clone()).await, Err(RecoveryError::Needs(Part::Root, _))));
    chief.engine.enter_roots(vec![papers.get(Part::Root)]);
    assert!(matches!(strike(String::new()).await, Err(RecoveryError::NotFound(_))), "more than one");
    strike(key[..12].to_owned()).await.unwrap();
    let left = record::administrators(&chief.engine).await.unwrap();
    assert!(matches!(&left[..], [one] if one.this && one.name.as_deref() == Some("chief")), "{left:?}");
    let own = left[0].key.map(|byte| format!("{byte:02x}")).concat();
    assert!(matches!(strike(own).await, Err(RecoveryError::LastAdministrator)));

    let replica = chief.engine.replica.lock().await;
    let mut directory = replica.directory.clone();
    drop(replica);
    let now = scene.clock_now();
    let own = directory.organisation(police.org()).unwrap().clone();
    let listed = own.roster.unwrap().devices;
    let (ours, theirs) = (&chief.engine.identity, &police.engine.identity);
    let signs =
        |identity: &Identity| identity.change_roster(&own_directory(&directory), listed.clone(), vec![], now);
    let by_chief = signs(ours).unwrap();
    let by_gone = signs(theirs).unwrap();
    let append = |directory: &mut causeway_certs::directory::Directory,
                  one: &causeway_common::wire::Append| {
        directory.append(&causeway_certs::directory::leaf(&one.statement))
    };
    assert!(append(&mut directory, &by_gone).is_err(), "it is no administrator's any more");
    append(&mut directory, &by_chief).unwrap();
    let refused = linking::pending(&police.engine, &police.dialer()).await;
    assert!(matches!(refused, Err(LinkingError::Session(_))), "{refused:?}");
}

fn own_directory(directory: &causeway_certs::directory::Directory) -> causeway_certs::directory::Directory {
    directory.clone()
}
