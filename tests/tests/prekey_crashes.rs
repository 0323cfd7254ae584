//! The ten ways in which a device can end between a packet's arrival and its acknowledgement, or between making prekeys
//! and publishing them. After each, the packet is there once, its key is gone, its sender knows.
//!
//! | case | what happens | test |
//! |---|---|---|
//! | C1 | the end comes before the packet is durable | `at_every_step_of_the_store…` |
//! | C2 | after that, before the key is erased | `a_key_that_could_not_be_erased…`, `at_every_step_of_the_store…` |
//! | C3 | after that, before the acknowledgement | `what_is_here_and_not_acknowledged…` |
//! | C4 | the key erased, the packet not durable: impossible by order | `a_full_disk_erases_nothing…`, `at_every_step_of_the_store…` |
//! | C5 | while prekeys are made or published | `keys_that_were_not_published…`, `at_every_step_of_the_store…` |
//! | C6 | the vault comes from a backup or a snapshot | `a_restored_vault_withdraws…` |
//! | C7 | two programs on one vault | common `store::sled::tests` (the lock), client `vault` opens the store first |
//! | C8 | a full disk, at the store or the key store | `a_full_disk_erases_nothing…`, `a_key_that_could_not_be_erased…` |
//! | C9 | a relay from a backup gives one key twice | `a_key_that_a_restored_relay_gives_twice…` |
//! | C10 | power lost between two generations of the key store | client `vault::eks::tests`, `power_cut` |
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use causeway_client::engine::EngineError;
use causeway_client::session::SessionError;
use causeway_client::vault::{Changes, Tree};
use causeway_client::{exclusion, prekeys};
use causeway_common::codec;
use causeway_common::ids::PacketId;
use causeway_common::limits::PREKEYS_FULL;
use causeway_common::priority::Priority;
use causeway_common::statements::{DeviceStatus, Prekey};
use causeway_common::store::{BoxFuture, Kv, MemoryKv, Record, StoreError, Usage, Work};
use causeway_common::wire::{
    Acknowledge, DeviceState, FrameType, Prekeys, PublishPrekeys, Subscribe, TakePrekeys,
};
use causeway_tests::hostile::liar::{Lies, Reply};
use causeway_tests::hostile::rogue::Rogue;
use causeway_tests::hostile::scene::{Actor, Scene};

/// A store that takes so many transactions and no more.
#[derive(Debug)]
struct Failing {
    inner: MemoryKv,
    left: AtomicUsize,
    /// And counts what is read.
    reads: AtomicUsize,
}

impl Failing {
    fn after(inner: MemoryKv, left: usize) -> Arc<Self> {
        Arc::new(Self { inner, left: AtomicUsize::new(left), reads: AtomicUsize::new(0) })
    }
}

impl Kv for Failing {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.inner.scan(prefix, after, limit)
    }

    fn transact_boxed(&self, work: Work) -> BoxFuture<'static, Result<(), StoreError>> {
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => self.inner.transact_boxed(work),
            Err(_) => Box::pin(std::future::ready(Err(StoreError::Unavailable("cut".into())))),
        }
    }

    fn usage(&self) -> Result<Usage, StoreError> {
        self.inner.usage()
    }
}

/// A packet of the hotline waits for the police; the key it is sealed to.
async fn waiting(scene: &Scene) -> (Actor, Actor, PacketId, u64) {
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let sent = hotline.sent(packet, &police);
    let key = hotline.engine.envelope(&sent).unwrap().wraps[0].prekey;
    (hotline, police, packet, key)
}

/// Something of another case is in the vault: the key of the next one needs no write of the key store.
async fn has_worked(actor: &Actor) {
    let mut changes = Changes::default();
    changes.put_of(Some([0x99; 32]), Tree::Drafts, b"another", b"case".to_vec());
    actor.engine.commit(changes).await.unwrap();
}

async fn has_seed(police: &Actor, key: u64) -> bool {
    police.engine.vault.eks_get(&prekeys::seed_id(key)).await.is_some()
}

