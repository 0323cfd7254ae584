//! Pictures of the pages: for whoever works on them (`target/screenshots`) and for the guides.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use causeway_tests::process::sample;
use serde_json::{Value, json};

use super::colours::stand_out;
use super::driver::{Browser, target};
use super::stage::{Pages, Stage, write_alert_about};

/// With it, the pictures of the guides are written anew: `CAUSEWAY_WRITE_SCREENSHOTS=1 cargo test -p causeway-tests --test browser pictures`.
const WRITE: &str = "CAUSEWAY_WRITE_SCREENSHOTS";

/// Pages that people look at most, of which there are more pictures.
pub(crate) fn keep(name: &str) -> bool {
    ["board", "item", "alert", "inbox"].contains(&name)
}

/// The whole page, however long.
pub(crate) async fn picture(browser: &Browser, lang: &str, name: &str) {
    let bytes = shot(browser, true).await;
    let folder = target("screenshots").join(lang);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
}

async fn shot(browser: &Browser, whole: bool) -> Vec<u8> {
    // A picture of more than the window is as wide as a window with a scroll bar, and its page as wide as one without.
    browser.cdp("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
    let made = browser.cdp("Page.captureScreenshot", json!({ "captureBeyondViewport": whole })).await;
    browser.cdp("Emulation.setScrollbarsHidden", json!({ "hidden": false })).await;
    STANDARD.decode(made["data"].as_str().unwrap()).unwrap()
}

async fn dark(browser: &Browser, dark: bool) {
    let value = if dark { "dark" } else { "light" };
    let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
    browser.cdp("Emulation.setEmulatedMedia", features).await;
}

/// Of pages with invented people that read well.
#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_made_of_what_people_see_most() {
    let stage = Stage::set().await;
    let (hotline, police) = (stage.hotline(), stage.police());
    for kind in ["missing-person", "border-alert", "victim-handoff"] {
        let file = sample(&format!("{kind}.json"));
        hotline.run(&["send", kind, "--to", "Border Police", "--file", &file]).await;
    }
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let inbox = police.list(&["inbox", "list"]).await;
    let id = |kind: &str| inbox.iter().find(|item| item["kind"] == kind).unwrap()["id"].as_str().unwrap();
    police.run(&["accept", id("MPR"), "--eta", "today"]).await;
    let item = format!("/item/{}", id("BIA"));

    let (here, there) = (Pages::of(hotline).await, Pages::of(police).await);
    let writing = Browser::entered(&here, hotline).await;
    let reading = Browser::entered(&there, police).await;
    for lang in ["en", "ru"] {
        for (browser, name, path) in
            [(&reading, "board", "/board"), (&reading, "item", item.as_str()), (&writing, "alert", "/alert")]
        {
            browser.goto("/board").await;
            browser.speak(lang).await;
            match name {
                "alert" => write_alert_about(browser, "Rowan 07").await,
                _ => browser.goto(path).await,
            }
            browser.until("document.querySelector('.chip-ok')").await;
            dark(browser, true).await;
            picture(browser, lang, &format!("guide-{name}-dark")).await;
            // Light on dark and dark on light are two pages to whoever cannot see well.
            let faults = browser.axe().await;
            assert!(faults.is_empty(), "{name} in {lang}, dark: {faults:#?}");
            dark(browser, false).await;
            picture(browser, lang, &format!("guide-{name}")).await;
            for_the_guide(browser, lang, name).await;
        }
    }
    let draft = begin_draft(&writing).await;
    let section = format!("{draft}/idn");
    stand_out(&[
        (&reading, "board", "/board"),
        (&reading, "item", &item),
        (&reading, "inbox", "/inbox"),
        (&writing, "alert", "/alert"),
        (&writing, "draft", &draft),
        (&writing, "section", &section),
    ])
    .await;
}

/// Begins a border alert on the pages; gives its address.
async fn begin_draft(browser: &Browser) -> String {
    browser.goto("/new").await;
    browser.go("main button[value='border-alert']").await;
    browser.path().await
}

async fn for_the_guide(browser: &Browser, lang: &str, name: &str) {
    if std::env::var_os(WRITE).is_none() {
        return;
    }
    let folder = format!("{}/../docs/guide/images", env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(&folder).unwrap();
    browser.js("scrollTo(0, 0)").await;
    std::fs::write(format!("{folder}/{name}-{lang}.png"), shot(browser, false).await).unwrap();
}

impl Browser {
    /// What axe-core finds against WCAG 2.2 A and AA: which rule, where.
    pub(crate) async fn axe(&self) -> Vec<Value> {
        let file = target("peers/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(file).expect("no axe-core: tests/run installs it");
        self.driver.execute(axe, vec![]).await.unwrap();
        let run = "const done = arguments[arguments.length - 1];
            axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(
                (found) => done(found.violations.map((v) => [v.id, v.nodes.map((n) => n.html + ' ' + n.failureSummary)])),
                (error) => done(['axe has failed', String(error)]));";
        let found = self.driver.execute_async(run, vec![]).await.unwrap();
        found.json().as_array().unwrap().clone()
    }
}
