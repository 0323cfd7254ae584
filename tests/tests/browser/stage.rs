//! Who takes part: three organisations with a relay between them, and the program that serves the pages of each.

use std::sync::{Arc, Mutex};

use causeway_tests::process::actor::Actor;
use causeway_tests::process::relay::{Place, Relay};
use causeway_tests::process::town::Town;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::sync::SemaphorePermit;

use super::driver::{Browser, room};

const TOWN: &[(&str, &str, &str)] = &[
    ("Angel Hotline", "hotline", "RU"),
    ("Border Police", "police", "DE"),
    ("Embassy of Moldova", "embassy", "MD"),
];

/// A name that must stand in no title, address or history. What it carries besides must do nothing on any page: markup, a
/// sign that turns the direction of reading, and a face.
pub(crate) const CANARY: &str = "Канарейкина <img src=x onerror=alert(1)>\u{202e}Дарья 🕊";

pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) town: Town,
    pub(crate) relay: Relay,
    _room: SemaphorePermit<'static>,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let room = room().await;
        let folder = tempfile::tempdir().unwrap();
        let place = Place::below(folder.path(), "warn");
        let (town, relay) = Town::found(folder.path(), place, TOWN).await;
        Self { folder, town, relay, _room: room }
    }

    pub(crate) fn hotline(&self) -> &Actor {
        &self.town.orgs[0]
    }

    pub(crate) fn police(&self) -> &Actor {
        &self.town.orgs[1]
    }

    pub(crate) fn embassy(&self) -> &Actor {
        &self.town.orgs[2]
    }
}

/// `causeway serve`.
pub(crate) struct Pages {
    program: Child,
    pub(crate) origin: String,
    /// The address that the launcher opens.
    pub(crate) open: String,
    /// The code that a person types.
    pub(crate) code: String,
    /// What the program has said since.
    said: Arc<Mutex<String>>,
}

impl Pages {
    pub(crate) async fn of(actor: &Actor) -> Self {
        Self::telling(actor, "warn").await
    }

    /// One that says this much.
    pub(crate) async fn telling(actor: &Actor, level: &str) -> Self {
        let mut program =
            actor.command(&["serve"]).env("CAUSEWAY_LOG", level).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().expect("serve has ended");
        let place: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| place[name].as_str().unwrap().to_owned();
        let said = Arc::new(Mutex::new(String::new()));
        let mut told = BufReader::new(program.stderr.take().unwrap()).lines();
        let heard = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok(Some(line)) = told.next_line().await {
                heard.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self { program, origin: text("address"), open: text("open"), code: text("code"), said }
    }

    /// Ends it as a failing machine would.
    pub(crate) async fn kill(mut self) {
        self.program.kill().await.unwrap();
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn port(&self) -> u16 {
        self.origin.rsplit(':').next().unwrap().parse().unwrap()
    }
}

/// What is chosen in the quick alert, field by field.
pub(crate) const CHOSEN: [(&str, &str); 5] = [
    ("#about", "outgoing_victim"),
    ("#eta", "PT1H"),
    ("#sex", "2"),
    ("#request", "separate_and_interview"),
    ("#wants", "unknown"),
];

/// What is typed there.
pub(crate) const TYPED: [(&str, &str); 4] = [
    ("#where", "Moscow Sheremetyevo Airport"),
    ("#age", "16-17"),
    ("#approach", "Speak to her alone."),
    ("#callback", "+74950000000"),
];

/// Writes a quick alert to the police, without sending it.
pub(crate) async fn write_alert(browser: &Browser) {
    write_alert_about(browser, CANARY).await;
}

/// The same about somebody of this name.
pub(crate) async fn write_alert_about(browser: &Browser, name: &str) {
    browser.goto("/alert").await;
    browser.press("#to option:nth-of-type(2)").await;
    for (field, value) in CHOSEN {
        browser.choose(field, value).await;
    }
    for (field, text) in TYPED {
        browser.fill(field, text).await;
    }
    // The driver's keyboard has signs of the basic plane only: a name is pasted, as people do.
    browser.press("#name").await;
    browser.cdp("Input.insertText", serde_json::json!({ "text": name })).await;
}

/// Sends one, and gives the address of its page.
pub(crate) async fn send_alert(browser: &Browser) -> String {
    write_alert(browser).await;
    browser.go("form.quick .actions .primary").await;
    browser.go("#send").await;
    let path = browser.path().await;
    assert!(path.starts_with("/item/"), "{path}: {}", browser.words().await);
    path
}
