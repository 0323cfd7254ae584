//! What a step says beside its name: a time, a reason, questions, what was found. Made once, for the screen and for paper.

use serde_json::{Map, Value};

use super::label::{label, whole_label};
use super::print::flatten;
use crate::lang::Lang;
use crate::referral::lifecycle::{Carry, ROWS, carry};
use crate::referral::update::Update;
use crate::referral::{Kind, labels};

/// What a step carries that a person does not need to read: when it was taken stands beside it, and a handover record has
/// words of its own.
const LEFT_OUT: [&str; 4] = ["at", "handover", "level", "staff_no"];

/// Labels and words of everything that a step says, its text aside. `before` is the handover record of the step before it
/// that had one.
pub fn rows(update: &Update, before: Option<&Map<String, Value>>, lang: Lang) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    if !update.reason.is_empty() {
        rows.push((label("reason", lang), reason(update, lang)));
    }
    if !update.eta.is_empty() {
        rows.push((label("eta", lang), update.eta.clone()));
    }
    let Some(kind) = Kind::of_step(&update.kind) else { return rows };
    for (name, value) in &update.other {
        match (name.as_str(), value.as_str()) {
            ("clock", Some(id)) => {
                let words = lang.find(&format!("clock-{id}"), None).unwrap_or_else(|| id.to_owned());
                rows.push((label("clock", lang), words));
            }
            (name, _) if LEFT_OUT.contains(&name) => {}
            _ => flatten(kind, value, name, lang, &mut rows),
        }
    }
    // A question or an outcome in words only is the text of the step.
    rows.retain(|(_, words)| update.text.is_empty() || *words != update.text);
    if let Some(record) = record(update) {
        record_rows(record, before, kind, lang, &mut rows);
    }
    rows
}

/// What somebody did, in a word; a step that this version does not know by its own word.
pub fn did(what: &str, lang: Lang) -> String {
    lang.find(&format!("did-{}", what.replace('_', "-")), None).unwrap_or_else(|| what.to_owned())
}

/// Labels and words of the answer that a step carries, for a kind of referral that has an answer of its own.
pub fn answer(update: &Update, kind: &str, lang: Lang) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    if let Some(kind) = Kind::from_code(kind).and_then(Kind::answered_by) {
        update.answer.iter().for_each(|(name, value)| flatten(kind, value, name, lang, &mut rows));
    }
    rows
}

/// The handover record that a step signs.
pub fn record(update: &Update) -> Option<&Map<String, Value>> {
    update.other.get("handover")?.as_object()
}

/// Labels and words of everything in a handover record.
pub fn whole_record(record: &Map<String, Value>, lang: Lang) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    if let Some(kind) = Kind::of_step("CUP") {
        flatten(kind, &Value::Object(record.clone()), "handover", lang, &mut rows);
    }
    rows
}

/// The same as codes, for scripts.
pub fn codes(update: &Update) -> Value {
    let mut said = update.other.clone();
    let own = [("reason", &update.reason), ("eta", &update.eta)];
    let own = own.into_iter().filter(|(_, said)| !said.is_empty());
    said.extend(own.map(|(name, said)| (name.to_owned(), said.as_str().into())));
    Value::Object(said)
}

/// A code of the list that counts for the step, or a line of the sender's own.
fn reason(update: &Update, lang: Lang) -> String {
    let rows = ROWS.iter().filter(|row| row.action.as_str() == update.event);
    let list = rows.flat_map(|row| row.carries).find_map(|carries| match carries {
        Carry::ReasonOf(id) => carry::list(id),
        _ => None,
    });
    match list.map(|list| labels::code(lang, list, &update.reason)) {
        Some(words) if words != update.reason => format!("{words} ({})", update.reason),
        _ => update.reason.clone(),
    }
}

/// Who signs a record has to see whether it is the one that was signed before.
fn record_rows(
    record: &Map<String, Value>,
    before: Option<&Map<String, Value>>,
    kind: Kind,
    lang: Lang,
    rows: &mut Vec<(String, String)>,
) {
    for name in ["place", "person_present", "condition", "complaints"] {
        if let Some(value) = record.get(name) {
            flatten(kind, value, &format!("handover.{name}"), lang, rows);
        }
    }
    let Some(before) = before else { return };
    let names: std::collections::BTreeSet<&String> = before.keys().chain(record.keys()).collect();
    let other = names.into_iter().filter(|name| before.get(*name) != record.get(*name));
    let other: Vec<String> = other.map(|name| whole_label(&format!("handover.{name}"), lang)).collect();
    let words = match other.as_slice() {
        [] => lang.text("said-record-same"),
        other => lang.fill("said-record-other", &[("fields", &other.join("; "))]),
    };
    rows.push((lang.text("said-record"), words));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(event: &str, other: Value, lang: Lang) -> String {
        let other = other.as_object().cloned().unwrap_or_default();
        let update = Update { other, ..Update::of(event, "accepted") };
        lines(&update, None, lang)
    }

    fn lines(update: &Update, before: Option<&Map<String, Value>>, lang: Lang) -> String {
        let rows = rows(update, before, lang);
        rows.iter().map(|(label, words)| format!("{label}: {words}\n")).collect()
    }

    #[test]
    fn a_person_found_dead_does_not_read_like_one_found_alive() {
        for (lang, no) in [(Lang::En, "No"), (Lang::Ru, "Нет")] {
            let found = |alive| said("located", json!({ "found": { "alive": alive } }), lang);
            let (dead, alive) = (found("no"), found("yes"));
            assert_ne!(dead, alive);
            assert!(dead.to_lowercase().contains(&no.to_lowercase()), "{dead}");
        }
    }

    #[test]
    fn times_questions_reasons_and_outcomes_are_said_in_words() {
        let mut update = Update {
            reason: "no_capacity".into(),
            text: "Ask Iași.".into(),
            eta: "in 20 minutes".into(),
            ..Update::of("decline", "seen")
        };
        let shown = lines(&update, None, Lang::En);
        assert!(shown.contains("(no_capacity)") && shown.contains("in 20 minutes"), "{shown}");
        update.other = json!({
            "at": "2026-12-01T08:00:00Z",
            "until": "2026-12-01T09:00:00Z",
            "questions": [{ "text": "Ask Iași." }, { "path": "persons", "text": "How many?" }],
            "outcome": { "code": "arrived_safely" },
            "newer": { "word": "kept" },
        })
        .as_object()
        .cloned()
        .unwrap();
        let shown = lines(&update, None, Lang::Ru);
        for part in ["2026-12-01T09:00:00Z", "How many?", "kept"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("2026-12-01T08:00:00Z") && !shown.contains("Ask Iași."), "{shown}");
        assert!(!shown.contains("arrived_safely"), "a code has a word: {shown}");
        assert_eq!(codes(&update)["reason"], "no_capacity");
    }

    #[test]
    fn a_handover_record_that_was_replaced_says_what_is_different() {
        let record = |condition: &str| {
            let record = json!({ "handover": { "place": "Gate 4", "condition": condition } });
            Update { other: record.as_object().cloned().unwrap(), ..Update::of("handed_over", "in_progress") }
        };
        let (first, second) = (record("calm"), record("bruised, does not speak"));
        let shown = lines(&second, super::record(&first), Lang::En);
        assert!(shown.contains("bruised") && shown.contains("NOT the record"), "{shown}");
        assert!(lines(&first, super::record(&first), Lang::En).contains("same record"));
        assert!(!lines(&first, None, Lang::En).contains("record that"));
    }
}
