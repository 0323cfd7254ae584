//! Past referrals for a colleague's new device: sealed to it by a device that has them, never a copy of a vault.
//!
//! What a partner had sent goes with the partner's own signature, so that the new device believes its content because of
//! the sender and not because of the colleague. When it came and whether it was opened is the colleague's word.

use std::collections::VecDeque;

use causeway_common::codec;
use causeway_common::ids::{DeviceId, OrgId, PacketId};
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::priority::Priority;
use causeway_common::statements::DeviceReceipt;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::judgement::{self, Sender};
use super::standing::SenderKey;
use super::{Engine, EngineError};
use crate::doubts::{self, Doubt, Standing};
use crate::model::{PACKET_REFERRAL, Received, Sent, StoredSection, Transport};
use crate::office;
use crate::records::{self, Step, early};
use crate::retention::placeholder;
use crate::seal::kept;
use crate::seal::open::OpenedPacket;
use crate::seal::packet::HEADER_SECTION;
use crate::shared::{GivenItem, KIND, SentItem, Shared};

/// Packets given in one transaction.
pub const GIVEN_AT_ONCE: usize = 16;
/// Packets of the past that may wait in the outbox before more are given: each may be of the largest size.
pub const GIVEN_WAITING_MAX: usize = 64;

/// Why history is not given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The device failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Only an administrator says who reads what was before.
    #[error("this device is not an administrator's")]
    NotAdministrator,
    /// No other device of this organisation has this name.
    #[error("no other device of this organisation has this number")]
    UnknownDevice,
}

/// How far a device has been given what is older than itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// From when on.
    since: Timestamp,
    /// Earlier runs have given all records as they were up to this generation of the vault.
    upto: u64,
    /// The generation in which the run under way began; zero: none is.
    begun: u64,
    /// The last one in it, by time and name.
    after: (Timestamp, PacketId),
    /// How many in all.
    given: u64,
}

/// A packet to be given: a sent one with its recipient.
type Entry = (Timestamp, PacketId, Option<OrgId>);

/// What a device is still to be given.
#[derive(Debug)]
pub struct History {
    device: DeviceId,
    cursor: Cursor,
    entries: VecDeque<Entry>,
    /// What colleagues keep in common.
    office: VecDeque<office::Entry>,
}

impl History {
    /// How many packets it has been given, in this and in earlier runs.
    pub fn given(&self) -> u64 {
        self.cursor.given
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        self.entries.len() + self.office.len()
    }
}

impl Engine {
    /// What another device of this organisation is to be given of what came or went since then. It goes on where an
    /// earlier run has stopped, unless it has to begin further back, or `again`: after the other device's clearance has grown.
    pub async fn begin_history(
        &self,
        device: DeviceId,
        since: Timestamp,
        again: bool,
    ) -> Result<History, HistoryError> {
        let replica = self.replica.lock().await;
        let own = replica.directory.organisation(self.identity.org);
        let own = own.ok_or(HistoryError::UnknownDevice)?;
        if !self.identity.is_administrator(own) {
            return Err(HistoryError::NotAdministrator);
        }
        if device == self.identity.device() || own.device(device).is_none() {
            return Err(HistoryError::UnknownDevice);
        }
        drop(replica);
        let known = early::history_cursor(&self.vault, device).map_err(EngineError::from)?;
        let start = (Timestamp(0), PacketId([0; 32]));
        let fresh = Cursor { since, upto: 0, begun: 0, after: start, given: 0 };
        let mut cursor = known.filter(|known| !again && known.since <= since).unwrap_or(fresh);
        if cursor.begun == 0 {
            // What a colleague sent, or gave, may be older than what has been given and have become known after it.
            (cursor.begun, cursor.after) = (self.vault.generation(), start);
        }
        let mut entries = self.past(cursor)?;
        entries.retain(|(time, packet, _)| (*time, *packet) > cursor.after);
        entries.sort_unstable();
        let office = office::shared_after(&self.vault, cursor.upto).map_err(EngineError::from)?;
        Ok(History { device, cursor, entries: entries.into(), office: office.into() })
    }

    /// Everything that counts and is older than now, as far as it has been written since earlier runs.
    fn past(&self, cursor: Cursor) -> Result<Vec<Entry>, EngineError> {
        let since = cursor.since;
        let mut entries = Vec::new();
        for received in records::received_after(&self.vault, cursor.upto)? {
            let quarantined = doubts::is_quarantined(&self.vault, received.packet)?;
            if received.received >= since && !quarantined && received.from != self.identity.org {
                entries.push((received.received, received.packet, None));
            }
        }
        for sent in records::sent_after(&self.vault, cursor.upto)? {
            let has_left = matches!(
                sent.transport,
                Transport::Relayed
                    | Transport::Delivered
                    | Transport::Opened
                    | Transport::ByColleague
                    | Transport::ExpiredUnopened
            );
            if sent.created >= since
                && has_left
                && sent.packet_type == PACKET_REFERRAL
                && sent.to != self.identity.org
            {
                entries.push((sent.created, sent.packet, Some(sent.to)));
            }
        }
        Ok(entries)
    }

