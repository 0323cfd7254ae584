//! The staff's pages: a web application for the browser of this machine, and of nobody else's.
//!
//! A request passes, in this order: the guards ([`guards`]: host, headers, cross-site requests), the door ([`door`]: whose
//! browser it is), the lock (whether the home is open), and the page. A page reads and writes by the same commands as the
//! command line ([`crate::cli::within`]), so nothing is known twice.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use serde_json::Value;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::cli::failure::{Failure, on_page};
use crate::daemon::Daemon;
use crate::lang::Lang;

pub(crate) mod door;
pub(crate) mod events;
pub(crate) mod guards;
pub(crate) mod lockout;
pub(crate) mod looked_at;
mod odd;
pub(crate) mod pages;
pub(crate) mod place;
pub(crate) mod serving;

use self::door::Door;
use self::door::idle::Idle;
use self::lockout::Lockout;
use self::looked_at::LookedAt;
use self::pages::begin::Begun;
use self::place::Place;

/// Longest passphrase that is looked at, in bytes.
const SECRET_BYTES_MAX: usize = 1024;

/// Where the script of a page looks, when the line on which it hears of changes has broken, whether the home is still open.
const STILL_OPEN: &str = "/still-open";

/// What all requests share.
pub(crate) struct Site {
    pub(crate) daemon: Daemon,
    pub(crate) place: Place,
    pub(crate) door: Mutex<Door>,
    /// Wrong passphrases.
    pub(crate) lockout: Mutex<Lockout>,
    /// Wrong codes: whoever knows the address can try some, and must not keep the owner from the passphrase by it.
    pub(crate) codes: Mutex<Lockout>,
    /// What somebody has looked at and may send.
    pub(crate) looked_at: LookedAt,
    pub(crate) idle: Mutex<Idle>,
    /// What somebody who begins has not written down yet.
    pub(crate) begun: Mutex<Option<Begun>>,
}

/// Why the home is not open after an attempt.
pub(crate) enum NotOpened {
    /// Too many were wrong; the next one has to wait this long.
    Wait(Duration),
    /// No passphrase is as long as that.
    TooLong,
    /// It was wrong, or the home does not open.
    Failed(Failure),
}

impl Site {
    /// Opens the home: the one way in, for pages and terminals, with one counter. What a browser may see does not follow from it.
    pub(crate) async fn unlock(&self, secret: &str) -> Result<(), NotOpened> {
        self.guessed(secret, self.daemon.unlock(secret)).await
    }

    /// Brings a home back out of a folder of backups and opens it, with its passphrase or its recovery code; gives what `causeway
    /// backup restore` says.
    pub(crate) async fn restore(
        &self,
        from: &Path,
        secret: &Zeroizing<String>,
        lang: Lang,
    ) -> Result<Value, NotOpened> {
        self.guessed(secret, self.daemon.restore(from, secret, lang)).await
    }

