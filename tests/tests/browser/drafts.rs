//! What is typed into a draft outlives everything, and one window at a time writes it.

use serde_json::json;

use super::driver::Browser;
use super::stage::{CANARY, Pages, Stage};

/// A field of the section about the person.
const NAME: &str = "#persons-0-names-0-full";
const SAVED: &str = "/^Saved at /.test(document.querySelector('#saved').textContent)";

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_calls_saved_survives_the_death_of_program_and_browser_and_one_window_writes() {
    let stage = Stage::set().await;
    let pages = Pages::of(stage.hotline()).await;
    let browser = Browser::entered(&pages, stage.hotline()).await;
    browser.goto("/new").await;
    browser.go("main button[value='border-alert']").await;
    let section = format!("{}/idn", browser.path().await);
    browser.goto(&section).await;
    paste(&browser, CANARY).await;
    browser.until(SAVED).await;
    pages.kill().await;
    browser.kill().await;

    let pages = Pages::of(stage.hotline()).await;
    let browser = Browser::entered(&pages, stage.hotline()).await;
    browser.goto(&section).await;
    // Signs that turn the direction of reading may be taken out of names.
    let plain = |text: &str| text.replace('\u{202e}', "");
    assert_eq!(plain(&typed(&browser).await), plain(CANARY));
    one_window_writes(&browser, &section).await;
}

async fn one_window_writes(browser: &Browser, section: &str) {
    let first = browser.driver.window().await.unwrap();
    let second = browser.driver.new_tab().await.unwrap();
    browser.driver.switch_to_window(second.clone()).await.unwrap();
    browser.goto(section).await;
    is_read_only(browser).await;
    let faults = browser.axe().await;
    assert!(faults.is_empty(), "{faults:#?}");

    // The first goes from part to part meanwhile, and stays the one that writes.
    browser.driver.switch_to_window(first.clone()).await.unwrap();
    for path in [&section.replace("/idn", "/ops"), section] {
        browser.goto(path).await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert!(browser.is("document.querySelector('#held').hidden").await, "{path}");
    }
    select(browser).await;
    browser.keys("Typed in the first").await;

    // The second takes it, with what was typed a moment ago, saved or not.
    browser.driver.switch_to_window(second.clone()).await.unwrap();
    is_read_only(browser).await;
    browser.go("#held button").await;
    browser.until(&format!("document.querySelector('{NAME}').value === 'Typed in the first'")).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(browser.is(&format!("!document.querySelector('{NAME}').readOnly")).await);
    select(browser).await;
    browser.keys("Typed in the second").await;
    browser.until(SAVED).await;
    browser.driver.switch_to_window(first.clone()).await.unwrap();
    is_read_only(browser).await;

    // Closed, it is free; and a window that hangs does not keep it.
    browser.driver.switch_to_window(second).await.unwrap();
    browser.driver.close_window().await.unwrap();
    browser.driver.switch_to_window(first).await.unwrap();
    browser.go("#held button").await;
    browser.until(&format!("document.querySelector('{NAME}').value === 'Typed in the second'")).await;
    let hangs = browser.driver.new_tab().await.unwrap();
    browser.js("navigator.locks.query().then((all) => window.lock = all.held[0].name)").await;
    browser.until("window.lock").await;
    let name = browser.js("window.lock").await;
    browser.goto("/board").await;
    browser.driver.switch_to_window(hangs).await.unwrap();
    browser.goto("/board").await;
    browser.js(&format!("void navigator.locks.request({name}, () => new Promise(() => {{}}))")).await;
    browser.driver.switch_to_window(browser.driver.windows().await.unwrap()[0].clone()).await.unwrap();
    browser.goto(section).await;
    is_read_only(browser).await;
    browser.go("#held button").await;
    browser.until(&format!("!document.querySelector('{NAME}').readOnly")).await;
}

/// It says so, and takes nothing.
async fn is_read_only(browser: &Browser) {
    browser.until("!document.querySelector('#held').hidden").await;
    assert!(browser.words().await.contains("open in another window"));
    let open = "[...document.querySelector('form[data-draft]').elements].filter((field) =>
        !field.matches('fieldset, [type=hidden]') && !field.readOnly && !field.disabled).map((field) => field.outerHTML)";
    assert_eq!(browser.js(open).await, json!([]));
    let before = typed(browser).await;
    browser.js(&format!("document.querySelector('{NAME}').focus()")).await;
    browser.keys("x").await;
    assert_eq!(typed(browser).await, before);
}

/// All that stands in the field, to be typed over.
async fn select(browser: &Browser) {
    browser
        .js(&format!("((field) => (field.focus(), field.select()))(document.querySelector('{NAME}'))"))
        .await;
}

async fn paste(browser: &Browser, text: &str) {
    browser.press(NAME).await;
    browser.cdp("Input.insertText", json!({ "text": text })).await;
}

async fn typed(browser: &Browser) -> String {
    browser.js(&format!("document.querySelector('{NAME}').value")).await.as_str().unwrap().to_owned()
}
