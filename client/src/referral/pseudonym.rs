//! Numbers of people (`person_id`). Two partners who compare what one organisation has sent them must not find the same number for
//! the same woman, and each of them should find it again in the next referral about her.
//!
//! A document that is about to be sent has a number that follows from what its sender calls her; each copy has another, made of it
//! with a key that never leaves the workstation. See docs/decisions/0044-numbers-of-people-and-sizes-of-files.md.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::document::Document;
use super::kinds;
use super::path::{each, is_absent};
use super::spec::{Spec, Type};

const FIELD: &str = "person_id";

/// Gives everybody a number who has none. It follows from her pseudonym, or from that of the consent, which referrals about the
/// same person take over from each other; without either from the packet.
pub(super) fn number(spec: &'static Spec, whole: &mut Value, packet: &str) {
    let subject = whole.get("consent").and_then(|consent| text(consent, "subject_pseudonym"));
    let subject = subject.unwrap_or_else(|| packet.to_owned());
    for (place, path) in numbered(spec).enumerate() {
        let mut at = 0_usize;
        each(whole, path, &mut |person| {
            let called = text(person, "pseudonym").unwrap_or_else(|| format!("{subject}\n{place}\n{at}"));
            at += 1;
            if let Some(person) = person.as_object_mut().filter(|person| is_absent(person.get(FIELD))) {
                let hash = Sha256::digest(format!("causeway/v1 person\n{called}"));
                person.insert(FIELD.into(), uuid(&hash).into());
            }
        });
    }
}

/// The document with the numbers that this partner reads.
pub(crate) fn for_partner(document: &Document, key: &[u8; 32], org: &[u8; 32]) -> Document {
    let mut whole = Value::Object(document.fields.clone());
    for path in numbered(document.kind.spec()) {
        each(&mut whole, path, &mut |person| {
            let Some(own) = text(person, FIELD) else { return };
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return };
            mac.update(org);
            mac.update(own.as_bytes());
            person[FIELD] = uuid(&mac.finalize().into_bytes()).into();
        });
    }
    let mut fields = Map::new();
    if let Value::Object(changed) = whole {
        fields = changed;
    }
    Document { kind: document.kind, fields }
}

/// Takes the numbers of one partner out of a copy that is the beginning of another one's.
pub(crate) fn forget(fields: &mut Map<String, Value>) {
    fields.remove(FIELD);
    for value in fields.values_mut() {
        match value {
            Value::Object(inner) => forget(inner),
            Value::Array(list) => list.iter_mut().filter_map(Value::as_object_mut).for_each(forget),
            _ => {}
        }
    }
}

/// The people of a kind who have such a number.
fn numbered(spec: &'static Spec) -> impl Iterator<Item = &'static str> {
    spec.persons.iter().copied().filter(move |path| {
        let holds = kinds::field(spec, path.trim_end_matches("[]")).map(|field| &field.holds);
        let person = match holds {
            Some(Type::List(each, ..)) => Some(*each),
            other => other,
        };
        matches!(person, Some(Type::Group(fields)) if fields.iter().any(|field| field.name == FIELD))
    })
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// A UUID of version 8: made of a hash.
fn uuid(hash: &[u8]) -> String {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(byte, of)| *byte = *of);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    uuid::Uuid::from_bytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use causeway_common::time::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::referral::{Kind, SendContext, carry_over};

    const KEY: [u8; 32] = [7; 32];

    fn handoff(packet: &str, change: impl FnOnce(&mut Value)) -> Document {
        let text = include_str!("../../../docs/samples/victim-handoff.json");
        let mut whole: Value = serde_json::from_str(text).unwrap();
        change(&mut whole);
        let kind = Kind::from_code("VHO").unwrap();
        let mut document = Document::parse(kind, whole.to_string().as_bytes()).unwrap();
        sent(&mut document, packet);
        document
    }

    fn sent(document: &mut Document, packet: &str) {
        document.complete(&SendContext {
            now: Timestamp(1_795_514_400_000),
            author: "1".into(),
            organisation: "Hotline".into(),
            country: "MD".into(),
            exercise: false,
            priority: None,
            case_ref: String::new(),
            packet_id: packet.into(),
        });
    }

    fn read_by(document: &Document, key: &[u8; 32], partner: u8) -> String {
        let copy = for_partner(document, key, &[partner; 32]);
        copy.fields["person"][FIELD].as_str().unwrap().to_owned()
    }

    #[test]
    fn each_partner_reads_a_number_of_its_own_and_finds_it_again() {
        let (first, second) = (handoff("01", |_| {}), handoff("02", |_| {}));
        let own = first.fields["person"][FIELD].as_str().unwrap().to_owned();
        let number = read_by(&first, &KEY, 1);
        assert!(super::super::values::id(&number) && number != own, "{number}");
        assert_eq!(read_by(&second, &KEY, 1), number, "the consent calls her the same");
        assert_ne!(read_by(&first, &KEY, 2), number, "two partners cannot compare");
        assert_ne!(read_by(&first, &[8; 32], 1), number, "nobody without the key computes it");
        let other = handoff("01", |v| v["consent"]["subject_pseudonym"] = "K-99".into());
        assert_ne!(read_by(&other, &KEY, 1), number);
        let unnamed = |packet| handoff(packet, |v| drop(v.as_object_mut().unwrap().remove("consent")));
        assert_ne!(read_by(&unnamed("01"), &KEY, 1), read_by(&unnamed("02"), &KEY, 1));
    }

    #[test]
    fn everybody_has_a_number_and_the_next_referral_takes_over_none_of_a_partners() {
        let document = handoff("01", |v| {
            v["dependants"] = json!([{ "sex": 1, "age": { "min": 3, "max": 4 } }, { "sex": 2, "age": { "min": 6, "max": 7 } }]);
        });
        let copy = for_partner(&document, &KEY, &[1; 32]);
        let mut all: Vec<&Value> = copy.fields["dependants"].as_array().unwrap().iter().collect();
        all.push(&copy.fields["person"]);
        let numbers: std::collections::BTreeSet<&str> =
            all.iter().map(|person| person[FIELD].as_str().unwrap()).collect();
        assert_eq!(numbers.len(), 3);
        let mut next = carry_over("VHO", &copy.fields, Kind::from_code("IDQ").unwrap());
        assert!(next.fields["claimed"].get(FIELD).is_none());
        sent(&mut next, "02");
        let claimed = for_partner(&next, &KEY, &[1; 32]).fields["claimed"][FIELD].clone();
        assert_eq!(claimed, copy.fields["person"][FIELD], "and comes to the same");
    }

    #[test]
    fn whoever_is_known_by_a_word_has_the_number_of_it() {
        let called = |packet| {
            handoff(packet, |v| {
                v.as_object_mut().unwrap().remove("consent");
                v["person"]["pseudonym"] = "Swallow".into();
            })
        };
        assert_eq!(read_by(&called("01"), &KEY, 1), read_by(&called("02"), &KEY, 1));
        let typed = "01932c07-209f-7c3a-9b1e-7b8d1f1b2c3d";
        let document = handoff("01", |v| v["person"][FIELD] = typed.into());
        assert_eq!(document.fields["person"][FIELD], typed);
        assert_ne!(read_by(&document, &KEY, 1), typed, "it is the sender's own");
    }
}
