//! Who is listening, and how they learn that something came for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use causeway_common::ids::{DeviceId, EnvelopeId};
use causeway_common::priority::Priority;
use tokio::sync::Notify;

/// Wakes connections. Holds one entry per subscribed connection and no history.
#[derive(Debug)]
pub(crate) struct Hub {
    outlets: Mutex<HashMap<DeviceId, Vec<Arc<Outlet>>>>,
    growth: Arc<Growth>,
}

/// How large the directory is. Whoever waits for more is woken in the order in which they began to wait: a `watch` of tokio
/// wakes by chance, and a simulated world could not be replayed.
#[derive(Debug)]
struct Growth {
    size: AtomicU64,
    grew: Notify,
}

/// Follows how the directory grows.
#[derive(Debug)]
pub(crate) struct Follower {
    growth: Arc<Growth>,
    seen: u64,
}

impl Follower {
    /// Resolves when the directory is larger than at the last call of this or of [`Self::size`]. Cancel-safe.
    pub(crate) async fn changed(&mut self) {
        let growth = Arc::clone(&self.growth);
        loop {
            let grew = growth.grew.notified();
            tokio::pin!(grew);
            // From here on a call that wakes is not missed.
            grew.as_mut().enable();
            if self.seen != growth.size.load(Ordering::SeqCst) {
                self.size();
                return;
            }
            grew.await;
        }
    }

    /// How large it is now.
    pub(crate) fn size(&mut self) -> u64 {
        self.seen = self.growth.size.load(Ordering::SeqCst);
        self.seen
    }
}

/// One subscribed connection, as others reach it.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    wake: Notify,
    in_flight: Mutex<HashMap<EnvelopeId, Priority>>,
}

impl Outlet {
    /// Resolves when something came, or room was made, since the last call.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Copies per class that have been chosen for pushing and are not settled.
    pub(crate) fn in_flight(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        self.lock().values().for_each(|priority| counts[usize::from(u8::from(*priority))] += 1);
        counts
    }

    /// Takes up room for a copy. `false`: it is under way already.
    pub(crate) fn begin(&self, envelope: EnvelopeId, priority: Priority) -> bool {
        self.lock().insert(envelope, priority).is_none()
    }

    /// Gives back the room of copies that are settled.
    pub(crate) fn settle(&self, envelopes: &[EnvelopeId]) {
        let mut in_flight = self.lock();
        in_flight.retain(|envelope, _| !envelopes.contains(envelope));
        drop(in_flight);
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EnvelopeId, Priority>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    pub(crate) fn new(directory_size: u64) -> Self {
        let growth = Growth { size: AtomicU64::new(directory_size), grew: Notify::new() };
        Self { outlets: Mutex::default(), growth: Arc::new(growth) }
    }

    /// A new outlet of a device, until [`Hub::leave`].
    pub(crate) fn join(&self, device: DeviceId) -> Arc<Outlet> {
        let outlet = Arc::<Outlet>::default();
        self.lock().entry(device).or_default().push(Arc::clone(&outlet));
        outlet
    }

    pub(crate) fn leave(&self, device: DeviceId, outlet: &Arc<Outlet>) {
        let mut outlets = self.lock();
        if let Some(of_device) = outlets.get_mut(&device) {
            of_device.retain(|other| !Arc::ptr_eq(other, outlet));
            if of_device.is_empty() {
                outlets.remove(&device);
            }
        }
    }

    /// Something came for this device.
    pub(crate) fn ring(&self, device: DeviceId) {
        self.each(device, |outlet| outlet.wake.notify_one());
    }

    /// A device has dealt with these.
    pub(crate) fn settle(&self, device: DeviceId, envelopes: &[EnvelopeId]) {
        self.each(device, |outlet| outlet.settle(envelopes));
    }

    pub(crate) fn directory_grew(&self, size: u64) {
        self.growth.size.store(size, Ordering::SeqCst);
        self.growth.grew.notify_waiters();
    }

    /// From how large it is now.
    pub(crate) fn directory(&self) -> Follower {
        let seen = self.growth.size.load(Ordering::SeqCst);
        Follower { growth: Arc::clone(&self.growth), seen }
    }

    fn each(&self, device: DeviceId, tell: impl Fn(&Outlet)) {
        self.lock().get(&device).into_iter().flatten().for_each(|outlet| tell(outlet));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceId, Vec<Arc<Outlet>>>> {
        self.outlets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