/// In the end: there once, signed for, not sealed again, the key erased, nothing left at the relay.
async fn all_is_well(hotline: &Actor, police: &Actor, packet: PacketId, key: u64) {
    assert_eq!(police.inbox_names(), [1]);
    assert!(!has_seed(police, key).await, "the key is gone");
    assert_eq!(at_relay(police).await.waiting, 0);
    hotline.sync().await.unwrap();
    let sent = hotline.sent(packet, police);
    assert_eq!((sent.transport.as_str(), sent.reseals, sent.receipts.len()), ("delivered", 0, 1));
}

async fn at_relay(of: &Actor) -> DeviceState {
    let rogue = Rogue::connect(of).await;
    let state = rogue.ask(&Subscribe {}).await.unwrap();
    rogue.link.close(0);
    state
}

fn own_unused(of: &Actor) -> BTreeSet<u64> {
    let all = of.engine.vault.list(Tree::Prekeys).unwrap();
    let keys = all.iter().map(|(_, bytes)| codec::decode::<prekeys::OwnPrekey>(bytes, 1 << 20).unwrap());
    let unused = keys.filter(|key| !key.used && key.kind == causeway_common::envelope::PrekeyKind::OneTime);
    unused.map(|key| key.number).collect()
}

fn is_disk_error(result: Result<causeway_client::session::Report, SessionError>) -> bool {
    matches!(result, Err(SessionError::Engine(EngineError::Vault(_) | EngineError::Record(_))))
}

