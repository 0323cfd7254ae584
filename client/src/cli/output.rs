//! How results are printed: JSON for scripts, lines for people.

use std::io::Write as _;

use causeway_certs::names;
use causeway_common::time::Timestamp;
use serde_json::Value;

/// Version of the shapes that scripts see.
const SCHEMA_VERSION: u32 = 1;

/// Writes a line to standard output. A reader that has gone away (`| head`) is no error.
pub(crate) fn emit(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes a line to standard error, whoever reads it.
pub(crate) fn remark(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Prints one result.
pub(crate) fn print(json: bool, value: Value, people: impl FnOnce(&Value) -> String) {
    if json {
        let mut value = value;
        if let Value::Object(map) = &mut value {
            map.insert("schema_version".into(), SCHEMA_VERSION.into());
        }
        emit(&value.to_string());
    } else {
        let text = people(&value);
        if !text.is_empty() {
            emit(&text);
        }
    }
}

/// Prints a list: one object per line, or one line per entry.
pub(crate) fn print_list(json: bool, values: Vec<Value>, empty: &str, line: impl Fn(&Value) -> String) {
    if !json && values.is_empty() {
        emit(empty);
    }
    for value in values {
        print(json, value, &line);
    }
}

/// A moment as RFC 3339 in UTC; null for the zero of "not yet".
pub(crate) fn time(at: Timestamp) -> Value {
    if at == Timestamp(0) {
        return Value::Null;
    }
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).map_or(Value::Null, |t| Value::String(t.to_string()))
}

/// A field of a result as text without quotes.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or("-")
}

/// A count of a result, for words that depend on it.
pub(crate) fn number(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The same of a field; zero where it is not there.
pub(crate) fn counted(value: &Value, field: &str) -> usize {
    value.get(field).and_then(Value::as_u64).map_or(0, number)
}

/// Text of others, made harmless for a terminal: no control characters, nothing hidden, no change of direction.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && names::is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// The same inside of a list: its further lines stand under the first, and are nobody else's.
pub(crate) fn harmless_under(text: &str, indent: &str) -> String {
    harmless(text).replace('\n', &format!("\n{indent}"))
}

/// Words as the beginning of a sentence.
pub(crate) fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
