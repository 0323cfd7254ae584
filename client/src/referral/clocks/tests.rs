//! Deadlines, each from its beginning to its end.

use proptest::prelude::*;

use super::*;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// 2026-11-30T09:00:00Z, a Monday.
const MONDAY: u64 = 1_796_029_200_000;

fn happened(at: u64, action: Action, by: Party) -> Happened {
    Happened { at: Timestamp(MONDAY + at), action, by, record: None, eta: None }
}

fn begun() -> Vec<Happened> {
    vec![happened(0, Action::Send, Party::Sender), happened(0, Action::Deliver, Party::System)]
}

fn run(priority: Priority, story: &[Happened], now: u64) -> Vec<Clock> {
    let office = Hours::default();
    let terms = Terms { kind: "BIA", priority, recipient: &office, sender: &office, arrival: None };
    clocks(&terms, story, Timestamp(MONDAY + now))
}

fn one(clocks: &[Clock], id: ClockId) -> Clock {
    *clocks.iter().find(|clock| clock.id == id).unwrap_or_else(|| panic!("{id:?} does not run: {clocks:?}"))
}

fn names(clocks: &[Clock]) -> Vec<ClockId> {
    clocks.iter().map(|clock| clock.id).collect()
}

#[test]
fn a_referral_runs_through_its_deadlines() {
    let mut story = vec![happened(0, Action::Send, Party::Sender)];
    assert_eq!(names(&run(Priority::P1, &story, 1)), [ClockId::C1]);
    story.push(happened(MINUTE, Action::Deliver, Party::System));
    assert_eq!(names(&run(Priority::P1, &story, HOUR)), [ClockId::C2, ClockId::C3]);
    story.push(happened(2 * MINUTE, Action::Open, Party::System));
    assert_eq!(names(&run(Priority::P1, &story, HOUR)), [ClockId::C3]);
    story.push(happened(HOUR, Action::Accept, Party::Recipient));
    assert_eq!(names(&run(Priority::P1, &story, HOUR)), [ClockId::C5]);
    story.push(happened(2 * HOUR, Action::Start, Party::Recipient));
    assert_eq!(names(&run(Priority::P1, &story, 2 * HOUR)), [ClockId::C6]);
    story.push(happened(3 * HOUR, Action::HandedOver, Party::Recipient));
    assert_eq!(names(&run(Priority::P1, &story, 3 * HOUR)), [ClockId::C7]);
    story.push(happened(4 * HOUR, Action::Complete, Party::Recipient));
    assert_eq!(run(Priority::P1, &story, 900 * HOUR), []);
}

#[test]
fn levels_are_reached_at_half_whole_one_and_a_half_and_twice() {
    let level = |minutes: u64| one(&run(Priority::P1, &begun(), minutes * MINUTE), ClockId::C3).level;
    assert_eq!([89, 90, 179, 180, 269, 270, 359, 360].map(level), {
        use Level::*;
        [Calm, L0, L0, L1, L1, L2, L2, L3]
    });
    let urgent = one(&run(Priority::P0, &begun(), 0), ClockId::C3);
    assert_eq!(urgent.later[0], urgent.due.plus(Duration::from_millis(7 * MINUTE + MINUTE / 2)));
}

#[test]
fn a_question_stops_the_answer_and_starts_the_reply() {
    let mut story = begun();
    story.push(happened(HOUR, Action::Ask, Party::Recipient));
    let asked = run(Priority::P1, &story, 50 * HOUR);
    assert_eq!(names(&asked), [ClockId::C3, ClockId::C4]);
    assert!(one(&asked, ClockId::C3).paused && one(&asked, ClockId::C3).level == Level::Calm);
    assert_eq!(one(&asked, ClockId::C4).level, Level::L3, "that one is the sender's");
    story.push(happened(50 * HOUR, Action::Answer, Party::Sender));
    let goes_on = one(&run(Priority::P1, &story, 50 * HOUR), ClockId::C3);
    assert_eq!(goes_on.due, Timestamp(MONDAY + 52 * HOUR), "two of three hours were left");
}

