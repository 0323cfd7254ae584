//! Groups of fields that several kinds share.

use super::codes::*;
use super::sections::*;
use super::spec::Type::{self, *};
use super::spec::{Field, filled, may, must};

/// Short texts.
pub(super) const SHORT: usize = 200;
/// Long texts.
pub(super) const LONG: usize = 8_000;
/// Narratives.
pub(super) const NARRATIVE: usize = 32_000;
/// Elements of a list, unless its field says less.
pub(super) const LIST_MAX: usize = 100;

const NAME: &[Field] = &[
    filled("type", Code(&NAME_TYPE)),
    filled("script", Line(4)),
    may("lang", Language),
    may("family", Line(100)),
    may("given", Line(100)),
    may("patronymic", Line(100)),
    may("full", Line(300)),
    may("translit_system", Code(&TRANSLIT)),
    filled("derived", Flag),
    may("doc_ref", Whole(0, 99)),
];
pub(super) const NAMES: Type = List(&Group(NAME), 0, 20);
const AGE: &[Field] = &[
    must("min", Whole(0, 120)),
    must("max", Whole(0, 120)),
    may("as_of", PartialDate),
    may("basis", Code(&AGE_BASIS)),
];
const NATIONALITIES: Type =
    List(&Group(&[must("country", Nationality), may("status", Code(&NATIONALITY_STATUS))]), 0, 10);
const SPOKEN: Type = List(
    &Group(&[
        must("lang", Language),
        may("level", Code(&LANGUAGE_LEVEL)),
        may("spoken", Flag),
        may("written", Flag),
    ]),
    0,
    20,
);
const PARENTS: Type =
    List(&Group(&[must("rel", Code(&PARENT)), must("names", NAMES), may("maiden_family", Line(100))]), 0, 10);
const PHONES: Type = List(&Phone, 0, 20);
const EMAILS: Type = List(&Email, 0, 20);

const PHYSICAL: &[Field] = &[
    may("height_cm", Range(30.0, 260.0)),
    may("weight_kg", Range(1.0, 400.0)),
    may("build", Code(&BUILD)),
    may("eye_colour", Code(&EYES)),
    may("hair_colour", Code(&HAIR)),
    may("hair_style", Text(SHORT)),
    may("complexion", Text(60)),
    may("marks", List(&Group(MARKS), 0, 50)),
    may("dental", Text(SHORT)),
    may("glasses", Text(SHORT)),
    may("walk_speech", Text(SHORT)),
    may("clothing_last_seen", Text(500)),
    may("items_carried", Text(500)),
    may("biometrics_available", Codes(&BIOMETRICS)),
];
const MARKS: &[Field] = &[
    must("type", Code(&MARK)),
    may("body_part", Code(&BODY_PART)),
    may("side", Code(&SIDE)),
    may("text", Text(500)),
    may("photo", Group(ATTACH)),
];

pub(super) const ATTACH: &[Field] = &[
    may("att_id", Id),
    may("name", Line(120)),
    may("media_type", Code(&MEDIA_TYPE)),
    may("size", Whole(0, 1 << 30)),
    may("hash", Hash),
    may("purpose", Code(&ATTACH_PURPOSE)),
    may("captured", PartialDate),
    may("lang", Language),
    may("exif_stripped", Flag),
    may("note", Text(SHORT)),
];

pub(super) const DOC_FIELDS: &[Field] = &[
    must("doc_type", Code(&DOC_TYPE)).or_nil(),
    must("issuer", Issuer).or_nil(),
    may("number", DocumentNumber),
    may("issued", PartialDate),
    may("expires", PartialDate),
    may("mrz", List(&Line(44), 1, 3)),
    may("mrz_check", Group(MRZ_CHECKS)),
    must("holder_state", Code(&HOLDER)).or_nil(),
    may("authenticity", Code(&AUTHENTICITY)),
    may("scan", Group(ATTACH)),
];
/// What the sender found when adding up; whoever receives it adds up again.
const MRZ_CHECKS: &[Field] = &[
    may("num", Code(&MRZ_CHECK)),
    may("dob", Code(&MRZ_CHECK)),
    may("exp", Code(&MRZ_CHECK)),
    may("opt", Code(&MRZ_CHECK)),
    may("composite", Code(&MRZ_CHECK)),
];
pub(super) const DOCUMENTS: Type = List(&Group(DOC_FIELDS), 0, 20);

