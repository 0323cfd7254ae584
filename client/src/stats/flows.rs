//! What becomes of referrals, and of places in shelters.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use causeway_common::framed::sha256;
use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Table;
use super::counts::{Axis, Counts, Label};
use super::facts::{Facts, Tag, at, clean, named, tag};
use crate::beds::partners;
use crate::casebook::Case;
use crate::model::Transport;
use crate::referral::values;

/// Units of one publication that are counted.
const UNITS_MAX: usize = 50;
/// Places of one unit.
const PLACES_MAX: u64 = u16::MAX as u64;

/// How far each referral came, by kind and partner. A referral counts in the last column that it has reached, so that lines add up.
pub(super) fn funnel(table: Table, cases: &[&Facts], partners: &HashMap<OrgId, String>) -> Counts {
    let mut counts = Counts::new(table);
    for case in cases {
        let partner = partners.get(&case.partner).map_or("", String::as_str);
        let route = Label::new(Axis::Route, format!("{} – {partner}", case.kind));
        counts.add(route, Label::new(Axis::Code, &*case.reached), 1);
    }
    counts
}

/// How far a referral came.
pub(super) fn reached(case: &Case) -> &'static str {
    match case.thread.work.as_str() {
        "declined" => "declined",
        "completed" | "closed" => "completed",
        "accepted" | "in_progress" | "on_hold" | "handed_over" | "withdraw_requested" => "accepted",
        "withdrawn" | "expired" | "failed" | "entered_in_error" => "ended",
        _ if case.transport.is_failure() => "ended",
        _ if !case.thread.ours || matches!(case.transport, Transport::Delivered | Transport::Opened) => {
            "delivered"
        }
        _ => "sent",
    }
}

/// Why referrals were declined, by kind.
pub(super) fn declines(cases: &[&Facts]) -> Counts {
    let mut counts = Counts::new(Table::Declines);
    for case in cases.iter().filter(|case| !case.declined.is_empty()) {
        counts.add(kind(case), Label::new(Axis::Listed("CL-DR"), &*case.declined), 1);
    }
    counts
}

/// Why a referral was declined; empty if it was not.
pub(super) fn declined(case: &Case) -> String {
    if case.thread.work != "declined" {
        return String::new();
    }
    let last =
        case.steps.iter().rev().find(|(event, _)| event.what.starts_with("decline") && !event.taken_back);
    clean(last.and_then(|(_, update)| update.as_ref()).map_or("", |update| update.reason.as_str()))
}

/// Referrals that went without consent, by kind and reason.
pub(super) fn overrides(cases: &[&Facts]) -> Counts {
    let mut counts = Counts::new(Table::Overrides);
    let mut known = BTreeSet::new();
    for case in cases.iter().filter(|case| !case.overridden.is_empty()) {
        if known.insert(case.root) {
            counts.add(kind(case), Label::new(Axis::Listed("override-reason"), &*case.overridden), 1);
        }
    }
    counts
}

/// Why a referral went without consent; empty if it did not.
pub(super) fn overridden(document: &Map<String, Value>) -> String {
    let reason =
        at(document, &["override", "reason"]).or_else(|| at(document, &["consent", "override", "reason"]));
    reason.map_or_else(String::new, |reason| clean(named(Some(reason)).unwrap_or("")))
}

/// Places of a shelter after one publication.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Places {
    /// Which shelter of which organisation.
    shelter: Tag,
    /// When it was written, in milliseconds, and when it began here: the newest counts.
    written: (Option<i64>, Timestamp),
    /// Until when one relies on it.
    counts_until: Timestamp,
    units: Vec<Unit>,
}

/// Places for one group of guests.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Unit {
    group: String,
    most: u64,
    free: u64,
    reserved: u64,
}

impl Places {
    /// Those of a publication; none if the case is none.
    pub(super) fn of(case: &Case) -> Option<Self> {
        let Case { thread, document, .. } = case;
        let code = document.get("shelter_code").and_then(Value::as_str).filter(|_| thread.kind == "SCP")?;
        // Two shelters may have chosen the same code; ours goes to many partners and is one.
        let whose = if thread.ours { &[][..] } else { &thread.peer.0 };
        let units = document.get("capacity").and_then(Value::as_array);
        let updated = document.get("updated").and_then(Value::as_str).and_then(values::instant);
        Some(Self {
            shelter: tag(&sha256(&[whose, code.as_bytes()].concat()).0),
            written: (updated, thread.begun),
            counts_until: partners::counts_until(document, thread.begun),
            units: units.into_iter().flatten().take(UNITS_MAX).map(Unit::of).collect(),
        })
    }
}

impl Unit {
    fn of(unit: &Value) -> Self {
        let number = |name: &str| unit.get(name).and_then(Value::as_u64).unwrap_or(0).min(PLACES_MAX);
        Self {
            group: clean(unit.get("group").and_then(Value::as_str).unwrap_or("")),
            most: number("maximum"),
            free: number("available"),
            reserved: number("reserved"),
        }
    }

    fn count(&self, counts: &mut Counts, stale: bool) {
        let group = Label::new(Axis::Listed("guest-group"), &*self.group);
        let mut add = |code: &str, count: u64| {
            if count > 0 {
                counts.add(group.clone(), Label::new(Axis::Code, code), count);
            }
        };
        if stale {
            add("stale", self.most);
        } else {
            add("free", self.free.min(self.most));
            add("reserved", self.reserved.min(self.most.saturating_sub(self.free)));
            add("occupied", self.most.saturating_sub(self.free).saturating_sub(self.reserved));
        }
    }
}

/// Places by group of guests: taken, reserved and free after the newest publication of each shelter; of publications that nobody
/// relies on any more only how many places they name.
pub(super) fn shelters(cases: &[&Facts], now: Timestamp) -> Counts {
    let mut newest: BTreeMap<Tag, &Places> = BTreeMap::new();
    for places in cases.iter().filter_map(|case| case.shelter.as_ref()) {
        let shelter = newest.entry(places.shelter).or_insert(places);
        if places.written > shelter.written {
            *shelter = places;
        }
    }
    let mut counts = Counts::new(Table::Shelters);
    for places in newest.into_values() {
        let stale = places.counts_until <= now;
        places.units.iter().for_each(|unit| unit.count(&mut counts, stale));
    }
    counts
}

pub(super) fn kind(case: &Facts) -> Label {
    Label::new(Axis::Code, &*case.kind)
}
