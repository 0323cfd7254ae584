//! What changes while a page is open, told to its script (server-sent events). Only counts and states: never a name.

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::sync::watch;

use super::pages::{Frame, Visitor};
use crate::daemon::Open;
use crate::daemon::connection::Connection;
use crate::lang::Lang;

/// Many changes in a row are told at once.
const CALM: Duration = Duration::from_millis(300);
/// A silent line is kept open by a comment this often.
const ALIVE: Duration = Duration::from_secs(20);

/// A shift ends without a commit: how things stand is told this often in any case.
const EVERY: Duration = Duration::from_secs(60);

/// What a page listens to. It holds no key: a home that is locked is gone, and the line ends.
struct Listener {
    open: Weak<Open>,
    commits: watch::Receiver<u64>,
    connection: watch::Receiver<Connection>,
    lang: Lang,
    /// Until something may have changed that no commit tells: a shift, or the silence of the alarm.
    wake: Duration,
}

/// Tells how things stand, and again whenever that may have changed.
pub(crate) async fn stream(visitor: Visitor) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (open, lang) = (visitor.open(), visitor.lang);
    let mut listener = Listener {
        commits: open.home.engine.vault.watch(),
        connection: open.connection.clone(),
        open: Arc::downgrade(open),
        lang,
        wake: EVERY,
    };
    // The first is told at once: something may have come between the page and its script.
    listener.commits.mark_changed();
    let told = stream::unfold(listener, |mut listener| async {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    Sse::new(told).keep_alive(KeepAlive::new().interval(ALIVE))
}

impl Listener {
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                changed = self.commits.changed() => changed.ok()?,
                changed = self.connection.changed() => changed.ok()?,
                () = tokio::time::sleep(self.wake) => {}
            }
            tokio::time::sleep(CALM).await;
            self.commits.mark_unchanged();
            let open = self.open.upgrade()?;
            let now = open.home.engine.now();
            if let Ok(frame) = Visitor::of(open, self.lang).frame("") {
                let silent = frame.snoozed.as_ref().map(|snooze| snooze.until.since(now));
                self.wake = silent.map_or(EVERY, |silent| silent.clamp(CALM, EVERY));
                return Some(event(&frame));
            }
        }
    }
}

fn event(frame: &Frame) -> Event {
    let now = json!({
        "waiting": frame.waiting,
        "urgent": frame.urgent,
        "newest": frame.newest,
        "failed": frame.failed,
        "tasks": frame.tasks,
        "nobody": frame.nobody,
        "silence": frame.silence(),
        "chip": { "class": frame.chip.class, "words": frame.chip.words },
    });
    Event::default().event("now").data(now.to_string())
}
