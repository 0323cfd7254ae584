//! Packets that are not taken as their sender's word, and organisations to be looked at again: small records beside the
//! packets, so that a home without any pays nothing.

use std::collections::BTreeMap;
use std::ops::Bound;

use causeway_common::ids::{DeviceId, OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::judgement::Cause;
use crate::records::{self, RecordError, Source};
use crate::vault::{Changes, Tree, Vault};

/// How a packet stands. One without a record is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", from = "u8")]
#[expect(clippy::exhaustive_enums, reason = "stored")]
pub enum Standing {
    /// Has changed nothing, until a person decides.
    Quarantined,
    /// Was taken before anybody knew; a person should look again.
    Questionable,
    /// A person has asked the sender by another way, and it is true.
    Released,
}

impl Standing {
    const ALL: [Self; 3] = [Self::Quarantined, Self::Questionable, Self::Released];

    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quarantined => "quarantined",
            Self::Questionable => "questionable",
            Self::Released => "released",
        }
    }
}

/// The word for scripts of a packet without a doubt.
pub const ACCEPTED: &str = "accepted";

impl From<Standing> for u8 {
    fn from(standing: Standing) -> Self {
        standing as Self
    }
}

impl From<u8> for Standing {
    fn from(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Quarantined)
    }
}

/// Why a packet is, or was, not taken as its sender's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Which.
    pub packet: PacketId,
    /// How it stands.
    pub standing: Standing,
    /// Why.
    pub cause: Cause,
    /// Since when, by this device's clock.
    pub at: Timestamp,
    /// When a person decided; zero before.
    pub decided: Timestamp,
    /// How they made sure, numbered as in a reinstatement; zero before.
    pub vetted: u8,
}

/// The doubt about a packet.
pub fn of(from: &dyn Source, packet: PacketId) -> Result<Option<Doubt>, RecordError> {
    records::read(from, Tree::Doubts, &packet.0)
}

/// Whether a packet is kept apart.
pub fn is_quarantined(from: &dyn Source, packet: PacketId) -> Result<bool, RecordError> {
    Ok(of(from, packet)?.is_some_and(|doubt| doubt.standing == Standing::Quarantined))
}

/// Stores it.
pub fn put(changes: &mut Changes, doubt: &Doubt) {
    records::write(changes, Tree::Doubts, &doubt.packet.0, doubt);
}

/// The packet has come again, and beyond doubt.
pub fn forget(changes: &mut Changes, packet: PacketId) {
    changes.delete(Tree::Doubts, &packet.0);
}

/// All of them.
pub fn all(vault: &Vault) -> Result<Vec<Doubt>, RecordError> {
    let everything = (Bound::Unbounded, Bound::Unbounded);
    let ids = vault.ids(Tree::Doubts, everything, usize::MAX, |id| id.len() == PACKET_BYTES);
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(records::read::<Doubt>(vault, Tree::Doubts, &id)?);
    }
    Ok(all)
}

/// How many wait for a person.
pub fn undecided(vault: &Vault) -> Result<usize, RecordError> {
    Ok(all(vault)?.iter().filter(|doubt| doubt.standing != Standing::Released).count())
}

/// Length of a packet's name; a note of an organisation is longer.
const PACKET_BYTES: usize = 32;
const REVIEW: &[u8] = b"review";

/// The directory says something new of this organisation: what came from it, and what waits for it, has to be looked at.
/// Stands until that is done, whatever interrupts it.
pub fn put_review(changes: &mut Changes, org: OrgId) {
    changes.put(Tree::Doubts, &[REVIEW, &org.0[..]].concat(), Vec::new());
}

/// It has been looked at.
pub fn end_review(changes: &mut Changes, org: OrgId) {
    changes.delete(Tree::Doubts, &[REVIEW, &org.0[..]].concat());
}

/// Organisations to be looked at, each with the revision of its mark: another one when it has been marked again.
pub fn reviews(vault: &Vault) -> BTreeMap<OrgId, u64> {
    let org = |id: &[u8]| Some(OrgId(id.strip_prefix(REVIEW)?.try_into().ok()?));
    let marks = vault.revisions(Tree::Doubts);
    marks.iter().filter_map(|(id, revision)| Some((org(id)?, *revision))).collect()
}

const READABLE: &[u8] = b"read";

/// Devices of ours that had been revoked, and that a packet was sealed to all the same: its sender did not know yet.
pub fn readable_by(from: &dyn Source, packet: PacketId) -> Result<Vec<DeviceId>, RecordError> {
    let id = [READABLE, &packet.0[..]].concat();
    Ok(records::read(from, Tree::Doubts, &id)?.unwrap_or_default())
}

/// Stores them, if there are any.
pub fn put_readable_by(changes: &mut Changes, packet: PacketId, devices: &Vec<DeviceId>) {
    if !devices.is_empty() {
        records::write(changes, Tree::Doubts, &[READABLE, &packet.0[..]].concat(), devices);
    }
}
