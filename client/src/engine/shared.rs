//! What one device of an organisation does, its colleagues' devices know: opened, sent, answered.
//!
//! Nothing is said before it is a fact outside this device: a referral or a step is shared when the relay holds it. A step of
//! ours that has never left therefore yields to a colleague's step, and two of them never yield to each other.

use std::collections::BTreeMap;

use causeway_common::codec;
use causeway_common::ids::{DeviceId, EnvelopeId, OrgId, PacketId};
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::{DeviceReceipt, ROLE_ADMINISTRATOR, RosterDevice};
use causeway_common::time::Timestamp;

use super::{Draft, Engine, EngineError};
use crate::model::{PACKET_REFERRAL, PACKET_SHARED, Received, Sent, StoredSection, Transport};
use crate::proposals::{self, Proposal};
use crate::records::{self, Step, early};
use crate::retention::{placeholder, requests};
use crate::seal::packet::HEADER_SECTION;
use crate::shared::{KIND, OpenedItem, ProposedItem, ReceiptedItem, SentItem, Shared};

/// Nobody is in a hurry who works on the same case at another table, and a device may be off for two weeks.
pub(super) const PRIORITY: Priority = Priority::P2;
/// A workstation that was lost is out only once everybody who must has signed.
const PROPOSAL_PRIORITY: Priority = Priority::P1;
/// Places of the queue looked at for a packet that takes up more.
const LOOKED_AT_MAX: usize = 8;
/// No packet.
const NONE: PacketId = PacketId([0; 32]);

impl Engine {
    /// Whether this organisation has another device: if not, there is nobody to tell. As long as the relay withholds the roster
    /// there may be one.
    pub(super) async fn has_colleagues(&self) -> bool {
        let replica = self.replica.lock().await;
        let Some(own) = replica.directory.organisation(self.identity.org) else { return false };
        let is_another = |listed: &RosterDevice| listed.device != self.identity.device();
        own.roster.as_ref().is_none_or(|roster| roster.devices.iter().any(is_another))
    }

    /// Tells the colleagues that a person has opened a packet.
    pub(super) async fn share_opened(
        &self,
        received: &Received,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        if !self.has_colleagues().await {
            return Ok(());
        }
        let mut shared = Shared::by(&self.identity.device_name);
        shared.say_opened(&OpenedItem { packet: received.packet, at: received.opened });
        self.share(shared, Vec::new(), PRIORITY, step).await
    }

    /// Tells the colleagues what the relay holds of ours. Steps go together; a referral goes with its sections, each for those
    /// who are cleared for it.
    pub(super) async fn share_sent(&self, relayed: &[Sent], step: &mut Step<'_>) -> Result<(), EngineError> {
        let own = self.identity.org;
        let wanted = |sent: &&Sent| sent.packet_type == PACKET_REFERRAL && sent.to != own;
        let relayed: Vec<&Sent> = relayed.iter().filter(wanted).collect();
        if relayed.is_empty() || !self.has_colleagues().await {
            return Ok(());
        }
        // What is said of one case is sealed under its key, and goes alone.
        let mut steps: BTreeMap<[u8; 32], Shared> = BTreeMap::new();
        for sent in relayed {
            let thread = records::thread(step, &sent.case)?;
            let respond_by = thread.filter(|t| t.root == sent.packet).map_or(Timestamp(0), |t| t.respond_by);
            let item = item(sent, respond_by);
            let (_, content): (Vec<_>, Vec<StoredSection>) =
                sent.sections.iter().cloned().partition(|section| section.code == HEADER_SECTION);
            if content.is_empty() {
                let said = steps.entry(sent.case);
                said.or_insert_with(|| Shared::by(&self.identity.device_name)).say_sent(&item);
            } else {
                let mut alone = Shared::by(&self.identity.device_name);
                alone.say_sent(&item);
                self.share(alone, content, PRIORITY, step).await?;
            }
        }
        for said in steps.into_values() {
            self.share(said, Vec::new(), PRIORITY, step).await?;
        }
        Ok(())
    }

    /// Queues a packet for the colleagues, or adds to one that has not left.
    pub(super) async fn share(
        &self,
        shared: Shared,
        content: Vec<StoredSection>,
        priority: Priority,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let own = self.identity.org;
        if content.is_empty() {
            let places = records::pending(&self.vault, Priority::P3, LOOKED_AT_MAX, |place| place.to == own);
            for place in places {
                let waiting = records::sent(step, place.packet, own)?.filter(takes_more);
                let Some(mut sent) = waiting else { continue };
                if let Some(mut before) = Shared::read(&sent.sections)
                    && before.absorb(&shared)
                {
                    sent.sections = vec![before.to_section()];
                    records::put_sent(&mut step.changes, &sent);
                    return Ok(());
                }
            }
        }
        let draft = Draft {
            packet: PacketId(self.random().await),
            case: [0; 32],
            packet_type: PACKET_SHARED,
            kind: KIND.into(),
            to: own,
            priority,
            in_reply_to: None,
            sections: std::iter::once(shared.to_section()).chain(content).collect(),
        };
        self.queue_into(vec![draft], &mut step.changes);
        Ok(())
    }