#[test]
fn work_that_waits_is_not_late_and_a_question_in_it_leads_back_to_it() {
    let mut story = begun();
    story.extend([
        happened(0, Action::Accept, Party::Recipient),
        happened(0, Action::Start, Party::Recipient),
    ]);
    let until = Some(Timestamp(MONDAY + 99 * HOUR));
    story.push(Happened { eta: until, ..happened(HOUR, Action::Hold, Party::Recipient) });
    assert!(one(&run(Priority::P1, &story, 90 * HOUR), ClockId::C6).paused);
    story.push(happened(90 * HOUR, Action::Resume, Party::Recipient));
    assert_eq!(one(&run(Priority::P1, &story, 90 * HOUR), ClockId::C6).due, Timestamp(MONDAY + 101 * HOUR));
    story.push(happened(91 * HOUR, Action::Ask, Party::Recipient));
    story.push(happened(95 * HOUR, Action::Answer, Party::Sender));
    story.push(happened(96 * HOUR, Action::Progress, Party::Recipient));
    let again = one(&run(Priority::P1, &story, 96 * HOUR), ClockId::C6);
    assert_eq!(
        (again.due, again.round),
        (Timestamp(MONDAY + 108 * HOUR), 2),
        "a report begins the next interval"
    );
}

#[test]
fn a_hold_ends_whatever_it_says() {
    let held = |until: Option<u64>, priority: Priority, now: u64| {
        let mut story = begun();
        story.push(happened(0, Action::Accept, Party::Recipient));
        story.push(happened(0, Action::Start, Party::Recipient));
        let eta = until.map(|until| Timestamp(MONDAY + until));
        story.push(Happened { eta, ..happened(0, Action::Hold, Party::Recipient) });
        one(&run(priority, &story, now), ClockId::C6)
    };
    for (until, priority, ends) in [
        (None, Priority::P0, DAY),
        (None, Priority::P1, DAY),
        (None, Priority::P2, 7 * DAY),
        (Some(3 * DAY), Priority::P0, 3 * DAY),
        (Some(9_999 * DAY), Priority::P0, 30 * DAY),
    ] {
        assert!(held(until, priority, ends - 1).paused, "{until:?} {priority:?}");
        assert!(!held(until, priority, ends).paused, "{until:?} {priority:?}");
        assert_eq!(held(until, priority, ends + 60 * DAY).level, Level::L3, "{until:?} {priority:?}");
    }
    assert_eq!(held(None, Priority::P0, 2 * DAY).due, Timestamp(MONDAY + DAY + 30 * MINUTE));
}

#[test]
fn a_report_during_a_hold_leaves_the_deadline_alone() {
    let mut story = begun();
    story.push(happened(0, Action::Accept, Party::Recipient));
    story.push(happened(0, Action::Start, Party::Recipient));
    let until = Some(Timestamp(MONDAY + 9 * DAY));
    story.push(Happened { eta: until, ..happened(HOUR, Action::Hold, Party::Recipient) });
    story.push(happened(2 * HOUR, Action::Progress, Party::Recipient));
    let clock = one(&run(Priority::P1, &story, 8 * DAY), ClockId::C6);
    assert!(clock.paused && clock.level == Level::Calm && clock.round == 1, "{clock:?}");
}

#[test]
fn more_time_can_be_announced_once() {
    let mut story = begun();
    let eta = |hours: u64| Some(Timestamp(MONDAY + hours * HOUR));
    story.push(Happened { eta: eta(20), ..happened(HOUR, Action::DelayNotice, Party::Recipient) });
    story.push(Happened { eta: eta(90), ..happened(HOUR, Action::DelayNotice, Party::Recipient) });
    let clock = one(&run(Priority::P1, &story, 19 * HOUR), ClockId::C3);
    assert_eq!((clock.due, clock.delayed), (Timestamp(MONDAY + 20 * HOUR), true));
    assert!(clock.level < Level::L1);
}

