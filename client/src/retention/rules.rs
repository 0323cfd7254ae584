//! How long each kind of case is kept, as data (dictionary 2.9).
//!
//! To correct a period, change its row here; nothing else knows it. Where the dictionary counts from an event, so does the row.

use serde_json::{Map, Value};

/// From when a period counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "rows of a table")]
pub enum From {
    /// The last step of a case that has come to its end. As long as it has not, nothing expires.
    End,
    /// Its beginning here; its last step if it has come to an end. As long as somebody works on it, nothing expires.
    Beginning,
}

/// How long one kind is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "rows of a table")]
pub struct Rule {
    /// Kind code.
    pub kind: &'static str,
    /// Days.
    pub days: u32,
    /// From when on.
    pub from: From,
}

/// Part of a case that goes before the rest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "rows of a table")]
pub struct Part {
    /// Kind code.
    pub kind: &'static str,
    /// Days from the beginning.
    pub days: u32,
    /// Fields of the document that go, with everything below them.
    pub fields: &'static [&'static str],
    /// Only if no referral came of it.
    pub without_referral: bool,
    /// Whether what was written with steps goes as well.
    pub texts: bool,
}

/// Periods by kind.
pub const RULES: [Rule; 9] = [
    Rule { kind: "BIA", days: 30, from: From::End },
    Rule { kind: "SPR", days: 90, from: From::Beginning },
    Rule { kind: "SPA", days: 90, from: From::Beginning },
    Rule { kind: "SCP", days: 7, from: From::Beginning },
    Rule { kind: "IDQ", days: 365, from: From::End },
    Rule { kind: "IDR", days: 365, from: From::End },
    Rule { kind: "MPR", days: 365, from: From::End },
    // Five years.
    Rule { kind: "VHO", days: 1_826, from: From::End },
    // Ten years after the proceedings: the case ends when they do.
    Rule { kind: "EVH", days: 3_653, from: From::End },
];

/// For kinds that the table does not know, those of newer versions above all: as long as a handoff.
pub const OTHERWISE: Rule = Rule { kind: "?", days: 1_826, from: From::End };

/// The record of a call has no end of its own: what says who somebody is goes, the rest counts in statistics.
pub const PARTS: [Part; 2] = [
    Part {
        kind: "HIC",
        days: 30,
        fields: &["caller_number", "informant.contact", "informant.phones"],
        without_referral: false,
        texts: false,
    },
    Part {
        kind: "HIC",
        days: 90,
        fields: &[
            "caller_number",
            "persons",
            "callback",
            "situation_place",
            "handover_note",
            "narrative",
            "suspects",
            "imminent_danger",
            "attachments",
            "informant",
            "guardian",
            "consent",
            "override",
            "job_offer_check",
        ],
        without_referral: true,
        texts: true,
    },
];

impl Part {
    /// Whether something of it is in a document.
    pub fn is_in(&self, fields: &Map<String, Value>) -> bool {
        self.fields.iter().any(|path| match path.split_once('.') {
            Some((group, name)) => fields.get(group).is_some_and(|group| group.get(name).is_some()),
            None => fields.contains_key(*path),
        })
    }

    /// Takes it out of a document. True: something of it was there.
    pub fn take_from(&self, fields: &mut Map<String, Value>) -> bool {
        let was_in = self.is_in(fields);
        for path in self.fields {
            match path.split_once('.') {
                Some((group, name)) => {
                    if let Some(Value::Object(group)) = fields.get_mut(group) {
                        group.remove(name);
                    }
                }
                None => drop(fields.remove(*path)),
            }
        }
        was_in
    }
}

/// A missing person is looked for as long as somebody says so: every 90 days that is asked.
pub const RENEWAL: (&str, u32) = ("MPR", 90);

/// Kinds that are only ever erased in parts.
const IN_PARTS: &str = "HIC";

/// The period of a kind; none for what only goes in parts.
pub fn rule(kind: &str) -> Option<Rule> {
    if kind == IN_PARTS {
        return None;
    }
    Some(RULES.into_iter().find(|rule| rule.kind == kind).unwrap_or(OTHERWISE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_the_dictionary_and_unknown_kinds_are_kept_long() {
        let days = |kind| rule(kind).map(|rule| (rule.days, rule.from));
        assert_eq!(days("BIA"), Some((30, From::End)));
        assert_eq!(days("SCP"), Some((7, From::Beginning)));
        assert_eq!(days("EVH"), Some((3_653, From::End)));
        assert_eq!(days("ZZZ"), Some((1_826, From::End)));
        assert_eq!(days("HIC"), None);
        assert!(PARTS.iter().all(|part| part.kind == IN_PARTS));
    }
}
