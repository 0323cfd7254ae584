//! From the relay into the inbox: open, verify, store once, then erase, acknowledge and sign for it.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use causeway_certs::directory::RelayKeys;
use causeway_certs::keys::PublicKey;
use causeway_common::clearance::{self, RECEIPTS_SECTION};
use causeway_common::envelope::{PrekeyKind, envelope_id};
use causeway_common::ids::{DeviceId, EnvelopeId, OrgId, PacketId};
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{
    NACK_ERASED_PREKEY, NACK_UNKNOWN_PREKEY, NACK_UNREADABLE, RECEIPT_DELIVERED, RECEIPT_OPENED,
};
use causeway_common::time::Timestamp;
use causeway_common::wire::Push;
use causeway_common::{codec, crash};

use super::judgement::{self, Origin, Verdict};
use super::passing::PassedOn;
use super::refused::reason_for;
use super::standing::SenderKey;
use super::{Engine, EngineError};
use crate::chain::Incoming;
use crate::doubts;
use crate::last_resort;
use crate::model::{PACKET_RECEIPTS, PACKET_SHARED, Received, StoredSection};
use crate::prekeys;
use crate::records::{self, Evidence, Step};
use crate::replica::{Replica, ReplicaError};
use crate::retention::{placeholder, requests};
use crate::seal::open::{Claimed, OpenedPacket, unseal};
use crate::shared::ReceiptedItem;
use crate::unopened::{self, Unopened};

/// Envelopes taken in one transaction. An alarm does not wait for them: it joins as the next one to be opened, and is the
/// last.
pub const TAKEN_AT_ONCE_MAX: usize = 16;
/// Alarms taken in one transaction, beside those: some 8 ms of work, so that the first does not wait for the last.
pub const ALARMS_AT_ONCE_MAX: usize = 8;

/// What became of one pushed envelope.
#[derive(Clone, Debug)]
pub enum Taken {
    /// Stored now, or before: acknowledge it.
    Stored(EnvelopeId),
    /// Cannot be opened: this signed refusal goes to the relay instead.
    Refused(Signed),
    /// The relay has shown its sender another directory than us: refused in the same way, and kept as evidence.
    Split(Signed),
    /// What proves the sender stands in a part of the directory that we do not have: fetch it, then try again.
    NeedsDirectory,
    /// The same, and the directory has been fetched: the relay has signed a smaller one since. Kept as evidence.
    WentBack(ReplicaError),
}

/// What a step that takes envelopes gathers for when it is durable.
#[derive(Debug, Default)]
struct Gathered {
    /// One-time keys that have opened something.
    used: Vec<Vec<u8>>,
    /// Receipts by sender, and the class of the most urgent packet among theirs.
    receipts: BTreeMap<OrgId, (Priority, Vec<Signed>)>,
    /// What is refused.
    refused: Vec<Unopened>,
    /// How many that were refused before have opened.
    settled: usize,
    /// Receipts for us that colleagues have not been given.
    passed_on: Vec<PassedOn>,
    /// The directory has been fetched for these envelopes.
    fetched: bool,
}

enum Refusal {
    /// With its sender, where that is proven.
    Nack(u8, Option<OrgId>),
    Split,
    NeedsDirectory,
    WentBack(ReplicaError),
    Engine(EngineError),
}

impl<E: Into<EngineError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Engine(error.into())
    }
}

impl Engine {
    /// Takes pushed envelopes, at most [`TAKEN_AT_ONCE_MAX`] and [`ALARMS_AT_ONCE_MAX`], in one transaction: packets,
    /// names, used keys and receipts are durable together. Then the one-time keys are erased, then this returns. What
    /// it calls [`Taken::Stored`] is here exactly once.
    ///
    /// Each is asked for when the one before has been opened, so that what comes meanwhile may go first.
    pub async fn take<P, I>(&self, pushes: I) -> Result<Vec<Taken>, EngineError>
    where
        P: Borrow<Push> + Send,
        I: IntoIterator<Item = P>,
        I::IntoIter: Send,
    {
        self.take_together(pushes, false).await
    }

