//! The relay changes its key: at the announced moment, by itself, and to no key that it does not have.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

#[path = "support/link.rs"]
mod link;
#[path = "support/rig.rs"]
mod rig;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use causeway_certs::checkpoint::{self, Checkpoint};
use causeway_certs::directory::{ITSELF, RelayKeys};
use causeway_certs::keys::SigningKey;
use causeway_certs::transport::quic::{self, PersistentKeys, QuicDialer, QuicListener};
use causeway_certs::transport::{Dialer as _, LinkError, request};
use causeway_common::codec;
use causeway_common::error::ErrorCode;
use causeway_common::framed::Label;
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{RelayKey, RelayReceipt, StatementKind};
use causeway_common::time::Timestamp;
use causeway_common::wire::{Accepted, Append, DirectoryPart, DirectorySince, Done, Submit, Welcome};
use causeway_relay::blobs::Blobs;
use causeway_relay::keys::NextKey;
use causeway_relay::{OpenError, Parts, Relay, server};
use rig::{Org, Rig, START, code, hello, small};

const AT_ONCE: Timestamp = Timestamp(0);

fn old() -> SigningKey {
    SigningKey::from_seed(&[200; 32])
}

fn new() -> SigningKey {
    SigningKey::from_seed(&[210; 32])
}

/// The operator's two files.
#[derive(Clone, Debug, Default)]
struct Files(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    prepared: bool,
    taken_over: u32,
    stands_in: bool,
}

impl Files {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn prepare(&self) {
        self.state().prepared = true;
    }
}

impl NextKey for Files {
    fn prepared(&self) -> Option<SigningKey> {
        self.state().prepared.then(new)
    }

    fn take_over(&self) -> Result<(), String> {
        self.state().taken_over += 1;
        Ok(())
    }

    fn stands_in(&self) -> bool {
        self.state().stands_in
    }
}

fn open(rig: &Rig, key: SigningKey, files: &Files) -> Result<Arc<Relay>, OpenError> {
    let (kv, clock) = (Arc::new(rig.kv.clone()), Arc::new(rig.clock.clone()));
    let parts = Parts { kv, blobs: Blobs::Memory(rig.files.clone()), key, clock };
    Relay::open_with_next(parts, Box::new(files.clone()), rig.limits.clone())
}

/// A relay with a registrar and an organisation, whose operator can prepare a key.
async fn scene() -> (Rig, Org, Files) {
    let (mut rig, files) = (Rig::claimed().await, Files::default());
    rig.relay = open(&rig, old(), &files).unwrap();
    let org = rig.org(1, &[10]).await;
    (rig, org, files)
}

fn announcement(rig: &Rig, key: &SigningKey, from: Timestamp) -> Append {
    let payload = RelayKey { relay: *key.public().as_bytes(), from };
    let statement = rig.next(StatementKind::RelayKey, ITSELF, &payload, &rig.registrar);
    Append::new(statement, None)
}

async fn announce(rig: &Rig, key: &SigningKey, from: Timestamp) -> Result<(), ErrorCode> {
    let append = announcement(rig, key, from);
    match rig.ask::<_, Done>(rig.registrar_tls.public(), &append).await {
        Ok(_) => Ok(()),
        refused => Err(code(refused)),
    }
}

async fn directory(rig: &Rig, org: &Org) -> (RelayKeys, Vec<u8>) {
    let part: DirectoryPart = rig.ask(org.devices[0].peer(), &DirectorySince { size: 0 }).await.unwrap();
    (rig::replay(&part.leaves).authority().unwrap().relay.clone(), part.checkpoint)
}

fn head(note: &[u8], by: &SigningKey) -> Option<Checkpoint> {
    checkpoint::verify(note, by.public()).ok()
}

async fn submit(rig: &Rig, org: &Org, number: u64) -> Signed {
    let envelope = small(org, Priority::P2, number);
    let accepted: Accepted = rig.ask(org.devices[0].peer(), &Submit { envelope }).await.unwrap();
    accepted.receipt
}

fn is_by(receipt: &Signed, key: &SigningKey) -> bool {
    key.public().verify(Label::RelayAck, receipt).is_ok()
}

#[tokio::test]
async fn at_the_announced_moment_the_relay_signs_with_the_new_key_and_the_old_one_goes() {
    let (rig, org, files) = scene().await;
    files.prepare();
    let from = START.plus(Duration::from_secs(100 * 3600));
    announce(&rig, &new(), from).await.unwrap();
    let early = submit(&rig, &org, 1).await;
    rig.clock.advance_time(from.since(START) - Duration::from_millis(1));
    rig.relay.sweep().await.unwrap();
    let (keys, before) = directory(&rig, &org).await;
    let before = head(&before, &old()).expect("one millisecond before, the old key");
    assert_eq!((before.time.0 + 1, files.state().taken_over), (from.0, 0));
    rig.clock.advance_time(Duration::from_millis(1));
    assert_eq!(rig.relay.key().public(), new().public());
    let (_, after) = directory(&rig, &org).await;
    assert_eq!(head(&after, &new()).unwrap().time, from);
    assert!(keys.verify_head(&after).is_ok());
    assert!(is_by(&submit(&rig, &org, 2).await, &new()));
    let again = submit(&rig, &org, 1).await;
    assert_eq!(again, early, "what was signed before still counts, and is not signed anew");
    assert_eq!(files.state().taken_over, 1, "the old key is erased");
    // A start with what is left, and with what is not enough.
    files.state().prepared = false;
    open(&rig, new(), &files).unwrap();
    assert_eq!(open(&rig, old(), &files).unwrap_err(), OpenError::OtherKey);
    files.prepare();
    let both = open(&rig, old(), &files).unwrap();
    assert_eq!(both.key().public(), new().public(), "a start that was missed makes the change");
}

