//! `causeway-relay backup`: create, check, restore, and a key file to lock backups with.

use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use causeway_common::backup::{
    About, BackupError, Done, Folder, Item, KEPT_DEFAULT, Key, Manifest, Secret, Writer, make_key_file,
    new_lock, unlock,
};
use causeway_common::passphrase::Cost;
use causeway_common::store::{Kv as _, Record, SledKv, SledOptions, StoreError, files, transact};
use causeway_common::time::{Clock as _, SystemClock};
use causeway_relay::config::Config;
use causeway_relay::control::{Asked, is_finished};
use causeway_relay::key_files::{KEY_FILE, NEXT_KEY_FILE};
use causeway_relay::restored;
use clap::{Args, Subcommand};
use rand_core::UnwrapErr;
use zeroize::Zeroizing;

use super::Failure;

/// What the manifest says these are backups of.
const WHAT: &str = "relay";
/// The next secrets first: while a backup is taken they may take the place of the present ones, and then stand in it twice.
const KEY_FILES: [&str; 2] = [NEXT_KEY_FILE, KEY_FILE];
/// Before the names of files in a backup.
const BLOBS: &str = "blobs/";
/// Stands in a data folder that a restoration has not finished.
pub(super) const UNFINISHED: &str = "restoration-unfinished";
/// Records read or written at a time.
const BATCH_RECORDS: usize = 256;
/// Longest passphrase file.
const PASSPHRASE_BYTES_MAX: u64 = 4 * 1024;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Take a backup. The relay goes on meanwhile; one that is stopped can be backed up too.
    Create {
        /// Folder of the relay.
        #[arg(long)]
        data: PathBuf,
        /// Folder for backups, on another disk. Each backup into it writes only what is new.
        #[arg(long)]
        out: PathBuf,
        /// How many backups stay in the folder.
        #[arg(long, default_value_t = KEPT_DEFAULT, value_parser = at_least_one)]
        keep: usize,
        /// The relay is stopped. Without this, a relay that is not running is an error: a backup of a stopped relay keeps it from
        /// starting until it has finished.
        #[arg(long)]
        stopped: bool,
        /// Memory in MiB that each guess at the passphrase of a new folder takes.
        #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(64..=4096))]
        memory: u32,
        #[command(flatten)]
        common: BackupArgs,
        /// For tests of power and process failures: end without warning at a named step, the nth time.
        #[arg(long, hide = true, value_name = "STEP:N")]
        crash_at: Option<String>,
    },
    /// Read and verify every file of a backup folder.
    Check {
        /// Folder with backups.
        #[arg(long)]
        from: PathBuf,
        #[command(flatten)]
        common: BackupArgs,
    },
    /// Restore a relay into an empty folder, and verify it.
    Restore {
        /// Folder with backups.
        #[arg(long)]
        from: PathBuf,
        /// Folder for the relay: empty, or not there yet.
        #[arg(long)]
        data: PathBuf,
        /// Which backup, by its number; the newest, if you do not say.
        #[arg(long)]
        number: Option<u64>,
        /// The backup was taken after the relay had stopped for good, as when it moves to another machine: the members have nothing
        /// to give back. Without this, the relay takes nothing new for the directory in its first hour.
        #[arg(long)]
        nothing_lost: bool,
        #[command(flatten)]
        common: BackupArgs,
    },
    /// Make a key file, which opens backups without a passphrase. Keep it away from them.
    Key {
        /// Where to write it.
        #[arg(long)]
        out: PathBuf,
    },
}

/// What opens a backup, and how the result is said.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// File with the passphrase; otherwise you are asked. A new folder takes this, a key file, or both.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
    /// Key file, see `backup key`.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|keep| *keep > 0).ok_or_else(|| "a number from 1".into())
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let code = match &error {
            BackupError::Damaged(_) => 8,
            BackupError::Missing(_) => 4,
            BackupError::WrongSecret => 3,
            BackupError::WeakPassphrase | BackupError::ClockBehind => 5,
            BackupError::Another(_) | BackupError::NotEmpty(_) | BackupError::Busy(_) => 9,
            BackupError::Store(store) => return store.clone().into(),
            _ => 1,
        };
        Self::new(code, error)
    }
}

