//! Packets in doubt, and what happens to packets when the directory says something new of who sent or gets them.

use std::ops::Bound;

use causeway_certs::keys::PublicKey;
use causeway_common::clearance::RECEIPTS_SECTION;
use causeway_common::codec;
use causeway_common::ids::{DeviceId, EnvelopeId, OrgId, PacketId};
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::time::Timestamp;

use super::judgement::{self, Cause, Device, Sender};
use super::{Engine, EngineError};
use crate::activity;
use crate::doubts::{self, Doubt, Standing};
use crate::model::{Received, Sent};
use crate::records::{self, Step};
use crate::replica::FormerKey;
use crate::seal::content::Grant;
use crate::shared::{KIND, ReceiptedItem};
use crate::vault::{Changes, Tree};

/// Packets looked at in one transaction: each may hold an envelope of the largest size.
const LOOKED_AT_ONCE: usize = 16;

/// Organisations whose review ends in one transaction: each takes a sync of the disk. Those of one group are looked at again
/// after an interruption.
const REVIEWED_AT_ONCE: usize = 32;

/// What a device's signature is checked with.
pub(super) enum SenderKey {
    /// This.
    Key(PublicKey),
    /// The relay has not given the former roster that it stands in.
    Withheld,
    /// No roster of the organisation lists it.
    None,
}

impl Engine {
    /// The key of a device that stands, or stood, in a roster of its organisation.
    pub(super) async fn key_of(
        &self,
        org: OrgId,
        device: DeviceId,
        roster: causeway_common::ids::Digest,
    ) -> Result<SenderKey, EngineError> {
        let mut replica = self.replica.lock().await;
        let Some(known) = replica.directory.organisation(org) else { return Ok(SenderKey::None) };
        if let Some(listed) = known.device(device) {
            return Ok(PublicKey::from_bytes(listed.signing_key).map_or(SenderKey::None, SenderKey::Key));
        }
        if known.roster.is_none() {
            return Ok(SenderKey::Withheld);
        }
        if !known.revoked.contains_key(&device) {
            return Ok(SenderKey::None);
        }
        Ok(match replica.former_key(&self.vault, org, device, roster)? {
            FormerKey::Found(key) => SenderKey::Key(key),
            FormerKey::Missing => SenderKey::Withheld,
            FormerKey::None => SenderKey::None,
        })
    }

    /// Whether the registrar has suspended an organisation, as far as we know.
    pub async fn is_suspended(&self, org: OrgId) -> bool {
        let replica = self.replica.lock().await;
        replica.directory.organisation(org).is_some_and(|org| org.suspended.is_some())
    }

    /// The sections that this device may read: what its organisation's roster says. Of a device that is not listed the sealing
    /// alone decides; nothing is opened while the roster is missing.
    pub async fn clearance(&self) -> u32 {
        let replica = self.replica.lock().await;
        let own = replica.directory.organisation(self.identity.org);
        own.and_then(|own| own.device(self.identity.device())).map_or(u32::MAX, |listed| listed.clearance)
    }

    /// Keeps a packet apart.
    pub(super) fn quarantine(&self, packet: PacketId, cause: Cause, changes: &mut Changes) {
        let (standing, at, decided) = (Standing::Quarantined, self.now(), Timestamp(0));
        doubts::put(changes, &Doubt { packet, standing, cause, at, decided, vetted: 0 });
    }

    /// A person has asked the sender by another way: the packet counts from now on, and the log says who said so. Gives
    /// the packet; none if it was never in doubt.
    pub async fn release(&self, packet: PacketId, vetted: u8) -> Result<Option<Received>, EngineError> {
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        let (doubt, received) = (doubts::of(&step, packet)?, records::received(&step, packet)?);
        let Some((mut doubt, received)) = doubt.zip(received) else { return Ok(None) };
        if doubt.standing == Standing::Released {
            return Ok(Some(received));
        }
        if doubt.standing == Standing::Quarantined {
            self.apply_released(&received, &mut step).await?;
        }
        (doubt.standing, doubt.decided, doubt.vetted) = (Standing::Released, self.now(), vetted);
        doubts::put(&mut step.changes, &doubt);
        let what = format!("released a packet that was {}", doubt.cause.as_str());
        activity::append(&self.vault, &mut step.changes, self.now(), &what, Some(packet))?;
        self.commit_step(step).await?;
        Ok(Some(received))
    }

    /// What the packet would have done when it came.
    async fn apply_released(&self, received: &Received, step: &mut Step<'_>) -> Result<(), EngineError> {
        if received.kind == KIND && received.from == self.identity.org {
            return self.take_shared(received, step).await;
        }
        let receipts = received.sections.iter().find(|section| section.code == RECEIPTS_SECTION);
        let Some(receipts) = receipts.filter(|_| received.kind == "RCP") else {
            self.thread_received(received, step)?;
            if received.opened != Timestamp(0) {
                self.thread_opened(received, "", step)?;
            }
            return self.opened_before(received.packet, step);
        };
        let Ok(grant) = codec::decode::<Grant>(&received.grant.body, FRAME_BYTES_MAX) else { return Ok(()) };
        if let SenderKey::Key(key) =
            self.key_of(received.from, received.from_device, grant.from_roster).await?
        {
            let bundle = ReceiptedItem {
                org: received.from,
                device: received.from_device,
                roster: grant.from_roster,
                relayed: received.relayed,
                receipts: codec::decode(&receipts.bytes, FRAME_BYTES_MAX).unwrap_or_default(),
            };
            self.take_receipts(&bundle, &[], &key, step).await?;
        }
        Ok(())
    }

