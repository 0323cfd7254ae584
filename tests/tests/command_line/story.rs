//! A case from the first call to the end, with the shapes that scripts lean on.

use super::support::{Stage, sample};
use serde_json::Value;

const TOWN: &[(&str, &str, &str)] = &[
    ("Angel Hotline", "hotline", "RU"),
    ("Border Police", "police", "DE"),
    ("Embassy of Moldova", "embassy", "MD"),
];

fn has(value: &Value, fields: &[&str]) {
    for field in fields.iter().chain(&["schema_version"]) {
        assert!(value.get(field).is_some(), "{field} is missing in {value}");
    }
}

const LISTED: &[&str] =
    &["id", "referral", "kind", "from", "to", "priority", "transport", "work", "received", "respond_by"];

#[tokio::test(flavor = "multi_thread")]
async fn a_report_with_a_photograph_is_asked_about_answered_and_completed() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let photo = format!("PHO={}", sample("photo.jpg"));
    let report = sample("missing-person.json");
    let words = ["send", "missing-person", "--to", "Border Police", "--file", &report, "--attach", &photo];
    let written = hotline.run(&words).await;
    has(&written, &["referral", "packets"]);
    has(&hotline.run(&["sync"]).await, &["sent", "received", "waiting", "connected", "transport"]);
    police.run(&["sync"]).await;
    let listed = police.run(&["inbox", "list", "--unread"]).await;
    has(&listed, LISTED);
    let id = listed["id"].as_str().unwrap();
    let shown = police.run(&["inbox", "show", id]).await;
    has(&shown, &[LISTED, &["sections", "attachments", "timeline"]].concat());
    let file = &shown["attachments"][0];
    assert_eq!(file["name"], "photo-1.jpg");
    let out = stage.folder.path().join("saved.jpg");
    let number = file["id"].as_str().unwrap();
    police.run(&["attachment", "save", id, number, "--out", out.to_str().unwrap()]).await;
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(sample("photo.jpg")).unwrap());
    assert!(police.list(&["inbox", "list", "--unread"]).await.is_empty());

    police.run(&["ask", id, "--reason", "location_needed", "--text", "Which flight?"]).await;
    police.run(&["sync"]).await;
    let news = hotline.run(&["sync"]).await["news"].clone();
    assert_eq!((&news[0]["work"], &news[0]["kind"]), (&"info_requested".into(), &"MPR".into()), "{news}");
    let asked = &news[0]["steps"].as_array().unwrap().last().unwrap()["said"];
    assert_eq!(asked["questions"][0]["text"], "Which flight?", "{news}");
    assert_eq!(hotline.run(&["sync"]).await["news"], serde_json::json!([]), "told once");
    let sent = hotline.run(&["sent", "list"]).await;
    has(&sent, LISTED);
    assert_eq!((&sent["transport"], &sent["work"]), (&"opened".into(), &"info_requested".into()));
    let own = sent["id"].as_str().unwrap();
    hotline.run(&["answer", own, "--text", "SU2310, seat 14A"]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    super::support::fails(police, &["answer", id, "--text", "Got it"], super::support::REFUSED, "L-114")
        .await;
    for step in [
        &["accept", id, "--eta", "20 minutes"][..],
        &["start", id],
        &["located", id, "--set", "found.alive=no"],
        &["complete", id, "--text", "Safe."],
    ] {
        police.run(step).await;
    }
    police.run(&["sync"]).await;
    hotline.run(&["sync"]).await;
    hotline.run(&["close", own, "--reason", "goal_reached"]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let (theirs, ours) =
        (police.run(&["inbox", "show", id]).await, hotline.run(&["sent", "show", own]).await);
    assert_eq!((&theirs["work"], &ours["work"]), (&"closed".into(), &"closed".into()));
    let said: Vec<&str> =
        ours["timeline"].as_array().unwrap().iter().filter_map(|s| s["text"].as_str()).collect();
    assert!(said.contains(&"Which flight?") && said.contains(&"Safe."), "{said:?}");
    for shown in [&theirs, &ours] {
        let of = |what: &str| {
            let steps = shown["timeline"].as_array().unwrap();
            steps.iter().find(|step| step["what"] == what).unwrap()["said"].clone()
        };
        assert_eq!(of("accept")["eta"], "20 minutes");
        assert_eq!(of("located")["found"]["alive"], "no");
    }
    let what = |shown: &Value| -> Vec<String> {
        let steps = shown["timeline"].as_array().unwrap().iter();
        steps.map(|s| s["what"].as_str().unwrap().to_owned()).filter(|w| w != "delivered").collect()
    };
    assert_eq!(what(&theirs), what(&ours), "both sides tell the same story");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_referral_goes_to_two_organisations_and_an_identity_check_is_answered() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police, embassy) = (stage.hotline(), stage.police(), &stage.town.orgs[2]);
    let handoff = sample("victim-handoff.json");
    let both = ["send", "victim-handoff", "--to", "Border Police,Embassy of Moldova", "--file", &handoff];
    let written = hotline.run(&both).await;
    assert_eq!(written["packets"].as_array().unwrap().len(), 2);
    let check = sample("identity-check.json");
    hotline.run(&["send", "identity-check", "--to", "Embassy of Moldova", "--file", &check]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    embassy.run(&["sync"]).await;
    let number = written["referral"].as_str().unwrap();
    let told =
        super::support::fails(hotline, &["sent", "show", number], super::support::INVALID, "C-105").await;
    let told = told.to_string();
    assert!(told.contains("Border Police") && told.contains("Embassy of Moldova"), "{told}");
    let meant = hotline.run(&["sent", "show", &format!("{number}@border police")]).await;
    assert_eq!((&meant["to_name"], &meant["referral"]), (&"Border Police".into(), &written["referral"]));
    let at_police = police.list(&["inbox", "list"]).await;
    let at_embassy = embassy.list(&["inbox", "list"]).await;
    assert_eq!((at_police.len(), at_embassy.len()), (1, 2));
    assert_eq!(at_police[0]["referral"], written["referral"]);
    let item = at_embassy.iter().find(|item| item["kind"] == "IDQ").unwrap();
    let id = item["id"].as_str().unwrap();
    embassy.run(&["accept", id, "--eta", "today"]).await;
    super::support::fails(embassy, &["answer", id], super::support::INVALID, "V-105").await;
    embassy.run(&["answer", id, "--file", &sample("identity-answer.json")]).await;
    embassy.run(&["sync"]).await;
    hotline.run(&["sync"]).await;
    let sent = hotline.list(&["sent", "list", "--kind", "identity-check"]).await;
    assert_eq!(sent[0]["work"], "completed");
    let shown = hotline.run(&["sent", "show", sent[0]["id"].as_str().unwrap()]).await;
    assert_eq!(shown["answers"][0]["result"], "confirmed", "the answer itself is shown: {shown}");
}
