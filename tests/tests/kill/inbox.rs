//! What is in the inboxes in the end, held against what was acknowledged.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use causeway_client::attachments;
use causeway_client::model::Received;
use causeway_client::vault::{Tree, Vault};
use causeway_common::codec;
use causeway_common::framed::sha256;
use causeway_common::store::{SledKv, SledOptions};
use causeway_tests::process::actor::Actor;
use causeway_tests::process::town::Town;
use serde_json::Value;

use super::ledger::{Ledger, Message};
use super::traffic::FIELD;

const RECORD_BYTES_MAX: usize = 4 << 20;
/// Attachments of each inbox that are fetched and compared.
const FETCHED: usize = 2;

/// An item of an inbox: who wrote it, this test's words in it, the hash of its file, its number.
struct Item {
    from: String,
    text: String,
    file: Option<String>,
    number: String,
}

/// Checks every inbox.
///
/// # Panics
/// When a promise is broken.
pub(crate) async fn check(town: &Town, ledger: &Ledger, folder: &Path) -> String {
    let messages: BTreeMap<String, Message> =
        ledger.messages().into_iter().map(|m| (m.marker.clone(), m)).collect();
    let (mut arrived, mut unacknowledged, mut fetched) = (0, 0, 0);
    for (number, org) in town.orgs.iter().enumerate() {
        let items = items(org).await;
        let listed = org.list(&["inbox", "list"]).await;
        // A refusal, sealed again since, is a notice beside the referrals.
        let seen = listed.iter().filter(|line| line["notice"].is_null()).count();
        assert_eq!(seen, items.len(), "{} sees all it has", org.name);
        let mut seen: BTreeMap<&str, &Item> = BTreeMap::new();
        for item in &items {
            let marker = item.text.split(' ').next().unwrap();
            let message = messages.get(marker).unwrap_or_else(|| panic!("nobody wrote {marker:?}"));
            assert_eq!(item.text, message.text, "{marker} has other words");
            assert_eq!(item.from, town.ids[message.from], "{marker} is from somebody else");
            assert!(message.to.contains(&number), "{marker} was not for {}", org.name);
            let hash = message.attachment.as_ref().map(|bytes| sha256(bytes).to_string());
            assert_eq!(item.file, hash, "{marker} has another file");
            assert!(seen.insert(marker, item).is_none(), "{marker} is there twice");
            unacknowledged += usize::from(!message.acknowledged);
        }
        arrived += seen.len();
        for message in messages.values().filter(|m| m.acknowledged && m.to.contains(&number)) {
            assert!(
                seen.contains_key(&*message.marker),
                "{} was acknowledged and is missing",
                message.marker
            );
        }
        for item in items.iter().filter(|item| item.file.is_some()).take(FETCHED) {
            fetch(org, item, &messages[item.text.split(' ').next().unwrap()], folder).await;
            fetched += 1;
        }
        check_sender(org).await;
    }
    format!(
        "{arrived} packets in the inboxes, each once and word for word ({unacknowledged} of referrals whose command \
         was killed before it had answered), {fetched} attachments fetched and compared"
    )
}

/// The sender's own view: everything has arrived, and the vault verifies.
async fn check_sender(org: &Actor) {
    for sent in org.list(&["sent", "list"]).await {
        let transport = sent["transport"].as_str().unwrap();
        assert!(["delivered", "opened"].contains(&transport), "{}: {sent}", org.name);
    }
    let health = org.run(&["doctor"]).await;
    assert_eq!(health["damaged"], 0, "{}: {health}", org.name);
}

async fn fetch(org: &Actor, item: &Item, message: &Message, folder: &Path) {
    let shown = org.run(&["inbox", "show", &item.number]).await;
    let out = folder.join("fetched");
    let file = shown["attachments"][0]["id"].as_str().unwrap();
    // One that was killed may have written it.
    org.run(&["attachment", "save", &item.number, file, "--out", out.to_str().unwrap(), "--force"]).await;
    assert_eq!(Some(std::fs::read(&out).unwrap()), message.attachment, "{}", message.marker);
}

/// Reads the inbox as it stands in the vault.
async fn items(org: &Actor) -> Vec<Item> {
    let kv = SledKv::open(&org.home.join("vault"), SledOptions::default()).unwrap();
    let vault = Vault::unlock(Arc::new(kv), &*org.home, &org.passphrase()).await.unwrap();
    vault.verify().unwrap();
    let records = vault.list(Tree::Inbox).unwrap();
    records.iter().map(|(_, bytes)| item(&codec::decode(bytes, RECORD_BYTES_MAX).unwrap())).collect()
}

fn item(received: &Received) -> Item {
    let words = received.sections.iter().find_map(|section| {
        let content: Value = serde_json::from_slice(&section.bytes).ok()?;
        Some(content.get("duty_contact")?.get(FIELD)?.as_str()?.to_owned())
    });
    let entries = attachments::entries(&received.sections);
    assert!(entries.len() <= 1);
    Item {
        from: received.from.to_string(),
        text: words.expect("a referral without this test's words"),
        file: entries.first().map(|entry| entry.sha256.clone()),
        number: received.packet.to_string(),
    }
}
