//! A shelter's beds between real programs: counted, published, asked for, offered, held, taken, given back, and too old.

use std::time::Duration;

use causeway_tests::process::Death;
use causeway_tests::process::actor::Actor;
use serde_json::Value;

use super::support::{INVALID, REFUSED, Stage, fails, output_of, sample, seen_by};

const TOWN: &[(&str, &str, &str)] =
    &[("Angel Hotline", "hotline", "RU"), ("North House", "shelter", "MD"), ("South House", "shelter", "MD")];

const HOUR: Duration = Duration::from_secs(3_600);

/// Everybody hears of everything, and of what follows from it.
async fn sync_all(stage: &Stage) {
    for _ in 0..2 {
        for org in &stage.town.orgs {
            org.run(&["sync"]).await;
        }
    }
}

async fn counted(shelter: &Actor, code: &str) {
    let capacity = sample("capacity.json");
    let code = format!("shelter_code={code}");
    shelter.run(&["capacity", "set", "--file", &capacity, "--set", &code]).await;
    shelter.run(&["capacity", "publish", "--to", "Angel Hotline"]).await;
}

/// The line of family rooms in what `capacity show` or `capacity partners` says of a house.
fn family_rooms(house: &Value) -> &Value {
    let lines = house["capacity"].as_array().unwrap();
    lines.iter().find(|line| line["unit"] == "family_room").unwrap()
}

async fn published_by(hotline: &Actor, shelter: &str) -> Value {
    hotline.run(&["capacity", "partners", "--of", shelter]).await
}

/// Asks shelters for a family room; gives the number of the request.
async fn ask(stage: &Stage, to: &str) -> String {
    let placement = sample("placement.json");
    let sent = stage.hotline().run(&["send", "placement", "--to", to, "--file", &placement]).await;
    sync_all(stage).await;
    sent["referral"].as_str().unwrap().to_owned()
}

async fn work_at(actor: &Actor, id: &str) -> String {
    actor.run(&["inbox", "show", id]).await["work"].as_str().unwrap().to_owned()
}

/// How each thread of a request stands at the hotline, by recipient.
async fn asked(hotline: &Actor, id: &str) -> Vec<(String, String)> {
    let word = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let sent = hotline.list(&["sent", "list", "--kind", "placement"]).await;
    let mut of_it: Vec<_> = sent
        .iter()
        .filter(|item| item["referral"] == id)
        .map(|item| (word(item, "to_name"), word(item, "work")))
        .collect();
    of_it.sort();
    of_it
}

