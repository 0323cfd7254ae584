//! The inner header, and what may stand in every kind.

use crate::referral::codes::*;
use crate::referral::components::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{Condition, Field, Rule, filled, may, must};

/// Fields of the header. Kind, schema, number, author and time are written when a referral is sent, whatever a
/// document says about them.
pub(in crate::referral) const HEADER: &[Field] = &[
    filled("kind", Line(3)).of(HDR),
    filled("schema", Line(40)).of(HDR),
    filled("packet_id", Id).of(HDR),
    filled("case_ref", Line(40)).of(HDR),
    may("peer_case_ref", Line(40)).of(HDR),
    may("in_reply_to", Id).of(HDR),
    may("root_packet", Id).of(HDR),
    may("supersedes", Id).of(HDR),
    may("references", List(&Group(&[must("packet_id", Id), must("rel", Code(&REFERENCE))]), 0, LIST_MAX))
        .of(HDR),
    filled("mode", Code(&MODE)).of(HDR),
    filled("created", Instant).of(HDR),
    may("event_time", Instant).of(HDR),
    filled("author", Group(AUTHOR)).of(HDR),
    must("duty_contact", Group(DESK)).of(HDR),
    filled("languages", List(&Language, 1, 20)).of(HDR),
    filled("priority", Code(&PRIORITY)).of(HDR),
    may("urgency", Code(&URGENCY)).of(HDR),
    may("severity", Code(&SEVERITY)).of(HDR),
    may("certainty", Code(&CERTAINTY)).of(HDR),
    may("respond_by", Instant).of(HDR),
    filled("handling", Codes(&HANDLING)).of(HDR),
    may("handling_text", Text(SHORT)).of(HDR),
    may("eval", Group(EVAL)).of(HDR),
    must("legal_basis", Code(&LEGAL_BASIS)).of(HDR),
    filled("consent_ref", Line(64)).of(HDR),
    filled("retention_until", Date).of(HDR),
    may("recipients", List(&Group(RECIPIENT), 0, 32)).of(HDR),
    may("fallback", List(&Group(NEXT), 0, 10)).of(HDR),
    may("auto_fallback", Flag).of(HDR),
    may("ownership", Code(&OWNERSHIP)).of(HDR),
    may("mode_of_acceptance", Code(&ACCEPTANCE)).of(HDR),
    may("guardian", GroupOrText(INQUIRER)).of(FAM),
    may("guardian_pending", Flag).of(HDR),
    may("stat", Group(STAT)).of(STA),
    may("consent", Group(CONSENT)).of(CNS),
    may("asylum_flag", Flag).of(LEG),
    may("persecution_fear_countries", List(&Country, 0, 50)).of(LEG),
    may("override", Group(OVERRIDDEN)).of(HDR),
    may("location_expires", Instant).of(LOC),
];

const AUTHOR: &[Field] =
    &[may("org_id", Id), must("staff_no", Line(40)), may("organisation", Line(120)), may("country", Country)];

/// Who gets it if nobody answers. Which sections that one may have is decided on the whole document and written when it is
/// sent, whatever a document says; without it nothing goes along the list.
const NEXT: &[Field] = &[
    may("org_id", Id),
    may("key_id", Hash),
    may("name", Line(120)),
    may("duty_phone", Phone),
    may("eta", Instant),
    may("sections", Codes(&SECTION)),
];

/// Who else has it, and which sections of it.
const RECIPIENT: &[Field] = &[
    may("org_id", Id),
    may("key_id", Hash),
    may("name", Line(120)),
    may("role", Code(&ROLE)),
    may("sections", Codes(&SECTION)),
];

/// A decision of two people to go without consent. Everybody who may read the header sees that there is one.
const OVERRIDDEN: &[Field] = &[
    must("reason", Code(&OVERRIDE)),
    must("text", Text(2_000)).of(CNS),
    must("decided_by", Group(STAFF)).of(CNS),
    may("second_person", Group(STAFF)).of(CNS),
    must("at", Instant),
    must("review_by", Instant),
];

/// Longest time, in hours, until such a decision is looked at again.
const REVIEW_HOURS_MAX: u64 = 72;

pub(in crate::referral) const EVAL: &[Field] =
    &[must("source", Code(&SOURCE)), must("information", Code(&INFORMATION))];

/// The consent record. The signed form stays where it was signed.
pub(in crate::referral) const CONSENT: &[Field] = &[
    must("consent_id", Id),
    must("subject_pseudonym", Line(60)),
    must("given_by", Code(&GIVEN_BY)),
    may("assent_of_child", Code(&YES_NO_UNKNOWN)),
    must("capacity", Code(&CAPACITY)),
    must("method", Code(&CONSENT_METHOD)),
    must("language", Language),
    must("interpreter", Flag),
    must("explained", Group(EXPLAINED)),
    must("scope", List(&Group(SCOPE), 1, 20)),
    may("withhold", List(&Group(WITHHELD), 0, 20)),
    may("caller_agrees", Codes(&ROLE)),
    must("reporting_ok", Flag),
    may("tracing_ok", Code(&TRACING)),
    may("contact_rule", Group(CONTACT)),
    must("obtained", Instant),
    filled("valid_until", Date),
    may("evidence", Group(ATTACH)),
    may("withdrawn", Group(&[must("at", Instant), may("by", Line(60)), may("scope", Text(SHORT))])),
];

const EXPLAINED: &[Field] = &[
    must("interview", Flag),
    must("purpose", Flag),
    must("use_of_data", Flag),
    must("research", Flag),
    must("right_to_ask", Flag),
    must("storage_time", Flag),
    must("how_to_withdraw", Flag),
];

const SCOPE: &[Field] = &[
    may("role", Code(&ROLE)),
    may("org_id", Id),
    must("sections", Codes(&SECTION)),
    must("purpose", Codes(&PURPOSE)),
    may("until", Date),
];

const WITHHELD: &[Field] = &[
    may("role", Code(&ROLE)),
    may("org", Line(120)),
    may("person", Text(SHORT)),
    may("sections", Codes(&SECTION)),
    may("reason", Code(&WITHHOLD)),
];

/// What a referral must say beside the header of every kind.
pub(super) const REFERRAL_RULES: &[Rule] =
    &[Rule::Need { path: "respond_by", when: Condition::Always, unless: &[], hint: "rule-respond-by" }];

pub(super) const RULES: &[Rule] = &[
    Rule::Need {
        path: "consent.assent_of_child",
        when: Condition::Is("consent.capacity", &["minor"]),
        unless: &[],
        hint: "rule-assent",
    },
    Rule::Need {
        path: "override.second_person",
        when: Condition::Has("override"),
        unless: &[Condition::Is("priority", &["P0"])],
        hint: "rule-second-person",
    },
    Rule::Ahead("override.review_by", Some(REVIEW_HOURS_MAX)),
    Rule::Ahead("respond_by", None),
    Rule::NotPast("retention_until"),
    Rule::Need {
        path: "consent",
        when: Condition::Is("legal_basis", &["consent"]),
        unless: &[],
        hint: "rule-consent",
    },
    Rule::AnyOf { at: "consent.scope[]", of: &["role", "org_id"], unless: &[] },
    Rule::AnyOf { at: "consent.withhold[]", of: &["role", "org", "person"], unless: &[] },
];
