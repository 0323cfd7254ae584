//! The border does not answer: the sender is told step by step, the next on its list gets the alert, once.

use std::time::Duration;

use causeway_tests::process::Death;
use causeway_tests::process::actor::Actor;
use serde_json::Value;

use super::cases;
use super::support::{
    HOTLINE, HOUSE, POLICE, Stage, all_tasks, count, deadlines, hours, named, only, opened, says_none_of,
    sections, sync, tasks, text,
};

pub(crate) const SECOND_POLICE: (&str, &str, &str) = ("Port Police", "police", "UA");
const TOWN: &[(&str, &str, &str)] = &[HOTLINE, POLICE, SECOND_POLICE, HOUSE];
/// Half of the five minutes within which a person looks at an alert. The levels are so far apart.
const HALF: Duration = Duration::from_secs(150);
const A_MOMENT: Duration = Duration::from_secs(5);
const FALLBACK: [&str; 2] = ["fallback[0].name=Port Police", "fallback[1].name=House by the River"];

/// The alert to the border, which has it and does not look at it; gives the sender's number of it.
pub(crate) async fn alerted(stage: &Stage, more: &[&str]) -> String {
    let (hotline, police) = (stage.org(HOTLINE), stage.org(POLICE));
    let call = hotline.run(&["call", "record", "--file", &stage.file("call.json", &cases::call())]).await;
    let file = stage.file("alert.json", &cases::alert());
    let words =
        ["send", "border-alert", "--from", call["id"].as_str().unwrap(), "--to", POLICE.0, "--file", &file];
    let fallback = FALLBACK.iter().chain(more).flat_map(|field| ["--set", field]);
    hotline.run(&words.into_iter().chain(fallback).collect::<Vec<_>>()).await;
    sync(&[hotline, police]).await;
    text(&only(hotline, &["sent", "list"]).await, "id")
}

