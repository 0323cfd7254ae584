//! A case as JSON, and documents of ours from JSON.

use serde_json::{Map, Value, json};

use super::case::Exported;
use super::finding::{Finding, Row};
use super::limits::{FILE_BYTES_MAX, ROWS_MAX};
use super::times;
use crate::referral::{DOCUMENT_BYTES_MAX, Document, Kind};

/// The fields of the referral, then what was done about it. Keys of attachments are not in it.
pub fn export(from: &Exported<'_>) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(&whole(from)).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The same on one line, as several stand in a file.
pub fn export_line(from: &Exported<'_>) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(&whole(from)).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn whole(from: &Exported<'_>) -> Value {
    let case = from.case;
    let steps: Vec<Value> = case
        .steps
        .iter()
        .map(|(event, update)| {
            json!({
                "at": times::pfif(event.at),
                "by": event.by.to_string(),
                "what": event.what,
                "state": event.state,
                "text": event.text,
                "packet_id": event.packet.to_string(),
                "update": update,
            })
        })
        .collect();
    let (sender, recipient) = from.sides();
    let mut whole = json!({
        "type": "causeway-case",
        "schema_version": 1,
        "kind": case.thread.kind,
        "exercise": case.is_exercise(),
        "document": crate::attachments::without_keys(case.document.clone().into()),
    });
    if !from.public {
        whole["referral"] = case.thread.root.to_string().into();
        whole["from"] = sender.to_string().into();
        whole["to"] = recipient.to_string().into();
        whole["transport"] = case.transport.as_str().into();
        whole["work"] = case.thread.work.as_str().into();
        whole["steps"] = steps.into();
    }
    whole
}

/// Drafts in a file: one case or document, or one of them on each line.
pub fn rows(bytes: &[u8]) -> Result<Vec<Row>, Finding> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Finding::new("formats-too-large", "").with("max", FILE_BYTES_MAX >> 20));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Finding::new("formats-not-utf8", ""))?
        .trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(Finding::new("formats-empty", ""));
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(ROWS_MAX + 1).collect();
    if lines.len() > ROWS_MAX {
        return Err(Finding::new("formats-too-many", "").with("max", ROWS_MAX));
    }
    // One object over many lines is one record; a line each begins and ends on its line.
    let each_line = lines.len() > 1
        && lines.iter().all(|line| line.trim().starts_with('{') && line.trim().ends_with('}'));
    Ok(if each_line { (1..).zip(lines).map(|(n, line)| row(n, line)).collect() } else { vec![row(1, text)] })
}

fn row(number: usize, text: &str) -> Row {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Row::refused(
            number,
            "",
            Finding::new("formats-too-long", "").with("max", DOCUMENT_BYTES_MAX),
        );
    }
    let fields = match crate::referral::read_object(text.as_bytes()) {
        Ok(fields) => fields,
        Err(error) => {
            return Row::refused(number, "", Finding::new("formats-not-json", "").with("what", error));
        }
    };
    let (kind, mut fields) = inside(fields);
    let Some(kind) = kind.as_deref().and_then(|kind| kind.parse::<Kind>().ok()) else {
        return Row::refused(number, "", Finding::new("formats-no-kind", "kind"));
    };
    let key = super::fields::text(&fields, "packet_id").unwrap_or_default();
    // Files are named in the packet they came with, and are not in this one.
    let files = fields.remove("attachments").map(|_| Finding::new("formats-attachments", "attachments"));
    for name in ["sections", "packet_id", "created", "author", "schema", "respond_by"] {
        fields.remove(name);
    }
    super::fields::built_on(&mut fields, &key);
    Row::of(number, key, Document { kind, fields }, files.into_iter().collect())
}

/// The document inside an exported case, otherwise the object itself; and its kind.
fn inside(mut fields: Map<String, Value>) -> (Option<String>, Map<String, Value>) {
    let kind = fields.get("kind").and_then(Value::as_str).map(str::to_owned);
    let is_case = fields.get("type").and_then(Value::as_str) == Some("causeway-case");
    match fields.remove("document") {
        Some(Value::Object(document)) if is_case => (kind, document),
        Some(other) => {
            fields.insert("document".into(), other);
            (kind, fields)
        }
        None => (kind, fields),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{case, exported, sample};

    #[test]
    fn a_case_comes_back_as_the_draft_of_its_referral() {
        let case = case("MPR", sample("MPR"));
        let rows = rows(&export(&exported(&case))).unwrap();
        let draft = rows[0].document.as_ref().unwrap();
        assert_eq!(draft.fields["person"], case.document["person"]);
        assert_eq!(rows[0].key, case.document["packet_id"].as_str().unwrap());
        assert!(!draft.fields.contains_key("packet_id"));
    }

    #[test]
    fn several_cases_stand_on_a_line_each_and_are_read_again() {
        let case = case("MPR", sample("MPR"));
        let line = export_line(&exported(&case));
        let both = rows(&[line.clone(), line].concat()).unwrap();
        assert_eq!(both.len(), 2);
        assert!(both.iter().all(|row| row.document.is_some()));
    }

    #[test]
    fn many_on_a_line_each_and_wrong_ones_by_name() {
        let rows = rows(b"{\"kind\":\"BIA\",\"alert_type\":\"forced_return\"}\n{\"kind\":\"???\"}\n{\"kind\":\"BIA\",\"when\":3}\n").unwrap();
        let states: Vec<&str> = rows.iter().map(Row::state).collect();
        assert_eq!(states, ["ok", "refused", "refused"]);
        assert_eq!(super::rows(b"").unwrap_err().code(), "formats-empty");
        assert_eq!(super::rows(&b"[".repeat(100_000)).unwrap()[0].findings[0].code(), "formats-not-json");
    }
}