    /// What a colleague's device says.
    pub(super) async fn take_shared(
        &self,
        packet: &Received,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let own = self.identity.device();
        let shared = Shared::read(&packet.sections).filter(|s| s.is_for(own) && packet.from_device != own);
        let Some(shared) = shared else { return Ok(()) };
        let author = shared.device_name.as_str();
        for item in shared.opened().into_iter().filter(|item| item.at != Timestamp(0)) {
            self.colleague_opened(item.packet, item.at, author, step)?;
        }
        let (sent, given) = (shared.sent(), shared.given());
        // Of several nobody could say whose they are.
        let content = if sent.len() + given.len() == 1 { &packet.sections[1..] } else { &[] };
        for item in sent {
            let author = if item.author.is_empty() { author } else { &item.author };
            self.colleague_sent(&item, content, author, step).await?;
            self.take_given_receipts(&item, step).await?;
        }
        for item in shared.lost() {
            self.colleague_lost(&item, step)?;
        }
        for item in shared.erased() {
            requests::take_order(item, author, step)?;
        }
        for entry in shared.office() {
            self.colleague_wrote(entry, step)?;
        }
        for item in shared.receipted() {
            self.take_passed_on(item, step).await?;
        }
        // Who reads what was before is for an administrator to say.
        let given = if given.is_empty() || self.is_administrators(packet.from_device).await {
            given
        } else {
            Vec::new()
        };
        for item in shared.proposed() {
            self.colleague_proposed(item, step).await?;
        }
        for item in given {
            self.colleague_gave(item, content, &packet.withheld, author, step).await?;
        }
        Ok(())
    }

    /// Keeps a roster that more administrators have to sign, and sends it to the colleagues.
    pub(crate) async fn propose(&self, proposal: &Proposal) -> Result<(), EngineError> {
        let _turn = self.turn.lock().await;
        let mut step = Step::new(&self.vault);
        proposals::put(&self.vault, &mut step.changes, proposal)?;
        let mut shared = Shared::by(&self.identity.device_name);
        shared.say_proposed(proposal.item());
        self.share(shared, Vec::new(), PROPOSAL_PRIORITY, &mut step).await?;
        self.commit_step(step).await
    }

    /// A colleague's device asks for signatures. The roster itself says whose word it is.
    async fn colleague_proposed(&self, item: ProposedItem, step: &mut Step<'_>) -> Result<(), EngineError> {
        let replica = self.replica.lock().await;
        let Some(own) = replica.directory.organisation(self.identity.org) else { return Ok(()) };
        if let Some(proposal) = Proposal::taken(step, item, own, self.now())? {
            proposals::put(&self.vault, &mut step.changes, &proposal)?;
        }
        Ok(())
    }

    async fn is_administrators(&self, device: DeviceId) -> bool {
        let replica = self.replica.lock().await;
        let own = replica.directory.organisation(self.identity.org);
        own.and_then(|own| own.device(device)).is_some_and(|d| d.roles & ROLE_ADMINISTRATOR != 0)
    }

    /// A colleague has opened a packet: it is opened, from the first time that anybody here has.
    pub(super) fn colleague_opened(
        &self,
        packet: PacketId,
        at: Timestamp,
        author: &str,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let Some(mut received) = records::received(step, packet)? else {
            let early = early::opened(step, packet)?.is_some_and(|before| before.at <= at);
            if !early {
                let opened = early::Opened { at, author: author.to_owned(), kept: self.now() };
                early::put_opened(&self.vault, &mut step.changes, packet, &opened)?;
            }
            return Ok(());
        };
        if received.opened != Timestamp(0) && received.opened <= at {
            return Ok(());
        }
        received.opened = at;
        records::put_received(&mut step.changes, &received);
        self.thread_opened(&received, author, step)
    }

    /// Whether a colleague had said that a packet is opened before it came.
    pub(super) fn opened_before(&self, packet: PacketId, step: &mut Step<'_>) -> Result<(), EngineError> {
        if let Some(early) = early::opened(step, packet)? {
            early::drop_opened(&mut step.changes, packet);
            self.colleague_opened(packet, early.at, &early.author, step)?;
        }
        Ok(())
    }

