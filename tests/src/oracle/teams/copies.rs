//! What the relay has held: every copy that it has taken reaches its device, and no device offers a key of an earlier life.

use std::collections::BTreeSet;

use causeway_client::vault::Tree;
use causeway_client::{records, unopened};
use causeway_common::ids::{DeviceId, EnvelopeId};

use super::super::Rule;
use super::{Court, Found};

/// A letter, then a device.
const DEVICE: std::ops::Range<usize> = 1..33;
/// An entry of a queue begins with its envelope.
const ENVELOPE: std::ops::Range<usize> = 0..32;

impl Court<'_> {
    /// Every copy that the relay has had for a device that is there: the device has dealt with it, or shows that it could not
    /// open it. What a relay has forgotten is offered again as long as no device has signed for it, so after a restoration this
    /// need not be so.
    pub(super) fn copies(&self) -> Found {
        let mut found = Vec::new();
        if !self.scenario.healed || self.scenario.relay_restored {
            return found;
        }
        for (key, value) in self.scenario.noted.iter().filter(|(key, _)| key[0] == b'm') {
            let seat = device(key).and_then(|device| self.seat(device));
            let Some(seat) = seat.filter(|seat| self.is_listed(seat) && !seat.is_restored()) else {
                continue;
            };
            let Some(envelope) = value.get(ENVELOPE).and_then(|id| id.try_into().ok()).map(EnvelopeId) else {
                continue;
            };
            let vault = &seat.witness.vault;
            let refused = unopened::all(vault).unwrap_or_default();
            let is_known = records::is_seen(vault, envelope).unwrap_or(false)
                || refused.iter().any(|unopened| unopened.envelope == envelope);
            if !is_known {
                let (name, envelope) = (seat.name(), hex::encode(&envelope.0[..4]));
                found.push((Rule::Lost, format!("envelope {envelope} was held for {name} and never came")));
            }
        }
        found
    }

    /// A device that has come out of a backup has none of the seeds that it had before.
    pub(super) fn prekeys(&self) -> Found {
        let mut found = Vec::new();
        for seat in &self.seats {
            let of_seat = |(_, (key, _)): &(usize, &(Vec<u8>, Vec<u8>))| {
                key[0] == b'p' && device(key) == Some(seat.device)
            };
            let mut before = BTreeSet::new();
            for (at, (key, _)) in self.scenario.noted.iter().enumerate().filter(of_seat) {
                let life = seat.witness.lives.iter().filter(|began| **began <= at).count();
                let number = key.get(DEVICE.end..).unwrap_or_default();
                if before.iter().any(|(other, known)| *known == number && *other < life) {
                    let number = hex::encode(number);
                    found.push((Rule::KeyReused, format!("{} offers prekey {number} again", seat.name())));
                }
                before.insert((life, number));
            }
            let present = seat.witness.lives.len();
            let kept = seat.witness.vault.list(Tree::Prekeys).unwrap_or_default();
            for (number, _) in kept {
                if before.iter().any(|(life, known)| *known == number.as_slice() && *life < present) {
                    let number = hex::encode(number);
                    found.push((Rule::KeyReused, format!("{} has prekey {number} still", seat.name())));
                }
            }
        }
        found
    }
}

fn device(key: &[u8]) -> Option<DeviceId> {
    Some(DeviceId(key.get(DEVICE)?.try_into().ok()?))
}
