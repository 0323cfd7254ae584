use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::formats::testing::{case, exported, sample};

const SAMPLE: &[u8] = include_bytes!("../../../../tests/vectors/formats/pfif_missing.xml");

fn public() -> Map<String, Value> {
    let mut document = sample("MPR");
    document.insert("publication".into(), json!("public"));
    document.insert(
        "consent".into(),
        json!({
            "given_by": "caregiver", "capacity": "full", "obtained": "2026-09-01T10:00:00Z",
            "scope": [{"role": "NGO", "sections": ["IDN"], "purpose": ["media"]}],
        }),
    );
    document
}

fn xml_of(document: Map<String, Value>) -> Result<String, Finding> {
    let case = case("MPR", document);
    export(&exported(&case)).map(|pfif| String::from_utf8(write_xml(&pfif)).unwrap())
}

#[test]
fn the_sample_becomes_a_draft_with_and_without_the_slash() {
    let slash = String::from_utf8(SAMPLE.to_vec()).unwrap().replace("pfif/1.4\"", "pfif/1.4/\"");
    for bytes in [SAMPLE, slash.as_bytes()] {
        let pfif = read_xml(bytes).unwrap();
        let rows = rows(&pfif);
        assert_eq!((rows.len(), rows[0].key.as_str()), (1, "relay.example.org/person.0197a2c0-3333"));
        let fields = &rows[0].document.as_ref().unwrap().fields;
        assert_eq!(
            fields["person"]["names"][0],
            json!({"type": "legal", "given": "Юлия", "family": "Щукина"})
        );
        assert_eq!(fields["person"]["names"][1]["full"], "Iuliia Shchukina");
        assert_eq!(fields["person"]["sex"], 2);
        assert_eq!(fields["person"]["dob"], "1985-03");
        assert_eq!(fields["person"]["residence"]["subdivision"], "RU-KR");
        assert_eq!(fields["last_seen"]["place"], "Hamburg, DE");
        assert_eq!(fields["pfif"]["description"], "Small scar on left wrist.");
        assert_eq!(fields["publication"], "none");
    }
}

#[test]
fn a_table_and_a_tree_hold_the_same() {
    let pfif = read_xml(SAMPLE).unwrap();
    assert!(read_xml(&write_xml(&pfif)).unwrap() == pfif);
    let mut again = read_csv(&write_csv(&pfif)).unwrap();
    // In a table a person and her note share what both have.
    let shared = ["author_phone"];
    again.notes[0].retain(|field, _| pfif.notes[0].contains_key(field) || !shared.contains(&field.as_str()));
    assert!(again.persons == pfif.persons);
    assert_eq!(again.notes[0]["text"], pfif.notes[0]["text"]);
}

#[test]
fn only_what_may_be_published_is() {
    assert_eq!(xml_of(sample("MPR")).unwrap_err().code(), "formats-not-public");
    let mut alone = public();
    alone.remove("consent");
    assert_eq!(xml_of(alone).unwrap_err().code(), "formats-no-consent");
    let mut past = public();
    past["consent"]["scope"][0]["until"] = json!("2020-01-01");
    assert_eq!(xml_of(past).unwrap_err().code(), "formats-no-consent");
    let mut gone = public();
    gone["consent"]["withdrawn"] = json!({"at": "2026-09-01T00:00:00Z"});
    assert_eq!(xml_of(gone).unwrap_err().code(), "formats-no-consent");
    let text = xml_of(public()).unwrap();
    assert!(
        text.contains("Щербацкая") && text.contains("pfif/1.4\">") && text.contains("information_sought")
    );
    for secret in [
        "700000123",
        "+79110000021",
        "+79110000022",
        "Денис",
        "swallow",
        "Asthma",
        "КУСП",
        "passport",
        "Denis",
    ] {
        assert!(!text.contains(secret), "{secret} went out");
    }
}

#[test]
fn times_end_in_z_and_a_child_of_unknown_day_has_an_age() {
    let mut document = public();
    document["person"]["dob"] = json!("200X");
    let text = xml_of(document).unwrap();
    assert!(text.contains("<pfif:age>16-26</pfif:age>") && !text.contains("date_of_birth"), "{text}");
    assert!(!text.contains("+0") && text.contains("Z</pfif:entry_date>"));
    for person in &export(&exported(&case("MPR", public()))).unwrap().persons {
        assert_eq!(check::check(person, &["person_record_id", "source_date", "full_name"]), Vec::new());
    }
}

