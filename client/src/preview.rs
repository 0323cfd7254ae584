//! Small pictures of attachments, for pages. A picture of somebody else may be made to break whatever reads it, so it is read where
//! there is nothing to break: in a process of its own that has no keys, no files and no network, little memory and little time
//! ([`child`]). What comes back is a new picture, drawn from pixels, with nothing of the old one beside them.

use std::process::{ExitCode, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

mod child;
mod jail;

/// The word by which this program is asked to be the other process. Nobody types it.
const ASKED: &str = "preview-picture";
/// Longest file that is looked at: a picture of 8192 by 8192 pixels from a camera has some 25 MB; the process holds it beside its pixels.
pub(crate) const PICTURE_BYTES_MAX: u64 = 32 << 20;
/// Longest side of what is shown, in pixels: as wide as the part of a page for text, on a screen with two pixels for one.
const SIDE_MAX: u32 = 1280;
/// Longest answer that is taken: 1280 × 1280 pixels of noise are 2.2 MB at this quality.
const PREVIEW_BYTES_MAX: u64 = 4 << 20;
/// Such processes at once: 2 × 256 MiB, and one of two processors stays free for everything else.
const AT_ONCE: usize = 2;
/// On the clock of the wall; the process itself has five seconds of a processor, which one that waits does not use up.
const PATIENCE: Duration = Duration::from_secs(10);

static ROOM: Semaphore = Semaphore::const_new(AT_ONCE);

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPreview {
    /// It is no picture that can be drawn, or one that asks for more than it may have.
    #[error("the picture cannot be drawn")]
    Unfit,
    /// The other process cannot be started.
    #[error("no process for it: {0}")]
    Process(#[from] std::io::Error),
}

/// Draws a picture anew, as JPEG.
pub(crate) async fn of(picture: Zeroizing<Vec<u8>>) -> Result<Vec<u8>, NoPreview> {
    if picture.len() as u64 > PICTURE_BYTES_MAX {
        return Err(NoPreview::Unfit);
    }
    let _room = ROOM.acquire().await.map_err(|_| NoPreview::Unfit)?;
    let mut process = Command::new(own_program()?)
        .arg(ASKED)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut gives), Some(takes)) = (process.stdin.take(), process.stdout.take()) else {
        return Err(NoPreview::Unfit);
    };
    let feeding = async move {
        // One that ends before it has read all of it says so by how it ends.
        let _ = gives.write_all(&picture).await;
        drop(gives);
    };
    let reading = async move {
        let mut drawn = Vec::new();
        takes.take(PREVIEW_BYTES_MAX + 1).read_to_end(&mut drawn).await.map(|_| drawn)
    };
    let done = tokio::time::timeout(PATIENCE, async { tokio::join!(feeding, reading, process.wait()) });
    let (_, drawn, ended) = done.await.map_err(|_| NoPreview::Unfit)?;
    let drawn = drawn?;
    let whole = ended?.success() && drawn.len() as u64 <= PREVIEW_BYTES_MAX;
    if whole && drawn.starts_with(b"\xff\xd8\xff") { Ok(drawn) } else { Err(NoPreview::Unfit) }
}

/// This program, also when another version has taken its place on the disk meanwhile.
fn own_program() -> std::io::Result<std::path::PathBuf> {
    let running = std::path::Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { std::env::current_exe() }
}

/// Whether this process was started to draw a picture; then it does that and nothing else.
pub(crate) fn is_asked() -> bool {
    let mut words = std::env::args_os().skip(1);
    words.next().is_some_and(|word| word == ASKED) && words.next().is_none()
}

/// Draws what comes in, for a process that was asked to.
pub(crate) fn draw() -> ExitCode {
    match jail::shut().and_then(|()| child::draw()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
