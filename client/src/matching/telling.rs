//! What other organisations are told of a finding, and when.
//!
//! A message is an update with the event `possible_match`. It names the recipient's own case, the class, and a random number; it
//! never holds a name, a date, a place, another case or another organisation. Of two cases from two organisations the one that
//! may protect somebody is asked first: only when its owner agrees does the owner of the report hear that there is anything.

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::time::Timestamp;
use serde_json::{Map, Value, json};

use super::finding::{Decision, Finding, Side, State};
use crate::calls;
use crate::casebook::Case;
use crate::consents;
use crate::engine::threads::{StepError, Words};
use crate::engine::{Engine, EngineError};
use crate::model::Thread;
use crate::records::{self, RecordError};
use crate::referral::access::{self, Protection, Rule};
use crate::referral::lifecycle::Action;
use crate::referral::{Document, Kind};
use crate::vault::Vault;

/// Under which it stands in an update.
pub const FIELD: &str = "match";
/// Kinds whose sender asks where somebody is; every other kind says where somebody is or goes.
const REPORTS: &[&str] = &["MPR", "IDQ"];

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "what travels")]
pub enum Stage {
    /// May the other side hear that you have such a case?
    Ask,
    /// It may.
    Agree,
    /// It may not.
    Refuse,
    /// There is another case that may be about the same person.
    Tell,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Ask, Self::Agree, Self::Refuse, Self::Tell];

    /// The word in updates and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Agree => "agree",
            Self::Refuse => "refuse",
            Self::Tell => "tell",
        }
    }
}

/// A message about a finding, as it stands in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The random number.
    pub number: String,
    /// What it says.
    pub stage: Stage,
    /// `likely` or `possible`; empty in an answer.
    pub class: String,
    /// Who has sent it.
    pub by: OrgId,
    /// When.
    pub at: Timestamp,
}

/// What another organisation has asked us, or told us.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Notice {
    /// The thread of the case of ours that it is about.
    pub thread: Thread,
    /// What was said.
    pub message: Message,
    /// Our answer, if it was a question and we have answered.
    pub answer: Option<Stage>,
}

/// What has to be done about a confirmed finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "shown")]
pub enum Standing {
    /// Both cases are ours: there is nobody to tell.
    Own,
    /// The owner of this case is to be asked first.
    ToAsk([u8; 32], OrgId),
    /// It has been asked and has not answered.
    Asked(OrgId),
    /// It does not agree: nobody else is told.
    Refused(OrgId),
    /// The owner of this case is to be told.
    ToTell([u8; 32], OrgId),
    /// It has been told.
    Told(OrgId),
    /// A case is not here any more.
    Gone,
}

/// How a finding stands, from what the threads of its cases hold.
pub fn standing(vault: &Vault, finding: &Finding) -> Result<Standing, RecordError> {
    let thread = |name| calls::case(vault, name).map(|case| case.map(|case| case.thread));
    let threads = (thread(&finding.first.case)?, thread(&finding.second.case)?);
    let (Some(first), Some(second)) = threads else { return Ok(Standing::Gone) };
    let number = finding.id();
    let (told, asked) = match (first.ours, second.ours) {
        (true, true) => return Ok(Standing::Own),
        (false, true) => (first, None),
        (true, false) => (second, None),
        (false, false) if first.peer == second.peer => (first, None),
        (false, false) if is_report(&second) && !is_report(&first) => (second, Some(first)),
        (false, false) => (first, Some(second)),
    };
    if let Some(asked) = asked {
        let said = messages(vault, &asked)?;
        let of = |message: &&Message, by_peer: bool| {
            message.number == number && (message.by == asked.peer) == by_peer
        };
        let question = said.iter().position(|m| of(&m, false) && m.stage == Stage::Ask);
        let Some(question) = question else { return Ok(Standing::ToAsk(asked.case, asked.peer)) };
        // Only an answer that follows the question counts.
        let answer = said
            .iter()
            .skip(question)
            .find(|m| of(m, true) && matches!(m.stage, Stage::Agree | Stage::Refuse));
        match answer.map(|answer| answer.stage) {
            Some(Stage::Agree) => {}
            Some(_) => return Ok(Standing::Refused(asked.peer)),
            None => return Ok(Standing::Asked(asked.peer)),
        }
    }
    let is_told = messages(vault, &told)?
        .iter()
        .any(|m| m.number == number && m.by != told.peer && m.stage == Stage::Tell);
    Ok(if is_told { Standing::Told(told.peer) } else { Standing::ToTell(told.case, told.peer) })
}

