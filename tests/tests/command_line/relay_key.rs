//! The relay changes its key: planned, with time for everybody to hear of it, and at once, because somebody else may have it.

use std::path::Path;

use causeway_certs::directory::Directory;
use causeway_certs::keys::SigningKey;
use causeway_certs::relay_keys::{self, Announcements};
use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use causeway_tests::log_book;
use causeway_tests::process::actor::Actor;
use causeway_tests::process::program::program;
use causeway_tests::process::town::Town;
use serde_json::Value;

use super::support::{INTEGRITY, INVALID, REFUSED, Stage, fails, sample, seen_by};

const TOWN: &[(&str, &str, &str)] =
    &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE"), ("Embassy", "embassy", "DE")];
const POLICE: &str = "Border Police";

fn field<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap()
}

/// What the operator does at the relay.
async fn prepare(town: &Town, more: &[&str]) -> Value {
    let mut command = tokio::process::Command::new(program("causeway-relay"));
    command.args(["key", "prepare", "--json", "--data"]).arg(&town.place.data).args(more);
    let output = command.kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A moment not far from now, as people write it; a slow machine needs some seconds to announce it.
async fn in_a_moment() -> (String, Timestamp) {
    let seconds = SystemClock.now().0 / 1_000 + 15;
    let mut date = tokio::process::Command::new("date");
    let date = date.args(["-u", "+%Y-%m-%dT%H:%M:%SZ", "-d"]).arg(format!("@{seconds}"));
    let written = String::from_utf8(date.output().await.unwrap().stdout).unwrap();
    (written.trim().to_owned(), Timestamp(seconds * 1_000))
}

async fn send(by: &Actor, to: &str) {
    let alert = sample("border-alert.json");
    by.run(&["send", "border-alert", "--to", to, "--file", &alert]).await;
    by.run(&["sync"]).await;
}

/// A referral, and perhaps receipts.
async fn receives(org: &Actor) {
    let before = org.list(&["inbox", "list"]).await.len();
    org.run(&["sync"]).await;
    assert_eq!(org.list(&["inbox", "list"]).await.len(), before + 1, "{}", org.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_changes_its_key_and_everybody_goes_on() {
    let Stage { folder, mut town, relay } = Stage::set(TOWN).await;
    let old = field(&relay.ready, "relay_key").to_owned();
    let prepared = prepare(&town, &[]).await;
    let (new, request) = (field(&prepared, "relay_key").to_owned(), field(&prepared, "request").to_owned());
    what_is_no_announcement(&town, &request).await;
    let registrar = &town.registrar;
    let shown = registrar.run(&["registrar", "relay-key", "show", &request]).await;
    assert_eq!((&shown["fingerprint"], &shown["by_present"]), (&prepared["fingerprint"], &true.into()));

    // Announced for in two weeks; then for now: what waits gives way. Meanwhile somebody stays connected who had heard of nothing.
    let Town { place, orgs, registrar, .. } = &mut town;
    let (hotline, police, embassy) = (&orgs[0], &orgs[1], &orgs[2]);
    let before = folder.path().join("before.json").display().to_string();
    let stays = police.run(&["sync", "--wait", "120"]);
    let changes = async {
        let announced = registrar.run(&["registrar", "relay-key", "announce", &request]).await;
        assert_eq!(announced["relay_key"], new.as_str());
        hotline.run(&["sync"]).await;
        let status = hotline.run(&["status"]).await;
        assert_eq!(
            (&status["relay_key"]["relay_key"], &status["relay_key"]["next"]["relay_key"]),
            (&Value::from(old.as_str()), &Value::from(new.as_str()))
        );
        let seen = seen_by(hotline, &["status"]).await;
        assert!(seen.contains("The relay gets a new key on"), "{seen}");
        hotline.run(&["directory", "export", "--out", &before]).await;
        let (text, from) = in_a_moment().await;
        let announce = ["registrar", "relay-key", "announce", &request, "--from", &text];
        assert_eq!(registrar.run(&announce).await["at_once"], false);
        tokio::time::sleep(from.since(SystemClock.now())).await;
        fails(registrar, &["registrar", "relay-key", "announce", &request], REFUSED, "G-157").await;

        // The relay has changed by itself, and starts again as it is.
        assert_eq!(hotline.run(&["sync"]).await["connected"], true);
        relay.stop().await;
        let relay = place.up().await;
        assert_eq!(field(&relay.ready, "relay_key"), new);
        assert!(!place.data.join("relay.key.next").exists(), "the old key is gone");
        send(hotline, POLICE).await;
        relay
    };
    let (stayed, relay) = tokio::join!(stays, changes);
    assert_eq!(stayed["received"], 1, "over the new key, without a new start");
    send(police, "Angel Hotline").await;
    receives(hotline).await;
    let seen = seen_by(hotline, &["status"]).await;
    assert!(seen.contains("The relay has had a new key since"), "{seen}");

    // Who was away for the whole time is told, and healed by a colleague's text.
    let error = fails(embassy, &["sync"], INTEGRITY, "N-106").await;
    assert!(field(&error, "hint").contains("causeway relay-key TEXT"), "{error}");
    let text = field(&hotline.run(&["directory", "relay-key"]).await, "text").to_owned();
    fails(embassy, &["relay-key", &text[..text.len() - 3]], INVALID, "G-125").await;
    fails(embassy, &["relay-key", &of_another_registrar()], INTEGRITY, "G-128").await;
    fails(embassy, &["sync"], INTEGRITY, "N-106").await;
    assert_eq!(embassy.run(&["relay-key", &text]).await["relay_key"], new.as_str());
    assert_eq!(embassy.run(&["sync"]).await["connected"], true);
    send(embassy, POLICE).await;
    receives(police).await;
    assert_eq!(embassy.run(&["relay-key", &text]).await["relay_key"], new.as_str(), "again does no harm");

    // Auditors know the relay by either key; what was exported before still verifies.
    let auditor = Actor::new(folder.path(), "Auditor", "warn");
    let after = folder.path().join("after.json").display().to_string();
    let written = embassy.run(&["directory", "export", "--out", &after]).await;
    assert_eq!(written["relay_key"], new.as_str());
    for file in [&before, &after] {
        auditor.run(&["directory", "verify", file, "--relay-key", &old]).await;
        auditor.run(&["directory", "verify", file, "--relay-key", &new]).await;
        let registrars = field(&written, "registrar_key");
        fails(&auditor, &["directory", "verify", file, "--relay-key", registrars], INTEGRITY, "D-118").await;
    }
    town.join(folder.path(), "Safe House", "shelter", "DE").await;
    assert_eq!(town.orgs[3].run(&["sync"]).await["connected"], true, "invited with the new key");
    relay.stop().await;
}

async fn what_is_no_announcement(town: &Town, request: &str) {
    let registrar = &town.registrar;
    let keys = [1, 2].map(|seed| SigningKey::from_seed(&[seed; 32]));
    let of_another = relay_keys::request(&keys[0], Some(&keys[1]), Timestamp(1));
    let alone = relay_keys::request(&keys[0], None, Timestamp(1));
    let announce = |request: &str, more: &[&str]| {
        let words = [&["registrar", "relay-key", "announce", request], more].concat();
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for (words, exit, code) in [
        (announce(&request[..request.len() - 5], &[]), INVALID, "G-125"),
        (announce(&of_another, &[]), INTEGRITY, "G-128"),
        (announce(&alone, &[]), REFUSED, "G-127"),
        (announce(&alone, &["--compromised"]), REFUSED, "G-137"),
        (announce(request, &["--from", "yesterday"]), INVALID, "C-105"),
        (announce(request, &["--from", "2020-01-01T00:00:00Z"]), INVALID, "C-105"),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        fails(registrar, &words, exit, code).await;
    }
    assert_eq!(registrar.run(&["directory", "verify"]).await["statements"], 4, "nothing was announced");
}

/// Announcements that hold together, of another directory.
fn of_another_registrar() -> String {
    let mut directory = Directory::new();
    log_book::log().leaves.iter().for_each(|leaf| directory.append(leaf).unwrap());
    Announcements::of(&directory).to_text()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else if entry.file_type().unwrap().is_file() {
            std::fs::copy(from, to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_goes_on_with_a_key_in_other_hands_is_refused() {
    let Stage { folder, mut town, mut relay } = Stage::set(&TOWN[..2]).await;
    let old = field(&relay.ready, "relay_key").to_owned();
    relay.stop().await;
    // Somebody has copied the relay's folder.
    let stolen = folder.path().join("stolen");
    copy(&town.place.data, &stolen);
    relay = town.place.up().await;
    let prepared = prepare(&town, &["--anew"]).await;
    let (registrar, request) = (&town.registrar, field(&prepared, "request").to_owned());
    let announce = ["registrar", "relay-key", "announce", &request, "--compromised"];
    assert_eq!(registrar.run(&announce).await["at_once"], true);
    let text = field(&registrar.run(&["registrar", "relay-key", "text"]).await, "text").to_owned();
    let (hotline, police) = (&town.orgs[0], &town.orgs[1]);
    for org in [hotline, police] {
        fails(org, &["sync"], INTEGRITY, "N-106").await;
        assert_eq!(org.run(&["relay-key", &text]).await["relay_key"], prepared["relay_key"]);
    }
    assert_eq!(hotline.run(&["sync"]).await["connected"], true);
    let seen = seen_by(hotline, &["status"]).await;
    assert!(seen.contains("because somebody else may have the old one"), "{seen}");
    relay.stop().await;
    let mut thief = town.place.clone();
    thief.data = stolen;
    relay = thief.up().await;
    assert_eq!(field(&relay.ready, "relay_key"), old);
    for org in [hotline, police, &town.registrar] {
        let words: &[&str] = if org.name == "Registrar" { &["registrar", "pending"] } else { &["sync"] };
        fails(org, words, INTEGRITY, "N-106").await;
    }
    relay.stop().await;
    let relay = town.place.up().await;
    send(hotline, POLICE).await;
    receives(police).await;
    relay.stop().await;
}