    /// The same for envelopes that the directory has been fetched for.
    pub(crate) async fn take_after_fetch<P, I>(&self, pushes: I) -> Result<Vec<Taken>, EngineError>
    where
        P: Borrow<Push> + Send,
        I: IntoIterator<Item = P>,
        I::IntoIter: Send,
    {
        self.take_together(pushes, true).await
    }

    async fn take_together<P, I>(&self, pushes: I, fetched: bool) -> Result<Vec<Taken>, EngineError>
    where
        P: Borrow<Push> + Send,
        I: IntoIterator<Item = P>,
        I::IntoIter: Send,
    {
        let pushes = pushes.into_iter();
        let turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        let mut gathered = Gathered { fetched, ..Gathered::default() };
        let mut taken = Vec::new();
        for push in pushes {
            let push = push.borrow();
            let id = envelope_id(&push.outer, &push.body);
            taken.push(if records::is_seen(&step, id)? {
                Taken::Stored(id)
            } else {
                match self.open_into(push, id, &mut step, &mut gathered).await {
                    Ok(()) => Taken::Stored(id),
                    Err(Refusal::NeedsDirectory) => Taken::NeedsDirectory,
                    Err(Refusal::WentBack(alarm)) => Taken::WentBack(alarm),
                    Err(Refusal::Nack(reason, from)) => {
                        gathered.refused.push(self.unopened(push, id, from, reason));
                        Taken::Refused(self.nack(id, reason))
                    }
                    Err(Refusal::Split) => {
                        gathered.refused.push(self.unopened(push, id, None, NACK_UNREADABLE));
                        Taken::Split(self.nack(id, NACK_UNREADABLE))
                    }
                    Err(Refusal::Engine(error)) => return Err(error),
                }
            });
            // Opening is long work: whoever brings what has arrived may be waiting for this very thread.
            tokio::task::yield_now().await;
        }
        self.enter_refused(&gathered.refused, gathered.settled, &mut step)?;
        for (to, (priority, receipts)) in gathered.receipts {
            let bundle = self.receipts_draft(to, &receipts, priority).await;
            self.queue_into(vec![bundle], &mut step.changes);
        }
        self.pass_on(&gathered.passed_on, &mut step).await?;
        self.commit_step(step).await?;
        crash::at("inbox.before-erase");
        // Erasing waits for the disk many times, and what is durable now refuses these keys already: others may go on.
        drop(turn);
        if !gathered.used.is_empty() {
            self.vault.eks_erase(&gathered.used, &mut self.fork_rng().await).await?;
        }
        requests::carry_out(self).await?;
        Ok(taken)
    }