fn is_report(thread: &Thread) -> bool {
    REPORTS.contains(&thread.kind.as_str())
}

/// Queues what a confirmed finding asks for now; gives whether anything was queued.
pub async fn advance(engine: &Engine, finding: &Finding) -> Result<bool, StepError> {
    if !finding.decision.is(State::Confirmed) {
        return Ok(false);
    }
    let (case, stage) = match standing(&engine.vault, finding).map_err(EngineError::from)? {
        Standing::ToAsk(case, _) => (case, Stage::Ask),
        Standing::ToTell(case, _) => (case, Stage::Tell),
        _ => return Ok(false),
    };
    // Something may have come since it was confirmed.
    if who_must_not_hear(engine, finding).await?.is_some() {
        return Ok(false);
    }
    say(engine, case, &finding.id(), stage, &finding.class).await?;
    Ok(true)
}

/// An organisation that would be asked or told although it must not even hear that there is such a case: a state that she
/// fears, or somebody from whom she withholds who she is. Both cases count, for they may be hers.
pub async fn who_must_not_hear(
    engine: &Engine,
    finding: &Finding,
) -> Result<Option<(OrgId, Rule)>, EngineError> {
    let vault = &engine.vault;
    let (mut cases, mut protection) = (Vec::new(), Protection::default());
    for side in sides(finding) {
        let Some(thread) = records::thread(vault, &side.case)? else { continue };
        let case = Case::of(vault, thread)?;
        protection.add(Protection::of(&case.document));
        protection.add(consents::protection::known(vault, &case.document)?);
        cases.push(case);
    }
    for peer in cases.iter().filter(|case| !case.thread.ours).map(|case| case.thread.peer) {
        let Some(recipient) = engine.recipient(peer).await else { continue };
        let rules = cases.iter().filter_map(|case| {
            let mut document = Document::empty(Kind::from_code(&case.thread.kind)?);
            document.fields = case.document.clone();
            access::must_not_hear(&document, &protection, &recipient, engine.now())
        });
        if let Some(rule) = rules.into_iter().next() {
            return Ok(Some((peer, rule)));
        }
    }
    Ok(None)
}

/// Queues what has become possible since: an owner has agreed. Gives how many messages.
pub async fn advance_all(engine: &Engine) -> Result<usize, StepError> {
    let mut queued = 0;
    for finding in super::finding::all(&engine.vault).map_err(EngineError::from)? {
        queued += usize::from(advance(engine, &finding).await?);
    }
    Ok(queued)
}

/// Answers a question of another organisation.
pub async fn answer(engine: &Engine, notice: &Notice, stage: Stage) -> Result<(), StepError> {
    say(engine, notice.thread.case, &notice.message.number, stage, "").await?;
    Ok(())
}

/// One message: the number, what it says, and of the cases only the recipient's own.
async fn say(
    engine: &Engine,
    case: [u8; 32],
    number: &str,
    stage: Stage,
    class: &str,
) -> Result<PacketId, StepError> {
    let mut message = json!({ "number": number, "stage": stage.as_str() });
    if matches!(stage, Stage::Ask | Stage::Tell) {
        message["class"] = class.into();
        if let Some(reference) = reference(engine, &case).map_err(EngineError::from)? {
            message["your_case"] = reference.into();
        }
    }
    let fields: Map<String, Value> = [(FIELD.to_owned(), message)].into_iter().collect();
    engine.take_step(case, Action::PossibleMatch, Words { fields, ..Words::default() }).await
}

/// The number that the other side has given its own case.
fn reference(engine: &Engine, case: &[u8; 32]) -> Result<Option<String>, RecordError> {
    let Some(thread) = records::thread(&engine.vault, case)? else { return Ok(None) };
    let document = Case::of(&engine.vault, thread)?.document;
    Ok(document.get("case_ref").and_then(Value::as_str).map(str::to_owned))
}