    /// A colleague has sent a packet, and the relay holds it.
    async fn colleague_sent(
        &self,
        item: &SentItem,
        content: &[StoredSection],
        author: &str,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let is_erased = placeholder::of(step, &item.case)?.is_some();
        if item.to == self.identity.org || item.packet == NONE || is_erased {
            return Ok(());
        }
        let (packet, to) = (item.packet, item.to);
        match records::sent(step, packet, to)? {
            // Ours, or the same again.
            Some(known) if known.author.is_empty() || known.reseals >= item.reseals => return Ok(()),
            Some(mut known) => {
                (known.grant, known.reseals) = (item.grant, item.reseals);
                records::put_sent(&mut step.changes, &known);
            }
            None => {
                let respond_by = item.respond_by;
                let sent = sent_by_colleague(item, content, author);
                records::put_sent(&mut step.changes, &sent);
                self.thread_of_colleague(&sent, respond_by, step)?;
            }
        }
        self.take_early_receipts(packet, to, step).await
    }

    /// Receipts that were here before what they are for. Those for another grant than the colleague has named wait on: it may
    /// have been sealed again since.
    async fn take_early_receipts(
        &self,
        packet: PacketId,
        to: OrgId,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let (mut waiting, mut taken) = (Vec::new(), Vec::new());
        for signed in early::receipts(step, packet, to)? {
            let Ok(receipt) = codec::decode::<DeviceReceipt>(&signed.body, FRAME_BYTES_MAX) else { continue };
            match records::sent(step, packet, to)? {
                Some(sent) if may_be_sealed_again(&sent, &receipt) => waiting.push(signed),
                Some(sent) => {
                    self.take_receipt(sent, &receipt, signed.clone(), step)?;
                    taken.push((receipt.device, signed));
                }
                None => {}
            }
        }
        self.pass_on_early(packet, to, taken, step).await?;
        if waiting.is_empty() {
            early::drop_receipts(&mut step.changes, packet, to);
        } else {
            let waiting = early::Receipts { receipts: waiting, kept: self.now() };
            early::put_receipts(&self.vault, &mut step.changes, packet, to, &waiting)?;
        }
        Ok(())
    }

    /// A receipt, checked, of a packet that we do not know: a colleague may have sent it.
    pub(super) async fn keep_early_receipt(
        &self,
        receipt: &DeviceReceipt,
        signed: Signed,
        (bundle, left_out): (&ReceiptedItem, &[DeviceId]),
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        if self.has_colleagues().await {
            let (packet, org) = (receipt.packet, receipt.org);
            let mut receipts = early::receipts(step, packet, org)?;
            if receipts.len() < early::RECEIPTS_MAX && !receipts.contains(&signed) {
                receipts.push(signed);
                let receipts = early::Receipts { receipts, kept: self.now() };
                early::put_receipts(&self.vault, &mut step.changes, packet, org, &receipts)?;
                self.keep_left_out(packet, bundle, left_out, step)?;
            }
        }
        Ok(())
    }
}

/// Whether a receipt is for a grant that we do not know of a colleague's packet: it has been sealed again, and the receipt is
/// here before the colleague says so.
pub(super) fn may_be_sealed_again(sent: &Sent, receipt: &DeviceReceipt) -> bool {
    !sent.author.is_empty() && sent.reseals == 0 && sent.grant != receipt.grant
}

/// Whether statements can be added: it is for everybody, without content, and has never been sealed.
fn takes_more(sent: &Sent) -> bool {
    sent.packet_type == PACKET_SHARED
        && sent.transport == Transport::Queued
        && sent.sequence == 0
        && sent.reseals == 0
        && sent.sections.len() == 1
}

pub(super) fn item(sent: &Sent, respond_by: Timestamp) -> SentItem {
    let header = sent.sections.iter().find(|section| section.code == HEADER_SECTION);
    SentItem {
        packet: sent.packet,
        case: sent.case,
        kind: sent.kind.clone(),
        to: sent.to,
        priority: sent.priority,
        created: sent.created,
        expires: sent.expires,
        respond_by,
        in_reply_to: sent.in_reply_to,
        grant: sent.grant,
        reseals: sent.reseals,
        header: header.map(|section| section.bytes.clone()).unwrap_or_default(),
        author: String::new(),
        receipts: Vec::new(),
    }
}

fn sent_by_colleague(item: &SentItem, content: &[StoredSection], author: &str) -> Sent {
    let zero = Timestamp(0);
    let header = StoredSection { code: HEADER_SECTION, bytes: item.header.clone() };
    let author = if author.is_empty() { "?" } else { author };
    Sent {
        packet: item.packet,
        case: item.case,
        packet_type: PACKET_REFERRAL,
        kind: item.kind.clone(),
        to: item.to,
        priority: item.priority,
        created: item.created,
        expires: item.expires,
        in_reply_to: item.in_reply_to,
        sections: std::iter::once(header).chain(content.iter().cloned()).collect(),
        transport: Transport::ByColleague,
        failure: String::new(),
        reseals: item.reseals,
        envelope: Vec::new(),
        envelope_id: EnvelopeId([0; 32]),
        grant: item.grant,
        sequence: 0,
        previous: causeway_common::ids::Digest([0; 32]),
        relay_receipt: Vec::new(),
        receipts: Vec::new(),
        times: [item.created, zero, zero, zero, zero],
        author: author.to_owned(),
    }
}
