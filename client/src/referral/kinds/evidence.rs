//! EVH, evidence and a witness for a prosecutor. Every item names the hands it has passed through.

use causeway_common::priority::Priority;

use crate::referral::codes::*;
use crate::referral::components::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{Condition, Field, Rule, Spec, Travels, draft, may, must};

const FIELDS: &[Field] = &[
    draft("proceeding", Group(PROCEEDING)).of(LEG),
    must("witness", Group(PERSON)).of(IDN),
    must("role", Code(&WITNESS)).of(LEG),
    must("willing", Group(WILLINGNESS)).of(CNS),
    must("protection_needs", List(&Code(&PROTECTION), 0, 20)).of(RSK),
    must("support_person", Group(ORG)).of(OPS),
    may("availability", Group(AVAILABILITY)).of(OPS),
    may("statements", List(&Group(STATEMENTS), 0, 50)).of(EVI),
    may("items", List(&Group(ITEM), 0, LIST_MAX)).of(EVI),
    must("disclosure_limits", Group(LIMITS)).of(HDR),
    may("lawyer", Group(LAWYER)).of(LEG),
    may("compensation", Group(COMPENSATION)).of(LEG),
];

const PROCEEDING: &[Field] = &[
    must("country", Country),
    must("authority", Text(SHORT)),
    must("number", Line(60)).or_nil(),
    must("offence_articles", Text(SHORT)).or_nil(),
    must("stage", Code(&STAGE)),
];

const WILLINGNESS: &[Field] =
    &[must("answer", Code(&WILLING)), must("date", Date), may("reflection_period_end", Date)];

const AVAILABILITY: &[Field] = &[
    may("dates", List(&PartialDate, 0, 20)),
    may("travel_needs", Text(SHORT)),
    may("medical_limits", Text(SHORT)).of(MED),
];

const STATEMENTS: &[Field] = &[
    must("type", Code(&STATEMENT)),
    must("lang", Language),
    must("date", PartialDate),
    may("taken_by", Text(SHORT)),
    may("signed", Flag),
    may("att", Group(ATTACH)),
    may("text", Text(NARRATIVE)),
];

/// An item, as ISO/IEC 27037 asks: what it is, how it was acquired, its hash, and the chain of custody.
const ITEM: &[Field] = &[
    must("item_no", Line(40)),
    must("description", Text(2_000)),
    must("category", Code(&EVIDENCE)),
    must("original_or_copy", Code(&ORIGINAL)),
    must("acquired", Group(ACQUIRED)),
    may("file", Line(120)),
    may("hash_sha256", Hash),
    may("media_type", Line(100)),
    may("size", Whole(0, 1 << 40)),
    must("custody", List(&Group(CUSTODY), 1, 50)),
    may("storage", Text(SHORT)),
    may("restrictions", Text(SHORT)),
];

const ACQUIRED: &[Field] = &[
    must("at", When),
    must("place", Text(SHORT)),
    must("by", Text(SHORT)),
    must("method", Text(SHORT)),
    may("tool", Line(100)),
    may("tool_version", Line(40)),
];

const CUSTODY: &[Field] = &[
    must("at", Instant),
    must("from", Text(SHORT)),
    must("to", Text(SHORT)),
    must("reason", Text(SHORT)),
    must("condition", Text(SHORT)),
    may("seal", Line(60)),
    may("sig_from", Line(200)),
    may("sig_to", Line(200)),
];

const LIMITS: &[Field] = &[must("codes", Codes(&HANDLING)), may("text", Text(2_000))];

const LAWYER: &[Field] = &[may("name", Line(120)), may("phone", Phone), may("email", Email)];

const COMPENSATION: &[Field] = &[
    may("claimed", Group(MONEY)),
    may("lost_wages", Group(MONEY)),
    may("damages", Group(MONEY)),
    may("state_fund", Flag),
];

const RULES: &[Rule] = &[
    Rule::AnyOf { at: "witness", of: &["names", "pseudonym"], unless: &[] },
    Rule::AnyOf { at: "witness.names[]", of: &["family", "given", "full"], unless: &[] },
    Rule::Order { at: "witness.age", low: "min", high: "max" },
    Rule::AnyOf { at: "support_person", of: &["org_id", "name"], unless: &[] },
    Rule::Need {
        path: "support_person.duty_phone",
        when: Condition::Has("support_person"),
        unless: &[],
        hint: "rule-support-phone",
    },
    Rule::Beside { at: "items[]", has: "file", needs: "hash_sha256", hint: "rule-hash" },
    Rule::Unique { at: "items[]", field: "item_no" },
    Rule::InOrder { at: "items[]", list: "custody", field: "at" },
    Rule::Need {
        path: "guardian",
        when: Condition::Is("witness.minor", &["yes", "presumed"]),
        unless: &[Condition::Is("guardian_pending", &["true"])],
        hint: "rule-guardian",
    },
];

pub(super) const SPEC: Spec = Spec {
    name: "evidence",
    code: "EVH",
    travels: Travels::Referral,
    schema: "relay/EVH/1.0",
    fields: FIELDS,
    rules: RULES,
    fills: &[],
    persons: &["witness"],
    priority: Priority::P2,
    raised: &[],
    // Proceedings, and ten years: the longest that can be said beforehand. Whoever knows the end writes a date.
    retention_days: 15 * 365,
};
