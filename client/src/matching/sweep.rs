//! New cases are compared with those that are here.
//!
//! A case is compared once, and again when an update tells of a person. The index is built when there is something to compare,
//! once for a run of the program, and is never stored.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::finding::{self, Decision, Finding, Side, State};
use super::index::Index;
use super::person::{self, Lexicon, Person};
use super::score::{Class, Reason, Verdict, WEIGHTS};
use crate::calls;
use crate::casebook::Case;
use crate::engine::{Engine, EngineError};
use crate::model::Thread;
use crate::records::{self, RecordError, Step};
use crate::vault::{CaseName, Changes, Tree, Vault};

/// Under which is kept how far a case has been compared, before its name.
const COMPARED: &[u8] = b"done";
/// Findings of one case, the most alike first: beyond them its names say nothing.
const FINDINGS_PER_CASE: usize = 20;
/// People of one case that are compared.
const PEOPLE_PER_CASE: usize = 96;
/// Cases compared by one run: a home that has never compared catches up over several, a few seconds each.
const CASES_AT_ONCE: usize = 1_000;

/// How far a case has been compared.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Compared {
    /// Revision of its thread then.
    revision: u64,
    /// People of whom it told.
    people: u64,
}

/// A case in the book.
pub struct Entry {
    /// Its thread, without what was done.
    pub thread: Thread,
    /// Whether it was invented to practise.
    pub is_exercise: bool,
    /// Packets that it names itself as belonging to it: nobody needs to be told of those.
    linked: Vec<String>,
    /// Its number in its sender's books; empty if it has none.
    reference: String,
}
no_content_in_debug!(Entry);

/// All cases, and the people in them.
#[derive(Debug, Default)]
pub struct Book {
    /// The cases, oldest first; their places are the owners in the index.
    pub cases: Vec<Entry>,
    /// The people.
    pub index: Index,
    people: Vec<Vec<Person>>,
}

impl Book {
    /// Reads all cases and calls. Of a referral that went to several organisations one thread is enough.
    pub fn read(vault: &Vault) -> Result<Self, RecordError> {
        let mut book = Self::default();
        let mut known = HashSet::new();
        let mut calls: Vec<(Case, Vec<PacketId>)> =
            calls::unsent(vault)?.into_iter().map(|call| (call.to_case(), call.referrals)).collect();
        calls.sort_by_key(|(case, _)| case.thread.begun);
        let mut calls = calls.into_iter().peekable();
        let mut referrals: Vec<(Timestamp, CaseName)> =
            records::catalogue(vault)?.lines().map(|line| (line.begun, line.case)).collect();
        referrals.sort_unstable();
        // One case after the other: all of them do not fit into memory.
        for (begun, name) in referrals {
            while let Some((call, led_to)) = calls.next_if(|(call, _)| call.thread.begun < begun) {
                book.take(&mut known, call, &led_to);
            }
            // One that has been erased in the meantime is left out.
            if let Some(thread) = records::thread(vault, &name)?.filter(has_begun) {
                book.take(&mut known, Case::of(vault, thread)?, &[]);
            }
        }
        calls.for_each(|(call, led_to)| book.take(&mut known, call, &led_to));
        Ok(book)
    }

    /// Enters a case, unless another thread of the same referral is there.
    fn take(&mut self, known: &mut HashSet<PacketId>, case: Case, led_to: &[PacketId]) {
        let Ok(owner) = u32::try_from(self.cases.len()) else { return };
        if !known.insert(case.thread.root) {
            return;
        }
        let people = people_of(&case, &mut self.index.lexicon);
        for person in &people {
            self.index.add(owner, person.clone());
        }
        self.people.push(people);
        self.cases.push(Entry::of(case, led_to));
    }

