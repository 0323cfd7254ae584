//! The other end of the socket: a command of the terminal that lets the daemon do it.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use futures_util::stream;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::UnixStream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use super::lines::Lines;
use super::{Asking, locked};
use crate::caller::{Answer, Said, ask_for_daemon, read_for_daemon};
use crate::cli::failure::{Failure, exit};
use crate::cli::output::{emit, remark};

/// What is asked, and one answer: the daemon asks for the next when it has this one.
const ON_THE_WAY: usize = 2;
/// Until the daemon says that it has begun. It says so at once, before it works: a busy machine needs a second for it, and one that opens a large
/// home at its start some more. What it does then takes as long as it takes.
pub(super) const BEGUN: Duration = Duration::from_secs(15);

/// Lets the daemon do what stands at this path, prints what it says, reads for it, and gives the exit code.
///
/// # Errors
/// The daemon does not begin, or does not answer to the end.
pub(crate) async fn ask(stream: UnixStream, path: &str, asking: &Asking) -> Result<u8, Failure> {
    let (answers, body) = channel(ON_THE_WAY);
    say(&answers, asking).await;
    let begun = timeout(BEGUN, begin(stream, path, body)).await.map_err(|_| silent())??;
    match begun.status() {
        StatusCode::OK => {}
        StatusCode::LOCKED => return Err(locked()),
        _ => return Err(no_answer()),
    }
    let mut lines = Lines::of(Body::new(begun.into_body()));
    while let Some(said) = lines.next::<Said>().await {
        match said {
            Said::Out(line) => emit(&line),
            Said::Err(line) => remark(&line),
            Said::Ask(words) => answer(&answers, move || ask_for_daemon(&words)).await?,
            Said::Read(path, most) => {
                answer(&answers, move || read_for_daemon(path.as_ref(), most)).await?;
            }
            Said::Exit(code) => return Ok(code),
        }
    }
    Err(no_answer())
}

/// Sends what is asked, and waits until the daemon has begun with it.
async fn begin(
    stream: UnixStream,
    path: &str,
    body: Receiver<Vec<u8>>,
) -> Result<Response<Incoming>, Failure> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| no_answer())?;
    tokio::spawn(connection);
    let request = Request::post(path)
        .header("host", "localhost")
        .body(Body::from_stream(stream::unfold(body, next)))
        .map_err(Failure::internal)?;
    sender.send_request(request).await.map_err(|_| no_answer())
}

/// On a thread of its own: an interrupt has to be noticed while a person is about to type.
async fn answer(
    answers: &Sender<Vec<u8>>,
    read: impl FnOnce() -> Answer + Send + 'static,
) -> Result<(), Failure> {
    let answer = tokio::task::spawn_blocking(read).await.map_err(Failure::internal)?;
    say(answers, &answer).await;
    Ok(())
}

async fn say(answers: &Sender<Vec<u8>>, value: &impl Serialize) {
    if let Ok(mut line) = serde_json::to_vec(value) {
        line.push(b'\n');
        // A daemon that has ended meanwhile is noticed where it should speak.
        drop(answers.send(line).await);
    }
}

async fn next(mut body: Receiver<Vec<u8>>) -> Option<(Result<Vec<u8>, Infallible>, Receiver<Vec<u8>>)> {
    body.recv().await.map(|line| (Ok(line), body))
}

/// Something has the socket, and does not say a word.
pub(crate) fn silent() -> Failure {
    let gaps = [("seconds", &*BEGUN.as_secs().to_string())];
    Failure::said("G-148", exit::OTHER, "daemon-silent", &gaps).passing()
}

fn no_answer() -> Failure {
    Failure::said("G-145", exit::OTHER, "daemon-no-answer", &[]).passing()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn asking() -> Asking {
        let (words, folder, lang) = (Vec::new(), "/".into(), "en".into());
        Asking { words, folder, json: false, lang, no_input: true, sees: (false, false), passphrase: None }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_begin_is_not_waited_for_and_whoever_has_begun_is() {
        let (ours, _silent) = UnixStream::pair().unwrap();
        assert_eq!(ask(ours, "/command", &asking()).await.unwrap_err().code, "G-148");

        let (ours, mut working) = UnixStream::pair().unwrap();
        let works = async {
            let mut asked = [0; 4096];
            assert!(working.read(&mut asked).await.unwrap() > 0);
            working.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.unwrap();
            tokio::time::sleep(BEGUN * 20).await;
            working.write_all(b"{\"exit\":4}\n").await.unwrap();
        };
        let asking = asking();
        let (done, ()) = tokio::join!(ask(ours, "/command", &asking), works);
        assert_eq!(done.unwrap(), 4);
    }
}
