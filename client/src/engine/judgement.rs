//! Whether a packet is taken as its sender's word: decided by when it was received, never by when it says it was made.
//!
//! Nothing is thrown away. What is in doubt is kept apart, readable, until a person has asked the sender by another way.

use causeway_certs::directory::{Compromised, Organisation, RelayKeys, Suspended};
use causeway_common::ids::DeviceId;
use causeway_common::statements::{RevokedDevice, SUSPENDED_COMPROMISED};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::replica::Replica;
use crate::seal::open::Claimed;

/// `reason` of a revocation: the device was put out of service in order.
const RETIRED: u8 = 1;
/// `reason` of a revocation: nobody knows where it is.
const LOST: u8 = 2;

/// Where a packet comes from, as far as the directory that we hold can say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing in between")]
pub enum Origin {
    /// From a member; the directory it was sealed under is the beginning of ours, or all of it.
    Known(Sender),
    /// The sender knows more than we do, or we have not been given its roster: fetch, then ask again.
    Ahead,
    /// The relay has shown its sender another directory than us.
    Split,
    /// It claims to know more than we do, under a head that no key of the relay has signed which we know: fetch, and if we still
    /// do not know the key then, refuse.
    UnknownKey,
    /// The packet brings no head of our relay for what it claims, or names nobody.
    Unproven,
}

/// Compares the directory that a packet was sealed under with ours, and looks its sender up.
pub fn origin(replica: &Replica, claimed: &Claimed, relay: &RelayKeys) -> Origin {
    // Signed by the relay, so that no member can make us wait for a directory that does not exist.
    let Ok((key, head)) = relay.signer_of_head(&claimed.checkpoint) else {
        let is_ahead = claimed.log_size > replica.directory.size();
        return if is_ahead { Origin::UnknownKey } else { Origin::Unproven };
    };
    if (head.size, head.root) != (claimed.log_size, claimed.log_root) {
        return Origin::Unproven;
    }
    let agrees = replica.agrees_with(head.size, head.root);
    // What our own directory says needs nobody's word. Anything else a former key says only as long as it counted.
    if agrees != Some(true) && !relay.count(key, head.time) {
        return Origin::Unproven;
    }
    match agrees {
        None => return Origin::Ahead,
        Some(false) => return Origin::Split,
        Some(true) => {}
    }
    let Some(sender) = replica.directory.organisation(claimed.from_org) else { return Origin::Unproven };
    // The log names a roster; that the relay withholds it is not the sender's fault.
    if sender.roster.is_none() {
        return Origin::Ahead;
    }
    Origin::Known(Sender::of(sender, claimed.from_device))
}

/// What the directory, as we know it now, says of whoever sent a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Whether its organisation is shut out.
    pub suspended: Option<Suspended>,
    /// When somebody else may have had its organisation's keys, before it was reinstated.
    pub compromised: Option<Compromised>,
    /// How its device stands.
    pub device: Device,
}

/// How a device stands in the present roster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a device is listed, revoked, or neither")]
pub enum Device {
    /// Listed.
    Active,
    /// Listed as one that no longer counts.
    Revoked(RevokedDevice),
    /// Neither.
    Unknown,
}

impl Sender {
    /// A device of an organisation.
    pub fn of(org: &Organisation, device: DeviceId) -> Self {
        let revoked = || org.revoked.get(&device).cloned().map(Device::Revoked);
        let device = match org.device(device) {
            Some(_) => Device::Active,
            None => revoked().unwrap_or(Device::Unknown),
        };
        Self { suspended: org.suspended, compromised: org.compromised, device }
    }

    fn may_be_somebody_else(&self, moment: Timestamp) -> bool {
        self.compromised.is_some_and(|compromised| compromised.covers(moment))
    }
}

