//! Referrals, as lists and whole.
#![expect(unused_qualifications, reason = "what describes a query is named twice by the macro that reads it")]

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Asked, Caller, ContentRead, Json, MetaRead, Named};
use super::listing::piece;
use super::problem::{Problem, ProblemBody};
use crate::cli::failure::Failure;
use crate::cli::inbox::{listed, possible};
use crate::cli::output::harmless;
use crate::cli::steps::find_thread;
use crate::web::pages::{is_number, item};

/// Which list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum List {
    /// What others have sent.
    #[default]
    Inbox,
    /// What this organisation has sent.
    Sent,
}

/// What of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum View {
    /// Everything.
    #[default]
    All,
    /// What nobody here has opened.
    Unread,
    /// What waits for an answer.
    NeedsAnswer,
    /// What should have been answered by now.
    Overdue,
}

impl View {
    fn flag(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Unread => Some("--unread"),
            Self::NeedsAnswer => Some("--needs-answer"),
            Self::Overdue => Some("--overdue"),
        }
    }
}

/// Which referrals are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Which list.
    #[serde(default)]
    #[param(inline, required = false)]
    list: List,
    /// What of it.
    #[serde(default)]
    #[param(inline, required = false)]
    view: View,
    /// At most so many; 50 if it is not said, 200 at most.
    #[param(minimum = 1, maximum = 200, required = false)]
    limit: Option<usize>,
    /// Those after the referral of this id, which is `next` of the piece before. If it has left the list: 409, begin again.
    #[param(required = false)]
    after: Option<String>,
}

/// One referral in a list. Beside these it has what `causeway inbox list --json` says.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Row {
    /// Its number.
    #[serde(default)]
    id: String,
    /// Code of its kind.
    #[serde(default)]
    kind: String,
    /// P0 to P3; not of what was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    priority: Option<String>,
    /// How far it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    transport: Option<String>,
    /// Its work state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    work: Option<String>,
    /// What else is known of it.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A piece of a list.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "referrals": [{
        "id": "3f9a4c4b11fd0f8d6c3d3b1f2f1f2a63c1d7f3a9a0e5d4c3b2a1908f7e6d5c4b",
        "kind": "BIA",
        "priority": "P0",
        "transport": "delivered",
        "work": "received",
        "from_name": "Надежда",
        "received": "2026-03-01T10:00:00Z",
    }],
    "next": null,
}))]
pub(crate) struct Rows {
    /// The referrals, the most urgent first, then the newest.
    referrals: Vec<Row>,
    /// `after` of the next piece; null if there is none.
    next: Option<String>,
}

/// Referrals, without their content.
#[utoipa::path(
    get,
    path = "/api/v1/referrals",
    params(ListQuery),
    security(("token" = ["meta:read"])),
    responses(
        (status = 200, body = Rows),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<MetaRead>,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<Rows>, Problem> {
    let list = if query.list == List::Sent { "sent" } else { "inbox" };
    let words: Vec<&str> = [list, "list"].into_iter().chain(query.view.flag()).collect();
    let values = caller.visitor.values(&words).await.map_err(|failure| caller.problem(failure))?;
    // Notes of what could not be opened stand in the same list for people; programs hear of those by events.
    let referrals = values.into_iter().filter(|value| value["id"].is_string() && value["notice"].is_null());
    let piece = piece(referrals.collect(), query.after.as_deref(), query.limit, caller.lang())?;
    let rows = piece.entries.into_iter().map(serde_json::from_value).collect::<Result<_, _>>();
    let referrals = rows.map_err(|error| caller.problem(Failure::internal(error)))?;
    Ok(Json(Rows { referrals, next: piece.next }))
}

/// A referral with its content, as `causeway inbox show --json` says it.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "3f9a4c4b11fd0f8d6c3d3b1f2f1f2a63c1d7f3a9a0e5d4c3b2a1908f7e6d5c4b",
    "kind": "BIA",
    "sections": { "HDR": { "kind": "BIA" } },
    "withheld": [],
    "timeline": [],
    "possible": ["accept", "decline"],
}))]
pub(crate) struct Whole {
    /// Its number.
    #[serde(default)]
    id: String,
    /// Code of its kind.
    #[serde(default)]
    kind: String,
    /// What this workstation may read of it, by section.
    #[serde(default)]
    #[schema(value_type = Object)]
    sections: Map<String, Value>,
    /// Sections for other workstations.
    #[serde(default)]
    withheld: Value,
    /// What has happened.
    #[serde(default)]
    timeline: Vec<Value>,
    /// Steps that this side may take now.
    #[serde(default)]
    possible: Vec<String>,
    /// What else is known of it.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// One referral, whole. Reading it here is opening it: the sender is told, as when a person opens it on a page.
#[utoipa::path(
    get,
    path = "/api/v1/referrals/{id}",
    params(("id" = String, Path, description = "Its number, or the beginning of it: 8 to 64 hexadecimal digits")),
    security(("token" = ["content:read"])),
    responses(
        (status = 200, body = Whole),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn show(
    caller: Caller<ContentRead>,
    Named(id): Named<String>,
) -> Result<Json<Whole>, Problem> {
    let shown = item::value(&caller.visitor, &id).await;
    let (value, _) = shown.map_err(|failure| caller.problem(failure))?;
    let whole = serde_json::from_value(value);
    Ok(Json(whole.map_err(|error| caller.problem(Failure::internal(error)))?))
}

/// One referral without its content, and without opening it.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "3f9a4c4b11fd0f8d6c3d3b1f2f1f2a63c1d7f3a9a0e5d4c3b2a1908f7e6d5c4b",
    "kind": "BIA",
    "work": "received",
    "possible": ["accept", "decline"],
}))]
pub(crate) struct Meta {
    /// What lists say of it.
    #[serde(flatten)]
    row: Row,
    /// Steps that this side may take now.
    possible: Vec<String>,
}

/// One referral without its content. Nobody is told.
#[utoipa::path(
    get,
    path = "/api/v1/referrals/{id}/meta",
    params(("id" = String, Path, description = "Its number, or the beginning of it: 8 to 64 hexadecimal digits")),
    security(("token" = ["meta:read"])),
    responses(
        (status = 200, body = Meta),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn meta(caller: Caller<MetaRead>, Named(id): Named<String>) -> Result<Json<Meta>, Problem> {
    must_be_number(&id).map_err(|failure| caller.problem(failure))?;
    let read = caller.visitor.apart(async move |home| {
        let thread = find_thread(home, &id)?;
        let row = serde_json::from_value(listed(&thread, home).await?).map_err(Failure::internal)?;
        Ok(Meta { row, possible: possible(&thread, home)? })
    });
    let meta = read.await.and_then(|meta| meta);
    Ok(Json(meta.map_err(|failure: Failure| caller.problem(failure))?))
}

/// Nothing but a number of ours is given to a command.
pub(super) fn must_be_number(id: &str) -> Result<(), Failure> {
    if is_number(id) { Ok(()) } else { Err(Failure::not_found(&harmless(id))) }
}
