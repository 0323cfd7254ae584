//! The one judge of all scenarios: looks at every store and says which promise is broken.
//!
//! A packet counts as promised from the moment in which its writer was told that it is queued ([`Promise`]). While the
//! world is still in trouble a promised packet may be anywhere on its way, as long as it is somewhere; once everything
//! is healed and quiet it is in its recipient's inbox exactly once and its sender holds a receipt for it, signed by a
//! device, or its sender sees that it failed. Nothing else is a third way.

use std::collections::{BTreeMap, BTreeSet};

use causeway_certs::keys::PublicKey;
use causeway_client::identity::Identity;
use causeway_client::model::{PACKET_REFERRAL, Received, Sent, StoredSection, Thread, Transport};
use causeway_client::prekeys;
use causeway_client::records;
use causeway_client::seal::content::Grant;
use causeway_client::vault::{Tree, Vault};
use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::statements::{DeviceReceipt, RECEIPT_OPENED};
use causeway_common::store::{Kv, Record};
use causeway_common::time::Timestamp;

pub mod teams;

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// A promised packet is nowhere.
    Lost,
    /// Something counts twice.
    Doubled,
    /// A packet that nobody wrote, or that is in the wrong hands.
    Invented,
    /// Content is not what was written.
    Altered,
    /// A state says what is not so, or is not proven.
    FalseState,
    /// Everything is healed, and somebody still waits or does not know.
    Silent,
    /// Numbers of packets that do not add up.
    Chain,
    /// The two sides of a thread see different states and neither says so.
    Diverged,
    /// Words of a packet are readable where nobody may read them.
    Leaked,
    /// A store does not verify.
    Damaged,
    /// A key that has opened a packet still exists.
    KeyKept,
    /// A key of an earlier life of a device is offered again.
    KeyReused,
    /// An organisation has lost its roots, or whoever could sign for it.
    LockedOut,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which one.
    pub rule: Rule,
    /// What was seen.
    pub what: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}

/// A packet whose writer was told that it is queued.
#[derive(Clone, Debug)]
pub struct Promise {
    /// Who wrote it.
    pub from: OrgId,
    /// On which device.
    pub device: DeviceId,
    /// To whom.
    pub to: OrgId,
    /// Its name.
    pub packet: PacketId,
    /// What it says.
    pub sections: Vec<StoredSection>,
    /// Its device has come out of a backup that does not hold it.
    pub forgotten: bool,
}

/// A device and what it keeps.
#[derive(Clone, Debug)]
pub struct Witness {
    /// A name for messages.
    pub name: String,
    /// Who it is.
    pub identity: Identity,
    /// What it keeps.
    pub vault: Vault,
    /// How it comes to have what its organisation has.
    pub presence: Presence,
    /// How much had been noted of the relay's disk each time that it came out of a backup.
    pub lives: Vec<usize>,
}

/// How a device comes to have what its organisation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It has been there from the beginning.
    Always,
    /// It came later, or out of a backup, and a colleague has given it what was before.
    Given,
    /// It came later, or out of a backup, and there was nobody to give it anything.
    Lacking,
}

/// Everything there is to look at.
#[derive(Clone, Copy, Debug)]
pub struct Scenario<'a> {
    /// Stores that hold nothing in plain words: the relay's first, then those under the vaults.
    pub sealed: &'a [(&'a str, &'a dyn Kv)],
    /// All devices; for [`judge`], one of each organisation.
    pub witnesses: &'a [Witness],
    /// What was promised.
    pub promises: &'a [Promise],
    /// Words that stand in packets and nowhere else.
    pub canaries: &'a [&'a str],
    /// Whether everything has been healed and has come to rest.
    pub healed: bool,
    /// Failures that may be seen in this scenario, by their machine word.
    pub failures: &'a [&'a str],
    /// What has been durable at the relay under the letters of mailboxes (`m`) and prekeys (`p`), in order.
    pub noted: &'a [Record],
    /// Whether the relay has come out of a backup.
    pub relay_restored: bool,
    /// Whether nobody had left keys in the beginning: what is sealed to an organisation then is not for all of its devices.
    pub fresh: bool,
    /// Root keys that people have on paper.
    pub sheets: &'a [Digest],
}

