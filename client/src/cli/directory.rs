//! `causeway directory`: the whole directory for somebody who takes part in nothing, and evidence against a relay.

use std::path::{Path, PathBuf};

use causeway_certs::audit::{self, Audit, Log, Pins};
use causeway_certs::checkpoint::Checkpoint;
use causeway_certs::directory::{Authority, Directory, Organisation};
use causeway_common::store::files;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::org;
use super::output::{print, text, time};
use super::relay_key;
use crate::audit::{self as form, File, FileError};
use crate::caller;
use crate::lang::Lang;

pub(crate) mod evidence;

/// Findings that people are shown; JSON has all of them.
const FINDINGS_SHOWN: usize = 20;

#[derive(Debug, Subcommand)]
pub(crate) enum DirectoryCommand {
    /// Write the whole directory into one file that anybody can verify.
    Export {
        /// The file.
        #[arg(long)]
        out: PathBuf,
    },
    /// Check a directory from its first statement to its head: this home's, or that of a file.
    Verify(VerifyArgs),
    /// A text for a colleague who cannot reach the relay any more because it has another key.
    RelayKey,
    /// Write what proves that the relay shows different people different directories, went back, or lets in a statement that nobody
    /// may make.
    Evidence {
        /// The file.
        #[arg(long)]
        out: PathBuf,
        /// What another member has exported with `directory export`: it may contradict what this home was shown, prove what this
        /// home's own evidence alone does not, or show that this home is behind.
        #[arg(long, value_name = "FILE")]
        with: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A file made by `directory export` or `directory evidence`; needs no home. Without it, this home's own directory.
    pub(crate) file: Option<PathBuf>,
    /// The relay's key as you know it from elsewhere, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    relay_key: Option<String>,
    /// The registrar's key as you know it from elsewhere, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    registrar_key: Option<String>,
}

pub(crate) async fn run(command: DirectoryCommand, home: &Home) -> Result<(), Failure> {
    match command {
        DirectoryCommand::Export { out } => export(&out, home).await,
        DirectoryCommand::Verify(args) => {
            let pins = pins(&args)?;
            verify_log(&own_log(home).await?, &pins, true, home.json)
        }
        DirectoryCommand::RelayKey => relay_key::pass_on(home).await,
        DirectoryCommand::Evidence { out, with } => evidence::export(&out, with.as_deref(), home).await,
    }
}

/// Judges a file. Needs no home.
pub(crate) fn verify_file(path: &Path, args: &VerifyArgs, json: bool) -> Result<(), Failure> {
    let pins = pins(args)?;
    match form::read(&read(path)?)? {
        File::Directory(log) => verify_log(&log, &pins, false, json),
        File::Evidence(said) => evidence::verify(&said, &pins, json),
    }
}

pub(crate) async fn own_log(home: &Home) -> Result<Log, Failure> {
    let keys = (home.engine.relay_key().await, home.engine.identity.registrar_key);
    let replica = home.engine.replica.lock().await;
    form::of_home(&home.engine.vault, &replica, keys)?.ok_or_else(Failure::no_directory)
}

async fn export(out: &Path, home: &Home) -> Result<(), Failure> {
    let log = own_log(home).await?;
    write(out, &form::write_directory(&log))?;
    home.note("exported the directory").await?;
    let result = json!({
        "out": out.display().to_string(),
        "statements": log.leaves.len(),
        "rosters": log.rosters.len(),
        "relay_key": hex::encode(log.relay_key),
        "registrar_key": hex::encode(log.registrar_key),
    });
    print(home.json, result, |v| {
        format!(
            "{} statements written to {}. It holds no secrets, but it names every member: give it to an auditor, not to everybody.\nTell the auditor these two keys by another way than the file:\nrelay key     {}\nregistrar key {}",
            v["statements"],
            text(v, "out"),
            text(v, "relay_key"),
            text(v, "registrar_key"),
        )
    });
    Ok(())
}

fn verify_log(log: &Log, pins: &Pins, own: bool, json: bool) -> Result<(), Failure> {
    let audit = audit::audit(log, pins);
    let right = audit.findings.is_empty();
    let result = json!({
        "type": "directory",
        "verified": right,
        "statements": log.leaves.len(),
        "replayed": audit.directory.size(),
        "head": audit.head.map(|head| head_value(&head)),
        "relay_key": hex::encode(log.relay_key),
        "registrar_key": hex::encode(log.registrar_key),
        "registrars": audit.directory.authority().map(registrars),
        "relay_key_pinned": own || pins.relay.is_some(),
        "registrar_key_pinned": own || pins.registrar.is_some(),
        "organisations": audit.directory.organisations().map(|o| organisation(&audit.directory, o)).collect::<Vec<_>>(),
        "rosters": { "verified": audit.rosters, "not_included": audit.directory.missing_rosters().len() },
        "findings": findings(&audit),
    });
    print(json, result, |v| for_people(v, own));
    if right {
        return Ok(());
    }
    let count = audit.findings.len();
    Err(Failure::new(
        "D-118",
        exit::INTEGRITY,
        format!(
            "The directory does not hold: {count} things are wrong, the first of them: {}",
            first(&audit)
        ),
        "Do not rely on it. Get the file again by another way; if the same comes out, tell the registrar and the other members.",
    ))
}

fn first(audit: &Audit) -> String {
    audit.findings.first().map(finding_words).unwrap_or_default() + "."
}

fn finding_words(finding: &audit::Finding) -> String {
    match finding.statement {
        Some(number) => format!("statement {number}: {}", finding.wrong),
        None => finding.wrong.to_string(),
    }
}

fn findings(audit: &Audit) -> Vec<Value> {
    audit
        .findings
        .iter()
        .map(|finding| json!({ "statement": finding.statement, "what": finding.wrong.to_string() }))
        .collect()
}

fn organisation(directory: &Directory, org: &Organisation) -> Value {
    let mut entry = org::what_the_directory_says(org, Lang::En);
    entry["recovery"] = org.recovery.as_ref().map_or(Value::Null, |recovery| time(recovery.ready));
    entry["statements"] = (directory.next_link(org.id).0 - 1).into();
    entry["administrators"] = org.administrators.len().into();
    entry["threshold"] = org.threshold.into();
    // Not known where the file has no roster.
    entry["devices"] = org.roster.as_ref().map(|roster| roster.devices.len()).into();
    entry
}

fn registrars(authority: &Authority) -> Value {
    let keys: Vec<String> =
        authority.registrars.iter().map(|registrar| hex::encode(registrar.key.as_bytes())).collect();
    json!({ "keys": keys, "must_sign": authority.threshold })
}

/// Who says which organisations there are; nothing of a directory with one registrar, whose key is named anyway.
fn registrars_words(v: &Value) -> Option<String> {
    let keys: Vec<&str> = v["keys"].as_array()?.iter().filter_map(Value::as_str).collect();
    let all = keys.join("\n    ");
    (keys.len() > 1).then(|| format!("{} of {} registrars must sign:\n    {all}", v["must_sign"], keys.len()))
}

fn head_value(head: &Checkpoint) -> Value {
    json!({ "size": head.size, "root": head.root.to_string(), "time": time(head.time) })
}

fn for_people(v: &Value, own: bool) -> String {
    let mut lines = Vec::new();
    let list = |field: &str| v[field].as_array().cloned().unwrap_or_default();
    for org in list("organisations") {
        let devices = org["devices"].as_u64().map_or_else(
            || "its devices are not in the file".to_owned(),
            |devices| format!("{devices} devices"),
        );
        lines.push(format!(
            "{} ({}, {}): {}, {} statements, {devices}\n    identifier  {}\n    fingerprint {}",
            text(&org, "name"),
            text(&org, "kind"),
            text(&org, "country"),
            text(&org, "status"),
            org["statements"],
            text(&org, "id"),
            text(&org, "fingerprint"),
        ));
    }
    let wrong = list("findings");
    for finding in wrong.iter().take(FINDINGS_SHOWN) {
        let place =
            finding["statement"].as_u64().map_or_else(String::new, |number| format!("statement {number}: "));
        lines.push(format!("WRONG: {place}{}", text(finding, "what")));
    }
    if wrong.len() > FINDINGS_SHOWN {
        lines.push(format!("… and {} more", wrong.len() - FINDINGS_SHOWN));
    }
    if wrong.is_empty() {
        lines.push(format!(
            "All {} statements are signed by who may make them, in order, and the relay has signed exactly this directory ({}).",
            v["statements"],
            text(&v["head"], "time"),
        ));
    }
    lines.extend(registrars_words(&v["registrars"]));
    lines.push(compare(v, own));
    lines.join("\n")
}

/// Which keys the auditor has to compare, and which have been.
fn compare(v: &Value, own: bool) -> String {
    let line = |what: &str, field: &str| {
        let said = match (own, v[format!("{field}_pinned")] == true) {
            (true, _) => "as your invite named it",
            (false, true) => "compared with the one you gave",
            (false, false) => "NOT COMPARED: ask for it by another way than this file",
        };
        v[field].as_str().map(|key| format!("{what} {key} ({said})"))
    };
    let lines = [line("relay key    ", "relay_key"), line("registrar key", "registrar_key")];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn pins(args: &VerifyArgs) -> Result<Pins, Failure> {
    let key = |text: &Option<String>, field: &str| {
        let read = text.as_deref().map(|text| form::key(text, field)).transpose();
        read.map_err(|_| {
            Failure::invalid(
                format!("{field} is not a key."),
                "A key is 64 hexadecimal digits, as `causeway directory export` prints it.",
            )
        })
    };
    Ok(Pins {
        relay: key(&args.relay_key, "--relay-key")?,
        registrar: key(&args.registrar_key, "--registrar-key")?,
    })
}

/// Reads a file, but not one without an end.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    caller::read(path, form::FILE_BYTES_MAX + 1).map(|bytes| bytes.to_vec()).map_err(|error| {
        Failure::invalid(format!("The file cannot be read: {error}."), "Check the name and the folder.")
    })
}

fn write(out: &Path, text: &str) -> Result<(), Failure> {
    let unwritable = |error: String| {
        Failure::invalid(
            format!("The file cannot be written: {error}."),
            "Check the name, the folder and the space on the disk.",
        )
    };
    let out = std::path::absolute(caller::at(out)).map_err(|error| unwritable(error.to_string()))?;
    files::write_durable(&out, text.as_bytes()).map_err(|error| unwritable(error.to_string()))
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new(
            "D-105",
            exit::INVALID,
            format!("{error}."),
            match error {
                FileError::Newer => "Update Causeway and try again.",
                _ => {
                    "`causeway directory export` and `causeway directory evidence` make such files; get it again, unchanged."
                }
            },
        )
    }
}