#[tokio::test]
async fn what_would_lock_everybody_out_is_not_appended() {
    let (rig, _, files) = scene().await;
    let size = rig.relay.directory_size();
    let (soon, later) = (START.plus(Duration::from_secs(3600)), START.plus(Duration::from_secs(7200)));
    assert_eq!(announce(&rig, &new(), later).await, Err(ErrorCode::NotFound), "nobody has prepared it");
    files.prepare();
    assert_eq!(announce(&rig, &SigningKey::from_seed(&[9; 32]), later).await, Err(ErrorCode::NotFound));
    assert_eq!(announce(&rig, &old(), later).await, Err(ErrorCode::Conflict), "the present one");
    rig.clock.set(START.minus(Duration::from_secs(3 * 3600)));
    assert_eq!(announce(&rig, &new(), later).await, Err(ErrorCode::ExpiryTooFar), "a clock that is ahead");
    rig.clock.set(START);
    assert_eq!(rig.relay.directory_size(), size);
    announce(&rig, &new(), soon).await.unwrap();
    announce(&rig, &new(), later).await.expect("what waits may be put off");
    rig.clock.set(later);
    let earlier = announcement(&rig, &new(), later.plus(Duration::from_secs(1)));
    let refused = rig.ask::<_, Done>(rig.registrar_tls.public(), &earlier).await;
    assert_eq!(
        code(refused),
        ErrorCode::Conflict,
        "what is in force here is not taken back by a clock that is behind"
    );
    assert_eq!(rig.relay.key().public(), new().public());
}

#[tokio::test]
async fn a_key_in_other_hands_is_followed_at_once_and_what_it_signed_too_late_is_signed_again() {
    let (rig, org, files) = scene().await;
    // The registrar's clock is an hour behind the relay's: what the old key signed meanwhile counts no more.
    let before = submit(&rig, &org, 1).await;
    rig.clock.advance(1);
    let between = submit(&rig, &org, 2).await;
    files.prepare();
    announce(&rig, &new(), AT_ONCE).await.unwrap();
    let (keys, note) = directory(&rig, &org).await;
    assert!(head(&note, &new()).is_some() && keys.verify_head(&note).is_ok());
    assert_eq!((keys.verify_receipt(&before), keys.verify_receipt(&between)), (None, None));
    for (number, first) in [(1, before), (2, between)] {
        let again = submit(&rig, &org, number).await;
        assert!(is_by(&first, &old()) && is_by(&again, &new()));
        let read = |signed: &Signed| codec::decode::<RelayReceipt>(&signed.body, 4096).unwrap();
        assert_eq!(read(&again), read(&first), "the same word, by a key that counts");
        assert!(keys.verify_receipt(&again).is_some());
    }
    assert_eq!(files.state().taken_over, 1);
}

#[tokio::test]
async fn a_relay_that_has_lost_its_key_stands_in_with_the_next_until_the_registrar_says_so() {
    let (mut rig, org, files) = scene().await;
    files.prepare();
    assert_eq!(open(&rig, new(), &files).unwrap_err(), OpenError::OtherKey, "not by mistake");
    files.state().stands_in = true;
    rig.relay = open(&rig, new(), &files).unwrap();
    let (_, note) = directory(&rig, &org).await;
    assert!(head(&note, &new()).is_some());
    assert_eq!(files.state().taken_over, 0);
    announce(&rig, &new(), AT_ONCE).await.unwrap();
    assert_eq!(files.state().taken_over, 1, "it is the relay's key now");
    files.state().stands_in = false;
    rig.relay = open(&rig, new(), &files).unwrap();
    assert!(directory(&rig, &org).await.0.verify_head(&note).is_ok());
}

#[tokio::test]
async fn who_connects_is_shown_the_new_key_and_connections_that_exist_go_on() {
    let (rig, org, files) = scene().await;
    let keys = PersistentKeys { reset: &[2; 32], token: &[3; 32] };
    let address = "127.0.0.1:0".parse().unwrap();
    let endpoint = quic::listen_showing(address, rig.relay.shown_key(), keys).unwrap();
    let address = endpoint.local_addr().unwrap();
    let serving =
        server::serve(Arc::clone(&rig.relay), Arc::new(QuicListener::new(endpoint)), std::future::pending());
    let serving = tokio::spawn(serving);
    let dial = async |pinned: &SigningKey| {
        let config = quic::client_config(pinned.public(), &org.devices[0].tls).unwrap();
        let endpoint = quic::client_endpoint(address).unwrap();
        let link = QuicDialer::new(endpoint, config, address).dial().await?;
        let _: Welcome = request(&*link, &hello(), Duration::from_secs(10)).await.unwrap();
        Ok::<_, LinkError>(link)
    };
    let before = dial(&old()).await.unwrap();
    assert_eq!(dial(&new()).await.unwrap_err(), LinkError::Unauthenticated);
    files.prepare();
    announce(&rig, &new(), AT_ONCE).await.unwrap();
    dial(&new()).await.unwrap();
    assert_eq!(dial(&old()).await.unwrap_err(), LinkError::Unauthenticated);
    let since = DirectorySince { size: 0 };
    let part: DirectoryPart = request(&*before, &since, Duration::from_secs(10)).await.unwrap();
    assert!(head(&part.checkpoint, &new()).is_some(), "over the old connection too");
    serving.abort();
}
