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

/// The next organisation on the list of a referral of ours that is a member, is not suspended and has not got it; none if there is
/// none.
pub fn next(engine: &Engine, thread: &Thread) -> Result<Option<OrgId>, EngineError> {
    if !thread.ours {
        return Ok(None);
    }
    let Some(header) = header_of(engine, thread)? else { return Ok(None) };
    let Ok(replica) = engine.replica.try_lock() else { return Ok(None) };
    let tried = tried(engine, thread, &header)?;
    let listed = header.get("fallback").and_then(Value::as_array);
    let meant = listed.into_iter().flatten().filter_map(|entry| {
        let text = |field: &str| entry.get(field).and_then(Value::as_str);
        let by_number = text("org_id").and_then(|id| id.parse::<OrgId>().ok());
        let mut all = replica.directory.organisations();
        all.find(|org| by_number.map_or(text("name") == Some(org.name.as_str()), |id| org.id == id))
    });
    let own = engine.identity.org;
    let mut fit = meant.filter(|org| org.suspended.is_none() && org.id != own && !tried.contains(&org.id));
    Ok(fit.next().map(|org| org.id))
}

/// Organisations that have this referral already, by whichever packet.
fn tried(engine: &Engine, thread: &Thread, header: &Value) -> Result<Vec<OrgId>, EngineError> {
    let first = first_packet(thread, header);
    let mut tried = vec![thread.peer];
    for other in records::all_threads(&engine.vault)?.into_iter().filter(|other| other.ours) {
        let same = other.root == thread.root
            || header_of(engine, &other)?.is_some_and(|header| first_packet(&other, &header) == first);
        if same {
            tried.push(other.peer);
        }
    }
    Ok(tried)
}

/// The packet with which it all began.
fn first_packet(thread: &Thread, header: &Value) -> String {
    header.get("root_packet").and_then(Value::as_str).map_or_else(|| thread.root.to_string(), str::to_owned)
}

/// Sends the referral of a thread to another organisation. False: it has it already, or must not have it. Every device of this
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
    if records::thread(&engine.vault, &case)?.is_some() || !may_have(engine, &document, to).await {
        return Ok(false);
    }
    let mut sections = sections_for(engine, to, &document, &root.sections).await;
    let respond_by = deadlines::respond_by(thread.priority, now);
    let begun = document.get("root_packet").and_then(Value::as_str).unwrap_or_default();
    let begun = if begun.is_empty() { thread.root.to_string() } else { begun.to_owned() };
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
async fn may_have(engine: &Engine, document: &Map<String, Value>, to: OrgId) -> bool {
    let replica = engine.replica.lock().await;
    let Some(org) = replica.directory.organisation(to) else { return false };
    let kind = document.get("kind").and_then(Value::as_str).and_then(Kind::from_code);
    let Some(kind) = kind else { return false };
    let mut whole = Document::empty(kind);
    whole.fields.clone_from(document);
    whole.refuses(&org.kind, &org.country).is_none()
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
            text("org_id").map_or(text("role") == Some(role), |id| id == org.to_string())
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
