//! What becomes of consents after sending: withdrawals and whether everybody has confirmed them, decisions that somebody
//! has to look at again, what an originator has approved, and what is agreed with other organisations.

use std::ops::Bound;
use std::time::Duration;

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::casebook::Case;
use crate::engine::threads::header;
use crate::model::{Received, Thread};
use crate::records::{self, RecordError};
use crate::referral::SectionCode;
use crate::referral::access::{Agreement, Origin};
use crate::referral::lifecycle::Action;
use crate::referral::sections::HDR;
use crate::vault::{Changes, Tree, Vault};

pub mod protection;

/// Whoever has something of a person who withdraws her consent says within this time what has become of it.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(72 * 60 * 60);
/// Longest name of an agreement, in bytes.
pub const AGREEMENT_ID_MAX: usize = 120;
/// Field of an update that says which consent is withdrawn, for what and by whom.
pub const WITHDRAWAL: &str = "consent";
/// Field of an update that says what may be handed on to whom.
pub const ONWARD: &str = "onward";

const REVIEW: &[u8] = b"review";
const WITHDRAWN: &[u8] = b"withdrawn";

/// A decision or a task that somebody looks at again until it is settled.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The referral.
    pub packet: PacketId,
    /// `override`, or `guardian` for a child for whom nobody is appointed yet.
    pub what: String,
    /// Code of the reason; empty for a guardian.
    pub reason: String,
    /// Reason in words.
    pub text: String,
    /// Number of the person who decided.
    pub decided_by: String,
    /// Number of the one who agreed; empty where nobody had the time.
    pub second_person: String,
    /// When.
    pub at: Timestamp,
    /// Until when somebody looks at it.
    pub review_by: Timestamp,
    /// When somebody did; zero before.
    pub settled: Timestamp,
    /// Number of that person.
    pub settled_by: String,
    /// What came of it.
    pub outcome: String,
}
no_content_in_debug!(Review);

impl Review {
    /// Whether nobody has looked at it in time.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.settled == Timestamp(0) && self.review_by < now
    }
}

fn review_key(packet: PacketId, what: &str) -> Vec<u8> {
    [REVIEW, &packet.0[..], what.as_bytes()].concat()
}

/// Stores it. It names people in words, and one packet can stand in several cases: it has a key under the packet's name, which
/// is destroyed with the last of them.
pub fn put_review(changes: &mut Changes, review: &Review) {
    records::write_of(
        changes,
        Some(review.packet.0),
        Tree::Consents,
        &review_key(review.packet, &review.what),
        review,
    );
}

/// Forgets what is to be looked at again about a packet. Its key is the caller's to destroy.
pub(crate) fn forget_reviews(vault: &Vault, changes: &mut Changes, packet: PacketId) {
    let begins = [REVIEW, &packet.0[..]].concat();
    for id in records::ids_with_prefix(vault, Tree::Consents, &begins) {
        changes.delete(Tree::Consents, &id);
    }
}

/// All of them, the most urgent first.
pub fn reviews(vault: &Vault) -> Result<Vec<Review>, RecordError> {
    let mut all: Vec<Review> = below(vault, Tree::Consents, REVIEW)?;
    all.sort_by_key(|review| (review.settled != Timestamp(0), review.review_by));
    Ok(all)
}

fn below<T: serde::de::DeserializeOwned + Serialize>(
    vault: &Vault,
    tree: Tree,
    prefix: &[u8],
) -> Result<Vec<T>, RecordError> {
    let ids = records::ids_with_prefix(vault, tree, prefix);
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(records::read(vault, tree, &id)?);
    }
    Ok(all)
}

/// A consent that was taken back, and what each side has to do about it.
pub struct Withdrawal {
    /// Between whom.
    pub thread: Thread,
    /// The update that says so.
    pub packet: PacketId,
    /// When it was written or came.
    pub at: Timestamp,
    /// Number of the consent; empty if there was none.
    pub consent_ref: String,
    /// Who took it back: a code.
    pub by: String,
    /// For which sections; empty for all.
    pub sections: Vec<String>,
    /// In words.
    pub text: String,
    /// What the recipient has said.
    pub answer: Option<Answer>,
}
no_content_in_debug!(Withdrawal);

