//! A directory that is shorter, different, foreign or broken. What of it can be proven to others: `evidence.rs` beside it.

use causeway_certs::checkpoint::{self, Checkpoint, CheckpointError};
use causeway_certs::directory::{self, Directory, ITSELF};
use causeway_certs::invite;
use causeway_certs::keys::SigningKey;
use causeway_certs::relay_keys::Announcements;
use causeway_client::engine::EngineError;
use causeway_client::identity::Identity;
use causeway_client::membership;
use causeway_client::records;
use causeway_client::replica::{Replica, ReplicaError};
use causeway_client::session::SessionError;
use causeway_common::codec;
use causeway_common::ids::Digest;
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::priority::Priority;
use causeway_common::statements::{RelayKey, StatementKind};
use causeway_common::time::{Clock as _, Timestamp};
use causeway_common::wire::{DirectoryPart, DirectorySince, Enrol, FrameType};
use causeway_tests::hostile::liar::{Lies, LyingDialer, Reply};
use causeway_tests::hostile::scene::{Actor, Scene, relay_key, rng};

pub(super) fn replica_error(result: Result<impl std::fmt::Debug, SessionError>) -> ReplicaError {
    match result {
        Err(SessionError::Engine(EngineError::Replica(error))) => error,
        other => panic!("the directory should have been refused, not {other:?}"),
    }
}

pub(super) async fn leaves(of: &Actor) -> Vec<Vec<u8>> {
    of.engine.replica.lock().await.directory.leaves_from(0).to_vec()
}

pub(super) async fn size(of: &Actor) -> u64 {
    of.engine.replica.lock().await.directory.size()
}

pub(super) fn head(scene: &Scene, leaves: &[Vec<u8>], key: &SigningKey) -> Vec<u8> {
    let mut directory = Directory::new();
    leaves.iter().for_each(|leaf| directory.append(leaf).unwrap());
    let head = Checkpoint { size: directory.size(), root: directory.root(), time: scene.clock.now() };
    checkpoint::sign(&head, key)
}

/// Shows these leaves under this head, whatever the true directory is.
pub(super) fn showing(leaves: Vec<Vec<u8>>, checkpoint: Vec<u8>) -> Lies {
    Lies::instead(move |question| {
        let from = usize::try_from(question.read::<DirectorySince>()?.size).unwrap();
        let leaves = leaves.get(from..).unwrap_or_default().to_vec();
        Some(Reply::with(&DirectoryPart { leaves, checkpoint: checkpoint.clone() }))
    })
}

#[tokio::test(start_paused = true)]
async fn a_relay_from_yesterdays_backup_is_named_given_back_what_it_lost_and_nothing_arrives_twice() {
    let mut scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let first = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let yesterday = scene.kv.snapshot();
    police.sync().await.unwrap();
    let embassy = scene.resident("Embassy").await;
    let second = hotline.write(&police, 2, Priority::P1).await;
    hotline.sync().await.unwrap();
    let offered = hotline.sent(second, &police).envelope;

    scene.restore(&yesterday);
    let error = replica_error(hotline.sync().await);
    assert_eq!(error, ReplicaError::Shrunk { shown: 3, known: 4 });
    assert_eq!(hotline.sent(second, &police).envelope, offered);
    hotline.sync().await.expect("the relay has the whole directory again");
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1, 2], "the first one was there before the backup was restored");
    for packet in [first, second] {
        assert_eq!(hotline.state(packet, &police).0, "delivered");
    }
    embassy.sync().await.expect("its admission was given back");
}

#[tokio::test(start_paused = true)]
async fn a_rolled_back_directory_takes_nothing_away_from_who_knows_better() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let before = leaves(scene.registrar()).await[..2].to_vec();
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let old = head(&scene, &before, &relay_key());
    let error = replica_error(police.sync_under(showing(before, old)).await);
    assert_eq!(error, ReplicaError::Shrunk { shown: 2, known: 3 });
    assert_eq!(
        (size(&police).await, police.inbox_names()),
        (3, vec![1]),
        "its packets are taken all the same"
    );
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "delivered");
}

/// What the registrar would say of the relay's next key: at once, or from a time on.
pub(super) async fn announcement(scene: &Scene, next: &SigningKey, from: u64) -> Vec<u8> {
    let payload = codec::encode(&RelayKey { relay: *next.public().as_bytes(), from: Timestamp(from) });
    let registrar = &scene.registrar().engine;
    let replica = registrar.replica.lock().await;
    let (kind, now) = (StatementKind::RelayKey, scene.clock.now());
    directory::leaf(&registrar.identity.state(&replica.directory, ITSELF, kind, payload, now).statement)
}

