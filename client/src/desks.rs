//! When partners work, as they have published it, and when we do.

use causeway_common::ids::OrgId;
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::casebook;
use crate::engine::EngineError;
use crate::lang::Lang;
use crate::model::Thread;
use crate::records::{self, RecordError, Source};
use crate::referral::hours::Hours;
use crate::vault::{Changes, Tree};

/// Kind code of a published calendar.
pub const KIND: &str = "ODH";
const OWN: &[u8] = b"own";

/// A calendar as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Desk {
    /// When it was written.
    written: Timestamp,
    /// JSON of its fields, see [`Hours::read`].
    #[serde(with = "serde_bytes")]
    fields: Vec<u8>,
}

/// When this organisation works.
pub fn own(from: &dyn Source) -> Result<Hours, RecordError> {
    Ok(read(from, OWN)?.unwrap_or_default())
}

/// When another organisation works, by the newest calendar that it has published to us.
pub fn of(from: &dyn Source, org: OrgId) -> Result<Hours, RecordError> {
    Ok(read(from, &key(org))?.unwrap_or_default())
}

/// Keeps our own calendar.
pub fn put_own(changes: &mut Changes, hours: &Hours, now: Timestamp) {
    let fields = Value::Object(hours.to_fields()).to_string().into_bytes();
    records::write(changes, Tree::Desks, OWN, &Desk { written: now, fields });
}

/// Keeps what a partner has published, unless something newer of it is here or it does not read. True: it was new.
pub fn learn(from: &dyn Source, changes: &mut Changes, thread: &Thread) -> Result<bool, EngineError> {
    if thread.ours || thread.kind != KIND {
        return Ok(false);
    }
    let Some(received) = records::received(from, thread.root)? else { return Ok(false) };
    let known = records::read::<Desk>(from, Tree::Desks, &key(received.from))?;
    if known.is_some_and(|known| known.written >= received.created) {
        return Ok(false);
    }
    let fields = calendar(&casebook::document(&received.sections));
    if Hours::read(&fields).is_err() {
        return Ok(false);
    }
    let fields = Value::Object(fields).to_string().into_bytes();
    records::write(changes, Tree::Desks, &key(received.from), &Desk { written: received.created, fields });
    Ok(true)
}

/// What a sender is told before it sends something urgent to somebody who is not there.
pub fn warning(lang: Lang, name: &str, hours: &Hours, priority: Priority, now: Timestamp) -> Option<String> {
    let urgent = matches!(priority, Priority::P0 | Priority::P1);
    if !urgent || !hours.published || hours.around_the_clock || hours.is_open(now) {
        return None;
    }
    let next = crate::engine::threads::moment(hours.next_open(now));
    let gaps = [("name", name), ("phone", hours.night_phone.as_str()), ("next", next.as_str())];
    Some(lang.fill(if hours.night_phone.is_empty() { "desk-nobody" } else { "desk-call" }, &gaps))
}

fn calendar(document: &Map<String, Value>) -> Map<String, Value> {
    document.get("hours").and_then(Value::as_object).unwrap_or(document).clone()
}

fn key(org: OrgId) -> Vec<u8> {
    [&b"org"[..], &org.0[..]].concat()
}

fn read(from: &dyn Source, key: &[u8]) -> Result<Option<Hours>, RecordError> {
    let Some(desk) = records::read::<Desk>(from, Tree::Desks, key)? else { return Ok(None) };
    let fields: Map<String, Value> = serde_json::from_slice(&desk.fields).unwrap_or_default();
    Ok(Hours::read(&fields).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_urgent_and_comes_when_nobody_is_there_is_warned_of() {
        let read = |fields: Value| Hours::read(fields.as_object().unwrap()).unwrap();
        let office = read(json!({"week": {"mon": ["09:00-18:00"]}, "night_phone": "+4930123456"}));
        let always = read(json!({"around_the_clock": true}));
        let sunday = Timestamp(1_795_942_800_000);
        let say = |hours: &Hours, priority| warning(Lang::En, "Embassy", hours, priority, sunday);
        assert!(say(&office, Priority::P0).unwrap().contains("+4930123456"));
        assert_eq!(say(&office, Priority::P2), None);
        assert_eq!(say(&always, Priority::P0), None);
        assert_eq!(say(&Hours::default(), Priority::P0), None, "nothing is known");
    }
}
