//! How many may be connected, so that strangers do not push out devices, nor one organisation the others.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use causeway_certs::transport::Link;
use causeway_common::ids::{DeviceId, OrgId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::registry::Caller;

/// Strangers at the same time; each stays a few seconds.
const STRANGERS_MAX: usize = 256;
/// Connections that wait for their organisation's admission: one for each application.
const WAITING_MAX: usize = causeway_common::limits::PENDING_MAX;
/// Connections of the registrar.
const REGISTRARS_MAX: usize = 8;
/// Connections of one device: the present one, and some that have not noticed yet that they are dead.
const PER_DEVICE_MAX: usize = 4;
/// Room for long requests of one organisation at the same time, in KiB: 50 of the largest packets.
const ROOM_KIB: usize = 64 * 1024;
/// Close code of a connection that made room for a newer one of the same device.
pub(crate) const CLOSE_REPLACED: u32 = 3;

/// All seats.
#[derive(Debug)]
pub(crate) struct Seats {
    all: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    registrars: Arc<Semaphore>,
    /// At most [`PER_DEVICE_MAX`] connections each, newest last.
    devices: Mutex<HashMap<DeviceId, VecDeque<Arc<dyn Link>>>>,
    /// One for each organisation that has connected.
    rooms: Mutex<HashMap<OrgId, Arc<Semaphore>>>,
}

/// A connection's place, given back when it is dropped.
#[derive(Debug)]
#[expect(dead_code, reason = "permits are held for their drop")]
pub(crate) struct Seat {
    standing: Standing,
    permit: OwnedSemaphorePermit,
}

/// What a seat is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Stranger,
    Waiting,
    Registrar,
    Member { org: OrgId, device: DeviceId },
}

impl Seats {
    pub(crate) fn new(connections: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(connections)),
            strangers: Arc::new(Semaphore::new(STRANGERS_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            registrars: Arc::new(Semaphore::new(REGISTRARS_MAX)),
            devices: Mutex::default(),
            rooms: Mutex::default(),
        }
    }

    /// A seat of this standing, if one is free. For a device the oldest of too many connections is closed.
    pub(crate) fn take(&self, standing: Standing, link: &Arc<dyn Link>) -> Option<Seat> {
        let class = match standing {
            Standing::Stranger => &self.strangers,
            Standing::Waiting => &self.waiting,
            Standing::Registrar => &self.registrars,
            Standing::Member { .. } => &self.all,
        };
        let permit = Arc::clone(class).try_acquire_owned().ok()?;
        if let Standing::Member { device, .. } = standing {
            let mut devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
            let links = devices.entry(device).or_default();
            links.push_back(Arc::clone(link));
            if links.len() > PER_DEVICE_MAX
                && let Some(oldest) = links.pop_front()
            {
                oldest.close(CLOSE_REPLACED);
            }
        }
        Some(Seat { standing, permit })
    }

    /// The connection of this seat has ended, or sits elsewhere now.
    pub(crate) fn leave(&self, seat: Seat, link: &Arc<dyn Link>) {
        if let Standing::Member { device, .. } = seat.standing {
            let mut devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(links) = devices.get_mut(&device) {
                links.retain(|other| !Arc::ptr_eq(other, link));
                if links.is_empty() {
                    devices.remove(&device);
                }
            }
        }
    }

    /// Room for the long requests of an organisation.
    pub(crate) fn room(&self, org: OrgId) -> Arc<Semaphore> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(rooms.entry(org).or_insert_with(|| Arc::new(Semaphore::new(ROOM_KIB))))
    }
}

impl Seat {
    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }
}

impl From<Caller> for Standing {
    fn from(caller: Caller) -> Self {
        match caller {
            Caller::Member { org, device } => Self::Member { org, device },
            Caller::Registrar => Self::Registrar,
            // It reads why, and may hand in what mends it.
            Caller::Suspended { .. } | Caller::Returning { .. } => Self::Waiting,
            Caller::Stranger => Self::Stranger,
        }
    }
}
