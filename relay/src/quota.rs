//! What one organisation may use, so that its misbehaviour is nobody else's outage.
//!
//! Counted in memory and by elapsed time: a clock that is set does not lock anybody out, and no record says who
//! sent how much.

use std::num::NonZeroU32;
use std::time::Duration;

use causeway_common::error::ErrorCode;
use causeway_common::ids::{DeviceId, OrgId};
use causeway_common::limits::{TAKES_PER_ORG_PER_DAY, TAKES_PER_TARGET_PER_HOUR};
use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use crate::Refused;
use crate::config::Limits;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, Elapsed, NoOpMiddleware<Nanos>>;

/// Time since the relay was opened, by the clock that waits use: the simulator's own, in a simulation.
#[derive(Clone, Debug)]
struct Elapsed(Instant);

impl GovernorClock for Elapsed {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

/// Which keys a taker gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// One-time keys at all. Whoever has taken too many gets last-resort keys, never an error.
    pub(crate) one_time: bool,
    /// Also those kept back for organisations that took none within a day.
    pub(crate) reserve: bool,
}

/// All limits that are counted per organisation.
#[derive(Debug)]
pub(crate) struct Quotas {
    submits: Limiter<OrgId>,
    kibibytes: Limiter<OrgId>,
    takes_per_target: Limiter<(DeviceId, OrgId)>,
    takes_per_org: Limiter<OrgId>,
    first_takes: Limiter<(OrgId, OrgId)>,
}

impl Quotas {
    pub(crate) fn new(limits: &Limits) -> Self {
        let clock = Elapsed(Instant::now());
        let submits = Quota::per_second(limits.submits_per_second).allow_burst(limits.submits_burst);
        let kibibytes = Quota::per_second(limits.kib_per_second).allow_burst(limits.kib_burst);
        Self {
            submits: limiter(submits, &clock),
            kibibytes: limiter(kibibytes, &clock),
            takes_per_target: limiter(Quota::per_hour(count(TAKES_PER_TARGET_PER_HOUR)), &clock),
            takes_per_org: limiter(per_day(TAKES_PER_ORG_PER_DAY), &clock),
            first_takes: limiter(per_day(1), &clock),
        }
    }

    /// One more envelope of this size.
    pub(crate) fn submit(&self, org: OrgId, bytes: usize) -> Result<(), Refused> {
        self.submits.check_key(&org).map_err(|_| Refused(ErrorCode::Quota))?;
        self.bytes(org, bytes)
    }

    /// This many more bytes.
    pub(crate) fn bytes(&self, org: OrgId, bytes: usize) -> Result<(), Refused> {
        let kibibytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        match self.kibibytes.check_key_n(&org, count(kibibytes)) {
            Ok(Ok(())) => Ok(()),
            _ => Err(Refused(ErrorCode::Quota)),
        }
    }

    /// What a device may take of an organisation with so many devices: one key of each. What colleagues' devices take of each
    /// other uses up nothing of what is for partners.
    pub(crate) fn take(&self, taker: DeviceId, org: OrgId, target: OrgId, devices: usize) -> Allowance {
        let reserve = self.first_takes.check_key(&(org, target)).is_ok();
        let devices = count(u32::try_from(devices).unwrap_or(u32::MAX));
        let one_time = self.takes_per_target.check_key(&(taker, target)).is_ok()
            && (org == target || matches!(self.takes_per_org.check_key_n(&org, devices), Ok(Ok(()))));
        Allowance { one_time, reserve }
    }

    /// Forgets who has used nothing for long.
    pub(crate) fn tidy(&self) {
        self.submits.retain_recent();
        self.kibibytes.retain_recent();
        self.takes_per_target.retain_recent();
        self.takes_per_org.retain_recent();
        self.first_takes.retain_recent();
    }
}

fn limiter<K: std::hash::Hash + Eq + Clone>(quota: Quota, clock: &Elapsed) -> Limiter<K> {
    RateLimiter::new(quota, DashMapStateStore::default(), clock.clone())
}

fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

fn per_day(number: u32) -> Quota {
    let number = count(number);
    Quota::with_period(DAY / number.get()).unwrap_or_else(|| Quota::per_hour(number)).allow_burst(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: OrgId = OrgId([1; 32]);
    const OTHER: OrgId = OrgId([2; 32]);

    #[tokio::test(start_paused = true)]
    async fn one_organisation_uses_up_its_own_share_and_gets_it_back() {
        let limits = Limits { submits_burst: count(2), submits_per_second: count(1), ..Limits::default() };
        let quotas = Quotas::new(&limits);
        assert!(quotas.submit(ORG, 5_000).is_ok() && quotas.submit(ORG, 5_000).is_ok());
        assert_eq!(quotas.submit(ORG, 5_000), Err(Refused(ErrorCode::Quota)));
        assert!(quotas.submit(OTHER, 5_000).is_ok());
        tokio::time::advance(Duration::from_secs(1)).await;
        quotas.tidy();
        assert!(quotas.submit(ORG, 5_000).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn takes_are_counted_per_key_and_the_reserve_opens_once_a_day() {
        let quotas = Quotas::new(&Limits::default());
        let taker = DeviceId([9; 32]);
        assert_eq!(quotas.take(taker, ORG, OTHER, 100), Allowance { one_time: true, reserve: true });
        assert_eq!(quotas.take(taker, ORG, OTHER, 100), Allowance { one_time: true, reserve: false });
        assert!(!quotas.take(taker, ORG, OTHER, 100).one_time, "200 keys a day");
        assert_eq!(quotas.take(taker, OTHER, ORG, 1), Allowance { one_time: true, reserve: true });
        tokio::time::advance(DAY).await;
        assert_eq!(quotas.take(taker, ORG, OTHER, 100), Allowance { one_time: true, reserve: true });
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_for_colleagues_uses_up_nothing_of_what_is_for_partners() {
        let quotas = Quotas::new(&Limits::default());
        for taker in 0..4 {
            let taken = (0..TAKES_PER_TARGET_PER_HOUR)
                .all(|_| quotas.take(DeviceId([taker; 32]), ORG, ORG, 4).one_time);
            assert!(taken);
        }
        assert!(quotas.take(DeviceId([0; 32]), ORG, OTHER, 200).one_time);
    }

    #[tokio::test(start_paused = true)]
    async fn one_device_cannot_drain_one_target() {
        let quotas = Quotas::new(&Limits::default());
        let taker = DeviceId([9; 32]);
        let taken = (0..30).filter(|_| quotas.take(taker, ORG, OTHER, 1).one_time).count();
        assert_eq!(taken, TAKES_PER_TARGET_PER_HOUR as usize);
        assert!(quotas.take(DeviceId([8; 32]), ORG, OTHER, 1).one_time);
    }
}
