//! A Chromium without a window, as a person at the pages uses it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use causeway_tests::process::actor::Actor;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, LoggingPrefsLogLevel, TypingData};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::stage::Pages;

/// So many tests with browsers at a time: each keeps a processor busy.
static ROOMS: Semaphore = Semaphore::const_new(2);
/// Until something that travels has arrived.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Runs in every page before its own script: remembers what the policy forbids and each sound, and lets a minute pass in a
/// second, for people are patient and tests are not.
const WATCHER: &str = "
window.forbidden = [];
addEventListener('securitypolicyviolation', (e) => window.forbidden.push(e.violatedDirective + ' ' + e.blockedURI));
window.rings = 0;
const sound = window.AudioContext && AudioContext.prototype.createOscillator;
if (sound) AudioContext.prototype.createOscillator = function () { window.rings++; return sound.call(this); };
const every = window.setInterval;
window.setInterval = (what, ms) => every(what, ms / 60);
";

/// A place for a test that uses browsers.
pub(crate) async fn room() -> SemaphorePermit<'static> {
    ROOMS.acquire().await.unwrap()
}

/// A browser. The fields go in this order: the session ends, with its Chromium, before the driver does.
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    _chromedriver: Child,
    profile: TempDir,
    /// Where the pages are.
    pub(crate) origin: String,
}

/// What a browser has asked for: an address, and the status of the answer.
pub(crate) type Asked = (String, u64);

