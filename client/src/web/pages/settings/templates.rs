//! Texts that the organisation uses again.

use askama::Template;
use axum::Form;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::{Frame, Visitor, draw, failed, shown};
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};

const HERE: &str = "/settings/templates";

#[derive(Template)]
#[template(path = "web/templates.html")]
struct Templates {
    frame: Frame,
    /// Name and text.
    all: Vec<(String, String)>,
    typed: Typed,
    error: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    name: String,
    text: String,
}

pub(crate) async fn list(visitor: Visitor) -> Response {
    let page = page(&visitor, Typed::default(), String::new()).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor, typed: Typed, error: String) -> Result<Response, Failure> {
    let listed = visitor.values(&["template", "list"]).await?;
    let entries = listed.iter().filter(|v| v.is_object());
    let all = entries.map(|v| (harmless(text(v, "name")), harmless(text(v, "text")))).collect();
    Ok(draw(&Templates { frame: visitor.frame("settings")?, all, typed, error }))
}

pub(crate) async fn add(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let text = format!("--text={}", typed.text);
    let done = visitor.run(&["template", "add", &text, "--", &typed.name]).await;
    changed(&visitor, done.map(drop), typed).await
}

pub(crate) async fn remove(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let done = visitor.run(&["template", "remove", "--", &typed.name]).await;
    changed(&visitor, done.map(drop), Typed::default()).await
}

async fn changed(visitor: &Visitor, done: Result<(), Failure>, typed: Typed) -> Response {
    match done {
        Ok(()) => Redirect::to(HERE).into_response(),
        Err(failure) => {
            let error = format!("{} {}", failure.message, failure.hint);
            page(visitor, typed, error).await.unwrap_or_else(|_| failed(visitor, failure))
        }
    }
}