#[tokio::test(start_paused = true)]
async fn a_key_in_other_hands_signs_no_head_any_more_for_who_has_heard_of_it() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let next = SigningKey::from_seed(&[77; 32]);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let mut all = leaves(scene.registrar()).await;
    all.push(announcement(&scene, &next, 0).await);
    let by_old = head(&scene, &all, &relay_key());
    let error = replica_error(police.sync_under(showing(all.clone(), by_old)).await);
    assert_eq!(error, ReplicaError::Checkpoint(CheckpointError::Former));
    assert_eq!(size(&police).await, 3, "nothing of it is kept");
    // The true relay, with the key that the same answer announces.
    let by_new = head(&scene, &all, &next);
    let ended = police.sync_under(showing(all.clone(), by_new)).await;
    assert!(
        matches!(ended, Err(SessionError::Misbehaved)),
        "the old key signs that it has our receipt: that counts no more, {ended:?}"
    );
    assert_eq!(size(&police).await, 4);
    assert_eq!(police.inbox_names(), [1], "sealed under a head that the old key signed in its time");
    assert_eq!(police.engine.relay_keys_to_dial().await, [next.public()]);
    assert_eq!(police.engine.relay_key().await, *next.public().as_bytes());
    let error = replica_error(police.sync().await);
    assert_eq!(error, ReplicaError::Checkpoint(CheckpointError::Former));
    hotline.sync().await.unwrap();
    assert_ne!(hotline.state(packet, &police).0, "queued");
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_hides_the_announcement_of_its_key_is_named() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let next = SigningKey::from_seed(&[77; 32]);
    let mut all = leaves(scene.registrar()).await;
    let without = all.clone();
    all.push(announcement(&scene, &next, 0).await);
    let mut known = Directory::new();
    all.iter().for_each(|leaf| known.append(leaf).unwrap());
    police.engine.take_announcements(&Announcements::of(&known).to_text()).await.unwrap();
    assert_eq!(police.engine.relay_keys_to_dial().await, [next.public()]);
    let hidden = head(&scene, &without, &next);
    let error = replica_error(police.sync_under(showing(without, hidden)).await);
    assert_eq!(error, ReplicaError::NotAnnounced);
    let shown = head(&scene, &all, &next);
    police.sync_under(showing(all, shown)).await.unwrap();
    assert_eq!(size(&police).await, 3);
}

/// Two organisations whose admission the relay shows to different members in different order.
async fn split(scene: &Scene) -> (Actor, Actor, impl Fn() -> Lies + use<>) {
    let police = scene.join("Police").await;
    let embassy = scene.enter(scene.applicant("Embassy")).await;
    membership::enrol(&embassy.engine, &embassy.dialer()).await.unwrap();
    let id = embassy.org().to_string();
    membership::admit(&scene.registrar().engine, &scene.registrar().dialer(), &id).await.unwrap();
    police.sync().await.unwrap();
    let mut fork = leaves(scene.registrar()).await;
    fork.swap(1, 2);
    let head = head(scene, &fork, &relay_key());
    (police, embassy, move || showing(fork.clone(), head.clone()))
}

fn is_a_contradiction(evidence: &records::Evidence) -> bool {
    let read = |note: &[u8]| checkpoint::verify(note, relay_key().public()).unwrap();
    let (ours, theirs) = (read(&evidence.ours), read(&evidence.theirs));
    ours.size == theirs.size && ours.root != theirs.root
}

