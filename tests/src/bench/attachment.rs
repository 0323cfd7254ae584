//! A large attachment: memory of all three parties, each a process of its own, and the rate beside that of the cipher
//! alone.

use std::fs::File;
use std::path::Path;

use causeway_client::attachments;
use causeway_client::model::Received;
use causeway_client::records;
use causeway_client::vault::Changes;
use causeway_common::ids::OrgId;
use causeway_common::limits::CHUNK_BYTES;
use causeway_common::priority::Priority;
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use serde_json::{Value, json};
use sha2::Digest as _;
use tokio::time::Instant;

use super::Plan;
use super::measure::{self, Memory};
use super::report::{Outcome, Target};
use super::roles::{Process, say, wait_for_nod};
use super::town::{self, Member, Town};

const MIB: f64 = (1 << 20) as f64;
/// What the cipher alone is measured over.
const FLOOR_CHUNKS: usize = 8_192;
/// Names of the file, and of where its recipient is written for the sender's process.
const FILE: &str = "scan.pdf";
const TO: &str = "to";

pub(super) async fn run(plan: &Plan) -> Outcome {
    let bytes: u64 = if plan.quick { 16 << 20 } else { 1 << 30 };
    let mut outcome = Outcome::new("attachment");
    let town = Town::found(plan).await;
    let (sender, recipient) = (town.join("Sender").await, town.join("Recipient").await);
    recipient.sync().await;
    sender.sync().await;
    let to = recipient.org();
    drop((sender, recipient));
    let (sender, recipient) = (town.folder_of("Sender"), town.folder_of("Recipient"));
    File::create_new(sender.join(FILE)).unwrap().set_len(bytes).unwrap();
    std::fs::write(sender.join(TO), to.to_string()).unwrap();

    let relay = town.relay.id();
    measure::forget_peak(&relay);
    let relay_idle = measure::memory(&relay).resident;
    let sent = act(plan, "sender", &sender);
    let relay_took = above(relay_idle, &relay);
    measure::forget_peak(&relay);
    let relay_idle = measure::memory(&relay).resident;
    let fetched = act(plan, "recipient", &recipient);
    let relay_gave = above(relay_idle, &relay);
    assert_eq!(std::fs::metadata(recipient.join(FILE)).unwrap().len(), bytes);

    outcome.count("bytes", usize::try_from(bytes).unwrap());
    let number = |from: &Value, name: &str| from[name].as_f64().unwrap();
    let mib = bytes as f64 / MIB;
    outcome.floor("cipher_alone_mib_per_s", cipher_alone());
    outcome.floor("hash_alone_mib_per_s", hash_alone());
    outcome.measured("seal_mib_per_s", mib / number(&sent, "seal_s"));
    outcome.measured("upload_mib_per_s", mib / number(&sent, "send_s"));
    outcome.measured("fetch_and_open_mib_per_s", mib / number(&fetched, "fetch_s"));
    outcome.measured("sender_idle_mib", number(&sent, "idle_mib"));
    outcome.measured("relay_idle_mib", relay_idle / 1024.0);
    outcome.measured("recipient_idle_mib", number(&fetched, "idle_mib"));
    let relay_most = relay_took.max(relay_gave);
    outcome.targets.push(Target::at_most("sender_mib_above_idle", number(&sent, "above_mib"), 64.0));
    outcome.targets.push(Target::at_most("relay_mib_above_idle", relay_most, 64.0));
    outcome.targets.push(Target::at_most("recipient_mib_above_idle", number(&fetched, "above_mib"), 64.0));
    outcome.note("rates go over the file's own bytes; the sealed file is up to 12 % longer");
    outcome
}

/// MiB between what a process used and its peak since then.
fn above(idle_kib: f64, process: &str) -> f64 {
    (measure::memory(process).peak - idle_kib) / 1024.0
}

/// Runs a device's part in a process of its own.
fn act(plan: &Plan, role: &str, folder: &Path) -> Value {
    let mut process = Process::start(&plan.program, role, folder);
    process.nod();
    process.hear()
}

/// The sender: seals the file into a packet and brings it to the relay.
pub(super) async fn send(folder: &Path) {
    let member = Member::unlock(folder).await;
    let to: OrgId = std::fs::read_to_string(folder.join(TO)).unwrap().parse().unwrap();
    wait_for_nod();
    let idle = idle();
    let mut draft = town::draft(to, Priority::P3);
    // Nothing but evidence may be as long as this.
    let code = *b"EVI";
    draft.sections[1].code = code;
    let begun = Instant::now();
    member.engine.attach(&mut draft, code, &folder.join(FILE)).await.unwrap();
    let sealed = begun.elapsed();
    member.engine.queue(vec![draft], Changes::default()).await.unwrap();
    let begun = Instant::now();
    assert_eq!(member.sync().await.sent, 1);
    let sent = begun.elapsed();
    say(&json!({
        "idle_mib": idle.resident / 1024.0,
        "above_mib": above(idle.resident, "self"),
        "seal_s": sealed.as_secs_f64(),
        "send_s": sent.as_secs_f64(),
    }));
}

/// The recipient: takes the packet, then fetches its file.
pub(super) async fn fetch(folder: &Path) {
    let member = Member::unlock(folder).await;
    wait_for_nod();
    let idle = idle();
    assert_eq!(member.sync().await.received, 1);
    let received: Vec<Received> = records::all_received(&member.engine.vault).unwrap();
    let entries = attachments::entries(&received[0].sections);
    let begun = Instant::now();
    let link = member.link().await;
    attachments::download(
        &*link,
        &member.engine.staging,
        received[0].packet,
        &entries[0],
        &folder.join(FILE),
    )
    .await
    .unwrap();
    let fetched = begun.elapsed();
    link.close(0);
    say(&json!({
        "idle_mib": idle.resident / 1024.0,
        "above_mib": above(idle.resident, "self"),
        "fetch_s": fetched.as_secs_f64(),
    }));
}

fn idle() -> Memory {
    measure::forget_peak("self");
    measure::memory("self")
}

/// ChaCha20-Poly1305 over chunks as long as ours, nothing else.
fn cipher_alone() -> f64 {
    let cipher = ChaCha20Poly1305::new(&[7; 32].into());
    let mut chunk = vec![0; CHUNK_BYTES];
    rate(|| {
        cipher.encrypt_inout_detached(&[0; 12].into(), b"", chunk.as_mut_slice().into()).unwrap();
    })
}

/// SHA-256 over the same: a sealed file is hashed as well.
fn hash_alone() -> f64 {
    let (mut hash, chunk) = (sha2::Sha256::new(), vec![0; CHUNK_BYTES]);
    rate(|| hash.update(&chunk))
}

fn rate(mut one_chunk: impl FnMut()) -> f64 {
    let begun = Instant::now();
    (0..FLOOR_CHUNKS).for_each(|_| one_chunk());
    (FLOOR_CHUNKS * CHUNK_BYTES) as f64 / MIB / begun.elapsed().as_secs_f64()
}
