//! Lives through a plan, then lets everything come to rest, then asks the oracle.

use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::{Arc, Once};
use std::time::Duration;

use causeway_common::store::Kv as _;

use super::disk::Disk;
use super::founding::{Beginning, NAMES, beginning};
use super::history::WallClock;
use super::hosts::{CANARY, Common, Office, RELAY_NAME, RelayHost, lock};
use super::plan::{Plan, RELAY, TROUBLE_MS, Trouble, Way};
use super::socket::Weather;
use crate::oracle::{self, Broken, Promise, Scenario, Witness};

/// Resolution of the simulated network.
const TICK: Duration = Duration::from_millis(5);
/// Once all is well again everything comes to rest within this time.
const REST_WITHIN_MS: u64 = 300_000;
/// How often that is looked at.
const LOOK_EVERY_MS: u64 = 500;
/// Failures that honest clocks never cause and wild ones may.
const CLOCK_FAILURES: [&str; 2] = ["expired", "clock_skew"];

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

/// Lives through a seed.
pub fn run(seed: u64) -> Outcome {
    let plan = Plan::of(seed);
    let mut world = World::new(seed, &plan);
    let ended = world.live(&plan).and_then(|()| world.come_to_rest(&plan));
    let mut complaints: Vec<String> = ended.err().into_iter().collect();
    let healed = complaints.is_empty();
    let common = world.common.clone();
    let (simulated_ms, crashes) = (common.time.ms(), world.crashes);
    let remains = world.end();
    complaints.extend(remains.judge(&plan, healed).iter().map(ToString::to_string));
    match panics() {
        0 => {}
        count => complaints.push(format!("{count} panics, see above")),
    }
    Outcome {
        seed,
        complaints,
        lines: common.history.lines(),
        fingerprint: common.history.fingerprint(),
        packets: remains.promises.len() as u64,
        crashes,
        lost_transactions: remains.disks().map(Disk::lost).sum(),
        datagrams: common.history.datagrams(),
        simulated_ms,
    }
}

/// A world after its end: what stands on the disks.
#[derive(Debug)]
pub struct Remains {
    relay: RelayHost,
    offices: Vec<Arc<Office>>,
    promises: Vec<Promise>,
}

impl Remains {
    /// What a seed leaves behind.
    pub fn of(seed: u64) -> Self {
        let plan = Plan::of(seed);
        let mut world = World::new(seed, &plan);
        world.live(&plan).and_then(|()| world.come_to_rest(&plan)).unwrap();
        world.end()
    }

    /// The devices, opened from their disks.
    pub async fn witnesses(&self) -> Result<Vec<Witness>, String> {
        let mut witnesses = Vec::new();
        for office in &self.offices {
            let name = office.name.to_owned();
            let engine = office.open(u64::MAX).await.map_err(|e| format!("{name} does not open: {e}"))?;
            let (identity, vault) = (engine.identity.clone(), engine.vault.clone());
            witnesses.push(Witness { name, identity, vault });
        }
        Ok(witnesses)
    }

    /// What was promised.
    pub fn promises(&self) -> &[Promise] {
        &self.promises
    }

    /// The relay's disk.
    pub fn relay_disk(&self) -> &Disk {
        &self.relay.disk
    }

    fn disks(&self) -> impl Iterator<Item = &Disk> {
        std::iter::once(&self.relay.disk).chain(self.offices.iter().map(|office| &office.disk))
    }

    fn judge(&self, plan: &Plan, healed: bool) -> Vec<Broken> {
        let damaged = |what: String| vec![Broken { rule: oracle::Rule::Damaged, what }];
        if let Err(error) = self.relay.open() {
            return damaged(format!("the relay does not open: {error}"));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            match self.witnesses().await {
                Ok(witnesses) => self.ask(&witnesses, plan.wild_clocks, healed).await,
                Err(what) => damaged(what),
            }
        })
    }

    /// Asks the oracle about these witnesses.
    pub async fn ask(&self, witnesses: &[Witness], wild_clocks: bool, healed: bool) -> Vec<Broken> {
        let names = std::iter::once(RELAY_NAME).chain(NAMES);
        let sealed: Vec<(&str, &dyn causeway_common::store::Kv)> =
            names.zip(self.disks()).map(|(name, disk)| (name, disk as _)).collect();
        let failures: &[&str] = if wild_clocks { &CLOCK_FAILURES } else { &[] };
        oracle::judge(&Scenario {
            sealed: &sealed,
            witnesses,
            promises: &self.promises,
            canaries: &[CANARY],
            healed,
            failures,
        })
        .await
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
}

