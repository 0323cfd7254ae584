//! Devices that have left their roster: what waited for them is removed at once, and their prekeys are given to nobody.
//!
//! The note that a device is gone becomes durable with the statement that says so, and goes when the last of its copies
//! has: a crash in between leaves the rest to the next start. Senders see the new roster and seal again.

use causeway_common::ids::{DeviceId, EnvelopeId};
use causeway_common::priority::Priority;
use causeway_common::store::{Txn, transact};

use crate::mailbox::withdraw;
use crate::prekeys::STORED_MAX;
use crate::{Refused, Relay, keyspace};

/// Copies removed in one transaction.
const COPIES_PER_STEP: usize = 64;
/// Devices looked at in a round: as many as a roster holds.
const DEVICES_PER_ROUND: usize = causeway_common::limits::DEVICES_PER_ORG_MAX;

/// Notes that devices are gone.
pub(crate) fn note(txn: &mut dyn Txn, devices: &[DeviceId]) {
    devices.iter().for_each(|device| txn.put(&keyspace::gone(*device), b""));
}

impl Relay {
    /// Removes what waits for devices that are gone.
    pub(crate) async fn clear_departed(&self) -> Result<(), Refused> {
        let mut result = Ok(());
        for (key, _) in self.kv.scan(keyspace::GONE, None, DEVICES_PER_ROUND)? {
            let Some(device) = key.strip_prefix(keyspace::GONE).and_then(|id| id.try_into().ok()) else {
                continue;
            };
            // One that cannot be cleared holds up no other.
            result = result.and(self.clear(DeviceId(device)).await);
        }
        result
    }

    async fn clear(&self, device: DeviceId) -> Result<(), Refused> {
        for priority in Priority::ALL {
            let mut after = None;
            loop {
                let (copies, last) = self.waiting(device, priority, after.as_deref(), COPIES_PER_STEP)?;
                let Some(last) = last else { break };
                after = Some(last);
                let envelopes: Vec<EnvelopeId> = copies.iter().map(|copy| copy.envelope).collect();
                let files = transact(&*self.kv, move |txn| {
                    let mut files = Vec::new();
                    for id in envelopes {
                        files.extend(withdraw(txn, device, id)?);
                    }
                    Ok::<_, Refused>(files)
                })
                .await??;
                self.blobs.remove_bodies(files).await?;
            }
        }
        transact(&*self.kv, move |txn| {
            for (key, _) in txn.scan(&keyspace::one_time_prekeys(device), None, STORED_MAX)? {
                txn.delete(&key);
            }
            txn.delete(&keyspace::last_resort(device));
            txn.delete(&keyspace::status(device));
            txn.delete(&keyspace::gone(device));
            Ok::<_, Refused>(())
        })
        .await?
    }
}
