use serde_json::json;

use super::*;
use crate::formats::testing::{case, exported, sample};
use crate::referral::update::Update;

#[test]
fn a_page_for_a_browser_runs_nothing_and_warns() {
    let mut document = sample("MPR");
    document["circumstances"] = json!("<script>alert(1)</script> & \"x\"");
    document["inquirer"]["contact"]["controlled_by_exploiter"] = json!(true);
    document["mode"] = json!("exercise");
    let case = case("MPR", document);
    for lang in Lang::ALL {
        let from = Exported { lang, ..exported(&case) };
        let text = String::from_utf8(html::write(&sheet(&from))).unwrap();
        assert!(!text.contains("<script") && text.contains("&lt;script&gt;"));
        assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("src="));
        for id in ["print-controlled", "print-exercise", "print-in-clear"] {
            assert!(text.contains(&lang.text(id)) && !text.contains(id), "{id}");
        }
        assert!(text.contains("Щербацкая") && text.contains("default-src 'none'"));
    }
}

#[test]
fn what_everybody_may_read_does_not_say_who_told_whom() {
    let case = case("MPR", crate::formats::public_part(&sample("MPR")));
    let said = |public| {
        let from = Exported { public, ..exported(&case) };
        let page = String::from_utf8(html::write(&sheet(&from))).unwrap();
        (page, String::from_utf8(crate::formats::json::export(&from)).unwrap())
    };
    let (root, peer) = (case.thread.root.to_string(), case.thread.peer.to_string());
    let (page, file) = said(false);
    assert!(page.contains("Border desk") && page.contains(&root) && file.contains(&peer));
    let (page, file) = said(true);
    assert!(!page.contains("Border desk") && !page.contains(&root) && page.contains("MD-2026-000001"));
    assert!(!file.contains(&peer) && !file.contains("\"transport\"") && file.contains("causeway-case"));
}

#[test]
fn a_paper_has_pages_and_its_letters() {
    let mut document = sample("MPR");
    document["circumstances"] = json!("слово ".repeat(3_000) + &"x".repeat(500));
    let case = case("MPR", document);
    let bytes = pdf::write(&sheet(&exported(&case))).unwrap();
    assert!(bytes.starts_with(b"%PDF-"));
    assert_eq!(bytes, pdf::write(&sheet(&exported(&case))).unwrap(), "the same case is the same paper");
    assert!(bytes.len() < 400_000, "only what is used of the font: {}", bytes.len());
}

#[test]
fn lines_are_no_wider_than_they_may_be() {
    let face = page::Face::new(include_bytes!("../../../assets/DejaVuSans.ttf")).unwrap();
    for text in ["a few words and Кириллица", &"x".repeat(300), "", "\n\n", "ä".repeat(90).as_str()]
    {
        for line in face.wrapped(text, 10.0, 100.0) {
            assert!(face.width(&line, 10.0) <= 100.0, "{line}");
        }
    }
    let long = "word ".repeat(50);
    assert_eq!(face.wrapped(&long, 10.0, 100.0).join(" "), long.trim());
}

#[test]
fn a_paper_says_what_every_step_says() {
    let mut case = case("BIA", sample("BIA"));
    let update = |event: &str, other: Value| {
        let other = other.as_object().cloned().unwrap();
        Update {
            eta: "20:00".into(),
            reason: "no_capacity".into(),
            text: "See below.".into(),
            other,
            ..Update::of(event, "seen")
        }
    };
    let step = |what: &str| crate::model::Event {
        at: case.thread.begun,
        by: case.thread.peer,
        what: what.into(),
        state: "accepted".into(),
        text: "See below.".into(),
        packet: case.thread.root,
        after: case.thread.root,
        conflict: false,
        author: String::new(),
        taken_back: false,
    };
    let located = (step("located"), Some(update("located", json!({ "found": { "alive": "no" } }))));
    let signed = |condition: &str| {
        (step("handed_over"), Some(update("handed_over", json!({ "handover": { "condition": condition } }))))
    };
    case.steps = vec![located, signed("calm"), signed("bruised")];
    let rows = timeline(&exported(&case));
    let found = &rows[0].1;
    assert!(
        found.contains("PERSON FOUND") && found.contains("Alive: No") && found.contains("20:00"),
        "{found}"
    );
    assert!(found.contains("no_capacity"), "{found}");
    assert!(rows[2].1.contains("bruised") && rows[2].1.contains("NOT the record"), "{rows:?}");
}
