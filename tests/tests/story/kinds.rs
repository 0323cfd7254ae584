//! `causeway kind` tells what can be written, without a home and in both languages.

use std::collections::BTreeSet;

use causeway_tests::process::Death;
use causeway_tests::process::actor::Actor;
use causeway_tests::process::sample;
use serde_json::Value;

/// Somebody who has installed the program and nothing else.
fn nobody(folder: &std::path::Path) -> Actor {
    Actor::new(folder, "Nobody Yet", "warn")
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_are_listed_shown_and_checked_before_anybody_has_a_home() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = nobody(folder.path());
    let kinds = nobody.list(&["kind", "list"]).await;
    let codes: BTreeSet<&str> = kinds.iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    let all = ["BIA", "CUP", "EVH", "HIC", "IDQ", "IDR", "MPR", "ODH", "SCP", "SPA", "SPR", "VHO"];
    assert_eq!(codes, BTreeSet::from(all));
    let (seen, _) = nobody.sees(&["kind", "list", "--lang", "ru"]).await;
    assert_eq!(seen.lines().count(), all.len());
    assert!(seen.lines().all(|line| line.chars().any(|c| ('а'..='я').contains(&c))), "{seen}");
    for kind in &kinds {
        let name = kind["name"].as_str().unwrap();
        let outline = nobody.list(&["kind", "show", name]).await;
        assert!(outline.len() > 10 && outline.iter().all(|row| row["path"].is_string()), "{name}");
        let (schema, _) = nobody.sees(&["kind", "show", name, "--schema"]).await;
        let published = std::fs::read_to_string(sample(&format!("../schema/{name}.schema.json"))).unwrap();
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(read(&schema), read(&published), "{name}: what is published is what is checked");
        let (form, _) = nobody.sees(&["kind", "show", name, "--form", "--lang", "ru"]).await;
        assert!(read(&form).is_object(), "{name}");
        nobody.run(&["kind", "check", name, "--file", &sample(&format!("{name}.json"))]).await;
    }
    let reasons = nobody.list(&["kind", "codes", "CL-DR"]).await;
    assert!(reasons.iter().any(|row| row["code"] == "no_capacity"), "{reasons:?}");
    assert!(!folder.path().join("home-of-nobody-yet").exists(), "and it has left nothing behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_wrong_is_told_where_and_what_would_be_right_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = nobody(folder.path());
    let file = sample("border-alert.json");
    let wrong: [(&[&str], &str, &str); 3] = [
        (&["--set", "urgency=Imediate"], "F-107", "urgency"),
        (&["--set", "callback=12345"], "F-106", "callback"),
        (&["--set", "when.eta=soon"], "F-106", "when.eta"),
    ];
    for (set, code, path) in wrong {
        let words = [&["kind", "check", "border-alert", "--file", &file], set].concat();
        for (lang, is_russian) in [("en", false), ("ru", true)] {
            let ran = nobody.attempt(&[&words[..], &["--lang", lang]].concat(), &Death::Never).await;
            assert_eq!(ran.status.code(), Some(5), "{set:?}: {}", ran.tail());
            let told = format!("{:?}{}", ran.out, ran.err);
            assert!(told.contains(code) && told.contains(path), "{set:?}: {told}");
            assert_eq!(told.contains(|c| ('а'..='я').contains(&c)), is_russian, "{set:?}: {told}");
        }
    }
    let unknown = nobody.attempt(&["kind", "show", "border-allert"], &Death::Never).await;
    assert_eq!(unknown.status.code(), Some(5));
    assert!(unknown.error()["hint"].as_str().unwrap().contains("border-alert"), "{}", unknown.error());
}
