//! From the outbox to the relay: sealing, the relay's receipt, refusals, sealing again.

use std::time::Duration;

use causeway_certs::directory::Organisation;
use causeway_common::codec;
use causeway_common::envelope::Envelope;
use causeway_common::framed::Label;
use causeway_common::ids::{DeviceId, Digest, EnvelopeId};
use causeway_common::limits::{ENVELOPE_BYTES_MAX, FRAME_BYTES_MAX};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{Nack, Prekey, RELAY_ACCEPTED, RELAY_EXPIRED, RelayReceipt};
use causeway_common::wire::{Outcomes, Prekeys};
use zeroize::Zeroizing;

use super::recipients::{is_whole_referral, outdated};
use super::unreached::{RECEIPT_WITHIN, WORD_WITHIN};
use super::{Engine, EngineError};
use crate::backup;
use crate::model::{PACKET_SHARED, Sent, Transport};
use crate::prekeys::{self, TakenError};
use crate::records::{self, Chain, Place, Step};
use crate::seal::packet::{Recipient, SealError, SealRequest, SectionPlain, Sender, seal};
use crate::shared::Shared;
use crate::unopened::is_sealed_again;

/// Words of refusals that another time of expiry helps against.
pub(crate) const TIME_REFUSALS: [&str; 2] = ["expired", "clock_skew"];
/// Word of a refusal that another look at the recipient's roster helps against: a device has left it.
pub(crate) const ROSTER_REFUSAL: &str = "unknown_recipient";
/// Why a packet in the outbox cannot go out now.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutgoingError {
    /// A step of this device failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What the relay gave is not the recipient's.
    #[error(transparent)]
    Prekeys(#[from] TakenError),
    /// The recipient has no usable prekey; it must connect once.
    #[error("the recipient has left no keys at the relay yet; the packet waits until it connects")]
    NoPrekeys,
    /// The relay withholds the recipient's roster, which its keys are checked against.
    #[error("the relay does not give the list of the recipient's devices; the packet waits for it")]
    NoRoster,
    /// The recipient's key is another one than somebody here has compared.
    #[error(
        "the recipient's key has changed since it was compared; the packet waits until it is compared again"
    )]
    KeyChanged,
    /// The content cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It is for colleagues' devices, and there are none any more.
    #[error("the organisation has no other device that this is for")]
    NobodyElse,
    /// The relay's receipt is not one for this envelope.
    #[error("the relay's receipt does not fit the packet")]
    ForgedReceipt,
}

impl Engine {
    /// Where packets stand that have to go out, see [`records::pending`].
    pub fn to_send(&self, least: Priority, limit: usize, wanted: impl FnMut(&Place) -> bool) -> Vec<Place> {
        records::pending(&self.vault, least, limit, wanted)
    }

    /// The packet in this place of the queue; none once it has gone out.
    pub fn waiting(&self, place: &Place) -> Result<Option<Sent>, EngineError> {
        let sent = records::sent(&self.vault, place.packet, place.to)?;
        Ok(sent.filter(|s| matches!(s.transport, Transport::Queued | Transport::Submitted)))
    }

    /// How many packets have to go out.
    pub fn unsent(&self) -> usize {
        records::pending_count(&self.vault)
    }

    /// Envelopes that the relay holds and no device has signed for, by name, after the given one, at most `limit`.
    pub fn awaiting(&self, after: Option<EnvelopeId>, limit: usize) -> Vec<EnvelopeId> {
        records::awaiting(&self.vault, after, limit)
    }

    /// What the relay is asked about: those, and receipts of ours, see [`records::unsettled`].
    pub fn unsettled(&self, after: Option<EnvelopeId>, limit: usize) -> Vec<EnvelopeId> {
        records::unsettled(&self.vault, after, limit)
    }

