//! What is counted of a case: codes, countries, regions and a month. No words, no names, no dates of people.
//!
//! A living case and one that was erased are counted by the same [`Facts`]: of the one they are worked out when somebody asks,
//! of the other they were when it went ([`super::kept`]).

use std::collections::BTreeSet;

use causeway_common::framed::sha256;
use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{flows, times};
use crate::calls::{self, Call};
use crate::casebook::Case;
use crate::referral::values;
use crate::registers::{borders, countries};

/// Codes of one field that count.
const CODES_MAX: usize = 20;
/// What stands for a code that somebody has left out or made up.
pub(super) const UNKNOWN: &str = "unknown";
/// Longest code that counts as one.
const CODE_BYTES_MAX: usize = 48;

/// Stands for a number: the same number gives the same tag, and the tag does not give the number.
pub(super) type Tag = [u8; 32];

pub(super) fn tag(number: &[u8; 32]) -> Tag {
    sha256(&[&b"causeway statistics"[..], number].concat()).0
}

/// What is counted of one case or call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Which, so that it is not counted twice.
    pub(super) case: Tag,
    /// Its first packet, which other cases may share: what went to several is about the same people.
    pub(super) root: Tag,
    /// For a call, the referrals that it has led to, by their first packets.
    pub(super) led_to: Vec<Tag>,
    /// Kind code.
    pub(super) kind: String,
    /// Whether nobody was sent it: a call.
    pub(super) stays_here: bool,
    /// The other organisation.
    pub(super) partner: OrgId,
    /// Year and month of the contact; of a referral those of its beginning here.
    pub(super) month: (i16, i8),
    /// Whether it was invented to practise.
    pub(super) exercise: bool,
    /// Country of the line.
    pub(super) line: String,
    /// What a contact was about.
    pub(super) category: String,
    /// Who called.
    pub(super) caller: String,
    /// Whether the contact follows another one of the same caller.
    pub(super) repeated: bool,
    /// Border point of our register, or `other`.
    pub(super) border: String,
    /// What came of an alert.
    pub(super) outcome: String,
    /// Where people are exploited, and where they come from; empty: nobody knows.
    pub(super) place: String,
    pub(super) origin: String,
    /// How, and how they were recruited; none if it does not tell of exploitation.
    pub(super) exploitation: Vec<String>,
    pub(super) recruitment: Vec<String>,
    /// How far it came.
    pub(super) reached: String,
    /// Why it was declined; empty: it was not.
    pub(super) declined: String,
    /// Why it went without consent; empty: it did not.
    pub(super) overridden: String,
    /// For each stage that is over its minutes, and whether it was in time.
    pub(super) stages: [Option<(u64, bool)>; times::STAGES.len()],
    /// Of a publication of a shelter, its places.
    pub(super) shelter: Option<flows::Places>,
}
no_content_in_debug!(Facts);

impl Facts {
    /// Of a case as it is now.
    pub fn of(case: &Case) -> Self {
        let Case { thread, document, .. } = case;
        let began = day(case);
        let is_person = thread.kind == calls::KIND
            || ["exploitation", "recruitment"].iter().any(|f| document.contains_key(*f));
        let codes = |name| if is_person { codes(document, name) } else { Vec::new() };
        Self {
            case: tag(&thread.case),
            root: tag(&thread.root.0),
            led_to: Vec::new(),
            kind: clean(&thread.kind),
            stays_here: thread.peer == calls::NOBODY,
            partner: thread.peer,
            month: (began.year(), began.month()),
            exercise: case.is_exercise(),
            line: country(at(document, &["line", "country"]).or_else(|| document.get("caller_country")))
                .unwrap_or_default(),
            category: code(document, &["category", "primary"]),
            caller: code(document, &["caller_role"]),
            repeated: is_repeated(document),
            border: border(document),
            outcome: outcome(case),
            place: place(document).unwrap_or_default(),
            origin: origin(document).unwrap_or_default(),
            exploitation: codes("exploitation"),
            recruitment: codes("recruitment"),
            reached: flows::reached(case).to_owned(),
            declined: flows::declined(case),
            overridden: flows::overridden(document),
            stages: times::stages(case),
            shelter: flows::Places::of(case),
        }
    }

