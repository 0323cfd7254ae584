//! A full disk: what is asked for is refused with a word that says so, nothing is acknowledged that is not there, what
//! is there can be read, and work goes on as soon as there is space, without a restart.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::path::Path;

use causeway_tests::process::actor::Actor;
use serde_json::Value;

#[path = "full_disk/relay.rs"]
mod relay;
#[path = "full_disk/store.rs"]
mod store;
#[path = "full_disk/vault.rs"]
mod vault;

/// Room for a store and some hundred packets.
const DISK_KIB: u64 = 12 * 1024;
const ORGS: [(&str, &str, &str); 2] = [("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];
/// Long enough that the relay keeps the body in a file of its own.
const LONG_TEXT: usize = 70_000;

/// A report with so many words that a full disk cannot have room for it by chance.
fn document(name: &str, folder: &Path) -> String {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/samples/missing-person.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(sample).unwrap()).unwrap();
    document["x_words_of_this_test"] = format!("{name} {}", "word ".repeat(LONG_TEXT / 5)).into();
    let path = folder.join(format!("{name}.json"));
    std::fs::write(&path, document.to_string()).unwrap();
    path.display().to_string()
}

/// Sends one; gives its number.
async fn send(org: &Actor, to: &str, name: &str, folder: &Path) -> Value {
    let file = document(name, folder);
    org.run(&["send", "missing-person", "--to", to, "--file", &file]).await["referral"].clone()
}

/// How far everything has come that this organisation has sent.
async fn transports(org: &Actor) -> Vec<String> {
    let sent = org.list(&["sent", "list"]).await;
    sent.iter().map(|sent| sent["transport"].as_str().unwrap().to_owned()).collect()
}
