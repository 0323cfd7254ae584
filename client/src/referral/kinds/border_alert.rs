//! BIA, an alert for a border. Minutes matter: eight fields are enough, the rest says by itself that it is not known.

use causeway_common::priority::Priority;

use super::header::EVAL;
use crate::referral::codes::*;
use crate::referral::components::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{Condition, Field, Fill, Rule, Spec, Travels, draft, filled, may, must};

/// Hours after which an alert is over by itself.
const VALID_HOURS_MAX: u64 = 24;

const FIELDS: &[Field] = &[
    draft("alert_type", Code(&ALERT_TYPE)).of(HDR),
    must("where", GroupOrText(PLACE)).of(TRA),
    must("when", Group(WHEN)).of(TRA),
    filled("movement", GroupOrText(VEHICLE_FIELDS)).of(TRA),
    must("persons", List(&Group(PERSON_LIGHT), 1, 20)).of(IDN),
    filled("children_count", Whole(0, 30)).of(IDN),
    may("companions", List(&Group(SUSPECT), 0, 20)).of(SUS),
    must("request", Codes(&BORDER_REQUEST)).of(HDR),
    must("approach_note", Text(300)).of(RSK),
    filled("subject_knows", Code(&YES_NO_PARTLY)).of(RSK),
    must("subject_wants_help", Code(&YES_NO_UNKNOWN)).of(CNS),
    may("code_word", Line(40)).of(RSK),
    may("ngo_on_site", Group(ORG)).of(OPS),
    must("callback", Phone).of(OPS),
    may("indicators", Indicators).of(EXP),
    filled("duty_contact", Group(DESK)).of(HDR),
    filled("legal_basis", Code(&LEGAL_BASIS)).of(HDR),
    filled("urgency", Code(&URGENCY)).of(HDR),
    filled("severity", Code(&SEVERITY)).of(HDR),
    filled("certainty", Code(&CERTAINTY)).of(HDR),
    filled("eval", Group(EVAL)).of(HDR),
    filled("valid_until", Instant).of(HDR),
];

const WHEN: &[Field] = &[must("eta", Instant), may("window_min", Whole(0, 65_535)), may("certain", Flag)];

const RULES: &[Rule] = &[
    Rule::AnyOf {
        at: "where",
        of: &["border_point", "place", "address", "geo", "lane_or_flight"],
        unless: &[],
    },
    Rule::AnyOf {
        at: "persons[]",
        of: &["names", "sex", "dob", "age", "physical", "photo", "documents"],
        unless: &[],
    },
    Rule::AnyOf { at: "persons[].names[]", of: &["family", "given", "full"], unless: &[] },
    Rule::Order { at: "persons[].age", low: "min", high: "max" },
    Rule::Recent("when.eta", 24),
    Rule::Ahead("valid_until", Some(VALID_HOURS_MAX)),
];

pub(super) const SPEC: Spec = Spec {
    name: "border-alert",
    code: "BIA",
    travels: Travels::Referral,
    schema: "relay/BIA/1.0",
    fields: FIELDS,
    rules: RULES,
    fills: &[
        ("movement", Fill::Nil("unknown")),
        ("children_count", Fill::Nil("unknown")),
        ("subject_knows", Fill::Nil("unknown")),
        ("duty_contact", Fill::DeskOf("callback")),
        // A person at a border now: waiting for a signature would undo what the alert is for.
        ("legal_basis", Fill::Code("vital")),
        ("urgency", Fill::Code("Immediate")),
        ("severity", Fill::Code("Unknown")),
        ("certainty", Fill::Code("Unknown")),
        ("eval", Fill::NotEvaluated),
        ("valid_until", Fill::InHours(VALID_HOURS_MAX)),
    ],
    persons: &["persons[]"],
    priority: Priority::P0,
    raised: &[(Condition::Always, Priority::P0)],
    retention_days: 30,
};
