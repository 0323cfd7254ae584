//! What a home keeps of a relay that it has caught, and what a stranger with nothing but the exported file makes of it.

use causeway_certs::audit::root_over;
use causeway_certs::checkpoint::{self, Checkpoint};
use causeway_certs::directory::{self, Directory, StatementError};
use causeway_certs::evidence::{EvidenceError, Kind, judge, judge_illegal};
use causeway_certs::keys::SigningKey;
use causeway_client::audit::{Accusation, File, evidence_of, read, write_evidence};
use causeway_client::records;
use causeway_client::replica::ReplicaError;
use causeway_common::codec;
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::priority::Priority;
use causeway_common::statements::{Reinstatement, StatementKind, Suspension};
use causeway_common::time::{Clock as _, Timestamp};
use causeway_common::wire::{DirectoryPart, DirectorySince};
use causeway_tests::hostile::liar::{Lies, Reply};
use causeway_tests::hostile::scene::{Actor, Scene, relay_key};

use super::directory::{announcement, head, leaves, replica_error, showing, size};

/// The relay's key after its first.
fn next_key() -> SigningKey {
    SigningKey::from_seed(&[77; 32])
}

/// What a stranger reads in the file that this home exports.
async fn exported(of: &Actor) -> Accusation {
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
fn kinds(said: &Accusation) -> Vec<Kind> {
    let (keys, _) = said.keys().unwrap();
    said.contradictions.iter().filter_map(|one| judge(one, &keys).ok()).map(|proven| proven.kind).collect()
}

/// No head in the file can change, and no pair can be put together from others, without losing its proof.
fn nothing_tampered_is_believed(said: &Accusation) {
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
            time: scene.clock.now().minus(std::time::Duration::from_millis(1)),
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

/// A head over whatever stands there.
fn over(scene: &Scene, leaves: &[Vec<u8>]) -> Vec<u8> {
    let (size, root) = (leaves.len() as u64, root_over(leaves));
    checkpoint::sign(&Checkpoint { size, root, time: scene.clock.now() }, &relay_key())
}

/// Shows so many of these leaves with each answer, up to a number of them.
fn dripping(leaves: &[Vec<u8>], checkpoint: &[u8], at_once: usize, up_to: usize) -> Lies {
    let (leaves, checkpoint) = (leaves[..up_to].to_vec(), checkpoint.to_vec());
    Lies::instead(move |question| {
        let from = usize::try_from(question.read::<DirectorySince>()?.size).unwrap();
        let leaves = leaves.iter().skip(from).take(at_once).cloned().collect();
        Some(Reply::with(&DirectoryPart { leaves, checkpoint: checkpoint.clone() }))
    })
}

/// What a stranger makes of the illegal statement in a file: its number, or why it proves nothing.
fn illegal_in(said: &Accusation) -> Option<Result<u64, EvidenceError>> {
    let (keys, _) = said.keys().unwrap();
    said.illegal.as_ref().map(|one| judge_illegal(one, &keys).map(|proven| proven.statement))
}

#[tokio::test(start_paused = true)]
async fn a_statement_that_nobody_may_make_convicts_the_relay_that_has_signed_it() {
    let scene = Scene::start().await;
    let police = scene.join("Police").await;
    scene.join("Hotline").await;
    let mut wrong = leaves(scene.registrar()).await;
    wrong.push(wrong[1].clone());
    wrong.push(wrong[2].clone());
    wrong.push(wrong[1].clone());
    let signed = over(&scene, &wrong);
    let again = ReplicaError::Illegal(StatementError::Again);
    let incomplete = |given| Some(Err(EvidenceError::Incomplete { named: 6, given }));

    // The statement, and then no more.
    let error = replica_error(police.sync_under(dripping(&wrong, &signed, 1, 4)).await);
    assert_eq!((error, size(&police).await), (again.clone(), 2));
    assert_eq!(illegal_in(&exported(&police).await), incomplete(4), "kept, and not proven");
    let other = over(&scene, &wrong[1..]);
    assert_eq!(replica_error(police.sync_under(dripping(&wrong, &other, 9, 6)).await), again);
    assert_eq!(illegal_in(&exported(&police).await), Some(Err(EvidenceError::OtherStatements)));
    // All of it, in pieces.
    assert_eq!(replica_error(police.sync_under(dripping(&wrong, &signed, 1, 6)).await), again);
    let said = exported(&police).await;
    assert_eq!(illegal_in(&said), Some(Ok(4)));
    assert_eq!(said.contradictions, []);
    // What is proven stays.
    assert_eq!(replica_error(police.sync_under(dripping(&wrong, &signed, 1, 4)).await), again);
    assert_eq!(exported(&police).await, said);
    assert_eq!(size(&police).await, 2, "nothing of it is believed");

    let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut said = said.clone();
        change(&mut said.illegal.as_mut().unwrap().leaves);
        illegal_in(&said).unwrap()
    };
    assert_eq!(with(&|leaves| leaves[3][100] ^= 1), Err(EvidenceError::OtherStatements));
    assert_eq!(with(&|leaves| leaves.swap(3, 4)), Err(EvidenceError::OtherStatements));
    assert_eq!(with(&|leaves| drop(leaves.pop())), incomplete(5).unwrap());
    police.sync().await.expect("the true directory is taken all the same");
    assert_eq!(size(&police).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_statement_of_a_newer_version_and_a_head_by_nobody_accuse_no_relay() {
    let scene = Scene::start().await;
    let police = scene.join("Police").await;
    let mut newer = leaves(&police).await;
    let mut statement = directory::open(&newer[1]).unwrap();
    statement.kind = StatementKind::Other(99);
    statement.signer = *next_key().public().as_bytes();
    newer.push(directory::leaf(&directory::sign_statement(&statement, &next_key())));
    let error = replica_error(police.sync_under(showing(newer.clone(), over(&scene, &newer))).await);
    assert_eq!(error, ReplicaError::Illegal(StatementError::Newer));
    let mut wrong = leaves(&police).await;
    wrong.push(wrong[1].clone());
    let head = Checkpoint { size: 3, root: root_over(&wrong), time: Timestamp(1) };
    let by_another = checkpoint::sign(&head, &next_key());
    let error = replica_error(police.sync_under(showing(wrong, by_another)).await);
    assert_eq!(error, ReplicaError::Illegal(StatementError::Again));
    assert_eq!(exported(&police).await.illegal, None);
}

#[tokio::test(start_paused = true)]
async fn a_relay_cannot_fill_the_disk_with_its_own_evidence() {
    let scene = Scene::start().await;
    let police = scene.join("Police").await;
    let known = leaves(&police).await;
    let mut endless = known.clone();
    endless.resize(known.len() + 200, vec![7; STATEMENT_BYTES_MAX]);
    let lie = dripping(&endless, &over(&scene, &endless), 50, endless.len());
    let error = replica_error(police.sync_under(lie).await);
    assert_eq!(error, ReplicaError::Illegal(StatementError::Malformed));
    let kept = records::illegal(&police.engine.vault).unwrap().unwrap();
    let bytes = codec::encode(&kept).len();
    assert!(
        !kept.proven && (2 << 20) - 2 * STATEMENT_BYTES_MAX < bytes && bytes < (2 << 20) + 8192,
        "{bytes}"
    );

    // It goes back from a larger directory each time.
    let mut all = leaves(scene.registrar()).await;
    for number in 0..20_u8 {
        let (kind, payload) = if number % 2 == 0 {
            let suspension = Suspension { reason: 1, compromised_since: Timestamp(0) };
            (StatementKind::Suspension, codec::encode(&suspension))
        } else {
            (StatementKind::Reinstatement, codec::encode(&Reinstatement { vetted: 1 }))
        };
        let mut replayed = Directory::new();
        all.iter().for_each(|leaf| replayed.append(leaf).unwrap());
        let registrar = &scene.registrar().engine.identity;
        let said = registrar.state(&replayed, police.org(), kind, payload, scene.clock.now());
        all.push(directory::leaf(&said.statement));
        scene.clock.advance_hours(1);
        let _ = police.sync_under(showing(all.clone(), head(&scene, &all, &relay_key()))).await;
        scene.clock.advance_hours(1);
        let shorter = all[..2].to_vec();
        let _ = police.sync_under(showing(shorter.clone(), head(&scene, &shorter, &relay_key()))).await;
    }
    let kept = records::went_back(&police.engine.vault).unwrap();
    let sizes: Vec<u64> = kept.iter().map(|pair| checkpoint::read(&pair.ours).unwrap().size).collect();
    assert_eq!(sizes, (7..=22).collect::<Vec<_>>(), "the last sixteen");
}
