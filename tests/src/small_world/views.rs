//! What a client may hold in a small world, and what it decides then: the product's own code, asked once for each question.

use std::collections::{BTreeMap, BTreeSet};

use causeway_certs::directory::{Organisation, RelayKeys};
use causeway_client::engine::judgement::{self, Origin, Sender, Verdict};
use causeway_client::prekeys;
use causeway_client::replica::{Replica, ReplicaError};
use causeway_client::seal::open::Claimed;
use causeway_client::vault::Changes;
use causeway_common::ids::{DeviceId, Digest};
use causeway_common::wire::{DirectoryPart, Prekeys};

use super::paper::{Log, NOW, ORGS, Paper};
use super::{Omission, Scope};

/// Everything there is to decide.
pub(super) struct World {
    pub(super) paper: Paper,
    pub(super) views: Vec<View>,
    omission: Omission,
    /// By view, sending organisation, log and head of the packet.
    judged: BTreeMap<(usize, usize, usize, usize), Judged>,
}

/// What a client holds.
pub(super) struct View {
    /// The log that its replica has replayed.
    pub(super) log: usize,
    /// The log of which it keeps the head: the same one, or something is broken.
    pub(super) head: usize,
    /// Which rosters it was given, a bit for each.
    pub(super) rosters: u32,
    /// Where it can go from here, by what a relay may show.
    pub(super) next: Vec<usize>,
    /// Whether a relay can show it something that proves another history.
    pub(super) can_split: bool,
    /// For each organisation, the sets of its devices that it seals to, by what a relay may give.
    pub(super) seals: Vec<Vec<u8>>,
    replica: Replica,
    /// Organisations as they were when their roster was here last.
    remembered: Vec<Option<Organisation>>,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// Its sender's word.
    Accepted,
    /// Kept apart until a person has asked.
    KeptApart,
    /// Held until the directory has been fetched.
    Held,
    /// Refused.
    Refused,
    /// Refused, and its recipient has two heads that contradict each other.
    Split,
}

impl World {
    pub(super) fn draw(scope: &Scope, omission: Omission) -> Self {
        let paper = Paper::draw(&scope.events);
        let mut replica = Replica::default();
        replica.directory = paper.base.clone();
        replica.checkpoint.clone_from(&paper.logs[0].head);
        let first = View::new(&paper, (0, 0, (1 << ORGS) - 1), replica, &[]);
        let mut world = Self { paper, views: vec![first], omission, judged: BTreeMap::new() };
        let mut number = 0;
        while number < world.views.len() {
            world.show_everything(number);
            world.views[number].seals = (0..ORGS).map(|org| world.sets_sealed_to(number, org)).collect();
            number += 1;
        }
        for view in 0..world.views.len() {
            (0..scope.clients).for_each(|from| world.judge_all(view, from));
        }
        world
    }

    /// Judges what the client of `from` may seal, under whatever it may hold then.
    fn judge_all(&mut self, view: usize, from: usize) {
        let device = self.paper.orgs[from].devices[0].id;
        let sealed: BTreeSet<(usize, usize)> = self.views.iter().map(|view| (view.log, view.head)).collect();
        for (log, head) in sealed {
            let judged = self.judge(view, from, device, log, head);
            self.judged.insert((view, from, log, head), judged);
        }
    }

    /// What a client with this view makes of a packet by the client of `from`.
    pub(super) fn judged(&self, view: usize, from: usize, log: usize, head: usize) -> Judged {
        self.judged[&(view, from, log, head)]
    }

    /// Everything that a relay can answer a client which fetches: any one statement or none, under the head of any log;
    /// and any roster.
    fn show_everything(&mut self, number: usize) {
        for head in 0..self.paper.logs.len() {
            self.show(number, None, head);
            (0..self.paper.events.len()).for_each(|event| self.show(number, Some(event), head));
        }
        (0..self.paper.rosters.len()).for_each(|roster| self.give(number, roster));
    }

    fn show(&mut self, number: usize, event: Option<usize>, head: usize) {
        let view = &self.views[number];
        let leaves = event.map(|event| self.paper.events[event].leaf.clone());
        let part = DirectoryPart {
            leaves: leaves.into_iter().collect(),
            checkpoint: self.paper.logs[head].head.clone(),
        };
        let mut replica = copy(&view.replica);
        match replica.take(&part, &[], &self.paper.identity, &mut Changes::default()) {
            Ok(false) => {
                let log = event.map_or(Some(view.log), |event| self.paper.longer(view.log, event));
                let log = log.expect("a replica takes no step that a directory does not");
                let rosters = view.rosters;
                self.lead(number, (log, head, rosters), replica);
            }
            Err(ReplicaError::Split) => self.views[number].can_split = true,
            // More is asked for, or an alarm that proves nothing: the replica goes back to what it was.
            Ok(true) | Err(_) => {}
        }
    }