/// What a recipient says about a withdrawal.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// When.
    pub at: Timestamp,
    /// The ground on which it keeps what it has; empty if it is erased.
    pub ground: String,
}
no_content_in_debug!(Answer);

impl Withdrawal {
    /// Until when the recipient answers.
    pub fn due(&self) -> Timestamp {
        self.at.plus(CONFIRM_WITHIN)
    }

    /// Whether it has not answered in time.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.answer.is_none() && self.due() < now
    }

    /// The sections that it is about; none if it is about everything.
    pub fn parts(&self) -> Option<Vec<[u8; 3]>> {
        let codes = self.sections.iter().filter_map(|code| code.as_bytes().try_into().ok());
        (!self.sections.is_empty()).then(|| codes.collect())
    }

    /// Whether we are the one who has to answer.
    pub fn is_for_us(&self) -> bool {
        !self.thread.ours
    }
}

/// All withdrawals that this home has said or been told. They are read from the threads, so that every device of the
/// organisation knows the same.
pub fn withdrawals(vault: &Vault) -> Result<Vec<Withdrawal>, RecordError> {
    let mut all = Vec::new();
    for thread in records::each_thread(vault) {
        let thread = thread?;
        if thread.events.iter().any(|event| event.what == Action::ConsentWithdrawn.as_str()) {
            all.extend(withdrawals_of(&Case::of(vault, thread)?));
        }
    }
    all.sort_by_key(|withdrawal| withdrawal.at);
    Ok(all)
}

/// Those of one case.
pub fn withdrawals_of(case: &Case) -> Vec<Withdrawal> {
    let sender = |by: OrgId| (by == case.thread.peer) != case.thread.ours;
    let mut found = Vec::new();
    for (place, (event, update)) in case.steps.iter().enumerate() {
        if event.what != Action::ConsentWithdrawn.as_str() || event.taken_back || !sender(event.by) {
            continue;
        }
        let said = update.as_ref().and_then(|u| u.other.get(WITHDRAWAL)).and_then(Value::as_object);
        let field = |name: &str| said.and_then(|s| s.get(name)).and_then(Value::as_str).unwrap_or_default();
        let sections = said.and_then(|s| s.get("sections")).and_then(Value::as_array);
        let answered = case.steps.iter().skip(place + 1).find(|(event, _)| {
            let answers = [Action::EraseDone.as_str(), Action::EraseRefuse.as_str()];
            answers.contains(&event.what.as_str()) && !event.taken_back && !sender(event.by)
        });
        found.push(Withdrawal {
            packet: event.packet,
            at: event.at,
            consent_ref: field("consent_ref").to_owned(),
            by: field("by").to_owned(),
            sections: sections.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            text: update.as_ref().map(|u| u.text.clone()).unwrap_or_default(),
            answer: answered.map(|(event, update)| Answer {
                at: event.at,
                ground: update.as_ref().map(|u| u.reason.clone()).unwrap_or_default(),
            }),
            thread: case.thread.clone(),
        });
    }
    found
}

/// A consent that no later packet rests on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ended {
    consent_ref: String,
    sections: Vec<String>,
    at: Timestamp,
}

/// Remembers that a consent was taken back, also when the cases that rested on it are erased.
pub fn put_ended(changes: &mut Changes, consent_ref: &str, sections: &[String], at: Timestamp) {
    let ended = Ended { consent_ref: consent_ref.into(), sections: sections.to_vec(), at };
    let key = [WITHDRAWN, &at.0.to_be_bytes()[..], consent_ref.as_bytes()].concat();
    records::write(changes, Tree::Consents, &key, &ended);
}

