//! Drafts: what a program brings in and a person looks at and sends.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::caller::{Body, Caller, DraftWrite, Json};
use super::problem::{Problem, ProblemBody};
use crate::cli::document_of;
use crate::cli::drafts::bring_in;
use crate::cli::failure::Failure;
use crate::cli::output::harmless;
use crate::referral::Kind;

/// What drafts of programs are said to come from.
const FORMAT: &str = "api";
/// Longest name of a field that is repeated, in characters.
const NAME_CHARS_MAX: usize = 40;
/// Longest name of a record, in characters.
const KEY_CHARS_MAX: usize = 128;

/// A draft to be kept.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "border-alert",
    "document": { "where": "Москва, аэропорт Шереметьево" },
    "key": "case-2026-118",
}))]
pub(crate) struct NewDraft {
    /// A word of `causeway kind list`, or its code.
    kind: String,
    /// What it says so far; it need not be complete.
    #[schema(value_type = Object)]
    document: Map<String, Value>,
    /// Name of the record in the program: the same record is the same draft.
    #[serde(default)]
    #[schema(required = false, max_length = 128)]
    key: String,
    /// Whom it is meant for, by id or name. Nobody gets it by that.
    #[serde(default)]
    #[schema(required = false)]
    to: String,
}

/// A draft that is kept.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "known": "new" }))]
pub(crate) struct Kept {
    /// Its number: what `causeway drafts show` takes.
    pub(crate) id: String,
    /// new, or same if it was there already.
    pub(crate) known: String,
}

/// Keeps a draft. A record that is a draft already stays as it is, because a person may have worked on it: the same content gets 200,
/// other content or a draft that was sent 409.
#[utoipa::path(
    post,
    path = "/api/v1/drafts",
    request_body = NewDraft,
    security(("token" = ["draft:write"])),
    responses(
        (status = 200, body = Kept),
        (status = 201, body = Kept),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    caller: Caller<DraftWrite>,
    body: Body<NewDraft>,
) -> Result<(StatusCode, Json<Kept>), Problem> {
    let NewDraft { kind, document, key, to } = body.value;
    if key.chars().count() > KEY_CHARS_MAX {
        return Err(Problem::unread("key", caller.lang()));
    }
    let kept = caller.visitor.apart(async move |home| {
        let kind: Kind = kind.parse().map_err(|_| Failure::not_found(&harmless(&kind)))?;
        let document = document_of(kind, document, home.lang)?;
        if let Some(name) = document.unknown().next() {
            return Err(unknown(name));
        }
        bring_in(&document, FORMAT, &key, &to, home).await
    });
    let kept = kept.await.and_then(|kept| kept).map_err(|failure| caller.problem(failure))?;
    let status = match kept.known {
        "new" => StatusCode::CREATED,
        "same" => StatusCode::OK,
        _ => {
            let gaps = [("id", kept.number.as_str())];
            let failure =
                Failure::said("J-111", crate::cli::failure::exit::CONFLICT, "fail-api-draft", &gaps);
            return Err(caller.problem(failure));
        }
    };
    Ok((status, Json(Kept { id: kept.number, known: kept.known.to_owned() })))
}

/// A field that this kind does not have. Its name is repeated if it can be one, and nothing else of it.
fn unknown(name: &str) -> Failure {
    let is_name = name.len() <= NAME_CHARS_MAX && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let why = if is_name { format!("document.{name}") } else { "document".to_owned() };
    Problem::unread_failure(&why)
}
