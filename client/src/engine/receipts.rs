//! Receipts: signed for what has come, checked and kept for what has gone.

use causeway_certs::keys::PublicKey;
use causeway_common::clearance::RECEIPTS_SECTION;
use causeway_common::codec;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::limits::{DEVICES_PER_ORG_MAX, FRAME_BYTES_MAX};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceReceipt, RECEIPT_DELIVERED, RECEIPT_OPENED};
use causeway_common::time::Timestamp;

use super::shared::may_be_sealed_again;
use super::{Draft, Engine, EngineError};
use crate::attachments;
use crate::model::{PACKET_RECEIPTS, Sent, StoredSection, Transport};
use crate::records::{self, Step};
use crate::seal::packet::HEADER_SECTION;
use crate::shared::ReceiptedItem;

/// Receipts taken of one bundle: far more than one transaction of the other side makes.
const RECEIPTS_PER_BUNDLE_MAX: usize = 64;
/// Receipts kept of one packet: delivered and opened, of each device.
const RECEIPTS_KEPT_MAX: usize = 2 * DEVICES_PER_ORG_MAX;

impl Engine {
    /// Signs that a packet has come this far.
    pub(super) fn sign_receipt(&self, packet: PacketId, grant: Digest, status: u8) -> Signed {
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

    /// A packet of signed receipts, to be queued in the step that they are about.
    pub(super) async fn receipts_draft(
        &self,
        to: OrgId,
        receipts: &Vec<Signed>,
        priority: Priority,
    ) -> Draft {
        let header = StoredSection { code: HEADER_SECTION, bytes: br#"{"kind":"RCP"}"#.to_vec() };
        let bundle = StoredSection { code: RECEIPTS_SECTION, bytes: codec::encode(receipts) };
        Draft {
            packet: PacketId(self.random().await),
            case: [0; 32],
            packet_type: PACKET_RECEIPTS,
            kind: "RCP".into(),
            to,
            priority,
            in_reply_to: None,
            sections: vec![header, bundle],
        }
    }

    /// Receipts for packets of ours. Each is checked on its own: signed by a device of the recipient, for the grant
    /// we made. Gives those that were not known. Of those whose packet is not known it is kept who was left out.
    pub(super) async fn take_receipts(
        &self,
        bundle: &ReceiptedItem,
        left_out: &[DeviceId],
        key: &PublicKey,
        step: &mut Step<'_>,
    ) -> Result<Vec<Signed>, EngineError> {
        let mut news = Vec::new();
        for signed in bundle.receipts.iter().take(RECEIPTS_PER_BUNDLE_MAX) {
            let Ok(receipt) = codec::decode::<DeviceReceipt>(&signed.body, FRAME_BYTES_MAX) else { continue };
            // Of packets that were never sent there, nothing is worth a verification.
            let sent = records::sent(step, receipt.packet, receipt.org)?;
            if sent.is_none() && !self.has_colleagues().await {
                continue;
            }
            let from_sender = receipt.org == bundle.org;
            let key = match receipt.device == bundle.device {
                // Perhaps retired since: what it sent before counts.
                true => Some(*key),
                false => self.listed_key(receipt.org, receipt.device).await,
            };
            let signed_by_device = key.is_some_and(|key| key.verify(Label::Receipt, signed).is_ok());
            if from_sender && signed_by_device {
                match sent.filter(|sent| !may_be_sealed_again(sent, &receipt)) {
                    Some(sent) => {
                        // Refused and back in the queue, it can still be signed for in its first envelope.
                        let unanswered = matches!(sent.transport, Transport::Queued | Transport::Submitted);
                        if self.take_receipt(sent, &receipt, signed.clone(), step)? {
                            news.push(signed.clone());
                        }
                        if unanswered {
                            self.share_unanswered(receipt.packet, receipt.org, step).await?;
                        }
                    }
                    None => {
                        self.keep_early_receipt(&receipt, signed.clone(), (bundle, left_out), step).await?
                    }
                }
            }
        }
        Ok(news)
    }

    /// A receipt has overtaken the relay's answer, which will find nothing left to do.
    async fn share_unanswered(
        &self,
        packet: PacketId,
        to: OrgId,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let sent = records::sent(step, packet, to)?;
        let arrived = sent.filter(|s| matches!(s.transport, Transport::Delivered | Transport::Opened));
        self.share_sent(&arrived.into_iter().collect::<Vec<_>>(), step).await
    }

    pub(super) async fn listed_key(&self, org: OrgId, device: DeviceId) -> Option<PublicKey> {
        let replica = self.replica.lock().await;
        let listed = replica.directory.organisation(org)?.device(device)?;
        PublicKey::from_bytes(listed.signing_key).ok()
    }

    pub(super) fn take_receipt(
        &self,
        mut sent: Sent,
        receipt: &DeviceReceipt,
        signed: Signed,
        step: &mut Step<'_>,
    ) -> Result<bool, EngineError> {
        if sent.grant != receipt.grant && sent.reseals == 0 {
            return Ok(false);
        }
        let reached = match receipt.status {
            RECEIPT_DELIVERED => Transport::Delivered,
            RECEIPT_OPENED => Transport::Opened,
            _ => return Ok(false),
        };
        // A delivery also ends a failure that was declared too early.
        if sent.transport != Transport::Opened {
            let begins = sent.transport.is_failure() || sent.transport == Transport::ByColleague;
            sent.transport = if begins { reached } else { sent.transport.max(reached) };
            sent.failure.clear();
        }
        let slot = if reached == Transport::Delivered { 2 } else { 3 };
        if sent.times[slot] == Timestamp(0) {
            sent.times[slot] = receipt.at;
        }
        sent.envelope.clear();
        let news = sent.receipts.len() < RECEIPTS_KEPT_MAX && !sent.receipts.contains(&signed);
        if news {
            sent.receipts.push(signed);
        }
        attachments::forget(&self.staging, &sent.sections);
        self.thread_receipt(&sent, reached, receipt.at, step)?;
        records::put_sent(&mut step.changes, &sent);
        Ok(news)
    }
}
