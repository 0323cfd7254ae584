//! `inbox list` and `sent list`: what stands in a list, and a line of it.

use causeway_common::ids::OrgId;
use causeway_common::time::Timestamp;
use clap::Args;
use serde_json::{Value, json};

use crate::catalogue::Line;
use crate::cli::capacity::{self, Publications};
use crate::cli::failure::Failure;
use crate::cli::home::Home;
use crate::cli::output::{harmless, print_list, text, time};
use crate::cli::steps::{case_ref, is_exercise, stamp};
use crate::cli::{doubtful, erase, head, standing, tasks};
use crate::doubts;
use crate::escalation;
use crate::lang::Lang;
use crate::model::Thread;
use crate::office::notes;
use crate::office::views::Filter;
use crate::records;
use crate::referral::{Kind, labels};
use crate::retention::placeholder;
use crate::staff;

use super::sieve::Sieve;

#[derive(Debug, Default, Args)]
pub(crate) struct ListArgs {
    /// Only what nobody here has opened.
    #[arg(long)]
    pub(crate) unread: bool,
    /// Only what waits for an answer.
    #[arg(long)]
    pub(crate) needs_answer: bool,
    /// Only what should have been answered by now.
    #[arg(long)]
    pub(crate) overdue: bool,
    /// Only what whoever sits here has (causeway staff me).
    #[arg(long, conflicts_with = "unassigned")]
    pub(crate) mine: bool,
    /// Only what nobody in particular has.
    #[arg(long)]
    pub(crate) unassigned: bool,
    /// Only this kind, for example border-alert or BIA.
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Only from (or to) this organisation.
    #[arg(long)]
    pub(crate) from: Option<String>,
    /// Only what has this tag (causeway tag).
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// Only what came, or was written, on this day or later, for example 2026-11-01.
    #[arg(long, value_name = "DAY")]
    pub(crate) since: Option<String>,
    /// Only what came, or was written, on this day or before.
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<String>,
    /// Only so many.
    #[arg(long)]
    limit: Option<usize>,
    /// Leave out so many at the beginning.
    #[arg(long, default_value_t = 0)]
    skip: usize,
}

impl ListArgs {
    /// Those of a view that was kept, or of the pages.
    pub(crate) fn of_filter(filter: &Filter) -> Self {
        let (view, some) =
            (&*filter.view, |word: &String| Some(word.clone()).filter(|word| !word.is_empty()));
        Self {
            unread: view == "unread",
            needs_answer: view == "needs-answer",
            overdue: view == "overdue",
            mine: view == "mine",
            unassigned: view == "unassigned",
            kind: some(&filter.kind),
            from: some(&filter.org),
            tag: some(&filter.tag),
            since: some(&filter.since),
            until: some(&filter.until),
            ..Self::default()
        }
    }

    /// Those of a list that are wanted, if so many stand before it.
    fn window<T>(&self, before: usize, list: Vec<T>) -> impl Iterator<Item = T> {
        let end = self.limit.map_or(usize::MAX, |limit| self.skip.saturating_add(limit));
        list.into_iter()
            .skip(self.skip.saturating_sub(before))
            .take(end.saturating_sub(before.max(self.skip)))
    }
}

pub(crate) async fn list(args: ListArgs, ours: bool, home: &Home) -> Result<(), Failure> {
    let from = args.org(home).await?;
    let wanted = wanted(&args, ours, from, home)?;
    let mut before = wanted.len();
    let shown: Vec<[u8; 32]> = args.window(0, wanted).collect();
    let mut values = listed_all(&shown, home).await?;
    if !ours {
        let apart = doubtful::kept_apart(&args, home).await?;
        let count = apart.len();
        values.extend(args.window(before, apart));
        before += count;
    }
    values.extend(args.window(before, left_of_erased(&args, ours, from, home).await?));
    let empty = home.lang.text(if ours { "list-sent-none" } else { "list-inbox-none" });
    print_list(home.json, values, &empty, |v| {
        if let Some(line) = v["line"].as_str() {
            return line.to_owned();
        }
        let other = if ours { text(v, "to_name") } else { text(v, "from_name") };
        // Both sides know the packet's number: on the telephone it is the one to say.
        let (id, packet) = (number12(text(v, "id")), number12(text(v, "referral")));
        let packet = if ours {
            format!(" ({})", home.lang.fill("list-packet", &[("number", packet)]))
        } else {
            String::new()
        };
        let reference = v["case_ref"].as_str().map_or_else(String::new, |r| format!("  {}", harmless(r)));
        format!(
            "{}{id}{packet}{reference}  {}  {}  {}  {} / {}  {}{}{}{}{}",
            stamp(v, home.lang),
            text(v, "priority"),
            text(v, "kind"),
            harmless(other),
            transport_words(v, home.lang),
            labels::code_of(home.lang, "state", text(v, "work")),
            text(v, "received"),
            tasks::words(v, home),
            capacity::freshness_words(&v["capacity"], home)
                .map_or_else(String::new, |words| format!("  {words}")),
            remarks(v, home.lang),
            v["assigned"].as_str().map_or_else(String::new, |to| {
                format!("  [{}]", home.lang.fill("list-assigned", &[("number", &harmless(to))]))
            }) + &tags_words(v),
        )
    });
    Ok(())
}

