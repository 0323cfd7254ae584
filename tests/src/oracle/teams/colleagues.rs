//! At rest, all devices of an organisation know the same, and both sides of a thread see the same winner.

use std::collections::BTreeSet;

use causeway_client::model::{Sent, Thread, Transport};
use causeway_client::records;
use causeway_client::shared::Shared;
use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;

use super::super::{Presence, Rule, short};
use super::{Court, Found, Seat, difference, has_left};

/// No packet.
const NONE: PacketId = PacketId([0; 32]);

impl<'a> Court<'a> {
    /// What one has had, sent or opened, all have.
    pub(super) fn between_colleagues(&self) -> Found {
        let mut found = Vec::new();
        let orgs: BTreeSet<OrgId> = self.seats.iter().map(|seat| seat.org).collect();
        for org in orgs {
            let whole: Vec<&Seat<'a>> = self.whole(org).collect();
            for pair in whole.windows(2) {
                self.same_inbox(pair[0], pair[1], &mut found);
                self.same_outbox(pair[0], pair[1], &mut found);
            }
        }
        found
    }

    fn same_inbox(&self, one: &Seat<'_>, other: &Seat<'_>, found: &mut Found) {
        let names = |seat: &Seat<'_>| seat.received.keys().copied().collect::<BTreeSet<_>>();
        for packet in difference(&names(one), &names(other)) {
            let (has, lacks) = if one.received.contains_key(&packet) { (one, other) } else { (other, one) };
            // Nothing is sealed to a device that has left no keys yet: what is, [`Court::copies`] follows. But who is given the
            // past has all that the giver has.
            let is_given = lacks.witness.presence == Presence::Given && self.gives(has);
            if !is_given {
                continue;
            }
            let what = format!("{} has {} and {} does not", has.name(), short(packet), lacks.name());
            found.push((Rule::Lost, what));
        }
        for received in one.received.values() {
            let Some(same) = other.received.get(&received.packet) else { continue };
            let opened = (received.opened != Timestamp(0), same.opened != Timestamp(0));
            let may_differ = one.is_restored() || other.is_restored();
            if opened.0 != opened.1 && !may_differ {
                let (a, b, packet) = (one.name(), other.name(), short(received.packet));
                let what = format!("{packet} is opened: {} at {a}, {} at {b}", opened.0, opened.1);
                found.push((Rule::Diverged, what));
            }
        }
    }

    /// Whether it is this device that gives its colleagues the past.
    fn gives(&self, seat: &Seat<'_>) -> bool {
        let first = self.whole(seat.org).find(|seat| seat.witness.presence == Presence::Always);
        first.is_some_and(|first| first.device == seat.device)
    }

