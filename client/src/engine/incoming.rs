//! From the relay into the inbox: open, verify, store once, then erase, acknowledge and sign for it.

use causeway_certs::keys::PublicKey;
use causeway_common::codec;
use causeway_common::envelope::{PrekeyKind, envelope_id};
use causeway_common::framed::Label;
use causeway_common::ids::{EnvelopeId, OrgId, PacketId};
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{
    DeviceReceipt, NACK_ERASED_PREKEY, NACK_UNKNOWN_PREKEY, NACK_UNREADABLE, Nack, RECEIPT_DELIVERED,
    RECEIPT_OPENED,
};
use causeway_common::time::Timestamp;
use causeway_common::wire::Push;

use super::{Draft, Engine, EngineError};
use crate::attachments;
use crate::model::{PACKET_RECEIPTS, Received, StoredSection, Transport};
use crate::prekeys::{self, OwnPrekey};
use crate::records::{self, Chain};
use crate::seal::open::{OpenError, OpenedPacket, unseal};
use crate::seal::packet::HEADER_SECTION;
use crate::vault::Changes;

/// Section code of a bundle of receipts.
const RECEIPTS_SECTION: [u8; 3] = *b"RCP";

/// What became of one pushed envelope.
#[derive(Clone, Debug)]
pub enum Taken {
    /// Stored now, or before: acknowledge it.
    Stored(EnvelopeId),
    /// Cannot be opened: this signed refusal goes to the relay instead.
    Refused(Signed),
    /// The sender knows a newer directory than we do: fetch it, then try again.
    NeedsDirectory,
}

/// What one packet asks for once it is stored.
#[derive(Debug, Default)]
struct Stored {
    used: Option<OwnPrekey>,
    receipt: Option<(OrgId, Signed)>,
}

enum Refusal {
    Nack(u8),
    NeedsDirectory,
    Engine(EngineError),
}

impl<E: Into<EngineError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Engine(error.into())
    }
}

impl Engine {
    /// Takes one pushed envelope. When it returns [`Taken::Stored`], the packet is durable, exactly once, and the
    /// one-time key that opened it is erased.
    pub async fn take(&self, push: &Push) -> Result<Taken, EngineError> {
        let id = envelope_id(&push.outer, &push.body);
        let turn = self.turn.lock().await;
        let mut changes = Changes::default();
        let stored = if records::is_seen(&self.vault, id)? {
            Stored::default()
        } else {
            match self.open_into(push, &mut changes).await {
                Ok(stored) => stored,
                Err(Refusal::NeedsDirectory) => return Ok(Taken::NeedsDirectory),
                Err(Refusal::Nack(reason)) => return Ok(Taken::Refused(self.nack(id, reason))),
                Err(Refusal::Engine(error)) => return Err(error),
            }
        };
        if !changes.is_empty() {
            records::put_seen(&mut changes, id);
            self.commit(changes).await?;
        }
        let used = stored.used.filter(|prekey| prekey.kind != PrekeyKind::LastResort);
        if let Some(prekey) = used {
            let mut rng = self.rng.lock().await;
            self.vault.eks_erase(&[prekeys::seed_id(prekey.number).to_vec()], &mut **rng).await?;
        }
        drop(turn);
        if let Some((to, receipt)) = stored.receipt {
            self.queue_receipts(to, vec![receipt], push.outer.priority).await?;
        }
        Ok(Taken::Stored(id))
    }