/// Looks at everything.
pub async fn judge(scenario: &Scenario<'_>) -> Vec<Broken> {
    let mut court = Court { scenario: *scenario, broken: Vec::new(), seats: Vec::new() };
    for witness in scenario.witnesses {
        court.read(witness);
    }
    court.promises();
    court.deliveries();
    court.inboxes();
    court.chains();
    court.threads();
    court.take(leaks(scenario));
    court.take(kept_keys(scenario).await);
    court.broken
}

/// What one device keeps, read.
#[derive(Debug)]
struct Seat<'a> {
    witness: &'a Witness,
    org: OrgId,
    key: PublicKey,
    sent: BTreeMap<(PacketId, OrgId), Sent>,
    received: BTreeMap<PacketId, Received>,
    threads: BTreeMap<[u8; 32], Thread>,
}

struct Court<'a> {
    scenario: Scenario<'a>,
    broken: Vec<Broken>,
    seats: Vec<Seat<'a>>,
}

impl<'a> Court<'a> {
    fn broken(&mut self, rule: Rule, what: String) {
        self.broken.push(Broken { rule, what });
    }

    fn read(&mut self, witness: &'a Witness) {
        let vault = &witness.vault;
        if let Err(error) = vault.verify() {
            self.broken(Rule::Damaged, format!("the vault of {}: {error}", witness.name));
        }
        let sent = records::all_sent(vault);
        let received = records::all_received(vault);
        let threads = records::all_threads(vault);
        let (Ok(sent), Ok(received), Ok(threads)) = (sent, received, threads) else {
            self.broken(Rule::Damaged, format!("records of {} do not read", witness.name));
            return;
        };
        self.seats.push(Seat {
            witness,
            org: witness.identity.org,
            key: witness.identity.device_key().public(),
            sent: sent.into_iter().map(|sent| ((sent.packet, sent.to), sent)).collect(),
            received: received.into_iter().map(|received| (received.packet, received)).collect(),
            threads: threads.into_iter().map(|thread| (thread.case, thread)).collect(),
        });
    }

    fn promises(&mut self) {
        let mut broken = Vec::new();
        for promise in self.scenario.promises {
            let Some(seat) = self.seats.iter().find(|seat| seat.org == promise.from) else { continue };
            let name = format!("{} of {}", short(promise.packet), seat.witness.name);
            match seat.sent.get(&(promise.packet, promise.to)) {
                None => {
                    broken.push((Rule::Lost, format!("{name} was promised and its sender has no record")))
                }
                Some(sent) if sent.sections != promise.sections => {
                    broken.push((Rule::Altered, format!("{name} is not what was written")));
                }
                Some(_) => {}
            }
        }
        self.take(broken);
    }

    /// Every packet of ours: is its state true, is it proven, is it final?
    fn deliveries(&mut self) {
        let mut broken = Vec::new();
        let healed = self.scenario.healed;
        for seat in &self.seats {
            for sent in seat.sent.values() {
                let state = sent.transport;
                let name = format!("{} from {} ({})", short(sent.packet), seat.witness.name, state.as_str());
                if sent.packet_type != PACKET_REFERRAL {
                    // Receipts are not receipted: they are there while they wait, or refused for good.
                    if healed && state.is_pending() {
                        broken.push((Rule::Silent, format!("receipts {name} still wait")));
                    }
                    continue;
                }
                let there = self.seats.iter().find(|other| other.org == sent.to);
                let inbox = there.and_then(|other| other.received.get(&sent.packet));
                let claims = matches!(state, Transport::Delivered | Transport::Opened);
                if claims && inbox.is_none() {
                    broken.push((Rule::Lost, format!("{name} is not in its recipient's inbox")));
                }
                if let Some(there) = there.filter(|_| claims) {
                    proof(sent, inbox, there, &name, &mut broken);
                }
                if state.is_failure() && !self.scenario.failures.contains(&sent.failure.as_str()) {
                    let why = &sent.failure;
                    broken.push((Rule::Lost, format!("{name} failed with {why:?} and should not have")));
                }
                if !healed {
                    continue;
                }
                if state.is_pending() {
                    let held = if inbox.is_some() { "is in the inbox" } else { "is not in the inbox" };
                    broken.push((Rule::Silent, format!("{name} {held}, and its sender does not know")));
                }
                if state.is_failure() && inbox.is_some() {
                    broken.push((Rule::FalseState, format!("{name} is in the inbox and counts as failed")));
                }
                let opened = inbox.is_some_and(|received| received.opened != Timestamp(0));
                if opened != (state == Transport::Opened) && self.scenario.failures.is_empty() {
                    broken.push((Rule::Silent, format!("{name}: opened by its recipient: {opened}")));
                }
            }
            if healed {
                let (pending, awaiting) =
                    (records::pending_count(&seat.witness.vault), seat.witness.vault.count(Tree::Awaiting));
                if pending + awaiting > 0 {
                    let name = &seat.witness.name;
                    broken.push((Rule::Silent, format!("{name}: {pending} pending, {awaiting} awaited")));
                }
            }
        }
        self.take(broken);
    }

