//! What both sides come to.

use super::*;
use proptest::prelude::*;

fn packet(number: u8) -> PacketId {
    PacketId([number; 32])
}

fn done(number: u8, after: u8, by: Party, action: Action) -> Step {
    Step { packet: packet(number), after: packet(after), by, action: Some(action), record: None }
}

fn replay(root: PacketId, state: WorkState, steps: &[Step]) -> Vec<Placed> {
    super::replay(root, &mut Work::begun(state, "BIA"), steps)
}

#[test]
fn steps_that_overtook_each_other_are_put_into_their_order() {
    let accept = done(9, 0, Party::Recipient, Action::Accept);
    let over = done(3, 9, Party::Recipient, Action::HandedOver);
    let complete = done(5, 3, Party::Recipient, Action::Complete);
    let placed = replay(packet(0), WorkState::Seen, &[complete, over, accept]);
    assert_eq!(placed.iter().map(|p| p.index).collect::<Vec<_>>(), [2, 1, 0]);
    assert!(placed.iter().all(|p| p.fits));
    assert_eq!(placed[2].state, WorkState::Completed);
    assert_eq!(replay(packet(0), WorkState::Seen, &[complete, over]), [], "what they follow is not here yet");
}

#[test]
fn of_two_at_the_same_time_the_recipients_counts_first() {
    let accept = done(9, 0, Party::Recipient, Action::Accept);
    let withdraw = done(1, 0, Party::Sender, Action::Withdraw);
    let placed = replay(packet(0), WorkState::Seen, &[withdraw, accept]);
    assert_eq!((placed[0].index, placed[0].state), (1, WorkState::Accepted));
    assert_eq!((placed[1].fits, placed[1].state), (true, WorkState::WithdrawRequested));
    let decline = done(9, 0, Party::Recipient, Action::Decline);
    let placed = replay(packet(0), WorkState::Seen, &[withdraw, decline]);
    assert_eq!((placed[1].fits, placed[1].state), (false, WorkState::Declined), "shown, and changes nothing");
}

#[test]
fn the_same_packet_twice_and_a_word_of_a_newer_version_do_no_harm() {
    let accept = done(9, 0, Party::Recipient, Action::Accept);
    assert_eq!(replay(packet(0), WorkState::Seen, &[accept, accept]).len(), 1);
    let newer = Step { action: None, ..accept };
    let placed = replay(packet(0), WorkState::Seen, &[newer]);
    assert_eq!((placed[0].fits, placed[0].state), (false, WorkState::Seen));
    let loops = Step { after: packet(9), ..accept };
    assert_eq!(replay(packet(0), WorkState::Seen, &[loops]), []);
}

proptest! {
    /// Two sides act on what they know, with every step and note of the table and both kinds of handover, and learn of each
    /// other's steps in any order: in the end they agree.
    #[test]
    fn both_sides_end_in_the_same_state(
        kind in prop::sample::select(&["BIA", "VHO"][..]),
        begin in prop::sample::select(&[WorkState::Seen, WorkState::InProgress, WorkState::Completed][..]),
        turns in prop::collection::vec((any::<bool>(), any::<u8>(), 0usize..4, 0u8..3), 1..40),
    ) {
        let story = |steps: &[Step]| {
            let mut work = Work::begun(begin, kind);
            let placed = super::replay(packet(0), &mut work, steps);
            (work, placed.iter().map(|p| (steps[p.index], p.state, p.fits)).collect::<Vec<_>>())
        };
        let mut sides: [Vec<Step>; 2] = [Vec::new(), Vec::new()];
        let mut under_way: [Vec<Step>; 2] = [Vec::new(), Vec::new()];
        for (number, (recipient, choice, delivered, record)) in (1..).zip(turns) {
            let (me, other) = (usize::from(recipient), usize::from(!recipient));
            let by = if recipient { Party::Recipient } else { Party::Sender };
            let (work, known) = story(&sides[me]);
            let after = known.last().map_or_else(|| packet(0), |(step, ..)| step.packet);
            let actions: Vec<Action> = Action::ALL.iter().copied().filter(|a| work.row(*a, by).is_some()).collect();
            // The moves are few among the notes: they are chosen as often.
            let moves = work.moves(by);
            let choose = |from: &[Action]| from.get(usize::from(choice) % from.len().max(1)).copied();
            let chosen = if choice % 2 == 0 { choose(&moves) } else { choose(&actions) };
            if let Some(action) = chosen {
                let mut name = [choice; 32];
                name[1] = number;
                let record = (record > 0).then_some([record; 32]);
                let step = Step { packet: PacketId(name), after, by, action: Some(action), record };
                sides[me].push(step);
                under_way[other].push(step);
            }
            for _ in 0..delivered.min(under_way[me].len()) {
                let index = usize::from(choice) % under_way[me].len();
                let arrived = under_way[me].swap_remove(index);
                sides[me].push(arrived);
            }
        }
        for side in [0, 1] {
            let rest = std::mem::take(&mut under_way[side]);
            sides[side].extend(rest);
        }
        prop_assert_eq!(story(&sides[0]), story(&sides[1]));
        prop_assert_eq!(story(&sides[0]).1.len(), sides[0].len(), "nothing is left out in the end");
    }
}
