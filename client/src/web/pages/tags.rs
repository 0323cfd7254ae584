//! Tags of a referral: the organisation's own words, which the other side never sees.

use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::{Visitor, failed, is_number};
use crate::cli::failure::Failure;
use crate::cli::output::harmless;
use crate::records;

/// Tags that a form offers: as many as somebody looks through. Any other can be typed.
const KNOWN_MAX: usize = 100;

/// Tags that are in use, by name.
pub(crate) fn known(visitor: &Visitor) -> Result<Vec<String>, Failure> {
    let catalogue = records::catalogue(&visitor.home.engine.vault)?;
    Ok(catalogue.tags().in_use().into_keys().take(KNOWN_MAX).map(harmless).collect())
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    add: String,
    remove: String,
}

pub(crate) async fn change(visitor: Visitor, Path(id): Path<String>, Form(typed): Form<Typed>) -> Response {
    if !is_number(&id) {
        return failed(&visitor, Failure::not_found(&harmless(&id)));
    }
    let (what, tag) = if typed.remove.is_empty() { ("add", &typed.add) } else { ("remove", &typed.remove) };
    match visitor.run(&["tag", what, &id, "--", tag]).await {
        Ok(_) => Redirect::to(&format!("/item/{id}#tags")).into_response(),
        Err(failure) => failed(&visitor, failure),
    }
}
