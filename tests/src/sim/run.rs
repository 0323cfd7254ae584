//! Lives through a plan, then lets everything come to rest, then asks the oracle.

use std::cell::Cell;
use std::sync::{Arc, Once};
use std::time::Duration;

use super::disk::Disk;
use super::founding::{Beginning, beginning};
use super::history::WallClock;
use super::hosts::{Common, RELAY_NAME, RelayHost, lock};
use super::office::Office;
use super::plan::{Plan, RELAY, TROUBLE_MS, Trouble, Way};
use super::socket::Weather;
use crate::oracle::teams::Yielding;

pub use self::remains::Remains;

mod remains;
mod rest;

/// Resolution of the simulated network.
const TICK: Duration = Duration::from_millis(5);
/// What is noted of the relay's disk: copies in mailboxes, one-time prekeys.
const NOTED: &[u8] = b"mp";
/// Once all is well again everything comes to rest within this time.
const REST_WITHIN_MS: u64 = 300_000;

/// What a seed came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Which seed.
    pub seed: u64,
    /// What went wrong; empty if nothing did.
    pub complaints: Vec<String>,
    /// What happened.
    pub lines: Vec<String>,
    /// One number for all of it, down to the datagrams.
    pub fingerprint: u64,
    /// Packets that were promised.
    pub packets: u64,
    /// Times that a host crashed.
    pub crashes: u64,
    /// Transactions that crashes took with them.
    pub lost_transactions: u64,
    /// Datagrams sent.
    pub datagrams: u64,
    /// Simulated milliseconds.
    pub simulated_ms: u64,
}

/// Lives through a seed, with one device in each organisation.
pub fn run(seed: u64) -> Outcome {
    live(seed, &Plan::of(seed))
}

/// Lives through a seed, with several.
pub fn run_teams(seed: u64) -> Outcome {
    live(seed, &Plan::of_teams(seed))
}

fn live(seed: u64, plan: &Plan) -> Outcome {
    let mut world = World::new(seed, plan);
    let ended = world.live(plan).and_then(|()| world.come_to_rest(plan));
    let mut complaints: Vec<String> = ended.err().into_iter().collect();
    let healed = complaints.is_empty();
    complaints.append(&mut world.complaints);
    let common = world.common.clone();
    let (simulated_ms, crashes) = (common.time.ms(), world.crashes);
    let remains = world.end();
    complaints.extend(remains.judge(plan, healed).iter().map(ToString::to_string));
    match panics() {
        0 => {}
        count => complaints.push(format!("{count} panics, see above")),
    }
    Outcome {
        seed,
        complaints,
        lines: common.history.lines(),
        fingerprint: common.history.fingerprint(),
        packets: remains.promises().len() as u64,
        crashes,
        lost_transactions: remains.disks().map(Disk::lost).sum(),
        datagrams: common.history.datagrams(),
        simulated_ms,
    }
}

struct World {
    common: Common,
    sim: turmoil::Sim<'static>,
    relay: RelayHost,
    offices: Vec<Arc<Office>>,
    /// Which hosts are down.
    down: Vec<bool>,
    /// Which hosts crash with their next write.
    doomed: Vec<bool>,
    crashes: u64,
    /// What is watched while they live, by office.
    yielding: Vec<Yielding>,
    complaints: Vec<String>,
}

impl World {
    fn new(seed: u64, plan: &Plan) -> Self {
        watch_panics();
        let Beginning { orgs, fresh, settled } = beginning(plan.cast);
        let stage = if plan.fresh { fresh } else { settled };
        let common = Common::new(seed, plan.cast);
        *lock(&common.weather) = Weather { lost: plan.lost, doubled: plan.doubled };
        let mut sim = turmoil::Builder::new()
            .rng_seed(seed)
            .tick_duration(TICK)
            .simulation_duration(Duration::from_millis(2 * (TROUBLE_MS + REST_WITHIN_MS)))
            .min_message_latency(Duration::from_millis(plan.latency_min))
            .max_message_latency(Duration::from_millis(plan.latency_max))
            .udp_capacity(4096)
            .build();
        let disk = Disk::holding(&stage.relay, seed).noting(NOTED);
        let relay = RelayHost::new(&common, disk, plan.wrong_ms[RELAY]);
        let running = relay.clone();
        sim.host(RELAY_NAME, move || running.clone().run());
        let address = sim.lookup(RELAY_NAME);
        let mut offices = Vec::new();
        for (index, part) in plan.cast.iter().enumerate() {
            let host = index + 1;
            let clock = WallClock::new(&common.time, plan.wrong_ms[host]);
            let (home, script) = (stage.homes[index].as_ref(), plan.scripts[index].clone());
            let office = Office::new(&common, (host, part), home, clock, orgs.clone(), script);
            let running = Arc::clone(&office);
            sim.host(part.name, move || Arc::clone(&running).run(address));
            offices.push(office);
        }
        let (down, doomed) = (vec![false; plan.cast.len() + 1], vec![false; plan.cast.len() + 1]);
        let yielding = offices.iter().map(|_| Yielding::default()).collect();
        Self { common, sim, relay, offices, down, doomed, crashes: 0, yielding, complaints: Vec::new() }
    }

