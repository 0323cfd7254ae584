//! From the outbox to the relay: sealing, the relay's receipt, refusals, sealing again.

use causeway_common::codec;
use causeway_common::envelope::Envelope;
use causeway_common::framed::Label;
use causeway_common::ids::{Digest, EnvelopeId};
use causeway_common::limits::{ENVELOPE_BYTES_MAX, FRAME_BYTES_MAX, RESEALS_MAX};
use causeway_common::signed::Signed;
use causeway_common::statements::{
    NACK_ERASED_PREKEY, NACK_UNKNOWN_PREKEY, Nack, RELAY_ACCEPTED, RELAY_EXPIRED, RelayReceipt,
};
use causeway_common::wire::{Outcomes, Prekeys};
use zeroize::Zeroizing;

use super::{Engine, EngineError};
use crate::model::{PACKET_RECEIPTS, Sent, Transport};
use crate::prekeys::{self, TakenError};
use crate::records::{self, Chain};
use crate::seal::packet::{Recipient, SealError, SealRequest, SectionPlain, Sender, seal};
use crate::vault::Changes;

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
    /// The content cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The relay's receipt is not one for this envelope.
    #[error("the relay's receipt does not fit the packet")]
    ForgedReceipt,
}

impl Engine {
    /// What has to go out, most urgent and oldest first.
    pub fn to_send(&self) -> Result<Vec<Sent>, EngineError> {
        let mut pending: Vec<Sent> = records::all_sent(&self.vault)?
            .into_iter()
            .filter(|s| matches!(s.transport, Transport::Queued | Transport::Submitted))
            .collect();
        pending.sort_by_key(|s| (s.priority, s.created));
        Ok(pending)
    }

    /// Envelopes that the relay holds and no device has signed for.
    pub fn awaiting(&self) -> Result<Vec<EnvelopeId>, EngineError> {
        let all = records::all_sent(&self.vault)?;
        Ok(all.iter().filter(|s| s.transport == Transport::Relayed).map(|s| s.envelope_id).collect())
    }

