use serde_json::{Value, json};

use super::*;
use crate::matching::person::{Lexicon, people};
use crate::matching::score::WEIGHTS;

struct Known {
    index: Index,
    people: Vec<Vec<Person>>,
    lexicon: Lexicon,
}

fn index(reports: &[Value]) -> Known {
    let mut known = Known { index: Index::default(), people: Vec::new(), lexicon: Lexicon::default() };
    for (number, person) in reports.iter().enumerate() {
        let people = read(person, &mut known.lexicon);
        known.index.enter(u32::try_from(number).unwrap(), &keys(&people));
        known.people.push(people);
    }
    known
}

fn read(person: &Value, lexicon: &mut Lexicon) -> Vec<Person> {
    people(json!({ "person": person }).as_object().unwrap(), lexicon)
}

impl Known {
    fn candidates(&mut self, person: &Value) -> Vec<u32> {
        let person = read(person, &mut self.lexicon).remove(0);
        self.index.candidates(&person)
    }

    /// Whoever is like this person among those who may be.
    fn find(&mut self, person: &Value, weights: &Weights, may: impl Fn(u32) -> bool) -> Vec<Hit> {
        let person = read(person, &mut self.lexicon).remove(0);
        let people = |owner: u32| {
            let people = self.people.get(usize::try_from(owner).unwrap()).filter(|_| may(owner));
            Ok::<_, std::convert::Infallible>(people.map(Vec::as_slice))
        };
        self.index.find(&person, weights, people).unwrap()
    }
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
        assert_eq!(index.candidates(&person), [0], "{key}");
    }
    let other = json!({ "names": [{ "family": "OTHER", "given": "XENIA" }], "dob": "1999" });
    assert!(index.candidates(&other).is_empty(), "three years away");
}

#[test]
fn a_hit_says_whose_it_is_and_the_most_alike_comes_first() {
    let mut index = index(&[
        json!({ "names": [{ "family": "Щукина", "given": "Ксения" }], "sex": 2, "dob": "1995-02-04" }),
        json!({ "names": [{ "family": "Щукина", "given": "Ксения" }], "sex": 2, "dob": "1995-02-03" }),
    ]);
    let seen =
        json!({ "names": [{ "family": "SHCHUKINA", "given": "XENIA" }], "sex": 2, "dob": "1995-02-03" });
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
    assert_eq!(index.candidates(&json!({ "names": [{ "family": "IVANOVA" }] })).len(), CANDIDATES_MAX);
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
        let all = index.find(&named(family), &Weights { possible: 0.0, ..WEIGHTS }, |owner| owner < 2);
        all.first().unwrap().verdict.points
    };
    let (rare, frequent) = (points("ZHDANOVSKAIA"), points("IVANOVA"));
    assert!(rare > frequent + 3.0, "{rare} and {frequent}");
    let alone = index.index.rarity(&index.people[0][0]);
    assert!(alone.abs() < 1.0, "few people say little about how rare a name is: {alone}");
}

#[test]
fn what_has_gone_is_found_no_more() {
    let named = json!({ "names": [{ "family": "Щукина" }] });
    let mut index = index(&[named.clone(), named.clone(), named.clone()]);
    index.index.retain(|owner| owner != 1);
    assert_eq!(index.candidates(&named), [0, 2]);
}

/// Whoever changes how names become keys gives [`RULES`] another number and writes the new sum here: otherwise nobody is found
/// again in what is kept.
#[test]
fn keys_that_are_kept_stay_those_that_are_looked_for() {
    let mut lexicon = Lexicon::default();
    let persons = [
        json!({ "names": [{ "family": "Щукина", "given": "Ксения" }], "dob": "1995-02-03", "documents": [{ "number": "AB 123456" }],
            "phones": ["+79161234567"], "emails": ["k@example.org"] }),
        json!({ "names": [{ "family": "Țurcanu", "given": "Ștefania" }], "age": { "from": 16, "to": 17 } }),
        json!({ "names": [{ "full": "Нгуен Тхи Хоа" }, { "family": "NGUYEN", "given": "THI HOA" }] }),
        json!({ "names": [{ "family": "Ґудзь", "given": "Їжакевич", "lang": "uk" }], "maiden_family": "Şahin" }),
    ];
    let all: Vec<u32> = persons.iter().flat_map(|person| keys(&read(person, &mut lexicon))).collect();
    let sum = all.iter().fold(0_u32, |sum, key| sum.rotate_left(5) ^ key);
    assert_eq!((RULES, all.len(), sum), (1, 22, 2_639_742_573));
}
