//! The daemon's ear for programs of the same user on this machine: a Unix socket beside the home.
//!
//! A command of the terminal that needs the home asks here, and nothing changes for whoever has typed it: [`command`] runs the same
//! code, and [`crate::caller`] brings what it says, reads and asks to where it was typed. Requests are HTTP; bodies are one
//! JSON value on a line, in both directions at once, so that what is said is seen when it is said.

use std::convert::Infallible;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use self::lines::Lines;
use crate::caller::{Answer, Caller, Said};
use crate::cli::failure::{self, Failure, exit};
use crate::cli::home::system_rng;
use crate::cli::{self, serve};
use crate::lang::Lang;
use crate::web::{NotOpened, Shared, now, serving};

pub(crate) mod asking;
mod lines;
pub(crate) mod place;

/// Answers that are not taken yet. A command asks one question at a time, so there is one answer, which is as long as a file can be; a
/// program that sends more than it was asked for does not fill the memory with it.
const ANSWERS: usize = 1;

/// Code of a home that the daemon has locked.
pub(crate) const LOCKED: &str = "G-142";

/// A request: what is asked, and where and how it was asked.
#[derive(Serialize, Deserialize)]
pub(crate) struct Asking {
    /// What was typed after the name of the program.
    pub(crate) words: Vec<OsString>,
    /// The folder in which it was typed.
    pub(crate) folder: OsString,
    pub(crate) json: bool,
    /// Tag of the language.
    pub(crate) lang: String,
    /// Nobody is there to be asked.
    pub(crate) no_input: bool,
    /// Whether a person sees standard output, and standard error.
    pub(crate) sees: (bool, bool),
    /// For [`unlock`] alone.
    pub(crate) passphrase: Option<Zeroizing<String>>,
}
no_content_in_debug!(Asking);

impl Asking {
    fn lang(&self) -> Lang {
        self.lang.parse().unwrap_or(Lang::En)
    }
}

/// The routes for commands. Whoever serves the socket merges others beside them.
pub(crate) fn router(site: &Shared) -> Router {
    Router::new()
        .route("/command", post(command))
        .route("/lock", post(lock))
        .route("/unlock", post(unlock))
        .route("/code", post(code))
        .with_state(Arc::clone(site))
}

/// Answers whoever asks at the socket, for as long as it is let.
pub(crate) async fn serve(socket: place::Socket, router: Router) -> Infallible {
    serving::serve(socket, router).await
}

/// Runs a command of the terminal.
async fn command(State(site): State<Shared>, body: Body) -> Response {
    let Some(ended) = site.daemon.home().await.map(|open| open.ended()) else {
        return StatusCode::LOCKED.into_response();
    };
    answered(body, ended, async move |asking| {
        let open = site.daemon.home().await.ok_or_else(locked)?;
        // Whoever types is there.
        if !asking.no_input {
            site.idle.lock().await.touch(now());
        }
        let mut home = open.home.read_in(asking.lang());
        (home.json, home.no_input) = (asking.json, asking.no_input);
        open.unless_locked(cli::within_for(&asking.words, &home)).await.unwrap_or_else(|| Err(locked()))
    })
    .await
}

/// Locks the home.
async fn lock(State(site): State<Shared>, body: Body) -> Response {
    answered(body, CancellationToken::new(), async move |asking| {
        site.lock().await;
        serve::say_standing(&site, asking.json, asking.lang()).await;
        Ok(())
    })
    .await
}

/// Opens the home. Wrong passphrases count as they do on the pages.
async fn unlock(State(site): State<Shared>, body: Body) -> Response {
    answered(body, CancellationToken::new(), async move |asking| {
        let (json, lang) = (asking.json, asking.lang());
        let secret = asking.passphrase.unwrap_or_default();
        site.unlock(&secret).await.map_err(|why| match why {
            NotOpened::Wait(left) => serve::must_wait(left),
            NotOpened::TooLong => Failure::wrong("unlock-long", &[]),
            NotOpened::Failed(failure) => failure,
        })?;
        serve::say_standing(&site, json, lang).await;
        Ok(())
    })
    .await
}

