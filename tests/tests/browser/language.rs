//! Two languages: what is typed stays when the language changes, and Russian numbers have their forms.

use super::driver::Browser;
use super::stage::{CANARY, CHOSEN, Pages, Stage, TYPED, write_alert};

/// Sends alerts as the form does, until so many wait: each beside the page, which is loaded once.
const SEND: &str = "(async (form, times) => {
    for (let i = 0; i < times; i++) {
        const post = more => fetch('/alert', { method: 'POST', body: new URLSearchParams([...form, ...more]) });
        const seen = (await (await post([])).text()).match(/name=\"seen\" value=\"([0-9a-f]+)\"/)[1];
        const sent = await post([['seen', seen]]);
        if (!sent.url.includes('/item/')) return 'not sent';
    }
    return 'sent';
})([...new FormData(document.querySelector('form.quick'))].filter(([name]) => name !== 'seen'), TIMES).then(arguments[0])";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_stays_when_the_language_changes() {
    let stage = Stage::set().await;
    let pages = Pages::of(stage.hotline()).await;
    let browser = Browser::entered(&pages, stage.hotline()).await;
    write_alert(&browser).await;
    let to = browser.js("document.querySelector('#to').value").await;
    for lang in ["ru", "en"] {
        browser.speak(lang).await;
        for (field, value) in CHOSEN.iter().chain(&TYPED).chain(&[("#name", CANARY)]) {
            let kept = browser.js(&format!("document.querySelector('{field}').value")).await;
            assert_eq!(kept, *value, "{field} in {lang}");
        }
        assert_eq!(browser.js("document.querySelector('#to').value").await, to);
    }
    browser.goto("/board").await;
    browser.speak("ru").await;
    browser.goto("/inbox").await;
    assert!(browser.is("document.documentElement.lang === 'ru'").await, "and the next pages speak it too");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_connection_the_chip_counts_what_waits_and_russian_counts_have_their_forms() {
    let mut stage = Stage::set().await;
    let pages = Pages::of(stage.hotline()).await;
    let browser = Browser::entered(&pages, stage.hotline()).await;
    browser.until("document.querySelector('.chip-ok')").await;
    browser.speak("ru").await;
    write_alert(&browser).await;
    stage.relay.stop().await;
    browser.until("document.querySelector('.chip-off')").await;
    let mut sent = 0;
    for (times, words) in [(1, "ждёт"), (2, "ждут"), (5, "ждут"), (11, "ждут"), (21, "ждёт")]
    {
        let send = SEND.replace("TIMES", &(times - sent).to_string());
        let done = browser.driver.execute_async(send, vec![]).await.unwrap();
        assert_eq!(*done.json(), "sent");
        sent = times;
        browser
            .until(&format!("/, {words} {times}$/.test(document.querySelector('#chip').textContent)"))
            .await;
    }
    browser.goto("/board").await;
    assert!(browser.is("document.querySelector('#main > .notice-warn')").await, "and says what that means");

    stage.relay = stage.town.place.up().await;
    browser.until("document.querySelector('.chip-ok')?.textContent.indexOf(',') === -1").await;
}