#[tokio::test(start_paused = true)]
async fn at_every_step_of_the_store_an_end_is_survived() {
    for steps in 0.. {
        let scene = Scene::start().await;
        let (hotline, mut police, packet, key) = waiting(&scene).await;
        let inner = police.kv.clone();
        police.restart_over(Failing::after(inner, steps)).await;
        let cut = police.sync().await;
        let whole = cut.is_ok();
        assert!(whole || (steps < 16 && is_disk_error(cut)), "{steps}");
        police.restart().await;
        let stored = !police.inbox().is_empty();
        assert!(stored || has_seed(&police, key).await, "{steps}: no key goes before its packet is durable");
        police.sync().await.unwrap();
        all_is_well(&hotline, &police, packet, key).await;
        if whole {
            assert!(steps > 0, "there was something to cut");
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_erases_nothing_acknowledges_nothing_and_recovers_without_a_restart() {
    let scene = Scene::start().await;
    let (hotline, police, packet, key) = waiting(&scene).await;
    let generation = police.engine.vault.eks_generation().await;
    police.kv.set_full(true);
    assert!(is_disk_error(police.sync().await));
    assert_eq!(police.engine.vault.eks_generation().await, generation);
    assert!(has_seed(&police, key).await);
    assert_eq!(at_relay(&police).await.waiting, 1);
    assert_eq!(police.inbox().len(), 0, "reading works");
    police.kv.set_full(false);
    police.sync().await.unwrap();
    all_is_well(&hotline, &police, packet, key).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_could_not_be_erased_is_erased_later_and_opens_nothing_meanwhile() {
    for restarts in [false, true] {
        let scene = Scene::start().await;
        let (hotline, mut police, packet, key) = waiting(&scene).await;
        has_worked(&police).await;
        police.eks.set_full(true);
        assert!(is_disk_error(police.sync().await));
        assert_eq!(police.inbox_names(), [1]);
        assert!(has_seed(&police, key).await);
        assert_eq!(at_relay(&police).await.waiting, 1, "not acknowledged before the key is erased");
        police.eks.set_full(false);
        if restarts {
            police.restart().await;
        }
        police.sync().await.unwrap();
        all_is_well(&hotline, &police, packet, key).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_here_and_not_acknowledged_is_acknowledged_when_it_comes_again() {
    let scene = Scene::start().await;
    let (hotline, mut police, packet, key) = waiting(&scene).await;
    let cut = Lies::instead(|q| q.read::<Acknowledge>().map(|_| Reply::Cut));
    assert!(police.sync_under(cut).await.is_err());
    assert!(!has_seed(&police, key).await, "erased before the acknowledgement");
    police.restart().await;
    police.sync().await.unwrap();
    all_is_well(&hotline, &police, packet, key).await;
}

/// The relay says that it has no keys of ours left.
fn none_left() -> Lies {
    Lies::in_answers(|state: &mut DeviceState| state.one_time.clear())
}

#[tokio::test(start_paused = true)]
async fn keys_that_were_not_published_are_published_after_a_restart() {
    let scene = Scene::start().await;
    let mut police = scene.resident("Police").await;
    assert_eq!(own_unused(&police).len(), PREKEYS_FULL);
    let lie = Lies::answering(|question, answer| {
        if question.read::<PublishPrekeys>().is_some() {
            return Reply::Cut;
        }
        let Some(mut state) = answer.read::<DeviceState>() else { return Reply::Frame(answer) };
        state.one_time.clear();
        Reply::with(&state)
    });
    assert!(police.sync_under(lie).await.is_err());
    // The relay has them, but the device does not know: the same is offered again, and nothing new is made.
    police.restart().await;
    police.sync().await.unwrap();
    let held: BTreeSet<u64> = at_relay(&police).await.one_time.into_iter().collect();
    assert_eq!((held.len(), &held), (2 * PREKEYS_FULL, &own_unused(&police)));

    let mut embassy = scene.join("Embassy").await;
    let lost = Lies::instead(|q| q.read::<PublishPrekeys>().map(|_| Reply::Cut));
    assert!(embassy.sync_under(lost).await.is_err());
    let made = own_unused(&embassy);
    embassy.restart().await;
    embassy.sync().await.unwrap();
    let held: BTreeSet<u64> = at_relay(&embassy).await.one_time.into_iter().collect();
    assert_eq!((held, made.len()), (made, PREKEYS_FULL));
}

#[tokio::test(start_paused = true)]
async fn only_the_first_session_reads_every_prekey_and_a_later_one_what_has_changed() {
    let scene = Scene::start().await;
    let (hotline, mut police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let counting = Failing::after(police.kv.clone(), usize::MAX);
    police.restart_over(Arc::clone(&counting) as _).await;
    let mut reads = Vec::new();
    for session in 0..4 {
        if session == 2 {
            hotline.write(&police, 1, Priority::P1).await;
            hotline.sync().await.unwrap();
        }
        counting.reads.store(0, Ordering::SeqCst);
        police.sync().await.unwrap();
        reads.push(counting.reads.load(Ordering::SeqCst));
    }
    let [first, second, with_a_packet, after_it] = reads[..] else { unreachable!() };
    assert!(first > PREKEYS_FULL && second < 10, "{reads:?}");
    assert!(with_a_packet < PREKEYS_FULL / 2 && after_it < 10, "{reads:?}");
    // It is known all the same that a key was used: a relay that still has it makes the device withdraw all of them.
    let used = police.engine.vault.list(Tree::Prekeys).unwrap();
    let used = used.iter().map(|(_, bytes)| codec::decode::<prekeys::OwnPrekey>(bytes, 1 << 20).unwrap());
    let used = used.filter(|key| key.used).map(|key| key.number).next().unwrap();
    let lie = Lies::in_answers(move |state: &mut DeviceState| state.one_time.push(used));
    police.sync_under(lie).await.unwrap();
    assert_eq!(taken(&hotline, &police).await.1.epoch, 2);
}

async fn taken(by: &Actor, of: &Actor) -> (Prekey, DeviceStatus) {
    let taken: Prekeys = Rogue::connect(by).await.ask(&TakePrekeys { org: of.org() }).await.unwrap();
    let prekey = codec::decode(&taken.prekeys[0].body, 4096).unwrap();
    (prekey, codec::decode(&taken.statuses[0].body, 4096).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_restored_vault_withdraws_all_keys_and_what_it_cannot_open_is_sealed_again() {
    let scene = Scene::start().await;
    let (hotline, mut police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let backup = (police.kv.snapshot(), police.eks.snapshot());
    // A new set is published; then everything that was published before is used up or withdrawn.
    police.sync_under(none_left()).await.unwrap();
    let newer = own_unused(&police);
    let old: BTreeSet<u64> = {
        let (kv, eks) = (backup.0.snapshot(), backup.1.snapshot());
        let (now_kv, now_eks) = (police.kv.clone(), police.eks.clone());
        (police.kv, police.eks) = (kv, eks);
        police.restart().await;
        let old = own_unused(&police);
        (police.kv, police.eks) = (now_kv, now_eks);
        police.restart().await;
        old
    };
    let packet = hotline.write(&police, 1, Priority::P1).await;
    let lie_key = newer.difference(&old).next().copied().unwrap();
    let signed = prekeys::own(&police.engine.vault, lie_key).unwrap().unwrap().signed;
    hotline
        .sync_under(Lies::in_answers(move |taken: &mut Prekeys| taken.prekeys[0] = signed.clone()))
        .await
        .unwrap();
    assert_eq!(hotline.state(packet, &police).0, "relayed");

    (police.kv, police.eks) = backup;
    police.restart().await;
    police.sync().await.unwrap();
    assert_eq!(police.inbox().len(), 0, "sealed to a key that this vault has never had");
    let (prekey, status) = taken(&hotline, &police).await;
    assert_eq!((prekey.epoch, status.epoch, status.epoch_min), (2, 2, 2));
    assert_eq!(at_relay(&police).await.one_time.len(), PREKEYS_FULL - 1, "none of the old ones");
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1]);
    hotline.sync().await.unwrap();
    let sent = hotline.sent(packet, &police);
    assert_eq!((sent.transport.as_str(), sent.reseals), ("delivered", 1));
    police.restart().await;
    police.sync().await.unwrap();
    assert_eq!(taken(&hotline, &police).await.1.epoch, 2, "once is enough");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_a_restored_relay_gives_twice_costs_a_second_sealing() {
    let mut scene = Scene::start().await;
    let (hotline, embassy) = (scene.join("Hotline").await, scene.join("Embassy").await);
    let police = scene.resident("Police").await;
    let yesterday = scene.kv.snapshot();
    for number in [1, 3] {
        hotline.write(&police, number, Priority::P1).await;
        hotline.sync().await.unwrap();
    }
    police.sync().await.unwrap();
    scene.restore(&yesterday);
    let packet = embassy.write(&police, 2, Priority::P1).await;
    embassy.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1, 3], "the key is gone");
    embassy.sync().await.unwrap();
    police.sync().await.unwrap();
    embassy.sync().await.unwrap();
    let sent = embassy.sent(packet, &police);
    assert_eq!(
        (police.inbox_names(), sent.transport.as_str(), sent.reseals),
        (vec![1, 2, 3], "delivered", 1)
    );
    assert_eq!(taken(&hotline, &police).await.0.epoch, 2, "the other keys that were used are withdrawn");
}

#[tokio::test(start_paused = true)]
async fn before_a_packet_to_such_a_key_is_refused_the_others_are_withdrawn() {
    let mut scene = Scene::start().await;
    let (hotline, embassy) = (scene.join("Hotline").await, scene.join("Embassy").await);
    let police = scene.resident("Police").await;
    let yesterday = scene.kv.snapshot();
    for number in 1..=8 {
        hotline.write(&police, number, Priority::P1).await;
    }
    hotline.sync().await.unwrap();
    scene.restore(&yesterday);
    hotline.sync().await.unwrap();
    let packet = embassy.write(&police, 9, Priority::P1).await;
    embassy.sync().await.unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let listening = Arc::clone(&asked);
    let listen = Lies::instead(move |question| {
        listening.lock().unwrap().push(question.frame);
        None
    });
    police.sync_under(listen).await.unwrap();
    assert_eq!(police.inbox_names(), [1, 2, 3, 4, 5, 6, 7, 8], "its key was one of theirs");
    let asked = std::mem::take(&mut *asked.lock().unwrap());
    let first = |frame| asked.iter().position(|asked| *asked == frame).unwrap();
    assert!(first(FrameType::PublishPrekeys) < first(FrameType::Refuse), "{asked:?}");
    embassy.sync().await.unwrap();
    police.sync().await.unwrap();
    embassy.sync().await.unwrap();
    let sent = embassy.sent(packet, &police);
    assert_eq!((sent.transport.as_str(), sent.reseals), ("delivered", 1), "not once for each of the eight");
}

#[tokio::test(start_paused = true)]
async fn keys_that_a_relay_has_forgotten_are_not_given_to_it_again() {
    let mut scene = Scene::start().await;
    let (hotline, yesterday) = (scene.join("Hotline").await, scene.kv.snapshot());
    let police = scene.resident("Police").await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    scene.restore(&yesterday);
    let registrar = scene.registrar();
    let told = exclusion::connect(&registrar.engine, &registrar.dialer()).await;
    told.expect_err("the relay has forgotten, and is given back what it has");
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [0; 0], "nothing has used a key of theirs");
    assert_eq!(taken(&hotline, &police).await.0.epoch, 2, "who has which of the first ones, nobody knows");
    hotline.sync().await.unwrap();
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    let sent = hotline.sent(packet, &police);
    assert_eq!(
        (sent.transport.as_str(), sent.reseals),
        ("delivered", 0),
        "what was sealed to them still opens"
    );
    police.sync().await.unwrap();
    assert_eq!(taken(&hotline, &police).await.0.epoch, 2, "once is enough");
}

#[tokio::test(start_paused = true)]
async fn withdrawn_keys_open_nothing_any_more_and_what_was_sealed_to_them_is_sealed_again() {
    for interrupted in [false, true] {
        let scene = Scene::start().await;
        let (hotline, mut police, packet, key) = waiting(&scene).await;
        let all: Vec<u64> = own_unused(&police).into_iter().collect();
        police.eks.set_full(interrupted);
        let withdrawn = police.engine.refresh_prekeys().await;
        assert_eq!(withdrawn.is_err(), interrupted);
        if interrupted {
            assert!(has_seed(&police, key).await);
            police.eks.set_full(false);
            police.restart().await;
        } else {
            assert_eq!(withdrawn.unwrap(), PREKEYS_FULL + 1, "the last-resort key too");
        }
        police.sync().await.unwrap();
        for old in all {
            assert!(!has_seed(&police, old).await);
        }
        assert_eq!(
            police.inbox().len(),
            0,
            "whoever has a copy of the old keys and this device are the same"
        );
        let (prekey, status) = taken(&hotline, &police).await;
        assert_eq!((prekey.epoch, status.epoch, status.epoch_min), (2, 2, 2));
        hotline.sync().await.unwrap();
        police.sync().await.unwrap();
        hotline.sync().await.unwrap();
        assert_eq!(police.inbox_names(), [1]);
        let sent = hotline.sent(packet, &police);
        assert_eq!((sent.transport.as_str(), sent.reseals), ("delivered", 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_removed_before_it_could_erase_a_key_erases_it_all_the_same() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let second = scene.colleague(&police, 1, u32::MAX).await;
    hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    has_worked(&second).await;
    second.eks.set_full(true);
    assert!(is_disk_error(second.sync().await));
    let all = second.engine.vault.list(Tree::Prekeys).unwrap();
    let keys = all.iter().map(|(_, bytes)| codec::decode::<prekeys::OwnPrekey>(bytes, 1 << 20).unwrap());
    let used: Vec<u64> = keys.filter(|key| key.used).map(|key| key.number).collect();
    assert!(used.len() == 1 && has_seed(&second, used[0]).await);
    police.retire(&second.engine.identity).await;
    second.eks.set_full(false);
    assert!(matches!(second.sync().await, Err(SessionError::Removed(_))));
    assert!(!has_seed(&second, used[0]).await);
}

#[tokio::test(start_paused = true)]
async fn a_relay_out_of_a_backup_gets_another_last_resort_key_for_the_one_that_it_has_forgotten() {
    let mut scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let yesterday = scene.kv.snapshot();
    scene.clock.advance_hours(8 * 24);
    police.sync().await.unwrap();
    let device = police.engine.identity.device();
    let held = |scene: &Scene| {
        let bytes = scene.kv.get(&[b"l", &device.0[..]].concat()).unwrap().unwrap();
        let signed: causeway_common::signed::Signed = codec::decode(&bytes, 1 << 20).unwrap();
        codec::decode::<Prekey>(&signed.body, 4096).unwrap()
    };
    let newest = held(&scene);
    scene.restore(&yesterday);
    assert!(held(&scene).not_before < newest.not_before, "a week old");
    police.sync().await.unwrap();
    assert_eq!((held(&scene).epoch, held(&scene).not_before), (2, newest.not_before));
}
