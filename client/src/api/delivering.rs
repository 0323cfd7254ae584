//! Brings events to programs that do not ask: hooks of this machine and webhooks.
//!
//! Each target has its place in the log and a lane of its own: one delivery at a time, in order. What it does not take is written down and
//! tried again, so that one receiver that is off or slow holds up nothing but itself. A crash between a delivery and its record delivers
//! it once more: receivers know an event by its number.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;

use super::deliveries::{self, Delivery, Outcome};
use super::hooks::{self, Hook};
use super::webhooks::{self, Webhook};
use crate::cli::home::Home;
use crate::daemon::connection::Connection;
use crate::engine::{Engine, EngineError};
use crate::events::{self, Event, What, consumers};
use crate::vault::Changes;

/// Deliveries that have to be tried again are looked for this often.
const LOOK_INTERVAL: Duration = Duration::from_secs(15);
/// Many commits in a row are looked at once.
const CALM: Duration = Duration::from_millis(200);
/// Events that a target is given before it is looked at whether it is still there.
const TURN: usize = 20;

/// What events are brought to.
enum Target {
    Hook(Hook),
    Webhook(Webhook),
}

impl Target {
    /// The name of its place in the log, and in lists. No program can have it: it holds a colon.
    fn name(&self) -> String {
        match self {
            Self::Hook(hook) => format!("hook:{}", hook.name),
            Self::Webhook(webhook) => webhook.target(),
        }
    }

    async fn bring(&self, event: &Event, engine: &Engine) -> Outcome {
        match self {
            Self::Hook(hook) => hooks::run(hook, event).await,
            Self::Webhook(webhook) => webhooks::post(webhook, event, engine.now()).await,
        }
    }
}

/// Brings events for as long as it is let. Dropping the future loses nothing: what was not noted is brought again.
pub(crate) async fn run(home: &Home, folder: &Path, mut connection: watch::Receiver<Connection>) {
    tokio::join!(bring(&home.engine, folder.join(hooks::FOLDER)), tell_connection(home, &mut connection));
}

async fn bring(engine: &Engine, hooks: PathBuf) {
    let mut commits = engine.vault.watch();
    let mut lanes = Lanes::new(engine, hooks);
    loop {
        commits.mark_unchanged();
        let newest = events::newest(&engine.vault);
        if let Err(error) = lanes.look().await {
            tracing::warn!("events are not brought to programs: {error}");
        }
        lanes.go_on(newest, &mut commits).await;
        tokio::time::sleep(CALM).await;
    }
}

/// What goes on for each target. No more than there may be hooks and webhooks.
struct Lanes<'a> {
    engine: &'a Engine,
    hooks: PathBuf,
    running: FuturesUnordered<BoxFuture<'a, (String, Result<bool, EngineError>)>>,
    busy: BTreeSet<String>,
}

impl<'a> Lanes<'a> {
    /// Nothing goes on yet.
    fn new(engine: &'a Engine, hooks: PathBuf) -> Self {
        Self { engine, hooks, running: FuturesUnordered::new(), busy: BTreeSet::new() }
    }

    /// Gives each target that has nothing to do its turn.
    async fn look(&mut self) -> Result<(), EngineError> {
        let engine = self.engine;
        let mut targets: Vec<Target> = hooks::all(&self.hooks).into_iter().map(Target::Hook).collect();
        targets.extend(webhooks::all(&engine.vault)?.into_iter().map(Target::Webhook));
        forget_gone(engine, &targets, &self.busy).await?;
        for target in targets {
            if self.busy.insert(target.name()) {
                self.running.push(Box::pin(async move {
                    let done = lane(engine, &target).await;
                    (target.name(), done)
                }));
            }
        }
        Ok(())
    }

    /// Waits until a target has had its turn; says whether it has more to get. None: none has one.
    async fn next(&mut self) -> Option<bool> {
        let (name, done) = self.running.next().await?;
        self.busy.remove(&name);
        let more = done.unwrap_or_else(|error| {
            tracing::warn!("events are not brought to {name}: {error}");
            false
        });
        Some(more)
    }

