//! Packets on file, ours and those of another implementation, through the public interface.
//!
//! `tests/vectors/packets` has one file per way of being wrong. They stay as they are when the program changes: a
//! packet that was sealed by an older version must open, or be refused, for the same reason as ever.
#![allow(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use causeway_certs::keys::PublicKey;
use causeway_client::seal::open::{OpenError, OpenedPacket, unseal};
use causeway_common::codec;
use causeway_common::envelope::{Outer, Wrap};
use serde_json::Value;

fn vectors(folder: &str) -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(folder);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn short(vector: &Value, name: &str) -> Vec<u8> {
    hex::decode(vector[name].as_str().unwrap()).unwrap()
}

fn id(vector: &Value, name: &str) -> [u8; 32] {
    short(vector, name).try_into().unwrap()
}

fn long(vector: &Value, name: &str) -> Vec<u8> {
    STANDARD.decode(vector[name].as_str().unwrap()).unwrap()
}

fn open(vector: &Value) -> Result<OpenedPacket, OpenError> {
    let outer: Outer = codec::decode(&short(vector, "outer"), 4096).unwrap();
    let wrap: Wrap = codec::decode(&long(vector, "wrap"), 4096).unwrap();
    let unsealed = unseal(
        &outer,
        &long(vector, "body"),
        &wrap,
        id(vector, "my_org").into(),
        id(vector, "my_device").into(),
        &long(vector, "prekey_public"),
        &id(vector, "seed"),
    )?;
    unsealed.verify(&PublicKey::from_bytes(id(vector, "sender_key")).unwrap())
}

fn assert_opened(vector: &Value, packet: &OpenedPacket, name: &Path) {
    let opened = &vector["opened"];
    assert_eq!(opened["packet"], packet.packet.to_string(), "{}", name.display());
    assert_eq!(opened["grant_digest"], packet.grant_digest.to_string(), "{}", name.display());
    assert_eq!(opened["sections"].as_object().unwrap().len(), packet.sections.len());
    for section in &packet.sections {
        let code = std::str::from_utf8(&section.code).unwrap();
        assert_eq!(opened["sections"][code], hex::encode(&*section.bytes), "{}: {code}", name.display());
    }
}

#[test]
fn every_vector_gets_its_verdict() {
    let vectors = vectors("packets");
    assert!(vectors.len() >= 73);
    for (path, vector) in vectors {
        let result = open(&vector);
        let verdict = result.as_ref().map_or_else(|error| format!("{error:?}"), |_| "Ok".to_owned());
        assert_eq!(vector["expect"], verdict, "{}", path.display());
        if let Ok(packet) = result {
            assert_opened(&vector, &packet, &path);
        }
    }
}

#[test]
fn a_packet_sealed_by_another_implementation_opens() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/peers/python.json");
    let vector = read(&path);
    assert_opened(&vector, &open(&vector).unwrap(), &path);
}

#[test]
#[ignore = "needs Python with tests/peers/requirements.txt; CAUSEWAY_PYTHON names the interpreter"]
fn a_fresh_packet_from_python_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fresh.json");
    peer(&std::env::var("CAUSEWAY_PYTHON").unwrap_or_else(|_| "python3".into()), "packet.py", "make", &path);
    let vector = read(&path);
    assert_opened(&vector, &open(&vector).unwrap(), &path);
}

#[test]
#[ignore = "needs Python with tests/peers/requirements.txt; CAUSEWAY_PYTHON names the interpreter"]
fn python_gives_every_vector_the_same_verdict() {
    let python = std::env::var("CAUSEWAY_PYTHON").unwrap_or_else(|_| "python3".into());
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    peer(&python, "packet.py", "check", &vectors.join("packets"));
    peer(&python, "packet.py", "attachment", &vectors.join("attachments/two-chunks.json"));
}

#[test]
#[ignore = "needs Node.js and `npm ci` in tests/peers"]
fn javascript_opens_the_wraps() {
    peer("node", "wrap.mjs", "check", &Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/packets"));
}

fn peer(program: &str, script: &str, command: &str, path: &Path) {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let output =
        std::process::Command::new(program).arg(peers.join(script)).args([command]).arg(path).output();
    let output = output.unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
