//! New cases are compared with those that are here.
//!
//! What a case tells of people is kept beside it ([`Told`]) whenever the case has changed. If it tells of more people than
//! before, it waits until it has been compared; that it waits is kept too. The index over all cases is made of what is kept when
//! something waits, once for a run of the program, and lives in memory only.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use serde_json::{Map, Value};

use super::finding::{self, Decision, Finding, Side, State};
use super::index::{Hit, Index};
use super::person::{self, Lexicon, Person};
use super::score::{Class, Reason, Verdict, WEIGHTS};
use super::told::{self, Told};
use crate::calls;
use crate::engine::{Engine, EngineError};
use crate::records::{self, RecordError, Step};
use crate::vault::{CaseName, Vault};

/// Findings of one case, the most alike first: beyond them its names say nothing.
const FINDINGS_PER_CASE: usize = 20;
/// Cases read and compared by one run: a home that has never compared catches up over several, a few seconds each.
const CASES_AT_ONCE: usize = 1_000;
/// Cases read in one turn: 64 of 0.3 ms each hold nobody up.
const READ_IN_A_TURN: usize = 64;

/// Who is in which case, as far as it has been read.
#[derive(Debug, Default)]
pub(crate) struct Book {
    index: Index,
    /// The cases; their places are the owners in the index. Of one that has been erased the place stays empty.
    cases: Vec<Option<CaseName>>,
    places: HashMap<CaseName, u32>,
    /// Up to which generation of the vault it has been read.
    read: u64,
    /// Up to which generation of the vault what is kept of cases is up to date with them.
    kept: u64,
}

/// Somebody in another case.
struct Pair {
    own: String,
    theirs: String,
    other: Told,
    verdict: Verdict,
    class: Class,
}

/// Compares what is new, and keeps what is found; gives how many findings are new. Nothing leaves this device.
pub async fn compare_new(engine: &Engine) -> Result<usize, EngineError> {
    let mut book = engine.book.lock().await;
    book.keep_what_changed(engine).await?;
    let waiting = by_referral(&engine.vault, told::waiting(&engine.vault))?;
    if waiting.is_empty() {
        return Ok(0);
    }
    book.read(&engine.vault)?;
    let (mut found, mut lexicon) = (Vec::new(), Lexicon::default());
    for threads in waiting.iter().take(CASES_AT_ONCE) {
        found.extend(book.alike_of_referral(threads, &engine.vault, &mut lexicon)?);
    }
    let _turn = engine.take_turn().await;
    let (mut step, mut new) = (Step::new(&engine.vault), 0);
    for (own, pair) in &found {
        // One that has been erased meanwhile is compared with nobody.
        if [own, &pair.other].iter().all(|told| told::is_kept(&engine.vault, &told.case)) {
            new += usize::from(keep(engine, own, pair, &mut step).await?);
        }
    }
    waiting.iter().take(CASES_AT_ONCE).flatten().for_each(|case| told::drop_waiting(&mut step.changes, case));
    engine.commit(step.changes).await?;
    Ok(new)
}

/// Those in a document that is not sent who may be in a case here: where in the document, and in which case.
pub async fn look_up(
    engine: &Engine,
    document: &Map<String, Value>,
) -> Result<Vec<(String, LookedUp)>, EngineError> {
    let mut book = engine.book.lock().await;
    while !book.keep_what_changed(engine).await? {}
    book.read(&engine.vault)?;
    let is_exercise = matches!(document.get("mode").and_then(Value::as_str), Some("exercise" | "test"));
    let (mut found, mut lexicon) = (Vec::new(), Lexicon::default());
    for person in person::people(document, &mut lexicon) {
        let may = |other: &Told| other.is_exercise == is_exercise;
        let hits = book.find(&person, &engine.vault, &mut lexicon, may)?;
        for (other, hit) in hits.into_iter().take(FINDINGS_PER_CASE) {
            let (agree, disagree) = (hit.verdict.agree, hit.verdict.disagree);
            let (case, root) = (other.case, other.root);
            let hit = LookedUp { case, root, person: hit.at, class: hit.class, agree, disagree };
            found.push((person.at.clone(), hit));
        }
    }
    Ok(found)
}

