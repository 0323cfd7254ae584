//! The next organisation: only ever one that the sender has named in the signed header, and only what it may see.

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::course::{self, header_of};
use super::named;
use crate::casebook;
use crate::consents;
use crate::engine::threads::{kind_of, moment};
use crate::engine::{Draft, Engine, EngineError};
use crate::model::{PACKET_REFERRAL, StoredSection, Thread};
use crate::records;
use crate::referral::access::{self, Protection, Question, Role};
use crate::referral::sections::HDR;
use crate::referral::{Document, Kind, Section, SectionCode, deadlines, pseudonym};
use crate::seal::packet::HEADER_SECTION;
use crate::vault::Changes;

/// Fields that say what became of the first copy.
const OF_THE_FIRST: [&str; 4] = ["sections", "recipients", "location_expires", "attachments"];

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
    let Some(first) = first_copy(&root.sections, document) else { return Ok(None) };
    for entry in listed {
        let Some(org) = meant(engine, &entry).await.filter(|org| !tried.contains(org)) else { continue };
        if !cleared_copy(engine, org, &first, engine.now()).await?.is_empty() {
            return Ok(Some(org));
        }
    }
    Ok(None)
}

/// The member that an entry of the list names; none if it is suspended, or we ourselves.
async fn meant(engine: &Engine, entry: &Value) -> Option<OrgId> {
    let member = member(engine, entry).await?;
    let replica = engine.replica.lock().await;
    let org = replica.directory.organisation(member)?;
    org.suspended.is_none().then_some(org.id)
}

/// The member that an entry of a list names; none if nobody or more than one is called that, or we ourselves are.
pub(crate) async fn member(engine: &Engine, entry: &Value) -> Option<OrgId> {
    let text = |field: &str| entry.get(field).and_then(Value::as_str);
    let number = text("org_id").and_then(|id| id.parse::<OrgId>().ok());
    let named = text("name");
    let replica = engine.replica.lock().await;
    let mut all = replica.directory.organisations().filter(|org| match number {
        Some(number) => org.id == number,
        None => named == Some(org.name.as_str()),
    });
    let org = all.next().filter(|_| all.next().is_none())?.id;
    (org != engine.identity.org).then_some(org)
}

/// The sections that were decided for an organisation of the list when the referral was sent, on the whole document. What
/// is kept here is the copy of the first recipient, which need not say whom she fears or what she withholds: without that
/// decision nobody can be sure, and nothing goes.
fn cleared(document: &Document, org: OrgId) -> Vec<SectionCode> {
    let number = org.to_string();
    let listed = document.fields.get("fallback").and_then(Value::as_array);
    let entry = listed.into_iter().flatten().find(|entry| entry["org_id"] == *number);
    let sections = entry.and_then(|entry| entry["sections"].as_array()).into_iter().flatten();
    sections.filter_map(|code| Some(SectionCode(code.as_str()?.as_bytes().try_into().ok()?))).collect()
}

/// What an organisation of the list gets: of what it may have now only what was decided for it then.
async fn cleared_copy(
    engine: &Engine,
    org: OrgId,
    first: &Document,
    now: Timestamp,
) -> Result<Vec<Section>, EngineError> {
    let cleared = cleared(first, org);
    let mut copy = copy_for(engine, org, first, now).await?;
    if !cleared.contains(&HDR) {
        return Ok(Vec::new());
    }
    copy.retain(|section| cleared.contains(&section.code));
    if let Some(Value::Array(listed)) = copy.first_mut().and_then(|header| header.json.get_mut("sections")) {
        listed.retain(|entry| cleared.iter().any(|code| entry["code"] == *code.to_string()));
    }
    Ok(copy)
}

/// What the first recipient has, without what says so.
fn first_copy(sections: &[StoredSection], fields: Map<String, Value>) -> Option<Document> {
    let mut document = Document::empty(Kind::from_code(&kind_of(sections))?);
    document.fields = fields;
    OF_THE_FIRST.iter().for_each(|field| drop(document.fields.remove(*field)));
    // Made with a key of one workstation; what is sent on is the same from all of them.
    pseudonym::forget(&mut document.fields);
    Some(document)
}

