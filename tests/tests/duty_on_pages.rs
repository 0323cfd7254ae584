//! What colleagues of one organisation share on the pages: notes, who has which referral, the roster, what one shift tells the
//! next, texts; and what nobody else is ever told.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use causeway_client::engine::threads::moment;
use causeway_common::time::{Clock as _, SystemClock, Timestamp};
use causeway_tests::process::actor::{Actor, VAULT_MEMORY};
use causeway_tests::process::forms::{Secrets, files_below};
use causeway_tests::process::http::{PATIENCE, Pages, Stage};
use causeway_tests::process::sample;
use serde_json::Value;

const TOWN: &[(&str, &str, &str)] = &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];
const FOR_US: &str = "Зозуля: ask the lieutenant about the grey van";
const FOR_ME: &str = "Крячок: my own doubt about her papers";

/// A second workstation of the police.
async fn second_desk(stage: &Stage) -> Actor {
    let police = &stage.town.orgs[1];
    let code = police.run(&["device", "invite", "--name", "Desk two"]).await;
    let desk = Actor::new(stage.folder(), "Desk Two", "warn");
    let join = [&["join", code["invite"].as_str().unwrap(), "--wait", "0"], &VAULT_MEMORY[..]].concat();
    let asked = desk.run(&join).await;
    police.run(&["device", "admit", asked["id"].as_str().unwrap()]).await;
    desk.run(&join).await;
    // Each leaves keys for the others.
    for actor in [&desk, police, &stage.town.orgs[0]] {
        actor.run(&["sync"]).await;
    }
    desk
}

async fn alert(stage: &Stage) {
    let file = sample("border-alert.json");
    stage.town.orgs[0].run(&["send", "border-alert", "--to", "Border Police", "--file", &file]).await;
    stage.town.orgs[0].run(&["sync"]).await;
}

