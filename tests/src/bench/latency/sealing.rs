//! Routine packets for the backlog, and sealing and opening alone for the floor.

use std::sync::Arc;
use std::time::Duration;

use causeway_client::engine::Engine;
use causeway_client::model::{PACKET_REFERRAL, StoredSection};
use causeway_client::prekeys;
use causeway_client::seal::hybrid;
use causeway_client::seal::open::unseal;
use causeway_client::seal::packet::{Recipient, SealRequest, SectionPlain, Sender, Target, seal};
use causeway_common::envelope::{Envelope, PrekeyKind};
use causeway_common::ids::{Digest, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::statements::Prekey;
use causeway_common::time::{Clock as _, SystemClock};
use causeway_common::wire::{Prekeys, TakePrekeys};
use rand_chacha::rand_core::Rng as _;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::bench::town::{self, Member};

/// Seals routine packets faster than a session would: to the recipient's last-resort key, which may be used again and
/// again.
pub(super) struct Sealing {
    office: Arc<Engine>,
    to: OrgId,
    root: Digest,
    roster: Digest,
    target: Target,
    checkpoint: Vec<u8>,
    log: (u64, Digest),
    /// Both halves of a key, for the floor.
    own: (Zeroizing<[u8; 32]>, Vec<u8>),
}

impl Sealing {
    pub(super) async fn new(office: &Member, to: OrgId) -> Self {
        let link = office.link().await;
        let replica = office.engine.replica.lock().await;
        let org = replica.directory.organisation(to).unwrap();
        let target = loop {
            let taken: Prekeys = town::ask(&*link, &TakePrekeys { org: to }).await;
            let mut checked = prekeys::check_taken(org, &taken, SystemClock.now()).unwrap();
            let prekey = checked.remove(0);
            if prekey.kind == PrekeyKind::LastResort {
                break Target { device: prekey.device, clearance: u32::MAX, prekey };
            }
        };
        link.close(0);
        Self {
            office: Arc::clone(&office.engine),
            to,
            root: org.fingerprint(),
            roster: org.roster_digest,
            target,
            checkpoint: replica.checkpoint.clone(),
            log: (replica.directory.size(), replica.directory.root()),
            own: hybrid::generate(&mut town::fresh_rng()),
        }
    }

    fn packet(&self, seq: u64, target: &Target) -> Envelope {
        let mut rng = town::fresh_rng();
        let mut random = || {
            let mut bytes = [0; 32];
            rng.fill_bytes(&mut bytes);
            bytes
        };
        let (packet, case) = (PacketId(random()), random());
        let plain = |s: StoredSection| SectionPlain { code: s.code, bytes: s.bytes.into() };
        let sections: Vec<SectionPlain> = town::sections().into_iter().map(plain).collect();
        let identity = &self.office.identity;
        let (key, now) = (identity.device_key(), SystemClock.now());
        let request = SealRequest {
            packet,
            packet_type: PACKET_REFERRAL,
            case_ref: case,
            in_reply_to: None,
            created: now,
            expires: now.plus(Priority::P2.time_to_live()),
            priority: Priority::P2,
            sections: &sections,
            sender: Sender {
                org: identity.org,
                key: &key,
                roster: identity.roster,
                checkpoint: &self.checkpoint,
                log_size: self.log.0,
                log_root: self.log.1,
                seq,
                previous_grant: Digest([0; 32]),
            },
            recipient: Recipient {
                org: self.to,
                root: self.root,
                roster: self.roster,
                targets: std::slice::from_ref(target),
            },
            purpose: 0,
            onward: 0,
            return_prekeys: Vec::new(),
        };
        seal(&request, &mut rng).unwrap().envelope
    }

    /// Sealing and opening alone, to a key that we have both halves of.
    pub(super) fn seal_and_open(&self) -> (Duration, Duration) {
        let (seed, public) = &self.own;
        let prekey = Prekey { public: public.clone(), ..self.target.prekey.clone() };
        let target = Target { prekey, ..self.target.clone() };
        let identity = &self.office.identity;
        let begun = Instant::now();
        let Envelope { outer, body, wraps } = self.packet(1, &target);
        let sealed = begun.elapsed();
        let begun = Instant::now();
        let unsealed = unseal(&outer, &body, &wraps[0], self.to, target.device, public, seed).unwrap();
        let packet = unsealed.verify(&identity.device_key().public()).unwrap();
        let opened = begun.elapsed();
        assert_eq!(packet.from_org, identity.org);
        (sealed, opened)
    }
}

/// Fills the recipient's mailbox.
pub(super) async fn fill(office: &Member, sealing: &Sealing, count: usize) {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let seal_part = |worker: usize| {
        let numbers = (1..=count as u64).skip(worker).step_by(workers);
        numbers.map(|seq| sealing.packet(seq, &sealing.target)).collect::<Vec<_>>()
    };
    let envelopes = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..workers).map(|worker| scope.spawn(move || seal_part(worker))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect::<Vec<_>>()
    });
    let mut links = Vec::new();
    for _ in 0..4 {
        links.push(office.link().await);
    }
    assert_eq!(town::submit_all(&links, 16, envelopes, true).await.len(), count);
    links.iter().for_each(|link| link.close(0));
}
