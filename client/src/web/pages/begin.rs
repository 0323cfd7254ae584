//! The first steps on a new workstation: the invite, the passphrase, the recovery code on paper, the digits to compare. Each
//! can be cut off and gone on with.

use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use causeway_certs::fingerprint;
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::lock::{self, Secret};
use super::{Visitor, draw, language};
use crate::cli::failure::Failure;
use crate::cli::home::Typed;
use crate::cli::output::{harmless, text};
use crate::lang::Lang;
use crate::vault::RecoveryCode;
use crate::web::door::Session;
use crate::web::{NotOpened, Shared, now};

pub(crate) mod restoring;

/// What somebody who begins still has to write down and to compare. It is in memory alone, and ends with the program.
#[derive(Default)]
pub(crate) struct Begun {
    /// Until it has been typed once.
    recovery: Option<RecoveryCode>,
    /// What `causeway join` has said; null if it did not come so far.
    shown: Value,
    /// Why it did not.
    trouble: Option<Failure>,
}

#[derive(Template)]
#[template(path = "web/begin.html")]
struct Begin {
    lang: Lang,
    error: String,
    typed: Begins,
}

#[derive(Template)]
#[template(path = "web/begin_code.html")]
struct Code {
    lang: Lang,
    groups: Vec<Zeroizing<String>>,
    error: String,
}

#[derive(Template)]
#[template(path = "web/begin_compare.html")]
struct Compare {
    lang: Lang,
    name: String,
    digits: String,
    pictures: Vec<(String, String)>,
    is_in: bool,
    trouble: String,
}

impl Begun {
    /// Whether a recovery code is still to be written down.
    pub(super) fn has_code(&self) -> bool {
        self.recovery.is_some()
    }
}

impl Begin {
    fn t(&self, id: &str) -> String {
        self.lang.text(id)
    }
}

impl Code {
    fn t(&self, id: &str) -> String {
        self.lang.text(id)
    }
}

impl Compare {
    fn t(&self, id: &str) -> String {
        self.lang.text(id)
    }
}

#[derive(Default, Deserialize)]
pub(crate) struct Begins {
    #[serde(default)]
    invite: Zeroizing<String>,
    #[serde(default)]
    device: String,
    #[serde(default)]
    passphrase: Zeroizing<String>,
    #[serde(default)]
    again: Zeroizing<String>,
}

#[derive(Deserialize)]
pub(crate) struct Written {
    #[serde(default)]
    code: Zeroizing<String>,
}

/// Asks for the invite and a passphrase, if there is no home yet.
pub(crate) async fn start(State(site): State<Shared>, headers: HeaderMap) -> Response {
    if site.daemon.has_home() {
        return Redirect::to("/").into_response();
    }
    draw(&Begin { lang: language(&headers), error: String::new(), typed: Begins::default() })
}

/// Makes the home and joins with it.
pub(crate) async fn begin(
    State(site): State<Shared>,
    headers: HeaderMap,
    Form(typed): Form<Begins>,
) -> Response {
    let lang = language(&headers);
    if site.daemon.has_home() {
        return Redirect::to("/").into_response();
    }
    if typed.passphrase != typed.again {
        return refused(lang, lang.text("begin-differ"), typed);
    }
    let Some(session) = site.door.lock().await.session() else { return Redirect::to("/").into_response() };
    // Whether or not the browser waits: the code of a home that is there must not be lost with a page that is loaded anew.
    let made = tokio::spawn(make(Arc::clone(&site), session, typed, lang));
    made.await.unwrap_or_else(|_| Redirect::to("/").into_response())
}

async fn make(site: Shared, session: Session, typed: Begins, lang: Lang) -> Response {
    let recovery = Arc::new(Mutex::new(None));
    let secret = Typed { passphrase: typed.passphrase.clone(), recovery: Arc::clone(&recovery) };
    let joined = site.daemon.begin(&typed.invite, &typed.device, secret, lang).await;
    let recovery = recovery.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (shown, trouble) = match joined {
        Ok(shown) => (shown, None),
        // The home is there, and goes on asking by itself. Whoever made it must have its code all the same.
        Err(failure) if recovery.is_some() => (Value::Null, Some(failure)),
        // The same form, sent a second time while the first was under way.
        Err(_) if site.begun.lock().await.is_some() => return Redirect::to("/").into_response(),
        Err(failure) => return refused(lang, lock::why(failure, lang), typed),
    };
    *site.begun.lock().await = Some(Begun { recovery, shown, trouble });
    if let Err(failure) = site.daemon.unlock(&typed.passphrase).await {
        tracing::warn!("a new home does not open: {}", failure.code);
        return Redirect::to("/").into_response();
    }
    site.idle.lock().await.touch(now());
    // Another browser may have come in meanwhile: it has not given the passphrase, and is not shown the code.
    if site.door.lock().await.trust(session) {
        Redirect::to("/begin/code").into_response()
    } else {
        Redirect::to("/").into_response()
    }
}