impl Browser {
    /// A browser at nobody's page yet.
    pub(crate) async fn start(pages: &Pages) -> Self {
        let (chromedriver, port) = chromedriver().await;
        let profile = tempfile::tempdir().unwrap();
        let driver = WebDriver::builder(format!("http://127.0.0.1:{port}"), wishes(&profile))
            .request_timeout(Duration::from_secs(60))
            .connect()
            .await
            .unwrap();
        let browser = Self { driver, _chromedriver: chromedriver, profile, origin: pages.origin.clone() };
        // A new window shows a page of the browser's own, which asks for this and that.
        browser.driver.goto("about:blank").await.unwrap();
        browser.asked().await;
        browser.cdp("Page.enable", json!({})).await;
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCHER })).await;
        browser.zoom(1).await;
        browser
    }

    /// A browser that the launcher has opened.
    pub(crate) async fn at_the_lock(pages: &Pages) -> Self {
        let browser = Self::start(pages).await;
        browser.driver.goto(pages.open.clone()).await.unwrap();
        browser.until("document.querySelector('#passphrase')").await;
        browser
    }

    /// A browser of somebody who has given the passphrase and sees the duty board.
    pub(crate) async fn entered(pages: &Pages, actor: &Actor) -> Self {
        let browser = Self::at_the_lock(pages).await;
        browser.unlock(actor).await;
        browser
    }

    pub(crate) async fn unlock(&self, actor: &Actor) {
        self.fill("#passphrase", &actor.passphrase()).await;
        self.go("main .primary").await;
        assert_eq!(self.path().await, "/board");
    }

    /// Ends Chromium as a failing machine would: all processes of this profile.
    pub(crate) async fn kill(self) {
        let profile = self.profile.path().display().to_string();
        let mut killed = 0;
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            let id = process.file_name().to_string_lossy().into_owned();
            let line = std::fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
            if id.bytes().all(|byte| byte.is_ascii_digit()) && line.contains(&profile) {
                // A child may have gone with its parent by now.
                let _ = std::process::Command::new("kill").args(["-9", &id]).stderr(Stdio::null()).status();
                killed += 1;
            }
        }
        assert!(killed > 0, "no browser has this profile");
        // There is no session left to be ended.
        self.driver.leak().unwrap();
    }

    /// Goes to one of our pages.
    pub(crate) async fn goto(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.origin)).await.unwrap();
    }

    pub(crate) async fn path(&self) -> String {
        self.driver.current_url().await.unwrap().path().to_owned()
    }

    pub(crate) async fn find(&self, css: &str) -> WebElement {
        let found = self.driver.find(By::Css(css)).await;
        match found {
            Ok(found) => found,
            Err(_) => panic!("{css} is not on {}: {}", self.path().await, self.words().await),
        }
    }

    /// The text of the page as it is seen.
    pub(crate) async fn words(&self) -> String {
        self.driver.find(By::Css("body")).await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub(crate) async fn choose(&self, css: &str, value: &str) {
        self.press(&format!("{css} option[value='{value}']")).await;
    }

    pub(crate) async fn press(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Presses what leads to another page, and waits for it.
    pub(crate) async fn go(&self, css: &str) {
        self.js("window.left = true").await;
        self.press(css).await;
        self.until("!window.left && document.readyState === 'complete'").await;
    }

    /// Presses keys, wherever the focus is.
    pub(crate) async fn keys(&self, keys: impl Into<TypingData>) {
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// What an expression comes to in the page.
    pub(crate) async fn js(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.driver.execute(script, vec![]).await.unwrap().json().clone()
    }

    pub(crate) async fn is(&self, expression: &str) -> bool {
        self.js(&format!("!!({expression})")).await == true
    }

    /// Waits until an expression is true in the page, which may be another one by then.
    pub(crate) async fn until(&self, expression: &str) {
        let begun = tokio::time::Instant::now();
        loop {
            let script = format!("return !!({expression});");
            if let Ok(found) = self.driver.execute(script, vec![]).await
                && *found.json() == true
            {
                return;
            }
            if begun.elapsed() > PATIENCE {
                panic!("never {expression} on {}: {}", self.path().await, self.words().await);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until the page, loaded again and again, says something.
    pub(crate) async fn until_it_says(&self, words: &str) {
        let begun = tokio::time::Instant::now();
        while !self.words().await.contains(words) {
            assert!(
                begun.elapsed() < PATIENCE,
                "{} never says {words}: {}",
                self.path().await,
                self.words().await
            );
            tokio::time::sleep(LOOK_AGAIN * 4).await;
            self.driver.refresh().await.unwrap();
        }
    }

    /// Sees the pages in this language from now on.
    pub(crate) async fn speak(&self, lang: &str) {
        if self.find("html").await.attr("lang").await.unwrap().as_deref() != Some(lang) {
            self.go("header button[name=lang]").await;
            assert!(self.is(&format!("document.documentElement.lang === '{lang}'")).await, "{lang}");
        }
    }

    pub(crate) async fn cdp(&self, method: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(method, parameters).await.unwrap()
    }

    /// A window of 1280 by 720 pixels, at 100 or 200 %.
    pub(crate) async fn zoom(&self, times: u32) {
        let (width, height) = (1280 / times, 720 / times);
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": times, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// What was asked for since the last look, in the order of the answers.
    pub(crate) async fn asked(&self) -> Vec<Asked> {
        let entries = self.driver.get_log("performance").await.unwrap();
        let said = |entry: &str| {
            let mut told: Value = serde_json::from_str(entry).unwrap();
            let told = told["message"].take();
            let url = |of: &str| told["params"][of]["url"].as_str().map(str::to_owned);
            match told["method"].as_str()? {
                "Network.requestWillBeSent" => Some((url("request")?, 0)),
                "Network.responseReceived" => {
                    Some((url("response")?, told["params"]["response"]["status"].as_u64()?))
                }
                _ => None,
            }
        };
        entries.iter().filter_map(|entry| said(&entry.message)).collect()
    }

    /// Nothing was forbidden by the policy, no script has failed, and nobody else was asked for anything.
    pub(crate) async fn assert_quiet(&self, page: &str) {
        assert_eq!(self.js("window.forbidden").await, json!([]), "{page}");
        let console = self.driver.get_log("browser").await.unwrap();
        let errors: Vec<_> = console.iter().filter(|entry| entry.level == "SEVERE").collect();
        assert!(errors.is_empty(), "{page}: {errors:?}");
        for (address, _) in self.asked().await {
            assert!(address.starts_with(&format!("{}/", self.origin)), "{page} asks {address}");
        }
    }
}

/// The driver on a port that is free.
async fn chromedriver() -> (Child, u16) {
    let mut child = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("no chromedriver: tests/run installs it");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = loop {
        let line = lines.next_line().await.unwrap().expect("chromedriver has ended");
        if let Some((_, port)) = line.split_once("successfully on port ") {
            break port.trim_end_matches('.').parse().unwrap();
        }
    };
    // It must not stand still because nobody listens.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, port)
}

fn wishes(profile: &TempDir) -> ChromeCapabilities {
    let mut wishes = ChromeCapabilities::new();
    let profile = format!("--user-data-dir={}", profile.path().display());
    // Root, as in a container, has no sandbox; and /dev/shm is small there.
    for arg in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--lang=en",
        "--host-resolver-rules=MAP evil.test 127.0.0.1",
        &profile,
    ] {
        wishes.add_arg(arg).unwrap();
    }
    let all = LoggingPrefsLogLevel::All;
    wishes.set_logging_prefs("browser", all).unwrap();
    wishes.set_logging_prefs("performance", all).unwrap();
    wishes
}

/// A file of the workspace's folder for what is made and not kept.
pub(crate) fn target(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target").join(path)
}
