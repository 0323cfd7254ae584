//! Packets: what was promised is kept, what arrives is what was written, for those it was sealed to.

use std::collections::{BTreeMap, BTreeSet};

use causeway_certs::keys::PublicKey;
use causeway_client::model::{Received, Sent, StoredSection, Transport};
use causeway_client::records;
use causeway_common::clearance;
use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, OrgId, PacketId};
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::statements::{DeviceReceipt, RECEIPT_OPENED};

use super::super::{Rule, short};
use super::{Court, Found, Seat, grant_of};

impl Court<'_> {
    pub(super) fn promises(&self) -> Found {
        let mut found = Vec::new();
        for promise in self.scenario.promises.iter().filter(|promise| !promise.forgotten) {
            let Some(seat) = self.seat(promise.device) else { continue };
            let name = format!("{} of {}", short(promise.packet), seat.name());
            match seat.sent.get(&(promise.packet, promise.to)) {
                None => found.push((Rule::Lost, format!("{name} was promised and its sender has no record"))),
                Some(sent) if sent.sections != promise.sections => {
                    found.push((Rule::Altered, format!("{name} is not what was written")));
                }
                Some(_) => {}
            }
        }
        found
    }

    /// Every packet of ours: is its state true, is it proven, is it final?
    pub(super) fn deliveries(&self) -> Found {
        let mut found = Vec::new();
        for seat in &self.seats {
            for sent in seat.sent.values() {
                let state = sent.transport;
                let name = format!("{} at {} ({})", short(sent.packet), seat.name(), state.as_str());
                if matches!(state, Transport::Delivered | Transport::Opened) {
                    self.proof(sent, &name, &mut found);
                }
                if state.is_failure() && !self.scenario.failures.contains(&sent.failure.as_str()) {
                    let why = &sent.failure;
                    found.push((Rule::Lost, format!("{name} failed with {why:?} and should not have")));
                }
                let may_wait = state == Transport::Relayed && self.is_shaken(sent.to);
                if self.scenario.healed && self.is_listed(seat) && state.is_pending() && !may_wait {
                    found.push((Rule::Silent, format!("{name}: its sender still waits")));
                }
            }
            let pending = records::pending_count(&seat.witness.vault);
            if self.scenario.healed && self.is_listed(seat) && pending > 0 {
                found.push((Rule::Silent, format!("{}: {pending} pending", seat.name())));
            }
        }
        found
    }

    /// A delivery is proven by receipts of devices of the recipient, which have the packet.
    fn proof(&self, sent: &Sent, name: &str, found: &mut Found) {
        let mut proven = (false, false);
        for signed in &sent.receipts {
            let receipt = codec::decode::<DeviceReceipt>(&signed.body, FRAME_BYTES_MAX);
            let signer = |receipt: &DeviceReceipt| self.key_ever(sent.to, receipt.device);
            let is_signed =
                |r: &DeviceReceipt| signer(r).is_some_and(|key| key.verify(Label::Receipt, signed).is_ok());
            let Some(receipt) = receipt.ok().filter(is_signed) else {
                found.push((Rule::FalseState, format!("{name} has a receipt that nobody signed")));
                continue;
            };
            if receipt.packet != sent.packet || receipt.org != sent.to {
                found.push((Rule::FalseState, format!("{name} has a receipt for something else")));
                continue;
            }
            proven.0 = true;
            proven.1 |= receipt.status == RECEIPT_OPENED;
            let signer = self.seat(receipt.device).filter(|signer| !signer.is_restored());
            if let Some(signer) = signer.filter(|signer| !signer.received.contains_key(&sent.packet)) {
                let there = signer.name();
                found.push((
                    Rule::Lost,
                    format!("{name} is not in the inbox of {there}, which signed for it"),
                ));
            }
        }
        if !proven.0 || (sent.transport == Transport::Opened && !proven.1) {
            found.push((Rule::FalseState, format!("{name} is not proven by a receipt")));
        }
    }

    /// The key of a device that any roster of its organisation has ever listed.
    fn key_ever(&self, org: OrgId, device: DeviceId) -> Option<PublicKey> {
        let rosters = self.rosters.values().filter(|roster| roster.org == org);
        let listed = rosters.flat_map(|roster| &roster.devices).find(|listed| listed.device == device)?;
        PublicKey::from_bytes(listed.signing_key).ok()
    }

    /// Every packet of others: did they write it, with these words, and was it for this device?
    pub(super) fn inboxes(&self) -> Found {
        let mut found = Vec::new();
        for seat in &self.seats {
            for received in seat.received.values() {
                let name = format!("{} in the inbox of {}", short(received.packet), seat.name());
                self.words(seat, received, &name, &mut found);
                if received.given_by.is_empty() {
                    self.addressee(seat, received, &name, &mut found);
                }
            }
            for thread in seat.threads.values() {
                let mut seen = BTreeSet::new();
                for event in &thread.events {
                    if !seen.insert((event.packet, &event.what, event.by)) {
                        let (name, packet) = (seat.name(), short(event.packet));
                        found.push((
                            Rule::Doubled,
                            format!("{name} notes {:?} of {packet} twice", event.what),
                        ));
                    }
                }
            }
        }
        found
    }

    fn words(&self, seat: &Seat<'_>, received: &Received, name: &str, found: &mut Found) {
        let Some(written) = self.written(received.packet, seat.org) else {
            let is_forgetful = self.seat(received.from_device).is_some_and(Seat::is_restored);
            if !is_forgetful {
                found.push((Rule::Invented, format!("{name}: its sender did not write it")));
            }
            return;
        };
        for section in &received.sections {
            if !written.contains(section) {
                found.push((Rule::Altered, format!("{name} is not what was written")));
            }
        }
        let withheld = written.iter().filter(|section| !received.sections.contains(section));
        for section in withheld {
            if !received.withheld.contains(&section.code) {
                found.push((Rule::Altered, format!("{name} lacks a section and does not say so")));
            }
        }
    }

    fn written(&self, packet: PacketId, to: OrgId) -> Option<&[StoredSection]> {
        let promised = self.scenario.promises.iter().find(|p| (p.packet, p.to) == (packet, to));
        let kept = self
            .seats
            .iter()
            .filter_map(|seat| seat.sent.get(&(packet, to)))
            .find(|sent| sent.author.is_empty());
        promised.map_or_else(|| kept.map(|sent| &sent.sections[..]), |promise| Some(&promise.sections[..]))
    }

    /// What its sender knew of the recipient when it sealed: this device was listed, and for these sections.
    fn addressee(&self, seat: &Seat<'_>, received: &Received, name: &str, found: &mut Found) {
        let Some(grant) = grant_of(received) else {
            found.push((Rule::Damaged, format!("{name}: its grant does not read")));
            return;
        };
        let roster = self.roster_at(seat.org, grant.log_size);
        let listed = roster.and_then(|roster| roster.devices.iter().find(|d| d.device == seat.device));
        let Some(listed) = listed else {
            found.push((Rule::Leaked, format!("{name}: its sender knew that this device was not listed")));
            return;
        };
        for section in &received.sections {
            if !clearance::may_read(listed.clearance, section.code) {
                found.push((Rule::Leaked, format!("{name} has a section that is not for it")));
            }
        }
        for code in &received.withheld {
            if clearance::may_read(listed.clearance, *code) {
                found.push((Rule::Lost, format!("{name} lacks a section that is for it")));
            }
        }
    }

    /// Numbers of packets from one device to one organisation: none twice, whoever of them has the packet.
    pub(super) fn numbers(&self) -> Found {
        let mut found = Vec::new();
        let mut numbers: BTreeMap<(DeviceId, OrgId, u64), PacketId> = BTreeMap::new();
        let mut take = |device, to, number, packet| {
            let twin = *numbers.entry((device, to, number)).or_insert(packet);
            if number > 0 && twin != packet {
                let (a, b) = (short(packet), short(twin));
                found.push((Rule::Chain, format!("{a} and {b} have the same number {number}")));
            }
        };
        for seat in &self.seats {
            for received in seat.received.values() {
                if let Some(grant) = grant_of(received) {
                    take(grant.from_device, grant.to_org, grant.seq, received.packet);
                }
            }
            for sent in seat.sent.values().filter(|sent| sent.author.is_empty()) {
                take(seat.device, sent.to, sent.sequence, sent.packet);
            }
        }
        for seat in &self.seats {
            for (device, chain) in records::chains_from(&seat.witness.vault).unwrap_or_default() {
                if chain.contradictions() > 0 {
                    let from = self.seat(device).map_or("?", |seat| seat.name());
                    let (name, count) = (seat.name(), chain.contradictions());
                    found.push((Rule::Chain, format!("{name} sees {count} contradictions of {from}")));
                }
            }
        }
        found
    }
}
