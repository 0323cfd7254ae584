//! The rules of the schema of CAP 1.2 (OASIS, cap12.xsd), written down a second time for tests: order, how often, which words,
//! which shapes. It shares nothing with the writer.

use crate::formats::xml::{Node, read};

/// Name, least, most, what it holds.
type Element = (&'static str, usize, usize, Holds);

enum Holds {
    Any,
    Word(&'static [&'static str]),
    Time,
    Of(&'static [Element]),
}
use Holds::{Any, Of, Time, Word};

const N: usize = usize::MAX;
const PAIR: &[Element] = &[("valueName", 1, 1, Any), ("value", 1, 1, Any)];
const ALERT: &[Element] = &[
    ("identifier", 1, 1, Any),
    ("sender", 1, 1, Any),
    ("sent", 1, 1, Time),
    ("status", 1, 1, Word(&["Actual", "Exercise", "System", "Test", "Draft"])),
    ("msgType", 1, 1, Word(&["Alert", "Update", "Cancel", "Ack", "Error"])),
    ("source", 0, 1, Any),
    ("scope", 1, 1, Word(&["Public", "Restricted", "Private"])),
    ("restriction", 0, 1, Any),
    ("addresses", 0, 1, Any),
    ("code", 0, N, Any),
    ("note", 0, 1, Any),
    ("references", 0, 1, Any),
    ("incidents", 0, 1, Any),
    ("info", 0, N, Of(INFO)),
];
const INFO: &[Element] = &[
    ("language", 0, 1, Any),
    (
        "category",
        1,
        N,
        Word(&[
            "Geo",
            "Met",
            "Safety",
            "Security",
            "Rescue",
            "Fire",
            "Health",
            "Env",
            "Transport",
            "Infra",
            "CBRNE",
            "Other",
        ]),
    ),
    ("event", 1, 1, Any),
    (
        "responseType",
        0,
        N,
        Word(&[
            "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None",
        ]),
    ),
    ("urgency", 1, 1, Word(&["Immediate", "Expected", "Future", "Past", "Unknown"])),
    ("severity", 1, 1, Word(&["Extreme", "Severe", "Moderate", "Minor", "Unknown"])),
    ("certainty", 1, 1, Word(&["Observed", "Likely", "Possible", "Unlikely", "Unknown"])),
    ("audience", 0, 1, Any),
    ("eventCode", 0, N, Of(PAIR)),
    ("effective", 0, 1, Time),
    ("onset", 0, 1, Time),
    ("expires", 0, 1, Time),
    ("senderName", 0, 1, Any),
    ("headline", 0, 1, Any),
    ("description", 0, 1, Any),
    ("instruction", 0, 1, Any),
    ("web", 0, 1, Any),
    ("contact", 0, 1, Any),
    ("parameter", 0, N, Of(PAIR)),
    ("resource", 0, N, Any),
    (
        "area",
        0,
        N,
        Of(&[
            ("areaDesc", 1, 1, Any),
            ("polygon", 0, N, Any),
            ("circle", 0, N, Any),
            ("geocode", 0, N, Of(PAIR)),
            ("altitude", 0, 1, Any),
            ("ceiling", 0, 1, Any),
        ]),
    ),
];

/// Everything that the schema, and the rules in words beside it, find wrong.
pub(crate) fn wrong(bytes: &[u8]) -> Vec<String> {
    let alert = match read(bytes) {
        Ok(alert) => alert,
        Err(finding) => return vec![finding.code().to_owned()],
    };
    let mut found = Vec::new();
    if (alert.name.as_str(), alert.namespace.as_str()) != ("alert", "urn:oasis:names:tc:emergency:cap:1.2") {
        found.push("root".to_owned());
    }
    element(&alert, ALERT, "alert", &mut found);
    let scope = alert.first("scope");
    if scope == Some("Private") && alert.first("addresses").is_none() {
        found.push("addresses of a private alert".into());
    }
    if scope == Some("Restricted") && alert.first("restriction").is_none() {
        found.push("restriction".into());
    }
    for name in ["identifier", "sender"] {
        if alert.first(name).is_none_or(|text| text.contains([' ', ',', '<', '&'])) {
            found.push(name.into());
        }
    }
    for triple in alert.first("references").unwrap_or_default().split(' ').filter(|t| !t.is_empty()) {
        let parts: Vec<&str> = triple.split(',').collect();
        if parts.len() != 3 || !time(parts[2]) {
            found.push("references".into());
        }
    }
    found
}

fn element(node: &Node, rules: &[Element], at: &str, found: &mut Vec<String>) {
    let place = |name: &str| rules.iter().position(|(n, ..)| *n == name);
    let places: Vec<_> = node.children.iter().map(|child| place(&child.name)).collect();
    if places.iter().any(Option::is_none) || !places.is_sorted() {
        found.push(format!("{at}: order"));
    }
    for (name, least, most, holds) in rules {
        let all: Vec<&Node> = node.all(name).collect();
        if !(*least..=*most).contains(&all.len()) {
            found.push(format!("{at}/{name}: {} times", all.len()));
        }
        for child in all {
            let path = format!("{at}/{name}");
            match holds {
                Any => {}
                Word(words) if words.contains(&child.text.as_str()) => {}
                Time if time(&child.text) => {}
                Of(rules) => element(child, rules, &path, found),
                Word(_) | Time => found.push(format!("{path}: {:?}", child.text)),
            }
        }
    }
}

/// `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-,+]\d\d:\d\d`, as the schema has it.
fn time(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:dd±dd:dd";
    text.chars().count() == shape.chars().count()
        && text.chars().zip(shape.chars()).all(|(c, s)| match s {
            'd' => c.is_ascii_digit(),
            '±' => ['-', ',', '+'].contains(&c),
            other => c == other,
        })
}
