//! The interface for programs of this machine: an organisation's own case management, scripts. HTTP under `/api/v1`, described by an
//! OpenAPI document that comes from the same registration as the routes.
//!
//! A request runs the command that a person would run on a terminal, so programs are held to the same rules ([decision
//! 0045](../../docs/decisions/0045-pages-run-the-commands.md)). Who may ask is [`caller`]; what has changed is [`crate::events`].

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) mod caller;
pub(crate) mod changes;
pub(crate) mod check;
pub(crate) mod deliveries;
pub(crate) mod delivering;
pub(crate) mod drafts;
mod hooks;
pub(crate) mod listing;
pub(crate) mod once;
pub(crate) mod organisations;
pub(crate) mod problem;
pub(crate) mod referrals;
pub(crate) mod retrying;
pub(crate) mod sending;
pub(crate) mod tokens;
pub(crate) mod webhooks;

use self::caller::Api;
use self::problem::Problem;
use crate::web::Shared;
use crate::web::pages::language;

/// On every answer.
const ALWAYS: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Causeway on this machine",
        description = "Referrals for programs of the same workstation. Only its Unix socket serves this, to the user that runs \
            `causeway serve`; every request but /check carries a token of `causeway api token create`.",
    ),
    modifiers(&Bearer),
    components(schemas(problem::ProblemBody)),
)]
struct Document;

/// How a program shows its token.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// Every route, once for requests and once for the document.
fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(check::check))
        .routes(routes!(referrals::list, sending::send))
        .routes(routes!(referrals::show))
        .routes(routes!(referrals::meta))
        .routes(routes!(sending::step))
        .routes(routes!(organisations::list))
        .routes(routes!(drafts::create))
        .routes(routes!(changes::list))
        .routes(routes!(changes::stream))
        .routes(routes!(changes::acknowledge))
        .routes(routes!(retrying::list))
        .routes(routes!(retrying::retry))
}

/// The routes under `/api`, for whoever serves them to programs of this machine. They are not for a browser: nothing here looks at
/// cookies or hosts.
pub(crate) fn router(site: &Shared) -> Router {
    let (router, _) = routes().split_for_parts();
    let ends = middleware::from_fn_with_state(Arc::clone(site), unless_locked);
    router
        .method_not_allowed_fallback(other_method)
        .layer(ends)
        .route("/api", any(nothing))
        .route("/api/", any(nothing))
        .route("/api/{*rest}", any(nothing))
        .layer(middleware::map_response(alike))
        .with_state(Arc::new(Api::new(site)))
}

/// A request that is under way when the home is locked is not carried out.
async fn unless_locked(State(site): State<Shared>, request: Request, next: Next) -> Response {
    let lang = language(request.headers());
    match site.daemon.home().await {
        Some(open) => {
            let answered = open.unless_locked(next.run(request)).await;
            answered.unwrap_or_else(|| Problem::locked(lang).into_response())
        }
        None => next.run(request).await,
    }
}

/// All answers begin alike, whoever has given them: what stands in them is kept by nobody on the way, and is what it says it is.
async fn alike(mut answer: Response) -> Response {
    for (name, value) in ALWAYS {
        answer.headers_mut().insert(name, value);
    }
    answer
}

async fn other_method(headers: HeaderMap) -> Problem {
    Problem::other_method(language(&headers))
}

async fn nothing(headers: HeaderMap) -> Problem {
    Problem::nowhere(language(&headers))
}

/// The OpenAPI document.
pub(crate) fn spec() -> String {
    let (_, document) = routes().split_for_parts();
    // A map of texts is always JSON.
    document.to_pretty_json().unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests;