/// These, and what a supervisor has to do from the beginning: confirm what was sent in a hurry, and look after a caller in danger.
fn and_confirm(more: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    named(&[more, &[("confirm", "send", 1), ("danger", "danger", 3)]].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_nobody_looks_at_is_told_of_in_four_levels_and_goes_to_the_next_once() {
    let stage = Stage::set(TOWN).await;
    let own = alerted(&stage, &["auto_fallback=true"]).await;
    let (hotline, police) = (stage.org(HOTLINE), stage.org(POLICE));
    let (second, house) = (stage.org(SECOND_POLICE), stage.org(HOUSE));

    // Half of five minutes is over: those who have it are reminded, and nobody else.
    stage.passes(HALF + A_MOMENT);
    sync(&[hotline, police]).await;
    assert_eq!(tasks(hotline).await, and_confirm(&[]));
    assert_eq!(tasks(police).await, named(&[("remind", "C2", 0)]));

    // It is over: both sides see it, and the late side is told.
    stage.passes(HALF);
    sync(&[hotline, police]).await;
    assert_eq!(only(hotline, &["sent", "list", "--overdue"]).await["id"], own);
    assert_eq!(count(&hotline.run(&["sent", "show", &own]).await, "deadline_missed"), 1);
    let late = only(police, &["inbox", "list", "--overdue"]).await;
    assert!(deadlines(&late).contains(&("C2".to_owned(), Some(1))), "{late}");
    let (seen, _) = police.sees(&["tasks", "list", "--lang", "ru"]).await;
    assert!(seen.contains("ПРОСРОЧЕНО") && seen.contains("Вас ждёт Angel Hotline"), "{seen}");
    assert_eq!(tasks(hotline).await, and_confirm(&[]), "nobody has to call yet");
    assert!(house_and(second, house).await.is_empty());

    // Half as much again: whom to call, and it goes on.
    let stage = stage.relay_is_off_for(HALF).await;
    let (hotline, police) = (stage.org(HOTLINE), stage.org(POLICE));
    let (second, house) = (stage.org(SECOND_POLICE), stage.org(HOUSE));
    let (_, remarks) = hotline.sees(&["sync", "--lang", "ru"]).await;
    assert!(remarks.contains("ПОЗВОНИТЕ: Border Police") && remarks.contains("Port Police"), "{remarks}");
    assert_eq!(tasks(hotline).await, and_confirm(&[("call", "C2", 2)]));
    let sent = hotline.list(&["sent", "list"]).await;
    let forwarded: Vec<&Value> = sent.iter().filter(|item| item["id"] != *own).collect();
    assert_eq!((forwarded.len(), &forwarded[0]["to_name"]), (1, &SECOND_POLICE.0.into()));
    let forwarded = text(forwarded[0], "id");
    sync(&[second, house]).await;
    assert!(house.list(&["inbox", "list"]).await.is_empty(), "it is not its turn");

    // Twice the time: a supervisor answers for it.
    stage.passes(HALF);
    sync(&[hotline, second, police]).await;
    let both = and_confirm(&[("call", "C2", 2), ("supervisor", "C2", 3)]);
    assert_eq!(tasks(hotline).await, both);

    accepted_by_the_next(&stage, &forwarded).await;
    taken_back(&stage, &own).await;
    once_whatever_the_clock_does(&stage, &own).await;
}

/// What two others have in their inboxes.
async fn house_and(second: &Actor, house: &Actor) -> Vec<Value> {
    sync(&[second, house]).await;
    [second.list(&["inbox", "list"]).await, house.list(&["inbox", "list"]).await].concat()
}

/// The next on the list gets what the access matrix lets a border desk see, and its acceptance ends its deadlines.
async fn accepted_by_the_next(stage: &Stage, forwarded: &str) {
    let (hotline, second) = (stage.org(HOTLINE), stage.org(SECOND_POLICE));
    let (id, shown) = opened(second, "BIA").await;
    assert_eq!(sections(&shown), ["CNS", "EXP", "HDR", "IDN", "OPS", "RSK", "SUS", "TRA"]);
    says_none_of(&shown, &cases::OF_THE_CALL);
    assert_ne!(shown["sections"]["HDR"]["root_packet"], shown["referral"], "it says which alert it repeats");
    second.run(&["accept", &id, "--eta", "PT5M"]).await;
    sync(&[second, hotline]).await;
    let shown = hotline.run(&["sent", "show", forwarded]).await;
    assert_eq!((&shown["work"], deadlines(&shown)), (&"accepted".into(), vec![("C5".to_owned(), None)]));
    let late = hotline.list(&["sent", "list", "--overdue"]).await;
    assert!(late.iter().all(|item| item["id"] != *forwarded), "{late:?}");
}

/// Clocks that are set back and ahead again, and restarts, fire nothing a second time.
async fn once_whatever_the_clock_does(stage: &Stage, own: &str) {
    let (hotline, police) = (stage.org(HOTLINE), stage.org(POLICE));
    let before =
        (all_tasks(hotline).await, all_tasks(police).await, hotline.list(&["sent", "list"]).await.len());
    stage.clock.back(hours(5));
    sync(&[hotline, police, hotline]).await;
    stage.passes(hours(5));
    sync(&[hotline, police, hotline]).await;
    let after =
        (all_tasks(hotline).await, all_tasks(police).await, hotline.list(&["sent", "list"]).await.len());
    assert_eq!(before, after);
    assert_eq!(count(&hotline.run(&["sent", "show", own]).await, "deadline_missed"), 1);
}

/// Whoever slept is told that others are on their way, without anybody's doing: two cars for one woman would frighten her. Nobody
/// has to call any more; the supervisor still says what was done.
async fn taken_back(stage: &Stage, own: &str) {
    let (hotline, police) = (stage.org(HOTLINE), stage.org(POLICE));
    sync(&[hotline, police, hotline]).await;
    let (_, shown) = opened(police, "BIA").await;
    let told = shown["timeline"].as_array().unwrap().iter().any(|event| event["text"] == "other_accepted");
    assert!(told, "{}", shown["timeline"]);
    assert_eq!(hotline.run(&["sent", "show", own]).await["work"], "withdrawn");
    assert_eq!((&shown["work"], deadlines(&shown)), (&"withdrawn".into(), Vec::new()));
    assert!(tasks(police).await.is_empty(), "nobody waits for it");
    assert_eq!(tasks(hotline).await, and_confirm(&[("supervisor", "C2", 3)]));
    let task = hotline.list(&["tasks", "list"]).await;
    let id = text(task.iter().find(|task| task["task"] == "supervisor").unwrap(), "id");
    let silent = hotline.attempt(&["tasks", "done", &id], &Death::Never).await;
    assert_eq!((silent.status.code(), &silent.error()["code"]), (Some(5), &"L-112".into()));
    hotline.run(&["tasks", "done", &id, "--text", "The port has her; the border was asleep."]).await;
    assert_eq!(tasks(hotline).await, and_confirm(&[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_the_next_is_only_proposed_and_gets_no_more_than_its_role_may_see() {
    let stage = Stage::set(TOWN).await;
    let own = alerted(&stage, &[]).await;
    let (hotline, second, house) = (stage.org(HOTLINE), stage.org(SECOND_POLICE), stage.org(HOUSE));
    // The whole night passes: all levels of two deadlines at once.
    stage.passes(hours(9));
    sync(&[hotline, second]).await;
    assert_eq!(hotline.list(&["sent", "list"]).await.len(), 1);
    let calls = hotline.list(&["tasks", "list"]).await;
    let call = calls.iter().find(|task| task["task"] == "call").unwrap();
    assert_eq!(call["fallback"], SECOND_POLICE.0, "it is proposed");
    for next in [SECOND_POLICE, HOUSE] {
        assert_eq!(hotline.run(&["escalate", &own]).await["to_name"], next.0);
    }
    let over = hotline.attempt(&["escalate", &own], &Death::Never).await;
    assert_eq!(
        (over.status.code(), &over.error()["code"]),
        (Some(7), &"L-113".into()),
        "the list is at its end"
    );
    sync(&[hotline, second, house]).await;
    let (_, shown) = opened(house, "BIA").await;
    assert_eq!(shown["sections"]["IDN"]["persons"][0]["names"][0]["given"], cases::GIVEN, "{shown}");
    assert!(!sections(&shown).contains(&"SUS"), "{:?}", sections(&shown));
    says_none_of(&shown, &[cases::FAMILY]);
    says_none_of(&shown, &cases::OF_THE_CALL);
}