    async fn open_into(&self, push: &Push, changes: &mut Changes) -> Result<Stored, Refusal> {
        let prekey =
            prekeys::own(&self.vault, push.wrap.prekey)?.ok_or(Refusal::Nack(NACK_UNKNOWN_PREKEY))?;
        let seed = self
            .vault
            .eks_get(&prekeys::seed_id(prekey.number))
            .await
            .ok_or(Refusal::Nack(NACK_ERASED_PREKEY))?;
        let unreadable = |_: OpenError| Refusal::Nack(NACK_UNREADABLE);
        let (org, device) = (self.identity.org, self.identity.device());
        let unsealed = unseal(&push.outer, &push.body, &push.wrap, org, device, &prekey.public, &seed)
            .map_err(unreadable)?;
        let claimed = unsealed.claimed();
        let replica = self.replica.lock().await;
        match replica.agrees_with(claimed.log_size, claimed.log_root) {
            None => return Err(Refusal::NeedsDirectory),
            // The relay has shown the sender another directory than us.
            Some(false) => return Err(Refusal::Nack(NACK_UNREADABLE)),
            Some(true) => {}
        }
        let sender = replica.directory.organisation(claimed.from_org);
        let key = sender.and_then(|org| org.device(claimed.from_device)).map(|device| device.signing_key);
        drop(replica);
        let key =
            key.and_then(|key| PublicKey::from_bytes(key).ok()).ok_or(Refusal::Nack(NACK_UNREADABLE))?;
        let packet = unsealed.verify(&key).map_err(unreadable)?;
        if prekey.kind != PrekeyKind::LastResort {
            prekeys::mark_used(changes, &prekey);
        }
        let receipt = self.store(packet, push, changes).await?;
        // A record of the envelope is written even when the packet itself changes nothing.
        records::put_seen(changes, envelope_id(&push.outer, &push.body));
        Ok(Stored { used: Some(prekey), receipt })
    }

    /// Stores an opened packet; gives the receipt to send for it.
    async fn store(
        &self,
        packet: OpenedPacket,
        push: &Push,
        changes: &mut Changes,
    ) -> Result<Option<(OrgId, Signed)>, EngineError> {
        if packet.packet_type == PACKET_RECEIPTS {
            self.take_receipts(&packet, changes).await?;
            return Ok(None);
        }
        let from = packet.from_org;
        let receipt = self.sign_receipt(packet.packet, packet.grant_digest, RECEIPT_DELIVERED);
        if records::received(&self.vault, packet.packet)?.is_some() {
            // The same packet in another envelope (sealed again): sign for it, keep the one we have.
            return Ok(Some((from, receipt)));
        }
        let device = packet.from_device;
        let chain = records::chain_from(&self.vault, device)?;
        let missing_before = packet.seq.saturating_sub(chain.sequence + 1);
        if packet.seq > chain.sequence {
            let next = Chain { sequence: packet.seq, grant: packet.grant_digest.0 };
            records::put_chain_from(changes, device, &next);
        }
        let received = self.received(packet, push, missing_before);
        self.thread_received(&received, changes)?;
        records::put_received(changes, &received);
        Ok(Some((from, receipt)))
    }

    fn received(&self, packet: OpenedPacket, push: &Push, missing_before: u64) -> Received {
        let sections: Vec<StoredSection> =
            packet.sections.iter().map(|s| StoredSection { code: s.code, bytes: s.bytes.to_vec() }).collect();
        Received {
            packet: packet.packet,
            case: packet.case_ref,
            kind: super::threads::kind_of(&sections),
            from: packet.from_org,
            from_device: packet.from_device,
            priority: push.outer.priority,
            created: packet.created,
            relayed: push.accepted,
            received: self.now(),
            opened: Timestamp(0),
            in_reply_to: packet.in_reply_to.unwrap_or(PacketId([0; 32])),
            sections,
            withheld: packet.withheld,
            grant: packet.grant,
            grant_digest: packet.grant_digest,
            missing_before,
        }
    }

    fn sign_receipt(&self, packet: PacketId, grant: causeway_common::ids::Digest, status: u8) -> Signed {
        let receipt = DeviceReceipt {
            packet,
            grant,
            org: self.identity.org,
            device: self.identity.device(),
            status,
            at: self.now(),
        };
        self.identity.device_key().sign(Label::Receipt, codec::encode(&receipt))
    }

    fn nack(&self, envelope: EnvelopeId, reason: u8) -> Signed {
        let nack = Nack { envelope, device: self.identity.device(), reason, counter: 0, time: self.now() };
        self.identity.device_key().sign(Label::Nack, codec::encode(&nack))
    }

