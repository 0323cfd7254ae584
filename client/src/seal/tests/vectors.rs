//! The forged packets as files, for other implementations and for later versions of this one.
//!
//! `CAUSEWAY_WRITE_VECTORS=1 cargo test -p causeway-client vectors` writes them anew.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use causeway_common::codec;
use serde_json::{Value, json};

use super::forged::{Case, cases};
use crate::seal::attachment::{AttachmentKey, AttachmentOpener, AttachmentSealer, Place};
use causeway_common::ids::PacketId;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name)
}

fn write_if_asked(path: &Path, text: &str) {
    if std::env::var_os("CAUSEWAY_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn to_json(case: &Case) -> Value {
    let opened = case.run().ok().map(|packet| {
        let sections: serde_json::Map<String, Value> = packet
            .sections
            .iter()
            .map(|s| (String::from_utf8_lossy(&s.code).into_owned(), json!(hex::encode(&*s.bytes))))
            .collect();
        json!({
            "packet": packet.packet.to_string(),
            "grant_digest": packet.grant_digest.to_string(),
            "sections": sections,
        })
    });
    json!({
        "about": case.about,
        "expect": case.expect.map_or_else(|error| format!("{error:?}"), |()| "Ok".to_owned()),
        "my_org": case.my_org.to_string(),
        "my_device": case.my_device.to_string(),
        "seed": hex::encode(case.seed),
        "sender_key": hex::encode(case.sender_key.as_bytes()),
        "outer": hex::encode(codec::encode(&case.outer)),
        "prekey_public": STANDARD.encode(&case.prekey_public),
        "wrap": STANDARD.encode(codec::encode(&case.wrap)),
        "body": STANDARD.encode(&case.body),
        "opened": opened,
    })
}

/// A difference means that sealing has changed. If the old files still open (`tests/tests/seal_vectors.rs`), only the
/// order in which random bytes are drawn has; if they do not, packets under way would no longer open either.
#[test]
fn vectors_are_those_that_were_published() {
    let mut names = Vec::new();
    for case in cases() {
        let path = folder("packets").join(format!("{}.json", case.name));
        let text = serde_json::to_string_pretty(&to_json(&case)).unwrap() + "\n";
        write_if_asked(&path, &text);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{}", case.name);
        names.push(format!("{}.json", case.name));
    }
    for entry in std::fs::read_dir(folder("packets")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "{name} is made by no case");
    }
}

/// A file of two chunks and padding, and what a recipient needs for it.
#[test]
fn the_attachment_is_the_one_that_was_published() {
    let place = Place { packet: PacketId([0xc1; 32]), section: 2, number: 1 };
    let plain: Vec<u8> = (0..20_001u32).map(|i| i.to_le_bytes()[0] ^ i.to_le_bytes()[1]).collect();
    let mut blob = Vec::new();
    let sealer = AttachmentSealer::new(&place, &mut crate::test_rng(70));
    let key = sealer.seal(&mut &plain[..], &mut blob).unwrap();
    let path = folder("attachments").join("two-chunks.json");
    let vector = json!({
        "packet": place.packet.to_string(),
        "section": place.section,
        "number": place.number,
        "blob_id": key.blob_id.to_string(),
        "key": hex::encode(*key.key),
        "plain_len": key.plain_len,
        "plain_sha256": key.plain_sha256.to_string(),
        "blob": STANDARD.encode(&blob),
    });
    let text = serde_json::to_string_pretty(&vector).unwrap() + "\n";
    write_if_asked(&path, &text);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    let mut opened = Vec::new();
    let key = AttachmentKey { access_token: [0; 32], ..key };
    AttachmentOpener::new(key, &place).unwrap().open(&mut &blob[..], &mut opened).unwrap();
    assert_eq!(opened, plain);
}
