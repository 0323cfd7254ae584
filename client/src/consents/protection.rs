//! From which states somebody seeks protection, as far as this home has ever heard: a copy, or a later case about the same
//! person, may say less than the first document did.

use std::collections::HashSet;

use causeway_common::ids::PacketId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{below, consent_ref, named, text};
use crate::casebook::Case;
use crate::records::{self, RecordError};
use crate::referral::access::Protection;
use crate::vault::{Changes, Tree, Vault};

/// Before records of documents that say nothing of what they are built on.
const PROTECTED: &[u8] = b"protected";
/// Before the others.
const BUILT: &[u8] = b"protection";

/// What a document said that was sent from here. It stays when the case is erased: who may not learn of her then may not
/// learn of her now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    packet: PacketId,
    consent_ref: String,
    case_ref: String,
    protection: Protection,
}

/// By what documents about one person are recognised, and what one of them says.
struct Known {
    packets: Vec<PacketId>,
    consent: String,
    number: String,
    protection: Protection,
}

/// Remembers what the whole document says; of one that says nothing, nothing.
pub fn put(changes: &mut Changes, packet: PacketId, document: &Map<String, Value>) {
    let protection = Protection::of(document);
    if protection.is_empty() {
        return;
    }
    let kept = Kept {
        packet,
        consent_ref: consent_ref(document).to_owned(),
        case_ref: text(document, "case_ref").to_owned(),
        protection,
    };
    records::write(changes, Tree::Consents, &[BUILT, &packet.0[..]].concat(), &(kept, named(document)));
}

/// What is known of the person of a document: from what went out from here, and from every case with the same consent or
/// number, or that one of them is built on; and so on from those, in both directions.
pub fn known(vault: &Vault, document: &Map<String, Value>) -> Result<Protection, RecordError> {
    let mut others = kept(vault)?;
    for case in Case::each(vault) {
        others.push(Known::of(&case?));
    }
    let mut same = Known {
        packets: named(document),
        consent: consent_ref(document).to_owned(),
        number: text(document, "case_ref").to_owned(),
        protection: Protection::default(),
    };
    let (mut packets, mut consents, mut numbers) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut protection = Protection::default();
    loop {
        packets.extend(same.packets.drain(..));
        consents.extend(Some(same.consent).filter(|consent| !consent.is_empty()));
        numbers.extend(Some(same.number).filter(|number| !number.is_empty()));
        protection.add(same.protection);
        let next = others.iter().position(|other| {
            consents.contains(&other.consent)
                || numbers.contains(&other.number)
                || other.packets.iter().any(|packet| packets.contains(packet))
        });
        match next {
            Some(next) => same = others.swap_remove(next),
            None => return Ok(protection),
        }
    }
}

/// What was kept of documents that were sent.
fn kept(vault: &Vault) -> Result<Vec<Known>, RecordError> {
    let known = |kept: Kept, built_on: Vec<PacketId>| Known {
        packets: std::iter::once(kept.packet).chain(built_on).collect(),
        consent: kept.consent_ref,
        number: kept.case_ref,
        protection: kept.protection,
    };
    let mut all: Vec<Known> = below::<Kept>(vault, Tree::Consents, PROTECTED)?
        .into_iter()
        .map(|kept| known(kept, Vec::new()))
        .collect();
    let built = below::<(Kept, Vec<PacketId>)>(vault, Tree::Consents, BUILT)?;
    all.extend(built.into_iter().map(|(kept, built_on)| known(kept, built_on)));
    Ok(all)
}

impl Known {
    fn of(case: &Case) -> Self {
        let mut protection = Protection::of(&case.document);
        for (_, update) in &case.steps {
            update.iter().for_each(|update| protection.add(Protection::of(&update.other)));
        }
        let mut packets = named(&case.document);
        // A thread whose first packet has not come yet is nobody's.
        packets.extend(Some(case.thread.root).filter(|root| root.0 != [0; 32]));
        Self {
            packets,
            consent: consent_ref(&case.document).to_owned(),
            number: text(&case.document, "case_ref").to_owned(),
            protection,
        }
    }
}