/// Does it.
pub(crate) fn act(command: BackupCommand) -> Result<(), Failure> {
    match command {
        BackupCommand::Create { data, out, keep, stopped, memory, common, crash_at } => {
            crash_at.as_deref().map_or(Ok(()), causeway_common::crash::arm)?;
            create((&data, stopped), &out, keep, memory, &common)
        }
        BackupCommand::Check { from, common } => check(&from, &common),
        BackupCommand::Restore { from, data, number, nothing_lost, common } => {
            restore(&from, &data, number, nothing_lost, &common)
        }
        BackupCommand::Key { out } => {
            make_key_file(&out, &mut UnwrapErr(getrandom::SysRng))?;
            println!("{} opens backups that are made with it. Keep a copy away from them.", out.display());
            Ok(())
        }
    }
}

/// What the command line gives, or the person at the terminal.
fn secrets(common: &BackupArgs, is_new: bool) -> Result<Vec<Secret>, Failure> {
    let mut secrets = Vec::new();
    if let Some(path) = &common.passphrase_file {
        let unreadable = |e: std::io::Error| Failure::new(5, format!("cannot read {}: {e}", path.display()));
        if std::fs::metadata(path).map_err(unreadable)?.len() > PASSPHRASE_BYTES_MAX {
            return Err(Failure::new(5, "the passphrase file is too long; it should hold one line"));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        secrets.push(Secret::Passphrase(Zeroizing::new(text)));
    }
    if let Some(path) = &common.key_file {
        secrets.push(Secret::read_key_file(path)?);
    }
    if secrets.is_empty() {
        if !std::io::stdin().is_terminal() {
            return Err(Failure::new(3, "say what opens the backup with --passphrase-file or --key-file"));
        }
        let asked = Zeroizing::new(rpassword::prompt_password("Passphrase of the backups: ")?);
        // Nobody would notice a slip before the day on which the backup is needed.
        if is_new && *asked != *Zeroizing::new(rpassword::prompt_password("Once more: ")?) {
            return Err(Failure::new(5, "the two passphrases differ; nothing was changed"));
        }
        secrets.push(Secret::Passphrase(asked));
    }
    Ok(secrets)
}

fn key_of(folder: &Folder, secrets: &[Secret]) -> Result<Key, Failure> {
    let mut refused = BackupError::WrongSecret;
    for secret in secrets {
        match unlock(folder.lock(), secret) {
            Ok(master) => return Ok(Key::new(&master)),
            Err(error) => refused = error,
        }
    }
    Err(refused.into())
}

fn create(
    (data, stopped): (&Path, bool),
    out: &Path,
    keep: usize,
    memory: u32,
    common: &BackupArgs,
) -> Result<(), Failure> {
    if !data.join("store").exists() || !KEY_FILES.iter().any(|name| data.join(name).exists()) {
        return Err(Failure::new(4, format!("there is no relay in {}", data.display())));
    }
    let asked = Asked::connect(data);
    if asked.is_none() && !stopped {
        return Err(Failure::new(
            6,
            format!(
                "no relay answers in {}; if it is stopped on purpose, say --stopped: it cannot start until the backup has finished",
                data.display()
            ),
        ));
    }
    let secrets = secrets(common, !out.exists())?;
    let cost = Cost::with_memory_mib(memory).ok_or_else(|| Failure::new(2, "not so much memory"))?;
    let mut rng = UnwrapErr(getrandom::SysRng);
    let folder = Folder::prepare(out, || Ok(new_lock(&secrets, cost, &mut rng)?.1))?;
    let key = key_of(&folder, &secrets)?;
    let about = About { what: WHAT.into(), taken: SystemClock.now() };
    let mut writer = Writer::begin(&folder, &key, about, keep)?;
    for name in KEY_FILES.into_iter().filter(|name| data.join(name).exists()) {
        let mut secret = Zeroizing::new(std::fs::read(data.join(name))?);
        writer.file(name, &mut secret.as_slice())?;
        zeroize::Zeroize::zeroize(&mut *secret);
    }
    let running = if let Some(mut asked) = asked {
        let mut is_marked = false;
        while let Some((key, value)) = asked.record()? {
            is_marked |= key == restored::MARK;
            writer.record(&key, &value)?;
        }
        if !is_marked {
            writer.record(restored::MARK, &[])?;
        }
        let added = add_files(&mut writer, &asked.files())?;
        // Held by whoever gave the records. If it has ended meanwhile, files may be gone.
        if added != asked.held() {
            return Err(StoreError::Unavailable(
                "the relay has stopped meanwhile; take the backup again".into(),
            )
            .into());
        }
        true
    } else {
        let store = open_stopped(data)?;
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = store.scan(&[], after.as_deref(), BATCH_RECORDS)?;
            for (key, value) in &page {
                writer.record(key, value)?;
            }
            let Some((last, _)) = page.into_iter().next_back() else { break };
            after = Some(last);
        }
        add_files(&mut writer, &data.join("blobs"))?;
        false
    };
    let done = writer.finish(keep, &mut rng)?;
    say_created(&done, running, common.json)
}