    /// Opens and verifies an envelope, then enters everything about it into the step; nothing if it is refused.
    async fn open_into(
        &self,
        push: &Push,
        id: EnvelopeId,
        step: &mut Step<'_>,
        gathered: &mut Gathered,
    ) -> Result<(), Refusal> {
        let prekey = prekeys::own(step, push.wrap.prekey)?.ok_or(Refusal::Nack(NACK_UNKNOWN_PREKEY, None))?;
        let erased = || Refusal::Nack(NACK_ERASED_PREKEY, None);
        if prekey.used {
            // Its seed is about to be erased: in this step, or after a crash that came before.
            return Err(erased());
        }
        let seed = self.vault.eks_get(&prekeys::seed_id(prekey.number)).await.ok_or_else(erased)?;
        let (org, device) = (self.identity.org, self.identity.device());
        let unsealed = unseal(&push.outer, &push.body, &push.wrap, org, device, &prekey.public, &seed)
            .map_err(|error| Refusal::Nack(reason_for(error), None))?;
        let claimed = unsealed.claimed();
        let (key, verdict) = self.sender_key(&claimed, push.accepted, step, gathered.fetched).await?;
        let packet = unsealed.verify(&key).map_err(|error| {
            let proven = error.is_the_senders().then_some(claimed.from_org);
            Refusal::Nack(reason_for(error), proven)
        })?;
        if packet.packet_type == PACKET_SHARED && self.waits_for_roster(&packet).await? {
            return Err(Refusal::NeedsDirectory);
        }
        let named_before = records::received(step, packet.packet)?;
        let is_anothers = named_before.is_some_and(|before| before.from != packet.from_org);
        let is_ours = packet.from_org != self.identity.org
            && records::sent(step, packet.packet, packet.from_org)?.is_some();
        if is_anothers || is_ours {
            // All recipients know a packet's name, so one of them could be here first under it, or send it back under ours. Its
            // sender hears of it.
            return Err(Refusal::Nack(NACK_UNREADABLE, Some(packet.from_org)));
        }
        if prekey.kind != PrekeyKind::LastResort {
            prekeys::mark_used(&mut step.changes, &prekey);
            gathered.used.push(prekeys::seed_id(prekey.number).to_vec());
        }
        // Colleagues also take keys in vain, while they look whether another colleague has left some.
        if prekey.kind == PrekeyKind::LastResort && packet.from_org != self.identity.org {
            last_resort::opened(step, packet.from_device, packet.seq, packet.created)?;
        }
        if let Some((to, receipt)) = self.store(packet, push, (&key, verdict), step, gathered).await? {
            let (priority, receipts) =
                gathered.receipts.entry(to).or_insert_with(|| (push.outer.priority, Vec::new()));
            *priority = push.outer.priority.min(*priority);
            receipts.push(receipt);
        }
        // A record of the envelope is written even when the packet itself changes nothing.
        records::put_seen(&mut step.changes, id);
        gathered.settled += usize::from(unopened::settle(&self.vault, &mut step.changes, id));
        Ok(())
    }

    /// The key of the device that a packet claims to come from, if the sender's directory and ours are the same one, and
    /// whether what it signed is taken as the sender's word.
    async fn sender_key(
        &self,
        claimed: &Claimed,
        ingress: Timestamp,
        step: &mut Step<'_>,
        fetched: bool,
    ) -> Result<(PublicKey, Verdict), Refusal> {
        let unreadable = || Refusal::Nack(NACK_UNREADABLE, None);
        let replica = self.replica.lock().await;
        let relay = replica.relay_keys(&self.identity).map_err(|_| unreadable())?;
        let sender = match judgement::origin(&replica, claimed, &relay) {
            Origin::Known(sender) => sender,
            Origin::Ahead if fetched => return Err(self.still_ahead(&replica, claimed, &relay, step)),
            Origin::Ahead => return Err(Refusal::NeedsDirectory),
            Origin::UnknownKey if !fetched => return Err(Refusal::NeedsDirectory),
            Origin::Split => {
                let evidence =
                    Evidence { ours: replica.checkpoint.clone(), theirs: claimed.checkpoint.clone() };
                records::put_evidence(&self.vault, &mut step.changes, &evidence);
                return Err(Refusal::Split);
            }
            Origin::Unproven | Origin::UnknownKey => return Err(unreadable()),
        };
        // Ours says what this device may read of the packet.
        let own = replica.directory.organisation(self.identity.org);
        if own.is_some_and(|own| own.roster.is_none()) {
            return Err(Refusal::NeedsDirectory);
        }
        drop(replica);
        let verdict = judgement::at_receipt(&sender, ingress);
        match self.key_of(claimed.from_org, claimed.from_device, claimed.from_roster).await? {
            SenderKey::Key(key) if verdict != Verdict::Refuse => Ok((key, verdict)),
            SenderKey::Withheld => Err(Refusal::NeedsDirectory),
            _ => Err(unreadable()),
        }
    }

