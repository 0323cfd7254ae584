//! Every sample of the project goes to somebody whom it is meant for, and is read there.

use std::collections::BTreeSet;
use std::path::Path;

use causeway_tests::process::actor::Actor;
use causeway_tests::process::sample;
use serde_json::Value;

use super::support::{EMBASSY, HOTLINE, HOUSE, POLICE, PROSECUTOR, Stage, only, opened, sync, text};

type Org = (&'static str, &'static str, &'static str);

const CASE_WORK: Org = ("Women's Aid", "ngo", "MD");
const NIGHT_LINE: Org = ("Night Line", "hotline", "MD");

/// Word and code, from whom to whom, and the fields that do not get there whole or at all: the recipient's role has no use
/// for them.
const SENT: [(&str, &str, Org, Org, &[&str]); 9] = [
    ("missing-person", "MPR", HOTLINE, POLICE, &["inquirer", "medical_need", "medical_need_text"]),
    ("border-alert", "BIA", HOTLINE, POLICE, &["subject_wants_help"]),
    ("victim-handoff", "VHO", HOTLINE, CASE_WORK, &[]),
    ("identity-check", "IDQ", HOTLINE, EMBASSY, &[]),
    ("hotline-record", "HIC", HOTLINE, NIGHT_LINE, &[]),
    ("capacity", "SCP", HOUSE, HOTLINE, &[]),
    ("placement", "SPR", HOTLINE, HOUSE, &[]),
    ("evidence", "EVH", HOTLINE, PROSECUTOR, &["support_person"]),
    ("duty-hours", "ODH", EMBASSY, HOTLINE, &[]),
];
/// Answers, to which question, by whom, and a field of the answer.
const ANSWERS: [(&str, &str, Org, &str); 2] =
    [("identity-answer", "IDQ", EMBASSY, "result"), ("placement-answer", "SPR", HOUSE, "decision")];
/// What steps write.
const STEP: &str = "case-update";

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_is_sent_and_read_where_it_belongs() {
    let words = SENT.iter().map(|sent| sent.0).chain(ANSWERS.iter().map(|answer| answer.0)).chain([STEP]);
    let files = std::fs::read_dir(Path::new(&sample("."))).unwrap().map(|entry| entry.unwrap().file_name());
    let files: BTreeSet<String> =
        files.filter_map(|name| name.to_str()?.strip_suffix(".json").map(str::to_owned)).collect();
    assert_eq!(files, words.map(str::to_owned).collect(), "a sample that nobody sends, or none for a kind");

    let stage = Stage::set(&[HOTLINE, POLICE, HOUSE, EMBASSY, PROSECUTOR, CASE_WORK, NIGHT_LINE]).await;
    let everybody: Vec<&Actor> = stage.town.orgs.iter().collect();
    for (word, _, from, to, _) in SENT {
        stage.org(from).run(&["send", word, "--to", to.0, "--file", &sample(&format!("{word}.json"))]).await;
    }
    sync(&everybody).await;
    stage.org(HOTLINE).run(&["sync"]).await;
    for (word, code, _, to, lost) in SENT {
        let (_, shown) = opened(stage.org(to), code).await;
        let read = missing(&shown, word);
        assert!(read.iter().all(|field| lost.contains(&field.as_str())), "{word}: {read:?} have not come");
    }
    for (word, question, by, field) in ANSWERS {
        let (id, _) = opened(stage.org(by), question).await;
        stage.org(by).run(&["accept", &id, "--eta", "PT1H"]).await;
        let file = sample(&format!("{word}.json"));
        stage.org(by).run(&["answer", &id, "--file", &file]).await;
        sync(&[stage.org(by), stage.org(HOTLINE)]).await;
        let own = text(&only(stage.org(HOTLINE), &["sent", "list", "--kind", question]).await, "id");
        let shown = stage.org(HOTLINE).run(&["sent", "show", &own]).await;
        assert_eq!(shown["answers"][0][field], content(word)[field], "{shown}");
    }
    stepped(&stage).await;
}

/// What a sample of a step holds is carried by the step that it shows.
async fn stepped(stage: &Stage) {
    let (hotline, case_work) = (stage.org(HOTLINE), stage.org(CASE_WORK));
    let (id, _) = opened(case_work, "VHO").await;
    case_work.run(&["accept", &id, "--eta", "P1D"]).await;
    case_work.run(&["start", &id]).await;
    let update = content(STEP);
    let fields = ["outcome", "stat", "peer_case_ref", "assigned_to"];
    let set: Vec<String> = fields.iter().map(|field| format!("{field}={}", typed(&update[*field]))).collect();
    let words = ["complete", &id, "--text", update["text"]["text"].as_str().unwrap()];
    let words = words.into_iter().chain(set.iter().flat_map(|field| ["--set", field])).collect::<Vec<_>>();
    case_work.run(&words).await;
    sync(&[case_work, hotline]).await;
    let own = text(&only(hotline, &["sent", "list", "--kind", "VHO"]).await, "id");
    let shown = hotline.run(&["sent", "show", &own]).await;
    assert_eq!(shown["work"], update["state_after"]);
    let last = shown["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["what"], &last["text"]), (&update["event"], &update["text"]["text"]), "{last}");
}

fn content(word: &str) -> Value {
    serde_json::from_slice(&std::fs::read(sample(&format!("{word}.json"))).unwrap()).unwrap()
}

/// A value as it is typed after `--set PATH=`.
fn typed(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Fields of a sample that are in no section of what has come.
fn missing(shown: &Value, word: &str) -> Vec<String> {
    let sections = shown["sections"].as_object().unwrap();
    let there = |field: &str| sections.values().any(|section| section.get(field).is_some());
    content(word).as_object().unwrap().keys().filter(|field| !there(field)).cloned().collect()
}
