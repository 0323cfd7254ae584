//! A member who seals what it likes.

use std::collections::BTreeSet;

use causeway_client::seal::packet::{Recipient, SealRequest, SectionPlain, Sender, seal};
use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::ids::{Digest, PacketId};
use causeway_common::priority::Priority;
use causeway_common::statements::DeviceReceipt;
use causeway_common::time::{Clock as _, Timestamp};
use causeway_common::wire::{Push, encode_frame};

use super::super::Input;
use super::recorded::Known;
use crate::hostile::scene::rng;

/// Headers to begin with.
const HEADERS: [&str; 4] = [
    r#"{"kind":"BIA"}"#,
    r#"{"kind":"CUP","schema":"relay/CUP/1.0","event":"accept","state_before":"seen","state_after":"accepted"}"#,
    r#"{"kind":"CUP","schema":"relay/CUP/1.0","event":"info_request","state_before":"seen","state_after":"info_requested","text":"?"}"#,
    r#"{"kind":"RCP"}"#,
];

/// The partner in one run.
pub(super) struct Partner<'a> {
    known: &'a Known,
    next: usize,
    sealed: BTreeSet<PacketId>,
}

impl<'a> Partner<'a> {
    pub(super) fn new(known: &'a Known) -> Self {
        Self { known, next: 0, sealed: BTreeSet::new() }
    }

    /// Whether a packet of this name was sealed.
    pub(super) fn has_sealed(&self, packet: PacketId) -> bool {
        self.sealed.contains(&packet)
    }

    /// A packet as the input wants it, as the relay pushes it. None when all prekeys are used, or nobody could seal that.
    pub(super) fn sealed_push(&mut self, input: &mut Input<'_>) -> Option<Vec<u8>> {
        let known = self.known;
        let targets = known.targets.get(self.next)?;
        self.next += 1;
        let names = [PacketId([40; 32]), PacketId([41; 32]), PacketId([1; 32]), known.written];
        let packet = *input.pick(&names);
        let now = known.clock.now();
        let time = |input: &mut Input<'_>| if input.u8() < 200 { now } else { Timestamp(input.number()) };
        let (header, other) = (header(input), section(input, known));
        let section = |code, bytes: Vec<u8>| SectionPlain { code, bytes: bytes.into() };
        let sections = [section(*b"HDR", header), section(other.0, other.1)];
        let created = time(input);
        let expires =
            if input.u8() < 200 { now.plus(Priority::P1.time_to_live()) } else { Timestamp(input.number()) };
        let request = SealRequest {
            packet,
            packet_type: if input.u8() < 200 { 1 + u16::from(input.flag()) } else { input.u16() },
            case_ref: *input.pick(&[[1; 32], [3; 32], [40; 32]]),
            in_reply_to: Some(*input.pick(&names)).filter(|_| input.flag()),
            created,
            expires,
            priority: *input.pick(&Priority::ALL),
            sections: &sections,
            sender: Sender {
                org: known.partner_org,
                key: &known.partner_key,
                roster: known.partner_roster,
                checkpoint: &known.honest.checkpoint,
                log_size: if input.u8() < 220 { known.honest.log_size } else { input.number() },
                log_root: known.honest.log_root,
                seq: if input.flag() { input.number() } else { 3 + self.next as u64 },
                previous_grant: Digest([0; 32]),
            },
            recipient: Recipient { org: known.org, root: known.root, roster: known.roster, targets },
            purpose: input.u16(),
            onward: input.u8(),
            return_prekeys: Vec::new(),
        };
        let envelope = seal(&request, &mut rng(60 + u8::try_from(self.next).unwrap())).ok()?.envelope;
        self.sealed.insert(packet);
        let wrap = envelope.wraps.into_iter().next()?;
        Some(encode_frame(&Push { outer: envelope.outer, body: envelope.body, wrap, accepted: time(input) }))
    }
}

fn header(input: &mut Input<'_>) -> Vec<u8> {
    let mut header = input.pick(&HEADERS).as_bytes().to_vec();
    input.change(&mut header);
    header
}

/// A section of any content, or a bundle of receipts of which some are signed.
fn section(input: &mut Input<'_>, known: &Known) -> ([u8; 3], Vec<u8>) {
    if input.flag() {
        return (input.array(), input.bytes().to_vec());
    }
    let mut receipts = Vec::new();
    for _ in 0..input.u8() % 4 {
        let receipt = DeviceReceipt {
            packet: known.written,
            grant: Digest(input.array()),
            org: known.partner_org,
            device: known.partner_key.public().device_id(),
            status: input.u8() % 4,
            at: Timestamp(input.number()),
        };
        let mut body = codec::encode(&receipt);
        input.change(&mut body);
        receipts.push(known.partner_key.sign(Label::Receipt, body));
    }
    let mut bundle = codec::encode(&receipts);
    input.change(&mut bundle);
    (*b"RCP", bundle)
}
