//! The directory in the hands of an outsider, and a relay that is convicted of two directories.

use std::path::Path;

use super::support::{HOTLINE_AND_POLICE, INTEGRITY, INVALID, NOT_FOUND, Stage, fails, output_of, seen_by};
use causeway_certs::evidence::{Contradiction, complete};
use causeway_client::audit::{Accusation, write_evidence};
use causeway_tests::log_book;
use causeway_tests::process::actor::Actor;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_without_a_home_checks_the_whole_directory_from_one_file() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let hotline = stage.hotline();
    let own = hotline.run(&["directory", "verify"]).await;
    assert_eq!((&own["verified"], &own["statements"]), (&true.into(), &3.into()));
    assert_eq!((&own["relay_key_pinned"], &own["registrar_key_pinned"]), (&true.into(), &true.into()));

    let out = stage.folder.path().join("directory.json");
    let out = out.to_str().unwrap();
    let written = hotline.run(&["directory", "export", "--out", out]).await;
    let keys = [&written["relay_key"], &written["registrar_key"]].map(|key| key.as_str().unwrap());
    let auditor = Actor::new(stage.folder.path(), "Auditor", "warn");
    let found = auditor.run(&["directory", "verify", out]).await;
    assert_eq!((&found["verified"], &found["findings"]), (&true.into(), &Value::Array(vec![])));
    assert_eq!((&found["head"]["size"], &found["rosters"]["verified"]), (&3.into(), &2.into()));
    assert_eq!(found["organisations"], own["organisations"]);
    let shown = hotline.run(&["org", "show", "Border Police"]).await;
    let police = found["organisations"].as_array().unwrap().iter().find(|o| o["id"] == shown["id"]).unwrap();
    for field in ["name", "kind", "country", "fingerprint", "status", "admitted", "devices"] {
        assert_eq!(police[field], shown[field], "{field}");
    }
    assert_eq!(found["relay_key_pinned"], false);
    let seen = seen_by(&auditor, &["directory", "verify", out]).await;
    assert!(seen.contains("All 3 statements") && seen.matches("NOT COMPARED").count() == 2, "{seen}");
    assert!(!auditor.home.exists(), "an auditor needs no home");

    let pinned = ["directory", "verify", out, "--relay-key", keys[0], "--registrar-key", keys[1]];
    assert_eq!(auditor.run(&pinned).await["relay_key_pinned"], true);
    let crossed = ["directory", "verify", out, "--relay-key", keys[1]];
    fails(&auditor, &crossed, INTEGRITY, "D-118").await;
    fails(hotline, &["directory", "verify", "--registrar-key", keys[0]], INTEGRITY, "D-118").await;
    fails(&auditor, &["directory", "verify", out, "--relay-key", "12"], INVALID, "C-105").await;
    fails(&auditor, &["directory", "verify"], NOT_FOUND, "H-104").await;
    meddled_files_are_refused(&stage, &auditor, out).await;
    stage.town.registrar.run(&["directory", "verify"]).await;
}

