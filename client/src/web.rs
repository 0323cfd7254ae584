//! The staff's pages: a web application for the browser of this machine, and of nobody else's.
//!
//! A request passes, in this order: the guards ([`guards`]: host, headers, cross-site requests), the door ([`door`]: whose
//! browser it is), the lock (whether the home is open), and the page. A page reads and writes by the same commands as the
//! command line ([`crate::cli::within`]), so nothing is known twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use tokio::sync::Mutex;

use crate::daemon::Daemon;

pub(crate) mod door;
pub(crate) mod events;
pub(crate) mod guards;
pub(crate) mod lockout;
pub(crate) mod pages;
pub(crate) mod place;

use self::door::Door;
use self::door::idle::Idle;
use self::lockout::Lockout;
use self::place::Place;

/// What all requests share.
pub(crate) struct Site {
    pub(crate) daemon: Daemon,
    pub(crate) place: Place,
    pub(crate) door: Mutex<Door>,
    pub(crate) lockout: Mutex<Lockout>,
    pub(crate) idle: Mutex<Idle>,
    /// Whether the browser that is let in has given the passphrase: a code alone shows nothing, even of a home that is open.
    pub(crate) trusted: AtomicBool,
}

/// The same, for each of them.
pub(crate) type Shared = Arc<Site>;

/// All pages, guarded.
pub(crate) fn router(site: &Shared) -> Router {
    let inside = Router::new()
        .route("/board", get(pages::board::show))
        .route("/inbox", get(pages::list::inbox))
        .route("/sent", get(pages::list::sent))
        .route("/item/{id}", get(pages::item::show))
        .route("/item/{id}/{step}", get(pages::step::ask).post(pages::step::take))
        .route("/print/{id}", get(pages::item::print))
        .route("/alert", get(pages::alert::write).post(pages::alert::send))
        .route("/new", get(pages::draft::choose).post(pages::draft::begin))
        .route("/drafts", get(pages::draft::list))
        .route("/draft/{id}", get(pages::draft::parts))
        .route("/draft/{id}/delete", get(pages::draft::ask_delete).post(pages::draft::delete))
        .route("/draft/{id}/to", get(pages::draft::recipients::choose).post(pages::draft::recipients::keep))
        .route("/draft/{id}/check", get(pages::draft::sending::check).post(pages::draft::sending::send))
        .route("/draft/{id}/{section}", get(pages::draft::section::write).post(pages::draft::section::keep))
        .route("/receipt/{id}", get(pages::draft::sending::receipt))
        .route("/tasks", get(pages::tasks::list))
        .route("/tasks/{id}", post(pages::tasks::done))
        .route("/organisations", get(pages::organisations::list))
        .route("/help", get(pages::help::show))
        .route("/events", get(events::stream))
        .layer(middleware::from_fn_with_state(Arc::clone(site), must_be_open))
        .route("/unlock", post(pages::lock::unlock))
        .route("/lock", post(pages::lock::lock))
        .route("/leave", post(pages::lock::leave))
        .layer(middleware::from_fn_with_state(Arc::clone(site), must_be_let_in));
    let outside = Router::new()
        .route("/", get(pages::lock::start))
        .route("/enter", post(pages::lock::enter))
        .route("/language", post(pages::lock::language_chosen))
        .route("/assets/app.css", get(pages::assets::css))
        .route("/assets/app.js", get(pages::assets::js))
        .route("/assets/icon.svg", get(pages::assets::icon));
    guards::guarded(outside.merge(inside).with_state(Arc::clone(site)), &site.place)
}

/// Only the browser that was let in; any other is shown the door.
async fn must_be_let_in(
    State(site): State<Shared>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let inside = site.door.lock().await.is_inside(&headers, now());
    if inside { next.run(request).await } else { Redirect::to("/").into_response() }
}

/// Only while the home is open. Looking at a page is being there.
async fn must_be_open(State(site): State<Shared>, request: Request, next: Next) -> Response {
    if !site.trusted.load(Ordering::Acquire) || site.daemon.home().await.is_none() {
        return Redirect::to("/").into_response();
    }
    // What the browser does by itself is nobody's presence.
    if request.uri().path() != "/events" {
        site.idle.lock().await.touch(now());
    }
    next.run(request).await
}

/// The time of this machine.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}
