//! What lists need of every referral, in memory: which there are, how urgent, how far; and what is to be done. The records themselves stay sealed in the
//! vault, and a page reads those few that it shows.
//!
//! It is made when somebody asks for the first time and brought up to date by the revisions of the vault, so it never says
//! anything that the vault does not. A line holds no text of a referral.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::escalation::tasks;
use crate::model::Thread;
use crate::office::{self, notes};
use crate::records::{self, RecordError};
use crate::referral::lifecycle::{Action, WorkState};
use crate::vault::{Tree, Vault};

mod tags;

use self::tags::Tags;

/// Fewer than this many referrals are read by one thread: to start another takes as long.
const SHARED_OUT_MIN: usize = 256;

/// One referral as a list knows it: about 270 bytes with its places, 27 MB for 100,000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Name of its thread.
    pub case: [u8; 32],
    /// First packet; zeros while that has not come.
    pub root: PacketId,
    /// Kind code.
    pub kind: Arc<str>,
    /// The other organisation.
    pub peer: OrgId,
    /// Whether we sent it.
    pub ours: bool,
    /// How urgent it is.
    pub priority: Priority,
    /// When it began here.
    pub begun: Timestamp,
    /// When an answer is due; zero if none is.
    pub respond_by: Timestamp,
    /// When anything happened last.
    pub last: Timestamp,
    /// Work state, a word of the lifecycle.
    pub work: Arc<str>,
    /// Whether it came from others and nobody here has opened it.
    pub unread: bool,
    /// Whether nothing is expected of anybody any more.
    pub ended: bool,
}

/// The most urgent first, then the newest.
type Order = (Priority, Reverse<Timestamp>, [u8; 32]);

/// All lines, in the order of lists.
#[derive(Debug, Default)]
pub struct Catalogue {
    lines: BTreeMap<Order, Line>,
    /// Those of which something is still expected of somebody.
    open: BTreeSet<Order>,
    /// How many there are of each kind with each organisation, of what came and of what we sent.
    parties: BTreeMap<(bool, OrgId, Arc<str>), usize>,
    places: HashMap<[u8; 32], Order>,
    words: HashSet<Arc<str>>,
    /// Who has which referral, by number.
    assigned: HashMap<[u8; 32], String>,
    tags: Tags,
    /// Names of the tasks that are still to be done.
    open_tasks: BTreeSet<Vec<u8>>,
    generation: u64,
}

impl Line {
    /// Whether it has reached its recipient, who has not answered it.
    pub fn is_unanswered(&self) -> bool {
        ["received", "seen"].contains(&&*self.work)
    }

    /// Whether it waits for an answer of ours.
    pub fn waits(&self) -> bool {
        !self.ours && self.is_unanswered()
    }

    /// Whether it waits and is urgent: the alarm sounds.
    pub fn sounds(&self) -> bool {
        self.waits() && self.priority <= Priority::P1
    }

    fn order(&self) -> Order {
        (self.priority, Reverse(self.begun), self.case)
    }
}

