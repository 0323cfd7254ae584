//! What a home keeps of a directory with a statement in it that nobody may make, how much it keeps at most, and what only looks
//! like one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use causeway_certs::audit::root_over;
use causeway_certs::checkpoint::{self, Checkpoint};
use causeway_certs::directory::{self, Directory, StatementError};
use causeway_certs::evidence::{EvidenceError, Kind, judge_illegal};
use causeway_client::audit::Accusation;
use causeway_client::exclusion;
use causeway_client::records::{self, Evidence, Illegal};
use causeway_client::replica::ReplicaError;
use causeway_client::vault::{Changes, Tree};
use causeway_common::codec;
use causeway_common::ids::Digest;
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::statements::{Reinstatement, StatementKind, Suspension};
use causeway_common::time::{Clock as _, Timestamp};
use causeway_common::wire::{DirectoryPart, DirectorySince, FrameType};
use causeway_tests::hostile::liar::{Lies, Raw, Reply};
use causeway_tests::hostile::scene::{Scene, relay_key, rng};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::directory::{head, leaves, replica_error, showing, size};
use super::evidence::{exported, kinds, next_key, nothing_tampered_is_believed};

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
    let incomplete = |given| Err(EvidenceError::Incomplete { named: 6, given });

    // The statement, and then no more.
    let error = replica_error(police.sync_under(dripping(&wrong, &signed, 1, 4)).await);
    assert_eq!((error, size(&police).await), (again.clone(), 2));
    let kept = records::illegal(&police.engine.vault).unwrap().unwrap();
    assert_eq!((kept.known, kept.leaves.len(), kept.proven), (2, 2, false));
    assert_eq!(exported(&police).await.illegal, None, "what proves nothing names nobody");
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
    assert_eq!(with(&|leaves| drop(leaves.pop())), incomplete(5));
    police.sync().await.expect("the true directory is taken all the same");
    assert_eq!(size(&police).await, 3);
}

#[tokio::test(start_paused = true)]
async fn statements_of_another_history_are_a_split_and_no_illegal_statement() {
    let mut scene = Scene::start().await;
    let (hotline, police) = (scene.resident("Hotline").await, scene.resident("Police").await);
    let yesterday = scene.kv.snapshot();
    let second = police.engine.identity.beside("night shift", &mut rng(90));
    police.list(&second, u32::MAX).await;
    police.sync().await.unwrap();
    assert_eq!(size(&police).await, 4);
    // The relay is honest. It forgets the fourth, and goes on with others.
    scene.restore(&yesterday);
    let registrar = &scene.registrar().engine;
    let link = exclusion::connect(registrar, &scene.registrar().dialer()).await.unwrap();
    exclusion::suspend(registrar, &*link, hotline.org(), 1, None).await.unwrap();
    exclusion::reinstate(registrar, &*link, hotline.org(), 1).await.unwrap();
    exclusion::suspend(registrar, &*link, hotline.org(), 1, None).await.unwrap();
    for _ in 0..2 {
        scene.clock.advance_hours(1);
        assert_eq!(replica_error(police.sync().await), ReplicaError::Split);
        assert_eq!(
            records::illegal(&police.engine.vault).unwrap(),
            None,
            "nobody has said what they may not"
        );
        let said = exported(&police).await;
        assert_eq!((kinds(&said), said.illegal.as_ref()), (vec![Kind::Split], None));
        nothing_tampered_is_believed(&said);
    }
    // The same of a relay that does not show it: nothing is proven, and it is no illegal statement either.
    let embassy = scene.join("Embassy").await;
    let shown = leaves(&embassy).await;
    let mut all = shown.clone();
    all.extend([shown[1].clone(), shown[1].clone(), shown[1].clone()]);
    let head = over(&scene, &all[1..]);
    let error = replica_error(embassy.sync_under(dripping(&all, &head, 9, all.len() - 1)).await);
    assert_eq!(error, ReplicaError::Split);
    assert_eq!(records::illegal(&embassy.engine.vault).unwrap(), None);
    assert_eq!(records::evidence(&embassy.engine.vault).unwrap().len(), 1);
    assert_eq!(kinds(&exported(&embassy).await), []);
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_drips_delays_no_alarm_and_no_evidence() {
    let scene = Scene::start().await;
    let police = scene.join("Police").await;
    let mut wrong = leaves(&police).await;
    wrong.resize(wrong.len() + 100, wrong[1].clone());
    let head = over(&scene, &wrong);
    for leaf in [wrong[1].clone(), Vec::new()] {
        let (vault, asked) = (police.engine.vault.clone(), Arc::new(AtomicU32::new(0)));
        let (number, head, is_empty) = (Arc::clone(&asked), head.clone(), leaf.is_empty());
        let first = wrong[1].clone();
        let lies = Lies::instead(move |question| {
            question.read::<DirectorySince>()?;
            let before = number.fetch_add(1, Ordering::SeqCst);
            let kept = records::illegal(&vault).unwrap().is_some();
            assert_eq!(kept, before > 0 || is_empty, "kept before more is asked for");
            let leaf = if before == 0 { &first } else { &leaf };
            let part = DirectoryPart { leaves: vec![leaf.clone()], checkpoint: head.clone() };
            let later = Arc::new(Notify::new());
            let notify = Arc::clone(&later);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(19)).await;
                notify.notify_one();
            });
            Some(Reply::Late(Raw::of(&part), later))
        });
        let begun = Instant::now();
        let error = replica_error(police.sync_under(lies).await);
        assert_eq!(error, ReplicaError::Illegal(StatementError::Again));
        assert!(begun.elapsed() < Duration::from_secs(19 + 60 + 5), "{:?}", begun.elapsed());
        let times = asked.load(Ordering::SeqCst);
        assert_eq!(times, if is_empty { 2 } else { 5 }, "an empty statement ends it");
    }
    police.sync().await.unwrap();
    assert_eq!(records::illegal(&police.engine.vault).unwrap(), None, "it has never proven anything");
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_cuts_the_connection_when_it_is_asked_for_rosters_delays_no_alarm_either() {
    let scene = Scene::start().await;
    let police = scene.join("Police").await;
    let mut wrong = leaves(&police).await;
    let admission = wrong[1].clone();
    wrong.push(admission);
    let head = over(&scene, &wrong);
    let lies = Lies::instead(move |question| {
        if question.frame == FrameType::FetchRosters {
            return Some(Reply::Cut);
        }
        let from = usize::try_from(question.read::<DirectorySince>()?.size).unwrap();
        let part = DirectoryPart { leaves: wrong[from..].to_vec(), checkpoint: head.clone() };
        Some(Reply::with(&part))
    });
    let error = replica_error(police.sync_under(lies).await);
    assert_eq!(error, ReplicaError::Illegal(StatementError::Again));
    assert!(records::illegal(&police.engine.vault).unwrap().is_some_and(|kept| kept.proven));
}

