//! The data dictionary, taken out of its text once (`tests/vectors/dictionary.json`), beside what the program does.
//!
//! The tables of the program have tests of their own, which compare them with themselves. These do not: a row that is missing there
//! is missing here.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::time::Duration;

use causeway_client::referral::access::matrix::{Way, cell};
use causeway_client::referral::access::{Role, matrix};
use causeway_client::referral::deadlines::deadlines;
use causeway_client::referral::lifecycle::{Origin, Party, ROWS, Row, To, WorkState};
use causeway_client::referral::sections::SECTIONS;
use causeway_client::referral::spec::{Field, Need, Rule};
use causeway_client::referral::{Kind, SectionCode};
use causeway_client::retention::rules;
use causeway_common::priority::Priority;
use serde_json::Value;

const DICTIONARY: &str = include_str!("../vectors/dictionary.json");

/// Where the program does otherwise than the dictionary, with the reason.
const OTHERWISE: [(&str, &str, &str); 6] = [
    (
        "BIA",
        "movement",
        "an alert goes with eight fields in under a minute: what is not known is not asked for",
    ),
    ("HIC", "contact_id", "the record of a call has a number of its own"),
    ("HIC", "ring_s", "a telephone system knows it, and whoever took the call does not"),
    ("HIC", "dropped", "as ring_s"),
    ("HIC", "waiting_s", "as ring_s"),
    ("HIC", "interpreter_used", "said when there was one"),
];

fn dictionary() -> Value {
    serde_json::from_str(DICTIONARY).unwrap()
}

fn fields(kind: Kind) -> impl Iterator<Item = &'static Field> {
    kind.spec().fields.iter()
}

fn kind(code: &str) -> Kind {
    Kind::from_code(code).or_else(|| Kind::steps().find(|kind| kind.code() == code)).unwrap()
}

#[test]
fn every_field_of_the_dictionary_is_there_and_what_is_mandatory_is_asked_for() {
    let mut missing = Vec::new();
    for row in dictionary()["mandatory"].as_array().unwrap() {
        let (code, path, need) =
            (row["kind"].as_str().unwrap(), row["path"].as_str().unwrap(), row["need"].as_str().unwrap());
        let kind = kind(code);
        let (first, inside) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let Some(field) = fields(kind).find(|field| field.name == first) else {
            missing.push(format!("{code} {path}: no such field"));
            continue;
        };
        if inside.is_some() && kind.holds(path).is_none() {
            missing.push(format!("{code} {path}: no such field"));
        }
        let by_rule = kind.spec().rules.iter().any(|rule| match rule {
            Rule::Need { path: needed, .. }
            | Rule::Only { path: needed, .. }
            | Rule::Asked { path: needed, .. } => *needed == path,
            _ => false,
        });
        let asked = match need {
            "must" => matches!(field.need, Need::Draft | Need::Send | Need::Filled) || by_rule,
            "answered" => matches!(field.need, Need::Draft | Need::Send) || by_rule,
            "filled" => field.need != Need::Optional,
            _ => true,
        };
        let is_known = OTHERWISE.iter().any(|(kind, name, _)| *kind == code && *name == path);
        if !asked && !is_known {
            missing.push(format!("{code} {path}: {need}, and not asked for"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_row_of_the_transition_table_leads_where_the_dictionary_says() {
    for row in dictionary()["transitions"].as_array().unwrap() {
        let (event, to, by) =
            (row["event"].as_str().unwrap(), row["to"].as_str().unwrap(), row["by"].as_str().unwrap());
        let party = |party: Party| match by {
            "S" => party == Party::Sender,
            "R" => party == Party::Recipient,
            // Software of either side, or of the relay's receipts.
            _ => true,
        };
        for from in row["from"].as_array().unwrap().iter().map(|from| from.as_str().unwrap()) {
            let leads = ROWS.iter().filter(|row| row.action.as_str() == event && party(row.by));
            let found = leads.filter(|row| match from {
                "–" => row.from == Origin::Nothing,
                "any" => row.from == Origin::Any,
                "any non-terminal" => row.from == Origin::Open,
                state => row.from.contains(state.parse::<WorkState>().unwrap()),
            });
            let fits = |row: &&Row| match row.to {
                To::State(state) => state.as_str() == to,
                To::Same => to == "same",
                To::Back => to == "seen",
                To::Signed => to == "handed_over",
                To::Thread => to == "sent",
            };
            assert!(found.into_iter().any(|row| fits(&row)), "row {}: {from} --{event}--> {to}", row["row"]);
        }
    }
}

#[test]
fn every_cell_of_the_matrix_is_the_dictionarys() {
    let dictionary = dictionary();
    let rows = dictionary["matrix"].as_object().unwrap();
    assert_eq!(rows.len(), SECTIONS.len());
    for (section, row) in rows {
        let code = SectionCode(section.as_bytes().try_into().unwrap());
        for role in Role::ALL {
            let written = row[role.code()].as_str().unwrap();
            let (letters, note) = match written.char_indices().next_back() {
                Some((at, digit)) if digit.is_ascii_digit() => (&written[..at], digit.to_digit(10).unwrap()),
                _ => (written, 0),
            };
            let way = match letters {
                "R" => Way::Default,
                "C" => Way::Consent,
                "C/V" => Way::ConsentOrVital,
                "V" => Way::Vital,
                "m" => Way::Minimised,
                // Not but inside of evidence, with consent.
                "-" if note > 0 => Way::Consent,
                "-" => Way::Never,
                other => panic!("{section} {}: {other}", role.code()),
            };
            let found: matrix::Cell = cell(role, code);
            assert_eq!(found.way, way, "{section} {}: {written}", role.code());
            // A clinic's cells have no note in the dictionary: the program cuts them as the shelter's.
            assert!(note == 0 || note == u32::from(found.note), "{section} {}: {written}", role.code());
        }
    }
}

#[test]
fn every_deadline_and_every_period_is_the_dictionarys() {
    let dictionary = dictionary();
    let seconds = |clock: &str, place: usize| dictionary["deadlines_s"][clock][place].as_u64().unwrap();
    for (place, priority) in [Priority::P0, Priority::P1, Priority::P2, Priority::P3].into_iter().enumerate()
    {
        let all = deadlines(priority);
        let found =
            [all.delivered, all.seen, all.answered, all.replied, all.started, all.progress, all.outcome];
        for (clock, found) in ["C1", "C2", "C3", "C4", "C5", "C6", "C7"].into_iter().zip(found) {
            assert_eq!(found, Duration::from_secs(seconds(clock, place)), "{clock} {priority}");
        }
        let ttl = priority.time_to_live();
        assert_eq!(ttl, Duration::from_secs(seconds("TTL", place)), "TTL {priority}");
    }
    for (kind, days) in dictionary["retention_days"].as_object().unwrap() {
        assert_eq!(rules::rule(kind).map(|rule| u64::from(rule.days)), days.as_u64(), "{kind}");
    }
}
