//! What changes while a page is open: an urgent referral comes, and a deadline passes.

use super::driver::Browser;
use super::stage::{Pages, Stage, send_alert};

const ROWS: &str = "[...document.querySelectorAll('.card .ref')].map((ref) => ref.textContent)";

#[tokio::test(flavor = "multi_thread")]
async fn an_urgent_referral_rings_until_it_is_accepted_and_moves_nothing() {
    let stage = Stage::set().await;
    let (here, there) = (Pages::of(stage.hotline()).await, Pages::of(stage.police()).await);
    let hotline = Browser::entered(&here, stage.hotline()).await;
    let police = Browser::entered(&there, stage.police()).await;
    police.until("document.querySelector('.chip-ok')").await;
    // Somebody is reading, with the focus on a link.
    police.js("document.querySelector('.pages li:nth-child(2) a').focus()").await;
    assert_eq!(police.js("[rings, document.title.startsWith('(')]").await, serde_json::json!([0, false]));

    send_alert(&hotline).await;
    police.until("rings > 0").await;
    let news = "document.querySelector('#news[role=status]:not([hidden])')?.textContent";
    police.until(&format!("/URGENT/.test({news})")).await;
    police.until("document.title.startsWith('(1) ')").await;
    police.until("document.querySelector('#count-urgent:not([hidden]) b').textContent === '1'").await;
    assert!(police.is("document.activeElement.matches('.pages li:nth-child(2) a')").await, "focus");
    assert_eq!(police.js(ROWS).await, serde_json::json!([]), "nothing moves under the cursor");
    // Half a minute is half a second here.
    police.until("rings > 2").await;

    // A second one does not change the order of what is being read.
    police.go("#news a").await;
    police.until("document.querySelector('.card-urgent')").await;
    let rows = police.js(ROWS).await;
    send_alert(&hotline).await;
    police.until("document.querySelector('#count-urgent b').textContent === '2'").await;
    assert_eq!(police.js(ROWS).await, rows);
    police.until("rings > 0").await;

    deadline_passes(&police).await;

    for left in ["1", "0"] {
        police.goto("/board").await;
        police.go("#answer .card .primary").await;
        police.choose("#time", "PT15M").await;
        police.go("main .actions button.primary").await;
        police.until(&format!("document.querySelector('#count-urgent b').textContent === '{left}'")).await;
    }
    // It has stopped, also when it would have rung again.
    police.until("document.title[0] !== '('").await;
    let rang = police.js("rings").await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(police.js("rings").await, rang);
}

/// On a page that stays open.
async fn deadline_passes(police: &Browser) {
    let due = "document.querySelector('.card .due')";
    assert!(police.is(&format!("{due} && !{due}.matches('.due-over')")).await);
    assert!(!police.words().await.contains("overdue"));
    police.js("((now) => Date.now = () => now.call(Date) + 24 * 60 * 60 * 1000)(Date.now)").await;
    police.until(&format!("{due}.matches('.due-over')")).await;
    assert!(police.words().await.contains("overdue"), "in words as well");
}