/// For which sections a consent was taken back, here or as the partner has told from whom it came; the header stands for
/// everything.
pub fn ended(vault: &Vault, consent_ref: &str) -> Result<Vec<SectionCode>, RecordError> {
    if consent_ref.is_empty() || consent_ref == "none" {
        return Ok(Vec::new());
    }
    let here = below::<Ended>(vault, Tree::Consents, WITHDRAWN)?;
    let here = here.into_iter().filter(|e| e.consent_ref == consent_ref).map(|e| e.sections);
    let mut told = withdrawals(vault)?;
    told.retain(|withdrawal| withdrawal.consent_ref == consent_ref);
    // Whoever has seen the number of a consent could stop the search for somebody with it.
    if told.iter().any(Withdrawal::is_for_us) {
        let givers = givers(vault, consent_ref)?;
        told.retain(|withdrawal| !withdrawal.is_for_us() || givers.contains(&withdrawal.thread.peer));
    }
    let told = told.into_iter().map(|withdrawal| withdrawal.sections);
    let mut found = Vec::new();
    for sections in here.chain(told) {
        if sections.is_empty() {
            found.push(HDR);
        }
        found.extend(sections.iter().filter_map(|s| Some(SectionCode(s.as_bytes().try_into().ok()?))));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The organisations that have sent us a consent; nobody if it was here before, for then it is ours.
fn givers(vault: &Vault, consent: &str) -> Result<Vec<OrgId>, RecordError> {
    let mut bearing = Vec::new();
    for case in Case::each(vault) {
        let case = case?;
        if consent_ref(&case.document) == consent {
            bearing.push(case.thread);
        }
    }
    bearing.sort_by_key(|thread| (thread.begun, !thread.ours));
    if bearing.first().is_none_or(|first| first.ours) {
        return Ok(Vec::new());
    }
    Ok(bearing.into_iter().filter(|thread| !thread.ours).map(|thread| thread.peer).collect())
}

/// Whether the one who withdraws a consent is the one it came from. What is withdrawn without a number is about its own
/// case only.
pub fn may_withdraw(vault: &Vault, withdrawal: &Withdrawal) -> Result<bool, RecordError> {
    let number = withdrawal.consent_ref.as_str();
    Ok(!withdrawal.is_for_us()
        || number.is_empty()
        || givers(vault, number)?.contains(&withdrawal.thread.peer))
}

/// Threads of ours to whose recipients a withdrawal goes on: made from its case, or resting on the consent that it takes
/// back, if it may. The same withdrawal is not said twice.
pub fn handed_on(vault: &Vault, withdrawal: &Withdrawal) -> Result<Vec<Case>, RecordError> {
    let consent = if may_withdraw(vault, withdrawal)? { withdrawal.consent_ref.as_str() } else { "" };
    let said = |case: &Case| withdrawals_of(case).iter().any(|other| other.sections == withdrawal.sections);
    let concerns = |other: &Case| {
        other.thread.ours
            && (named(&other.document).contains(&withdrawal.thread.root)
                || (!consent.is_empty() && consent_ref(&other.document) == consent))
            && !said(other)
    };
    Case::each(vault).filter(|other| other.as_ref().is_ok_and(&concerns) || other.is_err()).collect()
}

/// Threads of ours about the same person's case: of the same packet, number, or consent, or built on it.
pub fn past_recipients(vault: &Vault, case: &Case) -> Result<Vec<Case>, RecordError> {
    let (root, number, consent) =
        (case.thread.root, text(&case.document, "case_ref"), consent_ref(&case.document));
    let same = |other: &Case| {
        other.thread.root == root
            || (!number.is_empty() && text(&other.document, "case_ref") == number)
            || (!consent.is_empty() && consent_ref(&other.document) == consent)
            || named(&other.document).contains(&root)
    };
    let mut found = Vec::new();
    for thread in records::threads_where(vault, |line| line.ours && line.root.0 != [0; 32])? {
        let other = Case::of(vault, thread)?;
        if same(&other) {
            found.push(other);
        }
    }
    Ok(found)
}

/// The number of the consent that a document rests on; empty for none. The record of consent says it before the header
/// does.
pub fn consent_ref(document: &Map<String, Value>) -> &str {
    let recorded =
        document.get("consent").and_then(|consent| consent.get("consent_id")).and_then(Value::as_str);
    let found = recorded.filter(|id| !id.is_empty()).unwrap_or_else(|| text(document, "consent_ref"));
    if found == "none" { "" } else { found }
}

fn text<'a>(document: &'a Map<String, Value>, name: &str) -> &'a str {
    document.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Packets that a document names: itself as it was received, what it answers, corrects or is related to.
pub fn named(document: &Map<String, Value>) -> Vec<PacketId> {
    let own = ["packet_id", "root_packet", "in_reply_to", "supersedes"].into_iter();
    let own = own.filter_map(|name| document.get(name));
    let list = document.get("references").and_then(Value::as_array).into_iter().flatten();
    own.chain(list.filter_map(|entry| entry.get("packet_id"))).filter_map(packet).collect()
}

fn packet(value: &Value) -> Option<PacketId> {
    let bytes = hex::decode(value.as_str()?).ok()?;
    bytes.try_into().ok().map(PacketId)
}

/// What came from others among these packets, with what their senders have approved since.
pub fn origins(
    vault: &Vault,
    packets: &[PacketId],
    name: impl Fn(OrgId) -> String,
) -> Result<Vec<Origin>, RecordError> {
    let mut found = Vec::new();
    for packet in packets {
        let Some(received) = records::received(vault, *packet)? else { continue };
        let thread = records::thread(vault, &received.case)?;
        let approved = match thread {
            Some(thread) => approvals(&Case::of(vault, thread)?),
            None => Vec::new(),
        };
        let readable = received.sections.iter().map(|section| section.code);
        let sections = readable.chain(received.withheld.iter().copied()).map(SectionCode).collect();
        found.push(Origin {
            org: received.from.to_string(),
            name: name(received.from),
            sections,
            restricted: is_restricted(&received),
            approved,
        });
    }
    Ok(found)
}

/// What says nothing about its handling is H1 and H2.
fn is_restricted(received: &Received) -> bool {
    let header = header(&received.sections);
    let handling = header.as_ref().and_then(|h| h.get("handling")).and_then(Value::as_array);
    handling.is_none_or(|list| list.iter().any(|code| matches!(code.as_str(), Some("H1" | "H2"))))
}

/// For whom the sender of a case has approved which sections.
fn approvals(case: &Case) -> Vec<(String, Vec<SectionCode>)> {
    let from_sender = |by: OrgId| (by == case.thread.peer) != case.thread.ours;
    let mut found = Vec::new();
    for (event, update) in &case.steps {
        if event.what != Action::OnwardApproved.as_str() || event.taken_back || !from_sender(event.by) {
            continue;
        }
        let Some(onward) = update.as_ref().and_then(|u| u.other.get(ONWARD)) else { continue };
        let sections = onward.get("sections").and_then(Value::as_array).into_iter().flatten();
        let sections = sections.filter_map(|s| Some(SectionCode(s.as_str()?.as_bytes().try_into().ok()?)));
        if let Some(org) = onward.get("org_id").and_then(Value::as_str) {
            found.push((org.to_owned(), sections.collect()));
        }
    }
    found
}

fn agreement_key(org: OrgId, id: &str) -> Vec<u8> {
    [&org.0[..], id.as_bytes()].concat()
}

/// What is agreed with an organisation.
pub fn agreements_with(vault: &Vault, org: OrgId) -> Result<Vec<Agreement>, RecordError> {
    below(vault, Tree::Agreements, &org.0)
}

/// All agreements with the organisations they are with.
pub fn agreements(vault: &Vault) -> Result<Vec<(OrgId, Agreement)>, RecordError> {
    let mut all = Vec::new();
    for id in vault.ids(Tree::Agreements, (Bound::Unbounded, Bound::Unbounded), usize::MAX, |_| true) {
        let Some(org) = id.first_chunk::<32>() else { continue };
        all.extend(records::read(vault, Tree::Agreements, &id)?.map(|found| (OrgId(*org), found)));
    }
    Ok(all)
}

/// Stores an agreement in the place of one of the same name.
pub fn put_agreement(changes: &mut Changes, org: OrgId, agreement: &Agreement) {
    records::write(changes, Tree::Agreements, &agreement_key(org, &agreement.id), agreement);
}

/// Removes an agreement. Whether there was one.
pub fn remove_agreement(vault: &Vault, changes: &mut Changes, org: OrgId, id: &str) -> bool {
    let key = agreement_key(org, id);
    let there = vault.holds(Tree::Agreements, &key);
    if there {
        changes.delete(Tree::Agreements, &key);
    }
    there
}
