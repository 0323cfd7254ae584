//! What the vault holds, as people see it: each case with the document of its referral and what was done about it.
//!
//! Everything that looks over many cases (matching, search, statistics, formats, retention) reads through here.

use causeway_common::ids::PacketId;
use serde_json::{Map, Value};

use crate::model::{Event, StoredSection, Thread, Transport};
use crate::records::{self, RecordError, Source};
use crate::referral::update::Update;
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
        let received = records::received(from, thread.root)?;
        let sent = if thread.ours { records::sent(from, thread.root, thread.peer)? } else { None };
        let transport = match (&received, &sent) {
            (_, Some(sent)) => sent.transport,
            (Some(received), None) if received.opened.0 != 0 => Transport::Opened,
            _ => Transport::Delivered,
        };
        let sections = sent.map(|sent| sent.sections).or_else(|| received.map(|received| received.sections));
        let steps = thread.events.iter().map(|event| Ok((event.clone(), update(from, &thread, event)?)));
        let steps = steps.collect::<Result<_, RecordError>>()?;
        Ok(Self { document: document(&sections.unwrap_or_default()), transport, steps, thread })
    }

    /// Every case of this home.
    pub fn all(vault: &Vault) -> Result<Vec<Self>, RecordError> {
        records::all_threads(vault)?.into_iter().map(|thread| Self::of(vault, thread)).collect()
    }

    /// Whether it was invented to practise.
    pub fn is_exercise(&self) -> bool {
        matches!(self.document.get("mode").and_then(Value::as_str), Some("exercise" | "test"))
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
