//! A shelter's beds: what it publishes (SCP), and what it has promised in answers to requests (SPA).
//!
//! The published number is a hint; an answer `offered` is binding until its `hold_until`. So each offer holds beds back
//! here until that time, or until the person has come, and what is published next says so.

use std::collections::BTreeSet;

use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::records::{self, RecordError, Source};
use crate::vault::{Changes, Tree};

/// Offers held at once: more than any shelter has beds.
pub const HOLDS_MAX: usize = 500;

const KEY: &[u8] = b"beds";

/// What a shelter has, and has promised.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beds {
    /// What the people of the shelter have written: the document of a capacity, JSON.
    #[serde(with = "serde_bytes")]
    pub document: Vec<u8>,
    /// What has been promised since.
    pub holds: Vec<Hold>,
}
no_content_in_debug!(Beds);

/// Beds that are kept for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The request.
    pub case: [u8; 32],
    /// For whom the beds are, a code of the capacity's groups.
    pub group: String,
    /// How many.
    pub beds: u16,
    /// Until when.
    pub until: Timestamp,
}

/// Why beds cannot be promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoBed {
    /// Nothing is left for this group.
    #[error("no bed is left for this group")]
    Full,
    /// Nobody has written down what the shelter has for this group.
    #[error("nobody has written down how many beds there are for this group")]
    Unknown,
    /// Too many offers are open.
    #[error("too many offers are open")]
    TooMany,
}

/// How many beds a request asks for.
pub fn asked_for(request: &Map<String, Value>) -> u16 {
    let adults = request.get("adults").and_then(Value::as_u64).unwrap_or(0);
    let children = request.get("children").and_then(Value::as_array).map_or(0, Vec::len) as u64;
    u16::try_from(adults.saturating_add(children)).unwrap_or(u16::MAX).max(1)
}

impl Beds {
    /// What is to be published now: the document, less what is held back.
    pub fn current(&self) -> Map<String, Value> {
        let mut fields: Map<String, Value> = serde_json::from_slice(&self.document).unwrap_or_default();
        // Where a group stands several times, in beds and in rooms, the first entry is the one that offers are taken from.
        let mut groups = BTreeSet::new();
        for entry in fields.get_mut("capacity").and_then(Value::as_array_mut).into_iter().flatten() {
            let group = entry["group"].as_str().unwrap_or_default().to_owned();
            let held = self.held(&group);
            if groups.insert(group) && held > 0 {
                let number = |name: &str| entry[name].as_u64().unwrap_or(0);
                let (available, reserved) = (number("available"), number("reserved"));
                entry["available"] = available.saturating_sub(held).into();
                entry["reserved"] = reserved.saturating_add(held).into();
            }
        }
        fields
    }

    /// Keeps beds for a request until a time. The same request again only moves the time.
    pub fn hold(&mut self, hold: Hold, now: Timestamp) -> Result<(), NoBed> {
        self.release_past(now);
        self.holds.retain(|held| held.case != hold.case);
        let left = self.left(&hold.group).ok_or(NoBed::Unknown)?;
        if u64::from(hold.beds) > left {
            return Err(NoBed::Full);
        }
        if self.holds.len() >= HOLDS_MAX {
            return Err(NoBed::TooMany);
        }
        self.holds.push(hold);
        Ok(())
    }

    /// Gives back what was kept for a request that came to nothing. False: nothing was.
    pub fn release(&mut self, case: &[u8; 32]) -> bool {
        let before = self.holds.len();
        self.holds.retain(|hold| hold.case != *case);
        self.holds.len() != before
    }

    /// Gives back what was promised until a time that is past; gives the requests that it was for.
    pub fn release_past(&mut self, now: Timestamp) -> Vec<[u8; 32]> {
        let past: Vec<_> = self.holds.iter().filter(|h| h.until <= now).map(|h| h.case).collect();
        self.holds.retain(|hold| hold.until > now);
        past
    }

    /// The person has come: her bed is taken.
    pub fn arrived(&mut self, case: &[u8; 32]) {
        let Some(hold) = self.holds.iter().find(|hold| hold.case == *case).cloned() else { return };
        self.release(case);
        let mut fields: Map<String, Value> = serde_json::from_slice(&self.document).unwrap_or_default();
        let entries = fields.get_mut("capacity").and_then(Value::as_array_mut);
        let mine = |entry: &&mut Value| entry["group"] == hold.group.as_str();
        if let Some(entry) = entries.into_iter().flatten().find(mine) {
            let available = entry["available"].as_u64().unwrap_or(0);
            entry["available"] = available.saturating_sub(hold.beds.into()).into();
            self.document = Value::Object(fields).to_string().into_bytes();
        }
    }

