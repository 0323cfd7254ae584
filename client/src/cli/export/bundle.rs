//! The archive of a case for a court, and its verification.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use causeway_certs::audit::Pins;
use causeway_common::framed::{self, Label};
use causeway_common::ids::PacketId;
use clap::Args;
use serde_json::json;

use crate::attachments;
use crate::audit::{self as form, write_directory};
use crate::caller;
use crate::casebook::Case;
use crate::cli::Global;
use crate::cli::directory::own_log;
use crate::cli::failure::{Failure, exit};
use crate::cli::home::Home;
use crate::cli::output::{capital, harmless, print};
use crate::formats::bundle::{self, Attached, BUNDLE_BYTES_MAX, Packet, Parts};
use crate::formats::{Exported, Finding};
use crate::records;

/// Files looked at in the folder of attached files.
const FOLDER_FILES_MAX: usize = 1_000;
/// Most that a picture loses when it is cleaned: previews and short films behind it.
const CLEANED_MAX: u64 = 64 << 20;

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The archive.
    file: PathBuf,
    /// The relay's key as you know it from elsewhere, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    relay_key: Option<String>,
    /// The registrar's key as you know it from elsewhere, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    registrar_key: Option<String>,
}

/// Writes the archive of a case.
pub(super) async fn write(
    from: &Exported<'_>,
    files: Option<&Path>,
    home: &Home,
) -> Result<Vec<u8>, Failure> {
    let packets = packets(from.case, home)?;
    let attached = match files {
        Some(folder) => at_hand(folder, &packets)?,
        None => Vec::new(),
    };
    let identity = &home.engine.identity;
    let directory = write_directory(&own_log(home).await?);
    let parts = Parts { from, packets, directory, attached, device: identity.device() };
    let key = identity.device_key();
    bundle::write(&parts, |body| key.sign(Label::Bundle, body))
        .map_err(|finding| super::refused(&finding, home))
}

/// The packets of a case: the first, and one for each step. What a colleague's device alone has is not here.
fn packets(case: &Case, home: &Home) -> Result<Vec<Packet>, Failure> {
    let (thread, vault) = (&case.thread, &home.engine.vault);
    let mut names = vec![thread.root];
    for (event, _) in case.steps.iter().filter(|(event, _)| event.after != PacketId([0; 32])) {
        if !names.contains(&event.packet) {
            names.push(event.packet);
        }
    }
    let mut found = Vec::new();
    for name in names {
        if let Some(received) = records::received(vault, name)? {
            found.push(Packet::Received(Box::new(received)));
        } else if let Some(sent) = records::sent(vault, name, thread.peer)? {
            found.push(Packet::Sent(Box::new(sent)));
        }
    }
    Ok(found)
}

/// Files of a folder that packets of the case name by their hash.
fn at_hand(folder: &Path, packets: &[Packet]) -> Result<Vec<Attached>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::invalid(
            format!("{} cannot be read: {error}.", folder.display()),
            "Check the folder of --files.",
        )
    };
    let entries = |packet: &Packet| match packet {
        Packet::Received(received) => attachments::entries(&received.sections),
        Packet::Sent(sent) => attachments::entries(&sent.sections),
    };
    let wanted: Vec<_> = packets.iter().flat_map(entries).collect();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(caller::at(folder)).map_err(unreadable)?.take(FOLDER_FILES_MAX) {
        let path = entry.map_err(unreadable)?.path();
        let size = std::fs::metadata(&path).map_err(unreadable)?.len();
        // Only what has the length of a file that is named is read, or more: a picture that went out was cleaned.
        if path.is_file() && wanted.iter().any(|file| file.size <= size && size <= file.size + CLEANED_MAX) {
            let bytes = std::fs::read(&path).map_err(unreadable)?;
            let cleaned = attachments::cleaned(&bytes);
            for bytes in std::iter::once(bytes).chain(cleaned) {
                let sha256 = framed::sha256(&bytes).to_string();
                if wanted.iter().any(|file| file.sha256 == sha256) {
                    found.push(Attached { sha256, bytes });
                    break;
                }
            }
        }
    }
    Ok(found)
}

/// `causeway verify-bundle`. Needs no home.
pub(crate) fn verify(args: &VerifyArgs, global: &Global) -> Result<(), Failure> {
    let lang = global.lang();
    let pins = Pins {
        relay: pin(args.relay_key.as_deref(), "--relay-key")?,
        registrar: pin(args.registrar_key.as_deref(), "--registrar-key")?,
    };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(&args.file);
    opened.and_then(|file| file.take(BUNDLE_BYTES_MAX + 1).read_to_end(&mut bytes)).map_err(|error| {
        let show = args.file.display().to_string();
        let gaps = [("file", show.as_str()), ("error", &error.to_string())];
        Failure::invalid(lang.fill("import-unreadable", &gaps), lang.text("import-unreadable-hint"))
    })?;
    let verdict = bundle::verify(&bytes, &pins);
    let pinned = pins.relay.is_some() && pins.registrar.is_some();
    let result = json!({
        "verified": verdict.findings.is_empty(),
        "by": verdict.by,
        "exercise": verdict.exercise,
        "proven": verdict.proven,
        "own": verdict.own,
        "receipts": verdict.receipts,
        "opened": verdict.opened,
        "attachments": verdict.attachments,
        "missing": verdict.missing,
        "keys_pinned": pinned,
        "findings": verdict.findings.iter().map(|finding| finding.to_json(lang)).collect::<Vec<_>>(),
    });
    print(global.json, result, |_| {
        // Of what does not hold, nothing is to be believed: only what is wrong is said.
        if !verdict.findings.is_empty() {
            let wrong = |f: &Finding| {
                format!("{} {} {}", f.path, f.wrong(lang), f.right(lang)).trim_start().to_owned()
            };
            return harmless(&verdict.findings.iter().map(wrong).collect::<Vec<_>>().join("\n"));
        }
        let numbers = [
            ("proven", verdict.proven.to_string()),
            ("own", verdict.own.to_string()),
            ("receipts", verdict.receipts.to_string()),
            ("opened", verdict.opened.to_string()),
            ("attachments", verdict.attachments.to_string()),
            ("missing", verdict.missing.to_string()),
        ];
        let mut gaps: Vec<(&str, &str)> =
            numbers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        gaps.push(("by", &verdict.by));
        let keys = lang.text(if pinned { "verify-bundle-pinned" } else { "verify-bundle-not-pinned" });
        let exercise = if verdict.exercise { lang.text("formats-exercise") + "\n" } else { String::new() };
        format!("{exercise}{}\n{keys}", lang.fill("verify-bundle-says", &gaps))
    });
    let Some(first) = verdict.findings.first() else { return Ok(()) };
    let place = if first.path.is_empty() { String::new() } else { format!("{}: ", first.path) };
    Err(Failure::new(
        "O-106",
        exit::INTEGRITY,
        capital(&format!("{place}{}", first.wrong(lang))),
        first.right(lang),
    ))
}

fn pin(text: Option<&str>, name: &str) -> Result<Option<[u8; 32]>, Failure> {
    let read = text.map(|text| form::key(text, name)).transpose();
    read.map_err(|_| Failure::invalid(format!("{name} is not a key."), "A key is 64 hexadecimal digits."))
}