#[test]
fn routine_counts_the_recipients_working_days() {
    let holidays = r#"{"zone":"CET-1CEST,M3.5.0,M10.5.0/3","week":{"mon":["09:00-17:00"],"thu":["09:00-17:00"]},"holidays":["2026-12-03"]}"#;
    let recipient = Hours::read(&serde_json::from_str(holidays).unwrap()).unwrap();
    let sender = Hours::default();
    let terms =
        Terms { kind: "IDQ", priority: Priority::P3, recipient: &recipient, sender: &sender, arrival: None };
    let running = clocks(&terms, &begun(), Timestamp(MONDAY));
    // 09:00 UTC is 10:00 in Berlin. Thursday is a holiday: the next working days are Mondays and Thursdays after it.
    assert_eq!(one(&running, ClockId::C2).due, Timestamp(MONDAY + 7 * DAY));
    assert_eq!(one(&running, ClockId::C3).due, Timestamp(MONDAY + 14 * DAY));
}

#[test]
fn somebody_who_has_not_arrived_is_an_alarm_at_once() {
    let office = Hours::default();
    let arrival = Some(Timestamp(MONDAY + 5 * HOUR));
    let terms = Terms { kind: "VHO", priority: Priority::P1, recipient: &office, sender: &office, arrival };
    let mut story = begun();
    story.push(happened(0, Action::Accept, Party::Recipient));
    let level = |story: &[Happened], hours: u64| {
        one(&clocks(&terms, story, Timestamp(MONDAY + hours * HOUR)), ClockId::CA).level
    };
    assert_eq!((level(&story, 6), level(&story, 7)), (Level::Calm, Level::L3));
    for (action, by) in [(Action::Ask, Party::Recipient), (Action::Withdraw, Party::Sender)] {
        let mut still = story.clone();
        still.push(happened(HOUR, Action::Start, Party::Recipient));
        still.push(happened(HOUR, action, by));
        assert_eq!(level(&still, 7), Level::L3, "{action:?} stops no train");
    }
    story.push(happened(6 * HOUR, Action::Safe, Party::Recipient));
    assert!(!names(&clocks(&terms, &story, Timestamp(MONDAY + 9 * HOUR))).contains(&ClockId::CA));
}

#[test]
fn an_erasure_is_waited_for_even_when_all_has_ended() {
    let mut story = begun();
    story.push(happened(0, Action::Decline, Party::Recipient));
    story.push(happened(0, Action::ConsentWithdrawn, Party::Sender));
    assert_eq!(one(&run(Priority::P3, &story, 71 * HOUR), ClockId::CE).level, Level::L0);
    assert_eq!(one(&run(Priority::P3, &story, 72 * HOUR), ClockId::CE).level, Level::L1);
    story.push(happened(HOUR, Action::EraseDone, Party::Recipient));
    assert_eq!(run(Priority::P3, &story, 72 * HOUR), []);
}

fn any_story() -> impl Strategy<Value = Vec<Happened>> {
    let by = prop::sample::select(&[Party::Sender, Party::Recipient, Party::System][..]);
    let event = (0..90 * DAY, prop::sample::select(Action::ALL), by, prop::option::of(0..200 * DAY));
    prop::collection::vec(event, 0..20).prop_map(|events| {
        let mut story = begun();
        story.extend(events.into_iter().map(|(at, action, by, eta)| Happened {
            eta: eta.map(|eta| Timestamp(MONDAY + eta)),
            ..happened(at, action, by)
        }));
        story
    })
}

proptest! {
    /// As time goes on a deadline never becomes less urgent, and one that waits stands still.
    #[test]
    fn levels_only_rise(story in any_story(), now in 0..100 * DAY, later in 0..100 * DAY) {
        let (before, after) = (run(Priority::P2, &story, now), run(Priority::P2, &story, now + later));
        prop_assert_eq!(names(&before), names(&after));
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(before.paused || before.level <= after.level);
            prop_assert!(before.paused || before.due == after.due);
            prop_assert!(after.due <= after.later[0] && after.later[0] <= after.later[1]);
        }
    }

    #[test]
    fn no_time_and_no_story_is_a_trap(story in any_story(), now in any::<u64>(), class in 0u8..4) {
        let office = Hours::default();
        let priority = Priority::try_from(class).unwrap();
        let terms = Terms { kind: "VHO", priority, recipient: &office, sender: &office, arrival: Some(Timestamp(now)) };
        let extreme: Vec<_> = story.iter().map(|one| Happened { at: Timestamp(now), ..*one }).collect();
        clocks(&terms, &extreme, Timestamp(now.wrapping_add(MONDAY)));
    }
}
