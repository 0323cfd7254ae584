//! Sending a referral, and taking a step of one.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::caller::{Api, Body, Caller, Json, Named, Sending};
use super::once::{self, Known, Once};
use super::problem::{Problem, ProblemBody};
use super::referrals::must_be_number;
use crate::cli::failure::Failure;
use crate::cli::output::{self, harmless};
use crate::cli::send::{Written, send_written};
use crate::cli::steps::words_of;
use crate::cli::{document_of, within};
use crate::referral::Kind;
use crate::referral::lifecycle::Action;

/// The header with the key of a request that is carried out once.
const KEY: &str = "idempotency-key";
/// Fields that come with a step: more than the longest form of one has.
const FIELDS_MAX: usize = 64;

/// A referral to be sent. Files go by the command line.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "border-alert",
    "to": ["9b1c5e0f7a3d2b4c6e8f0a1b2c3d4e5f60718293a4b5c6d7e8f901a2b3c4d5e6"],
    "document": {
        "alert_type": "suspected_trafficking",
        "where": "Москва, аэропорт Шереметьево",
        "when": { "eta": "PT1H" },
        "request": ["separate_and_interview"],
    },
    "exercise": true,
}))]
pub(crate) struct Letter {
    /// A word of `causeway kind list`, or its code.
    kind: String,
    /// Organisations, by id or name, at most 32.
    #[schema(min_items = 1, max_items = 32)]
    to: Vec<String>,
    /// The referral: see the JSON Schema of the kind in docs/schema.
    #[schema(value_type = Object)]
    document: Map<String, Value>,
    /// An exercise: marked as one everywhere and left out of statistics.
    #[serde(default)]
    #[schema(required = false)]
    exercise: bool,
    /// Whether a person has looked at who will see what, where that has to be said.
    #[serde(default)]
    #[schema(required = false)]
    confirmed: bool,
}

/// What was queued.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "referral": "3f9a4c4b11fd0f8d6c3d3b1f2f1f2a63c1d7f3a9a0e5d4c3b2a1908f7e6d5c4b",
    "packets": [{
        "id": "77aa4c4b11fd0f8d6c3d3b1f2f1f2a63c1d7f3a9a0e5d4c3b2a1908f7e6d5c4b",
        "to": "9b1c5e0f7a3d2b4c6e8f0a1b2c3d4e5f60718293a4b5c6d7e8f901a2b3c4d5e6",
        "packet_id": "3f9a4c4b11fd0f8d6c3d3b1f2f1f2a63c1d7f3a9a0e5d4c3b2a1908f7e6d5c4b",
        "state": "queued",
    }],
}))]
pub(crate) struct Queued {
    /// Number of the packet.
    referral: String,
    /// One for each organisation.
    packets: Vec<QueuedPacket>,
}

/// What was queued for one organisation.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct QueuedPacket {
    /// Number of the referral to this organisation: what /referrals/{id} takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    id: Option<String>,
    /// Which organisation.
    to: String,
    /// Number of the packet.
    packet_id: String,
    /// Where it is.
    state: String,
}

