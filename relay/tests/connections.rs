//! Connections from their first moment to their last: who may stay, what is pushed, how the relay goes away.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

#[path = "support/link.rs"]
mod link;
#[path = "support/rig.rs"]
mod rig;

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_certs::transport::{Link as _, RequestError, finish, read_answer, request, write_bytes};
use causeway_common::error::ErrorCode;
use causeway_common::ids::EnvelopeId;
use causeway_common::limits::{self, PUSHES_IN_FLIGHT_MAX};
use causeway_common::priority::Priority;
use causeway_common::store::{Kv as _, StoreError, transact};
use causeway_common::wire::{
    self, Accepted, Acknowledge, DeviceState, DirectoryChanged, Done, Frame, FrameType, GoAway, Push,
    STANDING_MEMBER, STANDING_PENDING, Submit, Subscribe, Welcome,
};
use causeway_relay::server;
use link::{Door, End};
use rig::{Device, Org, Rig, envelope, hello, small};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// Longer than anything takes that is not stuck; the clock is a test's own.
const SOON: Duration = Duration::from_millis(100);

struct Serving {
    rig: Rig,
    door: Arc<Door>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Serving {
    async fn start() -> Self {
        let rig = Rig::claimed().await;
        let door = Door::new();
        let (stop, stopped) = oneshot::channel::<()>();
        let (relay, listener) = (Arc::clone(&rig.relay), Arc::clone(&door));
        let served = tokio::spawn(server::serve(relay, listener, async { drop(stopped.await) }));
        Self { rig, door, stop: Some(stop), served }
    }

    async fn connect(&self, peer: PublicKey) -> Arc<End> {
        self.door.connect(peer, self.rig.relay_key.public()).await
    }

    /// Connected, greeted, subscribed.
    async fn subscribe(&self, device: &Device) -> Arc<End> {
        let link = self.connect(device.peer()).await;
        let _: Welcome = ask(&link, &hello()).await.unwrap();
        let _: DeviceState = ask(&link, &Subscribe {}).await.unwrap();
        link
    }

    async fn submit(&self, from: &Org, to: &Org, priority: Priority, seeds: std::ops::Range<u64>) {
        for seed in seeds {
            let envelope = small(to, priority, seed);
            let _: Accepted = self.rig.ask(from.devices[0].peer(), &Submit { envelope }).await.unwrap();
        }
    }
}

async fn ask<Q: Frame, A: Frame>(link: &End, question: &Q) -> Result<A, RequestError> {
    request(link, question, Duration::from_secs(5)).await
}

async fn next_push(link: &End) -> Option<Push> {
    loop {
        let (frame, payload) = timeout(SOON, link.pushed()).await.ok()?.unwrap();
        if frame == FrameType::Push {
            return Some(wire::decode_payload(&payload).unwrap());
        }
    }
}

async fn pushes(link: &End) -> Vec<Push> {
    let mut all = Vec::new();
    while let Some(push) = next_push(link).await {
        all.push(push);
    }
    all
}

fn id(push: &Push) -> EnvelopeId {
    causeway_common::envelope::envelope_id(&push.outer, &push.body)
}

async fn acknowledge(link: &End, pushes: &[Push]) {
    let envelopes = pushes.iter().map(id).collect();
    let _: Done = ask(link, &Acknowledge { envelopes }).await.unwrap();
}

fn count(pushes: &[Push], priority: Priority) -> usize {
    pushes.iter().filter(|push| push.outer.priority == priority).count()
}

#[tokio::test(start_paused = true)]
async fn a_backlog_comes_urgent_first_within_the_window_and_every_class_gets_its_share() {
    let serving = Serving::start().await;
    let (from, to) = (serving.rig.org(1, &[10]).await, serving.rig.org(2, &[20]).await);
    serving.submit(&from, &to, Priority::P3, 0..40).await;
    serving.submit(&from, &to, Priority::P1, 100..140).await;
    let link = serving.subscribe(&to.devices[0]).await;
    let first = pushes(&link).await;
    assert_eq!(first[0].outer.priority, Priority::P1);
    assert_eq!(first.len(), PUSHES_IN_FLIGHT_MAX - 4, "the window, but for what is kept for an alarm");
    assert!((3..=8).contains(&count(&first, Priority::P3)), "a share for the lower class");
    acknowledge(&link, &first).await;
    let mut all = first;
    loop {
        let more = pushes(&link).await;
        if more.is_empty() {
            break;
        }
        acknowledge(&link, &more).await;
        all.extend(more);
    }
    let ids: std::collections::HashSet<_> = all.iter().map(id).collect();
    assert_eq!((ids.len(), all.len()), (80, 80), "each once");
    let order: Vec<_> =
        all.iter().filter(|p| p.outer.priority == Priority::P1).map(|p| p.wrap.prekey).collect();
    assert!(order.is_sorted(), "oldest first within a class");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_reaches_a_device_that_is_busy_with_routine() {
    let serving = Serving::start().await;
    let (from, to) = (serving.rig.org(1, &[10]).await, serving.rig.org(2, &[20]).await);
    serving.submit(&from, &to, Priority::P3, 0..100).await;
    let link = serving.subscribe(&to.devices[0]).await;
    assert!(pushes(&link).await.len() < PUSHES_IN_FLIGHT_MAX);
    serving.submit(&from, &to, Priority::P0, 200..201).await;
    assert_eq!(next_push(&link).await.unwrap().outer.priority, Priority::P0);
    // The same when routine bodies fill the push streams and nobody reads them.
    drop(link);
    let link = serving.subscribe(&to.devices[0]).await;
    sleep(SOON).await;
    serving.submit(&from, &to, Priority::P0, 201..202).await;
    let arrived = pushes(&link).await;
    let place = arrived.iter().position(|p| p.wrap.prekey == 201).unwrap();
    assert!(place < 8, "behind no more than what was under way, not at {place}");
}

#[tokio::test(start_paused = true)]
async fn what_one_device_acknowledges_stays_for_the_others_and_comes_again_after_a_break() {
    let serving = Serving::start().await;
    let (from, to) = (serving.rig.org(1, &[10]).await, serving.rig.org(2, &[20, 21]).await);
    serving.submit(&from, &to, Priority::P2, 0..3).await;
    let first = serving.subscribe(&to.devices[0]).await;
    let got = pushes(&first).await;
    assert_eq!(got.len(), 3);
    assert!(got.iter().all(|push| push.wrap.device == to.devices[0].id()));
    acknowledge(&first, &got[..1]).await;
    first.close(0);
    let again = serving.subscribe(&to.devices[0]).await;
    assert_eq!(pushes(&again).await.len(), 2);
    let other = serving.subscribe(&to.devices[1]).await;
    assert_eq!(pushes(&other).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_or_damaged_does_not_hold_up_the_others() {
    let serving = Serving::start().await;
    let (from, to) = (serving.rig.org(1, &[10]).await, serving.rig.org(2, &[20]).await);
    let lost = envelope(&to, Priority::P0, 1, 300 * 1024);
    let damaged = small(&to, Priority::P0, 2);
    for envelope in [&lost, &damaged] {
        let submit = Submit { envelope: envelope.clone() };
        let _: Accepted = serving.rig.ask(from.devices[0].peer(), &submit).await.unwrap();
    }
    serving.submit(&from, &to, Priority::P3, 10..12).await;
    serving.rig.files.clear();
    let key = [b"v", &damaged.id().0[..]].concat();
    assert!(serving.rig.kv.get(&key).unwrap().is_some());
    let rot = transact(&serving.rig.kv, move |txn| {
        txn.put(&key, b"rot");
        Ok::<_, StoreError>(())
    });
    rot.await.unwrap().unwrap();
    let link = serving.subscribe(&to.devices[0]).await;
    let pushed = pushes(&link).await;
    // The body is gone; the record is not needed for a push, nor for an acknowledgement.
    assert_eq!(pushed.len(), 3);
    let done = Acknowledge { envelopes: vec![damaged.id()] };
    let _: Done = serving.rig.ask(to.devices[0].peer(), &done).await.unwrap();
    let again = serving.subscribe(&to.devices[0]).await;
    assert_eq!(pushes(&again).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stuck_reader_is_let_go_and_nobody_else_waits() {
    let serving = Serving::start().await;
    let (from, to) = (serving.rig.org(1, &[10]).await, serving.rig.org(2, &[20, 21]).await);
    for seed in 0..20 {
        let submit = Submit { envelope: envelope(&to, Priority::P1, seed, 900 * 1024) };
        let _: Accepted = serving.rig.ask(from.devices[0].peer(), &submit).await.unwrap();
    }
    let stuck = serving.subscribe(&to.devices[0]).await;
    let begun = Instant::now();
    let healthy = serving.subscribe(&to.devices[1]).await;
    assert_eq!(pushes(&healthy).await.len(), 20);
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(stuck.close_code(), None);
    timeout(limits::PUSH_TIMEOUT * 2, stuck.closed()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn strangers_leave_soon_and_the_silent_sooner() {
    let serving = Serving::start().await;
    let stranger = SigningKey::from_seed(&[99; 32]).public();
    let silent = serving.connect(stranger).await;
    let talking = serving.connect(stranger).await;
    let begun = Instant::now();
    let _: Welcome = ask(&talking, &hello()).await.unwrap();
    silent.closed().await;
    assert!(begun.elapsed() <= limits::HANDSHAKE_TIMEOUT + SOON);
    talking.closed().await;
    assert!(begun.elapsed() <= Duration::from_secs(16));
    // A member that says nothing is not one that may stay either.
    let org = serving.rig.org(1, &[10]).await;
    let mute = serving.connect(org.devices[0].peer()).await;
    timeout(limits::HANDSHAKE_TIMEOUT + SOON, mute.closed()).await.unwrap();
    let member = serving.subscribe(&org.devices[0]).await;
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(member.close_code(), None);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_cannot_make_the_relay_wait_for_a_long_request() {
    let serving = Serving::start().await;
    let link = serving.connect(SigningKey::from_seed(&[99; 32]).public()).await;
    let _: Welcome = ask(&link, &hello()).await.unwrap();
    let (mut send, mut recv) = link.open_bi().await.unwrap();
    let mut header = vec![FrameType::Submit as u8];
    header.extend_from_slice(&1_000_000u32.to_le_bytes());
    write_bytes(&mut send, &header).await.unwrap();
    let refused = timeout(SOON, read_answer::<Accepted>(&mut recv)).await.unwrap();
    assert!(matches!(refused, Err(RequestError::Refused { code: ErrorCode::NotAuthorised, .. })));
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_request_cost_only_their_stream() {
    let serving = Serving::start().await;
    let org = serving.rig.org(1, &[10]).await;
    let link = serving.subscribe(&org.devices[0]).await;
    let cases: [(&[u8], ErrorCode); 4] = [
        (&[255, 0, 0, 0, 0], ErrorCode::UnknownFrame),
        (&[FrameType::Subscribe as u8, 255, 255, 255, 255], ErrorCode::TooLarge),
        (&[FrameType::Acknowledge as u8, 1, 0, 0, 0, 9], ErrorCode::Malformed),
        (&[FrameType::Welcome as u8, 0, 0, 0, 0], ErrorCode::UnknownFrame),
    ];
    for (bytes, expected) in cases {
        let (mut send, mut recv) = link.open_bi().await.unwrap();
        write_bytes(&mut send, bytes).await.unwrap();
        finish(&mut send).await.unwrap();
        match read_answer::<Done>(&mut recv).await {
            Err(RequestError::Refused { code, .. }) => assert_eq!(code, expected),
            other => panic!("{other:?}"),
        }
    }
    let _: DeviceState = ask(&link, &Subscribe {}).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_admission_may_stay_and_hears_of_it() {
    let serving = Serving::start().await;
    let org = serving.rig.applicant(1, vec![Device::new(10)]);
    let link = serving.connect(org.devices[0].peer()).await;
    let _: Welcome = ask(&link, &hello()).await.unwrap();
    let _: Done = ask(&link, &org.enrol).await.unwrap();
    let welcome: Welcome = ask(&link, &hello()).await.unwrap();
    assert_eq!(welcome.standing, STANDING_PENDING);
    sleep(Duration::from_secs(60)).await;
    let registrar = serving.rig.registrar_tls.public();
    let _: Done = serving.rig.ask(registrar, &serving.rig.admission(&org)).await.unwrap();
    let (frame, payload) = timeout(SOON, link.pushed()).await.unwrap().unwrap();
    assert_eq!(frame, FrameType::DirectoryChanged);
    assert_eq!(wire::decode_payload::<DirectoryChanged>(&payload).unwrap().size, 2);
    let welcome: Welcome = ask(&link, &hello()).await.unwrap();
    assert_eq!(welcome.standing, STANDING_MEMBER);
    let _: DeviceState = ask(&link, &Subscribe {}).await.unwrap();
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(link.close_code(), None);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_left_its_roster_is_let_go() {
    let serving = Serving::start().await;
    let org = serving.rig.org(1, &[10, 11]).await;
    let (stays, leaves) =
        (serving.subscribe(&org.devices[0]).await, serving.subscribe(&org.devices[1]).await);
    let append = serving.rig.without(&org, &[org.devices[1].id()]);
    let _: Done = ask(&stays, &append).await.unwrap();
    timeout(SOON, leaves.closed()).await.unwrap();
    let (frame, _) = timeout(SOON, stays.pushed()).await.unwrap().unwrap();
    assert_eq!(frame, FrameType::DirectoryChanged);
    assert_eq!(stays.close_code(), None);
}

#[tokio::test(start_paused = true)]
async fn the_newest_connections_of_a_device_are_kept() {
    let serving = Serving::start().await;
    let org = serving.rig.org(1, &[10]).await;
    let mut links = Vec::new();
    for _ in 0..6 {
        links.push(serving.subscribe(&org.devices[0]).await);
    }
    sleep(SOON).await;
    let open: Vec<_> = links.iter().map(|link| link.close_code().is_none()).collect();
    assert_eq!(open, [false, false, true, true, true, true]);
}

#[tokio::test(start_paused = true)]
async fn going_away_finishes_what_is_under_way_and_says_when_to_come_back() {
    let mut serving = Serving::start().await;
    let (from, to) = (serving.rig.org(1, &[10]).await, serving.rig.org(2, &[20]).await);
    let link = serving.subscribe(&from.devices[0]).await;
    let (mut send, mut recv) = link.open_bi().await.unwrap();
    let submit = wire::encode_frame(&Submit { envelope: small(&to, Priority::P1, 1) });
    write_bytes(&mut send, &submit[..100]).await.unwrap();
    sleep(SOON).await;
    serving.stop.take().unwrap().send(()).unwrap();
    let (frame, payload) = timeout(SOON, link.pushed()).await.unwrap().unwrap();
    assert_eq!(frame, FrameType::GoAway);
    let away: GoAway = wire::decode_payload(&payload).unwrap();
    assert!((500..10_500).contains(&away.reconnect_after_ms));
    assert!(!serving.door.is_open());
    let late = ask::<_, DeviceState>(&link, &Subscribe {}).await;
    assert!(matches!(late, Err(RequestError::Refused { code: ErrorCode::Draining, .. })));
    write_bytes(&mut send, &submit[100..]).await.unwrap();
    finish(&mut send).await.unwrap();
    let late = read_answer::<Accepted>(&mut recv).await;
    assert!(late.is_ok(), "it was under way: {late:?}");
    link.close(0);
    timeout(Duration::from_secs(3), serving.served).await.unwrap().unwrap();
}
