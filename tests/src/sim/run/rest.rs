//! Everything is mended: waiting until nobody has anything left to do.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use causeway_client::engine::Engine;
use causeway_client::records;
use causeway_client::replica::Replica;
use causeway_client::shared::Shared;
use causeway_common::ids::{DeviceId, OrgId};
use causeway_common::priority::Priority;
use causeway_common::store::Kv as _;
use tokio::sync::MutexGuard;

use super::super::cast::Entrance;
use super::super::hosts::{RELAY_NAME, lock};
use super::super::office::Office;
use super::super::plan::teams::LOCK_MS;
use super::super::plan::{Plan, Trouble};
use super::super::socket::Weather;
use super::{REST_WITHIN_MS, World};
use crate::oracle::short;

/// How often that is looked at.
const LOOK_EVERY_MS: u64 = 500;
/// How often the days go by that somebody waits for.
const PASSES_EVERY_MS: u64 = 40_000;

/// A running device of an organisation, and the directory that it knows.
struct Seat<'a> {
    office: &'a Office,
    engine: &'a Engine,
    replica: MutexGuard<'a, Replica>,
}

impl World {
    /// Mends everything and waits until nobody has anything left to do.
    pub(super) fn come_to_rest(&mut self, plan: &Plan) -> Result<(), String> {
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
        let (mut quiet, mut ordered) = (false, false);
        let mut passes_at = self.common.time.ms() + PASSES_EVERY_MS;
        while self.common.time.ms() < until {
            if plan.passes && self.common.time.ms() >= passes_at {
                passes_at += PASSES_EVERY_MS;
                self.trouble(Trouble::Pass { ms: LOCK_MS });
            }
            for _ in 0..LOOK_EVERY_MS / 5 {
                self.step()?;
            }
            let before = std::mem::replace(&mut quiet, self.is_quiet());
            if quiet && before && !std::mem::replace(&mut ordered, true) && self.orders_history() {
                continue;
            }
            if quiet && before {
                self.common.history.tell("world", "rest");
                return Ok(());
            }
        }
        Err(format!("everything is well and there is no rest: {}", self.restless()))
    }

    /// Who has something left to do.
    fn restless(&self) -> String {
        let queued = self.relay.disk.scan(b"m", None, usize::MAX).unwrap_or_default();
        let queued: Vec<String> =
            queued.iter().map(|(key, _)| hex::encode(key.get(1..5).unwrap_or_default())).collect();
        let mut told = format!("for {queued:?} something waits at the relay");
        for office in &self.offices {
            let name = office.part.name;
            let _ = match office.running() {
                Some(engine) => {
                    let known = engine.replica.try_lock().map_or(0, |replica| replica.directory.size());
                    let idle = if office.is_idle() { "idle" } else { "busy" };
                    let awaited: Vec<String> = engine
                        .unsettled(None, usize::MAX)
                        .into_iter()
                        .filter_map(|envelope| records::sent_in(&engine.vault, envelope).ok().flatten())
                        .map(|sent| {
                            format!("{} {} sealed {}", sent.kind, short(sent.packet), 1 + sent.reseals)
                        })
                        .collect();
                    let unsent: Vec<String> = engine
                        .to_send(Priority::P3, usize::MAX, |_| true)
                        .iter()
                        .filter_map(|place| engine.waiting(place).ok().flatten())
                        .map(|sent| {
                            let only = Shared::read(&sent.sections).and_then(|shared| shared.only());
                            let to = only.map_or_else(|| sent.to.short(), |device| device.short());
                            format!(
                                "{} {} to {to} {}",
                                sent.kind,
                                short(sent.packet),
                                sent.transport.as_str()
                            )
                        })
                        .collect();
                    write!(told, "; {name}: {idle}, to send {unsent:?}, waits for {awaited:?}, {known} known")
                }
                None => write!(told, "; {name} is not running"),
            };
        }
        told
    }