    /// Of a call as it is now.
    pub fn of_call(call: &Call) -> Self {
        let led_to = call.referrals.iter().map(|referral| tag(&referral.0)).collect();
        Self { led_to, ..Self::of(&call.to_case()) }
    }
}

/// The day of a case: of the contact, otherwise of its beginning here.
fn day(case: &Case) -> jiff::civil::Date {
    let began = case.document.get("start").and_then(Value::as_str).and_then(values::instant);
    let began = began.filter(|_| case.thread.kind == calls::KIND);
    let began = began.and_then(|at| u64::try_from(at).ok()).map(Timestamp);
    values::day(began.unwrap_or(case.thread.begun))
}

fn is_repeated(document: &Map<String, Value>) -> bool {
    let called_before = document.get("how_heard").and_then(Value::as_str) == Some("previous_call");
    let category = document.get("category").map(Value::to_string).unwrap_or_default();
    called_before || category.contains("\"follow_up\"")
}

fn border(document: &Map<String, Value>) -> String {
    let id = at(document, &["where", "border_point", "bp_id"]).and_then(Value::as_str);
    id.and_then(borders::by_id).map_or_else(|| "other".to_owned(), |point| point.id.clone())
}

/// What came of an alert: what the border has said last, otherwise where the work stands.
fn outcome(case: &Case) -> String {
    let said = case.steps.iter().rev().find_map(|(_, update)| {
        let other = &update.as_ref()?.other;
        [
            &["bia_result", "outcome", "code"][..],
            &["bia_result", "outcome"],
            &["outcome", "code"],
            &["outcome"],
        ]
        .into_iter()
        .find_map(|path| at(other, path).and_then(Value::as_str))
    });
    clean(said.unwrap_or(&case.thread.work))
}

/// Where people are exploited: the place of the situation, otherwise where somebody was last seen.
fn place(document: &Map<String, Value>) -> Option<String> {
    let places: [&[&str]; 3] = [&["situation_place"], &["last_seen", "place"], &["last_seen"]];
    places.into_iter().find_map(|path| region(at(document, path)?.as_object()?))
}

/// Where people come from: where the first one lived, otherwise the nationality.
fn origin(document: &Map<String, Value>) -> Option<String> {
    let person = ["persons", "subject", "person"].into_iter().find_map(|name| {
        let person = document.get(name)?;
        person.as_array().map_or(Some(person), |list| list.first())?.as_object()
    });
    let residence = |person: &Map<String, Value>| region(person.get("residence")?.as_object()?);
    let nationality =
        |person: &Map<String, Value>| country(person.get("nationalities")?.get(0)?.get("country"));
    let found = person.and_then(|person| residence(person).or_else(|| nationality(person)));
    found.or_else(|| country(document.get("caller_country")))
}

fn region(place: &Map<String, Value>) -> Option<String> {
    let part = place.get("subdivision").and_then(Value::as_str).filter(|part| values::subdivision(part));
    part.map(str::to_owned).or_else(|| country(place.get("country")))
}

fn country(code: Option<&Value>) -> Option<String> {
    countries::by_code(code?.as_str()?).map(|country| country.alpha2.clone())
}

fn code(document: &Map<String, Value>, path: &[&str]) -> String {
    clean(named(at(document, path)).unwrap_or(UNKNOWN))
}

/// Each code of a set; a case with several counts in several columns.
fn codes(document: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = document.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let codes: BTreeSet<String> =
        list.iter().take(CODES_MAX).filter_map(|value| named(Some(value))).map(clean).collect();
    if codes.is_empty() { vec![UNKNOWN.to_owned()] } else { codes.into_iter().collect() }
}

/// A code, be it written as one or with its list.
pub(super) fn named(value: Option<&Value>) -> Option<&str> {
    let value = value?;
    value.get("code").unwrap_or(value).as_str()
}

/// A code; anything that may be words counts as unknown.
pub(super) fn clean(code: &str) -> String {
    let plain = code.len() <= CODE_BYTES_MAX && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain && !code.is_empty() { code.to_owned() } else { UNKNOWN.to_owned() }
}

pub(super) fn at<'a>(map: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(map.get(*first)?, |value, name| value.get(name))
}
