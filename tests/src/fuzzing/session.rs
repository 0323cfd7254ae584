//! A device whose relay answers anything, and whose partners seal anything.
//!
//! The device, its partner and a true relay have spoken once; from that come the answers and pushes that fit. In a run
//! the device begins at the same moment again, against a relay that gives these, changed ones, others, or none.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::keys::PublicKey;
use causeway_client::engine::Engine;
use causeway_client::model::Transport;
use causeway_client::records;
use causeway_client::session::{self, Stay};
use causeway_client::vault::Vault;
use causeway_common::framed::Label;
use causeway_common::ids::PacketId;

use self::partner::Partner;
use self::recorded::{Known, known};
use self::script::{Script, ScriptDialer};
use super::{Input, paused_runtime};
use crate::hostile::scene;

mod partner;
mod recorded;
mod script;

/// However a relay behaves, a session that is to end when it is calm ends; this is far more than all its waits.
const PATIENCE: Duration = Duration::from_secs(60 * 60);
/// Pushes in one run.
const PUSHES_MAX: u8 = 6;

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    // Outside of the runtime below: it has one of its own.
    let known = known();
    paused_runtime().block_on(converse(&mut input, known));
}

async fn converse(input: &mut Input<'_>, known: &Known) {
    let engine = device(known);
    let mut partner = Partner::new(known);
    let insists = input.u8() == u8::MAX;
    let pushes: Vec<Vec<u8>> =
        (0..input.u8() % PUSHES_MAX).map(|_| push(input, known, &mut partner)).collect();
    let dialer = ScriptDialer::new(Script::new(input.rest(), insists), pushes);
    let ran = session::run(&engine, &dialer, Stay::UntilCalm);
    // Which error it is does not matter here; that there is an end does.
    let ended = tokio::time::timeout(PATIENCE, ran).await;
    assert!(ended.is_ok(), "the session does not end");
    check(&engine, known, &partner);
    // Afterwards the device is as able as before.
    let dialer = ScriptDialer::new(Script::new(&[], false), Vec::new());
    let again = session::run(&engine, &dialer, Stay::UntilCalm);
    assert!(tokio::time::timeout(PATIENCE, again).await.is_ok(), "the session does not end");
    check(&engine, known, &partner);
}

fn device(known: &Known) -> Arc<Engine> {
    let (kv, eks) = (Arc::new(known.kv.snapshot()), known.eks.snapshot());
    let vault = Vault::unlock_with_key(kv, eks, &known.master).unwrap();
    let staging = std::env::temp_dir().join("causeway-no-attachments");
    let clock = Arc::new(known.clock.clone());
    Arc::new(Engine::open(vault, staging, clock, Box::new(scene::rng(77))).unwrap())
}

/// What the relay pushes: what it pushed in truth, changed, anything, or what the partner sealed.
fn push(input: &mut Input<'_>, known: &Known, partner: &mut Partner<'_>) -> Vec<u8> {
    let mut genuine = input.pick(&known.pushes).clone();
    match input.u8() % 8 {
        0 | 1 => genuine,
        2 => {
            input.change(&mut genuine);
            genuine
        }
        3 => input.bytes().to_vec(),
        4 => script::odd_push(input),
        _ => partner.sealed_push(input).unwrap_or(genuine),
    }
}

/// The vault is whole; what is in the inbox was sealed by the partner; what is called relayed has a receipt.
fn check(engine: &Engine, known: &Known, partner: &Partner<'_>) {
    engine.vault.verify().expect("the vault is whole");
    for received in records::all_received(&engine.vault).unwrap() {
        assert_eq!(received.from, known.partner_org);
        assert!(known.packets.contains(&received.packet) || partner.has_sealed(received.packet));
    }
    let relay = PublicKey::from_bytes(engine.identity.relay_key).unwrap();
    let is_ours = |packet: PacketId| packet == known.written;
    for sent in records::all_sent(&engine.vault).unwrap().iter().filter(|sent| is_ours(sent.packet)) {
        match sent.transport {
            Transport::Relayed => {
                let receipt = sent.relay_receipt.first().expect("a receipt");
                assert!(relay.verify(Label::RelayAck, receipt).is_ok());
            }
            Transport::Delivered | Transport::Opened => assert!(!sent.receipts.is_empty()),
            _ => {}
        }
    }
    let _ = records::all_threads(&engine.vault).unwrap();
}
