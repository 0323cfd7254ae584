use serde_json::{Value, json};

use super::*;
use crate::matching::person::{Lexicon, people};

fn verdict(one: Value, other: Value) -> Verdict {
    let mut lexicon = Lexicon::default();
    let mut read = |person: Value| {
        let document = json!({ "person": person, "created": "2026-03-01T10:00:00Z" });
        people(document.as_object().unwrap(), &mut lexicon).remove(0)
    };
    let (one, other) = (read(one), read(other));
    let there = compare(&one, &other, &WEIGHTS, &mut Memo::default());
    let back = compare(&other, &one, &WEIGHTS, &mut Memo::default());
    assert!((there.points - back.points).abs() < 1e-9, "both ways the same");
    there
}

fn julia() -> Value {
    json!({
        "names": [{ "family": "Цветкова", "given": "Юлия", "patronymic": "Сергеевна" }], "sex": 2, "dob": "1999-04-12",
        "nationalities": [{ "country": "RU" }], "documents": [{ "number": "71 1234567", "issuer": "RU" }],
    })
}

#[test]
fn another_spelling_and_the_same_birthday_are_likely_one_person() {
    let seen =
        json!({ "names": [{ "family": "TCVETKOVA", "given": "IULIIA" }], "sex": 2, "dob": "1999-04-12" });
    let verdict = verdict(julia(), seen);
    assert_eq!(verdict.class(&WEIGHTS), Some(Class::Likely));
    assert_eq!(verdict.agree, [Reason::Family, Reason::Given, Reason::Sex, Reason::BirthDay]);
    assert!(verdict.disagree.is_empty());
}

#[test]
fn a_sister_is_not_shown_and_her_differences_are_named() {
    let sister = json!({ "names": [{ "family": "TSVETKOVA", "given": "ANNA", "patronymic": "SERGEEVNA" }], "sex": 2, "dob": "2002-11-01" });
    let verdict = verdict(julia(), sister);
    assert_eq!(verdict.class(&WEIGHTS), None);
    assert_eq!(verdict.disagree, [Reason::Given, Reason::BirthApart]);
}

#[test]
fn the_same_document_is_enough_though_the_name_is_another() {
    let bare = json!({ "documents": [{ "number": "711234567", "issuer": "RU" }], "sex": 2 });
    assert_eq!(verdict(julia(), bare).class(&WEIGHTS), Some(Class::Possible));
    let slip = json!({ "names": [{ "family": "Zvetkova", "given": "Julia" }], "documents": [{ "number": "711234576", "issuer": "RU" }] });
    assert!(verdict(julia(), slip).agree.contains(&Reason::DocumentTypo));
    let elsewhere = json!({ "documents": [{ "number": "711234567", "issuer": "UA" }] });
    assert_eq!(verdict(julia(), elsewhere).class(&WEIGHTS), None, "every state has its own numbers");
}

#[test]
fn a_refusal_agrees_with_nothing_and_contradicts_nothing() {
    let refused = json!({ "names": [{ "family": "TSVETKOVA", "given": "IULIIA" }], "sex": { "nil": "refused" }, "dob": { "nil": "refused" },
        "nationalities": { "nil": "refused" }, "documents": { "nil": "refused" } });
    let silent = json!({ "names": [{ "family": "TSVETKOVA", "given": "IULIIA" }] });
    assert_eq!(verdict(julia(), refused), verdict(julia(), silent));
}

#[test]
fn exchanged_names_and_an_exchanged_date_are_seen_through() {
    let seen =
        json!({ "names": [{ "family": "YULIYA", "given": "TSVETKOVA" }], "sex": 2, "dob": "1999-12-04" });
    let verdict = verdict(julia(), seen);
    assert!(verdict.agree.contains(&Reason::Swapped) && verdict.agree.contains(&Reason::BirthTypo));
    assert!(verdict.class(&WEIGHTS).is_some());
}

#[test]
fn nobody_is_in_two_places_that_are_far_apart_within_an_hour() {
    let at = |lat: f64, lon: f64, hour: &str| json!({ "persons": [{ "names": [{ "given": "Anna" }] }], "where": { "geo": { "lat": lat, "lon": lon } }, "when": { "eta": hour } });
    let mut lexicon = Lexicon::default();
    let mut read = |document: Value| people(document.as_object().unwrap(), &mut lexicon).remove(0);
    let moscow = read(at(55.75, 37.62, "2026-03-01T10:00:00Z"));
    for (place, expected) in [
        (at(43.12, 131.89, "2026-03-01T11:00:00Z"), Some(Reason::TooFar)),
        (at(43.12, 131.89, "2026-03-03T11:00:00Z"), None),
        (at(55.8, 37.5, "2026-03-01T11:00:00Z"), Some(Reason::Place)),
    ] {
        let verdict = compare(&moscow, &read(place), &WEIGHTS, &mut Memo::default());
        let said = verdict
            .agree
            .iter()
            .chain(&verdict.disagree)
            .find(|r| matches!(r, Reason::Place | Reason::TooFar));
        assert_eq!(said.copied(), expected);
    }
}

#[test]
fn every_reason_has_words_in_both_languages() {
    use crate::lang::Lang;
    for reason in Reason::ALL {
        for lang in Lang::ALL {
            let id = format!("match-{}", reason.as_str());
            assert_ne!(lang.text(&id), id);
        }
    }
}