/// As much of a number as a person reads out.
pub(super) fn number12(number: &str) -> &str {
    number.get(..12).unwrap_or(number)
}

pub(super) fn transport_words(v: &Value, lang: Lang) -> String {
    let word = text(v, "transport");
    lang.find(&format!("transport-{}", word.replace('_', "-")), None).unwrap_or_else(|| word.to_owned())
}

/// What is left of cases that have been erased. Nothing about them is unread or waits.
async fn left_of_erased(
    args: &ListArgs,
    ours: bool,
    from: Option<OrgId>,
    home: &Home,
) -> Result<Vec<Value>, Failure> {
    let mut values = Vec::new();
    let of_those_here = args.unread || args.needs_answer || args.overdue || args.mine || args.unassigned;
    if of_those_here || args.tag.is_some() {
        return Ok(values);
    }
    let sieve = Sieve::of(args)?;
    let kind = args.kind.as_deref().map(|word| word.parse::<Kind>().map_or(word, |kind| kind.code()));
    let mut all = placeholder::all(&home.engine.vault)?;
    all.sort_by_key(|left| std::cmp::Reverse(left.erased));
    for left in all {
        let wanted = left.ours == ours
            && kind.is_none_or(|kind| kind == left.kind)
            && from.is_none_or(|org| org == left.peer)
            && sieve.lets_at(left.begun);
        if wanted {
            let mut value = erase::entry(&left, home).await;
            if !home.json {
                value["line"] = erase::line_of(&left, home).await.into();
            }
            values.push(value);
        }
    }
    Ok(values)
}

/// What is unusual about a line of a list.
fn remarks(v: &Value, lang: Lang) -> String {
    let held = if !v["held"].is_null() {
        format!("  ({})", lang.text("list-held"))
    } else if !v["waits"].is_null() {
        format!("  ({})", lang.text("list-waits"))
    } else {
        String::new()
    };
    match text(v, "standing") {
        doubts::ACCEPTED => held,
        standing => {
            let words = lang.find(&format!("standing-{standing}"), None);
            format!("  {}{held}", words.unwrap_or_else(|| standing.to_uppercase()))
        }
    }
}

/// Packets that are kept apart because their sender is in doubt.
pub(crate) async fn kept_apart(home: &Home) -> Result<Vec<Value>, Failure> {
    doubtful::kept_apart(&ListArgs::default(), home).await
}

/// How many referrals a list has.
pub(crate) async fn count(args: &ListArgs, ours: bool, home: &Home) -> Result<usize, Failure> {
    let apart = if ours { 0 } else { doubtful::kept_apart(args, home).await?.len() };
    Ok(wanted(args, ours, args.org(home).await?, home)?.len() + apart)
}

/// Tags of a referral, by name.
fn tags_of(thread: &Thread, home: &Home) -> Result<Vec<String>, Failure> {
    Ok(records::catalogue(&home.engine.vault)?.tags().of(&thread.case).map(str::to_owned).collect())
}