/// Why a packet is in doubt. A device of a reason that this version does not know counts as taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", from = "u8")]
#[expect(clippy::exhaustive_enums, reason = "stored")]
pub enum Cause {
    /// The registrar has suspended the sender.
    SenderSuspended,
    /// The device had been retired, and the relay took the packet after that.
    DeviceRetired,
    /// The device is lost.
    DeviceLost,
    /// Somebody else may have the device.
    DeviceCompromised,
    /// Somebody else may have had the sender's keys when the packet came.
    SenderCompromised,
}

impl Cause {
    const ALL: [Self; 5] = [
        Self::SenderSuspended,
        Self::DeviceRetired,
        Self::DeviceLost,
        Self::DeviceCompromised,
        Self::SenderCompromised,
    ];

    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SenderSuspended => "sender_suspended",
            Self::DeviceRetired => "device_retired",
            Self::DeviceLost => "device_lost",
            Self::DeviceCompromised => "device_compromised",
            Self::SenderCompromised => "sender_compromised",
        }
    }
}

impl From<Cause> for u8 {
    fn from(cause: Cause) -> Self {
        cause as Self
    }
}

impl From<u8> for Cause {
    fn from(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::DeviceCompromised)
    }
}

/// What becomes of a packet that has just come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing in between")]
pub enum Verdict {
    /// It is what it says.
    Accept,
    /// Kept apart until a person decides.
    Quarantine(Cause),
    /// Its device was never one of the sender's, as far as its roster says.
    Refuse,
}

/// Judges a packet that the relay took at `ingress` and that is received now.
pub fn at_receipt(sender: &Sender, ingress: Timestamp) -> Verdict {
    match (&sender.suspended, &sender.device) {
        (_, Device::Unknown) => Verdict::Refuse,
        (Some(_), _) => Verdict::Quarantine(Cause::SenderSuspended),
        (None, Device::Active) if sender.may_be_somebody_else(ingress) => {
            Verdict::Quarantine(Cause::SenderCompromised)
        }
        (None, Device::Active) => Verdict::Accept,
        (None, Device::Revoked(revoked)) => match revoked.reason {
            RETIRED if ingress < revoked.at && sender.may_be_somebody_else(ingress) => {
                Verdict::Quarantine(Cause::SenderCompromised)
            }
            RETIRED if ingress < revoked.at => Verdict::Accept,
            RETIRED => Verdict::Quarantine(Cause::DeviceRetired),
            LOST => Verdict::Quarantine(Cause::DeviceLost),
            _ => Verdict::Quarantine(Cause::DeviceCompromised),
        },
    }
}