    /// Puts the next packets into the outbox, as many as there is room for, and remembers how far it has come, in one
    /// transaction. Gives how many.
    pub async fn give_next(&self, history: &mut History) -> Result<usize, EngineError> {
        let _turn = self.turn.lock().await;
        let own = self.identity.org;
        let is_given = |place: &records::Place| place.to == own && place.priority == Priority::P3;
        let waiting = records::pending(&self.vault, Priority::P3, GIVEN_WAITING_MAX, is_given);
        let count = GIVEN_AT_ONCE.min(GIVEN_WAITING_MAX - waiting.len()).min(history.entries.len());
        let mut step = Step::new(&self.vault);
        let mut cursor = history.cursor;
        for (time, packet, to) in history.entries.iter().take(count).copied() {
            let shared = Shared::by(&self.identity.device_name).only_for(history.device);
            match to {
                None => self.give_received(packet, shared, &mut step).await?,
                Some(to) => self.give_sent(packet, to, shared, &mut step).await?,
            }
            (cursor.after, cursor.given) = ((time, packet), cursor.given + 1);
        }
        let room = GIVEN_AT_ONCE.min(GIVEN_WAITING_MAX - waiting.len()) - count;
        let office: Vec<office::Entry> = history.office.iter().take(room).cloned().collect();
        self.give_entries(&office, history.device, &mut step).await?;
        if count == history.entries.len() && office.len() == history.office.len() {
            (cursor.upto, cursor.begun) = (cursor.begun.max(cursor.upto), 0);
        }
        early::put_history_cursor(&mut step.changes, history.device, &cursor);
        self.commit_step(step).await?;
        history.cursor = cursor;
        history.entries.drain(..count);
        history.office.drain(..office.len());
        Ok(count + office.len())
    }

    async fn give_received(
        &self,
        packet: PacketId,
        mut shared: Shared,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let Some(received) = records::received(step, packet)? else { return Ok(()) };
        let (header, content) = apart(received.sections);
        shared.say_given(&GivenItem {
            packet,
            kind: received.kind,
            priority: received.priority,
            relayed: received.relayed,
            received: received.received,
            opened: received.opened,
            withheld: received.withheld,
            grant: received.grant,
            manifest: received.manifest,
            header,
        });
        self.share(shared, content, Priority::P3, step).await
    }

    async fn give_sent(
        &self,
        packet: PacketId,
        to: OrgId,
        mut shared: Shared,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let Some(sent) = records::sent(step, packet, to)? else { return Ok(()) };
        let thread = records::thread(step, &sent.case)?;
        let respond_by = thread.filter(|t| t.root == packet).map_or(Timestamp(0), |t| t.respond_by);
        let author =
            if sent.author.is_empty() { self.identity.device_name.clone() } else { sent.author.clone() };
        let receipts = sent.receipts.clone();
        let (_, content) = apart(sent.sections.clone());
        shared.say_sent(&SentItem { author, receipts, ..super::shared::item(&sent, respond_by) });
        self.share(shared, content, Priority::P3, step).await
    }

