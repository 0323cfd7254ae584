use serde_json::json;

use super::*;

fn of(document: Value) -> Vec<Person> {
    people(document.as_object().unwrap(), &mut Lexicon::default())
}

fn one(person: Value) -> Person {
    of(json!({ "person": person, "created": "2026-03-01T10:00:00Z" })).remove(0)
}

#[test]
fn people_are_found_in_documents_of_every_kind() {
    let named = |given: &str| json!({ "names": [{ "given": given, "family": "Lind" }] });
    let document = json!({
        "person": named("A"), "persons": [named("B"), named("C")], "claimed": named("D"), "witness": named("E"),
        "dependants": [named("F")], "companions": [named("G")], "recruiter": [named("H"), "a text"],
        "inquirer": named("I"),
    });
    let found = of(document);
    let places: Vec<(&str, bool)> = found.iter().map(|p| (p.at.as_str(), p.is_subject)).collect();
    let subjects = ["person", "persons[0]", "persons[1]", "claimed", "witness", "dependants[0]"];
    assert_eq!(places[..6], subjects.map(|place| (place, true)));
    assert_eq!(
        places[6..],
        [("companions[0]", false), ("recruiter[0]", false)],
        "and not whoever asks for her"
    );
}

#[test]
fn what_is_not_known_is_nothing_and_refused_is_no_answer() {
    let person = one(json!({
        "names": [{ "given": "Anna", "family": "unknown" }, { "nil": "refused" }],
        "sex": { "nil": "refused" }, "dob": { "nil": "not_asked" }, "documents": { "nil": "refused" },
        "phones": [{ "nil": "withheld" }, "refused", 7], "nationalities": [{ "country": "XXX" }], "languages": "refused",
    }));
    assert_eq!((person.spellings.len(), person.sex, person.birth), (1, None, None));
    assert!(person.spellings[0].family.is_none());
    assert!(person.documents.is_empty() && person.phones.is_empty() && person.nationalities.is_empty());
    assert!(of(json!({ "person": { "sex": 2, "dob": "1990" } })).is_empty(), "nothing to find her by");
}

#[test]
fn an_age_is_a_span_of_births_counted_from_its_day() {
    let born = |person: Value| one(person).birth.unwrap();
    let name = json!([{ "given": "Anna" }]);
    let exact = born(json!({ "names": name, "dob": "1990-05-17" }));
    assert!(exact.is_day());
    let age = born(json!({ "names": name, "age": { "min": 35, "max": 36 } }));
    assert_eq!((age.gap(exact), age.is_estimate), (0, true), "35 in March, 36 in May");
    let later = born(json!({ "names": name, "age": { "min": 20, "max": 22, "as_of": "2012-05-17" } }));
    assert_eq!(later.gap(exact), 0);
    let earlier = born(json!({ "names": name, "age": { "min": 20, "max": 21, "as_of": "2012-05-17" } }));
    assert!(earlier.gap(exact) > 0, "she was 22 from that day on");
    let vague = born(json!({ "names": name, "dob": "1989~" }));
    assert_eq!(vague.gap(exact), 0, "one year more on both sides");
    assert!(born(json!({ "names": name, "dob": "1989" })).gap(exact) > 0);
}

#[test]
fn slips_of_dates_are_one_number_or_an_exchange() {
    let born = |dob: &str| one(json!({ "names": [{ "given": "A" }], "dob": dob })).birth.unwrap();
    let right = born("1990-05-07");
    for (slip, is_one) in [
        ("1990-07-05", true),
        ("1990-05-17", true),
        ("1991-05-07", true),
        ("1991-06-07", false),
        ("1960-05-07", false),
    ] {
        assert_eq!(right.is_slip_of(born(slip)), is_one, "{slip}");
    }
}

#[test]
fn numbers_are_compared_however_they_are_written() {
    let person = one(json!({
        "phones": ["+7 (916) 123-45-67", { "number": "8 916 123 45 67" }, "+81 3 1234 5678", "112"],
        "documents": [{ "number": "71 № 123-4567", "issuer": "rus" }, { "number": "none" }],
        "emails": [" Anna@Example.org "],
    }));
    assert_eq!(person.phones, ["79161234567", "79161234567", "81312345678"]);
    assert_eq!(person.documents[0].number, "711234567");
    assert_eq!((person.documents.len(), person.emails[0].as_str()), (1, "anna@example.org"));
}

