//! The inbox, and what was sent.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::row::Row;
use super::words::zone;
use super::{Frame, Visitor, draw, shown};
use crate::cli::failure::Failure;
use crate::cli::inbox::{self, ListArgs};
use crate::staff;

/// Lines of a page.
const PAGE: usize = 50;
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
    rows: Vec<Row>,
    total: String,
    view: &'static str,
    before: Option<usize>,
    after: Option<usize>,
    zone: String,
}

struct View {
    name: &'static str,
    title: String,
    chosen: bool,
}

pub(crate) async fn incoming(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    let page = page(&visitor, &wanted, false).await;
    shown(&visitor, page)
}

pub(crate) async fn sent(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    let page = page(&visitor, &wanted, true).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, wanted: &Wanted, ours: bool) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let (view, flags) = VIEWS.into_iter().find(|(name, _)| *name == wanted.view).unwrap_or(VIEWS[0]);
    let (here, list) = if ours { ("sent", "sent") } else { ("inbox", "inbox") };
    let begin = wanted.page.saturating_mul(PAGE);
    let window = [format!("--skip={begin}"), format!("--limit={PAGE}")];
    let words = [&[list, "list"][..], flags, &[&window[0], &window[1]]].concat();
    // Who asks for what is theirs is told what is missing, and not that something has failed.
    let nameless = view == "mine" && staff::me(&visitor.home.engine.vault)?.is_none();
    let listed = if nameless { Vec::new() } else { visitor.values(&words).await? };
    let rows: Vec<Row> = listed.iter().filter_map(|v| Row::of(v, ours, lang)).collect();
    let count =
        if nameless { 0 } else { inbox::count(&ListArgs::of_view(view), ours, &visitor.home).await? };
    let views = VIEWS.into_iter().filter(|(name, _)| !ours || *name != "unread").map(|(name, _)| View {
        name,
        title: lang.text(&format!("view-{name}")),
        chosen: name == view,
    });
    Ok(draw(&List {
        frame: visitor.frame(here)?,
        ours,
        title: lang.text(&format!("nav-{here}")),
        empty: match (nameless, view) {
            (true, _) => {
                format!("{} {}", lang.text("fail-office-no-me"), lang.text("fail-office-no-me.hint"))
            }
            (false, "all") => lang.text(&format!("empty-{here}")),
            _ => lang.text("empty-view"),
        },
        address: if ours { "/sent" } else { "/inbox" },
        views: views.collect(),
        rows,
        total: lang.count("list-total", count),
        view,
        before: wanted.page.checked_sub(1),
        after: (begin.saturating_add(PAGE) < count).then(|| wanted.page + 1),
        zone: lang.fill("list-zone", &[("zone", &zone())]),
    }))
}
