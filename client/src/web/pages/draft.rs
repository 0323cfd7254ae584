//! A new referral: the kinds to choose from, drafts, and the parts of one as a list of what there is to do.

use askama::Template;
use axum::extract::{Form, Path};
use axum::response::{IntoResponse as _, Redirect, Response};
use causeway_common::framed;
use serde::Deserialize;
use serde_json::Value;

use super::words::moment;
use super::{Frame, Visitor, draw, is_number, row, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{counted, harmless, text};
use crate::lang::Lang;
use crate::referral::drafting::{self, Shape};
use crate::referral::{Document, Kind, SectionCode, labels};

pub(crate) mod files;
mod lines;
pub(crate) mod recipients;
pub(crate) mod section;
pub(crate) mod sending;

/// Kinds that people begin from a card. The word of each is the end of its texts' names.
const CARDS: [&str; 4] = ["missing-person", "border-alert", "victim-handoff", "identity-check"];
/// The part with the attachments, in an address.
const FILES: &str = "files";
/// Characters of a draft's number that tell it from others in a list.
const NUMBER_CHARS: usize = 8;

#[derive(Template)]
#[template(path = "web/new.html")]
struct Cards {
    frame: Frame,
    cards: Vec<Card>,
}

struct Card {
    name: &'static str,
    title: String,
    when: String,
    takes: String,
    quick: bool,
}

#[derive(Template)]
#[template(path = "web/drafts.html")]
struct Drafts {
    frame: Frame,
    drafts: Vec<Waiting>,
}

struct Waiting {
    id: String,
    number: String,
    kind: String,
    changed: String,
    lacking: String,
}

#[derive(Template)]
#[template(path = "web/draft.html")]
struct Parts {
    frame: Frame,
    id: String,
    kind: String,
    changed: String,
    parts: Vec<Part>,
    ready: bool,
}

/// One part of a draft, and how far it is.
struct Part {
    anchor: String,
    address: String,
    title: String,
    state: &'static str,
    icon: &'static str,
    words: String,
}

#[derive(Template)]
#[template(path = "web/delete.html")]
struct Delete {
    frame: Frame,
    id: String,
    kind: String,
    changed: String,
}

#[derive(Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    kind: String,
}

/// A draft as its command shows it.
pub(crate) struct Drafted {
    pub(crate) id: String,
    pub(crate) revision: String,
    pub(crate) changed: String,
    pub(crate) document: Document,
    pub(crate) to: Vec<String>,
    pub(crate) lacks: Vec<Value>,
    pub(crate) files: Vec<Value>,
}

impl Drafted {
    /// Which state of it this is, with its files.
    pub(crate) fn whole_revision(&self) -> String {
        let files = self.files.iter().map(|file| text(file, "id"));
        let files = framed::sha256(files.collect::<Vec<_>>().join(" ").as_bytes()).to_string();
        format!("{}-{}", self.revision, files.get(..16).unwrap_or_default())
    }

    /// What a section lacks.
    pub(crate) fn lacking(&self, section: SectionCode) -> Vec<&Value> {
        let name = section.to_string();
        self.lacks.iter().filter(|lacking| lacking["section"] == name.as_str()).collect()
    }
}

/// A draft by its number.
pub(crate) async fn drafted(visitor: &Visitor, id: &str) -> Result<Drafted, Failure> {
    if !is_number(id) {
        return Err(Failure::not_found(&harmless(id)));
    }
    let mut shown = visitor.values(&["drafts", "show", id]).await?;
    let v = shown.pop().ok_or_else(|| Failure::not_found(id))?;
    let kind = Kind::from_code(text(&v, "kind")).ok_or_else(|| Failure::not_found(id))?;
    let mut document = Document::empty(kind);
    document.fields = v["document"].as_object().cloned().unwrap_or_default();
    let list = |name: &str| v[name].as_array().cloned().unwrap_or_default();
    let to = list("recipients").iter().filter_map(|to| to.as_str().map(str::to_owned)).collect();
    Ok(Drafted {
        id: text(&v, "id").to_owned(),
        revision: text(&v, "revision").to_owned(),
        changed: moment(text(&v, "created"), visitor.lang),
        document,
        to,
        lacks: list("lacks"),
        files: list("attachments"),
    })
}

pub(crate) async fn choose(visitor: Visitor) -> Response {
    let lang = visitor.lang;
    let page = visitor.frame("new").map(|frame| {
        let cards = CARDS.into_iter().map(|name| Card {
            name,
            title: name.parse::<Kind>().map_or_else(|_| name.to_owned(), |kind| kind.label(lang)),
            when: lang.text(&format!("new-when-{name}")),
            takes: lang.text(&format!("new-takes-{name}")),
            quick: name == "border-alert",
        });
        draw(&Cards { frame, cards: cards.collect() })
    });
    shown(&visitor, page)
}

