//! What the devices of one organisation tell each other: the content of a packet of type 3.
//!
//! It is sealed like any packet, to the colleagues' devices and not to the one that sends it, section by section for
//! those that are cleared. Nobody else is told of it, it is shown in no list and receipted by nobody. Whatever is in it
//! may come twice and in any order.

use causeway_common::codec;
use causeway_common::ids::{DeviceId, Digest, OrgId, PacketId};
use causeway_common::limits::FRAME_BYTES_MAX;
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::SignedRoster;
use causeway_common::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::{StoredSection, Transport};
use crate::office::Entry;
use crate::seal::packet::HEADER_SECTION;

/// Kind code of such a packet.
pub const KIND: &str = "SYN";
/// Statements of one kind in one packet: a day's work of a desk.
pub const STATEMENTS_MAX: usize = 64;
/// A header that has become as long as this takes no more statements.
pub const COALESCED_BYTES_MAX: usize = 64 * 1024;
/// Longest header that is read: a body's content, in hexadecimal.
const HEADER_BYTES_MAX: usize = 2 * FRAME_BYTES_MAX;
/// Longest name of a device that is kept.
const NAME_CHARS_MAX: usize = 120;

/// The header of a packet of type 3. What a newer version says besides is ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    kind: String,
    /// What the colleague's device is called.
    pub device_name: String,
    /// The one device that it is for, in hexadecimal; empty: for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    only: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    opened: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sent: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    given: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    proposed: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    receipted: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    erased: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lost: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    office: Vec<String>,
}

/// A person has opened a packet of somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedItem {
    /// Which.
    pub packet: PacketId,
    /// When.
    pub at: Timestamp,
}

/// The relay holds a packet of ours: a referral, or a step. Sections beside its header stand in the packet's own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentItem {
    /// Its name.
    pub packet: PacketId,
    /// Its thread.
    pub case: [u8; 32],
    /// Kind code.
    pub kind: String,
    /// Recipient.
    pub to: OrgId,
    /// Queue order.
    pub priority: Priority,
    /// When it was written.
    pub created: Timestamp,
    /// When the relay gives up.
    pub expires: Timestamp,
    /// When an answer is due; zero for a step.
    pub respond_by: Timestamp,
    /// The packet it answers; zeros for none.
    pub in_reply_to: PacketId,
    /// Hash of the grant that receipts name.
    pub grant: Digest,
    /// Times it was sealed again.
    pub reseals: u8,
    /// Its header.
    #[serde(with = "serde_bytes")]
    pub header: Vec<u8>,
    /// Name of the device that sent it, if that is not the one that says so.
    pub author: String,
    /// Receipts of devices of the recipient.
    pub receipts: Vec<Signed>,
}

/// A packet of somebody else that came before the colleague's device was there. Sections beside its header stand in the
/// packet's own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenItem {
    /// Its name.
    pub packet: PacketId,
    /// Kind code.
    pub kind: String,
    /// Queue order.
    pub priority: Priority,
    /// When the relay took it.
    pub relayed: Timestamp,
    /// When it came.
    pub received: Timestamp,
    /// When a person opened it; zero if nobody has.
    pub opened: Timestamp,
    /// Codes of sections that the giving device may not read itself.
    pub withheld: Vec<[u8; 3]>,
    /// What its sender signed.
    pub grant: Signed,
    /// The manifest that the grant names.
    #[serde(with = "serde_bytes")]
    pub manifest: Vec<u8>,
    /// Its header.
    #[serde(with = "serde_bytes")]
    pub header: Vec<u8>,
}

/// A roster that needs more signatures, with those that it has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedItem {
    /// The roster.
    pub roster: SignedRoster,
    /// Name of the device on which it was made.
    pub author: String,
    /// Of each device that it lets in: which it is, what it is called, and the key with which it would sign rosters.
    pub newcomers: Vec<(DeviceId, String, [u8; 32])>,
}

/// Receipts of one device of a recipient that were not sealed to the colleague's device. 64 of them are 28 kB as they stand here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptedItem {
    /// Whose device has sent them.
    pub org: OrgId,
    /// Which device.
    pub device: DeviceId,
    /// The roster in which it stood.
    pub roster: Digest,
    /// When the relay took them.
    pub relayed: Timestamp,
    /// As they were signed.
    pub receipts: Vec<Signed>,
}

