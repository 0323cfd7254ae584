//! Names, numbers, notes, pictures and keys of real-looking cases are looked for in everything that a relay and locked
//! homes leave on their disks and in their logs, down to the last level. Nothing is found.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use causeway_client::engine::Engine;
use causeway_client::model::Received;
use causeway_client::vault::{Tree, Vault};
use causeway_client::{attachments, prekeys, records, recovery};
use causeway_common::codec;
use causeway_common::store::{SledKv, SledOptions};
use causeway_common::time::SystemClock;
use causeway_tests::process::Death;
use causeway_tests::process::actor::Actor;
use causeway_tests::process::forms::{Secrets, files_below};
use causeway_tests::process::program::program;
use causeway_tests::process::relay::Place;
use causeway_tests::process::town::Town;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde_json::Value;

const ORGS: [(&str, &str, &str); 2] = [("Desk One", "hotline", "RU"), ("Desk Two", "police", "DE")];
const KINDS: [&str; 4] = ["missing-person", "border-alert", "victim-handoff", "identity-check"];
/// What people write along the way.
const NOTES: [&str; 5] = [
    "Which flight did she take?",
    "Gate 14, grey coat.",
    "She sleeps at her aunt's.",
    "Among us: the lieutenant knows the van.",
    "For me: is the passport hers?",
];
const PICTURE: &str = "Iuliia at the lake.jpg";
const RECORD_BYTES_MAX: usize = 4 << 20;

fn sample(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/samples").join(name)
}

