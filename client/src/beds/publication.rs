//! What a shelter tells its partners: how many places it can offer. Never where they are.

use std::collections::BTreeMap;

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde_json::{Value, json};

use super::house::{House, houses};
use super::{PUBLICATION, cases, counts, hold, instant, publication_kind, shelter_of};
use crate::casebook::Case;
use crate::engine::threads::moment;
use crate::engine::{Draft, Engine, EngineError};
use crate::escalation::{fallback, named};
use crate::model::{PACKET_REFERRAL, StoredSection};
use crate::records;
use crate::referral::sections::{HDR, OPS};
use crate::referral::{Document, SectionCode, SendContext};
use crate::vault::Changes;

/// Sections that a publication may have. Nothing else is sealed, whatever was typed: above all no place.
pub const SECTIONS: [SectionCode; 2] = [HDR, OPS];

/// What was last published of a house.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// The packet.
    pub packet: PacketId,
    /// When.
    pub at: Timestamp,
    /// When people had counted.
    pub counted: Timestamp,
    /// Who got it.
    pub to: Vec<OrgId>,
    /// The numbers.
    capacity: Value,
}

impl Published {
    /// Whether it says what the house can offer now.
    pub fn is_current(&self, house: &House) -> bool {
        self.counted == house.count.at && self.capacity == capacity(house)
    }
}

/// The newest publication of each house of ours, by its code.
pub fn published(cases: &[Case]) -> BTreeMap<String, Published> {
    let mut newest: BTreeMap<String, Published> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.thread.ours && case.thread.kind == PUBLICATION) {
        let Some(shelter) = shelter_of(&case.document) else { continue };
        let at = instant(&case.document, "created").unwrap_or(case.thread.begun);
        let this = Published {
            packet: case.thread.root,
            at,
            counted: instant(&case.document, "updated").unwrap_or(at),
            to: vec![case.thread.peer],
            capacity: case.document.get("capacity").cloned().unwrap_or_default(),
        };
        match newest.get_mut(shelter) {
            Some(known) if known.packet == this.packet => known.to.push(case.thread.peer),
            Some(known) if (known.at, known.packet) > (this.at, this.packet) => {}
            _ => drop(newest.insert(shelter.to_owned(), this)),
        }
    }
    newest
}

/// The numbers of a house as they are published.
fn capacity(house: &House) -> Value {
    let line = |line: &super::house::Line| {
        json!({
            "unit": line.unit, "group": line.group, "maximum": line.maximum,
            "available": line.available(), "reserved": line.reserved(),
        })
    };
    house.lines.iter().map(line).collect()
}

/// The document that says how a house stands now. It is as old as the count: software does not make numbers look fresh that nobody
/// has counted again.
pub fn document(engine: &Engine, house: &House, packet: PacketId) -> Option<Document> {
    let mut document = Document::empty(publication_kind()?);
    document.fields.clone_from(&house.count.fields);
    document.fields.insert("capacity".into(), capacity(house));
    document.fields.insert("updated".into(), moment(house.count.at).into());
    document.fields.insert("packet_id".into(), packet.to_string().into());
    complete(engine, &mut document);
    Some(document)
}

/// Fills in what software knows of a publication.
pub fn complete(engine: &Engine, document: &mut Document) {
    let identity = &engine.identity;
    let number = document.fields.get("packet_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    document.complete(&SendContext {
        now: engine.now(),
        author: identity.device().short(),
        organisation: identity.name.clone(),
        country: identity.country.clone(),
        exercise: false,
        priority: None,
        case_ref: format!("{}-{}", identity.country, number.get(..6).unwrap_or("0")),
        packet_id: if number.is_empty() { PacketId([0; 32]).to_string() } else { number },
    });
}

/// Queues a publication for these organisations; gives those that may have it.
pub async fn queue(
    engine: &Engine,
    document: &Document,
    packet: PacketId,
    to: &[OrgId],
) -> Result<Vec<OrgId>, EngineError> {
    let (mut drafts, mut changes, mut reached) = (Vec::new(), Changes::default(), Vec::new());
    for org in to {
        let copy = fallback::copy_for(engine, *org, document, engine.now()).await?;
        let stored = |section: crate::referral::Section| StoredSection {
            code: section.code.0,
            bytes: Value::Object(section.json).to_string().into_bytes(),
        };
        let copy = copy.into_iter().filter(|section| SECTIONS.contains(&section.code));
        let sections: Vec<StoredSection> = copy.map(stored).collect();
        if sections.is_empty() || records::sent(&engine.vault, packet, *org)?.is_some() {
            continue;
        }
        let draft = Draft {
            packet,
            case: named(&[b"capacity thread", &packet.0, &org.0]),
            packet_type: PACKET_REFERRAL,
            kind: PUBLICATION.into(),
            to: *org,
            priority: document.priority(),
            in_reply_to: None,
            sections,
        };
        engine.thread_begun(&draft, Timestamp(0), &mut changes);
        drafts.push(draft);
        reached.push(*org);
    }
    if !drafts.is_empty() {
        engine.queue(drafts, changes).await?;
    }
    Ok(reached)
}

/// Tells those who have the last publication of a house that its numbers have changed since, by offers that were made, taken up or
/// given back. Gives how many organisations are told. A new count is for people to publish, and an old one is left to be stale.
///
/// Every device comes to the same packet, so that it counts once.
pub async fn renew(engine: &Engine, now: Timestamp) -> Result<usize, EngineError> {
    let cases = cases(&engine.vault)?;
    let published = published(&cases);
    if published.is_empty() {
        return Ok(0);
    }
    let (houses, _) = houses(counts(&engine.vault, &cases)?, &hold::holds(&cases, now));
    let mut told = 0;
    for house in houses.iter().filter(|house| !house.is_stale(now)) {
        let Some(last) = published.get(&house.count.shelter) else { continue };
        let numbers = capacity(house);
        if last.counted != house.count.at || last.capacity == numbers {
            continue;
        }
        let packet = PacketId(named(&[b"capacity", &last.packet.0, numbers.to_string().as_bytes()]));
        let Some(document) = document(engine, house, packet) else { continue };
        if document.validate(crate::referral::Level::Send, engine.now()).is_empty() {
            told += queue(engine, &document, packet, &last.to).await?.len();
        }
    }
    Ok(told)
}