    /// Seals a queued packet to the prekeys that the relay gave, and remembers the envelope before anybody sees it.
    pub async fn seal(&self, mut sent: Sent, taken: &Prekeys) -> Result<Sent, OutgoingError> {
        let _turn = self.turn.lock().await;
        let now = self.now();
        let replica = self.replica.lock().await;
        let unknown = || EngineError::UnknownOrganisation(sent.to.short());
        let to = replica.directory.organisation(sent.to).ok_or_else(unknown)?;
        let targets = prekeys::check_taken(to, taken, now)?;
        if targets.is_empty() {
            return Err(OutgoingError::NoPrekeys);
        }
        let mut chain = records::chain_to(&self.vault, sent.to).map_err(EngineError::from)?;
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
        let request = SealRequest {
            packet: sent.packet,
            packet_type: sent.packet_type,
            case_ref: sent.case,
            in_reply_to: (sent.in_reply_to.0 != [0; 32]).then_some(sent.in_reply_to),
            created: now,
            expires: sent.expires,
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
        sent.envelope_id = sealed.envelope.id();
        sent.envelope = codec::encode(&sealed.envelope);
        sent.grant = sealed.grant_digest;
        sent.transport = Transport::Submitted;
        let mut changes = Changes::default();
        if chain.sequence < sent.sequence {
            chain = Chain { sequence: sent.sequence, grant: sealed.grant_digest.0 };
            records::put_chain_to(&mut changes, sent.to, &chain);
        }
        records::put_sent(&mut changes, &sent);
        self.commit(changes).await?;
        Ok(sent)
    }

    /// The sealed envelope of a packet, byte for byte as it was first offered.
    pub fn envelope(&self, sent: &Sent) -> Option<Envelope> {
        codec::decode(&sent.envelope, ENVELOPE_BYTES_MAX).ok()
    }

    /// The relay has signed that it holds a packet.
    pub async fn relayed(&self, sent: &Sent, receipt: Signed) -> Result<(), OutgoingError> {
        let read = self.relay_receipt(&receipt).ok_or(OutgoingError::ForgedReceipt)?;
        let digest = self.envelope(sent).map(|envelope| envelope.digest());
        if read.outcome != RELAY_ACCEPTED || read.envelope != sent.envelope_id || Some(read.digest) != digest
        {
            return Err(OutgoingError::ForgedReceipt);
        }
        let now = self.now();
        self.change(sent, |sent, changes| {
            if sent.packet_type == PACKET_RECEIPTS {
                // Receipts are not receipted: their duty ends here.
                records::drop_sent(changes, sent);
                return false;
            }
            if sent.transport != Transport::Submitted {
                return false;
            }
            sent.transport = Transport::Relayed;
            sent.relay_receipt = vec![receipt];
            sent.times[1] = now;
            true
        })
        .await?;
        Ok(())
    }

    /// The relay refuses a packet for good.
    pub async fn rejected(&self, sent: &Sent, code: &str) -> Result<(), EngineError> {
        self.change(sent, |sent, _| {
            sent.transport = Transport::RejectedByRelay;
            code.clone_into(&mut sent.failure);
            true
        })
        .await
    }

    /// What the relay says became of packets. Every statement is verified; what is not proven changes nothing.
    pub async fn take_outcomes(&self, outcomes: &Outcomes) -> Result<(), EngineError> {
        for signed in &outcomes.expired {
            if let Some(receipt) = self.relay_receipt(signed).filter(|r| r.outcome == RELAY_EXPIRED) {
                self.expired(receipt.envelope).await?;
            }
        }
        for signed in &outcomes.refused {
            self.refused(signed).await?;
        }
        for id in &outcomes.unknown {
            // The relay lost it (restored from a backup): offer the same bytes again.
            if let Some(sent) = self.find_by_envelope(*id)? {
                self.change(&sent, |sent, _| {
                    let lost = sent.transport == Transport::Relayed;
                    sent.transport = if lost { Transport::Submitted } else { sent.transport };
                    lost
                })
                .await?;
            }
        }
        Ok(())
    }

    async fn expired(&self, envelope: EnvelopeId) -> Result<(), EngineError> {
        let Some(sent) = self.find_by_envelope(envelope)? else { return Ok(()) };
        self.change(&sent, |sent, _| {
            let waiting = sent.transport.is_pending();
            if waiting {
                sent.transport = Transport::ExpiredUndelivered;
                "expired".clone_into(&mut sent.failure);
            }
            waiting
        })
        .await
    }

    /// A device cannot open the envelope: seal again, or tell the user.
    async fn refused(&self, signed: &Signed) -> Result<(), EngineError> {
        let Ok(nack) = codec::decode::<Nack>(&signed.body, FRAME_BYTES_MAX) else { return Ok(()) };
        let Some(sent) = self.find_by_envelope(nack.envelope)? else { return Ok(()) };
        if !self.is_signed_by_device_of(&sent, &nack, signed).await {
            return Ok(());
        }
        self.change(&sent, |sent, _| {
            if !sent.transport.is_pending() {
                return false;
            }
            let helps = [NACK_UNKNOWN_PREKEY, NACK_ERASED_PREKEY].contains(&nack.reason);
            if helps && sent.reseals < RESEALS_MAX {
                sent.reseals += 1;
                sent.transport = Transport::Queued;
                sent.envelope.clear();
            } else {
                sent.transport = Transport::Undecryptable;
                sent.failure = format!("refused-{}", nack.reason);
            }
            true
        })
        .await
    }

    async fn is_signed_by_device_of(&self, sent: &Sent, nack: &Nack, signed: &Signed) -> bool {
        let replica = self.replica.lock().await;
        let org = replica.directory.organisation(sent.to);
        org.and_then(|org| org.device(nack.device))
            .and_then(|device| causeway_certs::keys::PublicKey::from_bytes(device.signing_key).ok())
            .is_some_and(|key| key.verify(Label::Nack, signed).is_ok())
    }

    fn relay_receipt(&self, signed: &Signed) -> Option<RelayReceipt> {
        self.identity.relay().ok()?.verify(Label::RelayAck, signed).ok()?;
        codec::decode(&signed.body, FRAME_BYTES_MAX).ok()
    }

    fn find_by_envelope(&self, id: EnvelopeId) -> Result<Option<Sent>, EngineError> {
        Ok(records::all_sent(&self.vault)?.into_iter().find(|sent| sent.envelope_id == id))
    }

    /// Reads a packet of ours anew, changes it, and writes it back if `change` says so.
    pub(super) async fn change(
        &self,
        sent: &Sent,
        change: impl FnOnce(&mut Sent, &mut Changes) -> bool,
    ) -> Result<(), EngineError> {
        let _turn = self.turn.lock().await;
        let Some(mut sent) = records::sent(&self.vault, sent.packet, sent.to)? else { return Ok(()) };
        let mut changes = Changes::default();
        if change(&mut sent, &mut changes) {
            records::put_sent(&mut changes, &sent);
        }
        if changes.is_empty() { Ok(()) } else { self.commit(changes).await }
    }
}
