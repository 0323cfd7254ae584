//! What a home keeps of a relay that it has caught, and what a stranger with nothing but the exported file makes of it.

use std::time::Duration;

use causeway_certs::audit::root_over;
use causeway_certs::checkpoint::{self, Checkpoint};
use causeway_certs::directory::{self, Directory};
use causeway_certs::evidence::{EvidenceError, Kind, judge};
use causeway_certs::keys::SigningKey;
use causeway_client::audit::{Accusation, File, evidence_of, read, write_evidence};
use causeway_client::records::{self};
use causeway_client::replica::ReplicaError;
use causeway_common::codec;
use causeway_common::priority::Priority;
use causeway_common::statements::{StatementKind, Suspension};
use causeway_common::time::{Clock as _, Timestamp};
use causeway_tests::hostile::scene::{Actor, Scene, relay_key};

use super::directory::{announcement, head, leaves, replica_error, showing, size};

/// The relay's key after its first.
pub(super) fn next_key() -> SigningKey {
    SigningKey::from_seed(&[77; 32])
}

/// What a stranger reads in the file that this home exports.
pub(super) async fn exported(of: &Actor) -> Accusation {
    let relay_key = of.engine.relay_key().await;
    let replica = of.engine.replica.lock().await;
    let said = evidence_of(&of.engine.vault, &replica, &of.engine.identity, relay_key, None).unwrap();
    let File::Evidence(read) = read(write_evidence(&said).as_bytes()).unwrap() else {
        panic!("another form")
    };
    assert_eq!(read, said);
    read
}

/// What the pairs in a file prove.
pub(super) fn kinds(said: &Accusation) -> Vec<Kind> {
    let (keys, _) = said.keys().unwrap();
    said.contradictions.iter().filter_map(|one| judge(one, &keys).ok()).map(|proven| proven.kind).collect()
}

/// No head in the file can change, and no pair can be put together from others, without losing its proof.
pub(super) fn nothing_tampered_is_believed(said: &Accusation) {
    let mut changed = said.clone();
    for byte in 0..said.contradictions[0].ours.len() {
        changed.contradictions[0].ours[byte] ^= 1;
        if kinds(&changed) == kinds(said) {
            let (keys, _) = said.keys().unwrap();
            let read = |said: &Accusation| judge(&said.contradictions[0], &keys).unwrap();
            assert_eq!(read(&changed), read(said), "byte {byte} is believed");
        }
        changed.contradictions[0].ours[byte] ^= 1;
    }
    changed.contradictions[0].theirs = changed.contradictions[0].ours.clone();
    assert_eq!(kinds(&changed).len() + 1, kinds(said).len());
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_goes_back_is_shown_to_have_and_an_old_head_alone_shows_nothing() {
    let scene = Scene::start().await;
    let (_hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let before = leaves(scene.registrar()).await[..2].to_vec();
    let old = head(&scene, &before, &relay_key());
    scene.clock.advance_hours(1);
    police.sync().await.unwrap();

    let shrunk = ReplicaError::Shrunk { shown: 2, known: 3 };
    assert_eq!(replica_error(police.sync_under(showing(before.clone(), old)).await), shrunk);
    assert_eq!(
        exported(&police).await.contradictions,
        [],
        "whoever has an old head can show it: nobody signs when"
    );
    let same_time = head(&scene, &before, &relay_key());
    assert_eq!(replica_error(police.sync_under(showing(before.clone(), same_time)).await), shrunk);
    assert_eq!(exported(&police).await.contradictions, [], "at one moment nothing is later");
    for _ in 0..3 {
        scene.clock.advance_hours(1);
        let fresh = head(&scene, &before, &relay_key());
        assert_eq!(replica_error(police.sync_under(showing(before.clone(), fresh)).await), shrunk);
    }
    let said = exported(&police).await;
    assert_eq!(kinds(&said), [Kind::WentBack], "once, however often it is seen");
    assert_eq!(records::evidence(&police.engine.vault).unwrap(), [], "and it is no split");
    nothing_tampered_is_believed(&said);
    let told = police.engine.relay_went_back().await.unwrap().unwrap();
    assert_eq!((told.before.size, told.after.size, told.after.time), (3, 2, scene.clock.now()));
    police.sync().await.unwrap();
    assert!(police.engine.relay_went_back().await.unwrap().is_some(), "this head may be from before");
    scene.clock.advance_hours(1);
    police.sync().await.unwrap();
    assert_eq!(police.engine.relay_went_back().await.unwrap(), None, "it shows everything again");
    assert_eq!(kinds(&exported(&police).await), [Kind::WentBack], "it stays on record");
}

#[tokio::test(start_paused = true)]
async fn what_a_partner_was_shown_before_and_we_are_not_shown_after_proves_that_it_is_withheld() {
    let scene = Scene::start().await;
    let (police, _hotline) = (scene.resident("Police").await, scene.resident("Hotline").await);
    police.sync().await.unwrap();
    let withheld = leaves(&police).await;
    let stale = head(&scene, &withheld, &relay_key());
    scene.clock.advance_hours(1);
    let embassy = scene.resident("Embassy").await;
    embassy.write(&police, 1, Priority::P1).await;
    embassy.sync().await.unwrap();
    scene.clock.advance_hours(1);

    let report = police.sync_under(showing(withheld.clone(), stale)).await.unwrap();
    assert_eq!((report.held, police.inbox().len()), (1, 0));
    assert_eq!(exported(&police).await.contradictions, [], "a head from before the partner's proves nothing");

    let fresh = head(&scene, &withheld, &relay_key());
    let error = replica_error(police.sync_under(showing(withheld, fresh)).await);
    assert_eq!(error, ReplicaError::Shrunk { shown: 3, known: 4 });
    let said = exported(&police).await;
    assert_eq!(kinds(&said), [Kind::WentBack]);
    nothing_tampered_is_believed(&said);
    let told = police.engine.relay_went_back().await.unwrap().unwrap();
    assert_eq!((told.before.size, told.after.size), (4, 3));
    assert_eq!(police.inbox().len(), 0);
    scene.clock.advance_hours(1);
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1], "the packet has waited");
    assert_eq!(police.engine.relay_went_back().await.unwrap(), None);
}

