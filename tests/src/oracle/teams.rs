//! The judge of worlds in which organisations have several devices, and devices come, go and come out of backups.
//!
//! A device counts as *listed* if the longest directory that anybody holds lists it. It *has all* if it has been there from the
//! beginning or a colleague has given it what was before. What a backup does not hold is lost with the disk and is nobody's
//! broken promise; that it was lost must not show as anything else.

use std::collections::{BTreeMap, BTreeSet};

use causeway_certs::directory;
use causeway_client::model::{PACKET_REFERRAL, Received, Sent, Thread, Transport};
use causeway_client::records;
use causeway_client::replica::Replica;
use causeway_client::seal::content::Grant;
use causeway_client::shared;
use causeway_common::codec;
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::limits::{FRAME_BYTES_MAX, ROSTER_BYTES_MAX};
use causeway_common::statements::{Admission, REVOKED_RETIRED, Roster, RosterChange, StatementKind};

use super::{Broken, Presence, Rule, Scenario, Witness, kept_keys, leaks};

mod colleagues;
mod copies;
mod packets;
mod roots;
mod yielding;

pub use self::yielding::Yielding;

/// What was found.
type Found = Vec<(Rule, String)>;

/// Looks at everything.
pub async fn judge(scenario: &Scenario<'_>) -> Vec<Broken> {
    let mut found = Vec::new();
    let court = Court::new(scenario, &mut found);
    found.extend(court.directories());
    found.extend(court.promises());
    found.extend(court.deliveries());
    found.extend(court.inboxes());
    found.extend(court.numbers());
    found.extend(court.copies());
    found.extend(court.prekeys());
    if scenario.healed {
        found.extend(court.between_colleagues());
        found.extend(court.threads());
        found.extend(court.roots().await);
    }
    found.extend(leaks(scenario));
    found.extend(kept_keys(scenario).await);
    found.into_iter().map(|(rule, what)| Broken { rule, what }).collect()
}

/// What one device keeps, read.
#[derive(Debug)]
struct Seat<'a> {
    witness: &'a Witness,
    org: OrgId,
    device: DeviceId,
    sent: BTreeMap<(PacketId, OrgId), Sent>,
    received: BTreeMap<PacketId, Received>,
    threads: BTreeMap<[u8; 32], Thread>,
    replica: Replica,
}

impl Seat<'_> {
    fn name(&self) -> &str {
        &self.witness.name
    }

    fn is_restored(&self) -> bool {
        !self.witness.lives.is_empty()
    }
}

#[derive(Debug)]
struct Court<'a> {
    scenario: Scenario<'a>,
    seats: Vec<Seat<'a>>,
    rosters: BTreeMap<Digest, Roster>,
    /// Of whoever knows most of the directory.
    longest: usize,
}

impl<'a> Court<'a> {
    fn new(scenario: &Scenario<'a>, found: &mut Found) -> Self {
        let seats: Vec<Seat<'a>> =
            scenario.witnesses.iter().filter_map(|witness| read(witness, found)).collect();
        let mut rosters = BTreeMap::new();
        for signed in seats.iter().flat_map(|seat| records::rosters(&seat.witness.vault).unwrap_or_default())
        {
            if let Ok(roster) = codec::decode(&signed.body, ROSTER_BYTES_MAX) {
                rosters.insert(causeway_certs::roster::digest(&signed.body), roster);
            }
        }
        let by_size = |index: &usize| seats[*index].replica.directory.size();
        let longest = (0..seats.len()).max_by_key(by_size).unwrap_or(0);
        Self { scenario: *scenario, seats, rosters, longest }
    }

    fn is_listed(&self, seat: &Seat<'_>) -> bool {
        self.seats[self.longest]
            .replica
            .directory
            .organisation(seat.org)
            .is_some_and(|org| org.device(seat.device).is_some())
    }

