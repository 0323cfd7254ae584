//! HIC, the record of a call to a hotline. It stays where it was written, unless it is referred.

use causeway_common::priority::Priority;

use super::header::EVAL;
use crate::referral::codes::*;
use crate::referral::components::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{Condition, Field, Fill, Rule, Spec, Travels, draft, filled, may, must};

/// Seconds of a call that are counted; more than eighteen hours is a mistake.
const SECONDS_MAX: i64 = 65_535;

const FIELDS: &[Field] = &[
    may("contact_id", Id).of(HDR),
    draft("channel", Code(&CONTACT_CHANNEL)).of(HDR),
    must("line", Group(LINE)).of(STA),
    must("start", Instant).of(STA),
    must("end", Instant).of(STA).or_nil(),
    may("ring_s", Whole(0, SECONDS_MAX)).of(STA),
    must("answered", Flag).of(STA),
    may("dropped", Flag).of(STA),
    may("waiting_s", Whole(0, SECONDS_MAX)).of(STA),
    must("caller_country", Country).of(STA).or_nil(),
    must("caller_region", Subdivision).of(STA).or_nil(),
    may("caller_number", Phone).of(FAM),
    must("caller_role", Code(&CALLER)).of(STA),
    must("anonymous", Flag).of(FAM),
    must("language", Language).of(STA),
    may("interpreter_used", Flag).of(STA),
    must("category", Group(CATEGORY)).of(STA),
    may("safe_now", Code(&YES_NO_UNKNOWN)).of(RSK),
    may("can_talk", Code(&YES_NO_UNKNOWN)).of(RSK),
    may("alone", Code(&YES_NO_UNKNOWN)).of(RSK),
    may("on_speaker", Code(&YES_NO_UNKNOWN)).of(RSK),
    may("location_known", Code(&YES_NO_UNKNOWN)).of(RSK),
    must("imminent_danger", Group(DANGER_NOW)).of(RSK),
    may("persons", List(&Group(PERSON_LIGHT), 0, 20)).of(IDN),
    may("informant", Group(INFORMANT)).of(FAM),
    may("situation_place", Group(SITUATION)).of(TRA),
    may("exploitation", Codes(&EXPLOITATION)).of(EXP),
    may("sexual_type", Codes(&SEXUAL)).of(EXP),
    may("control", Codes(&CONTROL)).of(EXP),
    may("recruitment", Codes(&RECRUITMENT)).of(EXP),
    may("industry", Codes(&INDUSTRY)).of(EXP),
    may("indicators", Indicators).of(EXP),
    may("narrative", Text(NARRATIVE)).of(EXP),
    may("suspects", List(&GroupOrText(SUSPECT), 0, 20)).of(SUS),
    may("victims_est", Group(ESTIMATE)).of(STA),
    may("minors_est", Group(ESTIMATE)).of(STA),
    may("job_offer_check", Group(JOB_OFFER)).of(EXP),
    must("asked_for", Codes(&ASKED_FOR)).of(STA),
    must("given", Codes(&GIVEN)).of(STA),
    may("referrals", List(&Id, 0, 20)).of(OPS),
    may("callback", Group(CALLBACK)).of(CON),
    must("how_heard", Code(&HEARD)).of(STA),
    must("operator", Group(STAFF)).of(OPS),
    must("shift", Line(40)).of(OPS),
    must("handover_note", Text(2_000)).of(OPS),
    may("operator_distress", Code(&DISTRESS)).of(OPS),
    may("quality", Group(&[may("complete", Flag), may("supervisor_reviewed", Flag)])).of(OPS),
    filled("eval", Group(EVAL)).of(HDR),
];

const LINE: &[Field] = &[may("number", Phone), must("country", Country)];

const CATEGORY: &[Field] = &[must("primary", Code(&CALL)), may("secondary", Codes(&CALL))];

const DANGER_NOW: &[Field] = &[must("answer", Code(&YES_NO_UNKNOWN)), may("what", Text(SHORT))];

/// The caller. Never in the record of the person the call is about.
const INFORMANT: &[Field] =
    &[may("names", NAMES), may("relation", Code(&RELATION)), may("contact", Group(CONTACT))];

/// Where it happens. The exact place has its own section: few may read it.
const SITUATION: &[Field] = &[
    may("country", Country),
    may("subdivision", Subdivision),
    may("place", Text(SHORT)),
    may("exact", Group(PLACE)).of(LOC),
];

const JOB_OFFER: &[Field] = &[
    may("country", Country),
    may("agency", Text(SHORT)),
    may("job", Text(SHORT)),
    may("contract_seen", Flag),
    may("visa_type", Line(60)),
    may("red_flags", List(&Text(SHORT), 0, 20)),
];

const CALLBACK: &[Field] = &[may("contact", Group(CONTACT)), may("at", Instant)];

const CRISIS: Condition = Condition::Is("category.primary", &["crisis"]);

const fn asked_in_a_crisis(path: &'static str) -> Rule {
    Rule::Need { path, when: CRISIS, unless: &[], hint: "rule-crisis" }
}

const RULES: &[Rule] = &[
    asked_in_a_crisis("safe_now"),
    asked_in_a_crisis("can_talk"),
    asked_in_a_crisis("alone"),
    asked_in_a_crisis("on_speaker"),
    asked_in_a_crisis("location_known"),
    Rule::Need {
        path: "job_offer_check",
        when: Condition::Is("category.primary", &["prevention_advice"]),
        unless: &[],
        hint: "rule-job-offer",
    },
    Rule::Order { at: "victims_est", low: "min", high: "max" },
    Rule::Order { at: "minors_est", low: "min", high: "max" },
    Rule::Order { at: "persons[].age", low: "min", high: "max" },
    Rule::AnyOf { at: "persons[].names[]", of: &["family", "given", "full"], unless: &[] },
];

pub(super) const SPEC: Spec = Spec {
    name: "hotline-record",
    code: "HIC",
    travels: Travels::Referral,
    schema: "relay/HIC/1.0",
    fields: FIELDS,
    rules: RULES,
    fills: &[("eval", Fill::NotEvaluated)],
    persons: &["persons[]", "informant"],
    priority: Priority::P2,
    raised: &[
        (Condition::Is("imminent_danger.answer", &["yes"]), Priority::P0),
        (Condition::Is("asked_for", &["rescue"]), Priority::P0),
        (CRISIS, Priority::P1),
        (Condition::Is("asked_for", &["emergency_shelter"]), Priority::P1),
    ],
    retention_days: 90,
};
