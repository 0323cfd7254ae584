//! VHO, a person goes from the care of one organisation into that of another.

use causeway_common::priority::Priority;

use crate::referral::codes::*;
use crate::referral::components::*;
use crate::referral::sections::*;
use crate::referral::spec::Type::*;
use crate::referral::spec::{Condition, Field, Fill, Rule, Spec, Travels, draft, filled, may, must};

const FIELDS: &[Field] = &[
    draft("handoff_type", Code(&HANDOFF_TYPE)).of(HDR),
    must("voluntary", Group(VOLUNTARY)).of(CNS),
    must("person", Group(PERSON)).of(IDN),
    may("dependants", List(&Group(DEPENDANT), 0, 20)).of(IDN),
    may("minor_block", Group(MINOR_BLOCK)).of(FAM),
    must("travel_document", Group(TRAVEL_DOCUMENT)).of(DOC),
    must("itinerary", List(&Group(LEG_OF_JOURNEY), 1, 10)).of(TRA),
    must("escort", Code(&ESCORT)).of(TRA),
    may("escort_staff", Group(STAFF)).of(TRA),
    must("handover_point", Group(HANDOVER_POINT)).of(TRA),
    must("handover_recognition", Group(RECOGNITION)).of(RSK),
    must("receiver", Group(ORG)).of(OPS),
    must("risk", Group(RISK)).of(RSK),
    must("needs", Group(NEEDS)).of(OPS),
    may("medical_handover", Group(MEDICAL)).of(MED),
    may("legal_status", Group(LEGAL)).of(LEG),
    may(
        "belongings_and_money",
        Group(&[may("belongings", List(&Text(SHORT), 0, LIST_MAX)), may("grant", Group(MONEY))]),
    )
    .of(OPS),
    must("follow_up_plan", List(&Group(FOLLOW_UP), 1, 50)).of(OPS),
    filled("information_back", Codes(&INFORM_BACK)).of(HDR),
];

const VOLUNTARY: &[Field] =
    &[must("answer", Code(&YES_NO)), must("informed_of_options", Flag), may("reflection_period_end", Date)];

const MINOR_BLOCK: &[Field] = &[
    must("guardian", GroupOrText(INQUIRER)).or_nil(),
    must("best_interest_decision", Group(&[must("date", PartialDate), must("authority", Text(SHORT))])),
    must("family_assessment", Code(&ASSESSMENT)),
    must("receiving_guardian", GroupOrText(INQUIRER)).or_nil(),
];

/// A document that is there, or the request for one.
const TRAVEL_DOCUMENT: &[Field] = &[
    may("doc_type", Code(&DOC_TYPE)),
    may("issuer", Issuer),
    may("number", DocumentNumber),
    may("issued", PartialDate),
    may("expires", PartialDate),
    may("mrz", List(&Line(44), 1, 3)),
    may("holder_state", Code(&HOLDER)),
    may("authenticity", Code(&AUTHENTICITY)),
    may("etd_requested", Flag),
    may("embassy", Text(SHORT)),
    may("idq_packet", Id),
];

const LEG_OF_JOURNEY: &[Field] = &[
    must("from", GroupOrText(PLACE)),
    must("to", GroupOrText(PLACE)),
    may("border_point", Text(SHORT)),
    must("mode", Code(&VEHICLE)),
    may("carrier", Line(100)),
    may("number", Line(20)),
    must("dep", Instant).or_nil(),
    must("arr", Instant).or_nil(),
    may("seat", Line(20)),
    may("escort", Text(SHORT)),
];

const HANDOVER_POINT: &[Field] = &[
    must("place", GroupOrText(PLACE)),
    must("meeting", Text(500)),
    must("from", Instant).or_nil(),
    must("until", Instant).or_nil(),
];

const RECOGNITION: &[Field] =
    &[may("sign", Text(SHORT)), may("code_word", Line(40)), may("photo_of_receiver", Group(ATTACH))];

const RISK: &[Field] = &[
    must("level", Code(&RISK_LEVEL)),
    may("known_threats", Text(LONG)),
    may("people_not_to_inform", List(&Text(SHORT), 0, LIST_MAX)),
    may("media_risk", Code(&YES_NO_UNKNOWN)),
    may("retrafficking_risk", Code(&YES_NO_UNKNOWN)),
    must("family_involved_in_trafficking", Code(&YES_NO_UNKNOWN)),
    may("debt", Group(MONEY)),
];

const NEEDS: &[Field] =
    &[must("support", Codes(&SUPPORT)), may("text", Text(LONG)), may("languages", List(&Language, 0, 10))];

const MEDICAL: &[Field] = &[
    may("conditions", Text(LONG)),
    may(
        "medication",
        List(&Group(&[must("name", Line(100)), may("dose", Line(100)), may("until", PartialDate)]), 0, 50),
    ),
    may("allergies", Text(LONG)),
    may("pregnancy_week", Whole(0, 45)),
    may("contagious", Text(SHORT)),
    may(
        "fit_to_travel",
        Group(&[must("answer", Code(&YES_NO_UNKNOWN)), may("doctor", Line(100)), may("date", PartialDate)]),
    ),
    may("psych_risk", Text(LONG)),
];

const LEGAL: &[Field] = &[
    may("proceedings", Code(&PROCEEDINGS)),
    may("next_hearing", When),
    may("lawyer", Text(SHORT)),
    may("compensation_claim", Text(SHORT)),
    may("residence_permit_until", PartialDate),
    may("entry_ban", Text(SHORT)),
];

const FOLLOW_UP: &[Field] = &[must("what", Text(SHORT)), must("who", Text(SHORT)), may("due", PartialDate)];

const RULES: &[Rule] = &[
    Rule::Need { path: "person.names", when: Condition::Always, unless: &[], hint: "rule-legal-name" },
    Rule::AnyOf { at: "person", of: &["dob", "age"], unless: &[] },
    Rule::AnyOf { at: "person.names[]", of: &["family", "given", "full"], unless: &[] },
    Rule::Order { at: "person.age", low: "min", high: "max" },
    Rule::Need {
        path: "minor_block",
        when: Condition::Is("person.minor", &["yes", "presumed"]),
        unless: &[Condition::Is("priority", &["P0"])],
        hint: "rule-minor-block",
    },
    Rule::Recent("itinerary[].arr", 24),
    Rule::AnyOf { at: "travel_document", of: &["doc_type", "etd_requested"], unless: &[] },
    Rule::AnyOf { at: "handover_recognition", of: &["sign", "code_word", "photo_of_receiver"], unless: &[] },
    Rule::AnyOf { at: "receiver", of: &["org_id", "name"], unless: &[] },
    Rule::Need {
        path: "receiver.duty_phone",
        when: Condition::Has("receiver"),
        unless: &[],
        hint: "rule-receiver-phone",
    },
    Rule::Only {
        path: "voluntary.informed_of_options",
        is: "true",
        message: "rule-informed",
        hint: "rule-informed.hint",
    },
];

pub(super) const SPEC: Spec = Spec {
    name: "victim-handoff",
    code: "VHO",
    travels: Travels::Referral,
    schema: "relay/VHO/1.0",
    fields: FIELDS,
    rules: RULES,
    // Whoever lets a person go hears that she has arrived, whatever else is asked for: the escalation waits for it.
    fills: &[("information_back", Fill::Among("arrived_safely"))],
    persons: &["person", "dependants[]"],
    priority: Priority::P1,
    raised: &[(Condition::Within("itinerary[].dep", 24), Priority::P0)],
    retention_days: 5 * 365,
};
