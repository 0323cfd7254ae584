//! `causeway erase proof`: what still proves that a case which was erased had been sent, delivered and agreed to.

use causeway_common::codec;
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceReceipt, RECEIPT_OPENED, RelayReceipt};
use serde_json::{Value, json};

use crate::cli::failure::{Failure, exit};
use crate::cli::home::Home;
use crate::cli::output::{print, text, time};
use crate::retention::proofs::{self, Proof, Proven};

pub(super) async fn show(id: &str, home: &Home) -> Result<(), Failure> {
    let left = super::find_left(home, id)?.ok_or_else(|| Failure::not_found(id))?;
    let none = || {
        let lang = home.lang;
        Failure::new(
            "Z-108",
            exit::NOT_FOUND,
            lang.text("erase-proof-none"),
            lang.text("erase-proof-none-hint"),
        )
    };
    let proof = proofs::of(&home.engine.vault, &left.case)?.ok_or_else(none)?;
    let mut value = super::entry(&left, home).await;
    value["proof"] = json(&proof);
    let head = super::line_of(&left, home).await;
    print(home.json, value, |v| format!("{head}\n{}", words(&v["proof"], home)));
    Ok(())
}

fn json(proof: &Proof) -> Value {
    let (receipts, consent) = proof.until();
    json!({
        "packets": proof.packets.iter().map(packet).collect::<Vec<_>>(),
        "receipts_until": time(receipts),
        "consent": serde_json::from_str::<Value>(&proof.consent).unwrap_or_default(),
        "consent_until": if proof.consent.is_empty() { Value::Null } else { time(consent) },
    })
}

/// A packet with what was signed, as it was signed, so that somebody else can verify it with the directory.
fn packet(proven: &Proven) -> Value {
    json!({
        "packet": proven.packet.to_string(),
        "grant": proven.grant.to_string(),
        "relay": proven.relay.iter().map(relay).collect::<Vec<_>>(),
        "receipts": proven.receipts.iter().map(receipt).collect::<Vec<_>>(),
    })
}

fn relay(signed: &Signed) -> Value {
    let read = codec::decode::<RelayReceipt>(&signed.body, FRAME_BYTES_MAX).ok();
    json!({
        "at": read.map(|receipt| time(receipt.time)),
        "body": hex::encode(&signed.body),
        "signature": hex::encode(&signed.signature),
    })
}

fn receipt(signed: &Signed) -> Value {
    let read = codec::decode::<DeviceReceipt>(&signed.body, FRAME_BYTES_MAX).ok();
    let status = |read: &DeviceReceipt| if read.status == RECEIPT_OPENED { "opened" } else { "delivered" };
    json!({
        "status": read.as_ref().map(status),
        "at": read.as_ref().map(|receipt| time(receipt.at)),
        "device": read.as_ref().map(|receipt| receipt.device.to_string()),
        "body": hex::encode(&signed.body),
        "signature": hex::encode(&signed.signature),
    })
}

fn words(v: &Value, home: &Home) -> String {
    let lang = home.lang;
    let mut out = String::new();
    for packet in v["packets"].as_array().into_iter().flatten() {
        out.push_str(&format!("{}\n", text(packet, "packet")));
        for receipt in packet["relay"].as_array().into_iter().flatten() {
            out.push_str(&format!("  {}  {}\n", text(receipt, "at"), lang.text("erase-proof-relayed")));
        }
        for receipt in packet["receipts"].as_array().into_iter().flatten() {
            let what = lang.text(&format!("did-{}", text(receipt, "status")));
            let device = text(receipt, "device").get(..8).unwrap_or("-");
            out.push_str(&format!("  {}  {what}  {device}\n", text(receipt, "at")));
        }
    }
    if v["consent"].is_object() {
        let until = text(v, "consent_until").get(..10).unwrap_or("-").to_owned();
        let head = lang.fill("erase-proof-consent", &[("day", &until)]);
        let record = serde_json::to_string_pretty(&v["consent"]).unwrap_or_default();
        out.push_str(&format!("{head}\n{record}\n"));
    }
    let until = text(v, "receipts_until").get(..10).unwrap_or("-").to_owned();
    out + &lang.fill("erase-proof-until", &[("day", &until)])
}
