//! What the durability tests start, watch and kill.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::path::PathBuf;

use causeway_tests::power_cut;

fn main() {
    let mut words = std::env::args().skip(1);
    let role = words.next().unwrap();
    let mut path = || PathBuf::from(words.next().unwrap());
    match role.as_str() {
        "relay-store" => power_cut::relay::child(&path(), &path()),
        "vault" => power_cut::vault::child(&path(), &path()),
        other => panic!("unknown role {other}"),
    }
}
