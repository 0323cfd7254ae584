//! What became of deliveries, for programs that look after them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::caller::{Admin, Caller, Json, Named};
use super::problem::{Problem, ProblemBody};
use crate::cli::failure::Failure;

/// One event on its way to a hook or webhook.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DeliveryBody {
    /// Its number.
    id: String,
    /// `hook:` or `webhook:` and its name.
    target: String,
    /// Which event.
    seq: u64,
    /// waiting, done or dead.
    state: String,
    /// How often it was tried.
    attempts: u64,
    /// When it was tried last.
    at: Option<String>,
    /// When it is tried again.
    next: Option<String>,
    /// Why it was not taken.
    why: Option<String>,
}

/// All that are known: what waits, and the last that are over.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "deliveries": [{
        "id": "0a1b2c3d4e5f",
        "target": "hook:to-case-management",
        "seq": 118,
        "state": "dead",
        "attempts": 12,
        "at": "2026-03-01T10:00:00Z",
        "next": null,
        "why": "exit-1",
    }],
}))]
pub(crate) struct Deliveries {
    deliveries: Vec<DeliveryBody>,
}

/// Deliveries to hooks and webhooks: what waits, and the last 200 of each state that are over.
#[utoipa::path(
    get,
    path = "/api/v1/deliveries",
    security(("token" = ["admin"])),
    responses(
        (status = 200, body = Deliveries),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(caller: Caller<Admin>) -> Result<Json<Deliveries>, Problem> {
    let values = caller.visitor.values(&["api", "deliveries", "list"]).await;
    let values = values.map_err(|failure| caller.problem(failure))?;
    let read =
        values.into_iter().filter(Value::is_object).map(serde_json::from_value).collect::<Result<_, _>>();
    let deliveries = read.map_err(|error| caller.problem(Failure::internal(error)))?;
    Ok(Json(Deliveries { deliveries }))
}

/// A delivery that is tried again.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "id": "0a1b2c3d4e5f", "state": "waiting" }))]
pub(crate) struct Retried {
    /// Its number.
    id: String,
    /// waiting.
    state: String,
}

/// Tries a delivery again that waits or was given up.
#[utoipa::path(
    post,
    path = "/api/v1/deliveries/{id}/retry",
    params(("id" = String, Path, description = "Its number")),
    security(("token" = ["admin"])),
    responses(
        (status = 200, body = Retried),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn retry(caller: Caller<Admin>, Named(id): Named<String>) -> Result<Json<Retried>, Problem> {
    super::referrals::must_be_number(&id).map_err(|failure| caller.problem(failure))?;
    let mut values = caller.visitor.values(&["api", "deliveries", "retry", &id]).await;
    let value = values.as_mut().map(|values| values.pop().unwrap_or_default());
    let value = value.map_err(|failure| caller.problem(failure.clone()))?;
    let retried = serde_json::from_value(value);
    Ok(Json(retried.map_err(|error| caller.problem(Failure::internal(error)))?))
}