/// What both sides have said in a thread, in its order.
pub fn messages(vault: &Vault, thread: &Thread) -> Result<Vec<Message>, RecordError> {
    if !thread.events.iter().any(|event| event.what == Action::PossibleMatch.as_str()) {
        return Ok(Vec::new());
    }
    let steps = Case::of(vault, thread.clone())?.steps;
    Ok(steps
        .iter()
        .filter(|(event, _)| !event.taken_back)
        .filter_map(|(event, update)| {
            let fields =
                update.as_ref().filter(|u| u.event == Action::PossibleMatch.as_str())?.other.get(FIELD)?;
            let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
            // Only what is a number of ours goes further: it is shown to people, and kept as a key.
            let number =
                Some(text("number")).filter(|n| n.len() == 32 && n.bytes().all(|b| b.is_ascii_hexdigit()))?;
            let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == text("stage"))?;
            let class = Some(text("class"))
                .filter(|class| ["likely", "possible"].contains(class))
                .unwrap_or_default();
            Some(Message {
                number: number.to_owned(),
                stage,
                class: class.to_owned(),
                by: event.by,
                at: event.at,
            })
        })
        .collect())
}

/// Everything that other organisations have asked or told us.
pub fn notices(vault: &Vault) -> Result<Vec<Notice>, RecordError> {
    let mut all = Vec::new();
    for thread in records::each_thread(vault) {
        let thread = thread?;
        let said = messages(vault, &thread)?;
        for (place, message) in said.iter().enumerate() {
            if message.by != thread.peer || !matches!(message.stage, Stage::Ask | Stage::Tell) {
                continue;
            }
            let answers =
                said.iter().skip(place).filter(|m| m.by != thread.peer && m.number == message.number);
            let answer = answers.map(|m| m.stage).find(|stage| matches!(stage, Stage::Agree | Stage::Refuse));
            all.push(Notice { thread: thread.clone(), message: message.clone(), answer });
        }
    }
    Ok(all)
}

impl Notice {
    /// Whether it waits for a person here.
    pub fn is_open(&self, said: Option<&Decision>) -> bool {
        said.is_none() && (self.message.stage == Stage::Tell || self.answer.is_none())
    }
}

/// What the person who decides must know about one of the cases: wishes and dangers that its document states.
pub fn warnings(document: &Map<String, Value>) -> Vec<Warning> {
    let at = |path: &[&str]| {
        path.iter().try_fold(Value::Object(document.clone()), |value, name| value.get(*name).cloned())
    };
    let text =
        |path: &[&str]| at(path).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    let is_listed =
        |path: &[&str]| at(path).is_some_and(|value| value.as_array().is_some_and(|list| !list.is_empty()));
    let tracing = text(&["consent", "tracing_ok"]);
    let mut all: Vec<Warning> = match tracing.as_str() {
        "tell_nothing" => vec![Warning::TellNothing],
        "tell_alive_only" => vec![Warning::TellAliveOnly],
        "tell_location" => vec![Warning::TellLocation],
        _ => vec![Warning::NotAsked],
    };
    if text(&["risk", "family_involved_in_trafficking"]) == "yes" {
        all.push(Warning::FamilyInvolved);
    }
    if is_listed(&["risk", "people_not_to_inform"]) || is_listed(&["do_not_contact"]) {
        all.push(Warning::NotToInform);
    }
    if at(&["asylum_flag"]) == Some(Value::Bool(true)) || is_listed(&["persecution_fear_countries"]) {
        all.push(Warning::Asylum);
    }
    all
}

/// A wish or a danger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// She wants nothing told.
    TellNothing,
    /// That she is alive, and nothing else.
    TellAliveOnly,
    /// Where she is may be told.
    TellLocation,
    /// Nobody has asked her.
    NotAsked,
    /// The family may have sold her.
    FamilyInvolved,
    /// Somebody must not hear of it.
    NotToInform,
    /// She seeks protection from a state.
    Asylum,
}

impl Warning {
    /// The word on the command line; `match-warning-<word>` is its text for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TellNothing => "tell_nothing",
            Self::TellAliveOnly => "tell_alive_only",
            Self::TellLocation => "tell_location",
            Self::NotAsked => "not_asked",
            Self::FamilyInvolved => "family_involved",
            Self::NotToInform => "not_to_inform",
            Self::Asylum => "asylum",
        }
    }
}

/// The two sides of a finding.
pub fn sides(finding: &Finding) -> [&Side; 2] {
    [&finding.first, &finding.second]
}
