//! A step that has never left its device yields to a colleague's, in the transaction in which the device hears of it.
//!
//! What is left at the end does not show this: steps that both left stand in one order everywhere. So devices are looked at while
//! they live.

use std::collections::{BTreeMap, BTreeSet};

use causeway_client::model::{PACKET_REFERRAL, Sent, Thread, Transport};
use causeway_client::records;
use causeway_client::vault::Vault;
use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;

use super::super::{Broken, Rule, short};

/// No packet.
const NONE: PacketId = PacketId([0; 32]);
/// Places of the outbox looked at.
const LOOKED_AT_MAX: usize = 64;

/// What one device knew of its colleagues when each of its steps that wait was first seen.
#[derive(Debug, Default)]
pub struct Yielding {
    known: BTreeMap<PacketId, BTreeSet<PacketId>>,
    /// The last generation of the vault that was looked at.
    looked_at: u64,
}

impl Yielding {
    /// Looks at a device between two of its transactions.
    pub fn look(&mut self, name: &str, own: OrgId, vault: &Vault) -> Vec<Broken> {
        let mut broken = Vec::new();
        let generation = vault.generation();
        if std::mem::replace(&mut self.looked_at, generation) == generation {
            return broken;
        }
        for place in records::pending(vault, Priority::P3, LOOKED_AT_MAX, |place| place.to != own) {
            let sent = records::sent(vault, place.packet, place.to).ok().flatten();
            let Some(sent) = sent.filter(is_step_that_never_left) else { continue };
            let Ok(Some(thread)) = records::thread(vault, &sent.case) else { continue };
            let known = of_colleagues(vault, own, &thread);
            let before = self.known.entry(sent.packet).or_insert_with(|| known.clone());
            if let Some(first) = known.difference(before).next() {
                let (step, first) = (short(sent.packet), short(*first));
                let what = format!("{step} waits at {name}, which has heard of its colleague's {first}");
                broken.push(Broken { rule: Rule::Diverged, what });
            }
        }
        broken
    }
}

fn is_step_that_never_left(sent: &Sent) -> bool {
    let never_left = sent.transport == Transport::Queued && sent.sequence == 0 && sent.reseals == 0;
    never_left && sent.packet_type == PACKET_REFERRAL && sent.in_reply_to != NONE
}

/// Steps of colleagues that a device has heard of, placed or not.
fn of_colleagues(vault: &Vault, own: OrgId, thread: &Thread) -> BTreeSet<PacketId> {
    let is_placed = |event: &&causeway_client::model::Event| {
        event.by == own && event.after != NONE && !event.author.is_empty()
    };
    let placed = thread.events.iter().filter(is_placed).map(|event| event.packet);
    let is_colleagues = |packet: &PacketId| {
        let sent = records::sent(vault, *packet, thread.peer).ok().flatten();
        sent.is_some_and(|sent| !sent.author.is_empty())
    };
    placed.chain(thread.waiting.iter().copied().filter(is_colleagues)).collect()
}
