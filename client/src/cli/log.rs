//! `causeway log`: what was done on this workstation. It is read, and never changed.

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::output::{capital, harmless, number, print, print_list, text, time};
use super::steps::find_thread;
use crate::activity::{self, Entry};
use crate::formats::said;
use crate::lang::Lang;
use crate::referral::lifecycle::Action;
use crate::vault::Changes;

mod rest;

use self::rest::rest_words;

/// Entries that are shown unless told otherwise: a screen full.
const LIMIT: u64 = 20;
/// The most that can be asked for.
const LIMIT_MAX: u64 = 10_000;

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// The last entries, the newest first.
    List {
        /// The most that are shown.
        #[arg(long, default_value_t = LIMIT, value_parser = clap::value_parser!(u64).range(1..=LIMIT_MAX))]
        limit: u64,
        /// Only entries before the one with this number.
        #[arg(long, default_value_t = u64::MAX)]
        before: u64,
    },
    /// Whether each entry fits the one before: nothing was changed, taken out or put in.
    Check,
    /// Write down that a referral was printed.
    #[command(hide = true)]
    Printed {
        /// Number of the referral, or the beginning of it.
        id: String,
    },
}

pub(crate) async fn run(command: LogCommand, home: &Home) -> Result<(), Failure> {
    match command {
        LogCommand::List { limit, before } => list(limit, before, home),
        LogCommand::Check => check(home),
        LogCommand::Printed { id } => printed(&id, home).await,
    }
}

fn list(limit: u64, before: u64, home: &Home) -> Result<(), Failure> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let entries = activity::before(&home.engine.vault, before, limit)?;
    let values = entries.iter().map(|entry| value(entry, home.lang)).collect();
    print_list(home.json, values, &home.lang.text("log-none"), |v| {
        format!("{}  {}  {}", v["number"], text(v, "at"), text(v, "words"))
    });
    Ok(())
}

/// Paper leaves the house: the pages say so before they show it.
async fn printed(id: &str, home: &Home) -> Result<(), Failure> {
    let root = find_thread(home, id)?.root;
    let mut changes = Changes::default();
    activity::append(&home.engine.vault, &mut changes, home.engine.now(), "printed a referral", Some(root))?;
    Ok(home.engine.commit(changes).await?)
}

fn value(entry: &Entry, lang: Lang) -> Value {
    let about = (entry.packet.0 != [0; 32]).then(|| entry.packet.to_string());
    json!({
        "number": entry.number,
        "at": time(entry.at),
        "what": entry.what,
        "words": words(&entry.what, lang),
        "packet": about,
    })
}

/// What was done, in the reader's language. A phrase that goes on with a number has its text under its beginning.
fn words(what: &str, lang: Lang) -> String {
    if what.parse::<Action>().is_ok() {
        return capital(&said::did(what, lang));
    }
    let all: Vec<&str> = what.split_whitespace().collect();
    let told = (1..=all.len()).rev().find_map(|count| {
        let (phrase, rest) = all.split_at_checked(count)?;
        let id = format!("log-{}", slug(&phrase.join(" ")));
        lang.find(&id, None)?;
        Some(lang.fill(&id, &[("rest", &rest_words(&rest.join(" "), lang))]))
    });
    told.map_or_else(|| harmless(what), |told| told.trim_end().to_owned())
}

/// A phrase as the name of a text.
fn slug(phrase: &str) -> String {
    let letters = phrase.chars().filter(|c| !matches!(c, '\'' | '(' | ')' | ','));
    letters.map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

fn check(home: &Home) -> Result<(), Failure> {
    let entries = home.check_activity()?;
    print(home.json, json!({ "entries": entries, "whole": true }), |_| {
        home.lang.count("log-whole", number(entries))
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Phrases that the program writes into the log: what stands in quotes after `note(`, and before the packet of `append(`.
    fn written() -> BTreeSet<String> {
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        let mut found = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs")
                    && !path.ends_with("cli/log.rs")
                {
                    let source = std::fs::read_to_string(path).unwrap();
                    let noted = source.split(".note(\"").skip(1).filter_map(|rest| rest.split('"').next());
                    found.extend(noted.map(str::to_owned));
                    let calls = source.split("activity::append(").skip(1);
                    let first = calls.filter_map(|rest| rest.split(';').next()?.split('"').nth(1));
                    found.extend(first.map(str::to_owned));
                    let kept = source.split(" keep(home, ").skip(1);
                    let kept = kept.filter_map(|rest| rest.split([';', '?']).next()?.split('"').nth(1));
                    found.extend(kept.map(str::to_owned));
                }
            }
        }
        found
    }

    #[test]
    fn whatever_is_written_into_the_log_is_read_in_both_languages() {
        let written = written();
        assert!(written.len() > 40, "{written:?}");
        for phrase in &written {
            for lang in Lang::ALL {
                let id = format!("log-{}", slug(phrase));
                assert!(lang.find(&id, None).is_some(), "{id} has no words");
            }
        }
        assert_eq!(words("let in device 12ab", Lang::Ru), "Впущено рабочее место 12ab");
        assert_eq!(words("erased a case (retention)", Lang::En), "Erased a case (retention)");
        assert_eq!(words("something of a newer version", Lang::Ru), "something of a newer version");
        assert_ne!(words("accept", Lang::Ru), "accept");
    }
}
