//! An alert of somebody else as the draft of a border alert.

use serde_json::{Map, Value, json};

use super::NAMESPACE;
use crate::formats::fields::put;
use crate::formats::finding::{Finding, Row};
use crate::formats::times;
use crate::formats::xml::{self, Node};
use crate::referral::{Document, Kind};

/// The draft in a file with one alert.
pub fn rows(bytes: &[u8]) -> Result<Vec<Row>, Finding> {
    let alert = xml::read(bytes)?;
    if alert.name != "alert" || alert.namespace != NAMESPACE {
        return Err(Finding::new("formats-not-cap", "")
            .with("root", &alert.name)
            .with("namespace", &alert.namespace));
    }
    Ok(vec![row(&alert)])
}

fn row(alert: &Node) -> Row {
    let identifier = alert.first("identifier").unwrap_or_default().to_owned();
    let (sender, sent) = (alert.first("sender").unwrap_or_default(), alert.first("sent").unwrap_or_default());
    let key = format!("{sender},{identifier},{sent}");
    let refuse = |finding| Row::refused(1, key.clone(), finding);
    for (field, value) in [("identifier", identifier.as_str()), ("sender", sender)] {
        if value.is_empty() || value.contains([' ', ',', '<', '&']) {
            return refuse(Finding::new("formats-cap-name", field).with("value", value));
        }
    }
    if !times::is_cap(sent) {
        return refuse(Finding::new("formats-cap-time", "sent").with("value", sent));
    }
    let mode = match alert.first("status").unwrap_or_default() {
        "Actual" => "actual",
        "Exercise" => "exercise",
        "Test" | "Draft" => "test",
        other => return refuse(Finding::new("formats-cap-status", "status").with("value", other)),
    };
    match alert.first("msgType") {
        Some("Alert" | "Update") => {}
        other => {
            return refuse(
                Finding::new("formats-cap-type", "msgType").with("value", other.unwrap_or_default()),
            );
        }
    }
    let Some(info) = alert.all("info").next() else { return refuse(Finding::new("formats-missing", "info")) };
    let Some(kind) = Kind::from_code("BIA") else { return refuse(Finding::new("formats-missing", "info")) };
    let mut found = Vec::new();
    let mut fields = described(info, &mut found);
    put(&mut fields, "mode", mode);
    put(&mut fields, "cap", source(alert, info));
    Row::of(1, key, Document { kind, fields }, found)
}

/// What our own alerts and those of others have a field for.
fn described(info: &Node, found: &mut Vec<Finding>) -> Map<String, Value> {
    let mut fields = Map::new();
    for name in ["urgency", "severity", "certainty"] {
        put(&mut fields, name, info.first(name).unwrap_or("Unknown"));
    }
    for (name, path) in [("onset", "when.eta"), ("expires", "valid_until")] {
        match info.first(name) {
            Some(moment) if times::is_cap(moment) => put(&mut fields, path, moment),
            Some(moment) => found.push(Finding::new("formats-cap-time", name).with("value", moment)),
            None => {}
        }
    }
    if let Some(phone) = info.first("contact") {
        let number =
            phone.starts_with('+') && phone[1..].bytes().all(|b| b.is_ascii_digit()) && phone.len() <= 16;
        put(&mut fields, "callback", if number { json!(phone) } else { json!({ "raw": phone }) });
    }
    let given = |element: &'static str, wanted: &str| {
        info.all(element)
            .find(|one| one.first("valueName") == Some(wanted))
            .and_then(|one| one.first("value"))
    };
    let parameter = |name: &str| given("parameter", name);
    for (name, path) in [
        ("relay:priority", "priority"),
        ("relay:alert-type", "alert_type"),
        ("relay:direction", "where.direction"),
    ] {
        if let Some(value) = parameter(name) {
            put(&mut fields, path, value);
        }
    }
    for (name, path) in [("relay:window-min", "when.window_min"), ("relay:children-count", "children_count")]
    {
        if let Some(value) = parameter(name).and_then(|text| text.parse::<u64>().ok()) {
            put(&mut fields, path, value);
        }
    }
    if let Some(codes) = parameter("relay:request") {
        put(&mut fields, "request", codes.split_whitespace().collect::<Vec<_>>());
    }
    if let Some(area) = info.all("area").next() {
        place(area, &mut fields);
    }
    fields
}

fn place(area: &Node, fields: &mut Map<String, Value>) {
    let code = |wanted: &str| {
        area.all("geocode")
            .find(|one| one.first("valueName") == Some(wanted))
            .and_then(|one| one.first("value"))
    };
    let name = area.first("areaDesc").filter(|name| *name != "-");
    match code("relay:border-point") {
        Some(id) => {
            put(fields, "where.border_point.bp_id", id);
            if let Some(name) = name {
                put(fields, "where.border_point.name", name);
            }
        }
        None => {
            if let Some(name) = name {
                put(fields, "where.place", name);
            }
        }
    }
    if let Some(locode) = code("UN/LOCODE") {
        put(fields, "where.border_point.locode", locode);
    }
    if let Some((lat, lon, radius)) = area.first("circle").and_then(circle) {
        put(fields, "where.geo", json!({ "lat": lat, "lon": lon, "radius_m": radius }));
    }
}

/// `latitude,longitude radius`, in degrees and kilometres.
fn circle(text: &str) -> Option<(f64, f64, u32)> {
    const EARTH_KM: f64 = 20_038.0;
    let (point, radius) = text.split_once(' ')?;
    let (lat, lon) = point.split_once(',')?;
    let (lat, lon, radius) =
        (lat.parse::<f64>().ok()?, lon.parse::<f64>().ok()?, radius.trim().parse::<f64>().ok()?);
    let fits = lat.abs() <= 90.0 && lon.abs() <= 180.0 && (0.0..=EARTH_KM).contains(&radius);
    // Rounded and within bounds: nothing is cut off.
    let metres = format!("{:.0}", radius * 1000.0).parse().ok()?;
    fits.then_some((lat, lon, metres))
}

/// Where it came from and what it says, word for word: a person reads it and writes the alert.
fn source(alert: &Node, info: &Node) -> Value {
    let mut kept = Map::new();
    let elements = [
        (alert, &["identifier", "sender", "sent", "source", "note", "references", "incidents"][..]),
        (
            info,
            &["language", "event", "senderName", "headline", "description", "instruction", "web", "audience"]
                [..],
        ),
    ];
    for (node, names) in elements {
        for name in names {
            if let Some(text) = node.first(name) {
                kept.insert((*name).into(), text.into());
            }
        }
    }
    let areas: Vec<&str> = info.all("area").filter_map(|area| area.first("areaDesc")).collect();
    kept.insert("areas".into(), json!(areas));
    kept.into()
}
