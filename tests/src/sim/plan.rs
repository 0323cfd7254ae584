//! What a seed decides: who takes part, how bad the network is, what breaks when, who does what.

use causeway_common::priority::Priority;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::cast::{ALONE, Part};

pub(super) mod teams;

/// Nothing breaks any more and nobody begins anything new after this time.
pub const TROUBLE_MS: u64 = 25_000;
/// The host that is the relay; the others follow from 1.
pub const RELAY: usize = 0;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A schedule.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who takes part.
    pub cast: &'static [Part],
    /// Whether their devices have never been at the relay since they were admitted: nobody has left keys yet.
    pub fresh: bool,
    /// Shortest way of a datagram, in milliseconds.
    pub latency_min: u64,
    /// Longest way.
    pub latency_max: u64,
    /// Of a thousand datagrams, how many are lost.
    pub lost: u32,
    /// How many arrive twice.
    pub doubled: u32,
    /// Whether clocks are wrong by more than honest clocks are: then packets may expire.
    pub wild_clocks: bool,
    /// Whether days go by: then too.
    pub passes: bool,
    /// How wrong every clock is in the beginning, relay first.
    pub wrong_ms: Vec<i64>,
    /// What breaks and what is mended, by time.
    pub troubles: Vec<(u64, Trouble)>,
    /// What the people of each device do, by time.
    pub scripts: Vec<Vec<(u64, Act)>>,
}

/// Something breaks, or is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Trouble {
    /// At once, or as soon as something is written that is not durable yet.
    Crash {
        host: usize,
        writing: bool,
    },
    Restart {
        host: usize,
    },
    Cut {
        org: usize,
        way: Way,
    },
    Mend {
        org: usize,
    },
    Slow {
        org: usize,
        ms: u64,
    },
    Clock {
        host: usize,
        by_ms: i64,
    },
    /// Days go by in which nothing happens, for everybody.
    Pass {
        ms: i64,
    },
    DiskFull {
        host: usize,
    },
    DiskFree {
        host: usize,
    },
    /// A backup of the relay.
    Backup,
    /// The disk is lost, and another one holds what the last backup held. The host is down until it is restarted.
    Restore {
        host: usize,
    },
}

/// What does not get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Way {
    Both,
    ToRelay,
    FromRelay,
}

/// What a person does. Picks are taken modulo what there is to pick from at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Writes a referral.
    Send {
        /// To which of the others.
        to: usize,
        /// How urgent it is.
        priority: Priority,
        /// Length of its text.
        length: usize,
    },
    /// Looks at something that has not been looked at.
    Open {
        /// Which one.
        pick: usize,
    },
    /// Takes a step in a thread.
    Step {
        /// In which one.
        pick: usize,
        /// Which step.
        choice: usize,
    },
    /// Takes a backup of the device.
    Backup,
    /// Lets a colleague's device in.
    LetIn {
        /// Which.
        host: usize,
    },
    /// Takes a device of the organisation out.
    Revoke {
        /// Which.
        host: usize,
        /// Why, as a roster says it.
        reason: u8,
    },
    /// Gives a colleague's device all that came and went.
    Give {
        /// Which.
        host: usize,
    },
    /// Shuts an organisation out.
    Suspend {
        /// Which.
        org: usize,
        /// Why, as the statement says it.
        reason: u8,
    },
    /// Lets an organisation in again.
    Reinstate {
        /// Which.
        org: usize,
    },
    /// Puts the organisation's root keys onto paper.
    WriteDown,
    /// Hands over to the next root.
    Rotate,
    /// Begins to bring an organisation back that comes with a sheet only: until it stands in the open.
    BringBack {
        /// Which.
        org: usize,
    },
    /// Lets its new workstation in when its time is over.
    LetBack {
        /// Which.
        org: usize,
    },
}

impl Act {
    /// Whether people go on until it is done.
    pub fn is_pursued(self) -> bool {
        !matches!(self, Self::Send { .. } | Self::Open { .. } | Self::Step { .. } | Self::Backup)
    }
}

