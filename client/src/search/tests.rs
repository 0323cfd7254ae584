use super::*;

fn with(kind: &str, partner: &str, texts: &[(&str, &str)]) -> Entry {
    let fields =
        texts.iter().map(|(path, text)| Field { path: (*path).into(), text: (*text).into() }).collect();
    Entry {
        kind: kind.into(),
        partner: partner.into(),
        exercise: false,
        state: "accepted".into(),
        countries: vec!["MD".into()],
        fields,
    }
}

fn town() -> Vec<Entry> {
    vec![
        with(
            "BIA",
            "Border desk Palanca",
            &[("persons[0].names[0].family", "Щукина"), ("persons[0].names[0].given", "Юлия")],
        ),
        with(
            "MPR",
            "Горячая линия",
            &[
                ("last_seen.text", "Видели в Паланке с двумя мужчинами"),
                ("persons[0].names[0].full", "IULIIA SHCHUKINA"),
            ],
        ),
        with(
            "VHO",
            "Shelter North",
            &[
                ("note", "She needs a shelter; sheltered before. Phone +37322000111"),
                ("documents[0].number", "720000001"),
            ],
        ),
        with(
            "VHO",
            "Shelter North",
            &[("note", "Ёлкина Алёна, беременная"), ("steps[1].text", "the black van")],
        ),
    ]
}

fn found(query: &str) -> Vec<usize> {
    let index = Index::build(&town());
    index.find(&Query::read(query), 10).into_iter().map(|hit| hit.entry).collect()
}

#[test]
fn two_alphabets_find_each_other() {
    assert_eq!(found("Щукина"), [1, 0]);
    assert_eq!(found("shchukina"), [1, 0]);
    assert_eq!(found("Yuliya Schukina"), [1, 0]);
    assert_eq!(found("елкина алена"), [3]);
    assert_eq!(found("Alyona"), Vec::<usize>::new());
}

#[test]
fn stems_and_beginnings_find_but_come_after_the_word_itself() {
    assert_eq!(found("shelters"), [2]);
    assert_eq!(found("мужчина"), [1]);
    assert_eq!(found("щук"), [1, 0]);
    assert_eq!(found("беременности"), [3]);
    assert_eq!(found("беременной"), [3]);
    assert!(found("беременелый").is_empty() && found("еменная").is_empty());
    let entries = [
        with("A", "", &[("a", "sheltered")]),
        with("A", "", &[("a", "shelter")]),
        with("A", "", &[("a", "shelterbelt")]),
    ];
    let index = Index::build(&entries);
    let order: Vec<usize> = index.find(&Query::read("shelter"), 10).iter().map(|hit| hit.entry).collect();
    assert_eq!(order, [1, 0, 2]);
}

#[test]
fn a_phrase_stands_together_in_one_field() {
    assert_eq!(found("\"black van\""), [3]);
    assert_eq!(found("«black van»"), [3]);
    assert!(found("\"van black\"").is_empty() && found("\"беременная the\"").is_empty());
    assert_eq!(found("van black"), [3]);
}

#[test]
fn numbers_are_found_however_they_are_written() {
    assert_eq!(found("+373 22 000-111"), [2]);
    assert_eq!(found("720000001"), [2]);
}

#[test]
fn filters_narrow_and_can_stand_alone() {
    assert_eq!(found("kind:VHO"), [3, 2]);
    assert_eq!(found("kind:victim-handoff shelter"), [2]);
    assert_eq!(found("from:север"), Vec::<usize>::new());
    assert_eq!(found("from:shelter"), [3, 2]);
    assert_eq!(found("from:goriachaia"), [1]);
    assert_eq!(found("country:Молдова state:accepted щукина"), [1, 0]);
    assert!(found("country:UA щукина").is_empty() && found("state:sent щукина").is_empty());
    assert!(found("").is_empty() && found("\"\" ,;").is_empty());
}

#[test]
fn a_snippet_shows_where() {
    let query = Query::read("pregnant беременной");
    let town = town();
    let place = snippet(&town[3].fields, &query).unwrap();
    assert_eq!((place.path.as_str(), place.text.as_str()), ("note", "Ёлкина Алёна, беременная"));
    let long = with("A", "", &[("a", &format!("{} needle {}", "hay ".repeat(100), "hay ".repeat(100)))]);
    let place = snippet(&long.fields, &Query::read("needle")).unwrap();
    assert!(place.text.contains("needle") && place.text.starts_with('…') && place.text.ends_with('…'));
    assert!(place.text.chars().count() <= SNIPPET_CHARS + 2);
    assert_eq!(snippet(&town[0].fields, &Query::read("kind:BIA")), None);
}

#[test]
fn what_is_not_written_by_people_or_withheld_is_not_found() {
    let mut case = crate::casebook::tests::case(
        "MPR",
        serde_json::json!({
            "last_seen": { "place": "Palanca", "country": "MD" },
            "attachments": [{ "name": "photo", "key": "c2VjcmV0", "hash": "abcd" }],
        }),
    );
    let whole = entry(&case, "Desk").unwrap();
    assert_eq!(whole.countries, ["MD"]);
    assert!(whole.fields.iter().any(|field| field.path == "last_seen.place"));
    assert!(!whole.fields.iter().any(|field| field.text.contains("c2Vj") || field.text == "abcd"));
    case.document.clear();
    assert!(entry(&case, "Desk").is_none());
}

#[test]
fn one_long_referral_takes_its_share_and_no_more() {
    let text = (0..WORDS_MAX + 500).map(|n| format!("w{n} ")).collect::<String>();
    let index = Index::build(&[with("A", "", &[("a", &text)])]);
    assert_eq!(index.find(&Query::read("w8191"), 5).len(), 1);
    assert!(index.find(&Query::read("w8192"), 5).is_empty());
}

proptest::proptest! {
    #[test]
    fn any_query_is_answered(text in "\\PC{0,80}") {
        let town = town();
        let query = Query::read(&text);
        let index = Index::build(&town);
        for hit in index.find(&query, 3) {
            let _ = snippet(&town[hit.entry].fields, &query);
        }
    }

    #[test]
    fn every_word_of_a_referral_finds_it(texts in proptest::collection::vec("[a-zа-яё]{1,9}( [a-zA-ZА-Я0-9]{1,9}){0,5}", 1..6)) {
        let entries: Vec<Entry> = texts.iter().map(|text| with("A", "", &[("a", text)])).collect();
        let index = Index::build(&entries);
        for (n, text) in texts.iter().enumerate() {
            for word in fold::words(text).filter(|word| !fold::fold(word).is_empty()) {
                let hits = index.find(&Query::read(word), 100);
                proptest::prop_assert!(hits.iter().any(|hit| hit.entry == n), "{word} in {text}");
            }
        }
    }
}
