//! `causeway backup`: create, check, restore.

use std::path::PathBuf;

use causeway_common::backup::{BackupError, Folder, KEPT_DEFAULT, Manifest};
use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use clap::Subcommand;
use serde_json::{Value, json};

use super::Global;
use super::failure::{Failure, exit};
use super::home::{self, Home};
use super::output::{counted, harmless, number, print, text, time};
use crate::backup::{self, FailedBackup, WARN_AFTER};
use crate::chain;
use crate::lang::Lang;
use crate::records;

/// Code of the warning that the last backup is old, or that there is none.
const BACKUP_OLD: &str = "B-101";
/// Code of the notice that this home came out of a backup.
const RESTORED: &str = "B-102";
/// Missing numbers that are named for each device; the rest is counted.
const NUMBERS_SHOWN: usize = 20;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Back up this home. Each backup into a folder writes only what is new.
    Create {
        /// Folder for backups, on another disk.
        #[arg(long)]
        out: PathBuf,
        /// How many backups stay in the folder.
        #[arg(long, default_value_t = KEPT_DEFAULT, value_parser = at_least_one)]
        keep: usize,
    },
    /// Read and verify every file of a backup folder. The passphrase or the recovery code of the home opens it.
    Check {
        /// Folder with backups.
        #[arg(long)]
        from: PathBuf,
    },
    /// Restore a home into an empty folder, with its passphrase or its recovery code.
    Restore {
        /// Folder with backups.
        #[arg(long)]
        from: PathBuf,
        /// Which backup, by its number; the newest, if you do not say.
        #[arg(long)]
        number: Option<u64>,
    },
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|keep| *keep > 0).ok_or_else(|| "a number from 1".into())
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let what = format!("{error}.");
        match error {
            BackupError::Store(store) => store.into(),
            BackupError::WrongSecret => crate::vault::VaultError::WrongPassphrase.into(),
            BackupError::Damaged(_) => damaged(what),
            BackupError::Missing(_) => Self::new(
                "B-104",
                exit::NOT_FOUND,
                format!("{what} Nothing was changed."),
                "Check the path; a backup that was cut off before its end does not count.",
            ),
            BackupError::Another(_) | BackupError::NotEmpty(_) | BackupError::Busy(_) => Self::new(
                "B-109",
                exit::CONFLICT,
                format!("{what} Nothing was changed."),
                "Use an empty folder, or the one that holds the backups of this home; if another program is at work, wait for it.",
            ),
            BackupError::ClockBehind => Self::new(
                "B-110",
                exit::INVALID,
                format!("{what} Nothing was changed."),
                "Set the clock of this machine, then restore again.",
            ),
            BackupError::Unwritable { .. } => Self::new(
                "B-112",
                exit::OTHER,
                format!(
                    "{what} No backup was made now; those that were there are as they were, and so is this home."
                ),
                "Free space on that disk, take a larger one, or keep fewer backups: --keep 2 removes older ones before it begins.",
            ),
            _ => Self::new(
                "B-111",
                exit::OTHER,
                format!("{what} The backups that were there are as they were."),
                "Update Causeway, close other programs, and try again.",
            ),
        }
    }
}

impl From<FailedBackup> for Failure {
    fn from(error: FailedBackup) -> Self {
        match error {
            FailedBackup::Backup(error) => error.into(),
            FailedBackup::Vault(error) => error.into(),
            FailedBackup::Record(error) => error.into(),
        }
    }
}

fn damaged(what: String) -> Failure {
    Failure::new(
        "B-108",
        exit::INTEGRITY,
        what,
        "Make a new backup now: what is wrong is written again. To restore, try an older one with --number N, or another copy of the folder.",
    )
}

pub(crate) async fn create(out: PathBuf, keep: usize, home: &Home) -> Result<(), Failure> {
    let engine = &home.engine;
    let done =
        backup::create(&engine.vault, &engine.staging, &out, keep, engine.now(), &mut *home::system_rng())
            .await?;
    let Manifest { number, records, files, bytes, .. } = done.manifest;
    let result = json!({
        "backup": number, "records": records, "files": files, "bytes": bytes, "new_bytes": done.new_bytes,
    });
    print(home.json, result, |v| {
        format!(
            "Backup {number} is finished: {records} records and {files} files, of which {} bytes were new.\nThe passphrase of this home opens it, and so does the recovery code. Keep it away from this machine, and check it now and then with `causeway backup check`.",
            v["new_bytes"]
        )
    });
    Ok(())
}

/// Commands that need no home, or an empty one.
pub(crate) async fn without_home(command: BackupCommand, global: &Global) -> Result<(), Failure> {
    match command {
        BackupCommand::Check { from } => check(from, global),
        BackupCommand::Restore { from, number } => restore(from, number, global).await,
        // Has a home.
        BackupCommand::Create { .. } => Ok(()),
    }
}

