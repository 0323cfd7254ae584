//! Texts of the organisation that are put into what somebody writes: with the script at the cursor, without it below what stands
//! there, in the same form with everything that was typed.

use axum::Form;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::Visitor;
use crate::cli::failure::Failure;
use crate::cli::output::harmless;
use crate::office::texts;

/// Names of all of them.
pub(crate) fn names(visitor: &Visitor) -> Result<Vec<String>, Failure> {
    Ok(texts::list(&visitor.home.engine.vault)?.into_iter().map(|(name, _)| name).collect())
}

/// A text below what was typed before. What is called otherwise puts nothing in.
pub(crate) fn put_in(visitor: &Visitor, name: &str, typed: &mut String) -> Result<(), Failure> {
    if let Some(text) = of(visitor, name)? {
        let before = typed.trim_end();
        *typed = if before.is_empty() { text } else { format!("{before}\n{text}") };
    }
    Ok(())
}

fn of(visitor: &Visitor, name: &str) -> Result<Option<String>, Failure> {
    let mut all = texts::list(&visitor.home.engine.vault)?.into_iter();
    Ok(all.find(|(known, _)| known == name).map(|(_, text)| text))
}

#[derive(Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    name: String,
}

/// One text, for the script of a page.
pub(crate) async fn one(visitor: Visitor, Form(which): Form<Which>) -> Response {
    match of(&visitor, &which.name) {
        Ok(Some(text)) => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], harmless(&text)).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(failure) => super::status_of(&failure).into_response(),
    }
}
