//! Reading documents' lines, looking things up, searching and counting.

use std::process::Stdio;

use causeway_tests::process::program::program;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::support::{HOTLINE_AND_POLICE, INVALID, Stage, USAGE, fails, sample, seen_by};

const LINES: [&str; 2] =
    ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];

/// What a program says that has no home: exit code, standard output, standard error.
async fn homeless(words: &[&str], input: &str) -> (i32, String, String) {
    let nowhere = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("causeway"));
    command.args(words).arg("--home").arg(nowhere.path().join("none"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(!nowhere.path().join("none").exists(), "nothing is kept");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn lines_of_a_document_are_read_without_a_home() {
    let (code, out, _) = homeless(&["--lang", "en", "mrz", LINES[0], LINES[1]], "").await;
    assert_eq!(code, 0);
    assert!(out.contains("ERIKSSON") && out.contains("does not show that the document is genuine"), "{out}");
    let (code, out, _) = homeless(&["--lang", "ru", "mrz", "-"], &LINES.join(" ").to_lowercase()).await;
    assert!(code == 0 && out.contains("не доказывает, что документ подлинный"), "{out}");
    let (code, out, _) = homeless(&["mrz", "--doc", LINES[0], LINES[1]], "").await;
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &document["mrz_check"]["composite"]), (0, &"ok".into()));
}

#[tokio::test]
async fn a_slip_is_named_and_so_is_what_would_explain_it() {
    let slipped = LINES[1].replacen("902", "9O2", 1);
    let (code, out, err) = homeless(&["--lang", "en", "--json", "mrz", LINES[0], &slipped], "").await;
    assert_eq!(code, INVALID);
    let zone: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&zone["mrz_check"]["num"], &zone["mrz_check"]["dob"]), (&"fail".into(), &"ok".into()));
    let error: Value = serde_json::from_str(&err).unwrap();
    let message = error["error"]["message"].as_str().unwrap();
    assert_eq!(error["error"]["code"], "M-106");
    assert!(message.contains("line 2, position 6: 0 instead of O"), "{message}");
    let (code, _, err) = homeless(&["--lang", "ru", "mrz", LINES[0], &LINES[1][1..]], "").await;
    assert!(code == INVALID && err.contains("В строке 2 знаков без пробелов: 43; должно быть: 44"), "{err}");
}

#[tokio::test]
async fn registers_answer_without_a_home() {
    let (code, out, _) = homeless(&["--lang", "ru", "border", "find", "маяки", "удобное"], "").await;
    assert!(code == 0 && out.starts_with("BP-0017  Паланка – Маяки-Удобное  MD/UA"), "{out}");
    let (_, out, _) = homeless(&["--json", "country", "find", "молдова"], "").await;
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["code"], "MD");
    let (_, out, _) = homeless(&["--lang", "en", "language", "find", "узбекский"], "").await;
    assert!(out.starts_with("uz  Uzbek"), "{out}");
    let (code, out, _) = homeless(&["--lang", "en", "border", "find", "atlantis"], "").await;
    assert!(code == 0 && out.contains("Nothing fits"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn referrals_are_found_in_any_alphabet_and_counted_without_names() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let file = sample("missing-person.json");
    hotline.run(&["send", "missing-person", "--to", "Border Police", "--file", &file]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let text = std::fs::read_to_string(&file).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let family = family_name(&document).expect("the sample names somebody");

    for (actor, ours) in [(hotline, true), (police, false)] {
        let found = actor.list(&["search", &family]).await;
        assert_eq!(found.len(), 1, "{family}");
        assert_eq!((&found[0]["kind"], &found[0]["ours"]), (&"MPR".into(), &ours.into()));
        assert!(found[0]["snippet"].as_str().unwrap().contains(&family));
        assert!(actor.list(&["search", &family, "--kind", "border-alert"]).await.is_empty());
        assert!(actor.list(&["search", "nosuchword"]).await.is_empty());
    }
    assert!(seen_by(police, &["--lang", "en", "search", &family]).await.contains("from Angel Hotline"));
    fails(hotline, &["search", " "], INVALID, "Q-105").await;

    // A call is found and counted like a referral.
    let persons = r#"persons=[{"names":[{"family":"Scherbatskaja","given":"Julia"}],"sex":2,"dob":"2005-04-17","nationalities":[{"country":"RU"}]}]"#;
    let said = ["start=2026-04-10T10:00:00+03:00", "caller_number=+905321234567", "line.country=MD", persons];
    let said: Vec<&str> = said.iter().flat_map(|one| ["--set", one]).collect();
    let call = hotline.run(&[&["call", "record"][..], &said].concat()).await;
    let found = hotline.list(&["search", "+905321234567"]).await;
    assert_eq!((found.len(), &found[0]["id"], &found[0]["kind"]), (1, &call["id"], &"HIC".into()));
    // She is missing, and has called herself.
    let alike = hotline.list(&["matches", "list"]).await;
    let kinds: Vec<&Value> = alike[0]["cases"].as_array().unwrap().iter().map(|case| &case["kind"]).collect();
    assert!(
        alike.len() == 1 && kinds.contains(&&"HIC".into()) && kinds.contains(&&"MPR".into()),
        "{alike:?}"
    );

    let quarter = ["--from", "2026-04-01", "--to", "2026-06-30"];
    let contacts = hotline.run(&[&["stats", "--table", "contacts"][..], &quarter].concat()).await;
    assert_eq!(contacts["cells"][0][0], "<11");
    let people = seen_by(hotline, &[&["--lang", "ru", "stats"][..], &quarter].concat()).await;
    assert!(people.contains("<11") && !people.contains(&family), "{people}");
    let picture =
        seen_by(hotline, &[&["stats", "--table", "contacts", "--format", "svg"][..], &quarter].concat())
            .await;
    assert!(picture.starts_with("<svg") && picture.contains("<desc"));
    for (from, to) in
        [("2026-02-01", "2026-01-01"), ("2026-01-01", "2026-12-31"), ("2099-01-01", "2099-03-31")]
    {
        fails(hotline, &["stats", "--from", from, "--to", to], INVALID, "U-101").await;
    }
    let odd = hotline
        .attempt(&["stats", "--from", "soon", "--to", "later"], &causeway_tests::process::Death::Never)
        .await;
    assert_eq!(odd.status.code(), Some(USAGE));
}

/// The first family name in a document.
fn family_name(value: &Value) -> Option<String> {
    match value {
        Value::Object(map) => {
            let own = map.get("family").and_then(Value::as_str).map(str::to_owned);
            own.or_else(|| map.values().find_map(family_name))
        }
        Value::Array(list) => list.iter().find_map(family_name),
        _ => None,
    }
}
