//! From which states somebody seeks protection, as far as this home has ever heard: a copy, or a later case about the same
//! person, may say less than the first document did.

use causeway_common::ids::PacketId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{below, consent_ref, named, text};
use crate::casebook::Case;
use crate::records::{self, RecordError};
use crate::referral::access::Protection;
use crate::vault::{Changes, Tree, Vault};

const PROTECTED: &[u8] = b"protected";

/// What a document said that was sent from here. It stays when the case is erased: who may not learn of her then may not
/// learn of her now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    packet: PacketId,
    consent_ref: String,
    case_ref: String,
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
    records::write(changes, Tree::Consents, &[PROTECTED, &packet.0[..]].concat(), &kept);
}

/// What is known of the person of a document: from what went out from here, and from every case with the same consent or
/// number, or that the document is built on.
pub fn known(vault: &Vault, document: &Map<String, Value>) -> Result<Protection, RecordError> {
    let (consent, number, built_on) = (consent_ref(document), text(document, "case_ref"), named(document));
    let is_same = |packet: &PacketId, other_consent: &str, other_number: &str| {
        built_on.contains(packet)
            || (!consent.is_empty() && other_consent == consent)
            || (!number.is_empty() && other_number == number)
    };
    let mut found = Protection::default();
    for kept in below::<Kept>(vault, Tree::Consents, PROTECTED)? {
        if is_same(&kept.packet, &kept.consent_ref, &kept.case_ref) {
            found.add(kept.protection);
        }
    }
    for case in Case::each(vault)? {
        let case = case?;
        if !is_same(&case.thread.root, consent_ref(&case.document), text(&case.document, "case_ref")) {
            continue;
        }
        found.add(Protection::of(&case.document));
        for (_, update) in &case.steps {
            update.iter().for_each(|update| found.add(Protection::of(&update.other)));
        }
    }
    Ok(found)
}
