use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::calls;
use crate::casebook::Case;
use crate::casebook::tests::case;
use crate::lang::Lang;

/// 15 March 2026, noon.
const NOW: Timestamp = Timestamp(1_773_576_000_000);

fn march() -> Period {
    Period::around(Date::constant(2026, 1, 3), Date::constant(2026, 3, 9)).unwrap()
}

/// So many cases of one kind, each of its own.
fn cases(kind: &str, document: &Value, count: u8, change: impl Fn(&mut Case)) -> Vec<Case> {
    let one = |n| {
        let mut case = case(kind, document.clone());
        case.thread.begun = NOW;
        let tag = serde_json::to_vec(document)
            .unwrap()
            .iter()
            .fold(n, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(*byte));
        case.thread.root =
            PacketId([n, tag, kind.as_bytes()[0], kind.as_bytes()[1]].repeat(8).try_into().unwrap());
        change(&mut case);
        case
    };
    (0..count).map(one).collect()
}

fn counted(facts: Vec<Facts>) -> Counted {
    let mut counted = Counted::new(facts);
    for partner in counted.partners() {
        counted.call_partner(partner, "=Desk".into());
    }
    counted
}

fn table(table: Table, cases: &[Case]) -> Sheet {
    sheet(table, &counted(cases.iter().map(Facts::of).collect()), march(), NOW)
}

fn cell(sheet: &Sheet, row: &str, column: &str) -> Cell {
    let place = |labels: &[Label], code: &str| labels.iter().position(|label| label.code == code).unwrap();
    sheet.cells[place(&sheet.rows, row)][place(&sheet.columns, column)]
}

fn call(country: &str, category: &str, role: &str) -> Value {
    json!({ "line": { "country": country }, "start": "2026-03-10T10:00:00+03:00", "category": { "primary": category }, "caller_role": role })
}

#[test]
fn a_period_is_one_quarter_and_it_is_over() {
    assert_eq!(
        (march().from.to_string(), march().to.to_string()),
        ("2026-01-01".into(), "2026-03-31".into())
    );
    let period = |from: (i16, i8), to: (i16, i8)| {
        Period::around(Date::constant(from.0, from.1, 1), Date::constant(to.0, to.1, 28))
    };
    for wrong in
        [((2026, 3), (2026, 1)), ((2026, 3), (2026, 4)), ((2026, 1), (2026, 12)), ((2025, 1), (2026, 1))]
    {
        assert_eq!(period(wrong.0, wrong.1), None, "{wrong:?}");
    }
    let last = period((2026, 12), (2026, 12)).unwrap();
    assert_eq!((last.from.to_string(), last.to.to_string()), ("2026-10-01".into(), "2026-12-31".into()));
    assert!(!last.is_over(Date::constant(2026, 12, 31)) && last.is_over(Date::constant(2027, 1, 1)));
}

#[test]
fn calls_count_as_contacts_and_once_with_what_came_of_them() {
    let document = json!({ "line": { "country": "MD" }, "start": "2026-03-10T10:00:00+03:00",
        "exploitation": ["SEX"], "situation_place": { "country": "RU" } });
    let came_of_them = cases("MPR", &document, 20, |_| {});
    let recorded = |n: u8| calls::Call {
        id: [n; 32],
        taken: NOW,
        changed: NOW,
        document: document.to_string().into_bytes(),
        referrals: vec![came_of_them[usize::from(n)].thread.root],
    };
    let mut facts: Vec<Facts> = (0..20).map(|n| Facts::of_call(&recorded(n))).collect();
    facts.extend(came_of_them.iter().map(Facts::of));
    let counted = counted(facts);
    let cell = |table| sheet(table, &counted, march(), NOW).cells[0][0];
    assert_eq!(cell(Table::Contacts), Cell::Count(20));
    assert_eq!(cell(Table::Exploitation), Cell::Count(20), "each with the referral that came of it");
    let funnel = sheet(Table::Funnel, &counted, march(), NOW);
    assert!(funnel.rows.iter().all(|row| !row.code.starts_with("HIC")), "a call has gone no way");
}

#[test]
fn contacts_are_counted_once_and_small_countries_go_together() {
    let mut all = cases("HIC", &call("MD", "crisis", "self_victim"), 20, |_| {});
    all.extend(cases("HIC", &call("UA", "crisis", "family"), 12, |_| {}));
    all.extend(cases("HIC", &call("GE", "tip", "friend"), 3, |_| {}));
    // Sent to a second organisation.
    all.extend(cases("HIC", &call("MD", "crisis", "self_victim"), 20, |case| case.thread.peer.0 = [9; 32]));
    let contacts = table(Table::Contacts, &all);
    assert_eq!(contacts.rows.iter().map(|row| row.code.as_str()).collect::<Vec<_>>(), ["MD", "UA", "rest"]);
    let shown: Vec<String> = contacts.cells.iter().map(|row| row[0].plain()).collect();
    assert_eq!(shown[2], "<11");
    // Either the total is hidden or another country: 35 − 20 − 12 is nobody's business.
    assert!(shown.iter().any(|cell| cell == "*"), "{shown:?}");
    let callers = table(Table::Callers, &all);
    assert!(callers.cells.iter().flatten().all(|cell| *cell != Cell::Count(3)));
}