/// Somebody in a case here.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LookedUp {
    /// Which case.
    pub case: CaseName,
    /// Its first packet.
    pub root: PacketId,
    /// Where in its document.
    pub person: String,
    /// How sure.
    pub class: Class,
    /// What agrees.
    pub agree: Vec<Reason>,
    /// What does not.
    pub disagree: Vec<Reason>,
}

impl Book {
    /// Reads cases that have changed and keeps what they tell of people; gives whether that was all of them.
    async fn keep_what_changed(&mut self, engine: &Engine) -> Result<bool, EngineError> {
        let generation = engine.vault.generation();
        if generation == self.kept {
            return Ok(true);
        }
        let outdated = told::outdated(&engine.vault, self.kept);
        for some in outdated.chunks(READ_IN_A_TURN).take(CASES_AT_ONCE.div_ceil(READ_IN_A_TURN)) {
            // What is kept is of the case as it stands then.
            let _turn = engine.take_turn().await;
            let mut step = Step::new(&engine.vault);
            for case in some {
                keep_case(&mut step, &engine.vault, case)?;
            }
            engine.commit(step.changes).await?;
        }
        let is_all = outdated.len() <= CASES_AT_ONCE;
        if is_all {
            self.kept = generation;
        }
        Ok(is_all)
    }

    /// Brings the index up to what is kept.
    fn read(&mut self, vault: &Vault) -> Result<(), RecordError> {
        let generation = vault.generation();
        for case in told::written_after(vault, self.read) {
            let Some(told) = Told::read(vault, &case)? else { continue };
            let Ok(next) = u32::try_from(self.cases.len()) else { break };
            let place = *self.places.entry(case).or_insert(next);
            if place == next {
                self.cases.push(Some(case));
            }
            self.index.enter(place, &told.keys);
        }
        let gone: HashSet<u32> =
            self.places.iter().filter(|(case, _)| !told::is_kept(vault, case)).map(|(_, n)| *n).collect();
        if !gone.is_empty() {
            self.index.retain(|owner| !gone.contains(&owner));
            self.places.retain(|_, place| !gone.contains(place));
            for place in gone.into_iter().filter_map(|place| usize::try_from(place).ok()) {
                self.cases.get_mut(place).map(Option::take);
            }
        }
        self.read = generation;
        Ok(())
    }

    /// The same for a referral that went to several organisations: the first thread counts unless another one tells more.
    fn alike_of_referral(
        &self,
        threads: &[CaseName],
        vault: &Vault,
        lexicon: &mut Lexicon,
    ) -> Result<Vec<(Told, Pair)>, RecordError> {
        let mut best: BTreeMap<PacketId, (Told, Pair)> = BTreeMap::new();
        for case in threads {
            let Some(own) = Told::read(vault, case)? else { continue };
            for pair in self.alike(&own, vault, lexicon)? {
                let root = pair.other.root;
                let points = best.get(&root).map(|(_, known)| known.verdict.points);
                if points.is_none_or(|points| pair.verdict.points > points) {
                    best.insert(root, (own.clone(), pair));
                }
            }
        }
        Ok(best.into_values().collect())
    }

    /// Whoever in other cases may be one of the people of this one: for each referral the pair that is most alike.
    fn alike(&self, own: &Told, vault: &Vault, lexicon: &mut Lexicon) -> Result<Vec<Pair>, RecordError> {
        let mut best: BTreeMap<PacketId, Pair> = BTreeMap::new();
        for person in own.people(lexicon) {
            for (other, hit) in self.find(&person, vault, lexicon, |other| own.may_be_compared_with(other))? {
                let root = other.root;
                let Hit { at: theirs, verdict, class, .. } = hit;
                let pair = Pair { own: person.at.clone(), theirs, other, verdict, class };
                // Of a referral that went to several organisations the first thread is enough.
                let rank = |pair: &Pair| (pair.other.begun, pair.other.case);
                let is_better = best.get(&root).is_none_or(|known| {
                    let order = pair.verdict.points.total_cmp(&known.verdict.points);
                    order.then_with(|| rank(known).cmp(&rank(&pair))).is_gt()
                });
                if is_better {
                    best.insert(root, pair);
                }
            }
        }
        let mut pairs: Vec<Pair> = best.into_values().collect();
        pairs.sort_by(|a, b| b.verdict.points.total_cmp(&a.verdict.points));
        pairs.truncate(FINDINGS_PER_CASE);
        Ok(pairs)
    }

