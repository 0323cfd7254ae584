//! What is left of a section that goes in a minimised form. A table of what is kept: what it does not name is cut.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::super::sections::*;
use super::super::split::ATTACHMENTS;
use super::super::values::partial_date;
use super::matrix::Role;

/// A name used, an age band, sex and languages: what a shelter or a clinic needs to receive somebody.
const GUEST: &[&str] = &[
    "*.person_id",
    "*.names",
    "*.sex",
    "*.age",
    "*.dob",
    "*.minor",
    "*.languages",
    "*.role",
    "*.relation",
    "children_count",
    "adults",
    "children",
    "group",
];
/// Whether there are papers, and who has them; no number.
const PAPERS: &[&str] = &[
    "documents.doc_type",
    "documents.holder_state",
    "*.documents.doc_type",
    "*.documents.holder_state",
    "travel_document.doc_type",
    "travel_document.holder_state",
];
/// A face, so that the right one is let in.
const FACE: &[&str] = &["photo", "*.photo", ATTACHMENTS];
/// Possible victim of trafficking, type, dangers; no narrative.
const SUSPICION: &[&str] =
    &["trafficking_status", "exploitation", "exploitation_types", "indicators", "danger", "dangers"];
/// What cannot wait until a doctor is there.
const URGENT: &[&str] = &[
    "medical_need",
    "urgent_medical",
    "medical_handover.pregnancy_week",
    "medical_handover.fit_to_travel.answer",
];
/// Whether she may stay and travel.
const AT_THE_BORDER: &[&str] = &["legal_status.residence_permit_until", "legal_status.entry_ban"];
/// What guards the house: a face, a car, "may come looking".
const GUARD: &[&str] = &[
    "photo",
    "*.photo",
    "*.vehicle.category",
    "*.vehicle.plate",
    "*.vehicle.plate_country",
    "*.vehicle.make",
    "*.vehicle.model",
    "*.vehicle.colour",
    "may_come_looking",
    ATTACHMENTS,
];
/// Whom not to inform.
const SILENCE: &[&str] =
    &["do_not_contact", "do_not_inform", "people_not_to_inform", "risk.people_not_to_inform"];
/// Which town.
const TOWN: &[&str] = &["*.country", "*.subdivision", "*.place"];

/// For each role and section that goes minimised: what is kept. A path begins at the section; `*` is any one field, and
/// lists are passed through.
const KEPT: &[(Role, SectionCode, &[&str])] = &[
    (Role::Shl, IDN, GUEST),
    (Role::Mdc, IDN, GUEST),
    (Role::Shl, PHO, FACE),
    (Role::Shl, DOC, PAPERS),
    (Role::Mdc, LOC, TOWN),
    (Role::Shl, EXP, SUSPICION),
    (Role::Brd, EXP, SUSPICION),
    (Role::Mdc, EXP, SUSPICION),
    (Role::Brd, MED, URGENT),
    (Role::Brd, LEG, AT_THE_BORDER),
    (Role::Shl, SUS, GUARD),
    (Role::Emb, RSK, SILENCE),
];

/// Fields that say who has called or asks.
pub(super) const INFORMANT: &[&str] =
    &["informant", "inquirer", "caller", "caller_name", "caller_number", "caller_contact"];

/// Ages of the tables of statistics, which serve as bands here as well.
const BANDS: [(i64, i64); 9] =
    [(0, 8), (9, 17), (18, 20), (21, 23), (24, 26), (27, 29), (30, 38), (39, 47), (48, 120)];
/// Names that a person goes by, the first one that is there.
const USED: [&str; 4] = ["nickname", "working_name", "religious", "alias"];

/// What is kept of a section for a role; none if the table does not say, and then nothing is.
pub(super) fn kept(role: Role, section: SectionCode) -> &'static [&'static str] {
    KEPT.iter().find(|(r, s, _)| *r == role && *s == section).map_or(&[], |row| row.2)
}

/// Whether files may travel in what is left.
pub(super) fn keeps_files(role: Role, section: SectionCode) -> bool {
    kept(role, section).contains(&ATTACHMENTS)
}

/// Cuts a section to what is kept.
pub(super) fn cut(
    json: &Map<String, Value>,
    role: Role,
    section: SectionCode,
    today: Date,
) -> Map<String, Value> {
    let paths: Vec<Vec<&str>> = kept(role, section).iter().map(|path| path.split('.').collect()).collect();
    let Some(Value::Object(mut out)) = keep(&Value::Object(json.clone()), &paths) else { return Map::new() };
    if section == IDN {
        out.values_mut().for_each(|value| blur(value, today));
    }
    out
}

