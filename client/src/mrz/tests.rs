use causeway_common::time::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// 28 November 2026.
const NOW: Timestamp = Timestamp(1_795_824_000_000);

const PASSPORT: [&str; 2] =
    ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
const INTERNAL: [&str; 2] =
    ["PNRUSIVANOV<<ALEKSEQ<IVANOVI3<<<<<<<<<<<<<<<", "4600000007RUS8503127M<<<<<<<0050101500001<00"];

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/mrz.json")).unwrap()
}

fn read_lines(lines: &[&str]) -> Zone {
    read(&lines.join("\n"), NOW).unwrap()
}

#[test]
fn every_vector_is_read_and_fits() {
    let vectors = vectors();
    for vector in vectors["valid"].as_array().unwrap() {
        let lines: Vec<&str> =
            vector["lines"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
        let zone = read_lines(&lines);
        assert_eq!(zone.format.as_str(), vector["fmt"].as_str().unwrap());
        assert_eq!(zone.check.failed(), [], "{lines:?}");
        assert_eq!(zone.check.number, Verdict::Ok, "{lines:?}");
        assert_eq!(zone.check.composite == Verdict::Na, zone.format == Format::MrvA);
        assert_eq!(check(&lines), Some(zone.check));
        for joined in
            [lines.concat(), lines.join(" ").to_lowercase(), format!("\n  {}\r\n\n", lines.join(" \n "))]
        {
            assert_eq!(read(&joined, NOW).unwrap().to_json(), zone.to_json());
        }
    }
    for pair in vectors["check_digit"].as_array().unwrap() {
        let digit = ::mrz::check_digit(pair[0].as_str().unwrap()).unwrap().to_string();
        assert_eq!(digit, pair[1].as_str().unwrap());
    }
}

#[test]
fn the_specimen_passport_says_who_it_is_for() {
    let zone = read_lines(&PASSPORT);
    assert_eq!((zone.family.as_str(), zone.given.as_str(), zone.sex), ("ERIKSSON", "ANNA MARIA", 2));
    assert_eq!((zone.number.as_str(), zone.issuer.as_str()), ("L898902C3", "UTO"));
    assert_eq!((zone.birth.date.as_str(), zone.expiry.date.as_str()), ("1974-08-12", "2012-04-15"));
    assert_eq!(zone.optional, ["ZE184226B"]);
    let document = zone.to_document();
    assert_eq!((&document["doc_type"], &document["number"]), (&"passport".into(), &"L898902C3".into()));
    assert_eq!(document["mrz_check"]["opt"], "ok");
}

#[test]
fn unknown_parts_of_a_birth_stay_unknown() {
    let zone = read_lines(&[
        "P<UTOTEST<<UNKNOWN<DATE<<<<<<<<<<<<<<<<<<<<<",
        "AB00000014UTO85<<<<1<2901019<<<<<<<<<<<<<<02",
    ]);
    assert_eq!((zone.birth.date.as_str(), zone.sex), ("1985", 0));
}

#[test]
fn a_long_number_is_put_together_and_another_optional_field_is_left_alone() {
    let zone = read_lines(&[
        "I<UTOD23145890<7349<<<<<<<<<<<",
        "3407127M9507122UTO<<<<<<<<<<<2",
        "STEVENSON<<PETER<JOHN<<<<<<<<<",
    ]);
    assert_eq!(zone.number, "D23145890734");
    assert!(zone.optional.is_empty());
    let zone = read_lines(&[
        "I<LVAPA99929216121282<88882<<<",
        "8212122M1703054LVA<<<<<<<<<<<0",
        "PARAUDZINS<<ANDRIS<<<<<<<<<<<<",
    ]);
    assert_eq!((zone.number.as_str(), zone.optional), ("PA9992921", vec!["121282 88882".to_owned()]));
    let broken = check(&[
        "I<UTOD23145890<7348<<<<<<<<<<<",
        "3407127M9507122UTO<<<<<<<<<<<2",
        "STEVENSON<<PETER<JOHN<<<<<<<<<",
    ])
    .unwrap();
    assert_eq!(broken.number, Verdict::Fail);
}

#[test]
fn an_internal_passport_is_recognised_and_its_name_never_decoded() {
    let zone = read_lines(&INTERNAL);
    assert!(zone.is_internal_passport() && zone.family.is_empty() && zone.given.is_empty());
    assert!(zone.name_raw.starts_with("IVANOV<<ALEKSEQ"));
    let document = zone.to_document();
    assert_eq!(document["doc_type"], "internal_passport");
    assert!(document.get("number").is_none() && !document.to_string().contains("given"));
    // The same letters in a passport for abroad are a name.
    assert_eq!(read_lines(&[&INTERNAL[0].replacen("PN", "P<", 1), INTERNAL[1]]).family, "IVANOV");
}

#[test]
fn x_is_read_as_not_stated_and_cut_names_are_noticed() {
    let zone = read_lines(&[PASSPORT[0], &PASSPORT[1].replace("2F12", "2X12")]);
    assert_eq!((zone.sex, zone.notes.as_slice()), (0, &[Note::SexX][..]));
    let zone = read_lines(&["P<UTOPAPANDROPOULOUS<<JONATHON<ALEXANDER<MAR", PASSPORT[1]]);
    assert!(zone.truncated && zone.notes.contains(&Note::Truncated));
}

#[test]
fn the_fill_after_a_name_need_not_be_counted() {
    let short = read_lines(&["P<UTOERIKSSON<<ANNA<MARIA<", PASSPORT[1]]);
    let long = read_lines(&[&format!("{}<<<", PASSPORT[0]), PASSPORT[1]]);
    assert_eq!((short.lines[0].as_str(), short.notes.as_slice()), (PASSPORT[0], &[Note::Filled][..]));
    assert_eq!((long.lines[0].as_str(), long.notes.as_slice()), (PASSPORT[0], &[Note::Cut][..]));
    let quotes = read(&format!("{}\n{}", PASSPORT[0].replace("<<", "«"), PASSPORT[1]), NOW).unwrap();
    assert_eq!(quotes.lines[0], PASSPORT[0]);
}

#[test]
fn what_cannot_be_read_is_named_in_both_languages() {
    let fault = |text: &str| read(text, NOW).unwrap_err();
    assert_eq!(fault(" \n "), Fault::Empty);
    assert_eq!(fault(&"<".repeat(1_001)), Fault::TooLong);
    assert_eq!(fault("A\nB\nC\nD"), Fault::Lines { found: 4 });
    let short = fault(&format!("{}\n{}", PASSPORT[0], &PASSPORT[1][1..]));
    assert_eq!(short, Fault::Length { line: 2, found: 43, expected: vec![44] });
    assert_eq!(fault("P<UTO"), Fault::Length { line: 1, found: 5, expected: vec![88, 72, 90] });
    let cyrillic = fault(&format!("{}\n{}", PASSPORT[0], PASSPORT[1].replacen('C', "С", 1)));
    assert_eq!(cyrillic, Fault::Character { line: 2, position: 8, found: 'С', instead: Some('C') });
    for lang in crate::lang::Lang::ALL {
        assert!(short.text(lang).contains("43") && short.text(lang).contains("44"));
        assert!(cyrillic.text(lang).contains('8'));
    }
}

#[test]
fn a_slip_is_explained_by_what_would_fit() {
    let zone = read_lines(&[PASSPORT[0], &PASSPORT[1].replacen("902", "9O2", 1)]);
    assert_eq!(zone.check.failed(), [Digit::Number, Digit::Composite]);
    let slips: Vec<_> = zone.slips().into_iter().map(|s| (s.line, s.position, s.found, s.instead)).collect();
    assert!(slips.contains(&(2, 6, "O".into(), "0".into())), "{slips:?}");
    let swapped = read_lines(&[PASSPORT[0], &PASSPORT[1].replacen("898", "988", 1)]);
    assert!(swapped.slips().iter().any(|slip| (slip.found.as_str(), slip.instead.as_str()) == ("98", "89")));
    assert!(read_lines(&PASSPORT).slips().is_empty());
}

#[test]
fn what_no_digit_notices_is_said_and_true() {
    let zone = read_lines(&PASSPORT);
    let blind = zone.blind();
    let first = &blind[0];
    let mut also: Vec<char> = first.also.chars().collect();
    also.sort_unstable();
    assert_eq!((first.found, first.line, first.position, also), ('L', 2, 1, vec!['1', 'B', 'V']));
    for spot in &blind {
        for other in spot.also.chars() {
            let mut lines = zone.lines.clone();
            lines[1].replace_range(spot.position - 1..spot.position, &other.to_string());
            assert_eq!(check(&lines).unwrap().failed(), [], "{other}");
        }
    }
}

#[test]
fn lines_in_a_referral_are_found_wherever_they_stand_and_checked_anew() {
    let document = json!({
        "persons": [{ "documents": [{ "mrz": PASSPORT, "mrz_check": { "num": "fail" } }, { "mrz": ["P<UTO"] }] }],
        "travel_document": { "mrz": [PASSPORT[0], PASSPORT[1].replacen("902", "9O2", 1)] },
    });
    let found = stated(document.as_object().unwrap());
    let paths: Vec<&str> = found.iter().map(|stated| stated.path.as_str()).collect();
    assert_eq!(paths, ["persons[0].documents[0]", "persons[0].documents[1]", "travel_document"]);
    assert_eq!(found[0].check.unwrap().number, Verdict::Ok);
    assert_eq!((found[1].check, found[2].check.unwrap().number), (None, Verdict::Fail));
}

/// What the other implementation writes.
fn emitted(kind: Format, fields: &(String, String, String, String, u32)) -> String {
    let (number, surname, given_names, optional, day) = fields.clone();
    let date = |years: i32| {
        ::mrz::MrzDate::Calendar(::mrz::Date::new(years + (day % 20) as i32, 1 + day % 12, 1 + day % 28))
    };
    let (document_number, issuing_country, nationality) = (number, "UTO".to_owned(), "D".to_owned());
    let (date_of_birth, date_of_expiry) = (date(1970), date(2020));
    let sex = [::mrz::Sex::Female, ::mrz::Sex::Male, ::mrz::Sex::Unspecified][day as usize % 3];
    macro_rules! with {
        ($name:ident, $function:ident $(, $field:ident)*) => {
            ::mrz::$function(&::mrz::$name {
                issuing_country, document_number, surname, given_names, nationality, date_of_birth, sex, date_of_expiry,
                $($field: Some(optional),)*
                ..Default::default()
            })
        };
    }
    match kind {
        Format::Td1 => with!(Td1Fields, format_td1, optional_data_2),
        Format::Td2 => with!(Td2Fields, format_td2, optional_data),
        Format::Td3 => with!(Td3Fields, format_td3, personal_number),
        Format::MrvA => with!(MrvAFields, format_mrv_a, optional_data),
        Format::MrvB => with!(MrvBFields, format_mrv_b, optional_data),
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,120}") {
        if let Err(fault) = read(&text, NOW) {
            prop_assert!(!fault.text(crate::lang::Lang::Ru).is_empty());
        }
    }

    #[test]
    fn any_lines_of_the_right_length_are_read(text in "[A-Z0-9<]{90}", cut in prop::sample::select(vec![72usize, 88, 90])) {
        let zone = read(&text[..cut], NOW).unwrap();
        let json = zone.to_json();
        prop_assert_eq!(zone.lines.concat(), &text[..cut]);
        prop_assert!(json["slips"].as_array().unwrap().len() <= SLIPS_MAX);
        prop_assert_eq!(check(&zone.lines), Some(zone.check));
    }

    #[test]
    fn what_another_implementation_writes_is_read_back(
        kind in prop::sample::select(Format::ALL.to_vec()),
        fields in ("[A-Z][A-Z0-9]{8}", "[A-Z]{2,12}", "[A-Z]{2,8}( [A-Z]{2,6})?", "[A-Z0-9]{0,7}", any::<u32>()),
    ) {
        let zone = read(&emitted(kind, &fields), NOW).unwrap();
        prop_assert_eq!(zone.format, kind);
        prop_assert_eq!(zone.check.failed(), []);
        prop_assert_eq!((&zone.number, &zone.family, &zone.given), (&fields.0, &fields.1, &fields.2));
        prop_assert_eq!(zone.optional.concat(), fields.3);
        prop_assert_eq!(zone.birth.date.len(), 10);
    }

    #[test]
    fn a_wrong_character_in_the_number_is_noticed_unless_it_is_blind(at in 0usize..9, other in "[A-Z0-9<]") {
        let mut line = PASSPORT[1].to_owned();
        let was = line.chars().nth(at).unwrap();
        let now = other.chars().next().unwrap();
        line.replace_range(at..=at, &other);
        let failed = check(&[PASSPORT[0], &line]).unwrap().failed();
        let blind = was == now || ::mrz::blindspot(was, now).is_blind();
        prop_assert_eq!(failed.is_empty(), blind);
    }
}
