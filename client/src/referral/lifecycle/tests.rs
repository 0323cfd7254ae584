//! Every row of the table, for every party.

use super::carry::check;
use super::*;
use crate::referral::update::Update;
use causeway_common::priority::Priority;
use serde_json::json;

const PARTIES: [Party; 3] = [Party::Sender, Party::Recipient, Party::System];

fn in_table(state: WorkState, action: Action, by: Party, two: bool) -> Option<&'static Row> {
    ROWS.iter().find(|row| {
        let from = match row.from {
            Origin::Nothing => false,
            Origin::In(states) => states.contains(&state),
            Origin::Open => !state.is_terminal(),
            Origin::Any => true,
        };
        let meant = match (row.action, row.to) {
            (Action::HandedOver, To::Signed) => two,
            (Action::HandedOver, _) => !two,
            (_, to) => to != To::Thread,
        };
        from && meant && row.by == by && row.action == action
    })
}

#[test]
fn every_row_is_allowed_and_everything_else_is_refused() {
    let mut allowed = 0;
    for (kind, two) in [("BIA", false), ("VHO", true)] {
        for state in WorkState::ALL {
            for action in Action::ALL {
                for party in PARTIES {
                    let expected = in_table(*state, *action, party, two);
                    let taken = Work::begun(*state, kind).take(*action, party, None);
                    assert_eq!(taken.is_ok(), expected.is_some(), "{kind} {state:?} {action:?} {party:?}");
                    if let (Ok(next), Some(To::State(to))) = (&taken, expected.map(|row| row.to)) {
                        assert_eq!(*next, to, "{kind} {state:?} {action:?} {party:?}");
                    }
                    allowed += usize::from(taken.is_ok());
                }
            }
        }
    }
    assert!(allowed > 300, "{allowed}");
}

#[test]
fn the_table_has_all_rows_and_every_word_has_a_row() {
    for number in 1..=31 {
        assert!(ROWS.iter().any(|row| row.number == number), "row {number}");
    }
    for action in Action::ALL {
        assert!(ROWS.iter().any(|row| row.action == *action), "{action:?}");
        assert_eq!(action.as_str().parse(), Ok(*action));
    }
}

#[test]
fn a_refusal_says_what_is_possible() {
    let refused = step(WorkState::Seen, Action::Complete, Party::Recipient).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`complete` is not possible while the referral is seen; possible now: info_request, accept, decline"
    );
}

#[test]
fn an_answer_leads_back_to_where_the_question_came_from() {
    for from in [WorkState::Seen, WorkState::InProgress] {
        let mut work = Work::begun(from, "BIA");
        work.take(Action::Ask, Party::Recipient, None).unwrap();
        assert_eq!(work.state(), WorkState::InfoRequested);
        assert_eq!(work.take(Action::Answer, Party::Sender, None), Ok(from));
    }
}

#[test]
fn a_handover_needs_both_signatures_under_one_record() {
    let (record, other) = (Some([1; 32]), Some([2; 32]));
    for (first, second) in [(Party::Recipient, Party::Sender), (Party::Sender, Party::Recipient)] {
        let mut work = Work::begun(WorkState::InProgress, "VHO");
        let mut sign = |by, record| work.take(Action::HandedOver, by, record).unwrap();
        assert_eq!(sign(first, record), WorkState::InProgress);
        assert_eq!(sign(first, record), WorkState::InProgress, "nobody signs for the other side");
        assert_eq!(sign(second, other), WorkState::InProgress, "another record");
        assert_eq!(sign(second, None), WorkState::InProgress, "no record");
        assert_eq!(sign(first, other), WorkState::HandedOver);
    }
    let mut work = Work::begun(WorkState::InProgress, "EVH");
    work.take(Action::HandedOver, Party::Sender, record).unwrap();
    work.take(Action::Hold, Party::Recipient, None).unwrap();
    work.take(Action::Resume, Party::Recipient, None).unwrap();
    let after = work.take(Action::HandedOver, Party::Recipient, record);
    assert_eq!(after, Ok(WorkState::InProgress), "it was signed for another situation");
    let one_side = step(WorkState::Accepted, Action::HandedOver, Party::Recipient);
    assert_eq!(one_side, Ok(WorkState::HandedOver), "other kinds need one");
}

fn update(value: serde_json::Value) -> Update {
    let mut whole =
        json!({"kind": "CUP", "schema": "relay/CUP/1.0", "event": "", "state_before": "", "state_after": ""});
    whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

#[test]
fn a_reason_is_needed_where_the_table_says_and_forbidden_elsewhere() {
    for row in ROWS {
        let with = |reason: &str| {
            let found = check(row, &update(json!({"reason": reason, "text": "words"})), Priority::P3);
            found.iter().any(|lack| lack.path == "reason")
        };
        let list = row.carries.iter().find_map(|carry| match carry {
            Carry::ReasonOf(id) => carry::list(id),
            _ => None,
        });
        match list {
            Some(list) => {
                assert!(with("") && with("no_such_code"), "{row:?}");
                assert!(list.codes.iter().all(|code| !with(code)), "{row:?}");
            }
            None if carry::wants_reason(row) => {
                assert!(with("") && with(" ") && !with("she is ill"), "{row:?}")
            }
            None => assert!(!with("") && with("anything"), "{row:?}"),
        }
    }
    let needs: std::collections::BTreeSet<_> =
        ROWS.iter().filter(|row| carry::wants_reason(row)).map(|row| row.action.as_str()).collect();
    let expected = [
        "cancel_refuse",
        "close",
        "decline",
        "decline_late",
        "delay_notice",
        "error",
        "fail",
        "hold",
        "info_request",
        "object",
        "reopen",
        "withdraw",
    ];
    assert!(needs.into_iter().eq(expected));
}

#[test]
fn a_hold_says_until_when() {
    let hold = row(WorkState::InProgress, Action::Hold, Party::Recipient).unwrap();
    let lacks = |until: serde_json::Value| {
        check(hold, &update(json!({"reason": "later", "until": until})), Priority::P0)
            .iter()
            .any(|lack| lack.path == "until")
    };
    assert!(["", "later", "01.12.2026"].iter().all(|wrong| lacks(json!(wrong))) && lacks(json!(null)));
    assert!(!lacks(json!("2026-12-01T09:00:00+03:00")) && !lacks(json!("PT4H")));
}

#[test]
fn what_a_row_asks_for_is_asked_for() {
    let full = json!({
        "reason": "other", "text": "words", "eta": "in 20 minutes", "questions": [{"text": "Who?"}], "until": "2026-12-01T00:00:00Z",
        "peer_case_ref": "DE-2026-1", "outcome": {"code": "other"}, "handover": {"place": "x"}, "found": {"alive": "yes"},
        "scope": "all", "staff_no": "7", "assigned_to": {"staff_no": "8"}, "clock": "C3",
    });
    for row in ROWS {
        let mut whole = full.clone();
        if !carry::wants_reason(row) {
            whole["reason"] = json!("");
        }
        let bare = check(row, &update(json!({})), Priority::P0);
        let found = check(row, &update(whole), Priority::P0);
        let found: Vec<_> = found.into_iter().filter(|lack| lack.text != "carry-reason-of").collect();
        assert_eq!(found, [], "{row:?}");
        assert_eq!(bare.len(), row.carries.len(), "{row:?}");
    }
    let accept = row(WorkState::Seen, Action::Accept, Party::Recipient).unwrap();
    let routine = check(accept, &update(json!({"peer_case_ref": "1"})), Priority::P2);
    assert_eq!(routine, [], "no time is asked for what is not urgent");
}
