//! ODH, the hours of duty of an organisation: when its desks are there, and who answers at night.

use causeway_common::priority::Priority;

use crate::referral::codes::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{Condition, Field, Fill, Rule, Spec, Travels, draft, filled, may, must};

/// Days for which a calendar counts if it does not say more.
const VALID_DAYS: u64 = 365;

// Everything is in the header: whoever may send to this organisation must know when somebody is there.
const FIELDS: &[Field] = &[
    // Nobody's data: no basis for processing is asked for.
    may("legal_basis", Code(&LEGAL_BASIS)).of(HDR),
    draft("time_zone", TimeZone).of(HDR),
    must("around_the_clock", Flag).of(HDR),
    may("opening", List(&Group(OPENING), 0, 50)).of(HDR),
    may("holidays", List(&Date, 0, 100)).of(HDR),
    must("night_desk", Phone).of(HDR).or_nil(),
    must("kinds", Codes(&KIND)).of(HDR),
    filled("valid_until", Date).of(HDR),
];

/// From the first to the second time of these days, in the organisation's own time zone.
const OPENING: &[Field] = &[must("days", Codes(&WEEKDAY)), must("from", Clock), must("to", Clock)];

const RULES: &[Rule] = &[
    Rule::Need {
        path: "opening",
        when: Condition::Always,
        unless: &[Condition::Is("around_the_clock", &["true"])],
        hint: "rule-opening",
    },
    Rule::NotPast("valid_until"),
];

pub(super) const SPEC: Spec = Spec {
    name: "duty-hours",
    code: "ODH",
    travels: Travels::Standing,
    schema: "relay/ODH/1.0",
    fields: FIELDS,
    rules: RULES,
    fills: &[("valid_until", Fill::InDays(VALID_DAYS))],
    persons: &[],
    priority: Priority::P3,
    raised: &[],
    retention_days: 400,
};
