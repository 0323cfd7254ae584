//! Putting into a mailbox and getting out of it, with one, many and very many packets waiting in it.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::Link;
use causeway_common::envelope::envelope_id;
use causeway_common::ids::EnvelopeId;
use causeway_common::limits::PUSHES_IN_FLIGHT_MAX;
use causeway_common::priority::Priority;
use causeway_common::wire::{
    self, Accepted, Acknowledge, DeviceState, Done, FRAME_HEADER_BYTES, Push, Submit, Subscribe,
};
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;

use super::Plan;
use super::measure::Samples;
use super::report::{Outcome, Target};
use super::town::{self, Forger, Member, Town};

/// Filling goes over so many connections with so many requests each.
const LINKS: usize = 4;
const EACH: usize = 16;
/// Routine packets that a relay pushes before one is acknowledged: the rest of its window is kept for urgent ones.
const WINDOW: usize = PUSHES_IN_FLIGHT_MAX - 8;

/// One relay with one mailbox of a given fill.
struct Mailbox {
    fill: usize,
    recipient: Member,
    link: Arc<dyn Link>,
    forger: Forger,
    put: Samples,
    got: Samples,
    settled: Samples,
    // Last: the members use it.
    _town: Town,
}

pub(super) async fn run(plan: &Plan) -> Outcome {
    let (fills, rounds) = if plan.quick { ([1, 10, 100], 2) } else { ([1, 1_000, 100_000], 40) };
    let mut outcome = Outcome::new("mailbox");
    let mut mailboxes = Vec::new();
    for fill in fills {
        mailboxes.push(Mailbox::filled(plan, fill).await);
    }
    // In turns, so that a noisy neighbour disturbs all alike.
    for _ in 0..rounds {
        for mailbox in &mut mailboxes {
            mailbox.round().await;
        }
    }
    for mailbox in &mailboxes {
        mailbox.check().await;
    }
    outcome.count("rounds", rounds);
    tell(&mut outcome, &mailboxes);
    outcome
}

fn tell(outcome: &mut Outcome, mailboxes: &[Mailbox]) {
    for mailbox in mailboxes {
        outcome.count(&format!("filled_{}", mailbox.fill), mailbox.fill);
        let mut measured = |what: &str, samples: &Samples| {
            outcome.measured(&format!("{what}_{}_ms", mailbox.fill), samples.median_ms())
        };
        measured("enqueue", &mailbox.put);
        measured("fetch", &mailbox.got);
        measured("acknowledge", &mailbox.settled);
    }
    let ratio = |of: fn(&Mailbox) -> &Samples, which: usize| {
        of(&mailboxes[which]).median_ms() / of(&mailboxes[0]).median_ms()
    };
    outcome.floor("enqueue_ms", mailboxes[0].put.median_ms());
    outcome.floor("fetch_ms", mailboxes[0].got.median_ms());
    outcome.targets.push(Target::at_most("enqueue_many_to_one", ratio(|m| &m.put, 1), 1.5));
    outcome.targets.push(Target::at_most("enqueue_very_many_to_one", ratio(|m| &m.put, 2), 1.5));
    outcome.targets.push(Target::at_most("fetch_many_to_one", ratio(|m| &m.got, 1), 1.5));
    outcome.targets.push(Target::at_most("fetch_very_many_to_one", ratio(|m| &m.got, 2), 1.5));
    outcome.note(
        "the floor is the mailbox with one packet; fetching is a packet's share of a full window, from the subscription on",
    );
}

impl Mailbox {
    async fn filled(plan: &Plan, fill: usize) -> Self {
        let town = Town::found(plan).await;
        let (sender, recipient) = (town.join("Sender").await, town.join("Recipient").await);
        let mut forger = Forger::new(recipient.org(), recipient.engine.identity.device(), Priority::P2);
        let mut links = Vec::new();
        for _ in 0..LINKS {
            links.push(sender.link().await);
        }
        let mut left = fill;
        while left > 0 {
            let part = left.min(10_000);
            assert_eq!(town::submit_all(&links, EACH, forger.envelopes(part), true).await.len(), part);
            left -= part;
        }
        let samples = Samples::default;
        let link = links.remove(0);
        Self {
            fill,
            recipient,
            link,
            forger,
            put: samples(),
            got: samples(),
            settled: samples(),
            _town: town,
        }
    }

    /// A window full in, the same number out: the fill stays what it is, and the relay always has as much to push.
    async fn round(&mut self) {
        for _ in 0..WINDOW {
            let envelope = self.forger.envelope();
            let begun = Instant::now();
            let _: Accepted = town::ask(&*self.link, &Submit { envelope }).await;
            self.put.push(begun.elapsed());
        }
        let link = self.recipient.link().await;
        let (envelopes, took) = window(&*link).await;
        link.close(0);
        self.got.push(took / u32::try_from(WINDOW).unwrap());
        let link = self.recipient.link().await;
        let begun = Instant::now();
        let _: Done = town::ask(&*link, &Acknowledge { envelopes }).await;
        self.settled.push(begun.elapsed());
        link.close(0);
    }

    /// What waits is what should.
    async fn check(&self) {
        let link = self.recipient.link().await;
        let state: DeviceState = town::ask(&*link, &Subscribe {}).await;
        assert_eq!(state.waiting, self.fill as u64);
        link.close(0);
    }
}

/// Subscribes and reads packets to their ends, all that are pushed before one is acknowledged.
async fn window(link: &dyn Link) -> (Vec<EnvelopeId>, Duration) {
    let begun = Instant::now();
    let _: DeviceState = town::ask(link, &Subscribe {}).await;
    let mut pushes = Vec::new();
    while pushes.len() < WINDOW {
        let mut stream = link.accept_uni().await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        pushes.push(bytes);
    }
    let took = begun.elapsed();
    let id = |bytes: &Vec<u8>| {
        let push: Push = wire::decode_payload(&bytes[FRAME_HEADER_BYTES..]).unwrap();
        envelope_id(&push.outer, &push.body)
    };
    (pushes.iter().map(id).collect(), took)
}
