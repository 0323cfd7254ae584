//! What still proves, after a case is erased, that its packets were sent, taken, delivered and opened, and that somebody had
//! agreed to it (dictionary 2.9: receipts 10 years without personal data, consents 3 years longer than the data).
//!
//! Receipts name packets, organisations and devices, and nobody else. Of a consent the numbers and codes stay, never a text.

use std::time::Duration;

use causeway_common::ids::{Digest, PacketId};
use causeway_common::signed::Signed;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::casebook::Case;
use crate::records::{self, RecordError, Source};
use crate::vault::{CaseName, Changes, Tree, Vault};

const PROOF: &[u8] = b"e";
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Receipts are kept this long after the case is erased.
pub const RECEIPTS_FOR: Duration = Duration::from_secs(10 * YEAR.as_secs());
/// What was agreed to is kept this long after the case is erased.
pub const CONSENT_FOR: Duration = Duration::from_secs(3 * YEAR.as_secs());
/// Packets of a case whose receipts are kept; a case has fewer steps.
const PACKETS_MAX: usize = 1_000;
/// Longest code that is kept of a consent, in bytes: names of codes and organisations' numbers are shorter.
const CODE_BYTES_MAX: usize = 64;
/// Entries kept of one list of a consent.
const ENTRIES_MAX: usize = 64;

/// What is left of one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Proof {
    /// Name of its thread.
    pub case: CaseName,
    /// When it was erased.
    pub erased: Timestamp,
    /// Its packets, those that were signed for.
    pub packets: Vec<Proven>,
    /// What was agreed to, as JSON: numbers and codes; empty if there was nothing, or its time is over.
    pub consent: String,
}

/// A packet and what was signed about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Proven {
    /// Its name.
    pub packet: PacketId,
    /// Hash of the grant that receipts name.
    pub grant: Digest,
    /// The relay's receipts.
    pub relay: Vec<Signed>,
    /// Receipts of devices of the recipient.
    pub receipts: Vec<Signed>,
}

impl Proof {
    /// Of a case as it is now; none if nothing of it proves anything. What was agreed to stays only if `consent` says so.
    pub(crate) fn of(
        case: &Case,
        consent: bool,
        now: Timestamp,
        from: &dyn Source,
    ) -> Result<Option<Self>, RecordError> {
        let mut packets = Vec::new();
        let steps = case.thread.events.iter().map(|event| event.packet);
        for packet in std::iter::once(case.thread.root).chain(steps).take(PACKETS_MAX) {
            let known = packets.iter().any(|proven: &Proven| proven.packet == packet);
            let Some(sent) = records::sent(from, packet, case.thread.peer)?.filter(|_| !known) else {
                continue;
            };
            if !(sent.relay_receipt.is_empty() && sent.receipts.is_empty()) {
                let (relay, receipts) = (sent.relay_receipt, sent.receipts);
                packets.push(Proven { packet, grant: sent.grant, relay, receipts });
            }
        }
        let consent = if consent { agreed(&case.document) } else { None };
        let consent = consent.map(|consent| consent.to_string()).unwrap_or_default();
        let nothing = packets.is_empty() && consent.is_empty();
        Ok((!nothing).then_some(Self { case: case.thread.case, erased: now, packets, consent }))
    }

    /// Until when the receipts are kept, and until when the consent.
    pub fn until(&self) -> (Timestamp, Timestamp) {
        (self.erased.plus(RECEIPTS_FOR), self.erased.plus(CONSENT_FOR))
    }

    /// What of it is left at this moment; none if nothing is.
    fn at(&self, now: Timestamp) -> Option<Self> {
        let (receipts, consent) = self.until();
        let mut left = self.clone();
        if consent <= now {
            left.consent.clear();
        }
        if receipts <= now {
            left.packets.clear();
        }
        (!(left.packets.is_empty() && left.consent.is_empty())).then_some(left)
    }
}

