//! What an honest relay signs is no evidence against it, however much happens at once.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

#[path = "support/link.rs"]
mod link;
#[path = "support/rig.rs"]
mod rig;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use causeway_certs::checkpoint::{self, Checkpoint};
use causeway_certs::keys::SigningKey;
use causeway_common::limits::CLOCK_SKEW;
use causeway_common::statements::{Reinstatement, StatementKind, Suspension};
use causeway_common::time::{Clock, Timestamp};
use causeway_common::wire::{Append, Done};
use causeway_relay::blobs::Blobs;
use causeway_relay::{Parts, Relay};
use rig::{Rig, START};

/// A clock that goes on with each look at it, and takes long for some of them.
#[derive(Debug)]
struct SlowClock(AtomicU64);

impl Clock for SlowClock {
    #[expect(clippy::disallowed_methods, reason = "to be slow is what it is for")]
    fn now(&self) -> Timestamp {
        if self.0.load(Ordering::SeqCst).is_multiple_of(2) {
            std::thread::sleep(Duration::from_millis(2));
        }
        Timestamp(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_with_a_later_time_never_counts_less() {
    let mut rig = Rig::claimed().await;
    let org = rig.org(1, &[10]).await;
    let parts = Parts {
        kv: Arc::new(rig.kv.clone()),
        blobs: Blobs::Memory(rig.files.clone()),
        key: SigningKey::from_seed(&[200; 32]),
        clock: Arc::new(SlowClock(AtomicU64::new(START.0))),
    };
    rig.relay = Relay::open_limited(parts, rig.limits.clone()).unwrap();
    let (key, over) = (rig.relay_key.public(), Arc::new(AtomicBool::new(false)));
    let lookers = [0, 1, 2].map(|_| {
        let (relay, over) = (Arc::clone(&rig.relay), Arc::clone(&over));
        std::thread::spawn(move || {
            let mut heads = Vec::new();
            while !over.load(Ordering::SeqCst) {
                heads.push(checkpoint::verify(&relay.checkpoint(), key).unwrap());
            }
            heads
        })
    });
    for number in 0..60 {
        let by = &rig.registrar;
        let statement = if number % 2 == 0 {
            let suspension = Suspension { reason: 4, compromised_since: START };
            rig.next(StatementKind::Suspension, org.id, &suspension, by)
        } else {
            rig.next(StatementKind::Reinstatement, org.id, &Reinstatement { vetted: 1 }, by)
        };
        let _: Done = rig.ask(rig.registrar_tls.public(), &Append::new(statement, None)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    over.store(true, Ordering::SeqCst);
    let mut heads: Vec<Checkpoint> = lookers.into_iter().flat_map(|looker| looker.join().unwrap()).collect();
    heads.sort_by_key(|head| head.time);
    assert!(heads.len() > 60 && heads.last().unwrap().size > 30);
    let back = heads.windows(2).find(|pair| pair[1].size < pair[0].size);
    assert!(back.is_none(), "{back:?}");
}

#[tokio::test]
async fn a_clock_that_is_set_back_by_a_little_does_not_make_it_look_as_if_it_had_gone_back() {
    let rig = Rig::claimed().await;
    let key = rig.relay_key.public();
    let head = || checkpoint::verify(&rig.relay.checkpoint(), key).unwrap();
    let set = |to| rig.clock.set(Timestamp(to));
    let first = head().time;
    set(first.0 - u64::try_from(CLOCK_SKEW.as_millis()).unwrap());
    assert_eq!(head().time, first);
    set(first.0 + 1);
    assert_eq!(head().time.0, first.0 + 1);
    // A clock that was years ahead is followed back at once.
    let years = Timestamp(first.0 + 9 * 365 * 86_400_000);
    set(years.0);
    assert_eq!(head().time, years);
    set(first.0);
    assert_eq!((head().time, head().time), (first, first));
}
