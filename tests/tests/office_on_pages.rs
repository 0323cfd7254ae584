//! What an office does on its pages all day, over HTTP without a script: lists that are narrowed and kept, several referrals at
//! once, tags, a handover with two signatures, texts put into forms; and the words in which something is refused.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use causeway_tests::process::actor::Actor;
use causeway_tests::process::http::{Answer, Pages, Stage};
use causeway_tests::process::sample;
use serde_json::Value;

const TOWN: &[(&str, &str, &str)] = &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];

/// The hotline sends these, and the police has them.
async fn sent(stage: &Stage, kinds: &[&str]) -> Vec<String> {
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    for kind in kinds {
        let file = sample(&format!("{kind}.json"));
        hotline.run(&["send", kind, "--to", "Border Police", "--file", &file]).await;
    }
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let mut ids = Vec::new();
    for kind in kinds {
        let listed = police.list(&["inbox", "list", "--kind", kind]).await;
        ids.push(listed[0]["id"].as_str().unwrap().to_owned());
    }
    ids
}

fn shows(page: &Answer, id: &str) -> bool {
    page.body.contains(&format!("href=\"/item/{id}\""))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_narrowed_kept_under_a_name_and_worked_on_several_at_once() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let ids = sent(&stage, &["border-alert", "missing-person"]).await;
    let (alert, missing) = (ids[0].as_str(), ids[1].as_str());
    let mut pages = Pages::entered(police).await;
    for number in ["7", "8"] {
        pages.post("/settings/staff", &[("number", number), ("role", "agent")]);
    }

    // Nothing chosen, then both: assigned and tagged by one form each.
    let none = pages.post("/list/chosen", &[("list", "inbox"), ("do", "tag"), ("word", "visa run")]);
    assert!(none.body.contains("Choose at least one referral"), "{}", none.body);
    let both = [("list", "inbox"), ("id", alert), ("id", missing)];
    let assigned = pages.post("/list/chosen", &[&both[..], &[("do", "number"), ("number", "7")]].concat());
    assert!(assigned.body.contains("Done, for 2 referrals."), "{}", assigned.body);
    let unknown = pages.post("/list/chosen", &[&both[..], &[("do", "number"), ("number", "9")]].concat());
    assert!(unknown.body.contains("role=\"alert\""), "{}", unknown.body);
    let tagged = pages
        .post("/list/chosen", &[&both[..1], &both[1..2], &[("do", "tag"), ("word", " Visa  RUN ")]].concat());
    assert!(tagged.body.contains("<span class=\"tag\">visa run</span>"), "{}", tagged.body);

    // Filters: each by itself, and a day that is none.
    let mut narrowed = |fields: &[(&str, &str)]| {
        let page = pages.post("/inbox", fields);
        assert_eq!(page.status, 200, "{fields:?}: {}", page.body);
        (shows(&page, alert), shows(&page, missing))
    };
    assert_eq!(narrowed(&[("tag", "visa run")]), (true, false));
    assert_eq!(narrowed(&[("kind", "MPR")]), (false, true));
    assert_eq!(narrowed(&[("org", &stage.town.ids[0])]), (true, true));
    assert_eq!(narrowed(&[("org", &stage.town.ids[1])]), (false, false));
    assert_eq!(narrowed(&[("since", "2020-01-01"), ("until", "2020-12-31")]), (false, false));
    assert_eq!(narrowed(&[("since", "2020-01-01"), ("view", "unassigned")]), (false, false));
    let no_day = pages.post("/inbox", &[("since", "yesterday")]);
    assert!(no_day.body.contains("yesterday is no day"), "{}", no_day.body);

    // A view of one's own: its address says nothing, and it is for this list.
    let kept = pages.post("/list/keep", &[("list", "inbox"), ("tag", "visa run"), ("name", "Visa <runs>")]);
    let address = kept.location().to_owned();
    assert!(address.starts_with("/inbox?saved=") && !address.contains("visa"), "{} {}", address, kept.body);
    let view = pages.get(&address);
    assert!(view.body.contains("aria-current=\"true\">Visa &#60;runs&#62;</a>"), "{}", view.body);
    assert!(shows(&view, alert) && !shows(&view, missing));
    assert!(!pages.get("/sent").body.contains("Visa &#60;runs"));
    assert_eq!(pages.get("/inbox?saved=0123456789abcdef").status, 200, "one that is gone is the whole list");
    let nameless = pages.post("/list/keep", &[("list", "inbox"), ("kind", "MPR"), ("name", " ")]);
    assert!(nameless.body.contains("no name for a view"), "{}", nameless.body);
    let id = address.rsplit('=').next().unwrap().to_owned();
    let gone = pages.post("/list/take-away", &[("list", "inbox"), ("saved", &id)]);
    assert_eq!(gone.location(), "/inbox");
    assert!(!pages.get("/inbox").body.contains("saved="));

    // Both in one file, each on a line; the log says so.
    let file = pages.post("/list/chosen", &[&both[..], &[("do", "export")]].concat());
    assert!(file.head.contains("attachment; filename=\"referrals.jsonl\""), "{}", file.head);
    let cases: Vec<Value> = file.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.len(), 2, "{}", file.body);
    assert!(cases.iter().all(|case| case["type"] == "causeway-case") && !file.body.contains("visa run"));
    assert!(pages.get("/log").body.contains("Exported 2 referral(s), json"));

    // On the referral itself; the other side never hears of it.
    let item = pages.post(&format!("/item/{alert}/tag"), &[("add", "second")]);
    assert_eq!(item.location(), format!("/item/{alert}#tags"));
    pages.post(&format!("/item/{alert}/tag"), &[("remove", "visa run")]);
    let item = pages.get(&format!("/item/{alert}"));
    assert!(item.body.contains("<b>second</b>") && !item.body.contains("<b>visa run</b>"), "{}", item.body);
    assert!(!pages.get(&format!("/print/{alert}")).body.contains("second"), "no paper has it");
    assert_eq!(pages.post(&format!("/item/{alert}/tag"), &[("add", &"x".repeat(41))]).status, 422);
    pages.post("/lock", &[]);
    hotline.run(&["sync"]).await;
    let theirs = hotline.list(&["sent", "list"]).await;
    assert!(theirs.iter().all(|entry| entry["tags"].as_array().unwrap().is_empty()), "{theirs:?}");
    terminal(police, alert).await;
}