/// The same at the end of a line.
fn tags_words(v: &Value) -> String {
    let tags = v["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
    tags.map(|tag| format!("  #{}", harmless(tag).replace(' ', "_"))).collect()
}

fn no_me() -> Failure {
    Failure::wrong("fail-office-no-me", &[])
}

/// Names of the threads that these filters let through, the most urgent first, then the newest. Reads only those that may be late.
fn wanted(args: &ListArgs, ours: bool, from: Option<OrgId>, home: &Home) -> Result<Vec<[u8; 32]>, Failure> {
    // A word on the command line, or the code of a kind that this version does not know.
    let kind = args.kind.as_deref().map(|word| word.parse::<Kind>().map_or(word, |kind| kind.code()));
    let vault = &home.engine.vault;
    let sieve = Sieve::of(args)?;
    let me = if args.mine { Some(staff::me(vault)?.ok_or_else(no_me)?) } else { None };
    let catalogue = records::catalogue(vault)?;
    let passes = |line: &&Line| {
        line.ours == ours
            && me.as_deref().is_none_or(|me| catalogue.assigned(&line.case) == Some(me))
            && (!args.unassigned || (!line.ended && catalogue.assigned(&line.case).is_none()))
            && (!args.unread || line.unread)
            && (!args.needs_answer || line.is_unanswered())
            && (!args.overdue || !line.ended)
            && kind.is_none_or(|kind| kind == &*line.kind)
            && from.is_none_or(|org| org == line.peer)
            && sieve.lets(line, &catalogue)
    };
    let mut cases: Vec<[u8; 32]> = catalogue.lines().filter(passes).map(|line| line.case).collect();
    drop(catalogue);
    if args.overdue {
        let late = |case: &[u8; 32]| {
            let Some(thread) = records::thread(vault, case)? else { return Ok(false) };
            let clocks = escalation::clocks_of(&home.engine, &thread)?;
            Ok::<_, Failure>(escalation::overdue(&clocks).is_some())
        };
        let judged = cases.iter().map(late).collect::<Result<Vec<bool>, _>>()?;
        let mut judged = judged.into_iter();
        cases.retain(|_| judged.next().unwrap_or(false));
    }
    Ok(cases)
}

pub(super) async fn entry(
    thread: &Thread,
    publications: &Publications,
    home: &Home,
) -> Result<Value, Failure> {
    let own = home.engine.identity.org;
    let (from, to) = if thread.ours { (own, thread.peer) } else { (thread.peer, own) };
    let (transport, failure) = transport(thread, home)?;
    let suspended = home.holds(thread).await?;
    let doubt = doubts::of(&home.engine.vault, thread.root)?;
    let is_queued = thread.ours && transport == "queued";
    let waits = if is_queued { head::first_contact(home, &[thread.peer]).await? } else { None };
    Ok(json!({
        "id": hex::encode(thread.number()),
        "referral": thread.root.to_string(),
        "case_ref": case_ref(home, thread)?,
        "exercise": is_exercise(home, thread)?,
        "kind": thread.kind,
        "from": from.to_string(),
        "from_name": home.name_of(from).await,
        "to": to.to_string(),
        "to_name": home.name_of(to).await,
        "priority": thread.priority.to_string(),
        "transport": transport,
        "failure": failure,
        "work": thread.work,
        "received": time(thread.begun),
        "respond_by": time(thread.respond_by),
        "deadlines": tasks::of_thread(thread, home)?,
        "held": standing::suspension(suspended.as_ref(), home.lang),
        "waits": waits,
        "standing": doubtful::standing(doubt.as_ref()),
        "capacity": publications.of(thread),
        "assigned": notes::assigned_to(&home.engine.vault, thread.case)?,
        "tags": tags_of(thread, home)?,
    }))
}

/// What a list says of one referral. Nobody has opened it by that.
pub(crate) async fn listed(thread: &Thread, home: &Home) -> Result<Value, Failure> {
    entry(thread, &Publications::among(std::slice::from_ref(thread), home)?, home).await
}

/// The same of several.
pub(crate) async fn listed_all(cases: &[[u8; 32]], home: &Home) -> Result<Vec<Value>, Failure> {
    // One that has been erased in the meantime is left out.
    let threads = cases.iter().filter_map(|case| records::thread(&home.engine.vault, case).transpose());
    let threads: Vec<Thread> = threads.collect::<Result<_, _>>()?;
    let publications = Publications::among(&threads, home)?;
    let mut values = Vec::with_capacity(threads.len());
    for thread in &threads {
        values.push(entry(thread, &publications, home).await?);
    }
    Ok(values)
}

fn transport(thread: &Thread, home: &Home) -> Result<(String, Value), Failure> {
    if thread.ours {
        let sent = records::sent(&home.engine.vault, thread.root, thread.peer)?;
        return Ok(sent.map_or_else(
            || ("queued".to_owned(), Value::Null),
            |s| {
                let failure = if s.failure.is_empty() { Value::Null } else { s.failure.into() };
                (s.transport.as_str().to_owned(), failure)
            },
        ));
    }
    let opened =
        records::received(&home.engine.vault, thread.root)?.is_some_and(|r| r.opened != Timestamp(0));
    Ok((if opened { "opened" } else { "delivered" }.to_owned(), Value::Null))
}