impl Plan {
    /// The schedule of a seed, of organisations with one device each.
    pub fn of(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let orgs = rng.random_range(3..=ALONE.len());
        let wild_clocks = rng.random_ratio(1, 5);
        let latency_min = rng.random_range(1..30);
        let latency_max = latency_min + rng.random_range(1..250);
        let lost = if rng.random_ratio(1, 4) { 0 } else { rng.random_range(0..80) };
        let mut plan = Self {
            cast: &ALONE[..orgs],
            fresh: rng.random_ratio(1, 4),
            latency_min,
            latency_max,
            lost,
            doubled: rng.random_range(0..40),
            wild_clocks,
            passes: false,
            wrong_ms: (0..=orgs).map(|_| rng.random_range(-HOUR_MS / 4..HOUR_MS / 4)).collect(),
            troubles: Vec::new(),
            scripts: (0..orgs).map(|org| script(&mut rng, orgs, org)).collect(),
        };
        for _ in 0..rng.random_range(2..10) {
            plan.add_trouble(&mut rng);
        }
        plan.troubles.sort_by_key(|(at, _)| *at);
        plan
    }

    /// Whether organisations have several devices.
    pub fn has_teams(&self) -> bool {
        self.cast.iter().any(|part| part.org.is_none())
    }

    fn add_trouble(&mut self, rng: &mut ChaCha8Rng) {
        let at = rng.random_range(0..TROUBLE_MS);
        let until = at + duration(rng);
        let host = rng.random_range(0..=self.cast.len());
        let org = rng.random_range(1..=self.cast.len());
        match rng.random_range(0..12) {
            0..=4 => {
                self.troubles.push((at, Trouble::Crash { host, writing: rng.random_ratio(3, 4) }));
                self.troubles.push((until, Trouble::Restart { host }));
            }
            5..=7 => {
                let way = [Way::Both, Way::ToRelay, Way::FromRelay][rng.random_range(0..3)];
                self.troubles.push((at, Trouble::Cut { org, way }));
                self.troubles.push((until, Trouble::Mend { org }));
            }
            8 => self.troubles.push((at, Trouble::Slow { org, ms: rng.random_range(300..1500) })),
            9 | 10 => {
                // Honest clocks stay within two hours of each other, whatever happens.
                let most = if self.wild_clocks { 24 * 5 * HOUR_MS } else { HOUR_MS / 8 };
                self.troubles.push((at, Trouble::Clock { host, by_ms: rng.random_range(-most..most) }));
            }
            _ => {
                self.troubles.push((at, Trouble::DiskFull { host }));
                self.troubles.push((until, Trouble::DiskFree { host }));
            }
        }
    }
}

/// Mostly a blink, sometimes long enough for every deadline.
fn duration(rng: &mut ChaCha8Rng) -> u64 {
    if rng.random_ratio(2, 3) { rng.random_range(1..3_000) } else { rng.random_range(3_000..30_000) }
}

fn script(rng: &mut ChaCha8Rng, orgs: usize, org: usize) -> Vec<(u64, Act)> {
    let mut acts = Vec::new();
    for _ in 0..rng.random_range(1..6) {
        let to = (org + rng.random_range(1..orgs)) % orgs;
        let priority = Priority::ALL[rng.random_range(0..4)];
        let length = if rng.random_ratio(1, 12) { rng.random_range(60_000..90_000) } else { 200 };
        // Some write before anything is connected, some all at once.
        let at = rng.random_range(0..3) * rng.random_range(0..TROUBLE_MS / 2);
        acts.push((at, Act::Send { to, priority, length }));
    }
    for _ in 0..rng.random_range(1..5) {
        acts.push((rng.random_range(0..TROUBLE_MS), Act::Open { pick: rng.random_range(0..1000) }));
    }
    for _ in 0..rng.random_range(1..8) {
        let (pick, choice) = (rng.random_range(0..1000), rng.random_range(0..1000));
        acts.push((rng.random_range(0..TROUBLE_MS), Act::Step { pick, choice }));
    }
    acts.sort_by_key(|(at, _)| *at);
    acts
}

/// A source of randomness for one purpose of one seed.
pub fn rng(seed: u64, purpose: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ purpose.rotate_left(32))
}