    fn same_outbox(&self, one: &Seat<'_>, other: &Seat<'_>, found: &mut Found) {
        let names = |seat: &Seat<'_>| -> BTreeSet<_> {
            seat.sent.values().filter(|sent| has_left(sent)).map(|sent| (sent.packet, sent.to)).collect()
        };
        for name in names(one).union(&names(other)) {
            // What nobody has signed for counts as sent by its author, and as sent by a colleague with the others.
            let state = |seat: &Seat<'_>| match seat.sent.get(name)?.transport {
                Transport::Relayed => Some(Transport::ByColleague),
                other => Some(other),
            };
            let (here, there) = (state(one), state(other));
            // They differ in nothing but what the recipient has signed; that nobody has before its time was over, its author knows.
            let is_proof = |state: Option<Transport>| {
                use Transport::{ByColleague, Delivered, ExpiredUndelivered, Opened};
                matches!(state, Some(ByColleague | Delivered | Opened | ExpiredUndelivered))
            };
            // What proves that a packet was opened may have been signed by a device that is gone: it proves nothing to who comes
            // later, and what a relay has forgotten of it, or of what a colleague who is gone has said, does not come again.
            let is_late =
                one.witness.presence == Presence::Given || other.witness.presence == Presence::Given;
            // What only a colleague could tell who was taken out before the others heard it, they lack.
            let author = self.author_of(*name);
            let lacks = |state: Option<Transport>, seat: &Seat<'_>| {
                let is_untold =
                    |author: &Seat<'a>| !self.is_listed(author) && has_yet_to_tell(author, seat, name.0);
                state.is_none() && author.is_some_and(is_untold)
            };
            let is_gone_with_author = lacks(here, one) || lacks(there, other);
            // A restored author seals again what it has no proof of; what was signed for the first sealing proves nothing of it to
            // who has heard of the second one only.
            let is_proof_of_another_sealing = is_late
                && author.is_some_and(|author| sealed_again(author, name))
                && is_proof(here)
                && is_proof(there);
            let may_differ = one.is_restored()
                || other.is_restored()
                || is_gone_with_author
                || is_proof_of_another_sealing
                || ((is_late || self.scenario.relay_restored) && self.is_shaken(name.1))
                || (self.scenario.relay_restored && self.is_shaken(one.org))
                || (self.is_doubtful(name.1) && is_proof(here) && is_proof(there));
            if here != there && !may_differ {
                let word = |state: Option<Transport>| state.map_or("not there", Transport::as_str);
                let (a, b, packet) = (one.name(), other.name(), short(name.0));
                let what = format!("{packet} is {} at {a}, {} at {b}", word(here), word(there));
                found.push((Rule::Diverged, what));
            }
        }
    }

    /// Whoever wrote this packet.
    fn author_of(&self, name: (PacketId, OrgId)) -> Option<&Seat<'a>> {
        let wrote = |seat: &&Seat<'_>| seat.sent.get(&name).is_some_and(|sent| sent.author.is_empty());
        self.seats.iter().find(wrote)
    }

    /// All devices of both sides have a thread's steps in the same order, with the same of them in vain, and the same state.
    pub(super) fn threads(&self) -> Found {
        let mut found = Vec::new();
        let cases: BTreeSet<[u8; 32]> =
            self.seats.iter().flat_map(|seat| seat.threads.keys().copied()).collect();
        for case in cases {
            let seats: Vec<(&Seat<'a>, &Thread)> = self
                .seats
                .iter()
                .filter(|seat| seat.witness.presence != Presence::Lacking && self.is_listed(seat))
                .filter_map(|seat| Some((seat, seat.threads.get(&case)?)))
                .collect();
            let failed = |seat: &Seat<'_>| {
                seat.sent.values().any(|sent: &Sent| sent.case == case && sent.transport.is_failure())
            };
            if self.seats.iter().any(failed) {
                continue;
            }
            for pair in seats.windows(2) {
                self.same_thread(pair[0], pair[1], &mut found);
            }
        }
        found
    }

    fn same_thread(&self, one: (&Seat<'a>, &Thread), other: (&Seat<'a>, &Thread), found: &mut Found) {
        let (case, a, b) = (hex::encode(&one.1.case[..4]), one.0.name(), other.0.name());
        let explained = self.is_shaken(one.0.org)
            || self.is_shaken(other.0.org)
            || self.scenario.relay_restored
            || self.scenario.fresh;
        let (here, there) = (steps(one.1), steps(other.1));
        let names = |steps: &[(PacketId, bool)]| steps.iter().map(|step| step.0).collect::<BTreeSet<_>>();
        let missing = difference(&names(&here), &names(&there));
        if !missing.is_empty() || one.1.root != other.1.root {
            if !explained {
                let missing: Vec<String> = missing.into_iter().map(short).collect();
                found.push((Rule::Diverged, format!("{case}: {a} and {b} do not share {missing:?}")));
            }
            return;
        }
        if here != there {
            found.push((Rule::Diverged, format!("{case}: {a} has {here:?}, {b} has {there:?}")));
        }
        // What proves that it has arrived may have been signed by a device that is gone.
        let may_lack_proof = explained || self.is_shaken(one.1.peer);
        if one.1.work != other.1.work && !(may_lack_proof && here.is_empty()) {
            let (here, there) = (&one.1.work, &other.1.work);
            found.push((Rule::Diverged, format!("{case}: {here} at {a}, {there} at {b}")));
        }
    }
}

/// Whether a device has not been told by the author of a packet that it was sent: what says so is still in the author's outbox.
fn has_yet_to_tell(author: &Seat<'_>, colleague: &Seat<'_>, packet: PacketId) -> bool {
    let all = records::all_sent(&author.witness.vault).unwrap_or_default();
    let mut said = all.iter().filter_map(|sent| Shared::read(&sent.sections));
    said.any(|said| said.is_for(colleague.device) && said.sent().iter().any(|item| item.packet == packet))
}

/// Whether a device out of a backup has sealed a packet again.
fn sealed_again(author: &Seat<'_>, name: &(PacketId, OrgId)) -> bool {
    author.is_restored()
        && author.sent.get(name).is_some_and(|sent| sent.reseals > 0 || sent.sequence >> 32 > 0)
}

/// The steps that have a place in the order, and whether each was in vain.
fn steps(thread: &Thread) -> Vec<(PacketId, bool)> {
    let placed = thread.events.iter().filter(|event| event.after != NONE && !event.taken_back);
    placed.map(|event| (event.packet, event.conflict)).collect()
}
