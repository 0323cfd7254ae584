//! No history of a small world breaks a promise; and what clients would have to leave out for one to do so.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use causeway_tests::small_world::{Counterexample, Event, Explored, Omission, Property, Scope, explore};

/// Two clients with every order of three events, one packet under way.
fn two() -> Scope {
    Scope { clients: 2, events: vec![Event::Admission, Event::Loss(0), Event::Loss(1)], packets: 1 }
}

/// Three clients: what one tells the second may be older than what it tells the third.
fn three() -> Scope {
    Scope { clients: 3, events: vec![Event::Admission, Event::Loss(1)], packets: 1 }
}

/// Two packets under way, which may overtake each other and the news of a second loss.
fn crossing() -> Scope {
    Scope { clients: 2, events: vec![Event::Loss(1), Event::Loss(1)], packets: 2 }
}

fn holds(scope: &Scope) -> Explored {
    let explored = explore(scope, Omission::Nothing).unwrap_or_else(|found| panic!("{found}"));
    println!("{explored:?}");
    // Otherwise it would hold because nothing happens.
    let Explored { states, accepted, held, opened_by_lost, .. } = explored;
    assert!(states > 1_000 && accepted > 0 && held > 0 && opened_by_lost > 0, "{explored:?}");
    explored
}

fn found(scope: &Scope, omission: Omission) -> Counterexample {
    let found = explore(scope, omission).unwrap_err();
    println!("{found}");
    found
}

#[test]
fn two_clients_keep_every_promise_whatever_the_relay_shows() {
    assert!(holds(&two()).split > 0);
}

#[test]
fn three_clients_keep_every_promise_whatever_the_relay_shows() {
    assert!(holds(&three()).split > 0);
}

#[test]
fn packets_that_cross_a_second_loss_keep_every_promise() {
    holds(&crossing());
}

#[test]
fn the_check_finds_two_histories_when_the_heads_of_packets_are_not_compared() {
    let found = found(&two(), Omission::HeadsOfPackets);
    assert_eq!(found.property, Property::OtherHistory);
    // One learns something, the other something else, one seals, the other takes.
    assert!(found.steps.len() <= 4, "{found}");
}

#[test]
fn the_check_finds_a_lost_device_reading_when_the_old_roster_is_not_forgotten() {
    let found = found(&two(), Omission::ForgettingRosters);
    assert_eq!(found.property, Property::OpenedByLost);
    assert_eq!(found.steps.len(), 3, "{found}");
}

#[test]
fn the_check_finds_a_thief_believed_when_revocations_do_not_count() {
    assert_eq!(found(&three(), Omission::Revocations).property, Property::WordOfLost);
}
