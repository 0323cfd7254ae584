//! Colleagues who were left out hear it too.
//!
//! What is sealed to an organisation is sealed to those of its devices that have keys at the relay. One that has left none
//! yet, or whose keys a restored relay has lost, is left out: it would never hear what its colleagues did, and would tell its
//! user that there is no word of a packet for which they have the receipt. Its colleagues keep what it lacks for it alone,
//! until it has keys.

use std::collections::BTreeSet;

use causeway_certs::directory::Organisation;
use causeway_common::ids::{DeviceId, OrgId, PacketId};
use causeway_common::signed::Signed;
use causeway_common::statements::Prekey;

use super::judgement::{self, Sender, Verdict};
use super::shared::PRIORITY;
use super::standing::SenderKey;
use super::{Engine, EngineError};
use crate::model::{PACKET_SHARED, Sent, StoredSection};
use crate::records::{self, Step, early};
use crate::seal::open::OpenedPacket;
use crate::shared::{ReceiptedItem, Shared};

/// Packets for colleagues that may wait in the outbox, those of the past that is being given apart, before nothing more is kept
/// for who has no keys: each may be of the largest size, 128 MiB in all. Who stays away for longer is given the past.
const WAITING_MAX: usize = 128;

/// Receipts, and the colleagues that they were not sealed to.
pub(super) type PassedOn = (Vec<DeviceId>, ReceiptedItem);

impl Engine {
    /// Other devices of this organisation that a packet is not sealed to.
    pub(super) async fn left_out_of(&self, packet: &OpenedPacket) -> Vec<DeviceId> {
        let replica = self.replica.lock().await;
        let own = replica.directory.organisation(self.identity.org);
        own.map_or(Vec::new(), |own| self.others(own, packet.devices.iter().map(|to| to.device)))
    }

    /// Those that a packet for all of them cannot be sealed to for the first time.
    pub(super) fn left_out_by(&self, sent: &Sent, own: &Organisation, sealed_to: &[Prekey]) -> Vec<DeviceId> {
        let is_for_all = sent.packet_type == PACKET_SHARED
            && sent.reseals == 0
            && Shared::read(&sent.sections).is_some_and(|shared| shared.is_for_all());
        if !is_for_all {
            return Vec::new();
        }
        self.others(own, sealed_to.iter().map(|prekey| prekey.device))
    }

    /// Other devices of this organisation than those.
    fn others(&self, own: &Organisation, but: impl Iterator<Item = DeviceId>) -> Vec<DeviceId> {
        let but: BTreeSet<DeviceId> = but.chain([self.identity.device()]).collect();
        let listed = own.roster.iter().flat_map(|roster| &roster.devices).map(|listed| listed.device);
        listed.filter(|device| !but.contains(device)).collect()
    }

    /// Passes receipts on to those who were left out, each of them in as few packets as hold them.
    pub(super) async fn pass_on(&self, all: &[PassedOn], step: &mut Step<'_>) -> Result<(), EngineError> {
        let devices: BTreeSet<DeviceId> = all.iter().flat_map(|(devices, _)| devices).copied().collect();
        for device in devices {
            let mut said = Shared::by(&self.identity.device_name).only_for(device);
            let mut more = said.clone();
            for (_, item) in all.iter().filter(|(devices, _)| devices.contains(&device)) {
                more.say_receipted(item);
                if !said.absorb(&more) {
                    self.keep_for(std::mem::replace(&mut said, more), Vec::new(), step).await?;
                }
                more = Shared::by(&self.identity.device_name).only_for(device);
            }
            self.keep_for(said, Vec::new(), step).await?;
        }
        Ok(())
    }

    /// What is sealed to their colleagues these get when they have keys.
    pub(super) async fn keep_for_left_out(
        &self,
        sent: &Sent,
        left_out: &[DeviceId],
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        for device in left_out {
            let Some(shared) = Shared::read(&sent.sections) else { continue };
            self.keep_for(shared.only_for(*device), sent.sections[1..].to_vec(), step).await?;
        }
        Ok(())
    }

    async fn keep_for(
        &self,
        shared: Shared,
        content: Vec<StoredSection>,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let own = self.identity.org;
        let waiting = records::pending(&self.vault, PRIORITY, WAITING_MAX, |place| place.to == own);
        if waiting.len() == WAITING_MAX {
            return Ok(());
        }
        self.share(shared, content, PRIORITY, step).await
    }

    /// A colleague passes on receipts that were not sealed to this device. They count as if they had come here: by the key of
    /// the device that had sent them, and by how it stands. What would be in doubt proves nothing.
    pub(super) async fn take_passed_on(
        &self,
        item: ReceiptedItem,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let SenderKey::Key(key) = self.key_of(item.org, item.device, item.roster).await? else {
            return Ok(());
        };
        let replica = self.replica.lock().await;
        let sender = replica.directory.organisation(item.org).map(|org| Sender::of(org, item.device));
        drop(replica);
        let verdict = sender.map(|sender| judgement::at_receipt(&sender, item.relayed));
        if verdict == Some(Verdict::Accept) {
            self.take_receipts(&item, &[], &key, step).await?;
        }
        Ok(())
    }

    /// Remembers whom a receipt was not sealed to that is here before its packet.
    pub(super) fn keep_left_out(
        &self,
        packet: PacketId,
        bundle: &ReceiptedItem,
        left_out: &[DeviceId],
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        if left_out.is_empty() {
            return Ok(());
        }
        let before = early::left_out(step, packet, bundle.org)?.map(|before| before.devices);
        let mut devices = before.unwrap_or_default();
        devices.extend_from_slice(left_out);
        devices.sort_unstable();
        devices.dedup();
        let left_out = early::LeftOut { devices, roster: bundle.roster, relayed: bundle.relayed };
        early::put_left_out(&self.vault, &mut step.changes, packet, bundle.org, &left_out)?;
        Ok(())
    }

    /// Receipts that were here before their packet have found it. Whom they were not sealed to gets them now.
    pub(super) async fn pass_on_early(
        &self,
        packet: PacketId,
        org: OrgId,
        receipts: Vec<(DeviceId, Signed)>,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let Some(left_out) = early::left_out(step, packet, org)? else { return Ok(()) };
        let early::LeftOut { devices, roster, relayed } = left_out;
        let item = |(device, signed)| ReceiptedItem { org, device, roster, relayed, receipts: vec![signed] };
        let all: Vec<PassedOn> =
            receipts.into_iter().map(|receipt| (devices.clone(), item(receipt))).collect();
        self.pass_on(&all, step).await
    }
}