    fn give(&mut self, number: usize, roster: usize) {
        let view = &self.views[number];
        let mut replica = copy(&view.replica);
        let before = with_roster(&replica);
        replica.take_rosters(&self.paper.rosters[roster..=roster], &mut Changes::default());
        if with_roster(&replica) != before {
            let key = (view.log, view.head, view.rosters | 1 << roster);
            self.lead(number, key, replica);
        }
    }

    /// Lets a view lead to another one.
    fn lead(&mut self, from: usize, key: (usize, usize, u32), replica: Replica) {
        let known = self.views.iter().position(|view| (view.log, view.head, view.rosters) == key);
        let to = known.unwrap_or_else(|| {
            let view = View::new(&self.paper, key, replica, &self.views[from].remembered);
            self.views.push(view);
            self.views.len() - 1
        });
        let next = &mut self.views[from].next;
        if to != from && !next.contains(&to) {
            next.push(to);
        }
    }

    /// The relay gives prekeys of the client and of at most one other device that the organisation ever has: whom the
    /// packet would be sealed to.
    fn sets_sealed_to(&self, number: usize, org: usize) -> Vec<u8> {
        let view = &self.views[number];
        let members = &self.paper.orgs[org];
        let mut to = view.replica.directory.organisation(members.id).unwrap();
        if self.omission == Omission::ForgettingRosters {
            to = view.remembered[org].as_ref().unwrap();
        }
        let mut sets = Vec::new();
        for other in 0..members.devices.len() {
            let mut given = vec![&members.devices[0], &members.devices[other]];
            given.truncate(if other == 0 { 1 } else { 2 });
            let taken = Prekeys {
                prekeys: given.iter().map(|device| device.prekey.clone()).collect(),
                statuses: given.iter().map(|device| device.status.clone()).collect(),
            };
            if let Ok(checked) = prekeys::check_taken(to, &taken, NOW)
                && !checked.is_empty()
            {
                sets.push(1 | 1 << other);
            }
        }
        sets
    }

    /// Judges a packet that a device of `from` has sealed under this log and head.
    pub(super) fn judge(
        &self,
        view: usize,
        from: usize,
        device: DeviceId,
        log: usize,
        head: usize,
    ) -> Judged {
        let (paper, replica) = (&self.paper, &self.views[view].replica);
        let claimed = Claimed {
            from_org: paper.orgs[from].id,
            from_device: device,
            from_roster: Digest([0; 32]),
            log_size: paper.logs[log].size,
            log_root: paper.logs[log].root,
            checkpoint: paper.logs[head].head.clone(),
        };
        let mut origin = judgement::origin(replica, &claimed, &RelayKeys::new(paper.relay));
        if self.omission == Omission::HeadsOfPackets
            && let Some(org) = replica.directory.organisation(claimed.from_org)
        {
            origin = Origin::Known(Sender::of(org, device));
        }
        match origin {
            Origin::Known(sender) => match judgement::at_receipt(&sender, NOW) {
                Verdict::Refuse => Judged::Refused,
                Verdict::Quarantine(_) if self.omission != Omission::Revocations => Judged::KeptApart,
                Verdict::Accept | Verdict::Quarantine(_) => Judged::Accepted,
            },
            Origin::Ahead => Judged::Held,
            Origin::Split => Judged::Split,
            Origin::Unproven | Origin::UnknownKey => Judged::Refused,
        }
    }
}

impl View {
    fn new(
        paper: &Paper,
        (log, head, rosters): (usize, usize, u32),
        replica: Replica,
        before: &[Option<Organisation>],
    ) -> Self {
        let remembered = (0..ORGS).map(|number| {
            let now = replica.directory.organisation(paper.orgs[number].id).unwrap();
            now.roster.is_some().then(|| now.clone()).or_else(|| before.get(number).cloned().flatten())
        });
        let (remembered, next, seals) = (remembered.collect(), Vec::new(), Vec::new());
        Self { log, head, rosters, next, can_split: false, seals, replica, remembered }
    }

    /// Compares a head with what is held, as people do who tell each other theirs.
    pub(super) fn agrees_with(&self, log: &Log) -> Option<bool> {
        self.replica.agrees_with(log.size, log.root)
    }

    /// Rosters that the log names and the relay has not given.
    pub(super) fn missing_rosters(&self) -> usize {
        self.replica.directory.missing_rosters().len()
    }
}

/// Another replica that holds the same.
fn copy(replica: &Replica) -> Replica {
    let mut copy = Replica::default();
    copy.directory = replica.directory.clone();
    copy.checkpoint.clone_from(&replica.checkpoint);
    copy
}

/// Numbers of the rosters that are here.
fn with_roster(replica: &Replica) -> Vec<Option<u64>> {
    let number = |org: &Organisation| org.roster.as_ref().map(|roster| roster.sequence);
    replica.directory.organisations().map(number).collect()
}
