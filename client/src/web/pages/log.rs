//! What was done on this workstation. It is read, and never changed.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::row;
use super::words::{When, when, zone};
use super::{Frame, Visitor, draw, shown};
use crate::cli::failure::{Failure, exit};
use crate::cli::output::text;
use crate::lang::Lang;

/// Entries of a page.
const PAGE: usize = 100;

#[derive(Template)]
#[template(path = "web/log.html")]
struct Log {
    frame: Frame,
    /// Whether the chain holds, and in words.
    whole: bool,
    verdict: String,
    entries: Vec<Entry>,
    total: String,
    /// Older entries come before this one; none if there are none.
    older: Option<u64>,
    newest: bool,
}

struct Entry {
    number: u64,
    at: When,
    words: String,
    about: String,
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    before: Option<u64>,
}

pub(crate) async fn show(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    let page = page(&visitor, wanted.before.unwrap_or(u64::MAX)).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, before: u64) -> Result<Response, Failure> {
    let lang = visitor.lang;
    // A broken log is shown as far as it reads: whoever looks for what was changed has to see it.
    let (whole, verdict) = match visitor.run(&["log", "check"]).await {
        Ok(taken) => (true, taken.results.into_iter().map(|printed| printed.words).collect()),
        Err(failure) if failure.exit == exit::INTEGRITY => (false, lang.text("log-broken")),
        Err(failure) => return Err(failure),
    };
    let (limit, before) = (format!("--limit={PAGE}"), format!("--before={before}"));
    let listed = visitor.values(&["log", "list", &limit, &before]).await?;
    let entries: Vec<Entry> = listed.iter().filter_map(|v| entry(v, lang)).collect();
    let oldest = entries.last().map(|entry| entry.number).filter(|number| *number > 1);
    Ok(draw(&Log {
        frame: visitor.frame("log")?,
        whole,
        verdict,
        older: oldest.filter(|_| entries.len() == PAGE),
        newest: before.ends_with(&u64::MAX.to_string()),
        entries,
        total: lang.fill("log-total", &[("zone", &zone())]),
    }))
}

fn entry(v: &Value, lang: Lang) -> Option<Entry> {
    let about =
        v["packet"].as_str().map(|packet| lang.fill("log-referral", &[("number", row::number(packet))]));
    Some(Entry {
        number: v["number"].as_u64()?,
        at: when(text(v, "at"), lang),
        words: text(v, "words").to_owned(),
        about: about.unwrap_or_default(),
    })
}