#[test]
fn what_has_expired_is_a_placeholder() {
    let mut document = public();
    document.insert("search_until".into(), json!("2026-01-01"));
    let case = case("MPR", document);
    let pfif = export(&exported(&case)).unwrap();
    assert!(pfif.notes.is_empty());
    let fields: Vec<&str> = pfif.persons[0].keys().map(String::as_str).collect();
    assert_eq!(fields, ["entry_date", "expiry_date", "person_record_id", "source_date"]);
    assert!(rows(&pfif)[0].document.is_none());
}

#[test]
fn a_record_that_went_out_and_came_back_goes_out_the_same() {
    let first = export(&exported(&case("MPR", public()))).unwrap();
    let mut draft = rows(&first).remove(0).document.unwrap().fields;
    draft.extend([
        ("publication".to_owned(), json!("public")),
        ("consent".to_owned(), public()["consent"].clone()),
    ]);
    let second = export(&exported(&case("MPR", draft))).unwrap();
    let lost: Vec<_> =
        first.persons[0].iter().filter(|(f, v)| second.persons[0].get(*f) != Some(v)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn wrong_values_are_named_and_kept_out_of_the_fields() {
    let text = String::from_utf8(SAMPLE.to_vec()).unwrap();
    for (from, to, path) in [
        (">female<", ">woman<", "sex"),
        (">41<", ">99999999999999999999<", "age"),
        (">1985-03<", ">March 1985<", "date_of_birth"),
        (">RU</pfif:home_country", ">Russia</pfif:home_country", "home_country"),
        (
            "<pfif:source_date>2026-09-20T05:10:00Z",
            "<pfif:source_date>2026-09-20T05:10:00+03:00",
            "source_date",
        ),
    ] {
        let row = rows(&read_xml(text.replace(from, to).as_bytes()).unwrap()).remove(0);
        assert!(row.findings.iter().any(|f| f.path == path), "{path}: {:?}", row.findings);
        assert_eq!(row.state(), "warning", "{:?}", row.findings);
    }
    let nobody = text.replace("relay.example.org/person.0197a2c0-3333", "nobody");
    assert_eq!(rows(&read_xml(nobody.as_bytes()).unwrap())[0].state(), "refused");
}

/// Fields of a record with words in them, as people write them, and everything that a file could trip over.
fn record(fields: &'static [&'static str]) -> impl Strategy<Value = Record> {
    let words = "[^\\s\\p{C}]{1,6}([ \n][^\\s\\p{C}]{1,6}){0,4}|[<>&\"';=,+@-]{1,8}";
    btree_map(prop::sample::select(fields).prop_map(str::to_owned), words, 0..8)
}

/// People with notes of their own; each has a number and a name, as the format asks.
fn register() -> impl Strategy<Value = Pfif> {
    vec((record(&PERSON_FIELDS), vec(record(&NOTE_FIELDS), 0..3)), 0..4).prop_map(|people| {
        let mut pfif = Pfif::default();
        for (n, (mut person, notes)) in people.into_iter().enumerate() {
            person.insert("person_record_id".into(), format!("example.org/person.{n}"));
            person.entry("full_name".into()).or_insert_with(|| "N. N.".into());
            for mut note in notes {
                note.insert("note_record_id".into(), format!("example.org/note.{}", pfif.notes.len()));
                note.insert("person_record_id".into(), person["person_record_id"].clone());
                pfif.notes.push(note);
            }
            pfif.persons.push(person);
        }
        pfif
    })
}

proptest! {
    #[test]
    fn a_tree_gives_back_all_that_was_written_into_it(pfif in register()) {
        prop_assert!(read_xml(&write_xml(&pfif)).unwrap() == pfif, "{}", String::from_utf8_lossy(&write_xml(&pfif)));
    }

    #[test]
    fn a_table_gives_back_every_person_and_every_note(pfif in register()) {
        let again = read_csv(&write_csv(&pfif)).unwrap();
        prop_assert!(again.persons.len() == pfif.persons.len() && again.notes.len() == pfif.notes.len());
        for (before, after) in pfif.persons.iter().zip(&again.persons) {
            prop_assert!(before.iter().all(|(field, value)| after.get(field) == Some(value)));
        }
        for (before, after) in pfif.notes.iter().zip(&again.notes) {
            // On the line of a person, a field that both have is the person's.
            let own = |field: &str| !PERSON_FIELDS.contains(&field);
            prop_assert!(before.iter().filter(|(field, _)| own(field)).all(|(field, value)| after.get(field) == Some(value)));
        }
    }
}
