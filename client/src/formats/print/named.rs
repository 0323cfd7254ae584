//! A name in one row: its parts, and beside them what it is and how it is written.

use serde_json::{Map, Value};

use crate::lang::Lang;
use crate::referral::labels;

/// Scripts that have a word.
const SCRIPTS: [(&str, &str); 2] = [("Latn", "script-latin"), ("Cyrl", "script-cyrillic")];

/// Whether what stands at a path is a name that somebody bears.
pub(super) fn is_name(at: &str, value: &Map<String, Value>) -> bool {
    let mut steps = at.rsplit('.').filter(|step| !step.bytes().all(|b| b.is_ascii_digit()));
    steps.next() == Some("names") && ["full", "family", "given"].iter().any(|part| value.contains_key(*part))
}

/// As people read it: the whole, otherwise family name first.
pub(super) fn words(name: &Map<String, Value>, lang: Lang) -> String {
    let part = |field: &str| name.get(field).and_then(Value::as_str).filter(|part| !part.trim().is_empty());
    let parts: Vec<&str> = ["family", "given", "patronymic"].into_iter().filter_map(part).collect();
    let parts = parts.join(" ");
    let whole = match part("full") {
        Some(full) if parts.is_empty() || full == parts => full.to_owned(),
        // Who has typed both knows more than one order of the words.
        Some(full) => format!("{full} = {parts}"),
        None => parts,
    };
    let kind = part("type").map(|code| labels::code_of(lang, "name-type", code));
    let script = part("script").and_then(|code| SCRIPTS.iter().find(|(known, _)| *known == code));
    let beside: Vec<String> = kind.into_iter().chain(script.map(|(_, id)| lang.text(id))).collect();
    if beside.is_empty() { whole } else { format!("{whole} ({})", beside.join(", ")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_one_row_however_it_was_typed() {
        let read = |name: Value| words(name.as_object().unwrap(), Lang::Ru);
        let parts = read(json!({ "family": "Иванова", "given": "Анна", "script": "Cyrl", "derived": false }));
        assert_eq!(parts, "Иванова Анна (кириллица)");
        assert_eq!(read(json!({ "full": "Anna Ivanova", "script": "Latn" })), "Anna Ivanova (латиница)");
        let both = read(json!({ "full": "Anna Ivanova", "family": "Ivanova", "given": "Anna" }));
        assert_eq!(both, "Anna Ivanova = Ivanova Anna");
        let typed = read(json!({ "full": "Аня", "type": "as_heard" }));
        assert!(typed.starts_with("Аня (") && !typed.contains("as_heard"), "{typed}");
        assert!(is_name("persons.0.names.1", json!({ "full": "x" }).as_object().unwrap()));
        assert!(!is_name("persons.0.names", json!({}).as_object().unwrap()));
        assert!(!is_name("place", json!({ "full": "x" }).as_object().unwrap()));
    }
}