#[tokio::test(start_paused = true)]
async fn a_split_view_comes_out_with_the_first_packet_and_leaves_evidence() {
    let scene = Scene::start().await;
    let (police, embassy, lie) = split(&scene).await;
    assert!(
        membership::is_admitted(&embassy.engine, &LyingDialer::new(embassy.dialer(), lie())).await.unwrap()
    );
    let packet = embassy.write(&police, 1, Priority::P1).await;
    assert_eq!(embassy.sync_under(lie()).await.unwrap().sent, 1, "the embassy cannot know yet");
    assert_eq!(replica_error(police.sync().await), ReplicaError::Split);
    let evidence = records::evidence(&police.engine.vault).unwrap();
    assert!(evidence.len() == 1 && is_a_contradiction(&evidence[0]));
    assert_eq!(police.inbox().len(), 0, "nobody knows whose key it was signed with");
    embassy.sync_under(lie()).await.unwrap();
    assert_eq!(embassy.state(packet, &police), ("undecryptable", "refused-3".to_owned()), "not in silence");
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_changes_its_history_is_caught_and_not_followed() {
    let scene = Scene::start().await;
    let (_, embassy, lie) = split(&scene).await;
    assert!(membership::is_admitted(&embassy.engine, &embassy.dialer()).await.unwrap());
    let known = leaves(&embassy).await;
    assert_eq!(replica_error(embassy.sync_under(lie()).await), ReplicaError::Split);
    let evidence = records::evidence(&embassy.engine.vault).unwrap();
    assert!(evidence.len() == 1 && is_a_contradiction(&evidence[0]));
    assert_eq!(leaves(&embassy).await, known);
}

/// What a restart would find.
fn reloaded(of: &Actor) -> (u64, Digest) {
    let directory = Replica::load(&of.engine.vault).unwrap().directory;
    (directory.size(), directory.root())
}

#[tokio::test(start_paused = true)]
async fn what_came_of_a_fetch_that_was_cut_short_counts_for_nothing_after_a_restart_either() {
    let scene = Scene::start().await;
    let police = scene.join("Police").await;
    let known = reloaded(&police);
    scene.join("Embassy").await;
    scene.join("Shelter").await;
    let whole = leaves(&scene.join("Clinic").await).await;
    assert_eq!(known.0 + 3, whole.len() as u64);
    let truly = head(&scene, &whole, &relay_key());
    // One entry to an answer, up to this many.
    let dripping = |up_to: usize| {
        let (leaves, checkpoint) = (whole[..up_to].to_vec(), truly.clone());
        Lies::instead(move |question| {
            let from = usize::try_from(question.read::<DirectorySince>()?.size).unwrap();
            let leaves = leaves.iter().skip(from).take(1).cloned().collect();
            Some(Reply::with(&DirectoryPart { leaves, checkpoint: checkpoint.clone() }))
        })
    };
    let (given, named) = (known.0 + 2, known.0 + 3);
    let error = replica_error(police.sync_under(dripping(whole.len() - 1)).await);
    assert_eq!(error, ReplicaError::Withheld { given, named });
    assert_eq!((size(&police).await, reloaded(&police)), (known.0, known));
    police.sync_under(dripping(whole.len())).await.unwrap();
    assert_eq!(leaves(&police).await, whole);
    assert_eq!(reloaded(&police).0, named);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_no_directory_of_this_relay_is_refused_whole() {
    let scene = Scene::start().await;
    let (_, embassy, _) = split(&scene).await;
    let all = leaves(scene.registrar()).await;
    let now = scene.clock.now();
    let relay = relay_key();
    let sign = |size: usize, root: Digest| {
        checkpoint::sign(&Checkpoint { size: size as u64, root, time: now }, &relay)
    };
    let true_head = head(&scene, &all, &relay);
    let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut changed = all.clone();
        change(&mut changed);
        (changed, true_head.clone())
    };
    let enrol: &Enrol = embassy.engine.identity.enrolment().unwrap();
    let self_admitted = embassy.engine.identity.admit(&Directory::new(), enrol, now).statement;
    let lies = [
        ("a head by another key", (all.clone(), head(&scene, &all, &SigningKey::from_seed(&[77; 32])))),
        ("no head", (all.clone(), Vec::new())),
        ("an endless head", (all.clone(), vec![b'x'; 64 << 10])),
        ("a head over other entries", (all.clone(), sign(all.len(), Digest([7; 32])))),
        ("a head over more than there is", (all.clone(), sign(99, Digest([7; 32])))),
        ("an entry left out", with(&|all| drop(all.remove(1)))),
        ("an entry twice", with(&|all| all.push(all[1].clone()))),
        ("an entry of bytes", with(&|all| all[1] = vec![1, 2, 3])),
        ("an entry cut short", with(&|all| all[1].truncate(200))),
        ("an entry longer than any", with(&|all| all.push(vec![0; STATEMENT_BYTES_MAX + 1]))),
        ("an admission that is not the registrar's", with(&|all| all[2] = directory::leaf(&self_admitted))),
    ];
    for (name, (leaves, head)) in lies {
        let result = embassy.sync_under(showing(leaves, head)).await;
        let refused = matches!(&result, Err(SessionError::Engine(EngineError::Replica(_))));
        assert!(refused, "{name}: {result:?}");
        assert_eq!(size(&embassy).await, 0, "{name}: nothing of it stays");
    }
    let torn = Lies::answering(|question, answer| match question.frame {
        FrameType::DirectorySince => Reply::Bytes(answer.bytes()[..40].to_vec()),
        _ => Reply::Frame(answer),
    });
    assert!(embassy.sync_under(torn).await.is_err());
    embassy.sync().await.unwrap();
    assert_eq!(leaves(&embassy).await, all, "the true one is taken");
}

#[tokio::test(start_paused = true)]
async fn another_registrars_directory_is_none() {
    let scene = Scene::start().await;
    let hotline = scene.enter(scene.applicant("Hotline")).await;
    membership::enrol(&hotline.engine, &hotline.dialer()).await.unwrap();
    let id = hotline.org().to_string();
    membership::admit(&scene.registrar().engine, &scene.registrar().dialer(), &id).await.unwrap();
    // The relay founds a registry of its own.
    let claim = scene.relay.claim_code("relay.example:4433", [9; 16]).await.unwrap();
    let (_, claim) = invite::from_text(&claim).unwrap();
    let usurper = Identity::found_registrar(&claim, scene.clock.now(), &mut rng(55));
    let fork = vec![directory::leaf(&usurper.claim().unwrap().genesis)];
    let lie = showing(fork.clone(), head(&scene, &fork, &relay_key()));
    assert_eq!(replica_error(hotline.sync_under(lie).await), ReplicaError::OtherRegistrar);
    assert_eq!(size(&hotline).await, 0);
}
