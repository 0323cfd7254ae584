//! The order of what was done in a thread, the same on both sides.
//!
//! Packets overtake each other on the way, and both sides can act at the same time. Each step therefore names the one that
//! it follows. From the same steps both sides compute the same order and the same state, in whatever order they have
//! learned of them: a step comes after the one it follows; of steps that know nothing of each other the recipient's
//! comes first, because the work is the recipient's; then the lower packet name. A step that the table of
//! [`super::lifecycle`] does not allow at its place is a conflict: it is shown and changes nothing.

use std::collections::BTreeMap;

use causeway_common::ids::PacketId;

use super::lifecycle::{Action, Party, WorkState, step};

/// What was done, and knowing what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "built by the threads")]
pub struct Step {
    /// The packet that carried it.
    pub packet: PacketId,
    /// The packet that it follows; the first packet of the thread for a first step.
    pub after: PacketId,
    /// Whose step it is.
    pub by: Party,
    /// What was done; none for a word of a newer version.
    pub action: Option<Action>,
}

/// A step in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placed {
    /// Which of the given steps.
    pub index: usize,
    /// State after it.
    pub state: WorkState,
    /// Whether it was possible there.
    pub fits: bool,
}

/// Puts steps into order, beginning in `state` with the thread's first packet. Steps that follow one that is not here
/// are left out.
pub fn replay(root: PacketId, mut state: WorkState, steps: &[Step]) -> Vec<Placed> {
    let mut followers: BTreeMap<PacketId, Vec<usize>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        followers.entry(step.after).or_default().push(index);
    }
    // What may come next, by the order of steps that know nothing of each other. A packet is in it once at most.
    let mut ready = BTreeMap::new();
    let mut placed = Vec::with_capacity(steps.len());
    let mut last = root;
    loop {
        for index in followers.remove(&last).unwrap_or_default() {
            ready.insert((steps[index].by != Party::Recipient, steps[index].packet), index);
        }
        let Some((_, index)) = ready.pop_first() else { return placed };
        let next = steps[index].action.and_then(|action| step(state, action, steps[index].by).ok());
        state = next.unwrap_or(state);
        placed.push(Placed { index, state, fits: next.is_some() });
        last = steps[index].packet;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referral::lifecycle::possible;
    use proptest::prelude::*;

    fn packet(number: u8) -> PacketId {
        PacketId([number; 32])
    }

    fn done(number: u8, after: u8, by: Party, action: Action) -> Step {
        Step { packet: packet(number), after: packet(after), by, action: Some(action) }
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
        assert_eq!(
            replay(packet(0), WorkState::Seen, &[complete, over]),
            [],
            "what they follow is not here yet"
        );
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
        assert_eq!(
            (placed[1].fits, placed[1].state),
            (false, WorkState::Declined),
            "shown, and changes nothing"
        );
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
        /// Two sides act on what they know and learn of each other's steps in any order: in the end they agree.
        #[test]
        fn both_sides_end_in_the_same_state(
            turns in prop::collection::vec((any::<bool>(), any::<u8>(), 0usize..4), 1..30),
        ) {
            let mut sides: [Vec<Step>; 2] = [Vec::new(), Vec::new()];
            let mut under_way: [Vec<Step>; 2] = [Vec::new(), Vec::new()];
            for (number, (recipient, choice, delivered)) in (1..).zip(turns) {
                let (me, other) = (usize::from(recipient), usize::from(!recipient));
                let by = if recipient { Party::Recipient } else { Party::Sender };
                let known = replay(packet(0), WorkState::Seen, &sides[me]);
                let state = known.last().map_or(WorkState::Seen, |p| p.state);
                let after = known.last().map_or_else(|| packet(0), |p| sides[me][p.index].packet);
                let actions = possible(state, by);
                if !actions.is_empty() {
                    let action = actions[usize::from(choice) % actions.len()];
                    let name = PacketId([choice ^ number; 32]);
                    let step = Step { packet: PacketId({ let mut n = name.0; n[0] = number; n }), after, by, action: Some(action) };
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
            let story = |steps: &[Step]| {
                replay(packet(0), WorkState::Seen, steps).iter().map(|p| (steps[p.index], p.state, p.fits)).collect::<Vec<_>>()
            };
            prop_assert_eq!(story(&sides[0]), story(&sides[1]));
            prop_assert_eq!(story(&sides[0]).len(), sides[0].len(), "nothing is left out in the end");
        }
    }
}
