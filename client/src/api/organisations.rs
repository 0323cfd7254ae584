//! Organisations of the directory.
#![expect(unused_qualifications, reason = "what describes a query is named twice by the macro that reads it")]

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Asked, Caller, Json, MetaRead};
use super::listing::piece;
use super::problem::{Problem, ProblemBody};
use crate::cli::failure::Failure;

/// Which are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrganisationsQuery {
    /// At most so many; 50 if it is not said, 200 at most.
    #[param(minimum = 1, maximum = 200, required = false)]
    limit: Option<usize>,
    /// Those after the organisation of this id, which is `next` of the piece before.
    #[param(required = false)]
    after: Option<String>,
}

/// An organisation. Beside these it has what `causeway org list --json` says.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Organisation {
    /// Its number: what `to` of a referral takes.
    id: String,
    /// Its name.
    name: String,
    /// What it is.
    kind: String,
    /// Where it is.
    country: String,
    /// Whether it takes part.
    status: String,
    /// What else is known of it.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A piece of the list.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "organisations": [{
        "id": "9b1c5e0f7a3d2b4c6e8f0a1b2c3d4e5f60718293a4b5c6d7e8f901a2b3c4d5e6",
        "name": "Harbour Hotline",
        "kind": "ngo",
        "country": "GE",
        "status": "active",
    }],
    "next": null,
}))]
pub(crate) struct Organisations {
    organisations: Vec<Organisation>,
    /// `after` of the next piece; null if there is none.
    next: Option<String>,
}

/// Organisations that take part.
#[utoipa::path(
    get,
    path = "/api/v1/organisations",
    params(OrganisationsQuery),
    security(("token" = ["meta:read"])),
    responses(
        (status = 200, body = Organisations),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<MetaRead>,
    Asked(query): Asked<OrganisationsQuery>,
) -> Result<Json<Organisations>, Problem> {
    let mut values =
        caller.visitor.values(&["org", "list"]).await.map_err(|failure| caller.problem(failure))?;
    values.retain(|value| value["id"].is_string());
    let piece = piece(values, query.after.as_deref(), query.limit, caller.lang())?;
    let organisations = piece.entries.into_iter().map(serde_json::from_value).collect::<Result<_, _>>();
    let organisations = organisations.map_err(|error| caller.problem(Failure::internal(error)))?;
    Ok(Json(Organisations { organisations, next: piece.next }))
}
