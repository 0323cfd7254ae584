//! A drive, as strictly as POSIX lets it be.
//!
//! What a file holds is safe once that file has been synced, and a name once its folder has been. Everything else may
//! be there, be gone, or, for content, be there in some sectors only; one file's changes say nothing about another's.
//! A rename is atomic. Some states are drawn from what a journaling file system leaves instead: names changed in
//! order, up to some moment.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::recording::Event;

/// What a drive writes whole or not at all.
const SECTOR: u64 = 512;
/// The root folder among the nodes.
const ROOT: usize = 0;

/// All files and folders that ever were, with what is safe and what is not.
#[derive(Debug)]
pub struct Drive<'a> {
    nodes: Vec<Node<'a>>,
    /// Which node has an inode number now; numbers are used again.
    by_inode: HashMap<u64, usize>,
    /// Which node has a path now, as the running system sees it.
    by_path: BTreeMap<PathBuf, usize>,
}

#[derive(Debug)]
enum Node<'a> {
    File { safe: Vec<u8>, pending: Vec<Change<'a>> },
    Folder { safe: Names, pending: Vec<Renaming> },
}

type Names = BTreeMap<OsString, usize>;
/// Names that change together: a rename is two.
type Renaming = Vec<(OsString, Option<usize>)>;

#[derive(Clone, Copy, Debug)]
enum Change<'a> {
    Write(u64, &'a [u8]),
    Length(u64),
}

/// What becomes of changes that no sync has made safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// All are lost: the harshest state for a missing sync.
    Lost,
    /// Each has its own fate.
    Mixed,
    /// All are there.
    Kept,
}

impl Default for Drive<'_> {
    fn default() -> Self {
        let root = Node::Folder { safe: Names::new(), pending: Vec::new() };
        let by_path = BTreeMap::from([(PathBuf::new(), ROOT)]);
        Self { nodes: vec![root], by_inode: HashMap::new(), by_path }
    }
}

impl<'a> Drive<'a> {
    /// Takes the next step of a recording.
    ///
    /// # Panics
    /// When the step does not fit the ones before.
    pub fn apply(&mut self, event: &'a Event) {
        match event {
            Event::Made { path, inode, folder } => self.make(path, *inode, *folder),
            Event::Written { inode, offset, bytes } => self.change(*inode, Change::Write(*offset, bytes)),
            Event::Length { inode, length } => self.change(*inode, Change::Length(*length)),
            Event::Renamed { from, to } => self.rename(from, to),
            Event::Removed { path } => {
                assert!(self.by_path.remove(path).is_some(), "{} was not there", path.display());
                self.names_change(path, vec![(name(path), None)]);
            }
            Event::Synced { inode } => {
                // The root itself was made before the recording began, and so has no number in it.
                let node = self.by_inode.get(inode).copied().unwrap_or(ROOT);
                self.nodes[node].sync();
            }
            Event::WrittenBack { .. } | Event::Said(_) => {}
        }
    }

    fn make(&mut self, path: &Path, inode: u64, folder: bool) {
        let node = self.nodes.len();
        self.nodes.push(if folder {
            Node::Folder { safe: Names::new(), pending: Vec::new() }
        } else {
            Node::File { safe: Vec::new(), pending: Vec::new() }
        });
        self.by_inode.insert(inode, node);
        self.by_path.insert(path.to_path_buf(), node);
        self.names_change(path, vec![(name(path), Some(node))]);
    }

    fn rename(&mut self, from: &Path, to: &Path) {
        assert_eq!(from.parent(), to.parent(), "renaming into another folder is not modelled");
        let moved: Vec<PathBuf> = self.by_path.keys().filter(|p| p.starts_with(from)).cloned().collect();
        for path in moved {
            let node = self.by_path.remove(&path).unwrap();
            let below = path.strip_prefix(from).unwrap();
            let path = if below.as_os_str().is_empty() { to.to_path_buf() } else { to.join(below) };
            self.by_path.insert(path, node);
        }
        let node = self.by_path[to];
        self.names_change(to, vec![(name(from), None), (name(to), Some(node))]);
    }