    /// Whoever may be this person, the most alike first, each with the case; of those cases that may be compared.
    fn find(
        &self,
        person: &Person,
        vault: &Vault,
        lexicon: &mut Lexicon,
        may: impl Fn(&Told) -> bool,
    ) -> Result<Vec<(Told, Hit)>, RecordError> {
        let read = |owner: u32| {
            let case = usize::try_from(owner).ok().and_then(|place| *self.cases.get(place)?);
            case.map(|case| Told::read(vault, &case)).transpose().map(Option::flatten)
        };
        let hits = self.index.find(person, &WEIGHTS, |owner| {
            Ok::<_, RecordError>(read(owner)?.filter(&may).map(|other| other.people(lexicon)))
        })?;
        let with_case = |hit: Hit| Ok(read(hit.owner)?.map(|other| (other, hit)));
        hits.into_iter().filter_map(|hit| with_case(hit).transpose()).collect()
    }
}

/// Keeps what a case tells now. If that is more than before, it is to be compared.
fn keep_case(step: &mut Step<'_>, vault: &Vault, case: &CaseName) -> Result<(), RecordError> {
    let call = calls::call(vault, case)?;
    let is_sent = match &call {
        Some(call) => calls::is_sent(vault, call)?,
        None => false,
    };
    let read = calls::case(vault, case)?.filter(|case| case.thread.root != PacketId([0; 32]));
    let Some(read) = read.filter(|_| !is_sent) else {
        if told::is_kept(vault, case) {
            told::drop(&mut step.changes, case);
        }
        return Ok(());
    };
    let told = Told::of(&read, call.as_ref().map_or(&[], |call| &call.referrals));
    if told.tells_more_than(Told::read(vault, case)?.as_ref()) {
        told::put_waiting(&mut step.changes, *case);
    }
    told.put(&mut step.changes);
    Ok(())
}

/// Of each referral of which a case waits all threads, the oldest first; of calls, each for itself.
fn by_referral(vault: &Vault, waiting: Vec<CaseName>) -> Result<Vec<Vec<CaseName>>, RecordError> {
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let mut waiting: BTreeSet<CaseName> = waiting.into_iter().collect();
    let catalogue = records::catalogue(vault)?;
    let roots: HashSet<PacketId> =
        catalogue.lines().filter(|line| waiting.contains(&line.case)).map(|line| line.root).collect();
    let mut threads: BTreeMap<PacketId, BTreeSet<(Timestamp, CaseName)>> = BTreeMap::new();
    for line in catalogue.lines().filter(|line| roots.contains(&line.root)) {
        threads.entry(line.root).or_default().insert((line.begun, line.case));
        waiting.remove(&line.case);
    }
    let threads = threads.into_values().map(|threads| threads.into_iter().map(|(_, case)| case).collect());
    Ok(threads.chain(waiting.into_iter().map(|call| vec![call])).collect())
}

/// Keeps a pair, unless it is known; one that nobody has decided about is brought up to date. Gives whether it is new.
async fn keep(engine: &Engine, own: &Told, pair: &Pair, step: &mut Step<'_>) -> Result<bool, EngineError> {
    let known = finding::of_pair(step, own.root, pair.other.root)?;
    if known.as_ref().is_some_and(|finding| !finding.decision.is(State::Open)) {
        return Ok(false);
    }
    let side = |told: &Told, person: &str| Side { case: told.case, root: told.root, person: person.into() };
    let (mine, theirs) = (side(own, &pair.own), side(&pair.other, &pair.theirs));
    let is_older = (pair.other.begun, pair.other.case) < (own.begun, own.case);
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
