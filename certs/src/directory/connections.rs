//! Which connection key leads to which device, for whoever accepts connections. Members have no use for it: it would take
//! a quarter of the memory that the directory takes.

use std::collections::HashMap;

use causeway_common::ids::{DeviceId, OrgId};

use super::{Directory, Organisation};
use crate::keys::PublicKey;

/// The connection keys of all rosters that are here.
#[derive(Debug, Default)]
pub struct Connections {
    devices: HashMap<[u8; 32], (OrgId, DeviceId)>,
    /// Keys of the roster of each organisation that was followed last.
    listed: HashMap<OrgId, Vec<[u8; 32]>>,
}

impl Connections {
    /// Those of a directory.
    pub fn of(directory: &Directory) -> Self {
        let mut connections = Self::default();
        directory.organisations().for_each(|org| connections.follow(org));
        connections
    }

    /// Lets the connection keys of an organisation's present roster lead to its devices, and no longer those of the one
    /// before. As long as the present roster is not here, those of the one before count.
    pub fn follow(&mut self, org: &Organisation) {
        let Some(roster) = &org.roster else { return };
        let keys = roster.devices.iter().map(|device| device.tls_key).collect();
        for key in self.listed.insert(org.id, keys).unwrap_or_default() {
            // Another organisation may have listed the same key since.
            if self.devices.get(&key).is_some_and(|(listed_by, _)| *listed_by == org.id) {
                self.devices.remove(&key);
            }
        }
        self.devices.extend(roster.devices.iter().map(|device| (device.tls_key, (org.id, device.device))));
    }

    /// Whose key this is.
    pub fn device(&self, key: PublicKey) -> Option<(OrgId, DeviceId)> {
        self.devices.get(key.as_bytes()).copied()
    }
}
