//! A workstation's backups.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use causeway_client::vault::{EKS_FILES, Tree, Vault};
use causeway_common::store::{SledKv, SledOptions};
use causeway_tests::process::Death;
use causeway_tests::process::actor::Actor;
use causeway_tests::process::forms::files_below;
use causeway_tests::process::relay::Place;
use causeway_tests::process::town::Town;
use serde_json::Value;

pub(super) const ORGS: [(&str, &str, &str); 2] =
    [("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];

pub(super) async fn send(from: &Actor, to: &str) -> String {
    send_with(from, to, &[]).await
}

async fn send_with(from: &Actor, to: &str, more: &[&str]) -> String {
    let file = format!("{}/../docs/samples/missing-person.json", env!("CARGO_MANIFEST_DIR"));
    let words = ["send", "missing-person", "--to", to, "--file", &file];
    let sent = from.run(&[&words[..], more].concat()).await;
    sent["referral"].as_str().unwrap().to_owned()
}

pub(super) async fn sync(both: [&Actor; 2]) {
    for _ in 0..3 {
        for one in both {
            one.run(&["sync"]).await;
        }
    }
}

/// Referrals in an inbox; none is there twice.
pub(super) async fn inbox(of: &Actor) -> BTreeSet<String> {
    let mut list = of.list(&["inbox", "list"]).await;
    // Envelopes that could not be opened, and were sealed again, have no referral.
    list.retain(|item| item["referral"].is_string());
    let once: BTreeSet<String> =
        list.iter().map(|item| item["referral"].as_str().unwrap().to_owned()).collect();
    assert_eq!(once.len(), list.len(), "{}: something is there twice", of.name);
    once
}

async fn number_of(of: &Actor, list: &str, referral: &str) -> String {
    let all = of.list(&[list, "list"]).await;
    let item = all.iter().find(|item| item["referral"] == referral).unwrap();
    item["id"].as_str().unwrap().to_owned()
}

async fn shown(of: &Actor, referral: &str) -> Value {
    of.run(&["inbox", "show", &number_of(of, "inbox", referral).await]).await
}

/// Names of the prekeys in a home.
async fn prekeys(of: &Actor) -> BTreeSet<Vec<u8>> {
    let kv = Arc::new(SledKv::open(&of.home.join("vault"), SledOptions::default()).unwrap());
    let vault = Vault::unlock(kv, of.home.as_path(), &of.passphrase()).await.unwrap();
    vault.list(Tree::Prekeys).unwrap().into_iter().map(|(id, _)| id).collect()
}

/// The same person at another home.
pub(super) fn at(actor: &Actor, home: &Path) -> Actor {
    let mut there = actor.clone();
    there.home = home.into();
    there
}

pub(super) async fn restore(police: &Actor, from: &str, home: &Path) -> Actor {
    let restored = at(police, home);
    restored.run(&["backup", "restore", "--from", from]).await;
    restored
}

async fn fails(actor: &Actor, words: &[&str], exit: i32, code: &str) {
    let ran = actor.attempt(words, &Death::Never).await;
    assert_eq!((ran.status.code(), &ran.error()["code"]), (Some(exit), &Value::from(code)), "{}", ran.tail());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_home_goes_on_without_doubles_without_old_keys_and_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::below(folder.path(), "warn");
    let (town, relay) = Town::found(folder.path(), place, &ORGS).await;
    let (hotline, police) = (&town.orgs[0], &town.orgs[1]);
    let (a, b) = (send(hotline, ORGS[1].0).await, send(hotline, ORGS[1].0).await);
    sync([hotline, police]).await;
    police.run(&["accept", &number_of(police, "inbox", &a).await, "--eta", "today"]).await;
    sync([police, hotline]).await;
    // Waits in the outbox with a large file: what is staged is in the backup too.
    let large = folder.path().join("large.bin");
    std::fs::write(&large, (0..3_000_000u32).map(|n| (n % 251).to_le_bytes()[0]).collect::<Vec<_>>())
        .unwrap();
    let q = send_with(police, ORGS[0].0, &["--attach", &format!("PHO={}", large.display())]).await;
    assert_eq!(police.run(&["status"]).await["backup_age"], Value::Null);

    let out = folder.path().join("backups");
    let from = out.display().to_string();
    let first = police.run(&["backup", "create", "--out", &from]).await;
    let again = police.run(&["backup", "create", "--out", &from]).await;
    println!("first {first}\nagain {again}");
    assert!(first["new_bytes"].as_u64().unwrap() > 3_000_000, "{first}");
    assert!(again["new_bytes"].as_u64().unwrap() < 200_000, "only what is new is written: {again}");
    let status = police.run(&["status"]).await;
    assert!(status["backup_age"].as_u64().unwrap() < 600 && status["backup"]["old"] == false, "{status}");
    damaged_or_locked(police, &out, folder.path()).await;

    // After the backup: what waited goes out, something comes and is signed for, something more is under way.
    let r1 = send(police, ORGS[0].0).await;
    sync([police, hotline]).await;
    let c = send(hotline, ORGS[1].0).await;
    sync([hotline, police]).await;
    let d = send(hotline, ORGS[1].0).await;
    hotline.run(&["sync"]).await;

    // The machine is lost; another one goes on.
    let old_keys = prekeys(police).await;
    let restored = restore(police, &from, &folder.path().join("second")).await;
    sync([&restored, hotline]).await;
    let new_keys = prekeys(&restored).await;
    assert!(!new_keys.is_empty() && new_keys.is_disjoint(&old_keys), "no prekey is used again");
    assert_eq!(inbox(&restored).await, [a.clone(), b, d.clone()].into());
    for (who, list) in [(&restored, "inbox"), (hotline, "sent")] {
        let show = who.run(&[list, "show", &number_of(who, list, &a).await]).await;
        assert_eq!(show["work"], "accepted", "{} and its partner agree", who.name);
    }
    let r2 = send(&restored, ORGS[0].0).await;
    sync([&restored, hotline]).await;
    assert_eq!(inbox(hotline).await, [q, r1, r2.clone()].into());
    let proofs = shown(hotline, &r2).await["proofs"].clone();
    assert_eq!((&proofs["contradictions"], &proofs["missing_before"]), (&0.into(), &0.into()), "{proofs}");
    assert!(proofs["sender_restored"].is_string(), "{proofs}");
    // What only the lost machine had is missing, and is said to be.
    let told = restored.run(&["status"]).await["backup"]["restored"].clone();
    assert!(told["taken"].is_string(), "{told}");
    let missing = told["missing"].as_array().unwrap();
    assert_eq!(missing.len(), 1, "{told}");
    assert_eq!(missing[0]["from_name"], ORGS[0].0);
    assert!(missing[0]["count"].as_u64().unwrap() >= 1, "{told}");
    assert!(!inbox(&restored).await.contains(&c));

    // The same old backup once more, by the recovery code: still nothing twice, no number, no key.
    let said = std::fs::read_to_string(&police.log).unwrap();
    let code = said.lines().map(str::trim).find(|line| line.len() == 35 && line.split('-').count() == 6);
    let by_code = folder.path().join("code");
    std::fs::write(&by_code, code.expect("the recovery code was shown")).unwrap();
    let mut third = restored.clone();
    third.passphrase_file = by_code;
    let third = restore(&third, &from, &folder.path().join("third")).await;
    sync([&third, hotline]).await;
    let newest = prekeys(&third).await;
    assert!(newest.is_disjoint(&new_keys) && newest.is_disjoint(&old_keys));
    let (r3, e) = (send(&third, ORGS[0].0).await, send(hotline, ORGS[1].0).await);
    sync([&third, hotline]).await;
    let proofs = shown(hotline, &r3).await["proofs"].clone();
    assert_eq!((&proofs["contradictions"], &proofs["missing_before"]), (&0.into(), &0.into()), "{proofs}");
    assert!(inbox(&third).await.contains(&e));
    inbox(hotline).await;
    third.run(&["doctor"]).await;
    relay.stop().await;
}

/// What is not to be restored is not, and nothing in a backup can be read.
async fn damaged_or_locked(police: &Actor, out: &Path, folder: &Path) {
    let from = out.display().to_string();
    police.run(&["backup", "check", "--from", &from]).await;
    fails(police, &["backup", "restore", "--from", &from], 9, "H-109").await;
    let nobody = at(police, &folder.join("nobody"));
    let wrong = folder.join("wrong.passphrase");
    std::fs::write(&wrong, "seven other words that open nothing").unwrap();
    let mut stranger = nobody.clone();
    stranger.passphrase_file = wrong;
    fails(&stranger, &["backup", "restore", "--from", &from], 3, "V-103").await;
    fails(&stranger, &["backup", "check", "--from", &from], 3, "V-103").await;
    fails(&nobody, &["backup", "check", "--from", &folder.display().to_string()], 4, "B-104").await;
    fails(police, &["backup", "create", "--out", &folder.display().to_string()], 9, "B-109").await;
    assert!(!nobody.home.exists());

    let files = files_below(out);
    for path in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(!EKS_FILES.contains(&name), "{name} must never be in a backup");
        let bytes = std::fs::read(path).unwrap();
        for word in [ORGS[0].0, ORGS[1].0, "Iuliia", "missing"] {
            assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} is in {name}");
        }
    }
    for path in files.iter().filter(|path| !path.ends_with("in-use")).take(4) {
        let bytes = std::fs::read(path).unwrap();
        let mut changed = bytes.clone();
        changed[bytes.len() / 3] ^= 16;
        std::fs::write(path, changed).unwrap();
        fails(police, &["backup", "check", "--from", &from], 8, "B-108").await;
        std::fs::write(path, bytes).unwrap();
    }
    // Killed while it writes: the ones before stay.
    for step in ["file.before-sync:1", "file.before-rename:2", "store.before-sync:1"] {
        let ran = police.attempt(&["backup", "create", "--out", &from], &Death::At(step.into())).await;
        assert!(!ran.status.success(), "{step}");
        let whole = police.run(&["backup", "check", "--from", &from]).await["whole"].clone();
        assert!(whole.as_array().unwrap().len() >= 2, "{step}: {whole}");
    }
    // And while it restores: the next attempt starts anew.
    let cut = ["backup", "restore", "--from", &from];
    let ran = nobody.attempt(&cut, &Death::At("store.before-sync:2".into())).await;
    assert!(!ran.status.success());
    nobody.run(&cut).await;
    assert!(nobody.run(&["doctor"]).await["vault_records"].as_u64().unwrap() > 0);
    std::fs::remove_dir_all(&nobody.home).unwrap();
}
