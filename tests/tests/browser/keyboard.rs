//! Everything without a mouse: the tabulator, arrows and Enter.

use causeway_tests::process::sample;
use thirtyfour::prelude::*;

use super::driver::Browser;
use super::stage::{CHOSEN, Pages, Stage, TYPED};

/// No page has more stops.
const STOPS_MAX: usize = 80;
/// Whether somebody sees where he is.
const FOCUS_IS_SEEN: &str = "((at) => {
    const style = getComputedStyle(at), box = at.getBoundingClientRect();
    return at === document.body || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
        && box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0;
})(document.activeElement)";

#[tokio::test(flavor = "multi_thread")]
async fn hotline_police_and_embassy_work_with_the_keyboard_alone() {
    let stage = Stage::set().await;
    let (hotline, police, embassy) = (stage.hotline(), stage.police(), stage.embassy());
    let check = sample("identity-check.json");
    hotline.run(&["send", "identity-check", "--to", "Embassy of Moldova", "--file", &check]).await;
    hotline.run(&["sync"]).await;

    let pages = Pages::of(hotline).await;
    {
        let browser = enters(&pages, &hotline.passphrase()).await;
        sends(&browser).await;
    }
    for actor in [police, embassy] {
        let pages = Pages::of(actor).await;
        let browser = enters(&pages, &actor.passphrase()).await;
        browser.until("document.querySelector('#answer .card .primary')").await;
        accepts(&browser).await;
    }
}

/// The lock has the focus at once.
async fn enters(pages: &Pages, passphrase: &str) -> Browser {
    let browser = Browser::at_the_lock(pages).await;
    browser.keys(passphrase).await;
    browser.keys(Key::Enter).await;
    browser.until("location.pathname === '/board'").await;
    browser
}

async fn sends(browser: &Browser) {
    // Past the navigation in one step.
    browser.keys(Key::Tab).await;
    browser.keys(Key::Enter).await;
    assert!(
        browser.is("document.activeElement.id === 'main'").await,
        "the first stop is a way past the rest"
    );
    browser.goto("/board").await;
    go_to(browser, ".pages a[href='/alert']").await;
    browser.keys(Key::Enter).await;
    browser.until("location.pathname === '/alert'").await;
    for field in [
        "#to",
        "#about",
        "#where",
        "#eta",
        "#name",
        "#sex",
        "#age",
        "#request",
        "#wants",
        "#callback",
        "#approach",
    ] {
        go_to(browser, field).await;
        if field == "#to" {
            browser.keys(Key::Down).await;
        } else if let Some((_, value)) = CHOSEN.iter().find(|(name, _)| *name == field) {
            pick(browser, value).await;
        } else if let Some((_, text)) = TYPED.iter().find(|(name, _)| *name == field) {
            browser.keys(*text).await;
        } else {
            browser.keys("Дарья").await;
        }
    }
    for button in ["form.quick .actions .primary", "#send"] {
        go_to(browser, button).await;
        browser.keys(Key::Enter).await;
        browser.until(&format!("!document.activeElement.matches('{button}')")).await;
    }
    browser.until("location.pathname.startsWith('/item/')").await;
}

async fn accepts(browser: &Browser) {
    go_to(browser, "#answer .card .primary").await;
    browser.keys(Key::Enter).await;
    browser.until("location.pathname.endsWith('/accept')").await;
    go_to(browser, "#time").await;
    pick(browser, "PT15M").await;
    go_to(browser, "#text").await;
    browser.keys("We are on our way.").await;
    go_to(browser, "main .actions .primary").await;
    browser.keys(Key::Enter).await;
    browser
        .until("!location.pathname.endsWith('/accept') && /We are on our way/.test(document.body.innerText)")
        .await;
}

/// Chooses in a list that has the focus.
async fn pick(browser: &Browser, value: &str) {
    for _ in 0..STOPS_MAX {
        if browser.is(&format!("document.activeElement.value === '{value}'")).await {
            return;
        }
        browser.keys(Key::Down).await;
    }
    panic!("{value} is not in the list");
}

/// Goes on with the tabulator until it is there, and sees each stop on the way.
async fn go_to(browser: &Browser, css: &str) {
    for _ in 0..STOPS_MAX {
        browser.keys(Key::Tab).await;
        let at = "document.activeElement.outerHTML.slice(0, 300)";
        assert!(browser.is(FOCUS_IS_SEEN).await, "the focus is not seen: {}", browser.js(at).await);
        if browser.is(&format!("document.activeElement.matches(\"{css}\")")).await {
            return;
        }
    }
    panic!("no way with the keyboard to {css} on {}", browser.path().await);
}