    /// Seals queued packets to the prekeys that the relay gave, and remembers the envelopes, in one transaction, before
    /// anybody sees them.
    pub async fn seal(
        &self,
        queued: Vec<(Sent, Prekeys)>,
    ) -> Result<Vec<(Sent, Result<(), OutgoingError>)>, EngineError> {
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        let mut sealed = Vec::with_capacity(queued.len());
        for (queued, taken) in queued {
            // It may have been withdrawn meanwhile.
            let still = records::sent(&step, queued.packet, queued.to)?;
            let Some(mut sent) = still.filter(|sent| sent.transport == Transport::Queued) else { continue };
            let result = match self.seal_into(&mut sent, &taken, &mut step).await {
                Err(OutgoingError::Engine(error)) => return Err(error),
                result => result,
            };
            sealed.push((sent, result));
        }
        self.commit_step(step).await?;
        Ok(sealed)
    }

    async fn seal_into(
        &self,
        sent: &mut Sent,
        taken: &Prekeys,
        step: &mut Step<'_>,
    ) -> Result<(), OutgoingError> {
        let now = self.now();
        let replica = self.replica.lock().await;
        let unknown = || EngineError::UnknownOrganisation(sent.to.short());
        let to = replica.directory.organisation(sent.to).ok_or_else(unknown)?;
        if to.roster.is_none() {
            return Err(OutgoingError::NoRoster);
        }
        if is_whole_referral(sent) && outdated(to, step)?.is_some() {
            return Err(OutgoingError::KeyChanged);
        }
        let mut checked = prekeys::check_taken(to, taken, now)?;
        if sent.packet_type == PACKET_SHARED {
            self.keep_colleagues(sent, to, &mut checked)?;
        }
        if checked.is_empty() {
            return Err(OutgoingError::NoPrekeys);
        }
        let left_out = self.left_out_by(sent, to, &checked);
        let mut chain = records::chain_to(step, sent.to).map_err(EngineError::from)?;
        if sent.sequence == 0 {
            sent.sequence = chain.sequence + 1;
            sent.previous = Digest(chain.grant);
        }
        let own_roster = replica
            .directory
            .organisation(self.identity.org)
            .map_or(self.identity.roster, |own| own.roster_digest);
        let device_key = self.identity.device_key();
        let sections: Vec<SectionPlain> = sent
            .sections
            .iter()
            .map(|s| SectionPlain { code: s.code, bytes: Zeroizing::new(s.bytes.clone()) })
            .collect();
        let targets = prekeys::targets(to, checked, &sections);
        // The relay keeps it for this long from now on, by its own clock.
        let expires = self.relay_now().plus(sent.priority.time_to_live());
        let request = SealRequest {
            packet: sent.packet,
            packet_type: sent.packet_type,
            case_ref: sent.case,
            in_reply_to: (sent.in_reply_to.0 != [0; 32]).then_some(sent.in_reply_to),
            created: now,
            expires,
            priority: sent.priority,
            sections: &sections,
            sender: Sender {
                org: self.identity.org,
                key: &device_key,
                roster: own_roster,
                checkpoint: &replica.checkpoint,
                log_size: replica.directory.size(),
                log_root: replica.directory.root(),
                seq: sent.sequence,
                previous_grant: sent.previous,
            },
            recipient: Recipient {
                org: to.id,
                root: to.fingerprint(),
                roster: to.roster_digest,
                targets: &targets,
            },
            purpose: 0,
            onward: 1,
            return_prekeys: Vec::new(),
        };
        let sealed = seal(&request, &mut **self.rng.lock().await)?;
        drop(replica);
        self.keep_for_left_out(sent, &left_out, step).await?;
        sent.envelope_id = sealed.envelope.id();
        sent.envelope = codec::encode(&sealed.envelope);
        sent.grant = sealed.grant_digest;
        sent.expires = expires;
        sent.transport = Transport::Submitted;
        sent.times[4] = self.now();
        if chain.sequence < sent.sequence {
            chain = Chain { sequence: sent.sequence, grant: sealed.grant_digest.0 };
            records::put_chain_to(&mut step.changes, sent.to, &chain);
        }
        records::put_sent(&mut step.changes, sent);
        Ok(())
    }

