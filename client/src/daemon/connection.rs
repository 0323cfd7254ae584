//! The connection that is kept while a home is open, and what follows from it: deadlines, matches, answers.

use std::path::PathBuf;
use std::time::Duration;

use causeway_certs::transport::{BoxFuture, Dialer, Link, LinkError};
use causeway_common::time::Timestamp;
use tokio::sync::watch;

use crate::api::delivering;
use crate::cli::failure::{Failure, link_words};
use crate::cli::home::Home;
use crate::cli::joining;
use crate::cli::output;
use crate::cli::tasks::LOOK_INTERVAL;
use crate::escalation;
use crate::exclusion;
use crate::identity::Role;
use crate::lang::Lang;
use crate::matching::{sweep, telling};
use crate::reconnect;
use crate::retention::expiry;
use crate::session::SessionError;

/// One stay lasts this long; then the next begins. Only an end that was not foreseen comes before.
const STAY: Duration = Duration::from_secs(24 * 60 * 60);
/// After a failure that trying again does not help against, somebody has to act; it is tried again all the same.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// How often a registrar's workstation asks whether it could connect. Each is a handshake and a look at the directory's head,
/// for a word on a page; a command that is needed sooner connects by itself.
const REGISTRAR_LOOKS: Duration = Duration::from_secs(5 * 60);

/// How the connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// It is being made for the first time.
    Connecting,
    /// It stands.
    Connected,
    /// It does not, and this is why, in each language; when it was lost.
    Offline {
        /// Why.
        why: Why,
        /// Since when.
        since: Timestamp,
    },
}

/// Why there is no connection, to be said in the language of whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Why([String; Lang::ALL.len()]);

impl Why {
    fn by(words: impl Fn(Lang) -> String) -> Self {
        Self(Lang::ALL.map(words))
    }

    /// In a language.
    pub(crate) fn in_lang(&self, lang: Lang) -> &str {
        let place = Lang::ALL.iter().position(|other| *other == lang).unwrap_or(0);
        &self.0[place]
    }
}

/// Keeps the connection for as long as it is let. Dropping the future loses nothing: what was answered is durable.
pub(crate) async fn keep(home: Home, folder: PathBuf, told: watch::Sender<Connection>) {
    let heard = told.subscribe();
    tokio::join!(stay(&home, &told), look(&home), delivering::run(&home, &folder, heard));
}

async fn stay(home: &Home, told: &watch::Sender<Connection>) {
    loop {
        let failed = match home.dialer().await {
            Ok(dialer) if home.engine.identity.role == Role::Registrar => {
                look_as_registrar(home, dialer, told).await
            }
            Ok(dialer) if !is_let_in(home, &*dialer, told).await => {
                tokio::time::sleep(LOOK_INTERVAL).await;
                continue;
            }
            Ok(dialer) => {
                let dialer = Telling { dialer, told };
                let paused = |_, error: Option<&SessionError>| offline(home, told, error);
                reconnect::stay(&home.engine, &dialer, STAY, paused).await.err().map(Failure::from)
            }
            Err(failure) => Some(failure),
        };
        if let Some(failure) = failed {
            let why = Why::by(|lang| {
                let said = failure.clone().in_lang(lang);
                said.in_a_line()
            });
            set_offline(home, told, why);
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }
}

/// A registrar receives nothing: its commands connect when they need to. This says whether they could.
async fn look_as_registrar(
    home: &Home,
    dialer: Box<dyn Dialer>,
    told: &watch::Sender<Connection>,
) -> Option<Failure> {
    let dialer = Telling { dialer, told };
    match exclusion::connect(&home.engine, &dialer).await {
        Ok(link) => link.close(0),
        Err(SessionError::Link(link)) => {
            offline(home, told, Some(&SessionError::Link(link)));
            tokio::time::sleep(AFTER_FAILURE).await;
            return None;
        }
        Err(error) => return Some(error.into()),
    }
    tokio::time::sleep(REGISTRAR_LOOKS).await;
    None
}

/// Somebody who is not let in yet looks again now and then; everything else is said by the stay itself.
async fn is_let_in(home: &Home, dialer: &dyn Dialer, told: &watch::Sender<Connection>) -> bool {
    let waits = matches!(joining::is_let_in(home, dialer).await, Ok(false));
    if waits {
        set_offline(home, told, Why::by(|lang| lang.text("connection-not-let-in")));
    }
    !waits
}

fn offline(home: &Home, told: &watch::Sender<Connection>, error: Option<&SessionError>) {
    let why = Why::by(|lang| match error {
        None => lang.text("connection-restarting"),
        Some(SessionError::Link(link)) => link_words(link, lang),
        Some(SessionError::Refused(code)) => Failure::from(*code).in_lang(lang).message,
        Some(other) => other.to_string(),
    });
    set_offline(home, told, why);
}

/// The time at which it was lost stays, whatever the reasons of later attempts.
fn set_offline(home: &Home, told: &watch::Sender<Connection>, why: Why) {
    told.send_modify(|state| {
        let since = match state {
            Connection::Offline { since, .. } => *since,
            _ => home.engine.now(),
        };
        *state = Connection::Offline { why, since };
    });
}

/// What is due by time: each look does what the one before left, so a failure is only written down.
async fn look(home: &Home) {
    loop {
        tokio::time::sleep(LOOK_INTERVAL).await;
        let (done, _) = output::take(look_once(home)).await;
        if let Err(failure) = done {
            tracing::warn!("a look at deadlines failed: {}", failure.code);
        }
    }
}

async fn look_once(home: &Home) -> Result<(), Failure> {
    escalation::tick(&home.engine).await?;
    sweep::compare_new(&home.engine).await?;
    telling::advance_all(&home.engine).await?;
    expiry::run_if_time(&home.engine).await?;
    Ok(())
}

/// Says that the connection stands.
struct Telling<'a> {
    dialer: Box<dyn Dialer>,
    told: &'a watch::Sender<Connection>,
}

impl std::fmt::Debug for Telling<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telling").finish_non_exhaustive()
    }
}

impl Dialer for Telling<'_> {
    fn dial(&self) -> BoxFuture<'_, Result<std::sync::Arc<dyn Link>, LinkError>> {
        Box::pin(async move {
            let link = self.dialer.dial().await?;
            self.told.send_replace(Connection::Connected);
            Ok(link)
        })
    }

    fn name(&self) -> &'static str {
        self.dialer.name()
    }
}