/// Organisations that have this referral already, by whichever packet.
fn tried(engine: &Engine, thread: &Thread, document: &Map<String, Value>) -> Result<Vec<OrgId>, EngineError> {
    let first = first_packet(thread, document.get("root_packet"));
    let mut tried = vec![thread.peer];
    for other in records::threads_where(&engine.vault, |line| line.ours)? {
        let same = other.root == thread.root
            || header_of(engine, &other)?
                .is_some_and(|header| first_packet(&other, header.get("root_packet")) == first);
        if same {
            tried.push(other.peer);
        }
    }
    Ok(tried)
}

/// The packet with which it all began, by what a header names.
pub(crate) fn first_packet(thread: &Thread, named: Option<&Value>) -> String {
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
    let Some(document) = first_copy(&root.sections, casebook::document(&root.sections)) else {
        return Ok(false);
    };
    let first = named(&[b"forwarded", &thread.root.0, &to.0]);
    let (packet, case) = (PacketId(first), thread_of_copy(thread.root, to));
    if records::thread(&engine.vault, &case)?.is_some() {
        return Ok(false);
    }
    let copy = cleared_copy(engine, to, &document, now).await?;
    if copy.is_empty() {
        return Ok(false);
    }
    let respond_by = deadlines::respond_by(thread.priority, now);
    let begun = first_packet(thread, document.fields.get("root_packet"));
    let mut sections = Vec::with_capacity(copy.len());
    for mut section in copy {
        // What was attached lies at the relay for the first recipients only.
        section.json.remove("attachments");
        if section.code.0 == HEADER_SECTION {
            section.json.insert("packet_id".into(), packet.to_string().into());
            section.json.insert("root_packet".into(), begun.clone().into());
            section.json.insert("created".into(), moment(now).into());
            section.json.insert("respond_by".into(), moment(respond_by).into());
        }
        let bytes = Value::Object(section.json).to_string().into_bytes();
        sections.push(StoredSection { code: section.code.0, bytes });
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
    if let Some(arrival) = course::arrival(engine, thread)? {
        course::keep_arrival(&mut changes, draft.case, arrival);
    }
    engine.queue(vec![draft], changes).await?;
    Ok(true)
}

/// The thread in which a referral goes on that was sent on to somebody: the same on all devices.
pub(super) fn thread_of_copy(root: PacketId, to: OrgId) -> [u8; 32] {
    named(&[b"forwarded thread", &root.0, &to.0])
}

/// What of a referral that was built for another organisation this one may have: nothing that the first one had not, and of that
/// what [`access`] decides for it. Empty: it must have nothing.
pub(crate) async fn copy_for(
    engine: &Engine,
    org: OrgId,
    document: &Document,
    now: Timestamp,
) -> Result<Vec<Section>, EngineError> {
    let Some(recipient) = engine.recipient(org).await else { return Ok(Vec::new()) };
    let Some(role) = Role::of(&recipient.kind, document.kind.code()) else { return Ok(Vec::new()) };
    let agreements = consents::agreements_with(&engine.vault, org)?;
    let withdrawn = consents::ended(&engine.vault, consents::consent_ref(&document.fields))?;
    let protection = if role.is_of_a_state() {
        consents::protection::known(&engine.vault, &document.fields)?
    } else {
        Protection::default()
    };
    let made_from = consents::named(&document.fields);
    let origins = consents::origins(&engine.vault, &made_from, |org| org.short())?;
    let decisions = access::decide(&Question {
        document,
        recipient: &recipient,
        agreements: &agreements,
        // Whoever decided without consent decided about those who got it first.
        overridden: None,
        withdrawn: &withdrawn,
        protection: &protection,
        origins: &origins,
        files: &[],
        now,
    });
    Ok(access::copy_for(document, role, &decisions, now))
}
