//! The pages beside referrals, over HTTP without a script: search, organisations, statistics, the log, settings, the registrar.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use causeway_tests::process::actor::{Actor, VAULT_MEMORY};
use causeway_tests::process::http::{Answer, Pages, Stage};
use causeway_tests::process::sample;

const TOWN: &[(&str, &str, &str)] = &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];

/// What every page keeps to; gives it back.
fn whole(page: Answer, path: &str, lang: &str) -> Answer {
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    assert!(page.body.contains(&format!("<html lang=\"{lang}\" translate=\"no\">")), "{path}");
    assert!(page.body.len() < 60 * 1024, "{path} has {} bytes", page.body.len());
    assert!(!page.body.contains("style=") && !page.body.contains("onclick"), "{path}");
    for field in ["<textarea", "type=\"text\"", "type=\"search\"", "type=\"tel\""] {
        for place in page.body.split(field).skip(1) {
            let tag = place.split('>').next().unwrap();
            assert!(tag.contains("autocomplete=\"off\""), "{path}: {field}{tag}");
        }
    }
    // A text that is missing is shown by its name: small letters with hyphens, and nothing else.
    for words in page.body.split('>').skip(1).filter_map(|rest| rest.split('<').next()) {
        let name = words.trim();
        let is_name = name.contains('-') && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(!is_name || name == "in-person", "{path}: {name}");
    }
    page
}

