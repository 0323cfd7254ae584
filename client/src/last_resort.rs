//! Whether the relay withholds our one-time keys: it can give senders the last-resort key while it has others, and what is
//! sealed to that key stays readable, to whoever takes this device, for weeks instead of until it is opened.
//!
//! An honest relay does so too: when no one-time keys are left but those kept for newcomers, or when a sender has taken
//! as many as it may. So a packet counts only if its sender cannot have, going by the signed numbers and times of its
//! packets, and if the relay says later that it still holds more. Keys only become fewer between two publications, so it
//! held them when the packet was sealed. Senders take keys for several packets at the same time: an hour is waited for
//! the others.

use std::time::Duration;

use causeway_common::codec;
use causeway_common::ids::DeviceId;
use causeway_common::limits::{CLOCK_SKEW, PREKEYS_RESERVED, TAKES_PER_TARGET_PER_HOUR};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::records::{self, RecordError, Source, Step};
use crate::vault::Tree;

/// People are warned for this long after the last such packet.
const WARNED_FOR: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// In this time a sender may take [`TAKES_PER_TARGET_PER_HOUR`] keys.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Devices that are watched at the same time; a relay that withholds keys from more is noticed by these.
const OPEN_MAX: usize = 32;
const WATCH: &[u8] = b"last-resort";
/// The watch: cases of 100 bytes.
const RECORD_BYTES_MAX: usize = 4 * 1024;

/// What the packets that came under the last-resort key amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Watch {
    /// When this device last gave the relay new keys.
    published: Timestamp,
    /// Devices whose packets are not weighed yet.
    open: Vec<Case>,
    /// Packets for which the relay had no reason.
    withheld: u32,
    /// When that was found last.
    found: Timestamp,
}

/// Packets of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Case {
    device: DeviceId,
    /// When the first of them was sealed.
    sealed: Timestamp,
    packets: u32,
    /// The one before them, or zeros.
    before: Mark,
}

/// The last packet of a device under the last-resort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    sealed: Timestamp,
    number: u64,
}

const NO_MARK: Mark = Mark { sealed: Timestamp(0), number: 0 };

impl Case {
    /// Whether all that the device has sealed since the mark, up to `last`, leaves it keys that it may take: then the relay
    /// had no reason for the first of these.
    fn has_keys_left(&self, last: u64) -> bool {
        let rested = self.before == NO_MARK || self.sealed >= self.before.sealed.plus(HOUR);
        rested && last.saturating_sub(self.before.number) <= u64::from(TAKES_PER_TARGET_PER_HOUR)
    }
}

/// What people are warned of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Packets for which the relay had no visible reason.
    pub packets: u32,
    /// When that was found last.
    pub found: Timestamp,
}

fn watch(from: &dyn Source) -> Result<Watch, RecordError> {
    match from.get(Tree::Identity, WATCH)? {
        Some(bytes) => Ok(codec::decode(&bytes, RECORD_BYTES_MAX)?),
        None => Ok(Watch::default()),
    }
}

fn put_watch(step: &mut Step<'_>, watch: &Watch) {
    step.changes.put(Tree::Identity, WATCH, codec::encode(watch));
}

/// A packet has been opened with the last-resort key: its number among those of its device, and when that sealed it. Both
/// are signed, so a relay cannot explain itself by them.
pub(crate) fn opened(
    step: &mut Step<'_>,
    device: DeviceId,
    number: u64,
    sealed: Timestamp,
) -> Result<(), RecordError> {
    let id = [b"lr", &device.0[..]].concat();
    let before = match step.get(Tree::Chains, &id)? {
        Some(bytes) => codec::decode(&bytes, RECORD_BYTES_MAX)?,
        None => NO_MARK,
    };
    let mark = Mark { sealed: sealed.max(before.sealed), number: number.max(before.number) };
    step.changes.put(Tree::Chains, &id, codec::encode(&mark));
    let mut watch = watch(step)?;
    if let Some(case) = watch.open.iter_mut().find(|case| case.device == device) {
        case.packets = case.packets.saturating_add(1);
        case.sealed = case.sealed.min(sealed);
    } else if watch.published != Timestamp(0)
        && sealed > watch.published.plus(CLOCK_SKEW)
        && watch.open.len() < OPEN_MAX
    {
        watch.open.push(Case { device, sealed, packets: 1, before });
    } else {
        return Ok(());
    }
    put_watch(step, &watch);
    Ok(())
}

/// The relay has said how many one-time keys it still holds, before anything new was published.
pub(crate) fn weigh(
    step: &mut Step<'_>,
    held: usize,
    publishing: bool,
    now: Timestamp,
) -> Result<(), RecordError> {
    let before = watch(step)?;
    let mut watch = before.clone();
    let (ripe, open) = watch.open.into_iter().partition::<Vec<_>, _>(|case| case.sealed.plus(HOUR) < now);
    // What was sealed before new keys were there says nothing any more.
    watch.open = if publishing { Vec::new() } else { open };
    let mut withheld: u32 = 0;
    for case in ripe.iter().filter(|_| held > PREKEYS_RESERVED) {
        if case.has_keys_left(records::chain_from(step, case.device)?.last()) {
            withheld = withheld.saturating_add(case.packets);
        }
    }
    if withheld > 0 {
        let earlier = if watch.found.plus(WARNED_FOR) < now { 0 } else { watch.withheld };
        (watch.withheld, watch.found) = (earlier.saturating_add(withheld), now);
    }
    if publishing {
        watch.published = now;
    }
    if watch != before {
        put_watch(step, &watch);
    }
    Ok(())
}

/// What there is to warn of.
pub fn warning(from: &dyn Source, now: Timestamp) -> Result<Option<Warning>, RecordError> {
    let Watch { withheld, found, .. } = watch(from)?;
    Ok((withheld > 0 && now <= found.plus(WARNED_FOR)).then_some(Warning { packets: withheld, found }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_that_wrote_more_than_it_may_take_keys_for_explains_the_last_resort() {
        let at = |minutes: u64| Timestamp(minutes * 60_000);
        let case = |sealed, before| Case { device: DeviceId([1; 32]), sealed, packets: 1, before };
        let first = case(at(9), NO_MARK);
        assert!(first.has_keys_left(1) && first.has_keys_left(20));
        assert!(!first.has_keys_left(21), "twenty others may have come within the hour");
        let mark = Mark { sealed: at(9), number: 50 };
        assert!(!case(at(68), mark).has_keys_left(60), "within the hour");
        assert!(case(at(69), mark).has_keys_left(70) && !case(at(69), mark).has_keys_left(71));
        assert!(case(at(69), mark).has_keys_left(49), "one that was overtaken");
        assert!(!case(Timestamp(u64::MAX), mark).has_keys_left(u64::MAX));
    }
}