    /// Of our own organisation's devices leaves those that are meant: never this one, which needs no keys of its own for it.
    fn keep_colleagues(
        &self,
        sent: &Sent,
        own: &Organisation,
        checked: &mut Vec<Prekey>,
    ) -> Result<(), OutgoingError> {
        let shared = Shared::read(&sent.sections).ok_or(OutgoingError::NobodyElse)?;
        let is_meant = |device: DeviceId| device != self.identity.device() && shared.is_for(device);
        checked.retain(|prekey| is_meant(prekey.device));
        let listed = own.roster.iter().flat_map(|roster| &roster.devices);
        let somebody = own.id == self.identity.org && listed.into_iter().any(|d| is_meant(d.device));
        if somebody { Ok(()) } else { Err(OutgoingError::NobodyElse) }
    }

    /// The sealed envelope of a packet, byte for byte as it was first offered.
    pub fn envelope(&self, sent: &Sent) -> Option<Envelope> {
        codec::decode(&sent.envelope, ENVELOPE_BYTES_MAX).ok()
    }

    /// The relay has signed that it holds packets: one transaction for all of them.
    pub async fn relayed(&self, held: &[(Sent, Signed)]) -> Result<(), OutgoingError> {
        for (sent, receipt) in held {
            let read = self.relay_receipt(receipt).await.ok_or(OutgoingError::ForgedReceipt)?;
            let digest = self.envelope(sent).map(|envelope| envelope.digest());
            let fits = read.envelope == sent.envelope_id && Some(read.digest) == digest;
            if read.outcome != RELAY_ACCEPTED || !fits {
                return Err(OutgoingError::ForgedReceipt);
            }
        }
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        let mut news = Vec::new();
        for (sent, receipt) in held {
            let now_stored = records::sent(&step, sent.packet, sent.to).map_err(EngineError::from)?;
            let Some(mut sent) = now_stored else { continue };
            if sent.transport == Transport::Submitted {
                sent.transport = Transport::Relayed;
                sent.relay_receipt = vec![receipt.clone()];
                sent.times[1] = self.now();
                records::put_sent(&mut step.changes, &sent);
                news.push(sent);
            }
        }
        self.share_sent(&news, &mut step).await?;
        Ok(self.commit_step(step).await?)
    }

    /// The relay refuses a packet for good. One whose time does not suit it is sealed again, with another time; one that
    /// is sealed to a device which has left the recipient's roster, to those that are there. What has become of the packet
    /// meanwhile stays: an offer whose answer was lost is refused when it has arrived, and its recipient is gone.
    pub async fn rejected(&self, refused: &Sent, code: &str) -> Result<(), EngineError> {
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        let stands =
            |now: &Sent| (now.transport, now.envelope_id) == (refused.transport, refused.envelope_id);
        if let Some(mut sent) = records::sent(&step, refused.packet, refused.to)?.filter(stands) {
            let left = code == ROSTER_REFUSAL && sent.transport == Transport::Submitted;
            if (left || TIME_REFUSALS.contains(&code)) && sent.queue_again() {
                records::put_sent(&mut step.changes, &sent);
            } else if sent.is_service() {
                records::drop_sent(&mut step.changes, &sent);
            } else {
                sent.transport = Transport::RejectedByRelay;
                code.clone_into(&mut sent.failure);
                records::put_sent(&mut step.changes, &sent);
                self.share_lost(&sent, &mut step).await?;
            }
        }
        self.commit_step(step).await
    }