/// The form again, with what was typed but the secrets.
fn refused(lang: Lang, error: String, typed: Begins) -> Response {
    let typed = Begins { passphrase: Zeroizing::default(), again: Zeroizing::default(), ..typed };
    (StatusCode::UNPROCESSABLE_ENTITY, draw(&Begin { lang, error, typed })).into_response()
}

/// Shows the recovery code, until it has been typed from the paper.
pub(crate) async fn code(visitor: Visitor, State(site): State<Shared>) -> Response {
    show_code(&site, visitor.lang, String::new()).await
}

async fn show_code(site: &Shared, lang: Lang, error: String) -> Response {
    let begun = site.begun.lock().await;
    let code = begun.as_ref().and_then(|begun| begun.recovery.as_ref());
    let groups = code.map(|code| code.as_str().split('-').map(|group| Zeroizing::new(group.to_owned())));
    draw(&Code { lang, groups: groups.into_iter().flatten().collect(), error })
}

/// Makes another recovery code for whoever knows the passphrase: the paper is lost, or the first code never got onto one.
pub(crate) async fn another_code(
    visitor: Visitor,
    State(site): State<Shared>,
    Form(typed): Form<Secret>,
) -> Response {
    let lang = visitor.lang;
    let again =
        async |error: String| (StatusCode::FORBIDDEN, show_code(&site, lang, error).await).into_response();
    match site.unlock(&typed.passphrase).await {
        Ok(()) => {}
        Err(NotOpened::Wait(left)) => return again(lock::wait(left, lang)).await,
        Err(NotOpened::TooLong) => return again(lang.text("unlock-long")).await,
        Err(NotOpened::Failed(failure)) => return again(lock::why(failure, lang)).await,
    }
    let made = visitor.apart(async |home| home.another_recovery_code().await).await;
    match made.and_then(|made| made) {
        Ok(code) => {
            let mut begun = site.begun.lock().await;
            let before = begun.take().unwrap_or_default();
            *begun = Some(Begun { recovery: Some(code), ..before });
            Redirect::to("/begin/code").into_response()
        }
        Err(failure) => again(lock::why(failure, lang)).await,
    }
}

/// Forgets the recovery code once somebody has it on paper.
pub(crate) async fn written(
    visitor: Visitor,
    State(site): State<Shared>,
    Form(written): Form<Written>,
) -> Response {
    let mut begun = site.begun.lock().await;
    let code = begun.as_ref().and_then(|begun| begun.recovery.as_ref());
    if code.is_some_and(|code| !code.is_typed(&written.code)) {
        drop(begun);
        return show_code(&site, visitor.lang, visitor.lang.text("begin-code-wrong")).await;
    }
    if code.is_some()
        && let Err(failure) = visitor.home.recovery_code_is_written().await
    {
        drop(begun);
        return show_code(&site, visitor.lang, lock::why(failure, visitor.lang)).await;
    }
    if let Some(begun) = begun.as_mut() {
        begun.recovery = None;
    }
    Redirect::to("/begin/compare").into_response()
}

/// What is read out to whoever lets this workstation in, and whether that has been done.
pub(crate) async fn compare(visitor: Visitor, State(site): State<Shared>) -> Response {
    let lang = visitor.lang;
    let engine = &visitor.home.engine;
    let is_in = {
        let replica = engine.replica.lock().await;
        let own = replica.directory.organisation(engine.identity.org);
        own.is_some_and(|own| {
            engine.identity.linked().is_none() || own.device(engine.identity.device()).is_some()
        })
    };
    let begun = site.begun.lock().await;
    let shown = begun.as_ref().map_or(&Value::Null, |begun| &begun.shown);
    let pictures = shown["emoji"].as_array().into_iter().flatten();
    let pictures =
        pictures.map(|one| (text(one, "emoji").to_owned(), harmless(text(one, lang.tag())))).collect();
    let digits = match shown["comparison"].as_str().or_else(|| shown["fingerprint"].as_str()) {
        Some(digits) => digits.to_owned(),
        None => fingerprint::digits(visitor.home.fingerprint().await),
    };
    let trouble = begun.as_ref().and_then(|begun| begun.trouble.clone());
    draw(&Compare {
        lang,
        name: harmless(&engine.identity.name),
        digits,
        pictures,
        is_in,
        trouble: trouble.filter(|_| !is_in).map_or_else(String::new, |failure| lock::why(failure, lang)),
    })
}
