//! Who has asked for a command: somebody at the terminal of this process, or at another one, for whom the daemon acts
//! ([`crate::daemon::socket`]). For a command there is no difference: names of files mean what they mean where it was typed, and
//! what it says, reads and asks goes there.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;
use zeroize::Zeroizing;

use crate::cli::turn;
use crate::formats::limits::FILE_BYTES_MAX;

/// The longest that is read for a command at another terminal: a file of another system, and the byte that shows that it is longer.
const CARRIED_BYTES_MAX: u64 = FILE_BYTES_MAX + 1;
/// The longest answer as it travels: four characters for each three bytes, and a hundred for the names around them.
pub(crate) const ANSWER_BYTES_MAX: u64 = CARRIED_BYTES_MAX.div_ceil(3) * 4 + 100;
/// Error of the operating system for a file that is too large (`EFBIG`).
const TOO_LARGE: i32 = 27;

/// What a command says to whoever has asked for it, one JSON value on a line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// A line of its results, for standard output.
    Out(String),
    /// A line beside them, for standard error.
    Err(String),
    /// It wants a line that somebody types, after these words.
    Ask(String),
    /// It wants so many bytes of a file that only the asking process has: standard input, for one.
    Read(OsString, u64),
    /// It has ended, with this exit code.
    Exit(u8),
}

/// What it gets for [`Said::Ask`] and [`Said::Read`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// These, in base64.
    Bytes(Zeroizing<String>),
    /// Nothing, because of this error of the operating system.
    Failed(i32),
}
no_content_in_debug!(Answer);

impl Answer {
    /// What there is to read.
    pub(crate) fn of(read: io::Result<Zeroizing<Vec<u8>>>) -> Self {
        match read {
            Ok(bytes) if bytes.len() as u64 > CARRIED_BYTES_MAX => Self::Failed(TOO_LARGE),
            Ok(bytes) => Self::Bytes(Zeroizing::new(BASE64.encode(&*bytes))),
            Err(error) => Self::Failed(error.raw_os_error().unwrap_or_default()),
        }
    }

    fn bytes(self) -> io::Result<Zeroizing<Vec<u8>>> {
        match self {
            Self::Bytes(text) => BASE64.decode(&*text).map(Zeroizing::new).map_err(io::Error::other),
            Self::Failed(0) => Err(io::ErrorKind::Other.into()),
            Self::Failed(code) => Err(io::Error::from_raw_os_error(code)),
        }
    }
}

/// Somebody at another terminal.
#[derive(Debug)]
pub(crate) struct Caller {
    /// The folder in which the command was typed.
    pub(crate) folder: PathBuf,
    /// Whether a person sees standard output, and standard error.
    pub(crate) sees: (bool, bool),
    /// What the command says. Unbounded: a command has its results in memory before it says them.
    pub(crate) said: UnboundedSender<Said>,
    /// What it gets.
    pub(crate) answers: Receiver<Answer>,
}

tokio::task_local! {
    static CALLER: Caller;
}

impl Caller {
    /// Does something for this one.
    pub(crate) async fn served<T>(self, doing: impl Future<Output = T>) -> T {
        CALLER.scope(self, doing).await
    }

    /// Waits for an answer. It blocks: a command has a thread of its own, as it has at a terminal.
    fn asked(&self, said: Said) -> io::Result<Zeroizing<Vec<u8>>> {
        self.said.send(said).map_err(io::Error::other)?;
        turn::set_aside(|| self.answers.recv())
            .map_err(|_| io::ErrorKind::UnexpectedEof.into())
            .and_then(Answer::bytes)
    }
}

/// Says something to somebody at another terminal. Gives it back if nobody is there.
pub(crate) fn say(line: &str, said: fn(String) -> Said) -> Result<(), &str> {
    // A caller that has gone away (`| head`) is no error.
    CALLER.try_with(|caller| drop(caller.said.send(said(line.to_owned())))).map_err(|_| line)
}

/// Where a file is that whoever asked has named: a relative name begins in the folder where it was typed.
pub(crate) fn at(path: &Path) -> PathBuf {
    CALLER.try_with(|caller| caller.folder.join(path)).unwrap_or_else(|_| path.to_owned())
}

/// Opens a file that whoever asked has named, to read it as often as needed.
pub(crate) fn open(path: &Path) -> io::Result<std::fs::File> {
    if is_elsewhere() && is_of_its_process(path) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    std::fs::File::open(at(path))
}

