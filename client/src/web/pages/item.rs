//! One referral: what it says, how far it has come, and what can be done now.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;

use super::files::Listed;
use super::handover::Record;
use super::office::{Assigning, Note, Said};
use super::row::{self, Mark, Row};
use super::tags::known;
use super::texts::names;
use super::words::{When, moment, when};
use super::{Frame, Visitor, draw, is_number, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{capital, harmless, text};
use crate::formats::{print, said};
use crate::lang::Lang;
use crate::referral::{Kind, labels};

pub(crate) mod files;

/// Steps that take something away from the other side, or end the case: asked once more, and shown last.
const GRAVE: [&str; 5] = ["decline", "decline_late", "withdraw", "error", "fail"];
/// Steps that say something to the other side and take nothing away.
const TELLING: [&str; 3] = ["progress", "info_request", "info_reply"];
/// Between what a label names and what of it.
const UNDER: &str = " · ";
/// What a receipt proves stands in the lane of the way; everything else is work.
const WAY: [&str; 4] = ["send", "delivered", "opened", "expire"];

#[derive(Template)]
#[template(path = "web/item.html")]
struct Item {
    frame: Frame,
    row: Row,
    ours: bool,
    head: Vec<(String, String)>,
    warnings: Vec<String>,
    steps: Vec<Step>,
    events: Vec<Event>,
    parts: Vec<Part>,
    withheld: Vec<String>,
    files: Vec<Listed>,
    paper: bool,
    said: Vec<Said>,
    /// Steps by which something is said to the other organisation, with their names.
    tell: Vec<(String, String)>,
    organisation: String,
    assigning: Assigning,
    /// Tags that are in use, to choose from.
    known_tags: Vec<String>,
    typed: Note,
    error: String,
    /// Texts of the organisation, by name.
    templates: Vec<String>,
    handover: Option<Record>,
}

struct Step {
    name: String,
    words: String,
    grave: bool,
}

struct Event {
    mark: Mark,
    lane: &'static str,
    at: When,
    who: String,
    text: String,
    rows: Vec<String>,
    note: String,
}

struct Part {
    code: String,
    title: String,
    groups: Vec<Group>,
}

/// Rows about one thing, for example one of several people.
struct Group {
    title: String,
    rows: Vec<(String, String)>,
}

pub(crate) async fn show(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = page(&visitor, &id, false, (Note::default(), String::new())).await;
    shown(&visitor, page)
}

/// The same for paper, without what is around it.
pub(crate) async fn print(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = page(&visitor, &id, true, (Note::default(), String::new())).await;
    shown(&visitor, page)
}

/// A referral as its command gives it. Who sees it on a page has opened it.
pub(crate) async fn value(visitor: &Visitor, id: &str) -> Result<(Value, bool), Failure> {
    if !is_number(id) {
        return Err(Failure::not_found(&harmless(id)));
    }
    let thread = crate::cli::steps::find_thread(&visitor.home, id)?;
    let list = if thread.ours { "sent" } else { "inbox" };
    let mut values = visitor.values(&[list, "show", id]).await?;
    let value = values.pop().ok_or_else(|| Failure::not_found(id))?;
    Ok((value, thread.ours))
}

/// With a note that was refused, and why.
pub(crate) async fn page(
    visitor: &Visitor,
    id: &str,
    paper: bool,
    (typed, error): (Note, String),
) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let (v, ours) = value(visitor, id).await?;
    let row = Row::of(&v, ours, lang).ok_or_else(|| Failure::not_found(id))?;
    Ok(draw(&Item {
        frame: visitor.frame(if ours { "sent" } else { "inbox" })?,
        head: head(&v, &row, paper, lang),
        warnings: warnings(&v, lang),
        steps: steps(&v, lang),
        parts: parts(&v, lang),
        withheld: withheld(&v, lang),
        files: files::listed(&v, &row.id, lang),
        // What colleagues write among themselves is on no paper: that is for others, too.
        said: if paper { Vec::new() } else { Said::all(&v, &row, lang) },
        tell: tell(&v, lang),
        organisation: visitor.home.engine.identity.name.clone(),
        assigning: Assigning::of(visitor, &row)?,
        known_tags: known(visitor)?,
        typed,
        error,
        templates: names(visitor)?,
        handover: Record::of(&v, lang),
        events: timeline(&v, lang),
        row,
        ours,
        paper,
    }))
}

fn head(v: &Value, row: &Row, paper: bool, lang: Lang) -> Vec<(String, String)> {
    let mut head = vec![
        (lang.text("item-from"), harmless(text(v, "from_name"))),
        (lang.text("item-to"), harmless(text(v, "to_name"))),
        (lang.text("item-number"), row.number.clone()),
    ];
    if !row.reference.is_empty() {
        head.push((lang.text("item-reference"), row.reference.clone()));
    }
    head.push((lang.text("item-received"), row.received.words.clone()));
    if !row.due.is_empty() {
        head.push((lang.text("item-due"), row.due.clone()));
    }
    if !row.assigned.is_empty() && !paper {
        head.push((lang.text("col-assigned"), row.assigned.clone()));
    }
    head
}