const GEO: &[Field] = &[
    must("lat", Number(-90.0, 90.0)),
    must("lon", Number(-180.0, 180.0)),
    may("radius_m", Whole(0, u32::MAX as i64)),
];
const BORDER_POINT: &[Field] = &[
    may("bp_id", Line(20)),
    may("name", Text(SHORT)),
    may("country_a", Country),
    may("country_b", Country),
    may("mode", Code(&BORDER_MODE)),
    may("locode", Locode),
    may("iata", Airport),
    may("geo", Group(GEO)),
];
pub(super) const PLACE: &[Field] = &[
    may("country", Country),
    may("subdivision", Subdivision),
    may("place", Text(SHORT)),
    may("address", Text(SHORT)),
    may("postal_code", Line(20)),
    may("geo", Group(GEO)),
    may("precision", Code(&PRECISION)),
    may("border_point", Group(BORDER_POINT)),
    may("direction", Code(&DIRECTION)),
    may("lane_or_flight", Text(SHORT)),
];
pub(super) const VEHICLE_FIELDS: &[Field] = &[
    may("category", Code(&VEHICLE)),
    may("plate", Line(20)),
    may("plate_country", Country),
    may("make", Line(60)),
    may("model", Line(60)),
    may("colour", Line(60)),
    may("marks", Text(SHORT)),
    may("operator", Line(100)),
    may("number", Line(20)),
    may("eta", Instant),
    may("seat", Line(20)),
    may("direction", Code(&DIRECTION)),
    may("ticket", Line(40)),
];

/// Which desk, and how it is reached day and night.
pub(super) const DESK: &[Field] = &[may("role", Text(SHORT)), must("phone", Phone), may("hours", Line(100))];
pub(super) const STAFF: &[Field] = &[may("org_id", Id), must("staff_no", Line(40))];
/// An organisation: its number in the directory, or the exact name that it has there.
pub(super) const ORG: &[Field] = &[
    may("org_id", Id),
    may("key_id", Hash),
    may("name", Line(120)),
    may("duty_phone", Phone),
    may("eta", Instant),
];
pub(super) const MONEY: &[Field] =
    &[must("amount_minor", Whole(i64::MIN, i64::MAX)), must("currency", Currency)];

/// How somebody may be called without danger to anyone.
pub(super) const CONTACT: &[Field] = &[
    may("phone", Phone),
    may("email", Email),
    may("messenger", Line(100)),
    may("owner", Code(&CONTACT_OWNER)),
    may("safe", Code(&YES_NO_UNKNOWN)),
    may(
        "hours",
        List(
            &Group(&[
                may("days", Codes(&WEEKDAY)),
                may("from", Clock),
                may("to", Clock),
                may("tz", TimeZone),
            ]),
            0,
            14,
        ),
    ),
    may("who_may_answer", Text(SHORT)),
    may("cover_story", Text(200)),
    may("leave_message", Flag),
    may("text_ok", Flag),
    may("controlled_by_exploiter", Flag),
];

macro_rules! person {
    ($($extra:expr),* $(,)?) => {
        &[
            filled("person_id", Id),
            may("pseudonym", Line(60)),
            may("role", Code(&PERSON_ROLE)),
            may("names", NAMES),
            must("sex", Sex).or_nil(),
            may("gender_identity", Code(&GENDER)),
            may("dob", PartialDate),
            may("age", Group(AGE)),
            filled("minor", Code(&MINOR)),
            may("birth_place", Group(&[may("country", Country), may("subdivision", Subdivision), may("place", Text(SHORT))])),
            may("nationalities", NATIONALITIES),
            may("residence", Group(PLACE)),
            may("languages", SPOKEN),
            may("literacy", Code(&LITERACY)),
            may("parents", PARENTS).of(FAM),
            may("marital", Code(&MARITAL)).of(FAM),
            may("children_count", Whole(0, 30)).of(FAM),
            may("education", Code(&EDUCATION)),
            may("occupation", Text(SHORT)),
            may("physical", Group(PHYSICAL)).of(PHO),
            may("documents", DOCUMENTS).of(DOC),
            may("phones", PHONES).of(CON),
            may("emails", EMAILS).of(CON),
            may("contact", Group(CONTACT)).of(CON),
            may("photo", List(&Group(ATTACH), 0, 20)).of(PHO),
            may("deceased", Group(&[must("deceased", Flag), may("date", PartialDate)])),
            $($extra),*
        ]
    };
}

