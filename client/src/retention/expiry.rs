//! What expires, when, and what stands against it.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_common::time::Timestamp;
use serde_json::Value;

use crate::api::once;
use crate::casebook::Case;
use crate::engine::{Engine, EngineError};
use crate::events;
use crate::model::Thread;
use crate::records::{self, RecordError};
use crate::referral::is_retention_filled_in;
use crate::referral::lifecycle::WorkState;
use crate::vault::{CaseName, Changes, Tree, Vault};

use super::called;
use super::rules::{self, From, PARTS, Part, RENEWAL};
use super::{EraseError, Reason, holds, proofs, requests, trusted_now};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Whoever wants to keep a case has this long to say so.
pub const WARN_BEFORE: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// What has come is kept this long at least, whatever date its sender gives.
pub const SENDERS_DATE_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Reading all cases takes a while, and days are what counts.
const RUN_EVERY: Duration = DAY;
/// Cases erased by one run: what is left is for the next.
pub const ERASED_AT_ONCE_MAX: usize = 1_000;

const LAST_RUN: &[u8] = b"last-run";
const RENEWED: &[u8] = b"r";

/// What happens to a case with time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Term {
    /// Which.
    pub case: CaseName,
    /// When; the sender's date if that is earlier than the period of the kind and counts.
    pub at: Timestamp,
    /// What.
    pub what: Fate,
    /// What stands against it now.
    pub stays: Option<Stays>,
}

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It is erased.
    Erase,
    /// Some of its fields are.
    EraseFields(Part),
    /// Somebody says whether it still has to stand.
    Renew,
}

/// Why something that is due does not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stays {
    /// The case has not come to its end.
    Open,
    /// A legal hold.
    Held,
    /// The other side has asked for it to be erased, and nobody here has answered.
    Asked,
}

/// What a run has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// Cases erased.
    pub erased: usize,
    /// Cases of which fields were erased.
    pub parts: usize,
    /// Cases whose time is over and that stay: open, under a hold, or with a question that nobody has answered.
    pub stay: usize,
}

/// Where the work on a case has come to its end. A state of a newer version has not.
fn is_over(thread: &Thread) -> bool {
    matches!(
        thread.work.parse::<WorkState>(),
        Ok(WorkState::Completed
            | WorkState::Closed
            | WorkState::Declined
            | WorkState::Withdrawn
            | WorkState::Expired
            | WorkState::Failed)
    ) || thread.work == "entered_in_error"
}

/// Whether nobody has begun to work on it.
fn is_untouched(thread: &Thread) -> bool {
    matches!(thread.work.parse::<WorkState>(), Ok(WorkState::Sent | WorkState::Received | WorkState::Seen))
}

/// Everything that time does to a case.
pub fn terms(case: &Case, renewed: Option<Timestamp>, held: bool) -> Vec<Term> {
    let thread = &case.thread;
    let (over, last) = (is_over(thread), last_step(thread));
    let asked = requests::open_question(thread).is_some();
    let mut terms = Vec::new();
    let mut add = |at, what, open: bool| {
        let stays = match (held, open) {
            (true, _) => Some(Stays::Held),
            (false, true) => Some(Stays::Open),
            (false, false) => (asked && what == Fate::Erase).then_some(Stays::Asked),
        };
        terms.push(Term { case: thread.case, at, what, stays });
    };
    let decided = !is_retention_filled_in(&thread.kind, &case.document);
    let senders = until(case.document.get("retention_until")).filter(|_| decided);
    let senders = senders.and_then(|date| counts(date, thread));
    if let Some(rule) = rules::rule(&thread.kind) {
        let (begins, open) = match rule.from {
            From::End => (last, !over),
            From::Beginning if over => (last, false),
            From::Beginning => (thread.begun, !is_untouched(thread)),
        };
        let by_kind = begins.plus(DAY * rule.days);
        add(senders.map_or(by_kind, |date| date.min(by_kind)), Fate::Erase, open);
    } else if let Some(date) = senders {
        add(date, Fate::Erase, !over && !is_untouched(thread));
    }
    for part in PARTS.into_iter().filter(|part| part.kind == thread.kind) {
        let referred =
            case.document.get("referrals").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        let there = part.is_in(&case.document);
        if there && !(part.without_referral && referred) {
            add(thread.begun.plus(DAY * part.days), Fate::EraseFields(part), false);
        }
    }
    let (kind, days) = RENEWAL;
    if thread.kind == kind && !over {
        let since = renewed.unwrap_or(thread.begun).max(thread.begun);
        add(since.plus(DAY * days), Fate::Renew, false);
    }
    terms
}

