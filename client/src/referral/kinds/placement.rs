//! SPR, a question for a place in a shelter, and SPA, its answer. The question names nobody.

use causeway_common::priority::Priority;

use crate::referral::codes::*;
use crate::referral::components::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{Condition, Field, Fill, Rule, Spec, Travels, draft, may, must};

/// Hours for which a place that is offered stays reserved.
const HOLD_HOURS: u64 = 4;
/// Longest time, in hours, for which one does. A bed that nobody comes for is empty for that long, and a weekend with its
/// journey is the longest way to a shelter; whoever needs more says so, and the shelter offers it again.
const HOLD_HOURS_MAX: u64 = 72;

const FIELDS: &[Field] = &[
    draft("group", Code(&GUESTS)).of(HDR),
    must("pseudonym", Line(60)).of(HDR),
    must("adults", Whole(0, 255)).of(HDR),
    must("children", List(&Group(&[must("age", Whole(0, 17)), must("sex", Sex)]), 0, 20)).of(HDR),
    must("need_from", Instant).of(OPS),
    must("nights", Whole(1, 3_650)).of(OPS),
    must("region_wanted", List(&Subdivision, 0, 20)).of(OPS),
    must("regions_excluded", List(&Subdivision, 0, 20)).of(RSK),
    must("risk_level", Code(&RISK_LEVEL)).of(RSK),
    may("threat_note", Text(2_000)).of(RSK),
    must("special_needs", List(&Code(&ACCEPTS), 0, 20)).of(MED),
    must("languages_spoken", List(&Language, 1, 10)).of(OPS),
    may("diet", Text(SHORT)).of(MED),
    may("religion_needs", Text(SHORT)).of(MED),
    must("documents", Code(&PAPERS)).of(OPS),
    must("medical_clearance", Code(&CLEARANCE)).of(MED),
    may("arrival", Group(&[may("mode", Code(&VEHICLE)), may("at", Instant)])).of(TRA),
    must("referred_by", Code(&ROLE)).of(HDR),
    may("costs_covered_by", Text(SHORT)).of(OPS),
    must("subject_agrees", Code(&YES_NO)).of(CNS),
];

const RULES: &[Rule] = &[
    Rule::Only { path: "subject_agrees", is: "yes", message: "rule-agrees", hint: "rule-agrees.hint" },
    Rule::Need {
        path: "guardian",
        when: Condition::Is("group", &["girls", "boys"]),
        unless: &[Condition::Is("guardian_pending", &["true"])],
        hint: "rule-guardian",
    },
];

pub(super) const SPEC: Spec = Spec {
    name: "placement",
    code: "SPR",
    travels: Travels::Referral,
    schema: "relay/SPR/1.0",
    fields: FIELDS,
    rules: RULES,
    // One person needs one bed: the first shelter that offers it has her, the others may give theirs to somebody else.
    fills: &[("mode_of_acceptance", Fill::Code("first_accept_wins"))],
    persons: &[],
    priority: Priority::P1,
    raised: &[],
    retention_days: 90,
};

const OFFERED: Condition = Condition::Is("decision", &["offered", "offered_from"]);

const ANSWER: &[Field] = &[
    draft("decision", Code(&DECISION)).of(HDR),
    may("from", When).of(OPS),
    may("position", Whole(1, 1_000)).of(OPS),
    may("reason", Code(&DECLINED)).of(HDR),
    may("hold_until", Instant).of(OPS),
    may("shelter_code", Line(40)).of(OPS),
    may("unit", Code(&UNIT)).of(OPS),
    may("group", Code(&GUESTS)).of(OPS),
    may("places", Whole(1, 100)).of(OPS),
    may("conditions", Text(2_000)).of(OPS),
    may("intake_contact", Group(DESK)).of(OPS),
    may("text", Text(2_000)).of(OPS),
];

const ANSWER_RULES: &[Rule] = &[
    Rule::Need { path: "hold_until", when: OFFERED, unless: &[], hint: "rule-hold" },
    Rule::Need { path: "intake_contact", when: OFFERED, unless: &[], hint: "rule-intake" },
    Rule::Need {
        path: "from",
        when: Condition::Is("decision", &["offered_from"]),
        unless: &[],
        hint: "rule-from",
    },
    Rule::Need {
        path: "position",
        when: Condition::Is("decision", &["waiting_list"]),
        unless: &[],
        hint: "rule-position",
    },
    Rule::Need {
        path: "reason",
        when: Condition::Is("decision", &["declined"]),
        unless: &[],
        hint: "rule-declined",
    },
    Rule::Ahead("hold_until", Some(HOLD_HOURS_MAX)),
];

/// The answer. An offer binds until its moment has passed.
pub(super) const ANSWER_SPEC: Spec = Spec {
    name: "placement-answer",
    code: "SPA",
    travels: Travels::Step(Some("SPR")),
    schema: "relay/SPA/1.0",
    fields: ANSWER,
    rules: ANSWER_RULES,
    fills: &[("hold_until", Fill::InHoursIf(OFFERED, HOLD_HOURS))],
    persons: &[],
    priority: Priority::P1,
    raised: &[],
    retention_days: 90,
};