    /// The relay has been asked for what the sender knows, and has not given it. If it has signed a smaller directory since, it has
    /// gone back. Before the fetch that would say nothing: a clock that was set would look the same, and be nobody's fault.
    fn still_ahead(
        &self,
        replica: &Replica,
        claimed: &Claimed,
        relay: &RelayKeys,
        step: &mut Step<'_>,
    ) -> Refusal {
        let pair = Evidence { ours: claimed.checkpoint.clone(), theirs: replica.checkpoint.clone() };
        if !pair.shows_that_it_went_back(relay) || claimed.log_size <= replica.directory.size() {
            return Refusal::NeedsDirectory;
        }
        records::put_went_back(&self.vault, &mut step.changes, &pair);
        let (shown, known) = (replica.directory.size(), claimed.log_size);
        Refusal::WentBack(ReplicaError::Shrunk { shown, known })
    }

    /// Stores an opened packet; gives the receipt to send for it.
    async fn store(
        &self,
        packet: OpenedPacket,
        push: &Push,
        (key, verdict): (&PublicKey, Verdict),
        step: &mut Step<'_>,
        gathered: &mut Gathered,
    ) -> Result<Option<(OrgId, Signed)>, EngineError> {
        let are_receipts = packet.packet_type == PACKET_RECEIPTS;
        let from = packet.from_org;
        if are_receipts && verdict == Verdict::Accept {
            let bundle = packet.sections.iter().find(|section| section.code == RECEIPTS_SECTION);
            let receipts = bundle.and_then(|bundle| codec::decode(&bundle.bytes, FRAME_BYTES_MAX).ok());
            let mut bundle = ReceiptedItem {
                org: from,
                device: packet.from_device,
                roster: packet.from_roster,
                relayed: push.accepted,
                receipts: receipts.unwrap_or_default(),
            };
            let left_out = self.left_out_of(&packet).await;
            bundle.receipts = self.take_receipts(&bundle, &left_out, key, step).await?;
            let news = !bundle.receipts.is_empty();
            if news && !left_out.is_empty() {
                gathered.passed_on.push((left_out, bundle));
            }
            // Of receipts nothing is kept that would tell a bundle that was sealed again from another one, but what is
            // in it has come already.
            let place = if news { Incoming::take } else { Incoming::take_repeated };
            continue_chain(&packet, place, step)?;
            return Ok(None);
        }
        if packet.packet_type == PACKET_SHARED {
            self.store_shared(packet, push, verdict, step).await?;
            return Ok(None);
        }
        let receipt = self.sign_receipt(packet.packet, packet.grant_digest, RECEIPT_DELIVERED);
        let receipt = (!are_receipts).then_some((from, receipt));
        if let Some(left) = placeholder::of(step, &packet.case_ref)?.filter(|_| !are_receipts) {
            // What has been erased does not come back: it is signed for and goes nowhere.
            continue_chain(&packet, Incoming::take_repeated, step)?;
            if verdict == Verdict::Accept {
                let received = self.received(packet, push).await;
                let answer = requests::take_late(self, &received, left, step).await;
                self.queue_into(answer.into_iter().collect(), &mut step.changes);
            }
            return Ok(receipt);
        }
        let before = records::received(step, packet.packet)?;
        // Receipts that are in doubt now may have come and counted before, and nothing of them was kept.
        let may_repeat = before.is_some() || are_receipts;
        let place = if may_repeat { Incoming::take_repeated } else { Incoming::take };
        if let Some(before) = before {
            let clears = verdict == Verdict::Accept && doubts::is_quarantined(step, packet.packet)?;
            if !clears {
                // The same packet in another envelope (sealed again): sign for it, keep the one we have. Its sender may have been
                // restored meanwhile and have given it another number.
                continue_chain(&packet, place, step)?;
                if verdict == Verdict::Accept && !before.given_by.is_empty() {
                    self.replace_given(before, packet, push, step).await;
                }
                return Ok(receipt);
            }
            doubts::forget(&mut step.changes, packet.packet);
        }
        continue_chain(&packet, place, step)?;
        let readable_by = self.revoked_of_ours(&packet).await;
        let received = self.received(packet, push).await;
        records::put_received(&mut step.changes, &received);
        doubts::put_readable_by(&mut step.changes, received.packet, &readable_by);
        match verdict {
            Verdict::Quarantine(cause) => self.quarantine(received.packet, cause, &mut step.changes),
            _ => {
                self.thread_received(&received, step)?;
                self.opened_before(received.packet, step)?;
            }
        }
        Ok(receipt)
    }

