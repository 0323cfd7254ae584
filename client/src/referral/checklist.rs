//! Checklists that are shown and forbid nothing: whether a report has what an INTERPOL yellow notice needs (Rules on the
//! Processing of Data, article 90), and what an AMBER alert asks for.

use causeway_common::time::Timestamp;

use super::Document;
use super::rules::holds;
use super::spec::Condition;

/// One line: met as soon as any of its conditions holds. The words are the text `check-<id>`.
struct Line {
    id: &'static str,
    any: &'static [Condition],
}

/// A checklist for reports of some types. The words are the text `check-<id>`.
struct List {
    id: &'static str,
    applies: Condition,
    lines: &'static [Line],
}

const UNIDENTIFIED: &[&str] = &["unidentified_living", "unidentified_deceased"];
const MISSING: &[&str] = &["missing", "abducted", "forced_stay", "lost_contact"];

const MINOR: Condition = Condition::Is("person.minor", &["yes", "presumed"]);
const RECORDED: Condition = Condition::Is("police_report.made", &["yes"]);
const KNOWN_SEX: Condition = Condition::Is("person.sex", &["1", "2"]);
const PHOTO: Condition = Condition::Has("person.photo");
const DESCRIPTION: Condition = Condition::Has("person.physical");
const TRACES: Condition = Condition::Is("person.physical.biometrics_available", &["dna", "fingerprints"]);

const LISTS: &[List] = &[
    List {
        id: "yellow",
        applies: Condition::Is("report_type", MISSING),
        lines: &[
            Line { id: "family", any: &[Condition::Has("person.names[].family")] },
            Line { id: "given", any: &[Condition::Has("person.names[].given")] },
            Line { id: "sex", any: &[KNOWN_SEX] },
            Line { id: "birth-year", any: &[Condition::YearOf("person.dob")] },
            Line { id: "description", any: &[DESCRIPTION, PHOTO, TRACES] },
            Line { id: "police", any: &[RECORDED] },
            Line { id: "whereabouts", any: &[Condition::Is("report_type", MISSING)] },
            Line { id: "minor-or-privacy", any: &[MINOR, Condition::Is("privacy_condition", &["true"])] },
        ],
    },
    List {
        id: "yellow-unidentified",
        applies: Condition::Is("report_type", UNIDENTIFIED),
        lines: &[
            Line { id: "physical", any: &[DESCRIPTION] },
            Line { id: "sex", any: &[KNOWN_SEX] },
            Line { id: "photo-or-traces", any: &[PHOTO, TRACES] },
        ],
    },
    List {
        id: "amber",
        applies: MINOR,
        lines: &[
            Line { id: "abduction", any: &[Condition::Is("report_type", &["abducted"])] },
            Line { id: "police", any: &[RECORDED] },
            Line { id: "minor", any: &[MINOR] },
            Line { id: "danger", any: &[Condition::Is("danger", &["immediate_danger", "danger"])] },
            Line { id: "description", any: &[DESCRIPTION, PHOTO] },
        ],
    },
];

/// How far a document meets a checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checklist {
    /// Its name; its words are the text `check-<id>`.
    pub id: &'static str,
    /// Its lines in order, and whether each is met.
    pub lines: Vec<(&'static str, bool)>,
}

impl Checklist {
    /// Whether every line is met.
    pub fn is_met(&self) -> bool {
        self.lines.iter().all(|(_, met)| *met)
    }
}

/// The checklists that concern a document. None concerns any kind but a missing-person report.
pub fn checklists(document: &Document) -> Vec<Checklist> {
    let met = |condition: &Condition| holds(condition, &document.fields, Timestamp(0));
    let concerned = LISTS.iter().filter(|list| document.kind.code() == "MPR" && met(&list.applies));
    concerned
        .map(|list| Checklist {
            id: list.id,
            lines: list.lines.iter().map(|line| (line.id, line.any.iter().any(met))).collect(),
        })
        .collect()
}

/// Names of all texts that checklists show.
#[cfg(test)]
pub(super) fn text_ids() -> Vec<String> {
    let lists = LISTS.iter().flat_map(|list| list.lines.iter().map(|line| line.id).chain([list.id]));
    lists.map(|id| format!("check-{id}")).collect()
}
