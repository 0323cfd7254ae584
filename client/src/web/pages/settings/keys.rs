//! Security keys that open this home beside the passphrase.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::lock::{wait, why};
use super::super::words::moment;
use super::super::{Frame, Visitor, draw, shown};
use crate::cli::failure::Failure;
use crate::cli::home::system_rng;
use crate::cli::output::{harmless, time};
use crate::lang::Lang;
use crate::vault::security_keys::{self, NewKey, NotAdded, SecurityKeys};
use crate::web::{NotOpened, Shared};

const HERE: &str = "/settings/keys";

#[derive(Template)]
#[template(path = "web/keys.html")]
struct Keys {
    frame: Frame,
    /// Name, and when it was added.
    all: Vec<(String, String)>,
    /// What the next key is asked about, hexadecimal.
    input: String,
    name: String,
    error: String,
}

/// A key as the script brings it, and who says so.
#[derive(Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    name: String,
    passphrase: Zeroizing<String>,
    credential: String,
    input: String,
    output: Zeroizing<String>,
}

impl Default for Typed {
    fn default() -> Self {
        let (name, credential, input) = Default::default();
        Self { name, credential, input, passphrase: Zeroizing::default(), output: Zeroizing::default() }
    }
}

pub(crate) async fn list(State(site): State<Shared>, visitor: Visitor) -> Response {
    let page = page(&site, &visitor, String::new(), String::new());
    shown(&visitor, page)
}

fn page(site: &Shared, visitor: &Visitor, name: String, error: String) -> Result<Response, Failure> {
    let kept = SecurityKeys::read(site.daemon.folder())?;
    let added = |at| moment(time(at).as_str().unwrap_or_default(), visitor.lang);
    let input = kept.input().map_or_else(fresh, hex::encode);
    let all = kept.keys().iter().map(|key| (harmless(&key.name), added(key.added))).collect();
    Ok(draw(&Keys { frame: visitor.frame("settings")?, all, input, name, error }))
}

/// Something that nobody has asked a key about yet.
fn fresh() -> String {
    let mut bytes = [0; 32];
    system_rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// Adds one. Whoever does so gives the passphrase: a page that was left open opens no door for later.
pub(crate) async fn add(State(site): State<Shared>, visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let error = match site.unlock(&typed.passphrase).await {
        Ok(()) => match added(&site, &visitor, &typed).await {
            Ok(None) => return Redirect::to(HERE).into_response(),
            Ok(Some(refused)) => words(refused, visitor.lang),
            Err(failure) => return shown(&visitor, Err(failure)),
        },
        Err(NotOpened::Wait(left)) => wait(left, visitor.lang),
        Err(NotOpened::TooLong) => visitor.lang.text("unlock-long"),
        Err(NotOpened::Failed(failure)) => why(failure, visitor.lang),
    };
    shown(&visitor, page(&site, &visitor, typed.name, error))
}

async fn added(site: &Shared, visitor: &Visitor, typed: &Typed) -> Result<Option<NotAdded>, Failure> {
    let (Ok(credential), Ok(input)) = (STANDARD.decode(&typed.credential), hex::decode(&typed.input)) else {
        return Ok(Some(NotAdded::NoSecret));
    };
    let secret = security_keys::written(&typed.output);
    let new = NewKey { name: &typed.name, credential: &credential, input: &input, secret: &secret };
    let engine = &visitor.home.engine;
    let turn = engine.take_turn().await;
    let done = engine.vault.add_security_key(site.daemon.folder(), new, engine.now(), &mut *system_rng())?;
    drop(turn);
    if let Err(refused) = done {
        return Ok(Some(refused));
    }
    visitor.home.note("added a security key").await?;
    Ok(None)
}

fn words(refused: NotAdded, lang: Lang) -> String {
    lang.text(match refused {
        NotAdded::TooMany => "keys-too-many",
        NotAdded::Name => "keys-name",
        NotAdded::Known => "keys-known",
        NotAdded::NoSecret => "keys-no-secret",
    })
}

pub(crate) async fn remove(
    State(site): State<Shared>,
    visitor: Visitor,
    Form(typed): Form<Typed>,
) -> Response {
    let done = async {
        let engine = &visitor.home.engine;
        let turn = engine.take_turn().await;
        let is_gone = engine.vault.remove_security_key(site.daemon.folder(), &typed.name)?;
        drop(turn);
        if is_gone {
            visitor.home.note("removed a security key").await?;
        }
        Ok(Redirect::to(HERE).into_response())
    };
    shown(&visitor, done.await)
}