/// Gives another code for a browser.
async fn code(State(site): State<Shared>, body: Body) -> Response {
    answered(body, CancellationToken::new(), async move |asking| {
        serve::say_codes(&site, asking.json, asking.lang(), &mut *system_rng()).await;
        Ok(())
    })
    .await
}

/// Does something for whoever has asked, on a thread of its own, and lets them hear of it while it goes on. Once it is `ended`,
/// nobody is waited for any more.
async fn answered<F>(body: Body, ended: CancellationToken, doing: F) -> Response
where
    F: AsyncFnOnce(Asking) -> Result<(), Failure> + Send + 'static,
{
    let mut lines = Lines::of(body);
    let Some(asking) = lines.next::<Asking>().await else { return StatusCode::BAD_REQUEST.into_response() };
    #[expect(clippy::disallowed_methods, reason = "a command has its results in memory before it says them")]
    let (said, heard) = unbounded_channel();
    let (answer, answers) = std::sync::mpsc::sync_channel(ANSWERS);
    let gone = CancellationToken::new();
    let broken = gone.clone();
    tokio::spawn(async move { ended.run_until_cancelled(hear(lines, answer, broken)).await });
    let caller =
        Caller { folder: asking.folder.clone().into(), sees: asking.sees, said: said.clone(), answers };
    let (json, lang) = (asking.json, asking.lang());
    // An end without a word about how it ended is one, too: the program that asks knows it.
    drop(tokio::spawn(cli::apart(move || {
        caller.served(async move {
            let done = tokio::select! {
                done = doing(asking) => done,
                () = gone.cancelled() => Err(Failure::interrupted()),
                () = said.closed() => Err(Failure::interrupted()),
            };
            let code = done.map_or_else(|failed| failure::tell(failed, json, lang), |()| 0);
            drop(said.send(Said::Exit(code)));
        })
    })));
    Body::from_stream(stream::unfold(heard, next_line)).into_response()
}

/// Hears the answers of whoever has asked. One that is gone, or says more than it was asked for, has `broken` off.
async fn hear(mut lines: Lines, answer: SyncSender<Answer>, broken: CancellationToken) {
    while let Some(next) = lines.next().await {
        match answer.try_send(next) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return broken.cancel(),
            Err(TrySendError::Disconnected(_)) => return,
        }
    }
    // Whoever has said everything is still there; whoever has been cut off is not.
    if lines.is_broken() {
        broken.cancel();
    }
}

async fn next_line(
    mut heard: UnboundedReceiver<Said>,
) -> Option<(Result<Vec<u8>, serde_json::Error>, UnboundedReceiver<Said>)> {
    let said = heard.recv().await?;
    let line = serde_json::to_vec(&said).map(|mut line| {
        line.push(b'\n');
        line
    });
    Some((line, heard))
}

/// The home is locked: a command that has the passphrase may open it by itself.
pub(crate) fn locked() -> Failure {
    Failure::said(LOCKED, exit::LOCKED, "daemon-locked", &[])
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[tokio::test]
    async fn answers_that_nobody_has_asked_for_end_the_command_instead_of_filling_the_memory() {
        let said = || Lines::of(Body::from("{\"failed\":1}\n".repeat(3)));
        let (answer, answers) = sync_channel(ANSWERS);
        let broken = CancellationToken::new();
        hear(said(), answer, broken.clone()).await;
        assert!(broken.is_cancelled());
        assert_eq!(answers.try_iter().count(), ANSWERS);
        // Whoever answers one question after the other is heard to the end.
        let (answer, answers) = sync_channel(ANSWERS);
        let broken = CancellationToken::new();
        hear(Lines::of(Body::from("{\"failed\":1}\n")), answer, broken.clone()).await;
        assert!(!broken.is_cancelled() && answers.try_recv().is_ok());
    }
}
