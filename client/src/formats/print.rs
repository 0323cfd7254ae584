//! A case on paper: headings, rows of a label and a value, what happened. Made once, drawn as HTML and as PDF.

pub mod html;
mod named;
mod page;
pub mod pdf;

use serde_json::Value;

use super::case::{Exported, section_part};
use super::label::whole_label;
use super::said::{self, did};
use super::times;
use crate::lang::Lang;
use crate::referral::spec::Type;
use crate::referral::{Kind, labels};
use crate::registers::{countries, languages};

/// What is printed.
#[derive(Clone, Default)]
pub struct Sheet {
    title: String,
    /// What it is, from whom, for whom.
    head: Vec<(String, String)>,
    /// What somebody must know before reading on.
    warnings: Vec<String>,
    /// Headings with their rows.
    parts: Vec<(String, Vec<(String, String)>)>,
    /// Stamped on every page.
    stamp: Option<String>,
    foot: String,
    lang: &'static str,
}
no_content_in_debug!(Sheet);

/// Puts a case on a sheet, in the language of whoever reads it.
pub fn sheet(from: &Exported<'_>) -> Sheet {
    let (case, lang) = (from.case, from.lang);
    let kind = Kind::from_code(&case.thread.kind);
    let name = kind.map_or_else(|| case.thread.kind.clone(), |kind| kind.label(lang));
    let (sender, recipient) = from.names();
    let row = |id: &str, value: String| (lang.text(id), value);
    let mut head = vec![row("print-case", from.case_ref()), row("print-printed", times::pfif(from.now))];
    if !from.public {
        head = vec![
            row("print-from", sender.to_owned()),
            row("print-to", recipient.to_owned()),
            row("print-case", from.case_ref()),
            row("print-referral", case.thread.root.to_string()),
            row("print-priority", case.thread.priority.to_string()),
            row("print-state", format!("{} / {}", case.transport.as_str(), case.thread.work)),
            row("print-printed", times::pfif(from.now)),
        ];
    }
    let mut parts = kind.map_or_else(Vec::new, |kind| sections(kind, from));
    parts.push((lang.text("print-timeline"), timeline(from)));
    parts.retain(|(_, rows)| !rows.is_empty());
    Sheet {
        title: name,
        head,
        warnings: warnings(from),
        parts,
        stamp: case.is_exercise().then(|| lang.text("print-exercise")),
        foot: lang.text("print-foot"),
        lang: lang.tag(),
    }
}

fn sections(kind: Kind, from: &Exported<'_>) -> Vec<(String, Vec<(String, String)>)> {
    let codes = crate::referral::sections::SECTIONS.iter().map(|(code, _)| code.to_string());
    codes
        .map(|code| {
            let mut part = section_part(kind, from.fields(), |section| section == code);
            // Of the file behind an attachment, a person needs its name and hash, and nobody its key.
            part.remove("sections");
            let part = crate::attachments::without_keys(part.into());
            let mut rows = Vec::new();
            flatten(kind, &part, "", from.lang, &mut rows);
            (labels::code_of(from.lang, "section", &code), rows)
        })
        .collect()
}

/// Fields of a header that programs read; people read them in other words beside the section.
const OF_PROGRAMS: [&str; 6] = ["kind", "packet_id", "recipients", "root_packet", "schema", "sections"];

/// Fields that programs work out of others and compare; nobody reads them.
const OF_MACHINES: [&str; 4] = ["script", "derived", "translit_system", "doc_ref"];

/// Labels and words of one section, as it came.
pub(crate) fn rows_of(kind: Kind, section: &Value, lang: Lang) -> Vec<(String, String)> {
    let mut section = section.clone();
    if let Some(fields) = section.as_object_mut() {
        OF_PROGRAMS.iter().for_each(|name| drop(fields.remove(*name)));
    }
    let mut rows = Vec::new();
    flatten(kind, &section, "", lang, &mut rows);
    rows
}

