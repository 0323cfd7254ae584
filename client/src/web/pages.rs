//! What every page has: who looks, the frame around it, and how a failure is shown.

use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use causeway_common::time::Timestamp;
use serde_json::Value;

use crate::cli;
use crate::cli::failure::{Failure, exit, on_page};
use crate::cli::home::Home;
use crate::cli::output::{Taken, capital, harmless};
use crate::daemon::Open;
use crate::daemon::connection::Connection;
use crate::engine::threads::moment;
use crate::escalation;
use crate::formats::drafts;
use crate::identity::Role;
use crate::lang::Lang;
use crate::office::duty::{self, Snooze};
use crate::records;
use crate::web::Shared;

pub(crate) mod alert;
pub(crate) mod ask;
pub(crate) mod assets;
pub(crate) mod begin;
pub(crate) mod board;
pub(crate) mod draft;
pub(crate) mod files;
pub(crate) mod handover;
pub(crate) mod help;
pub(crate) mod item;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod log;
pub(crate) mod office;
pub(crate) mod organisation;
pub(crate) mod organisations;
pub(crate) mod picture;
pub(crate) mod recovery;
pub(crate) mod registrar;
pub(crate) mod row;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod statistics;
pub(crate) mod step;
pub(crate) mod tags;
pub(crate) mod tasks;
pub(crate) mod texts;
pub(crate) mod words;

/// Cookie with the language of whoever looks; it names nobody.
pub(crate) const LANGUAGE: &str = "__Host-lang";

/// Whoever looks at an open home.
pub(crate) struct Visitor {
    pub(crate) lang: Lang,
    pub(crate) home: Home,
    open: Arc<Open>,
    /// Whether this is a person on a page, and no program.
    on_page: bool,
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, site: &Shared) -> Result<Self, Redirect> {
        let lang = language(&parts.headers);
        let open = site.daemon.home().await.ok_or_else(|| Redirect::to("/"))?;
        Ok(Self { on_page: true, ..Self::of(open, lang) })
    }
}

impl Visitor {
    /// Whoever looks at this home in this language.
    pub(crate) fn of(open: Arc<Open>, lang: Lang) -> Self {
        Self { lang, home: open.home.read_in(lang), open, on_page: false }
    }

    /// The same, in another language.
    pub(crate) fn speaking(&self, lang: Lang) -> Self {
        Self { on_page: self.on_page, ..Self::of(Arc::clone(&self.open), lang) }
    }

    /// The home that is looked at.
    pub(crate) fn open(&self) -> &Arc<Open> {
        &self.open
    }

    /// Does something with the home on a thread of its own.
    pub(crate) async fn apart<T: Send + 'static>(
        &self,
        doing: impl AsyncFnOnce(&Home) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let home = self.home.read_in(self.lang);
        let page = self.on_page;
        cli::apart(move || async move { if page { on_page(doing(&home)).await } else { doing(&home).await } })
            .await
    }

    /// Runs a command for whoever looks.
    pub(crate) async fn run(&self, words: &[&str]) -> Result<Taken, Failure> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let (done, taken) = self.apart(async move |home| cli::within(&words, home).await).await?;
        done.map(|()| taken).map_err(|failure| failure.in_lang(self.lang))
    }

    /// The results of a command, for programs.
    pub(crate) async fn values(&self, words: &[&str]) -> Result<Vec<Value>, Failure> {
        Ok(self.run(words).await?.results.into_iter().map(|printed| printed.value).collect())
    }

    /// The frame of a page.
    pub(crate) fn frame(&self, here: &'static str) -> Result<Frame, Failure> {
        let vault = &self.home.engine.vault;
        let now = self.home.engine.now();
        let (mut waiting, mut urgent, mut newest, mut last) = (0, 0, 0, Timestamp(0));
        for line in records::catalogue(vault)?.open().filter(|line| line.waits()) {
            waiting += 1;
            urgent += usize::from(line.sounds());
            last = if line.sounds() { last.max(line.begun) } else { last };
            newest = newest.max(line.begun.0);
        }
        Ok(Frame {
            lang: self.lang,
            here,
            organisation: self.home.engine.identity.name.clone(),
            registrar: self.home.engine.identity.role == Role::Registrar,
            waiting,
            urgent,
            newest,
            nobody: duty::roster(vault)?.is_some_and(|roster| roster.who(now).is_none()),
            snoozed: duty::snooze(vault)?.filter(|snooze| snooze.holds(last, now)),
            failed: records::failed_count(vault),
            tasks: escalation::tasks::matters(&escalation::tasks::to_do(&self.home.engine)?),
            drafts: drafts::all(vault)?.len(),
            code_unwritten: records::is_code_unwritten(vault),
            chip: Chip::of(&self.open.connection.borrow(), self.home.engine.unsent(), self.lang),
        })
    }
}

