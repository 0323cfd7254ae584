//! What a seed decides in a world of organisations with several devices.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::{Act, HOUR_MS, Plan, RELAY, TROUBLE_MS, Trouble, Way, duration, script};
use crate::sim::cast::{Entrance, TEAMS};

/// Organisations in it.
const ORGS: usize = 3;
/// Reasons of a revocation, and of a suspension.
const REASONS: std::ops::RangeInclusive<u8> = 1..=3;

/// Who may take out whom: an administrator's device a colleague's, by host. The last one has joined in this world.
const REMOVALS: [(usize, usize); 5] = [(1, 2), (2, 1), (3, 4), (1, JOINS), (2, JOINS)];
/// Who lets in and gives the past.
const ADMINISTRATORS: [usize; 2] = [1, 2];
const JOINS: usize = 6;
const REGISTRAR: usize = 7;
/// Hosts that have their organisation's roots.
const FOUNDERS: [usize; 3] = [1, 3, 5];
/// The host of an organisation with one workstation, and which that is.
const LONELY: (usize, usize) = (5, 2);
/// A recovery takes 72 hours; clocks differ by less than one.
pub(in crate::sim) const LOCK_MS: i64 = 73 * HOUR_MS;
/// Hosts of one organisation.
const COLLEAGUES: [(usize, usize); 2] = [(1, 2), (3, 4)];

impl Plan {
    /// The schedule of a seed, of organisations with several devices.
    pub fn of_teams(seed: u64) -> Self {
        let mut rng = super::rng(seed, 0x7ea);
        let latency_min = rng.random_range(1..30);
        let mut plan = Self {
            cast: &TEAMS,
            fresh: rng.random_ratio(1, 4),
            latency_min,
            latency_max: latency_min + rng.random_range(1..250),
            lost: if rng.random_ratio(1, 4) { 0 } else { rng.random_range(0..60) },
            doubled: rng.random_range(0..40),
            wild_clocks: false,
            passes: false,
            wrong_ms: (0..=TEAMS.len()).map(|_| rng.random_range(-HOUR_MS / 4..HOUR_MS / 4)).collect(),
            troubles: Vec::new(),
            scripts: TEAMS
                .iter()
                .map(|part| part.org.map_or(Vec::new(), |org| script(&mut rng, ORGS, org)))
                .collect(),
        };
        for _ in 0..rng.random_range(1..7) {
            plan.add_trouble(&mut rng);
        }
        plan.change_staff(&mut rng);
        plan.change_standing(&mut rng);
        plan.lose_disks(&mut rng);
        plan.collide(&mut rng);
        plan.change_roots(&mut rng);
        plan.troubles.sort_by_key(|(at, _)| *at);
        plan.scripts.iter_mut().for_each(|script| script.sort_by_key(|(at, _)| *at));
        plan
    }

    fn adds(&mut self, host: usize, at: u64, act: Act) {
        self.scripts[host - 1].push((at, act));
    }

    /// Who comes, who goes, and what the newcomer is given.
    fn change_staff(&mut self, rng: &mut ChaCha8Rng) {
        debug_assert_eq!(TEAMS[JOINS - 1].entrance, Entrance::Joins);
        if rng.random_ratio(2, 3) {
            let (at, by) = (rng.random_range(0..TROUBLE_MS / 2), ADMINISTRATORS[rng.random_range(0..2)]);
            self.adds(by, at, Act::LetIn { host: JOINS });
            if rng.random_ratio(1, 2) {
                let (at, by) = (rng.random_range(at..TROUBLE_MS), ADMINISTRATORS[rng.random_range(0..2)]);
                self.adds(by, at, Act::Give { host: JOINS });
            }
        }
        if rng.random_ratio(1, 2) {
            let (by, host) = REMOVALS[rng.random_range(0..REMOVALS.len())];
            let at = rng.random_range(TROUBLE_MS / 5..TROUBLE_MS);
            self.adds(by, at, Act::Revoke { host, reason: rng.random_range(REASONS) });
        }
    }

    /// The registrar shuts an organisation out, and lets it in again.
    fn change_standing(&mut self, rng: &mut ChaCha8Rng) {
        if rng.random_ratio(1, 3) {
            let (org, reason) = (rng.random_range(0..ORGS), rng.random_range(REASONS));
            let at = rng.random_range(0..TROUBLE_MS - 5_000);
            self.adds(REGISTRAR, at, Act::Suspend { org, reason });
            self.adds(REGISTRAR, at + rng.random_range(1_000..20_000), Act::Reinstate { org });
        }
    }

    /// Colleagues act in the same thread while one of them hears nothing.
    fn collide(&mut self, rng: &mut ChaCha8Rng) {
        for _ in 0..rng.random_range(0..4) {
            let (one, other) = COLLEAGUES[rng.random_range(0..COLLEAGUES.len())];
            let (org, way) = if rng.random_ratio(1, 2) { (one, Way::Both) } else { (other, Way::ToRelay) };
            let at = rng.random_range(TROUBLE_MS / 5..TROUBLE_MS - 5_000);
            self.troubles.push((at, Trouble::Cut { org, way }));
            self.troubles.push((at + rng.random_range(1_500..4_000), Trouble::Mend { org }));
            for host in [one, other] {
                // The first of the threads in which there is something to do: both have the same, mostly.
                let act = Act::Step { pick: 0, choice: rng.random_range(0..1000) };
                self.adds(host, at + rng.random_range(100..1_000), act);
            }
        }
    }

    /// A root hands over to the next, and an organisation whose workstation is lost comes back.
    fn change_roots(&mut self, rng: &mut ChaCha8Rng) {
        if rng.random_ratio(1, 3) {
            let by = FOUNDERS[rng.random_range(0..FOUNDERS.len())];
            self.adds(by, rng.random_range(0..TROUBLE_MS), Act::Rotate);
        }
        if rng.random_ratio(1, 4) {
            let org = LONELY.1;
            let at = rng.random_range(0..TROUBLE_MS / 2);
            self.adds(LONELY.0, rng.random_range(0..TROUBLE_MS), Act::WriteDown);
            self.adds(REGISTRAR, at, Act::BringBack { org });
            self.adds(REGISTRAR, rng.random_range(at..TROUBLE_MS), Act::LetBack { org });
            self.passes = true;
            // More go by when all is well, as long as somebody waits.
            self.troubles.push((rng.random_range(at..TROUBLE_MS), Trouble::Pass { ms: LOCK_MS }));
        }
    }

    /// Workstations, and the relay, come out of their backups.
    fn lose_disks(&mut self, rng: &mut ChaCha8Rng) {
        if rng.random_ratio(1, 2) {
            let host = rng.random_range(1..JOINS);
            let (taken, lost) = moments(rng);
            self.adds(host, taken, Act::Backup);
            self.troubles.push((lost, Trouble::Restore { host }));
            self.troubles.push((lost + duration(rng), Trouble::Restart { host }));
        }
        if rng.random_ratio(1, 4) {
            let (taken, lost) = moments(rng);
            self.troubles.push((taken, Trouble::Backup));
            self.troubles.push((lost, Trouble::Restore { host: RELAY }));
            self.troubles.push((lost + duration(rng), Trouble::Restart { host: RELAY }));
        }
    }
}

/// When a backup is taken, and when what it is of is lost.
fn moments(rng: &mut ChaCha8Rng) -> (u64, u64) {
    let taken = rng.random_range(0..TROUBLE_MS * 3 / 4);
    (taken, rng.random_range(taken..TROUBLE_MS))
}