fn between<'a>(text: &'a str, begins: &str, ends: &str) -> &'a str {
    let at = text.find(begins).unwrap_or_else(|| panic!("{begins}: {text}")) + begins.len();
    text[at..].split(ends).next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_whole_what_is_sought_is_in_no_address_and_what_was_opened_stands_in_the_log() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let report = sample("missing-person.json");
    hotline.run(&["send", "missing-person", "--to", "Border Police", "--file", &report]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let sought = police.list(&["inbox", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    let person = std::fs::read_to_string(&report).unwrap();
    let name = between(&person, "\"family\": \"", "\"").to_owned();
    let mut pages = Pages::entered(police).await;
    let org = format!("/organisation/{}", stage.town.ids[0]);
    let own = format!("/organisation/{}", stage.town.ids[1]);
    let log = pages.get("/log");
    assert!(!log.body.contains("Opened a referral"), "{}", log.body);
    for lang in ["en", "ru"] {
        pages.post("/language", &[("lang", lang), ("back", "/board")]);
        for path in [
            "/search",
            "/organisations",
            &org,
            &own,
            "/statistics",
            "/log",
            "/settings",
            "/settings/devices",
            "/settings/devices/joining",
            "/settings/backup",
            "/settings/hours",
            "/settings/staff",
            "/settings/roster",
            "/settings/templates",
            "/settings/diagnostics",
        ] {
            let page = whole(pages.get(path), path, lang);
            assert!(!page.body.contains("/registrar"), "{path}: only the registrar's home shows that");
        }
        let found = whole(pages.post("/search", &[("q", &name)]), "/search", lang);
        assert!(found.body.contains(&format!("/item/{sought}")), "{name}: {}", found.body);
        for address in found.body.split("href=\"").skip(1).chain(found.body.split("action=\"").skip(1)) {
            let address = address.split('"').next().unwrap();
            assert!(!address.contains(&name) && !address.contains("q="), "{address}");
        }
        let title = between(&found.body, "<title>", "</title>");
        assert!(!title.contains(&name), "{title}");
    }
    pages.post("/language", &[("lang", "en"), ("back", "/board")]);
    let nothing = pages.post("/search", &[("q", "Zzyzx")]);
    assert!(nothing.body.contains("class=\"empty\""), "{}", nothing.body);
    let script = pages.post("/search", &[("q", "<script>\"x")]);
    assert!(!script.body.contains("<script>\"x") && script.status == 200, "{}", script.body);
    assert!(!pages.get("/search?q=Petrova").body.contains("Petrova"), "by address nothing is found");

    assert_eq!(pages.get(&format!("/item/{sought}")).status, 200);
    let log = pages.get("/log");
    assert!(log.body.contains("Opened a referral") && log.body.contains("The log is whole"), "{}", log.body);
    assert!(log.body.contains("<time datetime=\""), "{}", log.body);
    assert_eq!(pages.get("/log?before=1").status, 200);
    assert_eq!(pages.get("/registrar").status, 403);

    let file = pages.get("/statistics.csv?table=funnel");
    assert!(file.head.contains("content-disposition: attachment; filename=\"funnel-"), "{}", file.head);
    assert!(file.body.starts_with('\u{feff}') && file.body.contains("funnel"), "{}", file.body);
    assert_eq!(pages.get("/statistics?from=2026-13").status, 422);
    assert_eq!(pages.get("/statistics.csv?table=people").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_on_a_page_is_seen_by_the_command_and_wrong_digits_are_recorded_nowhere() {
    let stage = Stage::set(TOWN).await;
    let police = &stage.town.orgs[1];
    let mut pages = Pages::entered(police).await;
    let path = format!("/organisation/{}", stage.town.ids[0]);
    assert!(pages.get("/organisations").body.contains("not yet checked by us"));
    let card = pages.get(&path);
    let digits = between(&card.body, "<p class=\"digits\">", "</p>").to_owned();
    assert!(digits.split(' ').count() == 12 && card.body.contains("<svg class=\"qr\""), "{digits}");
    let other = digits.replace(['1', '2', '3'], "4").replace('5', "6");
    let wrong = pages.post(&path, &[("by", "A. Petrova"), ("how", "phone"), ("fingerprint", &other)]);
    assert!(wrong.body.contains("D-128") && wrong.body.contains("A. Petrova"), "{}", wrong.body);
    assert_eq!(pages.post(&path, &[("by", ""), ("how", "phone")]).status, 200, "asked again");
    let typed = [("by", "A. <b>Petrova"), ("how", "in-person"), ("fingerprint", &*digits), ("note", "")];
    assert_eq!(pages.post(&path, &typed).location(), path);
    let listed = pages.get("/organisations").body;
    assert!(listed.contains("Checked by A.") && !listed.contains("<b>Petrova"), "{listed}");

    // Hours, staff and a backup, from the same pages.
    let hours = [("zone", "Europe/Berlin"), ("mon", "09:00-12:00, 13:00-18:00"), ("phone", "+4930123456")];
    assert_eq!(pages.post("/settings/hours", &hours).status, 303);
    let refused = pages.post("/settings/hours", &[("zone", "Europe/Nowhere"), ("mon", "nine")]);
    assert!(refused.status == 200 && refused.body.contains("value=\"nine\""), "what was typed stays");
    assert!(pages.get("/settings/hours").body.contains("09:00-12:00, 13:00-18:00"));
    assert_eq!(pages.post("/settings/staff", &[("number", "4711"), ("role", "duty")]).status, 303);
    let sure = pages.post("/settings/staff/remove", &[("number", "4711")]);
    assert!(sure.body.contains("name=\"sure\"") && pages.get("/settings/staff").body.contains("4711"));
    pages.post("/settings/staff/remove", &[("number", "4711"), ("sure", "yes")]);
    assert!(!pages.get("/settings/staff").body.contains("4711"));
    let folder = stage.folder().join("backups");
    let to = folder.to_str().unwrap();
    assert_eq!(pages.post("/settings/backup", &[("folder", "here")]).status, 422);
    assert!(pages.post("/settings/backup", &[("folder", to)]).body.contains("name=\"sure\""));
    assert!(!folder.exists(), "a question makes nothing");
    assert_eq!(pages.post("/settings/backup", &[("folder", to), ("sure", "yes")]).status, 200);
    assert!(folder.exists());

    pages.post("/lock", &[]);
    let seen = police.list(&["org", "list"]).await;
    let seen = seen.iter().find(|org| org["id"] == stage.town.ids[0].as_str()).unwrap();
    assert_eq!((&seen["checked"]["how"], &seen["checked"]["current"]), (&"in-person".into(), &true.into()));
    let shown = police.run(&["hours", "show"]).await;
    assert_eq!(shown["night_phone"], "+4930123456");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_is_invited_compared_let_in_and_taken_out_on_pages() {
    let stage = Stage::set(TOWN).await;
    let police = &stage.town.orgs[1];
    let mut pages = Pages::entered(police).await;
    let shown = pages.post("/settings/devices/invite", &[("role", "staff"), ("name", "desk two")]);
    let code = between(&shown.body, "translate=\"no\">causeway:", "</p>");
    let code = format!("causeway:{code}");
    assert!(shown.body.contains("<svg class=\"qr\"") && !pages.get("/settings/devices").body.contains(&code));
    let colleague = Actor::new(stage.folder(), "Desk Two", "warn");
    let joined = colleague.run(&[&["join", &code, "--wait", "0"], &VAULT_MEMORY[..]].concat()).await;
    let waiting = pages.get("/settings/devices/joining");
    assert!(waiting.body.contains(joined["comparison"].as_str().unwrap()), "{}", waiting.body);
    let id = between(&waiting.body, "name=\"id\" value=\"", "\"").to_owned();
    pages.post("/settings/devices/admit", &[("id", &id)]);
    assert!(!pages.get("/settings/devices").body.contains(&id), "nobody has said that they are the same");
    let admitted = pages.post("/settings/devices/admit", &[("id", &id), ("sure", "yes")]);
    assert_eq!(admitted.location(), "/settings/devices", "{}", admitted.body);
    assert!(pages.get("/settings/devices").body.contains("desk two"));
    let asked = pages.get(&format!("/settings/devices/revoke/{id}"));
    assert!(asked.body.contains("desk two") && asked.body.contains("name=\"reason\""), "{}", asked.body);
    let unsure = pages.post("/settings/devices/revoke", &[("id", &id), ("reason", "lost")]);
    assert!(unsure.status == 200 && pages.get("/settings/devices").body.contains(&id));
    let gone = pages.post("/settings/devices/revoke", &[("id", &id), ("reason", "lost"), ("sure", "yes")]);
    assert_eq!(gone.location(), "/settings/devices", "{}", gone.body);
    assert!(!pages.get("/settings/devices").body.contains(&id));
    assert!(pages.get("/log").body.contains("Removed workstation"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registrar_invites_admits_suspends_and_lets_in_again_on_pages() {
    let stage = Stage::set(TOWN).await;
    let mut pages = Pages::entered(&stage.town.registrar).await;
    pages.until("/registrar", "Connected").await;
    for lang in ["ru", "en"] {
        pages.post("/language", &[("lang", lang), ("back", "/board")]);
        let page = whole(pages.get("/registrar"), "/registrar", lang);
        assert!(
            page.body.contains("href=\"/registrar\"") && page.body.contains("Angel Hotline"),
            "{}",
            page.body
        );
    }
    let refused = pages.post("/registrar/invite", &[("name", " "), ("kind", "ngo"), ("country", "MD")]);
    assert!(refused.body.contains("role=\"alert\""), "{}", refused.body);
    let invited = [("name", "House <of> Hope"), ("kind", "shelter"), ("country", "MD")];
    // A Cyrillic letter in the name of a member: asked first.
    let alike = [("name", "Border Pоlice"), ("kind", "police"), ("country", "MD")];
    let asked = pages.post("/registrar/invite", &alike);
    assert!(asked.body.contains("G-156") || asked.body.contains("name=\"same_name\""), "{}", asked.body);
    assert!(!asked.body.contains("class=\"token\""), "{}", asked.body);
    let meant = pages.post("/registrar/invite", &[&alike[..], &[("same_name", "yes")]].concat());
    assert!(meant.body.contains("class=\"token\""), "{}", meant.body);
    let shown = pages.post("/registrar/invite", &invited);
    let invite = between(&shown.body, "class=\"token\" translate=\"no\">", "</p>").to_owned();
    let shelter = Actor::new(stage.folder(), "House of Hope", "warn");
    let joined = shelter.run(&[&["join", &invite, "--wait", "0"], &VAULT_MEMORY[..]].concat()).await;
    let waiting = pages.get("/registrar");
    let ask = waiting.link("/registrar/admit/");
    let asked = pages.get(&ask);
    assert!(asked.body.contains(joined["fingerprint"].as_str().unwrap()), "{}", asked.body);
    assert!(!asked.body.contains("<of>"), "{}", asked.body);
    let id = ask.rsplit('/').next().unwrap().to_owned();
    assert_eq!(pages.post("/registrar/admit", &[("id", &id)]).status, 200, "asked again");
    let admitted = pages.post("/registrar/admit", &[("id", &id), ("sure", "yes")]);
    assert_eq!(admitted.location(), "/registrar", "{}", admitted.body);
    let suspend = pages.until("/registrar", &format!("standing/suspend/{id}")).await;
    assert!(!suspend.body.contains("/registrar/admit/"), "nobody waits any more");
    let asked = pages.get(&format!("/registrar/standing/suspend/{id}"));
    assert!(asked.body.contains("name=\"reason\""), "{}", asked.body);
    let out = pages.post("/registrar/suspend", &[("id", &id), ("reason", "rules"), ("sure", "yes")]);
    assert_eq!(out.location(), "/registrar", "{}", out.body);
    assert!(pages.get("/registrar").body.contains(&format!("standing/reinstate/{id}")));
    let back = [("id", &*id), ("vetted", "phone"), ("sure", "yes")];
    assert_eq!(pages.post("/registrar/reinstate", &back).location(), "/registrar");
    assert!(pages.get("/registrar").body.contains(&format!("standing/suspend/{id}")));
}
