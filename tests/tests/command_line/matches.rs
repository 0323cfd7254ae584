//! A report and a later alert about one woman, in other letters: found, shown, confirmed, and nothing of her travels.

use std::sync::Arc;

use causeway_client::records;
use causeway_client::vault::Vault;
use causeway_common::store::{SledKv, SledOptions};

use super::support::{
    CONFLICT, HOTLINE_AND_POLICE, NOT_FOUND, REFUSED, Stage, fails, output_of, sample, seen_by,
};
use causeway_tests::process::actor::Actor;
use serde_json::Value;

const THREE: &[(&str, &str, &str)] =
    &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE"), ("Safe House", "shelter", "MD")];
/// What must never travel in a message about a match: the people of both documents in any spelling, and their numbers.
const NOT_TO_TRAVEL: &[&str] = &[
    "Щербацк",
    "SHCHERBATSK",
    "Юлия",
    "IULIIA",
    "Julia",
    "Scherbatskaja",
    "700000123",
    "9110000021",
    "2005-04-17",
    "tattoo",
];

async fn report(from: &Actor, to: &str, more: &[&str]) -> Value {
    let file = sample("missing-person.json");
    from.run(&[&["send", "missing-person", "--to", to, "--file", &file], more].concat()).await
}

/// She is on a coach, and somebody abroad has spelt her name.
async fn alert(from: &Actor, to: &str, more: &[&str]) -> Value {
    let file = sample("border-alert.json");
    let persons = r#"[{"names":[{"family":"Scherbatskaja","given":"Julia"}],"sex":2,"dob":"2005-04-17","nationalities":[{"country":"RU"}]}]"#;
    let persons = format!("persons={persons}");
    from.run(&[&["send", "border-alert", "--to", to, "--file", &file, "--set", &persons], more].concat())
        .await
}

async fn findings(actor: &Actor) -> Vec<Value> {
    actor.list(&["matches", "list"]).await
}

/// What this organisation has sent about matches, byte for byte as it was sealed.
async fn messages(actor: &Actor) -> Vec<Value> {
    let options = SledOptions { cache_bytes: 1 << 20, at_step: None };
    let store = Arc::new(SledKv::open(&actor.home.join("vault"), options).unwrap());
    let vault = Vault::unlock(store, actor.home.as_path(), &actor.passphrase()).await.unwrap();
    let sent = records::all_sent(&vault).unwrap().into_iter().filter(|sent| sent.kind == "CUP");
    let sections = sent.flat_map(|sent| sent.sections);
    sections.map(|section| serde_json::from_slice(&section.bytes).unwrap()).collect()
}

