//! Who is connected, and how they learn that something came for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use causeway_common::ids::DeviceId;
use tokio::sync::{Notify, watch};

/// Wakes connections. Holds one entry per connected device and no history.
#[derive(Debug)]
pub(crate) struct Hub {
    bells: Mutex<HashMap<DeviceId, Arc<Notify>>>,
    directory_size: watch::Sender<u64>,
}

impl Hub {
    pub(crate) fn new(directory_size: u64) -> Self {
        Self { bells: Mutex::default(), directory_size: watch::Sender::new(directory_size) }
    }

    /// The bell of a device; several connections of one device share it.
    pub(crate) fn bell(&self, device: DeviceId) -> Arc<Notify> {
        Arc::clone(self.lock().entry(device).or_default())
    }

    /// Forgets a bell that nobody listens to any more.
    pub(crate) fn leave(&self, device: DeviceId, bell: Arc<Notify>) {
        drop(bell);
        let mut bells = self.lock();
        if bells.get(&device).is_some_and(|b| Arc::strong_count(b) == 1) {
            bells.remove(&device);
        }
    }

    /// Something changed in the queue of this device.
    pub(crate) fn ring(&self, device: DeviceId) {
        if let Some(bell) = self.lock().get(&device) {
            bell.notify_waiters();
            bell.notify_one();
        }
    }

    pub(crate) fn directory_grew(&self, size: u64) {
        self.directory_size.send_replace(size);
    }

    pub(crate) fn directory(&self) -> watch::Receiver<u64> {
        self.directory_size.subscribe()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<DeviceId, Arc<Notify>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