/// What of a value the paths keep.
fn keep(value: &Value, paths: &[Vec<&str>]) -> Option<Value> {
    if paths.iter().any(Vec::is_empty) {
        return Some(value.clone());
    }
    match value {
        Value::Object(map) => {
            let mut out = Map::new();
            for (name, value) in map {
                let rest: Vec<Vec<&str>> = paths
                    .iter()
                    .filter(|path| path[0] == "*" || path[0] == name)
                    .map(|path| path[1..].to_vec())
                    .collect();
                if let Some(value) = keep(value, &rest).filter(|_| !rest.is_empty()) {
                    out.insert(name.clone(), value);
                }
            }
            (!out.is_empty()).then_some(out.into())
        }
        Value::Array(list) => {
            let kept: Vec<Option<Value>> = list.iter().map(|value| keep(value, paths)).collect();
            // Places are kept, so that sections still speak of the same person.
            kept.iter()
                .any(Option::is_some)
                .then(|| kept.into_iter().map(|value| value.unwrap_or_else(|| json!({}))).collect())
        }
        _ => None,
    }
}

/// Of a person's names the one she is called by, of her age the band.
fn blur(value: &mut Value, today: Date) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| blur(value, today)),
        Value::Object(person) => {
            let band = ages(person, today).map(band);
            person.remove("dob");
            person.remove("age");
            if let Some((min, max)) = band {
                person.insert("age".into(), json!({ "min": min, "max": max }));
            }
            if let Some(names) = person.remove("names") {
                let used = used_name(&names).map(|name| json!([{ "type": "nickname", "given": name }]));
                person.extend(used.map(|names| ("names".to_owned(), names)));
            }
        }
        _ => {}
    }
}

/// The name that somebody goes by: never a family name.
fn used_name(names: &Value) -> Option<String> {
    let names = names.as_array()?;
    let text = |name: &Value, field: &str| {
        name.get(field).and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned)
    };
    let called = USED.iter().find_map(|used| {
        let name = names.iter().find(|name| name.get("type").and_then(Value::as_str) == Some(used))?;
        // A nickname is one word as a rule; an alias may be a whole false or true name.
        let one_word = |full: &String| *used != "alias" || full.split_whitespace().nth(1).is_none();
        text(name, "given").or_else(|| text(name, "full").filter(one_word))
    });
    // Nothing is taken out of any other whole name: which word is the family name differs from language to language.
    called.or_else(|| names.iter().find_map(|name| text(name, "given")))
}

fn band((youngest, oldest): (i64, i64)) -> (i64, i64) {
    let within = |age: i64| BANDS.iter().find(|(min, max)| (*min..=*max).contains(&age)).copied();
    let low = within(youngest.clamp(0, 120)).map_or(0, |band| band.0);
    let high = within(oldest.clamp(0, 120)).map_or(120, |band| band.1);
    (low, high)
}

/// How old somebody is at least and at most; none if nothing is known.
pub(super) fn ages(person: &Map<String, Value>, today: Date) -> Option<(i64, i64)> {
    if let Some((earliest, latest)) = person.get("dob").and_then(Value::as_str).and_then(partial_date) {
        let years = |birth: Date| {
            let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
            i64::from(today.year()) - i64::from(birth.year()) - i64::from(!had_birthday)
        };
        return Some((latest.map_or(0, years).max(0), earliest.map_or(120, years)));
    }
    let bound = |name: &str| person.get("age")?.get(name)?.as_i64();
    bound("min").zip(bound("max"))
}

#[cfg(test)]
mod tests {
    use super::super::matrix::{Way, cell};
    use super::*;

    #[test]
    fn whatever_goes_minimised_has_its_cut_and_nothing_else_has_one() {
        for role in Role::ALL {
            for (section, _) in SECTIONS {
                let minimised = cell(role, *section).way == Way::Minimised;
                assert_eq!(minimised, !kept(role, *section).is_empty(), "{role:?} {section}");
            }
        }
    }

    #[test]
    fn a_guest_is_called_by_the_name_she_uses_and_by_no_other() {
        let names = |names: Value| used_name(&names);
        let legal = json!({ "type": "legal", "family": "Petrova", "given": "Anna" });
        assert_eq!(names(json!([legal, { "type": "nickname", "full": "Nyura" }])).as_deref(), Some("Nyura"));
        assert_eq!(names(json!([legal])).as_deref(), Some("Anna"));
        assert_eq!(names(json!([{ "type": "alias", "full": "Maria Ivanova" }])), None);
        assert_eq!(names(json!([{ "type": "alias", "full": "Maria" }])).as_deref(), Some("Maria"));
        assert_eq!(names(json!([{ "type": "legal", "full": "Иванова Мария Петровна" }])), None);
        assert_eq!(names(json!([{ "type": "as_heard", "full": "Иванова Мария" }])), None);
        assert_eq!(names(json!([{ "family": "Petrova" }])), None);
    }

    #[test]
    fn an_age_becomes_the_bands_it_can_lie_in() {
        let today = Date::constant(2026, 6, 1);
        let band_of = |person: Value| ages(person.as_object().unwrap(), today).map(band);
        assert_eq!(band_of(json!({ "dob": "2001-11-30" })), Some((24, 26)));
        assert_eq!(band_of(json!({ "age": { "min": 15, "max": 18 } })), Some((9, 20)));
        assert_eq!(band_of(json!({ "dob": "19XX" })), Some((24, 120)));
        assert_eq!(band_of(json!({})), None);
    }
}