/// Reads a file that whoever asked has named, or standard input for `-`, but never more than `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    if is_of_its_process(path)
        && let Ok(bytes) = CALLER.try_with(|caller| caller.asked(Said::Read(path.into(), most)))
    {
        return bytes;
    }
    let mut bytes = Zeroizing::new(Vec::new());
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(at(path))?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The same by the process that has asked, for the daemon.
pub(crate) fn read_for_daemon(path: &Path, most: u64) -> Answer {
    Answer::of(read(path, most.min(CARRIED_BYTES_MAX + 1)))
}

/// A line that a person types, after these words; none at the end of the input.
pub(crate) fn ask(words: &str) -> io::Result<Option<Zeroizing<String>>> {
    if let Ok(asked) = CALLER.try_with(|caller| caller.asked(Said::Ask(words.to_owned()))) {
        let line = asked?;
        let line = std::str::from_utf8(&line).map_err(io::Error::other)?;
        return Ok((!line.is_empty()).then(|| Zeroizing::new(line.to_owned())));
    }
    if !words.is_empty() {
        let mut out = io::stderr().lock();
        write!(out, "{words} ").and_then(|()| out.flush())?;
    }
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}

/// The same by the process that has asked, for the daemon.
pub(crate) fn ask_for_daemon(words: &str) -> Answer {
    Answer::of(
        ask(words).map(|line| Zeroizing::new(line.map_or_else(Vec::new, |line| line.as_bytes().to_vec()))),
    )
}

/// Whether a person sees what goes to standard output.
pub(crate) fn sees_out() -> bool {
    CALLER.try_with(|caller| caller.sees.0).unwrap_or_else(|_| io::stdout().is_terminal())
}

/// Whether a person sees what goes to standard error.
pub(crate) fn sees_err() -> bool {
    CALLER.try_with(|caller| caller.sees.1).unwrap_or_else(|_| io::stderr().is_terminal())
}

/// Whether a command acts for somebody at another terminal than that of this process.
pub(crate) fn is_elsewhere() -> bool {
    CALLER.try_with(|_| ()).is_ok()
}

/// Whether a name means something else in each process: standard input, and what a shell hands over as `<(…)`.
fn is_of_its_process(path: &Path) -> bool {
    let place = at(path);
    path == Path::new("-") || place.starts_with("/dev") || place.starts_with("/proc")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "as the socket's")]
    fn caller(folder: &Path) -> (Caller, UnboundedReceiver<Said>, mpsc::Sender<Answer>) {
        let ((said, heard), (answer, answers)) = (unbounded_channel(), mpsc::channel());
        (Caller { folder: folder.into(), sees: (true, false), said, answers }, heard, answer)
    }

    #[tokio::test]
    async fn names_of_files_mean_what_they_mean_where_they_were_typed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("here.json"), "theirs").unwrap();
        let (caller, ..) = caller(folder.path());
        let read = caller.served(async { read(Path::new("here.json"), 3) }).await.unwrap();
        assert_eq!(read.as_slice(), b"the");
        assert_eq!(at(Path::new("here.json")), Path::new("here.json"), "at this terminal nothing is moved");
    }

    #[tokio::test]
    async fn what_only_the_asking_process_has_is_asked_of_it_and_never_opened_here() {
        for name in ["-", "/dev/stdin", "/dev/fd/63", "/proc/self/fd/0"] {
            let (caller, mut heard, answer) = caller(Path::new("/"));
            answer.send(Answer::of(Ok(Zeroizing::new(b"typed".to_vec())))).unwrap();
            let (read, opened) =
                caller.served(async { (read(Path::new(name), 9), open(Path::new(name)).is_ok()) }).await;
            assert_eq!((read.unwrap().as_slice(), opened), (&b"typed"[..], false), "{name}");
            assert_eq!(heard.recv().await.unwrap(), Said::Read(name.into(), 9));
        }
    }

    #[tokio::test]
    async fn an_error_of_the_asking_process_is_the_commands_and_a_caller_that_is_gone_ends_the_input() {
        let (caller, _heard, answer) = caller(Path::new("/"));
        answer.send(Answer::of(Err(io::Error::from_raw_os_error(2)))).unwrap();
        drop(answer);
        let (first, second) = caller.served(async { (read(Path::new("-"), 9), ask("Sure?")) }).await;
        assert_eq!(first.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(second.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let large = Zeroizing::new(vec![0; usize::try_from(CARRIED_BYTES_MAX).unwrap() + 1]);
        assert!(matches!(Answer::of(Ok(large)), Answer::Failed(TOO_LARGE)));
    }
}
