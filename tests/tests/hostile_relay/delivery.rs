//! Packets that are repeated, rearranged, changed, misdirected, withheld.

use causeway_client::model::Transport;
use causeway_client::prekeys;
use causeway_common::codec;
use causeway_common::envelope::PrekeyKind;
use causeway_common::limits::REQUEST_TIMEOUT;
use causeway_common::priority::Priority;
use causeway_common::statements::DeviceStatus;
use causeway_common::wire::{Acknowledge, Done, FrameType, Prekeys, Push, TakePrekeys};
use causeway_tests::hostile::liar::{Lies, Raw, Reply};
use causeway_tests::hostile::rogue::Rogue;
use causeway_tests::hostile::scene::{Actor, Scene};
use tokio::time::Instant;

/// A hotline with packets 1 to `count` at the relay, and the police who have not fetched them.
async fn waiting(scene: &Scene, count: u8) -> (Actor, Actor) {
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    for number in 1..=count {
        hotline.write(&police, number, Priority::P1).await;
        hotline.sync().await.unwrap();
    }
    (hotline, police)
}

/// What waits for a device, as a relay sees it.
async fn pushes(of: &Actor, count: usize) -> Vec<Push> {
    let rogue = Rogue::connect(of).await;
    let pushes = rogue.overhear(count).await;
    rogue.link.close(0);
    pushes
}

fn states(hotline: &Actor, police: &Actor, count: u8) -> Vec<Transport> {
    (1..=count).map(|n| hotline.sent(causeway_common::ids::PacketId([n; 32]), police).transport).collect()
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_comes_again_and_again_is_there_once_and_signed_for_once() {
    let scene = Scene::start().await;
    let (hotline, police) = waiting(&scene, 2).await;
    let twice = Lies::in_packets(|push| vec![push.clone(), push.clone(), push]);
    police.sync_under(twice).await.unwrap();
    assert_eq!(police.inbox_names(), [1, 2]);
    hotline.sync().await.unwrap();
    let packet = police.inbox()[0].packet;
    assert_eq!(hotline.sent(packet, &police).receipts.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_forgets_acknowledgements_delivers_nothing_twice() {
    let scene = Scene::start().await;
    let (hotline, police) = waiting(&scene, 2).await;
    for _ in 0..2 {
        let deaf = Lies::instead(|q| q.read::<Acknowledge>().map(|_| Reply::with(&Done {})));
        police.sync_under(deaf).await.unwrap();
        assert_eq!(police.inbox_names(), [1, 2]);
    }
    hotline.sync().await.unwrap();
    assert_eq!(states(&hotline, &police, 2), [Transport::Delivered; 2]);
}

/// The relay pushes an old packet before every new one.
fn replaying(old: Push) -> Lies {
    Lies::in_packets(move |push| vec![old.clone(), push])
}

#[tokio::test(start_paused = true)]
async fn an_old_packet_is_dead_whether_its_key_was_used_once_or_is_a_last_resort() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let taken: Prekeys =
        Rogue::connect(&hotline).await.ask(&TakePrekeys { org: police.org() }).await.unwrap();
    let status: DeviceStatus = codec::decode(&taken.statuses[0].body, 4096).unwrap();
    let last_resort = prekeys::own(&police.engine.vault, status.last_resort).unwrap().unwrap();
    assert_eq!(last_resort.kind, PrekeyKind::LastResort);
    for (number, kind) in [(1, PrekeyKind::OneTime), (3, PrekeyKind::LastResort)] {
        let packet = hotline.write(&police, number, Priority::P1).await;
        let signed = last_resort.signed.clone();
        hotline
            .sync_under(Lies::in_answers(move |taken: &mut Prekeys| {
                if kind == PrekeyKind::LastResort {
                    taken.prekeys[0] = signed.clone();
                }
            }))
            .await
            .unwrap();
        let old = pushes(&police, 1).await.remove(0);
        assert_eq!(old.wrap.kind, kind);
        police.sync().await.unwrap();
        hotline.write(&police, number + 1, Priority::P1).await;
        hotline.sync().await.unwrap();
        police.sync_under(replaying(old)).await.unwrap();
        hotline.sync().await.unwrap();
        let sent = hotline.sent(packet, &police);
        assert_eq!((sent.transport, sent.receipts.len()), (Transport::Delivered, 1), "{kind:?}");
    }
    assert_eq!(police.inbox_names(), [1, 2, 3, 4]);
}

type Change = fn(&mut Push);

/// Everything of a pushed envelope that a relay could change and that gives it another name: what it is a copy of is
/// still at the relay, so an honest delivery follows.
const OUTSIDE: [(&str, Change); 11] = [
    ("version", |p| p.outer.version += 1),
    ("suite", |p| p.outer.suite += 1),
    ("nonce", |p| p.outer.nonce[0] ^= 1),
    ("recipient", |p| p.outer.recipient.0[0] ^= 1),
    ("expiry", |p| p.outer.expiry_hours += 24),
    ("priority", |p| p.outer.priority = Priority::P0),
    ("size class", |p| p.outer.size_class += 1),
    ("a bit of the body", |p| p.body[100] ^= 1),
    ("a body cut short", |p| p.body.truncate(p.body.len() / 2)),
    ("a body that has grown", |p| p.body.push(0)),
    ("no body", |p| p.body.clear()),
];

#[tokio::test(start_paused = true)]
async fn no_part_of_an_envelope_can_change_on_the_way() {
    let scene = Scene::start().await;
    let (hotline, police) = waiting(&scene, 1).await;
    for (name, change) in OUTSIDE {
        let lie = Lies::in_packets(move |mut push| {
            change(&mut push);
            vec![push]
        });
        police.sync_under(lie).await.unwrap();
        assert_eq!(police.inbox().len(), 0, "{name}");
    }
    hotline.sync().await.unwrap();
    assert_eq!(states(&hotline, &police, 1), [Transport::Relayed], "the envelope itself was not refused");
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1]);
}

