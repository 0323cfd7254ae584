//! `causeway backup`: create, check, restore.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use causeway_common::backup::{BackupError, Folder, KEPT_DEFAULT, Manifest};
use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use clap::Subcommand;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Global;
use super::failure::{Failure, exit};
use super::home::{self, Home, Typed};
use super::output::{counted, harmless, number, print, text, time};
use crate::backup::{self, FailedBackup, WARN_AFTER};
use crate::caller;
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
        let in_folder = |code, exit, id: &str, folder: &Path| {
            Self::said(code, exit, id, &[("folder", &harmless(&folder.display().to_string()))])
        };
        let unfinished = |id, gaps: &[(&str, &str)]| Self::said("B-111", exit::OTHER, id, gaps);
        match error {
            BackupError::Store(store) => store.into(),
            BackupError::WrongSecret => crate::vault::VaultError::WrongPassphrase.into(),
            BackupError::Damaged(what) => damaged(&what),
            BackupError::Missing(folder) => {
                in_folder("B-104", exit::NOT_FOUND, "fail-backup-missing", &folder)
            }
            BackupError::Another(folder) => {
                in_folder("B-109", exit::CONFLICT, "fail-backup-another", &folder)
            }
            BackupError::NotEmpty(folder) => {
                in_folder("B-109", exit::CONFLICT, "fail-backup-not-empty", &folder)
            }
            BackupError::Busy(folder) => in_folder("B-109", exit::CONFLICT, "fail-backup-busy", &folder),
            BackupError::ClockBehind => Self::said("B-110", exit::INVALID, "fail-backup-clock", &[]),
            BackupError::Unwritable { folder, reason } => {
                let folder = harmless(&folder.display().to_string());
                let gaps = [("folder", &*folder), ("why", &reason)];
                Self::said("B-112", exit::OTHER, "fail-backup-unwritable", &gaps)
            }
            BackupError::Newer => unfinished("fail-backup-newer", &[]),
            BackupError::Memory => unfinished("fail-backup-memory", &[]),
            BackupError::TooLarge(what) => unfinished("fail-backup-large", &[("what", &what)]),
            other => unfinished("fail-backup-other", &[("what", &other.to_string())]),
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

fn damaged(what: &str) -> Failure {
    Failure::said("B-108", exit::INTEGRITY, "fail-backup-damaged", &[("what", what)])
}

pub(crate) async fn create(out: PathBuf, keep: usize, home: &Home) -> Result<(), Failure> {
    let engine = &home.engine;
    let done = backup::create(
        &engine.vault,
        &engine.staging,
        &caller::at(&out),
        keep,
        engine.now(),
        &mut *home::system_rng(),
    )
    .await?;
    let Manifest { number, records, files, bytes, .. } = done.manifest;
    let result = json!({
        "backup": number, "records": records, "files": files, "bytes": bytes, "new_bytes": done.new_bytes,
    });
    print(home.json, result, |v| {
        let counts = [number, records, files].map(|count| count.to_string());
        let new = v["new_bytes"].to_string();
        let gaps = [("number", &*counts[0]), ("records", &counts[1]), ("files", &counts[2]), ("bytes", &new)];
        home.lang.fill("backup-made", &gaps)
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
        let lang = global.lang();
        let mut out = lang.count("backup-verified", counted(v, "chunks"));
        for one in v["whole"].as_array().into_iter().flatten() {
            let gaps = [("number", &*one["backup"].to_string()), ("taken", text(one, "taken"))];
            out.push_str(&format!("\n{}", lang.fill("backup-whole", &gaps)));
        }
        out
    });
    if report.wrong.is_empty() { Ok(()) } else { Err(damaged(&report.wrong.join("; "))) }
}

/// Restores for somebody who sits at a page: what the command says goes to whoever takes it (see [`super::output::take`]).
///
/// # Errors
/// Those of `causeway backup restore`.
pub(crate) async fn restore_typed(
    from: PathBuf,
    secret: Zeroizing<String>,
    lang: Lang,
    global: &Global,
) -> Result<(), Failure> {
    let typed = Typed { passphrase: secret, recovery: Arc::default() };
    restore(from, None, &global.at_a_page(typed, lang)).await
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
        let gaps = [("number", &*manifest.number.to_string()), ("taken", text(v, "taken"))];
        global.lang().fill("backup-now-restored", &gaps)
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
