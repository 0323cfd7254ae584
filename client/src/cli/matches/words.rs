//! What people read about findings.

use serde_json::{Map, Value, json};

use super::case_words;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;

/// Fields that are shown side by side, and the reasons that tell about each.
const ROWS: &[(&str, &[&str])] = &[
    ("names", &["family", "given", "patronymic", "swapped"]),
    ("sex", &["sex"]),
    ("dob", &["birth-day", "birth-typo", "birth-overlap", "birth-apart"]),
    ("age", &["birth-overlap", "birth-apart"]),
    ("nationalities", &["nationality"]),
    ("languages", &["language"]),
    ("documents", &["document", "document-typo"]),
    ("phones", &["phone"]),
    ("emails", &["email"]),
    ("birth_place", &["birth-place"]),
    ("residence", &["place", "too-far"]),
    ("physical", &["mark"]),
    ("parents", &["parents"]),
];
/// Longest cell; the whole is in the case.
const CELL_CHARS_MAX: usize = 200;

/// Both people, field by field.
pub(super) fn rows(people: &[Value]) -> Value {
    let cells =
        |name: &str| people.iter().map(|person| Value::from(cell(name, &person[name]))).collect::<Vec<_>>();
    let rows = ROWS.iter().map(|(name, _)| (name, cells(name)));
    rows.filter(|(_, cells)| cells.iter().any(|cell| cell != ""))
        .map(|(name, cells)| json!({ "field": name, "values": cells }))
        .collect()
}

/// A field in one line.
fn cell(name: &str, value: &Value) -> String {
    let line = match (name, value) {
        ("physical", value) => joined(&value["marks"], "; "),
        (_, Value::Array(_)) => joined(value, "; "),
        (_, value) => one(value),
    };
    line.chars().take(CELL_CHARS_MAX).collect()
}

fn joined(list: &Value, between: &str) -> String {
    let entries: Vec<String> =
        list.as_array().into_iter().flatten().map(one).filter(|entry| !entry.is_empty()).collect();
    entries.join(between)
}

fn one(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            fields.get("nil").map_or_else(|| parts(fields), |nil| format!("({})", one(nil)))
        }
        Value::Array(_) => joined(value, ", "),
        other => other.to_string(),
    }
}

/// What is about the person, not about the field.
fn parts(fields: &Map<String, Value>) -> String {
    const LEFT_OUT: &[&str] =
        &["att_id", "script", "derived", "translit_system", "doc_ref", "scan", "photo", "mrz_check", "geo"];
    let shown = fields.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    shown.map(|(_, value)| one(value)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

pub(super) fn line(v: &Value, lang: Lang) -> String {
    let id: String = text(v, "id").chars().take(12).collect();
    let class = class(v, lang);
    if v["what"] != "finding" {
        let what = if v["what"] == "ask" { "matches-line-asked" } else { "matches-line-told" };
        let number: String = text(v, "referral").chars().take(12).collect();
        let words = lang.fill(
            what,
            &[
                ("from", &harmless(text(v, "from"))),
                ("kind", text(v, "kind")),
                ("number", &number),
                ("class", &class),
            ],
        );
        return format!("{id}  {words}");
    }
    let cases: Vec<String> =
        v["cases"].as_array().into_iter().flatten().map(|case| case_words(case, lang)).collect();
    let state = lang.text(&format!("matches-state-{}", text(v, "state")));
    let mut line = format!("{id}  {class}  {state}  {}\n    {}", cases.join(" ↔ "), reasons(v, lang));
    if v["standing"] != "undecided" {
        line.push_str(&format!("\n    {}", standing(v, lang)));
    }
    line
}

fn class(v: &Value, lang: Lang) -> String {
    match v["class"].as_str() {
        Some(class @ ("likely" | "possible")) => lang.text(&format!("matches-class-{class}")),
        _ => String::new(),
    }
}

fn standing(v: &Value, lang: Lang) -> String {
    let id = format!("matches-standing-{}", text(v, "standing").replace('_', "-"));
    lang.fill(&id, &[("with", &harmless(text(v, "standing_with")))])
}

fn reasons(v: &Value, lang: Lang) -> String {
    let words = |field: &str| {
        let all = v[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        all.map(|reason| lang.text(&format!("match-{reason}"))).collect::<Vec<_>>().join(", ")
    };
    let (agree, disagree) = (words("agree"), words("disagree"));
    let agree = lang.fill("matches-agree", &[("what", &agree)]);
    if disagree.is_empty() {
        agree
    } else {
        format!("{agree}; {}", lang.fill("matches-disagree", &[("what", &disagree)]))
    }
}

pub(super) fn looked_up(v: &Value, lang: Lang) -> String {
    format!(
        "{}  {}  {}\n    {}",
        text(v, "person"),
        class(v, lang),
        case_words(&v["case"], lang),
        reasons(v, lang)
    )
}

pub(super) fn warning(code: &str, lang: Lang) -> String {
    lang.text(&format!("match-warning-{}", code.replace('_', "-")))
}

pub(super) fn shown(v: &Value, lang: Lang) -> String {
    let mut out = line(v, lang);
    out.push('\n');
    for (place, case) in v["warnings"].as_array().into_iter().flatten().enumerate() {
        for code in case.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let side = if v["what"] == "finding" { format!("{}: ", place + 1) } else { String::new() };
            out.push_str(&format!("! {side}{}\n", warning(code, lang)));
        }
    }
    for row in v["rows"].as_array().into_iter().flatten() {
        let field = text(row, "field");
        let cells: Vec<&str> =
            row["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let label = lang.text(&format!("match-field-{}", field.replace('_', "-")));
        out.push_str(&format!("\n{} {label}\n", mark(field, v)));
        for (place, cell) in cells.iter().enumerate() {
            let cell = if cell.is_empty() { lang.text("matches-not-known") } else { harmless(cell) };
            out.push_str(&format!("    {}: {cell}\n", place + 1));
        }
    }
    if v["what"] == "finding" && v["state"] == "open" {
        out.push_str(&format!("\n{}", lang.text("matches-what-now")));
    } else if v["what"] == "ask" && v["answer"].is_null() {
        out.push_str(&format!("\n{}", lang.text("matches-what-now-asked")));
    }
    out
}

/// `=` where the field agrees, `≠` where it does not.
fn mark(field: &str, v: &Value) -> &'static str {
    let about = ROWS.iter().find(|(name, _)| *name == field).map_or(&[][..], |(_, reasons)| reasons);
    let says = |list: &str| {
        v[list].as_array().into_iter().flatten().filter_map(Value::as_str).any(|r| about.contains(&r))
    };
    match (says("agree"), says("disagree")) {
        (true, true) => "≈",
        (true, false) => "=",
        (false, true) => "≠",
        (false, false) => " ",
    }
}

pub(super) fn confirmed(v: &Value, lang: Lang) -> String {
    let queued =
        if v["queued"] == true { format!(" {}", lang.text("matches-sync-next")) } else { String::new() };
    format!("{} {}{queued}", lang.text("matches-confirmed"), standing(v, lang))
}