/// A case has been erased, and is to be erased by every colleague's device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedItem {
    /// Which.
    pub case: [u8; 32],
    /// When it was decided.
    pub at: Timestamp,
    /// Why: a word of [`crate::retention::Reason`].
    pub reason: String,
}

/// A packet of ours has reached nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostItem {
    /// Which.
    pub packet: PacketId,
    /// Whom it was for.
    pub to: OrgId,
    /// When that was known.
    pub at: Timestamp,
    /// How it ended: one of the failures of [`Transport`].
    pub how: Transport,
    /// Why, a word of the relay or of the recipient's device.
    pub why: String,
}

no_content_in_debug!(SentItem, GivenItem, ProposedItem);

impl Shared {
    /// Nothing yet, said by this device.
    pub fn by(device_name: &str) -> Self {
        Self { kind: KIND.into(), device_name: device_name.into(), ..Self::default() }
    }

    /// The same for one device only.
    #[must_use]
    pub fn only_for(self, device: DeviceId) -> Self {
        Self { only: device.to_string(), ..self }
    }

    /// Says that a packet has been opened.
    pub fn say_opened(&mut self, item: &OpenedItem) {
        self.opened.push(hex::encode(codec::encode(item)));
    }

    /// Says that a packet has been sent.
    pub fn say_sent(&mut self, item: &SentItem) {
        self.sent.push(hex::encode(codec::encode(item)));
    }

    /// Gives a packet of somebody else.
    pub fn say_given(&mut self, item: &GivenItem) {
        self.given.push(hex::encode(codec::encode(item)));
    }

    /// Asks administrators to sign a roster.
    pub fn say_proposed(&mut self, item: &ProposedItem) {
        self.proposed.push(hex::encode(codec::encode(item)));
    }

    /// Passes on receipts.
    pub fn say_receipted(&mut self, item: &ReceiptedItem) {
        self.receipted.push(hex::encode(codec::encode(item)));
    }

    /// Says that a case is erased.
    pub fn say_erased(&mut self, item: &ErasedItem) {
        self.erased.push(hex::encode(codec::encode(item)));
    }

    /// Says that a packet has reached nobody.
    pub fn say_lost(&mut self, item: &LostItem) {
        self.lost.push(hex::encode(codec::encode(item)));
    }

    /// Says what colleagues keep in common.
    pub fn say_office(&mut self, entry: &Entry) {
        self.office.push(hex::encode(codec::encode(entry)));
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        [&self.given, &self.proposed].into_iter().chain(self.joinable()).all(Vec::is_empty)
    }

    /// The case whose content it carries; none if it carries none.
    pub fn case(&self) -> Option<[u8; 32]> {
        let sent = self.sent().first().map(|item| item.case);
        let kept = || self.office().first().and_then(Entry::of_case);
        sent.or_else(|| crate::records::of_manifest(&self.given().first()?.manifest)).or_else(kept)
    }

    /// Reads the header among a packet's sections; none if this is no packet of that kind.
    pub fn read(sections: &[StoredSection]) -> Option<Self> {
        let header = sections.iter().find(|section| section.code == HEADER_SECTION)?;
        if header.bytes.len() > HEADER_BYTES_MAX {
            return None;
        }
        let mut shared: Self = serde_json::from_slice(&header.bytes).ok()?;
        shared.device_name = shared.device_name.chars().take(NAME_CHARS_MAX).collect();
        (shared.kind == KIND).then_some(shared)
    }

    /// The header's section.
    pub fn to_section(&self) -> StoredSection {
        StoredSection { code: HEADER_SECTION, bytes: serde_json::to_vec(self).unwrap_or_default() }
    }

    /// Whether it is meant for this device. A name that does not read is nobody's.
    pub fn is_for(&self, device: DeviceId) -> bool {
        self.only.is_empty() || self.only == device.to_string()
    }

    /// Whether it is meant for every colleague.
    pub fn is_for_all(&self) -> bool {
        self.only.is_empty()
    }

    /// The one device that it is for; none if it is for all.
    pub fn only(&self) -> Option<DeviceId> {
        self.only.parse().ok()
    }