    fn names_change(&mut self, path: &Path, renaming: Renaming) {
        let parent = self.by_path[path.parent().unwrap()];
        match &mut self.nodes[parent] {
            Node::Folder { pending, .. } => pending.push(renaming),
            Node::File { .. } => panic!("{} lies in a file", path.display()),
        }
    }

    fn change(&mut self, inode: u64, change: Change<'a>) {
        match &mut self.nodes[self.by_inode[&inode]] {
            Node::File { pending, .. } => pending.push(change),
            Node::Folder { .. } => panic!("a folder was written to"),
        }
    }

    /// Everything as the running system sees it.
    pub fn newest(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut all: BTreeMap<_, _> =
            self.by_path.iter().map(|(path, node)| (path.clone(), self.nodes[*node].newest())).collect();
        all.remove(Path::new(""));
        all
    }

    /// Writes one of the states in which the drive may be found now.
    ///
    /// # Panics
    /// When `folder` does not take it.
    pub fn write_state(&self, folder: &Path, rng: &mut ChaCha8Rng) {
        let fate = match rng.random_range(0..10) {
            0..3 => Fate::Lost,
            3..9 => Fate::Mixed,
            _ => Fate::Kept,
        };
        let in_order = rng.random_bool(0.5);
        self.write_folder(ROOT, folder, fate, in_order, rng);
    }

    fn write_folder(&self, node: usize, folder: &Path, fate: Fate, in_order: bool, rng: &mut ChaCha8Rng) {
        for (name, child) in self.nodes[node].names_after(fate, in_order, rng) {
            let path = folder.join(name);
            if let Some(content) = self.nodes[child].content_after(fate, rng) {
                std::fs::write(&path, content).unwrap();
            } else {
                std::fs::create_dir(&path).unwrap();
                self.write_folder(child, &path, fate, in_order, rng);
            }
        }
    }
}

fn name(path: &Path) -> OsString {
    path.file_name().unwrap().to_owned()
}

impl Node<'_> {
    fn sync(&mut self) {
        match self {
            Self::File { safe, pending } => pending.drain(..).for_each(|change| change.apply(safe)),
            Self::Folder { safe, pending } => pending.drain(..).for_each(|renaming| rename(safe, &renaming)),
        }
    }

    fn newest(&self) -> Option<Vec<u8>> {
        let Self::File { safe, pending } = self else { return None };
        let mut content = safe.clone();
        pending.iter().for_each(|change| change.apply(&mut content));
        Some(content)
    }

    /// A folder's names after the cut; a file has none.
    fn names_after(&self, fate: Fate, in_order: bool, rng: &mut ChaCha8Rng) -> Names {
        let Self::Folder { safe, pending } = self else { return Names::new() };
        let mut names = safe.clone();
        let until = rng.random_range(0..=pending.len());
        for (number, renaming) in pending.iter().enumerate() {
            let there = match fate {
                Fate::Lost => false,
                Fate::Kept => true,
                Fate::Mixed if in_order => number < until,
                Fate::Mixed => rng.random_bool(0.5),
            };
            if there {
                rename(&mut names, renaming);
            }
        }
        names
    }

    /// A file's content after the cut; a folder has none.
    fn content_after(&self, fate: Fate, rng: &mut ChaCha8Rng) -> Option<Vec<u8>> {
        let Self::File { safe, pending } = self else { return None };
        let mut content = safe.clone();
        for change in pending {
            match fate {
                Fate::Lost => {}
                Fate::Kept => change.apply(&mut content),
                Fate::Mixed => match rng.random_range(0..10) {
                    0..4 => change.apply(&mut content),
                    4..7 => change.tear(&mut content, rng),
                    7 => change.only_length(&mut content),
                    _ => {}
                },
            }
        }
        Some(content)
    }
}

fn rename(names: &mut Names, renaming: &Renaming) {
    for (name, node) in renaming {
        match node {
            Some(node) => drop(names.insert(name.clone(), *node)),
            None => drop(names.remove(name)),
        }
    }
}

