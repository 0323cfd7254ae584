//! IDQ, a question to an embassy whether somebody is who she says, and IDR, its answer.

use causeway_common::priority::Priority;

use super::CONSENT;
use crate::referral::codes::*;
use crate::referral::components::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{Condition, Field, Rule, Spec, Travels, draft, may, must};

const FIELDS: &[Field] = &[
    draft("purpose", Codes(&CHECK_PURPOSE)).of(HDR),
    must("asylum_check", Group(&[must("asked", Code(&YES_NO)), must("is_applicant", Code(&YES_NO_UNKNOWN))]))
        .of(LEG),
    must("consent", Group(CONSENT)).of(CNS),
    must("claimed", Group(PERSON)).of(IDN),
    may("documents", DOCUMENTS).of(DOC),
    may("mrz_typed_twice", Flag).of(DOC),
    may("photo", List(&Group(ATTACH), 0, 20)).of(PHO),
    may(
        "knowledge_facts",
        List(&Group(&[must("question", Text(SHORT)), must("answer", Text(SHORT))]), 0, 20),
    )
    .of(IDN),
    may("interview_offer", Group(INTERVIEW_OFFER)).of(OPS),
    must("needed_by", Group(&[must("at", Instant), must("reason", Text(SHORT))])).of(OPS),
    must("do_not_contact", List(&Text(SHORT), 0, LIST_MAX)).of(RSK),
    may("deliver_document_to", Group(ORG)).of(OPS),
    may(
        "fee",
        Group(&[may("who_pays", Text(SHORT)), may("amount", Group(MONEY)), may("waiver_asked", Flag)]),
    )
    .of(OPS),
];

const INTERVIEW_OFFER: &[Field] = &[
    must("mode", Code(&INTERVIEW)),
    may("place", Text(SHORT)),
    may("times", List(&Instant, 0, 20)),
    may("language", Language),
    may("female_interviewer_wanted", Flag),
];

const RULES: &[Rule] = &[
    Rule::Only {
        path: "asylum_check.asked",
        is: "yes",
        message: "rule-asylum-asked",
        hint: "rule-asylum-asked.hint",
    },
    Rule::Only {
        path: "asylum_check.is_applicant",
        is: "no",
        message: "rule-asylum",
        hint: "rule-asylum.hint",
    },
    Rule::Entry {
        at: "consent.scope[]",
        with: &[("role", "EMB"), ("purpose", "identity_check")],
        message: "rule-embassy-consent",
        hint: "rule-embassy-consent.hint",
    },
    Rule::Need { path: "claimed.names", when: Condition::Always, unless: &[], hint: "rule-names" },
    Rule::AnyOf { at: "claimed", of: &["dob", "age"], unless: &[] },
    Rule::AnyOf { at: "claimed.names[]", of: &["family", "given", "full"], unless: &[] },
    Rule::Order { at: "claimed.age", low: "min", high: "max" },
    Rule::Need {
        path: "mrz_typed_twice",
        when: Condition::Has("documents[].mrz"),
        unless: &[],
        hint: "rule-typed-twice",
    },
    Rule::Need {
        path: "deliver_document_to",
        when: Condition::Is("purpose", &["issue_travel_document"]),
        unless: &[],
        hint: "rule-deliver-to",
    },
    Rule::Need {
        path: "photo",
        when: Condition::Is("purpose", &["issue_travel_document"]),
        unless: &[],
        hint: "rule-etd-photo",
    },
    Rule::Need {
        path: "guardian",
        when: Condition::Is("claimed.minor", &["yes", "presumed"]),
        unless: &[Condition::Is("guardian_pending", &["true"])],
        hint: "rule-guardian",
    },
    Rule::AnyOf { at: "deliver_document_to", of: &["org_id", "name"], unless: &[] },
    Rule::Ahead("needed_by.at", None),
];

pub(super) const SPEC: Spec = Spec {
    name: "identity-check",
    code: "IDQ",
    travels: Travels::Referral,
    schema: "relay/IDQ/1.0",
    fields: FIELDS,
    rules: RULES,
    fills: &[],
    persons: &["claimed"],
    priority: Priority::P2,
    raised: &[
        (Condition::Within("needed_by.at", 12), Priority::P0),
        (Condition::Within("needed_by.at", 72), Priority::P1),
    ],
    retention_days: 365,
};

/// Fields of an answer. It never says more than was asked.
const ANSWER: &[Field] = &[
    draft("result", Code(&RESULT)).of(HDR),
    may("basis", Codes(&BASIS)),
    may("confirmed", Group(CONFIRMED)),
    may("minor_age_confirmed", Group(&[must("answer", Code(&YES_NO_UNKNOWN)), may("dob", PartialDate)])),
    may("document_status", Code(&DOCUMENT_STATUS)),
    may("wanted_or_barred_note", Code(&WANTED)),
    may("etd", Group(ETD)),
    must("next_action", Group(&[must("code", Code(&NEXT_ACTION)), may("date", PartialDate)])),
    may("register_time", Instant),
    may("text", Text(2_000)),
];

const CONFIRMED: &[Field] = &[
    may("names", NAMES),
    may("dob", PartialDate),
    may("birth_place", Text(SHORT)),
    may("nationality", Nationality),
];

const ETD: &[Field] = &[
    must("will_issue", Code(&YES_NO_UNKNOWN)),
    may("type", Code(&DOC_TYPE)),
    may("number", DocumentNumber),
    may("ready_at", When),
    may("valid_days", Whole(0, 3650)),
    may("collect_at", Text(SHORT)),
    may("collected_by", Text(SHORT)),
];

/// A child, or somebody who may be one, or somebody of whom it was asked.
const CHILD_ASKED: [Condition; 2] =
    [Condition::Is("claimed.minor", &["yes", "presumed"]), Condition::Is("purpose", &["confirm_minor_age"])];

/// What an answer must say depends on its result and on its question: a yes or a no needs what it rests on, everything that
/// comes next has its day, and of a child it is said whether she is one.
const ANSWER_RULES: &[Rule] = &[
    Rule::Need {
        path: "basis",
        when: Condition::Is("result", &["confirmed", "not_confirmed", "not_our_national"]),
        unless: &[],
        hint: "rule-basis",
    },
    Rule::Need {
        path: "confirmed",
        when: Condition::Is("result", &["confirmed"]),
        unless: &[],
        hint: "rule-confirmed",
    },
    Rule::Need {
        path: "next_action.date",
        when: Condition::Always,
        unless: &[Condition::Is("next_action.code", &["none"])],
        hint: "rule-next-action",
    },
    Rule::Asked { path: "minor_age_confirmed", when: &CHILD_ASKED, hint: "rule-minor-age" },
];

/// The answer. It never says more than was asked.
pub(super) const ANSWER_SPEC: Spec = Spec {
    name: "identity-answer",
    code: "IDR",
    travels: Travels::Step(Some("IDQ")),
    schema: "relay/IDR/1.0",
    fields: ANSWER,
    rules: ANSWER_RULES,
    fills: &[],
    persons: &[],
    priority: Priority::P2,
    raised: &[],
    retention_days: 365,
};
