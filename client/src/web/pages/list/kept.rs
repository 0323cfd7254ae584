//! Views of one's own: a filter under a name, one link on the list. In addresses stands a number that says nothing.

use axum::Form;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::asked::filters;
use super::{Asked, Said, page, view_of};
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::office::views;
use crate::web::pages::draft::section::{Typed, first};
use crate::web::pages::{Visitor, failed, is_number, shown};

/// A link.
pub(crate) struct Own {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) chosen: bool,
}

/// Those of a list.
pub(super) fn all(visitor: &Visitor, chosen: &str, ours: bool) -> Result<Vec<Own>, Failure> {
    let listed = views::list(&visitor.home.engine.vault)?.into_iter();
    let here = listed.filter(|(_, view)| view.sent == ours);
    Ok(here
        .map(|(key, view)| {
            let id = hex::encode(key);
            Own { chosen: id == chosen, id, name: harmless(&view.name) }
        })
        .collect())
}

/// What the view of a number lets through; none if there is no such view any more.
pub(super) fn of(visitor: &Visitor, id: &str, ours: bool) -> Result<Option<Asked>, Failure> {
    let listed = views::list(&visitor.home.engine.vault)?.into_iter();
    let mut meant = listed.filter(|(key, view)| view.sent == ours && hex::encode(key) == id);
    let asked = |(_, view): (_, views::View)| Asked { filter: view.filter, page: 0, saved: id.to_owned() };
    Ok(meant.next().map(asked))
}

/// Keeps what is filtered by under a name.
pub(crate) async fn keep(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let ours = first(&typed, "list") == "sent";
    let address = if ours { "/sent" } else { "/inbox" };
    let asked = Asked::typed(&typed);
    let (view, _) = view_of(&asked.filter);
    let mut words = vec!["view".to_owned(), "add".to_owned(), format!("--only={view}")];
    words.extend(filters(&asked.filter));
    if ours {
        words.push("--sent".to_owned());
    }
    words.extend(["--".to_owned(), first(&typed, "name").to_owned()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match visitor.values(&words).await {
        Ok(kept) => {
            let id = kept.first().map_or("", |v| text(v, "id"));
            Redirect::to(&format!("{address}?saved={id}")).into_response()
        }
        Err(failure) => {
            let failure = failure.in_lang(visitor.lang);
            let error = failure.in_a_line();
            let page = page(&visitor, &asked, ours, Said { error, ..Said::default() }).await;
            shown(&visitor, page)
        }
    }
}

/// Takes a view away.
pub(crate) async fn take_away(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let (id, ours) = (first(&typed, "saved"), first(&typed, "list") == "sent");
    if !is_number(id) {
        return failed(&visitor, Failure::not_found(&harmless(id)));
    }
    let done = visitor.run(&["view", "remove", id]).await;
    let address = if ours { "/sent" } else { "/inbox" };
    shown(&visitor, done.map(|_| Redirect::to(address).into_response()))
}
