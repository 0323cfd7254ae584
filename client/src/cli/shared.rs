//! What a copy tells of itself: who else has which sections, what was cut, whether consent stood behind it, and whether it
//! still does.

use serde_json::{Value, json};

use super::consent;
use super::failure::Failure;
use super::home::Home;
use super::output::{harmless, is_seen, text};
use crate::casebook::Case;
use crate::model::Thread;

/// For scripts.
pub(super) async fn of(thread: &Thread, home: &Home) -> Result<Value, Failure> {
    let case = Case::of(&home.engine.vault, thread.clone())?;
    let sections = case.document.get("sections").and_then(Value::as_array).into_iter().flatten();
    let cut: Vec<&str> =
        sections.filter(|s| s["minimised"] == true).filter_map(|s| s["code"].as_str()).collect();
    Ok(json!({
        "recipients": case.document.get("recipients"),
        "minimised": cut,
        "override": case.document.get("override"),
        "guardian_pending": case.document.get("guardian_pending") == Some(&Value::Bool(true)),
        "withdrawals": consent::of_case(&case, home).await,
    }))
}

/// For people, above everything else.
pub(super) fn words(v: &Value, home: &Home) -> String {
    let lang = home.lang;
    let mut alarms = String::new();
    if let Some(over) = v["override"].as_object() {
        let over = Value::Object(over.clone());
        let reason = lang.text(&format!("override-reason-{}", text(&over, "reason").replace('_', "-")));
        let gaps = [
            ("reason", &*reason),
            ("text", text(&over, "text")),
            ("by", over["decided_by"]["staff_no"].as_str().unwrap_or("-")),
            ("second", over["second_person"]["staff_no"].as_str().unwrap_or("-")),
            ("due", text(&over, "review_by")),
        ];
        alarms.push_str(&format!("! {}\n", harmless(&lang.fill("shared-override", &gaps))));
    }
    alarms.push_str(&consent::lines(&v["withdrawals"], home));
    if v["guardian_pending"] == true {
        alarms.push_str(&format!("! {}\n", lang.text("shared-guardian")));
    }
    let mut out = red(alarms);
    let list = |value: &Value| {
        let codes: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        harmless(&codes.join(" "))
    };
    let cut = list(&v["minimised"]);
    if !cut.is_empty() {
        out.push_str(&format!("{}\n", lang.fill("shared-minimised", &[("sections", &cut)])));
    }
    for recipient in v["recipients"].as_array().into_iter().flatten() {
        let name = harmless(text(recipient, "name"));
        let gaps = [("name", &*name), ("sections", &list(&recipient["sections"]))];
        out.push_str(&format!("{}\n", lang.fill("shared-recipient", &gaps)));
    }
    out
}

/// Red where somebody looks at it.
fn red(words: String) -> String {
    let seen = !words.is_empty() && is_seen();
    if seen { format!("\u{1b}[31m{words}\u{1b}[0m") } else { words }
}
