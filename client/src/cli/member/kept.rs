//! `causeway sync` while the daemon keeps a connection: what waits goes out over that one, and what comes in does so by itself.
//! A second one beside it would only take a seat at the relay.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::super::failure::{Failure, unreachable};
use super::super::home::Home;
use crate::daemon::connection::Connection;
use crate::records;
use crate::session::Report;

/// A connection that is being made has this long: as long as a dialled one has to answer.
const CONNECTING: Duration = Duration::from_secs(15);
/// What comes together is told together; as long a session lingers.
const CALM: Duration = Duration::from_secs(1);
/// What waits and does not go out within this time waits for something else: a recipient that is suspended, or has no keys.
const STUCK: Duration = Duration::from_secs(10);

/// How much waits, and how much is here.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Counts {
    waiting: usize,
    here: usize,
}

impl Counts {
    fn of(home: &Home) -> Self {
        let vault = &home.engine.vault;
        Self { waiting: records::pending_count(vault), here: records::received_count(vault) }
    }

    fn since(self, before: Self) -> Report {
        let count = |more: usize, less: usize| u64::try_from(more.saturating_sub(less)).unwrap_or(u64::MAX);
        Report {
            sent: count(before.waiting, self.waiting),
            received: count(self.here, before.here),
            ..Report::default()
        }
    }
}

/// Waits until what waited is sent and nothing more comes, or for so many seconds until something has come.
///
/// # Errors
/// There is no connection, for the reason that the daemon knows.
pub(super) async fn sync(
    home: &Home,
    mut connection: watch::Receiver<Connection>,
    seconds: u64,
) -> Result<Report, Failure> {
    let before = Counts::of(home);
    let begun = Instant::now();
    let wait = Duration::from_secs(seconds);
    connected(&mut connection, begun + CONNECTING.max(wait)).await?;
    let mut commits = home.engine.vault.watch();
    let end = begun + if seconds == 0 { STUCK } else { wait };
    loop {
        let last = Counts::of(home);
        let done = last.waiting == 0 && (seconds == 0 || last.here > before.here);
        let pause = if done { (Instant::now() + CALM).min(end) } else { end };
        let changed = timeout_at(pause, commits.changed()).await.is_ok();
        if !changed || Instant::now() >= end {
            break;
        }
    }
    // It may have broken meanwhile; then what is said would not be true.
    connected(&mut connection, Instant::now()).await?;
    Ok(Counts::of(home).since(before))
}

async fn connected(connection: &mut watch::Receiver<Connection>, until: Instant) -> Result<(), Failure> {
    let stands = |state: &Connection| *state == Connection::Connected;
    if let Ok(Ok(_)) = timeout_at(until, connection.wait_for(stands)).await {
        return Ok(());
    }
    let state = connection.borrow().clone();
    Err(unreachable(|lang| match &state {
        Connection::Offline { why, .. } => why.in_lang(lang).to_owned(),
        _ => lang.text("link-timed-out"),
    }))
}
