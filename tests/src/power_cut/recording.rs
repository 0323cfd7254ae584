//! What a child process did to its folder, in order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::drive::Drive;

/// One step.
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A file or a folder was made.
    Made {
        /// Where, below the root.
        path: PathBuf,
        /// Its number until it is removed.
        inode: u64,
        /// Whether it is a folder.
        folder: bool,
    },
    /// Bytes were written.
    Written {
        /// Into this file.
        inode: u64,
        /// From here on.
        offset: u64,
        /// These.
        bytes: Vec<u8>,
    },
    /// A file was cut or extended.
    Length {
        /// Which.
        inode: u64,
        /// To so many bytes.
        length: u64,
    },
    /// A name was changed.
    Renamed {
        /// From this.
        from: PathBuf,
        /// To this.
        to: PathBuf,
    },
    /// A name was removed.
    Removed {
        /// Which.
        path: PathBuf,
    },
    /// `fsync` or `fdatasync` has returned.
    Synced {
        /// On this file or folder.
        inode: u64,
    },
    /// `sync_file_range` has returned. No barrier: it waits neither for the drive's cache nor for metadata.
    WrittenBack {
        /// On this file.
        inode: u64,
    },
    /// The child says something about itself.
    Said(Vec<u8>),
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Made { path, folder, .. } => write!(f, "make {} (folder: {folder})", path.display()),
            Self::Written { inode, offset, bytes } => {
                write!(f, "write {} bytes at {offset} of {inode}", bytes.len())
            }
            Self::Length { inode, length } => write!(f, "set length {length} of {inode}"),
            Self::Renamed { from, to } => write!(f, "rename {} to {}", from.display(), to.display()),
            Self::Removed { path } => write!(f, "remove {}", path.display()),
            Self::Synced { inode } => write!(f, "sync {inode}"),
            Self::WrittenBack { inode } => write!(f, "write back {inode}"),
            Self::Said(words) => write!(f, "{}", String::from_utf8_lossy(words).trim_end()),
        }
    }
}

/// A recording, and the folder as the child left it.
#[derive(Debug)]
pub struct Recording {
    /// All steps in order.
    pub events: Vec<Event>,
    folder: tempfile::TempDir,
}

impl Recording {
    /// Runs a child that works below the folder it gets as its last but one argument and writes its words into the
    /// file it gets as its last.
    ///
    /// # Panics
    /// When the shim cannot be built or the child fails.
    pub fn of(child: &mut Command) -> Self {
        let folder = super::scratch();
        let (root, log, words) =
            (folder.path().join("root"), folder.path().join("log"), folder.path().join("words"));
        std::fs::create_dir(&root).unwrap();
        std::fs::write(&words, []).unwrap();
        let status = child
            .arg(&root)
            .arg(&words)
            .env("LD_PRELOAD", shim(folder.path()))
            .env("POWER_CUT_ROOT", &root)
            .env("POWER_CUT_LOG", &log)
            .env("POWER_CUT_ACKS", &words)
            .status()
            .unwrap();
        assert!(status.success(), "the recorded child failed: {status}");
        let events = parse(&std::fs::read(&log).unwrap(), &root);
        Self { events, folder }
    }

    /// Replays everything and compares with the folder: a step that the shim has missed shows here.
    ///
    /// # Panics
    /// When they differ.
    pub fn prove_complete(&self) {
        let mut drive = Drive::default();
        self.events.iter().for_each(|event| drive.apply(event));
        let mut found = BTreeMap::new();
        read_tree(&self.folder.path().join("root"), Path::new(""), &mut found);
        assert!(found == drive.newest(), "the recording does not lead to what the child left on the disk");
    }

    /// Events for which `wanted` holds.
    pub fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| wanted(event)).count()
    }
}

/// Compiles the shim.
fn shim(folder: &Path) -> PathBuf {
    let library = folder.join("record.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("shim/record.c");
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut compile = Command::new(compiler);
    compile.args(["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]);
    let compiled = compile.arg(&library).arg(source).arg("-ldl").status();
    assert!(compiled.is_ok_and(|status| status.success()), "the power-cut tests need a C compiler (cc)");
    library
}

/// Files and folders below `folder`, a folder without content.
fn read_tree(folder: &Path, prefix: &Path, found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = prefix.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            read_tree(&entry.path(), &path, found);
            found.insert(path, None);
        } else {
            found.insert(path, Some(std::fs::read(entry.path()).unwrap()));
        }
    }
}

fn parse(log: &[u8], root: &Path) -> Vec<Event> {
    let (mut rest, mut events) = (log, Vec::new());
    while !rest.is_empty() {
        let kind = take(&mut rest, 1)[0];
        let [inode, place, length] = [(); 3].map(|()| number(take(&mut rest, 8)));
        let [first, second] = [(); 2].map(|()| number(take(&mut rest, 2)));
        let [first, second] = [first, second].map(|length| {
            let path = PathBuf::from(String::from_utf8(take(&mut rest, length).to_vec()).unwrap());
            path.strip_prefix(root).map(Path::to_path_buf).unwrap_or_default()
        });
        let bytes = take(&mut rest, length).to_vec();
        events.push(match kind {
            b'A' => Event::Said(bytes),
            b'C' | b'D' => Event::Made { path: first, inode, folder: kind == b'D' },
            b'L' => Event::Length { inode, length: place },
            b'N' => Event::Renamed { from: first, to: second },
            b'R' => Event::WrittenBack { inode },
            b'S' => Event::Synced { inode },
            b'U' => Event::Removed { path: first },
            b'W' => Event::Written { inode, offset: place, bytes },
            other => panic!("the shim wrote a record of an unknown kind {other}"),
        });
    }
    events
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> &'a [u8] {
    let (taken, left) = rest.split_at(usize::try_from(length).unwrap());
    *rest = left;
    taken
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
