//! What one organisation may use, so that its misbehaviour is nobody else's outage.

use std::num::NonZeroU32;
use std::sync::Arc;

use causeway_common::error::ErrorCode;
use causeway_common::ids::{DeviceId, OrgId};
use causeway_common::limits::{TAKES_PER_ORG_PER_DAY, TAKES_PER_TARGET_PER_HOUR};
use causeway_common::time::Clock;
use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::Refused;

/// Envelopes an organisation may submit per second, once its burst is used up.
const SUBMITS_PER_SECOND: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// Envelopes it may submit at once: a day's backlog after an outage.
const SUBMITS_BURST: NonZeroU32 = NonZeroU32::new(50_000).unwrap();
/// Kibibytes of bodies and attachments per second.
const KIB_PER_SECOND: NonZeroU32 = NonZeroU32::new(100 * 1024).unwrap();
/// Kibibytes at once: two attachments of the largest size, and their overhead.
const KIB_BURST: NonZeroU32 = NonZeroU32::new(4 * 1024 * 1024).unwrap();

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, RelayClock, NoOpMiddleware<Nanos>>;

/// The relay's clock in the form that the limiter reads.
#[derive(Clone, Debug)]
struct RelayClock(Arc<dyn Clock>);

impl GovernorClock for RelayClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.now().0.saturating_mul(1_000_000))
    }
}

/// All limits that are counted per organisation.
#[derive(Debug)]
pub(crate) struct Quotas {
    submits: Limiter<OrgId>,
    kibibytes: Limiter<OrgId>,
    takes_per_target: Limiter<(DeviceId, OrgId)>,
    takes_per_org: Limiter<OrgId>,
}

impl Quotas {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let clock = RelayClock(clock);
        let hourly = NonZeroU32::new(TAKES_PER_TARGET_PER_HOUR).unwrap_or(NonZeroU32::MIN);
        let daily = NonZeroU32::new(TAKES_PER_ORG_PER_DAY).unwrap_or(NonZeroU32::MIN);
        let per_day = Quota::with_period(std::time::Duration::from_secs(24 * 60 * 60) / daily.get())
            .unwrap_or_else(|| Quota::per_hour(daily))
            .allow_burst(daily);
        Self {
            submits: limiter(Quota::per_second(SUBMITS_PER_SECOND).allow_burst(SUBMITS_BURST), &clock),
            kibibytes: limiter(Quota::per_second(KIB_PER_SECOND).allow_burst(KIB_BURST), &clock),
            takes_per_target: limiter(Quota::per_hour(hourly), &clock),
            takes_per_org: limiter(per_day, &clock),
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
        let Some(kibibytes) = NonZeroU32::new(kibibytes) else { return Ok(()) };
        match self.kibibytes.check_key_n(&org, kibibytes) {
            Ok(Ok(())) => Ok(()),
            _ => Err(Refused(ErrorCode::Quota)),
        }
    }

    /// Whether a device may take one more one-time prekey of an organisation. A `false` means a last-resort key
    /// instead, never an error.
    pub(crate) fn may_take(&self, taker: DeviceId, taker_org: OrgId, target: OrgId) -> bool {
        self.takes_per_target.check_key(&(taker, target)).is_ok()
            && self.takes_per_org.check_key(&taker_org).is_ok()
    }

    /// Forgets who has not been seen for long.
    pub(crate) fn tidy(&self) {
        self.submits.retain_recent();
        self.kibibytes.retain_recent();
        self.takes_per_target.retain_recent();
        self.takes_per_org.retain_recent();
    }
}

fn limiter<K: std::hash::Hash + Eq + Clone>(quota: Quota, clock: &RelayClock) -> Limiter<K> {
    RateLimiter::new(quota, DashMapStateStore::default(), clock.clone())
}
