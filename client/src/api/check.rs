//! Whether somebody is there.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{Api, Json};

/// How the program stands.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "version": "0.1.0", "locked": true }))]
pub(crate) struct Check {
    /// Version of the program.
    version: String,
    /// Whether the home is locked: then every other request gets 423 until somebody unlocks it.
    locked: bool,
}

/// Version, and whether the home is locked. Needs no token.
#[utoipa::path(get, path = "/api/v1/check", responses((status = 200, body = Check)))]
pub(crate) async fn check(State(api): State<Arc<Api>>) -> Json<Check> {
    let locked = api.site.daemon.home().await.is_none();
    Json(Check { version: env!("CARGO_PKG_VERSION").to_owned(), locked })
}
