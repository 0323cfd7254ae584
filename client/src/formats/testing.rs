//! Cases for tests of formats.

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::Exported;
use crate::casebook::Case;
use crate::lang::Lang;
use crate::model::{Thread, Transport};
use crate::referral::{Document, Kind, SendContext};

/// A day in 2026.
pub(super) const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// A sample of the documentation as it is sent.
pub(super) fn sample(kind: &str) -> Map<String, Value> {
    let text: &[u8] = match kind {
        "MPR" => include_bytes!("../../../docs/samples/missing-person.json"),
        _ => include_bytes!("../../../docs/samples/border-alert.json"),
    };
    let mut document = Document::parse(Kind::from_code(kind).unwrap(), text).unwrap();
    document.complete(&SendContext {
        now: NOW,
        author: "7".into(),
        organisation: "Hotline".into(),
        country: "MD".into(),
        exercise: false,
        priority: None,
        case_ref: "MD-2026-000001".into(),
        packet_id: PacketId([7; 32]).to_string(),
    });
    document.fields
}

/// A case of ours with a document.
pub(super) fn case(kind: &str, document: Map<String, Value>) -> Case {
    let thread = Thread {
        case: [1; 32],
        root: PacketId([7; 32]),
        kind: kind.into(),
        peer: OrgId([2; 32]),
        ours: true,
        priority: Priority::P0,
        begun: NOW,
        respond_by: NOW,
        work: "sent".into(),
        events: Vec::new(),
        waiting: Vec::new(),
    };
    Case { thread, document, transport: Transport::Delivered, steps: Vec::new() }
}

/// The same on its way out.
pub(super) fn exported(case: &Case) -> Exported<'_> {
    Exported {
        case,
        own: OrgId([1; 32]),
        own_name: "Hotline".into(),
        peer_name: "Border desk".into(),
        now: NOW,
        domain: "hotline.example.org".into(),
        lang: Lang::En,
        public: false,
    }
}
