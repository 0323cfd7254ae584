//! Checking a whole folder: every file in it, and every backup.

use super::folder::{IN_USE, LOCKS, UNFINISHED, names, number_of, read_one_lock};
use super::read::Manifest;
use super::{BackupError, Folder, Key};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Backups that verify from end to end, oldest first.
    pub whole: Vec<Manifest>,
    /// What is wrong, in words, by file.
    pub wrong: Vec<String>,
    /// Chunks that verify.
    pub chunks: u64,
}

impl Folder {
    /// Reads and verifies every file of the folder, and every backup.
    pub fn check(&self, key: &Key) -> Result<Report, BackupError> {
        let mut report = Report::default();
        for name in LOCKS {
            if read_one_lock(&self.path().join(name)).as_deref() != Some(self.lock()) {
                report.wrong.push(format!("{name} is gone or was changed"));
            }
        }
        for name in names(self.path())? {
            let is_ours = LOCKS.contains(&name.as_str()) || name == IN_USE || name == super::folder::CHUNKS;
            if !is_ours && !name.ends_with(UNFINISHED) && number_of(&name).is_none() {
                report.wrong.push(format!("{name} does not belong here"));
            }
        }
        self.check_chunks(key, &mut report)?;
        for number in self.numbers()? {
            match self.manifest(number, key).and_then(|m| self.visit(&m, key, &mut |_| Ok(())).map(|()| m)) {
                Ok(manifest) => report.whole.push(manifest),
                Err(BackupError::Damaged(what)) => report.wrong.push(format!("backup {number}: {what}")),
                Err(other) => return Err(other),
            }
        }
        Ok(report)
    }

    /// Also those that no backup needs: a crash may have left them, and the next backup may use them.
    fn check_chunks(&self, key: &Key, report: &mut Report) -> Result<(), BackupError> {
        for text in self.chunk_names()? {
            if text.ends_with(UNFINISHED) {
                continue;
            }
            let mut name = [0; 32];
            let right = hex::decode_to_slice(&text, &mut name).is_ok() && self.chunk(key, &name).is_ok();
            if right {
                report.chunks += 1;
            } else {
                report.wrong.push(format!("{}/{text} was changed", super::folder::CHUNKS));
            }
        }
        Ok(())
    }
}
