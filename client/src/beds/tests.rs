use std::collections::BTreeMap;

use causeway_common::ids::{OrgId, PacketId};
use proptest::prelude::*;
use serde_json::json;

use super::hold::{Hold, Standing, holds};
use super::house::{House, desk_for, houses, room_for};
use super::*;
use crate::casebook::tests::case;
use crate::model::Event;
use crate::referral::update::Update;

/// 24 November 2026, noon.
const NOON: Timestamp = Timestamp(1_795_521_600_000);
const HOUR: u64 = 3_600_000;
const HOTLINE: OrgId = OrgId([2; 32]);
const SHELTER: OrgId = OrgId([3; 32]);

fn after(hours: u64) -> Timestamp {
    Timestamp(NOON.0 + hours * HOUR)
}

fn text(at: Timestamp) -> String {
    crate::engine::threads::moment(at)
}

fn fields(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn count(at: Timestamp) -> Count {
    let capacity = json!([
        { "unit": "bed", "group": "women", "maximum": 8, "available": 3 },
        { "unit": "family_room", "group": "women_with_children", "maximum": 3, "available": 1 },
        { "unit": "bed", "group": "girls", "maximum": 4, "available": 0 },
    ]);
    let until = text(Timestamp(at.0 + 24 * HOUR));
    let all = json!({ "shelter_code": "S-7", "valid_until": until, "capacity": capacity });
    Count::made("S-7", fields(all), at)
}

/// A request for beds of this number as the shelter has it.
fn request(number: u8, adults: u64) -> Case {
    let mut case = case(REQUEST, json!({ "group": "women", "adults": adults, "children": [] }));
    (case.thread.case, case.thread.root) = ([number; 32], PacketId([number; 32]));
    (case.thread.peer, case.thread.ours) = (HOTLINE, false);
    case.thread.work = "seen".into();
    case
}

/// A step of one side, and what the thread comes to by it.
fn step(case: &mut Case, by: OrgId, at: Timestamp, (what, state): (&str, &str), answer: Value) {
    let number = u8::try_from(case.thread.events.len()).unwrap() + 100;
    let event = Event {
        at,
        by,
        what: what.into(),
        state: state.into(),
        text: String::new(),
        packet: PacketId([number; 32]),
        after: case.thread.root,
        conflict: false,
        author: String::new(),
        taken_back: false,
    };
    case.thread.events.push(event.clone());
    case.thread.work = state.into();
    let mut update = Update::of(what, state);
    update.answer = fields(answer);
    case.steps.push((event, Some(update)));
}

fn offered(number: u8, places: u64, at: Timestamp, until: Timestamp) -> Case {
    let mut case = request(number, places);
    let answer = json!({
        "decision": "offered", "hold_until": text(until), "shelter_code": "S-7", "unit": "bed", "group": "women",
        "places": places,
    });
    step(&mut case, SHELTER, at, ("accept", "accepted"), answer);
    case
}

fn handoff(to: &Case, work: &str, at: Timestamp) -> Case {
    let references = json!([{ "packet_id": to.thread.root.to_string(), "rel": "same_subject" }]);
    let mut case = case(HANDOFF, json!({ "references": references }));
    (case.thread.case, case.thread.root) = ([99; 32], PacketId([99; 32]));
    (case.thread.peer, case.thread.ours) = (HOTLINE, false);
    step(&mut case, SHELTER, at, ("complete", work), json!({}));
    case
}

fn house(counts: Vec<Count>, cases: &[Case], now: Timestamp) -> House {
    let (mut houses, _) = houses(counts, &holds(cases, now));
    houses.remove(0)
}

/// Available, held and free of the beds for women.
fn beds(cases: &[Case], now: Timestamp) -> (u32, u32, u32) {
    let house = house(vec![count(NOON)], cases, now);
    (house.lines[0].available(), house.lines[0].held, house.lines[0].free)
}

fn only(cases: &[Case], now: Timestamp) -> Hold {
    let [hold] = <[Hold; 1]>::try_from(holds(cases, now)).unwrap();
    hold
}

#[test]
fn an_offer_names_the_desk_of_the_house_it_is_from() {
    let with_desk = |shelter: &str, desk: Value| {
        let mut count = count(NOON);
        count.shelter = shelter.into();
        count.fields.insert("duty_contact".into(), desk);
        count
    };
    let desk = |phone: &str| json!({ "phone": phone, "hours": "24/7" });
    let counts = vec![
        with_desk("S-7", desk("+37360000311")),
        with_desk("S-8", desk("+37360000322")),
        with_desk("S-9", json!({ "nil": "unknown" })),
        count(NOON),
    ];
    let (houses, _) = houses(counts, &[]);
    let found = |answer: Value| desk_for(&houses, &request(1, 1).document, &fields(answer), NOON);
    assert_eq!(found(json!({ "shelter_code": "S-8" })), Some(desk("+37360000322")));
    assert_eq!(found(json!({})), Some(desk("+37360000311")), "where the bed is taken from");
    assert_eq!(found(json!({ "shelter_code": "S-9" })), None, "it has named none");
    assert_eq!(found(json!({ "group": "men" })), None, "nobody has counted such a place");
}

#[test]
fn an_offer_holds_beds_until_its_moment_and_not_longer() {
    let cases = [offered(1, 2, after(1), after(5))];
    assert_eq!(beds(&cases, after(2)), (1, 2, 3));
    assert_eq!(beds(&cases, Timestamp(after(5).0 - 1)), (1, 2, 3));
    assert_eq!(beds(&cases, after(5)), (3, 0, 3));
    assert_eq!(only(&cases, after(5)).standing, Standing::Lapsed);
}

#[test]
fn an_offer_that_is_made_again_is_held_once_and_longer() {
    let mut again = offered(1, 2, after(1), after(5));
    let answer =
        json!({ "decision": "offered", "hold_until": text(after(9)), "group": "women", "places": 2 });
    step(&mut again, SHELTER, after(4), ("progress", "accepted"), answer);
    assert_eq!(beds(&[again], after(6)), (1, 2, 3));
}

#[test]
fn whoever_takes_the_request_back_gives_the_bed_back() {
    let mut withdrawn = offered(1, 2, after(1), after(5));
    step(&mut withdrawn, HOTLINE, after(2), ("withdraw", "withdraw_requested"), json!({}));
    assert_eq!(beds(std::slice::from_ref(&withdrawn), after(3)), (3, 0, 3));
    step(&mut withdrawn, SHELTER, after(3), ("cancel_confirm", "withdrawn"), json!({}));
    assert_eq!(beds(&[withdrawn], after(3)), (3, 0, 3));
    let mut declined = offered(1, 2, after(1), after(5));
    step(&mut declined, SHELTER, after(2), ("decline_late", "declined"), json!({}));
    assert_eq!(beds(&[declined], after(3)), (3, 0, 3));
}

#[test]
fn whoever_has_come_has_the_bed_until_somebody_counts_again() {
    let mut arrived = offered(1, 2, after(1), after(5));
    step(&mut arrived, SHELTER, after(3), ("complete", "completed"), json!({}));
    let cases = [arrived];
    assert_eq!(beds(&cases, after(4)), (1, 0, 1));
    assert_eq!(beds(&cases, after(400)), (1, 0, 1), "also after the moment of the offer");
    let recounted = house(vec![count(after(6))], &cases, after(7));
    assert_eq!(recounted.lines[0].free, 3, "who counts later has counted her");
}

#[test]
fn a_handoff_that_names_the_request_keeps_the_bed_and_takes_it() {
    let offer = offered(1, 1, after(1), after(5));
    let under_way = [handoff(&offer, "accepted", after(2)), offer];
    assert_eq!(only(&under_way, after(9)).standing, Standing::UnderWay);
    assert_eq!(beds(&under_way, after(9)), (2, 1, 3));
    let offer = offered(1, 1, after(1), after(5));
    let arrived = [handoff(&offer, "handed_over", after(8)), offer];
    assert_eq!(beds(&arrived, after(9)), (2, 0, 2));
    let offer = offered(1, 1, after(1), after(5));
    let failed = [handoff(&offer, "declined", after(2)), offer];
    assert_eq!(only(&failed, after(9)).standing, Standing::Lapsed);
    let other = offered(2, 1, after(1), after(5));
    let strange = [handoff(&offered(1, 1, after(1), after(5)), "handed_over", after(2)), other];
    assert_eq!(beds(&strange, after(3)), (2, 1, 3), "it names another request");
}

#[test]
fn a_list_or_a_later_bed_holds_nothing() {
    for answer in [
        json!({ "decision": "waiting_list", "position": 2 }),
        json!({ "decision": "offered_from", "from": "2026-12-04", "hold_until": text(after(5)), "places": 2 }),
    ] {
        let mut case = request(1, 2);
        step(&mut case, SHELTER, after(1), ("delay_notice", "seen"), answer);
        assert!(holds(&[case], after(2)).is_empty());
    }
}

#[test]
fn what_was_not_possible_any_more_holds_nothing() {
    let mut late = offered(1, 2, after(1), after(5));
    late.steps[0].0.conflict = true;
    assert!(holds(&[late], after(2)).is_empty());
    let mut anothers = offered(1, 2, after(1), after(5));
    anothers.steps[0].0.by = HOTLINE;
    assert!(holds(&[anothers], after(2)).is_empty(), "whoever asks does not offer");
}

#[test]
fn a_room_is_found_where_there_is_enough() {
    let cases = [offered(1, 2, after(1), after(5))];
    let all = [house(vec![count(NOON)], &cases, after(2))];
    let find = |asked: Value, answer: Value| room_for(&all, &fields(asked), &fields(answer), after(2));
    let one = find(json!({ "group": "women", "adults": 1 }), json!({})).unwrap();
    assert_eq!((one.shelter.as_str(), one.unit.as_str(), one.places, one.available), ("S-7", "bed", 1, 1));
    assert!(one.is_enough());
    assert!(!find(json!({ "group": "women", "adults": 2 }), json!({})).unwrap().is_enough());
    let family =
        find(json!({ "group": "women_with_children", "adults": 1, "children": [{}, {}] }), json!({}))
            .unwrap();
    assert_eq!((family.unit.as_str(), family.places), ("family_room", 1));
    assert_eq!(find(json!({ "group": "men", "adults": 1 }), json!({})), None);
    assert_eq!(find(json!({ "group": "women" }), json!({ "shelter_code": "S-8" })), None);
}

#[test]
fn a_colleague_who_knows_only_the_publication_comes_to_the_same() {
    // Published at 2 o'clock, with two of three beds held.
    let mut case = case(PUBLICATION, json!({}));
    case.document = count(NOON).fields;
    case.document.insert("updated".into(), text(NOON).into());
    case.document.insert("created".into(), text(after(2)).into());
    case.document["capacity"][0]["available"] = 1.into();
    case.document["capacity"][0]["reserved"] = 2.into();
    let behind = Count::behind(&case).unwrap();
    for (now, step_at) in [(after(3), None), (after(6), None), (after(5), Some(after(4)))] {
        let mut held = offered(1, 2, after(1), after(5));
        if let Some(at) = step_at {
            step(&mut held, SHELTER, at, ("complete", "completed"), json!({}));
        }
        let cases = [held];
        let (own, theirs) = (house(vec![count(NOON)], &cases, now), house(vec![behind.clone()], &cases, now));
        assert_eq!(own.lines, theirs.lines);
    }
    let both = newest(vec![behind, count(NOON)]);
    assert!(both.len() == 1 && !both[0].published, "of the same count, what was counted itself");
}

#[test]
fn a_code_is_no_address() {
    assert!(is_code("S-04") && is_code("Д-7"));
    for wrong in ["", "12 Main Street", "Lane 4, door 2", &"x".repeat(41)] {
        assert!(!is_code(wrong), "{wrong}");
    }
}

mod publications {
    use super::super::partners::{Freshness, freshness, shelters};
    use super::*;

    fn publication(number: u8, shelter: &str, updated: Timestamp, until: Timestamp, came: Timestamp) -> Case {
        let mut case = case(PUBLICATION, json!({}));
        case.document = count(updated).fields;
        case.document.insert("shelter_code".into(), shelter.into());
        case.document.insert("updated".into(), text(updated).into());
        case.document.insert("created".into(), text(updated).into());
        case.document.insert("valid_until".into(), text(until).into());
        (case.thread.case, case.thread.root) = ([number; 32], PacketId([number; 32]));
        (case.thread.peer, case.thread.ours, case.thread.begun) = (SHELTER, false, came);
        case
    }

    #[test]
    fn numbers_are_stale_once_their_time_is_over_or_two_rounds_were_left_out() {
        let stale = |case: Case, now| shelters(&[case], now)[0].stale;
        let day = |until| publication(1, "S-7", NOON, until, NOON);
        assert!(!stale(day(after(24)), after(23)) && stale(day(after(24)), after(24)));
        assert!(stale(day(after(6)), after(7)), "it says so itself");
        assert!(!stale(day(after(500)), after(47)) && stale(day(after(500)), after(48)), "whatever it says");
        let ahead = publication(1, "S-7", after(400), after(424), NOON);
        assert!(stale(ahead, after(49)), "a clock that is ahead makes nothing fresh");
        let mut silent = day(after(24));
        silent.document.remove("valid_until");
        assert!(stale(silent, after(24)));
    }

    #[test]
    fn the_newest_of_each_house_counts_and_the_others_are_replaced() {
        let old = publication(1, "S-7", NOON, after(24), NOON);
        let new = publication(2, "S-7", after(1), after(25), after(1));
        let other = publication(3, "S-8", NOON, after(24), NOON);
        let all = [new, old, other];
        let newest = shelters(&all, after(2));
        let packets: Vec<u8> = newest.iter().map(|shelter| shelter.packet.0[0]).collect();
        assert_eq!(packets, [2, 3]);
        assert_eq!(newest[0].free_for("women"), Some(3));
        assert_eq!((newest[0].free_for("girls"), newest[0].free_for("men")), (Some(0), None));
        let replaced = |case| freshness(case, &newest, after(2)).map(|Freshness { replaced, .. }| replaced);
        assert_eq!((replaced(&all[0]), replaced(&all[1])), (Some(false), Some(true)));
    }
}

/// What can happen to one request, in any order and as often as packets may come.
fn happenings() -> impl Strategy<Value = Vec<(u8, u8, u64, u64)>> {
    prop::collection::vec((0u8..5, 0u8..6, 0u64..48, 1u64..6), 0..24)
}

fn story(happenings: &[(u8, u8, u64, u64)]) -> Vec<Case> {
    let mut cases: BTreeMap<u8, Case> = BTreeMap::new();
    for (number, what, hour, places) in happenings {
        let case = cases.entry(*number).or_insert_with(|| request(*number, *places));
        let at = after(*hour);
        let answer = json!({
            "decision": "offered", "hold_until": text(Timestamp(at.0 + 4 * HOUR)), "group": "women", "places": places,
        });
        match what {
            0 | 1 => step(case, SHELTER, at, ("accept", "accepted"), answer),
            2 => step(case, SHELTER, at, ("complete", "completed"), json!({})),
            3 => step(case, HOTLINE, at, ("withdraw", "withdraw_requested"), json!({})),
            4 => step(case, SHELTER, at, ("decline", "declined"), json!({})),
            _ => step(case, SHELTER, at, ("delay_notice", "seen"), json!({ "decision": "waiting_list" })),
        }
    }
    cases.into_values().collect()
}

proptest! {
    #[test]
    fn numbers_never_fall_below_nothing_and_add_up(happened in happenings(), hour in 0u64..60) {
        let house = house(vec![count(NOON)], &story(&happened), after(hour));
        for line in &house.lines {
            prop_assert!(line.free <= line.maximum);
            prop_assert_eq!(line.available() + line.reserved(), line.free);
            let kept: u32 = house.holds.iter().filter(|h| h.keeps() && h.group == line.group).map(|h| h.places).sum();
            prop_assert_eq!(line.held, kept);
        }
    }

    #[test]
    fn the_order_of_cases_and_a_second_look_change_nothing(happened in happenings(), hour in 0u64..60) {
        let mut cases = story(&happened);
        let once = house(vec![count(NOON)], &cases, after(hour)).lines;
        cases.reverse();
        prop_assert_eq!(&once, &house(vec![count(NOON)], &cases, after(hour)).lines);
        prop_assert_eq!(&once, &house(vec![count(NOON)], &cases, after(hour)).lines);
    }

    #[test]
    fn nothing_is_held_when_all_moments_have_passed(happened in happenings()) {
        let house = house(vec![count(NOON)], &story(&happened), after(100));
        prop_assert!(house.lines.iter().all(|line| line.held == 0));
    }

    #[test]
    fn documents_of_others_do_no_harm(
        number in any::<i64>(), word in ".{0,12}", updated in ".{0,24}"
    ) {
        for odd in [json!(number), json!(word), json!([number]), json!([{ "unit": word, "maximum": number }])] {
            let document = json!({
                "shelter_code": word, "capacity": odd, "updated": updated, "valid_until": odd, "group": odd,
                "adults": number, "children": odd, "references": odd,
            });
            let mut cases: Vec<Case> = [PUBLICATION, REQUEST, HANDOFF].map(|kind| case(kind, document.clone())).into();
            for case in &mut cases {
                let answer = json!({ "decision": "offered", "hold_until": odd, "places": number, "unit": word });
                step(case, HOTLINE, NOON, ("accept", "accepted"), answer);
            }
            let _ = partners::shelters(&cases, NOON);
            let (_, _) = houses(vec![Count::made("S-7", document.as_object().cloned().unwrap(), NOON)], &holds(&cases, NOON));
            let _ = publication::published(&cases);
        }
    }
}
