//! Values as people type them on a page, and as they read them there again.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::referral::spec::Type;

/// A value as it stands in a field of a page; several for a set of codes.
pub(crate) fn shown(holds: &Type, value: &Value) -> Vec<String> {
    match (holds, value) {
        (_, Value::Array(list)) => list.iter().map(plain).collect(),
        (Type::Range(..), Value::Object(map)) if map.contains_key("min") => {
            let bound = |name: &str| map.get(name).map(plain).unwrap_or_default();
            vec![format!("{}-{}", bound("min"), bound("max"))]
        }
        (Type::Code(_) | Type::CodeOf(_), Value::Object(map)) if map.contains_key("code") => {
            map.get("code").map(plain).into_iter().collect()
        }
        (Type::Instant | Type::When, Value::String(text)) => vec![local(text)],
        (_, value) => vec![plain(value)],
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Object(map) => {
            let inner =
                ["text", "number", "raw", "code"].into_iter().find_map(|name| map.get(name)?.as_str());
            match inner {
                Some(text) => text.to_owned(),
                None if map.contains_key("nil") => String::new(),
                None => value.to_string(),
            }
        }
        other => other.to_string(),
    }
}

/// A moment of whole minutes in the time of this machine; anything else as it stands.
fn local(text: &str) -> String {
    let Ok(at) = text.parse::<jiff::Timestamp>() else { return text.to_owned() };
    let there = TimeZone::system().to_datetime(at);
    if there.second() != 0 || there.subsec_nanosecond() != 0 {
        return text.to_owned();
    }
    let (date, hour, minute) = (there.date(), there.hour(), there.minute());
    format!("{date} {hour:02}:{minute:02}")
}

/// What was typed as the dictionary writes it, as far as it is clear what is meant: `28.11.2026 14:05` is a moment of this machine's
/// time zone, `+373 22 000-111` a number.
pub(crate) fn untyped(holds: &Type, text: &str) -> String {
    let meant = match holds {
        Type::Instant => moment(text),
        Type::When => moment(text).or_else(|| day(text)),
        Type::Date | Type::PartialDate => day(text),
        Type::Phone if text.starts_with('+') => {
            Some(text.chars().filter(|c| !matches!(c, ' ' | '(' | ')' | '-' | '\u{a0}')).collect())
        }
        Type::Range(..) => range(text),
        Type::Country | Type::Nationality | Type::Issuer | Type::Currency | Type::Airport => {
            Some(text.to_uppercase())
        }
        // As browsers send them.
        Type::Text(_) => Some(text.replace("\r\n", "\n")),
        _ => None,
    };
    meant.unwrap_or_else(|| text.to_owned())
}

/// `28.11.2026` or `11.2026`.
fn day(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('.').collect();
    let digits =
        |part: &&str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
    if !parts.iter().all(digits) {
        return None;
    }
    match parts.as_slice() {
        [day, month, year] if year.len() == 4 => Some(format!("{year}-{month:0>2}-{day:0>2}")),
        [month, year] if year.len() == 4 => Some(format!("{year}-{month:0>2}")),
        _ => None,
    }
}

fn moment(text: &str) -> Option<String> {
    let (date, time) =
        text.split_once([' ', 'T']).map(|(date, time)| (date.trim_matches(','), time.trim()))?;
    let date = day(date).unwrap_or_else(|| date.to_owned());
    let at: jiff::civil::DateTime = format!("{date}T{time:0>5}").parse().ok()?;
    // A time with an offset is what it says.
    if time.len() > 8 || time.contains(['+', 'Z', 'z']) {
        return None;
    }
    let zoned = TimeZone::system().to_ambiguous_zoned_datetime(at).compatible().ok()?;
    let offset = zoned.offset().seconds();
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 3600, offset.abs() % 3600 / 60);
    Some(format!("{}T{:02}:{:02}:00{sign}{hours:02}:{minutes:02}", at.date(), at.hour(), at.minute()))
}

/// `160-170`.
fn range(text: &str) -> Option<String> {
    let (low, high) = text.split_once(['-', '–', '—'])?;
    let (low, high) = (low.trim().parse::<f64>().ok()?, high.trim().parse::<f64>().ok()?);
    let whole = |number: f64| {
        let text = number.to_string();
        text.parse::<i64>().map_or_else(|_| json!(number), |number| json!(number))
    };
    Some(json!({ "min": whole(low), "max": whole(high) }).to_string())
}
