//! A border alert as a CAP alert. The order of the elements is fixed by the schema.

use serde_json::{Map, Value};

use super::{EVENT, NAMESPACE, PROFILE};
use crate::formats::case::Exported;
use crate::formats::fields::{at, codes, text};
use crate::formats::finding::Finding;
use crate::formats::times;
use crate::formats::xml::Writer;
use crate::lang::Lang;

/// Writes the alert of a case: the first one, or what follows from the last step, which names the first.
pub fn export(from: &Exported<'_>) -> Result<Vec<u8>, Finding> {
    if from.case.thread.kind != "BIA" {
        return Err(Finding::new("formats-wrong-kind", "")
            .with("kind", &from.case.thread.kind)
            .with("wanted", "BIA"));
    }
    let fields = from.fields();
    let exercise = from.case.is_exercise();
    let message = Message::of(from);
    let (sender, recipient) = from.sides();
    let mut out = Writer::new();
    out.open("alert", &format!("xmlns=\"{NAMESPACE}\""));
    out.text("identifier", &message.identifier);
    out.text("sender", &format!("{sender}@{}", from.domain));
    out.text("sent", &message.sent);
    out.text("status", status(fields));
    out.text("msgType", message.kind);
    out.text("source", from.names().0);
    out.text("scope", "Private");
    out.text("addresses", &recipient.to_string());
    out.text("code", PROFILE);
    if exercise {
        out.text("note", &from.lang.text("formats-exercise"));
    }
    if let Some(references) = &message.references {
        out.text("references", references);
    }
    out.text("incidents", &from.case_ref().replace(' ', "-"));
    for lang in Lang::ALL {
        info(&mut out, from, lang);
    }
    Ok(out.finish())
}

fn status(fields: &Map<String, Value>) -> &'static str {
    match text(fields, "mode").as_deref() {
        Some("exercise") => "Exercise",
        Some("test") => "Test",
        _ => "Actual",
    }
}

/// Which message it is: an alert, or one that refers to it.
struct Message {
    identifier: String,
    sent: String,
    kind: &'static str,
    references: Option<String>,
}

impl Message {
    fn of(from: &Exported<'_>) -> Self {
        let case = from.case;
        let created = text(from.fields(), "created").and_then(|t| times::cap(&t));
        let first_sent = created.unwrap_or_else(|| times::cap_of(case.thread.begun));
        let kind = match case.thread.work.as_str() {
            "sent" | "received" | "seen" | "draft" | "info_requested" => "Alert",
            "closed" | "withdrawn" | "expired" => "Cancel",
            "entered_in_error" => "Error",
            _ => "Update",
        };
        let first = case.thread.root.to_string();
        let last = case
            .steps
            .iter()
            .rev()
            .find(|(event, update)| update.is_some() && !event.conflict && !event.taken_back);
        match last.filter(|_| kind != "Alert") {
            None => Self { identifier: first, sent: first_sent, kind: "Alert", references: None },
            Some((event, _)) => Self {
                identifier: event.packet.to_string(),
                sent: times::cap_of(event.at),
                kind,
                references: Some(format!("{}@{},{first},{first_sent}", from.sides().0, from.domain)),
            },
        }
    }
}

/// What is said in one language.
fn info(out: &mut Writer, from: &Exported<'_>, lang: Lang) {
    let fields = from.fields();
    let when = |path: &str| text(fields, path).and_then(|t| times::cap(&t));
    out.open("info", "");
    out.text("language", lang.tag());
    out.text("category", "Security");
    out.text("category", "Rescue");
    out.text("event", EVENT);
    for response in responses(fields) {
        out.text("responseType", response);
    }
    out.text("urgency", &coded(fields, "urgency", &["Immediate", "Expected", "Future", "Past"]));
    out.text("severity", &coded(fields, "severity", &["Extreme", "Severe", "Moderate", "Minor"]));
    out.text("certainty", &coded(fields, "certainty", &["Observed", "Likely", "Possible", "Unlikely"]));
    pair(out, "eventCode", "relay:packet-kind", "border-alert");
    for (name, moment) in
        [("effective", when("created")), ("onset", when("when.eta")), ("expires", when("valid_until"))]
    {
        if let Some(moment) = moment {
            out.text(name, &moment);
        }
    }
    out.text("senderName", from.names().0);
    out.text("headline", &headline(fields, lang));
    out.text("description", &lang.text("formats-cap-description"));
    out.text("instruction", &lang.text("formats-cap-instruction"));
    if let Some(phone) = text(fields, "callback") {
        out.text("contact", &phone);
    }
    for (name, value) in parameters(fields) {
        pair(out, "parameter", name, &value);
    }
    area(out, fields);
    out.close();
}