    /// Goes on with what goes on until there is a reason to look: an event after the `newest`, a target that has more to get, or time to
    /// try again.
    async fn go_on(&mut self, newest: u64, commits: &mut watch::Receiver<u64>) {
        let look = tokio::time::sleep(LOOK_INTERVAL);
        tokio::pin!(look);
        loop {
            let is_reason = tokio::select! {
                () = &mut look => true,
                Some(more) = self.next() => more,
                // What a delivery itself notes is a commit, too, and is no reason.
                _ = commits.changed() => events::newest(&self.engine.vault) != newest,
            };
            if is_reason {
                return;
            }
        }
    }
}

/// A target that is not there any more has no place, and nothing waits for it: not even what was on its way when somebody took it away.
async fn forget_gone(
    engine: &Engine,
    targets: &[Target],
    busy: &BTreeSet<String>,
) -> Result<(), EngineError> {
    let names: Vec<String> = targets.iter().map(Target::name).collect();
    let mut changes = Changes::default();
    for consumer in consumers::all(&engine.vault)? {
        let name = &consumer.name;
        if consumers::is_target(name) && !names.contains(name) && !busy.contains(name) {
            consumers::forget(&mut changes, name);
            deliveries::forget_all_of(&engine.vault, &mut changes, name)?;
        }
    }
    if changes.is_empty() { Ok(()) } else { engine.commit(changes).await }
}

/// One turn of a target. Says whether it has more to get.
async fn lane(engine: &Engine, target: &Target) -> Result<bool, EngineError> {
    let more = turn(engine, target).await?;
    try_again(engine, target).await?;
    Ok(more)
}

/// Brings a target what it has not got, the oldest first.
async fn turn(engine: &Engine, target: &Target) -> Result<bool, EngineError> {
    let (vault, name) = (&engine.vault, target.name());
    let Some(place) = consumers::known_place(vault, &name)? else {
        // A new one begins with what comes from now on.
        let mut changes = Changes::default();
        consumers::put(vault, &mut changes, &name, events::newest(vault), engine.now())?;
        engine.commit(changes).await?;
        return Ok(false);
    };
    let found = events::after(vault, place, TURN)?;
    for event in &found {
        if deliveries::waiting(vault, &name)? >= deliveries::WAITING_MAX {
            // The log keeps the rest.
            return Ok(false);
        }
        let outcome = target.bring(event, engine).await;
        let mut changes = Changes::default();
        consumers::put(vault, &mut changes, &name, event.seq, engine.now())?;
        let delivery = Delivery::first(&name, event.seq, engine.now());
        deliveries::put(vault, &mut changes, &delivery.after(outcome, engine.now()))?;
        engine.commit(changes).await?;
    }
    // Some may have come while it had these.
    Ok(consumers::place(vault, &name)? < events::newest(vault))
}

/// Tries again what a target has not taken, where it is time to.
async fn try_again(engine: &Engine, target: &Target) -> Result<(), EngineError> {
    for delivery in deliveries::due(&engine.vault, &target.name(), engine.now())?.into_iter().take(TURN) {
        let mut changes = Changes::default();
        match events::event(&engine.vault, delivery.seq)? {
            Some(event) => {
                let outcome = target.bring(&event, engine).await;
                deliveries::put(&engine.vault, &mut changes, &delivery.after(outcome, engine.now()))?;
            }
            None => deliveries::forget(&mut changes, &delivery),
        }
        engine.commit(changes).await?;
    }
    Ok(())
}

/// Writes into the log when the connection comes and goes: no record of the vault says so.
async fn tell_connection(home: &Home, connection: &mut watch::Receiver<Connection>) {
    let mut told = "";
    loop {
        let state = match &*connection.borrow_and_update() {
            Connection::Connecting => told,
            Connection::Connected => "connected",
            Connection::Offline { .. } => "offline",
        };
        if state != told {
            told = state;
            if let Err(error) = events::tell(&home.engine, What::Connection, state).await {
                tracing::warn!("the state of the connection is not noted: {error}");
            }
        }
        if connection.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
