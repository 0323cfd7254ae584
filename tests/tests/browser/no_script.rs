//! In a browser that runs no script: the code is typed by hand, and everything can be read, accepted and sent.

use serde_json::json;
use thirtyfour::By;

use super::driver::{Browser, PATIENCE};
use super::stage::{Pages, Stage, send_alert};

#[tokio::test(flavor = "multi_thread")]
async fn all_can_be_read_accepted_and_sent_without_a_script() {
    let stage = Stage::set().await;
    let (here, there) = (Pages::of(stage.hotline()).await, Pages::of(stage.police()).await);
    let hotline = without_script(&here, &stage.hotline().passphrase()).await;
    let item = send_alert(&hotline).await;

    let police = without_script(&there, &stage.police().passphrase()).await;
    until_there(&police, "/board", "#answer .card .actions .button:not(.primary)").await;
    police.go("#answer .card .actions .button:not(.primary)").await;
    assert!(police.words().await.contains("Канарейкина"));
    police.go("main .actions a.primary").await;
    police.choose("#time", "PT15M").await;
    police.go("main .actions button.primary").await;
    assert!(police.words().await.contains("Accepted"), "{}", police.words().await);
    until_there(&hotline, &item, ".lane-work .state-accepted").await;
    police.go("button.lock").await;
    police.find("#passphrase").await;
}

async fn without_script(pages: &Pages, passphrase: &str) -> Browser {
    let browser = Browser::start(pages).await;
    browser.cdp("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    browser.driver.goto(pages.open.clone()).await.unwrap();
    assert_eq!(browser.find("#code").await.value().await.unwrap().as_deref(), Some(""), "no script has run");
    browser.fill("#code", &pages.code).await;
    browser.go("main .primary").await;
    browser.fill("#passphrase", passphrase).await;
    browser.go("main .primary").await;
    assert_eq!(browser.path().await, "/board");
    browser
}

/// Loads a page again until there is something on it.
async fn until_there(browser: &Browser, path: &str, css: &str) {
    let begun = tokio::time::Instant::now();
    loop {
        browser.goto(path).await;
        if browser.driver.find(By::Css(css)).await.is_ok() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{css} never is on {path}");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
}
