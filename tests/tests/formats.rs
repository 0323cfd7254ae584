//! Files of other systems, with real programs: what goes out of a vault, what comes in, and what somebody outside can prove.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use causeway_tests::process::Death;
use causeway_tests::process::actor::Actor;
use causeway_tests::process::relay::{Place, Relay};
use causeway_tests::process::town::Town;
use serde_json::Value;
use tempfile::TempDir;

struct Stage {
    folder: TempDir,
    town: Town,
    _relay: Relay,
}

impl Stage {
    async fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::below(folder.path(), "warn");
        let orgs = [("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];
        let (town, relay) = Town::found(folder.path(), place, &orgs).await;
        Self { folder, town, _relay: relay }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

async fn fails(actor: &Actor, words: &[&str], code: &str) {
    let ran = actor.attempt(words, &Death::Never).await;
    assert!(!ran.status.success(), "{words:?}");
    assert_eq!(ran.error()["code"], code, "{words:?}: {}", ran.tail());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_goes_out_in_every_format_and_a_court_can_verify_it() {
    let stage = Stage::set().await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let sample = project("docs/samples/border-alert.json").display().to_string();
    let photo = project("docs/samples/photo.jpg");
    let attach = format!("PHO={}", photo.display());
    hotline
        .run(&["send", "border-alert", "--to", "Border Police", "--file", &sample, "--attach", &attach])
        .await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let id = police.run(&["inbox", "list"]).await["id"].as_str().unwrap().to_owned();
    police.run(&["inbox", "show", &id]).await;
    police.run(&["accept", &id, "--eta", "20 minutes"]).await;
    police.run(&["sync"]).await;
    hotline.run(&["sync"]).await;
    let own = hotline.run(&["sent", "list"]).await["id"].as_str().unwrap().to_owned();

    for format in ["json", "cap", "fhir", "csv", "xlsx", "html", "pdf", "bundle"] {
        let out = stage.path(&format!("case.{format}"));
        police.run(&["export", &id, "--format", format, "--out", &out]).await;
        assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600, "{format}");
        fails(police, &["export", &id, "--format", format, "--out", &out], "O-101").await;
    }
    assert!(std::fs::metadata(stage.path("case.labels.csv")).is_ok());
    let cap = std::fs::read_to_string(stage.path("case.cap")).unwrap();
    assert!(cap.contains("<msgType>Update</msgType>") && !cap.contains("Munteanu"));
    fails(police, &["export", &id, "--format", "pfif", "--out", &stage.path("x")], "O-103").await;
    for format in ["json", "csv", "xlsx", "htcds", "html", "pdf", "cap", "fhir"] {
        let out = stage.path("public");
        fails(police, &["export", &id, "--format", format, "--public", "--out", &out], "O-103").await;
    }
    let part = ["export", &id, "--format", "bundle", "--sections", "HDR", "--out", &stage.path("x")];
    fails(police, &part, "C-105").await;
    fails(police, &["export", &id, "--format", "json", "--out", &stage.path("none/x")], "O-107").await;
    let out = stage.path("part.json");
    police.run(&["export", &id, "--format", "json", "--sections", "HDR", "--out", &out]).await;
    let part: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(part["steps"], Value::Array(Vec::new()), "steps belong to no section");

    let page = std::fs::read_to_string(stage.path("case.html")).unwrap();
    assert!(page.contains("Munteanu") && !page.contains("<script"));
    assert!(std::fs::read(stage.path("case.pdf")).unwrap().starts_with(b"%PDF-"));
    let all = stage.path("all.xlsx");
    police.run(&["export", "--all", "--format", "xlsx", "--out", &all]).await;
    fails(police, &["export", "--all", "--format", "cap", "--out", &stage.path("y")], "C-105").await;

    let files = project("docs/samples").display().to_string();
    for (actor, id, name) in [(police, &id, "police.zip"), (hotline, &own, "hotline.zip")] {
        let out = stage.path(name);
        actor.run(&["export", id, "--format", "bundle", "--files", &files, "--out", &out]).await;
        let keys =
            actor.run(&["directory", "export", "--out", &stage.path(&format!("{name}.directory"))]).await;
        let (relay, registrar) =
            (keys["relay_key"].as_str().unwrap(), keys["registrar_key"].as_str().unwrap());
        let pins = ["--relay-key", relay, "--registrar-key", registrar];
        let verdict = actor.run(&[&["verify-bundle", &out], &pins[..]].concat()).await;
        assert_eq!(
            (&verdict["verified"], &verdict["proven"], &verdict["own"]),
            (&true.into(), &1.into(), &1.into())
        );
        assert_eq!(verdict["attachments"], 1, "{verdict}");
        python(&[&[out.as_str()], &pins[..]].concat());
        let other = ["--relay-key", registrar, "--registrar-key", registrar];
        fails(actor, &[&["verify-bundle", &out], &other[..]].concat(), "O-106").await;
    }
    let verdict = hotline.run(&["verify-bundle", &stage.path("hotline.zip")]).await;
    assert_eq!((&verdict["opened"], &verdict["keys_pinned"]), (&1.into(), &false.into()));
    flipped(&stage);
}

/// A changed byte anywhere is seen by both programs: every place of the archive's frame, and some of each file.
fn flipped(stage: &Stage) {
    let bytes = std::fs::read(stage.path("hotline.zip")).unwrap();
    let mut changed = vec!["refuse".to_owned()];
    let step = (bytes.len() / 150).max(1);
    for at in (0..bytes.len()).step_by(step).chain(bytes.len() - 40..bytes.len()) {
        let mut copy = bytes.clone();
        copy[at] ^= 4;
        let path = stage.path(&format!("flipped-{at}.zip"));
        let verdict =
            causeway_client::formats::bundle::verify(&copy, &causeway_certs::audit::Pins::default());
        assert!(!verdict.findings.is_empty(), "byte {at} was changed and nobody saw it");
        std::fs::write(&path, copy).unwrap();
        changed.push(path);
    }
    python(&changed.iter().map(String::as_str).collect::<Vec<_>>());
}

/// The second program. `tests/run` installs what it needs; without it, it says so.
fn python(words: &[&str]) {
    let venv = project("target/tools/venv/bin/python");
    let python = if venv.exists() { venv } else { PathBuf::from("python3") };
    let ran = std::process::Command::new(&python)
        .arg(project("tests/peers/verify_bundle.py"))
        .args(words)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{}{said}", String::from_utf8_lossy(&ran.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_becomes_drafts_once_and_a_draft_is_sent_only_when_somebody_says_so() {
    let stage = Stage::set().await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let pfif = project("tests/vectors/formats/pfif_missing.xml").display().to_string();
    let row = hotline.run(&["import", &pfif, "--format", "pfif"]).await;
    assert_eq!((&row["state"], &row["known"]), (&"ok".into(), &"new".into()));
    assert!(hotline.list(&["drafts", "list"]).await.is_empty(), "only looked at");
    hotline.run(&["import", &pfif, "--format", "pfif", "--draft", "--to", "Border Police"]).await;
    let again = hotline.run(&["import", &pfif, "--format", "pfif", "--draft"]).await;
    assert_eq!(again["known"], "same");
    assert_eq!(hotline.list(&["drafts", "list"]).await.len(), 1);
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    assert!(police.list(&["inbox", "list"]).await.is_empty(), "nothing is sent by itself");

    let table = stage.path("alerts.csv");
    let alert =
        "forced_return,\"A road\",2027-03-01T10:00:00Z,speak to her alone,yes,+37322000100,inform_only";
    let header =
        "kind,alert_type,where,when.eta,approach_note,subject_wants_help,callback,request,persons.0.sex";
    std::fs::write(&table, format!("{header}\nBIA,{alert},2\nBIA,{alert},she\n")).unwrap();
    fails(hotline, &["import", &table, "--format", "csv", "--draft"], "O-105").await;
    assert_eq!(hotline.list(&["drafts", "list"]).await.len(), 1, "nothing half imported");
    let rows = hotline.list(&["import", &table, "--format", "csv", "--draft", "--partly"]).await;
    let states: Vec<&str> = rows.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["ok", "refused"]);
    assert_eq!(rows[1]["findings"][0]["path"], "persons.0.sex");
    let draft = rows[0]["draft"].as_str().unwrap();
    let shown = hotline.run(&["drafts", "show", draft]).await;
    assert_eq!(shown["lacks"], Value::Array(Vec::new()), "{shown}");
    fails(hotline, &["drafts", "send", draft], "C-105").await;
    hotline.run(&["drafts", "send", draft, "--to", "Border Police"]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    assert_eq!(police.run(&["inbox", "list"]).await["kind"], "BIA");
    let again = hotline.list(&["import", &table, "--format", "csv", "--draft", "--partly"]).await;
    assert_eq!(again[0]["known"], "sent", "the same record is not sent twice");
    let left = hotline.list(&["drafts", "list"]).await;
    assert_eq!(left.len(), 1);
    hotline.run(&["drafts", "delete", left[0]["id"].as_str().unwrap()]).await;
    assert!(hotline.list(&["drafts", "list"]).await.is_empty());
    std::fs::write(&table, format!("{header}\nBIA,{alert},she\n")).unwrap();
    fails(hotline, &["import", &table, "--format", "csv"], "O-105").await;
    let call = hotline.run(&["call", "record", "--set", "caller_role=family"]).await;
    let call = call["id"].as_str().unwrap();
    hotline.run(&["erase", call, "--reason", "subject_request", "--yes"]).await;
    assert!(hotline.list(&["call", "list"]).await.is_empty());
    let laughs = stage.path("laughs.xml");
    std::fs::write(&laughs, "<!DOCTYPE a [<!ENTITY a \"ha\">]><a>&a;</a>").unwrap();
    fails(hotline, &["import", &laughs, "--format", "cap", "--draft"], "O-104").await;
}