    /// Devices of an organisation that are listed and have all.
    fn whole(&self, org: OrgId) -> impl Iterator<Item = &Seat<'a>> {
        self.seats.iter().filter(move |seat| {
            seat.org == org && seat.witness.presence != Presence::Lacking && self.is_listed(seat)
        })
    }

    /// Whether a device of this organisation has lost something that others may have heard of: it has come out of a backup, or
    /// was taken out.
    fn is_shaken(&self, org: OrgId) -> bool {
        self.seats.iter().any(|seat| seat.org == org && (seat.is_restored() || !self.is_listed(seat)))
    }

    /// Whether what a device of this organisation signed has come into doubt since: it was lost, or somebody else may have it. Who
    /// hears of it by a colleague does not take it.
    fn is_doubtful(&self, org: OrgId) -> bool {
        let known = self.seats[self.longest].replica.directory.organisation(org);
        known.is_some_and(|known| known.revoked.values().any(|revoked| revoked.reason != REVOKED_RETIRED))
    }

    fn seat(&self, device: DeviceId) -> Option<&Seat<'a>> {
        self.seats.iter().find(|seat| seat.device == device)
    }

    /// The roster of an organisation in a directory of so many statements.
    fn roster_at(&self, org: OrgId, size: u64) -> Option<&Roster> {
        let leaves = self.seats[self.longest].replica.directory.leaves_from(0);
        let known = leaves.iter().take(usize::try_from(size).unwrap_or(usize::MAX));
        let statements = known.filter_map(|leaf| directory::open(leaf).ok()).filter(|s| s.org == org);
        let mut digest = statements.filter_map(|statement| match statement.kind {
            StatementKind::Admission => {
                codec::decode::<Admission>(&statement.payload, FRAME_BYTES_MAX).ok().map(|a| a.roster)
            }
            StatementKind::RosterChange => {
                codec::decode::<RosterChange>(&statement.payload, FRAME_BYTES_MAX).ok().map(|c| c.roster)
            }
            _ => None,
        });
        self.rosters.get(&digest.next_back()?)
    }

    /// Nobody is shown another directory, and who is listed and quiet knows all of it.
    fn directories(&self) -> Found {
        let mut found = Vec::new();
        let Some(longest) = self.seats.get(self.longest) else { return found };
        for seat in &self.seats {
            let (known, all) = (&seat.replica.directory, &longest.replica.directory);
            if all.root_at(known.size()) != Some(known.root()) {
                found.push((Rule::Diverged, format!("{} knows another directory", seat.name())));
            }
            if self.scenario.healed && self.is_listed(seat) && known.size() != all.size() {
                let (name, known, all) = (seat.name(), known.size(), all.size());
                found.push((Rule::Silent, format!("{name} knows {known} of {all} statements")));
            }
        }
        found
    }
}

fn read<'a>(witness: &'a Witness, found: &mut Found) -> Option<Seat<'a>> {
    let vault = &witness.vault;
    if let Err(error) = vault.verify() {
        found.push((Rule::Damaged, format!("the vault of {}: {error}", witness.name)));
    }
    let sent = records::all_sent(vault);
    let received = records::all_received(vault);
    let threads = records::all_threads(vault);
    let (Ok(sent), Ok(received), Ok(threads), Ok(replica)) = (sent, received, threads, Replica::load(vault))
    else {
        found.push((Rule::Damaged, format!("records of {} do not read", witness.name)));
        return None;
    };
    // What colleagues say, and receipts, stand in the inbox only if somebody had to decide about them.
    let is_referral = |received: &Received| received.kind != shared::KIND && received.kind != "RCP";
    let sent = sent.into_iter().filter(|sent| sent.packet_type == PACKET_REFERRAL);
    Some(Seat {
        witness,
        org: witness.identity.org,
        device: witness.identity.device(),
        sent: sent.map(|sent| ((sent.packet, sent.to), sent)).collect(),
        received: received.into_iter().filter(is_referral).map(|r| (r.packet, r)).collect(),
        threads: threads.into_iter().map(|thread| (thread.case, thread)).collect(),
        replica,
    })
}

fn grant_of(received: &Received) -> Option<Grant> {
    codec::decode(&received.grant.body, FRAME_BYTES_MAX).ok()
}

/// Whether a packet of ours has left this device for good, as far as its record says.
fn has_left(sent: &Sent) -> bool {
    matches!(
        sent.transport,
        Transport::Relayed | Transport::Delivered | Transport::Opened | Transport::ByColleague
    )
}

/// What two sets do not share.
fn difference<T: Ord + Copy>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> Vec<T> {
    one.symmetric_difference(other).copied().collect()
}
