//! A referral that brought no help goes to somebody else; danger on the phone is nobody's alone.

use serde_json::Value;

use super::support::{REFUSED, Stage, fails, output_of, sample, seen_by};

const TOWN: &[(&str, &str, &str)] = &[
    ("Angel Hotline", "hotline", "RU"),
    ("Border Police", "police", "DE"),
    ("Airport Police", "police", "DE"),
];

async fn only(of: &causeway_tests::process::actor::Actor, words: &[&str]) -> Value {
    let mut listed = of.list(words).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    listed.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_late_goes_to_somebody_else_more_urgently_and_ends_the_task() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police, airport) = (stage.hotline(), stage.police(), &stage.town.orgs[2]);
    let report = sample("missing-person.json");
    hotline
        .run(&["send", "missing-person", "--to", "Border Police", "--file", &report, "--priority", "P2"])
        .await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let own = only(hotline, &["sent", "list"]).await["id"].as_str().unwrap().to_owned();
    let again = ["refer-again", &own, "--to", "Airport Police"];
    let refused = fails(hotline, &again, REFUSED, "L-115").await;
    assert!(!refused["message"].as_str().unwrap().contains("re_refer"), "in words of people: {refused}");

    let theirs = only(police, &["inbox", "list"]).await["id"].as_str().unwrap().to_owned();
    police.run(&["inbox", "show", &theirs]).await;
    police.run(&["accept", &theirs, "--eta", "PT2H"]).await;
    police.run(&["staff", "add", "S1", "--role", "supervisor"]).await;
    police.run(&["decline", &theirs, "--reason", "no_capacity", "--staff", "S1"]).await;
    police.run(&["sync"]).await;
    hotline.run(&["sync"]).await;
    let open = hotline.list(&["tasks", "list"]).await;
    assert!(open.iter().any(|task| task["task"] == "recipient"), "{open:?}");

    let preview = seen_by(hotline, &[&again[..], &["--preview"]].concat()).await;
    assert!(preview.contains("Airport Police"), "{preview}");
    assert_eq!(hotline.list(&["sent", "list"]).await.len(), 1, "a look sends nothing");
    let sent =
        hotline.run(&[&again[..], &["--set", "circumstances=She was seen at gate amber."]].concat()).await;
    let open = hotline.list(&["tasks", "list"]).await;
    assert!(!open.iter().any(|task| task["task"] == "recipient"), "that is done: {open:?}");
    hotline.run(&["sync"]).await;
    airport.run(&["sync"]).await;
    let number = only(airport, &["inbox", "list"]).await["id"].as_str().unwrap().to_owned();
    let shown = airport.run(&["inbox", "show", &number]).await;
    let text = serde_json::to_string(&shown).unwrap();
    let root = only_root(hotline, &own).await;
    assert!(text.contains(&format!("\"supersedes\":\"{root}\"")), "{text}");
    assert!(text.contains("\"priority\":\"P1\""), "one higher: {text}");
    assert!(text.contains("amber") && text.contains(sent["referral"].as_str().unwrap()), "{text}");
    // The first one stays as it ended.
    assert_eq!(hotline.run(&["sent", "show", &own]).await["work"], "declined");
}

async fn only_root(of: &causeway_tests::process::actor::Actor, id: &str) -> String {
    let listed = of.list(&["sent", "list"]).await;
    let found = listed.iter().find(|item| item["id"] == *id).unwrap();
    found["referral"].as_str().or_else(|| found["packet_id"].as_str()).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn immediate_danger_on_the_phone_is_a_supervisors_task_until_something_was_done() {
    let stage = Stage::set(&TOWN[..2]).await;
    let hotline = stage.hotline();
    let call = hotline.run(&["call", "record", "--set", "caller_role=self_victim"]).await;
    let id = call["id"].as_str().unwrap().to_owned();
    assert!(hotline.list(&["tasks", "list"]).await.is_empty());
    let (_, remarks) = output_of(hotline, &["call", "add", &id, "--set", "imminent_danger.answer=yes"]).await;
    assert!(remarks.contains("P0") && remarks.contains(&id[..12]), "{remarks}");
    hotline.run(&["call", "add", &id, "--set", "shift=night"]).await;
    let task = only(hotline, &["tasks", "list"]).await;
    assert_eq!(
        (&task["task"], &task["priority"], &task["kind"]),
        (&"danger".into(), &"P0".into(), &"HIC".into())
    );
    let seen = seen_by(hotline, &["tasks", "list", "--lang", "ru"]).await;
    assert!(seen.contains("ОПАСНОСТЬ") && seen.contains(&id[..12]), "{seen}");
    let number = task["id"].as_str().unwrap();
    hotline.run(&["staff", "add", "A1", "--role", "agent"]).await;
    let done = ["tasks", "done", number, "--text", "Police called at 21:10."];
    fails(hotline, &[&done[..], &["--staff", "A1"]].concat(), REFUSED, "L-111").await;
    hotline.run(&["staff", "add", "S1", "--role", "supervisor"]).await;
    hotline.run(&[&done[..], &["--staff", "S1"]].concat()).await;
    hotline.run(&["call", "add", &id, "--set", "ring_s=4"]).await;
    assert!(hotline.list(&["tasks", "list"]).await.is_empty(), "it does not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_to_be_signed_where_there_is_no_record() {
    let stage = Stage::set(&TOWN[..2]).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let alert = sample("border-alert.json");
    hotline.run(&["send", "border-alert", "--to", "Border Police", "--file", &alert]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let theirs = only(police, &["inbox", "list"]).await["id"].as_str().unwrap().to_owned();
    police.run(&["accept", &theirs, "--eta", "PT10M"]).await;
    fails(police, &["handed-over", &theirs], REFUSED, "L-107").await;
    assert_eq!(police.run(&["inbox", "show", &theirs]).await["work"], "accepted");
}