fn check(from: PathBuf, global: &Global) -> Result<(), Failure> {
    let folder = Folder::open(&from)?;
    let (_, key) = backup::open(&folder, &home::passphrase(global, false)?)?;
    let report = folder.check(&key)?;
    let whole: Vec<Value> = report
        .whole
        .iter()
        .map(
            |m| json!({ "backup": m.number, "taken": time(m.taken), "records": m.records, "files": m.files }),
        )
        .collect();
    let result = json!({ "whole": whole, "wrong": report.wrong, "chunks": report.chunks });
    print(global.json, result, |v| {
        let mut out = format!("{} files of content verify.", v["chunks"]);
        for one in v["whole"].as_array().into_iter().flatten() {
            out.push_str(&format!("\nbackup {} of {} is whole", one["backup"], text(one, "taken")));
        }
        out
    });
    if report.wrong.is_empty() {
        Ok(())
    } else {
        Err(damaged(format!("The backup is damaged: {}.", report.wrong.join("; "))))
    }
}

async fn restore(from: PathBuf, number: Option<u64>, global: &Global) -> Result<(), Failure> {
    let home = home::folder(global)?;
    let secret = home::passphrase(global, false)?;
    let folder = Folder::open(&from)?;
    let (master, key) = backup::open(&folder, &secret)?;
    home::make_room(&home, &secret).await?;
    let manifest = backup::restore(
        &folder,
        (&master, &key),
        number,
        home::open_store(&home)?,
        home.as_path(),
        &home.join("staging"),
        SystemClock.now(),
        &mut *home::system_rng(),
    )
    .await?;
    let result = json!({
        "backup": manifest.number, "taken": time(manifest.taken),
        "records": manifest.records, "files": manifest.files,
    });
    print(global.json, result, |v| {
        format!(
            "Backup {} is restored and verified. It is from {}: what came or was written after that is not in it.\nRun `causeway sync` now: partners send again what this home cannot open. What you had received and confirmed after the backup does not come again by itself; `causeway status` names what is missing as far as it can be known. Ask your partners.\nNever use the old home and this one beside each other.",
            manifest.number,
            text(v, "taken"),
        )
    });
    Ok(())
}

/// What `status` says of backups.
pub(crate) async fn status(home: &Home) -> Result<Value, Failure> {
    let (vault, now) = (&home.engine.vault, home.engine.now());
    let last = backup::last(vault)?;
    let age = last.map(|taken| now.since(taken));
    let restored = match backup::restored(vault)? {
        Some(restored) => json!({
            "taken": time(restored.taken),
            "at": time(restored.at),
            "missing": missing(home).await?,
        }),
        None => Value::Null,
    };
    Ok(json!({
        "age": age.map(|age| age.as_secs()),
        "taken": last.map(time),
        "old": age.is_none_or(|age| age > WARN_AFTER),
        "restored": restored,
    }))
}

/// Numbers that are missing among the packets of each partner's device.
async fn missing(home: &Home) -> Result<Value, Failure> {
    let chains = records::chains_from(&home.engine.vault)?;
    let replica = home.engine.replica.lock().await;
    let mut all = Vec::new();
    for (device, incoming) in chains {
        let numbers = incoming.missing();
        if numbers.is_empty() {
            continue;
        }
        let org = replica.directory.organisations().find(|org| org.device(device).is_some());
        all.push(json!({
            "from": org.map(|org| org.id.to_string()),
            "from_name": org.map(|org| org.name.clone()),
            "device": device.to_string(),
            "count": numbers.len(),
            "numbers": numbers.iter().take(NUMBERS_SHOWN).collect::<Vec<_>>(),
        }));
    }
    Ok(Value::Array(all))
}

/// The same in words.
pub(crate) fn words(v: &Value, lang: Lang) -> String {
    let mut lines = vec![match v["age"].as_u64() {
        Some(age) => lang.count("backup-last", number(age / (24 * 60 * 60))),
        None => lang.text("backup-none"),
    }];
    if v["old"] == true {
        lines.push(format!("{} [{BACKUP_OLD}]", lang.text("backup-old")));
    }
    let restored = &v["restored"];
    if !restored.is_null() {
        let gaps = [("taken", text(restored, "taken")), ("at", text(restored, "at"))];
        lines.push(format!("{} [{RESTORED}]", lang.fill("backup-restored", &gaps)));
    }
    for one in restored["missing"].as_array().into_iter().flatten() {
        let numbers = one["numbers"].as_array().into_iter().flatten();
        let numbers: Vec<String> = numbers.map(|number| number_of(number, lang)).collect();
        let gaps = [("name", &*harmless(text(one, "from_name"))), ("numbers", &numbers.join(", "))];
        lines.push(format!("  {}", lang.count_with("backup-missing", counted(one, "count"), &gaps)));
    }
    lines.iter().map(|line| format!("\n{line}")).collect()
}

fn number_of(number: &Value, lang: Lang) -> String {
    let number = number.as_u64().unwrap_or(0);
    match chain::restored_at(number) {
        Some(run) => {
            let gaps = [("number", &*(number & u64::from(u32::MAX)).to_string()), ("at", &moment(run))];
            lang.fill("backup-number", &gaps)
        }
        None => number.to_string(),
    }
}

fn moment(at: Timestamp) -> String {
    time(at).as_str().unwrap_or("-").to_owned()
}