/// Sends a referral. It is checked as one that a person sends: what it lacks, who may have what, consent.
#[utoipa::path(
    post,
    path = "/api/v1/referrals",
    request_body = Letter,
    params((
        "Idempotency-Key" = String,
        Header,
        description = "Names this request, 1 to 64 visible ASCII characters, best a UUID. The same key with the same body gets the \
            same answer and sends nothing again, for seven days; with another body 422",
    )),
    security(("token" = ["send"])),
    responses(
        (status = 201, body = Queued),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn send(
    caller: Caller<Sending>,
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Body<Letter>,
) -> Result<Response, Problem> {
    let lang = caller.lang();
    let key = headers.get(KEY).and_then(|key| key.to_str().ok()).filter(|key| once::is_key(key));
    let key = key.ok_or_else(|| Problem::unread("Idempotency-Key", lang))?;
    let once = Once::new(caller.token.id, key, &body.bytes);
    // Held until it is queued, also when whoever asked has gone.
    let turn = Arc::clone(&api.sending).lock_owned().await;
    let sent = caller.visitor.apart(async move |home| {
        let _turn = turn;
        let vault = &home.engine.vault;
        match once.known(vault)? {
            Known::Other => return Ok(None),
            Known::Done(answer) => return Ok(Some(answer)),
            Known::New => {}
        }
        let Letter { kind, to, document, exercise, confirmed } = body.value;
        let kind: Kind = kind.parse().map_err(|_| Failure::not_found(&harmless(&kind)))?;
        let document = document_of(kind, document, home.lang)?;
        let written = Written { document, to, exercise, yes: confirmed, once: once.clone() };
        let (done, _) = output::take(Box::pin(send_written(written, home))).await;
        done?;
        // What was kept is what is answered, now and later.
        match once.known(vault)? {
            Known::Done(answer) => Ok(Some(answer)),
            _ => Err(Failure::internal("what was sent is not remembered")),
        }
    });
    let sent = sent.await.and_then(|sent| sent).map_err(|failure: Failure| caller.problem(failure))?;
    let answer = sent.ok_or_else(|| Problem::other_request(lang))?;
    Ok((StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

/// What comes with a step.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "eta": "PT1H", "text": "A car is on its way." }))]
pub(crate) struct StepBody {
    /// Reason code.
    #[serde(default)]
    #[schema(required = false)]
    reason: String,
    /// What is said.
    #[serde(default)]
    #[schema(required = false)]
    text: String,
    /// When somebody is there or it is done: a time, or how long from now.
    #[serde(default)]
    #[schema(required = false)]
    eta: String,
    /// How long a hold lasts.
    #[serde(default)]
    #[schema(required = false)]
    until: String,
    /// Number of the member of the staff who takes the step.
    #[serde(default)]
    #[schema(required = false)]
    staff: String,
    /// Fields that go with it by their path, as `--set` of the command line takes them.
    #[serde(default)]
    #[schema(required = false)]
    set: BTreeMap<String, String>,
}

/// What has become of the referral.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "referral": "3f9a4c4b11fd0f8d6c3d3b1f2f1f2a63c1d7f3a9a0e5d4c3b2a1908f7e6d5c4b",
    "work": "accepted",
    "packets": [{
        "to": "9b1c5e0f7a3d2b4c6e8f0a1b2c3d4e5f60718293a4b5c6d7e8f901a2b3c4d5e6",
        "packet_id": "5e6f4c4b11fd0f8d6c3d3b1f2f1f2a63c1d7f3a9a0e5d4c3b2a1908f7e6d5c4b",
        "state": "queued",
    }],
}))]
pub(crate) struct Taken {
    /// Number of the first packet.
    referral: String,
    /// The work state now.
    work: String,
    /// What tells the other side.
    packets: Vec<QueuedPacket>,
}

/// Takes a step of a referral: one of its `possible`. What a step needs is said by the command line's help and by what is refused. A
/// step that was taken is not possible twice, so a request that got no answer may be asked again.
#[utoipa::path(
    post,
    path = "/api/v1/referrals/{id}/steps/{step}",
    request_body = StepBody,
    params(
        ("id" = String, Path, description = "Its number, or the beginning of it: 8 to 64 hexadecimal digits"),
        ("step" = String, Path, description = "One of `possible`, for example accept"),
    ),
    security(("token" = ["send"])),
    responses(
        (status = 200, body = Taken),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn step(
    caller: Caller<Sending>,
    Named((id, step)): Named<(String, String)>,
    body: Body<StepBody>,
) -> Result<Json<Taken>, Problem> {
    let lang = caller.lang();
    must_be_number(&id).map_err(|failure| caller.problem(failure))?;
    let action: Action = step.parse().map_err(|_| caller.problem(Failure::not_found(&harmless(&step))))?;
    if body.value.set.len() > FIELDS_MAX {
        return Err(Problem::unread("set", lang));
    }
    let words = command(action, &id, &body.value);
    let taken = caller.visitor.apart(async move |home| {
        let (done, taken) = within(&words, home).await;
        done.map(|()| taken)
    });
    let taken = taken.await.and_then(|taken| taken).map_err(|failure| caller.problem(failure))?;
    let value =
        taken.results.into_iter().map(|printed| printed.value).find(|value| value["work"].is_string());
    let value = value.ok_or_else(|| caller.problem(Failure::internal("the step has no result")))?;
    let taken = serde_json::from_value(value).map_err(|error| caller.problem(Failure::internal(error)))?;
    Ok(Json(taken))
}

/// The command that takes the step: every value in the word of its flag, so that none can be another flag.
fn command(action: Action, id: &str, body: &StepBody) -> Vec<String> {
    let mut words: Vec<String> = words_of(action).into_iter().map(str::to_owned).collect();
    words.push(id.to_owned());
    let flags = [
        ("reason", &body.reason),
        ("text", &body.text),
        ("eta", &body.eta),
        ("until", &body.until),
        ("staff", &body.staff),
    ];
    let given = flags.into_iter().filter(|(_, value)| !value.trim().is_empty());
    words.extend(given.map(|(flag, value)| format!("--{flag}={}", value.trim())));
    words.extend(body.set.iter().map(|(path, value)| format!("--set={path}={value}")));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_is_never_another_flag() {
        let mut body = StepBody { text: "--yes".into(), ..StepBody::default() };
        body.set.insert("--staff".into(), "7".into());
        let words = command(Action::Accept, "3f9a4c4b", &body);
        assert_eq!(words, ["accept", "3f9a4c4b", "--text=--yes", "--set=--staff=7"]);
        assert_eq!(command(Action::Located, "3f9a4c4b", &StepBody::default()), ["located", "3f9a4c4b"]);
    }
}
