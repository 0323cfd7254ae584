//! A workstation is lost: on another machine its inbox comes back, by pages alone, out of the backup and with the recovery code.

use causeway_tests::process::actor::Actor;
use causeway_tests::process::sample;

use super::driver::Browser;
use super::stage::{Pages, Stage};
use super::walk::is_fit;

#[tokio::test(flavor = "multi_thread")]
async fn the_recovery_code_brings_the_inbox_back_on_a_fresh_machine() {
    let stage = Stage::set().await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let alert = sample("border-alert.json");
    hotline.run(&["send", "border-alert", "--to", "Border Police", "--file", &alert]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let inbox = police.list(&["inbox", "list"]).await;
    let id = inbox[0]["id"].as_str().unwrap();
    police.run(&["accept", id, "--eta", "today", "--text", "We wait at the gate."]).await;

    let backups = stage.folder.path().join("stick").display().to_string();
    let code = {
        let pages = Pages::of(police).await;
        let browser = Browser::entered(&pages, police).await;
        let code = onto_paper(&browser, &police.passphrase()).await;
        back_up(&browser, &backups).await;
        pages.kill().await;
        code
    };
    std::fs::remove_dir_all(&police.home).unwrap();

    let fresh = Actor::new(stage.folder.path(), "Fresh Machine", "warn");
    let pages = Pages::of(&fresh).await;
    let browser = Browser::start(&pages).await;
    browser.driver.goto(pages.open.clone()).await.unwrap();
    browser.until("document.querySelector('#invite')").await;
    browser.go("main a[href='/begin/restore']").await;
    for lang in ["ru", "en"] {
        browser.speak(lang).await;
        is_fit(&browser, lang, "begin-restore").await;
    }
    // What is wrong is said, and nothing is begun.
    for (folder, secret, words) in [
        ("stick", code.as_str(), "root of the machine"),
        ("/nowhere/at/all", &code, "B-104"),
        (&backups, "four quiet words instead", "V-103"),
    ] {
        browser.fill("#folder", folder).await;
        browser.fill("#secret", secret).await;
        browser.go("main .primary").await;
        let said = browser.find(".errors").await.text().await.unwrap();
        assert!(said.contains(words), "{said}");
        assert!(browser.is("document.querySelector('#secret').value === ''").await);
        assert!(browser.is(&format!("document.querySelector('#folder').value === '{folder}'")).await);
    }
    browser.fill("#secret", &code.to_lowercase()).await;
    browser.go("main .primary").await;
    assert_eq!(browser.path().await, "/begin/restored", "{}", browser.words().await);
    // The statuses of what was refused are for programs, and no fault of this page.
    browser.driver.get_log("browser").await.unwrap();
    for lang in ["ru", "en"] {
        browser.speak(lang).await;
        is_fit(&browser, lang, "begin-restored").await;
    }

    browser.go("main .primary").await;
    browser.until("document.querySelector('.chip-ok')").await;
    browser.goto("/inbox").await;
    browser.go(&format!("main a[href='/item/{id}']")).await;
    let words = browser.words().await;
    assert!(words.contains("We wait at the gate.") && words.contains("Accepted"), "{words}");
    // It is the same workstation again: others reach it.
    hotline.run(&["send", "border-alert", "--to", "Border Police", "--file", &alert]).await;
    hotline.run(&["sync"]).await;
    browser.goto("/board").await;
    browser.until("document.querySelector('#answer .card .primary')").await;
    browser.goto("/begin/restore").await;
    assert_eq!(browser.path().await, "/board", "there is a home now");
}

/// A recovery code, made and written down.
async fn onto_paper(browser: &Browser, passphrase: &str) -> String {
    browser.goto("/begin/code").await;
    browser.fill("#passphrase", passphrase).await;
    browser.go("main .primary").await;
    let code = browser.find("p.groups").await.text().await.unwrap();
    let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
    browser.fill("#code", &code).await;
    browser.go("main .primary").await;
    assert_eq!(browser.path().await, "/begin/compare");
    code
}

async fn back_up(browser: &Browser, folder: &str) {
    browser.goto("/settings/backup").await;
    browser.fill("#folder", folder).await;
    browser.go("main .primary").await;
    browser.go("main .primary, main .danger").await;
    assert!(browser.words().await.contains("is finished"), "{}", browser.words().await);
}