    /// Looks at what came from, and what waits for, organisations of which the directory has said something new. Goes on
    /// where it was interrupted.
    pub async fn review(&self) -> Result<(), EngineError> {
        let marked: Vec<(OrgId, u64)> = doubts::reviews(&self.vault).into_iter().collect();
        for marked in marked.chunks(REVIEWED_AT_ONCE) {
            for (org, _) in marked {
                self.doubt_stored(*org).await?;
                self.seal_again_for(*org).await?;
            }
            self.end_reviews(marked).await?;
        }
        Ok(())
    }

    /// Organisations are marked under the replica's lock: one that was marked again in the meantime stays so.
    async fn end_reviews(&self, marked: &[(OrgId, u64)]) -> Result<(), EngineError> {
        let _replica = self.replica.lock().await;
        let now = doubts::reviews(&self.vault);
        let mut changes = Changes::default();
        for (org, _) in marked.iter().filter(|(org, revision)| now.get(org) == Some(revision)) {
            doubts::end_review(&mut changes, *org);
        }
        if changes.is_empty() { Ok(()) } else { self.commit(changes).await }
    }

    /// Labels packets that are here already and that somebody else may have sent.
    async fn doubt_stored(&self, org: OrgId) -> Result<(), EngineError> {
        let replica = self.replica.lock().await;
        let Some(known) = replica.directory.organisation(org).cloned() else { return Ok(()) };
        drop(replica);
        let anybody = |device: &DeviceId| {
            let sender = Sender {
                suspended: None,
                compromised: None,
                device: Device::Revoked(known.revoked[device].clone()),
            };
            judgement::of_stored(&sender, Timestamp(u64::MAX)).is_some()
        };
        let whole = Sender { suspended: known.suspended, compromised: None, device: Device::Active };
        let whole = judgement::of_stored(&whole, Timestamp(u64::MAX)).is_some();
        if !whole && known.compromised.is_none() && !known.revoked.keys().any(anybody) {
            return Ok(());
        }
        let mut after: Vec<u8> = Vec::new();
        loop {
            let range = (Bound::Excluded(&after[..]), Bound::Unbounded);
            let ids = self.vault.ids(Tree::Inbox, range, LOOKED_AT_ONCE, |_| true);
            let Some(last) = ids.last().cloned() else { return Ok(()) };
            let _turn = self.turn.lock().await;
            let mut step = Step::new(&self.vault);
            for packet in ids.iter().filter_map(|id| Some(PacketId(id.as_slice().try_into().ok()?))) {
                let Some(received) = records::received(&step, packet)?.filter(|r| r.from == org) else {
                    continue;
                };
                let sender = Sender::of(&known, received.from_device);
                let cause = judgement::of_stored(&sender, received.received.max(received.relayed));
                if let Some(cause) = cause
                    && doubts::of(&step, packet)?.is_none()
                {
                    let (standing, at, decided) = (Standing::Questionable, self.now(), Timestamp(0));
                    let doubt = Doubt { packet, standing, cause, at, decided, vetted: 0 };
                    doubts::put(&mut step.changes, &doubt);
                }
            }
            self.commit_step(step).await?;
            after = last;
        }
    }

    /// Puts packets back into the queue that no device has signed for, and that are sealed to devices only which have left
    /// the recipient's roster: the relay has removed those copies.
    async fn seal_again_for(&self, org: OrgId) -> Result<(), EngineError> {
        let mut after: Option<EnvelopeId> = None;
        loop {
            let envelopes = records::unsettled(&self.vault, after, LOOKED_AT_ONCE);
            let Some(last) = envelopes.last().copied() else { return Ok(()) };
            let _turn = self.turn.lock().await;
            let mut step = Step::new(&self.vault);
            for id in envelopes {
                let sent = records::sent_in(&step, id)?.filter(|sent| sent.to == org);
                if let Some(mut sent) = sent
                    && self.is_for_nobody(&sent).await
                    && sent.queue_again()
                {
                    records::put_sent(&mut step.changes, &sent);
                }
            }
            self.commit_step(step).await?;
            after = Some(last);
        }
    }

    /// Whether none of the devices that a packet is sealed to is in its recipient's roster any more.
    async fn is_for_nobody(&self, sent: &Sent) -> bool {
        let Some(envelope) = self.envelope(sent) else { return false };
        let replica = self.replica.lock().await;
        let Some(org) = replica.directory.organisation(sent.to).filter(|org| org.roster.is_some()) else {
            return false;
        };
        envelope.wraps.iter().all(|wrap| org.device(wrap.device).is_none())
    }
}