#[test]
fn repeated_contacts_stand_beside_first_ones() {
    let mut again = call("MD", "follow_up", "family");
    again["how_heard"] = "previous_call".into();
    let mut all = cases("HIC", &call("MD", "crisis", "family"), 30, |_| {});
    all.extend(cases("HIC", &again, 14, |_| {}));
    let sheet = table(Table::Repeats, &all);
    assert_eq!(
        (cell(&sheet, "MD", "first"), cell(&sheet, "MD", "repeated")),
        (Cell::Count(30), Cell::Count(14))
    );
}

#[test]
fn exercises_are_counted_apart() {
    let mut exercise = call("MD", "crisis", "family");
    exercise["mode"] = "exercise".into();
    let all = cases("HIC", &exercise, 15, |_| {});
    assert!(table(Table::Contacts, &all).cells.is_empty());
    assert_eq!(cell(&table(Table::Exercises, &all), "HIC – =Desk", "sent"), Cell::Count(15));
}

#[test]
fn places_and_codes_are_counted_and_words_are_not() {
    let told = json!({
        "situation_place": { "country": "TR", "subdivision": "TR-34" },
        "exploitation": ["ForcedLabour", "Her name is Anna"],
        "recruitment": [{ "code": "AtWork" }],
        "persons": [{ "nationalities": [{ "country": "MD" }] }],
        "start": "2026-03-10T10:00:00Z",
    });
    let all = cases("HIC", &told, 12, |_| {});
    let sheet = table(Table::Exploitation, &all);
    assert_eq!(cell(&sheet, "TR-34", "ForcedLabour"), Cell::Count(12));
    assert_eq!(cell(&sheet, "TR-34", "unknown"), Cell::Count(12));
    assert!(!format!("{sheet:?}{}", text(&sheet, Lang::Ru)).contains("Anna"));
    assert_eq!(cell(&table(Table::Recruitment, &all), "MD", "AtWork"), Cell::Count(12));
}

#[test]
fn borders_show_what_came_of_alerts() {
    let alert = json!({ "where": { "border_point": { "bp_id": "BP-0017" } } });
    let all = cases("BIA", &alert, 11, |case| case.thread.work = "completed".into());
    let sheet = table(Table::Borders, &all);
    assert_eq!(cell(&sheet, "BP-0017", "completed"), Cell::Count(11));
    assert!(text(&sheet, Lang::Ru).contains("Паланка"));
}

#[test]
fn referrals_count_in_the_last_place_that_they_have_reached() {
    let mut all = cases("VHO", &json!({}), 12, |case| case.thread.work = "closed".into());
    all.extend(cases("VHO", &json!({ "n": 1 }), 13, |case| case.thread.work = "declined".into()));
    let sheet = table(Table::Funnel, &all);
    assert_eq!(cell(&sheet, "VHO – =Desk", "completed"), Cell::Count(12));
    assert_eq!(cell(&sheet, "VHO – =Desk", "declined"), Cell::Count(13));
    let declines = table(Table::Declines, &all);
    assert_eq!(cell(&declines, "VHO", "unknown"), Cell::Count(13));
    assert!(csv(&sheet).starts_with("\u{feff}funnel,completed,declined,total\n"));
}

#[test]
fn overrides_are_counted_by_their_reason() {
    let all = cases("BIA", &json!({ "override": { "reason": "child_protection" } }), 11, |_| {});
    assert_eq!(cell(&table(Table::Overrides, &all), "BIA", "child_protection"), Cell::Count(11));
}

#[test]
fn shelters_count_their_newest_publication() {
    let publication = |updated: &str, until: &str, available: u64| {
        json!({
            "shelter_code": "S-1", "updated": updated, "valid_until": until,
            "capacity": [{ "group": "women", "maximum": 40, "available": available, "reserved": 11 }],
        })
    };
    let mut all = cases("SCP", &publication("2026-03-14T10:00:00Z", "2026-03-16T10:00:00Z", 1), 1, |_| {});
    all.extend(cases("SCP", &publication("2026-03-15T10:00:00Z", "2026-03-16T10:00:00Z", 14), 1, |_| {}));
    let sheet = table(Table::Shelters, &all);
    assert_eq!(
        (cell(&sheet, "women", "free"), cell(&sheet, "women", "occupied")),
        (Cell::Count(14), Cell::Count(15))
    );
    let old = cases("SCP", &publication("2026-03-10T10:00:00Z", "2026-03-11T10:00:00Z", 14), 1, |_| {});
    assert_eq!(cell(&table(Table::Shelters, &old), "women", "stale"), Cell::Count(40));
}

