//! Referrals that cannot be sent as they are.

use super::support::{
    CONFLICT, HOTLINE_AND_POLICE, INVALID, NOT_FOUND, REFUSED, Stage, USAGE, fails, sample,
};
use causeway_tests::process::Death;
use serde_json::Value;

/// What is wrong with a document, and a word that its message must hold.
fn broken() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let whole = std::fs::read(sample("border-alert.json")).unwrap();
    let value: Value = serde_json::from_slice(&whole).unwrap();
    let without = |field: &str| {
        let mut value = value.clone();
        assert!(value.as_object_mut().unwrap().remove(field).is_some(), "the sample has {field}");
        serde_json::to_vec(&value).unwrap()
    };
    let mut long = value.clone();
    long["note_of_the_test"] = Value::from("x".repeat(600 * 1024));
    vec![
        ("truncated", whole[..whole.len() / 2].to_vec(), "line"),
        ("with bytes behind its end", [&whole[..], b" {}"].concat(), "line"),
        ("a list", b"[1, 2]".to_vec(), "object"),
        ("no JSON", b"Please stop her at the border!".to_vec(), "line"),
        ("empty", Vec::new(), "line"),
        ("not UTF-8", [&b"{\"a\":\""[..], &[0xff, 0xfe], b"\"}"].concat(), "line"),
        ("nested a thousand deep", [vec![b'['; 1_000], vec![b']'; 1_000]].concat(), ""),
        ("oversize", serde_json::to_vec(&long).unwrap(), "524288"),
        ("without its persons", without("persons"), "persons"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_that_cannot_be_sent_says_why_and_queues_nothing() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let hotline = stage.hotline();
    for (number, (what, bytes, word)) in broken().into_iter().enumerate() {
        let file = stage.file(&format!("{number}.json"), &bytes);
        let words = ["send", "border-alert", "--to", "Border Police", "--file", &file];
        let ran = hotline.attempt(&words, &Death::Never).await;
        let error = ran.error();
        assert_eq!(ran.status.code(), Some(INVALID), "{what}: {}", ran.tail());
        assert!(["V-105", "C-105"].contains(&error["code"].as_str().unwrap()), "{what}: {error}");
        assert!(error["message"].as_str().unwrap().contains(word), "{what}: {error}");
    }
    let alert = sample("border-alert.json");
    let alert = |to| ["send", "border-alert", "--file", &*alert.clone().leak(), "--to", to];
    fails(hotline, &alert("Nobody Knows Them"), NOT_FOUND, "D-104").await;
    fails(hotline, &alert("Angel Hotline"), INVALID, "C-105").await;
    let with = |more: [&'static str; 2]| [&alert("Border Police")[..], &more].concat();
    fails(hotline, &with(["--set", "approach_note"]), INVALID, "C-105").await;
    fails(hotline, &with(["--attach", "photo.jpg"]), INVALID, "C-105").await;
    fails(hotline, &with(["--attach", "PHO=/there/is/no/photo.jpg"]), INVALID, "C-105").await;
    fails(
        hotline,
        &["send", "border-alert", "--to", "Border Police", "--file", "/no/such/file"],
        INVALID,
        "C-105",
    )
    .await;
    for usage in [&["send", "love-letter", "--to", "Border Police"][..], &["send", "border-alert"], &["fly"]]
    {
        let ran = hotline.attempt(usage, &Death::Never).await;
        assert_eq!(ran.status.code(), Some(USAGE), "{usage:?}");
    }
    assert!(hotline.list(&["sent", "list"]).await.is_empty(), "nothing was queued");
    assert_eq!(hotline.run(&["sync"]).await["sent"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_not_possible_is_refused_and_changes_nothing() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let alert = sample("border-alert.json");
    hotline.run(&["send", "border-alert", "--to", "Border Police", "--file", &alert]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let inbox = police.list(&["inbox", "list"]).await;
    let id = inbox[0]["id"].as_str().unwrap();
    let error = fails(police, &["complete", id], REFUSED, "L-107").await;
    assert!(error["message"].as_str().unwrap().contains("accept"), "it says what is possible: {error}");
    fails(police, &["accept", "ffffffffffff"], NOT_FOUND, "C-104").await;
    fails(police, &["accept", "ab"], INVALID, "C-105").await;
    fails(police, &["accept", id, "--text", &"x".repeat(9_000)], INVALID, "C-105").await;
    let out = stage.folder.path().join("saved").to_str().unwrap().to_owned();
    fails(police, &["attachment", "save", id, "0000", "--out", &out], NOT_FOUND, "C-104").await;
    fails(police, &["attachment", "save", id, "0000", "--out", &alert], CONFLICT, "O-101").await;
    assert_eq!(police.list(&["inbox", "list"]).await[0]["work"], inbox[0]["work"]);
}
