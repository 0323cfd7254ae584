//! What becomes of referrals, and of places in shelters.

use std::collections::BTreeMap;

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use serde_json::Value;

use super::counts::{Axis, Counts, Label};
use super::facts::{at, clean};
use super::{Counted, Table};
use crate::beds::partners;
use crate::casebook::Case;
use crate::model::Transport;
use crate::referral::values;

/// Units of one publication that are counted.
const UNITS_MAX: usize = 50;

/// How far each referral came, by kind and partner. A referral counts in the last column that it has reached, so that lines add up.
pub(super) fn funnel(table: Table, cases: &[&Counted<'_>]) -> Counts {
    let mut counts = Counts::new(table);
    for Counted { case, partner, .. } in cases {
        let route = format!("{} – {partner}", case.thread.kind);
        counts.add(Label::new(Axis::Route, route), Label::new(Axis::Code, reached(case)), 1);
    }
    counts
}

fn reached(case: &Case) -> &'static str {
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
pub(super) fn declines(cases: &[&Counted<'_>]) -> Counts {
    let mut counts = Counts::new(Table::Declines);
    for Counted { case, .. } in cases.iter().filter(|counted| counted.case.thread.work == "declined") {
        let last =
            case.steps.iter().rev().find(|(event, _)| event.what.starts_with("decline") && !event.taken_back);
        let reason = last.and_then(|(_, update)| update.as_ref()).map_or("", |update| update.reason.as_str());
        counts.add(kind(case), Label::new(Axis::Listed("CL-DR"), clean(reason)), 1);
    }
    counts
}

/// Referrals that went without consent, by kind and reason.
pub(super) fn overrides(cases: &[&Counted<'_>]) -> Counts {
    let mut counts = Counts::new(Table::Overrides);
    let mut known = std::collections::BTreeSet::new();
    for Counted { case, .. } in cases {
        let reason = at(&case.document, &["override", "reason"])
            .or_else(|| at(&case.document, &["consent", "override", "reason"]));
        if let Some(reason) = reason.filter(|_| known.insert(case.thread.root.0)) {
            let named = reason.get("code").unwrap_or(reason).as_str().unwrap_or("");
            counts.add(kind(case), Label::new(Axis::Listed("override-reason"), clean(named)), 1);
        }
    }
    counts
}

/// Places by group of guests: taken, reserved and free after the newest publication of each shelter; of publications that nobody
/// relies on any more only how many places they name.
pub(super) fn shelters(cases: &[&Counted<'_>], now: Timestamp) -> Counts {
    let mut newest: BTreeMap<(Option<OrgId>, String), &Case> = BTreeMap::new();
    for Counted { case, .. } in cases.iter().filter(|counted| counted.case.thread.kind == "SCP") {
        let Some(code) = at(&case.document, &["shelter_code"]).and_then(Value::as_str) else { continue };
        // Two shelters may have chosen the same code; ours goes to many partners and is one.
        let whose = (!case.thread.ours).then_some(case.thread.peer);
        let shelter = newest.entry((whose, code.to_owned())).or_insert(case);
        if (moment(case, "updated"), case.thread.begun) > (moment(shelter, "updated"), shelter.thread.begun) {
            *shelter = case;
        }
    }
    let mut counts = Counts::new(Table::Shelters);
    for case in newest.into_values() {
        let stale = partners::counts_until(&case.document, case.thread.begun) <= now;
        let units = case.document.get("capacity").and_then(Value::as_array);
        for unit in units.into_iter().flatten().take(UNITS_MAX) {
            add_unit(&mut counts, unit, stale);
        }
    }
    counts
}

fn add_unit(counts: &mut Counts, unit: &Value, stale: bool) {
    const PLACES_MAX: u64 = u16::MAX as u64;
    let number = |name: &str| unit.get(name).and_then(Value::as_u64).unwrap_or(0).min(PLACES_MAX);
    let group = Label::new(
        Axis::Listed("guest-group"),
        clean(unit.get("group").and_then(Value::as_str).unwrap_or("")),
    );
    let (most, free, reserved) = (number("maximum"), number("available"), number("reserved"));
    let mut add = |code: &str, count: u64| {
        if count > 0 {
            counts.add(group.clone(), Label::new(Axis::Code, code), count);
        }
    };
    if stale {
        add("stale", most);
    } else {
        add("free", free.min(most));
        add("reserved", reserved.min(most.saturating_sub(free)));
        add("occupied", most.saturating_sub(free).saturating_sub(reserved));
    }
}

fn moment(case: &Case, name: &str) -> Option<i64> {
    values::instant(case.document.get(name)?.as_str()?)
}

pub(super) fn kind(case: &Case) -> Label {
    Label::new(Axis::Code, case.thread.kind.clone())
}