/// A message holds a number, a word, the class and the number of the recipient's own case. Nothing else has a place in it.
fn says_nothing_else(message: &Value) {
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(message["event"], "possible_match");
    let known = ["kind", "schema", "event", "state_before", "state_after", "at", "match"];
    let more: Vec<String> =
        names(message).into_iter().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(more.is_empty(), "{more:?}");
    let known = ["number", "stage", "class", "your_case"];
    assert!(names(&message["match"]).iter().all(|name| known.contains(&name.as_str())), "{message}");
    let text = message.to_string();
    assert!(NOT_TO_TRAVEL.iter().all(|secret| !text.contains(secret)), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_and_a_later_alert_in_another_spelling_are_found_and_only_the_existence_is_told() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    report(hotline, "Border Police", &[]).await;
    hotline.run(&["sync"]).await;
    assert_eq!(police.run(&["sync"]).await["possible_matches"], 0);
    // The police have an alert of their own, to somebody else or back: comparing needs no network.
    let (_, remarks) = output_of(police, &["status"]).await;
    assert!(!remarks.contains("matches"), "{remarks}");
    alert(police, "Angel Hotline", &[]).await;
    let found = findings(police).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let finding = &found[0];
    assert_eq!((&finding["state"], &finding["class"]), (&"open".into(), &"likely".into()), "{finding}");
    for reason in ["family", "given", "birth-day", "sex", "nationality"] {
        assert!(finding["agree"].as_array().unwrap().contains(&reason.into()), "{finding}");
    }
    assert_eq!(police.run(&["status"]).await["possible_matches"], 1);
    assert!(seen_by(police, &["status"]).await.contains("One possible match waits"));
    assert!(seen_by(police, &["--lang", "ru", "status"]).await.contains("1 возможное совпадение"));

    let id = finding["id"].as_str().unwrap();
    let shown = seen_by(police, &["matches", "show", &id[..8]]).await;
    for part in ["Щербацкая", "Scherbatskaja", "= names", "= date of birth", "Nobody has recorded"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let russian = seen_by(police, &["--lang", "ru", "matches", "show", id]).await;
    assert!(russian.contains("ВЕРОЯТНО") && russian.contains("= дата рождения"), "{russian}");
    fails(police, &["matches", "show", "0000"], NOT_FOUND, "M-104").await;

    let confirmed = police.run(&["matches", "confirm", id, "--text", "her mother knows the tattoo"]).await;
    assert_eq!(
        (&confirmed["state"], &confirmed["queued"]),
        (&"confirmed".into(), &true.into()),
        "{confirmed}"
    );
    assert_eq!(confirmed["standing"], "told");
    assert_eq!(police.run(&["matches", "confirm", id]).await["queued"], false, "once");
    fails(police, &["matches", "dismiss", id], CONFLICT, "M-109").await;
    let sent = messages(police).await;
    assert_eq!(sent.len(), 1);
    says_nothing_else(&sent[0]);
    let report = hotline.list(&["sent", "list"]).await;
    let report = hotline.run(&["sent", "show", report[0]["id"].as_str().unwrap()]).await;
    assert_eq!(sent[0]["match"]["your_case"], report["sections"]["HDR"]["case_ref"], "their own case");
    police.run(&["sync"]).await;
    hotline.run(&["sync"]).await;

    let told = findings(hotline).await;
    let notice = told.iter().find(|v| v["what"] == "tell").unwrap();
    assert_eq!((&notice["id"], &notice["class"]), (&id.into(), &"likely".into()));
    assert!(seen_by(hotline, &["matches", "show", id]).await.contains("there is another case"));
    fails(hotline, &["matches", "confirm", id], REFUSED, "M-107").await;
    hotline.run(&["matches", "dismiss", id]).await;
    assert!(findings(hotline).await.iter().all(|v| v["what"] != "tell"), "put away");
    assert!(messages(hotline).await.is_empty(), "a message is no question");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_cases_from_outside_the_second_owner_is_asked_before_the_first_hears_anything() {
    let stage = Stage::set(THREE).await;
    let (hotline, police, house) = (stage.hotline(), stage.police(), &stage.town.orgs[2]);
    for actor in [hotline, police, house] {
        actor.run(&["sync"]).await;
    }
    report(hotline, "Border Police", &[]).await;
    alert(house, "Border Police", &["--exercise"]).await;
    for actor in [hotline, house, police] {
        actor.run(&["sync"]).await;
    }
    assert!(findings(police).await.is_empty(), "an exercise is compared with no real case");
    alert(house, "Border Police", &[]).await;
    house.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let found = findings(police).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let id = found[0]["id"].as_str().unwrap();
    let confirmed = police.run(&["matches", "confirm", id]).await;
    assert_eq!(
        (&confirmed["standing"], &confirmed["standing_with"]),
        (&"asked".into(), &"Safe House".into()),
        "{confirmed}"
    );
    for actor in [police, hotline, house] {
        actor.run(&["sync"]).await;
    }
    let stages: Vec<Value> =
        messages(police).await.iter().map(|message| message["match"]["stage"].clone()).collect();
    assert_eq!(stages, ["ask"], "the owner of the report is told nothing yet");
    assert!(findings(hotline).await.is_empty(), "nobody hears of it before the owner agrees");
    let asked = findings(house).await;
    assert_eq!((asked.len(), &asked[0]["what"]), (1, &"ask".into()));
    assert!(!seen_by(house, &["matches", "show", id]).await.contains("Angel Hotline"));
    house.run(&["matches", "confirm", id]).await;
    fails(house, &["matches", "dismiss", id], CONFLICT, "M-109").await;
    house.run(&["sync"]).await;
    police.run(&["sync"]).await;
    hotline.run(&["sync"]).await;
    let told = findings(hotline).await;
    assert_eq!((told.len(), &told[0]["what"]), (1, &"tell".into()));
    assert!(!told[0].to_string().contains("Safe House"), "{told:?}");
    assert_eq!(findings(police).await[0]["standing"], "told");
    let said: Vec<Value> = [messages(police).await, messages(house).await].concat();
    said.iter().for_each(says_nothing_else);
    let stages: Vec<&str> = said.iter().map(|message| message["match"]["stage"].as_str().unwrap()).collect();
    let mut asked_first = stages.clone();
    asked_first.sort_unstable();
    assert_eq!(asked_first, ["agree", "ask", "tell"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_nothing_told_is_asked_again_and_a_file_is_compared_without_being_kept() {
    let stage = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    report(hotline, "Border Police", &[]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let file = stage.file(
        "seen.json",
        r#"{"persons":[{"names":[{"full":"Julia Scherbatskaja"}],"sex":2,"dob":"2005-04-17"}]}"#.as_bytes(),
    );
    let found = police.list(&["match", &file, "--kind", "border-alert"]).await;
    assert_eq!((found.len(), &found[0]["class"]), (1, &"likely".into()), "{found:?}");
    assert!(findings(police).await.is_empty(), "it was only looked up");
    let nobody = stage.file("other.json", br#"{"persons":[{"names":[{"full":"Hans Bauer"}],"sex":1}]}"#);
    assert!(police.list(&["match", &nobody, "--kind", "BIA"]).await.is_empty());

    let explained = r#"{"interview":true,"purpose":true,"use_of_data":true,"research":true,"right_to_ask":true,"storage_time":true,"how_to_withdraw":true}"#;
    let scope = r#"[{"role":"HOT","sections":["IDN","TRA","RSK"],"purpose":["missing_search"]}]"#;
    let consent = format!(
        r#"consent={{"consent_id":"0192f0a0-1111-7222-8333-444455556666","subject_pseudonym":"swallow","interpreter":false,"given_by":"subject","capacity":"full","method":"oral_witnessed","language":"ru","explained":{explained},"scope":{scope},"reporting_ok":true,"tracing_ok":"tell_nothing","obtained":"2026-11-01T10:00:00Z"}}"#
    );
    alert(police, "Angel Hotline", &["--set", &consent]).await;
    let id = findings(police).await[0]["id"].as_str().unwrap().to_owned();
    assert!(seen_by(police, &["matches", "show", &id]).await.contains("SHE WANTS NOTHING TOLD"));
    fails(police, &["matches", "confirm", &id], REFUSED, "M-117").await;
    assert_eq!(findings(police).await[0]["state"], "open");
    assert!(messages(police).await.is_empty());
    let told = police.run(&["matches", "confirm", &id, "--asked-again"]).await;
    assert_eq!(told["standing"], "told", "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_she_fears_is_not_told_that_somebody_here_knows_of_her() {
    let stage = Stage::set(&[THREE[0], THREE[1], ("Port Police", "police", "MD")]).await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    // The police of the state look for her; those of another one have been told where she comes through, and whom she fears.
    report(police, "Angel Hotline", &["--set", "consent.scope[1].role=HOT"]).await;
    police.run(&["sync"]).await;
    hotline.run(&["sync"]).await;
    alert(hotline, "Port Police", &["--set", "persecution_fear_countries=[\"DE\"]"]).await;
    let found = findings(hotline).await;
    let id = found[0]["id"].as_str().unwrap();
    let error = fails(hotline, &["matches", "confirm", id, "--asked-again"], REFUSED, "M-118").await;
    assert!(error["message"].as_str().unwrap().contains("Border Police"), "{error}");
    for actor in [hotline, police, hotline] {
        actor.run(&["sync"]).await;
    }
    assert!(messages(hotline).await.iter().all(|message| message["event"] != "possible_match"));
    assert!(police.list(&["matches", "list", "--all"]).await.is_empty());
}