/// Looks at what a command says until it says this.
async fn until(actor: &Actor, words: &[&str], is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let begun = tokio::time::Instant::now();
    loop {
        actor.run(&["sync"]).await;
        let said = actor.list(words).await;
        if is_so(&said) {
            return said;
        }
        assert!(begun.elapsed() < PATIENCE, "{}: {words:?} never says it: {said:?}", actor.name);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The referral's number, once it is there.
async fn arrived(actor: &Actor) -> String {
    let listed = until(actor, &["inbox", "list"], |list| !list.is_empty()).await;
    listed[0]["id"].as_str().unwrap().to_owned()
}

fn notes(shown: &[Value]) -> Vec<(String, String)> {
    let notes = shown[0]["notes"].as_array().unwrap().iter();
    let text = |note: &Value, field: &str| note[field].as_str().unwrap().to_owned();
    notes.map(|note| (text(note, "visible"), text(note, "text"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_goes_to_whom_its_label_says_and_nobody_else_and_is_erased_with_the_case() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let desk = second_desk(&stage).await;
    alert(&stage).await;
    let id = arrived(police).await;
    arrived(&desk).await;
    let mut pages = Pages::entered(police).await;
    let address = format!("/item/{id}");
    let fresh = pages.get(&address);
    let org = "value=\"org\" checked";
    assert!(fresh.body.contains(org), "for the organisation, unless somebody chooses: {}", fresh.body);
    assert!(fresh.body.contains("Only our organisation (Border Police)") && fresh.body.contains("Only me"));

    // What is empty, too long or for nobody in particular is refused, and what was typed stays.
    let note = format!("{address}/note");
    for (text, visible) in
        [(" ", "org"), (&*"x".repeat(4001), "org"), ("kept <b>", "everybody"), ("kept <b>", "")]
    {
        let refused = pages.post(&note, &[("text", text), ("visible", visible)]);
        assert!(refused.body.contains("role=\"alert\""), "{text}: {}", refused.body);
        assert!(!text.starts_with("kept") || refused.body.contains("kept &#60;b&#62;</textarea>"));
    }
    for (text, visible) in [(FOR_US, "org"), (FOR_ME, "me")] {
        let kept = pages.post(&note, &[("text", text), ("visible", visible)]);
        assert_eq!((kept.status, kept.location()), (303, &*format!("{address}#talk")), "{}", kept.body);
    }
    pages.post(&format!("{address}/accept"), &[("eta", "PT1H"), ("text", "We are on our way.")]);
    let item = pages.get(&address);
    let talk = item.body.split("<ol class=\"notes\">").nth(1).unwrap().split("</ol>").next().unwrap();
    let entries: Vec<&str> = talk.split("<li class=\"").skip(1).collect();
    assert_eq!(entries.len(), 3, "{talk}");
    for (entry, class, label, text) in [
        (entries[0], "note-org", "Only our organisation", FOR_US),
        (entries[1], "note-me", "Only me", FOR_ME),
        (entries[2], "note-shared", "Visible to Angel Hotline", "We are on our way."),
    ] {
        assert!(entry.starts_with(class) && entry.contains(label) && entry.contains(text), "{entry}");
    }

    // The colleague reads what is for all; the other organisation what is for it.
    let shown = until(&desk, &["inbox", "show", &id], |shown| !notes(shown).is_empty()).await;
    assert_eq!(notes(&shown), [("org".into(), FOR_US.into())]);
    let theirs = until(hotline, &["sent", "list"], |list| list[0]["work"] == "accepted").await;
    let theirs = hotline.list(&["sent", "show", theirs[0]["id"].as_str().unwrap()]).await;
    assert!(theirs[0].to_string().contains("We are on our way.") && notes(&theirs).is_empty());

    // No file, no paper and no byte at the relay or the hotline has it.
    let out = stage.folder().join("exports");
    std::fs::create_dir(&out).unwrap();
    for format in ["json", "text", "bundle", "pdf"] {
        let file = out.join(format).display().to_string();
        let words = ["export", &id, "--format", format, "--out", &file];
        police.attempt(&words, &causeway_tests::process::Death::Never).await;
    }
    assert!(std::fs::read_dir(&out).unwrap().count() >= 2, "something was exported");
    let paper = pages.post(&format!("{address}/print"), &[]);
    assert_eq!(paper.location(), format!("/print/{id}"), "{}", paper.body);
    assert!(pages.get("/log").body.contains("Printed a referral"));
    std::fs::write(out.join("paper"), pages.get(&format!("/print/{id}")).body).unwrap();
    std::fs::write(out.join("theirs"), theirs[0].to_string()).unwrap();
    let mut secrets = Secrets::default();
    secrets.text("a note for us", FOR_US);
    secrets.text("a note for one", FOR_ME);
    let places = [&out, &stage.town.place.data, &hotline.home, &desk.home];
    // Sockets hold nothing.
    let files: Vec<_> =
        places.into_iter().flat_map(|place| files_below(place)).filter(|path| path.is_file()).collect();
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let (found, bytes) = secrets.find(&files);
    assert_eq!(found, Vec::<String>::new());
    assert!(bytes > 10_000);

    // Erased with the case, on both workstations.
    police.run(&["erase", &id, "--reason", "subject_request", "--yes"]).await;
    assert!(!pages.get(&address).body.contains(FOR_US));
    until(&desk, &["inbox", "list"], |list| list.iter().all(|entry| entry["work"] == "erased")).await;
    let gone = desk.attempt(&["notes", "list", &id], &causeway_tests::process::Death::Never).await;
    assert!(!gone.status.success() && gone.out.is_empty(), "{:?}", gone.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_referral_is_seen_on_every_workstation_and_the_last_word_stands() {
    let stage = Stage::set(TOWN).await;
    let police = &stage.town.orgs[1];
    let desk = second_desk(&stage).await;
    alert(&stage).await;
    let id = arrived(police).await;
    arrived(&desk).await;
    let mut pages = Pages::entered(police).await;
    let assign = format!("/item/{id}/assign");
    let nameless = pages.post(&assign, &[("to", "me")]);
    assert!(nameless.status == 422 && nameless.body.contains("Settings, Staff"), "{}", nameless.body);
    assert!(pages.get("/inbox?view=mine").body.contains("Settings, Staff"));
    for (number, role) in [("7", "agent"), ("8", "supervisor")] {
        pages.post("/settings/staff", &[("number", number), ("role", role)]);
    }
    assert_eq!(
        pages.post("/settings/staff/me", &[("number", "9")]).status,
        200,
        "who is not listed is nobody here"
    );
    assert_eq!(pages.post("/settings/staff/me", &[("number", "7")]).location(), "/settings/staff");
    assert_eq!(pages.post(&assign, &[("to", "number"), ("number", "9")]).status, 422);

    let listed = |page: &str| page.contains(&format!("/item/{id}"));
    assert!(
        listed(&pages.get("/inbox?view=unassigned").body) && !listed(&pages.get("/inbox?view=mine").body)
    );
    assert_eq!(pages.post(&assign, &[("to", "me")]).location(), format!("/item/{id}"));
    assert!(
        !listed(&pages.get("/inbox?view=unassigned").body) && listed(&pages.get("/inbox?view=mine").body)
    );
    assert!(pages.get("/inbox").body.contains("data-label=\"Assigned to\">7</td>"));
    assert!(pages.get("/log").body.contains("Assigned a referral"));
    assert!(pages.get(&format!("/item/{id}")).body.contains("<dt>Assigned to</dt><dd>7</dd>"));

    let has =
        |number: &'static str| move |list: &[Value]| list.iter().any(|entry| entry["assigned"] == number);
    until(&desk, &["inbox", "list"], has("7")).await;
    desk.run(&["staff", "me", "8"]).await;
    assert_eq!(desk.list(&["inbox", "list", "--mine"]).await.len(), 0);
    desk.run(&["assign", &id, "--me"]).await;
    desk.run(&["sync"]).await;
    assert_eq!(desk.list(&["inbox", "list", "--mine"]).await.len(), 1);
    until(police, &["inbox", "list"], has("8")).await;
    desk.run(&["assign", &id, "--nobody"]).await;
    desk.run(&["sync"]).await;
    until(police, &["inbox", "list", "--unassigned"], |list| !list.is_empty()).await;
    // The other organisation hears nothing of it.
    let theirs = stage.town.orgs[0].list(&["sent", "list"]).await;
    assert_eq!(theirs[0]["assigned"], Value::Null);
}

fn in_hours(hours: u64) -> String {
    moment(Timestamp(SystemClock.now().0 + hours * 3_600_000))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_in_the_roster_is_shown_on_every_page_and_one_shift_tells_the_next() {
    let stage = Stage::set(TOWN).await;
    let police = &stage.town.orgs[1];
    let desk = second_desk(&stage).await;
    let mut pages = Pages::entered(police).await;
    let banner = |page: &str| !page.contains("id=\"nobody\" role=\"alert\" hidden");
    assert!(!banner(&pages.get("/board").body), "without a roster nobody is missed");
    let mut set = |members: &str, zone: &str| {
        let fields = [("members", members), ("zone", zone), ("begins", "2026-01-05"), ("at", "09:00")];
        pages.post("/settings/roster", &fields)
    };
    assert!(set("7", "Mars/Olympus").body.contains("Mars/Olympus is no time zone"));
    assert!(set("", "UTC").status == 200, "refused with the form");
    assert_eq!(set("7, -", "Europe/Berlin").location(), "/settings/roster");
    let week = police.run(&["roster", "show"]).await;
    assert_eq!(week["rotation"]["members"], serde_json::json!(["7", "-"]));
    // One of the two weeks is this one.
    assert_eq!(week["now"]["who"] == "7", week["next"]["who"].is_null());
    assert_eq!(set("-", "Europe/Berlin").location(), "/settings/roster");
    for path in ["/board", "/inbox", "/settings", "/help"] {
        let page = pages.get(path).body;
        assert!(banner(&page) && page.contains("Nobody is on duty"), "{path}");
    }
    pages.post("/language", &[("lang", "ru"), ("back", "/board")]);
    assert!(pages.get("/board").body.contains("На дежурстве никого нет"));
    pages.post("/language", &[("lang", "en"), ("back", "/board")]);

    // Who stands in comes first, on the other workstation too, and is taken back.
    let (from, until_then) = (in_hours(0), in_hours(4));
    let fields = [("to", "8"), ("from", &*from), ("until", &*until_then)];
    assert_eq!(pages.post("/settings/roster/override", &fields).location(), "/settings/roster");
    let board = pages.get("/board").body;
    assert!(!banner(&board) && board.contains("<dt>On duty now</dt><dd>8</dd>"), "{board}");
    assert!(board.contains("UTC"), "whose time it is is said");
    let there = until(&desk, &["roster", "show"], |said| said[0]["now"]["who"] == "8").await;
    assert_eq!(there[0]["next"]["who"], Value::Null);
    let over = there[0]["overrides"][0]["id"].as_str().unwrap().to_owned();
    let past = [("to", "8"), ("from", "2020-01-01 00:00"), ("until", "2020-01-02 00:00")];
    assert!(
        pages.post("/settings/roster/override", &past).body.contains("Nobody can stand in for this time")
    );

    // What a shift leaves stands on the other board until somebody has read it.
    let left = "Two buses are late; call the duty officer at six.";
    pages.post("/settings/roster/handover", &[("text", left)]);
    let there = until(&desk, &["roster", "show"], |said| {
        said[0]["handovers"].as_array().is_some_and(|n| !n.is_empty())
    })
    .await;
    assert_eq!(
        (&there[0]["handovers"][0]["text"], &there[0]["handovers"][0]["read_by"]),
        (&left.into(), &Value::Null)
    );
    assert!(pages.get("/board").body.contains(left));
    desk.run(&["roster", "read"]).await;
    desk.run(&["sync"]).await;
    until(police, &["roster", "show"], |said| !said[0]["handovers"][0]["read_by"].is_null()).await;
    assert!(!pages.get("/board").body.contains(left));
    assert!(pages.get("/settings/roster").body.contains("read by "));

    desk.run(&["roster", "clear", &over]).await;
    desk.run(&["sync"]).await;
    until(police, &["roster", "show"], |said| said[0]["now"]["who"].is_null()).await;
    assert!(banner(&pages.get("/board").body));
    pages.post("/settings/roster/clear", &[]);
    assert!(!banner(&pages.get("/board").body));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alarm_is_silenced_by_name_and_no_card_goes_and_texts_are_put_in_without_a_script() {
    let stage = Stage::set(TOWN).await;
    let police = &stage.town.orgs[1];
    alert(&stage).await;
    let id = arrived(police).await;
    let mut pages = Pages::entered(police).await;
    let silent = |page: &str| !page.contains("id=\"silence\" role=\"status\" hidden");
    assert!(!silent(&pages.get("/board").body));
    assert_eq!(pages.post("/duty/snooze", &[]).status, 422, "nobody silences it without a name");
    assert_eq!(pages.post("/duty/snooze", &[("by", "7")]).location(), "/board");
    let board = pages.get("/board").body;
    assert!(silent(&board) && board.contains("7 has silenced the alarm"), "{board}");
    assert!(board.contains(&format!("/item/{id}")) && board.contains("count-urgent\" id=\"count-urgent\""));
    assert!(pages.get("/log").body.contains("Silenced the alarm"));
    // What comes after it sounds.
    alert(&stage).await;
    until(police, &["inbox", "list"], |list| list.len() == 2).await;
    assert!(!silent(&pages.get("/board").body));

    let text = "Which <flight>?\nPlease send the number.";
    let fields = [("name", "Ask \"flight\""), ("text", text)];
    assert_eq!(pages.post("/settings/templates", &fields).location(), "/settings/templates");
    assert!(
        pages
            .post("/settings/templates", &[("name", " "), ("text", "x")])
            .body
            .contains("role=\"alert\" tabindex")
    );
    let step = format!("/item/{id}/info_request");
    let chosen = [("text", "Good day."), ("template", "Ask \"flight\""), ("insert", "yes")];
    let filled = pages.post(&step, &chosen);
    assert!(
        filled.body.contains("Good day.\nWhich &#60;flight&#62;?\nPlease send the number.</textarea>"),
        "{}",
        filled.body
    );
    assert_eq!(police.list(&["sent", "list"]).await.len(), 0);
    assert_eq!(police.run(&["inbox", "show", &id]).await["work"], "seen", "nothing was sent by that");
    pages.post("/settings/templates/remove", &[("name", "Ask \"flight\"")]);
    assert!(!pages.get(&step).body.contains("name=\"template\""));
}
