//! A vault with many cases: opening it, looking them all over, and what the key of a case costs.

use causeway_client::casebook::Case;
use causeway_client::consents::protection;
use causeway_client::model::{Event, Received, StoredSection, Thread};
use causeway_client::records;
use causeway_client::referral::{Document, Kind};
use causeway_client::vault::{Changes, Cost, Tree, Vault};
use causeway_common::ids::{DeviceId, Digest, EnvelopeId, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::store::{Kv as _, SledKv};
use causeway_common::time::Timestamp;
use rand::RngExt as _;
use rand_chacha::ChaCha20Rng;
use serde_json::json;
use tokio::time::Instant;

use super::Plan;
use super::measure::{Samples, memory};
use super::report::{Outcome, Target};
use super::town::{self, fresh_rng};

/// Cases in one commit.
const BATCH: usize = 250;
/// Cases that are read one by one.
const READ: usize = 500;

pub(super) async fn run(plan: &Plan) -> Outcome {
    let size = if plan.quick { 300 } else { 100_000 };
    let mut outcome = Outcome::new("casebook");
    let folder = town::folder(plan);
    let mut rng = fresh_rng();
    let vault = {
        let store = town::store(folder.path());
        Vault::create(store, folder.path(), town::PASSPHRASE, Cost::least(), &mut rng).await.unwrap().0
    };
    let packets = fill(&vault, size, |number| (number as u64, "accepted"), &mut rng).await;
    // The same again without the key of a case.
    let mut changes = Changes::default();
    for packet in packets.iter().take(READ) {
        changes.put(Tree::Drafts, &packet.0, vault.get(Tree::Inbox, &packet.0).unwrap().unwrap().to_vec());
    }
    vault.commit(changes, &mut rng).await.unwrap();
    drop(vault);

    let begun = Instant::now();
    let store = town::store(folder.path());
    let opened = begun.elapsed();
    let begun = Instant::now();
    let bytes = bytes_in(&store);
    let scanned = begun.elapsed();
    let before = memory("self").resident;
    let begun = Instant::now();
    let vault = Vault::unlock(store, folder.path(), town::PASSPHRASE).await.unwrap();
    let unlocked = begun.elapsed();
    let kib = memory("self").resident - before;

    let mut plain = Samples::default();
    for packet in packets.iter().take(READ) {
        let begun = Instant::now();
        assert!(vault.get(Tree::Drafts, &packet.0).unwrap().is_some());
        plain.push(begun.elapsed());
    }
    let mut one = [Samples::default(), Samples::default()];
    for samples in &mut one {
        for packet in packets.iter().take(READ) {
            let begun = Instant::now();
            assert!(vault.get(Tree::Inbox, &packet.0).unwrap().is_some());
            samples.push(begun.elapsed());
        }
    }
    let begun = Instant::now();
    assert_eq!(records::all_threads(&vault).unwrap().len(), size);
    let listed = begun.elapsed();
    let begun = Instant::now();
    let documents = Case::each(&vault).map(|case| case.unwrap().document);
    let asked = documents.inspect(|document| assert!(!document.is_empty())).last().unwrap();
    let read = begun.elapsed();
    let begun = Instant::now();
    assert!(!protection::known(&vault, &asked).unwrap().is_empty());
    let known = begun.elapsed();

    let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    outcome.count("cases", size);
    outcome.count("bytes", bytes);
    outcome.floor("store_opened_ms", ms(opened));
    outcome.floor("store_read_ms", ms(scanned));
    outcome.measured("unlocked_ms", ms(unlocked));
    outcome.measured("index_kib_per_case", kib.max(1.0) / size as f64);
    outcome.measured("threads_listed_ms", ms(listed));
    outcome.measured("cases_read_ms", ms(read));
    outcome.measured("known_ms", ms(known));
    outcome.floor("reading_without_case_us", plain.median_ms() * 1e3);
    outcome.measured("first_reading_us", one[0].median_ms() * 1e3);
    outcome.measured("later_reading_us", one[1].median_ms() * 1e3);
    let of_a_case = one[1].median_ms() / plain.median_ms();
    outcome.targets.push(Target::at_most("record_of_a_case_to_record_of_none", of_a_case, 2.0));
    outcome.note("cases of others, each with one referral and three steps; opened by the same process, so from the machine's memory");
    outcome
}

/// Reads all that a store holds.
fn bytes_in(store: &SledKv) -> usize {
    let (mut after, mut bytes) = (None::<Vec<u8>>, 0);
    loop {
        let found = store.scan(b"v", after.as_deref(), 256).unwrap();
        let Some((last, _)) = found.last() else { return bytes };
        after = Some(last.clone());
        bytes += found.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
    }
}

/// Writes so many cases; `course` says when each began and how far it is.
pub(super) async fn fill(
    vault: &Vault,
    size: usize,
    course: impl Fn(usize) -> (u64, &'static str),
    rng: &mut ChaCha20Rng,
) -> Vec<PacketId> {
    let text: &[u8] = include_bytes!("../../../docs/samples/missing-person.json");
    let mut document = Document::parse(Kind::from_code("MPR").unwrap(), text).unwrap();
    document.fields.insert("persecution_fear_countries".into(), json!(["XK"]));
    let mut packets = Vec::with_capacity(size);
    let numbers: Vec<usize> = (0..size).collect();
    for batch in numbers.chunks(BATCH) {
        let mut changes = Changes::default();
        for number in batch {
            let (packet, case) = (PacketId(rng.random()), rng.random());
            document.fields.insert("case_ref".into(), format!("RU-2026-{number:06}").into());
            document.fields.insert("consent_ref".into(), format!("C-{number}").into());
            records::put_received(&mut changes, &received(packet, case, &document));
            records::put_thread(&mut changes, &thread(packet, case, course(*number)));
            records::put_seen(&mut changes, EnvelopeId(rng.random()));
            packets.push(packet);
        }
        vault.commit(changes, rng).await.unwrap();
    }
    packets
}

fn received(packet: PacketId, case: [u8; 32], document: &Document) -> Received {
    let sections = document.clone().into_sections();
    Received {
        packet,
        case,
        kind: "MPR".into(),
        from: OrgId([3; 32]),
        from_device: DeviceId([4; 32]),
        priority: Priority::P1,
        created: Timestamp(1),
        relayed: Timestamp(2),
        received: Timestamp(3),
        opened: Timestamp(0),
        in_reply_to: PacketId([0; 32]),
        sections: sections
            .into_iter()
            .map(|section| StoredSection {
                code: section.code.0,
                bytes: serde_json::to_vec(&section.json).unwrap(),
            })
            .collect(),
        withheld: Vec::new(),
        grant: Signed { body: vec![7; 400], signature: vec![7; 64] },
        grant_digest: Digest([5; 32]),
        manifest: vec![7; 800],
        given_by: String::new(),
    }
}

fn thread(root: PacketId, case: [u8; 32], (begun, work): (u64, &str)) -> Thread {
    let event = |what: &str, state: &str| Event {
        at: Timestamp(begun),
        by: OrgId([3; 32]),
        what: what.into(),
        state: state.into(),
        text: String::new(),
        packet: root,
        after: PacketId([0; 32]),
        conflict: false,
        author: String::new(),
        taken_back: false,
    };
    Thread {
        case,
        root,
        kind: "MPR".into(),
        peer: OrgId([3; 32]),
        ours: false,
        priority: Priority::P1,
        begun: Timestamp(begun),
        respond_by: Timestamp(begun + 1),
        work: work.into(),
        events: vec![event("receive", "received"), event("open", "seen"), event("accept", "accepted")],
        waiting: Vec::new(),
    }
}