    /// Every packet of others: did they write it, for us, with these words?
    fn inboxes(&mut self) {
        let mut broken = Vec::new();
        for seat in &self.seats {
            for received in seat.received.values() {
                let name = format!("{} in the inbox of {}", short(received.packet), seat.witness.name);
                let Some(author) = self.seats.iter().find(|other| other.org == received.from) else {
                    broken.push((Rule::Invented, format!("{name} comes from nobody we know")));
                    continue;
                };
                match author.sent.get(&(received.packet, seat.org)) {
                    None => broken.push((Rule::Invented, format!("{name}: its sender did not write it"))),
                    Some(sent) if sent.sections != received.sections => {
                        broken.push((Rule::Altered, format!("{name} is not what was written")));
                    }
                    Some(_) => {}
                }
            }
            for thread in seat.threads.values() {
                let mut seen = BTreeSet::new();
                for event in &thread.events {
                    if !seen.insert((event.packet, &event.what, event.by)) {
                        let (name, packet) = (&seat.witness.name, short(event.packet));
                        broken.push((
                            Rule::Doubled,
                            format!("{name} notes {:?} of {packet} twice", event.what),
                        ));
                    }
                }
            }
        }
        self.take(broken);
    }

    /// Numbers of packets from one device to one organisation: none twice, none beyond what was given, none missing.
    fn chains(&mut self) {
        let mut broken = Vec::new();
        for seat in &self.seats {
            for other in self.seats.iter().filter(|other| other.org != seat.org) {
                let pair = format!("{} to {}", seat.witness.name, other.witness.name);
                let vault = &seat.witness.vault;
                let last = records::chain_to(vault, other.org).map_or(0, |chain| chain.sequence);
                let mut numbers = BTreeMap::new();
                for sent in seat.sent.values().filter(|sent| sent.to == other.org && sent.sequence > 0) {
                    if let Some(twin) = numbers.insert(sent.sequence, sent.packet) {
                        let (a, b) = (short(sent.packet), short(twin));
                        broken.push((Rule::Chain, format!("{pair}: {a} and {b} have the same number")));
                    }
                }
                let device = other.received.values().find(|r| r.from == seat.org).map(|r| r.from_device);
                let chain = device.map(|device| records::chain_from(&other.witness.vault, device).unwrap());
                if let Some(count) = chain.map(|c| c.contradictions()).filter(|count| *count > 0) {
                    broken.push((
                        Rule::Chain,
                        format!("{pair}: {count} contradictions, and nobody was restored"),
                    ));
                }
                let mut arrived = BTreeSet::new();
                for received in other.received.values().filter(|received| received.from == seat.org) {
                    let grant = codec::decode::<Grant>(&received.grant.body, FRAME_BYTES_MAX);
                    let Ok(grant) = grant else {
                        let packet = short(received.packet);
                        broken.push((Rule::Damaged, format!("{pair}: the grant of {packet} does not read")));
                        continue;
                    };
                    let known = numbers.get(&grant.seq) == Some(&received.packet);
                    if !arrived.insert(grant.seq) || grant.seq > last || !known {
                        let packet = short(received.packet);
                        broken.push((
                            Rule::Chain,
                            format!("{pair}: {packet} has number {} of {last}", grant.seq),
                        ));
                    }
                }
            }
        }
        self.take(broken);
    }

