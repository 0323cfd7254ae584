//! Attachments in a browser: chosen, dropped, pasted; seen; and what a file of somebody else must not become.

use std::path::{Path, PathBuf};
use std::time::Duration;

use causeway_tests::process::actor::Actor;
use causeway_tests::process::sample;

use super::driver::Browser;
use super::looks::picture;
use super::stage::{Pages, Stage};

/// A picture by its name that is a page of its own to whoever opens it as one.
const SVG: &str =
    "<svg xmlns='http://www.w3.org/2000/svg' onload='parent.ran = 1'><script>window.ran = 1</script></svg>";
const NAMED: &str = "<img src=x onerror=window.ran=1>\u{202e}.png";
/// Markup of a name, or a script of a file, that came to life.
const ALIVE: &str = "window.ran || document.querySelector('main img:not(.seen img), main script, main svg:not(.icon)') || /[\\u202a-\\u202e]/.test(document.body.innerText)";

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A draft that lacks nothing; gives its address.
async fn draft(hotline: &Actor) -> String {
    let words = [
        "drafts",
        "new",
        "border-alert",
        "--to",
        "Border Police",
        "alert_type=outgoing_victim",
        "where=Moscow Sheremetyevo Airport",
        "when.eta=PT1H",
        "persons[0].names[0].full=Rowan 07",
        "persons[0].sex=2",
        "persons[0].age.min=16",
        "persons[0].age.max=17",
        "request=[\"separate_and_interview\"]",
        "approach_note=Speak to her alone.",
        "callback=+74950000000",
        "subject_wants_help=unknown",
    ];
    format!("/draft/{}", hotline.run(&words).await["id"].as_str().unwrap())
}

/// Chooses what it is and the file, and presses the button.
async fn attach(browser: &Browser, section: &str, path: &Path) {
    browser.press(&format!("label[for=as-{section}]")).await;
    let path = path.canonicalize().unwrap();
    browser.find("#file").await.send_keys(path.to_str().unwrap()).await.unwrap();
    browser.go("form[data-upload] .primary").await;
}

/// Pictures are asked for when somebody comes near them.
async fn looks_at_files(browser: &Browser) {
    browser.js("document.querySelector('ul.files').scrollIntoView()").await;
}

/// The page in both languages, as people see it and as axe does.
async fn is_fit(browser: &Browser, name: &str) {
    for lang in ["ru", "en"] {
        browser.speak(lang).await;
        looks_at_files(browser).await;
        browser
            .until("[...document.querySelectorAll('.seen img')].every((img) => img.naturalWidth > 0)")
            .await;
        picture(browser, lang, name).await;
        let faults = browser.axe().await;
        assert!(faults.is_empty(), "{name} in {lang}: {faults:#?}");
        assert!(!browser.is(ALIVE).await, "{name} in {lang}: {}", browser.words().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_attached_seen_and_sent_and_no_file_comes_to_life() {
    let stage = Stage::set().await;
    let address = draft(stage.hotline()).await;
    let (here, there) = (Pages::of(stage.hotline()).await, Pages::of(stage.police()).await);
    let hotline = Browser::entered(&here, stage.hotline()).await;
    let files = format!("{address}/files");
    hotline.goto(&files).await;
    attach(&hotline, "PHO", Path::new(&sample("photo.jpg"))).await;
    hotline.until("document.querySelector('.seen img').naturalWidth > 0").await;
    let svg = file(stage.folder.path(), NAMED, SVG.as_bytes());
    attach(&hotline, "DOC", &svg).await;
    hotline.until("document.querySelectorAll('ul.files > li').length === 2").await;
    hotline.until("document.querySelector('ul.files > li > span.small')").await;
    assert!(hotline.words().await.contains("cannot be shown"), "{}", hotline.words().await);

    // Nothing is attached that nobody has said what it is; what is dropped and pasted is.
    let event = |kind: &str, class: &str, field: &str, name: &str| {
        format!(
            "(() => {{ const data = new DataTransfer(); data.items.add(new File(['noted'], '{name}'));
            document.body.dispatchEvent(new {class}('{kind}', {{ {field}: data, bubbles: true, cancelable: true }})); return 1; }})()"
        )
    };
    hotline.js(&event("drop", "DragEvent", "dataTransfer", "dropped.txt")).await;
    hotline.until("document.querySelector('.said').textContent !== ''").await;
    for (kind, class, field, name) in [
        ("drop", "DragEvent", "dataTransfer", "dropped.txt"),
        ("paste", "ClipboardEvent", "clipboardData", "pasted.txt"),
    ] {
        hotline.press("label[for=as-DOC]").await;
        hotline.js(&event(kind, class, field, name)).await;
        hotline.until(&format!("document.querySelector('ul.files').textContent.includes('{name}')")).await;
    }
    is_fit(&hotline, "draft-files").await;
    hotline.goto(&format!("{address}/check")).await;
    is_fit(&hotline, "draft-check-files").await;
    hotline.go("form.form .primary").await;
    hotline.until("document.querySelector('.receipt')").await;

    let police = Browser::entered(&there, stage.police()).await;
    police.until("document.querySelector('.card-urgent .ref')").await;
    let item = police.js("document.querySelector('.card-urgent .ref').pathname").await;
    let item = item.as_str().unwrap();
    police.goto(item).await;
    looks_at_files(&police).await;
    police.until("document.querySelector('.seen img').naturalWidth > 0").await;
    police.until("document.querySelector('ul.files > li > span.small')").await;
    is_fit(&police, "item-files").await;
    // A file that is asked for as a page is none: it is saved, and the page stays.
    for link in [
        "[...document.querySelectorAll('ul.files a[download]')].find((a) => a.closest('li').textContent.includes('onerror')).pathname",
    ] {
        let file = police.js(link).await;
        police.js(&format!("location.assign('{}')", file.as_str().unwrap())).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(police.path().await, item);
        assert!(!police.is(ALIVE).await);
    }
    for browser in [&hotline, &police] {
        assert_eq!(browser.js("window.forbidden").await, serde_json::json!([]));
        let console = browser.driver.get_log("browser").await.unwrap();
        let others: Vec<_> = console
            .iter()
            .filter(|entry| entry.level == "SEVERE" && !entry.message.contains("/preview - Failed to load"))
            .collect();
        assert!(others.is_empty(), "{others:?}");
    }
}
