//! The next organisation: only ever one that the sender has named in the signed header, and only what it may see.

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::course::header_of;
use super::named;
use crate::casebook;
use crate::engine::threads::{kind_of, moment};
use crate::engine::{Draft, Engine, EngineError};
use crate::model::{PACKET_REFERRAL, StoredSection, Thread};
use crate::records;
use crate::referral::{Document, Kind, deadlines};
use crate::seal::packet::HEADER_SECTION;
use crate::vault::Changes;

/// Sections that a packet cannot be read or answered without.
const ALWAYS: [[u8; 3]; 3] = [HEADER_SECTION, *b"CNS", *b"OPS"];
/// Sections that go to nobody whom the person has not been told about: where she is, and what could happen to her.
const GUARDED: [[u8; 3]; 2] = [*b"LOC", *b"RSK"];

/// Whether the sender has said that it goes on without being asked.
pub(super) fn is_automatic(engine: &Engine, thread: &Thread) -> Result<bool, EngineError> {
    Ok(thread.ours && header_of(engine, thread)?.is_some_and(|header| header["auto_fallback"] == true))
}

/// The next organisation on the list of a referral of ours that is a member, is not suspended, may have it and has not got it;
/// none if there is none.
pub async fn next(engine: &Engine, thread: &Thread) -> Result<Option<OrgId>, EngineError> {
    if !thread.ours {
        return Ok(None);
    }
    let Some(root) = records::sent(&engine.vault, thread.root, thread.peer)? else { return Ok(None) };
    let document = casebook::document(&root.sections);
    let listed = document.get("fallback").and_then(Value::as_array).cloned().unwrap_or_default();
    if listed.is_empty() {
        return Ok(None);
    }
    let tried = tried(engine, thread, &document)?;
    let replica = engine.replica.lock().await;
    for entry in listed {
        let text = |field: &str| entry.get(field).and_then(Value::as_str);
        let number = text("org_id").and_then(|id| id.parse::<OrgId>().ok());
        let named = text("name");
        let mut all = replica.directory.organisations();
        let meant = all.find(|org| match number {
            Some(number) => org.id == number,
            None => named == Some(org.name.as_str()),
        });
        let Some(org) = meant.filter(|org| org.suspended.is_none() && org.id != engine.identity.org) else {
            continue;
        };
        if !tried.contains(&org.id) && may_have(&document, &org.kind, &org.country) {
            return Ok(Some(org.id));
        }
    }
    Ok(None)
}

/// Organisations that have this referral already, by whichever packet.
fn tried(engine: &Engine, thread: &Thread, document: &Map<String, Value>) -> Result<Vec<OrgId>, EngineError> {
    let first = first_packet(thread, document.get("root_packet"));
    let mut tried = vec![thread.peer];
    for other in records::all_threads(&engine.vault)?.into_iter().filter(|other| other.ours) {
        let same = other.root == thread.root
            || header_of(engine, &other)?
                .is_some_and(|header| first_packet(&other, header.get("root_packet")) == first);
        if same {
            tried.push(other.peer);
        }
    }
    Ok(tried)
}

/// The packet with which it all began.
fn first_packet(thread: &Thread, named: Option<&Value>) -> String {
    named.and_then(Value::as_str).map_or_else(|| thread.root.to_string(), str::to_owned)
}

/// Sends the referral of a thread to an organisation that [`next`] has named. False: it has it already. Every device of this
/// organisation makes the same packet in the same thread, so that it counts once.
pub async fn forward(
    engine: &Engine,
    thread: &Thread,
    to: OrgId,
    now: Timestamp,
) -> Result<bool, EngineError> {
    let Some(root) = records::sent(&engine.vault, thread.root, thread.peer)? else { return Ok(false) };
    let document = casebook::document(&root.sections);
    let first = named(&[b"forwarded", &thread.root.0, &to.0]);
    let (packet, case) = (PacketId(first), named(&[b"forwarded thread", &thread.root.0, &to.0]));
    if records::thread(&engine.vault, &case)?.is_some() {
        return Ok(false);
    }
    let mut sections = sections_for(engine, to, &document, &root.sections).await;
    let respond_by = deadlines::respond_by(thread.priority, now);
    let begun = first_packet(thread, document.get("root_packet"));
    for section in &mut sections {
        let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(&section.bytes) else { continue };
        // What was attached lies at the relay for the first recipients only.
        fields.remove("attachments");
        if section.code == HEADER_SECTION {
            fields.insert("packet_id".into(), packet.to_string().into());
            fields.insert("root_packet".into(), begun.clone().into());
            fields.insert("created".into(), moment(now).into());
            fields.insert("respond_by".into(), moment(respond_by).into());
        }
        section.bytes = Value::Object(fields).to_string().into_bytes();
    }
    let draft = Draft {
        packet,
        case,
        packet_type: PACKET_REFERRAL,
        kind: kind_of(&root.sections),
        to,
        priority: thread.priority,
        in_reply_to: None,
        sections,
    };
    let mut changes = Changes::default();
    engine.thread_begun(&draft, respond_by, &mut changes);
    engine.queue(vec![draft], changes).await?;
    Ok(true)
}

/// Some referrals must not go to some organisations, whoever is on the list.
fn may_have(document: &Map<String, Value>, org_kind: &str, country: &str) -> bool {
    let kind = document.get("kind").and_then(Value::as_str).and_then(Kind::from_code);
    kind.is_some_and(|kind| {
        let mut whole = Document::empty(kind);
        whole.fields.clone_from(document);
        whole.refuses(org_kind, country).is_none()
    })
}

/// The sections that an organisation may have of a referral that was built for another one: what the person has agreed to for
/// this organisation or its role, if there is a consent record; otherwise what the first recipient has but for the guarded
/// sections.
pub async fn sections_for(
    engine: &Engine,
    org: OrgId,
    document: &Map<String, Value>,
    sections: &[StoredSection],
) -> Vec<StoredSection> {
    let replica = engine.replica.lock().await;
    let role = replica.directory.organisation(org).map_or("", |org| role_of(&org.kind));
    let scope = document.get("consent").and_then(|consent| consent.get("scope")).and_then(Value::as_array);
    let granted: Option<Vec<&str>> = scope.map(|scope| {
        let meant = scope.iter().filter(|entry| {
            let text = |field: &str| entry.get(field).and_then(Value::as_str);
            match text("org_id") {
                Some(id) => id == org.to_string(),
                None => text("role") == Some(role),
            }
        });
        let codes = meant.filter_map(|entry| entry.get("sections")?.as_array());
        codes.flatten().filter_map(Value::as_str).collect()
    });
    let may = |code: [u8; 3]| {
        let granted = granted.as_ref().map_or_else(
            || !GUARDED.contains(&code),
            |granted| granted.iter().any(|listed| listed.as_bytes() == code),
        );
        ALWAYS.contains(&code) || granted
    };
    sections.iter().filter(|section| may(section.code)).cloned().collect()
}

/// The role of a kind of organisation.
fn role_of(kind: &str) -> &'static str {
    match kind {
        "hotline" => "HOT",
        "ngo" => "NGO",
        "shelter" => "SHL",
        "police" => "POL",
        "border" | "border_guard" => "BRD",
        "embassy" => "EMB",
        "prosecutor" | "prosecution" => "PRO",
        "medical" => "MDC",
        _ => "",
    }
}