impl World {
    fn new(seed: u64, plan: &Plan) -> Self {
        watch_panics();
        let Beginning { orgs, fresh, settled } = beginning();
        let stage = if plan.fresh { fresh } else { settled };
        let common = Common::new(seed);
        *lock(&common.weather) = Weather { lost: plan.lost, doubled: plan.doubled };
        let mut sim = turmoil::Builder::new()
            .rng_seed(seed)
            .tick_duration(TICK)
            .simulation_duration(Duration::from_millis(2 * (TROUBLE_MS + REST_WITHIN_MS)))
            .min_message_latency(Duration::from_millis(plan.latency_min))
            .max_message_latency(Duration::from_millis(plan.latency_max))
            .udp_capacity(4096)
            .build();
        let relay = RelayHost::new(&common, Disk::holding(&stage.relay, seed), plan.wrong_ms[RELAY]);
        let running = relay.clone();
        sim.host(RELAY_NAME, move || running.clone().run());
        let address = sim.lookup(RELAY_NAME);
        let ids: Vec<_> = orgs.iter().map(|founded| founded.org).collect();
        let mut offices = Vec::new();
        for (index, script) in plan.scripts.iter().enumerate() {
            let (kv, eks) = &stage.devices[index];
            let host = index + 1;
            let office = Office::new(
                &common,
                host,
                NAMES[index],
                Disk::holding(kv, seed ^ (host as u64) << 32),
                eks.snapshot(),
                orgs[index].key.clone(),
                WallClock::new(&common.time, plan.wrong_ms[host]),
                ids.clone(),
                script.clone(),
            );
            let running = Arc::clone(&office);
            sim.host(office.name, move || Arc::clone(&running).run(address));
            offices.push(office);
        }
        let (down, doomed) = (vec![false; plan.orgs + 1], vec![false; plan.orgs + 1]);
        Self { common, sim, relay, offices, down, doomed, crashes: 0 }
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

    /// Mends everything and waits until nobody has anything left to do.
    fn come_to_rest(&mut self, plan: &Plan) -> Result<(), String> {
        self.common.history.tell("world", "all is well again");
        *lock(&self.common.weather) = Weather::default();
        for org in 1..=self.offices.len() {
            let most = Duration::from_millis(plan.latency_max);
            self.sim.set_link_max_message_latency(self.name(org), RELAY_NAME, most);
            self.trouble(Trouble::Mend { org });
        }
        for host in 0..self.down.len() {
            self.trouble(Trouble::DiskFree { host });
            self.trouble(Trouble::Restart { host });
            if plan.wild_clocks {
                self.clock(host).set_right();
            }
        }
        let until = self.common.time.ms() + REST_WITHIN_MS;
        let mut quiet = false;
        while self.common.time.ms() < until {
            for _ in 0..LOOK_EVERY_MS / 5 {
                self.step()?;
            }
            let before = std::mem::replace(&mut quiet, self.is_quiet());
            if quiet && before {
                self.common.history.tell("world", "rest");
                return Ok(());
            }
        }
        Err(format!("everything is well and there is no rest: {}", self.restless()))
    }

    /// Who has something left to do.
    fn restless(&self) -> String {
        let queued = self.relay.disk.scan(b"m", None, usize::MAX).map_or(0, |all| all.len());
        let mut told = format!("{queued} wait at the relay");
        for office in &self.offices {
            let _ = match office.running() {
                Some(engine) => {
                    let (unsent, awaited) = (engine.unsent(), engine.unsettled(None, usize::MAX).len());
                    write!(told, "; {}: {unsent} to send, {awaited} without a receipt", office.name)
                }
                None => write!(told, "; {} is not running", office.name),
            };
        }
        told
    }

    fn is_quiet(&self) -> bool {
        let device = |office: &Arc<Office>| {
            let engine = office.running();
            engine.is_some_and(|engine| engine.unsent() == 0 && engine.unsettled(None, 1).is_empty())
        };
        // No queue of the relay holds anything.
        self.offices.iter().all(device) && self.relay.disk.scan(b"m", None, 1).is_ok_and(|all| all.is_empty())
    }

    fn step(&mut self) -> Result<(), String> {
        self.sim.step().map_err(|error| format!("a host stopped: {error}"))?;
        let elapsed = self.sim.elapsed().as_millis();
        self.common.time.set(elapsed.try_into().unwrap_or(u64::MAX));
        Ok(())
    }

    fn name(&self, host: usize) -> &'static str {
        if host == RELAY { RELAY_NAME } else { self.offices[host - 1].name }
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
            Trouble::DiskFull { host } => self.disk(host).set_full(true),
            Trouble::DiskFree { host } => self.disk(host).set_full(false),
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
        let promises = self.offices.iter().flat_map(|office| office.promises()).collect();
        Remains { relay: self.relay, offices: self.offices, promises }
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