    /// Whoever in other cases may be one of the people of this one: for each case the pair that is most alike.
    fn alike(&self, place: usize) -> Vec<Pair> {
        let (Some(entry), Some(people)) = (self.cases.get(place), self.people.get(place)) else {
            return Vec::new();
        };
        let may = |owner: u32| self.at(owner).is_some_and(|other| entry.may_be_compared_with(other));
        let mut best: BTreeMap<u32, Pair> = BTreeMap::new();
        for person in people {
            for hit in self.index.find(person, &WEIGHTS, may) {
                let known =
                    best.get(&hit.owner).is_some_and(|pair| pair.verdict.points >= hit.verdict.points);
                if !known {
                    let (own, theirs) = (person.at.clone(), hit.person.at.clone());
                    let pair = Pair { owner: hit.owner, own, theirs, verdict: hit.verdict, class: hit.class };
                    best.insert(hit.owner, pair);
                }
            }
        }
        let mut pairs: Vec<Pair> = best.into_values().collect();
        pairs.sort_by(|a, b| b.verdict.points.total_cmp(&a.verdict.points));
        pairs.truncate(FINDINGS_PER_CASE);
        pairs
    }

    fn at(&self, owner: u32) -> Option<&Entry> {
        usize::try_from(owner).ok().and_then(|place| self.cases.get(place))
    }
}

/// Somebody in another case.
struct Pair {
    owner: u32,
    own: String,
    theirs: String,
    verdict: Verdict,
    class: Class,
}

impl Entry {
    fn of(case: Case, led_to: &[PacketId]) -> Self {
        let text =
            |name: &str| case.document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let listed = case.document.get("references").and_then(Value::as_array).into_iter().flatten();
        let mut linked: Vec<String> =
            listed.filter_map(|entry| Some(entry.get("packet_id")?.as_str()?.to_owned())).collect();
        linked.extend(
            ["in_reply_to", "root_packet", "supersedes"].map(text).into_iter().filter(|id| !id.is_empty()),
        );
        linked.extend(led_to.iter().map(PacketId::to_string));
        let (is_exercise, reference) = (case.is_exercise(), text("case_ref"));
        // Nobody asks the book what was done about a case, and that is the most of it.
        let thread = Thread { events: Vec::new(), waiting: Vec::new(), ..case.thread };
        Self { is_exercise, linked, reference, thread }
    }

    /// Not with itself, not an exercise with what is real, and not with what is said to belong together.
    fn may_be_compared_with(&self, other: &Self) -> bool {
        let one_book = self.thread.ours == other.thread.ours
            && (self.thread.ours || self.thread.peer == other.thread.peer)
            && !self.reference.is_empty()
            && self.reference == other.reference;
        let names = |one: &Self, other: &Self| one.linked.contains(&other.thread.root.to_string());
        self.thread.root != other.thread.root
            && self.is_exercise == other.is_exercise
            && !one_book
            && !names(self, other)
            && !names(other, self)
    }
}

/// Compares what is new, and keeps what is found; gives how many findings are new. Nothing leaves this device.
pub async fn compare_new(engine: &Engine) -> Result<usize, EngineError> {
    let mut step = Step::new(&engine.vault);
    let generation = engine.vault.generation();
    let due = due(&engine.vault, engine.compared.load(Ordering::Acquire), &mut step.changes)?;
    let is_all = due.len() < CASES_AT_ONCE;
    let mut new = 0;
    if !due.is_empty() {
        let book = Book::read(&engine.vault)?;
        for place in 0..book.cases.len() {
            if book.cases.get(place).is_some_and(|entry| due.contains(&entry.thread.root)) {
                for pair in book.alike(place) {
                    new += usize::from(keep(engine, &book, place, &pair, &mut step).await?);
                }
            }
        }
    }
    if !step.changes.is_empty() {
        engine.commit(step.changes).await?;
    }
    if is_all {
        engine.compared.store(generation, Ordering::Release);
    }
    Ok(new)
}