/// The same from a terminal.
async fn terminal(police: &Actor, alert: &str) {
    police.run(&["tag", "add", alert, "airport"]).await;
    let of_one: Vec<String> =
        police.list(&["tag", "list", alert]).await.iter().map(Value::to_string).collect();
    assert!(of_one.len() == 2 && of_one[0].contains("airport"), "{of_one:?}");
    police.run(&["tag", "remove", alert, "second"]).await;
    assert_eq!(police.list(&["tag", "list"]).await[0]["referrals"], 1);
    assert_eq!(police.list(&["inbox", "list", "--tag", "Airport"]).await.len(), 1);
    assert_eq!(police.list(&["inbox", "list", "--until", "2020-01-01"]).await.len(), 0);
    police.run(&["view", "add", "At the airport", "--tag", "airport"]).await;
    assert_eq!(police.list(&["view", "show", "At the airport"]).await.len(), 1);
    assert_eq!(police.list(&["view", "list"]).await[0]["tag"], "airport");
    police.run(&["view", "remove", "At the airport"]).await;
    police.run(&["erase", alert, "--reason", "subject_request", "--yes"]).await;
    assert_eq!(police.list(&["tag", "list"]).await.len(), 0, "erased with the case");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handover_is_signed_on_both_sides_pages_and_texts_and_refusals_are_in_the_readers_words() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let id = sent(&stage, &["victim-handoff"]).await.remove(0);
    let own = hotline.list(&["sent", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    let (mut theirs, mut ours) = (Pages::entered(police).await, Pages::entered(hotline).await);
    texts(&mut theirs, &id);
    refusals(&mut theirs, &id);

    let handover = format!("/item/{id}/handed_over");
    theirs.post(&format!("/item/{id}/accept"), &[("eta", "PT1H")]);
    theirs.post(&format!("/item/{id}/start"), &[]);
    let form = theirs.get(&handover);
    assert!(form.status == 200 && form.body.contains("name=\"condition\""), "{}", form.body);
    // What is missing is asked for, and what was typed stays.
    let place = ("place", "Gate <4>");
    let short = theirs.post(&handover, &[place, ("present", "yes"), ("by", "12")]);
    assert!(
        short.body.contains("role=\"alert\"") && short.body.contains("Gate &#60;4&#62;"),
        "{}",
        short.body
    );
    let record = [
        place,
        ("at", "2026-11-01T14:05"),
        ("present", "yes"),
        ("condition", "Calm, no injuries."),
        ("documents", "passport\nticket"),
        ("by", "12"),
        ("to", "7"),
    ];
    let signed = theirs.post(&handover, &record);
    assert_eq!(
        (signed.status, signed.location()),
        (303, &*format!("/item/{id}#handover")),
        "{}",
        signed.body
    );
    let one = theirs.get(&format!("/item/{id}"));
    assert!(
        one.body.contains("One side has signed") && one.body.contains("passport, ticket"),
        "{}",
        one.body
    );

    // The other side reads it, and signs the same.
    let at = format!("/item/{own}/handed_over");
    let seen = ours.until(&at, "The other side has signed this record").await;
    assert!(seen.body.contains("Calm, no injuries.") && seen.body.contains("name=\"sign\""), "{}", seen.body);
    let signed = ours.post(&at, &[("sign", "yes")]);
    assert_eq!(signed.status, 303, "{}", signed.body);
    for paper in [format!("/item/{own}"), format!("/print/{own}")] {
        let both = ours.get(&paper);
        assert!(both.body.contains("Both sides have signed this record"), "{}", both.body);
        assert_eq!(both.body.matches("Signed: <time").count(), 2, "{paper}: {}", both.body);
    }
    theirs.until(&format!("/item/{id}"), "Both sides have signed this record").await;
}

/// A text of the organisation goes into each form below what stands there.
fn texts(pages: &mut Pages, id: &str) {
    pages.post("/settings/templates", &[("name", "Flight"), ("text", "Which <flight>?")]);
    let insert = [("insert", "yes"), ("template", "Flight")];
    let (note, question) = (format!("/item/{id}/note"), format!("/item/{id}/info_request"));
    for (path, field) in [(&*note, "text"), (&*question, "text"), ("/alert", "approach")] {
        let page = pages.post(path, &[&insert[..], &[(field, "kept")]].concat());
        assert!(page.body.contains("kept\nWhich &#60;flight&#62;?</textarea>"), "{path}: {}", page.body);
        assert!(page.body.contains("data-into="), "{path}");
    }
    assert_eq!(pages.post("/texts", &[("name", "Flight")]).body, "Which <flight>?");
    assert_eq!(pages.post("/texts", &[("name", "none")]).status, 404);
}

/// Refusals in Russian, by the field that is wrong.
fn refusals(pages: &mut Pages, id: &str) {
    pages.post("/language", &[("lang", "ru"), ("back", "/board")]);
    let nobody = pages.post("/alert", &[("seen", ""), ("about", "forced_return")]);
    assert!(nobody.body.contains("Выберите хотя бы одну организацию"), "{}", nobody.body);
    let visible = pages.post(&format!("/item/{id}/note"), &[("text", "x"), ("visible", "everybody")]);
    assert!(visible.body.contains("Поле «Кто это увидит»: «everybody»"), "{}", visible.body);
    let registrar = pages.post("/registrar/invite", &[("name", "x"), ("kind", "ngo"), ("country", "RU")]);
    assert!(registrar.body.contains("Это не рабочее место регистратора"), "{}", registrar.body);
    let item = pages.get(&format!("/item/{id}"));
    for raw in ["Cyrl", "Latn", "translated_from", "sha256", ".0."] {
        assert!(!item.body.contains(raw), "{raw}: {}", item.body);
    }
    pages.post("/language", &[("lang", "en"), ("back", "/board")]);
}
