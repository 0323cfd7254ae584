//! Packets from one made-up organisation to another, sealed with a reproducible random source.

mod forged;
mod round_trip;
mod vectors;

use causeway_certs::keys::SigningKey;
use causeway_common::envelope::{Envelope, PrekeyKind, Wrap};
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::statements::Prekey;
use causeway_common::time::Timestamp;
use zeroize::Zeroizing;

use super::hybrid;
use super::open::{OpenError, OpenedPacket, Unsealed, unseal};
use super::packet::{Recipient, SealRequest, SectionPlain, Sender, Target};

pub(super) const SENDER_ORG: OrgId = OrgId([0xa1; 32]);
pub(super) const RECIPIENT_ORG: OrgId = OrgId([0xb1; 32]);
const NOW: Timestamp = Timestamp(1_795_000_000_000);

/// The organisation that receives: a device that may read all, one that may read the first section, one none.
pub(super) struct Shelter {
    pub(super) seeds: Vec<Zeroizing<[u8; 32]>>,
    pub(super) targets: Vec<Target>,
}

impl Shelter {
    pub(super) fn new() -> Self {
        let mut rng = crate::test_rng(40);
        let mut seeds = Vec::new();
        let mut targets = Vec::new();
        for (number, clearance) in [(1u8, u32::MAX), (2, 1), (3, 0)] {
            let (seed, public) = hybrid::generate(&mut rng);
            let device = SigningKey::from_seed(&[0xb0 + number; 32]).public().device_id();
            let prekey = Prekey {
                org: RECIPIENT_ORG,
                device,
                number: 1000 + u64::from(number),
                kind: PrekeyKind::OneTime,
                epoch: 1,
                not_before: NOW,
                not_after: Timestamp(NOW.0 + 1_000_000_000),
                public,
            };
            seeds.push(seed);
            targets.push(Target { device, clearance, prekey });
        }
        Self { seeds, targets }
    }

    pub(super) fn device(&self, which: usize) -> DeviceId {
        self.targets[which].device
    }

    pub(super) fn wrap_for<'a>(&self, envelope: &'a Envelope, which: usize) -> &'a Wrap {
        envelope.wraps.iter().find(|w| w.device == self.device(which)).unwrap()
    }

    pub(super) fn unseal(&self, envelope: &Envelope, which: usize) -> Result<Unsealed, OpenError> {
        let wrap = self.wrap_for(envelope, which);
        unseal(
            &envelope.outer,
            &envelope.body,
            wrap,
            RECIPIENT_ORG,
            self.device(which),
            &self.targets[which].prekey.public,
            &self.seeds[which],
        )
    }

    pub(super) fn open(&self, envelope: &Envelope, which: usize) -> Result<OpenedPacket, OpenError> {
        self.unseal(envelope, which)?.verify(&sender_key().public())
    }
}

pub(super) fn sender_key() -> SigningKey {
    SigningKey::from_seed(&[0xa0; 32])
}

pub(super) fn sections() -> Vec<SectionPlain> {
    [
        (b"HDR", &b"{\"kind\":\"referral\"}"[..]),
        (b"RSK", b"{\"risk\":\"high\"}"),
        (b"MED", b"{\"note\":\"insulin\"}"),
    ]
    .into_iter()
    .map(|(code, text)| SectionPlain { code: *code, bytes: Zeroizing::new(text.to_vec()) })
    .collect()
}

pub(super) fn request<'a>(
    key: &'a SigningKey,
    sections: &'a [SectionPlain],
    targets: &'a [Target],
) -> SealRequest<'a> {
    SealRequest {
        packet: PacketId([0xc1; 32]),
        packet_type: 1,
        case_ref: [0xc2; 32],
        in_reply_to: None,
        created: NOW,
        expires: Timestamp(NOW.0 + 21_600_000),
        priority: Priority::P0,
        sections,
        sender: Sender {
            org: SENDER_ORG,
            key,
            roster: Digest([0xa2; 32]),
            checkpoint: b"causeway.example\n7\n",
            log_size: 7,
            log_root: Digest([0xd1; 32]),
            seq: 1,
            previous_grant: Digest([0; 32]),
        },
        recipient: Recipient {
            org: RECIPIENT_ORG,
            root: Digest([0xb2; 32]),
            roster: Digest([0xb3; 32]),
            targets,
        },
        purpose: 1,
        onward: 1,
        return_prekeys: Vec::new(),
    }
}