#[test]
fn times_are_medians_of_enough_referrals() {
    let event = |what: &str, minutes: u64| crate::model::Event {
        at: NOW.plus(std::time::Duration::from_secs(minutes * 60)),
        by: causeway_common::ids::OrgId([2; 32]),
        what: what.into(),
        state: String::new(),
        text: String::new(),
        packet: PacketId([0; 32]),
        after: PacketId([0; 32]),
        conflict: false,
        author: String::new(),
        taken_back: false,
    };
    let all = |count| {
        cases("BIA", &json!({}), count, |case| {
            case.thread.events = vec![event("delivered", 3), event("opened", 80), event("accept", 100)]
        })
    };
    let sheet = table(Table::Times, &all(11));
    assert_eq!(cell(&sheet, "BIA", "delivered_median"), Cell::Minutes(3));
    assert_eq!(cell(&sheet, "BIA", "delivered_in_time"), Cell::Percent(100));
    assert_eq!(
        (cell(&sheet, "BIA", "seen_median"), cell(&sheet, "BIA", "seen_in_time")),
        (Cell::Minutes(77), Cell::Percent(0))
    );
    assert_eq!(cell(&sheet, "BIA", "started_median"), Cell::Few(11));
    assert_eq!(cell(&table(Table::Times, &all(10)), "BIA", "delivered_median"), Cell::Few(11));
}

#[test]
fn a_spreadsheet_calculates_nothing() {
    let all = cases("HIC", &call("MD", "crisis", "family"), 12, |_| {});
    let mut sheet = table(Table::Contacts, &all);
    for start in ["=1+1", "+1", "-1", "@x", "\tx"] {
        sheet.rows[0].code = start.into();
        assert!(csv(&sheet).lines().nth(1).unwrap().trim_start_matches('"').starts_with('\''), "{start:?}");
        // Excel in Russian parts cells by a semicolon, whatever this file does.
        sheet.rows[0].code = format!("Desk;{start}");
        assert!(csv(&sheet).contains(&format!("Desk;'{start}")), "{start:?}");
    }
}

#[test]
fn a_picture_has_words_and_the_table_and_no_script() {
    let mut all = cases("HIC", &call("MD", "crisis", "family"), 12, |_| {});
    all.extend(cases("HIC", &call("UA", "crisis", "family"), 30, |_| {}));
    for lang in Lang::ALL {
        let picture = svg(&table(Table::Contacts, &all), lang);
        for part in ["<title", "<desc", "role=\"img\"", ">30</text>", ">42</text>"] {
            assert!(picture.contains(part), "{part} is not in {picture}");
        }
        assert!(!picture.contains("script") && !picture.contains("href"));
        let mut reader = quick_xml::Reader::from_str(&picture);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
        assert!(svg(&table(Table::Contacts, &[]), lang).contains("</svg>"));
    }
    assert!(svg(&table(Table::Funnel, &all), Lang::En).contains("HIC – =Desk"));
}

#[test]
fn every_table_has_its_words_in_both_languages() {
    for table in Table::ALL {
        assert_eq!(table.name().parse::<Table>(), Ok(table));
        for lang in Lang::ALL {
            let title = format!("stats-table-{}", table.name());
            assert_ne!(lang.text(&title), title);
        }
    }
    assert_eq!("people".parse::<Table>(), Err(UnknownTable));
}

#[test]
fn no_word_of_a_document_is_in_what_is_counted() {
    let words = "Anna Petrova, born 2009";
    let said = json!({ "category": { "primary": words }, "caller_role": words, "exploitation": [words],
        "recruitment": [{ "code": "FRIEND", "text": words }], "line": { "country": words }, "narrative": words,
        "persons": [{ "names": [{ "family": words }], "dob": "2009-04-17" }], "shelter_code": words,
        "override": { "reason": { "code": words } }, "capacity": [{ "group": words }],
        "situation_place": { "country": words, "subdivision": words },
        "where": { "border_point": { "bp_id": words } } });
    for kind in ["HIC", "BIA", "SCP", words] {
        let mut case = case(kind, said.clone());
        case.thread.work = "declined".into();
        let bytes = causeway_common::codec::encode(&Facts::of(&case));
        for part in ["Anna", "Petrova", "2009"] {
            assert!(!bytes.windows(part.len()).any(|window| window == part.as_bytes()), "{kind}: {part}");
        }
    }
}
