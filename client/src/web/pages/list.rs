//! The inbox, and what was sent.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::draft::section::{Typed, first};
use super::lock::in_language;
use super::row::Row;
use super::words::zone;
use super::{Frame, Visitor, draw, office, shown};
use crate::cli::failure::{Failure, exit};
use crate::cli::inbox::{self, ListArgs};
use crate::office::views::Filter;
use crate::staff;

mod asked;
pub(crate) mod chosen;
pub(crate) mod kept;

use self::asked::{Asked, Options};
use self::kept::Own;

/// Lines of a page.
pub(crate) const PAGE: usize = 50;
/// Views of a list, with the flag of the command that is behind each.
const VIEWS: [(&str, &[&str]); 6] = [
    ("all", &[]),
    ("unread", &["--unread"]),
    ("needs-answer", &["--needs-answer"]),
    ("mine", &["--mine"]),
    ("unassigned", &["--unassigned"]),
    ("overdue", &["--overdue"]),
];

#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    view: String,
    #[serde(default)]
    page: usize,
    /// Number of a view that this workstation has kept: its name and its filter are in no address.
    #[serde(default)]
    saved: String,
}

#[derive(Template)]
#[template(path = "web/list.html")]
struct List {
    frame: Frame,
    ours: bool,
    title: String,
    empty: String,
    address: &'static str,
    views: Vec<View>,
    own: Vec<Own>,
    options: Options,
    filter: Filter,
    rows: Vec<Row>,
    total: String,
    view: &'static str,
    saved: String,
    page: usize,
    before: Option<usize>,
    after: Option<usize>,
    zone: String,
    staff: Vec<String>,
    said: Said,
}

/// What came of what was done.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) done: String,
    pub(crate) error: String,
}

struct View {
    name: &'static str,
    title: String,
    chosen: bool,
}

pub(crate) async fn incoming(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    looked_at(&visitor, &wanted, false).await
}

pub(crate) async fn sent(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    looked_at(&visitor, &wanted, true).await
}

async fn looked_at(visitor: &Visitor, wanted: &Wanted, ours: bool) -> Response {
    let page = async {
        let mut asked = kept::of(visitor, &wanted.saved, ours)?.unwrap_or_default();
        if asked.saved.is_empty() {
            asked.filter.view.clone_from(&wanted.view);
        }
        asked.page = wanted.page;
        page(visitor, &asked, ours, Said::default()).await
    };
    let page = page.await;
    shown(visitor, page)
}

pub(crate) async fn incoming_filtered(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    filtered(visitor, &typed, false).await
}

pub(crate) async fn sent_filtered(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    filtered(visitor, &typed, true).await
}

/// What is filtered by may name an organisation: it travels in the body of a request.
async fn filtered(visitor: Visitor, typed: &Typed, ours: bool) -> Response {
    let asked = Asked::typed(typed);
    if let Ok(lang) = first(typed, "lang").parse() {
        let visitor = visitor.speaking(lang);
        return in_language(shown(&visitor, page(&visitor, &asked, ours, Said::default()).await), lang);
    }
    let page = page(&visitor, &asked, ours, Said::default()).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, asked: &Asked, ours: bool, mut said: Said) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let (view, _) = view_of(&asked.filter);
    let here = if ours { "sent" } else { "inbox" };
    // Who asks for what is theirs is told what is missing, and not that something has failed.
    let nameless = view == "mine" && staff::me(&visitor.home.engine.vault)?.is_none();
    let listed = if nameless { Ok((Vec::new(), 0)) } else { listed(visitor, asked, ours).await };
    // A filter that is not right stays in its form.
    let (rows, count) = match listed {
        Err(failure) if [exit::INVALID, exit::NOT_FOUND].contains(&failure.exit) => {
            let failure = failure.in_lang(lang);
            said.error = failure.in_a_line();
            (Vec::new(), 0)
        }
        listed => listed?,
    };
    let views = VIEWS.into_iter().filter(|(name, _)| !ours || *name != "unread").map(|(name, _)| View {
        name,
        title: lang.text(&format!("view-{name}")),
        chosen: name == view && asked.saved.is_empty(),
    });
    Ok(draw(&List {
        frame: visitor.frame(here)?,
        ours,
        title: lang.text(&format!("nav-{here}")),
        empty: match (nameless, view, asked.filter.is_narrow()) {
            (true, ..) => {
                format!("{} {}", lang.text("fail-office-no-me"), lang.text("onpage-fail-office-no-me"))
            }
            (false, "all", false) => lang.text(&format!("empty-{here}")),
            _ => lang.text("empty-view"),
        },
        address: if ours { "/sent" } else { "/inbox" },
        views: views.collect(),
        own: kept::all(visitor, &asked.saved, ours)?,
        options: Options::of(visitor, &asked.filter, ours).await?,
        filter: asked.filter.clone(),
        rows,
        total: lang.count("list-total", count),
        view,
        saved: asked.saved.clone(),
        page: asked.page,
        before: asked.page.checked_sub(1),
        after: (asked.page.saturating_add(1).saturating_mul(PAGE) < count).then(|| asked.page + 1),
        zone: lang.fill("list-zone", &[("zone", &zone())]),
        staff: office::numbers(visitor)?,
        said,
    }))
}

/// The view of the program that is behind a filter, with its flags.
fn view_of(filter: &Filter) -> (&'static str, &'static [&'static str]) {
    VIEWS.into_iter().find(|(name, _)| *name == filter.view).unwrap_or(VIEWS[0])
}

/// The rows of a page, and how many there are in all.
async fn listed(visitor: &Visitor, asked: &Asked, ours: bool) -> Result<(Vec<Row>, usize), Failure> {
    let list = if ours { "sent" } else { "inbox" };
    let (_, flags) = view_of(&asked.filter);
    let filters = asked.words();
    let words: Vec<&str> = [list, "list"]
        .into_iter()
        .chain(flags.iter().copied())
        .chain(filters.iter().map(String::as_str))
        .collect();
    let values = visitor.values(&words).await?;
    let rows = values.iter().filter_map(|v| Row::of(v, ours, visitor.lang)).collect();
    Ok((rows, inbox::count(&ListArgs::of_filter(&asked.filter), ours, &visitor.home).await?))
}
