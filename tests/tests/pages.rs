//! The staff's pages over HTTP as a browser without a script speaks it, with real daemons and a real relay between them.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use causeway_tests::process::http::{Answer, Pages, Stage, form, request};
use causeway_tests::process::sample;

const TOWN: &[(&str, &str, &str)] = &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_without_the_code_and_nobody_sees_a_locked_home() {
    let stage = Stage::set(TOWN).await;
    let police = &stage.town.orgs[1];
    let mut pages = Pages::of(police).await;
    // Another name for this machine, as a rebound page has, gets nothing: not a page, not a picture of one.
    for path in ["/", "/board", "/assets/app.css"] {
        let rebound = request(pages.port, "GET", path, &[("Host", "evil.test")], "");
        assert_eq!((rebound.status, rebound.body.as_str()), (421, ""), "{path}");
    }
    for path in ["/board", "/inbox", "/alert", "/events", "/item/0123456789ab"] {
        let outside = pages.get(path);
        assert_eq!((outside.status, outside.location()), (303, "/"), "{path}");
    }
    assert!(pages.get("/").body.contains("name=\"code\""));
    assert_eq!(pages.post("/enter", &[("code", "00000000")]).status, 403);
    assert_eq!(
        pages.post("/unlock", &[("passphrase", &police.passphrase())]).location(),
        "/",
        "not even with it"
    );
    let code = pages.code.clone();
    assert_eq!(pages.post("/enter", &[("code", &code)]).status, 303);
    assert_eq!(pages.post("/enter", &[("code", &code)]).status, 403, "once");
    // The home is open: it was started with the passphrase in a file. Whoever has the code alone sees nothing of it.
    assert_eq!(pages.get("/board").location(), "/");
    assert!(pages.get("/").body.contains("name=\"passphrase\""));
    assert_eq!(pages.post("/unlock", &[("passphrase", "not this one at all")]).status, 403);
    assert_eq!(pages.get("/board").location(), "/");
    assert_eq!(pages.post("/unlock", &[("passphrase", &police.passphrase())]).location(), "/board");
    let board = pages.get("/board");
    for wanted in [
        "content-security-policy: default-src 'none'",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
    ] {
        assert!(board.head.contains(wanted), "{wanted}: {}", board.head);
    }
    assert_eq!(board.status, 200);

    let locked = pages.post("/lock", &[]);
    assert!(locked.head.contains("clear-site-data: \"cache\""), "{}", locked.head);
    for path in ["/board", "/inbox", "/tasks", "/events"] {
        assert_eq!(pages.get(path).location(), "/", "{path}");
    }
    assert!(pages.get("/").body.contains("name=\"passphrase\""));
    // A locked home is free for a command.
    police.run(&["status"]).await;
    let wrong = pages.post("/unlock", &[("passphrase", "not this one at all")]);
    assert!(wrong.status == 403 && wrong.body.contains("V-103"), "{}", wrong.body);
    assert_eq!(pages.post("/unlock", &[("passphrase", &police.passphrase())]).location(), "/board");
    assert_eq!(pages.get("/board").status, 200);
    pages.post("/leave", &[]);
    assert!(pages.get("/").body.contains("name=\"code\""), "sent away");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_goes_from_page_to_page_and_what_the_police_do_is_seen_without_a_script() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let to = hotline.list(&["org", "list"]).await;
    let to = to.iter().find(|org| org["name"] == "Border Police").unwrap()["id"].as_str().unwrap().to_owned();
    let (mut here, mut there) = (Pages::entered(hotline).await, Pages::entered(police).await);
    here.until("/board", "Connected").await;

    let mut fields = vec![
        ("to", to.as_str()),
        ("about", "outgoing_victim"),
        ("where", "Moscow Sheremetyevo Airport"),
        ("eta", "PT1H"),
        ("name", "Дарья <b>Попеску</b>"),
        ("sex", "2"),
        ("age", "16-17"),
        ("request", "separate_and_interview"),
        ("wants", "unknown"),
        ("approach", "Speak to her alone."),
    ];
    let lacking = here.post("/alert", &fields);
    assert!(
        lacking.body.contains("callback") && lacking.body.contains("16-17"),
        "what was typed stays: {}",
        lacking.body
    );
    fields.push(("callback", "+74950000000"));
    let look = here.post("/alert", &fields);
    assert!(
        look.body.contains("Border Police") && look.body.contains("name=\"seen\" value=\""),
        "{}",
        look.body
    );
    assert!(hotline_is_empty(&mut here), "a look sends nothing");
    let (_, send) = look.body.split_once("id=\"send\"").unwrap();
    let seen = send.split('"').nth(3).unwrap().to_owned();
    // What somebody has not looked at does not go: neither without its key, nor changed.
    let (mut unseen, mut changed) = (fields.clone(), fields.clone());
    unseen.push(("seen", "yes"));
    changed.push(("seen", &seen));
    changed.iter_mut().for_each(|(name, value)| *value = if *name == "sex" { "1" } else { *value });
    for other in [unseen, changed] {
        assert_eq!(here.post("/alert", &other).status, 200);
    }
    assert!(hotline_is_empty(&mut here), "another one was looked at");
    fields.push(("seen", &seen));
    let clicks: Vec<_> =
        (0..3).map(|_| std::thread::spawn(here.asking("POST", "/alert", &form(&fields)))).collect();
    let sent: Vec<Answer> = clicks.into_iter().map(|click| click.join().unwrap()).collect();
    let item = sent[0].location().to_owned();
    assert!(item.starts_with("/item/"), "{}", sent[0].body);
    assert!(sent.iter().all(|answer| answer.location() == item), "three clicks, one alert");
    assert_eq!(here.post("/alert", &fields).location(), item, "and a page that is loaded anew");
    assert_eq!(here.get("/sent").body.matches("href=\"/item/").count(), 1);

    let board = there.until("/board", "Angel Hotline").await;
    let theirs = board.link("/item/");
    let accept = board.link(&format!("{}/accept", board.link("/item/").split("/accept").next().unwrap()));
    assert_eq!(there.get(&accept).status, 200);
    let is_opened = |page: &Answer| page.body.contains("<span>Opened</span>");
    assert!(!is_opened(&there.get("/inbox")), "who asks for a step has read nothing");
    let shown = there.get(theirs.split("/accept").next().unwrap());
    assert!(
        shown.body.contains("&#60;b&#62;") || shown.body.contains("&lt;b&gt;"),
        "text of others is text: {}",
        shown.body
    );
    assert!(!shown.body.contains("<b>Попеску"), "{}", shown.body);
    let title = shown.body.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
    assert!(
        !title.contains("Попеску") && !item.contains("Попеску"),
        "no name in a title or an address: {title}"
    );

    there.post("/language", &[("lang", "ru"), ("back", "/board")]);
    let asks = there.get(&accept);
    assert!(asks.body.contains("Принять к работе") && asks.body.contains("name=\"eta\""), "{}", asks.body);
    let refused = there.post(&accept, &[("text", "Едем.")]);
    assert!(
        refused.status == 200 && refused.body.contains("Едем."),
        "without a time it is not taken, and nothing is lost"
    );
    assert_eq!(there.post(&accept, &[("eta", "PT15M"), ("text", "Едем.")]).status, 303);
    assert!(here.until(&item, "Accepted").await.body.contains("Едем."));
    let again = there.post(&accept, &[("eta", "PT15M")]);
    assert!(again.status == 422 && again.body.contains("C-105"), "once: {} {}", again.status, again.body);
}

