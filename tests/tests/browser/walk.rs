//! Every page in both languages: what is wrong with it for a reader, for a screen reader, for a secret, for a small window.

use causeway_tests::process::actor::Actor;

use super::driver::Browser;
use super::looks::{keep, picture};
use super::stage::{CANARY, Pages, Stage, send_alert};

/// All pages of an open home. A page that is added is one line here.
const PAGES: &[(&str, &str)] = &[
    ("board", "/board"),
    ("inbox", "/inbox"),
    ("inbox-overdue", "/inbox?view=overdue"),
    ("inbox-mine", "/inbox?view=mine"),
    ("inbox-unassigned", "/inbox?view=unassigned"),
    ("sent", "/sent"),
    ("item", "/item/{item}"),
    ("step-accept", "/item/{item}/accept"),
    ("step-decline", "/item/{item}/decline"),
    ("step-question", "/item/{item}/info_request"),
    ("print", "/print/{item}"),
    ("alert", "/alert"),
    ("tasks", "/tasks"),
    ("organisations", "/organisations"),
    ("organisation", "/organisation/{org}"),
    ("search", "/search"),
    ("statistics", "/statistics"),
    ("log", "/log"),
    ("settings", "/settings"),
    ("settings-devices", "/settings/devices"),
    ("settings-keys", "/settings/keys"),
    ("settings-backup", "/settings/backup"),
    ("settings-hours", "/settings/hours"),
    ("settings-staff", "/settings/staff"),
    ("settings-roster", "/settings/roster"),
    ("settings-templates", "/settings/templates"),
    ("settings-diagnostics", "/settings/diagnostics"),
    ("recovery", "/recovery"),
    ("recovery-confirm", "/recovery/confirm"),
    ("new", "/new"),
    ("drafts", "/drafts"),
    ("help", "/help"),
    ("failed", "/item/{item}/reopen"),
];

/// Fields where somebody may type what is secret, and which let the browser, its maker or its extensions keep or read it.
/// What asks for a passphrase is there for a password manager.
const CARELESS: &str = "[...document.querySelectorAll('textarea, input:not([type=hidden], [type=checkbox], [type=radio], [type=password], [autocomplete=username])')]
    .filter((field) => field.autocomplete !== 'off' || field.spellcheck || field.translate)
    .map((field) => field.outerHTML)";
/// What text of others would have made if it were more than text, and signs that turn the direction of reading.
const ALIVE: &str = "document.querySelector('main img, main script, main iframe') || /[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.innerText)";
/// Parts that begin or end beside the window.
const BESIDE: &str = "[...document.querySelectorAll('body *')]
    .filter((part) => part.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(part).clipPath === 'none')
    .slice(0, 3).map((part) => part.outerHTML.slice(0, 200))";

/// Makes each word longer by two fifths, as another language would; codes stay as they are.
const LONGER: &str = "(() => {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode())
        if (!walk.currentNode.parentElement.closest('code, .ref, .token, .groups'))
            walk.currentNode.data = walk.currentNode.data.replace(/\\p{L}+/gu, (word) => word + word.slice(0, Math.ceil(word.length * .4)).toLowerCase());
})()";

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_fit_for_everybody_in_both_languages() {
    let stage = Stage::set().await;
    let (here, there) = (Pages::of(stage.hotline()).await, Pages::of(stage.police()).await);
    let hotline = Browser::entered(&here, stage.hotline()).await;
    let sent = send_alert(&hotline).await;
    let police = Browser::start(&there).await;
    police.goto("/").await;
    each_language(&police, &[("enter", "/")], ("", "")).await;
    police.driver.goto("about:blank").await.unwrap();
    police.driver.goto(there.open.clone()).await.unwrap();
    police.until("document.querySelector('#passphrase')").await;
    each_language(&police, &[("unlock", "/")], ("", "")).await;
    police.unlock(stage.police()).await;
    police.until("document.querySelector('.card-urgent .ref')").await;
    let item = police.js("document.querySelector('.card-urgent .ref').pathname.split('/').pop()").await;
    let id = item.as_str().unwrap();
    share(stage.police(), id).await;
    each_language(&police, PAGES, (item.as_str().unwrap(), &stage.town.ids[0])).await;
    let handoff = handed(stage.hotline(), stage.police()).await;
    each_language(&police, &[("handover", "/item/{item}/handed_over")], (&handoff, "")).await;
    each_language(&hotline, &[("sent-item", &sent), ("sent-full", "/sent")], ("", "")).await;
}

