use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::*;
use crate::passphrase::Cost;
use crate::time::Timestamp;

/// Counts: enough for names that must differ.
struct Counting(u64);

impl rand_core::TryRng for Counting {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|n| u32::try_from(n >> 32).unwrap())
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 += 1;
        Ok(self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in bytes.chunks_mut(8) {
            let number = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counting {}

const MASTER: [u8; 32] = [5; 32];

type Records = BTreeMap<Vec<u8>, Vec<u8>>;

fn about() -> About {
    About { what: "relay".into(), taken: Timestamp(77) }
}

fn records(count: u32) -> Records {
    (0..count).map(|n| (n.to_be_bytes().to_vec(), vec![n.to_le_bytes()[0]; 700 + n as usize % 900])).collect()
}

fn attachment() -> Vec<u8> {
    (0..2_500_000u32).map(|n| (n / 7).to_le_bytes()[0]).collect()
}

fn back_up(path: &Path, records: &Records, keep: usize) -> Result<Done, BackupError> {
    let key = Key::new(&MASTER);
    let folder = Folder::prepare(path, || Ok(b"a lock".to_vec()))?;
    let mut writer = Writer::begin(&folder, &key, about(), keep)?;
    for (key, value) in records {
        writer.record(key, value)?;
    }
    writer.file("blobs/one", &mut &attachment()[..])?;
    writer.file("blobs/none", &mut &b""[..])?;
    writer.finish(keep, &mut Counting(std::process::id().into()))
}

fn read_back(path: &Path, number: u64) -> Result<(Records, BTreeMap<String, Vec<u8>>), BackupError> {
    let (folder, key) = (Folder::open(path)?, Key::new(&MASTER));
    let (mut records, mut files) = (Records::new(), BTreeMap::<String, Vec<u8>>::new());
    folder.visit(&folder.manifest(number, &key)?, &key, &mut |item| {
        match item {
            Item::Record { key, value } => drop(records.insert(key.to_vec(), value.to_vec())),
            Item::Piece { name, bytes } => files.entry(name.into()).or_default().extend_from_slice(bytes),
        }
        Ok(())
    })?;
    Ok((records, files))
}

fn all_files(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.extend(all_files(&entry)) } else { found.push(entry) }
    }
    found
}

#[test]
fn everything_comes_back_and_the_next_backup_writes_only_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let mut now = records(5_000);
    let first = back_up(&path, &now, 7).unwrap();
    assert!(first.new_bytes > 6 << 20, "{}", first.new_bytes);
    now.insert(vec![0, 0, 9, 9, 9], b"new".to_vec());
    let second = back_up(&path, &now, 7).unwrap();
    assert!(second.new_bytes < 400_000, "{} bytes for one record", second.new_bytes);
    let (records, files) = read_back(&path, 2).unwrap();
    assert_eq!(records, now);
    assert_eq!(files["blobs/one"], attachment());
    assert!(files["blobs/none"].is_empty());
    assert_eq!(read_back(&path, 1).unwrap().0.len(), 5_000, "the one before is whole too");
    let report = Folder::open(&path).unwrap().check(&Key::new(&MASTER)).unwrap();
    assert_eq!((report.whole.len(), report.wrong), (2, Vec::<String>::new()));
}

#[test]
fn a_flipped_bit_anywhere_is_found_and_the_next_backup_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    back_up(&path, &records(300), 7).unwrap();
    let key = Key::new(&MASTER);
    let files = all_files(&path);
    assert!(files.len() > 8);
    for file in files.iter().filter(|file| !file.ends_with("in-use")) {
        let bytes = std::fs::read(file).unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 4;
            std::fs::write(file, &changed).unwrap();
            let report = Folder::open(&path).unwrap().check(&key).unwrap();
            assert!(!report.wrong.is_empty(), "{} at {at}", file.display());
        }
        std::fs::remove_file(file).unwrap();
        let wrong = Folder::open(&path).map(|folder| folder.check(&key).unwrap().wrong);
        assert!(wrong.is_err() || wrong.is_ok_and(|wrong| !wrong.is_empty()), "{} is gone", file.display());
        std::fs::write(file, &bytes).unwrap();
    }
    let chunk = files.iter().find(|file| file.parent().unwrap().ends_with("chunks")).unwrap();
    std::fs::write(chunk, b"rot").unwrap();
    back_up(&path, &records(300), 7).unwrap();
    assert_eq!(Folder::open(&path).unwrap().check(&key).unwrap().wrong, Vec::<String>::new());
}

#[test]
fn old_backups_go_and_take_only_what_they_alone_needed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    for round in 0..5u8 {
        let mut now = records(400);
        now.insert(vec![round], vec![round; 100_000]);
        back_up(&path, &now, 2).unwrap();
        let bytes: u64 = all_files(&path).iter().map(|file| file.metadata().unwrap().len()).sum();
        assert!(bytes < 3_800_000, "{bytes} after round {round}");
    }
    let opened = Folder::open(&path).unwrap();
    assert_eq!(opened.numbers().unwrap(), [4, 5]);
    assert_eq!(opened.check(&Key::new(&MASTER)).unwrap().whole.len(), 2);
}

