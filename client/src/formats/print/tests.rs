use serde_json::json;

use super::*;
use crate::formats::testing::{case, exported, sample};

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
