use serde_json::json;

use super::*;
use crate::referral::Level;

fn document(kind: &str, fields: Value) -> Document {
    let mut document = Document::empty(kind.parse().unwrap());
    document.fields = fields.as_object().cloned().unwrap();
    document
}

#[test]
fn what_is_typed_becomes_what_the_dictionary_says_and_what_is_not_right_yet_stays() {
    let mut alert = document("border-alert", json!({}));
    for (path, text) in [
        ("persons[0].names[0].full", "Дарья"),
        ("persons[0].sex", "2"),
        ("persons[0].dob", "7.03.2009"),
        ("persons[1].names[0].full", ""),
        ("persons[2].dob", "in spring"),
        ("request", "separate_and_interview,allow_ngo"),
        ("callback", "+373 (22) 000-111"),
        ("children_count", "two"),
        ("approach_note", "{\"text\":1}"),
    ] {
        write(&mut alert, path, text).unwrap();
    }
    close_gaps(&mut alert);
    assert_eq!(
        Value::Object(alert.fields.clone()),
        json!({
            "persons": [
                { "names": [{ "full": "Дарья" }], "sex": 2, "dob": "2009-03-07" },
                { "dob": "in spring" },
            ],
            "request": ["separate_and_interview", "allow_ngo"],
            "callback": "+37322000111",
            "children_count": "two",
            "approach_note": "{\"text\":1}",
        })
    );
    let wrong: Vec<String> =
        alert.validate(Level::Draft, crate::referral::Timestamp(0)).into_iter().map(|p| p.path).collect();
    assert!(wrong.contains(&"persons[1].dob".to_owned()), "{wrong:?}");
    assert!(wrong.contains(&"children_count".to_owned()), "{wrong:?}");
    write(&mut alert, "persons[1].dob", "").unwrap();
    close_gaps(&mut alert);
    assert_eq!(alert.fields["persons"].as_array().unwrap().len(), 1);
    for hostile in ["kind", "no_such_field", "persons[0].no", "persons[1000].sex", "", "__proto__.x", "a]["] {
        let is_known = write(&mut alert, hostile, "x").is_ok();
        assert!(!is_known || hostile == "kind", "{hostile}");
    }
}

#[test]
fn not_knowing_and_nobody_are_answers_and_what_was_not_touched_stays_as_it_is() {
    let text = json!({ "lang": "en", "text": "Offered work." });
    let mut report = document("missing-person", json!({ "circumstances": text }));
    write(&mut report, "circumstances", "Offered work.").unwrap();
    assert_eq!(report.fields["circumstances"], text, "its language is kept");
    write(&mut report, "last_seen.nil", "unknown").unwrap();
    write(&mut report, "last_seen.at", "").unwrap();
    close_gaps(&mut report);
    assert_eq!(report.fields["last_seen"], json!({ "nil": "unknown" }));
    write(&mut report, "last_seen.nil", "").unwrap();
    write(&mut report, "last_seen.at", "2026-09").unwrap();
    close_gaps(&mut report);
    assert_eq!(report.fields["last_seen"], json!({ "at": "2026-09" }));
    let mut check = document("identity-check", json!({}));
    write(&mut check, "do_not_contact", NOBODY).unwrap();
    close_gaps(&mut check);
    assert_eq!(check.fields["do_not_contact"], json!([]));
    write(&mut check, "do_not_contact", "").unwrap();
    write(&mut check, "do_not_contact[0]", "her uncle").unwrap();
    assert_eq!(check.fields["do_not_contact"], json!(["her uncle"]));
}

#[test]
fn every_field_that_people_fill_in_stands_on_one_sheet_and_every_problem_has_its_own() {
    for kind in ["missing-person", "border-alert", "victim-handoff", "identity-check"] {
        let kind: Kind = kind.parse().unwrap();
        let empty = Document::empty(kind);
        let sheets = sheets(kind);
        let mut paths: Vec<String> = sheets
            .iter()
            .flat_map(|code| sheet(&empty, *code, ""))
            .filter(|item| matches!(item.shape, Shape::Field(..)))
            .map(|item| item.path)
            .collect();
        let all = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), all, "no field stands twice");
        for problem in empty.validate(Level::Send, crate::referral::Timestamp(0)) {
            let section = section_of(kind, &problem.path);
            assert!(section.is_some(), "{}: {}", kind.name(), problem.path);
        }
    }
    let kind: Kind = "missing-person".parse().unwrap();
    assert_eq!(section_of(kind, "person.physical.marks[0].type").unwrap().to_string(), "PHO");
    assert_eq!(section_of(kind, "person.names[0]").unwrap().to_string(), "IDN");
    assert_eq!(section_of(kind, "nothing.like.it"), None);
}