/// What stands around every page of an open home.
pub(crate) struct Frame {
    pub(crate) lang: Lang,
    pub(crate) here: &'static str,
    pub(crate) organisation: String,
    /// Whether this home is a registrar's.
    pub(crate) registrar: bool,
    /// Referrals that nobody has answered, those of them that are urgent, and when the last of them came, in milliseconds.
    pub(crate) waiting: usize,
    pub(crate) urgent: usize,
    pub(crate) newest: u64,
    /// Whether there is a roster, and nobody is on duty by it now.
    pub(crate) nobody: bool,
    /// Who has silenced the alarm of this workstation, while that holds.
    pub(crate) snoozed: Option<Snooze>,
    pub(crate) failed: usize,
    pub(crate) tasks: usize,
    pub(crate) drafts: usize,
    /// Whether the recovery code is on no paper yet.
    pub(crate) code_unwritten: bool,
    pub(crate) chip: Chip,
}

impl Frame {
    /// Who has silenced the alarm, and until when; empty if it sounds.
    pub(crate) fn silence(&self) -> String {
        let Some(snooze) = &self.snoozed else { return String::new() };
        let until = words::moment(&moment(snooze.until), self.lang);
        self.lang.fill(
            "alarm-silent",
            &[("by", &harmless(&snooze.by)), ("until", &until), ("zone", &words::zone())],
        )
    }

    /// A text.
    pub(crate) fn t(&self, id: &str) -> String {
        self.lang.text(id)
    }

    /// The version of the program.
    pub(crate) fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// Marks the page in the navigation that is open.
    pub(crate) fn is(&self, page: &str) -> bool {
        self.here == page
    }
}

/// How the connection stands, as it is shown on every page.
pub(crate) struct Chip {
    /// ok, wait or off.
    pub(crate) class: &'static str,
    pub(crate) words: String,
    /// Why, if it does not stand.
    pub(crate) why: String,
}

impl Chip {
    pub(crate) fn of(connection: &Connection, unsent: usize, lang: Lang) -> Self {
        let (class, id, why) = match connection {
            Connection::Connected => ("ok", "chip-connected", String::new()),
            Connection::Connecting => ("wait", "chip-connecting", String::new()),
            Connection::Offline { why, .. } => {
                ("off", "chip-offline", format!("{}.", capital(why.in_lang(lang).trim_end_matches('.'))))
            }
        };
        let mut words = lang.text(id);
        if unsent > 0 {
            words = format!("{words}, {}", lang.count("chip-waiting", unsent));
        }
        Self { class, words, why }
    }
}

/// The language of a request: what somebody has chosen, otherwise what the browser asks for first.
pub(crate) fn language(headers: &HeaderMap) -> Lang {
    let text = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let chosen = text(header::COOKIE).flat_map(|cookies| cookies.split(';')).find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == LANGUAGE).then(|| value.parse::<Lang>().ok())?
    });
    chosen.unwrap_or_else(|| Lang::of_locale(text(header::ACCEPT_LANGUAGE).next().unwrap_or_default()))
}

/// Draws a page.
pub(super) fn draw(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!("a page is not drawn: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page about something that did not work: what happened, what it means, what to do, the code.
#[derive(Template)]
#[template(path = "web/failed.html")]
struct Failed {
    frame: Frame,
    message: String,
    hint: String,
    code: String,
}

/// Shows a failure in the frame of a page.
pub(super) fn failed(visitor: &Visitor, failure: Failure) -> Response {
    let failure = failure.in_lang(visitor.lang);
    let status = status_of(&failure);
    let Ok(frame) = visitor.frame("") else { return status.into_response() };
    let page = Failed { frame, message: failure.message, hint: failure.hint, code: failure.code.to_string() };
    (status, draw(&page)).into_response()
}

/// The status of a failure. Its code says more.
pub(crate) fn status_of(failure: &Failure) -> StatusCode {
    match failure.exit {
        exit::NOT_FOUND => StatusCode::NOT_FOUND,
        exit::INVALID => StatusCode::UNPROCESSABLE_ENTITY,
        exit::REFUSED | exit::LOCKED => StatusCode::FORBIDDEN,
        exit::CONFLICT => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A page, or why there is none.
pub(super) fn shown(visitor: &Visitor, page: Result<Response, Failure>) -> Response {
    page.unwrap_or_else(|failure| failed(visitor, failure))
}

/// Whether a number in an address is one of ours: nothing else is given to a command.
pub(crate) fn is_number(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit())
}