/// Begins a draft at once: whatever is typed from here on is kept.
pub(crate) async fn begin(visitor: Visitor, Form(chosen): Form<Chosen>) -> Response {
    let begun = async {
        let kind = CARDS.into_iter().find(|name| *name == chosen.kind);
        let kind = kind.ok_or_else(|| Failure::not_found(&harmless(&chosen.kind)))?;
        let begun = visitor.values(&["drafts", "new", kind]).await?;
        let id = begun.first().map_or("", |v| text(v, "id"));
        Ok(Redirect::to(&format!("/draft/{id}")).into_response())
    };
    let begun = begun.await;
    shown(&visitor, begun)
}

pub(crate) async fn list(visitor: Visitor) -> Response {
    let page = async {
        let lang = visitor.lang;
        let listed = visitor.values(&["drafts", "list"]).await?;
        let drafts = listed.iter().filter(|v| v.is_object()).rev().map(|v| Waiting {
            id: text(v, "id").to_owned(),
            number: text(v, "id").get(..NUMBER_CHARS).unwrap_or_default().to_owned(),
            kind: row::kind(text(v, "kind"), lang),
            changed: moment(text(v, "created"), lang),
            lacking: match &v["lacking"] {
                Value::Null => lang.text("draft-unreadable"),
                _ if counted(v, "lacking") == 0 => lang.text("draft-complete"),
                _ => lang.count("draft-lacking", counted(v, "lacking")),
            },
        });
        Ok(draw(&Drafts { drafts: drafts.collect(), frame: visitor.frame("drafts")? }))
    };
    let page = page.await;
    shown(&visitor, page)
}

pub(crate) async fn parts(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = async {
        let draft = drafted(&visitor, &id).await?;
        Ok(draw(&Parts {
            frame: visitor.frame("drafts")?,
            kind: draft.document.kind.label(visitor.lang),
            changed: draft.changed.clone(),
            parts: all_parts(&draft, visitor.lang),
            ready: draft.lacks.is_empty() && !draft.to.is_empty(),
            id: draft.id,
        }))
    };
    let page = page.await;
    shown(&visitor, page)
}

/// Whom it goes to, then its sections; consent comes last, when it is known what is asked for whom.
fn all_parts(draft: &Drafted, lang: Lang) -> Vec<Part> {
    let to = if draft.to.is_empty() { "todo" } else { "done" };
    let mut parts = vec![part(&draft.id, "to", lang.text("draft-to"), to, lang)];
    let mut sections = drafting::sheets(draft.document.kind);
    sections.sort_by_key(|section| section.to_string() == "CNS");
    for section in sections {
        if section.to_string() == "CNS" {
            parts.push(attached(draft, lang));
        }
        let started = is_started(&draft.document, section);
        let state = match (started, draft.lacking(section).is_empty()) {
            (true, true) => "done",
            (true, false) => "part",
            (false, false) => "todo",
            (false, true) => "free",
        };
        let title = labels::section(lang, section);
        let mut part = part(&draft.id, &section.to_string().to_lowercase(), title, state, lang);
        part.anchor = section.to_string();
        parts.push(part);
    }
    if !parts.iter().any(|part| part.anchor == FILES) {
        parts.push(attached(draft, lang));
    }
    parts
}

/// The part with the attachments; nobody has to have any.
fn attached(draft: &Drafted, lang: Lang) -> Part {
    let state = if draft.files.is_empty() { "free" } else { "done" };
    part(&draft.id, FILES, lang.text("files-title"), state, lang)
}

fn is_started(document: &Document, section: SectionCode) -> bool {
    let items = drafting::sheet(document, section, "");
    let fields = items.iter().filter(|item| !matches!(item.shape, Shape::Close | Shape::More));
    let mut fields = fields.filter(|item| !matches!(item.shape, Shape::Open | Shape::Entry(..)) || item.nil);
    fields.any(|item| {
        let stands = drafting::stands(document, &item.path);
        // A group that somebody has answered with not knowing is begun, one with fields of other sections is not.
        let group = matches!(item.shape, Shape::Open | Shape::Entry(..));
        stands.is_some_and(|value| !group || value.get("nil").is_some())
    })
}

fn part(id: &str, path: &str, title: String, state: &'static str, lang: Lang) -> Part {
    let icon = match state {
        "done" => "two-ticks",
        "part" => "half",
        _ => "circle",
    };
    Part {
        anchor: path.to_owned(),
        address: format!("/draft/{id}/{path}"),
        title,
        state: if state == "free" { "todo" } else { state },
        icon,
        words: lang.text(&format!("draft-state-{state}")),
    }
}

pub(crate) async fn ask_delete(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = async {
        let draft = drafted(&visitor, &id).await?;
        let kind = draft.document.kind.label(visitor.lang);
        Ok(draw(&Delete { frame: visitor.frame("drafts")?, id: draft.id, kind, changed: draft.changed }))
    };
    let page = page.await;
    shown(&visitor, page)
}

pub(crate) async fn delete(visitor: Visitor, Path(id): Path<String>) -> Response {
    let deleted = async {
        if !is_number(&id) {
            return Err(Failure::not_found(&harmless(&id)));
        }
        visitor.run(&["drafts", "delete", &id]).await?;
        Ok(Redirect::to("/drafts").into_response())
    };
    let deleted = deleted.await;
    shown(&visitor, deleted)
}