    /// Tries a secret, if none of the wrong ones before makes it wait.
    async fn guessed<T>(
        &self,
        secret: &str,
        attempt: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, NotOpened> {
        // Held from the look at the counter to the answer: a hundred attempts at once are a hundred, one after the other.
        let mut lockout = self.lockout.lock().await;
        if let Some(left) = lockout.wait(now()) {
            return Err(NotOpened::Wait(left));
        }
        if secret.len() > SECRET_BYTES_MAX {
            return Err(NotOpened::TooLong);
        }
        let opened = attempt.await;
        // A wrong passphrase counts; a home that does not open although it is the right one does not.
        let counted = match &opened {
            Ok(_) => lockout.right(),
            Err(failure) if failure.is_wrong_secret() => lockout.wrong(now()),
            Err(_) => Ok(()),
        };
        if let Err(error) = counted {
            tracing::warn!("the count of wrong attempts is not written: {error}");
        }
        let opened = opened.map_err(NotOpened::Failed)?;
        self.idle.lock().await.touch(now());
        Ok(opened)
    }

    /// Locks the home: its keys are wiped, and the browser has to give the passphrase again.
    pub(crate) async fn lock(&self) {
        self.door.lock().await.distrust();
        self.daemon.lock().await;
    }
}

/// The same, for each of them.
pub(crate) type Shared = Arc<Site>;

/// All pages, guarded.
pub(crate) fn router(site: &Shared) -> Router {
    let inside = Router::new()
        .route("/board", get(pages::board::show))
        .route("/inbox", get(pages::list::incoming).post(pages::list::incoming_filtered))
        .route("/sent", get(pages::list::sent).post(pages::list::sent_filtered))
        .route("/list/chosen", post(pages::list::chosen::act))
        .route("/list/keep", post(pages::list::kept::keep))
        .route("/list/take-away", post(pages::list::kept::take_away))
        .route("/item/{id}", get(pages::item::show))
        .route("/item/{id}/note", post(pages::office::note))
        .route("/item/{id}/assign", post(pages::office::assign))
        .route("/item/{id}/tag", post(pages::tags::change))
        .route("/item/{id}/print", post(pages::office::print))
        .route("/item/{id}/handed_over", get(pages::handover::ask).post(pages::handover::sign))
        .route("/texts", post(pages::texts::one))
        .route("/duty/read", post(pages::office::read))
        .route("/duty/snooze", post(pages::office::snooze))
        .route("/item/{id}/{step}", get(pages::step::ask).post(pages::step::take))
        .route("/item/{id}/file/{file}", get(pages::item::files::save))
        .route("/item/{id}/file/{file}/preview", get(pages::item::files::preview))
        .route("/print/{id}", get(pages::item::print))
        .route("/alert", get(pages::alert::write).post(pages::alert::send))
        .route("/new", get(pages::draft::choose).post(pages::draft::begin))
        .route("/drafts", get(pages::draft::list))
        .route("/draft/{id}", get(pages::draft::parts))
        .route("/draft/{id}/delete", get(pages::draft::ask_delete).post(pages::draft::delete))
        .route("/draft/{id}/to", get(pages::draft::recipients::choose).post(pages::draft::recipients::keep))
        .route("/draft/{id}/files", get(pages::draft::files::list))
        .route("/draft/{id}/files/{file}/preview", get(pages::draft::files::preview))
        .route("/draft/{id}/files/{file}/remove", post(pages::draft::files::remove))
        .route("/draft/{id}/check", get(pages::draft::sending::check).post(pages::draft::sending::send))
        .route("/draft/{id}/{section}", get(pages::draft::section::write).post(pages::draft::section::keep))
        .route("/receipt/{id}", get(pages::draft::sending::receipt))
        .route("/tasks", get(pages::tasks::list))
        .route("/tasks/{id}", post(pages::tasks::done))
        .route("/search", get(pages::search::form).post(pages::search::find))
        .route("/organisations", get(pages::organisations::list))
        .route("/organisation/{id}", get(pages::organisation::show).post(pages::organisation::check))
        .route("/statistics", get(pages::statistics::show))
        .route("/statistics.csv", get(pages::statistics::csv))
        .route("/log", get(pages::log::show))
        .merge(settings())
        .merge(registrar())
        .route("/help", get(pages::help::show))
        .route("/events", get(events::stream))
        .route(STILL_OPEN, get(async || StatusCode::NO_CONTENT))
        .route("/begin/restored", get(pages::begin::restoring::done))
        .route("/begin/code", get(pages::begin::code).post(pages::begin::written))
        .route("/begin/another-code", post(pages::begin::another_code))
        .route("/begin/compare", get(pages::begin::compare))
        .route("/recovery", get(pages::recovery::sheets))
        .route("/recovery/confirm", get(pages::recovery::ask).post(pages::recovery::confirm))
        .layer(middleware::from_fn_with_state(Arc::clone(site), must_be_open))
        .route("/unlock", post(pages::lock::unlock))
        .route("/begin", get(pages::begin::start).post(pages::begin::begin))
        .route("/begin/restore", get(pages::begin::restoring::start).post(pages::begin::restoring::restore))
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
    let uploads = Router::new()
        .route("/draft/{id}/files/add", post(pages::draft::files::add))
        // The guards bound it, for all of what is brought in.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(Arc::clone(site), must_be_open))
        .layer(middleware::from_fn_with_state(Arc::clone(site), must_be_let_in));
    let with_site = |router: Router<Shared>| router.with_state(Arc::clone(site));
    guards::guarded(with_site(outside.merge(inside)), with_site(uploads), &site.place)
}

/// Settings of the workstation and of the organisation.
fn settings() -> Router<Shared> {
    use pages::settings::{self, backup, devices, hours, keys, roster, staff, templates};
    Router::new()
        .route("/settings", get(settings::show))
        .route("/settings/diagnostics", get(settings::diagnostics))
        .route("/settings/devices", get(devices::list))
        .route("/settings/devices/invite", post(devices::invite))
        .route("/settings/devices/joining", get(devices::joining))
        .route("/settings/devices/admit", post(devices::admit))
        .route("/settings/devices/revoke/{id}", get(devices::ask))
        .route("/settings/devices/revoke", post(devices::revoke))
        .route("/settings/keys", get(keys::list).post(keys::add))
        .route("/settings/keys/remove", post(keys::remove))
        .route("/settings/backup", get(backup::show).post(backup::create))
        .route("/settings/hours", get(hours::show).post(hours::set))
        .route("/settings/staff", get(staff::list).post(staff::add))
        .route("/settings/staff/me", post(staff::me))
        .route("/settings/roster", get(roster::show).post(roster::set))
        .route("/settings/roster/override", post(roster::stand_in))
        .route("/settings/roster/clear", post(roster::clear))
        .route("/settings/roster/handover", post(roster::hand_over))
        .route("/settings/templates", get(templates::list).post(templates::add))
        .route("/settings/templates/remove", post(templates::remove))
        .route("/settings/staff/policy", post(staff::policy))
        .route("/settings/staff/remove", post(staff::remove))
}

/// What only the registrar's home has.
fn registrar() -> Router<Shared> {
    use pages::registrar;
    Router::new()
        .route("/registrar", get(registrar::show))
        .route("/registrar/invite", post(registrar::invite))
        .route("/registrar/admit/{id}", get(registrar::ask_admit))
        .route("/registrar/admit", post(registrar::admit))
        .route("/registrar/standing/{step}/{id}", get(registrar::ask_standing))
        .route("/registrar/suspend", post(registrar::suspend))
        .route("/registrar/reinstate", post(registrar::reinstate))
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
    let is_trusted = site.door.lock().await.is_trusted();
    let Some(open) = site.daemon.home().await.filter(|_| is_trusted) else {
        return Redirect::to("/").into_response();
    };
    if is_presence(request.uri().path()) {
        site.idle.lock().await.touch(now());
    }
    // A request that goes on when the home is locked is not carried out.
    open.unless_locked(on_page(next.run(request))).await.unwrap_or_else(|| Redirect::to("/").into_response())
}

/// What the browser does by itself is nobody's presence.
fn is_presence(path: &str) -> bool {
    path != "/events" && path != STILL_OPEN
}

#[cfg(test)]
mod spoken;

/// The time of this machine.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_breaks_again_and_again_keeps_no_home_open() {
        let script = include_str!("../assets/web/app.js");
        for path in ["/events", STILL_OPEN] {
            assert!(!is_presence(path), "{path}");
        }
        assert!(is_presence("/board"));
        assert!(script.contains(&format!("fetch(\"{STILL_OPEN}\"")) && !script.contains("fetch(\"/board\""));
    }
}