/// Referrals of every kind with a picture, opened, asked about, answered and accepted.
async fn play(town: &Town, folder: &Path) {
    let (hotline, police) = (&town.orgs[0], &town.orgs[1]);
    let picture = folder.join(PICTURE);
    std::fs::copy(sample("photo.jpg"), &picture).unwrap();
    let picture = format!("PHO={}", picture.display());
    for kind in KINDS {
        let file = sample(&format!("{kind}.json")).display().to_string();
        let mut words = vec!["send", kind, "--to", "Desk Two", "--file", &file];
        if kind == "missing-person" {
            words.extend(["--attach", &picture]);
        }
        hotline.run(&words).await;
    }
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let inbox = police.list(&["inbox", "list"]).await;
    assert_eq!(inbox.len(), KINDS.len());
    let report = inbox.iter().find(|item| item["kind"] == "MPR" || item["priority"] != "P0").unwrap();
    let id = report["id"].as_str().unwrap();
    police.run(&["inbox", "show", id]).await;
    police.run(&["ask", id, "--reason", "location_needed", "--text", NOTES[0]]).await;
    police.run(&["sync"]).await;
    hotline.run(&["sync"]).await;
    let sent = hotline.list(&["sent", "list"]).await;
    let own =
        sent.iter().find(|item| item["referral"] == report["referral"]).unwrap()["id"].as_str().unwrap();
    hotline.run(&["answer", own, "--text", NOTES[1]]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    police.run(&["accept", id, "--eta", "today", "--text", NOTES[2]]).await;
    police.run(&["notes", "add", id, "--text", NOTES[3]]).await;
    police.run(&["notes", "add", id, "--visible", "me", "--text", NOTES[4]]).await;
    police.run(&["sync"]).await;
    // Stays at the hotline: its outbox and its staged files are looked at as well.
    let file = sample("missing-person.json").display().to_string();
    hotline.run(&["send", "missing-person", "--to", "Desk Two", "--file", &file, "--attach", &picture]).await;
}

/// Everything that must not be found.
async fn secrets(town: &Town) -> Secrets {
    let mut secrets = Secrets::default();
    for kind in KINDS {
        let bytes = std::fs::read(sample(&format!("{kind}.json"))).unwrap();
        secrets.document(kind, &serde_json::from_slice(&bytes).unwrap());
    }
    NOTES.iter().for_each(|note| secrets.text("a note", note));
    secrets.text("a file's name", PICTURE);
    secrets.file("the picture", &std::fs::read(sample("photo.jpg")).unwrap());
    for actor in town.orgs.iter().chain([&town.registrar]) {
        secrets.text("a passphrase", &actor.passphrase());
        keys(actor, &mut secrets).await;
    }
    let relay = causeway_relay::secrets::Secrets::read(&town.place.data.join("relay.key")).unwrap();
    secrets.bytes("the relay's key", &*relay.signing_key().seed());
    secrets.bytes("the relay's reset key", relay.reset_key());
    secrets.bytes("the relay's token key", relay.token_key());
    secrets
}

/// Keys of a home: all seeds of its identity, those of its prekeys, keys of attachments.
async fn keys(actor: &Actor, secrets: &mut Secrets) {
    let kv = SledKv::open(&actor.home.join("vault"), SledOptions::default()).unwrap();
    let vault = Vault::unlock(Arc::new(kv), &*actor.home, &actor.passphrase()).await.unwrap();
    let identity = records::identity(&vault).unwrap().unwrap();
    let (device, tls) = (identity.device_key().seed(), identity.tls_key().seed());
    // The record holds five seeds in a row, the last two of which are those above.
    let record = vault.get(Tree::Identity, b"identity").unwrap().unwrap();
    let row = record.windows(64).position(|window| window == [&device[..], &tls[..]].concat()).unwrap();
    let names = ["root", "next root", "administrator", "device", "connection"];
    // A member's roots are not there: zeros stand in their places.
    let there =
        names.iter().zip(record[row - 96..].chunks(32)).filter(|(_, seed)| seed.iter().any(|b| *b != 0));
    for (name, seed) in there {
        secrets.bytes(&format!("{}'s {name} key", actor.name), seed);
    }
    let rng = Box::new(ChaCha20Rng::from_seed([1; 32]));
    let engine = Engine::open(vault.clone(), actor.home.join("staging"), Arc::new(SystemClock), rng).unwrap();
    for (root, key) in recovery::here(&engine).await.unwrap() {
        secrets.bytes(&format!("{}'s {:?} key", actor.name, root.part), &*key.seed());
    }
    for (_, bytes) in vault.list(Tree::Prekeys).unwrap() {
        let prekey: prekeys::OwnPrekey = codec::decode(&bytes, RECORD_BYTES_MAX).unwrap();
        if let Some(seed) = vault.eks_get(&prekeys::seed_id(prekey.number)).await {
            secrets.bytes(&format!("{}'s prekey", actor.name), &*seed);
        }
    }
    for (_, bytes) in vault.list(Tree::Inbox).unwrap() {
        let received: Received = codec::decode(&bytes, RECORD_BYTES_MAX).unwrap();
        for section in
            received.sections.iter().filter(|_| !attachments::entries(&received.sections).is_empty())
        {
            let content: Value = serde_json::from_slice(&section.bytes).unwrap_or_default();
            for entry in content["attachments"].as_array().into_iter().flatten() {
                for field in ["key", "token"] {
                    let bytes = hex::decode(entry[field].as_str().unwrap()).unwrap();
                    secrets.bytes(&format!("an attachment's {field}"), &bytes);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_cases_is_found_on_any_disk_or_in_any_log() {
    let folder = tempfile::tempdir().unwrap();
    let (town, relay) = Town::found(folder.path(), Place::below(folder.path(), "trace"), &ORGS).await;
    play(&town, folder.path()).await;
    relay.stop().await;
    // Before this process opens the vaults as well.
    town.orgs.iter().chain([&town.registrar]).for_each(|actor| is_private(&actor.home));
    is_private(&town.place.data);
    let secrets = secrets(&town).await;
    let key = town.place.data.join("relay.key");
    let mut places: Vec<_> = files_below(&town.place.data).into_iter().filter(|file| *file != key).collect();
    places.push(town.place.log.clone());
    for actor in town.orgs.iter().chain([&town.registrar]) {
        places.extend([actor.home.clone(), actor.log.clone()]);
        let log = std::fs::read_to_string(&actor.log).unwrap();
        assert!(log.contains("TRACE"), "{} has not been logged to the last level", actor.name);
    }
    assert!(std::fs::read_to_string(&town.place.log).unwrap().contains("TRACE"));
    let places: Vec<&Path> = places.iter().map(|place| &**place).collect();
    let (found, bytes) = secrets.find(&places);
    let (count, forms) = secrets.count();
    println!("{count} secrets in {forms} forms, {bytes} bytes looked at");
    assert!(count > 150, "only {count} secrets");
    let first: Vec<&str> = found.iter().take(20).map(String::as_str).collect();
    assert!(found.is_empty(), "{} are found, for example\n{}", found.len(), first.join("\n"));
    // What the senders have on their desks is full of it: the search itself works.
    assert!(!secrets.find(&[&sample("missing-person.json"), &sample("photo.jpg"), &key]).0.is_empty());
}

/// Only the owner may enter folders and read files.
fn is_private(path: &Path) {
    let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let wanted = if path.is_dir() { 0o700 } else { 0o600 };
    assert_eq!(mode, wanted, "{} is {mode:o}", path.display());
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| is_private(&entry.unwrap().path()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_data_is_refused_in_words() {
    const TRIES: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let (mut town, relay) = Town::found(folder.path(), Place::below(folder.path(), "warn"), &ORGS[..1]).await;
    let second = town.place.start(&[]).await;
    assert_eq!(second.err().and_then(|status| status.code()), Some(9));
    assert!(town.place.said().contains("another causeway-relay is running"), "{}", town.place.said());

    let org = &town.orgs[0];
    let mut first = org.command(&["sync", "--wait", "600"]).kill_on_drop(true).spawn().unwrap();
    let mut refused = None;
    for _ in 0..TRIES {
        let ran = org.attempt(&["inbox", "list"], &Death::Never).await;
        if !ran.status.success() {
            refused = Some(ran);
            break;
        }
    }
    let refused = refused.expect("two processes work on the same home");
    assert_eq!(refused.status.code(), Some(9), "{}", refused.tail());
    let error = refused.error();
    assert_eq!(error["code"], "S-109", "{error}");
    assert!(error["message"].as_str().unwrap().contains("Another Causeway program"), "{error}");
    first.kill().await.unwrap();
    assert!(org.list(&["inbox", "list"]).await.is_empty(), "the home is free again");
    relay.stop().await;
}

/// Runs a program where core files are welcome, and ends it with the signal that makes one.
async fn aborted(program: &Path, words: &[&str], folder: &Path) -> ExitStatus {
    let shell = "ulimit -c unlimited || exit 99; exec \"$@\"";
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", shell, "sh"]).arg(program).args(words).current_dir(folder).kill_on_drop(true);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let id = child.id().expect("it has ended too early").to_string();
    assert!(Command::new("kill").args(["-ABRT", &id]).status().unwrap().success());
    let status = child.wait().await.unwrap();
    assert_eq!(status.signal(), Some(6), "{}", program.display());
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn no_memory_goes_into_a_core_file() {
    let folder = tempfile::tempdir().unwrap();
    let (town, relay) = Town::found(folder.path(), Place::below(folder.path(), "warn"), &ORGS[..1]).await;
    let core = folder.path().join("core-files");
    std::fs::create_dir(&core).unwrap();
    let other = aborted(Path::new("sleep"), &["60"], &core).await;
    assert!(
        other.core_dumped(),
        "no program leaves core files on this machine, so nothing can be shown: ulimit -Hc"
    );
    let data = folder.path().join("another-relay").display().to_string();
    let words = ["run", "--listen", "127.0.0.1:0", "--data", &data];
    assert!(!aborted(&program("causeway-relay"), &words, &core).await.core_dumped());
    let org = &town.orgs[0];
    let command = org.command(&["sync", "--wait", "600"]);
    let words: Vec<&str> = command.as_std().get_args().map(|word| word.to_str().unwrap()).collect();
    assert!(!aborted(&program("causeway"), &words, &core).await.core_dumped());
    relay.stop().await;
}