    fn threads(&mut self) {
        let mut broken = Vec::new();
        for seat in &self.seats {
            for thread in seat.threads.values().filter(|thread| thread.ours) {
                let there = self.seats.iter().find(|other| other.org == thread.peer);
                let Some(theirs) = there.and_then(|other| other.threads.get(&thread.case)) else { continue };
                // Only a step that visibly did not get across explains a difference: from the same steps both sides
                // come to the same state.
                let failed = |seat: &Seat<'_>| {
                    seat.sent.values().any(|sent| sent.case == thread.case && sent.transport.is_failure())
                };
                let noted = failed(seat) || there.is_some_and(failed);
                if self.scenario.healed && thread.work != theirs.work && !noted {
                    let (case, name) = (hex::encode(&thread.case[..4]), &seat.witness.name);
                    let (here, there) = (&thread.work, &theirs.work);
                    broken.push((Rule::Diverged, format!("{case} of {name}: {here} here, {there} there")));
                }
            }
        }
        self.take(broken);
    }

    fn take(&mut self, found: Vec<(Rule, String)>) {
        found.into_iter().for_each(|(rule, what)| self.broken(rule, what));
    }
}

/// Words of packets stand nowhere where anybody could read them.
fn leaks(scenario: &Scenario<'_>) -> Vec<(Rule, String)> {
    let mut broken = Vec::new();
    for (name, kv) in scenario.sealed {
        let Ok(all) = kv.scan(b"", None, usize::MAX) else {
            broken.push((Rule::Damaged, format!("{name} does not read")));
            continue;
        };
        for canary in scenario.canaries {
            let holds = |bytes: &[u8]| bytes.windows(canary.len()).any(|part| part == canary.as_bytes());
            if all.iter().any(|(key, value)| holds(key) || holds(value)) {
                broken.push((Rule::Leaked, format!("{name} holds {canary:?}")));
            }
        }
    }
    broken
}

/// A key that has opened a packet must be gone once things have come to rest.
async fn kept_keys(scenario: &Scenario<'_>) -> Vec<(Rule, String)> {
    let mut broken = Vec::new();
    for witness in scenario.witnesses.iter().filter(|_| scenario.healed) {
        for (id, bytes) in witness.vault.list(Tree::Prekeys).unwrap_or_default() {
            let used =
                codec::decode::<prekeys::OwnPrekey>(&bytes, FRAME_BYTES_MAX).is_ok_and(|prekey| prekey.used);
            if used && witness.vault.eks_get(&id).await.is_some() {
                broken.push((Rule::KeyKept, format!("{}: prekey {}", witness.name, hex::encode(&id))));
            }
        }
    }
    broken
}

/// A delivery is proven by a receipt of the recipient's device for exactly this packet.
fn proof(
    sent: &Sent,
    inbox: Option<&Received>,
    there: &Seat<'_>,
    name: &str,
    broken: &mut Vec<(Rule, String)>,
) {
    let mut proven = (false, false);
    for signed in &sent.receipts {
        let receipt = codec::decode::<DeviceReceipt>(&signed.body, FRAME_BYTES_MAX);
        let signed_by_device = there.key.verify(Label::Receipt, signed).is_ok();
        let Some(receipt) = receipt.ok().filter(|_| signed_by_device) else {
            broken.push((Rule::FalseState, format!("{name} has a receipt that nobody signed")));
            continue;
        };
        let fits = receipt.packet == sent.packet
            && receipt.org == sent.to
            && inbox.is_some_and(|received| sent.reseals > 0 || received.grant_digest == receipt.grant);
        if fits {
            proven.0 = true;
            proven.1 |= receipt.status == RECEIPT_OPENED;
        } else {
            broken.push((Rule::FalseState, format!("{name} has a receipt for something else")));
        }
    }
    if !proven.0 || (sent.transport == Transport::Opened && !proven.1) {
        broken.push((Rule::FalseState, format!("{name} is not proven by a receipt")));
    }
}

/// The first letters of a name.
pub fn short(packet: PacketId) -> String {
    hex::encode(&packet.0[..4])
}
