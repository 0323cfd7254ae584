//! Who comes in, and what is left behind: launch codes, other sites, the back button, the browser's stores.

use serde_json::json;

use super::driver::Browser;
use super::other_site::OtherSite;
use super::stage::{Pages, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_code_works_once_and_is_left_nowhere() {
    let stage = Stage::set().await;
    let pages = Pages::telling(stage.police(), "debug").await;
    let browser = Browser::entered(&pages, stage.police()).await;
    let history = browser.cdp("Page.getNavigationHistory", json!({})).await.to_string();
    assert!(history.contains("/board") && !history.contains("code="), "{history}");
    let code = pages.open.rsplit('=').next().unwrap();
    assert!(!pages.said().contains(code) && !pages.said().contains(&pages.code), "{}", pages.said());
    browser.assert_quiet("the way in").await;

    // In the same browser and without its cookie, as somebody who has seen the address.
    browser.driver.delete_all_cookies().await.unwrap();
    browser.driver.goto(pages.open.clone()).await.unwrap();
    browser.until("document.querySelector('#code-error')").await;
    assert!(browser.driver.find_all(thirtyfour::By::Css("#passphrase")).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_on_this_machine_can_act_or_is_told_the_cookie() {
    let stage = Stage::set().await;
    let pages = Pages::of(stage.police()).await;
    let browser = Browser::entered(&pages, stage.police()).await;
    // A page that tries what it can, from under every name that this machine has.
    let form = |action: String| format!("<form method=post action='{action}'><button>x</button></form>");
    let (origin, port) = (&pages.origin, pages.port());
    let evil = format!("http://evil.test:{port}");
    let site = OtherSite::showing(format!(
        "<!doctype html><title>other</title>{}{}<img src='{origin}/assets/icon.svg'>",
        form(format!("{origin}/lock")),
        form(format!("{evil}/enter")),
    ));
    for name in ["127.0.0.1", "localhost", "app.localhost", "evil.test"] {
        let other = format!("http://{name}:{}/", site.port);
        browser.driver.goto(&other).await.unwrap();
        let read = format!(
            "Promise.all(['/board', '/assets/app.css'].map((path) => fetch('{origin}' + path, {{ credentials: 'include' }})
                .then((answer) => answer.status, () => 'nothing')))"
        );
        let mine = browser.driver.execute(format!("return {read}"), vec![]).await.unwrap();
        assert_eq!(*mine.json(), json!(["nothing", "nothing"]), "{name} reads");
        browser.asked().await;
        browser.go("form button").await;
        let asked = browser.asked().await;
        assert!(asked.contains(&(format!("{origin}/lock"), 403)), "{name} locks: {asked:?}");
    }
    assert!(!site.heard().to_lowercase().contains("cookie:"), "{}", site.heard());

    // A name that has been bound to this machine since its page was loaded.
    for path in ["/", "/board", "/assets/app.css"] {
        browser.driver.goto(format!("{evil}{path}")).await.unwrap();
        let asked = browser.asked().await;
        assert!(asked.contains(&(format!("{evil}{path}"), 421)), "{asked:?}");
    }
    browser.driver.goto(format!("http://evil.test:{}/", site.port)).await.unwrap();
    browser.go("form:nth-of-type(2) button").await;
    let asked = browser.asked().await;
    assert!(asked.contains(&(format!("{evil}/enter"), 421)), "{asked:?}");

    browser.goto("/board").await;
    assert_eq!(browser.path().await, "/board", "still open");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_locked_is_gone_and_five_wrong_passphrases_bring_a_delay_everywhere() {
    let stage = Stage::set().await;
    let pages = Pages::of(stage.police()).await;
    let browser = Browser::entered(&pages, stage.police()).await;
    for path in ["/inbox", "/tasks", "/alert"] {
        browser.goto(path).await;
    }
    browser.go("button.lock").await;
    browser.until("document.querySelector('#passphrase')").await;
    for _ in 0..3 {
        browser.driver.back().await.unwrap();
        browser.until("document.querySelector('#passphrase')").await;
    }
    leaves_nothing(&browser).await;

    for _ in 0..5 {
        browser.fill("#passphrase", "not this one at all").await;
        browser.go("main .primary").await;
        browser.find("#passphrase-error").await;
    }
    // Not even with the right one, and not by another way.
    browser.fill("#passphrase", &stage.police().passphrase()).await;
    browser.go("main .primary").await;
    browser
        .until("/Too many wrong attempts/.test(document.querySelector('#passphrase-error').textContent)")
        .await;
    browser.driver.delete_all_cookies().await.unwrap();
    browser.goto("/").await;
    browser.fill("#code", &pages.code).await;
    browser.go("main .primary").await;
    browser.until("/Too many wrong attempts/.test(document.querySelector('#code-error').textContent)").await;
}

/// Nothing is kept in any store that a browser has for pages.
async fn leaves_nothing(browser: &Browser) {
    let stores = "[localStorage.length, sessionStorage.length, document.cookie]";
    assert_eq!(browser.js(stores).await, json!([0, 0, ""]));
    let stores = "return Promise.all([indexedDB.databases(), caches.keys(), navigator.serviceWorker.getRegistrations()]);";
    let found = browser.driver.execute(stores, vec![]).await.unwrap();
    assert_eq!(*found.json(), json!([[], [], []]));
    let used = browser.cdp("Storage.getUsageAndQuota", json!({ "origin": browser.origin })).await;
    assert_eq!(used["usage"], 0, "{used}");
}
