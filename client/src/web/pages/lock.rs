//! The way in: the code that a terminal or the launcher has shown, the passphrase, and the way out.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::begin::Begun;
use super::{LANGUAGE, draw, language};
use crate::cli::failure::Failure;
use crate::cli::home::system_rng;
use crate::lang::Lang;
use crate::vault::security_keys::{self, SecurityKeys};
use crate::web::door::Refused;
use crate::web::{NotOpened, Shared, now};

#[derive(Template)]
#[template(path = "web/enter.html")]
struct Enter {
    lang: Lang,
    error: String,
}

#[derive(Template)]
#[template(path = "web/unlock.html")]
struct Unlock {
    lang: Lang,
    error: String,
    /// What the security keys of this home call themselves, base64, with blanks between; empty if there are none.
    ids: String,
    /// What they are asked about, hexadecimal.
    input: String,
}

impl Enter {
    fn t(&self, id: &str) -> String {
        self.lang.text(id)
    }
}

impl Unlock {
    fn of(site: &Shared, error: String, lang: Lang) -> Self {
        // The passphrase opens the home whatever became of the file.
        let kept = SecurityKeys::read(site.daemon.folder()).unwrap_or_else(|error| {
            tracing::warn!("the page offers no security key: {error}");
            SecurityKeys::default()
        });
        let ids: Vec<String> = kept.keys().iter().map(|key| STANDARD.encode(&key.credential)).collect();
        let input = kept.input().map(hex::encode).unwrap_or_default();
        Self { lang, error, ids: ids.join(" "), input }
    }

    fn t(&self, id: &str) -> String {
        self.lang.text(id)
    }
}

#[derive(Deserialize)]
pub(crate) struct Code {
    #[serde(default)]
    code: Zeroizing<String>,
}

#[derive(Deserialize)]
pub(crate) struct Secret {
    #[serde(default)]
    pub(super) passphrase: Zeroizing<String>,
    /// What a security key has given, hexadecimal: in place of the passphrase.
    #[serde(default)]
    output: Zeroizing<String>,
}

impl Secret {
    fn given(&self) -> Zeroizing<String> {
        if self.output.is_empty() { self.passphrase.clone() } else { security_keys::written(&self.output) }
    }
}

#[derive(Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    back: String,
}

/// The first page: the door, the lock, or the duty board.
pub(crate) async fn start(State(site): State<Shared>, headers: HeaderMap) -> Response {
    let lang = language(&headers);
    if !site.door.lock().await.is_inside(&headers, now()) {
        return draw(&Enter { lang, error: String::new() });
    }
    if !site.daemon.has_home() {
        return Redirect::to("/begin").into_response();
    }
    match site.daemon.home().await {
        Some(_) if site.door.lock().await.is_trusted() => {
            let is_begun = site.begun.lock().await.as_ref().is_some_and(Begun::has_code);
            Redirect::to(if is_begun { "/begin/code" } else { "/board" }).into_response()
        }
        _ => draw(&Unlock::of(&site, String::new(), lang)),
    }
}

/// Lets a browser in that has the code. What it may see then is the page that asks for the passphrase.
pub(crate) async fn enter(
    State(site): State<Shared>,
    headers: HeaderMap,
    Form(typed): Form<Code>,
) -> Response {
    let lang = language(&headers);
    // Held from the look at the counter to the answer: a hundred attempts at once are a hundred, one after the other.
    let mut codes = site.codes.lock().await;
    // After wrong passphrases codes wait too; wrong codes hold up nothing but codes.
    let entered = match site.lockout.lock().await.wait(now()) {
        Some(left) => Err(Refused::Wait(left)),
        None => site.door.lock().await.enter(&typed.code, now(), &mut *system_rng(), &mut codes),
    };
    match entered {
        Ok(cookie) => {
            site.idle.lock().await.touch(now());
            with_cookie(Redirect::to("/").into_response(), &cookie)
        }
        Err(refused) => {
            let error = match refused {
                Refused::Wait(left) => wait(left, lang),
                _ => lang.text("enter-wrong"),
            };
            (StatusCode::FORBIDDEN, draw(&Enter { lang, error })).into_response()
        }
    }
}

/// Opens the home.
pub(crate) async fn unlock(
    State(site): State<Shared>,
    headers: HeaderMap,
    Form(typed): Form<Secret>,
) -> Response {
    let lang = language(&headers);
    let refused =
        |error: String| (StatusCode::FORBIDDEN, draw(&Unlock::of(&site, error, lang))).into_response();
    let Some(session) = site.door.lock().await.session() else { return Redirect::to("/").into_response() };
    match site.unlock(&typed.given()).await {
        // Another browser may have come in meanwhile: it has not given the passphrase.
        Ok(()) if !site.door.lock().await.trust(session) => Redirect::to("/").into_response(),
        Ok(()) => Redirect::to("/board").into_response(),
        Err(NotOpened::Wait(left)) => refused(wait(left, lang)),
        Err(NotOpened::TooLong) => refused(lang.text("unlock-long")),
        Err(NotOpened::Failed(failure)) => refused(why(failure, lang)),
    }
}

pub(super) fn why(failure: Failure, lang: Lang) -> String {
    let failure = failure.in_lang(lang);
    failure.in_a_line()
}

pub(super) fn wait(left: std::time::Duration, lang: Lang) -> String {
    let seconds = usize::try_from(left.as_secs().max(1)).unwrap_or(usize::MAX);
    lang.count("unlock-wait", seconds)
}

/// Locks the home: its keys are wiped, and what the browser has kept of its pages is thrown away. The browser stays let in.
pub(crate) async fn lock(State(site): State<Shared>) -> Response {
    site.lock().await;
    let mut response = Redirect::to("/").into_response();
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    response
}

/// Locks the home and sends the browser away: it needs a new code to come in again.
pub(crate) async fn leave(State(site): State<Shared>) -> Response {
    let ends = site.door.lock().await.leave();
    with_cookie(lock(State(site)).await, ends)
}

/// Chooses a language, for this browser.
pub(crate) async fn language_chosen(Form(chosen): Form<Chosen>) -> Response {
    let lang = chosen.lang.parse::<Lang>().unwrap_or(Lang::En);
    // Only a page of ours: a path, and nothing that a browser could take for another host.
    let ours = chosen.back.starts_with('/')
        && chosen.back.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_?=&".contains(&b))
        && !chosen.back.starts_with("//");
    let back = if ours { chosen.back.as_str() } else { "/" };
    in_language(Redirect::to(back).into_response(), lang)
}

/// An answer after which this browser sees the pages in this language.
pub(super) fn in_language(response: Response, lang: Lang) -> Response {
    let cookie =
        format!("{LANGUAGE}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=31536000", lang.tag());
    with_cookie(response, &cookie)
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
