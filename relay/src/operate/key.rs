//! `causeway-relay key`: the relay's key, and the one that follows it.

use std::path::{Path, PathBuf};

use causeway_certs::fingerprint;
use causeway_certs::relay_keys;
use causeway_common::time::{Clock as _, SystemClock};
use causeway_relay::key_files::{KEY_FILE, KeyFiles, NEXT_KEY_FILE};
use clap::Subcommand;

use super::Failure;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make the next key beside the present one, and print a request for the registrar. The relay may run meanwhile, and changes to
    /// the new key by itself when the registrar's announcement says so.
    Prepare {
        /// Folder of the relay.
        #[arg(long)]
        data: PathBuf,
        /// Make another key although one has been prepared: when somebody may have copied this folder.
        #[arg(long)]
        anew: bool,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Does it.
pub(crate) fn act(command: KeyCommand) -> Result<(), Failure> {
    let KeyCommand::Prepare { data, anew, json } = command;
    prepare(&data, anew, json)
}

fn prepare(data: &Path, anew: bool, json: bool) -> Result<(), Failure> {
    if !data.join("store").exists() {
        return Err(Failure::new(4, format!("there is no relay in {}", data.display())));
    }
    let prepared = KeyFiles::of(data).prepare(anew, SystemClock.now())?;
    let key = hex::encode(prepared.key.as_bytes());
    let digits = fingerprint::digits(relay_keys::fingerprint(prepared.key));
    if json {
        let result = serde_json::json!({
            "schema_version": 1,
            "relay_key": key,
            "fingerprint": digits,
            "by_present": prepared.by_present,
            "request": prepared.request,
        });
        println!("{result}");
        return Ok(());
    }
    let without = if prepared.by_present {
        String::new()
    } else {
        format!(
            "\nThere is no {KEY_FILE}: no key vouches for this one, and the registrar takes it with --compromised only. Started now, \
             the relay is known by it at once."
        )
    };
    println!(
        "{}\n\nGive this to the registrar, and compare by voice:\n    {digits}\n{NEXT_KEY_FILE} holds the new key: take a backup \
         now. The relay changes to it by itself when the registrar's announcement says so, and erases the old one.{without}",
        prepared.request
    );
    Ok(())
}
