//! How results are printed: JSON for scripts, lines for people.

use std::cell::RefCell;
use std::io::Write as _;

use causeway_certs::names;
use causeway_common::time::Timestamp;
use serde_json::Value;

use crate::caller::{self, Said};

/// Version of the shapes that scripts see.
const SCHEMA_VERSION: u32 = 1;

/// What a command has said to somebody who does not sit at a terminal.
#[derive(Default)]
pub(crate) struct Taken {
    /// Its results, in their order.
    pub(crate) results: Vec<Printed>,
    /// What it remarked beside them.
    pub(crate) remarks: Vec<String>,
}

/// A result: for programs, and in words.
pub(crate) struct Printed {
    pub(crate) value: Value,
    pub(crate) words: String,
}

tokio::task_local! {
    static TAKEN: RefCell<Taken>;
}

/// Does something and keeps what it prints: the pages say what the command line says, by the same commands.
pub(crate) async fn take<T>(doing: impl Future<Output = T>) -> (T, Taken) {
    let scope = async {
        let done = doing.await;
        (done, TAKEN.with(RefCell::take))
    };
    TAKEN.scope(RefCell::default(), scope).await
}

fn is_taken() -> bool {
    TAKEN.try_with(|_| ()).is_ok()
}

/// Whether a person sees the results.
pub(crate) fn is_seen() -> bool {
    !is_taken() && caller::sees_out()
}

/// Whether a person sees what is remarked beside them.
pub(crate) fn is_beside_seen() -> bool {
    !is_taken() && caller::sees_err()
}

/// Whether this process has a terminal to draw on for whoever has asked.
pub(crate) fn may_draw() -> bool {
    !is_taken() && !caller::is_elsewhere()
}

fn keep(value: Value, words: String) {
    let _ = TAKEN.try_with(|taken| taken.borrow_mut().results.push(Printed { value, words }));
}

/// Writes a line to standard output. A reader that has gone away (`| head`) is no error.
pub(crate) fn emit(line: &str) {
    if is_taken() {
        return keep(Value::Null, line.to_owned());
    }
    let Err(line) = caller::say(line, Said::Out) else { return };
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes a line to standard error, whoever reads it.
pub(crate) fn remark(line: &str) {
    if TAKEN.try_with(|taken| taken.borrow_mut().remarks.push(line.to_owned())).is_ok() {
        return;
    }
    let Err(line) = caller::say(line, Said::Err) else { return };
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Prints one result.
pub(crate) fn print(json: bool, value: Value, people: impl FnOnce(&Value) -> String) {
    if is_taken() {
        let words = people(&value);
        keep(value, words);
    } else if json {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn what_a_command_prints_is_kept_for_whoever_called_it_and_for_nobody_else() {
        let (done, taken) = take(async {
            print(false, json!({ "a": 1 }), |v| format!("one is {}", v["a"]));
            tokio::task::yield_now().await;
            remark("beside");
            emit("a line");
            7
        })
        .await;
        assert_eq!((done, taken.remarks.as_slice()), (7, &["beside".to_owned()][..]));
        let words: Vec<&str> = taken.results.iter().map(|printed| printed.words.as_str()).collect();
        assert_eq!((words, &taken.results[0].value), (vec!["one is 1", "a line"], &json!({ "a": 1 })));
        assert!(!is_taken());
    }
}