    /// What the relay says became of the packets it was asked about. Every statement is verified; what is not proven
    /// changes nothing, and silence ends with the packet's life.
    pub async fn take_outcomes(&self, asked: &[EnvelopeId], outcomes: &Outcomes) -> Result<(), EngineError> {
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        for signed in &outcomes.expired {
            if let Some(receipt) = self.relay_receipt(signed).await.filter(|r| r.outcome == RELAY_EXPIRED) {
                self.expired(&receipt, &mut step).await?;
            }
        }
        for signed in &outcomes.refused {
            self.refused(signed, &mut step).await?;
        }
        for id in &outcomes.unknown {
            // The relay lost it (restored from a backup): offer the same bytes again.
            if let Some(mut sent) = records::sent_in(&step, *id)? {
                sent.transport = Transport::Submitted;
                records::put_sent(&mut step.changes, &sent);
            }
        }
        let restored = backup::restored(&step).map_err(EngineError::from)?.map(|restored| restored.at);
        for id in &outcomes.settled {
            let Some(mut sent) = records::sent_in(&step, *id)? else { continue };
            if sent.is_service() {
                // Receipts are not receipted: that they are there is all there is to know. A packet waits for its receipt.
                records::drop_sent(&mut step.changes, &sent);
            } else if restored.is_some_and(|at| sent.times[4] < at) && sent.queue_again() {
                // It was sealed before this device was lost, so its receipt may have come to the lost disk. It does not come
                // again by itself: who has the packet signs for it once more.
                records::put_sent(&mut step.changes, &sent);
            }
        }
        for id in asked {
            // Everybody has acknowledged it, says the relay: the receipt is a packet too, and may be on its way.
            let receipt = if outcomes.settled.contains(id) { RECEIPT_WITHIN } else { Duration::ZERO };
            if let Some(sent) = records::sent_in(&step, *id)?
                && sent.expires.plus(WORD_WITHIN).plus(receipt) < self.relay_now()
            {
                self.undelivered(sent, "no-word", &mut step).await?;
            }
        }
        self.commit_step(step).await
    }

    /// The relay gives up on a packet: it must be this one, and its time must be over by the statement itself.
    async fn expired(&self, receipt: &RelayReceipt, step: &mut Step<'_>) -> Result<(), EngineError> {
        let Some(sent) = records::sent_in(step, receipt.envelope)? else { return Ok(()) };
        let Some(envelope) = self.envelope(&sent) else { return Ok(()) };
        if receipt.digest == envelope.digest() && receipt.time >= envelope.outer.expires() {
            self.undelivered(sent, "expired", step).await?;
        }
        Ok(())
    }

    /// A device cannot open the envelope: seal again, or tell the user.
    async fn refused(&self, signed: &Signed, step: &mut Step<'_>) -> Result<(), EngineError> {
        let Ok(nack) = codec::decode::<Nack>(&signed.body, FRAME_BYTES_MAX) else { return Ok(()) };
        let Some(mut sent) = records::sent_in(step, nack.envelope)? else { return Ok(()) };
        if !self.is_signed_by_device_of(&sent, &nack, signed).await {
            return Ok(());
        }
        if is_sealed_again(nack.reason) && sent.queue_again() {
            // It goes out again under another key.
        } else if sent.is_service() {
            records::drop_sent(&mut step.changes, &sent);
            return Ok(());
        } else {
            sent.transport = Transport::Undecryptable;
            sent.failure = format!("refused-{}", nack.reason);
            self.share_lost(&sent, step).await?;
        }
        records::put_sent(&mut step.changes, &sent);
        Ok(())
    }

    async fn is_signed_by_device_of(&self, sent: &Sent, nack: &Nack, signed: &Signed) -> bool {
        let replica = self.replica.lock().await;
        let org = replica.directory.organisation(sent.to);
        org.and_then(|org| org.device(nack.device))
            .and_then(|device| causeway_certs::keys::PublicKey::from_bytes(device.signing_key).ok())
            .is_some_and(|key| key.verify(Label::Nack, signed).is_ok())
    }

    async fn relay_receipt(&self, signed: &Signed) -> Option<RelayReceipt> {
        let keys = self.replica.lock().await.relay_keys(&self.identity).ok()?;
        keys.verify_receipt(signed)
    }

    /// Ends a step that may have changed nothing.
    pub(super) async fn commit_step(&self, step: Step<'_>) -> Result<(), EngineError> {
        if step.changes.is_empty() { Ok(()) } else { self.commit(step.changes).await }
    }
}
