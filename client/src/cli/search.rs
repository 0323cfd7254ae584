//! `causeway search`: finds referrals and calls by what stands in them. The index is made in memory and is gone afterwards.

use clap::Args;
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::output::{harmless, print_list, remark, text, time};
use super::steps::stamp;
use crate::calls::{self, Call};
use crate::casebook::Case;
use crate::model::Thread;
use crate::referral::labels;
use crate::search::{Entry, Index, Query, entry, snippet};

/// Referrals that are shown unless told otherwise: a screen full.
const LIMIT: usize = 20;
/// The most that can be asked for.
const LIMIT_MAX: u64 = 1_000;

#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// Words in any spelling, "a phrase", kind:border-alert, from:NAME, country:MD, state:accepted.
    #[arg(required = true)]
    text: Vec<String>,
    /// Only this kind, for example border-alert or BIA.
    #[arg(long)]
    kind: Option<String>,
    /// The most that are shown.
    #[arg(long, default_value_t = LIMIT as u64, value_parser = clap::value_parser!(u64).range(1..=LIMIT_MAX))]
    limit: u64,
}

pub(crate) async fn search(args: SearchArgs, home: &Home) -> Result<(), Failure> {
    let mut query = Query::read(&args.text.join(" "));
    if let Some(kind) = &args.kind {
        query.of_kind(kind);
    }
    if query.is_empty() {
        return Err(Failure::new(
            "Q-105",
            exit::INVALID,
            home.lang.text("search-empty"),
            home.lang.text("search-empty-hint"),
        ));
    }
    let (threads, entries) = read(home).await?;
    let index = Index::build(&entries);
    let limit = usize::try_from(args.limit).unwrap_or(LIMIT);
    let hits = index.find(&query, entries.len());
    let values: Vec<Value> = hits
        .iter()
        .take(limit)
        .filter_map(|hit| {
            let (thread, entry) = (threads.get(hit.entry)?, entries.get(hit.entry)?);
            Some(hit_json(thread, entry, hit.score, &query))
        })
        .collect();
    let more = hits.len().saturating_sub(values.len());
    print_list(home.json, values, &home.lang.text("search-none"), |v| line(v, home));
    if more > 0 && !home.json {
        remark(&home.lang.count("search-more", more));
    }
    Ok(())
}

/// All referrals and calls that this device may read, the oldest first.
async fn read(home: &Home) -> Result<(Vec<Thread>, Vec<Entry>), Failure> {
    let mut cases = Case::all_at(&home.engine.vault, home.engine.now())?;
    cases.extend(calls::unsent(&home.engine.vault)?.iter().map(Call::to_case));
    cases.sort_by_key(|case| case.thread.begun);
    let (mut threads, mut entries) = (Vec::new(), Vec::new());
    for case in cases {
        let partner = match case.thread.peer {
            calls::NOBODY => String::new(),
            peer => home.name_of(peer).await,
        };
        if let Some(entry) = entry(&case, &partner) {
            threads.push(case.thread);
            entries.push(entry);
        }
    }
    Ok((threads, entries))
}

fn hit_json(thread: &Thread, entry: &Entry, score: u32, query: &Query) -> Value {
    let place = snippet(&entry.fields, query);
    json!({
        "id": hex::encode(thread.root.0),
        "kind": entry.kind,
        "ours": thread.ours,
        "partner": entry.partner,
        "priority": thread.priority.to_string(),
        "exercise": entry.exercise,
        "state": entry.state,
        "begun": time(thread.begun),
        "score": score,
        "path": place.as_ref().map(|place| place.path.clone()),
        "snippet": place.map(|place| place.text),
    })
}

fn line(v: &Value, home: &Home) -> String {
    let id = match (text(v, "partner"), &v["ours"]) {
        ("", _) => "search-call",
        (_, Value::Bool(true)) => "search-sent-to",
        _ => "search-from",
    };
    let partner = home.lang.fill(id, &[("name", &harmless(text(v, "partner")))]);
    let head = format!(
        "{}{}  {}  {}  {partner}  {}  {}",
        stamp(v, home.lang),
        text(v, "id").get(..12).unwrap_or_default(),
        text(v, "priority"),
        text(v, "kind"),
        labels::code_of(home.lang, "state", text(v, "state")),
        text(v, "begun"),
    );
    match v["snippet"].as_str() {
        Some(place) => format!("{head}\n    {}: {}", harmless(text(v, "path")), harmless(place)),
        None => head,
    }
}
