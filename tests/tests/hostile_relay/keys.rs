//! Prekeys that are not the recipient's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use causeway_certs::directory::Organisation;
use causeway_certs::keys::SigningKey;
use causeway_client::last_resort;
use causeway_client::prekeys::{self, OwnPrekey, SEEDS_KEPT_MAX};
use causeway_client::seal::hybrid;
use causeway_client::vault::Tree;
use causeway_common::codec;
use causeway_common::envelope::PrekeyKind;
use causeway_common::framed::Label;
use causeway_common::limits::{PREKEYS_FULL, TAKES_PER_TARGET_PER_HOUR};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceStatus, Prekey};
use causeway_common::time::Timestamp;
use causeway_common::wire::{DeviceState, DirectoryPart, Prekeys, Rosters, TakePrekeys};
use causeway_tests::hostile::liar::{Lies, Reply};
use causeway_tests::hostile::rogue::Rogue;
use causeway_tests::hostile::scene::{Actor, Scene, relay_key, rng};
use tokio::sync::Notify;

fn read<T: serde::de::DeserializeOwned + serde::Serialize>(signed: &Signed) -> T {
    codec::decode(&signed.body, 1 << 20).unwrap()
}

/// The first prekey, changed and signed by `key`.
fn resigned(taken: &mut Prekeys, key: &SigningKey, change: impl FnOnce(&mut Prekey)) {
    let mut prekey: Prekey = read(&taken.prekeys[0]);
    change(&mut prekey);
    taken.prekeys[0] = key.sign(Label::Prekey, codec::encode(&prekey));
}

type Lie = Box<dyn Fn(&mut Prekeys) + Send + Sync>;

/// Each way of exchanging what a sender seals to.
fn lies(scene: &Scene, police: &Actor, others: Prekeys) -> Vec<(&'static str, Lie)> {
    let device = || SigningKey::from_seed(&police.engine.identity.device_key().seed());
    let attacker = hybrid::generate(&mut rng(66)).1;
    let now = causeway_common::time::Clock::now(&scene.clock);
    let (key, second, third) = (device(), device(), device());
    let (public, other_public) = (attacker.clone(), attacker);
    vec![
        ("the key of another organisation's device", Box::new(move |taken| *taken = others.clone())),
        (
            "the attacker's public key under the device's signature",
            Box::new(move |taken| {
                let mut prekey: Prekey = read(&taken.prekeys[0]);
                prekey.public.clone_from(&public);
                taken.prekeys[0].body = codec::encode(&prekey);
            }),
        ),
        (
            "the attacker's key, signed by the relay",
            Box::new(move |taken| resigned(taken, &relay_key(), |p| p.public.clone_from(&other_public))),
        ),
        (
            "a key of an epoch that its device has withdrawn",
            Box::new(move |taken| {
                let mut status: DeviceStatus = read(&taken.statuses[0]);
                (status.epoch, status.epoch_min) = (2, 2);
                taken.statuses[0] = key.sign(Label::DeviceStatus, codec::encode(&status));
            }),
        ),
        (
            "no status, so that nobody knows which epochs are withdrawn",
            Box::new(|taken| taken.statuses.clear()),
        ),
        (
            "a key that has expired",
            Box::new(move |taken| resigned(taken, &second, |p| p.not_after = Timestamp(now.0 - 1))),
        ),
        (
            "a key that the device signed for another organisation",
            Box::new(move |taken| resigned(taken, &third, |p| p.org.0[0] ^= 1)),
        ),
        ("the same device twice", Box::new(|taken| taken.prekeys.push(taken.prekeys[0].clone()))),
        ("bytes", Box::new(|taken| taken.prekeys[0].body.truncate(20))),
    ]
}

#[tokio::test(start_paused = true)]
async fn whatever_is_not_the_recipients_key_is_refused_and_nothing_is_sealed_to_it() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let embassy = scene.resident("Embassy").await;
    let rogue = Rogue::connect(&hotline).await;
    let others: Prekeys = rogue.ask(&TakePrekeys { org: embassy.org() }).await.unwrap();
    for (number, (name, lie)) in (1..).zip(lies(&scene, &police, others)) {
        let packet = hotline.write(&police, number, Priority::P1).await;
        let report = hotline.sync_under(Lies::in_answers(lie)).await.unwrap();
        assert_eq!(report.sent, 0, "{name}");
        let sent = hotline.sent(packet, &police);
        assert_eq!(
            (sent.transport.as_str(), &*sent.failure),
            ("rejected_by_relay", "foreign-keys"),
            "{name}"
        );
        assert!(sent.envelope.is_empty() && !sent.sections.is_empty(), "{name}: kept, not sealed");
    }
    assert_eq!(scene.envelopes(), 0);
    let packet = hotline.write(&police, 99, Priority::P1).await;
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "relayed", "with the true keys it goes out");
}

#[tokio::test(start_paused = true)]
async fn withheld_keys_and_rosters_make_a_packet_wait_and_not_fail() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync_under(Lies::in_answers(|r: &mut Rosters| r.rosters.clear())).await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("queued", String::new()), "no roster");
    hotline.sync_under(Lies::in_answers(|taken: &mut Prekeys| taken.prekeys.clear())).await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("queued", String::new()), "no prekeys");
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1]);
}

