//! What the vault holds, as people see it: each case with the document of its referral and what was done about it.
//!
//! Everything that looks over many cases (matching, search, statistics, formats, retention) reads through here.

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::model::{Event, StoredSection, Thread, Transport};
use crate::records::{self, RecordError, Source};
use crate::referral::update::Update;
use crate::referral::values::moment_or_later;
use crate::referral::{Section, SectionCode, merge};
use crate::vault::Vault;

/// A case.
pub struct Case {
    /// Its thread.
    pub thread: Thread,
    /// The referral that began it, put together again from the sections that this device may read.
    pub document: Map<String, Value>,
    /// How far the referral itself has come.
    pub transport: Transport,
    /// The steps in their order, each with the update that carried it; receipts and the sending have none.
    pub steps: Vec<(Event, Option<Update>)>,
}
no_content_in_debug!(Case);

impl Case {
    /// Reads a case. Of a thread whose first packet has not come yet the document is empty.
    pub fn of(from: &dyn Source, thread: Thread) -> Result<Self, RecordError> {
        Self::read(from, thread, None)
    }

    /// The same for whoever shows it or takes it out of the vault now: a place that was told for some hours is not in it
    /// afterwards.
    pub fn of_at(from: &dyn Source, thread: Thread, now: Timestamp) -> Result<Self, RecordError> {
        Self::read(from, thread, Some(now))
    }

    fn read(from: &dyn Source, thread: Thread, now: Option<Timestamp>) -> Result<Self, RecordError> {
        let received = records::received(from, thread.root)?;
        let sent = if thread.ours { records::sent(from, thread.root, thread.peer)? } else { None };
        let transport = match (&received, &sent) {
            (_, Some(sent)) => sent.transport,
            (Some(received), None) if received.opened.0 != 0 => Transport::Opened,
            _ => Transport::Delivered,
        };
        let sections = sent.map(|sent| sent.sections).or_else(|| received.map(|received| received.sections));
        let mut sections = sections.unwrap_or_default();
        if let Some(now) = now {
            sections.iter_mut().for_each(|section| hide_expired(section, now));
        }
        let steps = thread.events.iter().map(|event| Ok((event.clone(), update(from, &thread, event)?)));
        let steps = steps.collect::<Result<_, RecordError>>()?;
        Ok(Self { document: document(&sections), transport, steps, thread })
    }

    /// Every case of this home, one after the other: many do not fit into memory at once.
    pub fn each(vault: &Vault) -> impl Iterator<Item = Result<Self, RecordError>> + use<'_> {
        records::each_thread(vault).map(move |thread| Self::of(vault, thread?))
    }

    /// The same with [`Self::of_at`], for whoever needs them all.
    pub fn all_at(vault: &Vault, now: Timestamp) -> Result<Vec<Self>, RecordError> {
        records::each_thread(vault).map(|thread| Self::of_at(vault, thread?, now)).collect()
    }

    /// Whether it was invented to practise.
    pub fn is_exercise(&self) -> bool {
        matches!(self.document.get("mode").and_then(Value::as_str), Some("exercise" | "test"))
    }
}

/// Field that says until when a place may be shown.
const EXPIRES: &str = "location_expires";

/// A place that was told for some hours is not shown afterwards; that it was told is.
pub fn unless_expired(content: Value, now: Timestamp) -> Value {
    let until = content.get(EXPIRES).and_then(Value::as_str).map(str::to_owned);
    let over = until.as_deref().is_some_and(|text| moment_or_later(text, now).is_none_or(|at| at <= now));
    if over { json!({ EXPIRES: until, "expired": true }) } else { content }
}

/// Whether a section tells a place whose hours are over.
pub fn is_expired(section: &StoredSection, now: Timestamp) -> bool {
    let content: Value = serde_json::from_slice(&section.bytes).unwrap_or_default();
    content.get(EXPIRES).is_some() && unless_expired(content, now).get("expired").is_some()
}

fn hide_expired(section: &mut StoredSection, now: Timestamp) {
    if is_expired(section, now) {
        let content = serde_json::from_slice(&section.bytes).unwrap_or_default();
        section.bytes = unless_expired(content, now).to_string().into_bytes();
    }
}

/// The document in the sections of a packet; what is no JSON object is left out.
pub fn document(sections: &[StoredSection]) -> Map<String, Value> {
    merge(sections.iter().filter_map(|section| {
        let json = serde_json::from_slice(&section.bytes).ok()?;
        Some(Section { code: SectionCode(section.code), json })
    }))
}

fn update(from: &dyn Source, thread: &Thread, event: &Event) -> Result<Option<Update>, RecordError> {
    if event.after == PacketId([0; 32]) {
        return Ok(None);
    }
    let sections = if event.by == thread.peer {
        records::received(from, event.packet)?.map(|received| received.sections)
    } else {
        records::sent(from, event.packet, thread.peer)?.map(|sent| sent.sections)
    };
    Ok(sections.unwrap_or_default().iter().find_map(|section| Update::read(&section.bytes)))
}

/// Cases as tests need them.
#[cfg(test)]
pub(crate) mod tests {
    use causeway_common::ids::OrgId;
    use causeway_common::priority::Priority;
    use causeway_common::time::Timestamp;

    use super::*;

    #[test]
    fn a_place_is_shown_until_it_expires() {
        let place = json!({ "address": "Street 1", EXPIRES: "1970-01-01T01:00:00Z" });
        let hour = Timestamp(60 * 60 * 1000);
        assert_eq!(unless_expired(place.clone(), Timestamp(hour.0 - 1)), place);
        assert_eq!(unless_expired(place.clone(), hour)["address"], Value::Null);
        let never = json!({ "address": "Street 1" });
        assert_eq!(unless_expired(never.clone(), hour), never);
        assert_eq!(unless_expired(json!({ "a": 1, EXPIRES: "soon" }), hour)["a"], Value::Null);
        let mut section = StoredSection { code: *b"LOC", bytes: place.to_string().into_bytes() };
        hide_expired(&mut section, Timestamp(hour.0 - 1));
        assert!(
            !is_expired(&section, Timestamp(0))
                && document(std::slice::from_ref(&section)).contains_key("address")
        );
        hide_expired(&mut section, hour);
        assert!(!document(&[section]).contains_key("address"));
    }

    /// A case with this document and no steps.
    pub(crate) fn case(kind: &str, document: Value) -> Case {
        let thread = Thread {
            case: [1; 32],
            root: PacketId([1; 32]),
            kind: kind.to_owned(),
            peer: OrgId([2; 32]),
            ours: true,
            priority: Priority::P1,
            begun: Timestamp(0),
            respond_by: Timestamp(0),
            work: "sent".to_owned(),
            events: Vec::new(),
            waiting: Vec::new(),
        };
        let document = document.as_object().cloned().unwrap_or_default();
        Case { thread, document, transport: Transport::Relayed, steps: Vec::new() }
    }
}
