//! Who asks: a token, what it may do, and the home it asks about. Each use of a token is noted.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use causeway_common::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::problem::{self, Problem};
use super::tokens::{self, Scope, Token};
use crate::cli::failure::Failure;
use crate::lang::Lang;
use crate::web::pages::{Visitor, language};
use crate::web::{Shared, now};

/// A program that asks often is noted once in this time for each thing that it may do: with five scopes a token that never rests fills
/// 7,200 lines a day, and one that asks a hundred times a second no more.
const NOTED_EVERY_MILLIS: u64 = 60_000;
/// Longest body: a document as long as can be sent at all, and what stands around it.
pub(crate) const BODY_BYTES_MAX: usize = crate::referral::DOCUMENT_BYTES_MAX + 16 * 1024;

/// What all requests of programs share.
pub(crate) struct Api {
    pub(crate) site: Shared,
    /// When each token was noted last for each scope. No longer than tokens times scopes.
    noted: Mutex<HashMap<([u8; 4], u8), Timestamp>>,
    /// One referral is sent at a time: the same request twice at once is carried out once.
    pub(crate) sending: Arc<Mutex<()>>,
}

impl Api {
    /// Of this site.
    pub(crate) fn new(site: &Shared) -> Self {
        Self { site: Arc::clone(site), noted: Mutex::default(), sending: Arc::default() }
    }

    /// Writes the use of a token into the activity log, once a minute.
    async fn note(&self, token: &Token, scope: Scope, visitor: &Visitor) -> Result<(), Failure> {
        let (mut noted, now) = (self.noted.lock().await, now());
        let last = noted.get(&(token.id, scope as u8)).copied();
        if last.is_some_and(|last| last.0 <= now.0 && now.0 - last.0 < NOTED_EVERY_MILLIS) {
            return Ok(());
        }
        // Written first: what is done without a line in the log must not have been done.
        let what = format!("program {} ({}) used {}", token.name, token.number(), scope.as_str());
        visitor.home.note(&what).await?;
        if noted.len() >= tokens::TOKENS_MAX * Scope::ALL.len() {
            noted.retain(|_, at| now.0.saturating_sub(at.0) < NOTED_EVERY_MILLIS);
        }
        noted.insert((token.id, scope as u8), now);
        Ok(())
    }
}

/// The scope that a request needs, as a type: no handler can forget to ask for it.
pub(crate) trait Needs: Send + Sync {
    /// Which.
    const SCOPE: Scope;
}

macro_rules! needs {
    ($($name:ident),*) => {
        $(
            #[doc = "Needs the scope of this name."]
            #[derive(Debug)]
            pub(crate) struct $name;

            impl Needs for $name {
                const SCOPE: Scope = Scope::$name;
            }
        )*
    };
}
needs!(MetaRead, ContentRead, DraftWrite, Sending, Admin);

/// A program that may do what it asks for.
pub(crate) struct Caller<N: Needs> {
    pub(crate) visitor: Visitor,
    pub(crate) token: Token,
    needs: PhantomData<N>,
}

impl<N: Needs> Caller<N> {
    /// A failure, in the language of the program.
    pub(crate) fn problem(&self, failure: impl Into<Failure>) -> Problem {
        Problem::in_lang(failure.into(), self.visitor.lang)
    }

    /// The language of the program.
    pub(crate) fn lang(&self) -> Lang {
        self.visitor.lang
    }
}

impl<N: Needs> FromRequestParts<Arc<Api>> for Caller<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let lang = language(&parts.headers);
        let shown = bearer(&parts.headers).ok_or_else(|| Problem::no_token(lang))?;
        let open = api.site.daemon.home().await.ok_or_else(|| Problem::locked(lang))?;
        let found = tokens::find(&open.home.engine.vault, shown);
        let found = found.map_err(|error| Problem::in_lang(error.into(), lang))?;
        let token = found.ok_or_else(|| Problem::no_token(lang))?;
        if token.is_over(open.home.engine.now()) {
            return Err(Problem::token_over(lang));
        }
        if !token.may(N::SCOPE) {
            return Err(Problem::no_scope(N::SCOPE.as_str(), lang));
        }
        let visitor = Visitor::of(open, lang);
        let noted = api.note(&token, N::SCOPE, &visitor).await;
        noted.map_err(|failure| Problem::in_lang(failure, lang))?;
        Ok(Self { visitor, token, needs: PhantomData })
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A query; one that does not read is a problem like every other.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(rejection) => Err(problem::query(&rejection, language(&parts.headers))),
        }
    }
}

/// What stands in a path.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(rejection) => Err(problem::path(&rejection, language(&parts.headers))),
        }
    }
}

/// A body of JSON, and its bytes.
pub(crate) struct Body<T> {
    pub(crate) value: T,
    pub(crate) bytes: Bytes,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let lang = language(request.headers());
        let media = request.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
        // A name of a media type is the same in capitals (RFC 9110, section 8.3.1).
        let named = media.and_then(|media| media.split(';').next()).unwrap_or_default().trim();
        let is_json = named.eq_ignore_ascii_case("application/json");
        if !is_json {
            let problem = Problem::unread("Content-Type: application/json", lang);
            return Err(problem.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let read = to_bytes(request.into_body(), BODY_BYTES_MAX).await;
        let bytes = read.map_err(|_| Problem::too_large(BODY_BYTES_MAX, lang))?;
        let value = serde_json::from_slice(&bytes).map_err(|error| Problem::unread(&place(&error), lang))?;
        Ok(Self { value, bytes })
    }
}

/// An answer of JSON.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_string(&self.0) {
            Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

/// Where it does not read. What stands there is not repeated: it may be about somebody.
fn place(error: &serde_json::Error) -> String {
    format!("JSON, {}:{}", error.line(), error.column())
}