    /// Takes up what another says, if it is by and for the same, and there is room.
    pub fn absorb(&mut self, other: &Self) -> bool {
        let (mine, more) = (self.joinable(), other.joinable());
        let fits = mine.iter().zip(more).all(|(mine, more)| mine.len() + more.len() <= STATEMENTS_MAX);
        let bytes: usize = mine.into_iter().chain(more).flatten().map(String::len).sum();
        // What is sealed under the key of a case must carry nothing else: erasing it would take that along.
        let takes = self.device_name == other.device_name
            && self.case() == other.case()
            && self.only == other.only
            && [&self.given, &other.given, &self.proposed, &other.proposed].into_iter().all(Vec::is_empty)
            && fits
            && bytes <= COALESCED_BYTES_MAX;
        if takes {
            self.opened.extend_from_slice(&other.opened);
            self.sent.extend_from_slice(&other.sent);
            self.receipted.extend_from_slice(&other.receipted);
            self.erased.extend_from_slice(&other.erased);
            self.lost.extend_from_slice(&other.lost);
            self.office.extend_from_slice(&other.office);
        }
        takes
    }

    fn joinable(&self) -> [&Vec<String>; 6] {
        [&self.opened, &self.sent, &self.receipted, &self.erased, &self.lost, &self.office]
    }

    /// Packets that have been opened.
    pub fn opened(&self) -> Vec<OpenedItem> {
        items(&self.opened)
    }

    /// Packets of others that are given.
    pub fn given(&self) -> Vec<GivenItem> {
        items(&self.given)
    }

    /// Rosters that wait for signatures.
    pub fn proposed(&self) -> Vec<ProposedItem> {
        items(&self.proposed)
    }

    /// Packets that have been sent.
    pub fn sent(&self) -> Vec<SentItem> {
        items(&self.sent)
    }

    /// Cases that have been erased.
    pub fn erased(&self) -> Vec<ErasedItem> {
        items(&self.erased)
    }

    /// Packets that have reached nobody.
    pub fn lost(&self) -> Vec<LostItem> {
        items(&self.lost)
    }

    /// What colleagues keep in common.
    pub fn office(&self) -> Vec<Entry> {
        items(&self.office)
    }

    /// Receipts that are passed on.
    pub fn receipted(&self) -> Vec<ReceiptedItem> {
        items(&self.receipted)
    }
}

/// Statements that read, at most [`STATEMENTS_MAX`].
fn items<T: Serialize + DeserializeOwned>(texts: &[String]) -> Vec<T> {
    let read = |text: &String| codec::decode(&hex::decode(text).ok()?, FRAME_BYTES_MAX).ok();
    texts.iter().take(STATEMENTS_MAX).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(number: u8) -> OpenedItem {
        OpenedItem { packet: PacketId([number; 32]), at: Timestamp(u64::from(number)) }
    }

    #[test]
    fn statements_round_trip_and_what_does_not_read_is_left_out() {
        let mut shared = Shared::by("desk 1");
        shared.say_opened(&opened(1));
        shared.opened.push("not hexadecimal".into());
        shared.opened.push("00".into());
        let section = shared.to_section();
        let read = Shared::read(&[section]).unwrap();
        assert_eq!((read.device_name.as_str(), read.opened()), ("desk 1", vec![opened(1)]));
        assert!(read.sent().is_empty() && !read.is_empty());
        let other =
            StoredSection { code: HEADER_SECTION, bytes: br#"{"kind":"BIA","device_name":""}"#.to_vec() };
        assert_eq!(Shared::read(&[other]), None);
        let newer = br#"{"kind":"SYN","device_name":"x","tomorrow":[1]}"#.to_vec();
        assert!(Shared::read(&[StoredSection { code: HEADER_SECTION, bytes: newer }]).unwrap().is_empty());
    }

    #[test]
    fn statements_join_those_that_have_not_left_while_there_is_room() {
        let one = |number| {
            let mut shared = Shared::by("desk");
            shared.say_opened(&opened(number));
            shared
        };
        let mut waiting = Shared::by("desk");
        for number in 0..STATEMENTS_MAX {
            assert!(waiting.absorb(&one(u8::try_from(number).unwrap())));
        }
        assert!(!waiting.absorb(&one(1)), "full");
        assert_eq!(waiting.opened().len(), STATEMENTS_MAX);
        let device = DeviceId([1; 32]);
        assert!(!one(1).only_for(device).absorb(&one(2)), "for somebody else");
        assert!(one(1).only_for(device).is_for(device) && !one(1).only_for(device).is_for(DeviceId([2; 32])));
    }
}
