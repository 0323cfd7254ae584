//! A report about a missing person as a PFIF record. What is published cannot be called back.

use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::{Pfif, Record, check};
use crate::formats::case::{Exported, may_be_published, section_part};
use crate::formats::fields::{at, text};
use crate::formats::finding::Finding;
use crate::formats::times;
use crate::referral::Kind;
use crate::referral::values::partial_date;

/// Sections of which a registry gets nothing; of the others it gets the fields named below.
const NEVER: [&str; 7] = ["LOC", "CON", "DOC", "PHO", "MED", "SUS", "EVI"];

/// Why a report may not be published.
pub type NotPublic = Finding;

/// The record of a report: the public part, or after its day a placeholder.
pub fn export(from: &Exported<'_>) -> Result<Pfif, NotPublic> {
    if from.case.thread.kind != "MPR" {
        return Err(Finding::new("formats-wrong-kind", "")
            .with("kind", &from.case.thread.kind)
            .with("wanted", "MPR"));
    }
    let whole = from.fields();
    let Some(kind) = Kind::from_code("MPR") else { return Ok(Pfif::default()) };
    may_be_published(kind, whole, from.now)?;
    let public = section_part(kind, whole, |code| !NEVER.contains(&code));
    let id = text(&public, "pfif.person_record_id")
        .filter(|id| check::is_id(id))
        .unwrap_or_else(|| format!("{}/person.{}", from.domain, from.case.thread.root));
    let expiry = expiry(&public);
    if expiry.as_ref().is_some_and(|at| *at <= times::pfif(from.now)) {
        return Ok(Pfif { persons: vec![placeholder(id, expiry, from.now)], notes: Vec::new() });
    }
    let mut person = person(&public, from, &id);
    person.extend(expiry.map(|at| ("expiry_date".to_owned(), at)));
    let mut notes = vec![sought(&public, from, &id, &person)];
    notes.extend(found_note(from, &id));
    Ok(Pfif { persons: vec![person], notes })
}

fn expiry(fields: &Map<String, Value>) -> Option<String> {
    let day = text(fields, "search_until").filter(|day| day.len() == 10 && partial_date(day).is_some())?;
    Some(format!("{day}T00:00:00Z"))
}

/// What is left once the day is over: everybody who has a copy has to blank it too.
fn placeholder(id: String, expiry: Option<String>, now: Timestamp) -> Record {
    let blanked = times::pfif(now);
    let fields = [
        ("person_record_id", Some(id)),
        ("source_date", Some(blanked.clone())),
        ("entry_date", Some(blanked)),
        ("expiry_date", expiry),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn person(public: &Map<String, Value>, from: &Exported<'_>, id: &str) -> Record {
    let names = names(public);
    let first = names.first();
    let created = text(public, "created").and_then(|t| times::pfif_of(&t));
    let country = text(public, "person.residence.country");
    let birth = text(public, "person.dob").filter(|date| check::is_date(date));
    let age = age(public, birth.is_none(), from.now);
    let again = |field: &str| text(public, &format!("pfif.{field}"));
    let desk = text(public, "duty_contact.phone");
    let values = [
        ("person_record_id", Some(id.to_owned())),
        ("entry_date", Some(times::pfif(from.now))),
        ("author_name", again("author_name").or_else(|| Some(from.own_name.clone()))),
        ("author_email", again("author_email")),
        ("author_phone", again("author_phone").or(desk)),
        ("source_name", again("source_name").or_else(|| Some(from.domain.clone()))),
        ("source_date", again("source_date").or(created).or_else(|| Some(times::pfif(from.now)))),
        ("source_url", again("source_url")),
        ("full_name", Some(lines(names.iter().filter(|name| name.legal)))),
        ("given_name", first.and_then(|name| name.given.clone())),
        ("family_name", first.and_then(|name| name.family.clone())),
        ("alternate_names", Some(lines(names.iter().filter(|name| !name.legal)))),
        ("description", again("description")),
        ("sex", text(public, "person.sex").and_then(|sex| sex_word(&sex)).map(str::to_owned)),
        ("date_of_birth", birth),
        ("age", age),
        ("home_city", text(public, "person.residence.place")),
        ("home_state", text(public, "person.residence.subdivision")),
        ("home_country", country),
        ("profile_urls", again("profile_urls")),
    ];
    let given = values.into_iter().filter_map(|(name, value)| Some((name, value.filter(|v| !v.is_empty())?)));
    given.map(|(name, value)| (name.to_owned(), value)).collect()
}

struct Name {
    full: String,
    given: Option<String>,
    family: Option<String>,
    legal: bool,
}

/// Spellings, the legal ones first. A registry needs one full name, so if none is legal the first one stands for it.
fn names(public: &Map<String, Value>) -> Vec<Name> {
    let list = at(public, "person.names").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut names: Vec<Name> = list.iter().filter_map(Value::as_object).filter_map(name).collect();
    names.sort_by_key(|name| !name.legal);
    if let Some(first) = names.first_mut() {
        first.legal = true;
    }
    names
}

fn name(map: &Map<String, Value>) -> Option<Name> {
    if map.get("derived").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    let part = |field: &str| text(map, field).map(|t| one_line(&t));
    let (given, family) = (part("given"), part("family"));
    let composed = [given.clone(), part("patronymic"), family.clone()];
    let composed: Vec<String> = composed.into_iter().flatten().collect();
    let full = part("full").unwrap_or_else(|| composed.join(" "));
    let legal = matches!(text(map, "type").as_deref(), Some("legal" | "as_in_mrz"));
    (!full.is_empty()).then_some(Name { full, given, family, legal })
}

/// The format has one name on a line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lines<'a>(names: impl Iterator<Item = &'a Name>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if !seen.contains(&name.full.as_str()) {
            seen.push(&name.full);
        }
    }
    seen.join("\n")
}