/// A person who is being handed over, with a record that the police has signed first.
async fn handed(hotline: &Actor, police: &Actor) -> String {
    let file = causeway_tests::process::sample("victim-handoff.json");
    hotline.run(&["send", "victim-handoff", "--to", "Border Police", "--file", &file]).await;
    let begun = tokio::time::Instant::now();
    let id = loop {
        let listed = police.list(&["inbox", "list", "--kind", "VHO"]).await;
        if let Some(id) = listed.first().and_then(|entry| entry["id"].as_str()) {
            break id.to_owned();
        }
        assert!(begun.elapsed() < causeway_tests::process::http::PATIENCE, "the handoff does not come");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    police.run(&["accept", &id, "--eta", "PT1H", "--staff", "7"]).await;
    police.run(&["start", &id, "--staff", "7"]).await;
    id
}

/// Something of everything that colleagues share, with a gap in the roster, so that each page shows it.
async fn share(police: &Actor, id: &str) {
    let note = format!("The grey van, and {CANARY}.");
    for words in [
        &["staff", "add", "7", "--role", "supervisor"][..],
        &["staff", "me", "7"],
        &["notes", "add", id, "--text", &note],
        &["notes", "add", id, "--visible", "me", "--text", "Ask again tomorrow."],
        &["assign", id, "--me"],
        &["tag", "add", id, "night bus"],
        &["view", "add", "Night buses", "--tag", "night bus"],
        &["template", "add", "Ask for the flight", "--text", "Which flight did she take?"],
        &["roster", "set", "--zone", "Europe/Berlin", "--begins", "2026-01-05", "-"],
        &["roster", "override", "--to", "7", "--from", "2099-01-01T09:00", "--until", "2099-01-02T09:00"],
        &["roster", "handover", "--text", "Two buses are late."],
        &["alarm", "snooze"],
    ] {
        police.run(words).await;
    }
}

async fn each_language(browser: &Browser, pages: &[(&str, &str)], (item, org): (&str, &str)) {
    for lang in ["en", "ru"] {
        browser.goto("/").await;
        browser.speak(lang).await;
        for (name, path) in pages {
            // What went before is not this page's fault.
            browser.driver.get_log("browser").await.unwrap();
            browser.goto(&path.replace("{item}", item).replace("{org}", org)).await;
            is_fit(browser, lang, name).await;
        }
    }
}

/// A page that is open, in this language.
pub(crate) async fn is_fit(browser: &Browser, lang: &str, name: &str) {
    let page = format!("{name} in {lang}");
    let html = "[document.documentElement.lang, document.documentElement.translate]";
    assert_eq!(browser.js(html).await, serde_json::json!([lang, false]), "{page}");
    if name == "failed" {
        // The answer's status is for programs, and no fault of the page.
        browser.driver.get_log("browser").await.unwrap();
    }
    browser.assert_quiet(&page).await;
    tells_nobody(browser, &page).await;
    assert_eq!(browser.js(CARELESS).await, serde_json::json!([]), "{page}");
    assert!(!browser.is(ALIVE).await, "{page}: text of others is more than text");
    let faults = browser.axe().await;
    assert!(faults.is_empty(), "{page}: {faults:#?}");
    for zoom in [2, 1] {
        browser.zoom(zoom).await;
        let beside = browser.is("document.documentElement.scrollWidth > innerWidth").await;
        assert!(!beside, "{page} at {zoom}00 %: {}", browser.js(BESIDE).await);
        if zoom == 2 && keep(name) {
            picture(browser, lang, &format!("{name}-200")).await;
        }
    }
    picture(browser, lang, name).await;
    if lang == "en" {
        browser.js(LONGER).await;
        let beside = browser.is("document.documentElement.scrollWidth > innerWidth").await;
        assert!(!beside, "{page}, with longer words: {}", browser.js(BESIDE).await);
        if keep(name) {
            picture(browser, "longer", name).await;
        }
    }
}

/// Titles, addresses and the history are kept where nobody has a key.
async fn tells_nobody(browser: &Browser, page: &str) {
    let history = browser.cdp("Page.getNavigationHistory", serde_json::json!({})).await.to_string();
    let title = browser.driver.title().await.unwrap();
    for word in CANARY.split(' ').chain(["Popescu", "Angel", "Border Police"]) {
        assert!(!title.contains(word) && !history.contains(word), "{page}: {word}: {title} {history}");
    }
}