/// Whether a packet that was taken at `received` is in doubt now, after what the directory has said since.
pub fn of_stored(sender: &Sender, received: Timestamp) -> Option<Cause> {
    if let Device::Revoked(revoked) = &sender.device
        && ![RETIRED, LOST].contains(&revoked.reason)
        && received >= revoked.compromised_since
    {
        return Some(Cause::DeviceCompromised);
    }
    if sender.may_be_somebody_else(received) {
        return Some(Cause::SenderCompromised);
    }
    let known_to_others = |s: &Suspended| s.reason == SUSPENDED_COMPROMISED;
    let since = sender.suspended.filter(known_to_others)?.compromised_since;
    (received >= since).then_some(Cause::SenderCompromised)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REVOKED_AT: u64 = 1_000;
    const SINCE: u64 = 500;

    fn revoked(reason: u8) -> Device {
        Device::Revoked(RevokedDevice {
            device: DeviceId([1; 32]),
            reason,
            compromised_since: Timestamp(SINCE),
            at: Timestamp(REVOKED_AT),
        })
    }

    fn suspended(reason: u8) -> Option<Suspended> {
        let (at, compromised_since) = (Timestamp(REVOKED_AT), Timestamp(SINCE));
        Some(Suspended { reason, at, compromised_since })
    }

    #[test]
    fn what_comes_is_judged_by_when_the_relay_took_it_and_by_what_the_directory_says_now() {
        use Verdict::{Accept, Quarantine, Refuse};
        let before = REVOKED_AT - 1;
        let table = [
            (None, Device::Active, 0, Accept),
            (None, Device::Active, u64::MAX, Accept),
            (None, Device::Unknown, 0, Refuse),
            (None, revoked(1), before, Accept),
            (None, revoked(1), REVOKED_AT, Quarantine(Cause::DeviceRetired)),
            (None, revoked(1), u64::MAX, Quarantine(Cause::DeviceRetired)),
            (None, revoked(2), 0, Quarantine(Cause::DeviceLost)),
            (None, revoked(2), before, Quarantine(Cause::DeviceLost)),
            (None, revoked(3), 0, Quarantine(Cause::DeviceCompromised)),
            (None, revoked(3), SINCE - 1, Quarantine(Cause::DeviceCompromised)),
            (None, revoked(99), 0, Quarantine(Cause::DeviceCompromised)),
            (suspended(1), Device::Active, 0, Quarantine(Cause::SenderSuspended)),
            (suspended(3), Device::Active, 0, Quarantine(Cause::SenderSuspended)),
            (suspended(4), revoked(1), before, Quarantine(Cause::SenderSuspended)),
            (suspended(4), Device::Unknown, 0, Refuse),
        ];
        for (suspended, device, ingress, expected) in table {
            let sender = Sender { suspended, compromised: None, device };
            assert_eq!(at_receipt(&sender, Timestamp(ingress)), expected, "{sender:?} at {ingress}");
        }
    }

    #[test]
    fn what_is_here_is_in_doubt_only_from_when_somebody_else_may_have_sent_it() {
        let (device, keys) = (Some(Cause::DeviceCompromised), Some(Cause::SenderCompromised));
        let table = [
            (None, Device::Active, u64::MAX, None),
            (None, Device::Unknown, u64::MAX, None),
            (None, revoked(1), u64::MAX, None),
            (None, revoked(2), u64::MAX, None),
            (None, revoked(3), SINCE - 1, None),
            (None, revoked(3), SINCE, device),
            (None, revoked(3), u64::MAX, device),
            (None, revoked(99), SINCE, device),
            (suspended(1), Device::Active, SINCE, None),
            (suspended(2), Device::Active, SINCE, None),
            (suspended(3), Device::Active, SINCE - 1, None),
            (suspended(3), Device::Active, SINCE, keys),
            (suspended(4), Device::Active, SINCE, None),
            (suspended(4), revoked(3), SINCE, device),
            (suspended(3), revoked(1), SINCE, keys),
        ];
        for (suspended, device, received, expected) in table {
            let sender = Sender { suspended, compromised: None, device };
            assert_eq!(of_stored(&sender, Timestamp(received)), expected, "{sender:?} at {received}");
        }
    }

    #[test]
    fn causes_are_stored_as_they_are_numbered() {
        for (number, cause) in (0..).zip(Cause::ALL) {
            assert_eq!((u8::from(cause), Cause::from(number)), (number, cause));
        }
    }

    /// Whoever was offline sees the suspension and its end together.
    #[test]
    fn reinstatement_does_not_make_true_what_came_while_the_keys_were_in_other_hands() {
        let compromised = Some(Compromised { since: Timestamp(SINCE), until: Timestamp(REVOKED_AT) });
        let sender = |device| Sender { suspended: None, compromised, device };
        let table = [(SINCE - 1, false), (SINCE, true), (REVOKED_AT - 1, true), (REVOKED_AT, false)];
        for (moment, in_doubt) in table {
            let active = sender(Device::Active);
            let verdict = at_receipt(&active, Timestamp(moment));
            assert_eq!(
                verdict == Verdict::Quarantine(Cause::SenderCompromised),
                in_doubt,
                "came at {moment}"
            );
            let stored = of_stored(&active, Timestamp(moment));
            assert_eq!(stored == Some(Cause::SenderCompromised), in_doubt, "is here since {moment}");
        }
        let retired = at_receipt(&sender(revoked(1)), Timestamp(SINCE));
        assert_eq!(retired, Verdict::Quarantine(Cause::SenderCompromised));
    }
}