#[tokio::test(start_paused = true)]
async fn keys_of_a_roster_that_changes_while_they_are_on_their_way_make_a_packet_wait_and_not_fail() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.resident("Hotline").await, scene.resident("Police").await);
    let patrol = scene.colleague(&police, 2, u32::MAX).await;
    hotline.sync().await.unwrap();
    let packet = hotline.write(&police, 1, Priority::P1).await;
    let (asked, known) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let once = AtomicBool::new(true);
    let late = Lies::answering({
        let (asked, known) = (Arc::clone(&asked), Arc::clone(&known));
        move |question, answer| match question.read::<TakePrekeys>() {
            Some(_) if once.swap(false, Ordering::SeqCst) => {
                asked.notify_one();
                Reply::Late(answer, Arc::clone(&known))
            }
            _ => Reply::Frame(answer),
        }
    });
    let change = async {
        asked.notified().await;
        police.retire(&patrol.engine.identity).await;
        let gone = patrol.engine.identity.device();
        let is_listed = |org: &Organisation| org.device(gone).is_some();
        while hotline.engine.replica.lock().await.directory.organisation(police.org()).is_some_and(is_listed)
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        known.notify_one();
    };
    let (report, ()) = tokio::join!(hotline.sync_under(late), change);
    report.unwrap();
    assert_eq!(hotline.state(packet, &police), ("queued", String::new()));
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("relayed", String::new()));
}

#[tokio::test(start_paused = true)]
async fn what_proves_a_sender_is_waited_for_and_its_packet_not_refused_for_the_relays_fault() {
    let scene = Scene::start().await;
    let (police, hotline) = (scene.resident("Police").await, scene.join("Hotline").await);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let old = police.engine.replica.lock().await.checkpoint.clone();
    let lies = [
        Lies::in_answers(|r: &mut Rosters| r.rosters.clear()),
        // A directory that stands still: an old head, and nothing after it.
        Lies::in_answers(move |part: &mut DirectoryPart| {
            *part = DirectoryPart { leaves: vec![], checkpoint: old.clone() };
        }),
    ];
    for lie in lies.into_iter().rev() {
        let report = police.sync_under(lie).await.unwrap();
        assert_eq!((report.held, report.received, police.inbox().len()), (1, 0, 0));
    }
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("relayed", String::new()), "not refused");
    let report = police.sync().await.unwrap();
    assert_eq!((report.held, report.received, police.inbox_names()), (0, 1, vec![1]));
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_denies_having_keys_cannot_make_a_device_drown_in_them() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let state = DeviceState {
        one_time: Vec::new(),
        status: vec![Signed { body: vec![], signature: vec![] }],
        waiting: 0,
    };
    let unused = || prekeys::unused(&police.engine.vault).unwrap();
    for sets in 2..9 {
        police.engine.refill_prekeys(&state).await.unwrap();
        police.engine.prekeys_published().await.unwrap();
        // What it is said to have forgotten is withdrawn, and the next set has a last-resort key of its own.
        assert_eq!(
            unused(),
            (sets * PREKEYS_FULL).min(SEEDS_KEPT_MAX - 5),
            "one of each set is a last-resort key"
        );
    }
}

fn own(of: &Actor) -> Vec<OwnPrekey> {
    let all = of.engine.vault.list(Tree::Prekeys).unwrap();
    all.iter().map(|(_, bytes)| codec::decode(bytes, 1 << 20).unwrap()).collect()
}

/// Senders get the last-resort key, whatever there is.
fn last_resort_only(police: &Actor) -> Lies {
    let signed = own(police).into_iter().find(|key| key.kind == PrekeyKind::LastResort).unwrap().signed;
    Lies::in_answers(move |taken: &mut Prekeys| taken.prekeys[0] = signed.clone())
}

fn withheld(police: &Actor) -> Option<u32> {
    let warning = last_resort::warning(&police.engine.vault, police.engine.now()).unwrap();
    warning.map(|warning| warning.packets)
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_withholds_one_time_keys_is_noticed_and_an_honest_one_is_not_accused() {
    let scene = Scene::start().await;
    let (hotline, embassy) = (scene.join("Hotline").await, scene.join("Embassy").await);
    let police = scene.resident("Police").await;
    // More than a sender may take keys for: the relay gives it the last-resort key, and is right.
    scene.clock.advance_hours(3);
    let takes = u8::try_from(TAKES_PER_TARGET_PER_HOUR).unwrap();
    for number in 1..=takes + 5 {
        hotline.write(&police, number, Priority::P1).await;
    }
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.inbox().len(), usize::from(takes + 5));
    assert_eq!(own(&police).iter().filter(|key| key.used).count(), usize::from(takes));
    scene.clock.advance_hours(2);
    police.sync().await.unwrap();
    assert_eq!(withheld(&police), None, "the sender explains it");

    for number in [101, 102] {
        embassy.write(&police, number, Priority::P1).await;
        embassy.sync_under(last_resort_only(&police)).await.unwrap();
    }
    police.sync().await.unwrap();
    scene.clock.advance_hours(2);
    let few = Lies::in_answers(|state: &mut DeviceState| state.one_time.truncate(20));
    police.sync_under(few).await.unwrap();
    assert_eq!(withheld(&police), None, "the last ones are kept for newcomers");

    scene.clock.advance_hours(3);
    for number in [103, 104] {
        embassy.write(&police, number, Priority::P1).await;
        embassy.sync_under(last_resort_only(&police)).await.unwrap();
    }
    police.sync().await.unwrap();
    assert_eq!(withheld(&police), None, "there may be more to come that explain it");
    scene.clock.advance_hours(2);
    police.sync().await.unwrap();
    assert_eq!(withheld(&police), Some(2));
    scene.clock.advance_hours(15 * 24);
    assert_eq!(withheld(&police), None, "nobody is warned for ever");
}
