//! CUP, one step of a referral and what goes with it.

use causeway_common::priority::Priority;

use crate::referral::codes::*;
use crate::referral::components::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{CodeList, Condition, Field, Rule, Spec, Travels, draft, may, must};

const FIELDS: &[Field] = &[
    draft("event", Code(&EVENT)).of(HDR),
    must("state_before", Code(&STATE)).of(HDR),
    must("state_after", Code(&STATE)).of(HDR),
    may("at", Instant).of(HDR),
    may("reason", CodeOf(REASONS)).of(HDR),
    may("text", Text(LONG)).of(HDR),
    may("questions", List(&Group(QUESTION), 0, 20)).of(HDR),
    may("eta", When).of(HDR),
    may("assigned_to", Group(STAFF)).of(HDR),
    may("assigned_from", Group(STAFF)).of(HDR),
    may("staff_no", Line(40)).of(HDR),
    may("peer_case_ref", Line(40)).of(HDR),
    may("until", Instant).of(HDR),
    may("cannot_answer", Flag).of(HDR),
    may("outcome", Group(OUTCOMES)).of(HDR),
    may("found", Group(FOUND)).of(HDR),
    may("handover", Group(HANDOVER)).of(OPS),
    may("bia_result", Group(BORDER_RESULT)).of(HDR),
    may("suggested", List(&Group(ORG), 0, 10)).of(HDR),
    may("consent", Group(SCOPE)).of(CNS),
    may("scope", Text(SHORT)).of(HDR),
    may("clock", Line(8)).of(HDR),
    may("level", Whole(0, 3)).of(HDR),
    may("match", Group(MATCH)).of(HDR),
    may("stat", Group(STAT)).of(STA),
];

/// Which list counts depends on the step.
const REASONS: &[&CodeList] = &[&DECLINED, &CLOSED, &INFO_REASON, &STEP_REASON];
/// Steps that say why; a reason with any other step would mean something that nobody agreed upon.
const WITH_REASON: &[&str] = &[
    "decline",
    "info_request",
    "hold",
    "fail",
    "withdraw",
    "cancel_refuse",
    "close",
    "object",
    "reopen",
    "error",
    "delay_notice",
];

/// What is asked, and the field that would answer it.
const QUESTION: &[Field] = &[may("id", Line(40)), may("path", Line(200)), must("text", Text(SHORT))];

const OUTCOMES: &[Field] = &[
    must("code", Code(&OUTCOME)),
    may("text", Text(2_000)),
    may("services_given", Codes(&SUPPORT)),
    may("from", PartialDate),
    may("until", PartialDate),
    may("satisfaction", Whole(1, 5)),
    may("retrafficked", Code(&YES_NO_UNKNOWN)),
];

/// Somebody has been found. The country is the most exact that may be said here.
const FOUND: &[Field] = &[
    must("alive", Code(&YES_NO)),
    may("contact_made", Flag),
    may("wants_contact_with_family", Code(&FAMILY_CONTACT)),
    may("country", Country),
];

/// What became of a border alert.
const BORDER_RESULT: &[Field] = &[
    may("ack", Group(&[must("by", Group(STAFF)), must("at", Instant), may("unit", Text(SHORT))])),
    may("located", Code(&YES_NO_NOT_YET)),
    may("outcome", Code(&BIA_OUTCOME)),
    may("documents_ok", Code(&YES_NO_UNKNOWN)),
    may("next", Code(&BIA_NEXT)),
];

/// What of a consent is withdrawn; nothing means all of it.
const SCOPE: &[Field] = &[
    may("consent_ref", Line(64)),
    may("by", Code(&GIVEN_BY)),
    may("sections", Codes(&SECTION)),
    may("purpose", Codes(&PURPOSE)),
    may("text", Text(SHORT)),
];

/// Two cases may be about the same person. No data of the other case.
const MATCH: &[Field] = &[must("class", Code(&MATCH_CLASS)), must("case_refs", List(&Line(40), 1, 20))];

const fn with(event: &'static [&'static str], path: &'static str, hint: &'static str) -> Rule {
    Rule::Need { path, when: Condition::Is("event", event), unless: &[], hint }
}

const RULES: &[Rule] = &[
    with(WITH_REASON, "reason", "rule-reason"),
    Rule::Absent { path: "reason", unless: Condition::Is("event", WITH_REASON), hint: "rule-no-reason" },
    with(&["info_request"], "questions", "rule-questions"),
    with(&["handed_over"], "handover", "rule-handover"),
    with(&["complete"], "outcome", "rule-outcome"),
    with(&["located"], "found", "rule-found"),
    with(&["delay_notice"], "eta", "rule-delay"),
    with(&["possible_match"], "match", "rule-match"),
    with(&["consent_withdrawn"], "consent", "rule-withdrawn"),
];

pub(in crate::referral) const SPEC: Spec = Spec {
    name: "case-update",
    code: "CUP",
    travels: Travels::Step(None),
    schema: "relay/CUP/1.0",
    fields: FIELDS,
    rules: RULES,
    fills: &[],
    persons: &[],
    priority: Priority::P2,
    raised: &[],
    retention_days: 365,
};