/// The registrar shuts somebody out, at the end of this directory.
fn suspended(scene: &Scene, leaves: &[Vec<u8>], whom: &Actor) -> Vec<u8> {
    let mut replayed = Directory::new();
    leaves.iter().for_each(|leaf| replayed.append(leaf).unwrap());
    let payload = codec::encode(&Suspension { reason: 1, compromised_since: Timestamp(0) });
    let registrar = &scene.registrar().engine.identity;
    let said = registrar.state(&replayed, whom.org(), StatementKind::Suspension, payload, scene.clock.now());
    directory::leaf(&said.statement)
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_hid_something_does_not_silence_the_warning_with_another_history() {
    let scene = Scene::start().await;
    let (police, hotline) = (scene.resident("Police").await, scene.resident("Hotline").await);
    police.sync().await.unwrap();
    let withheld = leaves(&police).await;
    scene.clock.advance_hours(1);
    let embassy = scene.resident("Embassy").await;
    embassy.write(&police, 1, Priority::P1).await;
    embassy.sync().await.unwrap();
    scene.clock.advance_hours(1);
    let fresh = head(&scene, &withheld, &relay_key());
    police.sync_under(showing(withheld.clone(), fresh)).await.expect_err("it went back");
    assert!(police.engine.relay_went_back().await.unwrap().is_some());

    scene.clock.advance_hours(1);
    let mut other = withheld.clone();
    other.push(suspended(&scene, &other, &hotline));
    let later = head(&scene, &other, &relay_key());
    let error = replica_error(police.sync_under(showing(other, later)).await);
    assert_eq!(error, ReplicaError::Split, "as much as before, and something else");
    assert_eq!(records::evidence(&police.engine.vault).unwrap().len(), 1);
    assert_eq!(police.engine.relay_went_back().await.unwrap(), None, "it is worse than that");
    assert_eq!(kinds(&exported(&police).await), [Kind::Split]);
    assert_eq!(records::went_back(&police.engine.vault).unwrap(), [], "and is kept once");
}

#[tokio::test(start_paused = true)]
async fn a_relay_whose_clock_was_wrong_when_it_was_restored_is_over_it_once_it_shows_everything() {
    let scene = Scene::start().await;
    let (_hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    police.sync().await.unwrap();
    let before = leaves(&police).await[..2].to_vec();
    let next_year = Timestamp(scene.clock.now().0 + 365 * 24 * 3_600_000);
    let wrong = Checkpoint { size: 2, root: root_over(&before), time: next_year };
    let wrong = checkpoint::sign(&wrong, &relay_key());
    police.sync_under(showing(before, wrong)).await.expect_err("it went back");
    assert!(police.engine.relay_went_back().await.unwrap().is_some());
    scene.clock.advance_hours(1);
    police.sync().await.unwrap();
    assert_eq!(police.engine.relay_went_back().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn an_honest_relay_is_accused_of_no_split_whether_it_was_restored_or_has_another_key() {
    let mut scene = Scene::start().await;
    let (hotline, police) = (scene.resident("Hotline").await, scene.resident("Police").await);
    let yesterday = scene.kv.snapshot();
    scene.resident("Embassy").await;
    hotline.sync().await.unwrap();
    scene.clock.advance_hours(24);
    scene.restore(&yesterday);
    assert_eq!(replica_error(hotline.sync().await), ReplicaError::Shrunk { shown: 3, known: 4 });
    hotline.sync().await.expect("it has everything again");
    let said = exported(&hotline).await;
    assert_eq!(kinds(&said), [Kind::WentBack], "a fact, of which the words name the innocent reason too");
    let (keys, _) = said.keys().unwrap();
    let complete = said.contradictions[0].prefix.is_some();
    assert!(
        complete && judge(&said.contradictions[0], &keys).is_ok(),
        "what is left is the beginning of what was"
    );

    let mut all = leaves(&hotline).await;
    let from = scene.clock.now().0 + 1;
    all.push(announcement(&scene, &next_key(), from).await);
    hotline.sync_under(showing(all.clone(), head(&scene, &all, &relay_key()))).await.unwrap();
    scene.clock.advance_hours(1);
    let by_new = head(&scene, &all, &next_key());
    let _ = police.sync_under(showing(all.clone(), by_new.clone())).await;
    let _ = hotline.sync_under(showing(all.clone(), by_new)).await;
    for home in [&hotline, &police] {
        assert_eq!(size(home).await, 5);
        assert_eq!(records::evidence(&home.engine.vault).unwrap(), []);
    }
    assert_eq!(exported(&police).await.contradictions, []);
}

#[tokio::test(start_paused = true)]
async fn heads_by_two_keys_convict_with_the_registrars_word_unless_one_may_be_stolen() {
    for at_once in [false, true] {
        let scene = Scene::start().await;
        let (police, _) = (scene.join("Police").await, scene.join("Hotline").await);
        let mut fork = leaves(scene.registrar()).await;
        let short = fork[..2].to_vec();
        let mut all = fork.clone();
        fork.swap(1, 2);
        scene.clock.advance_hours(1);
        let from = if at_once { 0 } else { scene.clock.now().0 + 1 };
        all.push(announcement(&scene, &next_key(), from).await);
        // What the first key has signed before it ended.
        let announced = Checkpoint {
            size: 4,
            root: root_over(&all),
            time: scene.clock.now().minus(Duration::from_millis(1)),
        };
        let by_old = checkpoint::sign(&announced, &relay_key());
        police.sync_under(showing(all, by_old)).await.unwrap();
        scene.clock.advance_hours(1);

        let error =
            replica_error(police.sync_under(showing(fork.clone(), head(&scene, &fork, &next_key()))).await);
        assert_eq!(error, ReplicaError::Split);
        let shrunk = showing(short.clone(), head(&scene, &short, &next_key()));
        let error = replica_error(police.sync_under(shrunk).await);
        assert_eq!(error, ReplicaError::Shrunk { shown: 2, known: 4 });
        let said = exported(&police).await;
        if at_once {
            let (keys, _) = said.keys().unwrap();
            let judged: Vec<_> = said.contradictions.iter().map(|one| judge(one, &keys)).collect();
            assert_eq!(
                judged,
                [Err(EvidenceError::OtherHands)],
                "kept, and whoever has the first key may have signed it"
            );
            continue;
        }
        assert_eq!(kinds(&said), [Kind::Split, Kind::WentBack]);
        nothing_tampered_is_believed(&said);
        let alone = Accusation { announcements: None, ..said };
        assert_eq!(kinds(&alone), [], "that both keys are one relay's needs the registrar's word");
    }
}