/// The sender's date as far as it counts here. On a case of ours it is our own. On one that has come it is somebody else's
/// word: it erases nothing that nobody has looked at or that is being worked on, and leaves [`SENDERS_DATE_AFTER`] in any case.
fn counts(date: Timestamp, thread: &Thread) -> Option<Timestamp> {
    match (thread.ours, is_over(thread)) {
        (true, _) => Some(date),
        (false, true) => Some(date.max(thread.begun.plus(SENDERS_DATE_AFTER))),
        (false, false) => None,
    }
}

/// The last thing that either side did.
fn last_step(thread: &Thread) -> Timestamp {
    thread.events.iter().map(|event| event.at).max().unwrap_or(thread.begun).max(thread.begun)
}

/// The end of the sender's day. A date that does not read is none.
fn until(date: Option<&Value>) -> Option<Timestamp> {
    let date: jiff::civil::Date = date?.as_str()?.parse().ok()?;
    start_of_day(date.tomorrow().ok()?)
}

/// Midnight in UTC; none for a day before 1970.
pub fn start_of_day(date: jiff::civil::Date) -> Option<Timestamp> {
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    let moment = jiff::tz::Offset::UTC.to_timestamp(midnight).ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
}

/// What is due by this moment, oldest first.
pub fn due(vault: &Vault, by: Timestamp) -> Result<Vec<Term>, RecordError> {
    let mut all = Vec::new();
    for case in Case::each(vault) {
        let case = case?;
        let name = case.thread.case;
        let renewed = records::read(vault, Tree::Retention, &renewed_key(&name))?;
        let held = holds::of(vault, &name)?.is_some();
        all.extend(terms(&case, renewed, held).into_iter().filter(|term| term.at <= by));
    }
    all.sort_by_key(|term| (term.at, term.case));
    Ok(all)
}

/// Erases what is due. None: the relay has never been heard, so nobody can say what time it is.
pub async fn run(engine: &Engine) -> Result<Option<Done>, EngineError> {
    let Some(now) = trusted_now(engine).await else { return Ok(None) };
    let mut done = Done::default();
    let mut whole: BTreeMap<Option<u64>, Vec<(CaseName, Reason)>> = BTreeMap::new();
    for term in due(&engine.vault, now)? {
        match (term.what, term.stays) {
            (Fate::Renew, _) => {}
            (_, Some(_)) => done.stay += 1,
            (Fate::Erase, None) if whole.values().map(Vec::len).sum::<usize>() < ERASED_AT_ONCE_MAX => {
                whole
                    .entry(engine.vault.epoch_of(&term.case))
                    .or_default()
                    .push((term.case, Reason::Expired));
            }
            (Fate::Erase, None) => {}
            (Fate::EraseFields(part), None) => {
                match engine.erase_fields(term.case, part).await {
                    Ok(taken) => done.parts += usize::from(taken),
                    Err(EraseError::Engine(error)) => return Err(error),
                    // Held since we looked.
                    Err(_) => done.stay += 1,
                }
            }
        }
    }
    // Those of one epoch together: its other keys move once.
    for cases in whole.into_values() {
        match engine.erase(&cases, None).await {
            Ok(erased) => done.erased += erased.len(),
            Err(EraseError::Engine(error)) => return Err(error),
            // Erased or held since we looked.
            Err(_) => {}
        }
    }
    done.parts += called::shorten(engine, now).await?;
    let mut changes = Changes::default();
    proofs::expire(&engine.vault, &mut changes, now)?;
    records::write(&mut changes, Tree::Retention, LAST_RUN, &now);
    engine.commit(changes).await?;
    Ok(Some(done))
}

/// The same, if the last time was a day ago: for whoever comes past here often.
pub async fn run_if_time(engine: &Engine) -> Result<Option<Done>, EngineError> {
    let last: Option<Timestamp> = records::read(&engine.vault, Tree::Retention, LAST_RUN)?;
    let Some(now) = trusted_now(engine).await else { return Ok(None) };
    if last.is_some_and(|last| now < last.plus(RUN_EVERY) && last <= now) {
        return Ok(None);
    }
    // What programs have been told goes with the rest of what has come to the end of its time.
    events::drop_old(engine).await?;
    once::drop_old(engine).await?;
    run(engine).await
}

fn renewed_key(case: &CaseName) -> Vec<u8> {
    [RENEWED, case].concat()
}

/// Somebody says that a missing person is still looked for.
pub async fn renew(engine: &Engine, case: CaseName) -> Result<(), EngineError> {
    let mut changes = Changes::default();
    records::write_of(&mut changes, Some(case), Tree::Retention, &renewed_key(&case), &engine.now());
    engine.commit(changes).await
}

#[cfg(test)]
mod tests;
