//! Who gets which section: shown beforehand, and nothing else in the packets.

use causeway_tests::process::actor::Actor;
use serde_json::{Value, json};

use super::support::{INVALID, REFUSED, Stage, fails, output_of, sample, seen_by};

const TOWN: &[(&str, &str, &str)] = &[
    ("Angel Hotline", "hotline", "RU"),
    ("Border Police", "police", "DE"),
    ("Embassy of Moldova", "embassy", "MD"),
    ("House on the Hill", "shelter", "DE"),
];
const KINDS: [&str; 4] = ["missing-person", "border-alert", "victim-handoff", "identity-check"];

fn document(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(sample(name)).unwrap()).unwrap()
}

/// What the only referral of an inbox holds.
async fn received(actor: &Actor) -> Value {
    actor.run(&["sync"]).await;
    let listed = actor.list(&["inbox", "list"]).await;
    actor.run(&["inbox", "show", listed.last().unwrap()["id"].as_str().unwrap()]).await
}

fn verdict<'a>(answer: &'a Value, to: &str, section: &str) -> &'a Value {
    let share = answer["access"].as_array().unwrap().iter().find(|share| share["name"] == to).unwrap();
    share["sections"].as_array().unwrap().iter().find(|s| s["section"] == section).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_any_kind_goes_to_an_embassy_of_the_state_she_fears() {
    let stage = Stage::set(TOWN).await;
    let hotline = stage.hotline();
    for kind in KINDS {
        let file = sample(&format!("{kind}.json"));
        let to = ["send", kind, "--to", "Embassy of Moldova,House on the Hill", "--file", &file];
        let fear = ["--set", "persecution_fear_countries=[\"MD\"]"];
        let words = [&to[..], &fear].concat();
        let error = fails(hotline, &words, REFUSED, "W-101").await;
        assert!(error["message"].as_str().unwrap().contains("MD"), "{error}");
        let people = [
            "--override",
            "vital_interest",
            "--override-text",
            "x",
            "--decided-by",
            "1",
            "--second-person",
            "2",
        ];
        fails(hotline, &[&words[..], &people].concat(), REFUSED, "W-101").await;
    }
    assert!(hotline.list(&["sent", "list"]).await.is_empty(), "not to the other one either");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_gets_its_own_copy_and_a_shelter_no_legal_name() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police, shelter) = (stage.hotline(), stage.police(), &stage.town.orgs[3]);
    let mut handoff = document("victim-handoff.json");
    handoff["consent"]["scope"][0]["role"] = "SHL".into();
    let file = stage.file("handoff.json", &serde_json::to_vec(&handoff).unwrap());
    let photo = format!("DOC={}", sample("photo.jpg"));
    let send = [
        "send",
        "victim-handoff",
        "--to",
        "Border Police,House on the Hill",
        "--file",
        &file,
        "--attach",
        &photo,
    ];
    let preview = hotline.run(&[&send[..], &["--preview"]].concat()).await;
    assert_eq!(preview["queued"], false);
    assert_eq!(verdict(&preview, "House on the Hill", "IDN")["verdict"], "minimised");
    assert_eq!(verdict(&preview, "Border Police", "MED")["why"], "access-only-evidence");
    assert!(hotline.list(&["sent", "list"]).await.is_empty(), "a preview queues nothing");
    let seen = seen_by(hotline, &[&send[..], &["--preview", "--lang", "ru"]].concat()).await;
    for words in ["Кто и что увидит", "имя, которым она пользуется", "her stepfather", "House on the Hill"]
    {
        assert!(seen.contains(words), "{words}: {seen}");
    }

    let sent = hotline.run(&send).await;
    assert_eq!(sent["access"][1]["files_kept_back"], json!(["DOC"]));
    hotline.run(&["sync"]).await;
    let (at_police, at_shelter) = (received(police).await, received(shelter).await);
    assert_eq!(at_police["sections"]["IDN"]["person"]["names"][0]["family"], "Rusnac");
    assert_eq!(at_police["attachments"].as_array().unwrap().len(), 1);
    let text = at_shelter["sections"].to_string();
    for word in ["Rusnac", "RUSNAC", "Руснак", "2001-11-30", "AT0000456"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    assert_eq!(at_shelter["sections"]["IDN"]["person"]["names"][0]["given"], "Татьяна");
    assert_eq!(at_shelter["sections"]["MED"]["medical_handover"]["allergies"], "penicillin");
    assert!(at_police["sections"].get("MED").is_none(), "{at_police}");
    assert!(at_shelter["attachments"].as_array().unwrap().is_empty());
    assert_eq!(at_shelter["access"]["minimised"], json!(["IDN", "DOC"]));
    let others = at_shelter["access"]["recipients"].as_array().unwrap();
    assert_eq!((&others[0]["name"], &others[0]["role"]), (&"Border Police".into(), &"POL".into()));
    assert!(!others[0]["sections"].as_array().unwrap().contains(&"MED".into()), "{others:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_narrows_and_an_override_needs_two_people() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let report = sample("missing-person.json");
    let send = ["send", "missing-person", "--to", "Border Police", "--file", &report];
    let set = ["agreement", "set", "Border Police", "--id", "MoU 7"];
    hotline.run(&[&set[..], &["--kinds", "border-alert", "--until", "2099-01-01"]].concat()).await;
    let error = fails(hotline, &send, REFUSED, "W-107").await;
    assert!(error["message"].as_str().unwrap().contains("MPR"), "{error}");
    fails(hotline, &[&set[..], &["--sections", "ABC", "--until", "2099-01-01"]].concat(), INVALID, "C-105")
        .await;
    hotline.run(&[&set[..], &["--sections", "IDN,RSK,SUS,STA", "--until", "2099-01-01"]].concat()).await;
    let listed = hotline.run(&["agreement", "list"]).await;
    assert_eq!((&listed["id"], &listed["in_force"]), (&"MoU 7".into(), &true.into()));
    let answer = hotline.run(&[&send[..], &["--preview"]].concat()).await;
    assert_eq!(verdict(&answer, "Border Police", "PHO")["rule"], "agreement");
    assert_eq!(verdict(&answer, "Border Police", "IDN")["verdict"], "allowed");
    assert!(answer["access"][0]["missing"].as_array().unwrap().contains(&"circumstances".into()), "{answer}");
    hotline.run(&["agreement", "remove", "Border Police", "--id", "MoU 7"]).await;

    let mut bare = document("missing-person.json");
    bare.as_object_mut().unwrap().remove("consent");
    let file = stage.file("bare.json", &serde_json::to_vec(&bare).unwrap());
    let send = ["send", "missing-person", "--to", "Border Police", "--file", &file];
    let (_, remarks) = output_of(hotline, &[&send[..], &["--priority", "P2"]].concat()).await;
    assert!(remarks.contains("person") && remarks.contains("circumstances"), "the sender is told: {remarks}");
    let alone = ["--override", "vital_interest", "--override-text", "No sign of her.", "--decided-by", "12"];
    fails(hotline, &[&send[..], &alone].concat(), INVALID, "W-111").await;
    let same = [&send[..], &alone, &["--second-person", "12"]].concat();
    fails(hotline, &same, INVALID, "W-111").await;
    let both = [&send[..], &alone, &["--second-person", "7", "--review-by", "PT24H"]].concat();
    let answer = hotline.run(&both).await;
    assert_eq!(verdict(&answer, "Border Police", "IDN")["rule"], "override");
    assert_eq!(verdict(&answer, "Border Police", "EXP")["verdict"], "refused");
    let mut typed = bare.clone();
    typed["override"] = json!({ "reason": "vital_interest" });
    let typed = stage.file("typed.json", &serde_json::to_vec(&typed).unwrap());
    fails(hotline, &["send", "missing-person", "--to", "Border Police", "--file", &typed], INVALID, "W-111")
        .await;

    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let number = answer["referral"].as_str().unwrap();
    let shown = police.run(&["inbox", "show", number]).await;
    assert_eq!(shown["access"]["override"]["second_person"]["staff_no"], "7");
    let seen = seen_by(police, &["inbox", "show", number]).await;
    assert!(seen.starts_with("! SENT WITHOUT CONSENT"), "{seen}");
    let reviews = hotline.list(&["consent", "reviews"]).await;
    assert_eq!((reviews.len(), &reviews[0]["decided_by"]), (1, &"12".into()));
    assert_eq!(hotline.run(&["status"]).await["consents"]["reviews"], 1);
    hotline.run(&["consent", "settle", number, "--by", "3", "--text", "She agrees."]).await;
    assert!(hotline.list(&["consent", "reviews"]).await.is_empty());
    assert_eq!(hotline.run(&["consent", "reviews", "--all"]).await["outcome"], "She agrees.");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_with_h1_goes_on_when_its_sender_approves() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let report = sample("missing-person.json");
    let sent = hotline.run(&["send", "missing-person", "--to", "Border Police", "--file", &report]).await;
    let number = sent["referral"].as_str().unwrap();
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let from = format!("root_packet={number}");
    let on = [
        "send",
        "missing-person",
        "--to",
        "House on the Hill",
        "--file",
        &report,
        "--set",
        &from,
        "--preview",
    ];
    let answer = police.run(&on).await;
    for section in ["IDN", "TRA", "RSK"] {
        assert_eq!(verdict(&answer, "House on the Hill", section)["rule"], "hard-5-onward", "{answer}");
    }
    assert_eq!(verdict(&answer, "House on the Hill", "TRA")["gaps"]["org"], "Angel Hotline");
    let own = hotline.run(&["sent", "list"]).await["id"].as_str().unwrap().to_owned();
    let approve = ["consent", "approve", &own, "--to", "House on the Hill", "--sections", "TRA"];
    hotline.run(&approve).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let answer = police.run(&on).await;
    assert_eq!(verdict(&answer, "House on the Hill", "TRA")["verdict"], "allowed");
    assert_eq!(verdict(&answer, "House on the Hill", "RSK")["rule"], "hard-5-onward");
    assert_eq!(
        police.run(&["inbox", "list"]).await["work"],
        "received",
        "and the work stands where it stood"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_on_the_fallback_list_gets_what_it_would_not_get_itself() {
    let stage = Stage::set(TOWN).await;
    let hotline = stage.hotline();
    let file = sample("border-alert.json");
    let send = ["send", "border-alert", "--to", "House on the Hill", "--file", &file];
    let fears = ["--set", "persecution_fear_countries=[\"DE\"]"];
    let list = |names: &str| format!("fallback=[{names}]");
    let feared = list(r#"{"name":"Border Police"}"#);
    let words = [&send[..], &fears, &["--set", &feared]].concat();
    let error = fails(hotline, &words, REFUSED, "W-114").await;
    assert!(error["message"].as_str().unwrap().contains("Border Police"), "{error}");
    assert!(hotline.list(&["sent", "list"]).await.is_empty());

    let others = list(r#"{"name":"Embassy of Moldova"},{"name":"Nobody","sections":["IDN"]}"#);
    let words = [&send[..], &fears, &["--set", &others]].concat();
    let preview = hotline.run(&[&words[..], &["--preview"]].concat()).await;
    assert_eq!(preview["fallback"][0]["name"], "Embassy of Moldova");
    assert_eq!(preview["fallback"][1], json!({ "name": "Nobody", "to": null }));
    let seen = seen_by(hotline, &[&words[..], &["--preview"]].concat()).await;
    assert!(seen.contains("If nobody answers") && seen.contains("“Nobody”"), "{seen}");
    hotline.run(&words).await;
    let id = hotline.run(&["sent", "list"]).await["id"].as_str().unwrap().to_owned();
    let header = &hotline.run(&["sent", "show", &id]).await["sections"]["HDR"]["fallback"];
    assert!(header[0]["sections"].as_array().unwrap().contains(&"HDR".into()), "{header}");
    assert!(header[1].get("sections").is_none(), "nobody decided about it: {header}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embassy_is_kept_away_by_what_an_earlier_referral_said() {
    let stage = Stage::set(TOWN).await;
    let hotline = stage.hotline();
    let (handoff, check) = (sample("victim-handoff.json"), sample("identity-check.json"));
    let number = ["--set", "case_ref=RU-2026-00000a"];
    let send = ["send", "identity-check", "--to", "Embassy of Moldova", "--file", &check, "--preview"];
    let send = [&send[..], &number].concat();
    assert_eq!(verdict(&hotline.run(&send).await, "Embassy of Moldova", "IDN")["verdict"], "allowed");
    let first = ["send", "victim-handoff", "--to", "House on the Hill", "--file", &handoff];
    hotline.run(&[&first[..], &number, &["--set", "asylum_flag=true"]].concat()).await;
    let decided = verdict(&hotline.run(&send).await, "Embassy of Moldova", "HDR").clone();
    assert_eq!(decided["rule"], "hard-1-asylum", "{decided}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_consent_is_the_one_that_the_header_names_and_withholds_from_somebody() {
    let stage = Stage::set(TOWN).await;
    let hotline = stage.hotline();
    let file = sample("victim-handoff.json");
    let send = ["send", "victim-handoff", "--to", "Border Police", "--file", &file];
    hotline.run(&send).await;
    let number = hotline.run(&["sent", "list"]).await["id"].as_str().unwrap().to_owned();
    hotline.run(&["consent", "withdraw", &number, "--by", "subject"]).await;
    fails(hotline, &send, REFUSED, "W-108").await;
    for other in ["consent_ref=none", "consent_ref=01932c07-0000-7c3a-9b1e-7b8d1f1b2c3d"] {
        fails(hotline, &[&send[..], &["--set", other]].concat(), REFUSED, "W-115").await;
    }

    let mut withheld = document("victim-handoff.json");
    withheld["consent"]["consent_id"] = "01932c07-209f-7c3a-9b1e-000000000001".into();
    withheld["consent"]["withhold"] = json!([{ "org": "Bordr Police", "sections": ["IDN"] }]);
    let file = stage.file("withheld.json", &serde_json::to_vec(&withheld).unwrap());
    let send = ["send", "victim-handoff", "--to", "Border Police", "--file", &file];
    let preview = hotline.run(&[&send[..], &["--preview"]].concat()).await;
    assert_eq!(preview["withheld_from_nobody"], json!(["Bordr Police"]));
    let error = fails(hotline, &send, REFUSED, "W-116").await;
    assert!(error["message"].as_str().unwrap().contains("Bordr Police"), "{error}");
    hotline.run(&[&send[..], &["--yes"]].concat()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_referral_is_begun_with_stays_named_and_a_guardian_that_is_wanted_becomes_a_task() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let report = sample("missing-person.json");
    let sent = hotline.run(&["send", "missing-person", "--to", "Border Police", "--file", &report]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let number = sent["referral"].as_str().unwrap();
    let on = ["send", "missing-person", "--to", "House on the Hill", "--from", number, "--file", &report];
    let answer = police.run(&[&on[..], &["--set", "references=[]", "--preview"]].concat()).await;
    assert_eq!(verdict(&answer, "House on the Hill", "TRA")["rule"], "hard-5-onward", "{answer}");

    let bed = sample("placement.json");
    let send = ["send", "placement", "--to", "House on the Hill", "--file", &bed];
    let girls = ["--set", "group=girls", "--set", "adults=0", "--set", "guardian_pending=true"];
    let by = ["--set", "consent.given_by=guardian"];
    hotline.run(&[&send[..], &girls, &by].concat()).await;
    let reviews = hotline.list(&["consent", "reviews"]).await;
    assert_eq!((reviews.len(), &reviews[0]["what"]), (1, &"guardian".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn once_people_are_listed_two_of_them_decide_and_a_third_looks_again() {
    let stage = Stage::set(TOWN).await;
    let hotline = stage.hotline();
    let mut bare = document("missing-person.json");
    bare.as_object_mut().unwrap().remove("consent");
    let file = stage.file("bare.json", &serde_json::to_vec(&bare).unwrap());
    for number in ["12", "7", "3"] {
        hotline.run(&["staff", "add", number, "--role", "supervisor"]).await;
    }
    let send = ["send", "missing-person", "--to", "Border Police", "--file", &file];
    let over = ["--override", "vital_interest", "--override-text", "No sign of her.", "--decided-by", "12"];
    fails(hotline, &[&send[..], &over, &["--second-person", "a"]].concat(), INVALID, "W-111").await;
    let answer = hotline.run(&[&send[..], &over, &["--second-person", "7"]].concat()).await;
    let number = answer["referral"].as_str().unwrap();
    for by in ["12", "7", "99"] {
        fails(hotline, &["consent", "settle", number, "--by", by, "--text", "Right."], REFUSED, "W-117")
            .await;
    }
    hotline.run(&["consent", "settle", number, "--by", "3", "--text", "Right."]).await;
}
