//! SCP, the free places of a shelter. It names no address: whoever reads it learns a code and a region.

use causeway_common::priority::Priority;

use crate::referral::codes::*;
use crate::referral::components::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{Field, Fill, Rule, Spec, Travels, draft, filled, may, must};

/// Hours after which nobody relies on the numbers any more.
const VALID_HOURS: u64 = 24;

const FIELDS: &[Field] = &[
    // Nobody's data: no basis for processing is asked for.
    may("legal_basis", Code(&LEGAL_BASIS)).of(HDR),
    draft("shelter_code", Line(40)).of(OPS),
    must("region", Subdivision).of(OPS),
    filled("updated", Instant).of(OPS),
    filled("valid_until", Instant).of(OPS),
    must("capacity", List(&Group(PLACES), 1, 50)).of(OPS),
    may("accepts", Codes(&ACCEPTS)).of(OPS),
    may("boys_up_to_age", Whole(0, 17)).of(OPS),
    may("services", Codes(&SUPPORT)).of(OPS),
    may("languages_spoken", List(&Language, 0, 20)).of(OPS),
    may("max_stay", Duration).of(OPS),
    may("security", Code(&SECURITY)).of(OPS),
    may("intake_hours", Text(SHORT)).of(OPS),
    may("transport_pickup", Group(&[must("offered", Flag), may("within_km", Whole(0, 2_000))])).of(OPS),
    may("temporary_closed", Group(&[must("closed", Flag), may("reason", Text(SHORT))])).of(OPS),
];

/// How many of what, for whom.
const PLACES: &[Field] = &[
    must("unit", Code(&UNIT)),
    must("group", Code(&GUESTS)),
    must("maximum", Whole(0, 65_535)),
    must("available", Whole(0, 65_535)),
    may("reserved", Whole(0, 65_535)),
];

const RULES: &[Rule] = &[
    Rule::Order { at: "capacity[]", low: "available", high: "maximum" },
    Rule::Order { at: "capacity[]", low: "reserved", high: "maximum" },
    Rule::Ahead("valid_until", None),
];

pub(super) const SPEC: Spec = Spec {
    name: "capacity",
    code: "SCP",
    travels: Travels::Standing,
    schema: "relay/SCP/1.0",
    fields: FIELDS,
    rules: RULES,
    fills: &[("updated", Fill::InHours(0)), ("valid_until", Fill::InHours(VALID_HOURS))],
    persons: &[],
    priority: Priority::P3,
    raised: &[],
    retention_days: 7,
};