/// Rows for every leaf of a value that stands at a path.
pub(super) fn flatten(kind: Kind, value: &Value, at: &str, lang: Lang, rows: &mut Vec<(String, String)>) {
    let under = |step: &str| if at.is_empty() { step.to_owned() } else { format!("{at}.{step}") };
    match value {
        Value::Object(name) if named::is_name(at, name) => {
            rows.push((whole_label(at, lang), named::words(name, lang)));
        }
        Value::Object(map) if map.len() == 1 && map.contains_key("nil") => {
            let reason = map["nil"].as_str().unwrap_or_default();
            rows.push((whole_label(at, lang), labels::code_of(lang, "nil", reason)));
        }
        Value::Object(map) => map
            .iter()
            .filter(|(name, _)| !OF_MACHINES.contains(&name.as_str()))
            .for_each(|(name, v)| flatten(kind, v, &under(name), lang, rows)),
        Value::Array(list) if list.iter().all(|v| !v.is_object() && !v.is_array()) => {
            let words: Vec<String> = list.iter().map(|v| shown(kind, at, v, lang)).collect();
            if !words.is_empty() {
                rows.push((whole_label(at, lang), words.join(", ")));
            }
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, v)| flatten(kind, v, &under(&n.to_string()), lang, rows));
        }
        Value::Null => {}
        leaf => rows.push((whole_label(at, lang), shown(kind, at, leaf, lang))),
    }
}

fn shown(kind: Kind, path: &str, value: &Value, lang: Lang) -> String {
    let plain = match value {
        Value::String(text) => text.clone(),
        Value::Bool(yes) => lang.text(if *yes { "print-yes" } else { "print-no" }),
        other => other.to_string(),
    };
    match kind.holds(path) {
        Some(Type::Code(list) | Type::Codes(list)) => labels::code(lang, list, &plain),
        Some(Type::Sex) => labels::code_of(lang, "sex", &plain),
        Some(Type::Country) => countries::name(&plain, lang).to_owned(),
        Some(Type::Language) => languages::name(&plain, lang).to_owned(),
        // A free text says beside itself in which language it is.
        None if path.ends_with(".lang") || path.ends_with(".translated_from") => {
            languages::name(&plain, lang).to_owned()
        }
        _ => plain,
    }
}

/// What happened, each step with everything that it says.
fn timeline(from: &Exported<'_>) -> Vec<(String, String)> {
    let own = |org| if org == from.own { from.own_name.as_str() } else { from.peer_name.as_str() };
    let mut record = None;
    let mut rows = Vec::new();
    for (event, update) in &from.case.steps {
        let mut words = vec![did(&event.what, from.lang), labels::code_of(from.lang, "state", &event.state)];
        words.push(update.as_ref().map_or(&event.text, |update| &update.text).clone());
        if let Some(update) = update {
            let mut said = said::rows(update, record, from.lang);
            said.extend(said::answer(update, &from.case.thread.kind, from.lang));
            words.extend(said.into_iter().map(|(label, words)| format!("{label}: {words}")));
            record = said::record(update).or(record);
        }
        if event.conflict || event.taken_back {
            words.push(from.lang.text("print-no-effect"));
        }
        words.retain(|words| !words.is_empty());
        rows.push((times::pfif(event.at), format!("{}: {}", own(event.by), words.join("; "))));
    }
    rows
}

/// What could kill somebody who does not notice it.
fn warnings(from: &Exported<'_>) -> Vec<String> {
    let lang = from.lang;
    let mut found = vec![lang.text("print-in-clear")];
    if contains(&Value::Object(from.fields().clone()), "controlled_by_exploiter") {
        found.push(lang.text("print-controlled"));
    }
    let asylum = from.fields().get("asylum_flag").and_then(Value::as_bool) == Some(true);
    let feared = from
        .fields()
        .get("persecution_fear_countries")
        .and_then(Value::as_array)
        .is_some_and(|l| !l.is_empty());
    if asylum || feared {
        found.push(lang.text("print-asylum"));
    }
    found
}

/// Whether a flag of this name is set anywhere.
fn contains(value: &Value, flag: &str) -> bool {
    match value {
        Value::Object(map) => {
            map.iter().any(|(name, v)| (name == flag && v == &Value::Bool(true)) || contains(v, flag))
        }
        Value::Array(list) => list.iter().any(|v| contains(v, flag)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