/// Names nobody: how many people, and when.
fn headline(fields: &Map<String, Value>, lang: Lang) -> String {
    let persons = at(fields, "persons").and_then(Value::as_array).map_or(0, Vec::len);
    let eta = text(fields, "when.eta")
        .and_then(|t| times::cap(&t))
        .map_or_else(|| "?".to_owned(), |t| t.replace('T', " "));
    let children = text(fields, "children_count").unwrap_or_else(|| "?".to_owned());
    lang.fill(
        "formats-cap-headline",
        &[("persons", &persons.to_string()), ("children", &children), ("eta", &eta)],
    )
}

fn coded(fields: &Map<String, Value>, path: &str, known: &[&str]) -> String {
    text(fields, path).filter(|code| known.contains(&code.as_str())).unwrap_or_else(|| "Unknown".to_owned())
}

/// What is asked for, in the words of the standard.
fn responses(fields: &Map<String, Value>) -> Vec<&'static str> {
    let mut found = Vec::new();
    for code in codes(fields, "request") {
        let word = match code.as_str() {
            "refer_to_ngo" | "medical" => "Shelter",
            "do_not_stop_observe" | "inform_only" => "Monitor",
            "delay_departure" | "hold_minor" => "Execute",
            _ => "Assess",
        };
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

/// What the standard has no element for.
fn parameters(fields: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let one = |name: &'static str, path: &str| text(fields, path).map(|value| (name, value));
    let many = |name: &'static str, path: &str| {
        let codes = codes(fields, path);
        (!codes.is_empty()).then(|| (name, codes.join(" ")))
    };
    let all = [
        one("relay:priority", "priority"),
        one("relay:alert-type", "alert_type"),
        many("relay:request", "request"),
        one("relay:window-min", "when.window_min"),
        one("relay:children-count", "children_count"),
        one("relay:direction", "where.direction"),
    ];
    all.into_iter().flatten().collect()
}

/// The border, never a place where somebody lives.
fn area(out: &mut Writer, fields: &Map<String, Value>) {
    let name = match at(fields, "where") {
        Some(Value::String(text)) => Some(text.clone()),
        _ => text(fields, "where.border_point.name").or_else(|| text(fields, "where.place")),
    };
    out.open("area", "");
    out.text("areaDesc", &name.unwrap_or_else(|| "-".to_owned()));
    let geo = |path: &str| at(fields, path).and_then(Value::as_f64);
    let point =
        [("where.geo.lat", "where.geo.lon"), ("where.border_point.geo.lat", "where.border_point.geo.lon")];
    if let Some((lat, lon)) = point.into_iter().find_map(|(lat, lon)| geo(lat).zip(geo(lon))) {
        // Metres here, kilometres there.
        let radius = geo("where.geo.radius_m").unwrap_or(0.0) / 1000.0;
        out.text("circle", &format!("{lat},{lon} {radius}"));
    }
    if let Some(id) = text(fields, "where.border_point.bp_id") {
        pair(out, "geocode", "relay:border-point", &id);
    }
    if let Some(code) = text(fields, "where.border_point.locode") {
        pair(out, "geocode", "UN/LOCODE", &code);
    }
    out.close();
}

fn pair(out: &mut Writer, element: &str, name: &str, value: &str) {
    out.open(element, "");
    out.text("valueName", name);
    out.text("value", value);
    out.close();
}
