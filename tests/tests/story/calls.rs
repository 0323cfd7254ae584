//! What a hotline writes down: typed while somebody speaks, taken over into referrals, and forgotten in its time.

use std::collections::BTreeSet;

use causeway_tests::process::Death;
use causeway_tests::process::actor::Actor;
use serde_json::{Value, json};

use super::cases::{self, FAMILY, GIVEN, OF_THE_CALL};
use super::support::{HOTLINE, POLICE, Stage, hours, only, says_none_of, sync, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_typed_bit_by_bit_and_what_is_wrong_is_not_kept() {
    let stage = Stage::set(&[HOTLINE]).await;
    let hotline = stage.org(HOTLINE);
    let said =
        ["channel=phone", "caller_role=self_victim", "persons[0].names[0].given=Дарья", "anonymous=false"];
    let set: Vec<&str> = said.iter().flat_map(|field| ["--set", field]).collect();
    let call = hotline.run(&[&["call", "record"], &set[..]].concat()).await;
    let id = text(&call, "id");
    assert_eq!(call["document"]["persons"][0]["names"][0]["given"], GIVEN);
    let open = call["missing"].as_array().unwrap().len();
    assert!(open > 5, "it is not complete, and kept: {call}");
    for wrong in ["start=yesterday", "persons[0].sex=seven", "line.country=Nowhere"] {
        let ran = hotline.attempt(&["call", "add", &id, "--set", wrong, "--lang", "en"], &Death::Never).await;
        assert_eq!(ran.status.code(), Some(5), "{wrong}: {}", ran.tail());
        let told = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(
            told.contains("[F-10") && told.contains("Nothing of this command was kept"),
            "{wrong}: {told}"
        );
    }
    let added = ["call", "add", &id, "--set", "imminent_danger.answer=yes", "--set", "shift=night"];
    assert_eq!(hotline.run(&added).await["missing"].as_array().unwrap().len(), open - 2);
    let (seen, _) = hotline.sees(&["call", "add", &id, "--set", "ring_s=4", "--lang", "ru"]).await;
    assert!(seen.contains(&id[..12]) && seen.contains("Осталось заполнить"), "{seen}");
    let second = hotline.run(&["call", "record", "--exercise", "--set", "channel=chat"]).await;
    assert_eq!(second["document"]["mode"], "exercise");
    let listed = hotline.list(&["call", "list"]).await;
    let ids: Vec<&Value> = listed.iter().map(|call| &call["id"]).collect();
    assert_eq!(ids, [&second["id"], &call["id"]], "the newest first");
    let shown = hotline.run(&["call", "show", &id[..8]]).await;
    assert_eq!((&shown["document"]["ring_s"], &shown["document"]["channel"]), (&4.into(), &"phone".into()));
    let nobody = hotline.attempt(&["call", "show", "ffffffff"], &Death::Never).await;
    assert_eq!(nobody.status.code(), Some(4), "{}", nobody.tail());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_goes_after_a_month_and_the_person_after_three_unless_something_came_of_it() {
    let stage = Stage::set(&[HOTLINE, POLICE]).await;
    let (hotline, police) = (stage.org(HOTLINE), stage.org(POLICE));
    let file = stage.file("call.json", &cases::call());
    let led = text(&hotline.run(&["call", "record", "--file", &file]).await, "id");
    let came_to_nothing = text(&hotline.run(&["call", "record", "--file", &file]).await, "id");

    // An alert takes over what an alert knows, and what is typed wins.
    let alert = stage.file("alert.json", &cases::alert());
    let words = ["send", "border-alert", "--from", &led, "--to", POLICE.0, "--file", &alert];
    hotline.run(&[&words[..], &["--set", "persons[0].age.max=25"]].concat()).await;
    let own = text(&only(hotline, &["sent", "list"]).await, "id");
    let sent = hotline.run(&["sent", "show", &own]).await;
    let person = &sent["sections"]["IDN"]["persons"][0];
    assert_eq!((&person["names"][0]["family"], &person["age"]["max"]), (&FAMILY.into(), &25.into()));
    assert_eq!(sent["sections"]["EXP"]["indicators"], cases::call()["indicators"], "they are the call's");
    says_none_of(&sent, &OF_THE_CALL);
    let (call, alert) = (known(hotline, "hotline-record").await, known(hotline, "border-alert").await);
    for section in sent["sections"].as_object().unwrap().values() {
        let of_a_call = |field: &String| call.contains(field) && !alert.contains(field);
        let taken: Vec<&String> =
            section.as_object().unwrap().keys().filter(|field| of_a_call(field)).collect();
        assert!(taken.is_empty(), "an alert has no place for {taken:?}");
    }
    sync(&[hotline, police]).await;
    // What nobody takes on ends with its validity, and goes a month later: this one is worked on.
    let theirs = text(&only(police, &["inbox", "list"]).await, "id");
    police.run(&["accept", &theirs, "--eta", "PT5M"]).await;
    sync(&[police, hotline]).await;

    let fields = |call: &Value| -> Vec<bool> {
        ["caller_number", "persons", "category"].map(|field| call["document"].get(field).is_some()).to_vec()
    };
    let mut kept = Vec::new();
    for days in [0, 29, 2, 60] {
        stage.passes(hours(24 * days));
        let synced = hotline.attempt(&["sync"], &Death::Never).await;
        assert!(synced.status.success(), "after {days} days: {}", synced.tail());
        let of = |id: String| async move { fields(&hotline.run(&["call", "show", &id]).await) };
        kept.push((of(led.clone()).await, of(came_to_nothing.clone()).await));
    }
    let (all, without_number, statistics) =
        (vec![true; 3], vec![false, true, true], vec![false, false, true]);
    let expected = [
        (all.clone(), all.clone()),
        (all.clone(), all),
        (without_number.clone(), without_number.clone()),
        (without_number, statistics),
    ];
    assert_eq!(
        json!(kept),
        json!(expected),
        "number, person, statistics of the call that led to an alert and of the other"
    );
}

/// The fields at the top of a kind.
async fn known(actor: &Actor, kind: &str) -> BTreeSet<String> {
    let outline = actor.list(&["kind", "show", kind, "--paths"]).await;
    outline.iter().map(|row| text(row, "path")).filter(|path| !path.contains(['.', '['])).collect()
}