/// Of the record of a consent its numbers, codes and dates.
fn agreed(document: &Map<String, Value>) -> Option<Value> {
    let record = document.get("consent")?.as_object()?;
    let mut kept = Map::new();
    for field in ["consent_id", "given_by", "capacity", "obtained", "valid_until"] {
        kept.extend(record.get(field).and_then(code).map(|value| (field.to_owned(), value)));
    }
    for field in ["scope", "withhold"] {
        let entries = record.get(field).and_then(Value::as_array).into_iter().flatten();
        let entries: Vec<Value> = entries.filter_map(entry).take(ENTRIES_MAX).collect();
        kept.extend((!entries.is_empty()).then(|| (field.to_owned(), json!(entries))));
    }
    kept.contains_key("consent_id").then_some(Value::Object(kept))
}

fn entry(entry: &Value) -> Option<Value> {
    let mut kept = Map::new();
    for field in ["role", "org_id", "until"] {
        kept.extend(entry.get(field).and_then(code).map(|value| (field.to_owned(), value)));
    }
    for field in ["sections", "purpose"] {
        let codes = entry.get(field).and_then(Value::as_array).into_iter().flatten();
        let codes: Vec<Value> = codes.filter_map(code).take(ENTRIES_MAX).collect();
        kept.extend((!codes.is_empty()).then(|| (field.to_owned(), json!(codes))));
    }
    (!kept.is_empty()).then_some(Value::Object(kept))
}

/// A code, a number or a date: what has the form of one. A sentence, or a name with a space in it, has not.
fn code(value: &Value) -> Option<Value> {
    let text = value.as_str().filter(|text| text.len() <= CODE_BYTES_MAX)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_:.+".contains(c);
    (!text.is_empty() && text.chars().all(plain)).then(|| text.into())
}

fn key(case: &CaseName) -> Vec<u8> {
    [PROOF, case].concat()
}

/// What is kept of a case that was erased.
pub fn of(from: &dyn Source, case: &CaseName) -> Result<Option<Proof>, RecordError> {
    records::read(from, Tree::Retention, &key(case))
}

/// Keeps it.
pub(crate) fn put(changes: &mut Changes, proof: &Proof) {
    records::write(changes, Tree::Retention, &key(&proof.case), proof);
}

/// Takes away what has been kept long enough.
pub(crate) fn expire(vault: &Vault, changes: &mut Changes, now: Timestamp) -> Result<(), RecordError> {
    for id in records::ids_with_prefix(vault, Tree::Retention, PROOF) {
        let Some(kept) = records::read::<Proof>(vault, Tree::Retention, &id)? else { continue };
        match kept.at(now) {
            Some(left) if left == kept => {}
            Some(left) => put(changes, &left),
            None => changes.delete(Tree::Retention, &id),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_consent_codes_and_dates_stay_and_no_word_of_anybody() {
        let document = json!({ "consent": {
            "consent_id": "01932c07-209f-7c3a-9b1e-000000000001", "given_by": "subject", "obtained": "2026-01-02T03:04:05Z",
            "words": "She said yes on the phone", "capacity": "Daria Popescu",
            "scope": [{ "role": "POL", "sections": ["IDN", "Street 5, Moscow"], "note": "her brother", "until": "2026-04-01" }],
            "withhold": [{ "person": "Ion Popescu" }],
        } });
        let kept = agreed(document.as_object().unwrap()).unwrap();
        let wanted = json!({
            "consent_id": "01932c07-209f-7c3a-9b1e-000000000001", "given_by": "subject", "obtained": "2026-01-02T03:04:05Z",
            "scope": [{ "role": "POL", "sections": ["IDN"], "until": "2026-04-01" }],
        });
        assert_eq!(kept, wanted);
        assert_eq!(agreed(json!({ "consent": { "given_by": "subject" } }).as_object().unwrap()), None);
    }

    #[test]
    fn consent_goes_after_three_years_and_receipts_after_ten() {
        let signed = Signed { body: vec![1], signature: vec![2] };
        let packets = vec![Proven {
            packet: PacketId([1; 32]),
            grant: Digest([2; 32]),
            relay: vec![signed.clone()],
            receipts: vec![signed],
        }];
        let proof = Proof { case: [3; 32], erased: Timestamp(1), packets, consent: "{}".into() };
        let years = |years: u32| Timestamp(1).plus(YEAR * years);
        assert_eq!(proof.at(years(2)), Some(proof.clone()));
        let left = proof.at(years(3)).unwrap();
        assert_eq!((left.consent.as_str(), left.packets.len()), ("", 1));
        assert_eq!(proof.at(years(10)), None);
    }
}