impl Catalogue {
    /// All lines, the most urgent first, then the newest.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.lines.values()
    }

    /// Those that have not ended, in the same order. Looks at no other one.
    pub fn open(&self) -> impl Iterator<Item = &Line> {
        self.open.iter().filter_map(|order| self.lines.get(order))
    }

    /// With which organisations there is something of which kind, of what came or of what we sent.
    pub fn parties(&self, ours: bool) -> impl Iterator<Item = (OrgId, &str)> {
        let of_ours = self.parties.keys().filter(move |(which, ..)| *which == ours);
        of_ours.map(|(_, peer, kind)| (*peer, &**kind))
    }

    /// Those of these kinds, in the same order.
    pub fn of_kinds<'a>(&'a self, kinds: &[&str]) -> impl Iterator<Item = &'a Line> + use<'a> {
        // Each word is kept once: two are the same where they stand in the same place.
        let kinds: Vec<&Arc<str>> = kinds.iter().filter_map(|kind| self.words.get(*kind)).collect();
        let lines = (!kinds.is_empty()).then(|| self.lines.values()).into_iter().flatten();
        lines.filter(move |line| kinds.iter().any(|kind| Arc::ptr_eq(kind, &line.kind)))
    }

    /// Number of whoever has a referral.
    pub fn assigned(&self, case: &[u8; 32]) -> Option<&str> {
        self.assigned.get(case).map(String::as_str)
    }

    /// Names of the tasks that were to be done when it was brought up to date.
    pub(crate) fn open_tasks(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.open_tasks.iter().map(Vec::as_slice)
    }

    /// All referrals that somebody has, each with that number.
    pub(crate) fn all_assigned(&self) -> impl ExactSizeIterator<Item = (&[u8; 32], &String)> {
        self.assigned.iter()
    }

    /// Tags of referrals.
    pub(crate) fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The commit of the vault that it is up to date with.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// As it was at a commit of the vault; [`Self::refresh`] brings it on from there.
    pub(crate) fn kept(
        generation: u64,
        lines: Vec<Line>,
        open_tasks: Vec<Vec<u8>>,
        assigned: Vec<([u8; 32], String)>,
        tags: Vec<([u8; 32], Vec<String>)>,
    ) -> Self {
        let (open_tasks, assigned) = (open_tasks.into_iter().collect(), assigned.into_iter().collect());
        let mut kept = Self { generation, open_tasks, assigned, tags: Tags::kept(tags), ..Self::default() };
        for line in lines {
            let (kind, work) = (kept.word(&line.kind), kept.word(&line.work));
            kept.enter(Line { kind, work, ..line });
        }
        kept
    }

    /// Brings it up to what the vault holds now.
    pub(crate) fn refresh(&mut self, vault: &Vault) -> Result<(), RecordError> {
        // First: what is written from here on is read once more the next time.
        let generation = vault.generation();
        if generation == self.generation {
            return Ok(());
        }
        for thread in read(vault, &vault.written_after(Tree::Referrals, self.generation))? {
            self.put(&thread);
        }
        // All that the vault holds is here now; whatever else is here has been erased.
        if self.places.len() != vault.count(Tree::Referrals) {
            let parties = &mut self.parties;
            self.lines.retain(|_, line| {
                let stays = vault.holds(Tree::Referrals, &line.case);
                if !stays {
                    one_less(parties, line);
                }
                stays
            });
            let lines = &self.lines;
            self.open.retain(|order| lines.contains_key(order));
            self.places.retain(|_, order| lines.contains_key(order));
        }
        for id in vault.written_after(Tree::Office, self.generation) {
            let Some(case) = office::assigned_case(&id) else { continue };
            match notes::assigned_to(vault, case)? {
                Some(to) => drop(self.assigned.insert(case, to)),
                None => drop(self.assigned.remove(&case)),
            }
        }
        self.assigned.retain(|case, _| vault.holds(Tree::Office, &office::assigned_id(case)));
        self.tags.refresh(vault, self.generation)?;
        let written = vault.written_after(Tree::Clocks, self.generation);
        for (id, is_open) in tasks::standing(vault, written)? {
            if is_open {
                self.open_tasks.insert(id);
            } else {
                self.open_tasks.remove(&id);
            }
        }
        self.open_tasks.retain(|id| vault.holds(Tree::Clocks, id));
        self.generation = generation;
        Ok(())
    }

    fn put(&mut self, thread: &Thread) {
        let opened = |what: &str| what == Action::Open.as_str();
        let line = Line {
            case: thread.case,
            root: thread.root,
            kind: self.word(&thread.kind),
            peer: thread.peer,
            ours: thread.ours,
            priority: thread.priority,
            begun: thread.begun,
            respond_by: thread.respond_by,
            last: thread.events.iter().map(|event| event.at).max().unwrap_or(thread.begun),
            work: self.word(&thread.work),
            ended: thread.work.parse::<WorkState>().is_ok_and(WorkState::is_terminal),
            unread: !thread.ours && !thread.events.iter().any(|e| e.by != thread.peer && opened(&e.what)),
        };
        self.enter(line);
    }

    fn enter(&mut self, line: Line) {
        let order = line.order();
        if let Some(before) = self.places.insert(line.case, order) {
            self.open.remove(&before);
            if let Some(line) = self.lines.remove(&before) {
                one_less(&mut self.parties, &line);
            }
        }
        *self.parties.entry(party(&line)).or_default() += 1;
        if !line.ended {
            self.open.insert(order);
        }
        self.lines.insert(order, line);
    }

    /// A word, once for all lines that have it.
    fn word(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.words.get(word) {
            return Arc::clone(known);
        }
        let new: Arc<str> = word.into();
        self.words.insert(Arc::clone(&new));
        new
    }
}

fn party(line: &Line) -> (bool, OrgId, Arc<str>) {
    (line.ours, line.peer, Arc::clone(&line.kind))
}

