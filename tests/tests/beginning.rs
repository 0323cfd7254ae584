//! A new workstation begins on its pages, from the invite to the sheets on paper, without a terminal and without a script.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use causeway_tests::process::actor::Actor;
use causeway_tests::process::http::{Answer, Pages, Stage};

const TOWN: &[(&str, &str, &str)] = &[("Angel Hotline", "hotline", "RU")];
const PASSPHRASE: &str = "seven quiet boats cross the bay";

/// The texts between these two, as often as they are there.
fn between<'a>(answer: &'a Answer, begin: &str, end: &str) -> Vec<&'a str> {
    answer.body.split(begin).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

fn begin(pages: &mut Pages, invite: &str, passphrase: &str, again: &str) -> Answer {
    let device = "front desk";
    pages.post(
        "/begin",
        &[("invite", invite), ("device", device), ("passphrase", passphrase), ("again", again)],
    )
}

async fn invite(stage: &Stage) -> String {
    let words = ["registrar", "invite", "--name", "New Shelter", "--kind", "shelter", "--country", "RU"];
    stage.town.registrar.run(&words).await["invite"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_an_invite_and_a_browser_begins_writes_the_code_down_is_let_in_and_puts_the_keys_on_paper()
 {
    let stage = Stage::set(TOWN).await;
    let (invite, actor) = (invite(&stage).await, Actor::new(stage.folder(), "New Shelter", "warn"));
    let mut pages = Pages::of(&actor).await;
    assert_eq!(pages.get("/begin").location(), "/", "nobody begins without the code of the terminal");
    let code = pages.code.clone();
    assert_eq!(pages.post("/enter", &[("code", &code)]).location(), "/");
    assert_eq!(pages.get("/").location(), "/begin");
    assert_eq!(pages.get("/board").location(), "/");
    assert_eq!(
        pages.post("/unlock", &[("passphrase", PASSPHRASE)]).status,
        403,
        "there is nothing to unlock"
    );

    // What cannot be is said, keeps what was typed but the secrets, and leaves no home behind.
    for (invite, passphrase, again, words) in [
        (invite.as_str(), PASSPHRASE, "seven quiet boats", "differ"),
        (invite.as_str(), "short", "short", "too short"),
        ("causeway:nothing", PASSPHRASE, PASSPHRASE, "["),
    ] {
        let refused = begin(&mut pages, invite, passphrase, again);
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body.contains(words) && refused.body.contains(invite), "{}", refused.body);
        assert!(!refused.body.contains(PASSPHRASE));
        assert_eq!(pages.get("/").location(), "/begin");
    }

    assert_eq!(begin(&mut pages, &invite, PASSPHRASE, PASSPHRASE).location(), "/begin/code");
    let shown = pages.get("/begin/code");
    let groups = between(&shown, "<code>", "</code>");
    assert!(groups.len() >= 4, "{}", shown.body);
    let wrong = pages.post("/begin/code", &[("code", &groups[1..].join(" "))]);
    assert!(wrong.body.contains("role=\"alert\"") && wrong.body.contains(groups[0]));
    let recovery = groups.join(" ").to_lowercase();
    assert_eq!(pages.post("/begin/code", &[("code", &recovery)]).location(), "/begin/compare");
    let after = pages.get("/begin/code");
    assert!(
        !after.body.contains("<code>") && after.body.contains("/begin/another-code"),
        "it is shown no more"
    );

    // The registrar compares the digits and lets it in; this side notices by itself.
    let waits = pages.get("/begin/compare");
    let pending = stage.town.registrar.list(&["registrar", "pending"]).await;
    let digits = pending[0]["fingerprint"].as_str().unwrap();
    assert!(waits.body.contains(digits) && !waits.body.contains("has been let in"), "{}", waits.body);
    stage.town.registrar.run(&["registrar", "admit", pending[0]["id"].as_str().unwrap()]).await;
    pages.until("/begin/compare", "has been let in").await;

    // The sheets: what is typed wrong erases nothing, what is typed right leaves the keys on paper alone.
    let sheets = pages.get("/recovery");
    assert!(between(&sheets, "<code>", "</code>").len() > 20, "{}", sheets.body);
    let typed = typed_groups(&mut pages, &sheets, |_| "AAAAA".into());
    let wrong = post(&mut pages, &typed);
    assert!(wrong.body.contains("Nothing was erased"), "{}", wrong.body);
    let typed = typed_groups(&mut pages, &sheets, str::to_owned);
    assert_eq!(post(&mut pages, &typed).location(), "/recovery");
    let none = pages.get("/recovery");
    assert!(between(&none, "<code>", "</code>").is_empty(), "{}", none.body);

    // The paper opens the home, as the passphrase does, and there is one home only.
    pages.post("/lock", &[]);
    assert_eq!(pages.post("/unlock", &[("passphrase", &recovery)]).location(), "/board");
    assert_eq!(begin(&mut pages, &invite, PASSPHRASE, PASSPHRASE).location(), "/");
    assert!(pages.get("/board").body.contains("New Shelter"));
}

fn post(pages: &mut Pages, typed: &[(String, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = typed.iter().map(|(name, value)| (&**name, &**value)).collect();
    pages.post("/recovery/confirm", &fields)
}

/// For each field of the page that asks for groups: what stands on the sheet there, changed by this.
fn typed_groups(
    pages: &mut Pages,
    sheets: &Answer,
    change: impl Fn(&str) -> String,
) -> Vec<(String, String)> {
    let asked = pages.get("/recovery/confirm");
    assert!(between(&asked, "<code>", "</code>").is_empty(), "groups are typed from the paper");
    let papers: Vec<Vec<&str>> = between(sheets, "<ol class=\"groups\">", "</ol>")
        .into_iter()
        .map(|paper| paper.split("<code>").skip(1).filter_map(|rest| rest.split("</code>").next()).collect())
        .collect();
    let fields = between(&asked, "name=\"", "\"");
    let fields: Vec<&str> = fields.into_iter().filter(|name| name.len() > 64).collect();
    assert_eq!(fields.len(), papers.len() * 2, "two groups of each sheet: {}", asked.body);
    let number = |field: &str| field.rsplit('-').next().unwrap().parse::<usize>().unwrap();
    let each = fields.iter().enumerate();
    each.map(|(at, field)| ((*field).to_owned(), change(papers[at / 2][number(field) - 1]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_was_begun_while_the_relay_was_away_joins_by_itself_and_its_code_is_not_lost() {
    let mut stage = Stage::set(TOWN).await;
    let (invite, actor) = (invite(&stage).await, Actor::new(stage.folder(), "New Shelter", "warn"));
    stage.stop_relay().await;
    let mut pages = Pages::of(&actor).await;
    let code = pages.code.clone();
    pages.post("/enter", &[("code", &code)]);
    assert_eq!(begin(&mut pages, &invite, PASSPHRASE, PASSPHRASE).location(), "/begin/code");
    let shown = pages.get("/begin/code");
    let recovery = between(&shown, "<code>", "</code>").join(" ");
    assert_eq!(pages.post("/begin/code", &[("code", &recovery)]).location(), "/begin/compare");
    assert!(pages.get("/begin/compare").body.contains("goes on by itself"));
    stage.start_relay().await;
    let mut pending = Vec::new();
    while pending.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        pending = stage.town.registrar.list(&["registrar", "pending"]).await;
    }
    let digits = pending[0]["fingerprint"].as_str().unwrap();
    assert!(pages.get("/begin/compare").body.contains(digits));
}