    /// A colleague's copy lacks what the colleague may not read: the sender's takes its place. What has been done with the copy
    /// stays.
    async fn replace_given(&self, given: Received, packet: OpenedPacket, push: &Push, step: &mut Step<'_>) {
        let own = self.received(packet, push).await;
        let received = Received { received: given.received, opened: given.opened, ..own };
        records::put_received(&mut step.changes, &received);
    }

    /// What a colleague's device says. From another organisation it is nothing; from a device that is in doubt it waits for a
    /// person like everything else.
    async fn store_shared(
        &self,
        packet: OpenedPacket,
        push: &Push,
        verdict: Verdict,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        // Nothing is kept that would tell one that was sealed again from another one.
        continue_chain(&packet, Incoming::take_repeated, step)?;
        if packet.from_org != self.identity.org {
            return Ok(());
        }
        let received = self.received(packet, push).await;
        match verdict {
            Verdict::Quarantine(cause) => {
                records::put_received(&mut step.changes, &received);
                self.quarantine(received.packet, cause, &mut step.changes);
                Ok(())
            }
            _ => self.take_shared(&received, step).await,
        }
    }

    /// Devices of ours that a packet is sealed to, and that had been revoked before it came.
    async fn revoked_of_ours(&self, packet: &OpenedPacket) -> Vec<DeviceId> {
        let replica = self.replica.lock().await;
        let Some(own) = replica.directory.organisation(self.identity.org) else { return Vec::new() };
        let sealed_to = packet.devices.iter().map(|to| to.device);
        sealed_to.filter(|device| own.revoked.contains_key(device)).collect()
    }

    /// What is kept of an opened packet. A sender who has sealed more to this device than its roster clears it for does not
    /// widen what its user reads.
    async fn received(&self, packet: OpenedPacket, push: &Push) -> Received {
        let cleared = self.clearance().await;
        let (mut sections, mut withheld) = (Vec::new(), packet.withheld);
        for section in &packet.sections {
            if clearance::may_read(cleared, section.code) {
                sections.push(StoredSection { code: section.code, bytes: section.bytes.to_vec() });
            } else {
                withheld.push(section.code);
            }
        }
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
            withheld,
            grant: packet.grant,
            grant_digest: packet.grant_digest,
            manifest: packet.manifest,
            given_by: String::new(),
        }
    }

    /// A person has opened a packet: remember it and tell the sender. Where this device may read nothing of it but the header,
    /// nobody has: it stays unopened for everybody.
    pub async fn opened(&self, packet: PacketId) -> Result<(), EngineError> {
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        let Some(mut received) = records::received(&step, packet)? else { return Ok(()) };
        if received.opened != Timestamp(0) || received.shows_nothing() {
            return Ok(());
        }
        received.opened = self.now();
        records::put_received(&mut step.changes, &received);
        if received.is_service() {
            // It stands in the inbox because it is in doubt. Nobody is told.
            return self.commit_step(step).await;
        }
        self.thread_opened(&received, "", &mut step)?;
        self.share_opened(&received, &mut step).await?;
        let receipt = self.sign_receipt(packet, received.grant_digest, RECEIPT_OPENED);
        let bundle = self.receipts_draft(received.from, &vec![receipt], received.priority).await;
        self.queue_into(vec![bundle], &mut step.changes);
        self.commit_step(step).await
    }
}

/// Whatever a packet holds, it has a place among those of its device.
fn continue_chain(
    packet: &OpenedPacket,
    place: fn(&mut Incoming, u64),
    step: &mut Step<'_>,
) -> Result<(), EngineError> {
    let mut chain = records::chain_from(step, packet.from_device)?;
    place(&mut chain, packet.seq);
    records::put_chain_from(&mut step.changes, packet.from_device, &chain);
    Ok(())
}