fn hotline_is_empty(pages: &mut Pages) -> bool {
    pages.get("/sent").body.contains("class=\"empty\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_whole_in_both_languages_and_small() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let report = sample("missing-person.json");
    hotline.run(&["send", "missing-person", "--to", "Border Police", "--file", &report]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let mut pages = Pages::entered(police).await;
    let item = pages.get("/inbox").link("/item/");
    let print = item.replace("/item/", "/print/");
    for lang in ["en", "ru"] {
        assert_eq!(
            pages.post("/language", &[("lang", lang), ("back", "//evil.test")]).location(),
            "/",
            "nowhere else"
        );
        for path in [
            "/board",
            "/inbox?view=overdue",
            "/sent",
            "/tasks",
            "/organisations",
            "/help",
            "/alert",
            "/new",
            "/drafts",
            &item,
            &print,
        ] {
            let page = pages.get(path);
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            assert!(page.body.contains(&format!("<html lang=\"{lang}\" translate=\"no\">")), "{path}");
            assert!(page.body.len() < 60 * 1024, "{path} has {} bytes", page.body.len());
            assert!(!page.body.contains("style=") && !page.body.contains("onclick"), "{path}");
            for field in ["<textarea", "type=\"text\""] {
                for place in page.body.split(field).skip(1) {
                    let tag = place.split('>').next().unwrap();
                    assert!(tag.contains("autocomplete=\"off\""), "{path}: {field}{tag}");
                }
            }
        }
    }
    assert_eq!(pages.get("/item/ffffffffffff").status, 404);
    // No number makes a page fall over.
    for page in ["18446744073709551615", "9223372036854775807", "1"] {
        assert_eq!(pages.get(&format!("/inbox?page={page}")).status, 200, "{page}");
    }
    for odd in
        ["/inbox?page=99999999999999999999", "/item/..%2f..%2fetc", "/item/--help", "/item/%00", "/tasks/x"]
    {
        assert!(pages.get(odd).status >= 400, "{odd}");
    }
}