fn open_stopped(data: &Path) -> Result<SledKv, Failure> {
    SledKv::open(&data.join("store"), SledOptions::default()).map_err(|error| match error {
        StoreError::Locked(_) => Failure::new(
            9,
            format!(
                "the relay on {} runs and cannot be asked for a backup: it is of an older version, or has just started; try again, or stop it",
                data.display()
            ),
        ),
        other => other.into(),
    })
}

/// Gives how many there were.
fn add_files(writer: &mut Writer<'_>, folder: &Path) -> Result<u64, Failure> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort_unstable();
    let mut added = 0;
    for name in names.into_iter().filter(|name| is_finished(name)) {
        writer.file(&format!("{BLOBS}{name}"), &mut File::open(folder.join(&name))?)?;
        added += 1;
    }
    Ok(added)
}

fn say(json: bool, value: serde_json::Value, text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{value}")?
    } else {
        writeln!(out, "{text}")?
    }
    Ok(())
}

fn say_created(done: &Done, running: bool, json: bool) -> Result<(), Failure> {
    let Manifest { number, records, files, bytes, .. } = done.manifest;
    let value = serde_json::json!({
        "schema_version": 1, "backup": number, "records": records, "files": files, "bytes": bytes,
        "new_bytes": done.new_bytes, "running": running,
    });
    let text = format!(
        "Backup {number} is finished: {records} records and {files} files, {bytes} bytes, of which {} were new.",
        done.new_bytes
    );
    say(json, value, &text)
}

fn check(from: &Path, common: &BackupArgs) -> Result<(), Failure> {
    let folder = Folder::open(from)?;
    let key = key_of(&folder, &secrets(common, false)?)?;
    let report = folder.check(&key)?;
    let numbers: Vec<u64> = report.whole.iter().map(|manifest| manifest.number).collect();
    let value = serde_json::json!({
        "schema_version": 1, "whole": numbers, "wrong": report.wrong, "chunks": report.chunks,
    });
    let text =
        format!("Backups that verify from end to end: {numbers:?}. Chunks that verify: {}.", report.chunks);
    say(common.json, value, &text)?;
    if report.wrong.is_empty() {
        return Ok(());
    }
    let wrong = report.wrong.join("; ");
    Err(Failure::new(
        8,
        format!("the backup is damaged: {wrong}. Take a new one now: what is wrong is written again"),
    ))
}

fn restore(
    from: &Path,
    data: &Path,
    number: Option<u64>,
    nothing_lost: bool,
    common: &BackupArgs,
) -> Result<(), Failure> {
    let is_empty = std::fs::read_dir(data).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty {
        return Err(Failure::new(
            9,
            format!("{} is not empty; a relay is restored into an empty folder only", data.display()),
        ));
    }
    let folder = Folder::open(from)?;
    let key = key_of(&folder, &secrets(common, false)?)?;
    let manifest = match number {
        Some(number) => folder.manifest(number, &key)?,
        None => folder.latest(&key)?,
    };
    if manifest.what != WHAT {
        return Err(BackupError::Another(from.into()).into());
    }
    files::create_private_dir(data)?;
    files::write_durable(&data.join(UNFINISHED), b"")?;
    let mut restoring = Restoring::begin(data)?;
    folder.visit(&manifest, &key, &mut |item| restoring.take(item))?;
    restoring.finish()?;
    verify(&folder, &manifest, &key, data)?;
    let waits = mark(data, nothing_lost)?;
    files::remove_durable(&data.join(UNFINISHED))?;
    // What a start would do: the directory replays, and belongs to the key.
    let (relay, _, _) = super::open(data, &Config::default())?;
    let statements = relay.directory_size();
    let value = serde_json::json!({
        "schema_version": 1, "backup": manifest.number, "records": manifest.records,
        "files": manifest.files, "statements": statements, "taken_ms": manifest.taken.0,
        "waits": waits,
    });
    let then = if !waits {
        "Start it: everything is as it was when the relay stopped."
    } else if nothing_lost {
        "It was taken while the relay ran, so something may be missing: for the time that `give_back_seconds` says the relay takes nothing new for the directory. To move a relay, stop it first and say `backup create --stopped`."
    } else {
        "Tell the members before you start it, and that they should connect soon: each may see D-108 once, and gives back what came after the backup. For the time that `give_back_seconds` says, an hour unless you have changed it, the relay takes nothing new for the directory."
    };
    let text = format!(
        "Backup {} is restored and verified: {} records, {} files, a directory of {statements} statements. {then}",
        manifest.number, manifest.records, manifest.files
    );
    say(common.json, value, &text)
}

