use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use causeway_common::ids::{Digest, EnvelopeId, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::store::MemoryKv;

use super::consumers::{AckError, PLACES_MAX, Reader, acknowledge, place_of};
use super::*;
use crate::api::tokens::{self, Scope, Token};
use crate::escalation::tasks::{self, Task};
use crate::model::{PACKET_RECEIPTS, PACKET_REFERRAL, Sent, Thread, Transport};
use crate::vault::{Cost, MemoryEks};

/// A clock that tests put forward.
#[derive(Debug, Default)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// A home whose disk outlives it.
struct Scene {
    kv: MemoryKv,
    eks: MemoryEks,
    clock: Arc<Hands>,
    engine: Engine,
}

impl Scene {
    async fn new() -> Self {
        let (kv, eks) = (MemoryKv::new(), MemoryEks::default());
        let mut rng = crate::test_rng(1);
        let passphrase = "a passphrase of words";
        let made = Vault::create(Arc::new(kv.clone()), eks.clone(), passphrase, Cost::least(), &mut rng);
        let vault = made.await.unwrap().0;
        crate::recovery::store(&vault, &crate::test_identity(), &mut rng).await.unwrap();
        let clock = Arc::new(Hands(AtomicU64::new(1_800_000_000_000)));
        let engine = open(vault, &clock);
        Self { kv, eks, clock, engine }
    }

    /// The program ends and starts again: what is not on the disk is gone.
    fn restart(&mut self) {
        let vault = self.engine.vault.reopen(Arc::new(self.kv.clone()), self.eks.clone()).unwrap();
        self.engine = open(vault, &self.clock);
    }

    async fn put(&self, write: impl FnOnce(&mut Changes)) {
        let mut changes = Changes::default();
        write(&mut changes);
        self.engine.commit(changes).await.unwrap();
    }

    fn words(&self, from: u64) -> Vec<(u64, &'static str, String)> {
        let events = after(&self.engine.vault, from, 100).unwrap();
        events.into_iter().map(|event| (event.seq, event.what.as_str(), event.state)).collect()
    }

    fn days(&self, days: u64) {
        self.clock.0.fetch_add(days * 24 * 60 * 60 * 1_000 + 1, Ordering::Relaxed);
    }
}

fn open(vault: Vault, clock: &Arc<Hands>) -> Engine {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Engine::open(vault, std::env::temp_dir(), clock, Box::new(crate::test_rng(2))).unwrap()
}

fn thread(number: u8, work: &str, ours: bool) -> Thread {
    Thread {
        case: [number; 32],
        root: PacketId([number + 100; 32]),
        kind: "BIA".into(),
        peer: OrgId([9; 32]),
        ours,
        priority: Priority::P0,
        begun: Timestamp(1),
        respond_by: Timestamp(2),
        work: work.into(),
        events: Vec::new(),
        waiting: Vec::new(),
    }
}

fn sent(number: u8, transport: Transport, packet_type: u16) -> Sent {
    Sent {
        packet: PacketId([number + 100; 32]),
        case: [number; 32],
        packet_type,
        kind: "BIA".into(),
        to: OrgId([9; 32]),
        priority: Priority::P0,
        created: Timestamp(1),
        expires: Timestamp(2),
        in_reply_to: PacketId([0; 32]),
        sections: Vec::new(),
        transport,
        failure: String::new(),
        reseals: 0,
        envelope: Vec::new(),
        envelope_id: EnvelopeId([0; 32]),
        grant: Digest([0; 32]),
        sequence: 0,
        previous: Digest([0; 32]),
        relay_receipt: Vec::new(),
        receipts: Vec::new(),
        times: [Timestamp(0); 5],
        author: String::new(),
    }
}

#[tokio::test]
async fn every_change_is_told_once_by_the_commit_that_makes_it() {
    let scene = Scene::new().await;
    scene.put(|changes| records::put_thread(changes, &thread(1, "received", false))).await;
    // The same once more changes nothing.
    scene.put(|changes| records::put_thread(changes, &thread(1, "received", false))).await;
    scene.put(|changes| records::put_thread(changes, &thread(1, "accepted", false))).await;
    scene
        .put(|changes| {
            records::put_thread(changes, &thread(2, "sent", true));
            records::put_sent(changes, &sent(2, Transport::Queued, PACKET_REFERRAL));
        })
        .await;
    scene.put(|changes| records::put_sent(changes, &sent(2, Transport::Relayed, PACKET_REFERRAL))).await;
    scene.put(|changes| records::put_sent(changes, &sent(3, Transport::Queued, PACKET_RECEIPTS))).await;
    let task = Task::of(&thread(1, "accepted", false), "overdue", "respond", 1, Timestamp(5));
    scene.put(|changes| tasks::put(changes, &task)).await;
    scene.put(|changes| tasks::put(changes, &Task { done: Timestamp(6), ..task.clone() })).await;
    tell(&scene.engine, What::Connection, "offline").await.unwrap();
    let words = [
        (1, "referral.received", "received"),
        (2, "referral.state", "accepted"),
        (3, "referral.sent", "sent"),
        (4, "transport", "queued"),
        (5, "transport", "relayed"),
        (6, "task.new", "overdue"),
        (7, "task.done", "overdue"),
        (8, "connection", "offline"),
    ];
    assert_eq!(scene.words(0), words.map(|(seq, what, state)| (seq, what, state.to_owned())));
    let events = after(&scene.engine.vault, 0, 100).unwrap();
    let numbers: Vec<[u8; 32]> = events.iter().map(|event| event.referral).collect();
    let (theirs, ours, none) = ([101; 32], [2; 32], [0; 32]);
    assert_eq!(numbers, [theirs, theirs, ours, ours, ours, theirs, theirs, none], "as lists give them");
    assert_eq!(after(&scene.engine.vault, 3, 2).unwrap().len(), 2, "a piece");
}

#[tokio::test]
async fn an_erased_case_leaves_ids_and_states_in_the_log_and_nothing_else() {
    let scene = Scene::new().await;
    scene.put(|changes| records::put_thread(changes, &thread(1, "received", false))).await;
    let erased = std::collections::BTreeSet::from([[1; 32]]);
    scene.engine.vault.erase_cases(&erased, Changes::default(), &mut crate::test_rng(3)).await.unwrap();
    let words: Vec<&str> = scene.words(0).into_iter().map(|(_, what, _)| what).collect();
    assert_eq!(words, ["referral.received", "referral.erased"]);
    for (id, bytes) in scene.engine.vault.list(Tree::Events).unwrap() {
        let event: Event = codec::decode(&bytes, EVENT_BYTES_MAX).unwrap();
        assert!(event.state.len() <= STATE_BYTES_MAX && id.len() == 8);
        assert!(!bytes.windows(3).any(|word| word == b"BIA"), "not even of which kind it was");
    }
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again_after_a_crash_and_nothing_twice_in_the_log() {
    let mut scene = Scene::new().await;
    for number in 1..=3 {
        scene.put(|changes| records::put_thread(changes, &thread(number, "received", false))).await;
    }
    let before = scene.words(0);
    let token = token(&scene.engine, "cases").await;
    let desk = Reader { token: &token, name: "desk" };
    acknowledge(&scene.engine, desk, 1).await.unwrap();
    // Read, and the program ends before it has said so.
    assert_eq!(scene.words(1).len(), 2);
    scene.restart();
    assert_eq!(scene.words(0), before);
    assert_eq!(place_of(&scene.engine.vault, desk).unwrap(), 1);
    assert_eq!(scene.words(1), before[1..], "the same numbers again");
    scene.put(|changes| records::put_thread(changes, &thread(4, "received", false))).await;
    assert_eq!(scene.words(3).first().map(|event| event.0), Some(4), "it counts on");
    // A place never goes back, and never ahead of what there is.
    assert_eq!(acknowledge(&scene.engine, desk, 3).await.unwrap(), 3);
    assert_eq!(acknowledge(&scene.engine, desk, 2).await.unwrap(), 3);
    assert!(matches!(acknowledge(&scene.engine, desk, 5).await, Err(AckError::Ahead)));
}

#[tokio::test]
async fn events_go_when_all_have_acknowledged_them_or_after_thirty_days() {
    let scene = Scene::new().await;
    for number in 1..=4 {
        scene.put(|changes| records::put_thread(changes, &thread(number, "received", false))).await;
    }
    let token = token(&scene.engine, "cases").await;
    acknowledge(&scene.engine, Reader { token: &token, name: "desk" }, 3).await.unwrap();
    acknowledge(&scene.engine, Reader { token: &token, name: "archive" }, 2).await.unwrap();
    assert_eq!(drop_old(&scene.engine).await.unwrap(), 0, "somebody may look for a mistake");
    scene.days(1);
    assert_eq!(drop_old(&scene.engine).await.unwrap(), 2);
    assert_eq!((scene.words(0)[0].0, dropped(&scene.engine.vault).unwrap()), (3, 2));
    scene.days(30);
    drop_old(&scene.engine).await.unwrap();
    assert_eq!(scene.words(0).len(), 1, "the newest stays: the log counts on from it");
    assert!(consumers::all(&scene.engine.vault).unwrap().is_empty(), "nobody waits for who is silent");
    scene.put(|changes| records::put_thread(changes, &thread(5, "received", false))).await;
    assert_eq!(newest(&scene.engine.vault), 5);
}

async fn token(engine: &Engine, name: &str) -> Token {
    tokens::create(engine, name, &[Scope::MetaRead], 90).await.unwrap().1
}

#[tokio::test]
async fn a_place_is_its_tokens_and_no_token_takes_all_of_them() {
    let scene = Scene::new().await;
    for number in 1..=4 {
        scene.put(|changes| records::put_thread(changes, &thread(number, "received", false))).await;
    }
    let (engine, vault) = (&scene.engine, &scene.engine.vault);
    let (cases, greedy) = (token(engine, "cases").await, token(engine, "greedy").await);
    let desk = Reader { token: &cases, name: "desk" };
    acknowledge(engine, desk, 1).await.unwrap();
    // Another token under the same name has a place of its own.
    acknowledge(engine, Reader { token: &greedy, name: "desk" }, 4).await.unwrap();
    assert_eq!(place_of(vault, desk).unwrap(), 1);
    let names: Vec<String> = (0..PLACES_MAX).map(|number| format!("c{number}")).collect();
    let mut taken = Vec::new();
    for name in &names {
        taken.push(acknowledge(engine, Reader { token: &greedy, name }, 4).await);
    }
    assert!(matches!(taken.pop(), Some(Err(AckError::TooMany))) && taken.iter().all(Result::is_ok));
    acknowledge(engine, Reader { token: &cases, name: "archive" }, 2).await.expect("its places are its own");

    // A program whose token was renewed goes on where it was; one of another name does not.
    let renewed = token(engine, "cases").await;
    assert_eq!(place_of(vault, Reader { token: &renewed, name: "desk" }).unwrap(), 1);
    assert_eq!(acknowledge(engine, Reader { token: &renewed, name: "archive" }, 1).await.unwrap(), 2);
    let other = token(engine, "other").await;
    assert_eq!(place_of(vault, Reader { token: &other, name: "archive" }).unwrap(), 0);

    // A place of a time when tokens had none of their own is where its program goes on, and nobody moves it.
    let mut changes = Changes::default();
    consumers::put(vault, &mut changes, "ledger", 3, engine.now()).unwrap();
    engine.commit(changes).await.unwrap();
    assert_eq!(place_of(vault, Reader { token: &cases, name: "ledger" }).unwrap(), 3);
    acknowledge(engine, Reader { token: &other, name: "ledger" }, 4).await.unwrap();
    assert_eq!(place_of(vault, Reader { token: &cases, name: "ledger" }).unwrap(), 3);

    // A person frees a place.
    let all = consumers::all(vault).unwrap();
    let desk_of_cases = all.iter().find(|consumer| consumers::parts(&consumer.name).0 == cases.number());
    consumers::remove(engine, &desk_of_cases.unwrap().name).await.unwrap();
    assert_eq!(consumers::all(vault).unwrap().len(), all.len() - 1);
    assert!(consumers::remove(engine, "nobody").await.is_err());
    assert!(consumers::remove(engine, "hook:10").await.is_err());
}
