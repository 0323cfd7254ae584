//! MPR, a report about a missing person.

use causeway_common::priority::Priority;

use super::header::EVAL;
use crate::referral::codes::*;
use crate::referral::components::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{Condition, Field, Fill, Rule, Spec, Travels, draft, filled, may, must};

const UNIDENTIFIED: Condition =
    Condition::Is("report_type", &["unidentified_living", "unidentified_deceased"]);

const FIELDS: &[Field] = &[
    draft("report_type", Code(&REPORT_TYPE)).of(HDR),
    must("person", Group(PERSON)).of(IDN),
    must("last_contact", Group(LAST_CONTACT)).of(FAM).or_nil(),
    must("last_seen", Group(LAST_SEEN)).of(TRA).or_nil(),
    must("disappearance_country", Country).of(TRA).or_nil(),
    may("left_home", Group(LEFT_HOME)).of(TRA),
    may("recruiter", List(&GroupOrText(SUSPECT), 0, 20)).of(SUS),
    may("agency", List(&GroupOrText(SUSPECT), 0, 20)).of(SUS),
    may("employer", List(&GroupOrText(SUSPECT), 0, 20)).of(SUS),
    may("phones_used", List(&Phone, 0, 20)).of(SUS),
    must("circumstances", Text(NARRATIVE)).of(EXP),
    may("indicators", Indicators).of(EXP),
    must("trafficking_status", Code(&TRAFFICKING)).of(EXP).or_nil(),
    may("exploitation", Codes(&EXPLOITATION)).of(EXP),
    may("control", Codes(&CONTROL)).of(EXP),
    may("recruitment", Codes(&RECRUITMENT)).of(EXP),
    may("industry", Codes(&INDUSTRY)).of(EXP),
    may("trafficking_status_by", Code(&DECIDED_BY)).of(EXP),
    must("danger", Code(&DANGER)).of(RSK),
    may("medical_need", Codes(&MEDICAL_NEED)).of(MED),
    may("medical_need_text", Text(LONG)).of(MED),
    may("documents", DOCUMENTS).of(DOC),
    must("inquirer", Group(INQUIRER)).of(FAM),
    must("police_report", Group(POLICE_REPORT)).of(LEG),
    may("privacy_condition", Flag).of(LEG),
    must("other_searches", Codes(&SEARCHES)).of(OPS),
    may("other_searches_refs", Text(SHORT)).of(OPS),
    must("what_is_asked", Codes(&ASKED)).of(HDR),
    filled("eval", Group(EVAL)).of(HDR),
    filled("urgency", Code(&URGENCY)).of(HDR),
    filled("severity", Code(&SEVERITY)).of(HDR),
    filled("certainty", Code(&CERTAINTY)).of(HDR),
    filled("publication", Code(&PUBLICATION)).of(HDR),
    filled("search_until", Date).of(HDR),
];

const LAST_CONTACT: &[Field] = &[
    must("at", When).or_nil(),
    may("channel", Code(&CHANNEL)),
    may("by_whom", Text(SHORT)),
    may("content", Text(LONG)),
];

const LAST_SEEN: &[Field] =
    &[must("at", When).or_nil(), may("place", GroupOrText(PLACE)), may("with_whom", Text(SHORT))];

const LEFT_HOME: &[Field] = &[
    may("date", PartialDate),
    may("border_point", Text(SHORT)),
    may("transport", GroupOrText(VEHICLE_FIELDS)),
    may("purpose", Code(&LEFT_FOR)),
];

const POLICE_REPORT: &[Field] = &[
    must("made", Code(&REPORTED)),
    may("authority", Text(SHORT)),
    may("date", PartialDate),
    may("number", Line(60)),
];

const RULES: &[Rule] = &[
    Rule::Need { path: "person.names", when: Condition::Always, unless: &[UNIDENTIFIED], hint: "rule-names" },
    Rule::Need {
        path: "person.nationalities",
        when: Condition::Always,
        unless: &[UNIDENTIFIED],
        hint: "rule-or-nil",
    },
    Rule::AnyOf { at: "person", of: &["dob", "age"], unless: &[UNIDENTIFIED] },
    Rule::AnyOf { at: "person.names[]", of: &["family", "given", "full"], unless: &[] },
    // A status without whoever decided it reads as a finding of the authorities.
    Rule::Need {
        path: "trafficking_status_by",
        when: Condition::Has("trafficking_status"),
        unless: &[],
        hint: "rule-status-by",
    },
    Rule::Order { at: "person.age", low: "min", high: "max" },
    Rule::NotPast("search_until"),
    Rule::Need {
        path: "consent.tracing_ok",
        when: Condition::Has("consent"),
        unless: &[],
        hint: "rule-tracing",
    },
];

pub(super) const SPEC: Spec = Spec {
    name: "missing-person",
    code: "MPR",
    travels: Travels::Referral,
    schema: "relay/MPR/1.0",
    fields: FIELDS,
    rules: RULES,
    fills: &[
        ("eval", Fill::NotEvaluated),
        ("urgency", Fill::Code("Unknown")),
        ("severity", Fill::Code("Unknown")),
        ("certainty", Fill::Code("Unknown")),
        ("publication", Fill::Code("none")),
        ("search_until", Fill::InDays(90)),
    ],
    persons: &["person"],
    priority: Priority::P2,
    raised: &[
        (Condition::Is("danger", &["immediate_danger", "danger"]), Priority::P1),
        (Condition::Is("person.minor", &["yes", "presumed"]), Priority::P1),
    ],
    retention_days: 365,
};
