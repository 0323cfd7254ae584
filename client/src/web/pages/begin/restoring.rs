//! A lost workstation comes back: the folder with its backups, and the recovery code from the paper.

use std::path::Path;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Begun;
use crate::cli::failure::Failure;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;
use crate::web::door::Session;
use crate::web::pages::words::moment;
use crate::web::pages::{Visitor, draw, language, lock};
use crate::web::{NotOpened, Shared, now};

#[derive(Template)]
#[template(path = "web/begin_restore.html")]
struct Restore {
    lang: Lang,
    error: String,
    folder: String,
}

#[derive(Template)]
#[template(path = "web/begin_restored.html")]
struct Restored {
    lang: Lang,
    from: String,
}

impl Restore {
    fn t(&self, id: &str) -> String {
        self.lang.text(id)
    }
}

impl Restored {
    fn t(&self, id: &str) -> String {
        self.lang.text(id)
    }
}

#[derive(Deserialize)]
pub(crate) struct Lost {
    #[serde(default)]
    folder: String,
    #[serde(default)]
    secret: Zeroizing<String>,
}

/// Asks for the backup and what opens it, if there is no home yet.
pub(crate) async fn start(State(site): State<Shared>, headers: HeaderMap) -> Response {
    if site.daemon.has_home() {
        return Redirect::to("/").into_response();
    }
    draw(&Restore { lang: language(&headers), error: String::new(), folder: String::new() })
}

/// Restores the home, and opens it.
pub(crate) async fn restore(
    State(site): State<Shared>,
    headers: HeaderMap,
    Form(lost): Form<Lost>,
) -> Response {
    let lang = language(&headers);
    if site.daemon.has_home() {
        return Redirect::to("/").into_response();
    }
    // The program's own folder is wherever it was started: a path that begins there would be a surprise.
    let folder = lost.folder.trim().to_owned();
    if !Path::new(&folder).is_absolute() {
        let relative = Failure::wrong("fail-backup-relative", &[("folder", &harmless(&folder))]);
        return refused(lang, lock::why(relative, lang), folder);
    }
    let Some(session) = site.door.lock().await.session() else { return Redirect::to("/").into_response() };
    // Whether or not the browser waits: what is begun comes to its end.
    let restored = tokio::spawn(bring_back(Arc::clone(&site), session, folder, lost.secret, lang));
    restored.await.unwrap_or_else(|_| Redirect::to("/").into_response())
}

async fn bring_back(
    site: Shared,
    session: Session,
    folder: String,
    secret: Zeroizing<String>,
    lang: Lang,
) -> Response {
    match site.restore(Path::new(&folder), &secret, lang).await {
        Ok(shown) => *site.begun.lock().await = Some(Begun { shown, ..Begun::default() }),
        Err(NotOpened::Wait(left)) => return refused(lang, lock::wait(left, lang), folder),
        Err(NotOpened::TooLong) => return refused(lang, lang.text("unlock-long"), folder),
        Err(NotOpened::Failed(failure)) => return refused(lang, lock::why(failure, lang), folder),
    }
    // Another browser may have come in meanwhile: it has not shown that it knows the code.
    let goes_on = site.door.lock().await.trust(session);
    site.idle.lock().await.touch(now());
    Redirect::to(if goes_on { "/begin/restored" } else { "/" }).into_response()
}

/// The form again, without the secret.
fn refused(lang: Lang, error: String, folder: String) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, draw(&Restore { lang, error, folder })).into_response()
}

/// From when the workstation is, and what that means.
pub(crate) async fn done(visitor: Visitor, State(site): State<Shared>) -> Response {
    let lang = visitor.lang;
    let begun = site.begun.lock().await;
    let shown = begun.as_ref().map(|begun| &begun.shown).filter(|shown| shown["backup"].is_u64());
    let Some(shown) = shown else { return Redirect::to("/board").into_response() };
    let gaps = [("at", &*moment(text(shown, "taken"), lang)), ("number", &shown["backup"].to_string())];
    draw(&Restored { lang, from: lang.fill("restored-from", &gaps) })
}
