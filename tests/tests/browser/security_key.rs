//! A security key opens the home in place of the passphrase: one that the browser's own driver plays.

use serde_json::json;

use super::driver::Browser;
use super::stage::{Pages, Stage};

const FORM: &str = "document.querySelector('form[data-key]:not([hidden])')";

/// A key with a fingerprint reader that always recognises its owner.
async fn plugged_in(browser: &Browser, prf: bool) {
    browser.cdp("WebAuthn.enable", json!({ "enableUI": false })).await;
    let options = json!({ "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": true,
        "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true, "hasPrf": prf });
    browser.cdp("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
}

async fn asks_for(browser: &Browser, name: &str, passphrase: &str) {
    browser.goto("/settings/keys").await;
    browser.until(FORM).await;
    browser.fill("#name", name).await;
    browser.fill("#passphrase", passphrase).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_security_key_opens_the_home_until_it_is_removed() {
    let stage = Stage::set().await;
    let police = stage.police();
    let pages = Pages::of(police).await;
    let browser = Browser::at_the_lock(&pages).await;
    assert!(!browser.is("document.querySelector('form[data-key]')").await, "there is none yet");
    browser.unlock(police).await;
    plugged_in(&browser, true).await;

    // Not without the passphrase.
    asks_for(&browser, "Blue key", "not this one at all").await;
    browser.go("form[data-key] .primary").await;
    browser.until("document.querySelector('.errors')").await;
    assert_eq!(browser.js("document.querySelector('#name').value").await, "Blue key", "what was typed stays");
    asks_for(&browser, "Blue key", &police.passphrase()).await;
    browser.go("form[data-key] .primary").await;
    browser.until("/Blue key/.test(document.querySelector('table')?.textContent)").await;
    browser.assert_quiet("a key is added").await;

    browser.go("button.lock").await;
    browser.until(FORM).await;
    browser.go("form[data-key] button").await;
    assert_eq!(browser.path().await, "/board");
    browser.assert_quiet("a key opens the home").await;

    // The same counter for all that opens a home.
    browser.go("button.lock").await;
    browser.until(FORM).await;
    for _ in 0..5 {
        let wrong = "document.querySelector('form[data-key]').elements.output.value = '00'.repeat(32), document.querySelector('form[data-key]').submit()";
        browser.js("window.left = true").await;
        browser.js(wrong).await;
        browser.until("!window.left && document.querySelector('#passphrase-error')").await;
    }
    browser.go("form[data-key] button").await;
    browser
        .until("/Too many wrong attempts/.test(document.querySelector('#passphrase-error').textContent)")
        .await;
    drop(pages);

    // The count is on the disk; the half minute is over for whoever has waited.
    std::fs::remove_file(police.home.join("attempts.json")).unwrap();
    let pages = Pages::of(police).await;
    let browser = Browser::entered(&pages, police).await;
    browser.goto("/settings/keys").await;
    browser.go("form[action='/settings/keys/remove'] button").await;
    browser.until("document.querySelector('.empty')").await;
    browser.go("button.lock").await;
    browser.until("document.querySelector('#passphrase')").await;
    assert!(!browser.is("document.querySelector('form[data-key]')").await);
    let log = serde_json::to_string(&police.list(&["log", "list"]).await).unwrap();
    assert!(log.contains("added a security key") && log.contains("removed a security key"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_gives_no_secret_is_not_added_and_the_page_says_so() {
    let stage = Stage::set().await;
    let police = stage.police();
    let pages = Pages::of(police).await;
    let browser = Browser::entered(&pages, police).await;
    plugged_in(&browser, false).await;
    asks_for(&browser, "Old key", &police.passphrase()).await;
    browser.press("form[data-key] .primary").await;
    browser.until("/given nothing/.test(document.querySelector('form[data-key] .said').textContent)").await;
    browser.goto("/settings/keys").await;
    browser.until("document.querySelector('.empty')").await;
    assert!(!police.home.join("security-keys").exists());
}
