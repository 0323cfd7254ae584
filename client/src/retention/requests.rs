//! Erasing on both sides: one asks, the other confirms, or states the law by which it keeps the case.
//!
//! Question and answer are updates (CUP) without text, so that they can outlive the case: they are stored under no key of a
//! case, and name nothing but the thread.

use causeway_common::ids::{Digest, OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::consents;
use crate::engine::threads::update_of;
use crate::engine::{Draft, Engine, EngineError, Word};
use crate::model::{Event, PACKET_REFERRAL, Received, StoredSection, Thread};
use crate::records::{self, RecordError, Source, Step};
use crate::referral::update::Update;
use crate::seal::packet::HEADER_SECTION;
use crate::shared::ErasedItem;
use crate::vault::{CaseName, Tree, Vault};

use super::placeholder::{self, Answer, Placeholder};
use super::{EraseError, Erased, Reason};

/// Asks the other side to erase a case.
pub const ERASE_REQUEST: &str = "erase_request";
/// The case has been erased.
pub const ERASE_DONE: &str = "erase_done";
/// The case is kept, on the legal ground that stands as the reason.
pub const ERASE_REFUSE: &str = "erase_refuse";
/// The case should never have been sent.
pub const ERROR: &str = "error";
/// The person has withdrawn the consent.
const CONSENT_WITHDRAWN: &str = "consent_withdrawn";

/// Legal grounds for keeping a case that the other side wants erased: those of the code list CL-LB that do not end with a consent.
pub const GROUNDS: [&str; 7] = [
    "vital",
    "legal_claim",
    "public_task",
    "substantial_public_interest",
    "legal_obligation",
    "child_protection",
    "le_directive",
];

/// Whether these are the sections of an update about erasing, which has to outlive its case. One with a text may be about a
/// person and does not.
pub(crate) fn outlive(sections: &[StoredSection]) -> bool {
    let [header] = sections else { return false };
    Update::read(&header.bytes).is_some_and(|update| {
        [ERASE_REQUEST, ERASE_DONE, ERASE_REFUSE, ERROR].contains(&update.event.as_str())
            && update.text.is_empty()
            && update.eta.is_empty()
            && update.answer.is_empty()
            && update.other.is_empty()
            && update.reason.len() <= REASON_BYTES_MAX
    })
}

/// Longest reason code.
const REASON_BYTES_MAX: usize = 40;

/// What the other side has asked since the last answer from here, oldest first.
fn unanswered(thread: &Thread) -> impl Iterator<Item = &Event> {
    let answers =
        |event: &Event| event.by != thread.peer && [ERASE_DONE, ERASE_REFUSE].contains(&event.what.as_str());
    let since = thread.events.iter().rposition(answers).map_or(0, |last| last + 1);
    let asks = |event: &&Event| {
        event.by == thread.peer && [ERASE_REQUEST, ERROR, CONSENT_WITHDRAWN].contains(&event.what.as_str())
    };
    thread.events[since..].iter().filter(asks)
}

/// The question of the other side that nobody here has answered yet. A consent that was withdrawn for some sections is one too:
/// until it is answered the case stays.
pub fn open_question(thread: &Thread) -> Option<&Event> {
    unanswered(thread).last()
}

/// Whether an open question is about the whole case. A withdrawal that names sections is about those alone: `consent confirm`
/// answers it.
pub fn is_about_all(thread: &Thread, from: &dyn Source) -> Result<bool, EngineError> {
    for event in unanswered(thread) {
        if event.what != CONSENT_WITHDRAWN {
            return Ok(true);
        }
        let update = update_of(thread, event.packet, from)?;
        let said = update.as_ref().and_then(|update| update.other.get(consents::WITHDRAWAL));
        let sections = said.and_then(|said| said.get("sections")).and_then(Value::as_array);
        if sections.is_none_or(Vec::is_empty) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Cases that the other side wants erased whole, and nobody here has answered.
pub fn open_questions(vault: &Vault) -> Result<Vec<Thread>, EngineError> {
    let mut found = Vec::new();
    for thread in records::each_thread(vault) {
        let thread = thread?;
        if is_about_all(&thread, vault)? {
            found.push(thread);
        }
    }
    Ok(found)
}

/// Erases a case here and asks the other side to do the same, in one transaction. A referral that has never left this device
/// is known to nobody else, and nobody is asked.
pub async fn erase_on_both_sides(
    engine: &Engine,
    case: CaseName,
    reason: Reason,
) -> Result<Erased, EraseError> {
    let thread = thread(engine, &case)?;
    let root = records::sent(&engine.vault, thread.root, thread.peer)?;
    let has_left =
        !root.is_some_and(|root| root.sequence == 0 && root.reseals == 0 && root.author.is_empty());
    let event = if thread.ours && reason == Reason::EnteredInError { ERROR } else { ERASE_REQUEST };
    let left = Placeholder::of(&thread, Digest([0; 32]), reason, engine.now());
    let draft = draft(engine, &left, event, reason.as_str()).await;
    let tell = has_left.then_some((Draft { priority: thread.priority, ..draft }, true));
    first(engine.erase(&[(case, reason)], Some(Word { author: String::new(), tell })).await?)
}

/// Erases a case because the other side has asked for it, and confirms it, in one transaction.
pub async fn confirm(engine: &Engine, case: CaseName) -> Result<Erased, EraseError> {
    let thread = thread(engine, &case)?;
    if !is_about_all(&thread, &engine.vault)? {
        return Err(EraseError::NotRequested);
    }
    let left = Placeholder::of(&thread, Digest([0; 32]), Reason::OtherSide, engine.now());
    let draft = draft(engine, &left, ERASE_DONE, "").await;
    let tell = Some((Draft { priority: thread.priority, ..draft }, false));
    let word = Word { author: String::new(), tell };
    first(engine.erase(&[(case, Reason::OtherSide)], Some(word)).await?)
}

/// Keeps a case that the other side wants erased, and tells it on which of the [`GROUNDS`].
pub async fn refuse(engine: &Engine, case: CaseName, ground: &str) -> Result<PacketId, EraseError> {
    open_question(&thread(engine, &case)?).ok_or(EraseError::NotRequested)?;
    Ok(engine.say(case, ERASE_REFUSE, ground).await?)
}

fn first(erased: Vec<Erased>) -> Result<Erased, EraseError> {
    erased.into_iter().next().ok_or(EraseError::NotFound)
}

fn thread(engine: &Engine, case: &CaseName) -> Result<Thread, EraseError> {
    if let Some(before) = placeholder::of(&engine.vault, case)? {
        return Err(EraseError::Erased(Box::new(before)));
    }
    records::thread(&engine.vault, case)?.ok_or(EraseError::NotFound)
}

async fn draft(engine: &Engine, left: &Placeholder, event: &str, reason: &str) -> Draft {
    let update = Update { reason: reason.into(), ..Update::of(event, "") };
    Draft {
        packet: PacketId(engine.random().await),
        case: left.case,
        packet_type: PACKET_REFERRAL,
        kind: "CUP".into(),
        to: left.peer,
        priority: causeway_common::priority::Priority::P2,
        in_reply_to: Some(left.last),
        sections: vec![StoredSection { code: HEADER_SECTION, bytes: update.to_bytes() }],
    }
}

/// A packet of a case that has been erased: its content goes nowhere. What the other side says about the erasing is noted, and
/// a question is answered: the case is gone.
pub(crate) async fn take_late(
    engine: &Engine,
    received: &Received,
    mut left: Placeholder,
    step: &mut Step<'_>,
) -> Option<Draft> {
    let update = received.sections.iter().find_map(|section| Update::read(&section.bytes));
    let update = update.filter(|_| received.from == left.peer);
    let mut answer = None;
    match update.as_ref().map(|update| update.event.as_str()) {
        Some(ERASE_DONE) => left.take_answer(&Answer::Done, engine.now()),
        Some(ERASE_REFUSE) => {
            let said = update.map(|update| update.reason).unwrap_or_default();
            let ground = GROUNDS.into_iter().find(|known| *known == said).unwrap_or("other");
            left.take_answer(&Answer::Refused(ground.to_owned()), engine.now());
        }
        Some(ERASE_REQUEST | ERROR | CONSENT_WITHDRAWN) => {
            answer = Some(draft(engine, &left, ERASE_DONE, "").await);
        }
        _ => {}
    }
    placeholder::take_late(step, left);
    answer
}

const ORDER: &[u8] = b"o";

/// A colleague has erased a case: it is to be erased here too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// Which.
    pub case: CaseName,
    /// When it was decided.
    pub at: Timestamp,
    /// Code of the reason.
    pub reason: String,
    /// Name of the colleague's device.
    pub author: String,
}

pub(crate) fn order_key(case: &CaseName) -> Vec<u8> {
    [ORDER, case].concat()
}

/// Notes what a colleague says, to be carried out after the step.
pub(crate) fn take_order(item: ErasedItem, author: &str, step: &mut Step<'_>) -> Result<(), RecordError> {
    if placeholder::of(step, &item.case)?.is_none() {
        let author = if author.is_empty() { "?".into() } else { author.into() };
        let order = Order { case: item.case, at: item.at, reason: item.reason, author };
        records::write(&mut step.changes, Tree::Retention, &order_key(&order.case), &order);
    }
    Ok(())
}

/// Orders that have not been carried out: a legal hold of this device stands against them.
pub fn orders(vault: &Vault) -> Result<Vec<Order>, RecordError> {
    let mut all = Vec::new();
    for id in records::ids_with_prefix(vault, Tree::Retention, ORDER) {
        all.extend(records::read::<Order>(vault, Tree::Retention, &id)?);
    }
    Ok(all)
}

/// Erases what colleagues have erased. A case that has not come yet is erased before it comes.
pub(crate) async fn carry_out(engine: &Engine) -> Result<(), EngineError> {
    for order in orders(&engine.vault)? {
        let word = Word { author: order.author.clone(), tell: None };
        match engine.erase(&[(order.case, Reason::of_word(&order.reason))], Some(word)).await {
            Ok(_) | Err(EraseError::Held(_)) => {}
            Err(EraseError::Engine(error)) => return Err(error),
            Err(_) => engine.leave_placeholder(&order).await?,
        }
    }
    Ok(())
}

impl Placeholder {
    /// Of a case that was erased by a colleague before it came here.
    pub(crate) fn before_it_came(order: &Order) -> Self {
        Self {
            case: order.case,
            root: PacketId([0; 32]),
            last: PacketId([0; 32]),
            kind: "?".into(),
            peer: OrgId([0; 32]),
            ours: false,
            begun: Timestamp(0),
            erased: order.at,
            grant: Digest([0; 32]),
            reason: order.reason.clone(),
            author: order.author.clone(),
            asked: Timestamp(0),
            answered: Timestamp(0),
            answer: String::new(),
            late: 0,
        }
    }
}
