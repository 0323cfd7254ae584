use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use serde_json::json;

use super::*;
use crate::model::{Event, Transport};

const BEGUN: Timestamp = Timestamp(1_790_000_000_000);

/// A case with one step, two days after its beginning.
fn case(kind: &str, work: &str, document: Value) -> Case {
    let step = Event {
        at: BEGUN.plus(DAY * 2),
        by: OrgId([2; 32]),
        what: "complete".into(),
        state: work.into(),
        text: String::new(),
        packet: PacketId([3; 32]),
        after: PacketId([1; 32]),
        conflict: false,
        author: String::new(),
        taken_back: false,
    };
    let thread = Thread {
        case: [7; 32],
        root: PacketId([1; 32]),
        kind: kind.into(),
        peer: OrgId([2; 32]),
        ours: true,
        priority: Priority::P2,
        begun: BEGUN,
        respond_by: Timestamp(0),
        work: work.into(),
        events: vec![step],
        waiting: Vec::new(),
    };
    let document = document.as_object().cloned().unwrap_or_default();
    Case { thread, document, transport: Transport::Delivered, steps: Vec::new() }
}

fn days(case: &Case, renewed: Option<Timestamp>, held: bool) -> Vec<(u64, Fate, Option<Stays>)> {
    let whole = |at: Timestamp| at.since(BEGUN).as_secs() / DAY.as_secs();
    terms(case, renewed, held).into_iter().map(|term| (whole(term.at), term.what, term.stays)).collect()
}

#[test]
fn an_alert_goes_thirty_days_after_its_outcome_and_never_while_it_is_open_or_held() {
    let of = |work: &str, held| days(&case("BIA", work, json!({})), None, held);
    for over in ["completed", "closed", "declined", "withdrawn", "expired", "failed", "entered_in_error"] {
        assert_eq!(of(over, false), [(32, Fate::Erase, None)], "{over}");
    }
    for open in
        ["sent", "received", "seen", "accepted", "in_progress", "on_hold", "handed_over", "a newer word"]
    {
        assert_eq!(of(open, false), [(32, Fate::Erase, Some(Stays::Open))], "{open}");
    }
    assert_eq!(of("closed", true), [(32, Fate::Erase, Some(Stays::Held))]);
}

#[test]
fn the_senders_date_counts_if_it_is_earlier() {
    let until =
        |date: &str| days(&case("BIA", "closed", json!({ "retention_until": date })), None, false)[0].0;
    // The beginning is on 21 September 2026, 14:13 UTC; the sender's day counts to its end.
    assert_eq!(until("2026-09-30"), 9);
    assert_eq!(until("2036-09-30"), 32);
    assert_eq!(until("tomorrow"), 32, "a date that does not read is none");
}

#[test]
fn the_senders_date_erases_nothing_that_has_come_and_is_open_or_new() {
    // The day after it came.
    let document = json!({ "retention_until": "2026-09-22" });
    let of = |kind: &str, work: &str| {
        let mut case = case(kind, work, document.clone());
        case.thread.ours = false;
        days(&case, None, false)
    };
    for untouched in ["received", "seen"] {
        assert_eq!(of("SPR", untouched), [(90, Fate::Erase, None)], "{untouched}: our own period");
    }
    for open in ["received", "seen", "accepted", "in_progress"] {
        assert_eq!(of("BIA", open), [(32, Fate::Erase, Some(Stays::Open))], "{open}");
        assert!(of("HIC", open).is_empty(), "{open}");
    }
    assert_eq!(of("VHO", "completed"), [(30, Fate::Erase, None)], "not at once");
    assert_eq!(of("SCP", "closed"), [(9, Fate::Erase, None)], "the own period is shorter");
}

#[test]
fn nothing_goes_while_the_other_side_waits_for_an_answer() {
    let mut case = case("BIA", "closed", json!({}));
    case.thread.ours = false;
    case.thread.events[0].what = "erase_request".into();
    assert_eq!(days(&case, None, false), [(32, Fate::Erase, Some(Stays::Asked))]);
    let answer = Event { by: OrgId([9; 32]), what: "erase_refuse".into(), ..case.thread.events[0].clone() };
    case.thread.events.push(answer);
    assert_eq!(days(&case, None, false), [(32, Fate::Erase, None)]);
}

#[test]
fn what_nobody_works_on_counts_from_its_beginning() {
    let of = |work: &str| days(&case("SCP", work, json!({})), None, false);
    assert_eq!(of("received"), [(7, Fate::Erase, None)]);
    assert_eq!(of("accepted"), [(7, Fate::Erase, Some(Stays::Open))]);
    assert_eq!(of("closed"), [(9, Fate::Erase, None)]);
}

#[test]
fn a_call_loses_the_number_then_what_identifies_unless_it_became_a_case() {
    let document = json!({ "caller_number": "+79001234567", "persons": [{}], "category": "advice" });
    let of = |document: &Value| days(&case("HIC", "received", document.clone()), None, false);
    assert_eq!(
        of(&document),
        [(30, Fate::EraseFields(PARTS[0]), None), (90, Fate::EraseFields(PARTS[1]), None)]
    );
    let mut referred = document.clone();
    referred["referrals"] = json!(["ab"]);
    assert_eq!(of(&referred), [(30, Fate::EraseFields(PARTS[0]), None)]);
    assert_eq!(of(&json!({ "category": "advice" })), [], "nothing is left to take");
}

#[test]
fn who_is_still_missing_is_asked_every_ninety_days() {
    let of = |work: &str, renewed| days(&case("MPR", work, json!({})), renewed, false);
    assert!(of("accepted", None).contains(&(90, Fate::Renew, None)));
    assert!(of("accepted", Some(BEGUN.plus(DAY * 80))).contains(&(170, Fate::Renew, None)));
    assert_eq!(of("closed", None), [(367, Fate::Erase, None)]);
}

#[test]
fn the_date_that_software_fills_in_when_it_sends_is_no_decision() {
    let of = |until: &str, ours: bool| {
        let document = json!({ "created": "2026-09-03T10:00:00.000Z", "retention_until": until });
        let mut case = case("BIA", "closed", document);
        case.thread.ours = ours;
        days(&case, None, false)[0].0
    };
    assert_eq!(of("2026-10-03", true), 32, "thirty days after the sending: that of the outcome counts");
    assert_eq!(of("2026-10-02", true), 11, "a person has chosen a day earlier");
    assert_eq!((of("2026-10-03", false), of("2026-10-02", false)), (32, 30));
}
