//! `causeway tag`: words by which an organisation finds its referrals again.

use clap::{Args, Subcommand};
use serde_json::json;

use super::super::failure::Failure;
use super::super::home::Home;
use super::super::output::{counted, harmless, print, print_list, text};
use super::super::steps::find_thread;
use super::{author, keep};
use crate::model::Thread;
use crate::office::tags::{self, TAG_CHARS_MAX, TAGS_MAX};
use crate::records;

#[derive(Debug, Subcommand)]
pub(crate) enum TagCommand {
    /// Tag a referral. Every workstation of your organisation sees it, the other organisation never does.
    Add(TagArgs),
    /// Take a tag off a referral.
    Remove(TagArgs),
    /// The tags of a referral, or all that are in use.
    List {
        /// Number of the referral, or the beginning of it.
        id: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TagArgs {
    /// Number of the referral, or the beginning of it.
    id: String,
    /// The tag, for example "visa run". No names of people: whoever sees the list sees it.
    tag: String,
    /// Your number; otherwise that of whoever sits here.
    #[arg(long, value_name = "NO")]
    staff: Option<String>,
}

pub(crate) async fn run(command: TagCommand, home: &Home) -> Result<(), Failure> {
    match command {
        TagCommand::Add(args) => add(args, home).await,
        TagCommand::Remove(args) => remove(args, home).await,
        TagCommand::List { id: Some(id) } => {
            list(of(&find_thread(home, &id)?, home)?.into_iter().map(|tag| json!({ "tag": tag })), home)
        }
        TagCommand::List { id: None } => {
            let catalogue = records::catalogue(&home.engine.vault)?;
            let in_use = catalogue.tags().in_use().into_iter();
            let all: Vec<_> =
                in_use.map(|(tag, count)| json!({ "tag": tag, "referrals": count as u64 })).collect();
            drop(catalogue);
            list(all.into_iter(), home)
        }
    }
}

/// A tag as it is kept.
pub(crate) fn typed(typed: &str) -> Result<String, Failure> {
    let most = TAG_CHARS_MAX.to_string();
    tags::tidy(typed).ok_or_else(|| Failure::wrong("fail-tag", &[("max", &most)]))
}

/// Those of a referral, by name.
fn of(thread: &Thread, home: &Home) -> Result<Vec<String>, Failure> {
    Ok(records::catalogue(&home.engine.vault)?.tags().of(&thread.case).map(str::to_owned).collect())
}

async fn add(args: TagArgs, home: &Home) -> Result<(), Failure> {
    let (thread, tag) = (find_thread(home, &args.id)?, typed(&args.tag)?);
    let by = author(home, args.staff.as_deref())?;
    let here = of(&thread, home)?;
    // Whoever tags many at once meets some that have the tag already.
    if !here.contains(&tag) {
        if here.len() >= TAGS_MAX {
            return Err(Failure::wrong("fail-tags-full", &[("most", &TAGS_MAX.to_string())]));
        }
        let draft = tags::add(thread.case, &tag, &by);
        keep(home, draft, Some(thread.root), "tagged a referral").await?;
    }
    say(&thread, "tag-added", &tag, home)
}

async fn remove(args: TagArgs, home: &Home) -> Result<(), Failure> {
    let (thread, tag) = (find_thread(home, &args.id)?, typed(&args.tag)?);
    let by = author(home, args.staff.as_deref())?;
    if of(&thread, home)?.contains(&tag) {
        let draft = tags::remove(thread.case, &tag, &by);
        keep(home, draft, Some(thread.root), "took a tag off a referral").await?;
    }
    say(&thread, "tag-removed", &tag, home)
}

fn say(thread: &Thread, done: &str, tag: &str, home: &Home) -> Result<(), Failure> {
    let value = json!({ "referral": thread.root.to_string(), "tags": of(thread, home)? });
    print(home.json, value, |_| home.lang.fill(done, &[("tag", &harmless(tag))]));
    Ok(())
}

fn list(values: impl Iterator<Item = serde_json::Value>, home: &Home) -> Result<(), Failure> {
    print_list(home.json, values.collect(), &home.lang.text("tags-none"), |v| {
        let tag = harmless(text(v, "tag"));
        if v["referrals"].is_null() { tag } else { format!("{tag}  {}", counted(v, "referrals")) }
    });
    Ok(())
}
