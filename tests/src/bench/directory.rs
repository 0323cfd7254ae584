//! What the directory costs a member: all of it at the first start, and what it has gained since.
//!
//! The member is a process of its own with its vault on the drive; it fetches over QUIC, as it does in life.

use std::hint::black_box;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::keys::SigningKey;
use causeway_certs::transport::quic::{self, PersistentKeys, QuicListener};
use causeway_certs::transport::{Dialer as _, Link};
use causeway_client::identity::Identity;
use causeway_client::replica::Replica;
use causeway_client::session;
use causeway_common::codec;
use causeway_common::framed::{self, Label};
use causeway_common::limits::STATEMENT_BYTES_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::{Admission, Invite, OrgGenesis, Statement, StatementKind};
use causeway_common::time::{Clock as _, SystemClock};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use tokio::sync::RwLock;
use tokio::time::Instant;

use super::Plan;
use super::grown::{self, Grown};
use super::measure::{self, Samples};
use super::report::{Outcome, Target};
use super::roles::{Process, say};
use super::town::{self, Member};

/// Statements of one later sync.
const GAINED: usize = 100;
/// What the member is told to do.
const FETCH: &str = "fetch";
const REPLAY: &str = "replay";
const OPEN: &str = "open";
/// Admissions whose signatures the floor verifies.
const FLOOR_ADMISSIONS: usize = 2_500;

pub(super) async fn run(plan: &Plan) -> Outcome {
    let (organisations, rounds) = if plan.quick { (200, 2) } else { (10_000, 9) };
    let mut outcome = Outcome::new("directory");
    let relay = SigningKey::generate(&mut town::fresh_rng());
    let keys = PersistentKeys { reset: &[2; 32], token: &[3; 32] };
    let endpoint = quic::listen(SocketAddr::from(([127, 0, 0, 1], 0)), &relay, keys).unwrap();
    let (address, relay_key) = (endpoint.local_addr().unwrap(), relay.public());
    let mut grown = Grown::new(relay);
    let folder = town::folder(plan);
    found_member(folder.path(), address, *relay_key.as_bytes(), &grown.registrar).await;
    grown.admit(organisations);
    let each = verification_alone(&grown);
    // Of an admission: the registrar's, two of the root, and the administrator's under the roster.
    let floor_ms = (4 * organisations) as f64 * each + hashing_alone(&grown);

    let grown = Arc::new(RwLock::new(grown));
    let served = tokio::spawn(grown::serve(Arc::clone(&grown), QuicListener::new(endpoint)));
    let mut member = Process::start(&plan.program, "newcomer", folder.path());
    let empty = told(&mut member, OPEN);
    let first = told(&mut member, FETCH);
    assert_eq!(first["statements"], 1 + organisations);
    assert_eq!(first["devices"], organisations * grown::DEVICES);
    let (mut gained, mut gained_cpu, mut gained_floor) = (Samples::default(), Vec::new(), 0.0);
    for _ in 0..rounds {
        gained_floor = grown.write().await.happen(GAINED) as f64 * each;
        let next = told(&mut member, FETCH);
        assert_eq!(next["statements"].as_u64().unwrap(), grown.read().await.directory.size());
        gained_cpu.push(number(&next, "cpu_ms"));
        gained.push(Duration::from_secs_f64(number(&next, "wall_ms") / 1e3));
    }
    let started_again = told(&mut member, REPLAY);
    drop(member);
    served.await.unwrap();
    let mut member = Process::start(&plan.program, "newcomer", folder.path());
    let full = told(&mut member, OPEN);
    drop(member);

    outcome.count("organisations", organisations);
    outcome.count("devices", organisations * grown::DEVICES);
    outcome.count("statements_gained", GAINED);
    outcome.floor("verify_and_hash_alone_ms", floor_ms);
    outcome.floor("gained_verify_alone_ms", gained_floor);
    outcome.measured("first_sync_ms", number(&first, "wall_ms"));
    outcome.measured("first_sync_processor_ms", number(&first, "cpu_ms"));
    outcome.measured("first_sync_to_floor", number(&first, "cpu_ms") / floor_ms);
    outcome.measured("resident_mib", number(&first, "resident_mib"));
    outcome.measured("resident_mib_after_next_start", number(&full, "mib") - number(&empty, "mib"));
    outcome.measured("gained_ms", gained.median_ms());
    outcome.measured("gained_processor_ms", measure::mean(&gained_cpu));
    outcome.measured("gained_to_floor", measure::mean(&gained_cpu) / gained_floor);
    outcome.measured("next_start_ms", number(&started_again, "wall_ms"));
    let slowest = number(&first, "wall_ms").max(number(&first, "cpu_ms"));
    outcome.targets.push(Target::at_most("first_sync_ms", slowest, 3_000.0));
    outcome.targets.push(Target::at_most("peak_mib_above_idle", number(&first, "peak_mib"), 64.0));
    outcome.targets.push(Target::at_most("gained_ms", gained.median_ms(), 20.0));
    outcome.note("from the first request until everything is verified and durable in the vault, over QUIC");
    outcome
}

/// Tells the member what to do and hears what came of it.
fn told(member: &mut Process, words: &str) -> Value {
    member.tell(&words.into());
    member.hear()
}

fn number(from: &Value, name: &str) -> f64 {
    from[name].as_f64().unwrap()
}