/// Keeps a pair, unless it is known; one that nobody has decided about is brought up to date.
async fn keep(
    engine: &Engine,
    book: &Book,
    place: usize,
    pair: &Pair,
    step: &mut Step<'_>,
) -> Result<bool, EngineError> {
    let (Some(own), Some(other)) = (book.cases.get(place), book.at(pair.owner)) else { return Ok(false) };
    let known = finding::of_pair(step, own.thread.root, other.thread.root)?;
    if known.as_ref().is_some_and(|finding| !finding.decision.is(State::Open)) {
        return Ok(false);
    }
    let side = |entry: &Entry, person: &str| Side {
        case: entry.thread.case,
        root: entry.thread.root,
        person: person.into(),
    };
    let (mine, theirs) = (side(own, &pair.own), side(other, &pair.theirs));
    let is_older = usize::try_from(pair.owner).is_ok_and(|owner| owner < place);
    let (first, second) = if is_older { (theirs, mine) } else { (mine, theirs) };
    let words = |reasons: &[Reason]| reasons.iter().map(|reason| reason.as_str().to_owned()).collect();
    let mut number = [0; 16];
    number.copy_from_slice(&engine.random().await[..16]);
    let finding = Finding {
        number: known.as_ref().map_or(number, |known| known.number),
        first,
        second,
        class: pair.class.as_str().into(),
        agree: words(&pair.verdict.agree),
        disagree: words(&pair.verdict.disagree),
        found: known.as_ref().map_or_else(|| engine.now(), |known| known.found),
        decision: Decision::open(),
    };
    if known.as_ref() != Some(&finding) {
        finding::put(&mut step.changes, &finding);
    }
    Ok(known.is_none())
}

/// The first packets of cases that are to be compared; what has been looked at is noted.
fn due(vault: &Vault, after: u64, changes: &mut Changes) -> Result<HashSet<PacketId>, RecordError> {
    let mut due = HashSet::new();
    let calls = vault.revisions(Tree::Calls);
    let written = vault.revisions(Tree::Referrals).into_iter().chain(calls);
    for (case, revision) in written.filter(|(_, revision)| *revision > after) {
        if due.len() >= CASES_AT_ONCE {
            break;
        }
        let key = [COMPARED, &case[..]].concat();
        let before: Option<Compared> = records::read(vault, Tree::Matches, &key)?;
        if before.is_some_and(|before| before.revision == revision) {
            continue;
        }
        let Ok(name) = <[u8; 32]>::try_from(case.as_slice()) else { continue };
        let Some(case) = calls::case(vault, &name)?.filter(|case| has_begun(&case.thread)) else { continue };
        let root = case.thread.root;
        let people = u64::try_from(people_of(&case, &mut Lexicon::default()).len()).unwrap_or(0);
        if people > before.map_or(0, |before| before.people) {
            due.insert(root);
        }
        records::write(changes, Tree::Matches, &key, &Compared { revision, people });
    }
    Ok(due)
}

/// The people of a case: those of its document, and those of whom answers and updates tell.
fn people_of(case: &Case, lexicon: &mut Lexicon) -> Vec<Person> {
    let mut people = person::people(&case.document, lexicon);
    for update in case.steps.iter().filter_map(|(_, update)| update.as_ref()) {
        let told =
            [("answer.confirmed", update.answer.get("confirmed")), ("found", update.other.get("found"))];
        for (at, object) in told {
            people.extend(
                object.and_then(Value::as_object).and_then(|object| person::told(at, object, lexicon)),
            );
        }
    }
    people.truncate(PEOPLE_PER_CASE);
    people
}

/// Those in a document that is not sent who may be in a case here: with the places of both and the case.
pub fn look_up(
    vault: &Vault,
    document: &Map<String, Value>,
) -> Result<(Book, Vec<(String, LookedUp)>), RecordError> {
    let mut book = Book::read(vault)?;
    let is_exercise = matches!(document.get("mode").and_then(Value::as_str), Some("exercise" | "test"));
    let people = person::people(document, &mut book.index.lexicon);
    let may = |owner: u32| book.at(owner).is_some_and(|entry| entry.is_exercise == is_exercise);
    let mut found = Vec::new();
    for person in &people {
        for hit in book.index.find(person, &WEIGHTS, may).into_iter().take(FINDINGS_PER_CASE) {
            let Ok(place) = usize::try_from(hit.owner) else { continue };
            let (agree, disagree) = (hit.verdict.agree.clone(), hit.verdict.disagree.clone());
            let hit = LookedUp { place, person: hit.person.at.clone(), class: hit.class, agree, disagree };
            found.push((person.at.clone(), hit));
        }
    }
    Ok((book, found))
}

/// Somebody in a case here.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LookedUp {
    /// Which case of the book.
    pub place: usize,
    /// Where in its document.
    pub person: String,
    /// How sure.
    pub class: Class,
    /// What agrees.
    pub agree: Vec<Reason>,
    /// What does not.
    pub disagree: Vec<Reason>,
}

fn has_begun(thread: &Thread) -> bool {
    thread.root != PacketId([0; 32])
}
