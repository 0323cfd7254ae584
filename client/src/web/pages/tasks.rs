//! What there is to do, and what came of it.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::words::moment;
use super::{Frame, Visitor, draw, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};

#[derive(Template)]
#[template(path = "web/tasks.html")]
struct Tasks {
    frame: Frame,
    tasks: Vec<Task>,
}

struct Task {
    id: String,
    /// The referral that it is about; empty for a call.
    item: String,
    urgent: bool,
    words: String,
    due: String,
    late: bool,
    phone: String,
}

#[derive(Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    text: String,
    #[serde(default)]
    staff: String,
}

pub(crate) async fn list(visitor: Visitor) -> Response {
    let page = page(&visitor).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let taken = visitor.run(&["tasks", "list"]).await?;
    let listed = taken.results.iter().filter(|printed| printed.value.is_object());
    let tasks = listed.map(|printed| {
        let v = &printed.value;
        Task {
            id: text(v, "id").to_owned(),
            item: if v["referral"].is_null() { String::new() } else { text(v, "case").to_owned() },
            urgent: v["level"].as_u64().is_some_and(|level| level >= 2),
            // The line begins with the number that the command line needs.
            words: harmless(printed.words.split_once("  ").map_or(&*printed.words, |(_, words)| words)),
            due: moment(text(v, "due"), lang),
            late: v["late"] == true,
            phone: harmless(v["phone"].as_str().unwrap_or_default()),
        }
    });
    Ok(draw(&Tasks { tasks: tasks.collect(), frame: visitor.frame("tasks")? }))
}

pub(crate) async fn done(visitor: Visitor, Path(id): Path<String>, Form(done): Form<Done>) -> Response {
    let finished = finish(&visitor, &id, &done).await;
    shown(&visitor, finished.map(|()| Redirect::to("/tasks").into_response()))
}

async fn finish(visitor: &Visitor, id: &str, done: &Done) -> Result<(), Failure> {
    if !super::is_number(id) {
        return Err(Failure::not_found(&harmless(id)));
    }
    let mut words = vec!["tasks".to_owned(), "done".to_owned(), id.to_owned()];
    words.push(format!("--text={}", done.text.trim()));
    if !done.staff.trim().is_empty() {
        words.push(format!("--staff={}", done.staff.trim()));
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    visitor.run(&words).await.map(drop)
}