async fn tasks(actor: &Actor) -> Vec<String> {
    let open = actor.list(&["tasks", "list"]).await;
    open.iter().map(|task| task["task"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_holds_a_bed_until_its_moment_and_partners_see_it() {
    let (stage, clock) = Stage::in_time(TOWN).await;
    let (hotline, north) = (stage.hotline(), &stage.town.orgs[1]);
    counted(north, "N-1").await;
    sync_all(&stage).await;
    let fresh = published_by(hotline, "North House").await;
    assert_eq!((&fresh["stale"], &family_rooms(&fresh)["available"]), (&false.into(), &1.into()));
    let publication = hotline.run(&["inbox", "list", "--kind", "capacity"]).await;
    let shown = hotline.run(&["inbox", "show", publication["id"].as_str().unwrap()]).await;
    let sections: Vec<&String> = shown["sections"].as_object().unwrap().keys().collect();
    assert_eq!(sections, ["HDR", "OPS"], "never where the house is");

    let (first, second) = (ask(&stage, "North House").await, ask(&stage, "North House").await);
    let offer = sample("placement-answer.json");
    let offers = ["answer", &first, "--file", &offer, "--set", "shelter_code=N-1"];
    let ran = north.attempt(&offers, &Death::Never).await;
    assert!(ran.status.success() && ran.err.contains("1 partner"), "{}", ran.err);
    assert_eq!(work_at(north, &first).await, "accepted", "an offer is no end");
    let house = north.run(&["capacity", "show"]).await;
    let rooms = family_rooms(&house);
    assert_eq!((&rooms["free"], &rooms["held"], &rooms["available"]), (&1.into(), &1.into(), &0.into()));
    assert_eq!(house["holds"][0]["for_name"], "Angel Hotline");
    let refused = ["answer", &second, "--file", &offer, "--set", "shelter_code=N-1"];
    fails(north, &refused, REFUSED, "Y-104").await;
    assert_eq!(work_at(north, &second).await, "seen", "what was refused has changed nothing");

    sync_all(&stage).await;
    let told = published_by(hotline, "North House").await;
    let rooms = family_rooms(&told);
    assert_eq!((&rooms["available"], &rooms["reserved"]), (&0.into(), &1.into()));
    assert!(told["counted"] == fresh["counted"], "software makes no count look newer than it is");
    assert_eq!(asked(hotline, &first).await[0].1, "accepted");
    assert!(tasks(hotline).await.contains(&"bed-offered".to_owned()));

    clock.forward(HOUR * 5);
    sync_all(&stage).await;
    assert_eq!(family_rooms(&north.run(&["capacity", "show"]).await)["available"], 1);
    assert_eq!(family_rooms(&published_by(hotline, "North House").await)["available"], 1);
    assert!(tasks(north).await.contains(&"bed-over".to_owned()), "the shelter calls");
    let told = tasks(hotline).await;
    assert!(told.contains(&"bed-gone".to_owned()) && !told.contains(&"bed-offered".to_owned()), "{told:?}");
    // Offered again and kept longer: the tasks are done with, and whoever comes has the bed.
    let longer = [&offers[..], &["--set", "hold_until=PT6H"]].concat();
    north.run(&longer).await;
    sync_all(&stage).await;
    assert!(!tasks(north).await.contains(&"bed-over".to_owned()));
    assert!(!tasks(hotline).await.contains(&"bed-gone".to_owned()));
    north.run(&["complete", &first, "--text", "She is here."]).await;
    clock.forward(HOUR * 7);
    sync_all(&stage).await;
    let rooms = family_rooms(&north.run(&["capacity", "show"]).await).clone();
    assert_eq!((&rooms["free"], &rooms["held"]), (&0.into(), &0.into()));
    assert_eq!(family_rooms(&published_by(hotline, "North House").await)["available"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_shelters_that_offer_the_second_is_not_needed_and_has_its_bed_back() {
    let stage = Stage::set(TOWN).await;
    let (hotline, north, south) = (stage.hotline(), &stage.town.orgs[1], &stage.town.orgs[2]);
    counted(north, "N-1").await;
    counted(south, "S-1").await;
    sync_all(&stage).await;
    let id = ask(&stage, "North House,South House").await;
    for (house, code) in [(north, "shelter_code=N-1"), (south, "shelter_code=S-1")] {
        let offers = ["answer", &id, "--set", "decision=offered", "--set", code];
        fails(house, &[&offers[..], &["--set", "hold_until=PT73H"]].concat(), INVALID, "V-105").await;
        house.run(&offers).await;
        house.run(&["sync"]).await;
    }
    assert_eq!(family_rooms(&south.run(&["capacity", "show"]).await)["held"], 1);
    hotline.run(&["sync"]).await;
    south.run(&["sync"]).await;
    assert_eq!(work_at(south, &id).await, "withdrawn", "there is nothing to decide about it");
    let house = south.run(&["capacity", "show"]).await;
    assert_eq!((&family_rooms(&house)["held"], &family_rooms(&house)["available"]), (&0.into(), &1.into()));
    sync_all(&stage).await;
    let stands = asked(hotline, &id).await;
    let stands: Vec<(&str, &str)> = stands.iter().map(|(to, work)| (to.as_str(), work.as_str())).collect();
    assert_eq!(stands, [("North House", "accepted"), ("South House", "withdrawn")]);
    let shown = hotline.run(&["sent", "show", &format!("{id}@North House")]).await;
    assert!(shown["answers"][0]["intake_contact"]["phone"].is_string(), "nobody typed the desk: {shown}");
    assert_eq!(family_rooms(&published_by(hotline, "South House").await)["available"], 1);
    assert_eq!(family_rooms(&north.run(&["capacity", "show"]).await)["held"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_ends_a_request_and_a_place_on_a_list_keeps_it_open() {
    let stage = Stage::set(TOWN).await;
    let (hotline, north) = (stage.hotline(), &stage.town.orgs[1]);
    let (first, second) = (ask(&stage, "North House").await, ask(&stage, "North House").await);
    let declines = ["answer", &first, "--set", "decision=declined"];
    fails(north, &declines, INVALID, "V-105").await;
    north.run(&[&declines[..], &["--set", "reason=no_capacity"]].concat()).await;
    north.run(&["answer", &second, "--set", "decision=waiting_list", "--set", "position=2"]).await;
    fails(north, &["answer", &second], INVALID, "V-105").await;
    sync_all(&stage).await;
    assert_eq!(asked(hotline, &first).await[0].1, "declined");
    assert_eq!(
        asked(hotline, &second).await[0].1,
        "received",
        "somebody else is asked, and this one may still come"
    );
    let open = tasks(hotline).await;
    assert!(open.contains(&"recipient".to_owned()) && open.contains(&"next-shelter".to_owned()), "{open:?}");
    let sent = hotline.list(&["sent", "list"]).await;
    let listed = sent.iter().find(|item| item["referral"] == second.as_str()).unwrap();
    let shown = hotline.run(&["sent", "show", listed["id"].as_str().unwrap()]).await;
    assert_eq!(shown["answers"][0]["position"], 2);
    north.run(&["answer", &second, "--file", &sample("placement-answer.json")]).await;
    sync_all(&stage).await;
    assert_eq!(asked(hotline, &second).await[0].1, "accepted");
    assert!(!tasks(hotline).await.contains(&"next-shelter".to_owned()), "there is a bed now");
    fails(
        north,
        &["answer", &second, "--set", "decision=waiting_list", "--set", "position=1"],
        REFUSED,
        "Y-101",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_are_old_are_called_stale_wherever_they_stand() {
    let (stage, clock) = Stage::in_time(TOWN).await;
    let (hotline, north) = (stage.hotline(), &stage.town.orgs[1]);
    counted(north, "N-1").await;
    sync_all(&stage).await;
    let full = sample("placement.json");
    let girls = [
        "send",
        "placement",
        "--to",
        "North House",
        "--file",
        &full,
        "--set",
        "group=girls",
        "--set",
        "guardian=Appointed by the court",
        "--set",
        "consent.given_by=guardian",
        "--set",
        "consent.capacity=minor",
        "--set",
        "consent.assent_of_child=yes",
    ];
    let (_, remarks) = output_of(hotline, &girls).await;
    assert!(remarks.contains("FULL"), "{remarks}");
    let list = ["inbox", "list", "--kind", "capacity"];
    assert!(!seen_by(hotline, &list).await.contains("STALE"));
    clock.forward(HOUR * 25);
    assert!(seen_by(hotline, &list).await.contains("STALE"));
    assert!(seen_by(hotline, &["capacity", "partners"]).await.contains("STALE"));
    let russian = seen_by(hotline, &["--lang", "ru", "capacity", "partners"]).await;
    assert!(russian.contains("УСТАРЕЛО") && russian.contains("25 часов"), "{russian}");
    let id = hotline.run(&list).await["id"].as_str().unwrap().to_owned();
    assert!(seen_by(hotline, &["inbox", "show", &id]).await.contains("STALE"));
    let (out, remarks) =
        output_of(hotline, &["send", "placement", "--to", "North House", "--file", &full]).await;
    assert!(remarks.contains("STALE") && out.contains("Queued"), "it is asked all the same: {remarks}");
    let (_, remarks) = output_of(north, &["sync"]).await;
    assert!(remarks.contains("N-1: COUNT AGAIN"), "{remarks}");
    fails(north, &["capacity", "publish"], REFUSED, "Y-110").await;
    north.run(&["capacity", "set"]).await;
    north.run(&["capacity", "publish"]).await;
    sync_all(&stage).await;
    let again = published_by(hotline, "North House").await;
    assert_eq!((&again["stale"], &family_rooms(&again)["available"]), (&false.into(), &1.into()));
    let replaced = hotline.list(&list).await;
    assert_eq!(replaced.iter().filter(|item| item["capacity"]["replaced"] == true).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_says_where_the_house_is_gets_into_a_count() {
    let stage = Stage::set(TOWN).await;
    let north = &stage.town.orgs[1];
    fails(north, &["capacity", "publish", "--to", "Angel Hotline"], super::support::NOT_FOUND, "Y-105").await;
    let capacity = sample("capacity.json");
    let with = |field: &'static str| vec!["capacity", "set", "--file", capacity.as_str(), "--set", field];
    let mut count: Value = serde_json::from_slice(&std::fs::read(&capacity).unwrap()).unwrap();
    for field in ["location", "address", "location_expires"] {
        count[field] = "12 Main Street".into();
        let file = stage.file("count.json", &serde_json::to_vec(&count).unwrap());
        fails(north, &["capacity", "set", "--file", &file], REFUSED, "Y-109").await;
        count.as_object_mut().unwrap().remove(field);
    }
    fails(north, &with("shelter_code=12 Main Street"), INVALID, "Y-108").await;
    fails(north, &["capacity", "set", "--places", "bed:women=8/9"], INVALID, "Y-106").await;
    north.run(&["capacity", "set", "--file", &capacity]).await;
    fails(north, &["capacity", "set", "--places", "bed:women=9"], INVALID, "V-105").await;
    fails(north, &["capacity", "set", "--places", "beds=9"], INVALID, "Y-107").await;
    north.run(&["capacity", "set", "--places", "bed:women=5"]).await;
    let house = north.run(&["capacity", "show"]).await;
    assert_eq!((&house["capacity"][0]["free"], &house["capacity"][0]["maximum"]), (&5.into(), &8.into()));
    assert!(house["published"].is_null());
}