/// The person a referral is about.
pub(super) const PERSON: &[Field] = person!();
/// Somebody who depends on that person.
pub(super) const DEPENDANT: &[Field] =
    person!(may("relation", Code(&RELATION)).of(FAM), may("custody_document", Text(SHORT)).of(FAM),);
/// A person at a border: what is known, and nothing is demanded.
pub(super) const PERSON_LIGHT: &[Field] = &[
    may("pseudonym", Line(60)),
    may("role", Code(&PERSON_ROLE)),
    may("names", NAMES),
    may("sex", Sex),
    may("dob", PartialDate),
    may("age", Group(AGE)),
    may("minor", Code(&MINOR)),
    may("nationalities", NATIONALITIES),
    may("languages", SPOKEN),
    may("physical", Group(PHYSICAL)).of(PHO),
    may("documents", DOCUMENTS).of(DOC),
    may("phones", PHONES).of(CON),
    may("photo", List(&Group(ATTACH), 0, 20)).of(PHO),
];
/// Somebody who travels with that person, or recruited her. All of it stays in the section about suspects.
pub(super) const SUSPECT: &[Field] = &[
    may("role", Code(&PERPETRATOR)),
    may("names", NAMES),
    may("sex", Sex),
    may("dob", PartialDate),
    may("age", Group(AGE)),
    may("nationalities", NATIONALITIES),
    may("physical", Group(PHYSICAL)),
    may("phones", PHONES),
    may("armed", Code(&YES_NO_UNKNOWN)),
    may("vehicle", Group(VEHICLE_FIELDS)),
    may("text", Text(LONG)),
];
/// The person who asks. All of it stays in the section about the family.
pub(super) const INQUIRER: &[Field] = &[
    must("relation", Code(&RELATION)),
    must("names", NAMES).or_nil(),
    may("sex", Sex),
    may("languages", SPOKEN),
    may("residence", Group(PLACE)),
    must("contact", Group(CONTACT)),
];

/// How many, as far as anybody knows.
pub(super) const ESTIMATE: &[Field] = &[must("min", Whole(0, 10_000)), must("max", Whole(0, 10_000))];
/// What was handed over, by whom to whom; both sides send the same record.
pub(super) const HANDOVER: &[Field] = &[
    must("handed_over_at", Instant),
    must("place", Text(SHORT)),
    must("person_present", Code(&YES_NO)),
    may("documents_handed", List(&Text(SHORT), 0, 50)),
    may("medication_handed", Text(SHORT)),
    must("condition", Text(2_000)),
    must("by", Group(STAFF)),
    must("to", Group(STAFF)),
    may("complaints", Text(2_000)),
];
/// Facts without a person. Only these are counted.
pub(super) const STAT: &[Field] = &[
    may("age_band", Code(&AGE_BAND)),
    may("sex", Sex),
    may("month", PartialDate),
    may("origin_country", Country),
    may("origin_region", Subdivision),
    may("exploitation_country", Country),
    may("exploitation_region", Subdivision),
    may("exploitation", Codes(&EXPLOITATION)),
    may("sexual_type", Codes(&SEXUAL)),
    may("industry", Codes(&INDUSTRY)),
    may("control", Codes(&CONTROL)),
    may("recruitment", Codes(&RECRUITMENT)),
    may("relation_to_trafficker", Code(&TRAFFICKER)),
    may("trafficking_status", Code(&TRAFFICKING)),
    may("migration_status", Code(&MIGRATION)),
    may("case_status", Code(&CASE_STATUS)),
    may("reason_for_referral", Code(&REFERRED_FOR)),
    may("referred_to", Code(&ORGANISATION)),
    may("events", List(&Group(EVENT_OF_CASE), 0, 20)),
    may("outcome", Code(&OUTCOME)),
    may("victims", Group(ESTIMATE)),
    may("minors", Group(ESTIMATE)),
];
const EVENT_OF_CASE: &[Field] = &[
    must("type", Code(&EVENT_TYPE)),
    may("country", Country),
    may("subdivision", Subdivision),
    may("month", PartialDate),
];