    /// Whether a colleague's packet holds something whose sender stands in a former roster that the relay has not given.
    pub(super) async fn waits_for_roster(&self, packet: &OpenedPacket) -> Result<bool, EngineError> {
        let header = packet.sections.iter().take(1);
        let header: Vec<StoredSection> =
            header.map(|s| StoredSection { code: s.code, bytes: s.bytes.to_vec() }).collect();
        let Some(shared) = Shared::read(&header).filter(|_| packet.from_org == self.identity.org) else {
            return Ok(false);
        };
        let replica = self.replica.lock().await;
        let misses = |org| replica.directory.organisation(org).is_some_and(|org| org.roster.is_none());
        if shared.sent().iter().any(|item| !item.receipts.is_empty() && misses(item.to)) {
            return Ok(true);
        }
        drop(replica);
        let signers = shared.receipted().into_iter().map(|item| (item.org, item.device, item.roster));
        let senders = shared.given().into_iter().filter_map(|item| kept::claimed(&item.grant));
        let senders = senders.map(|grant| (grant.from_org, grant.from_device, grant.from_roster));
        for (org, device, roster) in signers.chain(senders) {
            let key = self.key_of(org, device, roster).await?;
            if matches!(key, SenderKey::Withheld) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A colleague gives a packet that came before this device was there. It counts if its sender's signature proves it.
    pub(super) async fn colleague_gave(
        &self,
        item: GivenItem,
        content: &[StoredSection],
        withheld: &[[u8; 3]],
        author: &str,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        let before = records::received(step, item.packet)?;
        if before.is_some() && item.opened != Timestamp(0) {
            self.colleague_opened(item.packet, item.opened, author, step)?;
        }
        let before = records::received(step, item.packet)?;
        if before.as_ref().is_some_and(|before| before.given_by.is_empty()) {
            return Ok(());
        }
        let Some(mut received) = self.proven(item, content, withheld, author).await? else { return Ok(()) };
        if placeholder::of(step, &received.case)?.is_some() {
            return Ok(());
        }
        if let Some(before) = before {
            // A colleague who may read more gives it as well, or this device may read more than it did.
            if before.from == received.from && before.sections.len() < received.sections.len() {
                (received.received, received.opened) = (before.received, before.opened);
                records::put_received(&mut step.changes, &received);
            }
            return Ok(());
        }
        let replica = self.replica.lock().await;
        let sender = replica.directory.organisation(received.from);
        let sender = sender.map(|org| Sender::of(org, received.from_device));
        drop(replica);
        let cause = sender.and_then(|s| judgement::of_stored(&s, received.received.max(received.relayed)));
        if let Some(cause) = cause {
            let (packet, at) = (received.packet, self.now());
            let standing = Standing::Questionable;
            let doubt = Doubt { packet, standing, cause, at, decided: Timestamp(0), vetted: 0 };
            doubts::put(&mut step.changes, &doubt);
        }
        records::put_received(&mut step.changes, &received);
        self.thread_received(&received, step)?;
        if received.opened != Timestamp(0) {
            self.thread_opened(&received, author, step)?;
        }
        self.opened_before(received.packet, step)
    }

    async fn proven(
        &self,
        item: GivenItem,
        content: &[StoredSection],
        withheld: &[[u8; 3]],
        author: &str,
    ) -> Result<Option<Received>, EngineError> {
        let Some(grant) = kept::claimed(&item.grant).filter(|grant| grant.to_org == self.identity.org) else {
            return Ok(None);
        };
        let key = self.key_of(grant.from_org, grant.from_device, grant.from_roster).await?;
        let SenderKey::Key(key) = key else { return Ok(None) };
        let header = StoredSection { code: HEADER_SECTION, bytes: item.header };
        let sections: Vec<StoredSection> = std::iter::once(header).chain(content.iter().cloned()).collect();
        let contents = sections.iter().map(|section| section.bytes.as_slice());
        let manifest = kept::verify(&item.grant, &item.manifest, contents, &key);
        let fits = |m: &crate::seal::content::Manifest| {
            m.packet == item.packet && m.packet_type == PACKET_REFERRAL && item.kind != KIND
        };
        let Some(manifest) = manifest.filter(fits) else { return Ok(None) };
        let mut all_withheld = item.withheld;
        all_withheld.extend_from_slice(withheld);
        all_withheld.sort_unstable();
        all_withheld.dedup();
        Ok(Some(Received {
            packet: item.packet,
            case: manifest.case_ref,
            kind: super::threads::kind_of(&sections),
            from: grant.from_org,
            from_device: grant.from_device,
            priority: item.priority,
            created: manifest.created,
            relayed: item.relayed,
            received: item.received,
            opened: item.opened,
            in_reply_to: manifest.in_reply_to,
            sections,
            withheld: all_withheld,
            grant_digest: crate::seal::content::grant_digest(&item.grant),
            grant: item.grant,
            manifest: item.manifest,
            given_by: if author.is_empty() { "?".into() } else { author.into() },
        }))
    }

    /// Receipts that a colleague keeps of a packet it gives. Those of devices that are gone since prove nothing here.
    pub(super) async fn take_given_receipts(
        &self,
        item: &SentItem,
        step: &mut Step<'_>,
    ) -> Result<(), EngineError> {
        for signed in &item.receipts {
            let Ok(receipt) = codec::decode::<DeviceReceipt>(&signed.body, FRAME_BYTES_MAX) else { continue };
            let key = self.listed_key(item.to, receipt.device).await;
            let label = causeway_common::framed::Label::Receipt;
            let is_signed = key.is_some_and(|key| key.verify(label, signed).is_ok());
            let is_for_it = receipt.org == item.to && receipt.packet == item.packet;
            let known: Option<Sent> = records::sent(step, item.packet, item.to)?;
            if let Some(known) = known.filter(|known| is_signed && is_for_it && !known.author.is_empty()) {
                self.take_receipt(known, &receipt, signed.clone(), step)?;
            }
        }
        Ok(())
    }
}

/// The header's content, and the other sections.
fn apart(sections: Vec<StoredSection>) -> (Vec<u8>, Vec<StoredSection>) {
    let (header, content): (Vec<_>, Vec<_>) = sections.into_iter().partition(|s| s.code == HEADER_SECTION);
    (header.into_iter().next().map(|section| section.bytes).unwrap_or_default(), content)
}
