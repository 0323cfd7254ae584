//! Recovery sheets that people type, or have in a file.

use std::path::PathBuf;

use causeway_certs::keys::SigningKey;
use causeway_common::ids::Digest;
use clap::Args;
use zeroize::Zeroizing;

use crate::caller;
use crate::cli::failure::{Failure, exit};
use crate::cli::home::Home;
use crate::cli::output::remark;
use crate::linking::LinkingError;
use crate::recovery::record::RecoveryError;
use crate::recovery::sheet::{self, SHEET_GROUPS, SheetError};
use crate::recovery::{self, Part};

/// Longest file: many sheets.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// A command asks for the root and the next root at most.
const SHEETS_MAX: usize = 2;

#[derive(Debug, Default, Args)]
pub(crate) struct SheetArgs {
    /// File with a recovery sheet or with shares as they were printed, or /dev/stdin; otherwise you are asked. Keep no such file on this
    /// machine.
    #[arg(long, value_name = "FILE")]
    sheet_file: Vec<PathBuf>,
}

impl SheetArgs {
    /// The keys in all files together: shares of one key may be in several.
    pub(crate) fn read(&self) -> Result<Vec<SigningKey>, Failure> {
        if self.sheet_file.is_empty() {
            return Ok(Vec::new());
        }
        let mut text = Zeroizing::new(String::new());
        for path in &self.sheet_file {
            let unreadable = |error: std::io::Error| {
                Failure::invalid(format!("Cannot read the sheet: {error}."), "Check --sheet-file.")
            };
            let bytes = caller::read(path, FILE_BYTES_MAX).map_err(unreadable)?;
            text.push_str(
                std::str::from_utf8(&bytes).map_err(|error| unreadable(std::io::Error::other(error)))?,
            );
            text.push('\n');
        }
        Ok(sheet::read(&text)?)
    }
}

/// A key's part in words.
pub(crate) fn words_of(part: Part) -> &'static str {
    match part {
        Part::Root => "the root key",
        Part::Next => "the next root key",
        Part::Prepared => "the key after the next",
    }
}

/// Does something for which sheets may be needed: those in the files, and those that it turns out to lack, if somebody is
/// there to type them.
pub(super) async fn with_sheets<T>(
    args: &SheetArgs,
    home: &Home,
    act: impl AsyncFn() -> Result<T, RecoveryError>,
) -> Result<T, Failure> {
    home.engine.enter_roots(args.read()?);
    for _ in 0..SHEETS_MAX {
        match act().await {
            Err(RecoveryError::Needs(part, name)) if !home.no_input => {
                home.engine.enter_roots(vec![ask(part, name)?]);
            }
            done => return Ok(done?),
        }
    }
    Ok(act().await?)
}

/// The same for what needs the root alone, if it turns out to need it.
pub(crate) async fn with_root<T>(
    args: &SheetArgs,
    home: &Home,
    act: impl AsyncFn() -> Result<T, LinkingError>,
) -> Result<T, Failure> {
    home.engine.enter_roots(args.read()?);
    match act().await {
        Err(LinkingError::NotRoot) if !home.no_input => {
            let roots = recovery::roots(&home.engine).await?;
            let root = roots.iter().find(|root| root.part == Part::Root).ok_or(LinkingError::NotRoot)?;
            home.engine.enter_roots(vec![ask(Part::Root, root.name)?]);
            Ok(act().await?)
        }
        done => Ok(done?),
    }
}

/// Lets a person type the sheet of a key, as many groups to a line as they like.
fn ask(part: Part, wanted: Digest) -> Result<SigningKey, Failure> {
    let key = ask_for_any(&format!("the sheet of {}, key {}", words_of(part), sheet::short(wanted)))?;
    if sheet::name(key.public()) == wanted {
        return Ok(key);
    }
    Err(another(&key))
}

/// Lets a person type a sheet.
pub(super) fn ask_for_any(what: &str) -> Result<SigningKey, Failure> {
    remark(&format!(
        "Type {what}: its {SHEET_GROUPS} groups, or those of its shares one after the other, some or all of them in a line."
    ));
    let mut typed = Zeroizing::new(String::new());
    loop {
        if line()?.is_some_and(|line| {
            typed.push_str(&line);
            !line.trim().is_empty()
        }) {
            match sheet::read(&typed) {
                Ok(mut keys) => return keys.pop().ok_or_else(|| SheetError::Apart.into()),
                Err(error @ (SheetError::Unfinished { .. } | SheetError::TooFew { .. })) => {
                    remark(&format!("Go on: {error}."));
                }
                Err(error) => return Err(error.into()),
            }
        } else {
            return Err(SheetError::Unfinished { have: 0, of: SHEET_GROUPS }.into());
        }
    }
}

/// A line that a person types; none at the end of the input.
pub(crate) fn line() -> Result<Option<Zeroizing<String>>, Failure> {
    caller::ask("").map_err(Failure::internal)
}

/// A sheet of a key that is not meant.
pub(super) fn another(key: &SigningKey) -> Failure {
    Failure::new(
        "T-115",
        exit::INVALID,
        format!(
            "This is a good sheet, but of another key ({}). Nothing was changed.",
            sheet::short(sheet::name(key.public()))
        ),
        "The key's name stands on the paper and in `causeway recovery keys`: fetch the one that is asked for. A sheet from before the last rotation is worth nothing.",
    )
}

impl From<SheetError> for Failure {
    fn from(error: SheetError) -> Self {
        let (code, hint) = match error {
            SheetError::TooFew { .. } => (
                "T-126",
                "Fetch more of the shares; on each stands which key it is of, and how many are needed. One share twice counts once.",
            ),
            SheetError::OtherKeys | SheetError::OtherSplit => (
                "T-128",
                "Each share says which key it is of. Sort them; if they are all of one key, one of them is false or from an earlier split: try with others.",
            ),
            _ => (
                "T-105",
                "Compare that group with the paper and type it again; letters I, L and O do not occur, they are 1 and 0.",
            ),
        };
        let what = format!("This is not what was printed for recovery: {error}. Nothing was changed.");
        Self::new(code, exit::INVALID, what, hint)
    }
}