    /// Puts signed receipts into the outbox.
    async fn queue_receipts(
        &self,
        to: OrgId,
        receipts: Vec<Signed>,
        priority: Priority,
    ) -> Result<(), EngineError> {
        let header = StoredSection { code: HEADER_SECTION, bytes: br#"{"kind":"RCP"}"#.to_vec() };
        let bundle = StoredSection { code: RECEIPTS_SECTION, bytes: codec::encode(&receipts) };
        let draft = Draft {
            packet: PacketId(self.random().await),
            case: [0; 32],
            packet_type: PACKET_RECEIPTS,
            kind: "RCP".into(),
            to,
            priority,
            in_reply_to: None,
            sections: vec![header, bundle],
        };
        self.queue(vec![draft], Changes::default()).await
    }

    /// A person has opened a packet: remember it and tell the sender.
    pub async fn opened(&self, packet: PacketId) -> Result<(), EngineError> {
        let turn = self.turn.lock().await;
        let Some(mut received) = records::received(&self.vault, packet)? else { return Ok(()) };
        if received.opened != Timestamp(0) {
            return Ok(());
        }
        received.opened = self.now();
        let mut changes = Changes::default();
        records::put_received(&mut changes, &received);
        self.thread_opened(&received, &mut changes)?;
        self.commit(changes).await?;
        drop(turn);
        let receipt = self.sign_receipt(packet, received.grant_digest, RECEIPT_OPENED);
        self.queue_receipts(received.from, vec![receipt], received.priority).await
    }

    /// Receipts for packets of ours. Each is checked on its own: signed by a device of the recipient, for the grant
    /// we made.
    async fn take_receipts(&self, packet: &OpenedPacket, changes: &mut Changes) -> Result<(), EngineError> {
        let bundle = packet.sections.iter().find(|s| s.code == RECEIPTS_SECTION);
        let receipts: Vec<Signed> =
            bundle.and_then(|s| codec::decode(&s.bytes, FRAME_BYTES_MAX).ok()).unwrap_or_default();
        for signed in receipts {
            let Ok(receipt) = codec::decode::<DeviceReceipt>(&signed.body, FRAME_BYTES_MAX) else { continue };
            let from_sender = receipt.org == packet.from_org;
            let replica = self.replica.lock().await;
            let key = replica.directory.organisation(receipt.org).and_then(|o| o.device(receipt.device));
            let key = key.and_then(|device| PublicKey::from_bytes(device.signing_key).ok());
            drop(replica);
            let signed_by_device = key.is_some_and(|key| key.verify(Label::Receipt, &signed).is_ok());
            if from_sender && signed_by_device {
                self.take_receipt(&receipt, signed, changes)?;
            }
        }
        Ok(())
    }

    fn take_receipt(
        &self,
        receipt: &DeviceReceipt,
        signed: Signed,
        changes: &mut Changes,
    ) -> Result<(), EngineError> {
        let Some(mut sent) = records::sent(&self.vault, receipt.packet, receipt.org)? else { return Ok(()) };
        if sent.grant != receipt.grant && sent.reseals == 0 {
            return Ok(());
        }
        let reached = match receipt.status {
            RECEIPT_DELIVERED => Transport::Delivered,
            RECEIPT_OPENED => Transport::Opened,
            _ => return Ok(()),
        };
        // A delivery also ends a failure that was declared too early.
        if sent.transport != Transport::Opened {
            sent.transport = if sent.transport.is_failure() { reached } else { sent.transport.max(reached) };
            sent.failure.clear();
        }
        let slot = if reached == Transport::Delivered { 2 } else { 3 };
        if sent.times[slot] == Timestamp(0) {
            sent.times[slot] = receipt.at;
        }
        sent.envelope.clear();
        sent.receipts.push(signed);
        attachments::forget(&self.staging, &sent.sections);
        self.thread_receipt(&sent, reached, changes)?;
        records::put_sent(changes, &sent);
        Ok(())
    }
}