async fn meddled_files_are_refused(stage: &Stage, auditor: &Actor, out: &str) {
    let text = std::fs::read_to_string(out).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    value["leaves"].as_array_mut().unwrap().pop();
    let shorter = stage.file("shorter.json", value.to_string().as_bytes());
    let error = fails(auditor, &["directory", "verify", &shorter], INTEGRITY, "D-118").await;
    assert!(error["message"].as_str().unwrap().contains("the head counts 3 statements"), "{error}");
    for (name, bytes) in [("none", &b"hello"[..]), ("cut", &text.as_bytes()[..text.len() / 2])] {
        let file = stage.file(name, bytes);
        fails(auditor, &["directory", "verify", &file], INVALID, "D-105").await;
    }
    let newer = text.replace("\"schema_version\": 1", "\"schema_version\": 7");
    let newer = stage.file("newer.json", newer.as_bytes());
    fails(auditor, &["directory", "verify", &newer], INVALID, "D-105").await;
    fails(auditor, &["directory", "verify", "/no/such/file"], INVALID, "C-105").await;
    let nowhere = ["directory", "export", "--out", "/no/such/folder/file"];
    fails(stage.hotline(), &nowhere, INVALID, "C-105").await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_relay_has_gone_back_which_is_told_written_and_over_once_it_has_healed() {
    let mut stage = Stage::set(HOTLINE_AND_POLICE).await;
    let folder = stage.folder.path().to_path_buf();
    let (relay, backup) = (stage.town.place.data.clone(), folder.join("relay-then"));
    stage.relay.stop().await;
    copy(&relay, &backup);
    stage.relay = stage.town.place.up().await;
    stage.police().run(&["sync"]).await;
    let export = folder.join("police.json").to_str().unwrap().to_owned();
    stage.town.join(&folder, "Safe House", "shelter", "MD").await;
    stage.hotline().run(&["sync"]).await;
    stage.hotline().run(&["directory", "export", "--out", &export]).await;
    let out = folder.join("evidence.json").to_str().unwrap().to_owned();
    let behind = ["directory", "evidence", "--out", &out, "--with", &export];
    let error = fails(stage.police(), &behind, NOT_FOUND, "D-115").await;
    let told = error["message"].as_str().unwrap();
    assert!(told.contains("was shown 4 statements") && told.contains("this home has 3"), "{told}");

    stage.relay.stop().await;
    std::fs::remove_dir_all(&relay).unwrap();
    copy(&backup, &relay);
    stage.relay = stage.town.place.up().await;
    let hotline = stage.hotline();
    let error = fails(hotline, &["sync"], INTEGRITY, "D-108").await;
    assert!(error["hint"].as_str().unwrap().contains("causeway directory evidence"), "{error}");
    for command in ["status", "doctor"] {
        // Often the same session has healed it already: the relay says at once that its directory has grown.
        let told = hotline.run(&[command]).await;
        let (seen, healed) = (seen_by(hotline, &[command]).await, told["went_back"].is_null());
        assert_eq!((&told["evidence"], seen.contains("ALARM")), (&0.into(), false), "{seen}");
        assert_eq!(seen.contains("the relay went back"), !healed, "{seen}");
        if !healed {
            assert_eq!(told["went_back"]["after"]["size"], 3);
            assert!(seen.contains("of 4 entries") && seen.contains("restored from a backup"), "{seen}");
        }
    }
    hotline.run(&["sync"]).await;
    for command in ["status", "doctor"] {
        assert_eq!(hotline.run(&[command]).await["went_back"], Value::Null);
        assert!(!seen_by(hotline, &[command]).await.contains("went back"));
    }
    let written = hotline.run(&["directory", "evidence", "--out", &out]).await;
    assert_eq!(
        (&written["went_back"], &written["split"], &written["proven"]),
        (&1.into(), &0.into(), &1.into())
    );
    assert_eq!(written["names_members"], false);
    let auditor = Actor::new(&folder, "Auditor", "warn");
    let key = written["relay_key"].as_str().unwrap();
    let found = auditor.run(&["directory", "verify", &out, "--relay-key", key]).await;
    assert_eq!((&found["proven"], &found["contradictions"][0]["kind"]), (&true.into(), &"went_back".into()));
    let seen = seen_by(&auditor, &["directory", "verify", &out]).await;
    assert!(seen.contains("went back") && seen.contains("restored from a backup"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_illegal_statement_and_heads_by_two_keys_are_judged_from_a_file_with_the_keys_that_they_need() {
    let folder = tempfile::tempdir().unwrap();
    let auditor = Actor::new(folder.path(), "Auditor", "warn");
    let log = log_book::log();
    let announcements = log_book::announcements();
    let keys = announcements.replay().unwrap().relay;
    let (larger, smaller) = log_book::went_back();
    let file = |name: &str, said: &Accusation| {
        let path = folder.path().join(name);
        std::fs::write(&path, write_evidence(said)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pair = Accusation {
        relay_key: log.relay_key,
        announcements: Some(announcements),
        contradictions: vec![complete(larger, smaller, &keys, &log.leaves)],
        illegal: None,
    };
    let two_keys = file("keys.json", &pair);
    let (relay, registrar) = (hex(log.relay_key), hex(log.registrar_key));
    let pins = ["--relay-key", &relay, "--registrar-key", &registrar];
    for more in [&pins[..0], &pins[2..], &pins[..]] {
        let args = [&["directory", "verify", &two_keys][..], more].concat();
        let found = auditor.run(&args).await;
        assert_eq!(
            (&found["proven"], &found["contradictions"][0]["kind"]),
            (&true.into(), &"went_back".into())
        );
        assert_eq!(found["relay_keys"].as_array().unwrap().len(), 2);
        let seen = seen_by(&auditor, &args).await;
        assert_eq!(seen.matches("NOT COMPARED").count(), 2 - more.len() / 2, "{seen}");
    }
    let error =
        fails(&auditor, &["directory", "verify", &two_keys, pins[0], pins[1]], INTEGRITY, "D-118").await;
    assert!(error["message"].as_str().unwrap().contains("give the registrar's key too"), "{error}");
    for (option, key) in [("--relay-key", &registrar), ("--registrar-key", &relay)] {
        fails(&auditor, &["directory", "verify", &two_keys, option, key], INTEGRITY, "D-118").await;
    }

    let (announcements, [ours, theirs]) = log_book::made_up();
    let contradictions = vec![Contradiction { ours, theirs, prefix: None }];
    let made_up = Accusation { announcements: Some(announcements), contradictions, ..pair.clone() };
    let first = keys.all().next().unwrap().key;
    let made_up = file("made_up.json", &Accusation { relay_key: *first.as_bytes(), ..made_up });
    let first = hex(*first.as_bytes());
    for more in
        [&["--relay-key", &first, "--registrar-key", &registrar][..], &["--registrar-key", &registrar]]
    {
        let args = [&["directory", "verify", &made_up][..], more].concat();
        let error = fails(&auditor, &args, INTEGRITY, "D-118").await;
        assert!(
            error["message"].as_str().unwrap().contains("another registrar than the one whose key you gave"),
            "{error}"
        );
    }
    let found = auditor.run(&["directory", "verify", &made_up]).await;
    let strangers = [&found["registrar_key"], &found["registrar_key_pinned"]];
    assert!(
        *strangers[0] != registrar.as_str() && *strangers[1] == false,
        "whose word it is, and not compared"
    );

    let (_, illegal) = log_book::illegal().remove(0);
    let wrong = Accusation { announcements: None, contradictions: vec![], illegal: Some(illegal), ..pair };
    let illegal = file("illegal.json", &wrong);
    let found = auditor.run(&["directory", "verify", &illegal, "--relay-key", &relay]).await;
    assert_eq!((&found["proven"], &found["illegal"]["kind"]), (&true.into(), &"illegal_statement".into()));
    assert_eq!(found["illegal"]["statement"], 14);
    let seen = seen_by(&auditor, &["directory", "verify", &illegal]).await;
    assert!(seen.contains("PROVEN") && seen.contains("Statement 14"), "{seen}");
    let mut cut = wrong;
    cut.illegal.as_mut().unwrap().leaves.pop();
    let error = fails(&auditor, &["directory", "verify", &file("cut.json", &cut)], INTEGRITY, "D-118").await;
    assert!(error["message"].as_str().unwrap().contains("the head counts"), "{error}");
}

fn hex(key: [u8; 32]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the first of two pasts is kept.
const FIRST_PAST: &str = "relay-first";

/// Whoever runs both the relay and the registrar can show one past to one member and another to the other.
async fn forked() -> Stage {
    let mut stage = Stage::set(HOTLINE_AND_POLICE).await;
    let folder = stage.folder.path().to_path_buf();
    let (relay, registrar) = (stage.town.place.data.clone(), stage.town.registrar.home.clone());
    stage.relay.stop().await;
    let (relay_then, registrar_then) = (folder.join("relay-then"), folder.join("registrar-then"));
    copy(&relay, &relay_then);
    copy(&registrar, &registrar_then);
    stage.relay = stage.town.place.up().await;
    for (name, country) in [("Safe House", "MD"), ("Second House", "RO")] {
        stage.town.join(&folder, name, "shelter", country).await;
    }
    stage.hotline().run(&["sync"]).await;

    stage.relay.stop().await;
    copy(&relay, &folder.join(FIRST_PAST));
    for (now, then) in [(&relay, &relay_then), (&registrar, &registrar_then)] {
        std::fs::remove_dir_all(now).unwrap();
        copy(then, now);
    }
    stage.relay = stage.town.place.up().await;
    stage.town.join(&folder, "False House", "shelter", "MD").await;
    stage.police().run(&["sync"]).await;
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_with_two_directories_is_convicted_by_a_file() {
    let mut stage = forked().await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let file = |name: &str| stage.folder.path().join(name).to_str().unwrap().to_owned();
    let none = ["directory", "evidence", "--out", &file("none.json")];
    fails(hotline, &none, NOT_FOUND, "D-115").await;
    assert!(!seen_by(hotline, &["status"]).await.contains("ALARM"));

    let error = fails(hotline, &["sync"], INTEGRITY, "D-108").await;
    assert!(error["hint"].as_str().unwrap().contains("causeway directory evidence"), "{error}");
    for command in ["status", "doctor"] {
        let told = hotline.run(&[command]).await;
        assert_eq!((&told["evidence"], &told["illegal_statement"]), (&1.into(), &Value::Null));
        let seen = seen_by(hotline, &[command]).await;
        assert!(seen.contains("ALARM") && seen.contains("causeway directory evidence"), "{seen}");
    }
    let out = file("evidence.json");
    let written = hotline.run(&["directory", "evidence", "--out", &out]).await;
    assert_eq!((&written["contradictions"], &written["proven"]), (&1.into(), &1.into()));
    assert_eq!((&written["split"], &written["illegal_statement"]), (&1.into(), &false.into()));
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(!text.contains("leaves"), "evidence names nobody");

    let auditor = Actor::new(stage.folder.path(), "Auditor", "warn");
    let relay_key = written["relay_key"].as_str().unwrap();
    let found = auditor.run(&["directory", "verify", &out, "--relay-key", relay_key]).await;
    assert_eq!((&found["type"], &found["proven"]), (&"evidence".into(), &true.into()));
    let heads = &found["contradictions"][0];
    assert_eq!(heads["kind"], "split");
    assert_eq!((&heads["ours"]["size"], &heads["theirs"]["size"]), (&5.into(), &4.into()));
    assert!(seen_by(&auditor, &["directory", "verify", &out]).await.contains("PROVEN"));
    let other = "11".repeat(32);
    fails(&auditor, &["directory", "verify", &out, "--relay-key", &other], INTEGRITY, "D-118").await;
    let mut bare: Value = serde_json::from_str(&text).unwrap();
    bare["contradictions"][0].as_object_mut().unwrap().remove("prefix");
    let without = stage.file("bare.json", bare.to_string().as_bytes());
    let found = auditor.run(&["directory", "verify", &without]).await;
    assert_eq!(found["contradictions"][0]["kind"], "went_back", "without the proof no more than that");
    bare["contradictions"][0]["theirs"] = bare["contradictions"][0]["ours"].clone();
    let one_head = stage.file("one.json", bare.to_string().as_bytes());
    fails(&auditor, &["directory", "verify", &one_head], INTEGRITY, "D-118").await;

    // The police has noticed nothing yet; what the hotline exports tells it, without the relay.
    let export = file("hotline.json");
    hotline.run(&["directory", "export", "--out", &export]).await;
    fails(police, &none, NOT_FOUND, "D-115").await;
    let told = file("told.json");
    let with = police.run(&["directory", "evidence", "--out", &told, "--with", &export]).await;
    assert_eq!(with["proven"], 1);
    assert_eq!(auditor.run(&["directory", "verify", &told]).await["proven"], true);
    fails(police, &["directory", "evidence", "--out", &told, "--with", &out], INVALID, "C-105").await;

    // That it shows the hotline its own past again ends no alarm.
    stage.relay.stop().await;
    let relay = stage.town.place.data.clone();
    std::fs::remove_dir_all(&relay).unwrap();
    copy(&stage.folder.path().join(FIRST_PAST), &relay);
    stage.relay = stage.town.place.up().await;
    let (seen, remarks) = output_of(stage.hotline(), &["sync"]).await;
    assert!(seen.contains("received") && remarks.contains("ALARM: the relay has signed"), "{seen} {remarks}");
}
