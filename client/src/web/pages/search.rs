//! Finding referrals. What is looked for is somebody's name more often than not: it travels in the body of a request and is
//! in no address, no title and no history.

use askama::Template;
use axum::Form;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::row::{self, Mark};
use super::words::{When, when};
use super::{Frame, Visitor, draw, shown};
use crate::cli::failure::{Failure, exit};
use crate::cli::output::{harmless, text};
use crate::lang::Lang;

/// Lines of a page of results: whoever gets more asks more exactly. At 200 bytes of snippet and 400 of markup a line, 50 of
/// them are 30 kB.
const SHOWN: &str = "--limit=50";

#[derive(Template)]
#[template(path = "web/search.html")]
struct Search {
    frame: Frame,
    sought: String,
    /// Nothing was looked for yet.
    begun: bool,
    error: String,
    hits: Vec<Hit>,
    count: String,
    more: String,
}

struct Hit {
    /// Address of the referral; empty for a call, which has no page.
    address: String,
    number: String,
    urgent: bool,
    urgency: String,
    kind: String,
    partner: String,
    work: Mark,
    begun: When,
    exercise: bool,
    place: String,
}

#[derive(Deserialize)]
pub(crate) struct Sought {
    #[serde(default)]
    q: String,
}

/// The empty form.
pub(crate) async fn form(visitor: Visitor) -> Response {
    let page = visitor.frame("search").map(|frame| {
        draw(&Search {
            frame,
            sought: String::new(),
            begun: false,
            error: String::new(),
            hits: Vec::new(),
            count: String::new(),
            more: String::new(),
        })
    });
    shown(&visitor, page)
}

pub(crate) async fn find(visitor: Visitor, Form(sought): Form<Sought>) -> Response {
    let page = page(&visitor, &sought.q).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, sought: &str) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let (taken, error) = match visitor.run(&["search", SHOWN, "--", sought.trim()]).await {
        Ok(taken) => (taken, String::new()),
        Err(failure) if failure.exit == exit::INVALID => {
            (Default::default(), format!("{} {}", failure.message, failure.hint))
        }
        Err(failure) => return Err(failure),
    };
    let listed = taken.results.iter().filter(|printed| printed.value.is_object());
    let hits: Vec<Hit> = listed.map(|printed| hit(&printed.value, lang)).collect();
    Ok(draw(&Search {
        frame: visitor.frame("search")?,
        sought: sought.to_owned(),
        begun: error.is_empty(),
        error,
        count: lang.count("search-found", hits.len()),
        more: if taken.remarks.is_empty() { String::new() } else { lang.text("search-narrower") },
        hits,
    }))
}

fn hit(v: &Value, lang: Lang) -> Hit {
    let id = text(v, "id");
    let partner = v["partner"].as_str().unwrap_or_default();
    let urgent = matches!(text(v, "priority"), "P0" | "P1");
    Hit {
        address: if partner.is_empty() { String::new() } else { format!("/item/{id}") },
        number: row::number(id).to_owned(),
        urgent,
        urgency: row::urgency_words(urgent, lang),
        kind: row::kind(text(v, "kind"), lang),
        partner: match (partner, v["ours"] == true) {
            ("", _) => lang.text("search-call"),
            (name, true) => lang.fill("search-sent-to", &[("name", &harmless(name))]),
            (name, false) => lang.fill("search-from", &[("name", &harmless(name))]),
        },
        work: row::work(text(v, "state"), lang),
        begun: when(text(v, "begun"), lang),
        exercise: v["exercise"] == true,
        place: harmless(v["snippet"].as_str().unwrap_or_default()),
    }
}