/// ISO 5218 in the words of the format; "not known" is left out.
fn sex_word(sex: &str) -> Option<&'static str> {
    match sex {
        "1" => Some("male"),
        "2" => Some("female"),
        "9" => Some("other"),
        _ => None,
    }
}

/// The age: as it stands, or counted from a date of birth that the format cannot write.
fn age(public: &Map<String, Value>, count: bool, now: Timestamp) -> Option<String> {
    let bound = |name: &str| at(public, &format!("person.age.{name}")).and_then(Value::as_u64);
    let range = match (bound("min"), bound("max")) {
        (Some(min), Some(max)) => Some((min, max)),
        _ if count => text(public, "person.dob").and_then(|dob| counted(&dob, now)),
        _ => None,
    };
    range
        .filter(|(min, max)| min <= max && *max <= 120)
        .map(|(min, max)| if min == max { min.to_string() } else { format!("{min}-{max}") })
}

fn counted(dob: &str, now: Timestamp) -> Option<(u64, u64)> {
    let (earliest, latest) = partial_date(dob)?;
    let today: jiff::civil::Date = times::pfif(now).get(..10)?.parse().ok()?;
    let years = |birth: jiff::civil::Date| {
        let had = (today.month(), today.day()) >= (birth.month(), birth.day());
        u64::try_from(i64::from(today.year()) - i64::from(birth.year()) - i64::from(!had)).ok()
    };
    Some((years(latest?)?, years(earliest?)?))
}

/// The note that says that she is looked for.
fn sought(public: &Map<String, Value>, from: &Exported<'_>, id: &str, person: &Record) -> Record {
    let place = ["place", "subdivision", "country"]
        .into_iter()
        .filter_map(|f| text(public, &format!("last_seen.place.{f}")));
    let place: Vec<String> = match at(public, "last_seen.place") {
        Some(Value::String(text)) => vec![text.clone()],
        // A street or a house is nobody's business but of those who search.
        _ if matches!(text(public, "last_seen.place.precision").as_deref(), Some("exact" | "street")) => {
            place.skip(1).collect()
        }
        _ => place.collect(),
    };
    // Where somebody was found is where she is now.
    let is_found = text(public, "report_type").as_deref() == Some("found");
    let place = if is_found {
        None
    } else if place.is_empty() {
        text(public, "disappearance_country")
    } else {
        Some(place.join(", "))
    };
    let last = text(public, "last_contact.at").or_else(|| text(public, "last_seen.at"));
    let words = match last.as_deref().and_then(|t| t.get(..10).or(Some(t))) {
        Some(day) => from.lang.fill("formats-pfif-last-contact", &[("date", day)]),
        None => from.lang.text("formats-pfif-sought"),
    };
    let take = |field: &str| person.get(field).cloned();
    let values = [
        ("note_record_id", Some(format!("{}/note.{}", from.domain, from.case.thread.root))),
        ("person_record_id", Some(id.to_owned())),
        ("author_name", take("author_name")),
        ("author_phone", take("author_phone")),
        ("source_date", take("source_date")),
        ("author_made_contact", Some("false".to_owned())),
        ("status", Some("information_sought".to_owned())),
        ("last_known_location", place),
        ("text", Some(words)),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The note that says that she has been found, if an update says so and she has not forbidden to say it. Never where.
pub fn found_note(from: &Exported<'_>, id: &str) -> Option<Record> {
    if text(from.fields(), "consent.tracing_ok").as_deref() == Some("tell_nothing") {
        return None;
    }
    let found = |step: &(crate::model::Event, Option<crate::referral::update::Update>)| {
        let (event, update) = (&step.0, step.1.as_ref()?);
        let found = update.other.get("found")?.as_object()?.clone();
        (!event.conflict && !event.taken_back).then_some((event.clone(), found))
    };
    let (event, found) = from.case.steps.iter().rev().find_map(found)?;
    let status = match text(&found, "alive").as_deref() {
        Some("yes" | "true") => "believed_alive",
        Some("no" | "false") => "believed_dead",
        _ => return None,
    };
    let contact = matches!(text(&found, "contact_made").as_deref(), Some("true" | "yes"));
    let values = [
        ("note_record_id", format!("{}/note.{}", from.domain, event.packet)),
        ("person_record_id", id.to_owned()),
        ("author_name", from.own_name.clone()),
        ("source_date", times::pfif(event.at)),
        ("author_made_contact", contact.to_string()),
        ("status", status.to_owned()),
        ("text", from.lang.text("formats-pfif-found")),
    ];
    Some(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