/// A vault that has joined and knows nothing of the directory.
async fn found_member(folder: &Path, address: SocketAddr, relay_key: [u8; 32], registrar: &SigningKey) {
    let (now, mut rng) = (SystemClock.now(), town::fresh_rng());
    let invite = Invite {
        invite_id: [1; 16],
        relay_address: address.to_string(),
        relay_key,
        registrar_key: *registrar.public().as_bytes(),
        name: "Newcomer".into(),
        kind: "ngo".into(),
        country: "DE".into(),
        expires: now,
    };
    let signed = registrar.sign(Label::Invite, codec::encode(&invite));
    let identity = Identity::found_organisation(signed, &invite, "desk", now, &mut rng);
    drop(Member::found(&folder.join("member"), &identity).await);
}

/// Acts as the member: fetches what there is each time that it is told to, or replays what its vault holds.
pub(super) async fn join(folder: &Path) {
    let bare = measure::memory("self").resident;
    let member = Member::unlock(&folder.join("member")).await;
    let open_mib = (measure::memory("self").resident - bare) / 1024.0;
    let mut link = None;
    for words in std::io::stdin().lines() {
        let words: String = serde_json::from_str(&words.unwrap()).unwrap();
        say(&match words.as_str() {
            FETCH => {
                if link.is_none() {
                    link = Some(member.dialer.dial().await.unwrap());
                }
                fetch(&member, &**link.as_ref().unwrap()).await
            }
            OPEN => json!({ "mib": open_mib }),
            _ => replay(&member).await,
        });
    }
}

async fn fetch(member: &Member, link: &dyn Link) -> Value {
    measure::forget_peak("self");
    let (idle, cpu_ms, begun) = (measure::memory("self"), measure::processor_ms(), Instant::now());
    session::fetch_directory(&member.engine, link).await.unwrap();
    let (wall_ms, cpu_ms) = (begun.elapsed().as_secs_f64() * 1e3, measure::processor_ms() - cpu_ms);
    let now = measure::memory("self");
    let replica = member.engine.replica.lock().await;
    json!({
        "statements": replica.directory.size(),
        "devices": devices(&replica),
        "wall_ms": wall_ms,
        "cpu_ms": cpu_ms,
        "resident_mib": (now.resident - idle.resident) / 1024.0,
        "peak_mib": (now.peak - idle.resident) / 1024.0,
    })
}

/// What the next start of the program does before anything else.
async fn replay(member: &Member) -> Value {
    let begun = Instant::now();
    let again = Replica::load(&member.engine.vault).unwrap();
    let wall_ms = begun.elapsed().as_secs_f64() * 1e3;
    let replica = member.engine.replica.lock().await;
    assert_eq!(again.directory.root(), replica.directory.root());
    assert_eq!(devices(&again), devices(&replica));
    json!({ "wall_ms": wall_ms })
}

fn devices(replica: &Replica) -> usize {
    replica.directory.organisations().flat_map(|org| &org.roster).map(|roster| roster.devices.len()).sum()
}

/// Milliseconds of processor time that one strict verification takes, over the signatures that admissions and rosters carry.
fn verification_alone(grown: &Grown) -> f64 {
    let mut signatures = Vec::new();
    for leaf in grown.directory.leaves_from(1).iter().take(FLOOR_ADMISSIONS) {
        let signed: Signed = codec::decode(leaf, STATEMENT_BYTES_MAX).unwrap();
        let statement: Statement = codec::decode(&signed.body, STATEMENT_BYTES_MAX).unwrap();
        assert_eq!(statement.kind, StatementKind::Admission);
        let admission: Admission = codec::decode(&statement.payload, STATEMENT_BYTES_MAX).unwrap();
        let root = root_of(&admission);
        let roster = &grown.rosters[&admission.roster];
        let under = &roster.signatures[0];
        signatures.extend([
            prepared(statement.signer, Label::LogEntry, &signed.body, &signed.signature),
            prepared(root, Label::OrgGenesis, &admission.genesis.body, &admission.genesis.signature),
            prepared(root, Label::OrgRecord, &admission.record.body, &admission.record.signature),
            prepared(under.key, Label::Roster, &roster.body, &under.signature),
        ]);
    }
    let begun = measure::processor_ms();
    signatures.iter().for_each(|(key, message, signature)| key.verify_strict(message, signature).unwrap());
    (measure::processor_ms() - begun) / signatures.len() as f64
}

fn root_of(admission: &Admission) -> [u8; 32] {
    codec::decode::<OrgGenesis>(&admission.genesis.body, STATEMENT_BYTES_MAX).unwrap().root
}

fn prepared(
    key: [u8; 32],
    label: Label,
    body: &[u8],
    signature: &[u8],
) -> (VerifyingKey, Vec<u8>, Signature) {
    let key = VerifyingKey::from_bytes(&key).unwrap();
    (key, framed::frame(label, body), Signature::from_slice(signature).unwrap())
}

/// Milliseconds of processor time for SHA-256 over everything once, and over two nodes of the tree for each statement.
fn hashing_alone(grown: &Grown) -> f64 {
    let begun = measure::processor_ms();
    for leaf in grown.directory.leaves_from(0) {
        black_box(framed::sha256(leaf));
        black_box(framed::sha256(&[1; 65]));
    }
    for roster in grown.rosters.values() {
        black_box(framed::sha256(&roster.body));
    }
    measure::processor_ms() - begun
}