/// What somebody must know before reading on.
fn warnings(v: &Value, lang: Lang) -> Vec<String> {
    let mut found = Vec::new();
    if v["exercise"] == true {
        found.push(lang.text("list-exercise"));
    }
    found.extend(v["held"]["words"].as_str().map(|words| lang.fill("onpage-held", &[("words", words)])));
    found.extend(v["waits"].as_str().map(|words| lang.fill("shown-waits", &[("words", words)])));
    for doubt in v["doubts"].as_array().into_iter().flatten() {
        let standing = text(doubt, "standing");
        found.extend(lang.find(&format!("standing-{standing}"), None));
    }
    if v["exhibits_differ"].as_array().is_some_and(|list| !list.is_empty()) {
        found.push(lang.text("item-exhibits"));
    }
    found
}

fn steps(v: &Value, lang: Lang) -> Vec<Step> {
    let possible = v["possible"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut steps: Vec<Step> = possible
        .map(|name| Step {
            name: name.to_owned(),
            words: lang
                .find(&format!("do-{}", name.replace('_', "-")), None)
                .unwrap_or_else(|| labels::code_of(lang, "event", name)),
            grave: GRAVE.contains(&name),
        })
        .collect();
    // To take it on is what most readers came for.
    steps.sort_by_key(|step| (step.grave, step.name != "accept"));
    steps
}

/// Steps that only say something, and can be taken now.
fn tell(v: &Value, lang: Lang) -> Vec<(String, String)> {
    let steps = steps(v, lang).into_iter().filter(|step| TELLING.contains(&step.name.as_str()));
    steps.map(|step| (step.name, step.words)).collect()
}

/// What happened, each event in its lane: how the packet went, and what people did.
fn timeline(v: &Value, lang: Lang) -> Vec<Event> {
    v["timeline"].as_array().into_iter().flatten().map(|step| event(step, lang)).collect()
}

fn event(step: &Value, lang: Lang) -> Event {
    let what = text(step, "what");
    let shape = match what {
        "send" => row::way("submitted", lang),
        "delivered" => row::way("delivered", lang),
        "opened" => row::way("opened", lang),
        "expire" => row::way("expired_undelivered", lang),
        _ => row::work(text(step, "state"), lang),
    };
    let device = step["by_device"].as_str().filter(|name| !name.is_empty());
    let who = match device {
        Some(device) => format!("{} ({device})", text(step, "by_name")),
        None => text(step, "by_name").to_owned(),
    };
    let note = match step["explanation"].as_str() {
        Some(words) => words.to_owned(),
        None if step["conflict"] == true => lang.text("timeline-no-effect"),
        None => String::new(),
    };
    let rows = step["rows"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Event {
        mark: Mark { words: capital(&said::did(what, lang)), ..shape },
        lane: if WAY.contains(&what) { "transport" } else { "work" },
        at: when(text(step, "at"), lang),
        who: harmless(&who),
        text: harmless(step["text"].as_str().unwrap_or_default()),
        rows: rows.map(harmless).collect(),
        note: harmless(&note),
    }
}

fn parts(v: &Value, lang: Lang) -> Vec<Part> {
    let Some(kind) = Kind::from_code(text(v, "kind")) else { return Vec::new() };
    let sections = v["sections"].as_object().into_iter().flatten();
    let mut parts: Vec<Part> = sections
        .map(|(code, content)| Part {
            code: harmless(code),
            title: labels::code_of(lang, "section", code),
            groups: groups(print::rows_of(kind, &without_files(content), lang), lang),
        })
        .filter(|part| !part.groups.is_empty())
        .collect();
    // Who she is and what is wanted first; how the packet was made last.
    parts.sort_by_key(|part| part.code == "HDR");
    parts
}

/// Files have a part of their own.
fn without_files(content: &Value) -> Value {
    let mut content = content.clone();
    content.as_object_mut().map(|fields| fields.remove("attachments"));
    content
}

/// Rows with the same beginning stand under it.
fn groups(rows: Vec<(String, String)>, lang: Lang) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (label, words) in rows {
        let (title, label) =
            label.split_once(UNDER).map_or(("", label.as_str()), |(first, rest)| (first, rest));
        let row = (label.to_owned(), harmless(&moment(&words, lang)));
        match groups.last_mut().filter(|group| group.title == title) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { title: title.to_owned(), rows: vec![row] }),
        }
    }
    groups
}

fn withheld(v: &Value, lang: Lang) -> Vec<String> {
    let codes = v["withheld"].as_array().into_iter().flatten();
    codes
        .filter_map(|code| code.as_str().or_else(|| code["code"].as_str()))
        .map(|code| labels::code_of(lang, "section", code))
        .collect()
}
