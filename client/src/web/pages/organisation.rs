//! One organisation: whether we know its key, and the record that somebody of us has compared it.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::organisations::Organisation;
use super::picture::Picture;
use super::words::moment;
use super::{Frame, Visitor, draw, failed, is_number, shown};
use crate::checks::How;
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;

/// Days of a week, as a calendar names them.
pub(crate) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[derive(Template)]
#[template(path = "web/organisation.html")]
struct Card {
    frame: Frame,
    one: Organisation,
    picture: Option<Picture>,
    rows: Vec<(String, String)>,
    hours: Vec<(String, String)>,
    phone: String,
    ways: Vec<(String, String)>,
    error: String,
    typed: Typed,
}

/// What somebody has typed.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    by: String,
    #[serde(default)]
    how: String,
    #[serde(default)]
    fingerprint: String,
    #[serde(default)]
    note: String,
}

pub(crate) async fn show(visitor: Visitor, Path(id): Path<String>) -> Response {
    let page = page(&visitor, &id, String::new(), Typed::default()).await;
    shown(&visitor, page)
}

/// Records a check.
pub(crate) async fn check(visitor: Visitor, Path(id): Path<String>, Form(typed): Form<Typed>) -> Response {
    match checked(&visitor, &id, &typed).await {
        Ok(()) => Redirect::to(&format!("/organisation/{id}")).into_response(),
        Err(failure) => {
            let failure = failure.in_lang(visitor.lang);
            let error = failure.in_a_line();
            page(&visitor, &id, error, typed).await.unwrap_or_else(|_| failed(&visitor, failure))
        }
    }
}

async fn checked(visitor: &Visitor, id: &str, typed: &Typed) -> Result<(), Failure> {
    if !is_number(id) {
        return Err(Failure::not_found(&harmless(id)));
    }
    let (by, how) = (format!("--by={}", typed.by.trim()), format!("--how={}", typed.how));
    let note = format!("--note={}", typed.note.trim());
    let mut words = vec!["org", "check", id, &by, &how, &note];
    let heard = format!("--fingerprint={}", typed.fingerprint.trim());
    if !typed.fingerprint.trim().is_empty() {
        words.push(&heard);
    }
    visitor.run(&words).await.map(drop)
}

async fn page(visitor: &Visitor, id: &str, error: String, typed: Typed) -> Result<Response, Failure> {
    if !is_number(id) {
        return Err(Failure::not_found(&harmless(id)));
    }
    let lang = visitor.lang;
    let v = visitor.values(&["org", "show", id]).await?.pop().unwrap_or_default();
    let own = visitor.home.engine.identity.org.to_string();
    let one = Organisation::of(&v, &own, lang);
    let calendar = visitor.values(&["hours", "show", "--of", &one.id]).await?.pop().unwrap_or_default();
    let digits: String = one.fingerprint.chars().filter(char::is_ascii_digit).collect();
    Ok(draw(&Card {
        frame: visitor.frame("organisations")?,
        picture: Picture::of(&digits),
        rows: rows(&v, &one, lang),
        phone: harmless(calendar["night_phone"].as_str().unwrap_or_default()),
        hours: if calendar["published"] == true { hours(&calendar, lang) } else { Vec::new() },
        ways: How::ALL
            .iter()
            .map(|how| (how.word().to_owned(), lang.text(&format!("check-how-{}", how.word()))))
            .collect(),
        one,
        error,
        typed,
    }))
}

fn rows(v: &Value, one: &Organisation, lang: Lang) -> Vec<(String, String)> {
    let mut rows = vec![
        (lang.text("col-type"), one.kind.clone()),
        (lang.text("col-country"), one.country.clone()),
        (lang.text("organisation-admitted"), moment(text(v, "admitted"), lang)),
        (lang.text("organisation-devices"), v["devices"].to_string()),
    ];
    if !one.suspended.is_empty() {
        rows.push((lang.text("organisation-suspended"), one.suspended.clone()));
    }
    let recovery = crate::cli::recovery::standing::words(v, lang);
    if !recovery.is_empty() {
        rows.push((lang.text("organisation-recovery"), recovery));
    }
    if let Some(note) = v["checked"]["note"].as_str().filter(|note| !note.is_empty()) {
        rows.push((lang.text("organisation-note"), harmless(note)));
    }
    rows
}

/// A calendar in words.
pub(crate) fn hours(v: &Value, lang: Lang) -> Vec<(String, String)> {
    let mut rows = vec![(lang.text("hours-zone"), harmless(text(v, "zone")))];
    let open = if v["open_now"] == true { "hours-open" } else { "hours-closed" };
    rows.push((lang.text("hours-now"), lang.text(open)));
    if v["around_the_clock"] == true {
        rows.push((lang.text("hours-week"), lang.text("hours-always")));
        return rows;
    }
    for day in DAYS {
        let spans = spans(&v["week"][day]);
        let words = if spans.is_empty() { lang.text("hours-free") } else { spans };
        rows.push((lang.text(&format!("hours-day-{day}")), words));
    }
    let holidays = spans(&v["holidays"]);
    if !holidays.is_empty() {
        rows.push((lang.text("hours-holidays"), holidays));
    }
    rows
}

/// What stands in a list, as one types it.
pub(crate) fn spans(list: &Value) -> String {
    let words = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.map(harmless).collect::<Vec<_>>().join(", ")
}