#[tokio::test(start_paused = true)]
async fn what_is_inside_two_packets_cannot_change_places() {
    let scene = Scene::start().await;
    let (hotline, police) = waiting(&scene, 2).await;
    let swaps: [fn(&mut Push, &mut Push); 2] =
        [|a, b| std::mem::swap(&mut a.body, &mut b.body), |a, b| std::mem::swap(&mut a.outer, &mut b.outer)];
    for swap in swaps {
        let lie = Lies::with_packets(2, move |all| {
            let [a, b] = all.get_disjoint_mut([0, 1]).unwrap();
            swap(a, b);
        });
        police.sync_under(lie).await.unwrap();
        assert_eq!(police.inbox().len(), 0);
    }
    police.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(
        (police.inbox_names(), states(&hotline, &police, 2)),
        (vec![1, 2], vec![Transport::Delivered; 2])
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrap_that_opens_nothing_is_refused_and_its_sender_told() {
    let wraps: [(&str, Change); 5] = [
        ("key", |p| p.wrap.enc[5] ^= 1),
        ("ciphertext", |p| p.wrap.ct[5] ^= 1),
        ("length", |p| p.wrap.ct.truncate(100)),
        ("device", |p| p.wrap.device.0[0] ^= 1),
        ("kind", |p| p.wrap.kind = PrekeyKind::Return),
    ];
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    for (number, (name, change)) in (1..).zip(wraps) {
        let packet = hotline.write(&police, number, Priority::P1).await;
        hotline.sync().await.unwrap();
        let lie = Lies::in_packets(move |mut push| {
            change(&mut push);
            vec![push]
        });
        police.sync_under(lie).await.unwrap();
        assert_eq!(police.inbox().len(), 0, "{name}");
        hotline.sync().await.unwrap();
        assert_eq!(hotline.state(packet, &police), ("undecryptable", "refused-3".to_owned()), "{name}");
        assert!(!hotline.sent(packet, &police).sections.is_empty(), "{name}: kept, to be sent again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_packet_for_somebody_else_is_not_taken_however_it_is_dressed_up() {
    let scene = Scene::start().await;
    let (hotline, police) = waiting(&scene, 1).await;
    let embassy = scene.resident("Embassy").await;
    hotline.sync().await.unwrap();
    let theirs = hotline.write(&embassy, 9, Priority::P0).await;
    hotline.sync().await.unwrap();
    let foreign = pushes(&embassy, 1).await.remove(0);
    let (org, device) = (police.org(), police.engine.identity.device());
    police
        .sync_under(Lies::in_packets(move |push| {
            let mut to_us = foreign.clone();
            to_us.outer.recipient = org;
            let mut to_this_device = to_us.clone();
            to_this_device.wrap.device = device;
            let mut with_our_wrap = foreign.clone();
            with_our_wrap.wrap = push.wrap.clone();
            vec![foreign.clone(), to_us, to_this_device, with_our_wrap, push]
        }))
        .await
        .unwrap();
    assert_eq!(police.inbox_names(), [1], "its own came through all the same");
    embassy.sync().await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(theirs, &embassy), ("delivered", String::new()), "its refusal did not count");
}

#[tokio::test(start_paused = true)]
async fn garbage_on_a_push_stream_costs_only_that_stream() {
    let scene = Scene::start().await;
    let (_hotline, police) = waiting(&scene, 1).await;
    let lie = Lies::pushing(|push| {
        let raw = |frame, payload: &[u8]| Raw { frame, payload: payload.to_vec(), rest: vec![] };
        let mut trailing = push.clone();
        trailing.payload.push(0);
        let mut followed = push.clone();
        followed.rest = vec![1, 2, 3];
        vec![
            raw(FrameType::Push, b""),
            raw(FrameType::Push, &[0xff; 4096]),
            raw(FrameType::Welcome, b"what?"),
            raw(FrameType::GoAway, b"no"),
            trailing,
            followed,
            push,
        ]
    });
    police.sync_under(lie).await.unwrap();
    assert_eq!(police.inbox_names(), [1]);
}

#[tokio::test(start_paused = true)]
async fn packets_in_the_wrong_order_all_arrive() {
    let scene = Scene::start().await;
    let (hotline, police) = waiting(&scene, 5).await;
    police.sync_under(Lies::with_packets(5, |all| all.reverse())).await.unwrap();
    hotline.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1, 2, 3, 4, 5]);
    assert_eq!(states(&hotline, &police, 5), [Transport::Delivered; 5]);
}

#[tokio::test(start_paused = true)]
async fn a_withheld_packet_leaves_a_gap_that_both_sides_see() {
    let scene = Scene::start().await;
    let (hotline, police) = waiting(&scene, 2).await;
    let first = outer_of(&hotline, &police, 1);
    let withheld = pushes(&police, 2).await.into_iter().find(|p| codec::encode(&p.outer) == first);
    let withheld = withheld.unwrap().outer.nonce;
    let begun = Instant::now();
    let lie = Lies::in_packets(move |push| if push.outer.nonce == withheld { vec![] } else { vec![push] });
    police.sync_under(lie).await.unwrap();
    assert!(begun.elapsed() >= REQUEST_TIMEOUT, "a slow relay is waited for");
    let inbox = police.inbox();
    assert_eq!((inbox.len(), inbox[0].packet.0[0]), (1, 2));
    let missing = || {
        let chain = causeway_client::records::chain_from(&police.engine.vault, inbox[0].from_device).unwrap();
        (chain.missing_before(99), chain.contradictions())
    };
    assert_eq!(missing(), (1, 0));
    hotline.sync().await.unwrap();
    assert_eq!(states(&hotline, &police, 2), [Transport::Relayed, Transport::Delivered]);
    police.sync().await.unwrap();
    assert_eq!(missing(), (0, 0), "when it comes after all, nothing is missing");
}

fn outer_of(hotline: &Actor, police: &Actor, number: u8) -> Vec<u8> {
    let sent = hotline.sent(causeway_common::ids::PacketId([number; 32]), police);
    codec::encode(&hotline.engine.envelope(&sent).unwrap().outer)
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_always_says_that_more_waits_does_not_keep_a_session() {
    let scene = Scene::start().await;
    let (_hotline, police) = waiting(&scene, 1).await;
    let begun = Instant::now();
    let lie = Lies::in_answers(|state: &mut causeway_common::wire::DeviceState| state.waiting = u64::MAX);
    police.sync_under(lie).await.unwrap();
    assert_eq!(police.inbox_names(), [1]);
    assert!(begun.elapsed() < 4 * REQUEST_TIMEOUT);
    let begun = Instant::now();
    police.sync().await.unwrap();
    assert_eq!(begun.elapsed(), std::time::Duration::ZERO, "a session with nothing to do waits for nothing");
}
