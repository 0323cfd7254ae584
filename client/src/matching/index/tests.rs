use serde_json::{Value, json};

use super::*;
use crate::matching::person::people;
use crate::matching::score::WEIGHTS;

fn index(reports: &[Value]) -> Index {
    let mut index = Index::default();
    for (number, person) in reports.iter().enumerate() {
        for person in read(person, &mut index.lexicon) {
            index.add(u32::try_from(number).unwrap(), person);
        }
    }
    index
}

fn read(person: &Value, lexicon: &mut Lexicon) -> Vec<Person> {
    people(json!({ "person": person }).as_object().unwrap(), lexicon)
}

fn candidates(index: &mut Index, person: Value) -> Vec<u32> {
    let person = read(&person, &mut index.lexicon).remove(0);
    index.candidates(&person)
}

#[test]
fn every_key_finds_and_nothing_else_does() {
    let mut index = index(&[
        json!({ "names": [{ "family": "Щукина", "given": "Ксения" }], "dob": "1995-02-03", "documents": [{ "number": "AB 123456" }],
            "phones": ["+79161234567"], "emails": ["k@example.org"] }),
        json!({ "names": [{ "family": "Bauer", "given": "Hans" }], "dob": "1960-01-01" }),
    ]);
    for (key, person) in [
        ("document", json!({ "documents": [{ "number": "ab123456" }] })),
        ("phone", json!({ "phones": ["8 916 123 45 67"] })),
        ("e-mail", json!({ "emails": ["K@EXAMPLE.ORG"] })),
        ("family", json!({ "names": [{ "family": "SCHUKINA" }] })),
        ("sound", json!({ "names": [{ "family": "SHCHUKHINA" }] })),
        ("given and year", json!({ "names": [{ "family": "OTHER", "given": "XENIA" }], "dob": "1997" })),
        ("exchanged", json!({ "names": [{ "family": "KSENIA", "given": "SHCHUKINA" }] })),
    ] {
        assert_eq!(candidates(&mut index, person), [0], "{key}");
    }
    let other = json!({ "names": [{ "family": "OTHER", "given": "XENIA" }], "dob": "1999" });
    assert!(candidates(&mut index, other).is_empty(), "three years away");
}

#[test]
fn a_hit_says_whose_it_is_and_the_most_alike_comes_first() {
    let mut index = index(&[
        json!({ "names": [{ "family": "Щукина", "given": "Ксения" }], "sex": 2, "dob": "1995-02-04" }),
        json!({ "names": [{ "family": "Щукина", "given": "Ксения" }], "sex": 2, "dob": "1995-02-03" }),
    ]);
    let seen =
        json!({ "names": [{ "family": "SHCHUKINA", "given": "XENIA" }], "sex": 2, "dob": "1995-02-03" });
    let seen = read(&seen, &mut index.lexicon).remove(0);
    let owners: Vec<u32> = index.find(&seen, &WEIGHTS, |_| true).iter().map(|hit| hit.owner).collect();
    assert_eq!(owners, [1, 0]);
    assert!(index.find(&seen, &WEIGHTS, |owner| owner != 1).iter().all(|hit| hit.owner == 0));
}

#[test]
fn a_name_that_everybody_has_costs_a_bounded_time() {
    let everybody: Vec<Value> =
        (0..CANDIDATES_MAX + 50).map(|_| json!({ "names": [{ "family": "IVANOVA" }] })).collect();
    let mut index = index(&everybody);
    assert_eq!(index.lexicon.len(), 1, "words are kept once");
    assert_eq!(candidates(&mut index, json!({ "names": [{ "family": "IVANOVA" }] })).len(), CANDIDATES_MAX);
}

#[test]
fn a_rare_family_name_says_more_than_a_frequent_one() {
    let named = |family: &str| json!({ "names": [{ "family": family, "given": "Ксения" }], "sex": 2 });
    let mut reports = vec![named("Ждановская"), named("Иванова")];
    reports.extend((0..200).map(
        |number| json!({ "names": [{ "family": "Иванова", "given": "Ольга" }], "phones": [format!("+7916000{number:04}")] }),
    ));
    let mut index = index(&reports);
    let mut points = |family: &str| {
        let seen = read(&named(family), &mut index.lexicon).remove(0);
        let all = index.find(&seen, &Weights { possible: 0.0, ..WEIGHTS }, |owner| owner < 2);
        all.first().unwrap().verdict.points
    };
    let (rare, frequent) = (points("ZHDANOVSKAIA"), points("IVANOVA"));
    assert!(rare > frequent + 3.0, "{rare} and {frequent}");
    let alone = index.rarity(&index.people[0].1);
    assert!(alone.abs() < 1.0, "few people say little about how rare a name is: {alone}");
}
