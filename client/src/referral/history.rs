//! The order of what was done in a thread, the same on both sides.
//!
//! Packets overtake each other on the way, and both sides can act at the same time. Each step therefore names the one that
//! it follows. From the same steps both sides compute the same order and the same state, in whatever order they have
//! learned of them: a step comes after the one it follows; of steps that know nothing of each other the recipient's
//! comes first, because the work is the recipient's; then the lower packet name. A step that the table of
//! [`super::lifecycle`] does not allow at its place is a conflict: it is shown and changes nothing.

use std::collections::BTreeMap;

use causeway_common::ids::PacketId;

use super::lifecycle::{Action, Party, Work, WorkState};

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
    /// Hash of the handover record that it signs.
    pub record: Option<[u8; 32]>,
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

/// Puts steps into order, beginning with `work` after the thread's first packet. Steps that follow one that is not here
/// are left out. `work` is afterwards where the work stands.
pub fn replay(root: PacketId, work: &mut Work, steps: &[Step]) -> Vec<Placed> {
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
        let step = &steps[index];
        let next = step.action.and_then(|action| work.take(action, step.by, step.record).ok());
        placed.push(Placed { index, state: work.state(), fits: next.is_some() });
        last = steps[index].packet;
    }
}

#[cfg(test)]
mod tests;