#[test]
fn who_asks_for_fewer_has_their_room_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    for round in 0..3u8 {
        back_up(&path, &[(vec![round], vec![round; 100_000])].into(), 7).unwrap();
    }
    let (opened, key) = (Folder::prepare(&path, || unreachable!()).unwrap(), Key::new(&MASTER));
    let begun = Writer::begin(&opened, &key, about(), 1).unwrap();
    assert_eq!(opened.numbers().unwrap(), [3]);
    drop(begun);
    drop(opened);
    assert_eq!(Folder::open(&path).unwrap().check(&key).unwrap().whole.len(), 1);
}

#[test]
fn a_damaged_backup_among_those_that_stay_costs_no_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    back_up(&path, &records(40), 7).unwrap();
    back_up(&path, &records(41), 7).unwrap();
    std::fs::write(path.join("manifest-00000002"), b"rot").unwrap();
    assert_eq!(back_up(&path, &records(42), 2).unwrap().removed, 0);
    assert_eq!(read_back(&path, 1).unwrap().0, records(40));
}

#[test]
fn a_list_that_cannot_be_read_is_no_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    back_up(&path, &records(4), 7).unwrap();
    let aside = folder.path().join("aside");
    std::fs::rename(path.join("chunks"), &aside).unwrap();
    std::fs::write(path.join("chunks"), b"no folder").unwrap();
    assert!(back_up(&path, &records(4), 7).is_err());
    std::fs::write(folder.path().join("file"), b"").unwrap();
    let refused =
        Folder::prepare(&folder.path().join("file"), || unreachable!("no key for what is no folder"));
    assert!(refused.is_err());
}

#[test]
fn what_was_cut_off_leaves_the_backup_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    back_up(&path, &records(400), 7).unwrap();
    {
        let (opened, key) = (Folder::prepare(&path, || unreachable!()).unwrap(), Key::new(&MASTER));
        let mut writer = Writer::begin(&opened, &key, about(), 7).unwrap();
        writer.file("half", &mut &attachment()[..]).unwrap();
        assert_eq!(back_up(&path, &records(1), 7).unwrap_err(), BackupError::Busy(path.clone()));
        assert_eq!(Folder::open(&path).unwrap_err(), BackupError::Busy(path.clone()));
    }
    assert_eq!(read_back(&path, 1).unwrap().0, records(400));
    assert_eq!(back_up(&path, &records(400), 7).unwrap().manifest.number, 2);
    assert!(!all_files(&path).iter().any(|file| file.ends_with("half")));
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letters");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("letter"), b"dear").unwrap();
    assert_eq!(back_up(&path, &records(1), 7).unwrap_err(), BackupError::NotEmpty(path.clone()));
    assert_eq!(Folder::open(&path).unwrap_err(), BackupError::Missing(path.clone()));
    let path = folder.path().join("backup");
    back_up(&path, &records(40), 7).unwrap();
    let (opened, other) = (Folder::prepare(&path, || unreachable!()).unwrap(), Key::new(&[6; 32]));
    assert_eq!(Writer::begin(&opened, &other, about(), 7).unwrap_err(), BackupError::Another(path.clone()));
    let about = About { what: "workstation".into(), ..about() };
    let key = Key::new(&MASTER);
    assert_eq!(Writer::begin(&opened, &key, about, 7).unwrap_err(), BackupError::Another(path));
}

#[test]
fn only_its_passphrase_or_its_key_file_opens_a_lock() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let mut rng = Counting(9);
    make_key_file(&file, &mut rng).unwrap();
    assert!(make_key_file(&file, &mut rng).is_err(), "a key is never overwritten");
    let word = |text: &str| Secret::Passphrase(Zeroizing::new(text.into()));
    let secrets = [word("seven invented words"), Secret::read_key_file(&file).unwrap()];
    let cost = Cost::with_memory_mib(64).unwrap();
    let (master, lock) = new_lock(&secrets, cost, &mut rng).unwrap();
    for secret in &secrets {
        assert_eq!(unlock(&lock, secret).unwrap(), master);
    }
    assert_eq!(unlock(&lock, &word("seven other words")), Err(BackupError::WrongSecret));
    assert_eq!(unlock(&lock, &Secret::KeyFile(Zeroizing::new([0; 32]))), Err(BackupError::WrongSecret));
    assert_eq!(new_lock(&[word("short")], cost, &mut rng).err(), Some(BackupError::WeakPassphrase));
    let (_, cheap) = new_lock(&secrets[1..], cost, &mut rng).unwrap();
    let at = cheap.windows(4).position(|four| four == 65_536u32.to_le_bytes()).unwrap();
    let mut cheaper = cheap.clone();
    cheaper[at + 1] = 1;
    assert!(matches!(unlock(&cheaper, &secrets[1]), Err(BackupError::Damaged(_))));
}