    /// The time of trouble.
    fn live(&mut self, plan: &Plan) -> Result<(), String> {
        let mut troubles = plan.troubles.iter().peekable();
        while self.common.time.ms() < TROUBLE_MS {
            while let Some((_, trouble)) = troubles.next_if(|(at, _)| *at <= self.common.time.ms()) {
                self.trouble(*trouble);
            }
            self.step()?;
            for host in 0..self.doomed.len() {
                if self.doomed[host] && self.disk(host).is_writing() {
                    self.doomed[host] = false;
                    self.common.history.tell(self.name(host), "crashes while it writes");
                    self.crash(host);
                }
            }
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), String> {
        self.sim.step().map_err(|error| format!("a host stopped: {error}"))?;
        let elapsed = self.sim.elapsed().as_millis();
        self.common.time.set(elapsed.try_into().unwrap_or(u64::MAX));
        for (office, yielding) in self.offices.iter().zip(&mut self.yielding) {
            let Some(engine) = office.running().filter(|_| self.complaints.is_empty()) else { continue };
            let broken = yielding.look(office.part.name, engine.identity.org, &engine.vault);
            self.complaints.extend(broken.iter().map(ToString::to_string));
        }
        Ok(())
    }

    fn name(&self, host: usize) -> &'static str {
        if host == RELAY { RELAY_NAME } else { self.offices[host - 1].part.name }
    }

    fn clock(&self, host: usize) -> &WallClock {
        if host == RELAY { &self.relay.clock } else { &self.offices[host - 1].clock }
    }

    fn disk(&self, host: usize) -> &Disk {
        if host == RELAY { &self.relay.disk } else { &self.offices[host - 1].disk }
    }

    fn trouble(&mut self, trouble: Trouble) {
        self.common.history.tell("world", &format!("{trouble:?}"));
        match trouble {
            Trouble::Crash { host, writing: true } => self.doomed[host] = true,
            Trouble::Crash { host, writing: false } => self.crash(host),
            Trouble::Restart { host } => {
                self.doomed[host] = false;
                if std::mem::take(&mut self.down[host]) {
                    self.sim.bounce(self.name(host));
                }
            }
            Trouble::Cut { org, way } => match way {
                Way::Both => self.sim.partition(self.name(org), RELAY_NAME),
                Way::ToRelay => self.sim.partition_oneway(self.name(org), RELAY_NAME),
                Way::FromRelay => self.sim.partition_oneway(RELAY_NAME, self.name(org)),
            },
            Trouble::Mend { org } => self.sim.repair(self.name(org), RELAY_NAME),
            Trouble::Slow { org, ms } => {
                let most = Duration::from_millis(ms);
                self.sim.set_link_max_message_latency(self.name(org), RELAY_NAME, most);
            }
            Trouble::Clock { host, by_ms } => self.clock(host).step(by_ms),
            Trouble::Pass { ms } => (0..self.down.len()).for_each(|host| self.clock(host).step(ms)),
            Trouble::DiskFull { host } => self.disk(host).set_full(true),
            Trouble::DiskFree { host } => self.disk(host).set_full(false),
            Trouble::Backup => self.relay.back_up(),
            Trouble::Restore { host } => {
                self.crash(host);
                match host {
                    RELAY => self.relay.restore(),
                    _ => self.offices[host - 1].restore(self.relay.disk.noted().len()),
                }
            }
        }
    }

    fn crash(&mut self, host: usize) {
        if std::mem::replace(&mut self.down[host], true) {
            return;
        }
        self.crashes += 1;
        self.sim.crash(self.name(host));
        if host == RELAY {
            self.relay.disk.lose_power();
        } else {
            self.offices[host - 1].lose_power();
        }
    }

    /// Everything stops where it stands.
    fn end(mut self) -> Remains {
        for host in 0..self.down.len() {
            self.crash(host);
        }
        Remains::new(self.relay, self.offices)
    }
}

thread_local! {
    static PANICS: Cell<u64> = const { Cell::new(0) };
}

/// A panic in a task of the product ends that task only; here it counts.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            usual(info);
        }));
    });
}

/// Panics of this thread since the last look.
fn panics() -> u64 {
    PANICS.take()
}
