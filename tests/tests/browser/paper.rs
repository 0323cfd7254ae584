//! What comes out of a printer.

use std::process::Command;

use thirtyfour::common::print::PrintParameters;

use super::driver::Browser;
use super::stage::{Pages, Stage, send_alert};

#[tokio::test(flavor = "multi_thread")]
async fn paper_has_the_case_in_the_readers_letters_and_nothing_of_the_screen() {
    let stage = Stage::set().await;
    let pages = Pages::of(stage.hotline()).await;
    let browser = Browser::entered(&pages, stage.hotline()).await;
    browser.speak("ru").await;
    let item = send_alert(&browser).await;
    browser.goto(&item.replace("/item/", "/print/")).await;
    let pdf = browser.driver.print_page(PrintParameters::default()).await.unwrap();
    let file = stage.folder.path().join("page.pdf");
    std::fs::write(&file, pdf).unwrap();
    let text = Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output();
    let text = String::from_utf8(text.expect("no pdftotext: tests/run installs it").stdout).unwrap();
    for wanted in ["Канарейкина", "Border Police", "Получено"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let title = browser.find("h1").await.text().await.unwrap();
    let last = title.lines().last().unwrap().split(' ').next_back().unwrap();
    assert!(text.contains(last), "{last}: {text}");
    for screen in
        [".pages .button", ".pages li:first-child a span", "button.lock", "header button[name=lang]"]
    {
        let words = browser.find(screen).await.text().await.unwrap();
        assert!(!words.is_empty() && !text.contains(&words), "{words}: {text}");
    }
}
