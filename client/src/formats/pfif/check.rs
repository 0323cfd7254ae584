//! The shapes of the fields, as the validator of the format's authors has them.

use super::Record;
use crate::formats::finding::Finding;
use crate::formats::times;

/// Words of `status`.
pub(super) const STATUS: [&str; 5] =
    ["information_sought", "is_note_author", "believed_alive", "believed_missing", "believed_dead"];

/// Fields that are left once a record has expired.
pub(super) const PLACEHOLDER: [&str; 4] = ["person_record_id", "source_date", "entry_date", "expiry_date"];

/// What is wrong with the fields of a record, and the fields that must be there and are not.
pub(super) fn check(record: &Record, must: &[&'static str]) -> Vec<Finding> {
    let mut found: Vec<Finding> = must
        .iter()
        .filter(|field| !record.contains_key(**field))
        .map(|field| Finding::new("formats-missing", *field))
        .collect();
    for (field, text) in record {
        if let Some(id) = wrong(field, text) {
            found.push(Finding::new(id, field.clone()).with("value", text));
        }
    }
    found
}

fn wrong(field: &str, text: &str) -> Option<&'static str> {
    let (right, id) = match field {
        "person_record_id" | "note_record_id" | "linked_person_record_id" => (is_id(text), "formats-pfif-id"),
        "entry_date" | "expiry_date" | "source_date" => (times::is_pfif(text), "formats-pfif-time"),
        "sex" => (["male", "female", "other"].contains(&text), "formats-pfif-sex"),
        "date_of_birth" => (is_date(text), "formats-pfif-birth"),
        "age" => (age(text).is_some(), "formats-pfif-age"),
        "author_made_contact" => (["true", "false"].contains(&text), "formats-pfif-flag"),
        "status" => (STATUS.contains(&text), "formats-pfif-status"),
        "home_country" => {
            (text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()), "formats-pfif-country")
        }
        "home_state" => (is_state(text), "formats-pfif-state"),
        _ => (true, ""),
    };
    (!right).then_some(id)
}

/// `domain/…`
pub(super) fn is_id(text: &str) -> bool {
    text.split_once('/').is_some_and(|(domain, rest)| {
        !rest.is_empty()
            && domain.contains('.')
            && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
    })
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`: the only dates of birth of the format.
pub(super) fn is_date(text: &str) -> bool {
    [4, 7, 10].contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        && crate::referral::values::partial_date(text).is_some()
}

/// `N` or `N-M`, in years.
pub(super) fn age(text: &str) -> Option<(u64, u64)> {
    const OLDEST: u64 = 120;
    let year = |text: &str| {
        let digits = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u64>().ok().filter(|years| digits && *years <= OLDEST)
    };
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    year(min).zip(year(max)).filter(|(min, max)| min <= max)
}

/// `CA` or `US-CA`.
fn is_state(text: &str) -> bool {
    let part =
        text.split_once('-').map_or(text, |(country, part)| if country.len() == 2 { part } else { "" });
    (1..=3).contains(&part.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
}