/// A relay's data as it comes out of a backup.
struct Restoring {
    data: PathBuf,
    store: SledKv,
    records: Vec<Record>,
    file: Option<(String, File)>,
    runtime: tokio::runtime::Runtime,
}

impl Restoring {
    fn begin(data: &Path) -> Result<Self, Failure> {
        files::create_private_dir(&data.join("blobs"))?;
        let store = SledKv::open(&data.join("store"), SledOptions::default())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { data: data.into(), store, records: Vec::new(), file: None, runtime })
    }

    fn take(&mut self, item: Item<'_>) -> Result<(), BackupError> {
        match item {
            Item::Record { key, value } => {
                self.records.push((key.to_vec(), value.to_vec()));
                if self.records.len() == BATCH_RECORDS { self.write_records() } else { Ok(()) }
            }
            Item::Piece { name, bytes } => {
                if self.file.as_ref().is_none_or(|(open, _)| open != name) {
                    self.close_file()?;
                    let file = files::append_private(&place(&self.data, name)?)?;
                    self.file = Some((name.to_owned(), file));
                }
                let file = self.file.as_mut().map(|(_, file)| file.write_all(bytes));
                Ok(file.unwrap_or(Ok(()))?)
            }
            _ => Err(BackupError::Newer),
        }
    }

    fn write_records(&mut self) -> Result<(), BackupError> {
        let records = std::mem::take(&mut self.records);
        let written = transact(&self.store, move |txn| {
            records.iter().for_each(|(key, value)| txn.put(key, value));
            Ok::<_, StoreError>(())
        });
        Ok(self.runtime.block_on(written)??)
    }

    fn close_file(&mut self) -> Result<(), BackupError> {
        if let Some((_, file)) = self.file.take() {
            file.sync_all()?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), BackupError> {
        self.write_records()?;
        self.close_file()?;
        files::sync_dir(&self.data.join("blobs"))?;
        Ok(files::sync_dir(&self.data)?)
    }
}

/// Where a file of a backup belongs: nowhere else than in the data folder, whatever it is called.
fn place(data: &Path, name: &str) -> Result<PathBuf, BackupError> {
    let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    match name.strip_prefix(BLOBS) {
        None if KEY_FILES.contains(&name) => Ok(data.join(name)),
        Some(blob) if plain(blob) && !blob.starts_with('.') => Ok(data.join("blobs").join(blob)),
        _ => Err(BackupError::Damaged("it has a file that no relay has".into())),
    }
}

/// A start of the relay sees that it was restored, unless nothing was lost and the backup does not say otherwise. Gives whether
/// it will wait.
fn mark(data: &Path, nothing_lost: bool) -> Result<bool, Failure> {
    let store = SledKv::open(&data.join("store"), SledOptions::default())?;
    if nothing_lost {
        return Ok(store.get(restored::MARK)?.is_some());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(restored::mark(&store))?;
    Ok(true)
}

/// Reads everything again, from the backup and from where it was restored to.
fn verify(folder: &Folder, manifest: &Manifest, key: &Key, data: &Path) -> Result<(), Failure> {
    use std::io::Read as _;
    let store = SledKv::open(&data.join("store"), SledOptions::default())?;
    let differs = || BackupError::Damaged("what was restored does not read back; look at the disk".into());
    let mut file: Option<(String, File)> = None;
    folder.visit(manifest, key, &mut |item| match item {
        Item::Record { key, value } if store.get(key)?.as_deref() == Some(value) => Ok(()),
        Item::Piece { name, bytes } => {
            if file.as_ref().is_none_or(|(open, _)| open != name) {
                file = Some((name.to_owned(), File::open(place(data, name)?)?));
            }
            let mut there = vec![0; bytes.len()];
            if let Some((_, file)) = &mut file {
                file.read_exact(&mut there)?;
            }
            if there == bytes { Ok(()) } else { Err(differs()) }
        }
        _ => Err(differs()),
    })?;
    if store.usage()?.records == manifest.records { Ok(()) } else { Err(differs().into()) }
}
