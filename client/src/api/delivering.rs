//! Brings events to programs that do not ask: hooks of this machine and webhooks.
//!
//! One task does this, one delivery at a time. Each target has its place in the log; what it does not take is written down and tried
//! again, so that one receiver that is off holds up nothing but itself. A crash between a delivery and its record delivers it once more:
//! receivers know an event by its number.

use std::path::{Path, PathBuf};
use std::time::Duration;

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
/// Events that a target is given before the next one has its turn.
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
    tokio::join!(bring(home, folder.join(hooks::FOLDER)), tell_connection(home, &mut connection));
}

async fn bring(home: &Home, hooks: PathBuf) {
    let mut commits = home.engine.vault.watch();
    commits.mark_changed();
    loop {
        // Whatever comes first: something has changed, or it is time to try again.
        let _ = tokio::time::timeout(LOOK_INTERVAL, commits.changed()).await;
        tokio::time::sleep(CALM).await;
        commits.mark_unchanged();
        let newest = events::newest(&home.engine.vault);
        match round(&home.engine, &hooks).await {
            // What has come meanwhile is looked at now; what a round itself notes is a commit, too, and is no reason.
            Ok(more) if more || events::newest(&home.engine.vault) != newest => commits.mark_changed(),
            Ok(_) => commits.mark_unchanged(),
            Err(error) => tracing::warn!("events are not brought to programs: {error}"),
        }
    }
}

/// Gives each target its turn. Says whether one has more to get.
pub(super) async fn round(engine: &Engine, hooks: &Path) -> Result<bool, EngineError> {
    let mut targets: Vec<Target> = hooks::all(hooks).into_iter().map(Target::Hook).collect();
    targets.extend(webhooks::all(&engine.vault)?.into_iter().map(Target::Webhook));
    forget_gone(engine, &targets).await?;
    let mut more = false;
    for target in &targets {
        more |= turn(engine, target).await?;
        try_again(engine, target).await?;
    }
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
    Ok(found.len() == TURN)
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

/// A hook that is not there any more has no place, and nothing waits for it. Webhooks are taken away with theirs.
async fn forget_gone(engine: &Engine, targets: &[Target]) -> Result<(), EngineError> {
    let names: Vec<String> = targets.iter().map(Target::name).collect();
    let mut changes = Changes::default();
    for consumer in consumers::all(&engine.vault)? {
        if consumer.name.starts_with("hook:") && !names.contains(&consumer.name) {
            consumers::forget(&mut changes, &consumer.name);
            deliveries::forget_all_of(&engine.vault, &mut changes, &consumer.name)?;
        }
    }
    if changes.is_empty() { Ok(()) } else { engine.commit(changes).await }
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