fn one_less(parties: &mut BTreeMap<(bool, OrgId, Arc<str>), usize>, line: &Line) {
    if let Entry::Occupied(mut count) = parties.entry(party(line)) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

/// Reads these threads, on all processors: that is deciphering more than reading.
fn read(vault: &Vault, ids: &[Vec<u8>]) -> Result<Vec<Thread>, RecordError> {
    let readers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = ids.len().div_ceil(readers).max(SHARED_OUT_MIN);
    let read_share = |ids: &[Vec<u8>]| {
        let threads = ids.iter().filter_map(|id| records::thread_of(vault, id).transpose());
        threads.collect::<Result<Vec<Thread>, RecordError>>()
    };
    let shares: Vec<Result<Vec<Thread>, RecordError>> = std::thread::scope(|scope| {
        let running: Vec<_> = ids.chunks(share).map(|ids| scope.spawn(move || read_share(ids))).collect();
        running
            .into_iter()
            .map(|share| share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut all = Vec::with_capacity(ids.len());
    for share in shares {
        all.extend(share?);
    }
    Ok(all)
}

#[cfg(test)]
pub(crate) mod tests {
    use causeway_common::store::MemoryKv;

    use super::*;
    use crate::model::Event;
    use crate::vault::{Changes, Cost, MemoryEks};

    /// A thread of somebody else that nobody has answered.
    pub(crate) fn thread(number: u8, priority: Priority, begun: u64) -> Thread {
        Thread {
            case: [number; 32],
            root: PacketId([number; 32]),
            kind: "MPR".into(),
            peer: OrgId([9; 32]),
            ours: false,
            priority,
            begun: Timestamp(begun),
            respond_by: Timestamp(0),
            work: "received".into(),
            events: Vec::new(),
            waiting: Vec::new(),
        }
    }

    fn cases(vault: &Vault) -> Vec<u8> {
        records::catalogue(vault).unwrap().lines().map(|line| line.case[0]).collect()
    }

    #[tokio::test]
    async fn lists_stand_in_their_order_and_follow_what_is_written_changed_and_removed() {
        let mut rng = crate::test_rng(3);
        let kv = Arc::new(MemoryKv::new());
        let created =
            Vault::create(kv, MemoryEks::default(), "a passphrase of words", Cost::least(), &mut rng);
        let (vault, _) = created.await.unwrap();
        let mut changes = Changes::default();
        for (number, priority, begun) in
            [(1, Priority::P2, 10), (2, Priority::P0, 5), (3, Priority::P2, 20), (4, Priority::P2, 15)]
        {
            records::put_thread(&mut changes, &thread(number, priority, begun));
        }
        vault.commit(changes, &mut rng).await.unwrap();
        assert_eq!(cases(&vault), [2, 3, 4, 1]);
        assert!(records::catalogue(&vault).unwrap().lines().all(|line| line.unread && line.waits()));
        let open =
            || records::catalogue(&vault).unwrap().open().map(|line| line.case[0]).collect::<Vec<u8>>();
        let of_kind = |kind: &str| records::catalogue(&vault).unwrap().of_kinds(&["VHO", kind]).count();
        let parties = |ours| {
            let catalogue = records::catalogue(&vault).unwrap();
            catalogue.parties(ours).map(|(peer, kind)| (peer.0[0], kind.to_owned())).collect::<Vec<_>>()
        };
        assert_eq!((open(), of_kind("MPR"), of_kind("BIA")), (vec![2, 3, 4, 1], 4, 0));
        assert_eq!((parties(false), parties(true)), (vec![(9, "MPR".to_owned())], Vec::new()));

        // One becomes urgent and is opened, one goes, one comes: as many as before.
        let mut changes = Changes::default();
        let mut changed = thread(1, Priority::P0, 10);
        changed.work = "seen".into();
        changed.events.push(Event {
            at: Timestamp(11),
            by: OrgId([1; 32]),
            what: Action::Open.as_str().into(),
            state: "seen".into(),
            text: String::new(),
            packet: changed.root,
            after: PacketId([0; 32]),
            conflict: false,
            author: String::new(),
            taken_back: false,
        });
        records::put_thread(&mut changes, &changed);
        changes.delete(Tree::Referrals, &[3; 32]);
        records::put_thread(&mut changes, &thread(5, Priority::P3, 1));
        vault.commit(changes, &mut rng).await.unwrap();
        assert_eq!(cases(&vault), [1, 2, 4, 5]);
        let unread: Vec<bool> = records::catalogue(&vault).unwrap().lines().map(|line| line.unread).collect();
        assert_eq!(unread, [false, true, true, true]);

        // One ends, one turns out to be of another kind and with somebody else, and two go.
        let mut changes = Changes::default();
        let mut ended = thread(1, Priority::P0, 10);
        ended.work = "closed".into();
        records::put_thread(&mut changes, &ended);
        let mut other = thread(2, Priority::P0, 5);
        (other.kind, other.peer, other.ours) = ("BIA".into(), OrgId([8; 32]), true);
        records::put_thread(&mut changes, &other);
        changes.delete(Tree::Referrals, &[4; 32]);
        changes.delete(Tree::Referrals, &[5; 32]);
        vault.commit(changes, &mut rng).await.unwrap();
        assert_eq!((open(), cases(&vault)), (vec![2], vec![1, 2]));
        assert_eq!((of_kind("MPR"), of_kind("BIA")), (1, 1));
        assert_eq!(parties(false), [(9, "MPR".to_owned())]);
        assert_eq!(parties(true), [(8, "BIA".to_owned())]);
    }

    #[tokio::test]
    async fn many_are_read_by_several_threads_and_none_is_left_out() {
        let mut rng = crate::test_rng(4);
        let kv = Arc::new(MemoryKv::new());
        let created =
            Vault::create(kv, MemoryEks::default(), "a passphrase of words", Cost::least(), &mut rng);
        let (vault, _) = created.await.unwrap();
        let many = SHARED_OUT_MIN * 2 + 1;
        let mut changes = Changes::default();
        for number in 0..many {
            let mut one = thread(0, Priority::P2, number as u64);
            one.case[..8].copy_from_slice(&number.to_le_bytes());
            records::put_thread(&mut changes, &one);
        }
        vault.commit(changes, &mut rng).await.unwrap();
        let begun: Vec<u64> = records::catalogue(&vault).unwrap().lines().map(|line| line.begun.0).collect();
        assert_eq!(begun, (0..many as u64).rev().collect::<Vec<_>>());
    }
}
