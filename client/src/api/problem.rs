//! What a program is told when something does not work (RFC 9457): our code, what happened, what to do now.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::cli::failure::{Failure, exit};
use crate::lang::Lang;
use crate::web::pages::status_of;

const MEDIA_TYPE: &str = "application/problem+json";

/// A problem, to be said in the language of whoever asks.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// Boxed: answers that are no problem are small.
    pub(crate) failure: Box<Failure>,
    pub(crate) lang: Lang,
}

/// What stands in the body of a problem.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
    "detail": "This token may not do that: it lacks the scope send. Make a token with that scope.",
    "code": "J-104",
    "message": "This token may not do that: it lacks the scope send.",
    "hint": "Make a token with that scope.",
    "retryable": false,
}))]
pub(crate) struct ProblemBody {
    /// Always about:blank: `code` says which problem it is.
    #[serde(rename = "type")]
    kind: String,
    /// The words of the status, in English.
    title: String,
    /// The status.
    status: u16,
    /// Message and hint, in the language of Accept-Language (en or ru).
    detail: String,
    /// Code of the problem; the guide has a table of them.
    code: String,
    /// What happened.
    message: String,
    /// What to do now.
    hint: String,
    /// Whether the same request may work later.
    retryable: bool,
}

impl Problem {
    /// A failure as its own exit says.
    pub(crate) fn in_lang(failure: Failure, lang: Lang) -> Self {
        let status = match failure.exit {
            exit::NETWORK => StatusCode::SERVICE_UNAVAILABLE,
            _ => status_of(&failure),
        };
        Self { status, failure: Box::new(failure), lang }
    }

    /// The same under another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Nobody has shown a token, or not one of ours.
    pub(crate) fn no_token(lang: Lang) -> Self {
        let failure = Failure::said("J-102", exit::LOCKED, "fail-api-no-token", &[]);
        Self { status: StatusCode::UNAUTHORIZED, failure: Box::new(failure), lang }
    }

    /// The time of the token is over.
    pub(crate) fn token_over(lang: Lang) -> Self {
        let failure = Failure::said("J-103", exit::LOCKED, "fail-api-token-over", &[]);
        Self { status: StatusCode::UNAUTHORIZED, failure: Box::new(failure), lang }
    }

    /// The token may do other things.
    pub(crate) fn no_scope(scope: &str, lang: Lang) -> Self {
        let failure = Failure::said("J-104", exit::REFUSED, "fail-api-scope", &[("scope", scope)]);
        Self { status: StatusCode::FORBIDDEN, failure: Box::new(failure), lang }
    }

    /// The home is locked: what tokens there are is not readable either.
    pub(crate) fn locked(lang: Lang) -> Self {
        let mut failure = Failure::said("J-105", exit::LOCKED, "fail-api-locked", &[]);
        failure.retryable = true;
        Self { status: StatusCode::LOCKED, failure: Box::new(failure), lang }
    }

    /// The request does not read.
    pub(crate) fn unread(why: &str, lang: Lang) -> Self {
        let failure = Box::new(Self::unread_failure(why));
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, failure, lang }
    }

    /// The same, for what finds it where no problem can be said yet.
    pub(crate) fn unread_failure(why: &str) -> Failure {
        Failure::said("J-106", exit::INVALID, "fail-api-request", &[("why", why)])
    }

    /// The request is larger than anything that fits.
    pub(crate) fn too_large(max: usize, lang: Lang) -> Self {
        let failure = Failure::said("J-107", exit::INVALID, "fail-api-large", &[("max", &max.to_string())]);
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, failure: Box::new(failure), lang }
    }

    /// The same key came with another request.
    pub(crate) fn other_request(lang: Lang) -> Self {
        let failure = Failure::said("J-108", exit::INVALID, "fail-api-key-used", &[]);
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, failure: Box::new(failure), lang }
    }

    /// Nothing stands here.
    pub(crate) fn nowhere(lang: Lang) -> Self {
        let failure = Failure::said("J-109", exit::NOT_FOUND, "fail-api-nowhere", &[]);
        Self { status: StatusCode::NOT_FOUND, failure: Box::new(failure), lang }
    }

    /// Something stands here, and is asked in another way.
    pub(crate) fn other_method(lang: Lang) -> Self {
        let failure = Failure::said("J-113", exit::INVALID, "fail-api-method", &[]);
        Self { status: StatusCode::METHOD_NOT_ALLOWED, failure: Box::new(failure), lang }
    }

    /// A place in a list or in the log that is not there (any more).
    pub(crate) fn no_such_place(lang: Lang) -> Self {
        let failure = Failure::said("J-110", exit::CONFLICT, "fail-api-place", &[]);
        Self { status: StatusCode::CONFLICT, failure: Box::new(failure), lang }
    }
}

/// A query that does not read.
pub(crate) fn query(rejection: &QueryRejection, lang: Lang) -> Problem {
    Problem::unread(&rejection.body_text(), lang)
}

/// A path that does not read.
pub(crate) fn path(rejection: &PathRejection, lang: Lang) -> Problem {
    Problem::unread(&rejection.body_text(), lang)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let failure = self.failure.in_lang(self.lang);
        let body = ProblemBody {
            kind: "about:blank".into(),
            title: self.status.canonical_reason().unwrap_or_default().into(),
            status: self.status.as_u16(),
            detail: format!("{} {}", failure.message, failure.hint).trim_end().to_owned(),
            code: failure.code.to_owned(),
            message: failure.message,
            hint: failure.hint,
            retryable: failure.retryable,
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, axum::http::HeaderValue::from_static("Bearer"));
        }
        response
    }
}
