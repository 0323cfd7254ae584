//! The relay's disk is full.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::quic::{self, QuicDialer};
use causeway_certs::transport::{Dialer as _, Link, RequestError, request};
use causeway_client::engine::Engine;
use causeway_client::session;
use causeway_client::vault::Vault;
use causeway_common::envelope::Envelope;
use causeway_common::error::ErrorCode;
use causeway_common::limits::REQUEST_TIMEOUT;
use causeway_common::priority::Priority;
use causeway_common::store::{SledKv, SledOptions};
use causeway_common::time::SystemClock;
use causeway_common::wire::{Accepted, Submit, TakePrekeys};
use causeway_tests::process::Death;
use causeway_tests::process::actor::Actor;
use causeway_tests::process::namespace::{entered, fill, mount_small_disk};
use causeway_tests::process::relay::Place;
use causeway_tests::process::town::Town;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::{DISK_KIB, ORGS, send, transports};

/// Referrals on their way when the disk is full.
const LATE: usize = 4;

/// A device of this organisation, in this process.
async fn engine(org: &Actor) -> Arc<Engine> {
    let kv = SledKv::open(&org.home.join("vault"), SledOptions::default()).unwrap();
    let vault = Vault::unlock(Arc::new(kv), &*org.home, &org.passphrase()).await.unwrap();
    let staging = org.home.join("staging");
    Arc::new(
        Engine::open(vault, staging, Arc::new(SystemClock), Box::new(StdRng::from_seed(rand::random())))
            .unwrap(),
    )
}

async fn connect(engine: &Engine) -> Arc<dyn Link> {
    let relay = engine.identity.relay_address.parse().unwrap();
    let config = quic::client_config(engine.identity.relay().unwrap(), &engine.identity.tls_key()).unwrap();
    let dialer = QuicDialer::new(quic::client_endpoint(relay).unwrap(), config, relay);
    let link = dialer.dial().await.unwrap();
    session::hello(&*link).await.unwrap();
    link
}

/// Seals what waits in the outbox, so that nothing is left to do but to offer it.
async fn sealed(engine: &Engine, link: &dyn Link) -> Vec<Envelope> {
    let mut ready = Vec::new();
    for place in engine.to_send(Priority::P3, LATE, |_| true) {
        let sent = engine.waiting(&place).unwrap().unwrap();
        let taken = request(link, &TakePrekeys { org: sent.to }, REQUEST_TIMEOUT).await.unwrap();
        ready.push((sent, taken));
    }
    let sealed = engine.seal(ready).await.unwrap();
    sealed.iter().map(|(sent, _)| engine.envelope(sent).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_on_a_full_disk_refuses_for_now_gives_what_it_has_and_recovers() {
    if !entered("relay::a_relay_on_a_full_disk_refuses_for_now_gives_what_it_has_and_recovers") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    mount_small_disk(&disk, DISK_KIB);
    let mut place = Place::below(folder.path(), "info");
    place.data = disk.join("relay");
    let (town, mut relay) = Town::found(folder.path(), place, &ORGS).await;
    let (hotline, police) = (&town.orgs[0], &town.orgs[1]);
    send(hotline, "Border Police", "early", folder.path()).await;
    hotline.run(&["sync"]).await;
    for number in 0..LATE {
        send(hotline, "Border Police", &format!("late {number}"), folder.path()).await;
    }
    let device = engine(hotline).await;
    let link = connect(&device).await;
    let envelopes = sealed(&device, &*link).await;
    assert_eq!(envelopes.len(), LATE);

    let filler = fill(&disk);
    for envelope in envelopes {
        let answer = request::<_, Accepted>(&*link, &Submit { envelope }, REQUEST_TIMEOUT).await;
        match answer {
            Err(RequestError::Refused { code: ErrorCode::StoreUnavailable, retry_after }) => {
                assert!(retry_after > Duration::ZERO);
            }
            other => panic!("a full disk is answered with {other:?}"),
        }
    }
    link.close(0);
    drop(device);

    // What it has, it gives, though it cannot note that it has been fetched.
    let fetched = police.attempt(&["sync"], &Death::Never).await;
    assert!(matches!(fetched.status.code(), Some(0 | 6)), "{}", fetched.tail());
    assert_eq!(police.list(&["inbox", "list"]).await.len(), 1);
    police.list(&["org", "list"]).await;
    let tried = hotline.attempt(&["sync"], &Death::Never).await;
    match tried.status.code() {
        Some(0) => assert_eq!(tried.out[0]["waiting"], LATE, "{:?}", tried.out),
        Some(6) => assert_eq!(tried.error()["retryable"], true, "{}", tried.tail()),
        _ => panic!("{}: {}", tried.status, tried.tail()),
    }
    let held = transports(hotline).await;
    let waiting = held.iter().filter(|state| ["queued", "submitted"].contains(&state.as_str())).count();
    assert_eq!(waiting, LATE, "nothing is called relayed that is not: {held:?}");

    drop(filler);
    for _ in 0..3 {
        hotline.run(&["sync"]).await;
        police.run(&["sync"]).await;
    }
    assert!(relay.ended_within(Duration::ZERO).await.is_none(), "it has not been restarted");
    assert_eq!(police.list(&["inbox", "list"]).await.len(), 1 + LATE, "each is there, once");
    let states = transports(hotline).await;
    assert!(states.iter().all(|state| state == "delivered"), "{states:?}");
    relay.stop().await;
    assert!(!town.place.said().contains("panicked"), "{}", town.place.said());
}