impl Change<'_> {
    fn apply(&self, content: &mut Vec<u8>) {
        match *self {
            Self::Write(offset, bytes) => overwrite(content, offset, bytes),
            Self::Length(length) => content.resize(usize::try_from(length).unwrap(), 0),
        }
    }

    /// Some sectors arrive, others do not. A length is all or nothing.
    fn tear(&self, content: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
        let Self::Write(offset, bytes) = *self else { return };
        let (mut from, end) = (offset, offset + bytes.len() as u64);
        while from < end {
            let to = end.min((from / SECTOR + 1) * SECTOR);
            if rng.random_bool(0.5) {
                let [low, high] = [from, to].map(|at| usize::try_from(at - offset).unwrap());
                overwrite(content, from, &bytes[low..high]);
            }
            from = to;
        }
    }

    /// The file has grown, what was to stand there has not arrived.
    fn only_length(&self, content: &mut Vec<u8>) {
        if let Self::Write(offset, bytes) = *self {
            let end = usize::try_from(offset).unwrap() + bytes.len();
            content.resize(content.len().max(end), 0);
        }
    }
}

fn overwrite(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let from = usize::try_from(offset).unwrap();
    content.resize(content.len().max(from + bytes.len()), 0);
    content[from..from + bytes.len()].copy_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng as _;

    use super::*;

    fn made(path: &str, inode: u64, folder: bool) -> Event {
        Event::Made { path: path.into(), inode, folder }
    }

    fn written(inode: u64, bytes: &[u8]) -> Event {
        Event::Written { inode, offset: 0, bytes: bytes.to_vec() }
    }

    /// What a file may hold after `events`; `None`: it is not there.
    fn possible(events: &[Event], path: &str) -> BTreeSet<Option<Vec<u8>>> {
        let mut drive = Drive::default();
        events.iter().for_each(|event| drive.apply(event));
        let one = |seed| {
            let folder = super::super::scratch();
            drive.write_state(folder.path(), &mut ChaCha8Rng::seed_from_u64(seed));
            std::fs::read(folder.path().join(path)).ok()
        };
        (0..200).map(one).collect()
    }

    fn states(all: &[Option<&[u8]>]) -> BTreeSet<Option<Vec<u8>>> {
        all.iter().map(|state| state.map(<[u8]>::to_vec)).collect()
    }

    #[test]
    fn only_a_synced_file_in_a_synced_folder_is_safe() {
        let (file, root) = (Event::Synced { inode: 7 }, Event::Synced { inode: 1 });
        let begin = || vec![made("a", 7, false), written(7, b"x")];
        assert_eq!(possible(&begin(), "a"), states(&[None, Some(b""), Some(b"\0"), Some(b"x")]));
        let synced = [begin(), vec![file]].concat_events();
        assert_eq!(possible(&synced, "a"), states(&[None, Some(b"x")]));
        let all = [synced, vec![root]].concat_events();
        assert_eq!(possible(&all, "a"), states(&[Some(b"x")]));
        let range =
            [begin(), vec![Event::WrittenBack { inode: 7 }, Event::Synced { inode: 1 }]].concat_events();
        assert_eq!(possible(&range, "a").len(), 3, "writing back is no barrier");
    }

    #[test]
    fn a_rename_is_atomic_and_an_unsynced_one_may_be_undone() {
        let begin = vec![
            made("a", 7, false),
            written(7, b"old"),
            Event::Synced { inode: 7 },
            made("b", 8, false),
            written(8, b"new"),
            Event::Synced { inode: 8 },
            Event::Synced { inode: 1 },
            Event::Renamed { from: "b".into(), to: "a".into() },
        ];
        assert_eq!(possible(&begin, "a"), states(&[Some(b"old"), Some(b"new")]));
        let synced = [begin, vec![Event::Synced { inode: 1 }]].concat_events();
        assert_eq!(possible(&synced, "a"), states(&[Some(b"new")]));
    }

    #[test]
    fn long_writes_are_torn_at_sectors() {
        let events = [made("a", 7, false), written(7, &[1; 1024]), Event::Synced { inode: 1 }];
        let torn = [vec![0; 512], vec![1; 512]].concat();
        assert!(possible(&events, "a").contains(&Some(torn)));
    }

    trait ConcatEvents {
        fn concat_events(self) -> Vec<Event>;
    }

    impl ConcatEvents for [Vec<Event>; 2] {
        fn concat_events(self) -> Vec<Event> {
            self.into_iter().flatten().collect()
        }
    }
}
