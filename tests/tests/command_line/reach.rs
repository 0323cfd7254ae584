//! How far a rule reaches: into the steps of a case, into cases beside it, through files, and onto every screen.

use serde_json::{Value, json};

use super::support::{REFUSED, Stage, fails, output_of, sample, seen_by};

const TOWN: &[(&str, &str, &str)] = &[
    ("Angel Hotline", "hotline", "RU"),
    ("Border Police", "police", "DE"),
    ("Embassy of Moldova", "embassy", "MD"),
    ("House on the Hill", "shelter", "DE"),
];

fn document(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(sample(name)).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_she_fears_hears_nothing_more_by_steps_or_by_a_case_beside_it() {
    let stage = Stage::set(TOWN).await;
    let (hotline, embassy) = (stage.hotline(), &stage.town.orgs[2]);
    let check = sample("identity-check.json");
    let ask = ["send", "identity-check", "--to", "Embassy of Moldova", "--file", &check];
    let sent = hotline.run(&ask).await;
    hotline.run(&["sync"]).await;
    embassy.run(&["sync"]).await;
    let number = sent["referral"].as_str().unwrap();
    embassy.run(&["inbox", "show", number]).await;
    embassy
        .run(&["ask", number, "--reason", "location_needed", "--set", "questions[0].text=Where is she?"])
        .await;
    embassy.run(&["sync"]).await;
    hotline.run(&["sync"]).await;

    // Another record of consent and another number: only what it is built on says that it is the same person.
    let mut handoff = document("victim-handoff.json");
    handoff["consent"]["consent_id"] = "01932c07-209f-7c3a-9b1e-00000000000a".into();
    handoff["persecution_fear_countries"] = json!(["MD"]);
    let file = stage.file("handoff.json", &serde_json::to_vec(&handoff).unwrap());
    let own = hotline.run(&["sent", "list"]).await["id"].as_str().unwrap().to_owned();
    let on = ["send", "victim-handoff", "--to", "House on the Hill", "--from", &own, "--file", &file];
    hotline.run(&[&on[..], &["--set", "case_ref=RU-2026-00000b"]].concat()).await;

    fails(hotline, &["answer", &own, "--text", "In the house on the hill."], REFUSED, "W-118").await;
    let found = ["located", &own, "--set", "found.alive=yes", "--set", "found.country=DE"];
    fails(hotline, &found, REFUSED, "W-118").await;
    let mut sibling = document("identity-check.json");
    sibling["consent"]["consent_id"] = "01932c07-209f-7c3a-9b1e-00000000000c".into();
    let file = stage.file("sibling.json", &serde_json::to_vec(&sibling).unwrap());
    let again = ["send", "identity-check", "--to", "Embassy of Moldova", "--from", &own, "--file", &file];
    fails(hotline, &[&again[..], &["--set", "case_ref=RU-2026-00000d"]].concat(), REFUSED, "W-101").await;
    // Taking the case back says nothing of her.
    hotline.run(&["withdraw", &own, "--reason", "not_needed"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_withdrawal_no_words_go_and_nothing_is_published() {
    let stage = Stage::set(TOWN).await;
    let hotline = stage.hotline();
    let mut report = document("missing-person.json");
    report["publication"] = "public".into();
    let media = json!({ "role": "NGO", "sections": ["IDN"], "purpose": ["media"] });
    report["consent"]["scope"].as_array_mut().unwrap().push(media);
    report["consent"]["withhold"] = json!([]);
    let file = stage.file("report.json", &serde_json::to_vec(&report).unwrap());
    hotline.run(&["send", "missing-person", "--to", "Border Police", "--file", &file]).await;
    hotline.run(&["sync"]).await;
    let own = hotline.run(&["sent", "list"]).await["id"].as_str().unwrap().to_owned();
    let out = stage.folder.path().join("public.csv").display().to_string();
    let publish = ["export", &own, "--public", "--format", "csv", "--out", &out, "--force"];
    hotline.run(&publish).await;
    hotline.run(&["consent", "withdraw", &own, "--by", "subject"]).await;
    fails(hotline, &publish, REFUSED, "O-103").await;
    let record = ["export", &own, "--format", "pfif", "--out", &out, "--force"];
    fails(hotline, &record, REFUSED, "O-103").await;
    let found = ["located", &own, "--set", "found.alive=yes", "--text", "She is at Street 5."];
    fails(hotline, &found, REFUSED, "W-119").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_through_a_file_takes_no_senders_say_away() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let report = sample("missing-person.json");
    let sent = hotline.run(&["send", "missing-person", "--to", "Border Police", "--file", &report]).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let number = sent["referral"].as_str().unwrap();
    for (format, name) in [("json", "case.json"), ("csv", "case.csv")] {
        let out = stage.folder.path().join(name).display().to_string();
        police.run(&["export", number, "--format", format, "--out", &out]).await;
        let draft = police.run(&["import", &out, "--format", format, "--draft"]).await;
        let id = draft["draft"].as_str().unwrap_or_else(|| panic!("{draft}")).to_owned();
        let shown = police.run(&["drafts", "show", &id]).await;
        assert_eq!(shown["document"]["references"][0]["packet_id"], number, "{format}");
        police.run(&["drafts", "delete", &id]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_says_so_on_every_screen_and_no_step_forges_a_line() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (stage.hotline(), stage.police());
    let alert = sample("border-alert.json");
    hotline.run(&["send", "border-alert", "--to", "Border Police", "--file", &alert, "--exercise"]).await;
    let own = hotline.run(&["sent", "list"]).await["id"].as_str().unwrap().to_owned();
    hotline.run(&["sync"]).await;
    let news = output_of(police, &["sync", "--lang", "ru"]).await.0;
    let number = police.run(&["inbox", "list"]).await["id"].as_str().unwrap().to_owned();
    let mut screens = vec![news];
    for words in [&["inbox", "list"][..], &["inbox", "show", &number], &["search", "Munteanu"]] {
        screens.push(seen_by(police, &[words, &["--lang", "ru"]].concat()).await);
    }
    for words in [&["sent", "list"][..], &["sent", "show", &own], &["tasks", "list"]] {
        screens.push(seen_by(hotline, &[words, &["--lang", "ru"]].concat()).await);
    }
    for screen in screens {
        assert!(screen.lines().any(|line| line.trim_start().starts_with("УЧЕБНОЕ")), "{screen}");
    }

    let forged = "Which coat?\n  2026-11-30T09:07:00Z  Angel Hotline  PERSON FOUND\u{2028}\u{200b}";
    police
        .run(&[
            "ask",
            &number,
            "--reason",
            "photo_needed",
            "--set",
            "questions[0].text=Which coat?",
            "--text",
            forged,
        ])
        .await;
    police.run(&["sync"]).await;
    hotline.run(&["sync"]).await;
    let shown = seen_by(hotline, &["sent", "show", &own]).await;
    let line = shown.lines().find(|line| line.contains("PERSON FOUND")).unwrap();
    assert!(
        line.starts_with("        | ") && !line.contains('\u{2028}') && !line.contains('\u{200b}'),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_a_delivery_and_a_consent_outlasts_the_case_and_no_name_does() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (stage.hotline(), &stage.town.orgs[1]);
    let report = sample("missing-person.json");
    hotline.run(&["send", "missing-person", "--to", "Border Police", "--file", &report]).await;
    for actor in [hotline, police, hotline] {
        actor.run(&["sync"]).await;
    }
    let own = hotline.run(&["sent", "list"]).await["id"].as_str().unwrap().to_owned();
    hotline.run(&["erase", &own, "--reason", "not_needed", "--yes"]).await;
    let kept = hotline.run(&["erase", "proof", &own]).await;
    let packet = &kept["proof"]["packets"][0];
    assert_eq!(packet["receipts"][0]["status"], "delivered", "{kept}");
    assert_eq!(packet["relay"].as_array().unwrap().len(), 1, "{kept}");
    let agreed: Value = document("missing-person.json")["consent"]["consent_id"].clone();
    assert_eq!(kept["proof"]["consent"]["consent_id"], agreed, "{kept}");
    let said = serde_json::to_string(&kept).unwrap();
    let family = document("missing-person.json")["person"]["names"][0]["family"].as_str().unwrap().to_owned();
    assert!(!said.contains(&family), "{said}");
    let seen = seen_by(hotline, &["erase", "proof", &own, "--lang", "ru"]).await;
    assert!(seen.contains("принято ретранслятором") && seen.contains("согласие"), "{seen}");
    fails(hotline, &["erase", "proof", "ffffffffffff"], super::support::NOT_FOUND, "C-104").await;
}
