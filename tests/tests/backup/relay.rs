//! A relay's backups.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use causeway_tests::process::Death;
use causeway_tests::process::forms::files_below;
use causeway_tests::process::program::program;
use causeway_tests::process::relay::Place;
use causeway_tests::process::town::Town;
use serde_json::Value;

const ORGS: [(&str, &str, &str); 2] = [("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];
/// Acknowledged before the backup begins.
const BEFORE: usize = 6;
/// Of a relay that is meant to be stopped.
const STOPPED: &[&str] = &["--stopped"];
/// Sent while backups are taken.
const MEANWHILE: usize = 6;

struct Backups {
    data: PathBuf,
    out: PathBuf,
    passphrase: PathBuf,
}

impl Backups {
    fn new(folder: &Path, data: &Path) -> Self {
        let passphrase = folder.join("backup.passphrase");
        std::fs::write(&passphrase, "seven invented words for backups\n").unwrap();
        Self { data: data.into(), out: folder.join("backups"), passphrase }
    }

    async fn act(&self, words: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(program("causeway-relay"));
        command.arg("backup").args(words).arg("--passphrase-file").arg(&self.passphrase).arg("--json");
        command.kill_on_drop(true).output().await.unwrap()
    }

    async fn create(&self, more: &[&str]) -> Output {
        let (data, out) = (self.data.display().to_string(), self.out.display().to_string());
        self.act(&[&["create", "--data", &data, "--out", &out, "--memory", "64"], more].concat()).await
    }

    async fn check(&self) -> Output {
        self.act(&["check", "--from", &self.out.display().to_string()]).await
    }

    async fn restore(&self, to: &Path, more: &[&str]) -> Output {
        let (from, to) = (self.out.display().to_string(), to.display().to_string());
        self.act(&[&["restore", "--from", &from, "--data", &to], more].concat()).await
    }
}

fn right(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn sample(name: &str) -> String {
    format!("{}/../docs/samples/{name}", env!("CARGO_MANIFEST_DIR"))
}

async fn send(town: &Town, more: &[&str]) -> String {
    let file = sample("missing-person.json");
    let words = ["send", "missing-person", "--to", ORGS[1].0, "--file", &file];
    let sent = town.orgs[0].run(&[&words[..], more].concat()).await;
    sent["referral"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_in_a_backup_taken_under_traffic_and_arrives_once_after_its_restoration() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::below(folder.path(), "warn");
    let (mut town, relay) = Town::found(folder.path(), place, &ORGS).await;
    let backups = Backups::new(folder.path(), &town.place.data);
    let photo = format!("PHO={}", sample("photo.jpg"));
    let mut before = BTreeSet::from([send(&town, &["--attach", &photo]).await]);
    for _ in 1..BEFORE {
        before.insert(send(&town, &[]).await);
    }
    town.orgs[0].run(&["sync"]).await;
    // Makes the store large enough for a backup to have something to leave alone.
    let large = folder.path().join("large.bin");
    std::fs::write(&large, (0..6_000_000u32).map(|n| (n % 251).to_le_bytes()[0]).collect::<Vec<_>>())
        .unwrap();
    before.insert(send(&town, &["--attach", &format!("PHO={}", large.display())]).await);
    town.orgs[0].run(&["sync"]).await;

    let traffic = async {
        let mut sent = BTreeSet::new();
        for _ in 0..MEANWHILE {
            sent.insert(send(&town, &[]).await);
            town.orgs[0].run(&["sync"]).await;
        }
        sent
    };
    let taking = async {
        let first = right(&backups.create(&[]).await);
        tokio::time::sleep(Duration::from_millis(300)).await;
        (first, right(&backups.create(&[]).await))
    };
    let (meanwhile, (first, second)) = tokio::join!(traffic, taking);
    println!("first {first}\nsecond {second}");
    assert_eq!((&first["running"], &second["running"]), (&Value::Bool(true), &Value::Bool(true)));
    assert!(first["new_bytes"].as_u64().unwrap() > 6_000_000, "{first}");
    assert!(second["new_bytes"].as_u64().unwrap() < 1_000_000, "only what is new is written: {second}");
    assert!(!town.place.data.join("held-for-backup").exists(), "nothing is kept for longer");

    // The relay and its disk are gone.
    relay.kill().await;
    let restored = folder.path().join("restored");
    right(&backups.restore(&restored, &[]).await);
    assert!(!restored.join("restoration-unfinished").exists());
    assert_eq!(backups.restore(&restored, &[]).await.status.code(), Some(9), "into an empty folder only");
    town.place.data = restored;
    let relay = town.place.up().await;
    for _ in 0..3 {
        town.orgs[1].run(&["sync"]).await;
        town.orgs[0].run(&["sync"]).await;
    }
    let inbox = town.orgs[1].list(&["inbox", "list"]).await;
    let there: Vec<&str> = inbox.iter().map(|item| item["referral"].as_str().unwrap()).collect();
    let once: BTreeSet<String> = there.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(once.len(), there.len(), "nothing is there twice");
    assert_eq!(once, before.union(&meanwhile).cloned().collect(), "nothing is missing");
    let item = inbox.iter().find(|item| item["referral"] == *before.iter().next().unwrap().as_str()).unwrap();
    town.orgs[1].run(&["inbox", "show", item["id"].as_str().unwrap()]).await;
    relay.stop().await;
    stopped_and_damaged(&town, &backups).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_moves_goes_on_at_once_and_one_that_may_have_lost_something_waits() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::below(folder.path(), "warn");
    let (mut town, relay) = Town::found(folder.path(), place, &ORGS).await;
    relay.stop().await;
    let backups = Backups::new(folder.path(), &town.place.data);
    right(&backups.create(STOPPED).await);
    let shut_out = ["registrar", "suspend", ORGS[1].0];

    let restored = folder.path().join("restored");
    let said = right(&backups.restore(&restored, &[]).await);
    assert_eq!(said["waits"], true);
    town.place.data = restored;
    let relay = town.place.up().await;
    let ran = town.registrar.attempt(&shut_out, &Death::Never).await;
    let error = ran.error();
    assert_eq!((ran.status.code(), &error["code"]), (Some(6), &Value::from("R-107")), "{}", ran.tail());
    assert!(error["message"].as_str().unwrap().contains("came out of a backup"), "{error}");
    let sent = send(&town, &[]).await;
    town.orgs[0].run(&["sync"]).await;
    town.orgs[1].run(&["sync"]).await;
    assert_eq!(town.orgs[1].list(&["inbox", "list"]).await[0]["referral"], sent.as_str(), "packets go on");
    relay.stop().await;

    let moved = folder.path().join("moved");
    let said = right(&backups.restore(&moved, &["--nothing-lost"]).await);
    assert_eq!(said["waits"], false);
    town.place.data = moved;
    let relay = town.place.up().await;
    town.registrar.run(&shut_out).await;

    // Of a relay that goes on, nobody can say that nothing was lost.
    let backups = Backups { data: town.place.data.clone(), ..backups };
    right(&backups.create(&[]).await);
    relay.stop().await;
    let said = right(&backups.restore(&folder.path().join("running"), &["--nothing-lost"]).await);
    assert_eq!(said["waits"], true);
}

/// The same folder, with the relay stopped: its backup, names in it, cuts, flipped bits, wrong words.
async fn stopped_and_damaged(town: &Town, backups: &Backups) {
    let backups = Backups {
        data: town.place.data.clone(),
        ..Backups::new(backups.out.parent().unwrap(), &backups.data)
    };
    let unasked = backups.create(&[]).await;
    assert_eq!(unasked.status.code(), Some(6), "a relay that is about to start is not kept out unasked");
    assert!(String::from_utf8_lossy(&unasked.stderr).contains("--stopped"));
    let third = right(&backups.create(STOPPED).await);
    assert_eq!(third["running"], false);
    assert_eq!(right(&backups.check().await)["whole"], serde_json::json!([1, 2, 3]));

    // The store holds the names of organisations in clear, backups hold nothing in clear.
    let holds = |folder: &Path| {
        let holds_name = |path: &PathBuf| {
            std::fs::read(path).unwrap().windows(13).any(|bytes| bytes == ORGS[0].0.as_bytes())
        };
        files_below(folder).iter().any(holds_name)
    };
    assert!(holds(&backups.data) && !holds(&backups.out));

    // Killed at every step of writing, early and late.
    let steps = ["file.before-sync", "file.before-rename", "file.before-folder-sync"];
    for (step, nth) in steps.iter().flat_map(|step| [1, 2].map(|nth| (step, nth))) {
        let out = backups.out.with_file_name("young");
        let young = Backups { out: out.clone(), ..Backups::new(out.parent().unwrap(), &backups.data) };
        let _ = std::fs::remove_dir_all(&out);
        right(&young.create(STOPPED).await);
        std::fs::write(out.join("chunks").join("0".repeat(64) + ".new"), b"half").unwrap();
        let chunk = std::fs::read_dir(out.join("chunks")).unwrap().map(|entry| entry.unwrap().path());
        let chunk = chunk.filter(|path| path.extension().is_none()).last().unwrap();
        // Two files to write: a chunk that has rotted, and the manifest.
        let bytes = std::fs::read(&chunk).unwrap();
        std::fs::write(&chunk, b"rot").unwrap();
        let killed = young.create(&["--stopped", "--crash-at", &format!("{step}:{nth}")]).await;
        assert!(!killed.status.success(), "{step}:{nth} was not reached");
        if nth == 1 && *step != "file.before-folder-sync" {
            std::fs::write(&chunk, &bytes).unwrap();
        }
        let whole = right(&young.check().await)["whole"].clone();
        assert_eq!(whole[0], 1, "the one before stays whole: {step}:{nth}");
        right(&young.create(STOPPED).await);
        right(&young.check().await);
    }

    for at in ["backup.key", "manifest-00000002"] {
        let path = backups.out.join(at);
        let bytes = std::fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        changed[bytes.len() / 2] ^= 1;
        std::fs::write(&path, changed).unwrap();
        let found = backups.check().await;
        assert_eq!(found.status.code(), Some(8), "{at}");
        assert!(String::from_utf8_lossy(&found.stderr).contains("damaged"), "{at}");
        std::fs::write(&path, bytes).unwrap();
    }
    std::fs::write(&backups.passphrase, "seven other words for backups\n").unwrap();
    assert_eq!(backups.check().await.status.code(), Some(3));
    assert_eq!(backups.create(STOPPED).await.status.code(), Some(3));
    let nowhere = Backups { out: backups.out.with_file_name("nowhere"), ..backups };
    assert_eq!(nowhere.check().await.status.code(), Some(4));
}