    fn is_quiet(&self) -> bool {
        let running: Vec<(&Arc<Office>, Arc<Engine>)> =
            self.offices.iter().filter_map(|office| Some((office, office.running()?))).collect();
        let Some(seats) = seats(&running) else { return false };
        let has_work = |seat: &Seat<'_>| {
            let size = seats.iter().map(|seat| seat.replica.directory.size()).max();
            let has_work = seat.engine.unsent() > 0 || self.waits(&seats, seat.engine);
            has_work || Some(seat.replica.directory.size()) != size
        };
        let is_out = |office: &Arc<Office>| match seats.iter().find(|seat| seat.office.host == office.host) {
            Some(seat) => !is_listed(&seats, seat.engine.identity.device()),
            // Nobody has let it in, or nobody says so.
            None => {
                let papers = lock(&self.common.papers);
                match (office.part.entrance, office.part.org) {
                    (Entrance::Joins, _) => papers.get(&office.host).is_none_or(|paper| !paper.is_in),
                    (Entrance::Returns, Some(org)) => !lock(&self.common.cases).contains_key(&org),
                    _ => false,
                }
            }
        };
        let is_done = |office: &Arc<Office>| {
            office.part.org.is_none() && office.is_idle()
                || is_out(office)
                || office.is_idle()
                    && seats.iter().any(|seat| seat.office.host == office.host && !has_work(seat))
        };
        // No queue of the relay holds anything.
        self.offices.iter().all(is_done)
            && self.relay.disk.scan(b"m", None, 1).is_ok_and(|all| all.is_empty())
    }

    /// Whether a device waits for a receipt that can still come. One that was signed, acknowledged to the relay, and then lost
    /// with a disk or with the device that was taken out does not: its sender is told when the packet's life is over.
    fn waits(&self, seats: &[Seat<'_>], engine: &Engine) -> bool {
        let is_lost = |office: &&Arc<Office>| {
            let device = lock(&self.common.devices).get(&office.host).copied();
            office.is_restored() || device.is_some_and(|device| !is_listed(seats, device))
        };
        let lossy: Vec<OrgId> = self
            .offices
            .iter()
            .filter(is_lost)
            .filter_map(|office| office.orgs.get(office.part.org?).copied())
            .collect();
        engine.unsettled(None, usize::MAX).into_iter().any(|envelope| {
            let sent = records::sent_in(&engine.vault, envelope).ok().flatten();
            sent.is_none_or(|sent| sent.is_service() || !lossy.contains(&sent.to))
        })
    }

    /// Whoever has come late or out of a backup is given all that was before, by an administrator who was there. Gives
    /// whether there is anybody.
    fn orders_history(&self) -> bool {
        let running: Vec<(&Arc<Office>, Arc<Engine>)> =
            self.offices.iter().filter_map(|office| Some((office, office.running()?))).collect();
        let Some(seats) = seats(&running) else { return false };
        let lags =
            |seat: &&Seat<'_>| seat.office.part.entrance == Entrance::Joins || seat.office.is_restored();
        let mut ordered = false;
        for seat in seats.iter().filter(lags) {
            let device = seat.engine.identity.device();
            let may = |other: &&Seat<'_>| {
                let own = other.replica.directory.organisation(other.engine.identity.org);
                other.office.part.org == seat.office.part.org
                    && !lags(other)
                    && is_listed(&seats, other.engine.identity.device())
                    && own.is_some_and(|own| other.engine.identity.is_administrator(own))
            };
            if let Some(giver) = seats.iter().find(may).filter(|_| is_listed(&seats, device)) {
                lock(&giver.office.orders).push(device);
                seat.office.is_given_all();
                ordered = true;
            }
        }
        ordered
    }
}

/// All running devices; none while somebody works on the directory.
fn seats<'a>(running: &'a [(&'a Arc<Office>, Arc<Engine>)]) -> Option<Vec<Seat<'a>>> {
    let seat = |(office, engine): &'a (&'a Arc<Office>, Arc<Engine>)| {
        Some(Seat { office, engine, replica: engine.replica.try_lock().ok()? })
    };
    running.iter().filter(|(office, _)| office.part.org.is_some()).map(seat).collect()
}

/// By the longest directory that anybody knows.
fn is_listed(seats: &[Seat<'_>], device: DeviceId) -> bool {
    let longest = seats.iter().max_by_key(|seat| seat.replica.directory.size());
    longest.is_some_and(|seat| seat.replica.directory.organisations().any(|org| org.device(device).is_some()))
}