    fn held(&self, group: &str) -> u64 {
        self.holds.iter().filter(|hold| hold.group == group).map(|hold| u64::from(hold.beds)).sum()
    }

    /// Beds that nobody has been promised; none if the group is not in the document.
    fn left(&self, group: &str) -> Option<u64> {
        let fields = self.current();
        let entries = fields.get("capacity")?.as_array()?;
        let entry = entries.iter().find(|entry| entry["group"] == group)?;
        Some(entry["available"].as_u64().unwrap_or(0))
    }
}

/// What this home has written down and promised.
pub fn beds(from: &dyn Source) -> Result<Beds, RecordError> {
    Ok(records::read(from, Tree::Desks, KEY)?.unwrap_or_default())
}

/// Stores it.
pub fn put(changes: &mut Changes, beds: &Beds) {
    records::write(changes, Tree::Desks, KEY, beds);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shelter() -> Beds {
        let document = json!({ "shelter_code": "S-7", "capacity": [
            { "unit": "bed", "group": "women", "maximum": 8, "available": 3, "reserved": 0 },
            { "unit": "room", "group": "women", "maximum": 4, "available": 2, "reserved": 0 },
            { "unit": "bed", "group": "girls", "maximum": 4, "available": 1, "reserved": 1 },
        ]});
        Beds { document: document.to_string().into_bytes(), holds: Vec::new() }
    }

    fn hold(number: u8, group: &str, beds: u16, until: u64) -> Hold {
        Hold { case: [number; 32], group: group.into(), beds, until: Timestamp(until) }
    }

    fn numbers(beds: &Beds, place: usize) -> (u64, u64) {
        let entry = &beds.current()["capacity"][place];
        (entry["available"].as_u64().unwrap(), entry["reserved"].as_u64().unwrap())
    }

    #[test]
    fn an_offer_keeps_beds_until_its_time_and_no_bed_is_promised_twice() {
        let mut beds = shelter();
        let now = Timestamp(1_000);
        beds.hold(hold(1, "women", 2, 5_000), now).unwrap();
        assert_eq!(numbers(&beds, 0), (1, 2));
        assert_eq!(beds.hold(hold(2, "women", 2, 5_000), now), Err(NoBed::Full));
        assert_eq!(beds.hold(hold(2, "men", 1, 5_000), now), Err(NoBed::Unknown));
        beds.hold(hold(1, "women", 2, 9_000), now).unwrap();
        assert_eq!(numbers(&beds, 0), (1, 2), "asked again: held once");
        assert_eq!(
            (numbers(&beds, 1), numbers(&beds, 2)),
            ((2, 0), (1, 1)),
            "only where beds are counted first"
        );
        assert_eq!(beds.release_past(Timestamp(8_999)), Vec::<[u8; 32]>::new());
        assert_eq!(beds.release_past(Timestamp(9_000)), [[1; 32]]);
        assert_eq!(numbers(&beds, 0), (3, 0));
    }

    #[test]
    fn whoever_has_come_keeps_the_bed() {
        let mut beds = shelter();
        beds.hold(hold(1, "women", 2, 5_000), Timestamp(0)).unwrap();
        beds.arrived(&[1; 32]);
        assert_eq!(numbers(&beds, 0), (1, 0));
        beds.arrived(&[1; 32]);
        assert_eq!(numbers(&beds, 0), (1, 0), "once");
        beds.hold(hold(2, "women", 1, 5_000), Timestamp(0)).unwrap();
        assert!(beds.release(&[2; 32]) && !beds.release(&[2; 32]));
        assert_eq!(numbers(&beds, 0), (1, 0));
    }

    #[test]
    fn a_request_counts_everybody_and_at_least_one() {
        let count = |value: Value| asked_for(value.as_object().unwrap());
        assert_eq!(count(json!({ "adults": 2, "children": [{}, {}] })), 4);
        assert_eq!(count(json!({ "adults": { "nil": "unknown" } })), 1);
        assert_eq!(count(json!({ "adults": u64::MAX })), u16::MAX);
    }

    #[test]
    fn a_document_that_does_not_read_has_no_beds() {
        let mut beds = Beds { document: b"\xff[".to_vec(), holds: Vec::new() };
        assert_eq!(beds.hold(hold(1, "women", 1, 9), Timestamp(0)), Err(NoBed::Unknown));
    }
}
