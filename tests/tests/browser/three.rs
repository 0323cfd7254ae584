//! Three organisations at their pages at once, with a relay that dies in the middle.

use std::time::Duration;

use causeway_tests::process::sample;
use tokio::time::Instant;

use super::driver::Browser;
use super::stage::{Pages, Stage, send_alert};

/// From the button of one side to the page of the other.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_taken_and_an_identity_confirmed_while_the_relay_dies_and_comes_back() {
    let mut stage = Stage::set().await;
    let check = sample("identity-check.json");
    stage.hotline().run(&["send", "identity-check", "--to", "Embassy of Moldova", "--file", &check]).await;
    let (a, b, c) =
        (Pages::of(stage.hotline()).await, Pages::of(stage.police()).await, Pages::of(stage.embassy()).await);
    let hotline = Browser::entered(&a, stage.hotline()).await;
    let police = Browser::entered(&b, stage.police()).await;
    let embassy = Browser::entered(&c, stage.embassy()).await;
    for browser in [&hotline, &police, &embassy] {
        browser.until("document.querySelector('.chip-ok')").await;
    }

    let item = send_alert(&hotline).await;
    police.until("rings > 0").await;
    police.go("#news a").await;
    take(&police).await;
    let pressed = Instant::now();
    let seen = loop {
        hotline.goto(&item).await;
        if hotline.is("document.querySelector('.lane-work .state-accepted')").await {
            break pressed.elapsed();
        }
        assert!(pressed.elapsed() < SOON * 10, "{}", hotline.words().await);
    };
    assert!(seen < SOON, "{seen:?}");

    // Both write while there is no relay.
    stage.relay.kill().await;
    let second = send_alert(&hotline).await;
    take(&embassy).await;
    stage.relay = stage.town.place.up().await;
    police.until("rings > 0").await;
    police.go("#news a").await;
    take(&police).await;
    hotline.goto(&second).await;
    hotline.until_it_says("Accepted").await;
    hotline.goto("/sent").await;
    hotline.until("document.querySelectorAll('.state-accepted').length === 3").await;
}

/// Accepts the first that needs an answer.
async fn take(browser: &Browser) {
    browser.goto("/board").await;
    browser.until("document.querySelector('#answer .card .primary')").await;
    browser.go("#answer .card .primary").await;
    browser.choose("#time", "PT15M").await;
    browser.go("main .actions button.primary").await;
    browser.until("document.querySelector('.lane-work .state-accepted')").await;
}