#[test]
fn documents_beside_the_only_person_are_hers() {
    let document = json!({ "person": { "sex": 2 }, "documents": [{ "number": "711234567" }], "travel_document": { "number": "AB12345" },
        "dependants": [{ "names": [{ "given": "Anna" }] }] });
    let found = of(document);
    let numbers: Vec<usize> = found.iter().map(|person| person.documents.len()).collect();
    assert_eq!(numbers, [2, 0], "found by them though nobody knows her name");
}

#[test]
fn spellings_have_the_forms_of_all_passports() {
    let person = one(
        json!({ "names": [{ "given": "Юлия", "family": "Цветкова", "lang": "ru" }, { "full": "Julia Zwetkowa" }] }),
    );
    assert_eq!(person.spellings.len(), 3, "a name that is not split is read in both orders");
    let family = person.spellings[0].family.as_ref().unwrap();
    assert_eq!(family.latin, ["TSVETKOVA", "TCVETKOVA"]);
    let given = person.spellings[0].given.as_ref().unwrap();
    assert_eq!(given.latin, ["IULIIA", "YULIYA"]);
    assert_eq!(given.skeletons, ["IULIA"]);
}

#[test]
fn letters_that_may_mean_another_sound_give_one_more_skeleton() {
    let forms = |family: &str| {
        one(json!({ "names": [{ "family": family }] })).spellings[0].family.clone().unwrap().skeletons.clone()
    };
    assert!(forms("CHARITONOV").iter().any(|form| forms("KHARITONOV").contains(form)));
    assert!(forms("JUKOV").iter().any(|form| forms("ZHUKOV").contains(form)));
    assert!(forms("HAVRYSHUK").iter().any(|form| forms("GAVRYSHUK").contains(form)));
    assert!(!forms("SHEVCHUK").iter().any(|form| form.contains('G')));
}

#[test]
fn nothing_makes_it_panic_or_grow() {
    let long = "Ж".repeat(100_000);
    let people = of(json!({
        "persons": (0..500).map(|_| json!({ "names": [{ "full": long, "family": long }], "dob": "9999", "age": { "min": -1, "max": 1e300 } })).collect::<Vec<_>>(),
        "person": ["not", "an", "object"], "where": 7, "last_seen": { "at": {}, "place": [] },
    }));
    assert_eq!(people.len(), LIST_MAX);
}

/// What is kept of a case for comparing tells the same people as its document.
#[test]
fn the_parts_that_are_compared_tell_the_same_people() {
    let mut people_seen = 0;
    for name in
        ["border-alert", "capacity", "identity-check", "missing-person", "placement", "victim-handoff"]
    {
        let file = format!("{}/../docs/samples/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let document: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let document = document.as_object().unwrap();
        let (mut lexicon, parts) = (Lexicon::default(), compared(document));
        let whole = people(document, &mut lexicon);
        assert!(whole == people(&parts, &mut lexicon), "{name}");
        people_seen += whole.len();
    }
    assert!(people_seen > 5);
    let everything = json!({
        "person": { "names": [{ "family": "Lind" }] }, "created": "2026-03-01T10:00:00Z", "travel_document": { "number": "AB 123456" },
        "documents": [{ "number": "CD 123456" }], "last_seen": { "at": "2026-02-01T10:00:00Z", "place": { "country": "DE" } },
        "where": { "country": "PL" }, "when": { "eta": "2026-02-02T10:00:00Z" }, "situation_place": { "country": "MD" },
        "start": "2026-01-01T10:00:00Z", "narrative": "what nobody compares",
    });
    let everything = everything.as_object().unwrap();
    let mut lexicon = Lexicon::default();
    let whole = people(everything, &mut lexicon);
    assert_eq!((whole[0].documents.len(), whole[0].sightings.len()), (2, 3));
    assert!(whole == people(&compared(everything), &mut lexicon));
    assert!(!compared(everything).contains_key("narrative"));
}
