//! What colleagues keep in common, on the command line: notes, who has which referral, tags, the roster, texts, the
//! alarm; and what this workstation keeps for itself: views of lists.

use std::path::PathBuf;

use causeway_common::ids::PacketId;
use clap::Args;

use super::failure::Failure;
use super::home::Home;
use super::staff as listed;
use crate::caller;
use crate::engine::OfficeError;
use crate::office::{Draft, Entry, TEXT_CHARS_MAX};
use crate::staff;

pub(crate) mod alarm;
pub(crate) mod assign;
pub(crate) mod notes;
pub(crate) mod roster;
pub(crate) mod tags;
pub(crate) mod texts;
pub(crate) mod views;

/// Characters of an entry's name that people type.
pub(super) const KEY_CHARS: usize = 12;

/// A text on the command line or in a file.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct TextArgs {
    /// What you want to say.
    #[arg(long)]
    text: Option<String>,
    /// File with it; - for standard input.
    #[arg(long)]
    file: Option<PathBuf>,
}

impl TextArgs {
    fn read(self) -> Result<String, Failure> {
        let most = TEXT_CHARS_MAX.saturating_mul(4).saturating_add(1);
        let text = match (self.text, self.file) {
            (Some(text), _) => text,
            (None, Some(path)) => {
                let bytes = caller::read(&path, most as u64).map_err(|e| Failure::unreadable(&path, &e))?;
                String::from_utf8(bytes.to_vec()).map_err(|_| Failure::wrong("fail-office-not-text", &[]))?
            }
            (None, None) => String::new(),
        };
        let text = crate::referral::tidy::composed(text.trim());
        if text.is_empty() {
            return Err(Failure::wrong("fail-office-empty", &[]));
        }
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(Failure::wrong("fail-office-long", &[("max", &TEXT_CHARS_MAX.to_string())]));
        }
        Ok(text)
    }
}

/// Under whose number something is written: that of the command, otherwise of whoever sits here; empty if neither is known.
fn author(home: &Home, given: Option<&str>) -> Result<String, Failure> {
    match given {
        Some(number) => {
            listed::is_here(home, number)?;
            Ok(number.to_owned())
        }
        None => Ok(staff::me(&home.engine.vault)?.unwrap_or_default()),
    }
}

/// The number of whoever sits here, which somebody must have said.
fn me(home: &Home) -> Result<String, Failure> {
    staff::me(&home.engine.vault)?.ok_or_else(|| Failure::wrong("fail-office-no-me", &[]))
}

/// A name for a new entry.
async fn new_key(home: &Home) -> Vec<u8> {
    home.engine.random().await[..16].to_vec()
}

/// Which of these keys a number, or the beginning of it, means.
fn only<'a>(keys: impl Iterator<Item = &'a Vec<u8>>, id: &str) -> Result<Vec<u8>, Failure> {
    let found: Vec<&Vec<u8>> =
        keys.filter(|key| !id.is_empty() && hex::encode(key).starts_with(id)).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        _ => Err(Failure::not_found(id)),
    }
}

/// Writes an entry and, in the same transaction, a line of the activity log.
async fn keep(home: &Home, draft: Draft, about: Option<PacketId>, what: &str) -> Result<Entry, Failure> {
    home.engine.write_entry(draft, (what, about)).await.map_err(|error| match error {
        OfficeError::Engine(error) => error.into(),
        OfficeError::Full(most) => Failure::wrong("fail-office-full", &[("most", &most.to_string())]),
        OfficeError::Long => Failure::wrong("fail-office-long", &[("max", &TEXT_CHARS_MAX.to_string())]),
    })
}