#[tokio::test(start_paused = true)]
async fn what_a_newer_version_allows_accuses_no_relay_and_makes_room_for_what_it_does_not() {
    let scene = Scene::start().await;
    let police = scene.join("Police").await;
    let legal = leaves(&police).await;
    // An earlier version of this home did not know the second statement.
    let before = Illegal { head: over(&scene, &legal), known: 1, leaves: legal[1..].to_vec(), proven: true };
    let put = async |illegal: &Illegal| {
        let mut changes = Changes::default();
        records::put_illegal(&mut changes, illegal);
        police.engine.commit(changes).await.unwrap();
    };
    put(&before).await;
    assert_eq!(exported(&police).await.illegal, None);
    let mut wrong = legal.clone();
    wrong.push(wrong[1].clone());
    police.sync_under(showing(wrong.clone(), over(&scene, &wrong))).await.expect_err("illegal");
    assert_eq!(illegal_in(&exported(&police).await), Some(Ok(3)));
    police.sync().await.unwrap();
    assert_eq!(illegal_in(&exported(&police).await), Some(Ok(3)), "what is proven stays");
    put(&before).await;
    police.sync().await.unwrap();
    assert_eq!(records::illegal(&police.engine.vault).unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn what_one_step_keeps_counts_and_the_largest_are_read() {
    let scene = Scene::start().await;
    let police = scene.join("Police").await;
    let head = |size, root| {
        let head = Checkpoint { size, root: Digest([root; 32]), time: Timestamp(9) };
        checkpoint::sign(&head, &relay_key())
    };
    let vault = &police.engine.vault;
    for step in 0..2 {
        let mut changes = Changes::default();
        for number in 1..=20 {
            let size = step * 20 + u64::from(number);
            let pair = Evidence { ours: head(size, 1), theirs: head(size, number + 1) };
            records::put_evidence(vault, &mut changes, &pair);
            records::put_went_back(vault, &mut changes, &pair);
        }
        police.engine.commit(changes).await.unwrap();
        assert_eq!(records::evidence(vault).unwrap().len(), 16);
        let sizes = records::went_back(vault).unwrap();
        let sizes: Vec<u64> = sizes.iter().map(|pair| checkpoint::read(&pair.ours).unwrap().size).collect();
        assert_eq!(sizes, (step * 20 + 5..=step * 20 + 20).collect::<Vec<_>>());
        let kept = vault.list(Tree::Directory).unwrap();
        let kept = kept.iter().filter(|(id, _)| id.starts_with(b"wentback") || id.starts_with(b"evidence"));
        assert_eq!(kept.count(), 32);
    }
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
